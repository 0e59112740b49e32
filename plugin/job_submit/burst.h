/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst.h - --burst at submission: checks, and the partitions of the peers that the job may go to.
 *
 * Process: slurmctld, with the locks of a job_submit plugin.
 */
#ifndef WEFT_JOB_SUBMIT_BURST_H
#define WEFT_JOB_SUBMIT_BURST_H

#include "core/error.h"
#include "core/site.h"
#include "plugin/compat/compat.h"
#include "plugin/job_submit/fill.h"

/* The --burst of DESC, from its SPANK environment, its own or its comment; xmalloc()ed.  NULL: none. */
char *weft_burst_of_desc(const job_desc_msg_t *desc);

/* Does LIST (NULL: the default) name a partition that is a peer's?  Nobody may ask for one by its name.  -1
 * with ERR. */
int weft_burst_check_partitions(const char *list, const struct weft_view *view, struct weft_err *err);

/* May a job like DESC go to another site at all?  -1 with ERR. */
int weft_burst_check_job(const job_desc_msg_t *desc, struct weft_err *err);

/* As weft_fill(), for a job with --burst=TEXT: DESC gets the peers' partitions as well.  TEXT may say no. */
int weft_burst_fill(job_desc_msg_t *desc, const struct weft_wish *wish, const char *text,
		    const struct weft_view *view, struct weft_err *err);

#endif
