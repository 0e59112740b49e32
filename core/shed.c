/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shed.c - from watts too many to jobs.
 */
#include "core/shed.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/caps.h"

double weft_shed_share(const int64_t *draws, const int64_t *base, const int64_t *drawn, const int64_t *caps,
		       unsigned zones)
{
	double share = 1;

	for (unsigned z = 0; z < zones; z++) {
		double fits;

		if (!draws[z] || caps[z] == WEFT_NO_CAP || drawn[z] <= caps[z])
			continue;
		fits = (double)(caps[z] - base[z]) / (double)(drawn[z] - base[z]);
		if (fits < share)
			share = fits;
	}
	return share < WEFT_SHED_FLOOR ? WEFT_SHED_FLOOR : share;
}

static int64_t draw(const struct weft_shed_job *job, unsigned zone)
{
	return (int64_t)ceil(job->share * (double)job->draws[zone]);
}

static int by_number(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_id(const struct weft_shed_job *a, const struct weft_shed_job *b)
{
	return by_number(b->id, a->id); /* the later one first */
}

static int youngest(const void *x, const void *y)
{
	const struct weft_shed_job *a = x, *b = y;

	return a->start == b->start ? by_id(a, b) : by_number(b->start, a->start);
}

static int oldest(const void *x, const void *y)
{
	return youngest(y, x);
}

static int largest(const void *x, const void *y)
{
	const struct weft_shed_job *a = x, *b = y;

	return a->draws[0] == b->draws[0] ? youngest(a, b) : by_number(b->draws[0], a->draws[0]);
}

static int lowest(const void *x, const void *y)
{
	const struct weft_shed_job *a = x, *b = y;

	return a->priority == b->priority ? youngest(a, b) : by_number(a->priority, b->priority);
}

static bool helps(const struct weft_shed_job *job, const int64_t *excess, unsigned zones)
{
	for (unsigned z = 0; z < zones; z++) {
		if (excess[z] > 0 && draw(job, z) > 0)
			return true;
	}
	return false;
}

/* Without it there is no excess where there is none with it. */
static bool is_needless(const struct weft_shed_job *job, const int64_t *excess, unsigned zones)
{
	for (unsigned z = 0; z < zones; z++) {
		if (draw(job, z) > 0 && excess[z] + draw(job, z) > 0)
			return false;
	}
	return true;
}

static void swap(struct weft_shed_job *a, struct weft_shed_job *b)
{
	struct weft_shed_job c = *a;

	*a = *b;
	*b = c;
}

/* The first of N jobs goes behind the others, which keep their order. */
static void put_last(struct weft_shed_job *jobs, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		swap(&jobs[i], &jobs[i + 1]);
}

/* A later one may have made an earlier one needless: a small job first, then a large one.  Who would go last
 * is spared first.  Returns how many of the N are left. */
static size_t spare(struct weft_shed_job *jobs, size_t n, int64_t *excess, unsigned zones)
{
	for (size_t i = n; i-- > 0;) {
		if (!is_needless(&jobs[i], excess, zones))
			continue;
		for (unsigned z = 0; z < zones; z++)
			excess[z] += draw(&jobs[i], z);
		put_last(jobs + i, n - i);
		n--;
	}
	return n;
}

size_t weft_shed_choose(struct weft_shed_job *jobs, size_t n, enum weft_shed order, int64_t *excess,
			unsigned zones)
{
	static int (*const compare[])(const void *, const void *) = {
		[WEFT_SHED_YOUNGEST] = youngest,
		[WEFT_SHED_OLDEST] = oldest,
		[WEFT_SHED_LARGEST] = largest,
		[WEFT_SHED_LOWEST] = lowest,
	};
	size_t chosen = 0;

	if (n)
		qsort(jobs, n, sizeof(*jobs), compare[order]);
	for (size_t i = 0; i < n; i++) {
		if (!helps(&jobs[i], excess, zones))
			continue;
		for (unsigned z = 0; z < zones; z++)
			excess[z] -= draw(&jobs[i], z);
		swap(&jobs[chosen++], &jobs[i]); /* with one that helps nowhere, and never will */
	}
	return spare(jobs, chosen, excess, zones);
}
