/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst_plan.h - of all jobs that wait, which may go to which peer now: forecasts for home and peers, and a
 * decision (burst.h) for each, one after the other, since each one that goes changes what is free there and
 * who is next here.
 *
 * Pure but for its callback; no lock is needed.
 */
#ifndef WEFT_BURST_PLAN_H
#define WEFT_BURST_PLAN_H

#include "core/burst.h"
#include "core/outlook.h"
#include "core/sites.h"

#define WEFT_BURST_MAX_TASKS 256 /* of an array, that are looked at in one pass */
#define WEFT_BURST_HANDOVER                                                                                  \
	15.0 /* s from the start of the proxy to that of the job at the peer, when it is free there */

/* CARDS of a class, on which a job runs SLOWDOWN times as long as its time limit is meant for. */
struct weft_burst_way {
	int site;	   /* -1: at home; else an index */
	unsigned class_id; /* at home */
	char gres[64];	   /* "gpu:h100" */
	uint32_t cards;
	double slowdown;
};

/* What a job with --burst has said. */
struct weft_burst_ask {
	struct weft_burst_wish wish;
	const struct weft_burst_way *ways;
	unsigned n_ways;
};

/* A peer that does not take a job. */
struct weft_burst_refusal {
	unsigned site;
	const char *why;
};

struct weft_burst_waiter {
	uint32_t job;
	uint32_t tasks; /* of an array; else 1 */
	int64_t priority;
	time_t eligible;  /* since when it could have started */
	time_t start;	  /* the host's own forecast; 0: none */
	uint32_t seconds; /* its limit */
	int class_id;	  /* of the cards that it waits for at home; -1: for none there */
	uint32_t cards;
	const struct weft_burst_ask *ask; /* NULL: none */
	const struct weft_burst_refusal *refusals;
	unsigned n_refusals;
};

/* Who runs, at home (SITE -1), or at a peer that does not show it running yet. */
struct weft_burst_runner {
	int site;
	unsigned class_id; /* at home */
	char gres[64];	   /* at a peer */
	uint32_t cards;
	time_t end; /* at the latest */
};

struct weft_burst_site {
	const char *name;
	bool open;
	const struct weft_site_peer *seen; /* NULL: nothing is known */
};

struct weft_burst_plan {
	const struct weft_conf_burst *conf;
	time_t now;
	double scale;	       /* of their limits that jobs run, 0 to 1 */
	const uint32_t *cards; /* at home, by class */
	unsigned n_classes;
	const struct weft_burst_runner *running;
	size_t n_running;
	const struct weft_burst_waiter *waiting; /* by job */
	size_t n_waiting;
	const struct weft_burst_site *sites;
	unsigned n_sites;
	/* For each job with --burst, or the first of its tasks: the case that was decided; for the log. NULL:
	 * none. */
	void (*decided)(const struct weft_burst_case *c, const struct weft_burst_answer *answer, void *arg);
	/* Once for each job with --burst: GO of its tasks may go WAY (NULL with 0: it stays). */
	void (*outcome)(const struct weft_burst_waiter *w, const struct weft_burst_answer *answer,
			uint32_t go, const struct weft_burst_way *way, void *arg);
	void *arg;
};

/* -1: out of memory, and nothing was decided. */
int weft_burst_plan_make(const struct weft_burst_plan *plan);

#endif
