/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * why.h - what one alternative of a job that waits is missing, when that comes free at the latest, and what
 * would bring it about.
 *
 * Pure: plain figures in, plain figures out.  What is said of jobs that end is certain: once they have ended
 * (and the nodes that are named are in use again), the nodes that are named hold the alternative.  Other jobs
 * may take them first; who goes before whom is the scheduler's.
 */
#ifndef WEFT_WHY_H
#define WEFT_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/text.h"

/* A node that the job may have, as it is now. */
struct weft_why_node {
	unsigned id;	      /* for the caller */
	bool usable;	      /* false: it is down, drained or the like */
	unsigned total, free; /* cards of the alternative's class */
	unsigned cpus, cpus_free;
	uint64_t memory, memory_free; /* MiB */
};

/* What comes free on a node when a job that runs ends. */
struct weft_why_release {
	unsigned node; /* index among the nodes given */
	uint32_t job;  /* for the caller */
	time_t end;    /* at the latest; 0: no end is known */
	unsigned cards, cpus;
	uint64_t memory; /* MiB */
};

/* What the alternative takes. */
struct weft_why_need {
	unsigned nodes;
	unsigned per_node; /* cards on each; 0: they differ, DEVICES in all */
	unsigned devices;
	unsigned cpus;	 /* on each node */
	uint64_t memory; /* on each node, MiB */
	bool whole;	 /* nodes without other jobs */
};

enum weft_why_kind {
	WEFT_WHY_NOTHING, /* it fits now */
	WEFT_WHY_BUSY,	  /* it fits when the jobs named have ended */
	WEFT_WHY_NODES,	  /* it fits when the nodes named can be used, and the jobs named have ended */
	WEFT_WHY_NEVER,	  /* not on these nodes */
};

#define WEFT_WHY_NAMED 32 /* jobs, and nodes, that are named; of more it is said how many */

struct weft_why {
	enum weft_why_kind kind;
	unsigned ready; /* nodes that have room now; cards, when PER_NODE is 0 */
	unsigned best;	/* index of the node that comes closest; UINT_MAX: none */
	bool cards;	/* are cards missing, or only processors and memory? */
	time_t when;	/* BUSY and NODES: by then at the latest; 0: not known */
	uint32_t jobs[WEFT_WHY_NAMED];
	time_t ends[WEFT_WHY_NAMED];
	unsigned n_jobs;		     /* all that must end; the first WEFT_WHY_NAMED are named */
	unsigned idle_nodes[WEFT_WHY_NAMED]; /* indexes of nodes that are to be made usable */
	unsigned n_idle_nodes;
};

/* Find out.  -1: out of memory.  Time: O((nodes + releases) log releases). */
int weft_why_find(struct weft_why *why, const struct weft_why_need *need, const struct weft_why_node *nodes,
		  size_t n_nodes, const struct weft_why_release *releases, size_t n_releases);

/* Slurm's name of a reason ("QOSMaxGRESPerUser") in words; NULL: there are none for it. */
const char *weft_why_reason(const char *name);

/* Is it a limit of an association or a QOS, which an administrator can raise? */
bool weft_why_is_limit(const char *name);

#endif
