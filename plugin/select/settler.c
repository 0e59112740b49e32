/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settler.c - a queue of time limits and the thread that applies them.
 */
#include "plugin/select/settler.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "plugin/compat/job.h"

struct wish {
	struct wish *next;
	uint32_t job_id, minutes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects everything below */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct wish *queue; /* newest first; a job occurs once per start */
static bool running, stopping;
static pthread_t thread;

static void *settle(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	while (!stopping) {
		struct wish *w = queue;

		if (!w) {
			pthread_cond_wait(&changed, &lock);
			continue;
		}
		queue = w->next;
		pthread_mutex_unlock(&lock);
		weft_job_settle_limit(w->job_id, w->minutes);
		free(w);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

void weft_settler_add(uint32_t job_id, uint32_t minutes)
{
	struct wish *w = malloc(sizeof(*w));

	if (!w)
		return;
	*w = (struct wish){ .job_id = job_id, .minutes = minutes };
	pthread_mutex_lock(&lock);
	w->next = queue;
	queue = w;
	if (!running && !stopping)
		running = !pthread_create(&thread, NULL, settle, NULL);
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

void weft_settler_stop(void)
{
	bool join;

	pthread_mutex_lock(&lock);
	stopping = true;
	join = running;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	if (join)
		pthread_join(thread, NULL);
	while (queue) {
		struct wish *w = queue;

		queue = w->next;
		free(w);
	}
	running = stopping = false;
}
