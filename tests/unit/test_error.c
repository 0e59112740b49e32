/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

START_TEST(formats_and_returns_minus_one)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_int_eq(weft_err(&err, "%s:%d: %s", "weft.conf", 12, "unknown key"), -1);
	ck_assert_str_eq(err.text, "weft.conf:12: unknown key");
}
END_TEST

START_TEST(first_error_wins)
{
	struct weft_err err = WEFT_ERR_INIT;

	weft_err(&err, "first");
	ck_assert_int_eq(weft_err(&err, "second"), -1);
	ck_assert_str_eq(err.text, "first");
}
END_TEST

START_TEST(null_means_do_not_tell)
{
	ck_assert_int_eq(weft_err(NULL, "%s", "lost"), -1);
}
END_TEST

START_TEST(control_characters_are_replaced)
{
	struct weft_err err = WEFT_ERR_INIT;

	weft_err(&err, "a\tb %s", "\x1b[31mred\nline\r\x7f" "grün");
	ck_assert_str_eq(err.text, "a?b ?[31mred?line??grün");
}
END_TEST

START_TEST(long_text_is_cut)
{
	struct weft_err err = WEFT_ERR_INIT;
	char text[WEFT_ERR_SIZE * 2];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(weft_err(&err, "%s", text), -1);
	ck_assert_uint_eq(strlen(err.text), WEFT_ERR_SIZE - 1);
}
END_TEST

/* Where the cut falls into a character, the whole character goes; where it falls between two, none does. */
START_TEST(a_cut_leaves_whole_characters)
{
	static const char *const chars[] = { "x", "ü", "€", "𝄞" };

	for (size_t i = 0; i < sizeof(chars) / sizeof(chars[0]); i++) {
		size_t size = strlen(chars[i]);

		for (size_t before = 0; before < size; before++) {
			struct weft_err err = WEFT_ERR_INIT;
			char text[WEFT_ERR_SIZE * 2] = "";
			size_t len = before;

			memset(text, 'a', before);
			while (len + size < sizeof(text)) {
				memcpy(text + len, chars[i], size);
				len += size;
			}
			text[len] = '\0';
			weft_err(&err, "%s", text);
			ck_assert_uint_eq(strlen(err.text), WEFT_ERR_SIZE - 1 - (WEFT_ERR_SIZE - 1 - before) % size);
			ck_assert(strncmp(err.text, text, strlen(err.text)) == 0);
		}
	}
}
END_TEST

START_TEST(a_cut_in_stray_bytes_is_harmless)
{
	struct weft_err err = WEFT_ERR_INIT;
	char text[WEFT_ERR_SIZE * 2];

	memset(text, 0x80, sizeof(text) - 1); /* continuation bytes that continue nothing */
	text[sizeof(text) - 1] = '\0';
	weft_err(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.text), WEFT_ERR_SIZE - 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("error");
	TCase *tc = tcase_create("error");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, formats_and_returns_minus_one);
	tcase_add_test(tc, first_error_wins);
	tcase_add_test(tc, null_means_do_not_tell);
	tcase_add_test(tc, control_characters_are_replaced);
	tcase_add_test(tc, long_text_is_cut);
	tcase_add_test(tc, a_cut_leaves_whole_characters);
	tcase_add_test(tc, a_cut_in_stray_bytes_is_harmless);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
