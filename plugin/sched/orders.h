/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * orders.h - what one pass of the planner wants done, gathered, and carried out at once.
 */
#ifndef WEFT_SCHED_ORDERS_H
#define WEFT_SCHED_ORDERS_H

#include "plugin/compat/steer.h"

struct weft_orders {
	struct weft_order *list;
	unsigned n, room;
};

/* A new one of KIND for JOB, to be filled in; valid until the next call. */
static inline struct weft_order *weft_orders_add(struct weft_orders *o, enum weft_order_kind kind,
						 uint32_t job)
{
	if (o->n == o->room) {
		o->room = o->room ? 2 * o->room : 64;
		xrecalloc(o->list, o->room, sizeof(*o->list));
	}
	o->list[o->n] = (struct weft_order){ .kind = kind, .job = job };
	return &o->list[o->n++];
}

/* Hold no Slurm lock. */
static inline void weft_orders_carry_out(struct weft_orders *o)
{
	weft_steer(o->list, o->n);
	xfree(o->list);
	o->n = o->room = 0;
}

#endif
