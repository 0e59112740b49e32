/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ways.h - on which cards jobs with --burst can run, at home and at each peer.
 *
 * Process: slurmctld, the planner's thread; no lock held.
 */
#ifndef WEFT_SCHED_WAYS_H
#define WEFT_SCHED_WAYS_H

#include "core/burst_plan.h"
#include "plugin/compat/backlog.h"

struct weft_ways; /* of one pass: like requests are worked out once */

struct weft_ways *weft_ways_open(const struct weft_view *view, const struct weft_backlog *b);
void weft_ways_close(struct weft_ways *ways); /* NULL is allowed */

/* Those of JOB, *N of them, until weft_ways_close(). */
const struct weft_burst_way *weft_ways_of(struct weft_ways *ways, const struct weft_backlog_job *job,
					  unsigned *n);

#endif
