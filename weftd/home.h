/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * home.h - the cluster at home, as Slurm's own commands tell of it.
 *
 * A question takes some milliseconds, and 10 s at the most.  While slurmctld does not answer, one thread at a
 * time waits for it; the others hear at once what it was that went wrong last.  Any number of threads.
 */
#ifndef WEFTD_HOME_H
#define WEFTD_HOME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"

#define WEFT_HOME_WORD 256 /* bytes of a name that is told, with its NUL */

struct weft_home;

/* A job as slurmctld knows it.  RESTARTS: how many times it was requeued. */
struct weft_home_job {
	uid_t uid;
	uint32_t restarts;
	char state[WEFT_HOME_WORD], partition[WEFT_HOME_WORD], nodes[WEFT_HOME_WORD];
	char account[WEFT_HOME_WORD]; /* "": none, or it has no nodes */
};

/* With squeue and scontrol of the directory DIR; NULL: of PATH, or of where they usually are.  NULL with ERR:
 * they are not there. */
struct weft_home *weft_home_open(const char *dir, struct weft_err *err);
void weft_home_close(struct weft_home *home); /* NULL is allowed */

/* Give up what is asked, at once, and ask no more. */
void weft_home_stop(struct weft_home *home);

/* 1 with JOB; 0: slurmctld knows no job ID, or does not tell us of it; -1 with ERR: it cannot be asked. */
int weft_home_find(struct weft_home *home, uint32_t id, struct weft_home_job *job, struct weft_err *err);

/* SlurmUser of slurm.conf.  It is asked for once.  -1 with ERR: it cannot be. */
int weft_home_slurm_user(struct weft_home *home, uid_t *uid, struct weft_err *err);

#endif
