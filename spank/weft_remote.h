/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_remote.h - in slurmstepd on a node that stands for another site: the proxy in the place of the batch
 * script.
 */
#ifndef WEFT_SPANK_REMOTE_H
#define WEFT_SPANK_REMOTE_H

#include <slurm/spank.h>

#include "core/ticket.h"

/* Does the job's ticket (NULL: it has none that is right) say that it runs at another site, or does the
 * environment?  The latter is the user's: a job that says so without a ticket that does is ended.  CONF: path
 * of weft.conf; PROXY: the program.  Both are copied.  As root, before any task is started. */
void weft_remote_open(spank_t sp, const struct weft_ticket *ticket, const char *conf, const char *proxy);

/* In a task, as the user: become the proxy when it is a batch script, end when it is a step of such a job;
 * return when the job is none of these. */
void weft_remote_task(spank_t sp);

void weft_remote_close(void);

#endif
