/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sites.h - the snapshot: what weftd knows of the peers and of the jobs that run there, as a file that slurmctld's planner
 * reads.  doc/sites.md is its format (JSON).
 */
#ifndef WEFT_SITES_H
#define WEFT_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/error.h"
#include "core/outlook.h"

#define WEFT_SITES_MAX_BYTES (16u * 1024 * 1024)
#define WEFT_SITES_MAX_PEERS 64
#define WEFT_SITES_MAX_KINDS 64 /* of a peer */
#define WEFT_SITES_MAX_RUNS  100000

struct weft_site_kind {
	char *gres; /* "gpu:h100" as this site calls it */
	struct weft_outlook outlook;
	int64_t price;	  /* micro-units for a card and hour; -1: not known */
	char currency[4];
	double carbon;	  /* gCO2 per kWh of the grid there; NAN */
};

struct weft_site_peer {
	char *name;
	bool open;  /* may take jobs */
	char *why;  /* why not: "no answer since 14:05: connection refused"; "" */
	char *release; /* "24.11.5" */
	int version;   /* of its REST interface */
	time_t seen;   /* last good answer; 0: never */
	double error;  /* s by which its forecasts were wrong, mean; NAN: none yet */
	unsigned judged; /* forecasts that ERROR is made of */
	struct weft_site_kind *kinds;
	unsigned n_kinds;
};

struct weft_site_run {
	uint32_t job, remote_id;
	char *peer, *state; /* "RUNNING" */
};

struct weft_sites {
	time_t made;
	struct weft_site_peer *peers;
	unsigned n_peers;
	struct weft_site_run *runs;
	unsigned n_runs;
};

char *weft_sites_write(const struct weft_sites *sites); /* malloc()ed; NULL: out of memory */
struct weft_sites *weft_sites_read(const char *file, const char *text, size_t len, struct weft_err *err);
void weft_sites_free(struct weft_sites *sites); /* NULL is allowed */

#endif
