/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * token.h - a peer's token, read from its file at each use, so that it can be renewed at any time.
 */
#ifndef WEFTD_TOKEN_H
#define WEFTD_TOKEN_H

#include "core/error.h"

#define WEFT_TOKEN_MAX 8192 /* bytes */

/* The token in the file TOKEN; when that is NULL, the one in the directory TOKENS for the local user USER:
 * malloc()ed.  NULL with ERR: no file, not a regular one, too long, not a token, or one that others than its
 * owner may read, or may have written. ERR never holds any of it. */
char *weft_token_read(const char *token, const char *tokens, const char *user, struct weft_err *err);

/* Whose TOKEN is, by its claim "sun": Slurm 22.05 wants to be told.  malloc()ed; NULL: it does not say, or
 * not in a way that can be read, or there is no memory. */
char *weft_token_user(const char *token);

void weft_token_free(char *token); /* wiped first; NULL is allowed */

#endif
