/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * looker.h - a thread that keeps a copy of slurmctld's state, from which questions are answered.
 *
 * slurmctld calls the plugin with its lock on burst buffers held, and takes that lock with the job write lock
 * or those on accounting held.  A question that waited for Slurm's locks would therefore stop slurmctld for
 * good.  So the thread waits for them, holding nothing, and questions are answered from its last copy.
 *
 * Process: slurmctld.
 */
#ifndef WEFT_BURST_BUFFER_LOOKER_H
#define WEFT_BURST_BUFFER_LOOKER_H

#include "core/sight.h"

/* Start the thread, unless it runs.  Safe under Slurm locks. */
void weft_looker_start(void);

/* Stop it.  It is given a second; one that waits for a lock of Slurm's then ends when it gets it. */
void weft_looker_stop(void);

/* Answer the words for ASKER; for xfree().  Waits for the thread for WAIT_MS at most, ten times a second. */
char *weft_looker_answer(const struct weft_asker *asker, unsigned argc, char **argv, const char *other);

#endif
