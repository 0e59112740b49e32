/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - from a request to candidates: an alternative on one class, with node and card counts.
 */
#ifndef WEFT_PLAN_H
#define WEFT_PLAN_H

#include "core/inventory.h"
#include "core/request.h"
#include "core/speed.h"

#define WEFT_PLAN_MAX_CANDIDATES 256

struct weft_mix;

struct weft_candidate {
	const struct weft_class *class; /* of a mix: the gres name, without a type */
	const struct weft_mix *mix; /* cards of several classes (mix.h), on an empty cluster; NULL: of CLASS */
	unsigned alternative; /* index into the request */
	unsigned devices;     /* in all */
	unsigned nodes;       /* exact node count */
	unsigned per_node;    /* cards on each node; 0: DEVICES do not divide evenly, ask per job */
	double rate;          /* of all its cards together; NAN: unknown */
	double slowdown;      /* run time relative to the reference; > 0 */
};

/* What else bounds a job: from -N and the partitions it may use. */
struct weft_scope {
	unsigned min_nodes, max_nodes;             /* 0: no bound */
	unsigned first, n;                         /* of the nodes just N, from FIRST on; N 0: all */
	bool (*usable)(unsigned index, void *arg); /* may the job use this node at all?  NULL: every node */
	void *arg;
	const char *where;                         /* "partition gpu", for messages; NULL: "the cluster" */
};

struct weft_plan {
	struct weft_candidate *candidates; /* in the order of the request; within an alternative, faster first */
	size_t n;                          /* at least 1 */
	struct weft_plan_mix *mixes;       /* those of the candidates; for weft_plan_clear() */
};

/* All the ways in which REQ can be met in SCOPE (NULL: anywhere) when nothing else runs; of more than
 * WEFT_PLAN_MAX_CANDIDATES the first.  APP may be NULL.  Returns 0, and weft_plan_clear() empties PLAN; or -1
 * when there is none, with what each alternative lacks in ERR:
 *   no node has 16 cards with mem>=100G; the largest is h20: 96G
 *
 * Cards go onto as few nodes as can hold them.  Where the user bounds the nodes (in the request, or with a
 * least number above 1 in SCOPE), a number that divides the cards is preferred to the smallest.  Compute with
 * cards per node given is rounded up to whole nodes.
 *
 * The reference for slowdown is the first candidate whose rate is known; a candidate of unknown rate is taken
 * to be as slow as the slowest known one (1.0 when none is known). */
int weft_plan_make(struct weft_plan *plan, const struct weft_request *req, const struct weft_inventory *inv,
		   const struct weft_scope *scope, const struct weft_app *app, double intensity,
		   struct weft_err *err);
void weft_plan_clear(struct weft_plan *plan);

/* A time limit of MINUTES on the reference candidate, for one that takes SLOWDOWN times as long: rounded up, at
 * least 1, UINT32_MAX - 3 at most (the values above mean "none" to Slurm).  A SLOWDOWN of NAN counts as 1. */
unsigned weft_scaled_minutes(unsigned minutes, double slowdown);

#endif
