/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * free_index.h - how many devices of a kind each node has and has free, and which nodes have enough.
 *
 * Counted from Slurm's own gres records, kind by kind as jobs ask for it.  The hooks of the select plugin say
 * when an allocation changed; what changes a record without a hook (a node that registers, an update) is seen
 * by Slurm's time of the last node update.  In any case no count is older than half a minute.
 *
 * Process: slurmctld, job and node write locks held.  One per process.
 */
#ifndef WEFT_SELECT_FREE_INDEX_H
#define WEFT_SELECT_FREE_INDEX_H

#include "plugin/compat/gres.h"

/* Something was allocated, freed or reconfigured: count again before the next answer. */
void weft_free_index_stale(void);

/* A new question: others may have held the locks since the last one.  The figures are counted again if they may
 * have changed. */
void weft_free_index_begin(void);

/* Forget all. */
void weft_free_index_clear(void);

/* The nodes that have AT_LEAST devices of KIND in all, or free.  The bitmap is the index's own and good until
 * the next call of any function here. */
const bitstr_t *weft_free_index_total(struct weft_kind kind, uint64_t at_least);
const bitstr_t *weft_free_index_free(struct weft_kind kind, uint64_t at_least);

/* Keep of NODES those that have what each of the N WANTS takes on a node (FREE: free now, else in all), and those
 * among REQUIRED (NULL: none): cons_tres has its own answer when one of these will not do. */
void weft_free_index_keep_fit(bitstr_t *nodes, const struct weft_want *wants, int n, const bitstr_t *required,
			      bool free);

/* The figures of one node. */
struct weft_count weft_free_index_count(struct weft_kind kind, int node);

/* Are all NODES, each of which has devices of KIND, of the same hardware? */
bool weft_free_index_alike(struct weft_kind kind, const bitstr_t *nodes);

/* Compare what would be answered now with a full recount; each difference is an error in the log. */
void weft_free_index_check(void);

#endif
