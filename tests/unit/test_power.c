/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_power.c - the power of a site: made for a view, told what runs, asked, and made anew for the next
 * view.
 */
#include "core/power.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/power_site.h"

/* ---------------------------------------------------------------- taking and putting back */

START_TEST(nothing_without_a_word_of_power)
{
	ck_assert(!weft_power_wanted(NULL));
	ck_assert_ptr_null(weft_power_take(NULL, &expander));
	weft_power_put(NULL);
	reload("DefaultPolicy=fast\n");
	ck_assert_ptr_null(take());
	weft_site_break("another host");
	reload(usual);
	ck_assert_ptr_null(take());
	ck_assert_uint_eq(expansions, 0);
}
END_TEST

START_TEST(each_word_of_power_is_enough)
{
	static const char *const words[] = { "PowerZone=z Nodes=n[0-0]\n",
					     "PowerCap=cluster Watts=1k\n",
					     "PowerPrice=/p\n",
					     "PowerCarbon=/c\n",
					     "PowerSignal=/s\n",
					     "PowerNode=n[0-0] Idle=1 Peak=2\n",
					     "PowerClass=gpu:h100 Idle=1 Peak=2\n" };
	static const bool capped[] = { false, true, false, false, true, false, false };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct weft_power *p;

		reload(words[i]);
		p = take_some();
		ck_assert_msg(weft_power_is_capped(p) == capped[i], "%s", words[i]);
		weft_power_put(p);
	}
}
END_TEST

START_TEST(one_power_for_a_view)
{
	const struct weft_view *view = weft_site_view();
	struct weft_power *p = weft_power_take(view, &expander);
	unsigned asked = expansions;

	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(weft_power_zones(p), 3);
	ck_assert_str_eq(weft_power_zone(p, 0), "cluster");
	ck_assert_str_eq(weft_power_zone(p, 2), "row1");
	ck_assert_ptr_eq(weft_power_conf(p), view->conf);
	ck_assert_ptr_eq(weft_power_inventory(p), view->inventory);
	ck_assert_int_gt(weft_watts_idle(weft_power_watts(p), 0), 0);
	ck_assert(!weft_power_is_ready(p));
	ck_assert(!weft_power_tallied(p));
	weft_power_put(p);
	ck_assert_ptr_eq(weft_power_take(view, &expander), p);
	weft_power_put(p);
	ck_assert_ptr_eq(weft_power_take_again(view), p);
	weft_power_put(p);
	ck_assert_uint_eq(expansions, asked);
	weft_power_forget();
	ck_assert_ptr_null(weft_power_take_again(view));
	weft_view_put(view);
}
END_TEST

START_TEST(a_tally_is_out_of_date_when_somebody_says_so)
{
	unsigned nodes[] = { 0 }, lesson;
	struct weft_power *p = take_some();

	tell(p, nodes, 1, 1000);
	ck_assert_int_eq(weft_power_tallied(p), 1000);
	weft_power_outdate();
	ck_assert_int_eq(weft_power_tallied(p), 0);
	tell(p, nodes, 1, 1000);
	ck_assert_int_eq(weft_power_tallied(p), 1000);
	lesson = weft_power_lesson(p);
	weft_power_relearn(p);
	ck_assert_uint_ne(weft_power_lesson(p), lesson);
	ck_assert_int_eq(weft_power_tallied(p), 0);
	weft_power_put(p);
}
END_TEST

START_TEST(another_view_has_another_power)
{
	const struct weft_view *old = weft_site_view();
	unsigned nodes[] = { 0 };
	struct weft_power *p = take_some();

	tell(p, nodes, 1, 1000);
	ck_assert(weft_power_is_ready(p) && weft_power_tallied(p));
	weft_power_put(p);
	set_nodes();
	p = take_some();
	ck_assert(!weft_power_is_ready(p) && !weft_power_tallied(p));
	ck_assert_int_eq(weft_book_drawn(weft_power_book(p), 0, 1000), 0);
	weft_power_put(p);
	ck_assert_ptr_null(weft_power_take_again(old));
	weft_view_put(old);
}
END_TEST

START_TEST(what_is_wrong_is_said_once)
{
	char expected[256];

	snprintf(expected, sizeof(expected), "E %s:1: Nodes: unknown node gpu99\n", conf_path);
	reload("PowerZone=row9 Nodes=gpu99\n");
	ck_assert_ptr_null(take());
	ck_assert_ptr_null(take());
	ck_assert_uint_eq(expansions, 1);
	ck_assert_msg(count_logged(expected) == 1, "%s", logged);
	offset += 59;
	ck_assert_ptr_null(take());
	ck_assert_uint_eq(expansions, 1);
	offset += 2; /* perhaps there was no memory, and now there is */
	ck_assert_ptr_null(take());
	ck_assert_uint_eq(expansions, 2);
	offset -= 7200; /* a clock that is set back does not put it off */
	ck_assert_ptr_null(take());
	ck_assert_uint_eq(expansions, 3);
	ck_assert_uint_eq(count_logged(expected), 1);
	reload(usual);
	weft_power_put(take_some());
	reload("PowerNode=gpu7 Idle=1 Peak=2\n");
	ck_assert_ptr_null(take());
	snprintf(expected, sizeof(expected), "E %s:1: PowerNode: unknown node gpu7\n", conf_path);
	ck_assert_msg(count_logged(expected) == 1, "%s", logged);
}
END_TEST

START_TEST(prices)
{
	struct weft_power *p = take_some();

	ck_assert(isnan(weft_power_price(p)) && isnan(weft_power_carbon(p)));
	weft_power_set_grid(p, -3.5, 400);
	ck_assert_double_eq(weft_power_price(p), -3.5);
	ck_assert_double_eq(weft_power_carbon(p), 400);
	weft_power_put(p);
}
END_TEST

/* ---------------------------------------------------------------- what runs */

START_TEST(nodes_draw_in_their_zones)
{
	struct weft_power *p = take_some();
	int64_t *draws = weft_power_draws(p);

	weft_power_add(p, draws, 0, 10);
	weft_power_add(p, draws, 2, 200);
	weft_power_add(p, draws, 3, 3000);
	weft_power_add(p, draws, 99, 40000); /* newer than the view */
	ck_assert_int_eq(draws[0], 43210);
	ck_assert_int_eq(draws[1], 210);
	ck_assert_int_eq(draws[2], 10);
	free(draws);
	weft_power_put(p);
}
END_TEST

START_TEST(a_tally)
{
	struct weft_power *p = take_some();
	const unsigned nodes[] = { 0, 1, 2 };
	int64_t idle[] = { 70, 50, 30 };

	tell(p, nodes, 3, 1000);
	ck_assert_int_eq(drawn(p, 0, 1000), 1200);
	ck_assert_int_eq(drawn(p, 2, 1000), 800);
	ck_assert_int_eq(drawn(p, 0, 4600), 0); /* they have ended */
	ck_assert(weft_power_tally_knows(p, 2, 7));
	ck_assert(!weft_power_tally_knows(p, 2, 8));
	ck_assert(!weft_power_tally_knows(p, 4, 7));

	weft_power_tally_begin(p); /* jobs 1 and 3 have gone */
	ck_assert(weft_power_tally_knows(p, 2, 7));
	weft_power_tally_end(p, idle, 1000, true);
	ck_assert_int_eq(drawn(p, 0, 1000), 470);
	ck_assert_int_eq(drawn(p, 2, 1000), 430);
	ck_assert_int_eq(weft_power_base(p, 1), 50);

	weft_power_tally_drop(p, 2);
	weft_power_tally_drop(p, 2);
	ck_assert_int_eq(drawn(p, 0, 1000), 70);
	ck_assert(!weft_power_tally_knows(p, 2, 7));
	weft_power_put(p);
}
END_TEST

START_TEST(a_job_that_has_changed)
{
	struct weft_power *p = take_some();
	const int64_t one[] = { 300, 300, 0 }, other[] = { 500, 0, 500 };
	const int64_t idle[] = { 0, 0, 0 };

	weft_power_tally_begin(p);
	ck_assert_int_eq(weft_power_tally_job(p, 9, 1, one, 5000), 0);
	ck_assert_int_eq(weft_power_tally_job(p, 9, 2, other, 6000), 0);
	weft_power_tally_end(p, idle, 1000, true);
	ck_assert_int_eq(drawn(p, 0, 5500), 500);
	ck_assert_int_eq(drawn(p, 1, 1000), 0);
	ck_assert_int_eq(drawn(p, 2, 1000), 500);
	weft_power_put(p);
}
END_TEST

/* What the book cannot take is told again with each tally, and never passes for known. */
START_TEST(a_job_that_is_not_on_the_book)
{
	struct weft_power *p = take_some();
	const int64_t absurd[] = { INT64_MAX / 2, 0, 0 }, good[] = { 100, 0, 0 };

	weft_power_tally_begin(p);
	ck_assert_int_eq(weft_power_tally_job(p, 9, 1, absurd, 5000), -1);
	ck_assert(!weft_power_tally_knows(p, 9, 1));
	ck_assert_int_eq(weft_power_tally_job(p, 9, 1, good, 5000), 0);
	ck_assert(weft_power_tally_knows(p, 9, 1));
	ck_assert_int_eq(weft_power_tally_job(p, 0, 1, good, 5000), -1); /* no job's number */
	weft_power_put(p);
}
END_TEST

START_TEST(jobs_one_by_one)
{
	struct weft_power *p = take_some();
	struct weft_power_job job = { 0 };
	const int64_t draws[] = { 1, 2, 3 }, idle[] = { 0, 0, 0 };
	const uint32_t ids[] = { 4096, 1, 4097, 8193, 4095, UINT32_MAX };
	unsigned seen = 0;

	ck_assert(!weft_power_next_job(p, &job));
	weft_power_tally_begin(p);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(weft_power_tally_job(p, ids[i], 1, draws, 5000), 0);
	weft_power_tally_end(p, idle, 1000, true);
	while (weft_power_next_job(p, &job)) {
		for (unsigned i = 0; i < 6; i++)
			seen += job.id == ids[i] ? 1u << 4 * i : 0;
		ck_assert_int_eq(job.draws[2], 3);
		ck_assert_double_eq(job.share, 1);
	}
	ck_assert_uint_eq(seen, 0x111111);

	/* Whoever drops each job that he meets comes to an end. */
	job = (struct weft_power_job){ 0 };
	for (seen = 0; weft_power_next_job(p, &job); seen++)
		weft_power_tally_drop(p, job.id);
	ck_assert(seen > 0 && seen <= 6);
	weft_power_put(p);
}
END_TEST

START_TEST(limits)
{
	struct weft_power *p = take_some();
	const unsigned nodes[] = { 0, 1 };
	struct weft_power_job job;

	tell(p, nodes, 2, 1000);
	weft_power_limit(p, 1, 0.501);
	ck_assert_int_eq(drawn(p, 0, 1000), 400 + 201); /* rounded up */
	weft_power_told(p, 1, 0.5);
	weft_power_limit(p, 77, 0.5);
	weft_power_told(p, 77, 0.5);
	ck_assert(weft_power_find_job(p, 1, &job));
	ck_assert_double_eq(job.share, 0.501);
	ck_assert_double_eq(job.told, 0.5);
	ck_assert_int_eq(job.draws[0], 400);
	ck_assert(!weft_power_find_job(p, 77, &job));
	tell(p, nodes, 2, 1000); /* the limit outlives a tally */
	ck_assert_int_eq(drawn(p, 0, 1000), 601);
	weft_power_limit(p, 1, 1);
	ck_assert_int_eq(drawn(p, 0, 1000), 800);
	weft_power_put(p);
}
END_TEST

/* ---------------------------------------------------------------- asking */

START_TEST(caps_hold)
{
	struct weft_power *p = take_some();
	const unsigned nodes[] = { 0, 1 };
	const int64_t much[] = { 300, 300, 300 }, little[] = { 200, 200, 200 }, elsewhere[] = { 4200, 0, 0 };
	struct weft_power_lack lack;
	char text[160];
	time_t when;

	tell(p, nodes, 2, 1000);
	ck_assert(weft_power_fits(p, 9, little, 1000, 2000, &lack));
	ck_assert(weft_power_fits(p, 9, elsewhere, 1000, 2000, &lack));
	ck_assert(!weft_power_fits(p, 9, much, 1000, 2000, &lack));
	weft_power_lack_text(p, &lack, text, sizeof(text));
	ck_assert_str_eq(text, "power cap of zone row1: 1100 of 1000 W");
	ck_assert(weft_power_earliest(p, 9, much, 500, 1000, &when, &lack));
	ck_assert_int_eq(when, 4600);
	ck_assert(!weft_power_earliest(p, 9, (const int64_t[]){ 5001, 0, 0 }, 500, 1000, &when, &lack));
	weft_power_lack_text(p, &lack, text, sizeof(text));
	ck_assert_str_eq(text, "power cap of the cluster: 5001 of 5000 W");
	weft_power_put(p);
}
END_TEST

START_TEST(amounts)
{
	static const struct {
		int64_t needed, cap;
		const char *text;
	} cases[] = {
		{ 9999, 9998, "9999 of 9998 W" },
		{ 412000, 400000, "412 of 400 kW" },
		{ 400001, 400000, "401 of 400 kW" },
		{ 400999, 400900, "401 of 400 kW" },
		{ 10001, 10000, "11 of 10 kW" },
		{ 12000000, 10000000, "12 of 10 MW" },
		{ INT64_C(30000000000), INT64_C(20000000000), "30 of 20 GW" },
		{ INT64_C(3000000000000000), INT64_C(20000000000000), "3000000 of 20000 GW" },
		{ 5, 0, "5 of 0 W" },
	};
	struct weft_power *p = take_some();

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weft_power_lack lack = { .needed = cases[i].needed, .cap = cases[i].cap };
		char text[160], expected[160];

		weft_power_lack_text(p, &lack, text, sizeof(text));
		snprintf(expected, sizeof(expected), "power cap of the cluster: %s", cases[i].text);
		ck_assert_str_eq(text, expected);
	}
	weft_power_put(p);
}
END_TEST

START_TEST(a_signal_counts)
{
	struct weft_power *p = take_some();
	struct weft_err err = WEFT_ERR_INIT;
	static const char text[] = "time,zone,watts\n1970-01-01T00:30Z,row1,100\n";
	struct weft_signal *signal = weft_signal_parse("s.csv", text, strlen(text), weft_power_conf(p), &err);

	ck_assert_msg(signal != NULL, "%s", err.text);
	ck_assert_int_eq(weft_power_set_signal(p, signal, 1000), 0);
	weft_signal_destroy(signal);
	ck_assert_int_eq(weft_book_cap(weft_power_book(p), 2, 1799), 1000);
	ck_assert_int_eq(weft_book_cap(weft_power_book(p), 2, 1800), 100);
	ck_assert_int_eq(weft_power_set_signal(p, NULL, 1000), 0);
	ck_assert_int_eq(weft_book_cap(weft_power_book(p), 2, 1800), 1000);
	weft_power_put(p);
}
END_TEST

/* ---------------------------------------------------------------- waiting */

START_TEST(who_waits_gets_a_turn)
{
	struct weft_power *p = take_some();
	const unsigned nodes[] = { 0, 1 };
	const int64_t draws[] = { 300, 300, 300 };
	unsigned before = weft_power_refusals();
	struct weft_power_lack lack;

	tell(p, nodes, 2, 1000);
	ck_assert_int_eq(weft_power_refused(p, 9, draws, 500, 1000, &in_row1), 0);
	ck_assert_uint_eq(weft_power_refusals(), before + 1);
	ck_assert_int_eq(weft_power_plan(p, 1000), 0);
	ck_assert_int_eq(weft_power_waiting(p, 0)->hope, WEFT_POWER_PREDICTED);
	ck_assert_int_eq(weft_power_waiting(p, 0)->when, 4600);
	ck_assert_ptr_null(weft_power_waiting(p, 1));
	ck_assert_int_eq(weft_power_plan(p, 1601), 0);
	ck_assert_int_eq(weft_power_waiting(p, 0)->hope, WEFT_POWER_RESERVED);
	ck_assert(!weft_power_fits(p, 10, (const int64_t[]){ 800, 0, 800 }, 4600, 4700, &lack));
	ck_assert(weft_power_fits(p, 9, draws, 4600, 5100, &lack));
	weft_power_gone(p, 9);
	ck_assert_ptr_null(weft_power_waiting(p, 0));
	ck_assert(weft_power_fits(p, 10, (const int64_t[]){ 800, 0, 800 }, 4600, 4700, &lack));
	weft_power_put(p);
}
END_TEST

START_TEST(who_starts_waits_no_more)
{
	struct weft_power *p = take_some();
	const unsigned nodes[] = { 0, 1 };

	tell(p, nodes, 1, 1000);
	weft_power_refused(p, 2, (const int64_t[]){ 400, 400, 400 }, 500, 100, &in_row1);
	weft_power_plan(p, 1000);
	ck_assert_int_eq(weft_power_waiting(p, 0)->hope, WEFT_POWER_RESERVED);
	tell(p, nodes, 2, 1000);
	ck_assert_ptr_null(weft_power_waiting(p, 0));
	ck_assert_int_eq(drawn(p, 2, 1000), 800); /* and not its reservation besides */
	weft_power_put(p);
}
END_TEST

/* Its place is kept for the smallest of its alternatives, for as long as there is such a one. */
START_TEST(alternatives)
{
	struct weft_power *p = take_some();
	const int64_t large[] = { 900, 0, 900 }, small[] = { 300, 0, 300 };

	tell(p, NULL, 0, 1000);
	weft_power_refused(p, 9, large, 500, 1000, &in_row1);
	weft_power_refused(p, 9, small, 500, 1001, &in_row1);
	weft_power_refused(p, 9, large, 500, 1002, &in_row1);
	ck_assert_int_eq(weft_power_waiting(p, 0)->draws[0].watts, 300);
	weft_power_refused(p, 9, small, 500, 1100, &in_row1);
	weft_power_refused(p, 9, large, 500, 1399, &in_row1);
	ck_assert_int_eq(weft_power_waiting(p, 0)->draws[0].watts, 300);
	weft_power_refused(p, 9, large, 500, 1400, &in_row1); /* the user has asked for more since */
	ck_assert_int_eq(weft_power_waiting(p, 0)->draws[0].watts, 900);
	ck_assert_int_eq(weft_power_waiting(p, 0)->since, 1000);
	weft_power_put(p);
}
END_TEST

/* Nobody slips in between: a reservation that changes is made again at once. */
START_TEST(a_reservation_that_changes)
{
	struct weft_power *p = take_some();
	struct weft_power_lack lack;

	tell(p, (const unsigned[]){ 0, 1 }, 2, 1000);
	weft_power_refused(p, 9, (const int64_t[]){ 900, 0, 900 }, 500, 100, &in_row1);
	weft_power_plan(p, 1000);
	ck_assert_int_eq(weft_power_waiting(p, 0)->hope, WEFT_POWER_RESERVED);
	weft_power_refused(p, 9, (const int64_t[]){ 800, 0, 800 }, 500, 1000, &in_row1);
	ck_assert_int_eq(weft_power_waiting(p, 0)->hope, WEFT_POWER_RESERVED);
	ck_assert_int_eq(weft_power_waiting(p, 0)->draws[0].watts, 800);
	ck_assert(!weft_power_fits(p, 10, (const int64_t[]){ 201, 0, 201 }, 4600, 4700, &lack));
	ck_assert(weft_power_fits(p, 10, (const int64_t[]){ 200, 0, 200 }, 4600, 4700, &lack));
	weft_power_put(p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("power");
	TCase *taking = cases_of(s, "taking"), *telling = cases_of(s, "telling"),
	      *asking = cases_of(s, "asking");

	tcase_add_test(taking, nothing_without_a_word_of_power);
	tcase_add_test(taking, each_word_of_power_is_enough);
	tcase_add_test(taking, one_power_for_a_view);
	tcase_add_test(taking, a_tally_is_out_of_date_when_somebody_says_so);
	tcase_add_test(taking, another_view_has_another_power);
	tcase_add_test(taking, what_is_wrong_is_said_once);
	tcase_add_test(taking, prices);
	tcase_add_test(telling, nodes_draw_in_their_zones);
	tcase_add_test(telling, a_tally);
	tcase_add_test(telling, a_job_that_has_changed);
	tcase_add_test(telling, a_job_that_is_not_on_the_book);
	tcase_add_test(telling, jobs_one_by_one);
	tcase_add_test(telling, limits);
	tcase_add_test(asking, caps_hold);
	tcase_add_test(asking, amounts);
	tcase_add_test(asking, a_signal_counts);
	tcase_add_test(asking, who_waits_gets_a_turn);
	tcase_add_test(asking, who_starts_waits_no_more);
	tcase_add_test(asking, alternatives);
	tcase_add_test(asking, a_reservation_that_changes);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
