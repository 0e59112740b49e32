/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mix_private.h - what mix.c and mix_why.c share.
 */
#ifndef WEFT_MIX_PRIVATE_H
#define WEFT_MIX_PRIVATE_H

#include "core/lack.h"
#include "core/match.h"
#include "core/mix.h"
#include "core/scan.h"
#include "core/split.h"

#define WEFT_ANY UINT32_MAX

/* A class that could take part. */
struct weft_mix_member {
	const struct weft_class *class;
	const struct weft_stock *stock;
	double rate;                  /* of one card */
	unsigned unit, units;         /* cards of a unit, and how many units there are */
	unsigned gres, vendor;        /* numbers: equal for equal ones */
	unsigned taken;               /* units, in the best split so far */
};

/* What all cards of a mix must have in common. */
struct weft_mix_bond {
	unsigned gres, vendor;            /* WEFT_ANY: not this */
	const struct weft_fabric *fabric; /* NULL: not this */
};

struct weft_mixer {
	const struct weft_alternative *alt;
	const struct weft_supply *supply;
	const struct weft_mix_options *options;
	struct weft_matcher match;
	struct weft_mix_member *members; /* fast to slow */
	size_t n;
	unsigned n_gres, n_vendors;
	size_t matched;                    /* classes that answer to the request, also those of unknown speed */
	const struct weft_class **unknown; /* these */
	size_t n_unknown;
	double rate; /* of the best split so far; -1: none */
	struct weft_mix_bond bond;
	struct weft_lot *lots; /* of one try; room for all members, as the next two */
	size_t *member_of_lot;
	unsigned *taken;
};

/* Split the members that BOND leaves, and keep the split if it is the best so far. */
enum weft_split_outcome weft_mixer_try(struct weft_mixer *m, struct weft_mix_bond bond);

/* Try all bonds that the request allows, within one GRES or (WEFT_ANY) over all of them.  -1: out of memory. */
int weft_mixer_search(struct weft_mixer *m, unsigned gres);

/* Is it the fabric that the request names, or if it names none, one that may be chosen? */
bool weft_mixer_wants(const struct weft_mixer *m, const struct weft_fabric *fabric);

/* Put into ERR why no split was found.  LACK is the closest class that does not answer to the request. */
void weft_mixer_why(struct weft_mixer *m, const struct weft_lack *lack, struct weft_err *err);

#endif
