/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_share.c - the largest remainder: exact, and fair.
 */
#include "core/share.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define SEED UINT64_C(20250311)
#define ROUNDS 20000

static const struct {
	double weights[6]; /* 0 ends them */
	unsigned total;
	int least_one;
	const char *want;
} cases[] = {
	{ { 1 }, 7, 0, "7" },
	{ { 1, 1 }, 8, 0, "4 4" },
	{ { 3, 1 }, 8, 0, "6 2" },
	{ { 1000, 300 }, 13, 0, "10 3" },
	{ { 1000, 300 }, 32, 0, "25 7" },   /* 24.6 and 7.4 */
	{ { 1, 1, 1 }, 10, 0, "4 3 3" },    /* a tie: the first */
	{ { 1, 1, 1 }, 11, 0, "4 4 3" },
	{ { 1, 3 }, 2, 0, "0 2" },          /* 0.5 and 1.5 tie: the larger weight */
	{ { 0.1, 0.2, 0.7 }, 10, 0, "1 2 7" }, /* whole numbers, whatever binary says */
	{ { 0.1, 0.2, 0.7 }, 30, 0, "3 6 21" },
	{ { 1, 100 }, 10, 0, "0 10" },
	{ { 1, 100 }, 10, 1, "1 9" },
	{ { 1, 1, 100 }, 3, 1, "1 1 1" },
	{ { 1, 1, 100 }, 4, 1, "1 1 2" },
	{ { 1, 12, 100 }, 10, 1, "1 1 8" },  /* the second falls below one when the first has got its one */
	{ { 1, 11.2, 100 }, 10, 1, "1 1 8" },
	{ { 5, 1, 1 }, 2, 1, "2 0 0" },      /* too few for one each */
	{ { 5, 1, 1 }, 0, 1, "0 0 0" },
	{ { 1e-300, 1e300 }, 9, 1, "1 8" },
	{ { 312, 989.5, 240 }, 128, 1, "26 82 20" },
};

START_TEST(shares)
{
	unsigned shares[6];
	char text[64] = "";
	size_t n = 0, len = 0;

	while (n < 6 && cases[_i].weights[n] > 0)
		n++;
	ck_assert_int_eq(weft_share(cases[_i].weights, n, cases[_i].total, cases[_i].least_one, shares), 0);
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i ? " " : "", shares[i]);
	ck_assert_str_eq(text, cases[_i].want);
}
END_TEST

START_TEST(refuses)
{
	const double none[] = { 0, 0 }, minus[] = { 1, -1 }, nan[] = { 1, NAN }, inf[] = { 1, INFINITY },
		     large[] = { 1e308, 1e308 }, good[] = { 1, 1 };
	unsigned shares[2];

	ck_assert_int_eq(weft_share(good, 0, 8, 0, shares), -1);
	ck_assert_int_eq(weft_share(none, 2, 8, 0, shares), -1);
	ck_assert_int_eq(weft_share(minus, 2, 8, 0, shares), -1);
	ck_assert_int_eq(weft_share(nan, 2, 8, 0, shares), -1);
	ck_assert_int_eq(weft_share(inf, 2, 8, 0, shares), -1);
	ck_assert_int_eq(weft_share(large, 2, 8, 0, shares), -1);
	ck_assert_int_eq(weft_share(good, 2, WEFT_SHARE_MAX + 1, 0, shares), -1);
	ck_assert_int_eq(weft_share(good, 2, WEFT_SHARE_MAX, 0, shares), 0);
	ck_assert_uint_eq(shares[0] + shares[1], WEFT_SHARE_MAX);
}
END_TEST

/* A weight of 0 is a part like others. */
START_TEST(nothing_for_no_weight)
{
	const double weights[] = { 0, 1, 0, 2 };
	unsigned shares[4];

	ck_assert_int_eq(weft_share(weights, 4, 9, 0, shares), 0);
	ck_assert(shares[0] == 0 && shares[1] == 3 && shares[2] == 0 && shares[3] == 6);
	ck_assert_int_eq(weft_share(weights, 4, 9, 1, shares), 0);
	ck_assert(shares[0] == 1 && shares[1] == 2 && shares[2] == 1 && shares[3] == 5);
}
END_TEST

static uint64_t state = SEED;

static unsigned random_below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

/* The rule itself, in whole numbers: quotas are total x weight / sum, and what rounding down leaves goes to the
 * largest remainders. */
static void largest_remainder(const unsigned *weights, size_t n, unsigned total, unsigned *shares)
{
	uint64_t sum = 0;
	unsigned left = total;
	bool got[8] = { false };

	for (size_t i = 0; i < n; i++)
		sum += weights[i];
	for (size_t i = 0; i < n; i++) {
		shares[i] = (unsigned)((uint64_t)total * weights[i] / sum);
		left -= shares[i];
	}
	for (; left > 0; left--) {
		size_t best = n;

		for (size_t i = 0; i < n; i++) {
			uint64_t a = (uint64_t)total * weights[i] % sum,
				 b = best < n ? (uint64_t)total * weights[best] % sum : 0;

			if (!got[i] && (best == n || a > b || (a == b && weights[i] > weights[best])))
				best = i;
		}
		got[best] = true;
		shares[best]++;
	}
}

START_TEST(equals_the_rule)
{
	for (int round = 0; round < ROUNDS; round++) {
		unsigned whole[8], want[8], shares[8], total = random_below(2000), sum = 0;
		size_t n = 1 + random_below(8);
		double weights[8], scale = 1.0 / (1 + random_below(1000));

		for (size_t i = 0; i < n; i++) {
			whole[i] = 1 + random_below(random_below(2) ? 10 : 5000);
			weights[i] = whole[i] * scale;
		}
		largest_remainder(whole, n, total, want);
		ck_assert_int_eq(weft_share(weights, n, total, 0, shares), 0);
		for (size_t i = 0; i < n; i++) {
			ck_assert_msg(shares[i] == want[i], "round %d, part %zu: %u, not %u", round, i, shares[i],
				      want[i]);
			sum += shares[i];
		}
		ck_assert_uint_eq(sum, total);
	}
}
END_TEST

/* With a least of one: everything is given away, nobody is left out, and those above one have what the rule gives
 * for them alone. */
START_TEST(leaves_nobody_out)
{
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = 1 + random_below(8), open = 0;
		unsigned whole[8], of_open[8], want[8], shares[8], total = (unsigned)n + random_below(60), sum = 0;
		unsigned left = total;
		double weights[8];

		for (size_t i = 0; i < n; i++) {
			whole[i] = 1 + random_below(random_below(2) ? 10 : 500);
			weights[i] = whole[i];
		}
		ck_assert_int_eq(weft_share(weights, n, total, 1, shares), 0);
		for (size_t i = 0; i < n; i++) {
			ck_assert_uint_ge(shares[i], 1);
			sum += shares[i];
			if (shares[i] == 1)
				left--;
			else
				of_open[open++] = whole[i];
		}
		ck_assert_uint_eq(sum, total);
		if (!open)
			continue;
		largest_remainder(of_open, open, left, want);
		open = 0;
		for (size_t i = 0; i < n; i++) {
			/* one that was rounded to one shared in the rounding of the others */
			if (shares[i] > 1)
				ck_assert_int_le(abs((int)shares[i] - (int)want[open++]), 1);
		}
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("share");
	TCase *tc = tcase_create("share");

	tcase_add_loop_test(tc, shares, 0, LENGTH(cases));
	tcase_add_test(tc, refuses);
	tcase_add_test(tc, nothing_for_no_weight);
	tcase_add_test(tc, equals_the_rule);
	tcase_add_test(tc, leaves_nobody_out);
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
