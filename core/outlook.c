/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outlook.c - when would a job start?
 *
 * The line that power is planned on (power_line.h) counts cards instead of watts.
 */
#include "core/outlook.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/power_line.h"
#include "core/radix.h"

#define EXACT_STEPS (WEFT_OUTLOOK_MAX_STEPS / 2) /* of the near future, when there are too many */

static uint32_t scaled(uint32_t seconds, double scale)
{
	double s = (double)seconds * scale;

	return s < 1 ? 1 : s < (double)UINT32_MAX ? (uint32_t)s : UINT32_MAX;
}

/* ---------------------------------------------------------------- who is when */

static int use(struct weft_power_line *line, uint32_t cards, time_t from, time_t to)
{
	if (weft_power_line_hold(line, from) || weft_power_line_hold(line, to))
		return -1;
	weft_power_line_add(line, from, to, cards);
	return 0;
}

struct ending {
	uint32_t seconds; /* from now */
	uint64_t cards;
};

/* Of those beyond the first EXACT_STEPS several become one, at the last of their ends, so that there are no
 * more than steps. */
static size_t put_together(struct ending *ends, size_t n)
{
	size_t each = (n - EXACT_STEPS - 1) / (WEFT_OUTLOOK_MAX_STEPS - EXACT_STEPS) + 1, m = EXACT_STEPS;

	for (size_t i = EXACT_STEPS; i < n; i++) {
		if ((i - EXACT_STEPS) % each == 0) {
			ends[m++] = ends[i];
		} else {
			ends[m - 1].seconds = ends[i].seconds;
			ends[m - 1].cards += ends[i].cards;
		}
	}
	return m;
}

/* The ends of those that run, by SCALE, in order, those of one moment as one; *N becomes how many.  NULL: out
 * of memory. */
static struct ending *ends_of(const struct weft_outlook_running *running, size_t *n, time_t now, double scale)
{
	struct ending *ends = malloc((*n + 1) * sizeof(*ends));
	struct weft_radix *order = malloc((2 * *n + 1) * sizeof(*order));
	size_t m = 0;

	for (size_t i = 0; i < *n && order; i++) {
		time_t left = running[i].end - now;
		uint32_t most = left < 1 ? 1 : left < (time_t)UINT32_MAX ? (uint32_t)left : UINT32_MAX;

		order[i] = (struct weft_radix){ scaled(most, scale), (uint32_t)i };
	}
	if (order)
		weft_radix_sort(order, order + *n, *n);
	for (size_t i = 0; i < *n && order && ends; i++) {
		if (m == 0 || ends[m - 1].seconds != order[i].key)
			ends[m++] = (struct ending){ order[i].key, 0 };
		ends[m - 1].cards += running[order[i].index].cards;
	}
	if (!order) {
		free(ends);
		ends = NULL;
	}
	free(order);
	*n = m > WEFT_OUTLOOK_MAX_STEPS ? put_together(ends, m) : m;
	return ends;
}

/* What those that run leave of the cards is the line's cap. */
static int put_running(struct weft_power_line *line, uint32_t cards, time_t now, double scale,
		       const struct weft_outlook_running *running, size_t n)
{
	struct weft_step steps[WEFT_OUTLOOK_MAX_STEPS + 1] = { { now, cards } };
	struct ending *ends = ends_of(running, &n, now, scale);
	int rc = ends ? weft_power_line_hold(line, now) : -1;

	for (size_t i = 0; i < n && rc == 0; i++) {
		steps[0].watts -= (int64_t)ends[i].cards;
		steps[i + 1].from = now + ends[i].seconds;
		rc = weft_power_line_hold(line, steps[i + 1].from);
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		steps[i + 1].watts = steps[i].watts + (int64_t)ends[i].cards;
	if (rc == 0)
		weft_power_line_cap(line, steps, (unsigned)n + 1);
	free(ends);
	return rc;
}

static int by_priority(const void *a, const void *b)
{
	const struct weft_outlook_waiting *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* The first moment from WHEN on; WEFT_NEVER: none. */
static time_t first_clear(const struct weft_power_line *line, time_t when, time_t length, uint32_t cards)
{
	time_t before = WEFT_NEVER;

	while (when != before && when != WEFT_NEVER) {
		before = when;
		when = weft_power_line_clear(line, when, when + length, cards);
	}
	return when;
}

static int put_waiting(struct weft_power_line *line, uint32_t cards, time_t now, double scale,
		       struct weft_outlook_waiting *waiting, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct weft_outlook_waiting *w = &waiting[i];
		time_t from = w->begin > now ? w->begin : now, length = scaled(w->seconds, scale);

		w->start = 0;
		if (w->cards > cards)
			continue;
		w->start = first_clear(line, from, length, w->cards);
		if (w->start == WEFT_NEVER)
			w->start = 0;
		else
			rc = use(line, w->cards, w->start, w->start + length);
	}
	return rc;
}

/* ---------------------------------------------------------------- the steps */

static uint32_t free_at(const struct weft_power_then *then)
{
	return then->drawn >= then->cap ? 0 : (uint32_t)(then->cap - then->drawn);
}

/* The next step from *WHEN on, of at least EACH moments unless it is the last; *WHEN becomes the one after
 * it. */
static struct weft_outlook_step next_step(const struct weft_power_line *line, time_t *when, size_t each)
{
	struct weft_power_then then = weft_power_line_at(line, *when);
	struct weft_outlook_step step = { *when, free_at(&then) };

	for (size_t k = 1;; k++) {
		uint32_t free;

		*when = then.next;
		if (*when == WEFT_NEVER)
			return step;
		then = weft_power_line_at(line, *when);
		free = free_at(&then);
		if (k >= each && free != step.free)
			return step;
		if (then.next == WEFT_NEVER) /* what holds for ever is not to be lessened */
			return step;
		step.free = free < step.free ? free : step.free;
	}
}

static size_t moments(const struct weft_power_line *line, time_t when)
{
	size_t n = 1;

	while ((when = weft_power_line_at(line, when).next) != WEFT_NEVER)
		n++;
	return n;
}

static void write_steps(struct weft_outlook *o, const struct weft_power_line *line, time_t now)
{
	size_t n = moments(line, now), room = WEFT_OUTLOOK_MAX_STEPS - EXACT_STEPS - 2;
	size_t each = n <= WEFT_OUTLOOK_MAX_STEPS ? 1 : (n - EXACT_STEPS) / room + 1;
	time_t when = now;

	o->n = 0;
	while (when != WEFT_NEVER && o->n < WEFT_OUTLOOK_MAX_STEPS) {
		struct weft_outlook_step step = next_step(line, &when, o->n < EXACT_STEPS ? 1 : each);

		o->steps[o->n++] = step;
	}
}

int weft_outlook_make(struct weft_outlook *o, uint32_t cards, time_t now, double scale,
		      const struct weft_outlook_running *running, size_t n_running,
		      struct weft_outlook_waiting *waiting, size_t n_waiting)
{
	struct weft_power_line *line = weft_power_line_create();
	int rc = line ? 0 : -1;

	scale = scale > 0 && scale <= 1 ? scale : 1;
	o->cards = cards;
	o->n = 0;
	if (rc == 0)
		rc = put_running(line, cards, now, scale, running, n_running);
	if (rc == 0 && n_waiting > 0) {
		qsort(waiting, n_waiting, sizeof(*waiting), by_priority);
		rc = put_waiting(line, cards, now, scale, waiting, n_waiting);
	}
	if (rc == 0)
		write_steps(o, line, now);
	weft_power_line_destroy(line);
	return rc;
}

/* ---------------------------------------------------------------- asking it */

time_t weft_outlook_start(const struct weft_outlook *o, uint32_t cards, uint32_t seconds, time_t now)
{
	time_t start = now;

	for (unsigned i = 0; i < o->n; i++) {
		bool last = i + 1 == o->n;

		if (!last && o->steps[i + 1].from <= start)
			continue;
		if (o->steps[i].from >= start && o->steps[i].from - start >= (time_t)seconds)
			return start;
		if (o->steps[i].free >= cards)
			continue;
		if (last)
			return 0;
		start = o->steps[i + 1].from;
	}
	return o->n ? start : 0;
}

/* A step that begins at WHEN, if there is room for it: where it is.  The first that begins later, if not; N:
 * there is none. */
static unsigned step_at(struct weft_outlook *o, time_t when)
{
	unsigned i = 0;

	while (i < o->n && o->steps[i].from < when)
		i++;
	if (i == 0 || (i < o->n && o->steps[i].from == when) || o->n == WEFT_OUTLOOK_MAX_STEPS)
		return i;
	memmove(&o->steps[i + 1], &o->steps[i], (o->n - i) * sizeof(o->steps[0]));
	o->n++;
	o->steps[i] = (struct weft_outlook_step){ when, o->steps[i - 1].free };
	return i;
}

void weft_outlook_take(struct weft_outlook *o, uint32_t cards, uint32_t seconds, time_t start)
{
	unsigned first = step_at(o, start), end;

	if (seconds == 0 || o->n == 0)
		return;
	if (first == o->n || o->steps[first].from > start) /* no room: the whole step that it begins in */
		first = first > 0 ? first - 1 : 0;
	end = step_at(o, start + (time_t)seconds);
	if (end ==
	    o->n) /* no room, and nothing later: the last step is for ever, and is not to be lessened */
		end = o->n - 1;
	for (unsigned i = first; i < end; i++)
		o->steps[i].free -= o->steps[i].free < cards ? o->steps[i].free : cards;
}
