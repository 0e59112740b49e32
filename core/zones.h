/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zones.h - which power zones a node is in.
 *
 * Only Slurm can read a list of nodes, and core knows nodes by index; so the plugin lends an expander.
 */
#ifndef WEFT_ZONES_H
#define WEFT_ZONES_H

#include <stdint.h>

#include "core/conf.h"
#include "core/error.h"

#define WEFT_ZONES_MAX_PER_NODE 64 /* cluster included */

struct weft_expander {
	/* Call EACH with TO for the index of each node that NODES names (never NULL or "ALL").  -1 with ERR ("unknown
	 * node gpu99") when it cannot be read. */
	int (*expand)(const char *nodes, void (*each)(unsigned index, void *to), void *to, struct weft_err *err,
		      void *arg);
	void *arg;
};

/* Call EACH for the indexes that NODES names: all of them, below N_NODES, for "ALL".  -1 with ERR. */
int weft_expand(const struct weft_expander *expander, unsigned n_nodes, const char *nodes,
		void (*each)(unsigned index, void *to), void *to, struct weft_err *err);

struct weft_zones; /* constant */

/* The zones of CONF over N_NODES nodes; indexes from there on are left out.  NULL with ERR "weft.conf:3: Nodes: unknown
 * node gpu99". */
struct weft_zones *weft_zones_create(const struct weft_conf *conf, unsigned n_nodes,
				     const struct weft_expander *expander, struct weft_err *err);
void weft_zones_destroy(struct weft_zones *zones); /* NULL is allowed */

/* The numbers of the zones that node INDEX is in, ascending, *N of them: always 0 (cluster), i + 1 for conf->zones[i].
 * They live as long as ZONES. */
const uint16_t *weft_zones_of(const struct weft_zones *zones, unsigned index, unsigned *n);

#endif
