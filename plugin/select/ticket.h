/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket.h - the ticket of a job that starts: made from what the job holds, sealed, and put into the job.
 */
#ifndef WEFT_SELECT_TICKET_H
#define WEFT_SELECT_TICKET_H

#include "plugin/compat/compat.h"

/* Give JOB, which has its nodes and its devices, a ticket instead of any that it had.  FABRIC is what joins the cards
 * of a mix, or NULL.  Never fails: where no
 * ticket can be made the job starts without one, and one line in the log says so. */
void weft_ticket_issue(job_record_t *job, const char *fabric);

#endif
