/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job.h - what the proxy knows of the job: what slurmstepd has told it in its arguments, and the job's
 * environment.
 */
#ifndef WEFT_PROXY_JOB_H
#define WEFT_PROXY_JOB_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

struct weft_proxy_job {
	/* Of the arguments. */
	const char *conf, *peer; /* weft.conf and the Peer= in it */
	const char *gres,
		*model; /* what it got here: "gpu:h100"; the catalogue's name for that, NULL: not known */
	unsigned cards;
	unsigned minutes;  /* its time limit */
	int64_t submit;	   /* when it was first submitted */
	char *const *argv; /* the script, and its arguments */
	/* Of the environment. */
	const char *cluster, *submit_dir;
	const char *ticket; /* sealed by slurmctld; for weftd */
	uint32_t id, restarts;
};

/* Read both; nothing is copied.  -1 with ERR. */
int weft_proxy_job_read(struct weft_proxy_job *job, int argc, char *const *argv, struct weft_err *err);

/* May it run at home as well, by its --burst? */
bool weft_proxy_job_is_auto(void);

/* Which job it is, for weftd.  NULL with ERR. */
json_object *weft_proxy_job_name(const struct weft_proxy_job *job, struct weft_err *err);

/* The order for weftd: that, the script, the environment and the size of the job.  WEFT: the peer runs Weft.
 * JOIN: standard error goes where standard output goes.  NULL with ERR. */
json_object *weft_proxy_job_order(const struct weft_proxy_job *job, bool weft, char *const *environment,
				  bool join, struct weft_err *err);

#endif
