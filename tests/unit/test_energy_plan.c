/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_energy_plan.c - the spans of a plan: their rules always, their cost against exhaustive search.
 */
#include "core/energy.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0	1740787200 /* 2025-03-01T00:00Z */
#define HOUR	3600
#define MINUTE	60
#define DAYS(n) ((n)*24 * HOUR)

/* "1 2 - 3": a value for each hour from T0 on; "-": not known. */
static struct weft_series *hours(const char *values)
{
	struct weft_err err = WEFT_ERR_INIT;
	char text[32768], *p = text;
	struct weft_series *s;
	time_t when = T0;

	while (*values != '\0') {
		size_t len = strcspn(values, " ");
		struct tm tm;

		gmtime_r(&when, &tm);
		p += strftime(p, 32, "%Y-%m-%dT%H:%MZ,", &tm);
		if (*values != '-')
			p += snprintf(p, 16, "%.*s", (int)len, values);
		*p++ = '\n';
		values += len;
		values += strspn(values, " ");
		when += HOUR;
	}
	*p = '\0';
	s = weft_series_parse("test", text, strlen(text), &err);
	ck_assert_msg(s != NULL, "%s", err.text);
	return s;
}

static struct weft_energy_plan plan_of(const struct weft_series *s, unsigned hour, unsigned end,
				       unsigned runtime, bool interrupt, unsigned min_span, unsigned restart,
				       bool under_way)
{
	struct weft_energy_plan plan;

	weft_energy_plan(&plan, s, T0 + (time_t)hour * HOUR, T0 + (time_t)end * HOUR, runtime, interrupt,
			 min_span, restart, under_way);
	return plan;
}

/* As "2.0-3.5 7.0-8.0", in hours. */
static const char *said(const struct weft_energy_plan *plan)
{
	static char text[2048];
	int n = 0;

	for (unsigned i = 0; i < plan->n; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%.4g-%.4g", i ? " " : "",
			      (double)(plan->spans[i].start - T0) / HOUR,
			      (double)(plan->spans[i].end - T0) / HOUR);
	return text;
}

START_TEST(one_span_where_it_is_least)
{
	struct weft_series *s = hours("9 8 3 2 7 1 8 9");
	struct weft_energy_plan p = plan_of(s, 0, 8, HOUR, false, 0, 0, false);

	ck_assert_str_eq(said(&p), "5-6");
	ck_assert_double_eq_tol(p.mean, 1, 1e-9);
	ck_assert_double_eq_tol(p.mean_now, 9, 1e-9);
	p = plan_of(s, 0, 8, 2 * HOUR, false, 0, 0, false);
	ck_assert_str_eq(said(&p), "2-4");
	p = plan_of(s, 0, 5, HOUR, false, 0, 0, false);
	ck_assert_str_eq(said(&p), "3-4");
	p = plan_of(s, 0, 8, 90 * MINUTE, false, 0, 0, false); /* its end meets a change */
	ck_assert_str_eq(said(&p), "2.5-4");
	p = plan_of(s, 6, 8, HOUR, false, 0, 0, false);
	ck_assert_str_eq(said(&p), "6-7");
	p = plan_of(s, 4, 4 + 3, 2 * HOUR + 1800, false, 0, 0, false);
	ck_assert_str_eq(said(&p), "4-6.5");
	weft_series_destroy(s);
}
END_TEST

START_TEST(a_tie_is_the_earlier_start)
{
	struct weft_series *s = hours("5 3 4 3 3 3 5");
	struct weft_energy_plan p = plan_of(s, 0, 7, HOUR, false, 0, 0, false);

	ck_assert_str_eq(said(&p), "1-2");
	p = plan_of(s, 0, 7, HOUR, true, 0, 0, false);
	ck_assert_str_eq(said(&p), "1-2");
	p = plan_of(s, 0, 7, 2 * HOUR, false, 0, 0, false);
	ck_assert_str_eq(said(&p), "3-5");
	weft_series_destroy(s);
	s = hours("5 5 5 5 5 5");
	p = plan_of(s, 0, 6, HOUR, false, 0, 0, false);
	ck_assert_str_eq(said(&p), "0-1");
	p = plan_of(s, 0, 6, HOUR, true, 0, 0, false);
	ck_assert_str_eq(said(&p), "0-1");
	weft_series_destroy(s);
}
END_TEST

START_TEST(starts_at_once_when_there_is_no_choice)
{
	struct weft_series *s = hours("9 1 - 1 9");
	struct weft_energy_plan p;

	weft_energy_plan(&p, NULL, T0, T0 + 9 * HOUR, HOUR, true, 0, 0, false);
	ck_assert_str_eq(said(&p), "0-1");
	ck_assert(isnan(p.mean) && isnan(p.mean_now));
	p = plan_of(s, 0, 2, 2 * HOUR, true, 0, 0, false); /* no room */
	ck_assert_str_eq(said(&p), "0-2");
	ck_assert_double_eq_tol(p.mean, 5, 1e-9);
	p = plan_of(s, 0, 1, 2 * HOUR, false, 0, 0, false); /* late already */
	ck_assert_str_eq(said(&p), "0-2");
	p = plan_of(s, 1, 0, HOUR, false, 0, 0, false); /* the end is past */
	ck_assert_str_eq(said(&p), "1-2");
	p = plan_of(s, 1, 5, 2 * HOUR, true, 0, 0, false); /* now is not known: waiting may be worse */
	ck_assert_str_eq(said(&p), "1-3");
	ck_assert(isnan(p.mean_now));
	p = plan_of(s, 0, 5, 0, false, 0, 0, false);
	ck_assert_int_eq(p.spans[0].end - p.spans[0].start, 1);
	weft_series_destroy(s);
}
END_TEST

START_TEST(never_runs_where_nothing_is_known)
{
	struct weft_series *s = hours("9 3 - 1 9");
	struct weft_energy_plan p = plan_of(s, 0, 5, HOUR, false, 0, 0, false);

	ck_assert_str_eq(said(&p), "3-4");
	p = plan_of(s, 0, 5, 2 * HOUR, false, 0, 0, false); /* of 9 3 and 1 9 */
	ck_assert_str_eq(said(&p), "3-5");
	p = plan_of(s, 0, 5, 2 * HOUR, true, 0, 0, false);
	ck_assert_str_eq(said(&p), "1-2 3-4");
	weft_series_destroy(s);
}
END_TEST

START_TEST(several_spans)
{
	struct weft_series *s = hours("9 1 9 9 2 9 9 1 9 9");
	struct weft_energy_plan p = plan_of(s, 0, 10, 3 * HOUR, true, 0, 0, false);

	ck_assert_str_eq(said(&p), "1-2 4-5 7-8");
	ck_assert_double_eq_tol(p.mean, 4 / 3.0, 1e-9);
	p = plan_of(s, 0, 10, 2 * HOUR, true, 0, 0, false);
	ck_assert_str_eq(said(&p), "1-2 7-8");
	p = plan_of(s, 0, 10, 2 * HOUR, true, 2 * HOUR, 0, false); /* too short, but the last may be */
	ck_assert_str_eq(said(&p), "0-2");
	p = plan_of(s, 0, 10, 2 * HOUR, true, 0, HOUR, false); /* 1 + 9 + 1 is no less than 9 + 1 */
	ck_assert_str_eq(said(&p), "0-2");
	p = plan_of(s, 0, 10, 2 * HOUR, true, 0, 10 * MINUTE, false); /* two restarts, worked at 2 */
	ck_assert_str_eq(said(&p), "1-2 4-4.333 7-8");
	ck_assert_double_eq_tol(p.mean, (1 + 2 / 3.0 + 1) / (2 + 1 / 3.0), 1e-9);
	weft_series_destroy(s);
}
END_TEST

START_TEST(goes_on_without_a_restart)
{
	struct weft_series *s = hours("5 4 4 1 9");
	struct weft_energy_plan p = plan_of(s, 0, 5, 2 * HOUR, true, HOUR, HOUR, true);

	ck_assert_str_eq(said(&p), "0-2"); /* to pause now costs an hour */
	p = plan_of(s, 0, 5, 2 * HOUR, true, HOUR, 0, true);
	ck_assert_str_eq(said(&p), "2-4");
	p = plan_of(s, 0, 5, 2 * HOUR, false, HOUR, 0, true);
	ck_assert_str_eq(said(&p), "0-2"); /* not interruptible: it runs */
	p = plan_of(s, 3, 5, HOUR, true, HOUR, 0, true);
	ck_assert_str_eq(said(&p), "3-4");
	weft_series_destroy(s);
}
END_TEST

/* ---------------------------------------------------------------- against exhaustive search */

#define SLOTS 10u

static unsigned seed = 12345;

static unsigned random_below(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static void random_hours(char *text, size_t size, double *value)
{
	size_t n = 0;

	for (unsigned i = 0; i < SLOTS; i++) {
		value[i] = random_below(8) == 0 ? -(double)random_below(3) - 0.5 : random_below(20);
		n += (size_t)snprintf(text + n, size - n, "%s%.1f", i ? " " : "", value[i]);
	}
	/* A value below 0 begins with '-', which is "not known" for hours(): made so, and so here. */
	for (unsigned i = 0; i < SLOTS; i++)
		if (value[i] < 0)
			value[i] = INFINITY;
}

/* The least sum over all sets of hours that keep the rules, or INFINITY; hour-grained.  RESTART, MIN in
 * hours. */
static double exhaustive(const double *value, unsigned end, unsigned work, unsigned min, unsigned restart,
			 bool under_way)
{
	double least = INFINITY;

	for (unsigned set = 1; set < 1u << end; set++) {
		unsigned have = 0, spans = 0, length = 0, need;
		bool fine = true;
		double sum = 0;

		for (unsigned i = 0; i < end; i++) {
			if (!(set >> i & 1))
				continue;
			have++;
			sum += value[i];
			if (i == 0 || !(set >> (i - 1) & 1)) {
				spans++;
				length = 0;
			}
			length++;
			/* A span ends here and another follows. */
			if (!(set >> (i + 1) & 1) && set >> (i + 1) &&
			    length < (min > restart ? min : restart + 1) && !(under_way && i + 1 == length))
				fine = false;
		}
		need = work + restart * (spans - 1 + (under_way && !(set & 1)));
		if (fine && have == need && sum < least)
			least = sum;
	}
	return least;
}

static void check_rules(const struct weft_energy_plan *p, time_t now, time_t end, unsigned runtime,
			unsigned min_span, unsigned restart, bool under_way)
{
	time_t have = 0, need = runtime;

	ck_assert_uint_ge(p->n, 1);
	ck_assert_uint_le(p->n, WEFT_ENERGY_MAX_SPANS);
	ck_assert_int_ge(p->spans[0].start, now);
	for (unsigned i = 0; i < p->n; i++) {
		time_t length = p->spans[i].end - p->spans[i].start;
		bool goes_on = under_way && i == 0 && p->spans[0].start == now;

		ck_assert_int_gt(length, 0);
		ck_assert(i + 1 == p->n || goes_on || length >= min_span);
		ck_assert(i == 0 || p->spans[i].start > p->spans[i - 1].end);
		have += length;
		if (i > 0 || (under_way && !goes_on))
			need += restart;
	}
	ck_assert_int_eq(have, need);
	ck_assert(p->spans[p->n - 1].end <= end || p->spans[0].start == now);
}

START_TEST(one_span_is_the_best_there_is)
{
	for (unsigned round = 0; round < 3000; round++) {
		char text[256];
		double value[SLOTS], least = INFINITY;
		unsigned runtime = (1 + random_below(5 * 60)) * MINUTE, now = random_below(120) * MINUTE;
		time_t end = T0 + SLOTS * HOUR - random_below(120) * MINUTE, start = 0;
		struct weft_energy_plan p;
		struct weft_series *s;

		random_hours(text, sizeof(text), value);
		value[0] = 5;
		s = hours(text[0] == '-' ? "5" : text);
		weft_energy_plan(&p, s, T0 + now, end, runtime, false, 0, 0, false);
		check_rules(&p, T0 + now, end, runtime, 0, 0, false);
		for (time_t at = T0 + now; at + runtime <= end; at += MINUTE) {
			double mean = weft_series_mean(s, at, at + runtime);

			if (mean < least - 1e-7) {
				least = mean;
				start = at;
			}
		}
		if (!isnan(p.mean_now)) {
			ck_assert_double_eq_tol(p.mean, least, 1e-6);
			ck_assert_int_eq(p.spans[0].start, start);
		} else {
			ck_assert_int_eq(p.spans[0].start, T0 + now);
		}
		weft_series_destroy(s);
	}
}
END_TEST

START_TEST(several_are_no_dearer_than_any_set_of_hours)
{
	unsigned split = 0;

	for (unsigned round = 0; round < 2000; round++) {
		char text[256];
		double value[SLOTS], least, sum;
		unsigned work = 1 + random_below(5), min = random_below(4), restart = random_below(3);
		unsigned end = 4 + random_below(SLOTS - 3);
		bool under_way = random_below(2);
		struct weft_energy_plan p;
		struct weft_series *s;

		random_hours(text, sizeof(text), value);
		s = hours(text);
		p = plan_of(s, 0, end, work * HOUR, true, min * HOUR, restart * HOUR, under_way);
		check_rules(&p, T0, T0 + (time_t)end * HOUR, work * HOUR, min * HOUR, restart * HOUR,
			    under_way);
		if (!isnan(p.mean_now) && work < end) {
			sum = 0;
			for (unsigned i = 0; i < p.n; i++)
				sum += weft_series_mean(s, p.spans[i].start, p.spans[i].end) *
				       (double)(p.spans[i].end - p.spans[i].start) / HOUR;
			least = exhaustive(value, end, work, min, restart, under_way);
			ck_assert_msg(sum <= least + 1e-6,
				      "%s: %u h of %u, min %u, restart %u%s: %g in \"%s\", %g is best", text,
				      work, end, min, restart, under_way ? ", under way" : "", sum, said(&p),
				      least);
			split += p.n > 1;
		}
		weft_series_destroy(s);
	}
	ck_assert_uint_gt(split, 200);
}
END_TEST

/* Nothing on whole hours, windows of any length: the rules hold, and several spans are never dearer than one.
 */
START_TEST(the_rules_hold_for_any_numbers)
{
	unsigned split = 0;

	for (unsigned round = 0; round < 3000; round++) {
		char text[1024];
		size_t n = 0;
		struct weft_series *s;
		struct weft_energy_plan p, one;
		time_t now, end;
		unsigned runtime, min_span = random_below(3 * HOUR), restart = random_below(HOUR);
		bool under_way = random_below(2);

		for (unsigned i = 0; i < 72; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u", i ? " " : "",
					      50 + random_below(400));
		s = hours(text);
		now = T0 + random_below(DAYS(1));
		runtime = 1 + random_below(30 * HOUR);
		end = now + runtime + random_below(round % 50 ? DAYS(2) : WEFT_ENERGY_MAX_WITHIN - 30 * HOUR);
		weft_energy_plan(&p, s, now, end, runtime, true, min_span, restart, under_way);
		check_rules(&p, now, end, runtime, min_span, restart, under_way);
		weft_energy_plan(&one, s, now, end, runtime, false, min_span, restart, false);
		check_rules(&one, now, end, runtime, min_span, restart, false);
		if (!under_way)
			ck_assert(p.mean * (double)(runtime + restart * (p.n - 1)) <=
				  one.mean * runtime * (1 + 1e-9));
		split += p.n > 1;
		weft_series_destroy(s);
	}
	ck_assert_uint_gt(split, 200);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("energy_plan");
	TCase *tc = tcase_create("energy_plan");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, one_span_where_it_is_least);
	tcase_add_test(tc, a_tie_is_the_earlier_start);
	tcase_add_test(tc, starts_at_once_when_there_is_no_choice);
	tcase_add_test(tc, never_runs_where_nothing_is_known);
	tcase_add_test(tc, several_spans);
	tcase_add_test(tc, goes_on_without_a_restart);
	tcase_add_test(tc, one_span_is_the_best_there_is);
	tcase_add_test(tc, several_are_no_dearer_than_any_set_of_hours);
	tcase_add_test(tc, the_rules_hold_for_any_numbers);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
