/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst.h - may a job go to another site, and does it pay?
 */
#ifndef WEFT_BURST_H
#define WEFT_BURST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/conf.h"
#include "core/error.h"

#define WEFT_BURST_MAX_TEXT   2048
#define WEFT_BURST_MAX_SITES  16
#define WEFT_BURST_MAX_WAIT   (365u * 86400) /* s */
#define WEFT_BURST_MAX_RECORD 65536	     /* bytes of a line of the log */
#define WEFT_BURST_WHY_SIZE   256	     /* bytes that any WHY fits in */
#define WEFT_BURST_NEVER      ((time_t)-1)

/* ---------------------------------------------------------------- what the user asks */

/* --burst=no|auto|only[,SITE...][,max-cost=5.20EUR][,max-wait=TIME]; a site's name first means auto. */
struct weft_burst_wish {
	enum { WEFT_BURST_NO, WEFT_BURST_AUTO, WEFT_BURST_ONLY } mode;
	unsigned n_sites;		   /* 0: any */
	char *sites[WEFT_BURST_MAX_SITES]; /* lower case */
	int64_t max_cost;		   /* micro-units; -1: not given */
	char currency[4];		   /* of it; "": not said */
	int64_t max_wait; /* s at home before it may go, in the place of the site's policy; -1: not given */
};

/* WISH is for weft_burst_clear(), and is left alone when the text is wrong: -1 with ERR "--burst: ...". */
int weft_burst_parse(const char *text, struct weft_burst_wish *wish, struct weft_err *err);

/* --max-cost=5.20EUR, an option of its own; -1 with ERR "--max-cost: ...". */
int weft_burst_max_cost(const char *text, struct weft_burst_wish *wish, struct weft_err *err);

/* Is there a site of each name?  SITES: NULL-terminated.  -1 with ERR, "--burst: unknown site ...". */
int weft_burst_check(const struct weft_burst_wish *wish, const char *const *sites, struct weft_err *err);

/* The canonical form, which gives the same wish again; malloc()ed; NULL: out of memory. */
char *weft_burst_text(const struct weft_burst_wish *wish);
void weft_burst_clear(struct weft_burst_wish *wish);

/* May the job go to SITE, as far as its wish names sites? */
bool weft_burst_names(const struct weft_burst_wish *wish, const char *site);

/* ---------------------------------------------------------------- what is decided */

/* One choice: at home, or one peer. */
struct weft_burst_place {
	const char *name;
	time_t start;	/* predicted; 0: not known; WEFT_BURST_NEVER */
	double run;	/* s on its cards: as expected, not its time limit, where that is known */
	double staging; /* s before and after it */
	int64_t cost; /* micro-units of CURRENCY for the run as expected; 0 at home by default; -1: not known
		       */
	char currency[4];
	bool open;	     /* it may take jobs: a peer that answers and is not set aside */
	const char *refused; /* why it does not take this job, in words; NULL: it does */
};

enum weft_burst_verdict { WEFT_BURST_STAY, WEFT_BURST_GO };

struct weft_burst_case {
	uint32_t job;
	time_t now, eligible; /* since when it could have started */
	struct weft_burst_wish wish;
	struct weft_burst_place home;
	const struct weft_burst_place *peers;
	unsigned n_peers; /* at most WEFT_CONF_MAX_PEERS */
};

struct weft_burst_answer {
	enum weft_burst_verdict verdict;
	unsigned peer; /* GO: which */
	double gain;   /* forecast policy: what going is worth less what it costs, micro-units; else 0 */
	char why[WEFT_BURST_WHY_SIZE]; /* in one line, for the job's SystemComment and the log */
};

/* Decide by the site's policy CONF (BurstWait=, BurstFactor=, BurstValue=).  Pure.  When one goes, those
 * behind it start sooner: make the outlook again before others of the same pool are asked, beginning with who
 * gains most. */
void weft_burst_decide(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
		       struct weft_burst_answer *answer);

/* ---------------------------------------------------------------- the log, and its replay */

/* One line of JSON, without its newline, with all that went in and came out; malloc()ed; NULL: out of memory.
 */
char *weft_burst_record(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
			const struct weft_burst_answer *answer);

/* Decide it again: 0 the same, 1 another verdict (ERR says which), -1 ERR: it is no such line. */
int weft_burst_replay(const char *line, struct weft_err *err);

#endif
