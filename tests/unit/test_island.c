/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdlib.h>

#include "core/island.h"

static int rows[WEFT_ISLAND_MAX][WEFT_ISLAND_MAX];
static int *links[WEFT_ISLAND_MAX];

/* N devices in islands of SIZE, with WEIGHT links between any two of one. */
static void islands(unsigned n, unsigned size, int weight)
{
	for (unsigned i = 0; i < n; i++) {
		links[i] = rows[i];
		for (unsigned k = 0; k < n; k++)
			rows[i][k] = i == k ? -1 : i / size == k / size ? weight : 0;
	}
}

static uint64_t pick(int *const *l, unsigned n, uint64_t free, uint64_t given)
{
	unsigned budget = 13000;

	return weft_island_pick(l, n, free, given, &budget);
}

START_TEST(kept_together)
{
	islands(8, 4, 4);
	/* Card 0 is taken: four of the other island, two of the one that is broken already. */
	ck_assert_uint_eq(pick(links, 8, 0xfe, 0x1e), 0xf0);
	ck_assert_uint_eq(pick(links, 8, 0xfe, 0x12), 0x06);
	ck_assert_uint_eq(pick(links, 8, 0xfe, 0x30), 0x06);
	/* One card: again from the broken one. */
	ck_assert_uint_eq(pick(links, 8, 0xfe, 0x80), 0x02);
	/* Six of seven: an island, and what is linked of the rest. */
	ck_assert_uint_eq(pick(links, 8, 0xfe, 0x7e) & 0xf0, 0xf0);
}
END_TEST

START_TEST(as_given)
{
	islands(8, 4, 4);
	ck_assert_uint_eq(pick(links, 8, 0xff, 0xf0), 0xf0);
	ck_assert_uint_eq(pick(links, 8, 0xff, 0xff), 0xff);
	ck_assert_uint_eq(pick(links, 8, 0x11, 0x11), 0x11);
	ck_assert_uint_eq(pick(links, 8, 0xff, 0), 0);
	/* All linked alike, and none at all. */
	islands(8, 8, 18);
	ck_assert_uint_eq(pick(links, 8, 0xff, 0x81), 0x81);
	islands(8, 1, 0);
	ck_assert_uint_eq(pick(links, 8, 0xff, 0x81), 0x81);
}
END_TEST

/* Pairs within a larger group. */
START_TEST(more_links)
{
	islands(8, 8, 1);
	for (unsigned i = 0; i < 8; i++)
		rows[i][i ^ 1] = 4;
	ck_assert_uint_eq(pick(links, 8, 0xff, 0x06), 0x03);
	ck_assert_uint_eq(pick(links, 8, 0xfe, 0x06), 0x0c);
}
END_TEST

/* Too many to try; the last of those that are tried; what is left for the next. */
START_TEST(many_devices)
{
	unsigned budget = 100;

	islands(16, 8, 4);
	ck_assert_uint_eq(pick(links, 16, 0xffff, 0x0ff0), 0x00ff);
	islands(64, 32, 1);
	ck_assert_uint_eq(pick(links, 64, UINT64_MAX, 0x10001), 0x10001);
	ck_assert_uint_eq(pick(links, 64, UINT64_MAX, (uint64_t)1 << 63 | 1), 3);
	ck_assert_uint_eq(pick(links, 64, UINT64_MAX, (uint64_t)7 << 31), (uint64_t)7 << 31);
	islands(8, 4, 4);
	ck_assert_uint_eq(weft_island_pick(links, 8, 0xff, 0x3c, &budget), 0x0f);
	ck_assert_uint_eq(budget, 30);
	ck_assert_uint_eq(weft_island_pick(links, 8, 0xff, 0x3c, &budget), 0x3c);
	ck_assert_uint_eq(budget, 30);
	islands(64, 32, 1);
	rows[62][63] = rows[63][62] = 9;
	ck_assert_uint_eq(pick(links, 64, UINT64_MAX, 3), (uint64_t)3 << 62);
}
END_TEST

START_TEST(best_of_all)
{
	unsigned seed = 1;

	for (int round = 0; round < 300; round++) {
		unsigned n = 10, most = 0, got = 0;
		uint64_t free, given = 0, best;

		islands(n, 2 + round % 4, 4);
		seed = seed * 1103515245 + 12345;
		free = seed >> 8 & 0x3ff;
		for (unsigned i = 0; i < n && __builtin_popcountll(given) < 4; i++)
			given |= free & (uint64_t)1 << i;
		best = pick(links, n, free, given);
		ck_assert_uint_eq(best & ~free, 0);
		ck_assert_int_eq(__builtin_popcountll(best), __builtin_popcountll(given));
		for (uint64_t set = 0; set < 1024; set++) {
			unsigned sum = 0;

			if (set & ~free || __builtin_popcountll(set) != __builtin_popcountll(given))
				continue;
			for (unsigned i = 0; i < n; i++)
				for (unsigned k = 0; k < i; k++)
					sum += set >> i & 1 && set >> k & 1 ? rows[i][k] : 0;
			most = sum > most ? sum : most;
			got = set == best ? sum : got;
		}
		ck_assert_uint_eq(got, most);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("island");
	TCase *tc = tcase_create("island");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, kept_together);
	tcase_add_test(tc, as_given);
	tcase_add_test(tc, more_links);
	tcase_add_test(tc, many_devices);
	tcase_add_test(tc, best_of_all);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
