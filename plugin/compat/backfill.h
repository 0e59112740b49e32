/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backfill.h - the sched/backfill underneath.
 */
#ifndef WEFT_COMPAT_BACKFILL_H
#define WEFT_COMPAT_BACKFILL_H

#include "plugin/compat/compat.h"

/* Find sched_backfill.so, on which this plugin is linked, and run its init(): SLURM_SUCCESS, or SLURM_ERROR
 * after one line in the log.  slurmctld, once. */
int weft_backfill_init(void);
void weft_backfill_fini(void);

#endif
