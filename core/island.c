/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * island.c - sets of linked devices.
 *
 * This runs under slurmctld's locks, for each node that a job gets in part.  So the free devices are numbered
 * anew, without gaps, and their links summed up once; a set is then worth a few dozen additions.
 */
#include "core/island.h"

#include <stdbool.h>

/* The free devices of a node; in sets below, bit I is the Ith of them. */
struct devices {
	unsigned n;
	unsigned number[WEFT_ISLAND_MAX]; /* on the node */
	int links[WEFT_ISLAND_MAX][WEFT_ISLAND_MAX];
	int all[WEFT_ISLAND_MAX]; /* links of each with all others */
};

struct worth {
	int within, cut; /* links inside of the set, and to what stays free */
};

static void collect(struct devices *d, int *const *links, unsigned n, uint64_t free)
{
	d->n = 0;
	for (unsigned i = 0; i < n; i++) {
		if (free >> i & 1)
			d->number[d->n++] = i;
	}
	for (unsigned i = 0; i < d->n; i++) {
		d->all[i] = 0;
		for (unsigned k = 0; k < d->n; k++) {
			int count = i == k ? 0 : links[d->number[i]][d->number[k]];

			d->links[i][k] = count > 0 && count < 1 << 16 ? count : 0;
			d->all[i] += d->links[i][k];
		}
	}
}

static struct worth worth_of(const struct devices *d, uint64_t set)
{
	unsigned members[WEFT_ISLAND_MAX], n = 0;
	struct worth w = { 0, 0 };

	for (unsigned i = 0; i < d->n; i++) {
		members[n] = i;
		n += set >> i & 1;
	}
	for (unsigned i = 0; i < n; i++) {
		w.cut += d->all[members[i]];
		for (unsigned k = 0; k < i; k++)
			w.within += d->links[members[i]][members[k]];
	}
	w.cut -= 2 * w.within;
	return w;
}

static bool is_better(struct worth a, struct worth b)
{
	return a.within != b.within ? a.within > b.within : a.cut < b.cut;
}

/* How many sets of K out of N devices there are; MOST + 1 when more than MOST. */
static unsigned sets(unsigned n, unsigned k, unsigned most)
{
	uint64_t sum = 1;

	for (unsigned i = 1; i <= k && sum <= most; i++)
		sum = sum * (n - k + i) / i;
	return sum <= most ? sum : most + 1;
}

/* The next larger number with as many bits; SET has some. */
static uint64_t next_set(uint64_t set)
{
	uint64_t lowest = set & -set, ripple = set + lowest;

	return ripple | ((set ^ ripple) >> 2) / lowest;
}

/* GIVEN with the numbers of D; *K is how many it has. */
static uint64_t own_set(const struct devices *d, uint64_t given, unsigned *k)
{
	uint64_t set = 0;

	*k = 0;
	for (unsigned i = 0; i < d->n; i++) {
		set |= (given >> d->number[i] & 1) << i;
		*k += given >> d->number[i] & 1;
	}
	return set;
}

static uint64_t node_set(const struct devices *d, uint64_t set)
{
	uint64_t result = 0;

	for (unsigned i = 0; i < d->n; i++)
		result |= (set >> i & 1) << d->number[i];
	return result;
}

uint64_t weft_island_pick(int *const *links, unsigned n, uint64_t free, uint64_t given, unsigned *budget)
{
	struct devices d;
	struct worth best, w;
	unsigned k, left;
	uint64_t chosen, set;

	collect(&d, links, n, free);
	chosen = own_set(&d, given, &k);
	left = sets(d.n, k, *budget);
	if (!k || k >= d.n || left > *budget)
		return given;
	*budget -= left;
	best = worth_of(&d, chosen);
	for (set = ((uint64_t)1 << k) - 1; left; left--, set = next_set(set)) {
		w = worth_of(&d, set);
		if (!is_better(w, best))
			continue;
		best = w;
		chosen = set;
	}
	return node_set(&d, chosen);
}
