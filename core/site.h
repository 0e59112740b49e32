/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site.h - what Weft knows of this site: configuration, catalogue and inventory, as one consistent view.
 *
 * There is one site in a process; the plugins inside slurmctld share it through libweft.so.  A view is never
 * changed: a new configuration or node table makes a new view, and whoever holds the old one keeps it until
 * weft_view_put().
 *
 * Files are read in weft_site_start() and afterwards only by the site's own thread, so that no caller waits
 * for a disk under a Slurm lock.
 */
#ifndef WEFT_SITE_H
#define WEFT_SITE_H

#include <stdbool.h>

#include "core/catalogue.h"
#include "core/conf.h"
#include "core/error.h"
#include "core/inventory.h"
#include "core/price_list.h"

struct weft_view {
	struct weft_catalogue *catalogue; /* NULL when broken */
	struct weft_conf *conf;		  /* NULL when broken */
	struct weft_inventory *inventory; /* NULL when broken, or before the nodes are known */
	struct weft_price_list *prices;	  /* NULL when broken */
	struct weft_err broken;		  /* why Weft stepped aside; "" when all is well */
};

struct weft_site_options {
	const char *conf_path;	    /* weft.conf; a missing file means defaults */
	const char *catalogue_path; /* the project's catalogue */
	/* One line for the daemon's log; called from any thread.  IS_ERROR: it needs an administrator. */
	void (*log)(bool is_error, const char *line);
};

/* Read the files and start the site's thread.  Once per process; a second start is ignored.  Never fails: a
 * broken file gives a broken view (and one line in the log).  Reads files: call it from a plugin's init(),
 * where no lock is held. */
void weft_site_start(const struct weft_site_options *options);

/* Stop the thread and forget everything.  Views that are held stay valid. */
void weft_site_stop(void);

/* Ask the thread to read the files again; returns at once.  A broken file keeps the present view and says so
 * in the log.  Safe under Slurm locks. */
void weft_site_reload(void);

/* Step aside for good: from now on every view is broken, because of WHY.  The first reason is kept.  Safe
 * under Slurm locks. */
void weft_site_break(const char *why);

/* Wait until no reload is pending.  For tests and for the tools, never in slurmctld. */
void weft_site_settle(void);

/* Tell the node table: GRES[i] is the Gres= text of the node with index i (NULL: no such node or no gres).
 * Takes copies.  Builds the inventory in memory, at once; safe under Slurm locks. */
void weft_site_set_nodes(const char *const *gres, unsigned n);

/* The present view, to be given back with weft_view_put(); NULL when the site was not started. */
const struct weft_view *weft_site_view(void);
const struct weft_view *weft_view_hold(const struct weft_view *view); /* one more weft_view_put() for it */
void weft_view_put(const struct weft_view *view);		      /* NULL is allowed */

/* A line for the daemon's log; see weft_site_options. */
void weft_site_log(bool is_error, const char *line);

/* Index= of weft.conf; off when Weft has stepped aside, and for NULL. */
enum weft_index_mode weft_view_index(const struct weft_view *view);

#endif
