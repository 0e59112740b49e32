/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decide.h - job_test for a job with --accel: try its candidates, keep the best.
 *
 * Process: slurmctld, with the job and node write locks held.
 */
#ifndef WEFT_SELECT_DECIDE_H
#define WEFT_SELECT_DECIDE_H

#include "plugin/compat/base.h"

/* Did the job ask for cards with --accel? */
bool weft_decide_wants(const job_record_t *job);

/* Answer ASK as select_p_job_test() must.  The gres request of the job's record is then that of the chosen
 * candidate, or, when none was, that of the first one that limits allow. */
int weft_decide(struct weft_ask *ask);

/* When JOB, which is just being started, has a time limit that follows the speed of the cards chosen for it:
 * that limit in minutes; otherwise 0. */
uint32_t weft_decide_limit(const job_record_t *job);

/* What joins the cards of the mix with which JOB, just tested, is about to start: a name of the catalogue; NULL
 * when it is no mix, or that is unknown.  Good until the next test. */
const char *weft_decide_fabric(const job_record_t *job);

#endif
