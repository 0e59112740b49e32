/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger.h - what runs at other sites cost, on disk: double entry, append only, beside the book of runs.
 *
 * A run's money goes through these steps, each one transaction, on the platter before the call returns:
 *   lien     before the run is handed over: the worst case is held on every budget that concerns it
 *   charge   it is over and ran: the lien ends, what it cost is spent.  Once for a run
 *   release  it is over and never ran, or was never noted in the book of runs: the lien ends
 * A lien lives as long as its run.  A charge is never above its lien: that is the most which was quoted.
 *
 * The entries of a transaction sum to 0, for each currency and each of its holders (account, user, peer):
 *   lien     free -A, held +A
 *   charge   held -A, free +A - C, spent +C
 *   release  held -A, free +A
 * They count for the budgets' period in which the lien was taken.  What is left of a budget is its limit, and
 * the sum of its holder's "free" entries in the period.  Each transaction has a SHA-256 over itself and that
 * of the one before, so that one which was altered, left out or put in between is found.
 *
 * Any number of processes may have the ledger open; one handle may be used from any thread.  Calls wait for
 * the disk and for each other, not for the network.
 */
#ifndef WEFTD_LEDGER_H
#define WEFTD_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/conf.h"
#include "core/error.h"
#include "core/handover.h"

#define WEFT_LEDGER_VERSION 1	/* of the tables; a newer one is not touched */
#define WEFT_LEDGER_SUM	    65	/* bytes of a transaction's SHA-256 in hexadecimal */
#define WEFT_LEDGER_QUOTE   900 /* s for which a quote holds */
#define WEFT_LEDGER_QUOTES  100 /* that one user may have at a time */

struct weft_ledger;

/* What a run may cost, at the most. */
struct weft_ledger_bill {
	const char *key;
	unsigned first; /* with KEY: which run */
	const char *peer, *user;
	const char *account; /* at home; "": not known */
	const char *gres;    /* "gpu:h100:8" */
	unsigned cards;
	int64_t price;		   /* for a card and hour, micro-units */
	const char *currency;	   /* "": not said */
	uint32_t seconds;	   /* time limit */
	int64_t most;		   /* --max-cost, micro-units; -1: not given */
	const char *most_currency; /* "": not said */
};

/* What it used, as the peer says. */
struct weft_ledger_use {
	unsigned cards;	   /* 0: as ordered */
	time_t start, end; /* END 0: not known; then the whole lien is charged */
	uint32_t remote_id;
	unsigned attempt;
};

/* The ledger PATH, made when it is not there, mode 0600, with the budgets of CONF, which must stay.  Every
 * transaction is checked.  NULL with ERR: also when it is damaged or of a newer Weft. */
struct weft_ledger *weft_ledger_open(const char *path, const struct weft_conf *conf, struct weft_err *err);
void weft_ledger_close(struct weft_ledger *ledger); /* NULL is allowed */

/* Is there a budget that concerns runs of these? */
bool weft_ledger_has_budget(const struct weft_conf *conf, const char *account, const char *user,
			    const char *peer);

/* A lien for BILL at NOW.  0 also when the run has one that has not ended.  -1 with ERR, words for the user;
 * *LATER: it is the disk, not the budget.  What cannot be told is refused: an account that is not known where
 * accounts have budgets, a price of another currency, an amount that is too large. */
int weft_ledger_hold(struct weft_ledger *ledger, const struct weft_ledger_bill *bill, time_t now, bool *later,
		     struct weft_err *err);

/* Would weft_ledger_hold() take BILL at NOW, whose KEY may be NULL?  Nothing is written. */
int weft_ledger_try(struct weft_ledger *ledger, const struct weft_ledger_bill *bill, time_t now,
		    struct weft_err *err);

/* The lien of the run ends, with a cost (USE) or without (NULL).  0 also when it has ended before, or there
 * never was one. */
int weft_ledger_end(struct weft_ledger *ledger, const char *key, unsigned first,
		    const struct weft_ledger_use *use, time_t now, struct weft_err *err);

/* The liens that have not ended, the oldest first.  EACH returns -1 to stop, which is passed on; it must not
 * call the ledger. */
typedef int (*weft_ledger_each)(void *arg, const char *key, unsigned first);
int weft_ledger_liens(struct weft_ledger *ledger, weft_ledger_each each, void *arg, struct weft_err *err);

/* Is every transaction as it was written, and does everything balance?  *HEAD (NULL allowed) gets the sum of
 * the last one, "" of none, and *N how many there are.  -1 with ERR: what is wrong first. */
int weft_ledger_check(struct weft_ledger *ledger, char head[WEFT_LEDGER_SUM], int64_t *n,
		      struct weft_err *err);

/* ---------------------------------------------------------------- budgets */

struct weft_ledger_budget {
	const struct weft_conf_budget *conf;
	int64_t spent, held, left; /* micro-units, in the period of the time asked for */
};

/* The budgets that concern runs of ACCOUNT and USER at PEER (NULL: of none), as they stand at NOW: at most 3
 * for each period.  EACH as above.  -1 with ERR. */
typedef int (*weft_ledger_each_budget)(void *arg, const char *name, const struct weft_ledger_budget *budget);
int weft_ledger_budgets(struct weft_ledger *ledger, const char *account, const char *user, const char *peer,
			time_t now, weft_ledger_each_budget each, void *arg, struct weft_err *err);

/* When the period of NOW began, by the calendar in UTC. */
time_t weft_ledger_since(enum weft_budget_period period, time_t now);

/* ---------------------------------------------------------------- quotes */

/* A price that holds until EXPIRES, for who asked. */
struct weft_ledger_quote {
	char id[17];
	char peer[64], user[64], gres[256]; /* GRES: the kind, "gpu:h100" */
	int64_t price;			    /* for a card and hour, micro-units */
	char currency[4];
	time_t expires;
};

/* Note QUOTE, whose ID and EXPIRES are filled in.  -1 with ERR, also when the user has too many. */
int weft_ledger_add_quote(struct weft_ledger *ledger, struct weft_ledger_quote *quote, time_t now,
			  struct weft_err *err);

/* The quote ID; 0: there is none that holds at NOW, -1: ERR. */
int weft_ledger_find_quote(struct weft_ledger *ledger, const char *id, time_t now,
			   struct weft_ledger_quote *quote, struct weft_err *err);

/* ---------------------------------------------------------------- statements */

/* A charge; texts are good until EACH returns. */
struct weft_ledger_line {
	int64_t n; /* of the transaction */
	const char *key, *peer, *user, *account, *gres, *currency;
	unsigned first, attempt, cards;
	uint32_t remote_id;
	int64_t price, most, amount; /* MOST: the lien */
	time_t start, end, booked;
	uint64_t seconds; /* that are charged */
};

struct weft_ledger_filter {
	const char *account, *user, *peer; /* NULL: all */
	time_t from, to;		   /* the run ended at FROM or later, and before TO; TO 0: no limit */
	int64_t after;			   /* transactions behind this one */
};

/* EACH returns not 0 to stop, which is passed on. */
typedef int (*weft_ledger_each_line)(void *arg, const struct weft_ledger_line *line);
int weft_ledger_lines(struct weft_ledger *ledger, const struct weft_ledger_filter *filter,
		      weft_ledger_each_line each, void *arg, struct weft_err *err);

#endif
