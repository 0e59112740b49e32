/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capacity.h - what a peer has for us, from its nodes and jobs: cards of each kind, and a forecast of how
 * many are free.
 *
 * Pure: no clock, no I/O.
 */
#ifndef WEFT_CAPACITY_H
#define WEFT_CAPACITY_H

#include "core/rest.h"
#include "core/sites.h"

/* What a slurmrestd said.  PARTITION: only that one's nodes and jobs count; NULL: all. */
struct weft_capacity_facts {
	const struct weft_rest_node *nodes;
	size_t n_nodes;
	const struct weft_rest_seen *jobs;
	size_t n_jobs;
	const char *partition;
	time_t now;   /* by the peer's clock */
	double scale; /* weft_capacity_scale() */
};

/* The kinds that nodes in use have, in the order of the nodes, without prices; WEFT_SITES_MAX_KINDS at most,
 * the others are left out.  *KINDS is for weft_capacity_free().  -1: out of memory. */
int weft_capacity_make(const struct weft_capacity_facts *facts, struct weft_site_kind **kinds,
		       unsigned *n_kinds);
void weft_capacity_free(struct weft_site_kind *kinds, unsigned n_kinds);

/* By what part of their time limits jobs run: what was learned before (1: nothing), and what those that have
 * ended since SINCE say; never below 0.05, never above 1. */
double weft_capacity_scale(double before, const struct weft_rest_seen *jobs, size_t n_jobs, time_t since);

#endif
