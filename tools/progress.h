/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.h - what people see on a terminal who wait for a command that reads many jobs.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
	const char *who; /* "weft report" */
	uint64_t jobs;	 /* read so far */
	time_t began;
	struct timespec shown; /* when */
	bool terminal, any;
};

struct progress progress_begin(const char *who);

/* To be called now and then; PROGRESS is a struct progress. */
void progress_show(void *progress);

/* Nothing of it is left to be seen. */
void progress_end(struct progress *progress);

#endif
