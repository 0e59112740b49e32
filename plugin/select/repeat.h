/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * repeat.h - do not answer the same question twice in a row.
 *
 * Backfill asks when a job can start first on nodes that it would not share and then, when that is not now,
 * on such that it would.  Where nothing is shared these are the same question, and the second answer is the
 * first.
 *
 * Process: slurmctld, job and node write locks held.
 */
#ifndef WEFT_SELECT_REPEAT_H
#define WEFT_SELECT_REPEAT_H

#include "plugin/select/answer.h"

/* Is ASK the second of the two?  Then *KEPT is a copy of the answer, for weft_answer_clear(). */
bool weft_repeat_find(const struct weft_ask *ask, struct weft_answer *kept);

/* ASK, about the nodes GIVEN, was answered by RC and its own nodes; it may be the first of the two.  AGE: of
 * the power (core/power.h) when it was asked; once that has changed the answer is kept no longer. */
void weft_repeat_keep(const struct weft_ask *ask, const bitstr_t *given, unsigned age, int rc);

/* Anything but such a second question has happened. */
void weft_repeat_forget(void);

#endif
