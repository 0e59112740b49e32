/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_power_book.c - the power book: cases by hand, and large random books against power_ref.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/power_book.h"
#include "tests/unit/power_ref.h"

#define T0 REF_ZERO

/* Zone 0: 1000 W, from T0 + 100 on 600 W, from T0 + 200 on 1200 W, at last 800 W; zone 1: 500 W; zone 2: no
 * cap. 100 W are drawn in zone 0 always. */
static struct weft_book *make(void)
{
	struct weft_step day[] = { { T0 - 5, 1000 },
				   { T0 + 100, 600 },
				   { T0 + 200, 1200 },
				   { T0 + 300, 800 } },
			 flat[] = { { T0 - 5, 500 } };
	struct weft_cap caps[] = { { day, 4 }, { flat, 1 } };
	struct weft_book *book = weft_book_create(3);

	ck_assert_ptr_nonnull(book);
	ck_assert_int_eq(weft_book_set_caps(book, caps, 2), 0);
	weft_book_set_base(book, 0, 100);
	return book;
}

#define DRAW(...)                                                                                            \
	(const struct weft_draw[])                                                                           \
	{                                                                                                    \
		__VA_ARGS__                                                                                  \
	}

static void lacks(const struct weft_power_lack *lack, unsigned zone, time_t when, int64_t needed, int64_t cap)
{
	ck_assert_uint_eq(lack->zone, zone);
	ck_assert_int_eq(lack->when - T0, when);
	ck_assert_int_eq(lack->needed, needed);
	ck_assert_int_eq(lack->cap, cap);
}

START_TEST(empty_book)
{
	struct weft_book *book = weft_book_create(1);
	struct weft_power_lack lack;
	time_t when;
	size_t n;

	ck_assert(weft_book_fits(book, DRAW({ 0, INT64_MAX }), 1, T0, WEFT_NEVER, 0, &lack));
	ck_assert(weft_book_earliest(book, DRAW({ 0, INT64_MAX }), 1, 10, T0, 0, &when, NULL) && when == T0);
	ck_assert(weft_book_earliest(book, NULL, 0, 10, T0, 0, &when, NULL) && when == T0);
	ck_assert_ptr_null(weft_book_changes(book, 0, WEFT_NEVER, &n));
	ck_assert_uint_eq(n, 0);
	weft_book_destroy(book);
	weft_book_destroy(NULL);
	ck_assert_ptr_null(weft_book_create(WEFT_BOOK_MAX_ZONES + 1));
}
END_TEST

START_TEST(fits)
{
	struct weft_book *book = make();
	struct weft_power_lack lack;

	ck_assert(weft_book_fits(book, DRAW({ 0, 900 }), 1, T0, T0 + 100, 0,
				 &lack)); /* up to the cap, and the fall */
	ck_assert(!weft_book_fits(book, DRAW({ 0, 901 }), 1, T0, T0 + 100, 0, &lack));
	lacks(&lack, 0, 0, 1001, 1000);
	ck_assert(!weft_book_fits(book, DRAW({ 0, 900 }), 1, T0, T0 + 101, 0, &lack));
	lacks(&lack, 0, 100, 1000, 600);
	ck_assert(!weft_book_fits(book, DRAW({ 0, 900 }, { 1, 501 }), 2, T0, T0 + 101, 0, &lack));
	lacks(&lack, 1, 0, 501, 500); /* the first in time, not in zones */
	ck_assert(
		weft_book_fits(book, DRAW({ 2, INT64_MAX }, { 7, 5 }, { 0, 0 }), 3, T0, WEFT_NEVER, 0, NULL));
	ck_assert(weft_book_fits(book, DRAW({ 0, 5000 }), 1, T0 + 5, T0 + 5, 0, NULL)); /* no time at all */
	weft_book_destroy(book);
}
END_TEST

START_TEST(entries)
{
	struct weft_book *book = make();
	struct weft_power_lack lack;

	ck_assert_int_eq(weft_book_add(book, 1, DRAW({ 0, 400 }, { 1, 300 }), 2, 0, T0 + 50), 0);
	ck_assert_int_eq(weft_book_add(book, 2, DRAW({ 0, 500 }), 1, T0 + 40, T0 + 60), 0);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0), 500);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0 + 40), 1000);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0 + 50), 600);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0 + 60), 100);
	ck_assert_int_eq(weft_book_drawn(book, 9, T0), 0);
	ck_assert_int_eq(weft_book_cap(book, 0, T0 + 199), 600);
	ck_assert_int_eq(weft_book_cap(book, 0, 0), 1000);
	ck_assert(weft_book_cap(book, 2, T0) == WEFT_NO_CAP && weft_book_cap(book, 9, T0) == WEFT_NO_CAP);
	ck_assert(!weft_book_fits(book, DRAW({ 0, 100 }), 1, T0, T0 + 45, 0, &lack));
	lacks(&lack, 0, 40, 1100, 1000);
	ck_assert(weft_book_fits(book, DRAW({ 0, 100 }), 1, T0, T0 + 45, 2, &lack));	 /* without it */
	ck_assert_int_eq(weft_book_drawn(book, 0, T0 + 40), 1000);			 /* but it is there */
	ck_assert_int_eq(weft_book_add(book, 2, DRAW({ 1, 200 }), 1, 0, WEFT_NEVER), 0); /* in its place */
	ck_assert_int_eq(weft_book_drawn(book, 0, T0 + 40), 500);
	ck_assert_int_eq(weft_book_drawn(book, 1, T0 + 40), 500);
	weft_book_remove(book, 1);
	weft_book_remove(book, 1);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0), 100);
	ck_assert_int_eq(weft_book_drawn(book, 1, T0 + 100000), 200);
	weft_book_set_base(book, 0, 50);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0), 50);
	weft_book_set_base(book, 0, -50);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0), 0);
	ck_assert_int_eq(weft_book_add(book, 3, DRAW({ 0, 400 }), 1, T0 + 5, T0 + 5), 0); /* no time */
	ck_assert_int_eq(weft_book_drawn(book, 0, T0 + 5), 0);
	weft_book_destroy(book);
}
END_TEST

START_TEST(refuses_what_could_overflow)
{
	struct weft_book *book = make();

	ck_assert_int_eq(weft_book_add(book, 0, DRAW({ 0, 1 }), 1, 0, T0), -1);
	ck_assert_int_eq(weft_book_add(book, 1, DRAW({ 1, 5 }, { 0, -1 }), 2, 0, T0), -1);
	ck_assert_int_eq(weft_book_add(book, 1, DRAW({ 1, 5 }, { 0, WEFT_LINE_MAX }), 2, 0, T0 + 9), -1);
	ck_assert_int_eq(weft_book_drawn(book, 1, T0), 0); /* nothing of it stays */
	ck_assert_int_eq(weft_book_add(book, 1, DRAW({ 0, WEFT_LINE_MAX - 100 }), 1, 0, T0 + 9), 0);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0), WEFT_LINE_MAX);
	ck_assert_int_eq(weft_book_add(book, 2, DRAW({ 0, 1 }), 1, 0, T0 + 9), -1);
	weft_book_set_base(book, 0, INT64_MAX);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0), WEFT_LINE_MAX);
	weft_book_destroy(book);
}
END_TEST

/* What is gone makes room for as much again. */
START_TEST(room_comes_back)
{
	struct weft_book *book = make();
	const struct weft_draw most = { 0, WEFT_LINE_MAX - 100 }; /* besides the base */

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(weft_book_add(book, 1, &most, 1, 1000, 2000), 0);
		ck_assert_int_eq(weft_book_add(book, 2, &most, 1, 3000, 4000), -1);
		weft_book_remove(book, 1);
	}
	weft_book_destroy(book);
}
END_TEST

START_TEST(earliest)
{
	struct weft_book *book = make();
	struct weft_power_lack lack;
	time_t when;

	ck_assert_int_eq(weft_book_add(book, 1, DRAW({ 0, 400 }, { 1, 300 }), 2, 0, T0 + 50), 0);
	ck_assert(weft_book_earliest(book, DRAW({ 0, 500 }), 1, 100, T0, 0, &when, NULL) && when == T0);
	ck_assert(weft_book_earliest(book, DRAW({ 0, 501 }), 1, 50, T0, 0, &when, NULL) && when == T0 + 50);
	ck_assert(weft_book_earliest(book, DRAW({ 0, 501 }), 1, 51, T0, 0, &when, NULL) && when == T0 + 200);
	ck_assert(weft_book_earliest(book, DRAW({ 0, 1100 }), 1, 100, T0, 0, &when, NULL) &&
		  when == T0 + 200);
	ck_assert(weft_book_earliest(book, DRAW({ 1, 201 }), 1, 1, T0, 0, &when, NULL) && when == T0 + 50);
	ck_assert(weft_book_earliest(book, DRAW({ 1, 201 }), 1, 1, T0, 1, &when, NULL) && when == T0);
	ck_assert(weft_book_earliest(book, DRAW({ 1, 500 }), 1, WEFT_NEVER, T0, 0, &when, NULL) &&
		  when == T0 + 50);

	/* never: above the best cap; below it, but not for so long; others that do not end */
	ck_assert(!weft_book_earliest(book, DRAW({ 1, 1 }, { 0, 1101 }), 2, 10, T0, 0, &when, &lack));
	lacks(&lack, 0, 200, 1201, 1200);
	ck_assert(!weft_book_earliest(book, DRAW({ 0, 1100 }), 1, 101, T0, 0, &when, &lack));
	lacks(&lack, 0, 300, 1200, 800);
	ck_assert(!weft_book_ever(book, DRAW({ 0, 1100 }), 1, 101, T0, NULL, NULL));
	ck_assert_int_eq(weft_book_add(book, 2, DRAW({ 1, 200 }), 1, 0, WEFT_NEVER), 0);
	ck_assert(!weft_book_earliest(book, DRAW({ 1, 301 }), 1, 10, T0, 0, &when, &lack));
	lacks(&lack, 1, 50, 501, 500);
	ck_assert(weft_book_ever(book, DRAW({ 1, 301 }), 1, 10, T0, &when, NULL) && when == T0);
	ck_assert(!weft_book_ever(book, DRAW({ 1, 501 }), 1, 10, T0 + 70, &when, &lack));
	lacks(&lack, 1, 70, 501, 500);
	weft_book_destroy(book);
}
END_TEST

START_TEST(changes)
{
	const time_t want[] = { 50, 100, 150, 200, 300 };
	struct weft_book *book = make();
	size_t n;
	time_t *list;

	ck_assert_int_eq(weft_book_add(book, 1, DRAW({ 0, 400 }, { 1, 1 }), 2, 0, T0 + 50), 0);
	ck_assert_int_eq(weft_book_add(book, 2, DRAW({ 1, 7 }), 1, T0 + 50, T0 + 120), 0);
	ck_assert_int_eq(weft_book_add(book, 3, DRAW({ 1, 7 }), 1, T0 + 120, T0 + 150),
			 0); /* 120: no change */
	list = weft_book_changes(book, T0, T0 + 300, &n);
	ck_assert_uint_eq(n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(list[i] - T0, want[i]);
	free(list);
	list = weft_book_changes(book, T0 + 50, T0 + 99, &n);
	ck_assert(!list && n == 0);
	weft_book_destroy(book);
}
END_TEST

/* ---------------------------------------------------------------- at random */

#define ENTRIES 400

struct world {
	struct ref ref;
	struct ref_random random;
	struct weft_book *book;
	struct ref_job jobs[ENTRIES];
	bool in[ENTRIES];
};

static void toggle(struct world *w, unsigned i)
{
	struct ref_job *job = &w->jobs[i];

	if (w->in[i]) {
		ref_count(&w->ref, job, -1);
		w->in[i] = false;
		if (ref_below(&w->random, 2)) {
			weft_book_remove(w->book, i + 1);
			return;
		} /* else it is replaced */
	}
	ref_draws(&w->ref, job, &w->random, 30);
	job->start = (int)ref_below(&w->random, REF_SECONDS - 100);
	job->end = job->start + 1 + (int)ref_below(&w->random, 80);
	if (ref_below(&w->random, 8) == 0)
		job->end = REF_SECONDS - 1;
	if (weft_book_add(w->book, i + 1, job->draws, job->n, T0 + job->start, T0 + job->end))
		ck_abort_msg("out of memory");
	ref_count(&w->ref, job, 1);
	w->in[i] = true;
}

static void ask(struct world *w, unsigned long number)
{
	unsigned except = ref_below(&w->random, 4) ? 0 : 1 + ref_below(&w->random, ENTRIES);
	bool hidden = except && w->in[except - 1];
	int from = (int)ref_below(&w->random, REF_SECONDS), length = 1 + (int)ref_below(&w->random, 60),
	    first;
	struct weft_power_lack lack, want;
	struct ref_job job;
	bool fits;
	time_t when;

	ref_draws(&w->ref, &job, &w->random, 400);
	fits = weft_book_fits(w->book, job.draws, job.n, T0 + from, T0 + from + length, except, &lack);
	if (!weft_book_earliest(w->book, job.draws, job.n, length, T0 + from, except, &when, NULL))
		when = T0 - 1;
	if (hidden)
		ref_count(&w->ref, &w->jobs[except - 1], -1);
	ck_assert_msg(fits == ref_fits(&w->ref, &job, from, from + length, false, &want), "fits %lu", number);
	if (!fits && from + length < REF_SECONDS)
		ck_assert_msg(lack.zone == want.zone && lack.when == want.when &&
				      lack.needed == want.needed && lack.cap == want.cap,
			      "lack %lu", number);
	first = ref_earliest(&w->ref, &job, length, from, false);
	ck_assert_msg(when == T0 + first, "earliest %lu: %ld, not %d", number, (long)(when - T0), first);
	if (hidden)
		ref_count(&w->ref, &w->jobs[except - 1], 1);
	if (!weft_book_ever(w->book, job.draws, job.n, length, T0 + from, &when, NULL))
		when = T0 - 1;
	ck_assert_int_eq(when - T0, ref_earliest(&w->ref, &job, length, from, true));
}

static void check_figures(struct world *w)
{
	for (unsigned z = 0; z < w->ref.zones; z++) {
		for (int t = 0; t < REF_SECONDS; t++) {
			ck_assert(weft_book_drawn(w->book, z, T0 + t) == w->ref.drawn[z][t]);
			ck_assert(weft_book_cap(w->book, z, T0 + t) == w->ref.cap[z][t]);
		}
	}
}

/* Hundreds of entries, so that blocks are split and joined; caps that change under them. */
START_TEST(large_books)
{
	struct world *w = calloc(1, sizeof(*w));

	w->random.state = UINT64_C(0x20250311) + (unsigned)_i;
	w->ref.zones = REF_ZONES;
	w->book = weft_book_create(REF_ZONES);
	for (unsigned z = 0; z < REF_ZONES; z++) {
		for (int t = 0; t < REF_SECONDS; t++)
			w->ref.cap[z][t] = WEFT_NO_CAP;
	}
	for (unsigned long i = 0; i < 3000; i++) {
		if (i % 500 == 0)
			ref_caps(&w->ref, w->book, &w->random, REF_SECONDS, 60, 1500);
		if (i % 30 == 0)
			ref_base(&w->ref, w->book, (unsigned)(i / 300) % REF_ZONES,
				 ref_below(&w->random, 200));
		toggle(w, ref_below(&w->random, i < 2500 ? ENTRIES : 10));
		if (i >= 2000 && i < 2400) /* nearly empty it */
			weft_book_remove(w->book, i - 2000 + 1);
		if (i >= 2000 && i < 2400 && w->in[i - 2000]) {
			ref_count(&w->ref, &w->jobs[i - 2000], -1);
			w->in[i - 2000] = false;
		}
		ask(w, i);
		if (i % 1000 == 999)
			check_figures(w);
	}
	weft_book_destroy(w->book);
	free(w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("power book");
	TCase *tc = tcase_create("power book");

	tcase_add_test(tc, empty_book);
	tcase_add_test(tc, fits);
	tcase_add_test(tc, entries);
	tcase_add_test(tc, refuses_what_could_overflow);
	tcase_add_test(tc, room_comes_back);
	tcase_add_test(tc, earliest);
	tcase_add_test(tc, changes);
	tcase_add_loop_test(tc, large_books, 0, 5);
	tcase_set_timeout(tc, 60);
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
