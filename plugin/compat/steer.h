/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * steer.h - what the planner sees of jobs, and what it may do to them.
 *
 * Process: slurmctld.
 */
#ifndef WEFT_COMPAT_STEER_H
#define WEFT_COMPAT_STEER_H

#include "core/energy.h"
#include "plugin/compat/compat.h"

#define WEFT_ENV_ENERGY	    "WEFT_ENERGY" /* canonical --energy */
#define WEFT_ENV_RAN	    "WEFT_RAN" /* s that its earlier runs lasted, when the planner interrupted them */
#define WEFT_ENV_WINDOW	    "WEFT_WINDOW"     /* when its window ends, s since the epoch */
#define WEFT_ENV_NOT_BEFORE "WEFT_NOT_BEFORE" /* the user's --begin, s since the epoch */

#define WEFT_ORDER_TEXT 320

/* A job with --energy that waits or runs. */
struct weft_seen {
	uint32_t id, priority;
	bool running;
	bool can_requeue; /* a batch job that was not submitted with --no-requeue */
	time_t start;
	time_t not_before; /* the user's --begin; 0: none */
	time_t begin;	   /* of a job that waits: not before then */
	time_t duration;   /* its limit, s */
	time_t ran;	   /* s, of earlier runs */
	time_t queue;	   /* s that others have waited by now that could start in its partition */
	char *energy;
	struct weft_energy_wish wish; /* what ENERGY says, after weft_steer_read() */
};

/* All of them, *N.  Job read lock held. */
struct weft_seen *weft_steer_look(unsigned *n);

/* Read what they say, and sort them by id.  No lock needed. */
void weft_steer_read(struct weft_seen *seen, unsigned n);
void weft_steer_free(struct weft_seen *seen, unsigned n);

/* That of job ID among them; NULL: it has no --energy. */
const struct weft_seen *weft_steer_find(const struct weft_seen *seen, unsigned n, uint32_t id);

enum weft_order_kind {
	WEFT_ORDER_REASON,  /* a job that waits: this is why */
	WEFT_ORDER_COMMENT, /* a job that waits or runs: this is how it is; SystemComment alone */
	WEFT_ORDER_BEGIN,   /* it is not to start before BEGIN; this is why */
	WEFT_ORDER_REQUEUE, /* a job that runs: requeue it; not before BEGIN */
	WEFT_ORDER_SIGNAL,  /* a job that runs: send it SIGNAL, script and steps */
	WEFT_ORDER_FREE,    /* a job that waits: nothing of it is at another site any more; it may start anywhere */
	WEFT_ORDER_WAKE,    /* no job: let the schedulers look at all of them */
};

struct weft_order {
	enum weft_order_kind kind;
	uint32_t job;
	time_t begin;
	time_t end; /* of BEGIN: when the window ends */
	int signal;
	char text[WEFT_ORDER_TEXT]; /* for Reason and SystemComment */
};

/* Carry the orders out that still apply: a job may have ended or started meanwhile.  Takes the locks it needs
 * (config read, job and node write) once; hold none. */
void weft_steer(const struct weft_order *orders, unsigned n);

#endif
