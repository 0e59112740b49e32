/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst_gate.c - the list of open gates.
 */
#include "core/burst_gate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects both */
static struct weft_gate *open_gates;			 /* by job */
static size_t n_open;

static int by_job(const void *x, const void *y)
{
	const struct weft_gate *a = x, *b = y;

	return (a->job > b->job) - (a->job < b->job);
}

void weft_gates_set(struct weft_gate *gates, size_t n)
{
	struct weft_gate *old;

	if (n)
		qsort(gates, n, sizeof(*gates), by_job);
	pthread_mutex_lock(&lock);
	old = open_gates;
	open_gates = gates;
	n_open = n;
	pthread_mutex_unlock(&lock);
	free(old);
}

/* LOCK held. */
static const struct weft_gate *find(uint32_t job)
{
	const struct weft_gate key = { .job = job };

	return n_open ? bsearch(&key, open_gates, n_open, sizeof(key), by_job) : NULL;
}

bool weft_gate_of(uint32_t job, struct weft_gate *gate)
{
	const struct weft_gate *found;

	pthread_mutex_lock(&lock);
	found = find(job);
	if (found)
		*gate = *found;
	pthread_mutex_unlock(&lock);
	return found;
}

bool weft_gate_is_open(uint32_t job, const char *peer, uint32_t tasks, char *gres, size_t size)
{
	const struct weft_gate *gate;
	bool yes;

	pthread_mutex_lock(&lock);
	gate = find(job);
	yes = gate && tasks > gate->stay && !strcmp(gate->peer, peer);
	if (yes && gres)
		snprintf(gres, size, "%s", gate->gres);
	pthread_mutex_unlock(&lock);
	return yes;
}

void weft_gates_forget(void)
{
	weft_gates_set(NULL, 0);
}
