/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_split.c - the fastest split, against a search through all of them.
 */
#include "core/split.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define SEED UINT64_C(20250312)
#define ROUNDS 20000
#define MOST 6 /* lots of a random round */

static const char kinds[64]; /* their addresses are kinds */

/* Lots as "RATExUNIT*UNITS@KIND ...". */
static size_t read_lots(const char *text, struct weft_lot *lots)
{
	size_t n = 0;
	char *end;

	for (; *text; n++) {
		lots[n].rate = strtod(text, &end);
		lots[n].unit = (unsigned)strtoul(end + 1, &end, 10);
		lots[n].units = (unsigned)strtoul(end + 1, &end, 10);
		lots[n].kind = &kinds[strtoul(end + 1, &end, 10)];
		text = end + (*end == ' ');
	}
	return n;
}

static const struct {
	const char *lots;
	unsigned total;
	enum weft_split_kind kind;
	enum weft_split_outcome outcome;
	const char *want; /* units of each lot */
} cases[] = {
	{ "10x8*8@0 3x8*8@1", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "7 1" }, /* of two kinds at least */
	{ "10x8*4@0 3x8*8@1", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "4 4" },
	{ "3x8*8@0 10x8*4@1 5x8*2@2", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "2 4 2" },
	{ "10x8*8@0 9x8*8@0 1x8*1@1", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "7 0 1" },
	{ "10x8*9@0 3x4*9@1", 20, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "2 1" },
	{ "10x8*9@0 3x4*9@1", 16, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "1 2" },
	{ "10x8*9@0 3x6*9@1", 20, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "1 2" },
	{ "10x8*2@0 3x6*9@1", 28, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "2 2" },
	{ "10x6*9@0 9x8*9@0 1x4*9@1", 26, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "1 2 1" }, /* 22: not 18 + 4 */
	{ "1000000x1*999999@0 1x1*1@1", 1000000, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "999999 1" },
	{ "10x8*8@0 3x8*8@1", 60, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_SUM, "0 0" },
	{ "10x8*8@0 3x8*8@1", 8, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_SUM, "0 0" },
	{ "10x8*8@0 3x6*8@1", 16, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_SUM, "0 0" },
	{ "10x8*8@0 3x8*0@1", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_SUM, "0 0" },
	{ "10x8*4@0 3x8*3@1", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_FEW, "0 0" },
	{ "10x8*8@0 3x8*8@0", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_KINDS, "0 0" },
	{ "10x8*8@0", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_KINDS, "0" },
	{ "", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_KINDS, "" },
	{ "10x33*8@0 3x1*64@1", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_SIZES, "0 0" },
	{ "10x32*8@0 3x1*64@1", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "1 32" },
	{ "9x1*9@0 9x2*9@0 9x3*9@0 9x4*9@0 9x5*9@0 9x6*9@0 9x7*9@0 9x8*9@0 9x9*9@1", 64, WEFT_SPLIT_WEIGHTED,
	  WEFT_SPLIT_SIZES, "0 0 0 0 0 0 0 0 0" },
	{ "9x65*9@0 3x8*9@1 2x8*9@2", 64, WEFT_SPLIT_WEIGHTED, WEFT_SPLIT_DONE, "0 7 1" }, /* 65 is beside the point */
	/* even */
	{ "10x8*8@0 3x8*8@1", 64, WEFT_SPLIT_EVEN, WEFT_SPLIT_DONE, "4 4" },
	{ "10x8*8@0 3x8*8@1", 72, WEFT_SPLIT_EVEN, WEFT_SPLIT_DONE, "5 4" },
	{ "10x8*4@0 3x8*8@1", 72, WEFT_SPLIT_EVEN, WEFT_SPLIT_DONE, "4 5" }, /* the fast one has no fifth */
	{ "10x8*3@0 3x8*8@1 2x8*8@1", 64, WEFT_SPLIT_EVEN, WEFT_SPLIT_DONE, "3 3 2" }, /* better than 4 and 4 */
	{ "10x8*8@0 9x8*8@0 1x8*8@1", 64, WEFT_SPLIT_EVEN, WEFT_SPLIT_DONE, "3 3 2" }, /* better than 4 and 4 */
	{ "10x8*8@0 9x8*8@0 1x8*8@1", 16, WEFT_SPLIT_EVEN, WEFT_SPLIT_DONE, "1 0 1" },
	{ "10x8*8@0 1x4*8@1", 32, WEFT_SPLIT_EVEN, WEFT_SPLIT_DONE, "2 4" }, /* nodes of 4 in pairs */
	{ "10x8*8@0 1x8*1@1", 32, WEFT_SPLIT_EVEN, WEFT_SPLIT_SUM, "0 0" },
	{ "10x8*8@0 1x7*8@1", 32, WEFT_SPLIT_EVEN, WEFT_SPLIT_SUM, "0 0" },
	{ "10x8*8@0 1x8*8@1", 28, WEFT_SPLIT_EVEN, WEFT_SPLIT_SUM, "0 0" },
	{ "10x8*1@0 1x8*1@1", 32, WEFT_SPLIT_EVEN, WEFT_SPLIT_FEW, "0 0" },
	{ "10x8*1@0 1x8*1@0", 16, WEFT_SPLIT_EVEN, WEFT_SPLIT_KINDS, "0 0" },
	{ "10x999983*1@0 9x999979*1@0 1x8*2@1 2x8*2@0", 16, WEFT_SPLIT_EVEN, WEFT_SPLIT_DONE, "0 0 1 1" },
	{ "10x500009*1@0 9x499979*1@1", 999988, WEFT_SPLIT_EVEN, WEFT_SPLIT_SUM, "0 0" },
};

START_TEST(splits)
{
	struct weft_lot lots[64] = { { 0 } };
	size_t n = read_lots(cases[_i].lots, lots), len = 0;
	unsigned taken[64], cards = 0;
	char text[256] = "";
	double rate, sum = 0;

	ck_assert_int_eq(weft_split_best(lots, n, cases[_i].total, cases[_i].kind, taken, &rate),
			 cases[_i].outcome);
	for (size_t i = 0; i < n; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i ? " " : "", taken[i]);
		cards += taken[i] * lots[i].unit;
		sum += taken[i] * lots[i].unit * lots[i].rate;
	}
	ck_assert_str_eq(text, cases[_i].want);
	ck_assert_uint_eq(cards, cases[_i].outcome ? 0 : cases[_i].total);
	ck_assert_msg(fabs(rate - (cases[_i].outcome ? -1 : sum)) <= 1e-9 * sum, "%g, not %g", rate, sum);
}
END_TEST

/* ---------------------------------------------------------------- against all splits */

static uint64_t state = SEED;

static unsigned random_below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

struct search {
	const struct weft_lot *lots;
	size_t n;
	unsigned total, unit; /* UNIT: of an even split */
	bool even;
	unsigned taken[MOST];
	double best;
};

static void judge(struct search *s)
{
	unsigned least = UINT32_MAX, most = 0;
	bool mixed = false;
	double rate = 0;
	size_t first = MOST;

	for (size_t i = 0; i < s->n; i++) {
		unsigned cards = s->taken[i] * s->lots[i].unit;

		if (!cards)
			continue;
		if (s->even && cards % s->unit)
			return;
		first = first == MOST ? i : first;
		mixed = mixed || s->lots[i].kind != s->lots[first].kind;
		least = cards < least ? cards : least;
		most = cards > most ? cards : most;
		rate += s->lots[i].rate * cards;
	}
	if (mixed && rate > s->best && (!s->even || most - least <= s->unit))
		s->best = rate;
}

static void search(struct search *s, size_t i, unsigned left)
{
	if (i == s->n) {
		if (!left)
			judge(s);
		return;
	}
	for (unsigned k = 0; k <= s->lots[i].units && k * s->lots[i].unit <= left; k++) {
		s->taken[i] = k;
		search(s, i + 1, left - k * s->lots[i].unit);
	}
	s->taken[i] = 0;
}

static unsigned least_common_multiple(const struct weft_lot *lots, size_t n, unsigned total)
{
	unsigned multiple = 1;

	for (size_t i = 0; i < n; i++) {
		unsigned m = multiple;

		if (lots[i].unit > total || !lots[i].units)
			continue;
		while (multiple % lots[i].unit)
			multiple += m;
	}
	return multiple;
}

static size_t random_lots(struct weft_lot *lots, unsigned *total)
{
	static const unsigned units[][4] = { { 8, 8, 8, 8 }, { 4, 8, 16, 8 }, { 1, 1, 1, 1 }, { 6, 8, 8, 4 },
					     { 1, 2, 3, 5 }, { 10, 16, 4, 8 }, { 3, 5, 7, 11 }, { 2, 9, 15, 6 } };
	const unsigned *of = units[random_below(LENGTH(units))];
	size_t n = 1 + random_below(MOST);

	*total = 0;
	for (size_t i = 0; i < n; i++) {
		lots[i].unit = of[random_below(4)];
		lots[i].units = random_below(5);
		lots[i].rate = 1 + random_below(random_below(2) ? 4 : 1000);
		lots[i].kind = &kinds[random_below(3)];
		*total += lots[i].unit * random_below(lots[i].units + 1);
	}
	if (random_below(4) == 0)
		*total += random_below(3);
	*total = *total ? *total : 1;
	return n;
}

static void check_round(int round, enum weft_split_kind kind)
{
	struct weft_lot lots[MOST];
	struct search s = { .lots = lots, .best = -1, .even = kind == WEFT_SPLIT_EVEN };
	unsigned taken[MOST], cards = 0;
	double rate, sum = 0;
	enum weft_split_outcome outcome;

	s.n = random_lots(lots, &s.total);
	s.unit = least_common_multiple(lots, s.n, s.total);
	search(&s, 0, s.total);
	outcome = weft_split_best(lots, s.n, s.total, kind, taken, &rate);
	for (size_t i = 0; i < s.n; i++) {
		ck_assert_uint_le(taken[i], lots[i].units);
		cards += taken[i] * lots[i].unit;
		sum += taken[i] * lots[i].unit * lots[i].rate;
		s.taken[i] = taken[i];
	}
	ck_assert_msg((outcome == WEFT_SPLIT_DONE) == (s.best >= 0), "round %d: outcome %d, best %g", round, outcome,
		      s.best);
	if (outcome)
		return;
	ck_assert_uint_eq(cards, s.total);
	ck_assert_msg(fabs(sum - s.best) < 1e-9 * sum && fabs(rate - sum) < 1e-9 * sum,
		      "round %d: %g (said to be %g), but %g is possible", round, sum, rate, s.best);
	s.best = -1; /* what was chosen keeps the rules */
	judge(&s);
	ck_assert_msg(s.best >= 0, "round %d: not a split of this kind", round);
}

START_TEST(weighted_is_the_best)
{
	for (int round = 0; round < ROUNDS; round++)
		check_round(round, WEFT_SPLIT_WEIGHTED);
}
END_TEST

START_TEST(even_is_the_best)
{
	for (int round = 0; round < ROUNDS; round++)
		check_round(round, WEFT_SPLIT_EVEN);
}
END_TEST

/* ---------------------------------------------------------------- work */

static double milliseconds(const struct weft_lot *lots, size_t n, unsigned total, enum weft_split_kind kind)
{
	struct timespec from, to;
	unsigned *taken = calloc(n, sizeof(*taken));
	double rate, best = 1e9;

	for (int i = 0; i < 5; i++) {
		double ms;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		weft_split_best(lots, n, total, kind, taken, &rate);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
		best = ms < best ? ms : best;
	}
	ck_assert_double_gt(rate, 0);
	free(taken);
	return best;
}

/* 1024 classes, 12,500 nodes of 4, 8 and 16 cards.  The bound is for a build without optimisation and with
 * sanitizers; what is printed is what to look at. */
START_TEST(is_quick)
{
	static const unsigned sizes[] = { 8, 4, 16, 8, 10, 6 };
	struct weft_lot *lots = calloc(1024, sizeof(*lots));
	double ms[4];

	for (unsigned i = 0; i < 1024; i++) {
		lots[i] = (struct weft_lot){ .rate = 100 + i * 7919 % 1024, .unit = sizes[i % 6], .units = 12 };
		lots[i].kind = &kinds[i % 20];
	}
	ms[0] = milliseconds(lots, 1024, 64, WEFT_SPLIT_WEIGHTED);
	ms[1] = milliseconds(lots, 1024, 50010, WEFT_SPLIT_WEIGHTED);
	for (unsigned i = 0; i < 1024; i++)
		lots[i].unit = 8;
	ms[2] = milliseconds(lots, 1024, 50000, WEFT_SPLIT_WEIGHTED);
	ms[3] = milliseconds(lots, 1024, 50000, WEFT_SPLIT_EVEN);
	printf("# 1024 lots: %.2f ms for 64 of five sizes, %.2f ms for 50010; one size %.2f ms; even %.2f ms\n", ms[0],
	       ms[1], ms[2], ms[3]);
	for (int i = 0; i < 4; i++)
		ck_assert_double_lt(ms[i], 30);
	free(lots);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("split");
	TCase *tc = tcase_create("split");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, splits, 0, LENGTH(cases));
	tcase_add_test(tc, weighted_is_the_best);
	tcase_add_test(tc, even_is_the_best);
	tcase_add_test(tc, is_quick);
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
