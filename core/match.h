/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match.h - does a class of cards answer to an alternative of a request?
 */
#ifndef WEFT_MATCH_H
#define WEFT_MATCH_H

#include "core/inventory.h"
#include "core/lack.h"
#include "core/request.h"

/* A name of a set, looked up once. */
struct weft_wanted {
	const char *text;
	const struct weft_vendor *vendor;
	const struct weft_model *model;
};

/* An alternative, ready to be compared with many classes; it must outlive this. */
struct weft_matcher {
	const struct weft_alternative *alt;
	struct weft_wanted wanted[WEFT_REQUEST_MAX_NAMES];
	size_t n_wanted;
};

void weft_matcher_init(struct weft_matcher *m, const struct weft_alternative *alt,
		       const struct weft_catalogue *cat);

/* The first name of the set that C answers to; -1: none.  An empty set takes every class. */
int weft_matcher_name(const struct weft_matcher *m, const struct weft_class *c);

/* Does C meet the first N predicates?  Otherwise false, and kind, predicate and closeness of LACK tell about the
 * first that it does not. */
bool weft_matcher_meets(const struct weft_matcher *m, const struct weft_class *c, size_t n,
			struct weft_lack *lack);

/* Do other cards of SUPPLY meet the predicates, up to the one that LACK is about? */
bool weft_matcher_others_would_do(const struct weft_matcher *m, const struct weft_supply *supply,
				  const struct weft_lack *lack);

#endif
