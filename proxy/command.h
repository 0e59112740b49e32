/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - the commands of weft.conf that move files, run as the job's user.
 */
#ifndef WEFT_PROXY_COMMAND_H
#define WEFT_PROXY_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* Take LEN bytes of what a command prints; -1 with ERR ends it. */
typedef int weft_proxy_take(const char *text, size_t len, void *arg, struct weft_err *err);

struct weft_proxy_command {
	const char *what;      /* for messages: "StageIn=" */
	const char *text;      /* for /bin/sh -c */
	weft_proxy_take *take; /* of its standard output; NULL: that, and its standard error, are the proxy's
				  standard error */
	void *arg;
	unsigned idle;		 /* s without a byte after which it is killed; 0: any time */
	bool (*stop)(void *arg); /* asked each second and after a signal: true: it is killed; NULL: never */
	void *stop_arg;
};

/* Run it to its end.  0 when it exits with 0; else -1 with ERR ("StageIn=: exit status 3: rsync: ..."). */
int weft_proxy_command(const struct weft_proxy_command *command, struct weft_err *err);

#endif
