/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_line.h - what is drawn in one power zone, and what may be, over all time.
 *
 * A sorted list of points, each with the W that are drawn and the cap that holds from it to the next.  The
 * points lie in blocks that know the least and the most that is left in them, so that a search passes over a
 * block in one step and a job that is added or removed touches two blocks and one number of each between
 * them.
 *
 * The first point lies before all time.  Watts and their sum stay below WEFT_LINE_MAX: the book sees to it.
 * Not thread-safe; does no I/O.
 */
#ifndef WEFT_POWER_LINE_H
#define WEFT_POWER_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/caps.h"

#define WEFT_LINE_MAX (INT64_MAX / 4)	  /* W */
#define WEFT_BEGIN    ((time_t)INT64_MIN) /* before all time */
#define WEFT_NEVER    ((time_t)INT64_MAX) /* after it */

struct weft_power_line;

struct weft_power_line *weft_power_line_create(void);	    /* nothing drawn, no cap; NULL: out of memory */
void weft_power_line_destroy(struct weft_power_line *line); /* NULL is allowed */

/* Hold a point at WHEN until it is let go as often as it was held.  -1: out of memory, and nothing has
 * changed. */
int weft_power_line_hold(struct weft_power_line *line, time_t when);
void weft_power_line_let_go(struct weft_power_line *line, time_t when);

/* WATTS more (or less) are drawn in [FROM, TO).  Both are points that are held, or WEFT_BEGIN and WEFT_NEVER.
 */
void weft_power_line_add(struct weft_power_line *line, time_t from, time_t to, int64_t watts);

/* The caps from now on; the first holds before its time, too.  Each FROM is a point that is held. */
void weft_power_line_cap(struct weft_power_line *line, const struct weft_step *steps, unsigned n);

struct weft_power_then {
	int64_t drawn, cap;
	time_t next; /* the first point after it; WEFT_NEVER: none */
};
struct weft_power_then weft_power_line_at(const struct weft_power_line *line, time_t when);
time_t weft_power_line_last(
	const struct weft_power_line *line); /* the last point: nothing changes after it */

/* The first moment in [FROM, TO) at which less than WATTS are left; WEFT_NEVER: none. */
time_t weft_power_line_short(const struct weft_power_line *line, time_t from, time_t to, int64_t watts);

/* FROM when WATTS are left all through [FROM, TO); else the end of the last time in it, as far as it reaches
 * beyond TO, in which less are left; WEFT_NEVER: that has no end. */
time_t weft_power_line_clear(const struct weft_power_line *line, time_t from, time_t to, int64_t watts);

#endif
