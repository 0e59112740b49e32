/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trade.h - what a job may cost at a peer, quotes, and what the ledger tells to whom.
 */
#ifndef WEFTD_TRADE_H
#define WEFTD_TRADE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/conf.h"
#include "core/error.h"
#include "weftd/ledger.h"
#include "weftd/question.h"
#include "weftd/runs.h"
#include "weftd/watch.h"

/* Who asks, and whom; WATCH may be NULL: then prices are those of weft.conf alone. */
struct weft_trader {
	const struct weft_conf *conf;
	struct weft_runs *runs;
	struct weft_watch *watch;
	const char *user; /* who asks, at home */
	bool all;	  /* it is root: the others' as well */
};

/* The price of GRES ("gpu:h100") at PEER now, for a card and hour, in micro-units: of the last look at the
 * peer, else of weft.conf.  -1: not known. */
int64_t weft_trade_price(const struct weft_trader *t, const char *peer, const char *gres, char currency[4]);

/* What ORDER, which was permitted, may cost, and what QUESTION says of it (max_cost, quote): *BILL, which
 * points into ORDER, QUESTION, T and itself, and ORDER's own is set to it.  -1 with ERR. */
struct weft_trade_bill {
	struct weft_ledger_bill bill;
	char currency[4], most_currency[4];
};
int weft_trade_bill(const struct weft_trader *t, json_object *question, struct weft_question_order *order,
		    struct weft_trade_bill *bill, bool *later, struct weft_err *err);

/* The answers to "quote" and "ledger" (doc/weftd.md), put into ANSWER.  -1 with ERR. */
int weft_trade_quote(const struct weft_trader *t, json_object *question, json_object *answer, bool *later,
		     struct weft_err *err);
int weft_trade_ledger(const struct weft_trader *t, json_object *question, json_object *answer, bool *later,
		      struct weft_err *err);

#endif
