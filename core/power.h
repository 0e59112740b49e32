/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power.h - the power of this site while slurmctld runs: the model, the caps and the book as one thing, which
 * the plugins in slurmctld share through libweft.so.
 *
 * It is taken, used and put back; one holder at a time, and never for longer than a computation in memory.
 * The host tells it what runs and which nodes are on (weft_power_tally_*), the planner what the signal says;
 * anybody who holds it may ask.
 *
 * Draws are arrays with one figure for each zone, in W: zone 0 is the cluster, zone i + 1 is conf->zones[i].
 */
#ifndef WEFT_POWER_H
#define WEFT_POWER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/caps.h"
#include "core/power_book.h"
#include "core/power_queue.h"
#include "core/site.h"
#include "core/watts.h"
#include "core/zones.h"

#define WEFT_POWER_HORIZON (8 * 24 * 3600) /* s; how far ahead caps are spelt out */

struct weft_power;

/* The power of VIEW, made anew when the one at hand was made for another view: then EXPANDER is asked, in
 * memory.  What was learned, what jobs were told to keep to, and who waits since when are taken over; what
 * runs and what the signal says has to be told again.  NULL: weft.conf says nothing of power, Weft has
 * stepped aside, or it cannot be made (a line in the log; tried again after a minute).  Whoever gets it puts
 * it back soon. */
struct weft_power *weft_power_take(const struct weft_view *view, const struct weft_expander *expander);
void weft_power_put(struct weft_power *p); /* NULL is allowed */

/* The same again after weft_power_put(); NULL when it is another view's by now. */
struct weft_power *weft_power_take_again(const struct weft_view *view);

/* Would weft_power_take() give something? */
bool weft_power_wanted(const struct weft_view *view);

/* Forget everything; nobody holds it any more. */
void weft_power_forget(void);

/* ---- what there is */

unsigned weft_power_zones(const struct weft_power *p);
const char *weft_power_zone(const struct weft_power *p, unsigned zone); /* "cluster" for 0 */
struct weft_watts *weft_power_watts(const struct weft_power *p);
const struct weft_inventory *weft_power_inventory(const struct weft_power *p);
const struct weft_conf *weft_power_conf(const struct weft_power *p);
struct weft_book *weft_power_book(const struct weft_power *p);

/* Work the caps out: by weft.conf and SIGNAL (NULL: none, or a stale one).  To be done again when these
 * change, and long before WEFT_POWER_HORIZON is over.  -1: out of memory. */
int weft_power_set_signal(struct weft_power *p, const struct weft_signal *signal, time_t now);

/* Was that done?  Before, what the caps are is not known. */
bool weft_power_is_ready(const struct weft_power *p);

/* Price and carbon now, in the units of their files; NAN: not known. */
void weft_power_set_grid(struct weft_power *p, double price, double carbon);
double weft_power_price(const struct weft_power *p);
double weft_power_carbon(const struct weft_power *p);

/* Add WATTS drawn on node INDEX to DRAWS, in each zone that the node is in. */
void weft_power_add(const struct weft_power *p, int64_t *draws, unsigned index, int64_t watts);

int64_t weft_power_base(const struct weft_power *p, unsigned zone); /* W without jobs, as last told */

/* All zeros; free().  NULL: out of memory. */
int64_t *weft_power_draws(const struct weft_power *p);

/* ---- what the host tells: weft_power_tally_begin(), for each job that runs weft_power_tally_knows() and,
 * when it does not, weft_power_tally_job(), then weft_power_tally_end() with what the nodes draw when idle */

/* When the last tally was; 0: there was none yet, it was incomplete, or weft_power_outdate() was called
 * since.  Nobody need have taken the power to outdate it. */
time_t weft_power_tallied(const struct weft_power *p);
void weft_power_outdate(void);

/* A number for the marks of jobs: another one from weft_power_relearn() on, when what was learned changes
 * what jobs draw. */
unsigned weft_power_lesson(const struct weft_power *p);
void weft_power_relearn(struct weft_power *p);

void weft_power_tally_begin(struct weft_power *p);

/* Is job ID on the book as it is now?  MARK is a number that differs when anything about it does. */
bool weft_power_tally_knows(struct weft_power *p, uint32_t id, uint64_t mark);
/* -1: out of memory; then the job counts as it did before, and the next tally has to tell it again. */
int weft_power_tally_job(struct weft_power *p, uint32_t id, uint64_t mark, const int64_t *draws, time_t end);
/* COMPLETE: all jobs that run were told. */
void weft_power_tally_end(struct weft_power *p, const int64_t *idle, time_t now, bool complete);

/* Job ID draws nothing from now on, until a tally meets it again. */
void weft_power_tally_drop(struct weft_power *p, uint32_t id);

/* ---- limiting what runs */

struct weft_power_job {
	uint32_t id;	      /* 0: before the first */
	double share;	      /* of DRAWS that it counts with */
	double told;	      /* the last weft_power_told() */
	const int64_t *draws; /* until the next tally */
};

/* The next of the jobs on the book, in no order; false: there are no more.  When the one at hand has gone
 * meanwhile, some may be passed over. */
bool weft_power_next_job(const struct weft_power *p, struct weft_power_job *job);

/* That of job ID; false: it is not on the book. */
bool weft_power_find_job(const struct weft_power *p, uint32_t id, struct weft_power_job *job);

/* From now on job ID counts with this share of its draws.  Out of memory: as before, until it is said again.
 */
void weft_power_limit(struct weft_power *p, uint32_t id, double share);

/* Remember what share the job was told to keep to. */
void weft_power_told(struct weft_power *p, uint32_t id, double share);

/* ---- asking */

/* May job ID run from START to END, drawing DRAWS more? */
bool weft_power_fits(struct weft_power *p, uint32_t id, const int64_t *draws, time_t start, time_t end,
		     struct weft_power_lack *lack);

/* When may it start, not before NOT_BEFORE, to run for DURATION s?  False: never. */
bool weft_power_earliest(struct weft_power *p, uint32_t id, const int64_t *draws, time_t duration,
			 time_t not_before, time_t *when, struct weft_power_lack *lack);

/* "power cap of zone row3: 412 of 400 kW" into BUF. */
void weft_power_lack_text(const struct weft_power *p, const struct weft_power_lack *lack, char *buf,
			  size_t size);

/* Is there a cap, or may the signal bring one?  If not, everything fits. */
bool weft_power_is_capped(const struct weft_power *p);

/* ---- who waits for power (power_queue.h) */

/* Job ID (not 0), which would draw DRAWS for DURATION s, was refused its start at NOW because of LACK. */
int weft_power_refused(struct weft_power *p, uint32_t id, const int64_t *draws, time_t duration, time_t now,
		       const struct weft_power_lack *lack);

/* How many were refused so far, modulo 2^32.  Nobody need have taken the power. */
unsigned weft_power_refusals(void);

/* Differs when the answer to a question may do.  Nobody need have taken the power. */
unsigned weft_power_age(void);

/* Whose turn it is, and when; a job that has waited for long gets its start reserved. */
int weft_power_plan(struct weft_power *p, time_t now);

/* The I'th of those that wait, from the one that waits longest; NULL: there are not so many. */
const struct weft_power_wait *weft_power_waiting(const struct weft_power *p, size_t i);

/* Job ID does not wait any more. */
void weft_power_gone(struct weft_power *p, uint32_t id);

#endif
