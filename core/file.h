/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - a whole file read into memory, within a limit, or put in the place of another.
 */
#ifndef WEFT_FILE_H
#define WEFT_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "core/error.h"

/* What PATH, a regular file, holds: *LEN bytes and a NUL behind them; malloc()ed.  NULL with ERR ("PATH:
 * why") when it cannot be read or has more than MAX bytes; errno is then ENOENT when there is no such file.
 * Never waits for a FIFO's writer, but for a disk: not under a Slurm lock. */
char *weft_file_read(const char *path, size_t max, size_t *len, struct weft_err *err);

/* Put a file with LEN bytes of TEXT and MODE in the place of PATH, or make it.  It is written beside PATH and renamed,
 * so that a reader sees the old one or the new one; a symbolic link is replaced, not followed.  -1 with ERR ("PATH:
 * why"), and the old one is as it was.  Writes to a disk: not under a Slurm lock. */
int weft_file_replace(const char *path, const char *text, size_t len, mode_t mode, struct weft_err *err);

/* Read from FD until SIZE bytes are in BUF, or the end.  How many there are; -1 with errno. */
ssize_t weft_read_up_to(int fd, char *buf, size_t size);

#endif
