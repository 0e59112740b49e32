/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * choose.h - which candidate a job gets: the policies, as pure functions over three questions to the host.
 */
#ifndef WEFT_CHOOSE_H
#define WEFT_CHOOSE_H

#include <time.h>

#include "core/conf.h"
#include "core/plan.h"

/* The questions.  I is an index into the plan.  Each returns true for yes.  Each may cost the host a simulation
 * of its scheduler, so as few are asked as the answer needs; one that fits now is taken to be possible without
 * asking. */
struct weft_host {
	bool (*possible)(size_t i, void *arg);              /* could it ever run, on an empty cluster? */
	bool (*fits_now)(size_t i, void *arg);              /* could it start this moment? */
	bool (*starts)(size_t i, time_t *when, void *arg);  /* when could it start?  (may be now) */
	/* No start before *WHEN, and none at all when it returns false.  Cheap, and saves questions of the other
	 * kind; NULL: not known. */
	bool (*earliest)(size_t i, time_t *when, void *arg);
	void *arg;
	time_t now; /* weft_choose_future(): nothing starts before it, which saves questions; 0: not known */
};

/* What a job that may wait must remember from one pass to the next.  Zero it at first; it may be lost. */
struct weft_patience {
	time_t finish; /* when the job would have ended with the best of its chances; 0: no chance yet */
};

struct weft_choice {
	size_t index;    /* the candidate; SIZE_MAX: none */
	size_t waits_for; /* soon: the better candidate that is worth waiting for; SIZE_MAX: none */
	time_t when;     /* predicted start of INDEX or WAITS_FOR */
};

/* What to start at NOW, if anything.  RUNTIME is the planned run time on the reference candidate, in s.
 *   listed: the first in the request's order that fits.
 *   fast:   the one with the shortest run time of all that are possible (in a tie any of them); others are
 *           not considered.
 *   soon:   of those that fit the one with the shortest run time; but none when a faster one, started as soon
 *           as it can, would finish before it and before PATIENCE->finish.
 * PATIENCE bounds the wait: once waiting no longer promises to end before the chances that the job let pass,
 * the job starts; choose.c says what it can lose.  It may be NULL: then the job never waits. */
struct weft_choice weft_choose_now(enum weft_policy policy, const struct weft_plan *plan, double runtime,
				   time_t now, const struct weft_host *host, struct weft_patience *patience);

/* What to plan for (backfill).
 *   listed: the earliest start; in a tie the first in the request's order.
 *   fast:   as above, whenever it can start.
 *   soon:   the earliest finish; in a tie the one with the shortest run time. */
struct weft_choice weft_choose_future(enum weft_policy policy, const struct weft_plan *plan, double runtime,
				      const struct weft_host *host);

#endif
