/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - the planner's state, for "weft power".
 *
 * Process: slurmctld, the planner's thread.
 */
#ifndef WEFT_SCHED_STATE_H
#define WEFT_SCHED_STATE_H

#include "core/power.h"
#include "core/power_report.h"

/* Note what is in Slurm's records alone: what is measured.  Job and node read locks held, the power taken. */
void weft_state_look(struct weft_power *p);

/* All but the windows.  The power taken, no Slurm lock held. */
void weft_state_fill(struct weft_report *report, struct weft_power *p, time_t now);

/* Write it to PATH; a failure is said in the log once.  No lock held. */
void weft_state_save(const struct weft_report *report, const char *path);

#endif
