/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * caps.h - how much power may be drawn: by zone and time, from weft.conf and from the signal file.
 *
 * Zone 0 is "cluster": all nodes.  Others are node sets (PowerZone=); they may overlap and lie within each
 * other, each cap holds by itself.  PowerCap= lines give a cap by weekday and time of day, as the clock on the wall
 * shows it; of several that hold at a moment the least counts; none: no cap.  What a signal says for a zone stands
 * in the place of weft.conf's from its time to the next one of the zone.  A signal older than MaxAge= does not count:
 * the caller leaves it out then.
 */
#ifndef WEFT_CAPS_H
#define WEFT_CAPS_H

#include <stdint.h>
#include <time.h>

#include "core/conf.h"
#include "core/error.h"

#define WEFT_SIGNAL_MAX_BYTES (1024u * 1024)
#define WEFT_SIGNAL_MAX_POINTS 10000

/* The signal file: CSV "time,zone,watts" or JSON [{"time":..., "zone":..., "watts":...}]; no zone: cluster.  Watts
 * "none": no cap; "schedule": as weft.conf says.  Constant after the read; good only with the CONF it was read for,
 * which numbers the zones. */
struct weft_signal;

/* Read PATH; *MODIFIED is when it was written.  NULL with ERR "caps.csv:12: ..."; errno is ENOENT when there is no such
 * file.  Reads a file: not under a Slurm lock. */
struct weft_signal *weft_signal_load(const char *path, const struct weft_conf *conf, time_t *modified,
				     struct weft_err *err);
struct weft_signal *weft_signal_parse(const char *path, const char *text, size_t len, const struct weft_conf *conf,
				      struct weft_err *err);
void weft_signal_destroy(struct weft_signal *signal); /* NULL is allowed */

struct weft_step {
	time_t from; /* holds until the next step's */
	int64_t watts;
};

/* The caps of one zone from NOW on, as steps; after the last step nothing changes any more: it is the least cap
 * that the zone will ever have again (the schedule repeats itself each week), by weft.conf or by the signal. */
struct weft_cap {
	struct weft_step *steps; /* at least 1; steps[0].from is NOW */
	unsigned n;
};

/* Caps of all zones of CONF (conf->n_zones + 1 of them; zone i + 1 is conf->zones[i]), HORIZON s from NOW.
 * SIGNAL NULL: none (or stale).  weft_caps_destroy() frees *CAPS.  -1 with *CAPS NULL: out of memory. */
int weft_caps_make(struct weft_cap **caps, unsigned *n, const struct weft_conf *conf, const struct weft_signal *signal,
		   time_t now, time_t horizon);
void weft_caps_destroy(struct weft_cap *caps, unsigned n); /* NULL with 0 is allowed */

#endif
