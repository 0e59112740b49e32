/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage_private.h - what counting runs and summing up have in common.
 */
#ifndef WEFT_USAGE_PRIVATE_H
#define WEFT_USAGE_PRIVATE_H

#include "core/usage.h"

/* What a line of submission asks for. */
struct weft_usage_wish {
	char *text;   /* of --accel */
	bool several; /* alternatives, the first of which is no mix */
	bool *first;  /* by class: does the first alternative take it? */
};

/* A run that started in the period. */
struct weft_usage_run {
	uint32_t wait; /* s */
	uint32_t cards, per_node;
	uint16_t class_id; /* that most of its cards are of */
	uint8_t policy;
	uint8_t size;			     /* of runs that are compared: log2 of CARDS, rounded up */
	const struct weft_usage_wish *other; /* its first choice was another class; NULL */
};

struct weft_usage {
	struct weft_usage_setup setup;
	struct weft_usage_result result;
	struct weft_usage_class *classes;
	struct weft_usage_account **accounts; /* by name */
	size_t n_accounts, accounts_room;
	struct weft_usage_account *list; /* ACCOUNTS, one after the other, at the end */
	struct weft_usage_wish **wishes; /* by text */
	size_t n_wishes, wishes_room;
	struct weft_usage_run *runs;
	size_t n_runs, runs_room;
	struct weft_usage_wait *waits;
};

/* What LINE, as a user typed it, asks of --accel; *POLICY what it says of --accel-policy, when it asks. NULL:
 * nothing that can be read, or (-1 in *RC) out of memory. */
const struct weft_usage_wish *weft_usage_wish(struct weft_usage *usage, const char *line, unsigned *policy,
					      int *rc);

#endif
