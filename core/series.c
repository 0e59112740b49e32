/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * series.c - a figure over time: known, filled in where it is not, and carried on beyond the end.
 *
 * All of it is made when the file is read: pieces of constant value, with the sums up to each piece, so that
 * a mean over any length is the difference of two sums.
 */
#include "core/series.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/series_private.h"

#define HOUR	  3600
#define DAY	  86400
#define LOOK_BACK 14   /* days that persistence takes the mean of */
#define KEPT	  0.95 /* of the last value's distance from its mean, each hour */
#define REACH	  (7 * DAY)
#define MIN_STEP  300 /* s; persistence is no finer */

struct piece { /* up to the start of the next */
	time_t start;
	double value; /* NAN: not known */
	double sum;   /* value x s of all pieces before this one that are known */
	time_t blank; /* s of all pieces before this one that are not */
};

struct pieces {
	struct piece *p;
	size_t n, room;
	time_t end; /* of the last */
};

struct weft_series {
	struct pieces given;  /* what the file says */
	struct pieces filled; /* and what was made of it: up to REACH after the file's end */
};

/* ---------------------------------------------------------------- pieces */

static int append(struct pieces *list, time_t start, time_t end, double value)
{
	struct piece *last;

	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		struct piece *p = realloc(list->p, room * sizeof(*p));

		if (!p)
			return -1;
		list->p = p;
		list->room = room;
	}
	last = list->n > 0 ? &list->p[list->n - 1] : NULL;
	list->p[list->n] = (struct piece){ .start = start, .value = value };
	if (last) {
		bool known = !isnan(last->value);

		list->p[list->n].sum = last->sum + (known ? last->value * (double)(start - last->start) : 0);
		list->p[list->n].blank = last->blank + (known ? 0 : start - last->start);
	}
	list->n++;
	list->end = end;
	return 0;
}

/* The piece that holds WHEN, which is within [start of the first, end). */
static size_t find(const struct pieces *list, time_t when)
{
	size_t low = 0, high = list->n; /* in [low, high) */

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (list->p[middle].start <= when)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool holds(const struct pieces *list, time_t from, time_t to)
{
	return list->n > 0 && from >= list->p[0].start && to <= list->end;
}

/* The sums up to WHEN, which may be the end. */
static void sums(const struct pieces *list, time_t when, double *sum, time_t *blank)
{
	const struct piece *p = &list->p[find(list, when)];
	double s = (double)(when - p->start);

	*sum = p->sum + (isnan(p->value) ? 0 : p->value * s);
	*blank = p->blank + (isnan(p->value) ? when - p->start : 0);
}

/* Over what lies within the list. */
static double mean_within(const struct pieces *list, time_t from, time_t to)
{
	double a, b;
	time_t blank_a, blank_b;
	size_t at = find(list, from);

	if (at + 1 == list->n || to <= list->p[at + 1].start)
		return list->p[at].value; /* exactly, so that equal means are equal */
	sums(list, from, &a, &blank_a);
	sums(list, to, &b, &blank_b);
	return blank_a == blank_b ? (b - a) / (double)(to - from) : NAN;
}

/* ---------------------------------------------------------------- persistence */

/* What stretch of unknown values is filled, and from what. */
struct gap {
	const struct pieces *given;
	time_t start; /* all known values lie before it */
	time_t step;
	double above;	    /* of the last value, over its own mean */
	double least, most; /* of the last LOOK_BACK days */
};

/* The mean of [FROM, TO) on the days before GAP->start; NAN when there is no such day. */
static double same_time(const struct gap *gap, time_t from, time_t to)
{
	time_t back = to > gap->start ? (to - gap->start + DAY - 1) / DAY * DAY : 0;
	double sum = 0;
	unsigned n = 0;

	for (unsigned day = 0; day < LOOK_BACK; day++, back += DAY) {
		double value;

		if (!holds(gap->given, from - back, to - back))
			break;
		value = mean_within(gap->given, from - back, to - back);
		if (!isnan(value)) {
			sum += value;
			n++;
		}
	}
	return n ? sum / n : NAN;
}

static void look_back(struct gap *gap)
{
	const struct pieces *given = gap->given;
	time_t last = gap->start - gap->step;
	struct gap before = { .given = given, .start = last };
	double value, usual;

	gap->above = 0;
	gap->least = INFINITY;
	gap->most = -INFINITY;
	for (size_t i = find(given, gap->start - 1) + 1; i-- > 0;) {
		if (given->p[i].value < gap->least)
			gap->least = given->p[i].value;
		if (given->p[i].value > gap->most)
			gap->most = given->p[i].value;
		if (given->p[i].start <= gap->start - LOOK_BACK * DAY)
			break;
	}
	if (!holds(given, last, gap->start))
		return;
	value = mean_within(given, last, gap->start);
	usual = same_time(&before, last - DAY, gap->start - DAY);
	if (!isnan(value) && !isnan(usual))
		gap->above = value - usual;
}

/* What is taken from FROM on, where USUAL is the mean of that time of day. */
static double guess(const struct gap *gap, double usual, time_t from)
{
	if (isnan(usual))
		return NAN;
	usual += gap->above * pow(KEPT, (double)(from - gap->start) / HOUR + 1);
	return fmin(fmax(usual, gap->least), gap->most);
}

/* Fill [START, END): REACH at most, the rest stays unknown.  STEP divides a day, so days are alike but for
 * the level. */
static int fill(struct pieces *out, const struct pieces *given, time_t start, time_t end, time_t step)
{
	struct gap gap = { .given = given, .start = start, .step = step };
	time_t reach = end - start > REACH ? start + REACH : end;
	double usual[DAY / MIN_STEP];

	look_back(&gap);
	for (time_t at = start, to; at < reach; at = to) {
		time_t i = (at - start) / step;
		double *mean = &usual[i % (DAY / step)];

		to = at + step < reach ? at + step : reach;
		if (i < DAY / step || to < at + step)
			*mean = same_time(&gap, at, to);
		if (append(out, at, to, guess(&gap, *mean, at)))
			return -1;
	}
	return reach < end ? append(out, reach, end, NAN) : 0;
}

static time_t gcd(time_t a, time_t b)
{
	while (b) {
		time_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* The largest step that meets all changes of the last days, and is no longer than an hour. */
static time_t step_of(const struct pieces *given)
{
	time_t step = HOUR;

	for (size_t i = given->n; i-- > 0 && given->p[i].start > given->end - LOOK_BACK * DAY;)
		step = gcd(step, given->end - given->p[i].start);
	return step < MIN_STEP ? MIN_STEP : step;
}

static int fill_all(struct weft_series *s)
{
	const struct pieces *given = &s->given;
	time_t step = step_of(given);

	for (size_t i = 0; i < given->n; i++) {
		time_t start = given->p[i].start, end = i + 1 < given->n ? given->p[i + 1].start : given->end;

		if (!isnan(given->p[i].value) ? append(&s->filled, start, end, given->p[i].value)
					      : fill(&s->filled, given, start, end, step))
			return -1;
	}
	return fill(&s->filled, given, given->end, given->end + REACH, step);
}

/* ---------------------------------------------------------------- a series */

/* What the file says, from its first value to the end of its last one. */
static int take_points(struct pieces *given, const struct weft_points *points)
{
	size_t first = 0, n = points->n;
	const struct weft_point *p = points->p;
	time_t length = HOUR;

	while (isnan(p[first].value))
		first++;
	while (isnan(p[n - 1].value))
		n--;
	if (n < points->n) /* a blank one says when the last value ends */
		length = p[n].when - p[n - 1].when;
	else if (n > 1)
		length = p[n - 1].when - p[n - 2].when > DAY ? DAY : p[n - 1].when - p[n - 2].when;
	for (size_t i = first; i < n; i++) {
		time_t end = i + 1 < n ? p[i + 1].when : p[i].when + length;

		/* A blank hour, and one more: one gap. */
		if (i > first && isnan(p[i].value) && isnan(p[i - 1].value)) {
			given->end = end;
			continue;
		}
		if (append(given, p[i].when, end, p[i].value))
			return -1;
	}
	return 0;
}

struct weft_series *weft_series_parse(const char *path, const char *text, size_t len, struct weft_err *err)
{
	struct weft_points points = { 0 };
	struct weft_series *s = NULL;

	if (weft_series_read(&points, path, text, len, err))
		goto out;
	s = calloc(1, sizeof(*s));
	if (!s || take_points(&s->given, &points) || fill_all(s)) {
		weft_err(err, "%s: out of memory", path);
		weft_series_destroy(s);
		s = NULL;
	}
out:
	free(points.p);
	return s;
}

struct weft_series *weft_series_load(const char *path, struct weft_err *err)
{
	struct weft_series *s = NULL;
	size_t len;
	char *text = weft_file_read(path, WEFT_SERIES_MAX_BYTES, &len, err);

	if (text)
		s = weft_series_parse(path, text, len, err);
	free(text);
	return s;
}

void weft_series_destroy(struct weft_series *s)
{
	if (!s)
		return;
	free(s->given.p);
	free(s->filled.p);
	free(s);
}

/* WHEN or, beyond the end, the same time of the last day. */
static time_t fold(const struct pieces *list, time_t when)
{
	return when < list->end ? when : list->end - DAY + (when - list->end) % DAY;
}

double weft_series_at(const struct weft_series *s, time_t when)
{
	const struct pieces *list = &s->filled;

	return when < list->p[0].start ? NAN : list->p[find(list, fold(list, when))].value;
}

/* The sums up to WHEN, any number of days after the end. */
static void sums_beyond(const struct pieces *list, time_t when, double *sum, time_t *blank)
{
	double all, before;
	time_t blank_all, blank_before, days;

	if (when <= list->end) {
		sums(list, when, sum, blank);
		return;
	}
	days = (when - list->end) / DAY;
	sums(list, list->end, &all, &blank_all);
	sums(list, list->end - DAY, &before, &blank_before);
	sums(list, list->end - DAY + (when - list->end) % DAY, sum, blank);
	*sum += (all - before) * (double)(days + 1);
	*blank += (blank_all - blank_before) * (days + 1);
}

double weft_series_mean(const struct weft_series *s, time_t from, time_t to)
{
	const struct pieces *list = &s->filled;
	double a, b;
	time_t blank_a, blank_b;

	if (to <= from || from < list->p[0].start)
		return NAN;
	if (to <= list->end)
		return mean_within(list, from, to);
	sums_beyond(list, from, &a, &blank_a);
	sums_beyond(list, to, &b, &blank_b);
	return blank_a == blank_b ? (b - a) / (double)(to - from) : NAN;
}

time_t weft_series_next(const struct weft_series *s, time_t when)
{
	const struct pieces *list = &s->filled;
	time_t folded;
	size_t at;

	if (when < list->p[0].start)
		return list->p[0].start;
	folded = fold(list, when);
	at = find(list, folded);
	return when - folded + (at + 1 < list->n ? list->p[at + 1].start : list->end);
}

time_t weft_series_last(const struct weft_series *s)
{
	return s->given.end;
}
