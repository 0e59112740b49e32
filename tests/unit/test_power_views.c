/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_power_views.c - the power of a site from one view to the next, and shared by threads.
 */
#include "core/power.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/unit/power_site.h"

/* ---------------------------------------------------------------- from one view to the next */

START_TEST(what_was_learned_and_told_is_kept)
{
	struct weft_power *p = take_some();
	const unsigned nodes[] = { 0, 1 };
	const struct weft_holding eight = { .class_id = 0, .devices = 8 };
	const struct weft_use use = { .cpus = 1, .all_cpus = 64, .busy = &eight, .n_busy = 1 };
	struct weft_power_job job = { 0 };
	double factor;

	tell(p, nodes, 2, 1000);
	weft_power_told(p, 1, 0.7);
	weft_power_limit(p, 1, 0.7);
	weft_power_told(p, 2, 0.7);
	for (int i = 0; i < 100; i++)
		weft_watts_learn(weft_power_watts(p), 0, &use,
				 weft_watts_idle(weft_power_watts(p), 0) + 2000);
	factor = weft_watts_class(weft_power_watts(p), 0).factor;
	ck_assert_double_lt(factor, 1);
	weft_power_put(p);

	set_nodes();
	p = take_some();
	ck_assert_double_eq(weft_watts_class(weft_power_watts(p), 0).factor, factor);
	tell(p, nodes, 1, 1000); /* job 2 has ended meanwhile */
	ck_assert_int_eq(drawn(p, 0, 1000), 280);
	ck_assert(weft_power_find_job(p, 1, &job));
	ck_assert_double_eq(job.told, 0.7);
	ck_assert(!weft_power_find_job(p, 2, &job));
	weft_power_put(p);
}
END_TEST

/* Who waits has waited, whatever number its zones have now. */
START_TEST(who_waited_waits_on)
{
	struct weft_power *p = take_some();
	const struct weft_power_wait *w;
	char text[160];

	tell(p, (const unsigned[]){ 0, 1 }, 2, 1000);
	weft_power_refused(p, 9, (const int64_t[]){ 300, 300, 300 }, 500, 100, &in_row1);
	weft_power_refused(p, 8, (const int64_t[]){ 300, 300, 0 }, 500, 200,
			   &(struct weft_power_lack){ .zone = 1, .needed = 2, .cap = 1 });
	weft_power_plan(p, 1000);
	weft_power_put(p);

	/* The hall is gone. */
	reload("PowerZone=ROW1 Nodes=n[0-1]\nPowerCap=row1 Watts=1000\nPowerPatience=600\n");
	p = take_some();
	w = weft_power_waiting(p, 0);
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(w->id, 9);
	ck_assert_int_eq(w->since, 100);
	ck_assert_int_eq(w->hope, WEFT_POWER_UNPLANNED);
	ck_assert_uint_eq(w->n, 2);
	ck_assert_uint_eq(w->draws[0].zone, 0);
	ck_assert_uint_eq(w->draws[1].zone, 1);
	ck_assert_int_eq(w->draws[1].watts, 300);
	weft_power_lack_text(p, &w->refused, text, sizeof(text));
	ck_assert_str_eq(text, "power cap of zone ROW1: 1100 of 1000 W");
	ck_assert_ptr_null(weft_power_waiting(p, 1));
	tell(p, (const unsigned[]){ 0, 1 }, 2, 1000);
	weft_power_plan(p, 1000); /* it is old enough at once */
	ck_assert_int_eq(weft_power_waiting(p, 0)->hope, WEFT_POWER_RESERVED);
	weft_power_put(p);
}
END_TEST

/* ---------------------------------------------------------------- two that share it, and views that change
 */

#define ROUNDS 1500

static atomic_bool working;

/* A job is tested: is the book in line, and does it fit? */
static void gate(struct weft_power *p, unsigned round)
{
	int64_t *draws = weft_power_draws(p);
	struct weft_power_lack lack;

	ck_assert_ptr_nonnull(draws);
	if (!weft_power_tallied(p)) {
		weft_power_tally_begin(p);
		weft_power_tally_end(p, draws, 1000, true);
	}
	weft_power_add(p, draws, round % 5, 600);
	if (weft_power_is_ready(p) && weft_power_is_capped(p) &&
	    !weft_power_fits(p, 100 + round % 20, draws, round, round + 50, &lack))
		ck_assert_int_eq(weft_power_refused(p, 100 + round % 20, draws, 50, round, &lack), 0);
	free(draws);
}

/* As the select plugin does, once for each job. */
static void *selecting(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct weft_power *p = take();

		if (p)
			gate(p, i);
		weft_power_put(p);
	}
	return arg;
}

static void plan(struct weft_power *p, time_t now)
{
	const struct weft_power_wait *w;
	struct weft_power_job job = { 0 };
	char text[160];

	tell(p, (const unsigned[]){ 0, 1, 2 }, 3, now);
	weft_power_set_grid(p, (double)now, 1);
	weft_power_plan(p, now);
	for (size_t i = 0; (w = weft_power_waiting(p, i)); i++)
		weft_power_lack_text(p, &w->refused, text, sizeof(text));
	while (weft_power_next_job(p, &job))
		weft_power_told(p, job.id, 0.5 + 0.1 * (double)(now % 4));
	if ((w = weft_power_waiting(p, 0)))
		weft_power_gone(p, (uint32_t)w->id);
}

/* As the planner does: a pass, something slow without it, and on with the same if it is still there. */
static void *planning(void *arg)
{
	unsigned seen = weft_power_refusals();

	for (time_t now = 0; atomic_load(&working); now++) {
		const struct weft_view *view = weft_site_view();
		struct weft_power *p = weft_power_take(view, &expander);

		if (p) {
			plan(p, now);
			weft_power_put(p);
			p = weft_power_take_again(view);
		}
		if (p) {
			weft_power_limit(p, 1, now % 2 ? 0.5 : 1);
			weft_power_price(p);
			weft_power_put(p);
		}
		weft_view_put(view);
		seen += weft_power_refusals();
		if (now % 100 == 99)
			weft_power_forget();
	}
	*(unsigned *)arg = seen;
	return NULL;
}

START_TEST(views_change_under_both)
{
	static const char *const confs[] = { usual, "PowerZone=row1 Nodes=n[0-1]\nPowerCap=row1 Watts=1k\n",
					     "PowerZone=bad Nodes=gpu99\n", "Index=no\n" };
	pthread_t select[2], planner;
	struct weft_power *p;
	unsigned seen;

	atomic_store(&working, true);
	ck_assert_int_eq(pthread_create(&planner, NULL, planning, &seen), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&select[i], NULL, selecting, NULL), 0);
	for (int i = 0; i < 150; i++) {
		if (i % 5 == 0)
			reload(confs[i / 5 % 4]);
		else
			set_nodes();
	}
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(select[i], NULL), 0);
	atomic_store(&working, false);
	ck_assert_int_eq(pthread_join(planner, NULL), 0);

	reload(usual); /* and all is well afterwards */
	weft_power_forget();
	p = take_some();
	tell(p, (const unsigned[]){ 0, 1 }, 2, 1000);
	ck_assert_int_eq(drawn(p, 2, 1000), 800);
	weft_power_put(p);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("power_views");
	TCase *views = cases_of(s, "views");

	tcase_add_test(views, what_was_learned_and_told_is_kept);
	tcase_add_test(views, who_waited_waits_on);
	tcase_add_test(views, views_change_under_both);
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
