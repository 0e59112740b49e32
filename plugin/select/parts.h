/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parts.h - what the components of heterogeneous jobs would draw, so that all of one fit together or none
 * starts.
 *
 * Slurm tests one component after the other and starts them together when each can start; it cannot see that
 * they break a cap together, and deallocates those that were started when a later one is refused.  So what
 * each would draw is remembered from its last test.  A table of fixed size; what does not fit is forgotten,
 * and then not known until the next test.  Process: slurmctld, with the job write lock held.
 */
#ifndef WEFT_SELECT_PARTS_H
#define WEFT_SELECT_PARTS_H

#include "plugin/compat/compat.h"

/* Add to DRAWS, of ZONES figures, what the other components of JOB draw that are still to start.  False: of
 * one of them it is not known. */
bool weft_parts_add_others(const job_record_t *job, int64_t *draws, unsigned zones);

/* JOB would draw DRAWS (copied).  It FITS: so it will start.  It does not: remember the least of what it
 * tried. */
void weft_parts_keep(const job_record_t *job, const int64_t *draws, unsigned zones, bool fits);

void weft_parts_forget(void);

#endif
