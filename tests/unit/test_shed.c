/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_shed.c - how far jobs are limited, and which have to go: by hand, and against all subsets of small
 * random sets.
 */
#include "core/shed.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/caps.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* ---------------------------------------------------------------- limits */

static double share_of(int64_t draw, int64_t base, int64_t drawn, int64_t cap)
{
	return weft_shed_share(&draw, &base, &drawn, &cap, 1);
}

START_TEST(nobody_is_limited_without_need)
{
	ck_assert_double_eq(share_of(100, 50, 150, 150), 1);
	ck_assert_double_eq(share_of(100, 50, 150, WEFT_NO_CAP), 1);
	ck_assert_double_eq(share_of(0, 50, 150, 100), 1); /* it draws nothing there */
	ck_assert_double_eq(weft_shed_share(NULL, NULL, NULL, NULL, 0), 1);
}
END_TEST

START_TEST(the_excess_is_shared)
{
	ck_assert_double_eq(share_of(100, 50, 150, 125), 0.75);
	ck_assert_double_eq(share_of(1, 0, 1000, 999), 0.999);
}
END_TEST

START_TEST(no_device_goes_below_the_floor)
{
	ck_assert_double_eq(share_of(100, 50, 150, 100), WEFT_SHED_FLOOR);
	ck_assert_double_eq(share_of(100, 50, 150, 99), WEFT_SHED_FLOOR);
	ck_assert_double_eq(share_of(100, 50, 150, 20), WEFT_SHED_FLOOR); /* the base alone is too much */
	ck_assert_double_eq(share_of(100, 150, 150, 100), WEFT_SHED_FLOOR);
	ck_assert_double_eq(share_of(100, 0, INT64_MAX / 4, 0), WEFT_SHED_FLOOR);
}
END_TEST

START_TEST(the_tightest_zone_decides)
{
	const int64_t base[] = { 0, 0, 0 }, drawn[] = { 1000, 1000, 1000 }, caps[] = { 900, 600, 800 };
	const int64_t all[] = { 1, 1, 1 }, two[] = { 1, 0, 1 }, one[] = { 1, 0, 0 };

	ck_assert_double_eq(weft_shed_share(all, base, drawn, caps, 3), 0.6);
	ck_assert_double_eq(weft_shed_share(two, base, drawn, caps, 3), 0.8);
	ck_assert_double_eq(weft_shed_share(one, base, drawn, caps, 3), 0.9);
}
END_TEST

/* All jobs of a zone at their shares: it fits, unless the floor is in the way. */
START_TEST(limited_jobs_fit)
{
	srand(3);
	for (int round = 0; round < 20000; round++) {
		int64_t draws[6][2], base[2], drawn[2], caps[2];
		double sum[2];
		bool floor = false;

		for (int z = 0; z < 2; z++) {
			sum[z] = drawn[z] = base[z] = rand() % 300;
			caps[z] = rand() % 1500;
			for (int i = 0; i < 6; i++)
				drawn[z] += draws[i][z] = rand() % 3 ? rand() % 400 : 0;
		}
		for (int i = 0; i < 6; i++) {
			double share = weft_shed_share(draws[i], base, drawn, caps, 2);

			ck_assert(share >= WEFT_SHED_FLOOR && share <= 1);
			floor |= share == WEFT_SHED_FLOOR;
			for (int z = 0; z < 2; z++)
				sum[z] += share * (double)draws[i][z];
		}
		for (int z = 0; z < 2; z++)
			ck_assert(floor || base[z] > caps[z] || sum[z] <= (double)caps[z] + 1e-6);
	}
}
END_TEST

/* ---------------------------------------------------------------- who goes, by hand */

static const int64_t w100 = 100, w200 = 200, w300 = 300;

/* Job 1 is the oldest, the smallest and the least important. */
static const struct weft_shed_job three[] = {
	{ .id = 2, .priority = 20, .start = 2000, .draws = &w200, .share = 1 },
	{ .id = 1, .priority = 10, .start = 1000, .draws = &w100, .share = 1 },
	{ .id = 3, .priority = 30, .start = 3000, .draws = &w300, .share = 1 },
};

/* The ids of those that go, in the order told: "3,2". */
static const char *chosen(const struct weft_shed_job *from, size_t n, enum weft_shed order, int64_t *excess,
			  unsigned zones)
{
	static char text[256];
	struct weft_shed_job jobs[16];
	size_t len = 0, k;

	text[0] = '\0';
	if (n)
		memcpy(jobs, from, n * sizeof(*jobs));
	k = weft_shed_choose(jobs, n, order, excess, zones);
	ck_assert_uint_le(k, n);
	for (size_t i = 0; i < k; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i ? "," : "", jobs[i].id);
	for (size_t id = 0; id < n; id++) { /* all are still there */
		size_t seen = 0;

		for (size_t i = 0; i < n; i++)
			seen += jobs[i].id == from[id].id;
		ck_assert_uint_eq(seen, 1);
	}
	return text;
}

static const char *of_three(enum weft_shed order, int64_t excess)
{
	return chosen(three, 3, order, &excess, 1);
}

START_TEST(orders)
{
	ck_assert_str_eq(of_three(WEFT_SHED_YOUNGEST, 1), "3");
	ck_assert_str_eq(of_three(WEFT_SHED_YOUNGEST, 301), "3,2");
	ck_assert_str_eq(of_three(WEFT_SHED_OLDEST, 1), "1");
	ck_assert_str_eq(of_three(WEFT_SHED_OLDEST, 600), "1,2,3");
	ck_assert_str_eq(of_three(WEFT_SHED_LARGEST, 301), "3,2");
	ck_assert_str_eq(of_three(WEFT_SHED_LOWEST, 100), "1");
}
END_TEST

START_TEST(ties_go_by_start_and_then_by_id)
{
	const struct weft_shed_job like[] = {
		{ .id = 7, .start = 5, .draws = &w100, .share = 1 },
		{ .id = 9, .start = 5, .draws = &w100, .share = 1 },
		{ .id = 8, .start = 6, .draws = &w100, .share = 1 },
	};
	int64_t excess[] = { 300, 300, 300, 300 };

	ck_assert_str_eq(chosen(like, 3, WEFT_SHED_YOUNGEST, &excess[0], 1), "8,9,7");
	ck_assert_str_eq(chosen(like, 3, WEFT_SHED_OLDEST, &excess[1], 1), "7,9,8");
	ck_assert_str_eq(chosen(like, 3, WEFT_SHED_LARGEST, &excess[2], 1), "8,9,7");
	ck_assert_str_eq(chosen(like, 3, WEFT_SHED_LOWEST, &excess[3], 1), "8,9,7");
}
END_TEST

START_TEST(nobody_goes_without_an_excess)
{
	int64_t excess = 0;

	ck_assert_str_eq(of_three(WEFT_SHED_YOUNGEST, 0), "");
	ck_assert_str_eq(of_three(WEFT_SHED_YOUNGEST, -5), "");
	ck_assert_str_eq(chosen(NULL, 0, WEFT_SHED_OLDEST, &excess, 1), "");
	excess = 10;
	ck_assert_str_eq(chosen(NULL, 0, WEFT_SHED_OLDEST, &excess, 1), "");
	ck_assert_int_eq(excess, 10);
}
END_TEST

/* The oldest would go first, but the next is needed anyway and is enough. */
START_TEST(an_earlier_one_is_spared_when_a_later_one_is_enough)
{
	int64_t excess = 250;

	ck_assert_str_eq(chosen(three, 3, WEFT_SHED_OLDEST, &excess, 1), "1,2");
	ck_assert_int_eq(excess, -50);
	excess = 350;
	ck_assert_str_eq(chosen(three, 3, WEFT_SHED_OLDEST, &excess, 1), "1,3");
	ck_assert_int_eq(excess, -50);
}
END_TEST

START_TEST(what_a_limited_job_draws_is_what_counts)
{
	struct weft_shed_job limited[3];
	int64_t excess = 200;

	memcpy(limited, three, sizeof(limited));
	limited[2].share = 0.5; /* job 3: 150 W */
	ck_assert_str_eq(chosen(limited, 3, WEFT_SHED_YOUNGEST, &excess, 1), "2");
	limited[2].share = 0; /* it cannot help at all */
	excess = 1000;
	ck_assert_str_eq(chosen(limited, 3, WEFT_SHED_YOUNGEST, &excess, 1), "2,1");
	ck_assert_int_eq(excess, 700);
}
END_TEST

START_TEST(zones_that_nobody_can_help)
{
	const int64_t left[] = { 100, 0, 0 }, right[] = { 50, 50, 0 };
	const struct weft_shed_job jobs[] = {
		{ .id = 1, .start = 1, .draws = left, .share = 1 },
		{ .id = 2, .start = 2, .draws = right, .share = 1 },
	};
	int64_t excess[] = { 0, 80, 500 };

	ck_assert_str_eq(chosen(jobs, 2, WEFT_SHED_OLDEST, excess, 3), "2");
	ck_assert_int_eq(excess[0], -50);
	ck_assert_int_eq(excess[1], 30);
	ck_assert_int_eq(excess[2], 500);
}
END_TEST

/* ---------------------------------------------------------------- against all subsets */

#define JOBS  9
#define ZONES 4

struct history {
	int64_t draws[JOBS][ZONES], excess[ZONES];
	struct weft_shed_job jobs[JOBS];
	size_t n;
};

static int64_t drawn(const struct weft_shed_job *job, unsigned zone)
{
	return (int64_t)ceil(job->share * (double)job->draws[zone]);
}

static void invent(struct history *h)
{
	static const double shares[] = { 1, 1, 0.5, 0.71, 0 };

	h->n = (size_t)(rand() % (JOBS + 1));
	for (unsigned z = 0; z < ZONES; z++)
		h->excess[z] = rand() % 4 ? rand() % 900 : -(rand() % 50);
	for (size_t i = 0; i < h->n; i++) {
		for (unsigned z = 0; z < ZONES; z++)
			h->draws[i][z] = rand() % 2 ? 1 + rand() % 300 : 0;
		h->jobs[i] = (struct weft_shed_job){ .id = (uint32_t)i + 1,
						     .priority = (uint32_t)(rand() % 4),
						     .start = rand() % 4,
						     .draws = h->draws[i],
						     .share = shares[rand() % LENGTH(shares)] };
	}
}

/* Is A to go before B?  Said once more, in other words than shed.c's. */
static bool goes_before(const struct weft_shed_job *a, const struct weft_shed_job *b, enum weft_shed order)
{
	if (order == WEFT_SHED_LARGEST && a->draws[0] != b->draws[0])
		return a->draws[0] > b->draws[0];
	if (order == WEFT_SHED_LOWEST && a->priority != b->priority)
		return a->priority < b->priority;
	if (order == WEFT_SHED_OLDEST)
		return a->start != b->start ? a->start < b->start : a->id < b->id;
	return a->start != b->start ? a->start > b->start : a->id > b->id;
}

/* PLACE[r]: the job that is the r'th to go. */
static void rank(const struct history *h, enum weft_shed order, size_t *place)
{
	for (size_t i = 0; i < h->n; i++) {
		size_t before = 0;

		for (size_t k = 0; k < h->n; k++)
			before += k != i && goes_before(&h->jobs[k], &h->jobs[i], order);
		place[before] = i;
	}
}

/* No zone is left with an excess that all of the jobs together could end or lessen. */
static bool is_enough(const struct history *h, const size_t *place, unsigned set)
{
	for (unsigned z = 0; z < ZONES; z++) {
		int64_t all = 0, got = 0;

		for (size_t r = 0; r < h->n; r++) {
			all += drawn(&h->jobs[place[r]], z);
			got += set >> r & 1 ? drawn(&h->jobs[place[r]], z) : 0;
		}
		if (h->excess[z] > 0 && got < h->excess[z] && got < all)
			return false;
	}
	return true;
}

/* Of all sets that are enough, the one that spares the last to go, then the last but one, and so on. */
static unsigned best_set(const struct history *h, const size_t *place)
{
	unsigned set = 0;

	while (!is_enough(h, place, set))
		set++;
	return set;
}

static void compare(const struct history *h, enum weft_shed order)
{
	struct weft_shed_job jobs[JOBS];
	int64_t excess[ZONES];
	size_t place[JOBS], got, expected = 0;
	unsigned set;

	memcpy(jobs, h->jobs, sizeof(jobs));
	memcpy(excess, h->excess, sizeof(excess));
	rank(h, order, place);
	set = best_set(h, place);
	got = weft_shed_choose(jobs, h->n, order, excess, ZONES);
	for (size_t r = 0; r < h->n; r++) {
		if (set >> r & 1)
			ck_assert_msg(expected < got && jobs[expected++].id == h->jobs[place[r]].id,
				      "order %d: job %u is not number %zu to go", (int)order,
				      h->jobs[place[r]].id, expected);
	}
	ck_assert_uint_eq(got, expected);
	for (unsigned z = 0; z < ZONES; z++) {
		int64_t left = h->excess[z];

		for (size_t i = 0; i < got; i++)
			left -= drawn(&jobs[i], z);
		ck_assert_int_eq(excess[z], left);
	}
}

START_TEST(no_set_is_better)
{
	struct history h;
	size_t some = 0;

	memset(&h, 0, sizeof(h));
	srand(11);
	for (int round = 0; round < 20000; round++) {
		invent(&h);
		some += h.n > 3;
		compare(&h, (enum weft_shed)(round % 4));
	}
	ck_assert_uint_gt(some, 1000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shed");
	TCase *limits = tcase_create("limits"), *choice = tcase_create("choice");
	SRunner *sr;
	int failed;

	tcase_add_test(limits, nobody_is_limited_without_need);
	tcase_add_test(limits, the_excess_is_shared);
	tcase_add_test(limits, no_device_goes_below_the_floor);
	tcase_add_test(limits, the_tightest_zone_decides);
	tcase_add_test(limits, limited_jobs_fit);
	tcase_add_test(choice, orders);
	tcase_add_test(choice, ties_go_by_start_and_then_by_id);
	tcase_add_test(choice, nobody_goes_without_an_excess);
	tcase_add_test(choice, an_earlier_one_is_spared_when_a_later_one_is_enough);
	tcase_add_test(choice, what_a_limited_job_draws_is_what_counts);
	tcase_add_test(choice, zones_that_nobody_can_help);
	tcase_add_test(choice, no_set_is_better);
	tcase_set_timeout(choice, 60);
	tcase_set_timeout(limits, 60);
	suite_add_tcase(s, limits);
	suite_add_tcase(s, choice);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
