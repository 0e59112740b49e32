/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * when.c - moments and lengths of time as people and files write them.
 */
#include "core/when.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A text that is read from the left. */
struct reader {
	const char *at, *end;
};

static bool take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool is_digit(const struct reader *r)
{
	return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

/* Exactly DIGITS digits, MIN to MAX. */
static bool field(struct reader *r, unsigned digits, int min, int max, int *value)
{
	*value = 0;
	for (unsigned i = 0; i < digits; i++, r->at++) {
		if (!is_digit(r))
			return false;
		*value = *value * 10 + (*r->at - '0');
	}
	return *value >= min && *value <= max;
}

/* Z, +08, +08:00, +0800: s east of Greenwich.  Nothing: *LOCAL. */
static bool zone(struct reader *r, bool *local, long *east)
{
	int sign, hours, minutes = 0;

	*east = 0;
	*local = r->at == r->end;
	if (*local || take(r, 'Z') || take(r, 'z'))
		return true;
	if (take(r, '+'))
		sign = 1;
	else if (take(r, '-'))
		sign = -1;
	else
		return false;
	if (!field(r, 2, 0, 14, &hours))
		return false;
	if ((take(r, ':') || is_digit(r)) && !field(r, 2, 0, 59, &minutes))
		return false;
	*east = sign * (hours * 3600L + minutes * 60L);
	return true;
}

static bool clock_time(struct reader *r, struct tm *tm)
{
	if (!field(r, 2, 0, 23, &tm->tm_hour) || !take(r, ':') || !field(r, 2, 0, 59, &tm->tm_min))
		return false;
	if (!take(r, ':'))
		return true;
	if (!field(r, 2, 0, 60, &tm->tm_sec))
		return false;
	if (take(r, '.')) {
		if (!is_digit(r))
			return false;
		while (is_digit(r))
			r->at++;
	}
	return true;
}

int weft_when_parse(const char *text, size_t len, time_t *when)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct reader r = { text, text + len };
	struct tm tm = { .tm_isdst = -1 };
	int year, month, leap;
	bool local;
	long east;

	if (!field(&r, 4, 1970, 2199, &year) || !take(&r, '-') || !field(&r, 2, 1, 12, &month) ||
	    !take(&r, '-'))
		return -1;
	leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (!field(&r, 2, 1, days[month - 1] + leap, &tm.tm_mday) || (!take(&r, 'T') && !take(&r, ' ')))
		return -1;
	if (!clock_time(&r, &tm) || !zone(&r, &local, &east) || r.at != r.end)
		return -1;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	*when = local ? mktime(&tm) : timegm(&tm) - east;
	return 0;
}

const char *weft_when_text(time_t when, char buf[WEFT_WHEN_SIZE])
{
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(buf, WEFT_WHEN_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, WEFT_WHEN_SIZE, "%lld", (long long)when);
	return buf;
}

/* Any number of digits; what is too much for the sums below stays too much. */
static bool number(struct reader *r, uint64_t *value)
{
	*value = 0;
	if (!is_digit(r))
		return false;
	for (; is_digit(r); r->at++) {
		*value = *value * 10 + (uint64_t)(*r->at - '0');
		if (*value > UINT_MAX)
			*value = UINT_MAX;
	}
	return true;
}

/* What follows FIRST: ":S" or ":M:S" after minutes or hours, or "-H[:M[:S]]" after days. */
static bool joined_time(struct reader *r, uint64_t first, uint64_t *seconds)
{
	bool days = take(r, '-');
	uint64_t part[3] = { first, 0, 0 };
	unsigned n = 1;

	if (days && !number(r, &part[0]))
		return false;
	while (n < 3 && take(r, ':'))
		if (!number(r, &part[n++]))
			return false;
	if (days)
		*seconds = first * 86400 + part[0] * 3600 + part[1] * 60 + part[2];
	else if (n == 3)
		*seconds = part[0] * 3600 + part[1] * 60 + part[2];
	else
		*seconds = part[0] * 60 + part[1];
	return true;
}

int weft_length_parse(const char *text, size_t len, unsigned *seconds)
{
	static const struct {
		char letter;
		unsigned s;
	} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
	struct reader r = { text, text + len };
	uint64_t first, sum = 0;

	if (!number(&r, &first))
		return -1;
	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (r.at + 1 == r.end && (*r.at | 0x20) == units[i].letter) {
			r.at++;
			sum = first * units[i].s;
			goto out;
		}
	}
	if (!joined_time(&r, first, &sum))
		return -1;
out:
	if (r.at != r.end)
		return -1;
	*seconds = sum > UINT_MAX ? UINT_MAX : (unsigned)sum;
	return 0;
}
