/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_queue.h - the jobs that wait for power, and the rule by which none of them waits for ever.
 *
 * A job that does not start for want of power is put here and stays until it starts or goes away.  As long as
 * it has waited for no more than PATIENCE, smaller jobs may overtake it.  Then its earliest start is reserved
 * in the book, under its own id, the oldest job first, and weft_book_fits() lets nobody start who would be in
 * its way.  Of very many only the oldest WEFT_POWER_RESERVATIONS have one, so that a plan takes no longer
 * than a scheduler can wait; the next gets one when one of them starts.
 *
 * At the moment of the reservation its start is at most the first time, once all that is in the book has
 * ended at its time limit, at which the caps allow the job by itself for its duration.  From then on it moves
 * only forward, as others end before their limit, unless the plan itself breaks: a cap falls, the base rises,
 * something runs without having fitted or beyond its end, or an older job does not start at its time.  Then
 * all are reserved anew, the oldest first; so the oldest job waits for nothing but what runs and the caps,
 * and the next for it and those, and so on.  doc/power.md has the bound.
 *
 * Not thread-safe; does no I/O and waits for nothing.
 */
#ifndef WEFT_POWER_QUEUE_H
#define WEFT_POWER_QUEUE_H

#include "core/power_book.h"

#define WEFT_POWER_RESERVATIONS 1000

enum weft_power_hope {
	WEFT_POWER_UNPLANNED, /* put since the last plan */
	WEFT_POWER_PREDICTED, /* WHEN is when it could start if nothing else did until then */
	WEFT_POWER_RESERVED,  /* WHEN is its reserved start */
	WEFT_POWER_BLOCKED,   /* not as far as the book's caps go while what draws now does: LACK says */
	WEFT_POWER_NEVER,     /* not even if nothing else drew: LACK says */
};

struct weft_power_wait {
	uint64_t id;
	time_t since; /* when it was first found to wait */
	time_t put;   /* when it was last put, with these draws */
	time_t duration;
	enum weft_power_hope hope;
	time_t when;			/* 0: not known */
	struct weft_power_lack lack;	/* of BLOCKED and NEVER */
	struct weft_power_lack refused; /* why it did not start when it was last put */
	unsigned n;
	struct weft_draw draws[];
};

struct weft_power_queue;

struct weft_power_queue *weft_power_queue_create(void);	       /* NULL: out of memory */
void weft_power_queue_destroy(struct weft_power_queue *queue); /* NULL is allowed */

/* Job ID (not 0) waits for power since NOW, because of REFUSED; DURATION s is its time limit.  One that waits
 * already keeps its place and since when it waits; when its draws (copied) or its duration have changed, its
 * reservation is given up until the next plan.  -1: out of memory, and nothing has changed. */
int weft_power_queue_put(struct weft_power_queue *queue, struct weft_book *book, uint64_t id,
			 const struct weft_draw *draws, unsigned n, time_t duration, time_t now,
			 const struct weft_power_lack *refused);

/* Job ID starts, or is gone: before weft_book_add() in the first case, since this gives its reservation up.
 * One that is not there: nothing happens. */
void weft_power_queue_drop(struct weft_power_queue *queue, struct weft_book *book, uint64_t id);

/* Decide of all that wait, as above.  PATIENCE in s.  A reserved job whose time has come keeps what it needs
 * from NOW on until it is dropped.  -1: out of memory; then some that should have are without a reservation
 * until the next plan. */
int weft_power_queue_plan(struct weft_power_queue *queue, struct weft_book *book, time_t now,
			  time_t patience);

/* Job ID, whose reserved start has passed, was refused its start at START, to draw the same until END.  A
 * plan is as old as its last moment: who starts some seconds after it ends as much later, and there the next
 * reservation may begin.  So those of younger jobs that begin where its own ends move on.  True: now it fits,
 * and its reservation begins at START.  False: it does not, and *LACK (NULL allowed) says why if it was
 * reserved, and with the same draws and duration; if not, *LACK is left as it is. */
bool weft_power_queue_make_way(struct weft_power_queue *queue, struct weft_book *book, uint64_t id,
			       const struct weft_draw *draws, unsigned n, time_t start, time_t end,
			       struct weft_power_lack *lack);

/* Valid until the job is put again or dropped; NULL: it does not wait. */
const struct weft_power_wait *weft_power_queue_find(const struct weft_power_queue *queue, uint64_t id);

/* The I'th, from the one that waits longest; NULL: there are not so many. */
const struct weft_power_wait *weft_power_queue_at(const struct weft_power_queue *queue, size_t i);

#endif
