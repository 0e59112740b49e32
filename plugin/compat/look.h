/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * look.h - copies what slurmctld knows into a struct weft_sight.
 *
 * Process: slurmctld.
 */
#ifndef WEFT_COMPAT_LOOK_H
#define WEFT_COMPAT_LOOK_H

#include "core/sight.h"
#include "plugin/compat/compat.h"

/* Slurm's times of the last change of jobs, nodes and partitions, and when they were noted. */
struct weft_noted {
	time_t at, jobs, nodes, parts;
};

/* May the records have changed since?  No lock needed: these are numbers. */
bool weft_noted_changed(const struct weft_noted *noted);

/* A copy, for weft_sight_destroy(), with what is asked about the jobs INTERESTS (0: none).  NULL: there is no
 * job list (any more), or no memory.  Takes Slurm's read locks; then, for those jobs, the job write lock for a
 * moment; then those on accounting.  Hold none, and nothing that somebody who holds them may wait for. */
struct weft_sight *weft_look(const uint32_t interests[WEFT_SIGHT_INTERESTS], struct weft_noted *noted);

#endif
