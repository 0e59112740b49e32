/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handover.h - how a job is handed to a peer so that it runs there once, whatever gets lost on the way.
 *
 * The rules, which tests/unit/test_handover.c holds against a peer that loses, delays and forgets:
 *   - Each attempt has a name of its own.  A copy is submitted held, with a deadline: held it cannot run, and
 * past the deadline it never starts.  A copy that we did not choose is surplus, and is cancelled whenever it
 * is seen.
 *   - What is about to be done is written down first.  After a crash, or an answer that did not come, it may
 * have been done.
 *   - One copy is chosen, seen under its name at the peer, and only it is released.  That may be asked again
 * and again.
 *   - Nothing was released: another attempt may begin at any time.  Released: only when slurmctld or slurmdbd
 * says that the copy has ended, or when its deadline and its time limit have passed, so that it cannot run
 * any more.
 *   - A run whose proxy is silent for longer than the lease is cancelled; the proxy's word is `renewed`.  It
 * could not be heard while weftd was away, so it has `grace` of weftd's time in any case, `waited`, once.
 *
 * Pure: no clock, no I/O.  The caller gives the time, writes the record down before it does what
 * weft_handover_next() says, and again after weft_handover_answer().
 */
#ifndef WEFT_HANDOVER_H
#define WEFT_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/error.h"
#include "core/rest.h"

#define WEFT_HANDOVER_PREFIX	"weft."		/* of the names of our jobs at peers */
#define WEFT_HANDOVER_KEY	128		/* bytes of "CLUSTER.JOB.SUBMIT" */
#define WEFT_HANDOVER_NAME	160		/* bytes of "weft.KEY.ATTEMPT" */
#define WEFT_HANDOVER_ALLOWANCE (7 * 24 * 3600) /* s that a copy may wait in the peer's queue */
#define WEFT_HANDOVER_SLACK                                                                                  \
	900 /* s after deadline and time limit until nothing can run: clocks, OverTimeLimit */
#define WEFT_HANDOVER_LATE	 120   /* s for which a copy is looked for that may have been submitted */
#define WEFT_HANDOVER_MAX_RECORD 16384 /* bytes */

enum weft_handover_step {
	WEFT_HANDOVER_NEW,	 /* nothing of this attempt was sent */
	WEFT_HANDOVER_SUBMITTED, /* a held copy may be there */
	WEFT_HANDOVER_HELD,	 /* the copy ID is chosen; it was not released */
	WEFT_HANDOVER_RELEASED,	 /* it may have been released, and may run, or have run */
	WEFT_HANDOVER_OVER,	 /* END says how */
};

enum weft_handover_end {
	WEFT_HANDOVER_NOT_OVER,
	WEFT_HANDOVER_ENDED,	 /* at the peer: STATE and EXIT_STATUS */
	WEFT_HANDOVER_CANCELLED, /* as it was asked; nothing runs, nothing will */
	WEFT_HANDOVER_REFUSED,	 /* WHY has the peer's words */
	WEFT_HANDOVER_LOST,	 /* nobody knows what became of it; nothing runs any more */
};

/* The record of a run: what is written down. */
struct weft_handover {
	enum weft_handover_step step;
	enum weft_handover_end end;
	unsigned attempt; /* from 1 */
	uint32_t id;	  /* of the chosen copy; 0: none yet */
	time_t sent;	  /* when this attempt was submitted first */
	time_t deadline;  /* of this attempt's copies */
	time_t lost;	  /* since when the peer does not know the released copy; 0: it does */
	time_t renewed;	  /* when the proxy asked last */
	unsigned waited;  /* s, rules' GRACE at most, for which it could have asked since: weftd was there */
	bool cancel;	  /* it shall end */
	enum weft_rest_state state;	      /* as seen last */
	int exit_status;		      /* as wait() gives it */
	time_t submitted, started, ended;     /* at the peer, by its clock; 0: not yet */
	time_t predicted;		      /* the first forecast that the peer gave; 0: none */
	unsigned failures;		      /* in a row */
	time_t not_before;		      /* nothing is sent again until then */
	char nodes[256], tres[256], why[512]; /* "" */
};

struct weft_handover_rules {
	unsigned limit;		     /* s: the job's time limit */
	unsigned allowance;	     /* s: WEFT_HANDOVER_ALLOWANCE */
	unsigned slack, late, lease; /* s */
	unsigned grace;		     /* s, no more than LEASE */
	bool rerun;		     /* when it is lost and cannot run any more; else it is over */
};

/* What the peer has of one run.  COPIES: of all attempts, in one whole and fresh answer of slurmctld. */
struct weft_handover_copy {
	unsigned attempt;
	const struct weft_rest_seen *seen;
};

enum weft_handover_db {
	WEFT_HANDOVER_DB_NOT_ASKED,
	WEFT_HANDOVER_DB_NONE,	   /* the peer has no slurmdbd */
	WEFT_HANDOVER_DB_SILENT,   /* it does not answer */
	WEFT_HANDOVER_DB_ANSWERED, /* DB_COPIES */
};

struct weft_handover_sight {
	const struct weft_handover_copy *copies;
	size_t n;
	enum weft_handover_db db;
	const struct weft_handover_copy *db_copies;
	size_t n_db;
};

enum weft_handover_act {
	WEFT_HANDOVER_WAIT,    /* for the next look */
	WEFT_HANDOVER_SUBMIT,  /* a held copy of attempt ATTEMPT with DEADLINE */
	WEFT_HANDOVER_RELEASE, /* the copy ID */
	WEFT_HANDOVER_ASK_DB, /* for copies of this run; then call again with the same sight and the answer */
};

/* What the peer said to a submission or a release. */
enum weft_handover_answer {
	WEFT_HANDOVER_DONE,    /* of a submission: ID is the job's */
	WEFT_HANDOVER_UNSENT,  /* it has not heard of it */
	WEFT_HANDOVER_UNKNOWN, /* it may have done it, or may do it yet */
	WEFT_HANDOVER_NO,      /* it has not done it, and will not */
};

/* A new run. */
void weft_handover_begin(struct weft_handover *h, time_t now);

/* The proxy has asked.  True: that must be written down at once. */
bool weft_handover_renew(struct weft_handover *h, const struct weft_handover_rules *rules, time_t now);

/* weftd was there for SECONDS more, by a clock that nobody sets.  True: that must be written down. */
bool weft_handover_attend(struct weft_handover *h, const struct weft_handover_rules *rules, time_t now,
			  unsigned seconds);

/* What is to be written of H: while the lease goes on, another weftd, should there be one, waits anew. */
struct weft_handover weft_handover_kept(const struct weft_handover *h,
					const struct weft_handover_rules *rules, time_t now);

/* Look at the record and at what there is to see, and say what is to be done; the record is changed as if
 * that had been begun.  SIGHT is NULL when the peer could not be asked; it must be younger than what was done
 * last.  RANDOM: any number, for pauses that differ. */
enum weft_handover_act weft_handover_next(struct weft_handover *h, const struct weft_handover_rules *rules,
					  time_t now, uint32_t random,
					  const struct weft_handover_sight *sight);

/* What came of ACT.  WORDS: why it failed; NULL: it did not. */
void weft_handover_answer(struct weft_handover *h, enum weft_handover_act act,
			  enum weft_handover_answer answer, uint32_t id, const char *words, time_t now,
			  uint32_t random);

/* The run shall end.  WHY is kept for people. */
void weft_handover_cancel(struct weft_handover *h, const char *why);

/* Is this copy of run H one to be cancelled at the peer?  H NULL: of a run that nobody knows. */
bool weft_handover_surplus(const struct weft_handover *h, const struct weft_handover_copy *copy);

/* From when on nothing that was let go in this attempt can run any more. */
time_t weft_handover_dead(const struct weft_handover *h, const struct weft_handover_rules *rules);

/* Seconds until the next try after FAILURES in a row: 2, 4, 8 ... 300, and up to half as much again. */
unsigned weft_handover_pause(unsigned failures, uint32_t random);

/* What an answer with HTTP STATUS and Slurm's error number CODE (0: none) means for something that was asked:
 * DONE is not among what it says.  NO: the request is wrong for the peer, and will be; UNKNOWN: it may pass.
 */
enum weft_handover_answer weft_handover_judge(long status, int code);

/* "CLUSTER.JOB.SUBMIT"; -1: the cluster's name is not one, or too long. */
int weft_handover_key(char *buf, size_t size, const char *cluster, uint32_t job, time_t submit,
		      struct weft_err *err);
/* "weft.KEY.ATTEMPT"; and back: false when NAME is not of that form. */
void weft_handover_name(char *buf, size_t size, const char *key, unsigned attempt);
bool weft_handover_parse_name(const char *name, char *key, size_t size, unsigned *attempt);

/* The record as a line of JSON, malloc()ed, NULL: out of memory; and back, every field checked, "record: ..."
 * in ERR. */
char *weft_handover_write(const struct weft_handover *h);
int weft_handover_read(const char *text, size_t len, struct weft_handover *h, struct weft_err *err);

#endif
