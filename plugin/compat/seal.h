/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seal.h - MUNGE: seal a text so that any node of the cluster can tell who wrote it, and open one.
 *
 * libmunge is loaded when it is first needed: a process that never seals or opens anything does without, and
 * so does a machine that has none.  A munged that was never started is found out at once; when one has died
 * and left its socket, libmunge tries for two seconds.
 *
 * No Slurm header is included here.  One thread at a time.
 */
#ifndef WEFT_COMPAT_SEAL_H
#define WEFT_COMPAT_SEAL_H

#include <stddef.h>
#include <sys/types.h>

#include "core/error.h"

#define WEFT_SEAL_MAX 98304u /* longest sealed text, bytes; Linux takes 128 KiB in one variable */

/* munged's socket as AUTHINFO (AuthInfo of slurm.conf; may be NULL) names it; malloc()ed.  NULL when it names
 * none; everywhere below NULL stands for the one that libmunge was built with. */
char *weft_seal_socket(const char *authinfo);

/* Seal the LEN bytes of TEXT as the user this process runs as.  Returns a malloc()ed text, or NULL with ERR.
 */
char *weft_seal(const char *socket, const char *text, size_t len, struct weft_err *err);

/* Open SEALED: a malloc()ed text of *LEN bytes (and a NUL), and the user who sealed it.  A seal is good for
 * as long as a job may last and for each of its steps: that it expired or was opened before is no fault. NULL
 * with ERR. */
char *weft_unseal(const char *socket, const char *sealed, size_t *len, uid_t *uid, struct weft_err *err);

#endif
