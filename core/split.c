/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * split.c - how many cards of each class make the fastest job.
 *
 * Weighted.  The sum of rates is what counts, so the lots are filled from fast to slow.  Where all units are
 * equal that is the best split.  Where they are not, it may leave a few cards over that the next lot cannot give
 * in whole units.  Then a number of units near the boundary is exchanged.  Let W be the largest unit.  Among the
 * best splits take one that differs in the fewest units from the filling.  No part of the difference sums up to
 * zero cards, or undoing it would cost nothing; put in an order in which the running sum stays within W of zero,
 * it has no running sum twice: so the difference is fewer than 2 W units, and at most W^2 cards are added and
 * W^2 removed.  That is small enough to try all of it, size by size.
 *
 * Of two kinds.  When the best split is of one kind only, one unit each of two lots of different kinds is fixed
 * beforehand.  Among lots of one unit the fastest will do, or the fastest of another kind: a split that has
 * others can exchange them for these and loses nothing.  So of each pair of sizes four pairs of lots are to be
 * tried, and those only whose bound (units divided at will) is above the best split that is known.
 */
#include "core/split.h"

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NONE	  SIZE_MAX
#define MAX_SPAN  (WEFT_SPLIT_MAX_RATIO * WEFT_SPLIT_MAX_RATIO)
#define MAX_STEP  (2 * WEFT_SPLIT_MAX_RATIO)
#define MAX_PAIRS (2 * WEFT_SPLIT_MAX_SIZES * (WEFT_SPLIT_MAX_SIZES + 1))

/* What is tried when a filling leaves cards over; indexes are shifted so that they are not negative. */
struct exchange {
	double sums[2][2 * MAX_SPAN + 1];
	int8_t steps[WEFT_SPLIT_MAX_SIZES][2 * MAX_SPAN + 1];
	double gains[2 * MAX_STEP + 1];
};

struct pair {
	size_t a, b; /* lots */
	double bound;
};

struct work {
	const struct weft_lot *lots;
	size_t n;
	unsigned divisor; /* of all units and of the total; everything below is counted in it */
	unsigned total;
	unsigned *unit, *free; /* of each lot; FREE in units */
	unsigned *sorted;      /* even: what is free, the most first */
	size_t *order;	       /* lots that can give anything, fast to slow */
	size_t n_order;
	unsigned sizes[WEFT_SPLIT_MAX_SIZES]; /* different units */
	size_t n_sizes;
	unsigned ratio; /* the largest of them */
	unsigned *trial, *best;
	double best_rate;
	struct exchange *x;
};

static unsigned gcd(unsigned a, unsigned b)
{
	while (b) {
		unsigned rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static double unit_rate(const struct work *w, size_t lot)
{
	return w->lots[lot].rate * w->unit[lot];
}

/* ---------------------------------------------------------------- fast to slow */

struct place {
	double rate;
	unsigned unit;
	size_t lot;
};

static int by_rate(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->rate != b->rate)
		return a->rate > b->rate ? -1 : 1;
	if (a->unit != b->unit)
		return a->unit > b->unit ? -1 : 1;
	return a->lot < b->lot ? -1 : 1;
}

/* Put the lots that have something FREE into order. */
static bool set_order(struct work *w)
{
	struct place *places = calloc(w->n, sizeof(*places));

	if (!places)
		return false;
	w->n_order = 0;
	for (size_t i = 0; i < w->n; i++) {
		if (w->free[i])
			places[w->n_order++] = (struct place){ w->lots[i].rate, w->unit[i], i };
	}
	qsort(places, w->n_order, sizeof(*places), by_rate);
	for (size_t i = 0; i < w->n_order; i++)
		w->order[i] = places[i].lot;
	free(places);
	return true;
}

static double rate_of(const struct work *w, const unsigned *taken)
{
	double rate = 0;

	for (size_t i = 0; i < w->n; i++)
		rate += unit_rate(w, i) * taken[i];
	return rate * w->divisor;
}

/* Is TAKEN of two kinds at least? */
static bool is_mixed(const struct work *w, const unsigned *taken)
{
	size_t first = NONE;

	for (size_t i = 0; i < w->n; i++) {
		if (!taken[i])
			continue;
		if (first != NONE && w->lots[i].kind != w->lots[first].kind)
			return true;
		first = first == NONE ? i : first;
	}
	return false;
}

/* Keep the trial if it is a better mix than what is known. */
static void consider(struct work *w)
{
	double rate = rate_of(w, w->trial);

	if (rate > w->best_rate && is_mixed(w, w->trial)) {
		w->best_rate = rate;
		memcpy(w->best, w->trial, w->n * sizeof(*w->best));
	}
}

/* ---------------------------------------------------------------- weighted: fill and exchange */

/* gains[MAX_STEP + t]: what t more units of SIZE than in the trial bring; -DBL_MAX where there are not so many. */
static void find_gains(struct work *w, unsigned size, int most)
{
	double *gain = w->x->gains + MAX_STEP;
	int up = 0, down = 0;

	for (int t = 1; t <= most; t++)
		gain[t] = gain[-t] = -DBL_MAX;
	gain[0] = 0;
	for (size_t i = 0; i < w->n_order && up < most; i++) {
		size_t lot = w->order[i];

		if (w->unit[lot] != size)
			continue;
		for (unsigned k = w->trial[lot]; k < w->free[lot] && up < most; k++, up++)
			gain[up + 1] = gain[up] + unit_rate(w, lot);
	}
	for (size_t i = w->n_order; i-- > 0 && down < most;) {
		size_t lot = w->order[i];

		if (w->unit[lot] != size)
			continue;
		for (unsigned k = 0; k < w->trial[lot] && down < most; k++, down++)
			gain[-down - 1] = gain[-down] - unit_rate(w, lot);
	}
}

/* Change the trial by T units of SIZE: the fastest that are free, or the slowest that are in it. */
static void apply_step(struct work *w, unsigned size, int t)
{
	for (size_t i = 0; i < w->n_order && t > 0; i++) {
		size_t lot = w->order[i];
		unsigned room = w->free[lot] - w->trial[lot];

		if (w->unit[lot] != size)
			continue;
		room = room < (unsigned)t ? room : (unsigned)t;
		w->trial[lot] += room;
		t -= (int)room;
	}
	for (size_t i = w->n_order; i-- > 0 && t < 0;) {
		size_t lot = w->order[i];
		unsigned take = w->trial[lot];

		if (w->unit[lot] != size)
			continue;
		take = take < (unsigned)-t ? take : (unsigned)-t;
		w->trial[lot] -= take;
		t += (int)take;
	}
}

/* Bring REST more cards into the trial by the exchange that costs least.  False when none does. */
static bool exchange(struct work *w, unsigned rest)
{
	int span = (int)(w->ratio * w->ratio), x;
	double *from = w->x->sums[0] + MAX_SPAN, *to = w->x->sums[1] + MAX_SPAN, *swap;

	for (x = -span; x <= span; x++)
		from[x] = -DBL_MAX;
	from[0] = 0;
	for (size_t s = 0; s < w->n_sizes; s++) {
		int size = (int)w->sizes[s], most = span / size;
		const double *gain = w->x->gains + MAX_STEP;
		int8_t *step = w->x->steps[s] + MAX_SPAN;

		most = most < 2 * (int)w->ratio - 1 ? most : 2 * (int)w->ratio - 1;
		find_gains(w, w->sizes[s], most);
		for (x = -span; x <= span; x++)
			to[x] = -DBL_MAX;
		for (int t = -most; t <= most; t++) {
			if (gain[t] == -DBL_MAX)
				continue;
			for (x = t < 0 ? -span - t * size : -span; x <= (t > 0 ? span - t * size : span); x++) {
				if (from[x] != -DBL_MAX && from[x] + gain[t] > to[x + t * size]) {
					to[x + t * size] = from[x] + gain[t];
					step[x + t * size] = (int8_t)t;
				}
			}
		}
		swap = from;
		from = to;
		to = swap;
	}
	x = (int)rest;
	if (from[x] == -DBL_MAX)
		return false;
	for (size_t s = w->n_sizes; s-- > 0;) {
		int t = w->x->steps[s][MAX_SPAN + x];

		apply_step(w, w->sizes[s], t);
		x -= t * (int)w->sizes[s];
	}
	return true;
}

/* Make the trial the fastest split of TOTAL from what is free, of whatever kinds.  False when there is none. */
static bool fill(struct work *w, unsigned total)
{
	bool all = true;

	memset(w->trial, 0, w->n * sizeof(*w->trial));
	for (size_t i = 0; i < w->n_order && all && total; i++) {
		size_t lot = w->order[i];
		unsigned take = total / w->unit[lot];

		all = take >= w->free[lot];
		w->trial[lot] = all ? w->free[lot] : take;
		total -= w->trial[lot] * w->unit[lot];
	}
	return !total || (!all && exchange(w, total));
}

/* What TOTAL cards would do if units could be divided; -1 when there are not so many. */
static double bound(const struct work *w, unsigned total)
{
	double rate = 0;

	for (size_t i = 0; i < w->n_order && total; i++) {
		size_t lot = w->order[i];
		uint64_t have = (uint64_t)w->free[lot] * w->unit[lot];
		unsigned take = have < total ? (unsigned)have : total;

		rate += take * w->lots[lot].rate;
		total -= take;
	}
	return total ? -1 : rate * w->divisor;
}

/* ---------------------------------------------------------------- weighted: of two kinds */

static int by_bound(const void *left, const void *right)
{
	const struct pair *a = left, *b = right;

	return a->bound > b->bound ? -1 : a->bound < b->bound;
}

/* The fastest lot of SIZE, and the fastest that is of another kind than it; NONE where there is none. */
static void two_fastest(const struct work *w, unsigned size, size_t two[2])
{
	two[0] = two[1] = NONE;
	for (size_t i = 0; i < w->n_order && two[1] == NONE; i++) {
		size_t lot = w->order[i];

		if (w->unit[lot] != size)
			continue;
		if (two[0] == NONE)
			two[0] = lot;
		else if (w->lots[lot].kind != w->lots[two[0]].kind)
			two[1] = lot;
	}
}

/* Fix one unit of each lot of PAIR, or give it back. */
static void fix(struct work *w, const struct pair *pair, int direction)
{
	w->free[pair->a] -= (unsigned)direction;
	w->free[pair->b] -= (unsigned)direction;
}

static size_t find_pairs(struct work *w, struct pair *pairs)
{
	size_t a[2], b[2], n = 0;

	for (size_t s = 0; s < w->n_sizes; s++) {
		two_fastest(w, w->sizes[s], a);
		for (size_t t = s; t < w->n_sizes; t++) {
			two_fastest(w, w->sizes[t], b);
			for (int k = 0; k < 4; k++) {
				struct pair p = { a[k / 2], b[k % 2], 0 };
				double fixed;

				if (p.a == NONE || p.b == NONE || w->lots[p.a].kind == w->lots[p.b].kind ||
				    w->unit[p.a] + w->unit[p.b] > w->total)
					continue;
				fix(w, &p, 1);
				fixed = (unit_rate(w, p.a) + unit_rate(w, p.b)) * w->divisor;
				p.bound = bound(w, w->total - w->unit[p.a] - w->unit[p.b]);
				fix(w, &p, -1);
				if (p.bound < 0)
					continue;
				p.bound += fixed;
				pairs[n++] = p;
			}
		}
	}
	return n;
}

static void split_weighted(struct work *w)
{
	struct pair pairs[MAX_PAIRS];
	size_t n;

	if (!fill(w, w->total))
		return;
	consider(w);
	if (w->best_rate >= 0)
		return;
	n = find_pairs(w, pairs);
	qsort(pairs, n, sizeof(*pairs), by_bound);
	for (size_t i = 0; i < n && pairs[i].bound > w->best_rate; i++) {
		const struct pair *p = &pairs[i];
		bool filled;

		fix(w, p, 1);
		filled = fill(w, w->total - w->unit[p->a] - w->unit[p->b]);
		fix(w, p, -1);
		if (!filled)
			continue;
		w->trial[p->a]++;
		w->trial[p->b]++;
		consider(w);
	}
}

/* ---------------------------------------------------------------- even */

/* Make the trial: COUNT lots with LEAST units each, MORE of them with one unit more, the fastest that can; among
 * them FIXED (NONE: none), which has one unit more when FIXED_MORE.  False when there are not so many lots. */
static bool even_trial(struct work *w, unsigned least, size_t count, size_t more, size_t fixed, bool fixed_more)
{
	memset(w->trial, 0, w->n * sizeof(*w->trial));
	count -= more;
	if (fixed != NONE) {
		w->trial[fixed] = least + fixed_more;
		if (fixed_more)
			more--;
		else
			count--;
	}
	for (int pass = 0; pass < 2; pass++) {
		size_t *left = pass == 0 ? &more : &count;
		unsigned units = pass == 0 ? least + 1 : least;

		for (size_t i = 0; i < w->n_order && *left; i++) {
			size_t lot = w->order[i];

			if (w->trial[lot] || w->free[lot] < units)
				continue;
			w->trial[lot] = units;
			--*left;
		}
	}
	return !count && !more;
}

/* The fastest lot that has UNITS and is of another kind than KIND. */
static size_t other_kind(const struct work *w, unsigned units, const void *kind)
{
	for (size_t i = 0; i < w->n_order; i++) {
		size_t lot = w->order[i];

		if (w->free[lot] >= units && w->lots[lot].kind != kind)
			return lot;
	}
	return NONE;
}

/* All lots of the trial are of one kind: put the fastest of another in the place of the slowest. */
static void even_mixed(struct work *w, unsigned least, size_t count, size_t more)
{
	const void *kind = NULL;
	size_t other;

	for (size_t i = 0; i < w->n; i++)
		kind = w->trial[i] ? w->lots[i].kind : kind;
	other = other_kind(w, least, kind);
	if (other != NONE && count > more && even_trial(w, least, count, more, other, false))
		consider(w);
	other = other_kind(w, least + 1, kind);
	if (other != NONE && more && even_trial(w, least, count, more, other, true))
		consider(w);
}

/* What COUNT lots could do if the fastest all had enough.  It falls with COUNT: the more lots there are, the
 * smaller is the part of any number of the fastest. */
static double even_bound(const struct work *w, unsigned least, size_t count, size_t more)
{
	double rate = 0;

	for (size_t i = 0; i < count; i++)
		rate += w->lots[w->order[i]].rate * (least + (i < more));
	return rate * w->divisor;
}

static int downwards(const void *left, const void *right)
{
	unsigned a = *(const unsigned *)left, b = *(const unsigned *)right;

	return a > b ? -1 : a < b;
}

static void split_even(struct work *w)
{
	for (size_t i = 0; i < w->n; i++)
		w->sorted[i] = w->free[i];
	qsort(w->sorted, w->n, sizeof(*w->sorted), downwards);
	for (size_t count = 2; count <= w->n_order && count <= w->total; count++) {
		unsigned least = (unsigned)(w->total / count);
		size_t more = w->total % count;

		if (even_bound(w, least, count, more) < w->best_rate * (1 - 1e-12))
			return;
		if (w->sorted[count - 1] < least || (more && w->sorted[more - 1] <= least))
			continue; /* not so many lots have so much */
		even_trial(w, least, count, more, NONE, false);
		if (is_mixed(w, w->trial))
			consider(w);
		else
			even_mixed(w, least, count, more);
	}
}

/* ---------------------------------------------------------------- preparing */

/* The unit of an even split; 0: more than TOTAL. */
static unsigned common_multiple(const struct work *w, unsigned total)
{
	uint64_t multiple = 1;

	for (size_t i = 0; i < w->n; i++) {
		unsigned unit = w->lots[i].unit;

		if (!w->lots[i].units || unit > total)
			continue;
		multiple = multiple / gcd((unsigned)multiple, unit) * unit;
		if (multiple > total)
			return 0;
	}
	return (unsigned)multiple;
}

/* Everything in multiples of one unit. */
static enum weft_split_outcome prepare_even(struct work *w, unsigned total)
{
	unsigned unit = common_multiple(w, total);

	if (!unit || total % unit)
		return WEFT_SPLIT_SUM;
	w->divisor = unit;
	w->total = total / unit;
	for (size_t i = 0; i < w->n; i++) {
		uint64_t have = (uint64_t)w->lots[i].units * w->lots[i].unit / unit;

		w->unit[i] = 1;
		w->free[i] = w->lots[i].unit > total ? 0 : have < w->total ? (unsigned)have : w->total;
	}
	return WEFT_SPLIT_DONE;
}

static enum weft_split_outcome add_size(struct work *w, unsigned unit)
{
	for (size_t s = 0; s < w->n_sizes; s++) {
		if (w->sizes[s] == unit)
			return WEFT_SPLIT_DONE;
	}
	if (w->n_sizes == WEFT_SPLIT_MAX_SIZES || unit > WEFT_SPLIT_MAX_RATIO)
		return WEFT_SPLIT_SIZES;
	w->sizes[w->n_sizes++] = unit;
	w->ratio = unit > w->ratio ? unit : w->ratio;
	return WEFT_SPLIT_DONE;
}

static enum weft_split_outcome prepare_weighted(struct work *w, unsigned total)
{
	unsigned divisor = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct weft_lot *lot = &w->lots[i];
		unsigned most = total / lot->unit;

		w->free[i] = lot->units < most ? lot->units : most;
		if (w->free[i])
			divisor = gcd(lot->unit, divisor);
	}
	if (!divisor || total % divisor)
		return WEFT_SPLIT_SUM;
	w->divisor = divisor;
	w->total = total / divisor;
	for (size_t i = 0; i < w->n; i++) {
		w->unit[i] = w->lots[i].unit / divisor;
		if (w->free[i] && add_size(w, w->unit[i]))
			return WEFT_SPLIT_SIZES;
	}
	return WEFT_SPLIT_DONE;
}

/* What can be told without looking for a split. */
static enum weft_split_outcome look_first(const struct weft_lot *lots, size_t n, unsigned total)
{
	uint64_t cards = 0;
	size_t first = NONE;
	bool kinds = false;

	for (size_t i = 0; i < n; i++) {
		first = first == NONE ? i : first;
		kinds = kinds || lots[i].kind != lots[first].kind;
		cards += (uint64_t)lots[i].units * lots[i].unit;
	}
	return !kinds ? WEFT_SPLIT_KINDS : cards < total ? WEFT_SPLIT_FEW : WEFT_SPLIT_DONE;
}

static enum weft_split_outcome run(struct work *w, unsigned total, enum weft_split_kind kind)
{
	enum weft_split_outcome rv = kind == WEFT_SPLIT_EVEN ? prepare_even(w, total) : prepare_weighted(w, total);

	if (rv)
		return rv;
	if (!set_order(w))
		return WEFT_SPLIT_MEMORY;
	if (kind == WEFT_SPLIT_EVEN)
		split_even(w);
	else
		split_weighted(w);
	if (w->best_rate < 0)
		return WEFT_SPLIT_SUM;
	for (size_t i = 0; i < w->n && kind == WEFT_SPLIT_EVEN; i++)
		w->best[i] *= w->divisor / w->lots[i].unit;
	return WEFT_SPLIT_DONE;
}

enum weft_split_outcome weft_split_best(const struct weft_lot *lots, size_t n, unsigned total,
					enum weft_split_kind kind, unsigned *taken, double *rate)
{
	enum weft_split_outcome rv = look_first(lots, n, total);
	struct work w = { .lots = lots, .n = n, .best = taken, .best_rate = -1 };

	*rate = -1;
	if (n)
		memset(taken, 0, n * sizeof(*taken));
	if (rv)
		return rv;
	w.unit = calloc(n, sizeof(*w.unit));
	w.free = calloc(n, sizeof(*w.free));
	w.sorted = calloc(n, sizeof(*w.sorted));
	w.trial = calloc(n, sizeof(*w.trial));
	w.order = calloc(n, sizeof(*w.order));
	w.x = malloc(sizeof(*w.x));
	rv = w.unit && w.free && w.sorted && w.trial && w.order && w.x ? run(&w, total, kind) : WEFT_SPLIT_MEMORY;
	*rate = rv ? -1 : w.best_rate;
	free(w.x);
	free(w.order);
	free(w.trial);
	free(w.sorted);
	free(w.free);
	free(w.unit);
	return rv;
}
