/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst.h - the planner's part in sending jobs to other sites: who may go where (core/burst_plan.h), which
 * gates are open (core/burst_gate.h), what their jobs are told, and the log of decisions.
 *
 * Process: slurmctld, the planner's thread; no lock held.
 */
#ifndef WEFT_SCHED_BURST_H
#define WEFT_SCHED_BURST_H

#include "core/site.h"

/* Are there peers? */
bool weft_burst_wanted(const struct weft_view *view);

/* Look, decide, open and close, when it is time for it; to be called every second.  Without peers: once, to
 * close all. */
void weft_burst_pass(const struct weft_view *view);

/* Close all gates and forget what is known. */
void weft_burst_forget(void);

#endif
