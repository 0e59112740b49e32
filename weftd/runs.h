/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runs.h - the jobs that run, ran or are to run at peers, each at most once: weftd's book of them, on disk before each step.
 *
 * One thread for each peer works on its runs; the functions here only look and note, and wait for the disk at most.
 * All may be called from any thread.
 */
#ifndef WEFTD_RUNS_H
#define WEFTD_RUNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "core/conf.h"
#include "core/error.h"
#include "core/rest.h"

#define WEFT_RUN_KEY 128 /* bytes: "CLUSTER.JOB.SUBMIT" */

/* What a proxy wants to be run.  The caller has checked who asks and mapped the user. */
struct weft_run_order {
	const char *peer, *cluster;
	uint32_t job;	/* at home (of an array: the task's own number) */
	time_t submit;	/* at home: with CLUSTER and JOB the job's identity */
	uint32_t restarts;
	uid_t uid;	  /* at home */
	const char *user; /* at home */
	const char *remote_user;
	struct weft_rest_job what; /* name, comment, deadline and hold are filled in by the book */
};

enum weft_run_phase {
	WEFT_RUN_WAITING,   /* to be handed over, or waiting at the peer */
	WEFT_RUN_RUNNING,
	WEFT_RUN_ENDED,	    /* EXIT_STATUS and STATE count */
	WEFT_RUN_CANCELLED, /* no copy runs, and none will */
	WEFT_RUN_REFUSED,   /* the peer does not take it: WHY */
	WEFT_RUN_LOST,	    /* the peer no longer knows; WHY says since when and until when it is waited */
};

struct weft_run_status {
	char key[WEFT_RUN_KEY];
	char peer[64];
	uint32_t job, remote_id; /* 0: not known yet */
	uid_t uid;
	char user[64], remote_user[64];
	enum weft_run_phase phase;
	enum weft_rest_state state; /* at the peer */
	int exit_status;	    /* as wait() gives it */
	unsigned first, attempt; /* the run's first attempt, and the last (wrapper.h) */
	bool settled;		 /* it is history: the next attach is a new run */
	time_t submit, remote_submit, remote_start, remote_end, predicted; /* 0: not known */
	char remote_nodes[256];
	char why[512]; /* the last thing that went wrong; "" */
};

struct weft_runs;

/* The book in DIR (made if need be, mode 0700).  NULL with ERR. */
struct weft_runs *weft_runs_open(const char *dir, const struct weft_conf *conf, struct weft_err *err);
void weft_runs_close(struct weft_runs *runs); /* stops the threads */

/* Take up ORDER: a new run, or, when there is one of this job that goes on (its proxy was killed, the gateway restarted,
 * slurmctld requeued the job), that one.  A job that was cancelled at the peer since, and is requeued, is a new run.  0
 * with STATUS, -1 with ERR. */
int weft_runs_attach(struct weft_runs *runs, const struct weft_run_order *order, struct weft_run_status *status,
		     struct weft_err *err);

/* How it stands, and the proxy lives: the lease begins anew when RENEW.  -1: there is no such run (ERR). */
int weft_runs_status(struct weft_runs *runs, const char *key, bool renew, struct weft_run_status *status,
		     struct weft_err *err);

/* It shall end.  Noted at once, done by the peer's thread, again and again until the peer says that nothing runs. */
int weft_runs_cancel(struct weft_runs *runs, const char *key, struct weft_err *err);

/* The proxy has brought home what there was; the run is history (and is kept as such). */
int weft_runs_settle(struct weft_runs *runs, const char *key, struct weft_err *err);

/* Runs that are not history; of UID only unless that is (uid_t)-1; of the job JOB only unless 0, and then the
 * history as well.  *LIST is free()d by the caller. */
int weft_runs_list(struct weft_runs *runs, uid_t uid, uint32_t job, struct weft_run_status **list, size_t *n,
		   struct weft_err *err);

#endif
