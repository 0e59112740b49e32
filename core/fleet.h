/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fleet.h - the cards of a cluster as they are now: whose nodes they are on, which are in use, which cannot
 * be used.
 *
 * It is filled from lines of "scontrol -d -o show nodes".  The nodes that stand for other sites (Peer= of
 * weft.conf) are known by name, but their cards are not counted.  After weft_fleet_ready() it is constant.
 */
#ifndef WEFT_FLEET_H
#define WEFT_FLEET_H

#include "core/inventory.h"

#define WEFT_FLEET_MAX_LINE (256u * 1024) /* bytes */
#define WEFT_FLEET_NONE	    UINT32_MAX
#define WEFT_FLEET_FAR	    (UINT32_MAX - 1)

struct weft_fleet_class {
	uint64_t cards, in_use, out; /* OUT: not in use, on nodes that take no jobs; the others are free */
	double tflops;		     /* of a card, at the least; NAN: not known */
	enum weft_dtype dtype;	     /* of TFLOPS: bf16, or fp16, tf32, fp32 where the catalogue has none */
	double watts;		     /* of a busy card; NAN: not known */
};

struct weft_fleet;

/* CAT and CONF must outlive it.  NULL: out of memory. */
struct weft_fleet *weft_fleet_create(const struct weft_catalogue *cat, const struct weft_conf *conf);
void weft_fleet_destroy(struct weft_fleet *fleet); /* NULL is allowed */

/* A line, LEN bytes and a NUL; a blank one counts for nothing.  -1 with ERR. */
int weft_fleet_add(struct weft_fleet *fleet, const char *line, size_t len, struct weft_err *err);
/* After the last line.  -1 with ERR: out of memory. */
int weft_fleet_ready(struct weft_fleet *fleet, struct weft_err *err);

const struct weft_inventory *weft_fleet_inventory(const struct weft_fleet *fleet);
const struct weft_fleet_class *weft_fleet_class(const struct weft_fleet *fleet, unsigned class_id);

/* The number of the node NAME in the inventory; WEFT_FLEET_FAR: it stands for another site; WEFT_FLEET_NONE:
 * there is no such node. */
unsigned weft_fleet_find(const struct weft_fleet *fleet, const char *name);

/* Of the free cards of a class those on nodes that are partly in use, which are left over when each of these
 * nodes takes as many jobs of USUAL cards (at least 1) as it can. */
uint64_t weft_fleet_stranded(const struct weft_fleet *fleet, unsigned class_id, unsigned usual);

#endif
