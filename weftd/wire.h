/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - what goes between weftd and those who ask it: a JSON text in a MUNGE credential, as one line.
 *
 * munged must answer: up to two seconds pass when it has died.  Any number of threads.
 */
#ifndef WEFTD_WIRE_H
#define WEFTD_WIRE_H

#include <stddef.h>
#include <sys/types.h>

#include "core/error.h"

#define WEFT_WIRE_MAX_LINE (1400u * 1024) /* bytes of a sealed text; WEFTD_MAX_MESSAGE in base64 fits */
#define WEFT_WIRE_SEALED   "MUNGE:"	  /* how a sealed text begins */
#define WEFT_WIRE_ERROR                                                                                      \
	"ERROR " /* how a line begins that says why there is no sealed one; nobody vouches for it */
#define WEFT_WIRE_VERSION 1

/* Seal the LEN bytes of TEXT as the user this process runs as, for ONLY to open.  SOCKET is munged's; NULL:
 * libmunge's own.  malloc()ed; NULL with ERR. */
char *weft_wire_seal(const char *socket, uid_t only, const char *text, size_t len, struct weft_err *err);

/* Open SEALED: malloc()ed, *LEN bytes and a NUL, by the user *UID.  It is good once on a machine, and for
 * some minutes: anything else is NULL with ERR ("munged: Replayed credential"). */
char *weft_wire_open(const char *socket, const char *sealed, size_t *len, uid_t *uid, struct weft_err *err);

/* The same of a text that may have been sealed long ago, and opened before. */
char *weft_wire_open_old(const char *socket, const char *sealed, size_t *len, uid_t *uid,
			 struct weft_err *err);

#endif
