/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_power_queue.c - who waits for power, and when its turn is.  test_power_histories.c has it at random.
 */
#include <check.h>
#include <stdlib.h>

#include "core/power_queue.h"

#define T0	 ((time_t)1000000)
#define PATIENCE 60
#define DRAW(w)	 ((const struct weft_draw[]){ { 0, w } }), 1

static struct weft_book *book;
static struct weft_power_queue *queue;

static void cap_from(time_t fall, int64_t first, int64_t then)
{
	struct weft_step steps[] = { { T0, first }, { T0 + fall, then } };
	struct weft_cap cap = { steps, 2 };

	ck_assert_int_eq(weft_book_set_caps(book, &cap, 1), 0);
}

/* 1000 W until T0 + 10000, then 500.  Job 1 draws 800 W until T0 + 100. */
static void setup(void)
{
	book = weft_book_create(1);
	queue = weft_power_queue_create();
	cap_from(10000, 1000, 500);
	ck_assert_int_eq(weft_book_add(book, 1, DRAW(800), 0, T0 + 100), 0);
}

static void teardown(void)
{
	weft_power_queue_destroy(queue);
	weft_book_destroy(book);
}

static const struct weft_power_lack refused = { .zone = 0, .when = T0, .needed = 1100, .cap = 1000 };

static void put(uint64_t id, int64_t watts, time_t duration, time_t now)
{
	ck_assert_int_eq(weft_power_queue_put(queue, book, id, DRAW(watts), duration, T0 + now, &refused), 0);
	ck_assert_int_eq(weft_power_queue_find(queue, id)->refused.needed, 1100);
}

static void plan(time_t now)
{
	ck_assert_int_eq(weft_power_queue_plan(queue, book, T0 + now, PATIENCE), 0);
}

static void is(uint64_t id, enum weft_power_hope hope, time_t when)
{
	const struct weft_power_wait *wait = weft_power_queue_find(queue, id);

	ck_assert_ptr_nonnull(wait);
	ck_assert_int_eq(wait->hope, hope);
	ck_assert_int_eq(wait->when ? wait->when - T0 : -1, when);
}

START_TEST(ages)
{
	put(2, 700, 50, 0);
	is(2, WEFT_POWER_UNPLANNED, -1);
	plan(0);
	is(2, WEFT_POWER_PREDICTED, 100);
	ck_assert(weft_book_fits(book, DRAW(200), T0, T0 + 500, 0, NULL)); /* it may be overtaken */
	ck_assert_int_eq(weft_book_add(book, 3, DRAW(200), 0, T0 + 120), 0);
	plan(PATIENCE);
	is(2, WEFT_POWER_PREDICTED, 100);
	plan(PATIENCE + 1);
	is(2, WEFT_POWER_RESERVED, 100);
	ck_assert_int_eq(weft_book_add(book, 3, DRAW(200), 0, T0 + 90), 0);
	ck_assert(!weft_book_fits(book, DRAW(301), T0 + 100, T0 + 110, 0, NULL)); /* no more */
	ck_assert(
		weft_book_fits(book, DRAW(200), T0 + 90, T0 + 1000, 0, NULL)); /* who is not in its way may */
	ck_assert(weft_book_fits(book, DRAW(700), T0 + 100, T0 + 150, 2, NULL)); /* and it may itself */
	weft_book_remove(book, 1); /* before its time: so the reservation moves forward */
	plan(80);
	is(2, WEFT_POWER_RESERVED, 80);
	plan(85); /* not started: it is kept */
	is(2, WEFT_POWER_RESERVED, 85);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0 + 134), 700);
	weft_power_queue_drop(queue, book, 2);
	ck_assert_ptr_null(weft_power_queue_find(queue, 2));
	ck_assert_ptr_null(weft_power_queue_at(queue, 0));
	ck_assert_int_eq(weft_book_drawn(book, 0, T0 + 134), 0);
}
END_TEST

/* Of very many the oldest; who has a reservation keeps it. */
START_TEST(only_so_many)
{
	const unsigned last = 2 + WEFT_POWER_RESERVATIONS; /* the first that is one too many */

	put(2, 1100, 1, 0); /* never: it takes nobody's place */
	for (unsigned id = 3; id <= last + 1; id++)
		put(id, 600, 1, 0);
	plan(PATIENCE + 1);
	is(2, WEFT_POWER_NEVER, -1);
	is(3, WEFT_POWER_RESERVED, 100);
	is(last, WEFT_POWER_RESERVED, 100 + WEFT_POWER_RESERVATIONS - 1);
	is(last + 1, WEFT_POWER_PREDICTED, 100 + WEFT_POWER_RESERVATIONS);
	put(2, 900, 1, PATIENCE + 2); /* now it can run, and is the oldest */
	plan(PATIENCE + 3);
	is(2, WEFT_POWER_RESERVED, 100 + WEFT_POWER_RESERVATIONS);
	is(last, WEFT_POWER_RESERVED, 100 + WEFT_POWER_RESERVATIONS - 1);
	weft_power_queue_drop(queue, book, 2);
	weft_power_queue_drop(queue, book, 3);
	plan(PATIENCE + 4);
	is(last + 1, WEFT_POWER_RESERVED, 100 + WEFT_POWER_RESERVATIONS - 1); /* all have moved forward */
}
END_TEST

START_TEST(oldest_first)
{
	put(2, 900, 50, 0);
	put(3, 600, 50, 10);
	put(4, 400, 50, 20);
	ck_assert_uint_eq(weft_power_queue_at(queue, 0)->id, 2);
	ck_assert_uint_eq(weft_power_queue_at(queue, 2)->id, 4);
	plan(75);
	is(2, WEFT_POWER_RESERVED, 100);
	is(3, WEFT_POWER_RESERVED, 150);
	is(4, WEFT_POWER_PREDICTED, 150);
	put(2, 900, 50, 80); /* again: nothing changes */
	is(2, WEFT_POWER_RESERVED, 100);
	put(2, 900, 60, 80); /* another time limit: planned anew, in its place */
	is(2, WEFT_POWER_UNPLANNED, -1);
	plan(80);
	is(2, WEFT_POWER_RESERVED, 200);
	is(3, WEFT_POWER_RESERVED, 100);
	ck_assert_int_eq(weft_power_queue_find(queue, 2)->since, T0);
	weft_power_queue_drop(queue, book, 2);
	weft_power_queue_drop(queue, book, 2);
	plan(90);
	is(3, WEFT_POWER_RESERVED, 100);
	is(4, WEFT_POWER_RESERVED, 100);
}
END_TEST

/* A reserved job that does not start at its time still comes before younger ones. */
START_TEST(late)
{
	put(2, 900, 50, 0);
	put(3, 600, 50, 10);
	plan(75);
	weft_book_remove(book, 1);
	plan(100);
	is(2, WEFT_POWER_RESERVED, 100);
	is(3, WEFT_POWER_RESERVED, 150);
	plan(110);
	is(2, WEFT_POWER_RESERVED, 110);
	is(3, WEFT_POWER_RESERVED, 160);
}
END_TEST

static bool make_way(uint64_t id, int64_t watts, time_t start, time_t end)
{
	return weft_power_queue_make_way(queue, book, id, DRAW(watts), T0 + start, T0 + end, NULL);
}

/* One that starts between two plans ends later than the last thought: younger ones wait for it, and older
 * ones do not. */
START_TEST(late_by_seconds)
{
	put(2, 900, 50, 0);
	put(3, 200, 50, 0);
	put(4, 900, 50, 1);
	weft_book_remove(book, 1);
	ck_assert_int_eq(weft_book_add(book, 1, DRAW(200), 0, T0 + 130), 0);
	plan(80);
	is(2, WEFT_POWER_RESERVED, 130);
	is(3, WEFT_POWER_RESERVED, 80);
	is(4, WEFT_POWER_RESERVED, 180);
	ck_assert(!weft_book_fits(book, DRAW(200), T0 + 83, T0 + 133, 3, NULL));
	ck_assert(!make_way(3, 200, 83, 133)); /* 2 is older */
	is(2, WEFT_POWER_RESERVED, 130);
	is(3, WEFT_POWER_RESERVED, 80);
	weft_book_remove(book, 1);
	weft_power_queue_drop(queue, book, 3);
	plan(90);
	is(2, WEFT_POWER_RESERVED, 90);
	is(4, WEFT_POWER_RESERVED, 140);
	ck_assert(!weft_book_fits(book, DRAW(900), T0 + 92, T0 + 142, 2, NULL));
	ck_assert(!make_way(2, 901, 92, 142)); /* not what is reserved */
	ck_assert(!make_way(2, 900, 92, 143));
	ck_assert(!make_way(4, 900, 92, 142)); /* its time has not come */
	ck_assert(!make_way(5, 900, 92, 142));
	is(4, WEFT_POWER_RESERVED, 140);
	ck_assert(make_way(2, 900, 92, 142));
	is(2, WEFT_POWER_RESERVED, 92);
	is(4, WEFT_POWER_RESERVED, 142);
	ck_assert_int_eq(weft_book_drawn(book, 0, T0 + 141), 900);
}
END_TEST

/* A reservation that a cap breaks: all are made anew, in the order of age. */
START_TEST(cap_falls)
{
	put(2, 450, 50, 0);
	put(3, 450, 50, 1);
	plan(70);
	is(2, WEFT_POWER_RESERVED, 100);
	is(3, WEFT_POWER_RESERVED, 100);
	cap_from(120, 1000, 500);
	plan(71);
	is(2, WEFT_POWER_RESERVED, 100);
	is(3, WEFT_POWER_RESERVED, 150);
}
END_TEST

START_TEST(cannot)
{
	const struct weft_power_wait *wait;

	put(2, 1001, 50, 0);
	put(3, 600, 9950, 0);
	ck_assert_int_eq(weft_book_add(book, 4, DRAW(100), 0, WEFT_NEVER), 0);
	put(5, 450, 20000, 0);
	plan(100);
	is(2, WEFT_POWER_NEVER, -1);
	wait = weft_power_queue_find(queue, 2);
	ck_assert(wait->lack.needed == 1001 && wait->lack.cap == 1000 && wait->lack.when == T0 + 100);
	is(3, WEFT_POWER_NEVER, -1); /* 600 W are there, but not for so long */
	wait = weft_power_queue_find(queue, 3);
	ck_assert(wait->lack.needed == 600 && wait->lack.cap == 500 && wait->lack.when == T0 + 10000);
	is(5, WEFT_POWER_BLOCKED, -1); /* not beside job 4 */
	wait = weft_power_queue_find(queue, 5);
	ck_assert(wait->lack.needed == 550 && wait->lack.cap == 500 && wait->lack.when == T0 + 10000);
	weft_book_remove(book, 4);
	plan(101);
	is(5, WEFT_POWER_RESERVED, 101);
}
END_TEST

START_TEST(clock_goes_back)
{
	put(2, 450, 50, 100);
	put(3, 450, 50, 40);
	for (uint64_t id = 10; id < 200; id++)
		put(id, 450, 50, 100);
	for (uint64_t id = 11; id < 200; id += 2)
		weft_power_queue_drop(queue, book, id);
	ck_assert_int_eq(weft_power_queue_find(queue, 3)->since, T0 + 100);
	ck_assert_uint_eq(weft_power_queue_at(queue, 1)->id, 3);
	ck_assert_uint_eq(weft_power_queue_at(queue, 96)->id, 198);
	weft_power_queue_destroy(NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("power queue");
	TCase *tc = tcase_create("power queue");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, ages);
	tcase_add_test(tc, only_so_many);
	tcase_add_test(tc, oldest_first);
	tcase_add_test(tc, late);
	tcase_add_test(tc, late_by_seconds);
	tcase_add_test(tc, cap_falls);
	tcase_add_test(tc, cannot);
	tcase_add_test(tc, clock_goes_back);
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
