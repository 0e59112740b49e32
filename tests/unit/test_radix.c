/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_radix.c - the order is that of a sort by comparing that keeps equals in order.
 */
#include "core/radix.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MOST 5000

/* Keys of 2^BITS values, so that there are few or many equal ones. */
static const struct {
	size_t n;
	unsigned bits;
} cases[] = { { 0, 32 },    { 1, 32 },	  { 2, 1 },	{ 3, 32 },   { MOST, 3 },
	      { MOST, 11 }, { MOST, 12 }, { MOST, 23 }, { MOST, 32 } };

static int by_key(const void *x, const void *y)
{
	const struct weft_radix *a = x, *b = y;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

START_TEST(sorts)
{
	struct weft_radix *items = calloc(3 * MOST, sizeof(*items)), *expected = items + MOST,
			  *spare = expected + MOST;
	size_t n = cases[_i].n;
	uint32_t random = 1;

	for (size_t i = 0; i < n; i++) {
		random = random * 1664525u + 1013904223u;
		items[i] = (struct weft_radix){ random >> (32 - cases[_i].bits), (uint32_t)i };
		expected[i] = items[i];
	}
	qsort(expected, n, sizeof(*expected), by_key);
	weft_radix_sort(items, spare, n);
	ck_assert(!memcmp(items, expected, n * sizeof(*items)));
	weft_radix_sort(items, spare, n);
	ck_assert(!memcmp(items, expected, n * sizeof(*items)));
	free(items);
}
END_TEST

START_TEST(knows_the_largest_keys)
{
	struct weft_radix items[] = { { UINT32_MAX, 0 }, { UINT32_MAX - 1, 1 }, { 0, 2 }, { UINT32_MAX, 3 } },
			  spare[4];
	static const uint32_t expected[] = { 2, 1, 0, 3 };

	weft_radix_sort(items, spare, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_eq(items[i].index, expected[i]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("radix");
	TCase *t = tcase_create("radix");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, sorts, 0, (int)(sizeof(cases) / sizeof(*cases)));
	tcase_add_test(t, knows_the_largest_keys);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
