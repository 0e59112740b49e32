/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_caps.c - caps over time: the schedule of weft.conf, also when clocks change, and the signal file with
 * every message to the letter.
 */
#include "core/caps.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define HOUR	  3600
#define DAY	  (24 * HOUR)
#define BERLIN	  "CET-1CEST,M3.5.0,M10.5.0/3"

static void at_place(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static struct weft_conf *conf_of(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = weft_conf_parse("weft.conf", text, strlen(text), &err);

	ck_assert_msg(conf != NULL, "%s\n%s", text, err.text);
	return conf;
}

static struct weft_signal *signal_of(const struct weft_conf *conf, const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_signal *signal = weft_signal_parse("caps.csv", text, strlen(text), conf, &err);

	ck_assert_msg(signal != NULL, "%s\n%s", text, err.text);
	ck_assert_str_eq(err.text, "");
	return signal;
}

static time_t utc(int year, int month, int day, int hour, int minute)
{
	struct tm tm = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute
	};

	return timegm(&tm);
}

/* The steps as "0=none 30=400000 ...", each with its minutes after NOW. */
static const char *steps(const struct weft_cap *cap, time_t now)
{
	static char text[4096];
	size_t len = 0;

	for (unsigned i = 0; i < cap->n; i++) {
		ck_assert_int_eq((cap->steps[i].from - now) % 60, 0);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%ld=", i ? " " : "",
					(long)(cap->steps[i].from - now) / 60);
		if (cap->steps[i].watts == WEFT_NO_CAP)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "none");
		else
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%lld",
						(long long)cap->steps[i].watts);
	}
	return text;
}

static void check_steps(const char *conf_text, const char *signal_text, time_t now, time_t horizon,
			unsigned zone, const char *want)
{
	struct weft_conf *conf = conf_of(conf_text);
	struct weft_signal *signal = signal_text ? signal_of(conf, signal_text) : NULL;
	struct weft_cap *caps;
	unsigned n;

	ck_assert_int_eq(weft_caps_make(&caps, &n, conf, signal, now, horizon), 0);
	ck_assert_uint_eq(n, conf->n_zones + 1);
	ck_assert_str_eq(steps(&caps[zone], now), want);
	weft_caps_destroy(caps, n);
	weft_signal_destroy(signal);
	weft_conf_destroy(conf);
}

/* ---------------------------------------------------------------- the schedule */

START_TEST(no_caps)
{
	struct weft_conf *conf = conf_of("");
	struct weft_cap *caps;
	unsigned n;

	ck_assert_int_eq(weft_caps_make(&caps, &n, conf, NULL, 1000, 7 * DAY), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(caps[0].n, 1);
	ck_assert_int_eq(caps[0].steps[0].from, 1000);
	ck_assert_int_eq(caps[0].steps[0].watts, WEFT_NO_CAP);
	weft_caps_destroy(caps, n);
	weft_caps_destroy(NULL, 0);
	weft_conf_destroy(conf);
}
END_TEST

/* 2025-03-05 was a Wednesday. */
START_TEST(by_day_and_hour)
{
	const char *conf = "PowerZone=a Nodes=a\nPowerZone=b Nodes=b\n"
			   "PowerCap=b Watts=900\n"
			   "PowerCap=cluster Watts=500 Days=Mon-Fri Hours=08:00-20:00\n"
			   "PowerCap=b Watts=300 Days=Wed Hours=12:00-13:30\n"
			   "PowerCap=b Watts=700 Hours=13:00-14:00\n"
			   "PowerCap=b Watts=none Hours=14:00-15:00\n";
	time_t now = utc(2025, 3, 5, 10, 0);

	at_place("UTC0");
	check_steps(conf, NULL, now, 3 * DAY, 0,
		    "0=500 600=none 1320=500 2040=none 2760=500 3480=none 4320=500");
	check_steps(conf, NULL, now, 3 * DAY, 1, "0=none");
	check_steps(conf, NULL, now, DAY, 2, "0=900 120=300 210=700 240=900 1440=300");
	check_steps(conf, NULL, utc(2025, 3, 8, 0, 0), DAY, 0, "0=none 1440=500"); /* a Saturday */
	check_steps(conf, NULL, now, 0, 2, "0=300");
	check_steps(conf, NULL, now, -5, 2, "0=300");
}
END_TEST

START_TEST(over_midnight)
{
	const char *conf = "PowerCap=cluster Watts=100 Days=Fri Hours=22:00-06:00\n";

	at_place("UTC0");
	check_steps(conf, NULL, utc(2025, 3, 7, 12, 0), 3 * DAY, 0, "0=none 600=100 1080=none 4320=100");
	check_steps(conf, NULL, utc(2025, 3, 8, 3, 0), DAY, 0, "0=100 180=none 1440=100");
	check_steps(conf, NULL, utc(2025, 3, 7, 3, 0), HOUR, 0,
		    "0=none 60=100"); /* Thursday's night is free */
	/* from Saturday into Sunday, over the end of the week */
	check_steps("PowerCap=cluster Watts=7 Days=Sat Hours=23:00-1:00", NULL, utc(2025, 3, 9, 0, 30), DAY,
		    0, "0=7 30=none 1440=7");
}
END_TEST

START_TEST(elsewhere)
{
	at_place("CST-8");
	check_steps("PowerCap=cluster Watts=100 Days=Thu Hours=08:00-09:00", NULL, utc(2025, 3, 5, 12, 0),
		    DAY, 0, "0=none 720=100 780=none 1440=100");
	at_place("PST8");
	check_steps("PowerCap=cluster Watts=100 Days=Tue Hours=20:00-24:00", NULL, utc(2025, 3, 5, 0, 0), DAY,
		    0, "0=none 240=100 480=none 1440=100");
}
END_TEST

/* In Berlin clocks jumped from 2:00 to 3:00 at 2025-03-30T01:00Z, and back from 3:00 to 2:00 at
 * 2025-10-26T01:00Z. */
START_TEST(when_clocks_change)
{
	const char *day = "PowerCap=cluster Watts=100 Hours=08:00-20:00";
	const char *gap = "PowerCap=cluster Watts=100 Hours=02:30-05:00";
	const char *in_gap = "PowerCap=cluster Watts=100 Hours=02:10-02:40";

	at_place(BERLIN);
	check_steps(day, NULL, utc(2025, 3, 29, 12, 0), 2 * DAY, 0,
		    "0=100 420=none 1080=100 1800=none 2520=100"); /* 20:00 to 8:00: 11 h */
	check_steps(day, NULL, utc(2025, 10, 25, 12, 0), 2 * DAY, 0,
		    "0=100 360=none 1140=100 1860=none 2580=100"); /* 13 h */
	check_steps(gap, NULL, utc(2025, 3, 30, 0, 0), 6 * HOUR, 0, "0=none 60=100 180=none 360=100");
	check_steps(in_gap, NULL, utc(2025, 3, 30, 0, 0), 6 * HOUR, 0, "0=none 360=100");
	check_steps(gap, NULL, utc(2025, 10, 26, 0, 0), 6 * HOUR, 0,
		    "0=none 30=100 60=none 90=100 240=none 360=100");
}
END_TEST

/* ---------------------------------------------------------------- the signal */

START_TEST(a_signal_goes_before_the_schedule)
{
	const char *conf =
		"PowerZone=a Nodes=a\nPowerCap=cluster Watts=500 Hours=08:00-20:00\nPowerCap=a Watts=50\n";
	const char *csv = "time,zone,watts\n"
			  "2025-03-05T12:00Z,cluster,1k # not a comment here\n";
	time_t now = utc(2025, 3, 5, 10, 0);
	struct weft_conf *c = conf_of(conf);
	struct weft_err err = WEFT_ERR_INIT;

	at_place("UTC0");
	ck_assert_ptr_null(weft_signal_parse("caps.csv", csv, strlen(csv), c, &err));
	ck_assert_str_eq(err.text, "caps.csv:2: \"1k # not a comment here\" is not a number of watts such as "
				   "400000, 400k or 1.2M, nor none or schedule");
	weft_conf_destroy(c);
	/* higher, lower, none, and back; lines in any order, and one that is long past */
	csv = "# from the grid\n\nTime , Zone , Watts\r\n"
	      " 2025-03-05T14:00Z , cluster , none \r\n"
	      "2025-03-05T12:00Z,cluster,1k\r\n"
	      "2025-03-05T13:00Z,cluster,99.9\n"
	      "2025-03-05T15:00Z,Cluster,SCHEDULE\n"
	      "2025-03-05T09:00Z,A,20\n"
	      "2025-03-01T09:00Z,a,10";
	check_steps(conf, csv, now, DAY, 0, "0=500 120=1000 180=99 240=none 300=500 600=none 1320=500");
	check_steps(conf, csv, now, DAY, 1, "0=20");
	/* what the signal says of the time beyond counts at the end, and so does weft.conf */
	check_steps(conf, csv, now, 2 * HOUR, 0, "0=500 120=99");
	check_steps(conf, csv, now, 4 * HOUR, 0, "0=500 120=1000 180=99 240=500");
	check_steps(conf, "2025-03-05T09:00Z,a,70", now, DAY, 1, "0=70 1440=50");
	check_steps(conf, "2025-03-05T09:00Z,a,none", now, DAY, 1, "0=none 1440=50");
	check_steps(conf, "time,zone,watts\n", now, DAY, 1, "0=50");
	check_steps(conf, "2025-03-05T10:30Z,400", now, HOUR, 0, "0=500 30=400");
}
END_TEST

START_TEST(json_signals)
{
	const char *conf = "PowerZone=a Nodes=a\nPowerCap=a Watts=50\n";
	time_t now = utc(2025, 3, 5, 10, 0);

	at_place("CST-8");
	check_steps(conf,
		    " [{\"time\": \"2025-03-05T10:30Z\", \"zone\": \"a\", \"watts\": 40.9},"
		    "{\"time\": \"2025-03-05T19:00\", \"zone\": \"a\", \"watts\": \"0.1k\"},"
		    "{\"watts\": \"schedule\", \"time\": \"2025-03-05T19:30+08:00\", \"zone\": \"A\"}]",
		    now, 2 * HOUR, 1, "0=50 30=40 60=100 90=50");
	check_steps(conf, "[{\"time\": \"2025-03-05T10:30Z\", \"watts\": 7}]", now, 2 * HOUR, 0,
		    "0=none 30=7");
	check_steps(conf, "[]", now, 2 * HOUR, 1, "0=50");
}
END_TEST

#define BAD_WATTS "is not a number of watts such as 400000, 400k or 1.2M, nor none or schedule"

static const struct {
	const char *text, *want;
} bad[] = {
	{ "", "s: there is no cap in it" },
	{ "# only this\n\n", "s: there is no cap in it" },
	{ "time", "s:1: a line must be time,zone,watts or time,watts" },
	{ "2025-03-05T10:00Z", "s:1: a line must be time,zone,watts or time,watts" },
	{ "2025-03-05T10:00Z,row3,1,2", "s:1: more than time,zone,watts" },
	{ "\n\nnow,row3,1", "s:3: \"now\" is not a time such as 2025-03-01T08:00Z" },
	{ "time,watts\ntime,watts\n", "s:2: \"time\" is not a time such as 2025-03-01T08:00Z" },
	{ "2025-03-05T10:00Z,row4,1", "s:1: unknown zone \"row4\"; did you mean row3?" },
	{ "2025-03-05T10:00Z,,1", "s:1: unknown zone \"\"" },
	{ "2025-03-05T10:00Z,aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg,1",
	  "s:1: unknown zone \"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeee...\"" },
	{ "2025-03-05T10:00Z,row3,", "s:1: \"\" " BAD_WATTS },
	{ "2025-03-05T10:00Z,row3,-1", "s:1: \"-1\" " BAD_WATTS },
	{ "2025-03-05T10:00Z,row3,1e13", "s:1: \"1e13\" " BAD_WATTS },
	{ "2025-03-05T10:00Z,row3,5\n2025-03-05T11:00Z,row3,5\n2025-03-05T18:00+08:00,Row3,6",
	  "s:3: row3 has a cap from 2025-03-05T10:00:00Z on in line 1 already" },
	{ "{}", "s: must be a list, not an object" },
	{ "[1]", "s: entry 1: must be an object, not a number" },
	{ "[{\"time\": 3}]", "s: entry 1: time: must be a string such as \"2025-03-01T08:00Z\"" },
	{ "[{\"watts\": 3}]", "s: entry 1: time: must be a string such as \"2025-03-01T08:00Z\"" },
	{ "[{\"time\": \"2025-03-05T10:00Z\"}]", "s: entry 1: watts: missing" },
	{ "[{\"time\": \"2025-03-05T10:00Z\", \"watts\": null}]",
	  "s: entry 1: watts: must be a number or a string, not null" },
	{ "[{\"time\": \"2025-03-05T10:00Z\", \"watts\": -1}]", "s: entry 1: watts: must be from 0 to 1e12" },
	{ "[{\"time\": \"2025-03-05T10:00Z\", \"watts\": 1e13}]",
	  "s: entry 1: watts: must be from 0 to 1e12" },
	{ "[{\"time\": \"2025-03-05T10:00Z\", \"watts\": NaN}]",
	  "s: entry 1: watts: must be from 0 to 1e12" },
	{ "[{\"time\": \"2025-03-05T10:00Z\", \"watts\": \"x\"}]", "s: entry 1: \"x\" " BAD_WATTS },
	{ "[{\"time\": \"2025-03-05T10:00Z\", \"watts\": 1, \"zone\": 5}]",
	  "s: entry 1: zone: must be a string, not a number" },
	{ "[{\"time\": \"2025-03-05T10:00Z\", \"watts\": 1, \"zone\": \"clutser\"}]",
	  "s: entry 1: unknown zone \"clutser\"; did you mean cluster?" },
	{ "[{\"time\": \"2025-03-05T10:00Z\", \"watts\": 1, \"zone\": \"row3\\u0000\"}]",
	  "s: entry 1: unknown zone \"row3\"" },
	{ "[{\"time\": \"2025-03-05T10:00Z\", \"wats\": 1}]",
	  "s: entry 1: unknown key \"wats\"; did you mean watts?" },
	{ "[{\"time\": \"2025-03-05T10:00Z\", \"watts\": 1},\n{\"time\": \"2025-03-05T10:00Z\", \"watts\": "
	  "2}]",
	  "s: entry 2: cluster has a cap from 2025-03-05T10:00:00Z on in entry 1 already" },
	{ "[{\"time\": \n", "s:2: the text ends too early" },
};

START_TEST(explains)
{
	struct weft_conf *conf = conf_of("PowerZone=row3 Nodes=a");
	struct weft_err err = WEFT_ERR_INIT;
	const char *text = bad[_i].text;

	ck_assert_ptr_null(weft_signal_parse("s", text, strlen(text), conf, &err));
	ck_assert_str_eq(err.text, bad[_i].want);
	ck_assert_ptr_null(weft_signal_parse("s", text, strlen(text), conf, NULL));
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(limits)
{
	struct weft_conf *conf = conf_of("");
	struct weft_err err = WEFT_ERR_INIT;
	size_t size = WEFT_SIGNAL_MAX_BYTES + 1, len = 0;
	char *text = malloc(size);
	struct weft_signal *signal;

	memset(text, '\n', size);
	ck_assert_ptr_null(weft_signal_parse("s", text, size, conf, &err));
	ck_assert_str_eq(err.text, "s: the file has 1048577 bytes; at most 1048576 are allowed");
	for (int i = 0; i <= WEFT_SIGNAL_MAX_POINTS; i++)
		len += (size_t)snprintf(text + len, size - len, "2025-03-05T%02d:%02d:%02dZ,%d\n", i / 3600,
					i / 60 % 60, i % 60, i);
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_signal_parse("s", text, len, conf, &err));
	ck_assert_str_eq(err.text, "s:10001: more than 10000 caps");
	len = (size_t)(strrchr(text, ',') - text) - strlen("2025-03-05T02:46:40Z");
	signal = weft_signal_parse("s", text, len, conf, NULL);
	ck_assert_ptr_nonnull(signal);
	weft_signal_destroy(signal);
	weft_signal_destroy(NULL);
	weft_conf_destroy(conf);
	free(text);
}
END_TEST

START_TEST(files)
{
	char path[] = "/tmp/test_caps.XXXXXX", want[64];
	struct utimbuf times = { 1000000, 1234567 };
	struct weft_conf *conf = conf_of("");
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_signal *signal;
	time_t modified = 0;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "2025-03-05T10:00Z,1", 19), 19);
	close(fd);
	ck_assert_int_eq(utime(path, &times), 0);
	signal = weft_signal_load(path, conf, &modified, &err);
	ck_assert_msg(signal != NULL, "%s", err.text);
	ck_assert_int_eq(modified, 1234567);
	weft_signal_destroy(signal);
	unlink(path);
	ck_assert_ptr_null(weft_signal_load(path, conf, &modified, &err));
	ck_assert_int_eq(errno, ENOENT);
	snprintf(want, sizeof(want), "%s: No such file or directory", path);
	ck_assert_str_eq(err.text, want);
	weft_conf_destroy(conf);
}
END_TEST

/* ---------------------------------------------------------------- against a naive reckoning, minute by
 * minute */

static unsigned long seed;

static int dice(int n)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (int)(seed >> 33) % n;
}

#define MAX_RULES   6
#define MAX_SIGNALS 5

struct situation {
	struct {
		unsigned zone, days;
		int from, to;
		int64_t watts;
	} rules[MAX_RULES];
	struct {
		unsigned zone;
		time_t when;
		int64_t watts; /* -1: schedule */
	} signals[MAX_SIGNALS];
	int n_rules, n_signals;
};

static void make_rules(struct situation *s, char *text, size_t size)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const int edges[] = {
		0, 60, 90, 120, 130, 150, 180, 240, 1380, 1440
	}; /* where clocks change */
	size_t len = (size_t)snprintf(text, size, "PowerZone=a Nodes=a\n");

	s->n_rules = dice(MAX_RULES + 1);
	for (int i = 0; i < s->n_rules; i++) {
		s->rules[i].zone = (unsigned)dice(2);
		s->rules[i].watts = dice(100);
		s->rules[i].days = 1u + (unsigned)dice(127);
		s->rules[i].from = dice(2) ? dice(1440) : edges[dice(LENGTH(edges) - 1)];
		s->rules[i].to = dice(2) ? 1 + dice(1440) : edges[1 + dice(LENGTH(edges) - 1)];
		if (s->rules[i].from == s->rules[i].to)
			s->rules[i].from--;
		len += (size_t)snprintf(
			text + len, size - len, "PowerCap=%s Watts=%d Hours=%d:%02d-%d:%02d Days=",
			s->rules[i].zone ? "a" : "cluster", (int)s->rules[i].watts, s->rules[i].from / 60,
			s->rules[i].from % 60, s->rules[i].to / 60, s->rules[i].to % 60);
		for (int d = 0; d < 7; d++) {
			if (s->rules[i].days >> d & 1)
				len += (size_t)snprintf(text + len, size - len, "%s,", days[d]);
		}
		text[len - 1] = '\n';
	}
}

static void make_signals(struct situation *s, char *text, size_t size, time_t now, int minutes)
{
	size_t len = (size_t)snprintf(text, size, "time,zone,watts\n");

	s->n_signals = 0;
	for (int n = dice(MAX_SIGNALS + 1); n > 0; n--) {
		int i = s->n_signals++;
		struct tm tm;
		char when[32];

		s->signals[i].zone = (unsigned)dice(2);
		s->signals[i].when = now - now % 60 + (dice(minutes + 600) - 300) * 60;
		s->signals[i].watts = dice(4) ? dice(100) : -1;
		for (int k = 0; k < i; k++) {
			if (s->signals[k].when == s->signals[i].when)
				s->n_signals = i; /* never two at one time */
		}
		if (s->n_signals == i)
			continue;
		gmtime_r(&s->signals[i].when, &tm);
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%MZ", &tm);
		len += (size_t)snprintf(text + len, size - len, "%s,%s,", when,
					s->signals[i].zone ? "a" : "cluster");
		len += s->signals[i].watts < 0
			       ? (size_t)snprintf(text + len, size - len, "schedule\n")
			       : (size_t)snprintf(text + len, size - len, "%d\n", (int)s->signals[i].watts);
	}
}

/* What the clock on the wall says, as libc tells it. */
static int64_t naive(const struct situation *s, unsigned zone, time_t t)
{
	int64_t least = WEFT_NO_CAP, signal = -1;
	time_t latest = 0;
	struct tm tm;
	int minute;

	for (int i = 0; i < s->n_signals; i++) {
		if (s->signals[i].zone == zone && s->signals[i].when <= t && s->signals[i].when > latest) {
			latest = s->signals[i].when;
			signal = s->signals[i].watts;
		}
	}
	if (signal >= 0)
		return signal;
	localtime_r(&t, &tm);
	minute = tm.tm_hour * 60 + tm.tm_min;
	for (int i = 0; i < s->n_rules; i++) {
		bool today = s->rules[i].days & (1u << tm.tm_wday);
		bool yesterday = s->rules[i].days & (1u << (tm.tm_wday == 0 ? 6 : tm.tm_wday - 1));
		int from = s->rules[i].from, to = s->rules[i].to;
		bool in = from < to ? today && minute >= from && minute < to
				    : (today && minute >= from) || (yesterday && minute < to);

		if (s->rules[i].zone == zone && in && s->rules[i].watts < least)
			least = s->rules[i].watts;
	}
	return least;
}

static int64_t cap_at(const struct weft_cap *cap, time_t when)
{
	unsigned i = 0;

	while (i + 1 < cap->n && cap->steps[i + 1].from <= when)
		i++;
	return cap->steps[i].watts;
}

static void check_against_naive(const struct situation *s, const struct weft_cap *cap, unsigned zone,
				time_t now, int minutes, const char *text)
{
	time_t end = now + minutes * 60;
	int64_t least = cap->steps[cap->n - 1].watts;

	ck_assert_int_eq(cap->steps[0].from, now);
	for (unsigned i = 1; i < cap->n; i++) {
		ck_assert_int_lt(cap->steps[i - 1].from, cap->steps[i].from);
		ck_assert_int_ne(cap->steps[i - 1].watts, cap->steps[i].watts);
	}
	ck_assert_int_le(cap->steps[cap->n - 1].from, end);
	for (time_t t = now; t < end; t = t - t % 60 + 60) {
		int64_t want = naive(s, zone, t), got = cap_at(cap, t);

		ck_assert_msg(want == got, "TZ=%s zone %u, %ld min: %lld, not %lld\n%s", getenv("TZ"), zone,
			      (long)(t - now) / 60, (long long)got, (long long)want, text);
	}
	/* the last step is never above what comes, with the signal and without */
	for (time_t t = end; t < end + 8 * DAY; t += 20 * 60) {
		struct situation quiet = *s;

		quiet.n_signals = 0;
		ck_assert_int_ge(naive(s, zone, t), least);
		ck_assert_int_ge(naive(&quiet, zone, t), least);
	}
}

/* Up to two days before clocks change the next time after T; T itself where they never do. */
static time_t near_change(time_t t)
{
	struct tm a, b;

	localtime_r(&t, &a);
	for (time_t u = t; u < t + 366l * DAY; u += HOUR) {
		localtime_r(&u, &b);
		if (b.tm_gmtoff != a.tm_gmtoff)
			return u - dice(2 * DAY);
	}
	return t;
}

START_TEST(agrees_with_a_naive_reckoning)
{
	/* and a place whose clocks change by half an hour, and one where they jump over midnight */
	static const char *const places[] = { "UTC0",
					      "CST-8",
					      BERLIN,
					      "EST5EDT,M3.2.0,M11.1.0",
					      "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
					      "<-04>4<-03>,M9.1.6/24,M4.1.6/24" };
	static const int months[] = { 3, 10, 4, 11, 9, 6 };

	seed += (unsigned long)_i;
	for (int round = 0; round < 60; round++) {
		char rules[2048], signals[1024];
		struct situation s = { 0 };
		struct weft_conf *conf;
		struct weft_signal *signal;
		struct weft_cap *caps;
		int minutes = 60 + dice(4 * 1440);
		unsigned n;
		time_t now;

		at_place(places[(round + _i) % LENGTH(places)]);
		now = utc(2020 + dice(12), months[dice(LENGTH(months))], 1 + dice(31), dice(24), dice(60)) +
		      dice(60);
		if (dice(3))
			now = near_change(now);
		make_rules(&s, rules, sizeof(rules));
		make_signals(&s, signals, sizeof(signals), now, minutes);
		conf = conf_of(rules);
		signal = signal_of(conf, signals);
		ck_assert_int_eq(weft_caps_make(&caps, &n, conf, signal, now, minutes * 60), 0);
		ck_assert_uint_eq(n, 2);
		for (unsigned zone = 0; zone < n; zone++)
			check_against_naive(&s, &caps[zone], zone, now, minutes, rules);
		weft_caps_destroy(caps, n);
		weft_signal_destroy(signal);
		weft_conf_destroy(conf);
	}
}
END_TEST

static void seed_dice(void)
{
	seed = 42;
}

int main(void)
{
	Suite *s = suite_create("caps");
	TCase *t = tcase_create("caps");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, seed_dice, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, no_caps);
	tcase_add_test(t, by_day_and_hour);
	tcase_add_test(t, over_midnight);
	tcase_add_test(t, elsewhere);
	tcase_add_test(t, when_clocks_change);
	tcase_add_test(t, a_signal_goes_before_the_schedule);
	tcase_add_test(t, json_signals);
	tcase_add_loop_test(t, explains, 0, LENGTH(bad));
	tcase_add_test(t, limits);
	tcase_add_test(t, files);
	tcase_add_loop_test(t, agrees_with_a_naive_reckoning, 0, 6);
	suite_add_tcase(s, t);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
