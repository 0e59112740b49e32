/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sacct.h - Slurm's commands, asked line by line.
 */
#ifndef SACCT_H
#define SACCT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "core/error.h"
#include "tools/progress.h"

struct sacct_wish {
	time_t from, to; /* TO 0: until now */
	const char *fields;
	const char *account; /* NULL: all */
	bool each_run;	     /* also those before a job was requeued */
	size_t max;	     /* bytes of a line */
	/* A line, which may be written to, and what stands between its fields.  1: it counts as a job, 0: it
	 * does not, -1 with ERR: no more. */
	int (*take)(char *line, const char *delimiter, void *arg, struct weft_err *err);
	void *arg;
};

/* The jobs of everyone whom sacct shows.  Sets the environment variable SLURM_TIME_FORMAT.  -1 with ERR. */
int sacct_ask(const struct sacct_wish *wish, struct progress *progress, struct weft_err *err);

/* Any command, as of weft_child_lines(), with PROGRESS meanwhile. */
int sacct_call(char *const *argv, int (*line)(char *, size_t, void *, struct weft_err *), void *arg,
	       size_t max, struct progress *progress, struct weft_err *err);

#endif
