/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_when.c - moments and lengths of time.
 */
#include "core/when.h"

#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const struct {
	const char *text;
	time_t want;
} moments[] = {
	{ "1970-01-01T00:00Z", 0 },
	{ "2025-03-01T08:00:00Z", 1740816000 },
	{ "2025-03-01 08:00z", 1740816000 },
	{ "2025-03-01T08:00:30.25Z", 1740816030 },
	{ "2025-03-01T08:00+08:00", 1740816000 - 8 * 3600 },
	{ "2025-03-01T08:00+0530", 1740816000 - 19800 },
	{ "2025-03-01T08:00-05", 1740816000 + 5 * 3600 },
	{ "2024-02-29T00:00Z", 1709164800 },
	{ "2025-03-01T08:00", 1740816000 - 8 * 3600 }, /* local: Shanghai, see main() */
};

START_TEST(reads_moments)
{
	time_t when = -1;

	ck_assert_int_eq(weft_when_parse(moments[_i].text, strlen(moments[_i].text), &when), 0);
	ck_assert_int_eq(when, moments[_i].want);
}
END_TEST

static const char *const no_moments[] = {
	"",
	"2025",
	"2025-03-01",
	"2025-03-01T08",
	"2025-03-01T08:00:",
	"2025-03-01T08:00:00.",
	"2025-03-01T08:00:00.Z",
	"2025-02-29T00:00Z",
	"2025-13-01T00:00Z",
	"2025-00-01T00:00Z",
	"2025-03-00T00:00Z",
	"2025-03-01T24:00Z",
	"2025-03-01T00:60Z",
	"2025-03-01T08:00+15:00",
	"2025-03-01T08:00+8",
	"2025-03-01T08:00+08:",
	"2025-03-01T08:00ZZ",
	"2025-03-01T08:00 Z",
	"1969-12-31T00:00Z",
	"2200-01-01T00:00Z",
	" 2025-03-01T08:00Z",
	"25-03-01T08:00Z",
};

START_TEST(refuses_what_is_no_moment)
{
	time_t when = 7;

	ck_assert_int_eq(weft_when_parse(no_moments[_i], strlen(no_moments[_i]), &when), -1);
	ck_assert_int_eq(when, 7);
}
END_TEST

START_TEST(writes_what_it_reads)
{
	char text[WEFT_WHEN_SIZE];
	time_t when;

	for (time_t t = 0; t < 4000000000; t += 98765432) {
		weft_when_text(t, text);
		ck_assert_int_eq(weft_when_parse(text, strlen(text), &when), 0);
		ck_assert_int_eq(when, t);
	}
	ck_assert_str_eq(weft_when_text(1740816000, text), "2025-03-01T08:00:00Z");
}
END_TEST

static const struct {
	const char *text;
	unsigned want;
} lengths[] = {
	{ "5", 300 },
	{ "0", 0 },
	{ "90:30", 5430 },
	{ "12:00:00", 43200 },
	{ "1-12", 129600 },
	{ "1-12:30", 131400 },
	{ "1-12:00:01", 129601 },
	{ "2d", 172800 },
	{ "12h", 43200 },
	{ "12H", 43200 },
	{ "90m", 5400 },
	{ "45s", 45 },
	{ "99999999999999999999d", UINT_MAX },
	{ "4294967295-0", UINT_MAX },
};

START_TEST(reads_lengths)
{
	unsigned s = 7;

	ck_assert_int_eq(weft_length_parse(lengths[_i].text, strlen(lengths[_i].text), &s), 0);
	ck_assert_uint_eq(s, lengths[_i].want);
}
END_TEST

static const char *const no_lengths[] = { "",	     "h",  "-1",   "12x",	"12hh", "1h30m",
					  "1:2:3:4", "1-", "1-2:", "1-2:3:4:5", ":30",	"12:",
					  "1.5h",    " 5", "5 ",   "1-2h" };

START_TEST(refuses_what_is_no_length)
{
	unsigned s = 7;

	ck_assert_int_eq(weft_length_parse(no_lengths[_i], strlen(no_lengths[_i]), &s), -1);
	ck_assert_uint_eq(s, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("when");
	TCase *tc = tcase_create("when");
	SRunner *runner;
	int failed;

	setenv("TZ", "CST-8", 1);
	tcase_add_loop_test(tc, reads_moments, 0, LENGTH(moments));
	tcase_add_loop_test(tc, refuses_what_is_no_moment, 0, LENGTH(no_moments));
	tcase_add_test(tc, writes_what_it_reads);
	tcase_add_loop_test(tc, reads_lengths, 0, LENGTH(lengths));
	tcase_add_loop_test(tc, refuses_what_is_no_length, 0, LENGTH(no_lengths));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
