/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_series.c - both formats, what is refused, means, and what is taken where nothing is known.
 */
#include "core/series.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define T0	      1740787200 /* 2025-03-01T00:00Z */
#define HOUR	      3600
#define DAY	      86400

static struct weft_series *parse(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_series *s = weft_series_parse("grid.csv", text, strlen(text), &err);

	ck_assert_msg(s != NULL, "%s", err.text);
	ck_assert_str_eq(err.text, "");
	return s;
}

/* HOURS values from T0 on, value(i) each; NAN is written as nothing. */
static struct weft_series *hourly(unsigned hours, double (*value)(unsigned i))
{
	char *text = malloc(hours * 64), *p = text;
	struct weft_series *s;

	for (unsigned i = 0; i < hours; i++) {
		time_t when = T0 + (time_t)i * HOUR;
		struct tm tm;

		gmtime_r(&when, &tm);
		p += strftime(p, 32, "%Y-%m-%dT%H:%MZ,", &tm);
		if (!isnan(value(i)))
			p += snprintf(p, 32, "%.17g", value(i));
		*p++ = '\n';
	}
	*p = '\0';
	s = parse(text);
	free(text);
	return s;
}

static const char *const same[] = {
	"2025-03-01T00:00Z,10\n2025-03-01T01:00Z,20\n2025-03-01T03:00Z,-5.5\n",
	"time,value\n2025-03-01T00:00Z,10\n2025-03-01T01:00Z,20\n2025-03-01T03:00Z,-5.5",
	"# prices\r\n\r\nutc , ct per kWh\r\n2025-03-01 08:00:00+08:00 , 10 \r\n 2025-03-01T01:00Z,+20\r\n"
	"2025-03-01T03:00Z,-5.5e0\r\n",
	"[{\"time\":\"2025-03-01T00:00Z\",\"value\":10},{\"value\":2e1,\"time\":\"2025-03-01T01:00Z\"},\n"
	"{\"time\":\"2025-03-01T03:00Z\",\"value\":-5.5}]",
};

START_TEST(reads_both_formats)
{
	struct weft_series *s = parse(same[_i]);

	ck_assert(isnan(weft_series_at(s, T0 - 1)));
	ck_assert_double_eq(weft_series_at(s, T0), 10);
	ck_assert_double_eq(weft_series_at(s, T0 + HOUR - 1), 10);
	ck_assert_double_eq(weft_series_at(s, T0 + HOUR), 20);
	ck_assert_double_eq(weft_series_at(s, T0 + 3 * HOUR - 1), 20);
	ck_assert_double_eq(weft_series_at(s, T0 + 3 * HOUR), -5.5);
	ck_assert_int_eq(weft_series_last(s), T0 + 5 * HOUR); /* as long as the one before */
	ck_assert_double_eq_tol(weft_series_mean(s, T0, T0 + 5 * HOUR), (10 + 40 - 11) / 5.0, 1e-9);
	ck_assert_double_eq_tol(weft_series_mean(s, T0 + HOUR / 2, T0 + 3 * HOUR / 2), 15, 1e-9);
	ck_assert(isnan(weft_series_mean(s, T0 - 1, T0 + 1)));
	ck_assert(isnan(weft_series_mean(s, T0, T0)));
	ck_assert_int_eq(weft_series_next(s, T0 - 99), T0);
	ck_assert_int_eq(weft_series_next(s, T0), T0 + HOUR);
	ck_assert_int_eq(weft_series_next(s, T0 + HOUR), T0 + 3 * HOUR);
	weft_series_destroy(s);
}
END_TEST

static const struct {
	const char *text, *want;
} refused[] = {
	{ "", "grid.csv: there is no value in it" },
	{ "time,value\n", "grid.csv: there is no value in it" },
	{ "2025-03-01T00:00Z,\n", "grid.csv: there is no value in it" },
	{ "[]", "grid.csv: there is no value in it" },
	{ "[{\"time\":\"2025-03-01T00:00Z\",\"value\":null}]", "grid.csv: there is no value in it" },
	{ "2025-03-01T00:00Z\n", "grid.csv:1: a line must be time,value" },
	{ "2025-03-01T00:00Z,1,2\n", "grid.csv:1: a line must be time,value" },
	{ "time,value\ntime,value\n", "grid.csv:2: \"value\" is not a number" },
	{ "time,value\nnow,1\n", "grid.csv:2: \"now\" is not a time such as 2025-03-01T08:00Z" },
	{ "2025-02-29T00:00Z,1\n",
	  "grid.csv:1: \"2025-02-29T00:00Z\" is not a time such as 2025-03-01T08:00Z" },
	{ "2025-03-01T00:00Z,1\n2025-03-01T01:00Z,n/a\n", "grid.csv:2: \"n/a\" is not a number" },
	{ "2025-03-01T00:00Z,-\n", "grid.csv:1: \"-\" is not a number" },
	{ "2025-03-01T00:00Z,1;5\n", "grid.csv:1: \"1;5\" is not a number" },
	{ "2025-03-01T00:00Z,nan\n", "grid.csv:1: \"nan\" is not a number" },
	{ "2025-03-01T00:00Z,00000000000000000000000000000000000000000000000000000000000000001\n",
	  "grid.csv:1: \"00000000000000000000000000000000000000000000...\" is too long for a number" },
	{ "2025-03-01T00:00Z,2e12\n", "grid.csv:1: the value is beyond 1e12" },
	{ "2025-03-01T00:00Z,-1e999\n", "grid.csv:1: the value is beyond 1e12" },
	{ "\n2025-03-01T00:00Z,1\n2025-03-01T00:00Z,2\n",
	  "grid.csv:3: the time is not after the one before it" },
	{ "2025-03-01T00:00Z,1\n2025-03-01T00:30+01:00,2\n",
	  "grid.csv:2: the time is not after the one before it" },
	{ "2025-03-01T00:00Z,1\n2045-03-01T00:00Z,1\n",
	  "grid.csv:2: the time is more than ten years after the first one" },
	{ "{\"time\":1}", "grid.csv: must be a list, not an object" },
	{ "[1]", "grid.csv: entry 1: must be an object, not a number" },
	{ "[\n{\"time\":\"2025-03-01T00:00Z\",\"value\":1},\n", "grid.csv:3: the text ends too early" },
	{ "[\n{\"time\":]", "grid.csv:2: not JSON: unexpected character" },
	{ "[{\"time\":\"2025-03-01T00:00Z\",\"vlaue\":1}]",
	  "grid.csv: entry 1: unknown key \"vlaue\"; did you mean value?" },
	{ "[{\"zone\":1}]", "grid.csv: entry 1: unknown key \"zone\"" },
	{ "[{\"value\":1}]", "grid.csv: entry 1: time: must be a string such as \"2025-03-01T08:00Z\"" },
	{ "[{\"time\":3,\"value\":1}]",
	  "grid.csv: entry 1: time: must be a string such as \"2025-03-01T08:00Z\"" },
	{ "[{\"time\":\"2025-03-01T00:00Z\"}]", "grid.csv: entry 1: value: missing" },
	{ "[{\"time\":\"2025-03-01T00:00Z\",\"value\":\"1\"}]",
	  "grid.csv: entry 1: value: must be a number or null, not a string" },
	{ "[{\"time\":\"2025-03-01T00:00Z\",\"value\":1},{\"time\":\"soon\",\"value\":1}]",
	  "grid.csv: entry 2: \"soon\" is not a time such as 2025-03-01T08:00Z" },
};

START_TEST(refuses_to_the_letter)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_series *s =
		weft_series_parse("grid.csv", refused[_i].text, strlen(refused[_i].text), &err);

	ck_assert_ptr_null(s);
	ck_assert_str_eq(err.text, refused[_i].want);
}
END_TEST

START_TEST(refuses_too_much)
{
	struct weft_err err = WEFT_ERR_INIT;
	size_t len = WEFT_SERIES_MAX_BYTES + 1;
	char *text = malloc(len), *p = text, *line;

	memset(text, ' ', len);
	ck_assert_ptr_null(weft_series_parse("grid.csv", text, len, &err));
	ck_assert_str_eq(err.text, "grid.csv: the file has 8388609 bytes; at most 8388608 are allowed");
	for (unsigned i = 0; i <= WEFT_SERIES_MAX_POINTS; i++) {
		time_t when = T0 + (time_t)i * 60;
		struct tm tm;

		gmtime_r(&when, &tm);
		line = p;
		p += strftime(p, 32, "%Y-%m-%dT%H:%MZ,1\n", &tm);
	}
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_series_parse("grid.csv", text, (size_t)(p - text), &err));
	ck_assert_str_eq(err.text, "grid.csv:200001: more than 200000 values");
	err.text[0] = '\0';
	weft_series_destroy(weft_series_parse("grid.csv", text, (size_t)(line - text), &err));
	ck_assert_str_eq(err.text, "");
	free(text);
}
END_TEST

START_TEST(loads_a_file)
{
	struct weft_err err = WEFT_ERR_INIT;
	char path[] = "/tmp/weft-series.XXXXXX", want[128];
	int fd = mkstemp(path);
	struct weft_series *s;

	ck_assert_int_eq(write(fd, same[0], strlen(same[0])), (ssize_t)strlen(same[0]));
	close(fd);
	s = weft_series_load(path, &err);
	ck_assert_ptr_nonnull(s);
	ck_assert_double_eq(weft_series_at(s, T0), 10);
	weft_series_destroy(s);
	unlink(path);
	ck_assert_ptr_null(weft_series_load(path, &err));
	snprintf(want, sizeof(want), "%s: No such file or directory", path);
	ck_assert_str_eq(err.text, want);
	weft_series_destroy(NULL);
}
END_TEST

START_TEST(the_last_value_holds)
{
	struct weft_series *s = parse("2025-03-01T00:00Z,7\n"); /* an hour */

	ck_assert_int_eq(weft_series_last(s), T0 + HOUR);
	weft_series_destroy(s);
	s = parse("2024-03-01T00:00Z,7\n2025-03-01T00:00Z,7\n"); /* a day at most */
	ck_assert_int_eq(weft_series_last(s), T0 + DAY);
	weft_series_destroy(s);
	s = parse("2025-02-28T00:00Z,7\n2025-03-01T00:00Z,8\n2025-03-01T09:00Z,\n"); /* until the blank one */
	ck_assert_int_eq(weft_series_last(s), T0 + 9 * HOUR);
	weft_series_destroy(s);
}
END_TEST

static double by_hour(unsigned i)
{
	return 100 + i % 24;
}

/* The same every day: persistence is exact, on any day, and means and changes too. */
START_TEST(repeats_the_day)
{
	struct weft_series *s = hourly(24, by_hour);

	for (unsigned i = 0; i < 24 * 100; i++) {
		time_t at = T0 + (time_t)i * HOUR;

		ck_assert_double_eq_tol(weft_series_at(s, at + 1234), 100 + i % 24, 1e-9);
		ck_assert_double_eq_tol(weft_series_mean(s, at, at + DAY), 111.5, 1e-6);
		ck_assert_double_eq_tol(weft_series_mean(s, at + HOUR / 2, at + HOUR), 100 + i % 24, 1e-6);
		ck_assert_int_eq(weft_series_next(s, at), at + HOUR);
		ck_assert_int_eq(weft_series_next(s, at + 1), at + HOUR);
	}
	ck_assert_double_eq_tol(weft_series_mean(s, T0, T0 + 90 * DAY), 111.5, 1e-6);
	ck_assert_double_eq_tol(weft_series_mean(s, T0 + 60 * DAY, T0 + 90 * DAY), 111.5, 1e-6);
	weft_series_destroy(s);
}
END_TEST

START_TEST(knows_nothing_of_hours_it_never_saw)
{
	struct weft_series *s = hourly(6, by_hour); /* 0 to 5 o'clock */

	ck_assert(isnan(weft_series_at(s, T0 + 6 * HOUR)));
	ck_assert(isnan(weft_series_at(s, T0 + 23 * HOUR)));
	ck_assert_double_eq_tol(weft_series_at(s, T0 + 24 * HOUR), 100, 1e-9);
	ck_assert_double_eq_tol(weft_series_at(s, T0 + 29 * HOUR), 105, 1e-9);
	ck_assert(isnan(weft_series_at(s, T0 + 30 * HOUR)));
	ck_assert(isnan(weft_series_at(s, T0 + 30 * DAY + 7 * HOUR)));
	ck_assert_double_eq_tol(weft_series_at(s, T0 + 30 * DAY), 100, 1e-9);
	ck_assert(isnan(weft_series_mean(s, T0, T0 + 7 * HOUR)));
	ck_assert(isnan(weft_series_mean(s, T0 + 30 * DAY, T0 + 40 * DAY)));
	ck_assert_double_eq_tol(weft_series_mean(s, T0 + 30 * DAY, T0 + 30 * DAY + HOUR), 100, 1e-9);
	weft_series_destroy(s);
}
END_TEST

/* Day i is 10 i above by_hour(): the last 14 have a mean of 10 x 12.5, and the level at the end is half of
 * that above. */
static double rising(unsigned i)
{
	return by_hour(i) + 10 * (i / 24);
}

START_TEST(takes_the_mean_of_days_and_the_level)
{
	struct weft_series *s = hourly(20 * 24, rising); /* days 0 to 19; of them 6 to 19 count */
	time_t end = T0 + 20 * DAY;
	double above = 190 - (50 + 180) / 2.0; /* 23:00 of day 19, over that of days 5 to 18 */

	for (unsigned i = 0; i < 7 * 24; i++) {
		double want = by_hour(i) + (60 + 190) / 2.0 + above * pow(0.95, i + 1);
		double most = by_hour(23) + 190;

		ck_assert_double_eq_tol(weft_series_at(s, end + (time_t)i * HOUR), fmin(want, most), 1e-6);
	}
	ck_assert_double_eq_tol(weft_series_at(s, end + 9 * DAY), weft_series_at(s, end + 6 * DAY), 1e-9);
	weft_series_destroy(s);
}
END_TEST

static double spike(unsigned i)
{
	return i == 71 ? 1000 : i == 30 ? 50 : by_hour(i);
}

/* A guess stays between the least and the largest value that there was. */
START_TEST(stays_within_what_was)
{
	struct weft_series *s = hourly(72, spike);

	for (unsigned i = 72; i < 300; i++) {
		double v = weft_series_at(s, T0 + (time_t)i * HOUR);

		ck_assert(v >= 50 && v <= 1000);
	}
	weft_series_destroy(s);
}
END_TEST

static double with_gap(unsigned i)
{
	return i >= 30 && i < 33 ? NAN : by_hour(i);
}

START_TEST(fills_a_gap_from_the_days_before)
{
	struct weft_series *s = hourly(72, with_gap);

	for (unsigned i = 0; i < 72; i++)
		ck_assert_double_eq_tol(weft_series_at(s, T0 + (time_t)i * HOUR), by_hour(i), 1e-9);
	ck_assert_int_eq(weft_series_next(s, T0 + 30 * HOUR), T0 + 31 * HOUR);
	weft_series_destroy(s);
}
END_TEST

static double early_gap(unsigned i)
{
	return i == 5 ? NAN : by_hour(i);
}

START_TEST(leaves_a_gap_that_nothing_can_fill)
{
	struct weft_series *s = hourly(48, early_gap);

	ck_assert(isnan(weft_series_at(s, T0 + 5 * HOUR)));
	ck_assert(isnan(weft_series_mean(s, T0, T0 + DAY)));
	ck_assert_double_eq_tol(weft_series_at(s, T0 + 48 * HOUR + 5 * HOUR), 105,
				1e-9); /* of the day that has one */
	weft_series_destroy(s);
}
END_TEST

/* A gap of 30 days: a week is filled. */
START_TEST(fills_a_week_at_most)
{
	struct weft_series *s = parse("2025-02-28T00:00Z,7\n2025-03-01T00:00Z,\n2025-03-31T00:00Z,9\n"
				      "2025-03-31T01:00Z,9\n");

	ck_assert_double_eq_tol(weft_series_at(s, T0 + 7 * DAY - 1), 7, 1e-9);
	ck_assert(isnan(weft_series_at(s, T0 + 7 * DAY)));
	ck_assert_double_eq_tol(weft_series_at(s, T0 + 30 * DAY), 9, 1e-9);
	weft_series_destroy(s);
}
END_TEST

/* Changes every half an hour are not blurred. */
START_TEST(keeps_the_step_of_the_file)
{
	struct weft_series *s = parse("2025-02-28T00:00Z,1\n2025-02-28T10:30Z,2\n2025-02-28T11:00Z,3\n"
				      "2025-03-01T00:00Z,\n");

	ck_assert_double_eq(weft_series_at(s, T0 + 10 * HOUR + 1799), 1);
	ck_assert_double_eq(weft_series_at(s, T0 + 10 * HOUR + 1800), 2);
	ck_assert_double_eq(weft_series_at(s, T0 + 10 * HOUR + 3599), 2);
	ck_assert_double_eq(weft_series_at(s, T0 + 11 * HOUR), 3);
	weft_series_destroy(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("series");
	TCase *tc = tcase_create("series");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, reads_both_formats, 0, LENGTH(same));
	tcase_add_loop_test(tc, refuses_to_the_letter, 0, LENGTH(refused));
	tcase_add_test(tc, refuses_too_much);
	tcase_add_test(tc, loads_a_file);
	tcase_add_test(tc, the_last_value_holds);
	tcase_add_test(tc, repeats_the_day);
	tcase_add_test(tc, knows_nothing_of_hours_it_never_saw);
	tcase_add_test(tc, takes_the_mean_of_days_and_the_level);
	tcase_add_test(tc, stays_within_what_was);
	tcase_add_test(tc, fills_a_gap_from_the_days_before);
	tcase_add_test(tc, leaves_a_gap_that_nothing_can_fill);
	tcase_add_test(tc, fills_a_week_at_most);
	tcase_add_test(tc, keeps_the_step_of_the_file);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
