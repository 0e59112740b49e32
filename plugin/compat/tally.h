/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally.h - Slurm's records as watts: what runs, what is on, and what a job that was tested would add.
 *
 * Process: slurmctld.
 */
#ifndef WEFT_COMPAT_TALLY_H
#define WEFT_COMPAT_TALLY_H

#include "core/power.h"
#include "plugin/compat/compat.h"

/* weft_power_take() with the node sets read from Slurm's node table.  Node read lock held. */
struct weft_power *weft_tally_power(const struct weft_view *view);

/* Bring the book in line with the records, if these may have changed since it was last done (FORCE: in any
 * case). Job and node read locks held. */
void weft_tally(struct weft_power *p, bool force);

/* What JOB, which a test has just found to fit on NODES, adds when it runs there: processors and devices as
 * the test has set them aside, and nodes that have to be woken.  DRAWS: zeros.  Job and node locks held. */
void weft_tally_tested(struct weft_power *p, const job_record_t *job, const bitstr_t *nodes, int64_t *draws);

/* Slurm looks twice a minute for jobs that have reached their limit: so long, in s, one may draw beyond it. */
#define WEFT_TALLY_OVERRUN 60

/* How long JOB may run, in s, when it starts, by its limit.  Job read lock held. */
time_t weft_tally_duration(const job_record_t *job);

/* Nodes that Slurm measures teach the model.  Job and node read locks held. */
void weft_tally_learn(struct weft_power *p);

/* What is measured now, by zone (nodes without a measurement: 0), and on how many nodes of each zone; zeros
 * at first.  Node read lock held. */
void weft_tally_measured(struct weft_power *p, int64_t *watts, int64_t *nodes);

#endif
