/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fill.h - check a job's --accel request and give the job a nominal gres request that Slurm understands.
 */
#ifndef WEFT_JOB_SUBMIT_FILL_H
#define WEFT_JOB_SUBMIT_FILL_H

#include "core/error.h"
#include "core/site.h"
#include "plugin/compat/compat.h"

/* What a job says of itself: pointers into the description or the record. */
struct weft_wish {
	const char *accel, *policy, *app; /* NULL: not given */
	const char *partition;		  /* NULL: the default */
	uint32_t min_nodes, max_nodes;	  /* 0: not given */
	bool unmarked; /* no batch job, and in a comment: its steps would not learn of it */
	char *texts;   /* xmalloc()ed storage of what came out of a comment */
};

/* Where the request of DESC is: in the SPANK environment, in the job's own environment, or in its comment
 * ("accel=8:h100; accel-policy=soon").  False when there is none; then WISH needs no weft_wish_clear(). */
bool weft_wish_of_desc(struct weft_wish *wish, const job_desc_msg_t *desc);
bool weft_wish_of_comment(struct weft_wish *wish, const char *comment);
void weft_wish_clear(struct weft_wish *wish);

/* What COMMENT (NULL allowed) has behind KEY ("burst"), when it is one with requests for us; xmalloc()ed.  NULL:
 * nothing. */
char *weft_comment_value(const char *comment, const char *key);

/* Is there a way to run WISH in its partition?  -1 with ERR, which says what is lacking. */
int weft_fill_can(const struct weft_wish *wish, const struct weft_view *view, struct weft_err *err);

/* Check WISH and write what follows from it into DESC: the request of record in its SPANK environment, the
 * nominal gres request, the node counts.  Returns SLURM_SUCCESS, or a Slurm error with ERR. */
int weft_fill(job_desc_msg_t *desc, const struct weft_wish *wish, const struct weft_view *view,
	      struct weft_err *err);

#endif
