/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/index.h"
#include "core/nearest.h"

START_TEST(distances)
{
	ck_assert_uint_eq(weft_distance("h100", "h100", 2), 0);
	ck_assert_uint_eq(weft_distance("H100_SXM", "h100-sxm", 2), 0);
	ck_assert_uint_eq(weft_distance("h10", "h100", 2), 1);   /* one too few */
	ck_assert_uint_eq(weft_distance("h1000", "h100", 2), 1); /* one too many */
	ck_assert_uint_eq(weft_distance("h108", "h100", 2), 1);  /* one wrong */
	ck_assert_uint_eq(weft_distance("h010", "h100", 2), 1);  /* two swapped */
	ck_assert_uint_eq(weft_distance("h0101", "h1010", 2), 2);
	ck_assert_uint_eq(weft_distance("ascned", "ascend", 2), 1);
	ck_assert_uint_eq(weft_distance("nvidai", "nvidia", 2), 1);
	ck_assert_uint_eq(weft_distance("kitten", "sitting", 3), 3);
	ck_assert_uint_eq(weft_distance("kitten", "sitting", 2), 3); /* limit + 1: more than that */
	ck_assert_uint_eq(weft_distance("", "ab", 2), 2);
	ck_assert_uint_eq(weft_distance("ab", "", 1), 2);
	ck_assert_uint_eq(weft_distance("abcdefgh", "hgfedcba", 2), 3);
}
END_TEST

START_TEST(long_words_are_near_nothing)
{
	char word[80];

	memset(word, 'a', 65);
	word[65] = '\0';
	ck_assert_uint_eq(weft_distance(word, word, 2), 3);
	word[64] = '\0';
	ck_assert_uint_eq(weft_distance(word, word, 2), 0);
}
END_TEST

START_TEST(picks_the_nearest)
{
	static const char *const words[] = { "a10", "h20", "h100", "a100", "nvidia", "mem", "bw", NULL };

	ck_assert_str_eq(weft_nearest("h1000", words), "h100");
	ck_assert_str_eq(weft_nearest("h10", words), "h100"); /* a10 and h20 are as near, but begin otherwise */
	ck_assert_str_eq(weft_nearest("nvdia", words), "nvidia");
	ck_assert_str_eq(weft_nearest("NVIDEA", words), "nvidia");
	ck_assert_str_eq(weft_nearest("nvida", words), "nvidia");
	ck_assert_str_eq(weft_nearest("men", words), "mem");
	ck_assert_ptr_eq(weft_nearest("h100", words), words[2]);
}
END_TEST

START_TEST(nothing_is_near)
{
	static const char *const words[] = { "h100", "bw", NULL };
	static const char *const none[] = { NULL };

	ck_assert_ptr_null(weft_nearest("tenstorrent", words));
	ck_assert_ptr_null(weft_nearest("b", words));  /* one mistake is half of two characters */
	ck_assert_ptr_null(weft_nearest("bx", words));
	ck_assert_ptr_null(weft_nearest("h1", words)); /* two mistakes in two characters */
	ck_assert_ptr_null(weft_nearest("", words));
	ck_assert_ptr_null(weft_nearest("h100", none));
	ck_assert_ptr_null(weft_nearest("h100", NULL));
}
END_TEST

START_TEST(the_first_wins_a_tie)
{
	static const char *const words[] = { "abcx", "abcy", NULL };

	ck_assert_str_eq(weft_nearest("abcz", words), "abcx");
}
END_TEST

/* index.h */

START_TEST(index_finds_what_was_added)
{
	struct weft_index index = { 0 };
	int values[200];
	size_t n;

	ck_assert_ptr_null(weft_index_find(&index, "x", &n));
	ck_assert_uint_eq(n, 0);
	weft_index_sort(&index);
	for (int i = 0; i < 200; i++) {
		char name[] = { 'n', (char)('a' + i * 7 % 10), (char)('a' + i * 7 / 10 % 20), '\0' };

		ck_assert_int_eq(weft_index_add(&index, name, &values[i]), 0);
	}
	weft_index_sort(&index);
	ck_assert_ptr_eq(weft_index_find(&index, "naa", NULL)->value, &values[0]);
	ck_assert_ptr_eq(weft_index_find(&index, "NHA", NULL)->value, &values[1]);
	ck_assert_ptr_null(weft_index_find(&index, "n", &n));
	ck_assert_ptr_null(weft_index_find(&index, "naaa", &n));
	ck_assert_ptr_null(weft_index_find(&index, "zzz", &n));
	weft_index_clear(&index);
	ck_assert_uint_eq(index.n, 0);
}
END_TEST

START_TEST(index_keeps_equal_names_in_order)
{
	struct weft_index index = { 0 };
	const struct weft_index_entry *e;
	int a, b, c;
	size_t n;

	weft_index_add(&index, "k100_ai", &a);
	weft_index_add(&index, "b", &b);
	weft_index_add(&index, "K100-AI", &c);
	weft_index_sort(&index);
	e = weft_index_find(&index, "k100-ai", &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_ptr_eq(e[0].value, &a);
	ck_assert_ptr_eq(e[1].value, &c);
	ck_assert_str_eq(e[0].name, "k100-ai");
	weft_index_clear(&index);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nearest");
	TCase *tc = tcase_create("nearest"), *ix = tcase_create("index");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, distances);
	tcase_add_test(tc, long_words_are_near_nothing);
	tcase_add_test(tc, picks_the_nearest);
	tcase_add_test(tc, nothing_is_near);
	tcase_add_test(tc, the_first_wins_a_tie);
	suite_add_tcase(s, tc);
	tcase_add_test(ix, index_finds_what_was_added);
	tcase_add_test(ix, index_keeps_equal_names_in_order);
	suite_add_tcase(s, ix);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
