/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wrapper.h - the script that runs at a peer in the place of a user's: it sees to it that a run's work is
 *done once.
 *
 * It is POSIX sh, works in TOP/KEY (mode 0700), and leaves there
 *
 *	run.ATTEMPT	the number of the job at the peer that works, or worked, as this attempt, and how
 *often Slurm had requeued it beat.ATTEMPT	changes every few seconds while it works done		the
 *exit code and the attempt, once the user's script has ended by itself script		the user's script
 *	out.FIRST	what that wrote; each attempt of the run appends
 *	err.FIRST	the same
 *	work/		where it works: what StageIn= brings and StageOut= takes
 *
 * A run is the attempts from FIRST on.  When its `done` is there, the wrapper ends with that code and does
 * nothing.  Of the jobs with one attempt the first that comes works (again, when the peer requeues it);
 * another job is told off with WEFT_WRAPPER_SECOND, and so is one whose attempt is lower than one that has
 * come.  A slurmctld that is put back to an earlier state may start a job that runs already: it has not
 * counted that as a requeue, so the second waits for the first's `done`, and works only once the first shows
 * no sign of life.  After a SIGTERM (cancelled, time limit, preempted) no `done` is written, so that a
 *requeue works again.
 *
 * A job that is requeued at home after its run was settled or cancelled is a new run with the same key: its
 * FIRST is the next attempt, what an earlier run left in `done` does not count for it, and it finds that
 * run's files in work/.
 *
 * Signals are passed on to the user's script.  The job's environment, as it is sent, may hold, beside the
 * user's:
 *
 *	WEFT_KEEP_NAME=VALUE	NAME is to be VALUE, whatever the peer's Slurm sets (SLURM_ARRAY_TASK_ID ...)
 *	WEFT_ARGC=2 WEFT_ARG_1=A WEFT_ARG_2=B	the script's arguments
 *	WEFT_JOIN=1		standard error goes to out.FIRST, too
 *
 * which the user's script does not see.  HOME, USER, LOGNAME and SHELL, when they are not sent, are those of
 * the peer.
 */
#ifndef WEFT_WRAPPER_H
#define WEFT_WRAPPER_H

#include <stddef.h>

#include "core/error.h"

#define WEFT_WRAPPER_TOP	"~/.weft/runs"
#define WEFT_WRAPPER_MAX_SCRIPT (4u * 1024 * 1024) /* bytes of the user's script */
#define WEFT_WRAPPER_MAX_KEY	127 /* of a key: letters, digits, '.', '_', '-'; the first no '.' */

/* Exit codes of its own; what the peer tells the user of them goes to the job's standard error there. */
#define WEFT_WRAPPER_BROKEN 211 /* it ran to its end, but its exit code can no longer be read */
#define WEFT_WRAPPER_NO_DIR 212 /* its directory cannot be made or written: the script was not started */
#define WEFT_WRAPPER_SECOND 213 /* another copy works, or worked: the script was not started again */

#define WEFT_KEEP_PREFIX "WEFT_KEEP_"

/* The whole text.  1 <= FIRST <= ATTEMPT.  TOP: absolute, or "~/..." (the user's home at the peer); NULL:
 * WEFT_WRAPPER_TOP.  SCRIPT may hold any bytes but NUL.  malloc()ed; NULL with ERR. */
char *weft_wrapper_text(const char *key, unsigned first, unsigned attempt, const char *top,
			const char *script, struct weft_err *err);

/* A path in TOP/KEY as commands at home write it: WHAT is "out.1", "err.1", "work" or "".  Below "~/" it is
 * relative to the home directory, which is what ssh, scp and rsync take.  malloc()ed; NULL: out of memory. */
char *weft_wrapper_path(const char *key, const char *top, const char *what);

/* LEN bytes of TEXT in base64, in lines of 76 digits.  malloc()ed; NULL: out of memory. */
char *weft_base64(const char *text, size_t len);

/* What an exit code of its own means, "another copy of this run works, or worked, at the peer"; NULL: not one
 * of those. */
const char *weft_wrapper_excuse(int code);

#endif
