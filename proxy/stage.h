/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage.h - the commands of a peer's line in weft.conf, filled in for one run.
 */
#ifndef WEFT_PROXY_STAGE_H
#define WEFT_PROXY_STAGE_H

#include "core/conf.h"
#include "proxy/job.h"
#include "proxy/output.h"

/* What the commands are about. */
struct weft_proxy_stage {
	const struct weft_proxy_job *job;
	const struct weft_conf_peer *peer;
	const char *remote_user, *top, *key; /* as weftd tells them */
	unsigned first;
	bool (*stop)(void *arg); /* as in command.h */
};

/* Run COMMAND (NULL: nothing is done), which is StageIn= or StageOut=, WHAT it is called.  -1 with ERR. */
int weft_proxy_stage(const struct weft_proxy_stage *stage, const char *what, const char *command,
		     struct weft_err *err);

/* Run Fetch= for each stream of OUTPUT.  -1 with ERR of the first that failed. */
int weft_proxy_stage_fetch(const struct weft_proxy_stage *stage, struct weft_proxy_output *output,
			   struct weft_err *err);

/* The exit code of the script, which the wrapper wrote down at the peer when it ended by itself, brought by
 * Fetch=.  -1: there is none of this run, it cannot be had, or it is that of a signal, of which a script dies
 * when its node fails or its time is over, too. */
int weft_proxy_stage_done(const struct weft_proxy_stage *stage);

#endif
