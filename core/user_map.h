/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user_map.h - who is who at a peer: a file of lines "LOCAL REMOTE [account=A] [partition=P] [qos=Q]"
 * (doc/weft.conf.md).
 *
 * Constant once it is read: any number of threads may ask.
 */
#ifndef WEFT_USER_MAP_H
#define WEFT_USER_MAP_H

#include <stddef.h>

#include "core/error.h"

#define WEFT_USER_MAP_MAX_BYTES (4u * 1024 * 1024)
#define WEFT_USER_MAP_MAX_LINES 65536
#define WEFT_USER_MAX_NAME	63 /* bytes of a user */

struct weft_user {
	const char *local, *name;	       /* here and there */
	const char *account, *partition, *qos; /* NULL: the line does not say */
};

struct weft_user_map;

/* FILE is for messages: "beta.users:3: ...".  NULL with ERR. */
struct weft_user_map *weft_user_map_parse(const char *file, const char *text, size_t len,
					  struct weft_err *err);
void weft_user_map_free(struct weft_user_map *map); /* NULL is allowed */

/* Exactly this name; NULL when there is no line for it. */
const struct weft_user *weft_user_map_find(const struct weft_user_map *map, const char *local);

#endif
