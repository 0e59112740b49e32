/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.h - looks at the peers, one thread for each: what they have, what it costs, when a job would start
 * there.  After each look the snapshot (core/sites.h) is written.
 *
 * A peer that does not answer, or lies, is set aside with a reason, and looked at again later and later.
 * Any number of threads may ask.
 */
#ifndef WEFTD_WATCH_H
#define WEFTD_WATCH_H

#include <json-c/json.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/conf.h"
#include "core/error.h"
#include "weftd/runs.h"

struct weft_watch;

/* CONF and RUNS must stay.  NULL with ERR. */
struct weft_watch *weft_watch_start(const struct weft_conf *conf, struct weft_runs *runs,
				    struct weft_err *err);
void weft_watch_stop(struct weft_watch *watch); /* NULL is allowed */

/* The snapshot as it is now, with the runs of UID; of all when it is (uid_t)-1.  NULL with ERR. */
json_object *weft_watch_sites(struct weft_watch *watch, uid_t uid, struct weft_err *err);

/* JOB of user UID is not handed over to PEER, or PEER refuses it, and so it would be if it were asked again:
 * slurmctld's planner holds it off from there for a quarter of an hour. */
void weft_watch_refused(struct weft_watch *watch, uint32_t job, uid_t uid, const char *peer, const char *why);

/* For a card and hour of GRES ("gpu:h100") at PEER now, in micro-units; -1: not known. */
int64_t weft_watch_price(struct weft_watch *watch, const char *peer, const char *gres, char currency[4]);

#endif
