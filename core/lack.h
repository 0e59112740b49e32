/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lack.h - why an alternative cannot be met, as a fact and as a sentence.
 */
#ifndef WEFT_LACK_H
#define WEFT_LACK_H

#include "core/request.h"
#include "core/supply.h"

#define WEFT_LACK_SIZE 512 /* bytes of a clause, with the final NUL */

/* From far off to close: of several classes that fail, the closest one is explained. */
enum weft_lack_kind {
	WEFT_LACK_NAME,     /* no class of the scope has a name of the set */
	WEFT_LACK_UNKNOWN,  /* a figure that a predicate or an amount of compute needs */
	WEFT_LACK_FIGURE,   /* it does not meet the predicate */
	WEFT_LACK_VARIANT,  /* some variants of the family meet the predicate, others do not */
	WEFT_LACK_BOUNDS,   /* fewer nodes are allowed than are asked for */
	WEFT_LACK_SPREAD,   /* fewer cards than nodes */
	WEFT_LACK_MULTIPLE, /* the cards are no multiple of those of a node */
	WEFT_LACK_LAYOUT,   /* the cards of a node and the bounds on nodes exclude each other */
	WEFT_LACK_PER_NODE, /* no node is large enough */
	WEFT_LACK_TOTAL,    /* too few cards in all */
	WEFT_LACK_REACH,    /* too few cards on as many nodes as are allowed */
	WEFT_LACK_NODES,    /* too few nodes that are large enough */
	WEFT_LACK_MIX       /* a mix: WHY says it */
};

struct weft_lack {
	enum weft_lack_kind kind;
	const struct weft_class *class; /* NULL for WEFT_LACK_NAME and WEFT_LACK_MIX only */
	size_t predicate;  /* UNKNOWN to VARIANT: which; the number of predicates means the compute's peak */
	double closeness;  /* among lacks that are alike otherwise; higher is closer */
	uint64_t devices;  /* cards wanted */
	uint64_t per_node; /* cards wanted on each node; 0: any number */
	uint64_t nodes;    /* nodes wanted */
	struct weft_bounds bounds;
	uint64_t have;     /* what there is of whatever is lacking */
	bool elsewhere;    /* NAME: nodes outside of the scope have it */
	bool named;        /* FIGURE: other cards of the scope do: name those that were asked for */
	struct weft_err why; /* MIX */
};

/* Is A closer to what was asked for than B? */
bool weft_lack_closer(const struct weft_lack *a, const struct weft_lack *b);

/* What users call a class: its type, or else its model, or else the gres name. */
const char *weft_class_called(const struct weft_class *c);

/* The clause for ALT; returns BUF. */
const char *weft_lack_text(const struct weft_lack *lack, const struct weft_alternative *alt,
			   const struct weft_supply *supply, char buf[WEFT_LACK_SIZE]);

/* One clause, or one for each alternative of REQ (LACKS has one for each) as far as they fit, into ERR.
 * Returns -1. */
int weft_lack_error(const struct weft_lack *lacks, const struct weft_request *req,
		    const struct weft_supply *supply, struct weft_err *err);

#endif
