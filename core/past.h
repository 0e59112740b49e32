/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * past.h - a run of a job as Slurm's accounting gives it: a line of
 *
 *	SLURM_TIME_FORMAT=%s sacct -n -P -X -D --delimiter=D -o WEFT_PAST_FIELDS ...
 *
 * The last field is the user's own text, with line feeds if he likes.  So D should be something that he
 *cannot guess: a line without it goes on with the one before.
 */
#ifndef WEFT_PAST_H
#define WEFT_PAST_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/error.h"

#define WEFT_PAST_FIELDS                                                                                     \
	"JobIDRaw,Account,State,Submit,Eligible,Start,End,AllocTRES,NodeList,ConsumedEnergyRaw,SubmitLine"
#define WEFT_PAST_MAX_LINE (16u * 1024 * 1024) /* bytes; max_submit_line_size= is 1 MiB by default */

struct weft_past_job {
	const char *account;		     /* "": none */
	bool pending;			     /* it has not started, and may */
	time_t submit, eligible, start, end; /* 0: not known, or not yet */
	const char *tres;		     /* what it got: "cpu=2,gres/gpu=16"; "" */
	const char *nodes;		     /* "nv[1-2]", or a text in brackets or with a blank: none */
	uint64_t joules;		     /* measured; 0: not */
	const char *line;		     /* how it was submitted; "" */
};

/* Read LINE (which is cut up, and which JOB then points into).  1: a run; 0: a line that goes on with the one
 * before; -1 with ERR. */
int weft_past_read(struct weft_past_job *job, char *line, const char *delimiter, struct weft_err *err);

#endif
