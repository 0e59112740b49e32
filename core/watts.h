/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watts.h - the power model: what a node draws, and what a job adds to it, in W.
 *
 * Host: idle, and peak when all its processors are busy; from PowerNode= of weft.conf, of which the last line that
 * names a node counts; otherwise a guess from its devices (doc/weft.conf.md).  Device: idle and peak (TDP) from
 * PowerClass= of weft.conf or the catalogue; an unknown peak counts as the largest of its vendor's models, an unknown
 * idle as a tenth of the peak.  The devices of a node that stands for another site (Peer= of weft.conf) draw nothing
 * here, nor does its host unless a PowerNode= line names it.  What a busy device really draws above idle is learned per
 * class from measured nodes: a factor between WEFT_WATTS_LEAST and 1 (Slurm's acct_gather_energy); with
 * PowerProvision=worst it is shown but not used.
 */
#ifndef WEFT_WATTS_H
#define WEFT_WATTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/inventory.h"
#include "core/zones.h"

#define WEFT_WATTS_LEAST 0.3

/* What of a node is in use. */
struct weft_use {
	uint32_t cpus, all_cpus;
	const struct weft_holding *busy; /* devices in use, by class */
	unsigned n_busy;
};

/* The model of one view.  Constant but for what it has learned, which has a lock of its own: all functions but create
 * and destroy may be called from several threads at a time. */
struct weft_watts;

/* INV must outlive it, EXPANDER is used in the call only, and so is CONF.  NULL with ERR: out of memory, or
 * "weft.conf:12: PowerNode: unknown node gpu99". */
struct weft_watts *weft_watts_create(const struct weft_inventory *inv, const struct weft_conf *conf,
				     const struct weft_expander *expander, struct weft_err *err);
void weft_watts_destroy(struct weft_watts *w); /* NULL is allowed */

/* W of node INDEX when it is up and nothing runs (its devices idle), and when powered down; rounded up.  A node that
 * the inventory does not have: 0. */
int64_t weft_watts_idle(const struct weft_watts *w, unsigned index);
int64_t weft_watts_off(const struct weft_watts *w, unsigned index);

/* W that USE of node INDEX adds above idle; rounded up.  WORST: without what was learned. */
int64_t weft_watts_use(const struct weft_watts *w, unsigned index, const struct weft_use *use, bool worst);

/* Node INDEX with USE was measured at WATTS: learn.  Only nodes whose busy devices are of one class teach.  A figure
 * below the node's idle power is left out: what measures processors alone knows nothing of devices. */
void weft_watts_learn(struct weft_watts *w, unsigned index, const struct weft_use *use, int64_t watts);

/* What is known of a class: idle and peak of a device (W), the factor learned (1: nothing yet), from how many
 * measurements. */
struct weft_class_watts {
	double idle, peak, factor;
	uint64_t samples;
};
struct weft_class_watts weft_watts_class(const struct weft_watts *w, unsigned class_id);

/* Take over what OLD (of an earlier view) has learned, by class label. */
void weft_watts_inherit(struct weft_watts *w, const struct weft_watts *old);

#endif
