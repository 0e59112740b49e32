/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_book.h - who draws how much power in which zone until when, and so: may another job start, and if not
 * now, when?
 *
 * Watts are whole and integers, so sums are exact.  What draws is a job that runs (until its end at the
 * latest) or a reservation: a job that has waited for power for too long gets its earliest start reserved,
 * and nothing else may take it away (power_queue.h).  A thing draws from its start up to, and not including,
 * its end.
 *
 * The draws of one job name each zone once, with watts of at least 0; one of 0 W breaks no cap, and a zone
 * that the book does not have is passed over.  Not thread-safe: the calls that only ask change the book for a
 * moment, too. Does no I/O and waits for nothing; what a call costs grows with the logarithm of what is in
 * the book, and with the number of blocks of 64 moments that the time asked about spans.  Runs in any
 * process.
 */
#ifndef WEFT_POWER_BOOK_H
#define WEFT_POWER_BOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/caps.h"
#include "core/power_line.h"

#define WEFT_BOOK_MAX_ZONES 1024

struct weft_draw {
	unsigned zone;
	int64_t watts;
};

/* Why not: the first zone and moment (from the start on) at which the cap would be broken. */
struct weft_power_lack {
	unsigned zone;
	time_t when;
	int64_t needed, cap; /* W in that zone then, with the job; and what may be */
};

struct weft_book;

struct weft_book *weft_book_create(
	unsigned zones); /* at most WEFT_BOOK_MAX_ZONES; NULL: more, or out of memory */
void weft_book_destroy(struct weft_book *book); /* NULL is allowed */

/* CAPS[i] of zone I, as weft_caps_make() gave them; copied.  Zones beyond N, and all at first, have no cap.
 * -1: out of memory, and the old caps hold on. */
int weft_book_set_caps(struct weft_book *book, const struct weft_cap *caps, unsigned n);
void weft_book_set_base(struct weft_book *book, unsigned zone,
			int64_t watts); /* what draws always: idle nodes */

/* ID (not 0) draws DRAWS (copied) from START (0: long since) to END; one that is not after START draws
 * nothing.  An ID that is there is replaced.  -1: out of memory, watts below 0, or a zone's sum above
 * WEFT_LINE_MAX (2^61); then nothing has changed.  A cap that this breaks is no error: what runs, runs. */
int weft_book_add(struct weft_book *book, uint64_t id, const struct weft_draw *draws, unsigned n,
		  time_t start, time_t end);
void weft_book_remove(struct weft_book *book, uint64_t id); /* one that is not there: nothing happens */

/* May something that draws DRAWS run from START to END?  EXCEPT is an entry that does not count (the job's
 * own reservation; 0: none).  False with *LACK (NULL allowed). */
bool weft_book_fits(struct weft_book *book, const struct weft_draw *draws, unsigned n, time_t start,
		    time_t end, uint64_t except, struct weft_power_lack *lack);

/* The first start, not before NOT_BEFORE, at which it fits for DURATION s (at least 1); false: never, as far
 * as the book's caps go.  Then *LACK is that of the time when all who draw now have ended; or, when it would
 * not fit if nothing but the base drew, the one of weft_book_ever(). */
bool weft_book_earliest(struct weft_book *book, const struct weft_draw *draws, unsigned n, time_t duration,
			time_t not_before, uint64_t except, time_t *when, struct weft_power_lack *lack);

/* The same if nothing but the base drew.  False: no end of another job will help; *LACK is the first zone
 * whose best cap is below what is needed, at that cap, or, when each cap is enough at some time but not for
 * as long as DURATION, the cap at which the book ends.  WHEN and LACK may be NULL. */
bool weft_book_ever(struct weft_book *book, const struct weft_draw *draws, unsigned n, time_t duration,
		    time_t not_before, time_t *when, struct weft_power_lack *lack);

/* What is drawn in ZONE at WHEN, base included; and the cap. */
int64_t weft_book_drawn(struct weft_book *book, unsigned zone, time_t when);
int64_t weft_book_cap(const struct weft_book *book, unsigned zone, time_t when);

/* The moments in (FROM, TO] at which the drawn or the cap of any zone changes, ascending; *N of them,
 * malloc()ed; NULL with *N 0: none, or out of memory. */
time_t *weft_book_changes(struct weft_book *book, time_t from, time_t to, size_t *n);

#endif
