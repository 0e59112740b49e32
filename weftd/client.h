/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - ask weftd.  A question and its answer are JSON objects, each in a MUNGE credential: weftd knows
 * who asks, only he can read the answer, and it is weftd's (WeftdUser=).  doc/weftd.md lists the questions.
 *
 * For commands and for the proxy; never in slurmctld.  Any number of threads.
 */
#ifndef WEFTD_CLIENT_H
#define WEFTD_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "core/conf.h"
#include "core/error.h"

#define WEFTD_PORT	  6829
#define WEFTD_MAX_MESSAGE (900u * 1024) /* bytes of JSON; MUNGE takes a MiB */

enum weft_client_result {
	WEFT_CLIENT_ANSWER,
	WEFT_CLIENT_NO,	    /* weftd says no, and will the next time: ERR has its words; or it is too long to ask */
	WEFT_CLIENT_LATER,  /* weftd says that it cannot now: ERR has its words */
	WEFT_CLIENT_NOBODY, /* there is no answer that is known to be weftd's; it may or may not have acted */
};

/* Ask the weftd of CONF (Weftd=, WeftdUser=, MungeSocket=), within so many seconds.  Takes QUESTION over: an
 * object with "ask" and what belongs to it.  The answer, to be given back with json_object_put(); NULL with
 * ERR.  *RESULT (NULL allowed) says which. */
json_object *weft_client_ask(const struct weft_conf *conf, json_object *question, unsigned seconds,
			     enum weft_client_result *result, struct weft_err *err);

/* HOST (of SIZE) and PORT of ADDRESS: "host", "host:port", "[::1]:port"; NULL: localhost.  -1 with ERR. */
int weft_client_address(const char *address, char *host, size_t size, char port[8], struct weft_err *err);

/* weft.conf beside slurm.conf: in the directory of $SLURM_CONF, else in /etc/slurm.  Returns BUF. */
const char *weft_client_conf_path(char *buf, size_t size);

#endif
