/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gres.h - what Slurm's gres records say of nodes and jobs, in numbers.
 *
 * Every figure is a bound that select/cons_tres cannot go beyond: a node never offers a job more devices than
 * is said here, and never needs fewer than is said here to be of use to one.  So a node that falls short may be
 * kept from cons_tres without changing what it decides.
 *
 * Process: slurmctld.  All functions need the job and the node write lock.
 */
#ifndef WEFT_COMPAT_GRES_H
#define WEFT_COMPAT_GRES_H

#include "plugin/compat/compat.h"

/* Devices that are counted together: a gres name, and one of its types or (0) any. */
struct weft_kind {
	uint32_t gres_id; /* Slurm's hash of the name */
	uint32_t type_id; /* and of the type */
};

/* What a job asks of one kind. */
struct weft_want {
	struct weft_kind kind;
	uint64_t per_node; /* a node with fewer is of no use; 1 or more */
	uint64_t per_job;  /* 0: the job does not say */
};

/* The kind of a gres NAME and TYPE (NULL: any). */
struct weft_kind weft_kind_of(const char *name, const char *type);

struct weft_count {
	uint64_t total; /* configured */
	uint64_t free;  /* of these not allocated; never more than TOTAL */
};

/* What JOB asks for, of at most MAX kinds.  Returns how many; 0 also when it asks for something that cannot
 * be counted so (shared devices, or more kinds than MAX). */
int weft_gres_wants(const job_record_t *job, struct weft_want *wants, int max);

/* The record of gres GRES_ID on NODE, NULL when it has none (or NODE is NULL); and the devices of TYPE_ID (0: of any
 * type) in it, zeros for NULL. */
const gres_node_state_t *weft_gres_of_node(const node_record_t *node, uint32_t gres_id);
struct weft_count weft_gres_count(const gres_node_state_t *gres, uint32_t type_id);

/* At most so many devices of KIND become free on a node when JOB, which holds them, ends: on the node that is
 * the NTH (from 0) of those that were allocated to the job.  UINT64_MAX: cannot be told. */
uint64_t weft_gres_held(const job_record_t *job, struct weft_kind kind, uint32_t nth);

/* Give JOB, which has just been tested on NODES, other devices of gres GRES_ID than the test has set aside, where
 * others that are free are linked better (core/island.h).  On each node as many, of the same types and near the same
 * processors.  Nodes that say nothing of links, or whose devices are tied to processors or shared, stay as they are. */
void weft_gres_keep_islands(const job_record_t *job, uint32_t gres_id, const bitstr_t *nodes);

/* Has node B the same devices, processors and memory as A, in the same places? */
bool weft_nodes_alike(const node_record_t *a, const node_record_t *b);

/* The devices that tests of a job have set aside for it, by node. */
struct weft_picks {
	uint32_t gres_id;
	int n;		 /* nodes of the cluster */
	bitstr_t **bits; /* NULL for a node without a pick, or whose devices cannot be told apart */
	uint64_t *counts;
};

/* Keep what the last successful test of JOB has set aside on NODES.  PICKS starts with its gres_id alone. */
void weft_picks_keep(struct weft_picks *picks, const job_record_t *job, const bitstr_t *nodes);

/* JOB, which has been tested on the nodes of PICKS, is to get these instead of those that the test chose.
 * They must be as many; if they are not, nothing changes. */
void weft_picks_put(const struct weft_picks *picks, const job_record_t *job);

void weft_picks_clear(struct weft_picks *picks);

#endif
