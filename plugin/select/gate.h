/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate.h - may a job start, as far as other sites go, and power?
 *
 * Process: slurmctld, with the job and node write locks held.
 */
#ifndef WEFT_SELECT_GATE_H
#define WEFT_SELECT_GATE_H

#include "core/site.h"
#include "plugin/compat/base.h"

/* The base has just said yes to ASK, and its nodes are those that the job would get.  A start now that would
 * break a cap while the job runs is refused: ESLURM_NODES_BUSY.  A start in the future moves to the first
 * moment at which all caps allow it.  Without caps, and for a question whether the job could ever run:
 * SLURM_SUCCESS. */
int weft_gate(const struct weft_ask *ask, const struct weft_view *view);

/* Is the partition of JOB a peer's (of VIEW, NULL allowed), or was it one, and has the planner not let the
 * job start there?  Then it waits.  Not to be asked when the question is whether it could ever run.  What it
 * costs a job without
 * --burst is a look at the peers' partitions. */
bool weft_gate_holds(const job_record_t *job, const struct weft_view *view);

/* What JOB is to have at the peer where it is let start ("gpu:h100"), into BUF.  False: it is in no peer's
 * partition, or is not let. */
bool weft_gate_gres(const job_record_t *job, const struct weft_view *view, char *buf, size_t size);

#endif
