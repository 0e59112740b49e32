/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_outlook.c - forecasts against a slow and obvious one, which counts the free cards of each second.
 */
#include "core/outlook.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NOW	1000
#define SECONDS 900 /* after NOW, as far as the slow one looks */
#define JOBS	24

static unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

struct all {
	uint32_t cards;
	struct weft_outlook_running running[JOBS];
	struct weft_outlook_waiting waiting[JOBS], sorted[JOBS];
	unsigned n_running, n_waiting;
	int used[SECONDS];
};

static void use(struct all *a, uint32_t cards, long from, long to)
{
	for (long s = from - NOW; s < to - NOW && s < SECONDS; s++)
		a->used[s] += (int)cards;
}

static bool is_free(const struct all *a, uint32_t cards, long from, long to)
{
	for (long s = from - NOW; s < to - NOW && s < SECONDS; s++)
		if (a->used[s] + (int)cards > (int)a->cards)
			return false;
	return true;
}

static time_t slow_start(const struct all *a, uint32_t cards, uint32_t seconds, time_t from)
{
	if (cards > a->cards)
		return 0;
	while (!is_free(a, cards, from, from + seconds))
		from++;
	return from;
}

static const struct weft_outlook_waiting *next_by_priority(const struct all *a, const bool *taken)
{
	const struct weft_outlook_waiting *best = NULL;

	for (unsigned i = 0; i < a->n_waiting; i++) {
		const struct weft_outlook_waiting *w = &a->waiting[i];

		if (taken[i])
			continue;
		if (!best || w->priority > best->priority ||
		    (w->priority == best->priority && w->id < best->id))
			best = w;
	}
	return best;
}

static uint32_t half(uint32_t s, bool halved)
{
	return !halved ? s : s / 2 > 0 ? s / 2 : 1;
}

static void slow(struct all *a, bool halved)
{
	bool taken[JOBS] = { false };

	memset(a->used, 0, sizeof(a->used));
	for (unsigned i = 0; i < a->n_running; i++) {
		long left = a->running[i].end - NOW;

		use(a, a->running[i].cards, NOW, NOW + half(left < 1 ? 1 : (uint32_t)left, halved));
	}
	for (unsigned i = 0; i < a->n_waiting; i++) {
		const struct weft_outlook_waiting *w = next_by_priority(a, taken);
		uint32_t s = half(w->seconds, halved);

		taken[w - a->waiting] = true;
		a->sorted[i] = *w;
		a->sorted[i].start = slow_start(a, w->cards, s, w->begin > NOW ? w->begin : NOW);
		if (a->sorted[i].start)
			use(a, w->cards, a->sorted[i].start, a->sorted[i].start + s);
	}
}

static void fill(struct all *a)
{
	unsigned left;

	a->cards = 1 + below(12);
	left = a->cards;
	for (a->n_running = 0; a->n_running < below(8); a->n_running++) {
		unsigned cards = below(left + 1);

		a->running[a->n_running] =
			(struct weft_outlook_running){ cards, NOW - 5 + (time_t)below(40) };
		left -= cards;
	}
	for (a->n_waiting = 0; a->n_waiting < below(JOBS); a->n_waiting++)
		a->waiting[a->n_waiting] = (struct weft_outlook_waiting){
			.cards = below(a->cards + 2),
			.seconds = 1 + below(30),
			.begin = below(3) ? 0 : NOW - 5 + (time_t)below(40),
			.priority = below(4),
			.id = below(6) * 100 + a->n_waiting,
		};
}

START_TEST(agrees_with_the_slow_one)
{
	static struct weft_outlook o;
	static struct all a;

	srandom(20250311u + (unsigned)_i);
	for (unsigned round = 0; round < 100; round++) {
		bool halved = below(2);

		fill(&a);
		slow(&a, halved);
		ck_assert_int_eq(weft_outlook_make(&o, a.cards, NOW, halved ? 0.5 : 1, a.running, a.n_running,
						   a.waiting, a.n_waiting),
				 0);
		for (unsigned i = 0; i < a.n_waiting; i++) {
			ck_assert_uint_eq(a.waiting[i].id, a.sorted[i].id);
			ck_assert_int_eq(a.waiting[i].start, a.sorted[i].start);
		}
		for (unsigned i = 0, s = 0; s < SECONDS; s++) {
			while (i + 1 < o.n && o.steps[i + 1].from <= NOW + (time_t)s)
				i++;
			ck_assert_int_eq((int)o.steps[i].free, (int)a.cards - a.used[s]);
		}
		for (unsigned k = 0; k < 20; k++) {
			uint32_t cards = below(a.cards + 2), seconds = 1 + below(60);
			time_t from = NOW + (time_t)below(60), when = slow_start(&a, cards, seconds, from);

			ck_assert_int_eq(weft_outlook_start(&o, cards, seconds, from), when);
			if (when && k % 4 == 0) {
				use(&a, cards, when, when + seconds);
				weft_outlook_take(&o, cards, seconds, when);
			}
		}
	}
}
END_TEST

/* More moments than there are steps: the near future stays exact, and no forecast is too early. */
START_TEST(many_moments)
{
	enum { N = 3000 };
	static struct weft_outlook_waiting waiting[N], late;
	static struct weft_outlook o;
	time_t last = 0, start;

	srandom(1);
	for (unsigned i = 0; i < N; i++)
		waiting[i] = (struct weft_outlook_waiting){ .cards = 1 + below(60),
							    .seconds = 1 + below(9999),
							    .id = i };
	ck_assert_int_eq(weft_outlook_make(&o, 64, NOW, 1, NULL, 0, waiting, N), 0);
	ck_assert_uint_le(o.n, WEFT_OUTLOOK_MAX_STEPS);
	ck_assert_uint_gt(o.n, WEFT_OUTLOOK_MAX_STEPS / 2);
	ck_assert_int_eq(o.steps[0].from, NOW);
	for (unsigned i = 1; i < o.n; i++)
		ck_assert_int_gt(o.steps[i].from, o.steps[i - 1].from);
	ck_assert_uint_eq(o.steps[o.n - 1].free, 64);
	for (unsigned i = 0; i < N; i++)
		last = waiting[i].start + (time_t)waiting[i].seconds > last
			       ? waiting[i].start + (time_t)waiting[i].seconds
			       : last;
	ck_assert_int_eq(o.steps[o.n - 1].from, last);
	for (unsigned i = 0; i < 40; i++) {
		static struct weft_outlook_waiting all[N + 1];

		late = (struct weft_outlook_waiting){ .cards = 1 + i, .seconds = 100 + 50 * i, .id = N };
		start = weft_outlook_start(&o, late.cards, late.seconds, NOW);
		memcpy(all, waiting, sizeof(waiting));
		all[N] = late;
		static struct weft_outlook other;
		ck_assert_int_eq(weft_outlook_make(&other, 64, NOW, 1, NULL, 0, all, N + 1), 0);
		ck_assert_int_ge(start, all[N].start);
	}
}
END_TEST

/* More ends than there are steps: the first stay exact, and of the later ones no forecast is too early. */
START_TEST(many_that_run)
{
	enum { N = 3000, EXACT = WEFT_OUTLOOK_MAX_STEPS / 2 };
	static struct weft_outlook_running running[N];
	static uint32_t ends_at[4 * N];
	static struct weft_outlook o;
	uint32_t cards = 0, free = 0, moments = 0, late = 0;

	srandom(2);
	for (unsigned i = 0; i < N; i++) {
		uint32_t after = 1 + below(4 * N - 1);

		running[i] = (struct weft_outlook_running){ 1 + below(8), NOW + after };
		ends_at[after] += running[i].cards;
		cards += running[i].cards;
	}
	ck_assert_int_eq(weft_outlook_make(&o, cards, NOW, 1, running, N, NULL, 0), 0);
	ck_assert_uint_gt(o.n, EXACT);
	ck_assert_uint_eq(o.steps[0].free, 0);
	ck_assert_uint_eq(o.steps[o.n - 1].free, cards);
	for (unsigned s = 1; s < 4 * N; s++) {
		time_t start;

		if (!ends_at[s])
			continue;
		free += ends_at[s];
		start = weft_outlook_start(&o, free, 1, NOW);
		if (++moments <= EXACT)
			ck_assert_int_eq(start, NOW + s);
		ck_assert_int_ge(start, NOW + s);
		late = start - NOW - s > late ? (uint32_t)(start - NOW - s) : late;
	}
	ck_assert_uint_gt(moments, WEFT_OUTLOOK_MAX_STEPS);
	ck_assert_uint_lt(late, 200); /* of 12,000 s */
}
END_TEST

/* Those that end too late for 32 bits of seconds, and have more cards together than 32 bits hold. */
START_TEST(much_that_runs)
{
	static struct weft_outlook o;
	const struct weft_outlook_running running[] = { { UINT32_MAX, NOW + (1ll << 40) },
							{ UINT32_MAX, NOW + 70000 },
							{ 3, NOW - 5 },
							{ 2, NOW + 5000000 } };

	ck_assert_int_eq(weft_outlook_make(&o, UINT32_MAX, NOW, 1, running, 4, NULL, 0), 0);
	ck_assert_int_eq(weft_outlook_start(&o, 1, 1, NOW), NOW + (time_t)UINT32_MAX);
	ck_assert_int_eq(weft_outlook_start(&o, UINT32_MAX, 1, NOW), NOW + (time_t)UINT32_MAX);
	ck_assert_int_eq(weft_outlook_make(&o, 10, NOW, 1, running + 2, 2, NULL, 0), 0);
	ck_assert_uint_eq(o.n, 3);
	ck_assert_uint_eq(o.steps[0].free, 5);
	ck_assert_int_eq(o.steps[1].from, NOW + 1);
	ck_assert_uint_eq(o.steps[1].free, 8);
	ck_assert_int_eq(o.steps[2].from, NOW + 5000000);
	ck_assert_uint_eq(o.steps[2].free, 10);
}
END_TEST

START_TEST(takes_where_there_is_no_room)
{
	static struct weft_outlook o;

	o = (struct weft_outlook){ .cards = 9, .n = WEFT_OUTLOOK_MAX_STEPS };
	for (unsigned i = 0; i < o.n; i++)
		o.steps[i] = (struct weft_outlook_step){ NOW + 10 * (time_t)i, 9 };
	weft_outlook_take(&o, 4, 10, NOW + 25); /* from 20 to 40 */
	ck_assert_uint_eq(o.n, WEFT_OUTLOOK_MAX_STEPS);
	ck_assert_uint_eq(o.steps[1].free, 9);
	ck_assert_uint_eq(o.steps[2].free, 5);
	ck_assert_uint_eq(o.steps[3].free, 5);
	ck_assert_uint_eq(o.steps[4].free, 9);
	weft_outlook_take(&o, 9, 1000000, NOW + 40);
	ck_assert_uint_eq(o.steps[o.n - 2].free, 0);
	ck_assert_uint_eq(o.steps[o.n - 1].free, 9);
	weft_outlook_take(&o, 20, 0, NOW);
	ck_assert_uint_eq(o.steps[0].free, 9);
}
END_TEST

START_TEST(nothing_there)
{
	struct weft_outlook o;

	ck_assert_int_eq(weft_outlook_make(&o, 4, NOW, 0, NULL, 0, NULL, 0), 0);
	ck_assert_uint_eq(o.n, 1);
	ck_assert_int_eq(weft_outlook_start(&o, 4, 60, NOW), NOW);
	ck_assert_int_eq(weft_outlook_start(&o, 5, 60, NOW), 0);
	o.n = 0;
	weft_outlook_take(&o, 1, 1, NOW);
	ck_assert_int_eq(weft_outlook_start(&o, 1, 1, NOW), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outlook");
	TCase *tc = tcase_create("outlook");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, agrees_with_the_slow_one, 0, 8);
	tcase_add_test(tc, many_moments);
	tcase_add_test(tc, many_that_run);
	tcase_add_test(tc, much_that_runs);
	tcase_add_test(tc, takes_where_there_is_no_room);
	tcase_add_test(tc, nothing_there);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
