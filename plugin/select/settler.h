/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settler.h - see that a job keeps the time limit it was started with.
 *
 * Backfill puts back the limit that it planned with after it has started a job.  Where the limit follows the
 * speed of the cards that were chosen, a thread of ours sets it again once the scheduler has let go of the
 * job write lock. Process: slurmctld.
 */
#ifndef WEFT_SELECT_SETTLER_H
#define WEFT_SELECT_SETTLER_H

#include <stdint.h>

/* Ask for job JOB_ID to have a limit of MINUTES.  Never waits; safe under Slurm locks. */
void weft_settler_add(uint32_t job_id, uint32_t minutes);

/* End the thread; what is still asked for is dropped.  Hold no Slurm lock. */
void weft_settler_stop(void);

#endif
