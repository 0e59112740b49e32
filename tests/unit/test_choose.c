/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_choose.c - the policies, against a plain second writing of what choose.h promises, and the bound on waiting.
 */
#include "core/choose.h"

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 8
#define NEVER ((time_t)-1)

/* A host of which everything is known, and which writes down what it was asked. */
struct world {
	size_t n;
	double slowdown[MOST];
	bool possible[MOST], fits[MOST];
	time_t starts[MOST]; /* NEVER: the host cannot tell */
	bool bounded;	     /* the host also knows bounds on the starts */
	time_t bound[MOST];  /* NEVER: no start */
	char asked[256];     /* "f0 p0 s1 ": which question about which candidate */
	unsigned questions;
};

static void note(struct world *w, char question, size_t i)
{
	size_t len = strlen(w->asked);

	w->questions++;
	snprintf(w->asked + len, sizeof(w->asked) - len, "%c%zu ", question, i);
	ck_assert_uint_lt(i, w->n);
}

static bool possible(size_t i, void *arg)
{
	struct world *w = arg;

	note(w, 'p', i);
	return w->possible[i];
}

static bool fits_now(size_t i, void *arg)
{
	struct world *w = arg;

	note(w, 'f', i);
	return w->fits[i];
}

static bool starts(size_t i, time_t *when, void *arg)
{
	struct world *w = arg;

	note(w, 's', i);
	if (w->starts[i] == NEVER)
		return false;
	*when = w->starts[i];
	return true;
}

static bool earliest(size_t i, time_t *when, void *arg)
{
	const struct world *w = arg;

	if (w->bound[i] == NEVER)
		return false;
	*when = w->bound[i];
	return true;
}

/* Not at a time of its own: 0. */
static struct weft_host host_of(struct world *w, time_t t)
{
	return (struct weft_host){ .possible = possible,
				   .fits_now = fits_now,
				   .starts = starts,
				   .earliest = w->bounded ? earliest : NULL,
				   .arg = w,
				   .now = t };
}

static struct weft_choice now(enum weft_policy policy, struct world *w, double runtime, time_t t,
			      struct weft_patience *patience)
{
	struct weft_candidate candidates[MOST];
	struct weft_plan plan = { .candidates = candidates, .n = w->n };
	struct weft_host host = host_of(w, 0);

	memset(candidates, 0, sizeof(candidates));
	for (size_t i = 0; i < w->n; i++)
		candidates[i].slowdown = w->slowdown[i];
	w->asked[0] = '\0';
	w->questions = 0;
	return weft_choose_now(policy, &plan, runtime, t, &host, patience);
}

static struct weft_choice future(enum weft_policy policy, struct world *w, double runtime, time_t t)
{
	struct weft_candidate candidates[MOST];
	struct weft_plan plan = { .candidates = candidates, .n = w->n };
	struct weft_host host = host_of(w, t);

	memset(candidates, 0, sizeof(candidates));
	for (size_t i = 0; i < w->n; i++)
		candidates[i].slowdown = w->slowdown[i];
	w->asked[0] = '\0';
	w->questions = 0;
	return weft_choose_future(policy, &plan, runtime, &host);
}

static void check_choice(struct weft_choice c, size_t index, size_t waits_for, time_t when)
{
	ck_assert_uint_eq(c.index, index);
	ck_assert_uint_eq(c.waits_for, waits_for);
	if (index != SIZE_MAX || waits_for != SIZE_MAX)
		ck_assert_int_eq(c.when, when);
}

/* A world of three: 0 is the reference, 1 is twice as fast, 2 three times as slow.  Only 1 is not free before 1500. */
static struct world three(void)
{
	return (struct world){ .n = 3, .slowdown = { 1, 0.5, 3 }, .possible = { true, true, true },
			       .fits = { true, false, true }, .starts = { 1000, 1500, 1000 } };
}

START_TEST(listed_takes_the_first_that_fits)
{
	struct world w = three();

	check_choice(now(WEFT_LISTED, &w, 100, 1000, NULL), 0, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "f0 ");
	w.fits[0] = false;
	check_choice(now(WEFT_LISTED, &w, 100, 1000, NULL), 2, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "f0 f1 f2 ");
	w.fits[2] = false;
	check_choice(now(WEFT_LISTED, &w, 100, 1000, NULL), SIZE_MAX, SIZE_MAX, 0);
}
END_TEST

START_TEST(listed_plans_the_earliest_start)
{
	struct world w = three();

	w.starts[0] = 1200;
	w.starts[2] = 1200;
	check_choice(future(WEFT_LISTED, &w, 100, 0), 0, SIZE_MAX, 1200);
	ck_assert_str_eq(w.asked, "s0 s1 s2 ");
	w.starts[2] = 1000;
	check_choice(future(WEFT_LISTED, &w, 100, 0), 2, SIZE_MAX, 1000);
	w.starts[1] = 1000;
	check_choice(future(WEFT_LISTED, &w, 100, 1000), 1, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "s0 s1 "); /* nothing starts earlier */
	w.starts[0] = w.starts[1] = w.starts[2] = NEVER;
	check_choice(future(WEFT_LISTED, &w, 100, 1000), SIZE_MAX, SIZE_MAX, 0);
}
END_TEST

START_TEST(fast_considers_the_fastest_possible_only)
{
	struct world w = three();

	check_choice(now(WEFT_FAST, &w, 100, 1000, NULL), SIZE_MAX, SIZE_MAX, 0);
	ck_assert_str_eq(w.asked, "f1 p1 ");
	w.fits[1] = true;
	check_choice(now(WEFT_FAST, &w, 100, 1000, NULL), 1, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "f1 ");
	w.fits[1] = w.possible[1] = false;
	check_choice(now(WEFT_FAST, &w, 100, 1000, NULL), 0, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "f1 p1 f0 ");
	w.fits[0] = false;
	w.slowdown[2] = 1; /* a tie: either will do */
	check_choice(now(WEFT_FAST, &w, 100, 1000, NULL), 2, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "f1 p1 f0 p0 f2 ");
	w.fits[2] = false;
	check_choice(now(WEFT_FAST, &w, 100, 1000, NULL), SIZE_MAX, SIZE_MAX, 0);
	ck_assert_str_eq(w.asked, "f1 p1 f0 p0 f2 "); /* that one of the two is possible is enough */
	w.possible[0] = w.possible[2] = w.fits[2] = false;
	check_choice(now(WEFT_FAST, &w, 100, 1000, NULL), SIZE_MAX, SIZE_MAX, 0);
	ck_assert_str_eq(w.asked, "f1 p1 f0 p0 f2 p2 ");
}
END_TEST

START_TEST(fast_plans_for_the_fastest_possible)
{
	struct world w = three();

	check_choice(future(WEFT_FAST, &w, 100, 0), 1, SIZE_MAX, 1500);
	ck_assert_str_eq(w.asked, "s1 ");
	w.starts[1] = NEVER; /* possible, but the host does not know when: nothing else is considered */
	check_choice(future(WEFT_FAST, &w, 100, 0), SIZE_MAX, SIZE_MAX, 0);
	ck_assert_str_eq(w.asked, "s1 p1 ");
	w.possible[1] = false;
	w.slowdown[2] = 1;
	w.starts[2] = 900;
	check_choice(future(WEFT_FAST, &w, 100, 0), 2, SIZE_MAX, 900);
	ck_assert_str_eq(w.asked, "s1 p1 s0 s2 ");
	check_choice(future(WEFT_FAST, &w, 100, 1000), 0, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "s1 p1 s0 ");
}
END_TEST

START_TEST(soon_waits_for_what_finishes_sooner)
{
	struct world w = three();
	struct weft_patience p = { 0 };

	/* 0 would run from 1000 to 2000; 1 from 1500 to 2000: not sooner */
	check_choice(now(WEFT_SOON, &w, 1000, 1000, &p), 0, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "f1 f0 s1 ");
	ck_assert_int_eq(p.finish, 2000);
	p.finish = 0;
	w.starts[1] = 1499;
	check_choice(now(WEFT_SOON, &w, 1000, 1000, &p), SIZE_MAX, 1, 1499);
	ck_assert_int_eq(p.finish, 2000);
	/* the start slips: still within what was promised, then no longer */
	w.starts[1] = 1490;
	check_choice(now(WEFT_SOON, &w, 1000, 1400, &p), SIZE_MAX, 1, 1490);
	ck_assert_int_eq(p.finish, 2000);
	w.starts[1] = 1600;
	check_choice(now(WEFT_SOON, &w, 1000, 1490, &p), 0, SIZE_MAX, 1490);
	ck_assert_str_eq(w.asked, "f1 f0 s1 ");
	/* too late even if it started now: that needs no question */
	check_choice(now(WEFT_SOON, &w, 1000, 1500, &p), 0, SIZE_MAX, 1500);
	ck_assert_str_eq(w.asked, "f1 f0 ");
	/* whoever forgets may wait again */
	p.finish = 0;
	check_choice(now(WEFT_SOON, &w, 1000, 1500, &p), SIZE_MAX, 1, 1600);
	/* without patience there is no waiting */
	check_choice(now(WEFT_SOON, &w, 1000, 1000, NULL), 0, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "f1 f0 ");
}
END_TEST

START_TEST(soon_takes_a_better_chance_into_account)
{
	struct world w = three();
	struct weft_patience p = { 0 };

	w.fits[0] = false; /* only the slow one: until 4000 */
	w.starts[0] = 1100;
	check_choice(now(WEFT_SOON, &w, 1000, 1000, &p), SIZE_MAX, 1, 1500);
	ck_assert_int_eq(p.finish, 4000);
	w.fits[0] = true; /* now the reference fits as well: until 2100 */
	w.starts[1] = 1700;
	check_choice(now(WEFT_SOON, &w, 1000, 1100, &p), 0, SIZE_MAX, 1100);
	ck_assert_int_eq(p.finish, 2100);
	w.fits[0] = w.fits[2] = false;
	check_choice(now(WEFT_SOON, &w, 1000, 1100, &p), SIZE_MAX, SIZE_MAX, 0);
	ck_assert_str_eq(w.asked, "f1 f0 f2 ");
	ck_assert_int_eq(p.finish, 2100);
}
END_TEST

START_TEST(soon_plans_the_earliest_finish)
{
	struct world w = three();

	w.starts[1] = 1400;
	check_choice(future(WEFT_SOON, &w, 1000, 0), 1, SIZE_MAX, 1400);
	ck_assert_str_eq(w.asked, "s1 s0 "); /* the third cannot end by 1900 */
	check_choice(future(WEFT_SOON, &w, 1000, 1000), 1, SIZE_MAX, 1400);
	ck_assert_str_eq(w.asked, "s1 "); /* the others cannot end by 1900 */
	w.starts[1] = 1500;
	check_choice(future(WEFT_SOON, &w, 1000, 0), 1, SIZE_MAX, 1500); /* a tie: the fast one */
	w.starts[1] = 1501;
	check_choice(future(WEFT_SOON, &w, 1000, 1000), 0, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "s1 s0 ");
	w.starts[0] = w.starts[1] = NEVER;
	check_choice(future(WEFT_SOON, &w, 1000, 1000), 2, SIZE_MAX, 1000);
	w.starts[2] = NEVER;
	check_choice(future(WEFT_SOON, &w, 1000, 1000), SIZE_MAX, SIZE_MAX, 0);
}
END_TEST

START_TEST(bounds_save_questions)
{
	struct world w = three();

	w.bounded = true;
	memcpy(w.bound, w.starts, sizeof(w.bound));
	check_choice(future(WEFT_SOON, &w, 1000, 900), 1, SIZE_MAX, 1500); /* 0 would end with it: a tie */
	ck_assert_str_eq(w.asked, "s1 ");
	w.bound[1] = 1501;
	w.starts[1] = 1600;
	check_choice(future(WEFT_SOON, &w, 1000, 900), 0, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "s0 ");
	w.bound[0] = NEVER;
	check_choice(future(WEFT_LISTED, &w, 1000, 900), 2, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "s2 ");
	w.bound[2] = w.bound[1] = NEVER;
	check_choice(future(WEFT_LISTED, &w, 1000, 900), SIZE_MAX, SIZE_MAX, 0);
	ck_assert_str_eq(w.asked, "");
	w = three();
	w.bounded = true;
	w.bound[1] = 1500; /* soon need not wait for the fast one, which cannot end before 2000 */
	struct weft_patience p = { 0 };

	check_choice(now(WEFT_SOON, &w, 1000, 1000, &p), 0, SIZE_MAX, 1000);
	ck_assert_str_eq(w.asked, "f1 f0 ");
}
END_TEST

START_TEST(odd_run_times)
{
	static const double odd[] = { 0, -5, NAN, INFINITY, 1e300 };
	struct world w = three();

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct weft_patience p = { 0 };

		check_choice(now(WEFT_SOON, &w, odd[i], 1000, &p), 0, SIZE_MAX, 1000);
		ck_assert_int_gt(p.finish, 0);
		ck_assert_uint_lt(future(WEFT_SOON, &w, odd[i], 1000).index, 3);
	}
	w.n = 0;
	check_choice(now(WEFT_SOON, &w, 100, 1000, NULL), SIZE_MAX, SIZE_MAX, 0);
	check_choice(now(WEFT_FAST, &w, 100, 1000, NULL), SIZE_MAX, SIZE_MAX, 0);
	check_choice(future(WEFT_SOON, &w, 100, 1000), SIZE_MAX, SIZE_MAX, 0);
	w = three();
	check_choice(now(WEFT_SOON, &w, 0, 0, &(struct weft_patience){ 0 }), 0, SIZE_MAX, 0);
}
END_TEST

/* The second writing: no order of questions, no short cuts, only what the header says. */

/* Is there one that is possible and strictly faster than I? */
static bool faster_possible(const struct world *w, size_t i)
{
	for (size_t k = 0; k < w->n; k++) {
		if (w->possible[k] && w->slowdown[k] < w->slowdown[i])
			return true;
	}
	return false;
}

static struct weft_choice plain_now(enum weft_policy policy, const struct world *w, double runtime, time_t t,
				    const struct weft_patience *p, bool *may_wait)
{
	struct weft_choice c = { SIZE_MAX, SIZE_MAX, t };
	double limit;

	*may_wait = false;
	for (size_t i = 0; i < w->n; i++) {
		bool eligible = w->fits[i] && (policy != WEFT_FAST || !faster_possible(w, i));

		if (eligible && (c.index == SIZE_MAX ||
				 (policy != WEFT_LISTED && w->slowdown[i] < w->slowdown[c.index])))
			c.index = i;
	}
	if (policy != WEFT_SOON || !p || c.index == SIZE_MAX)
		return c;
	limit = (double)t + runtime * w->slowdown[c.index];
	limit = p->finish && (double)p->finish < limit ? (double)p->finish : limit;
	for (size_t i = 0; i < w->n; i++) {
		if (w->slowdown[i] < w->slowdown[c.index] && w->starts[i] != NEVER &&
		    (double)w->starts[i] + runtime * w->slowdown[i] < limit)
			*may_wait = true;
	}
	return c;
}

static bool better_plan(enum weft_policy policy, const struct world *w, double runtime, size_t a, size_t b)
{
	double ta = (double)w->starts[a] + runtime * w->slowdown[a];
	double tb = (double)w->starts[b] + runtime * w->slowdown[b];

	if (policy == WEFT_LISTED || policy == WEFT_FAST)
		return w->starts[a] < w->starts[b];
	return ta < tb || (ta == tb && w->slowdown[a] < w->slowdown[b]);
}

static size_t plain_future(enum weft_policy policy, const struct world *w, double runtime)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < w->n; i++) {
		if (w->starts[i] == NEVER || (policy == WEFT_FAST && faster_possible(w, i)))
			continue;
		if (best == SIZE_MAX || better_plan(policy, w, runtime, i, best))
			best = i;
	}
	return best;
}

/* Slowdowns are multiples of 1/4 and ties are common. */
static struct world random_world(time_t t)
{
	struct world w = { .n = 1 + (size_t)rand() % MOST };

	for (size_t i = 0; i < w.n; i++) {
		w.slowdown[i] = (1 + rand() % 12) / 4.0;
		w.possible[i] = rand() % 4 > 0;
		w.fits[i] = w.possible[i] && rand() % 3 == 0;
		w.starts[i] = !w.possible[i] || rand() % 8 == 0 ? NEVER : t + rand() % 2000;
		if (w.fits[i])
			w.starts[i] = t;
		w.bound[i] = w.starts[i] == NEVER ? (rand() % 2 ? NEVER : t) : w.starts[i] - rand() % 3 * 100;
	}
	w.bounded = rand() % 2;
	return w;
}

/* More questions than these cannot be needed. */
static void check_questions(enum weft_policy policy, const struct world *w, struct weft_choice c)
{
	size_t faster = 0, bound;

	for (size_t i = 0; i < w->n; i++)
		faster += c.index != SIZE_MAX && w->slowdown[i] < w->slowdown[c.index];
	bound = policy == WEFT_LISTED ? w->n : 2 * w->n;
	ck_assert_uint_le(w->questions, bound);
	if (policy == WEFT_SOON && c.index != SIZE_MAX) /* the faster ones twice, its equals and itself once */
		ck_assert_uint_le(w->questions, faster + w->n);
	for (const char *p = w->asked; *p; p += 3) { /* none is asked twice */
		char question[4] = { p[0], p[1], p[2], '\0' };

		ck_assert_ptr_null(strstr(p + 3, question));
	}
}

START_TEST(random_worlds)
{
	srand((unsigned)_i + 1);
	for (int round = 0; round < 4000; round++) {
		time_t t = 1000 + rand() % 100;
		struct world w = random_world(t);
		double runtime = 4 * (1 + rand() % 400);
		enum weft_policy policy = (enum weft_policy)(rand() % 3);
		struct weft_patience p = { rand() % 2 ? 0 : t + rand() % 2000 }, before = p;
		bool patient = rand() % 3 > 0, may_wait;
		struct weft_choice got = now(policy, &w, runtime, t, patient ? &p : NULL), want;

		want = plain_now(policy, &w, runtime, t, patient ? &before : NULL, &may_wait);
		ck_assert_int_eq(got.waits_for != SIZE_MAX, may_wait);
		if (may_wait) {
			ck_assert_uint_eq(got.index, SIZE_MAX);
			ck_assert(w.slowdown[got.waits_for] < w.slowdown[want.index]);
			ck_assert_int_eq(got.when, w.starts[got.waits_for]);
		} else {
			check_choice(got, want.index, SIZE_MAX, t);
		}
		check_questions(policy, &w, got);

		got = future(policy, &w, runtime, rand() % 2 ? t : 0);
		want.index = plain_future(policy, &w, runtime);
		check_choice(got, want.index, SIZE_MAX, want.index == SIZE_MAX ? 0 : w.starts[want.index]);
		check_questions(policy, &w, got);
	}
}
END_TEST

/* One job's life under predictions that slip as they like.  Something fits at every pass. */
static void live(int seed)
{
	struct weft_patience p = { 0 };
	double runtime = 400 + rand() % 4000, first = 0, end, t_best = 1e9;
	time_t t = 100000, gap = 0, before = t;
	struct world w;
	struct weft_choice c;

	for (;;) {
		w = random_world(t);
		w.n = MOST;
		for (size_t i = 0; i < MOST; i++) {
			w.slowdown[i] = i == 0 ? 3 : (double)i / 3; /* the same candidates at each pass */
			w.possible[i] = true;
			w.fits[i] = i == 0 || (rand() % 20 == 0 && i > 2);
			w.starts[i] = w.fits[i] ? t : t + 1 + rand() % (1 + (int)runtime); /* slips for ever */
		}
		c = now(WEFT_SOON, &w, runtime, t, &p);
		if (first == 0)
			first = (double)p.finish;
		ck_assert(c.index != SIZE_MAX || c.waits_for != SIZE_MAX);
		if (c.index != SIZE_MAX)
			break;
		ck_assert((double)c.when + runtime * w.slowdown[c.waits_for] < first);
		t_best = runtime * w.slowdown[c.waits_for];
		before = t;
		t += 1 + rand() % 60;
		gap = t - before;
		ck_assert_msg(t < 200000, "seed %d: it waits for ever", seed);
	}
	end = (double)t + runtime * w.slowdown[c.index];
	if (gap)
		ck_assert_msg(end - first < runtime * w.slowdown[c.index] - t_best + (double)gap,
			      "seed %d: it ended at %.0f, %.0f after its first chance", seed, end, end - first);
	else
		ck_assert(end - first < 1);
}

START_TEST(waiting_is_bounded)
{
	srand((unsigned)_i + 1);
	for (int round = 0; round < 300; round++)
		live(_i * 300 + round);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("choose");
	TCase *t = tcase_create("choose");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, listed_takes_the_first_that_fits);
	tcase_add_test(t, listed_plans_the_earliest_start);
	tcase_add_test(t, fast_considers_the_fastest_possible_only);
	tcase_add_test(t, fast_plans_for_the_fastest_possible);
	tcase_add_test(t, soon_waits_for_what_finishes_sooner);
	tcase_add_test(t, soon_takes_a_better_chance_into_account);
	tcase_add_test(t, soon_plans_the_earliest_finish);
	tcase_add_test(t, bounds_save_questions);
	tcase_add_test(t, odd_run_times);
	tcase_add_loop_test(t, random_worlds, 0, 5);
	tcase_add_loop_test(t, waiting_is_bounded, 0, 5);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
