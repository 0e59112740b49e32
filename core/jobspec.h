/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jobspec.h - what one job asked of Weft: the request, the policy, the throughput table.
 */
#ifndef WEFT_JOBSPEC_H
#define WEFT_JOBSPEC_H

#include "core/conf.h"
#include "core/error.h"
#include "core/request.h"
#include "core/speed.h"

struct weft_jobspec {
	struct weft_request *request;
	enum weft_policy policy;
	int scale_time;		    /* the time limit follows the speed of the cards */
	const struct weft_app *app; /* NULL: the roofline */
	struct weft_app own;	    /* what APP points to when the job brought its own table */
};

/* Read the three texts as the job's environment carries them: ACCEL must not be NULL; POLICY NULL means the
 * site's default; APP is NULL, the name of a table in CONF, or '=' and an inline table.  CONF must outlive
 * SPEC. Returns 0 and a SPEC for weft_jobspec_clear(), or -1 with ERR, which begins with the option's name.
 */
int weft_jobspec_make(struct weft_jobspec *spec, const char *accel, const char *policy, const char *app,
		      const struct weft_conf *conf, struct weft_err *err);
void weft_jobspec_clear(struct weft_jobspec *spec);

/* The node counts a user gave with -N, as they are kept in the job's environment: "MIN-MAX", 0: no bound. */
void weft_nodes_text(char *buf, size_t size, unsigned min, unsigned max);
void weft_nodes_parse(const char *text, unsigned *min, unsigned *max); /* 0 and 0 for any other text */

/* The time limits of a job whose limit follows the speed of its cards: "REFERENCE:LONGEST", minutes. */
void weft_time_text(char *buf, size_t size, unsigned reference, unsigned longest);
unsigned weft_time_reference(const char *text); /* 0 when it cannot be read */
unsigned weft_time_longest(const char *text);

#endif
