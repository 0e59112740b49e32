/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_line.c - see power_line.h.
 *
 * Sums are lazy: what is drawn at a point is its own figure plus the block's.  A point that nobody holds
 * changes nothing, so one that was made for a job that could then not be added does no harm.
 */
#include "core/power_line.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 64 /* points; half of it and the number of blocks together are what a search costs */

struct point {
	time_t when;
	int64_t drawn, cap;
	unsigned holders;
};

struct block {
	time_t when;	     /* of its first point: here, so that a search touches few others */
	int64_t drawn;	     /* besides what its points say */
	int64_t least, most; /* W left at its points; WEFT_NO_CAP: no cap holds */
	unsigned n;	     /* at least 1 */
	struct point *points;
};

struct weft_power_line {
	struct block *blocks;
	size_t n, size;
};

struct place {
	size_t block;
	unsigned point;
};

static int64_t left(const struct block *b, unsigned point)
{
	const struct point *p = &b->points[point];

	return p->cap == WEFT_NO_CAP ? WEFT_NO_CAP : p->cap - p->drawn - b->drawn;
}

static void summarise(struct block *b)
{
	b->when = b->points[0].when;
	b->least = b->most = left(b, 0);
	for (unsigned i = 1; i < b->n; i++) {
		int64_t watts = left(b, i);

		b->least = watts < b->least ? watts : b->least;
		b->most = watts > b->most ? watts : b->most;
	}
}

struct weft_power_line *weft_power_line_create(void)
{
	struct weft_power_line *line = calloc(1, sizeof(*line));

	if (!line)
		return NULL;
	line->blocks = calloc(1, sizeof(*line->blocks));
	if (line->blocks)
		line->blocks[0].points = calloc(BLOCK, sizeof(struct point));
	if (!line->blocks || !line->blocks[0].points) {
		free(line->blocks);
		free(line);
		return NULL;
	}
	line->n = line->size = 1;
	line->blocks[0].n = 1;
	line->blocks[0].points[0] = (struct point){ .when = WEFT_BEGIN, .cap = WEFT_NO_CAP, .holders = 1 };
	summarise(&line->blocks[0]);
	return line;
}

void weft_power_line_destroy(struct weft_power_line *line)
{
	if (!line)
		return;
	for (size_t i = 0; i < line->n; i++)
		free(line->blocks[i].points);
	free(line->blocks);
	free(line);
}

/* The last point that is not after WHEN. */
static struct place locate(const struct weft_power_line *line, time_t when)
{
	size_t low = 0, high = line->n;
	const struct point *points;
	unsigned first = 0, last;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (line->blocks[middle].when <= when)
			low = middle;
		else
			high = middle;
	}
	points = line->blocks[low].points;
	last = line->blocks[low].n;
	while (last - first > 1) {
		unsigned middle = first + (last - first) / 2;

		if (points[middle].when <= when)
			first = middle;
		else
			last = middle;
	}
	return (struct place){ low, first };
}

static bool next(const struct weft_power_line *line, struct place *at)
{
	if (at->point + 1 < line->blocks[at->block].n)
		at->point++;
	else if (at->block + 1 < line->n)
		*at = (struct place){ at->block + 1, 0 };
	else
		return false;
	return true;
}

static const struct point *point_at(const struct weft_power_line *line, struct place at)
{
	return &line->blocks[at.block].points[at.point];
}

static time_t end_of(const struct weft_power_line *line, struct place at)
{
	return next(line, &at) ? point_at(line, at)->when : WEFT_NEVER;
}

/* ---------------------------------------------------------------- points */

/* The second half of block I becomes a block of its own. */
static int split(struct weft_power_line *line, size_t i)
{
	struct point *points = calloc(BLOCK, sizeof(*points));
	struct block *b;

	if (!points)
		return -1;
	if (line->n == line->size) {
		b = realloc(line->blocks, 2 * line->size * sizeof(*b));
		if (!b) {
			free(points);
			return -1;
		}
		line->blocks = b;
		line->size *= 2;
	}
	b = &line->blocks[i];
	memmove(b + 2, b + 1, (line->n - i - 1) * sizeof(*b));
	line->n++;
	b[1] = (struct block){ .drawn = b->drawn, .n = b->n - b->n / 2, .points = points };
	b->n /= 2;
	memcpy(points, b->points + b->n, b[1].n * sizeof(*points));
	summarise(&b[0]);
	summarise(&b[1]);
	return 0;
}

/* Block I takes the points of the next one. */
static void join(struct weft_power_line *line, size_t i)
{
	struct block *b = &line->blocks[i];

	for (unsigned k = 0; k < b[1].n; k++) {
		b->points[b->n] = b[1].points[k];
		b->points[b->n++].drawn += b[1].drawn - b->drawn;
	}
	free(b[1].points);
	line->n--;
	memmove(b + 1, b + 2, (line->n - i - 1) * sizeof(*b));
	summarise(b);
}

int weft_power_line_hold(struct weft_power_line *line, time_t when)
{
	struct place at = locate(line, when);
	struct block *b = &line->blocks[at.block];

	if (when == WEFT_NEVER)
		return 0;
	if (b->points[at.point].when == when) {
		b->points[at.point].holders++;
		return 0;
	}
	if (b->n == BLOCK) {
		if (split(line, at.block))
			return -1;
		at = locate(line, when);
		b = &line->blocks[at.block];
	}
	memmove(&b->points[at.point + 2], &b->points[at.point + 1],
		(b->n - at.point - 1) * sizeof(struct point));
	b->points[at.point + 1] = b->points[at.point];
	b->points[at.point + 1].when = when;
	b->points[at.point + 1].holders = 1;
	b->n++;
	return 0;
}

void weft_power_line_let_go(struct weft_power_line *line, time_t when)
{
	struct place at = locate(line, when);
	struct block *b = &line->blocks[at.block];

	if (b->points[at.point].when != when || --b->points[at.point].holders > 0)
		return;
	b->n--;
	memmove(&b->points[at.point], &b->points[at.point + 1], (b->n - at.point) * sizeof(struct point));
	if (b->n)
		summarise(b);
	if (at.block > 0 && (b->n == 0 || b->n + b[-1].n <= BLOCK / 2)) /* the first block is never empty */
		join(line, at.block - 1);
	else if (at.block + 1 < line->n && b->n + b[1].n <= BLOCK / 2)
		join(line, at.block);
}

/* ---------------------------------------------------------------- figures */

static void add_part(struct block *b, unsigned first, unsigned end, int64_t watts)
{
	for (unsigned i = first; i < end; i++)
		b->points[i].drawn += watts;
	summarise(b);
}

static void add_whole(struct block *b, int64_t watts)
{
	b->drawn += watts;
	if (b->least != WEFT_NO_CAP)
		b->least -= watts;
	if (b->most != WEFT_NO_CAP)
		b->most -= watts;
}

void weft_power_line_add(struct weft_power_line *line, time_t from, time_t to, int64_t watts)
{
	struct place first = locate(line, from), last = { line->n, 0 };

	if (from >= to)
		return;
	if (to != WEFT_NEVER)
		last = locate(line, to);
	if (first.block == last.block) {
		add_part(&line->blocks[first.block], first.point, last.point, watts);
		return;
	}
	add_part(&line->blocks[first.block], first.point, line->blocks[first.block].n, watts);
	for (size_t i = first.block + 1; i < last.block; i++)
		add_whole(&line->blocks[i], watts);
	if (last.block < line->n && last.point > 0)
		add_part(&line->blocks[last.block], 0, last.point, watts);
}

void weft_power_line_cap(struct weft_power_line *line, const struct weft_step *steps, unsigned n)
{
	unsigned step = 0;

	for (size_t i = 0; i < line->n; i++) {
		struct block *b = &line->blocks[i];

		for (unsigned k = 0; k < b->n; k++) {
			while (step + 1 < n && steps[step + 1].from <= b->points[k].when)
				step++;
			b->points[k].cap = n ? steps[step].watts : WEFT_NO_CAP;
		}
		summarise(b);
	}
}

struct weft_power_then weft_power_line_at(const struct weft_power_line *line, time_t when)
{
	struct place at = locate(line, when);
	const struct point *p = point_at(line, at);

	return (struct weft_power_then){ .drawn = p->drawn + line->blocks[at.block].drawn,
					 .cap = p->cap,
					 .next = end_of(line, at) };
}

time_t weft_power_line_last(const struct weft_power_line *line)
{
	const struct block *b = &line->blocks[line->n - 1];

	return b->points[b->n - 1].when;
}

/* ---------------------------------------------------------------- searches */

time_t weft_power_line_short(const struct weft_power_line *line, time_t from, time_t to, int64_t watts)
{
	struct place at = locate(line, from);

	if (from >= to)
		return WEFT_NEVER;
	for (; at.block < line->n; at = (struct place){ at.block + 1, 0 }) {
		const struct block *b = &line->blocks[at.block];

		if (b->least >= watts)
			continue;
		for (; at.point < b->n; at.point++) {
			time_t when = b->points[at.point].when;

			if (when >= to)
				return WEFT_NEVER;
			if (left(b, at.point) < watts)
				return when > from ? when : from;
		}
	}
	return WEFT_NEVER;
}

/* The last point before TO, and not before FIRST, at which less than WATTS are left. */
static bool last_short(const struct weft_power_line *line, struct place first, time_t to, int64_t watts,
		       struct place *found)
{
	struct place at = locate(line, to - 1);

	for (size_t i = at.block + 1; i-- > first.block;) {
		const struct block *b = &line->blocks[i];
		unsigned least = i == first.block ? first.point : 0;

		if (b->least >= watts)
			continue;
		for (unsigned k = i == at.block ? at.point + 1 : b->n; k-- > least;) {
			if (left(b, k) < watts) {
				*found = (struct place){ i, k };
				return true;
			}
		}
	}
	return false;
}

/* The first point from AT on at which WATTS are left. */
static time_t first_enough(const struct weft_power_line *line, struct place at, int64_t watts)
{
	for (; at.block < line->n; at = (struct place){ at.block + 1, 0 }) {
		const struct block *b = &line->blocks[at.block];

		if (b->most < watts)
			continue;
		for (; at.point < b->n; at.point++) {
			if (left(b, at.point) >= watts)
				return b->points[at.point].when;
		}
	}
	return WEFT_NEVER;
}

time_t weft_power_line_clear(const struct weft_power_line *line, time_t from, time_t to, int64_t watts)
{
	struct place at;

	if (from >= to || !last_short(line, locate(line, from), to, watts, &at))
		return from;
	return first_enough(line, at, watts);
}
