/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot.h - weftd's file of what it knows of other sites (core/sites.h).
 *
 * One per process.  Process: slurmctld, the planner's thread alone; reads a file, so no Slurm lock may be
 * held.
 */
#ifndef WEFT_SCHED_SNAPSHOT_H
#define WEFT_SCHED_SNAPSHOT_H

#include "core/conf.h"
#include "core/sites.h"

#define WEFT_SNAPSHOT_MAX_AGE 300 /* s; what is older is not believed */

/* What the file says now, read again when it has changed; valid until the next call.  NULL: it is missing,
 * broken or stale, which is said in the log once, and nobody goes anywhere. */
const struct weft_sites *weft_snapshot_refresh(const struct weft_conf *conf, time_t now);

void weft_snapshot_forget(void);

#endif
