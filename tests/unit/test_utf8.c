/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_utf8.c - UTF-8 made plain ASCII. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

static const struct {
	const char *text, *want;
} good[] = {
	{ "", "" },
	{ "plain \"text\"\n\t\\u00e9", "plain \"text\"\n\t\\u00e9" },
	{ "\x7f", "\x7f" },
	{ "\xc2\x80", "\\u0080" },
	{ "V \xc3\xbc.", "V \\u00fc." },
	{ "\xdf\xbf", "\\u07ff" },
	{ "\xe0\xa0\x80", "\\u0800" },
	{ "\xe6\x98\x87\xe8\x85\xbe", "\\u6607\\u817e" },
	{ "\xed\x9f\xbf\xee\x80\x80", "\\ud7ff\\ue000" },
	{ "\xef\xbf\xbf", "\\uffff" },
	{ "\xf0\x90\x80\x80", "\\ud800\\udc00" },
	{ "\xf4\x8f\xbf\xbf", "\\udbff\\udfff" },
};

START_TEST(characters_are_escaped)
{
	size_t out_len = 0, bad = 0;
	char *out = weft_utf8_escape(good[_i].text, strlen(good[_i].text), &out_len, &bad);

	ck_assert_ptr_nonnull(out);
	ck_assert_str_eq(out, good[_i].want);
	ck_assert_uint_eq(out_len, strlen(good[_i].want));
	free(out);
}
END_TEST

static const struct {
	const char *text;
	size_t bad;
} wrong[] = {
	{ "\x80", 0 },             /* a continuation byte alone */
	{ "ab\xff", 2 },
	{ "ab\xf8\x88\x80\x80\x80", 2 }, /* five bytes */
	{ "a\xc3", 1 },            /* cut off */
	{ "a\xe6\x98", 1 },
	{ "a\xf0\x90\x80", 1 },
	{ "\xc3(", 0 },            /* what follows is no continuation */
	{ "\xc3\xbc\xe6\x98(", 2 },
	{ "\xc0\x80", 0 },         /* too long a form */
	{ "\xc1\xbf", 0 },
	{ "\xe0\x9f\xbf", 0 },
	{ "\xf0\x8f\xbf\xbf", 0 },
	{ "\xed\xa0\x80", 0 },     /* a surrogate */
	{ "\xed\xbf\xbf", 0 },
	{ "\xf4\x90\x80\x80", 0 }, /* beyond the last character */
	{ "\xf7\xbf\xbf\xbf", 0 },
};

START_TEST(the_first_wrong_byte_is_named)
{
	size_t out_len = 0, bad = 99;

	ck_assert_ptr_null(weft_utf8_escape(wrong[_i].text, strlen(wrong[_i].text), &out_len, &bad));
	ck_assert_uint_eq(bad, wrong[_i].bad);
}
END_TEST

/* The room that is reckoned for the worst mixture is enough; the address sanitizer watches. */
START_TEST(long_texts_fit)
{
	const char *const characters[] = { "\xc3\xbc", "\xe6\x98\x87", "\xf0\x90\x80\x80", "x" };
	char text[4096] = "";
	size_t used = 0, out_len, bad;
	char *out;

	for (size_t i = 0; used + 4 < sizeof(text); i++) {
		size_t n = strlen(characters[i % 3]);

		memcpy(text + used, characters[i % 3], n);
		used += n;
	}
	out = weft_utf8_escape(text, used, &out_len, &bad);
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(out_len, strlen(out));
	free(out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tc = tcase_create("utf8");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, characters_are_escaped, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tc, the_first_wrong_byte_is_named, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tc, long_texts_fit);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
