/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supply.c - counts a scope's cards by node size, once per plan, so that a candidate takes a few numbers only.
 */
#include "core/supply.h"

#include <stdlib.h>
#include <string.h>

/* The place of nodes with DEVICES cards, among stacks from large to small. */
static size_t stack_place(const struct weft_stock *stock, unsigned devices)
{
	size_t low = 0, high = stock->n_stacks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (stock->stacks[middle].devices > devices)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int stock_add(struct weft_stock *stock, unsigned devices)
{
	size_t place = stack_place(stock, devices);

	if (place == stock->n_stacks || stock->stacks[place].devices != devices) {
		if (stock->n_stacks == stock->size) {
			size_t size = stock->size ? stock->size * 2 : 4;
			struct weft_stack *more = realloc(stock->stacks, size * sizeof(*more));

			if (!more)
				return -1;
			stock->stacks = more;
			stock->size = size;
		}
		memmove(stock->stacks + place + 1, stock->stacks + place,
			(stock->n_stacks - place) * sizeof(*stock->stacks));
		stock->stacks[place] = (struct weft_stack){ devices, 0 };
		stock->n_stacks++;
	}
	stock->stacks[place].nodes++;
	stock->nodes++;
	stock->devices += devices;
	return 0;
}

int weft_supply_count_free(struct weft_supply *supply, const struct weft_inventory *inv,
			   const struct weft_scope *scope,
			   unsigned (*cards)(unsigned index, unsigned class_id, unsigned has, void *arg), void *arg,
			   struct weft_err *err)
{
	unsigned end = weft_inventory_nodes(inv);

	if (scope->n && scope->n < end && scope->first < end - scope->n)
		end = scope->first + scope->n;
	*supply = (struct weft_supply){ inv, scope, NULL, weft_inventory_classes(inv) };
	supply->stocks = calloc(supply->n ? supply->n : 1, sizeof(*supply->stocks));
	if (!supply->stocks)
		goto no_memory;
	for (unsigned i = scope->n ? scope->first : 0; i < end; i++) {
		size_t n;
		const struct weft_holding *h = weft_inventory_node(inv, i, &n);

		if (n == 0 || (scope->usable && !scope->usable(i, scope->arg)))
			continue;
		for (size_t k = 0; k < n; k++) {
			unsigned has = cards ? cards(i, h[k].class_id, h[k].devices, arg) : h[k].devices;

			if (has && stock_add(&supply->stocks[h[k].class_id], has))
				goto no_memory;
		}
	}
	return 0;
no_memory:
	weft_supply_clear(supply);
	return weft_err(err, "out of memory");
}

int weft_supply_count(struct weft_supply *supply, const struct weft_inventory *inv,
		      const struct weft_scope *scope, struct weft_err *err)
{
	return weft_supply_count_free(supply, inv, scope, NULL, NULL, err);
}

void weft_supply_clear(struct weft_supply *supply)
{
	for (size_t i = 0; supply->stocks && i < supply->n; i++)
		free(supply->stocks[i].stacks);
	free(supply->stocks);
	*supply = (struct weft_supply){ 0 };
}

unsigned weft_stock_nodes_with(const struct weft_stock *stock, uint64_t devices)
{
	unsigned nodes = 0;

	for (size_t i = 0; i < stock->n_stacks && stock->stacks[i].devices >= devices; i++)
		nodes += stock->stacks[i].nodes;
	return nodes;
}

uint64_t weft_stock_most(const struct weft_stock *stock, unsigned nodes)
{
	uint64_t devices = 0;

	for (size_t i = 0; i < stock->n_stacks && nodes > 0; i++) {
		unsigned take = stock->stacks[i].nodes < nodes ? stock->stacks[i].nodes : nodes;

		devices += (uint64_t)take * stock->stacks[i].devices;
		nodes -= take;
	}
	return devices;
}

/* Are there NODES nodes for DEVICES cards?  Sets *PER_NODE. */
static bool fits(const struct weft_stock *stock, unsigned devices, unsigned nodes, unsigned *per_node)
{
	*per_node = devices % nodes ? 0 : devices / nodes;
	if (*per_node)
		return weft_stock_nodes_with(stock, *per_node) >= nodes;
	return nodes <= stock->nodes && weft_stock_most(stock, nodes) >= devices;
}

/* Use nodes of at least SIZE cards each: as few as hold DEVICES and BOUNDS allow. */
static bool pack_evenly(const struct weft_stock *stock, unsigned devices, unsigned size,
			struct weft_bounds bounds, unsigned *nodes, unsigned *per_node)
{
	unsigned need = devices / size + (devices % size ? 1 : 0);
	unsigned low = need > bounds.min ? need : bounds.min;
	unsigned most = bounds.max && bounds.max < stock->nodes ? bounds.max : stock->nodes, high;

	most = most < devices ? most : devices;
	if (low > most)
		return false;
	/* Without an upper bound nobody wants a job spread thin just so that the cards come out even. */
	high = !bounds.asked ? low : bounds.max || 2 * low > most ? most : 2 * low;
	for (*nodes = low; *nodes <= high; ++*nodes) {
		if (devices % *nodes == 0 && fits(stock, devices, *nodes, per_node))
			return true;
	}
	*nodes = low;
	return fits(stock, devices, low, per_node);
}

/* The fewest nodes that will do, whatever each of them gives. */
static bool pack_unevenly(const struct weft_stock *stock, unsigned devices, struct weft_bounds bounds,
			  unsigned *nodes, unsigned *per_node)
{
	unsigned most = bounds.max && bounds.max < stock->nodes ? bounds.max : stock->nodes;
	uint64_t have = 0;

	*per_node = 0;
	*nodes = 0;
	for (size_t i = 0; i < stock->n_stacks && have < devices; i++) {
		uint64_t left = devices - have, size = stock->stacks[i].devices;
		uint64_t wanted = (left + size - 1) / size;
		unsigned take = wanted < stock->stacks[i].nodes ? (unsigned)wanted : stock->stacks[i].nodes;

		*nodes += take;
		have += take * size;
	}
	*nodes = *nodes > bounds.min ? *nodes : bounds.min;
	return have >= devices && *nodes <= most && *nodes <= devices;
}

bool weft_stock_pack(const struct weft_stock *stock, unsigned devices, struct weft_bounds bounds,
		     unsigned *nodes, unsigned *per_node)
{
	for (size_t i = 0; i < stock->n_stacks; i++) {
		if (pack_evenly(stock, devices, stock->stacks[i].devices, bounds, nodes, per_node))
			return true;
	}
	return pack_unevenly(stock, devices, bounds, nodes, per_node);
}
