/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forecast.h - when and where a job can start, from cons_tres, without showing it each node.
 *
 * cons_tres answers SELECT_MODE_WILL_RUN by letting the running jobs end one after the other, in groups that
 * end close in time, and trying after each group.  Which groups these are depends on the end times of all jobs
 * that share a node with those it was given.  So it gets the nodes that could be of use up to the group after
 * which the job may fit, and of each job that ends before then one node at least: then it makes the same
 * groups.  An answer from a later group than that does not count; it is asked again with more.
 */
#ifndef WEFT_SELECT_FORECAST_H
#define WEFT_SELECT_FORECAST_H

#include "plugin/compat/base.h"
#include "plugin/compat/gres.h"

/* ASK is a WILL_RUN without jobs to preempt, of a job that wants the N WANTS (1 or more).  As
 * weft_base_job_test().  Process: slurmctld, job and node write locks held. */
int weft_forecast_job_test(struct weft_ask *ask, const struct weft_want *wants, int n);

/* The job of ASK, with WANT on each of NODES nodes of those given, starts no earlier than *WHEN (0: now);
 * returns false when it never does.  A bound from the devices alone, at a small part of the price. */
bool weft_forecast_earliest(struct weft_ask *ask, const struct weft_want *want, uint32_t nodes, time_t *when);

#endif
