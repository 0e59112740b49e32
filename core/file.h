/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - a whole file in memory, within a limit.
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

/* Read from FD until SIZE bytes are in BUF, or the end.  How many there are; -1 with errno. */
ssize_t weft_read_up_to(int fd, char *buf, size_t size);

#endif
