/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage_end.c - a period, summed up.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/money.h"
#include "core/usage_private.h"

/* By class, then policy, then wait. */
static int by_policy(const void *x, const void *y)
{
	const struct weft_usage_run *a = x, *b = y;

	if (a->class_id != b->class_id)
		return a->class_id < b->class_id ? -1 : 1;
	if (a->policy != b->policy)
		return a->policy < b->policy ? -1 : 1;
	return (a->wait > b->wait) - (a->wait < b->wait);
}

/* By class, then size, then wait. */
static int by_size(const void *x, const void *y)
{
	const struct weft_usage_run *a = x, *b = y;

	if (a->class_id != b->class_id)
		return a->class_id < b->class_id ? -1 : 1;
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return (a->wait > b->wait) - (a->wait < b->wait);
}

/* By class, then cards on a node. */
static int by_node(const void *x, const void *y)
{
	const struct weft_usage_run *a = x, *b = y;

	if (a->class_id != b->class_id)
		return a->class_id < b->class_id ? -1 : 1;
	return (a->per_node > b->per_node) - (a->per_node < b->per_node);
}

/* The wait that PER_CENT of the N of RUNS have at the most. */
static uint32_t rank(const struct weft_usage_run *runs, size_t n, unsigned per_cent)
{
	size_t at = (n * per_cent + 99) / 100;

	return runs[at > 0 ? at - 1 : 0].wait;
}

static int sum_waits(struct weft_usage *usage)
{
	struct weft_usage_run *runs = usage->runs;
	size_t n = usage->n_runs;

	if (n > 1)
		qsort(runs, n, sizeof(*runs), by_policy);
	usage->waits = calloc(usage->result.n_classes * WEFT_USAGE_POLICIES + 1, sizeof(*usage->waits));
	if (!usage->waits)
		return -1;
	for (size_t i = 0, end; i < n; i = end) {
		struct weft_usage_wait *w = &usage->waits[usage->result.n_waits++];
		double sum = 0;

		for (end = i;
		     end < n && runs[end].class_id == runs[i].class_id && runs[end].policy == runs[i].policy;
		     end++)
			sum += runs[end].wait;
		*w = (struct weft_usage_wait){ runs[i].class_id,
					       runs[i].policy,
					       end - i,
					       sum / (double)(end - i),
					       rank(runs + i, end - i, 50),
					       rank(runs + i, end - i, 95) };
	}
	usage->result.waits = usage->waits;
	return 0;
}

/* The cards on a node that at least half of the cards of a class's runs had. */
static void find_usual(struct weft_usage *usage)
{
	struct weft_usage_run *runs = usage->runs;
	size_t n = usage->n_runs;

	if (n > 1)
		qsort(runs, n, sizeof(*runs), by_node);
	for (size_t i = 0, end; i < n; i = end) {
		struct weft_usage_class *c = &usage->classes[runs[i].class_id];
		uint64_t all = 0, above = 0;

		for (end = i; end < n && runs[end].class_id == runs[i].class_id; end++)
			all += runs[end].cards;
		for (size_t k = end; k > i && above * 2 < all; k--) {
			above += runs[k - 1].cards;
			c->usual = runs[k - 1].per_node;
		}
		c->stranded = weft_fleet_stranded(usage->setup.fleet, runs[i].class_id, c->usual);
	}
}

/* Where the runs of a class and size begin, among RUNS by size. */
static size_t lower(const struct weft_usage *usage, unsigned class_id, unsigned size)
{
	size_t lo = 0, hi = usage->n_runs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct weft_usage_run *r = &usage->runs[mid];

		if (r->class_id < class_id || (r->class_id == class_id && r->size < size))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The least of the typical waits for the classes of the run's first choice, of runs like it; -1: of none is
 * it known. */
static double typical(const struct weft_usage *usage, const struct weft_usage_run *run)
{
	double least = -1;

	for (unsigned i = 0; i < usage->result.n_classes; i++) {
		size_t begin, n;
		double median;

		if (!run->other->first[i])
			continue;
		begin = lower(usage, i, run->size);
		n = lower(usage, i, run->size + 1u) - begin;
		if (n < WEFT_USAGE_LIKE)
			continue;
		median = rank(usage->runs + begin, n, 50);
		least = least < 0 || median < least ? median : least;
	}
	return least;
}

static void find_saved(struct weft_usage *usage)
{
	struct weft_usage_saved *saved = &usage->result.saved;

	if (usage->n_runs > 1)
		qsort(usage->runs, usage->n_runs, sizeof(*usage->runs), by_size);
	for (size_t i = 0; i < usage->n_runs; i++) {
		const struct weft_usage_run *run = &usage->runs[i];
		double wait;

		if (!run->other)
			continue;
		saved->runs++;
		wait = typical(usage, run);
		if (wait < 0)
			continue;
		saved->compared++;
		saved->seconds += wait - run->wait;
	}
}

static int list_accounts(struct weft_usage *usage)
{
	struct weft_usage_account *sum = &usage->result.total;

	usage->list = calloc(usage->n_accounts + 1, sizeof(*usage->list));
	if (!usage->list)
		return -1;
	sum->name = "";
	for (size_t i = 0; i < usage->n_accounts; i++) {
		const struct weft_usage_account *a = usage->accounts[i];

		usage->list[i] = *a;
		sum->runs += a->runs;
		sum->used += a->used;
		sum->elsewhere += a->elsewhere;
		sum->measured += a->measured;
		sum->reckoned += a->reckoned;
		sum->unknown += a->unknown;
		sum->grams += a->grams;
		sum->no_carbon += a->no_carbon;
		sum->no_price += a->no_price;
		if (weft_money_add(sum->cost, a->cost, &sum->cost) < 0)
			return -1;
	}
	usage->result.accounts = usage->list;
	usage->result.n_accounts = usage->n_accounts;
	return 0;
}

const struct weft_usage_result *weft_usage_end(struct weft_usage *usage, struct weft_err *err)
{
	find_saved(usage);
	find_usual(usage);
	if (sum_waits(usage) == 0 && list_accounts(usage) == 0)
		return &usage->result;
	weft_err(err, "out of memory");
	return NULL;
}
