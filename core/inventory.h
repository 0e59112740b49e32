/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory.h - which node has how many cards of which class.
 *
 * A class is a (gres name, gres type) pair with the model that the catalogue (or weft.conf) says it is.  The
 * inventory is built from the nodes' Gres= strings when Slurm (re)reads its configuration.  After the last
 * weft_inventory_add() it is constant and safe to read from several threads; what it hands out lives as long
 * as it does.
 */
#ifndef WEFT_INVENTORY_H
#define WEFT_INVENTORY_H

#include <stdint.h>

#include "core/catalogue.h"
#include "core/conf.h"
#include "core/error.h"

#define WEFT_INVENTORY_MAX_NODES 1000000u        /* node indexes are below this */
#define WEFT_INVENTORY_MAX_CLASSES 1024
#define WEFT_INVENTORY_MAX_NODE_DEVICES 1000000u /* cards of one class on one node */
#define WEFT_GRES_MAX_BYTES 16384u               /* longest Gres= text of a node */

struct weft_class {
	unsigned id;                    /* for weft_inventory_class() */
	char *name;                     /* gres name: "gpu", "npu" */
	char *type;                     /* gres type: "h100"; NULL: without a type */
	char *label;                    /* "gpu:h100", "gpu" */
	const struct weft_model *model; /* NULL: the catalogue does not know it */
	unsigned nodes;                 /* nodes that have it */
	uint64_t devices;               /* cards in all */
	unsigned max_per_node;
};

/* Cards of one class on one node. */
struct weft_holding {
	unsigned class_id; /* index for weft_inventory_class() */
	unsigned devices;
};

struct weft_inventory;

/* CAT and CONF must outlive the inventory.  CONF may be NULL.  NULL when out of memory. */
struct weft_inventory *weft_inventory_create(const struct weft_catalogue *cat, const struct weft_conf *conf);
void weft_inventory_destroy(struct weft_inventory *inv); /* NULL is allowed */

/* Add the node with Slurm's INDEX and its Gres= text ("gpu:h100:8(S:0-1),npu:910b:8,nvme:2"; NULL or "":
 * none).  Counts may carry K, M, G suffixes; "no_consume" and socket lists are understood, a "gres/" in front
 * is forgiven, and a class that is named twice adds up.  A gres counts as an accelerator when its name is one
 * that sites or the catalogue use for them, its type is a known model, or weft.conf has a Class= for it; others
 * are ignored, and so are "shard" and "mps", whose counts are shares of cards.  -1 with ERR for a text that
 * cannot be read, or a node that was added before; the text then counts for nothing. */
int weft_inventory_add(struct weft_inventory *inv, unsigned index, const char *gres, struct weft_err *err);

const struct weft_catalogue *weft_inventory_catalogue(const struct weft_inventory *inv);

/* In the order in which they were met.  A class whose model is NULL while its type is not has a type that the
 * catalogue does not know: worth a warning, once. */
size_t weft_inventory_classes(const struct weft_inventory *inv);
const struct weft_class *weft_inventory_class(const struct weft_inventory *inv, size_t i);

/* The class of a gres NAME and TYPE (NULL: none); NULL when no node has it. */
const struct weft_class *weft_inventory_find(const struct weft_inventory *inv, const char *name,
					     const char *type);

/* Holdings of node INDEX, *N of them (0: none). */
const struct weft_holding *weft_inventory_node(const struct weft_inventory *inv, unsigned index, size_t *n);
unsigned weft_inventory_nodes(const struct weft_inventory *inv); /* highest index + 1 */

/* Is every Model= of CONF one that CAT has?  Otherwise -1 and
 *   weft.conf:7: Model: unknown model "h100-sxm"; did you mean h100-sxm5-80gb? */
int weft_conf_check(const struct weft_conf *conf, const struct weft_catalogue *cat, struct weft_err *err);

/* All gres names and types, NULL-terminated, for weft_request_check(); owned by INV. */
char *const *weft_inventory_words(const struct weft_inventory *inv);

#endif
