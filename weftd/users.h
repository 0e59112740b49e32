/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * users.h - who someone is at a peer, by Users= of weft.conf.  Any number of threads.
 */
#ifndef WEFTD_USERS_H
#define WEFTD_USERS_H

#include <stdbool.h>

#include "core/conf.h"
#include "core/error.h"
#include "core/user_map.h"

struct weft_users;

/* For the peers of CONF, which must stay.  NULL: out of memory. */
struct weft_users *weft_users_open(const struct weft_conf *conf);
void weft_users_close(struct weft_users *users); /* NULL is allowed */

/* Who LOCAL is at PEER, with what the peer's line in weft.conf adds.  -1 with ERR: he may not run
 * jobs there; *LATER: that may change by itself, the file is broken or cannot be read.  Reads the file when
 * it has changed. */
struct weft_user_there {
	char name[WEFT_USER_MAX_NAME + 1];
	char account[256], partition[256], qos[256]; /* "": the peer's own */
};
int weft_users_find(struct weft_users *users, const struct weft_conf_peer *peer, const char *local,
		    struct weft_user_there *there, bool *later, struct weft_err *err);

#endif
