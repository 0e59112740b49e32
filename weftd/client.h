/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - ask weftd.  A question and its answer are JSON objects, each in a MUNGE credential: weftd knows who asks, and
 * only he can read the answer.  doc/weftd.md lists the questions.
 *
 * For commands and for the proxy; never in slurmctld.
 */
#ifndef WEFTD_CLIENT_H
#define WEFTD_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "core/error.h"

#define WEFTD_PORT 6829
#define WEFTD_MAX_MESSAGE (900u * 1024) /* bytes of JSON; MUNGE takes a MiB */

/* Ask weftd at ADDRESS ("host:port", "[::1]:port"; NULL: Weftd= of weft.conf or localhost).  Takes QUESTION over.  The
 * answer, to be given back with json_object_put(); NULL with ERR: weftd's own words, or why there is none.  *REACHED
 * (NULL allowed): did weftd answer at all? */
json_object *weft_client_ask(const char *address, json_object *question, unsigned seconds, bool *reached,
			     struct weft_err *err);

#endif
