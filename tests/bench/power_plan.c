/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_plan.c - how long planning power takes: 10,000 jobs run, 10,000 wait, 50 zones with 100 cap steps each.
 *
 *	power_plan [JOBS [PASSES]]
 *
 * A pass is what a scheduler does now and then: one in a hundred of those that run has ended and another has
 * begun; the caps are taken over again; each waiting job asks whether it may start, and when at the earliest;
 * then the ageing rule (power_queue.h) asks for each again, for its reservation.  It is timed with ever more
 * jobs that have waited too long.  Prints medians and the longest, in ms of processor time, so that a busy
 * machine does not count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/power_queue.h"

#define ZONES	 50 /* and the cluster */
#define STEPS	 100
#define STEP	 (6 * 3600)
#define NOW	 ((time_t)1700000000)
#define PATIENCE 3600

struct job {
	struct weft_draw draws[3];
	unsigned n;
	time_t duration;
};

static uint64_t state = UINT64_C(20250311);

static unsigned below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 11) % n);
}

static double milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(const char *what, double *ms, unsigned n)
{
	qsort(ms, n, sizeof(*ms), by_size);
	printf("  %-46s %8.1f %8.1f\n", what, ms[n / 2], ms[n - 1]);
}

/* One node to 128 of them, of 5.6 kW above idle, in one zone or two, and so in the cluster's. */
static void make_job(struct job *job)
{
	int64_t watts = 700 * (int64_t)(1 << below(11));
	unsigned zone = 1 + below(ZONES);

	job->n = 2;
	job->draws[0] = (struct weft_draw){ 0, watts };
	job->draws[1] = (struct weft_draw){ zone, watts };
	if (below(3) == 0) {
		job->n = 3;
		job->draws[1].watts = watts / 2;
		job->draws[2] = (struct weft_draw){ 1 + zone % ZONES, watts - watts / 2 };
	}
	job->duration = 600 * (time_t)(1 + below(below(4) ? 36 : 1000));
}

/* Of one that runs, and has begun some time ago; nearly all end at a moment of their own. */
static time_t end_of(const struct job *job)
{
	return NOW + 1 + (time_t)below((unsigned)job->duration);
}

/* Day and night, SHARE per cent and 20 more of what runs now. */
static int set_caps(struct weft_book *book, unsigned share)
{
	static struct weft_step steps[ZONES + 1][STEPS];
	struct weft_cap caps[ZONES + 1];

	for (unsigned z = 0; z <= ZONES; z++) {
		int64_t now = weft_book_drawn(book, z, NOW);

		for (unsigned i = 0; i < STEPS; i++)
			steps[z][i] = (struct weft_step){ NOW + (time_t)i * STEP,
							  now * (share + 20 * (i % 2)) / 100 };
		caps[z] = (struct weft_cap){ steps[z], STEPS };
	}
	return weft_book_set_caps(book, caps, ZONES + 1);
}

struct pass {
	double change, ask, plan; /* ms */
};

static int make_pass(struct weft_book *book, struct weft_power_queue *queue, struct job *jobs, unsigned n,
		     struct pass *pass, size_t *may)
{
	double began = milliseconds();
	time_t when;

	for (unsigned i = 0; i < n / 100; i++) {
		unsigned k = below(n);

		make_job(&jobs[k]);
		if (weft_book_add(book, 1 + k, jobs[k].draws, jobs[k].n, 0, end_of(&jobs[k])))
			return -1;
	}
	if (set_caps(book, 95))
		return -1;
	pass->change = milliseconds() - began;
	began = milliseconds();
	for (unsigned i = n; i < 2 * n; i++) {
		*may += weft_book_fits(book, jobs[i].draws, jobs[i].n, NOW, NOW + jobs[i].duration, 1 + i,
				       NULL);
		weft_book_earliest(book, jobs[i].draws, jobs[i].n, jobs[i].duration, NOW, 1 + i, &when, NULL);
	}
	pass->ask = milliseconds() - began;
	began = milliseconds();
	if (weft_power_queue_plan(queue, book, NOW, PATIENCE))
		return -1;
	pass->plan = milliseconds() - began;
	return 0;
}

/* OLD of those that wait have waited for too long. */
static const struct weft_power_lack lack = { .needed = 2, .cap = 1 };

static int measure(unsigned n, unsigned passes, unsigned old)
{
	struct weft_book *book = weft_book_create(ZONES + 1);
	struct weft_power_queue *queue = weft_power_queue_create();
	struct job *jobs = calloc(2 * n, sizeof(*jobs));
	double *ms = calloc(4 * (size_t)passes, sizeof(*ms)), began = milliseconds();
	size_t may = 0;
	int rc = book && queue && jobs && ms ? 0 : -1;

	for (unsigned i = 0; i < 2 * n && rc == 0; i++) {
		make_job(&jobs[i]);
		if (i < n)
			rc = weft_book_add(book, 1 + i, jobs[i].draws, jobs[i].n, 0, end_of(&jobs[i]));
		else
			rc = weft_power_queue_put(queue, book, 1 + i, jobs[i].draws, jobs[i].n,
						  jobs[i].duration, NOW - (i - n < old ? PATIENCE + 1 : 0), &lack);
	}
	if (rc == 0)
		printf("%u of %u waiting jobs have waited too long; the book was filled in %.1f ms\n", old, n,
		       milliseconds() - began);
	for (unsigned p = 0; p < passes && rc == 0; p++) {
		struct pass pass = { 0 };

		rc = make_pass(book, queue, jobs, n, &pass, &may);
		ms[p] = pass.change;
		ms[passes + p] = pass.ask;
		ms[2 * passes + p] = pass.plan;
		ms[3 * passes + p] = pass.change + pass.ask + pass.plan;
	}
	if (rc == 0) {
		printf("  %-46s %8s %8s\n", "ms", "median", "longest");
		report("running jobs that changed, and the caps", ms, passes);
		report("may each waiting job start, and when", ms + passes, passes);
		report("ageing: reservations and predictions", ms + 2 * passes, passes);
		report("the whole pass", ms + 3 * passes, passes);
	}
	free(ms);
	free(jobs);
	weft_power_queue_destroy(queue);
	weft_book_destroy(book);
	return rc;
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10000;
	unsigned passes = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 21;

	if (n < 100 || n > 1000000 || passes < 1 || passes > 100000) {
		fprintf(stderr, "usage: power_plan [JOBS (100 and more) [PASSES]]\n");
		return 2;
	}
	printf("%u jobs run, %u wait; %u zones and the cluster, %u cap steps each\n", n, n, ZONES, STEPS);
	if (measure(n, passes, 0) || measure(n, passes, n / 100) || measure(n, passes, n / 10) ||
	    measure(n, passes, n)) {
		fprintf(stderr, "power_plan: out of memory\n");
		return 1;
	}
	return 0;
}
