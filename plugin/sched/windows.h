/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * windows.h - jobs with --energy: when each is to run.
 *
 * Process: slurmctld, the planner's thread; no lock held.
 */
#ifndef WEFT_SCHED_WINDOWS_H
#define WEFT_SCHED_WINDOWS_H

#include "core/conf.h"
#include "core/energy.h"
#include "core/power_report.h"
#include "plugin/sched/orders.h"

/* Plan for the N jobs of SEEN, of what sources.h says at NOW: those that wait get their begin, those that may
 * be interrupted and run outside their windows are requeued.  *WINDOWS: the same for the report, calloc()ed
 * (NULL: out of memory), N_WINDOWS of them. */
void weft_windows_plan(const struct weft_seen *seen, unsigned n, time_t now, const struct weft_conf *conf,
		       struct weft_orders *orders, struct weft_report_window **windows, unsigned *n_windows);

#endif
