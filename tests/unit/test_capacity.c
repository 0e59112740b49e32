/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_capacity.c - what a peer has for us, from its nodes and jobs.
 */
#include "core/capacity.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NOW	      1000000
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define NODE(gres, used, parts, is_up)                                                                       \
	{                                                                                                    \
		(char *)"n", (char *)(gres), (char *)(used), (char *)(parts), is_up                          \
	}

static struct weft_rest_seen job(uint32_t id, enum weft_rest_state state, const char *gres,
				 const char *partition, time_t end, uint32_t minutes)
{
	return (struct weft_rest_seen){ .id = id,
					.name = (char *)"",
					.user = (char *)"",
					.partition = (char *)partition,
					.comment = (char *)"",
					.reason = (char *)"",
					.nodes = (char *)"",
					.gres = (char *)gres,
					.state = state,
					.end = end,
					.priority = 1,
					.minutes = minutes };
}

START_TEST(kinds_and_what_is_free)
{
	const struct weft_rest_node nodes[] = {
		NODE("gpu:h100:8(S:0-1)", "gpu:h100:8(IDX:0-7)", "gpu,all", true),
		NODE("gpu:h100:8", "gpu:h100:0(IDX:N/A)", "gpu,all", true),
		NODE("gpu:a100:4,npu:16", "gpu:a100:0,npu:4(IDX:0-3)", "all", true),
		NODE("gpu:h100:8", "gpu:h100:0", "gpu,all", false), /* down */
	};
	const struct weft_rest_seen jobs[] = {
		job(1, WEFT_REST_RUNNING, "gpu:h100:8", "gpu", NOW + 600, 60),
		job(2, WEFT_REST_RUNNING, "npu:4", "all", NOW + 60, 60),
		job(3, WEFT_REST_PENDING, "gpu:h100:16", "gpu", 0, 10),
		job(4, WEFT_REST_COMPLETED, "gpu:h100:8", "gpu", NOW - 5, 60),
	};
	struct weft_capacity_facts f = { nodes, LENGTH(nodes), jobs, LENGTH(jobs), NULL, NOW, 1 };
	struct weft_site_kind *kinds;
	unsigned n;

	ck_assert_int_eq(weft_capacity_make(&f, &kinds, &n), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(kinds[0].gres, "gpu:h100");
	ck_assert_uint_eq(kinds[0].outlook.cards, 16);
	ck_assert_int_eq(kinds[0].price, -1);
	ck_assert(isnan(kinds[0].carbon));
	/* 8 are free for ten minutes; then the one that waits has them all for ten more. */
	ck_assert_int_eq(weft_outlook_start(&kinds[0].outlook, 8, 600, NOW), NOW);
	ck_assert_int_eq(weft_outlook_start(&kinds[0].outlook, 8, 601, NOW), NOW + 1200);
	ck_assert_int_eq(weft_outlook_start(&kinds[0].outlook, 16, 60, NOW), NOW + 1200);
	ck_assert_str_eq(kinds[1].gres, "gpu:a100");
	ck_assert_int_eq(weft_outlook_start(&kinds[1].outlook, 4, 1 << 20, NOW), NOW);
	ck_assert_str_eq(kinds[2].gres, "npu");
	ck_assert_int_eq(weft_outlook_start(&kinds[2].outlook, 12, 3600, NOW), NOW);
	ck_assert_int_eq(weft_outlook_start(&kinds[2].outlook, 13, 3600, NOW), NOW + 60);
	ck_assert_int_eq(weft_outlook_start(&kinds[2].outlook, 17, 3600, NOW), 0);
	weft_capacity_free(kinds, n);
}
END_TEST

START_TEST(one_partition)
{
	const struct weft_rest_node nodes[] = { NODE("gpu:h100:8", "gpu:h100:6", "gpu,all", true),
						NODE("gpu:h100:8", "", "all", true) };
	const struct weft_rest_seen jobs[] = { job(1, WEFT_REST_RUNNING, "gpu:h100:2", "gpu", NOW + 600, 60),
					       job(2, WEFT_REST_RUNNING, "gpu:h100:4", "all", NOW + 60, 60),
					       job(3, WEFT_REST_PENDING, "gpu:h100:8", "all", 0, 60),
					       job(4, WEFT_REST_PENDING, "gpu:h100:1", "all,gpu", 0, 1) };
	struct weft_capacity_facts f = { nodes, LENGTH(nodes), jobs, LENGTH(jobs), "gpu", NOW, 1 };
	struct weft_site_kind *kinds;
	unsigned n;

	ck_assert_int_eq(weft_capacity_make(&f, &kinds, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(kinds[0].outlook.cards, 8);
	/* 6 are in use, of which 4 by jobs that are not looked at: for a day; one job waits for a card and a
	 * minute. */
	ck_assert_int_eq(weft_outlook_start(&kinds[0].outlook, 1, 60, NOW), NOW);
	ck_assert_int_eq(weft_outlook_start(&kinds[0].outlook, 2, 60, NOW), NOW + 60);
	ck_assert_int_eq(weft_outlook_start(&kinds[0].outlook, 4, 60, NOW), NOW + 600);
	ck_assert_int_eq(weft_outlook_start(&kinds[0].outlook, 8, 60, NOW), NOW + 86400);
	weft_capacity_free(kinds, n);
}
END_TEST

START_TEST(cards_without_a_type)
{
	const struct weft_rest_node nodes[] = { NODE("gpu:v100:2", "", "p", true),
						NODE("gpu:h100:8", "", "p", true) };
	struct weft_rest_seen jobs[] = { job(1, WEFT_REST_RUNNING, "gpu:5", "p", NOW + 600, 60),
					 job(2, WEFT_REST_RUNNING, "tpu:5", "p", NOW + 600, 60),
					 job(3, WEFT_REST_PENDING, "gpu:8", "p", 0, UINT32_MAX),
					 job(4, WEFT_REST_RUNNING, "", "p", 0, 60) };
	struct weft_capacity_facts f = { nodes, LENGTH(nodes), jobs, LENGTH(jobs), NULL, NOW, 1 };
	struct weft_site_kind *kinds;
	unsigned n;

	jobs[2].held = true; /* does not stand in the way */
	ck_assert_int_eq(weft_capacity_make(&f, &kinds, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(weft_outlook_start(&kinds[0].outlook, 2, 60, NOW), NOW);
	ck_assert_int_eq(weft_outlook_start(&kinds[1].outlook, 4, 60, NOW), NOW + 600);
	weft_capacity_free(kinds, n);
	jobs[2].held = false; /* without a time limit: for ever, in effect */
	ck_assert_int_eq(weft_capacity_make(&f, &kinds, &n), 0);
	ck_assert_int_eq(weft_outlook_start(&kinds[1].outlook, 1, 3600, NOW), NOW + 600 + 365 * 86400);
	weft_capacity_free(kinds, n);
}
END_TEST

START_TEST(nothing_there)
{
	struct weft_capacity_facts f = { .now = NOW, .scale = 1 };
	struct weft_site_kind *kinds;
	unsigned n;

	ck_assert_int_eq(weft_capacity_make(&f, &kinds, &n), 0);
	ck_assert(n == 0 && !kinds);
}
END_TEST

START_TEST(jobs_end_early)
{
	struct weft_rest_seen jobs[200];
	double scale = 1;

	for (size_t i = 0; i < LENGTH(jobs); i++) {
		jobs[i] = job((uint32_t)i, WEFT_REST_COMPLETED, "", "", NOW, 100);
		jobs[i].start = NOW - 1500; /* a quarter */
	}
	scale = weft_capacity_scale(scale, jobs, LENGTH(jobs), NOW - 10);
	ck_assert(scale > 0.25 && scale < 0.3);
	ck_assert(weft_capacity_scale(0.5, jobs, LENGTH(jobs), NOW) == 0.5); /* they were counted before */
	for (size_t i = 0; i < LENGTH(jobs); i++)
		jobs[i].state = WEFT_REST_CANCELLED;
	ck_assert(weft_capacity_scale(0.5, jobs, LENGTH(jobs), NOW - 10) == 0.5);
	ck_assert(weft_capacity_scale(0, NULL, 0, 0) == 0.05);
	ck_assert(weft_capacity_scale(7, NULL, 0, 0) == 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("capacity");
	TCase *t = tcase_create("capacity");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(t, kinds_and_what_is_free);
	tcase_add_test(t, one_partition);
	tcase_add_test(t, cards_without_a_type);
	tcase_add_test(t, nothing_there);
	tcase_add_test(t, jobs_end_early);
	suite_add_tcase(s, t);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
