/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook.h - the site's own program, run with an argument; it has a limited time.
 */
#ifndef WEFT_SCHED_HOOK_H
#define WEFT_SCHED_HOOK_H

/* Run PATH with ARGUMENT and wait for it, SECONDS at most; then it is killed, with all it has started.  0
 * when it exits with 0; otherwise -1 after a line in the log.  As slurmctld's user.  Hold no lock. */
int weft_hook_run(const char *path, const char *argument, unsigned seconds);

#endif
