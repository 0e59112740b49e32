/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.c - what people see who wait.
 */
#include "tools/progress.h"

#include <stdio.h>
#include <unistd.h>

#define PATIENCE 1   /* s before there is anything to see */
#define PAUSE	 200 /* ms from one sight of it to the next */

struct progress progress_begin(const char *who)
{
	return (struct progress){ .who = who, .began = time(NULL), .terminal = isatty(STDERR_FILENO) };
}

void progress_show(void *progress)
{
	struct progress *p = progress;
	struct timespec now;

	if (!p->terminal || time(NULL) - p->began < PATIENCE || clock_gettime(CLOCK_MONOTONIC, &now) != 0 ||
	    (now.tv_sec - p->shown.tv_sec) * 1000 + (now.tv_nsec - p->shown.tv_nsec) / 1000000 < PAUSE)
		return;
	p->shown = now;
	p->any = true;
	fprintf(stderr, "\r%s: %llu jobs read ", p->who, (unsigned long long)p->jobs);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->any)
		fprintf(stderr, "\r%60s\r", "");
}
