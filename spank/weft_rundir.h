/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_rundir.h - a directory that root makes for one step, with files that only the job's user can read.
 * Knows nothing of SPANK.
 *
 * Nobody but root can make, rename or remove anything in it, and root never reads what lies there.
 */
#ifndef WEFT_SPANK_RUNDIR_H
#define WEFT_SPANK_RUNDIR_H

#include <stddef.h>
#include <sys/types.h>

#include "core/error.h"

struct weft_rundir {
	int top, fd; /* descriptors; -1: none */
	char *path, *name;
};

#define WEFT_RUNDIR_INIT                                                                                     \
	{                                                                                                    \
		-1, -1, NULL, NULL                                                                           \
	}

/* Make directory NAME in TOP, which is made when it is missing; one that a crash has left is emptied.  TOP
 * must belong to the user this process runs as, and nobody else may write to it.  0, or -1 with ERR; close
 * DIR in both cases. */
int weft_rundir_make(struct weft_rundir *dir, const char *top, const char *name, struct weft_err *err);

/* Write FILE (a plain name) with the LEN bytes of TEXT, for user UID to read.  Its path, malloc()ed; NULL
 * with ERR. */
char *weft_rundir_write(const struct weft_rundir *dir, const char *file, const char *text, size_t len,
			uid_t uid, struct weft_err *err);

/* Remove the directory with what is in it. */
void weft_rundir_close(struct weft_rundir *dir);

#endif
