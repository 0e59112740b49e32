/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supply.h - how many cards of each class a scope has, on nodes of which sizes, and how to lay out so many.
 */
#ifndef WEFT_SUPPLY_H
#define WEFT_SUPPLY_H

#include "core/inventory.h"
#include "core/plan.h"

/* NODES nodes with DEVICES cards each. */
struct weft_stack {
	unsigned devices, nodes;
};

/* All that the scope has of one class. */
struct weft_stock {
	struct weft_stack *stacks; /* largest nodes first, no two of one size */
	size_t n_stacks, size;
	unsigned nodes;            /* of all stacks */
	uint64_t devices;
};

struct weft_supply {
	const struct weft_inventory *inv;
	const struct weft_scope *scope; /* never NULL */
	struct weft_stock *stocks;      /* by class id */
	size_t n;
};

/* Bounds on the number of nodes; MAX 0: none. */
struct weft_bounds {
	unsigned min, max;
	bool asked; /* the user gave them: a number that divides the cards is then better than the smallest */
};

/* Count what SCOPE has, in one pass over its nodes.  Both must outlive SUPPLY.  -1 when out of memory. */
int weft_supply_count(struct weft_supply *supply, const struct weft_inventory *inv,
		      const struct weft_scope *scope, struct weft_err *err);

/* The same for what is free at the moment: CARDS says how many cards of class CLASS_ID, of the HAS that it has,
 * node INDEX can give; 0: none.  Asked once for each usable node and class on it. */
int weft_supply_count_free(struct weft_supply *supply, const struct weft_inventory *inv,
			   const struct weft_scope *scope,
			   unsigned (*cards)(unsigned index, unsigned class_id, unsigned has, void *arg), void *arg,
			   struct weft_err *err);
void weft_supply_clear(struct weft_supply *supply);

/* How many nodes have at least DEVICES cards. */
unsigned weft_stock_nodes_with(const struct weft_stock *stock, uint64_t devices);

/* How many cards the NODES largest nodes have together. */
uint64_t weft_stock_most(const struct weft_stock *stock, unsigned nodes);

/* Lay out DEVICES (> 0) cards on nodes of the scope within BOUNDS.  True with the node count, and the cards on
 * each node or 0 when they differ from node to node. */
bool weft_stock_pack(const struct weft_stock *stock, unsigned devices, struct weft_bounds bounds,
		     unsigned *nodes, unsigned *per_node);

#endif
