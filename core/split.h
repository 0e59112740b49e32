/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * split.h - how many cards of each class make the fastest job: the arithmetic of a mix, without names.
 *
 * A lot is what one class has to give: UNITS times UNIT cards, each of which does RATE of work.  A split takes a
 * whole number of units from each lot, TOTAL cards in all, from lots of at least two kinds.
 */
#ifndef WEFT_SPLIT_H
#define WEFT_SPLIT_H

#include <stddef.h>

#include "core/request.h"

#define WEFT_SPLIT_MAX_SIZES 8 /* different units, when split by weight */
#define WEFT_SPLIT_MAX_RATIO 32 /* the largest unit, over what divides them all */

struct weft_lot {
	double rate;    /* of one card, > 0 and finite */
	unsigned unit;  /* cards, at least 1 */
	unsigned units; /* how many there are */
	const void *kind; /* vendor or model; compared, never followed */
};

enum weft_split_outcome {
	WEFT_SPLIT_DONE,
	WEFT_SPLIT_MEMORY, /* out of memory */
	WEFT_SPLIT_KINDS,  /* the lots are of fewer than two kinds */
	WEFT_SPLIT_FEW,    /* together they have fewer than TOTAL cards */
	WEFT_SPLIT_SUM,    /* no whole units of two kinds or more make TOTAL cards */
	WEFT_SPLIT_SIZES   /* units beyond the two limits above: not tried */
};

/* Fill TAKEN (one for each of the N lots, in units) with the split of TOTAL cards (1 to
 * WEFT_REQUEST_MAX_DEVICES) that has the largest sum of rates, and *RATE with that sum; -1 for *RATE and 0 units
 * when there is none.
 *
 *   weighted: any split.
 *   even:     of the lots that are used, each gives equally many cards, or up to one unit more (the faster ones
 *             do).  There the unit of all lots is the least common multiple of their units.
 *
 * Exact.  Work: sorting the lots; then, where all have one unit, a pass over them.  Where units differ (S sizes,
 * the largest W times their greatest common divisor), at most 2 S (S + 1) passes over the lots, and as many
 * times S x W^3 steps, of which mostly none or one time is needed.  Even: at most N passes. */
enum weft_split_outcome weft_split_best(const struct weft_lot *lots, size_t n, unsigned total,
					enum weft_split_kind kind, unsigned *taken, double *rate);

#endif
