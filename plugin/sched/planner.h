/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planner.h - the thread that plans power, energy, and which jobs go to other sites (burst.h).
 *
 * Each PowerInterval=, and at once when a cap changes, it brings the book in line with Slurm's records,
 * decides which of the jobs that wait for power have their start reserved, puts jobs with --energy into their
 * windows, limits or requeues what runs when a cap has fallen, and writes the state for "weft power".  It
 * thinks with no Slurm lock held.
 *
 * sched/weft runs it.  Where SchedulerType= stays as it is, select/cons_tres_weft does: a slurmctld 22.05
 * takes heterogeneous jobs with a scheduler named sched/backfill only.
 *
 * Process: slurmctld.
 */
#ifndef WEFT_SCHED_PLANNER_H
#define WEFT_SCHED_PLANNER_H

/* Start the thread, unless it runs; it does nothing for as long as weft.conf says nothing of power or of
 * peers. */
void weft_planner_start(void);

/* Stop it and forget what it knows.  Hold no Slurm lock: it may be waiting for one. */
void weft_planner_stop(void);

#endif
