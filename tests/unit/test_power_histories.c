/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_power_histories.c - random histories of jobs under caps, each answer compared with power_ref.h:
 *   - no job is let in that breaks a cap known then, at any second of its run, whatever else runs;
 *   - "may it start now" and "when at the earliest" are right, with the reason;
 *   - no job waits for ever: each starts by the time it was promised, which is within the bound of
 * power_queue.h.
 *
 * WEFT_HISTORIES=100000 for as many; by default fewer, so that "make check" stays short.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/power_queue.h"
#include "tests/unit/power_ref.h"

#define HISTORIES 10000
#define JOBS	  14
#define LAST                                                                                                 \
	40 /* second of the last disturbance: submit, new caps, a job that does not start when it could */
#define LONGEST 20 /* s of a time limit */

enum state { FUTURE, PENDING, RUNS, DONE };

struct job {
	struct ref_job ref;
	enum state state;
	int submit, limit, runs; /* s */
	int ends;		 /* when it runs */
	int promised;		 /* start; -1: nothing */
	bool in_ref;		 /* its reservation counts in the reference */
};

struct history {
	struct ref ref;
	struct ref_random random;
	struct weft_book *book;
	struct weft_power_queue *queue;
	struct job jobs[JOBS];
	unsigned n;
	int patience;
	bool calm;	/* no disturbance but submits */
	bool late;	/* jobs are looked at some seconds after each plan, and never at the moment of one */
	bool disturbed; /* since the last plan */
	unsigned long number;
};

static struct {
	unsigned long jobs, waited, reserved, never, refused, moved, late;
} seen;

#define HOLDS(h, t, condition)                                                                               \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			ck_abort_msg("history %lu, second %d: not %s", (h)->number, t, #condition);          \
	} while (0)

static uint64_t id_of(const struct history *h, const struct job *job)
{
	return (uint64_t)(job - h->jobs) + 1;
}

static void begin(struct history *h, unsigned long number)
{
	*h = (struct history){ .random = { number * UINT64_C(0x9e3779b97f4a7c15) + 1 }, .number = number };
	for (int i = 0; i < 4; i++)
		ref_below(&h->random, 2);
	h->ref.zones = 1 + ref_below(&h->random, 3);
	h->calm = ref_below(&h->random, 2);
	h->late = !h->calm && ref_below(&h->random, 2);
	h->patience = (int)ref_below(&h->random, 15);
	h->n = 1 + ref_below(&h->random, JOBS);
	h->book = weft_book_create(h->ref.zones);
	h->queue = weft_power_queue_create();
	HOLDS(h, 0, h->book && h->queue);
	ref_caps(&h->ref, h->book, &h->random, 80, 6, 200);
	for (unsigned z = 0; z < h->ref.zones; z++)
		ref_base(&h->ref, h->book, z, ref_below(&h->random, 20));
	for (unsigned i = 0; i < h->n; i++) {
		struct job *job = &h->jobs[i];

		ref_draws(&h->ref, &job->ref, &h->random, 100);
		job->submit = (int)ref_below(&h->random, LAST - 10);
		job->limit = 1 + (int)ref_below(&h->random, LONGEST);
		job->runs = 1 + (int)ref_below(&h->random, (unsigned)job->limit);
		job->promised = -1;
	}
	seen.jobs += h->n;
}

static void leave_ref(struct history *h, struct job *job)
{
	if (job->in_ref)
		ref_count(&h->ref, &job->ref, -1);
	job->in_ref = false;
}

static void enter_ref(struct history *h, struct job *job, int start)
{
	leave_ref(h, job);
	job->ref.start = start;
	job->ref.end = start + job->limit;
	ref_count(&h->ref, &job->ref, 1);
	job->in_ref = true;
}

/* Of those that run, and only those, at any second of JOB's time: nothing above a cap.  Added up anew. */
static void check_caps(const struct history *h, const struct job *job, int from, int to)
{
	for (unsigned i = 0; i < job->ref.n; i++) {
		unsigned zone = job->ref.draws[i].zone;

		for (int t = from; t < to && job->ref.draws[i].watts; t++) {
			int64_t drawn = h->ref.base[zone];

			for (unsigned k = 0; k < h->n; k++) {
				const struct job *other = &h->jobs[k];

				for (unsigned m = 0; m < other->ref.n && other->state == RUNS; m++) {
					if (other->ref.draws[m].zone == zone && t < other->ref.end)
						drawn += other->ref.draws[m].watts;
				}
			}
			HOLDS(h, t, drawn <= h->ref.cap[zone][t < REF_SECONDS ? t : REF_SECONDS - 1]);
		}
	}
}

static void start(struct history *h, struct job *job, int t)
{
	uint64_t id = id_of(h, job);

	HOLDS(h, t, job->promised < 0 || !h->calm || t <= job->promised);
	seen.waited += weft_power_queue_find(h->queue, id) != NULL;
	weft_power_queue_drop(h->queue, h->book, id);
	HOLDS(h, t,
	      weft_book_add(h->book, id, job->ref.draws, job->ref.n, REF_ZERO + t,
			    REF_ZERO + t + job->limit) == 0);
	enter_ref(h, job, t);
	job->state = RUNS;
	job->ends = t + job->runs;
	check_caps(h, job, t, t + job->limit);
}

/* The reservations as they are in the queue count. */
static void count_reserved(struct history *h)
{
	const struct weft_power_wait *wait;

	for (size_t i = 0; (wait = weft_power_queue_at(h->queue, i)); i++) {
		struct job *job = &h->jobs[wait->id - 1];

		if (wait->hope == WEFT_POWER_RESERVED)
			enter_ref(h, job, (int)(wait->when - REF_ZERO));
		else
			leave_ref(h, job);
	}
}

/* May JOB start at T?  If its reserved start has passed, younger jobs with a reservation that begins where
 * its own ends do not count. */
static bool ref_may(struct history *h, struct job *job, int t, struct weft_power_lack *lack)
{
	const struct weft_power_wait *wait;
	bool may, younger = false, late = job->in_ref && job->ref.start < t;
	int ends = job->ref.end;

	leave_ref(h, job);
	may = ref_fits(&h->ref, &job->ref, t, t + job->limit, false, lack);
	for (size_t i = 0; late && !may && (wait = weft_power_queue_at(h->queue, i)); i++) {
		struct job *other = &h->jobs[wait->id - 1];

		if (younger && other->in_ref && other->ref.start >= ends && other->ref.start < t + job->limit)
			leave_ref(h, other);
		younger = younger || other == job;
	}
	seen.late += late && !may;
	return may || (late && ref_fits(&h->ref, &job->ref, t, t + job->limit, false, lack));
}

static bool may(struct history *h, struct job *job, int t, struct weft_power_lack *lack)
{
	uint64_t id = id_of(h, job);
	time_t from = REF_ZERO + t, to = from + job->limit;

	return weft_book_fits(h->book, job->ref.draws, job->ref.n, from, to, id, lack) ||
	       weft_power_queue_make_way(h->queue, h->book, id, job->ref.draws, job->ref.n, from, to, lack);
}

static void try_to_start(struct history *h, struct job *job, int t)
{
	struct weft_power_lack lack, want_lack = { 0 };
	uint64_t id = id_of(h, job);
	bool want = ref_may(h, job, t, &want_lack), fits = may(h, job, t, &lack);

	count_reserved(h);
	HOLDS(h, t, fits == want);
	if (!fits) {
		HOLDS(h, t, lack.zone == want_lack.zone && lack.when == want_lack.when);
		HOLDS(h, t, lack.needed == want_lack.needed && lack.cap == want_lack.cap);
		HOLDS(h, t,
		      weft_power_queue_put(h->queue, h->book, id, job->ref.draws, job->ref.n, job->limit,
					   REF_ZERO + t, &lack) == 0);
		seen.refused++;
	} else if (h->calm || t > LAST || ref_below(&h->random, 4)) {
		start(h, job, t);
	} else {
		h->disturbed = true; /* say, no node is free */
	}
}

/* When all has ended that is in the book but JOB. */
static int end_but(const struct history *h, const struct job *job, int end)
{
	for (unsigned i = 0; i < h->n; i++) {
		const struct job *other = &h->jobs[i];

		if (other != job && other->in_ref && other->ref.end > end)
			end = other->ref.end;
	}
	return end;
}

/* END: of all in the book before the plan. */
static void check_reserved(struct history *h, struct job *job, int t, bool disturbed, int end)
{
	int start = job->ref.start,
	    bound = ref_earliest(&h->ref, &job->ref, job->limit, end_but(h, job, end), true);

	HOLDS(h, t, start >= t);
	HOLDS(h, t, bound < 0 || start <= bound);
	leave_ref(h, job);
	HOLDS(h, t, ref_fits(&h->ref, &job->ref, start, start + job->limit, false, NULL));
	enter_ref(h, job, start);
	HOLDS(h, t, disturbed || job->promised < 0 || start <= job->promised);
	seen.reserved += job->promised < 0;
	seen.moved += job->promised >= 0 && start != job->promised;
	job->promised = start;
}

static void check_waiting(struct history *h, const struct weft_power_wait *wait, int t, bool disturbed,
			  int end)
{
	struct job *job = &h->jobs[wait->id - 1];
	int earliest;
	bool ever;

	HOLDS(h, t, job->state == PENDING);
	if (wait->hope == WEFT_POWER_RESERVED) {
		check_reserved(h, job, t, disturbed, end);
		return;
	}
	/* an old one that is blocked may have become possible as a younger one's reservation moved, after it
	 */
	earliest = ref_earliest(&h->ref, &job->ref, job->limit, t, false);
	if (REF_ZERO + t - wait->since <= h->patience) {
		HOLDS(h, t, (wait->hope == WEFT_POWER_PREDICTED) == (earliest >= 0));
		HOLDS(h, t, earliest < 0 || wait->when == REF_ZERO + earliest);
	} else {
		HOLDS(h, t, wait->hope == WEFT_POWER_BLOCKED || wait->hope == WEFT_POWER_NEVER);
	}
	ever = ref_earliest(&h->ref, &job->ref, job->limit, t, true) >= 0;
	HOLDS(h, t, ever == (wait->hope != WEFT_POWER_NEVER));
	job->promised = -1;
}

static void plan(struct history *h, int t)
{
	const struct weft_power_wait *wait;
	bool disturbed = h->disturbed;
	int end = end_but(h, NULL, t);

	HOLDS(h, t, weft_power_queue_plan(h->queue, h->book, REF_ZERO + t, h->patience) == 0);
	h->disturbed = h->late; /* by the next, jobs have started later than it thinks */
	count_reserved(h);
	for (size_t i = 0; (wait = weft_power_queue_at(h->queue, i)); i++)
		check_waiting(h, wait, t, disturbed, end);
	for (unsigned z = 0; z < h->ref.zones; z++)
		HOLDS(h, t, weft_book_drawn(h->book, z, REF_ZERO + t) == h->ref.drawn[z][t]);
}

static void disturb(struct history *h, int t)
{
	unsigned zone = ref_below(&h->random, h->ref.zones);

	if (h->calm || t > LAST || ref_below(&h->random, 8))
		return;
	h->disturbed = true;
	if (ref_below(&h->random, 2))
		ref_caps(&h->ref, h->book, &h->random, 80, 6, 200);
	else
		ref_base(&h->ref, h->book, zone, ref_below(&h->random, 40));
}

/* Second T; false: all is over. */
static bool second(struct history *h, int t)
{
	unsigned first = ref_below(&h->random, h->n), open = 0;

	for (unsigned i = 0; i < h->n; i++) {
		struct job *job = &h->jobs[i];

		if (job->state == RUNS && job->ends == t) {
			weft_book_remove(h->book, id_of(h, job));
			leave_ref(h, job);
			job->state = DONE;
		} else if (job->state == FUTURE && job->submit == t) {
			job->state = PENDING;
		}
	}
	disturb(h, t);
	if (!h->late || t % 4 == 0)
		plan(h, t);
	for (unsigned i = 0; i < h->n; i++) {
		struct job *job = &h->jobs[(first + i) % h->n];

		if (job->state == PENDING && (!h->late || t % 4 == 1 || t % 4 == 2))
			try_to_start(h, job, t);
	}
	for (unsigned i = 0; i < h->n; i++) {
		const struct weft_power_wait *wait = weft_power_queue_find(h->queue, i + 1);

		if (h->jobs[i].state == RUNS && h->calm)
			check_caps(h, &h->jobs[i], t, t + 1);
		open += h->jobs[i].state != DONE && !(t > LAST && wait && wait->hope == WEFT_POWER_NEVER);
	}
	return open > 0;
}

static void play(unsigned long number)
{
	/* of each job at most: patience, its run, and the wait for the caps' last step */
	const int bound = LAST + 15 + 160 + JOBS * (LONGEST + 4);
	struct history h;
	int t = 0;

	begin(&h, number);
	while (second(&h, t))
		HOLDS(&h, t, ++t < bound);
	for (unsigned i = 0; i < h.n; i++)
		seen.never += h.jobs[i].state != DONE;
	weft_power_queue_destroy(h.queue);
	weft_book_destroy(h.book);
}

START_TEST(histories)
{
	const char *wish = getenv("WEFT_HISTORIES");
	unsigned long n = wish ? strtoul(wish, NULL, 10) : HISTORIES;

	for (unsigned long i = 0; i < n; i++)
		play(i);
	printf("# %lu histories: %lu jobs, %lu waited and ran, %lu reserved, %lu moved, %lu could never run; "
	       "%lu "
	       "refusals, %lu of them late\n",
	       n, seen.jobs, seen.waited, seen.reserved, seen.moved, seen.never, seen.refused, seen.late);
	ck_assert(seen.waited && seen.reserved && seen.moved && seen.never && seen.late);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("power histories");
	TCase *tc = tcase_create("power histories");

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, histories);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite());
	int failed;

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
