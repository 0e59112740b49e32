/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer.h - what a job_test answered: to be given again, or compared with another answer.
 *
 * Process: slurmctld, job and node write locks held.
 */
#ifndef WEFT_SELECT_ANSWER_H
#define WEFT_SELECT_ANSWER_H

#include "plugin/compat/base.h"

struct weft_answer {
	bitstr_t *nodes; /* owned; NULL: there is no answer */
	time_t start;
	int rc;
};

/* What ASK has just been answered: RC, its nodes, and the job's start. */
struct weft_answer weft_answer_of(const struct weft_ask *ask, int rc);
void weft_answer_clear(struct weft_answer *answer);

/* Answer ASK so; returns the code. */
int weft_answer_give(const struct weft_answer *answer, struct weft_ask *ask);

/* ASK was answered RC now.  When ANSWER, which was got HOW, says something else, an error is logged.  No answer
 * agrees with all. */
void weft_answer_compare(const struct weft_answer *answer, const struct weft_ask *ask, int rc, const char *how);

#endif
