/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.h - what slurmctld remembers of a pending job from one scheduling pass to the next.
 *
 * A table of fixed size; what does not fit is forgotten, and the job is then treated as if it were seen for
 * the first time.  Process: slurmctld, with the job write lock held.
 */
#ifndef WEFT_SELECT_MEMORY_H
#define WEFT_SELECT_MEMORY_H

#include <stdint.h>

#include "core/choose.h"

/* The patience of job JOB_ID, zeroed when it was not known.  Valid until the next call for another job. */
struct weft_patience *weft_memory_of(uint32_t job_id);

/* The job has started or is gone. */
void weft_memory_forget(uint32_t job_id);

#endif
