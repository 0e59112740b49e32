/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runs.h - the jobs that run, ran or are to run at peers, each at most once: weftd's book of them, on disk
 * before each step.  core/handover.h has the rules.
 *
 * One thread for each peer works on its runs; the functions here only look and note, and wait for the disk at
 * most.  All may be called from any thread.
 *
 * A job at home has one key.  Its runs follow one another: a new one begins when the one before was cancelled
 * or settled, and is not handed over before that one is over, at whatever peer.
 */
#ifndef WEFTD_RUNS_H
#define WEFTD_RUNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "core/conf.h"
#include "core/error.h"
#include "core/handover.h"
#include "core/rest.h"

struct weft_ledger;
struct weft_ledger_bill; /* weftd/ledger.h */

#define WEFT_RUN_KEY WEFT_HANDOVER_KEY /* bytes: "CLUSTER.JOB.SUBMIT" */

/* What a proxy wants to be run.  The caller has checked who asks and mapped the user. */
struct weft_run_order {
	const char *peer, *cluster;
	uint32_t job;  /* at home (of an array: the task's own number) */
	time_t submit; /* at home, the first time: with CLUSTER and JOB the job's identity */
	uint32_t restarts;
	uid_t uid;	  /* at home */
	const char *user; /* at home */
	const char *remote_user;
	const char *remote_top; /* where runs work at the peer, core/wrapper.h; NULL: its default */
	/* With the user's script: the book puts core/wrapper.h's around it.  MINUTES is needed.  Name,
	 * comment, deadline and hold are filled in by the book. */
	struct weft_rest_job what;
	/* What it may cost; NULL: nothing.  Of a new run alone; KEY and FIRST are the book's. */
	const struct weft_ledger_bill *bill;
};

enum weft_run_phase {
	WEFT_RUN_WAITING, /* to be handed over, or waiting at the peer */
	WEFT_RUN_RUNNING,
	WEFT_RUN_ENDED,	    /* EXIT_STATUS and STATE count */
	WEFT_RUN_CANCELLED, /* no copy runs, and none will */
	WEFT_RUN_REFUSED,   /* the peer does not take it: WHY */
	WEFT_RUN_LOST,	    /* the peer no longer knows it: WHY says since when and until when it is waited */
};

struct weft_run_status {
	char key[WEFT_RUN_KEY];
	char peer[64];
	uint32_t job, remote_id; /* 0: not known yet */
	uid_t uid;
	char user[64], remote_user[64];
	char remote_top[1024];
	enum weft_run_phase phase;
	bool over;    /* the phase is the last one; WAITING and RUNNING never are, LOST may be or not */
	bool settled; /* history */
	bool damaged; /* its record cannot be read: nothing is done with it, and PHASE is LOST and OVER */
	bool cancel;  /* it is to end, or was */
	enum weft_rest_state state; /* at the peer */
	int exit_status;	    /* as wait() gives it; -1: not known */
	unsigned first, attempt;    /* the run's attempts so far; core/wrapper.h */
	time_t submit, remote_submit, remote_start, remote_end, predicted; /* 0: not known */
	char remote_nodes[256];
	char gres[256]; /* cards of the whole job there, "gpu:h100:8"; "" */
	unsigned cards; /* their number; 0: none, or not known */
	char why[512];	/* the last thing that went wrong; "" */
};

struct weft_runs;

/* The book in DIR (made if need be, mode 0700).  NULL with ERR. */
struct weft_runs *weft_runs_open(const char *dir, const struct weft_conf *conf, struct weft_err *err);
void weft_runs_close(struct weft_runs *runs); /* stops the threads */

/* The book's ledger, which lives as long; NULL with ERR: it cannot be used. */
struct weft_ledger *weft_runs_ledger(struct weft_runs *runs, struct weft_err *err);

/* Take up ORDER: a new run, or, when there is one of this job that is neither settled nor to be cancelled
 * (its proxy was killed, the gateway restarted, slurmctld requeued the job), that one, whose lease begins
 * anew.  A new run's lien is taken before it is noted (weftd/ledger.h).  0 with STATUS, -1 with ERR; *LATER
 * (NULL allowed): the same may be taken later (the disk; a run of this job at another peer that goes on, or
 * that ended and was not brought home).  STATUS's phase is REFUSED when the job's money alone is in the way.
 */
int weft_runs_attach(struct weft_runs *runs, const struct weft_run_order *order,
		     struct weft_run_status *status, bool *later, struct weft_err *err);

/* The last run of the job with this key; its lease begins anew when RENEW.  1 with STATUS, 0: there is none,
 * -1: ERR. */
int weft_runs_find(struct weft_runs *runs, const char *key, bool renew, struct weft_run_status *status,
		   struct weft_err *err);

/* How it stands, and the proxy lives: the lease begins anew when RENEW.  -1: there is no such run (ERR). */
int weft_runs_status(struct weft_runs *runs, const char *key, bool renew, struct weft_run_status *status,
		     struct weft_err *err);

/* It shall end.  Noted at once, done by the peer's thread, again and again until the peer says that nothing
 * runs.  -1 with ERR, also for one that is damaged. */
int weft_runs_cancel(struct weft_runs *runs, const char *key, struct weft_err *err);

/* The proxy has brought home what there was; the run is history (and is kept as such). */
int weft_runs_settle(struct weft_runs *runs, const char *key, struct weft_err *err);

/* What the peer's forecasts of a start were wrong by: the mean of the last ones, s, and how many; NAN and 0:
 * none yet. */
void weft_runs_forecasts(struct weft_runs *runs, const char *peer, double *error, unsigned *judged);

/* Runs that are not history; of UID only unless that is (uid_t)-1; of the job JOB only unless 0, and then the
 * history as well.  *LIST is free()d by the caller. */
int weft_runs_list(struct weft_runs *runs, uid_t uid, uint32_t job, struct weft_run_status **list, size_t *n,
		   struct weft_err *err);

#endif
