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

#define WEFT_BURST_MAX_TEXT  512
#define WEFT_BURST_MAX_SITES 16

/* --burst=no|auto|only[,SITE...][,max-cost=5.20][,max-wait=TIME]; a site's name alone means auto with that site.
 * --max-cost=AMOUNT[CUR] is an option of its own. */
struct weft_burst_wish {
	enum { WEFT_BURST_NO, WEFT_BURST_AUTO, WEFT_BURST_ONLY } mode;
	unsigned n_sites; /* 0: any */
	char *sites[WEFT_BURST_MAX_SITES];
	int64_t max_cost; /* micro-units; -1: not given */
	char currency[4]; /* "": not said */
	int64_t max_wait; /* s at home before it may go, in the place of the site's policy; -1: not given */
};
int weft_burst_parse(const char *text, struct weft_burst_wish *wish, struct weft_err *err); /* "--burst: ..." */
char *weft_burst_text(const struct weft_burst_wish *wish); /* canonical; malloc()ed; NULL: out of memory */
void weft_burst_clear(struct weft_burst_wish *wish);

/* One choice: at home, or one peer. */
struct weft_burst_place {
	const char *name;
	time_t start;	 /* predicted; 0: never or not known */
	double run;	 /* s on its cards */
	double staging;	 /* s before and after it */
	int64_t cost;	 /* micro-units of CURRENCY for the run; 0 at home by default; -1: not known */
	char currency[4];
	bool open;	 /* it may take jobs: a peer that answers and is not set aside */
};

enum weft_burst_verdict { WEFT_BURST_STAY, WEFT_BURST_GO };

struct weft_burst_case {
	uint32_t job;
	time_t now, eligible; /* since when it could have started */
	double run;	      /* s at home: its time limit, or what is expected */
	struct weft_burst_wish wish;
	struct weft_burst_place home;
	const struct weft_burst_place *peers;
	unsigned n_peers;
};

/* Decide by the site's policy CONF (BurstWait=, BurstFactor=): *WHICH is the peer.  WHY (of SIZE) says in one line what
 * counted, for the job's SystemComment and the log.  Pure. */
enum weft_burst_verdict weft_burst_decide(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
					  unsigned *which, char *why, size_t size);

/* One line of JSON with all that went in and came out; and the reverse, which decides again: 0 the same, 1 another
 * verdict (ERR says which), -1 ERR.  For the log of decisions and its replay. */
char *weft_burst_record(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
			enum weft_burst_verdict verdict, unsigned which, const char *why);
int weft_burst_replay(const char *line, struct weft_err *err);

#endif
