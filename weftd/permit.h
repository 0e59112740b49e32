/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * permit.h - may a job be handed over?  What slurmctld let it go with says its ticket, which slurmctld has
 * sealed (core/ticket.h); that it still runs on the node that stands for the peer says slurmctld itself.
 */
#ifndef WEFTD_PERMIT_H
#define WEFTD_PERMIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/error.h"
#include "weftd/home.h"
#include "weftd/question.h"

/* ORDER, which user UID wants to be run for JOB, by the ticket SEALED; MUNGE is munged's socket (NULL: its
 * own).  0, and the order has the ticket's RESTARTS and cards, and the account; -1 with ERR, and *LATER: that
 * may change by itself. Asks munged and slurmctld.  Any number of threads. */
int weft_permit(struct weft_home *home, const char *munge, const char *sealed, uid_t uid,
		const struct weft_question_job *job, struct weft_question_order *order, bool *later,
		struct weft_err *err);

/* Does JOB of user UID run on the node that stands for its peer?  As above; with what slurmctld says of it.
 */
int weft_permit_runs(struct weft_home *home, const struct weft_question_job *job, uid_t uid,
		     uint32_t restarts, struct weft_home_job *there, bool *later, struct weft_err *err);

#endif
