/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * why.c - lets jobs end in the order of their ends, until the alternative fits.
 *
 * More ends mean more room: where the nodes have to be looked at together, the first moment at which it fits
 * is found by halving.
 */
#include "core/why.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/radix.h"

#define NEVER SIZE_MAX

/* What is free on a node after so many ends. */
struct room {
	unsigned node;
	unsigned cards, cpus, ends;
	uint64_t memory;
	bool fits;
	bool idle; /* it would have to be made usable first */
};

struct search {
	const struct weft_why_need *need;
	const struct weft_why_node *nodes;
	size_t n_nodes;
	const struct weft_why_release *given;
	struct weft_radix *order; /* of the releases, by their ends */
	size_t n_releases;
	struct room *rooms, *sorted;
	unsigned *cards; /* room for one figure for each node */
	bool all;	 /* count nodes that cannot be used, too */
};

/* Best first: those that fit, of these the ones that can be used, and those that need the fewest ends. */
static int by_merit(const void *x, const void *y)
{
	const struct room *a = x, *b = y;

	if (a->fits != b->fits)
		return a->fits ? -1 : 1;
	if (a->idle != b->idle)
		return a->idle ? 1 : -1;
	if (a->ends != b->ends)
		return a->ends < b->ends ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

static int by_cards(const void *x, const void *y)
{
	const struct room *a = x, *b = y;

	if (a->cards != b->cards)
		return a->cards > b->cards ? -1 : 1;
	return by_merit(x, y);
}

static int largest_first(const void *x, const void *y)
{
	const unsigned *a = x, *b = y;

	return (*a < *b) - (*a > *b);
}

static bool room_fits(const struct search *s, const struct room *r)
{
	const struct weft_why_node *node = &s->nodes[r->node];
	unsigned cards = s->need->per_node ? s->need->per_node : 1;

	if (!node->usable && !s->all)
		return false;
	if (s->need->whole && r->cpus < node->cpus)
		return false;
	return r->cards >= cards && r->cpus >= s->need->cpus && r->memory >= s->need->memory;
}

/* Fill rooms as they are after the first N ends. */
static void look_after(struct search *s, size_t n)
{
	for (size_t i = 0; i < s->n_nodes; i++)
		s->rooms[i] = (struct room){ .node = (unsigned)i,
					     .idle = !s->nodes[i].usable,
					     .cards = s->nodes[i].free,
					     .cpus = s->nodes[i].cpus_free,
					     .memory = s->nodes[i].memory_free };
	for (size_t i = 0; i < n; i++) {
		const struct weft_why_release *r = &s->given[s->order[i].index];
		struct room *room = &s->rooms[r->node];

		room->cards += r->cards;
		room->cpus += r->cpus;
		room->memory += r->memory;
		room->ends++;
	}
	for (size_t i = 0; i < s->n_nodes; i++)
		s->rooms[i].fits = room_fits(s, &s->rooms[i]);
}

/* The cards of the best nodes: uneven requests only. */
static uint64_t cards_of_best(struct search *s)
{
	uint64_t cards = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->n_nodes; i++) {
		if (s->rooms[i].fits)
			s->cards[n++] = s->rooms[i].cards;
	}
	qsort(s->cards, n, sizeof(*s->cards), largest_first);
	for (size_t i = 0; i < n && i < s->need->nodes; i++)
		cards += s->cards[i];
	return cards;
}

static size_t nodes_that_fit(const struct search *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_nodes; i++)
		n += s->rooms[i].fits;
	return n;
}

static bool fits_after(struct search *s, size_t n)
{
	look_after(s, n);
	if (nodes_that_fit(s) < s->need->nodes)
		return false;
	return s->need->per_node || cards_of_best(s) >= s->need->devices;
}

/* After how many ends it fits first, when it takes as many cards on each node; NEVER.  One end changes one
 * node. */
static size_t first_even_fit(struct search *s)
{
	size_t fitting;

	look_after(s, 0);
	fitting = nodes_that_fit(s);
	for (size_t i = 0; fitting < s->need->nodes; i++) {
		const struct weft_why_release *r = i < s->n_releases ? &s->given[s->order[i].index] : NULL;
		struct room *room = r ? &s->rooms[r->node] : NULL;

		if (!r)
			return NEVER;
		room->cards += r->cards;
		room->cpus += r->cpus;
		room->memory += r->memory;
		if (!room->fits && room_fits(s, room)) {
			room->fits = true;
			fitting++;
		}
		if (fitting >= s->need->nodes)
			return i + 1;
	}
	return 0;
}

/* The same when it takes as many in all. */
static size_t first_uneven_fit(struct search *s)
{
	size_t low = 0, high = s->n_releases;

	if (!fits_after(s, high))
		return NEVER;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fits_after(s, middle))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static size_t first_fit(struct search *s)
{
	return s->need->per_node ? first_even_fit(s) : first_uneven_fit(s);
}

static void name_job(struct weft_why *why, const struct weft_why_release *r)
{
	unsigned named = why->n_jobs < WEFT_WHY_NAMED ? why->n_jobs : WEFT_WHY_NAMED;

	for (unsigned i = 0; i < named; i++) {
		if (why->jobs[i] == r->job)
			return;
	}
	if (why->n_jobs < WEFT_WHY_NAMED) {
		why->jobs[why->n_jobs] = r->job;
		why->ends[why->n_jobs] = r->end;
	}
	why->n_jobs++;
	if (!r->end)
		why->when = (time_t)-1;
	else if (why->when >= 0 && r->end > why->when)
		why->when = r->end;
}

/* The jobs that must end on the node of ROOM, the first of the N ends that make it fit. */
static void name_jobs_of(struct search *s, struct weft_why *why, const struct room *room, size_t n)
{
	const struct weft_why_node *node = &s->nodes[room->node];
	struct room now = {
		.node = room->node, .cards = node->free, .cpus = node->cpus_free, .memory = node->memory_free
	};

	for (size_t i = 0; i < n; i++) {
		const struct weft_why_release *r = &s->given[s->order[i].index];

		if (r->node != room->node)
			continue;
		if (s->need->per_node && room_fits(s, &now))
			return;
		name_job(why, r);
		now.cards += r->cards;
		now.cpus += r->cpus;
		now.memory += r->memory;
	}
}

/* It fits after N ends: on which nodes, and whose. */
static void name_all(struct search *s, struct weft_why *why, size_t n)
{
	size_t fitting = 0;

	look_after(s, n);
	for (size_t i = 0; i < s->n_nodes; i++) {
		if (s->rooms[i].fits)
			s->sorted[fitting++] = s->rooms[i];
	}
	qsort(s->sorted, fitting, sizeof(*s->sorted), s->need->per_node ? by_merit : by_cards);
	for (size_t i = 0; i < s->need->nodes && i < fitting; i++) {
		const struct room *room = &s->sorted[i];

		if (!s->nodes[room->node].usable) {
			if (why->n_idle_nodes < WEFT_WHY_NAMED)
				why->idle_nodes[why->n_idle_nodes] = room->node;
			why->n_idle_nodes++;
		}
		name_jobs_of(s, why, room, n);
	}
	if (why->when < 0)
		why->when = 0;
}

/* How it stands now. */
static void note_present(struct search *s, struct weft_why *why)
{
	unsigned most = 0;
	size_t with_cards = 0;

	look_after(s, 0);
	why->best = UINT_MAX;
	for (size_t i = 0; i < s->n_nodes; i++) {
		bool usable = s->nodes[i].usable;

		with_cards += usable && s->nodes[i].free >= (s->need->per_node ? s->need->per_node : 1);
		if (usable && !s->rooms[i].fits && (why->best == UINT_MAX || s->nodes[i].free > most)) {
			why->best = (unsigned)i;
			most = s->nodes[i].free;
		}
	}
	why->ready = s->need->per_node ? (unsigned)nodes_that_fit(s) : (unsigned)cards_of_best(s);
	why->cards = with_cards < s->need->nodes || (!s->need->per_node && why->ready < s->need->devices);
}

/* By their ends, then as they are given; those without one come last. */
static void order_releases(struct search *s)
{
	const struct weft_why_release *given = s->given;
	time_t first = 0;

	for (size_t i = 0; i < s->n_releases; i++)
		first = given[i].end && (!first || given[i].end < first) ? given[i].end : first;
	for (size_t i = 0; i < s->n_releases; i++) {
		time_t after = given[i].end - first;
		uint32_t key = given[i].end ? UINT32_MAX - 1 : UINT32_MAX;

		s->order[i] = (struct weft_radix){ given[i].end && after < key ? (uint32_t)after : key,
						   (uint32_t)i };
	}
	weft_radix_sort(s->order, s->order + s->n_releases, s->n_releases);
}

static void find(struct search *s, struct weft_why *why)
{
	size_t n;

	note_present(s, why);
	n = first_fit(s);
	why->kind = n == 0 ? WEFT_WHY_NOTHING : n == NEVER ? WEFT_WHY_NEVER : WEFT_WHY_BUSY;
	if (n == NEVER) {
		s->all = true;
		n = first_fit(s);
		if (n != NEVER)
			why->kind = WEFT_WHY_NODES;
	}
	if (why->kind == WEFT_WHY_BUSY || why->kind == WEFT_WHY_NODES)
		name_all(s, why, n);
}

int weft_why_find(struct weft_why *why, const struct weft_why_need *need, const struct weft_why_node *nodes,
		  size_t n_nodes, const struct weft_why_release *releases, size_t n_releases)
{
	struct search s = { .need = need,
			    .nodes = nodes,
			    .n_nodes = n_nodes,
			    .given = releases,
			    .n_releases = n_releases,
			    .order = malloc((2 * n_releases + 1) * sizeof(*s.order)),
			    .rooms = malloc((n_nodes + 1) * sizeof(*s.rooms)),
			    .sorted = malloc((n_nodes + 1) * sizeof(*s.sorted)),
			    .cards = need->per_node ? NULL : malloc((n_nodes + 1) * sizeof(*s.cards)) };
	int rc = -1;

	memset(why, 0, sizeof(*why));
	if (s.order && s.rooms && s.sorted && (s.cards || need->per_node)) {
		order_releases(&s);
		find(&s, why);
		rc = 0;
	}
	free(s.order);
	free(s.rooms);
	free(s.sorted);
	free(s.cards);
	return rc;
}
