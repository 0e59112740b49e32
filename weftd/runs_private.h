/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runs_private.h - what the book (runs.c) and those who work on it (worker.c) have in common.
 */
#ifndef WEFTD_RUNS_PRIVATE_H
#define WEFTD_RUNS_PRIVATE_H

#include <pthread.h>

#include "weftd/ledger.h"
#include "weftd/order.h"
#include "weftd/runs.h"
#include "weftd/store.h"

/* A run.  The lock of the book guards H and what follows it; the rest never changes.  Only its peer's thread
 * takes one out of the list, so that such a pointer is good there without the lock. */
struct weft_run {
	struct weft_run *next;
	char key[WEFT_RUN_KEY];
	unsigned first;
	struct weft_order *order; /* NULL when it is damaged; then this is what its row says: */
	char peer[64];
	uint32_t job; /* 0: not known */
	uid_t uid;    /* -1: not known */
	time_t submit;
	struct weft_handover_rules rules;
	const char *damage; /* why nothing is done with it; NULL: nothing */
	struct weft_handover h;
	bool settled;
	bool owes;	/* it may have a lien that has not ended */
	time_t written; /* h.renewed as it is on disk */
	char away[256]; /* why the peer could not be asked last; "": it could */
};

struct weft_runs_peer {
	struct weft_runs *book;
	char *name, *url, *ca, *token, *tokens;
	unsigned lease, poll;
	bool rerun;
	struct weft_run *runs; /* in the order in which they came */
	pthread_t thread;
	bool has_thread;
	pthread_cond_t wake;
	bool poked;	/* there is something new to do */
	char away[256]; /* of the thread: why it cannot be asked; "": it can */
};

struct weft_runs {
	pthread_mutex_t lock;
	struct weft_store *store; /* LOCK */
	struct weft_runs_peer *peers;
	size_t n_peers;
	bool stop;
	const struct weft_conf *conf;
	struct weft_ledger *ledger; /* NULL: NO_LEDGER says why */
	char no_ledger[512];
};

/* All with the lock held. */
int weft_runs_save(struct weft_runs *book, struct weft_run *run, const struct weft_handover *h,
		   struct weft_err *err);
bool weft_runs_is_blocked(const struct weft_runs *book, const struct weft_run *run);
/* The run at PEER that attempt ATTEMPT of KEY belongs to; NULL: none is known. */
struct weft_run *weft_runs_of_attempt(const struct weft_runs_peer *peer, const char *key, unsigned attempt);
bool weft_runs_is_elsewhere(const struct weft_runs_peer *peer, const char *key,
			    unsigned attempt); /* at another peer */
unsigned weft_runs_cards(const char *gres);    /* "gpu:h100:8,npu:4": 12 */
bool weft_runs_is_past(const struct weft_run *run,
		       time_t now); /* nothing of it can show up at the peer any more */
void weft_runs_free(struct weft_run *run);
/* runs_status.c */
void weft_runs_describe(const struct weft_run *run, struct weft_run_status *status);

/* ---------------------------------------------------------------- runs_pay.c: what they cost */

void weft_runs_pay_open(struct weft_runs *book, const char *dir, const struct weft_conf *conf);
/* Before threads start: liens whose run is over, or was never noted, end. */
int weft_runs_pay_replay(struct weft_runs *book, struct weft_err *err);
/* With the lock held: a lien for a run that is not in the book yet; it is over; it is not noted after all. */
int weft_runs_pay_hold(struct weft_runs *book, const char *key, unsigned first,
		       const struct weft_run_order *order, bool *later, struct weft_err *err);
void weft_runs_pay_end(struct weft_runs *book, struct weft_run *run, const struct weft_handover *h);
void weft_runs_pay_drop(struct weft_runs *book, const char *key, unsigned first);

void *weft_worker(void *peer); /* a thread: struct weft_runs_peer */

#endif
