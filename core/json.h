/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - a JSON file's text, read with messages that name its line.
 */
#ifndef WEFT_JSON_H
#define WEFT_JSON_H

#include <json-c/json.h>
#include <stddef.h>

#include "core/error.h"

/* Read TEXT of LEN bytes, which FILE holds (for messages), nested at most DEPTH deep.  0 with *ROOT, which is
 * NULL for the document "null" and is given back with json_object_put(); -1 with ERR "FILE:LINE: ...". */
int weft_json_parse(json_object **root, const char *file, const char *text, size_t len, int depth,
		    struct weft_err *err);

/* "a list", "a number", ...: what VALUE is, for messages. */
const char *weft_json_kind(json_object *value);

#endif
