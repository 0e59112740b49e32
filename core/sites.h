/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sites.h - the snapshot: what weftd knows of the peers and of the jobs that run there, as a file that
 * slurmctld's planner reads.  doc/sites.md is its format (JSON).
 *
 * Pure but for weft_sites_load(), which waits for a disk: not under a Slurm lock.
 */
#ifndef WEFT_SITES_H
#define WEFT_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/error.h"
#include "core/outlook.h"

#define WEFT_SITES_VERSION	1
#define WEFT_SITES_MAX_BYTES	(16u * 1024 * 1024)
#define WEFT_SITES_MAX_TEXT	1024	     /* bytes of one string */
#define WEFT_SITES_MAX_TIME	7258118399ll /* the end of the year 2199 */
#define WEFT_SITES_MAX_PEERS	64
#define WEFT_SITES_MAX_KINDS	64 /* of a peer */
#define WEFT_SITES_MAX_RUNS	100000
#define WEFT_SITES_MAX_REFUSALS 1000

struct weft_site_kind {
	char *gres; /* "gpu:h100" as this site calls it */
	struct weft_outlook outlook;
	int64_t price; /* micro-units for a card and hour; -1: not known */
	char currency[4];
	double carbon; /* gCO2 per kWh of the grid there; NAN */
};

struct weft_site_peer {
	char *name;
	bool open;	 /* may take jobs */
	char *why;	 /* why not: "no answer since 14:05: connection refused"; "" */
	char *release;	 /* "24.11.5" */
	int version;	 /* of its REST interface */
	time_t seen;	 /* last good answer; 0: never */
	double error;	 /* s by which its forecasts were wrong, mean; NAN: none yet */
	unsigned judged; /* forecasts that ERROR is made of */
	struct weft_site_kind *kinds;
	unsigned n_kinds;
};

struct weft_site_run {
	uint32_t job, remote_id;
	char *peer, *state; /* "RUNNING" */
};

/* A job that weftd did not hand over to a peer, or that the peer refused; it would be so again soon. */
struct weft_site_refusal {
	uint32_t job, uid; /* who asked: it counts for a job of this user's alone */
	char *peer, *why;
};

struct weft_sites {
	time_t made;
	struct weft_site_peer *peers;
	unsigned n_peers;
	struct weft_site_run *runs;
	unsigned n_runs;
	struct weft_site_refusal *refusals;
	unsigned n_refusals;
};

/* The text, malloc()ed, *LEN bytes and a NUL.  NULL with ERR: out of memory, or more than
 * WEFT_SITES_MAX_BYTES.  What is out of its range must not be given. */
char *weft_sites_write(const struct weft_sites *sites, size_t *len, struct weft_err *err);

/* The snapshot that TEXT, LEN bytes, holds; FILE is for messages ("sites.json: peers, entry 2: open:
 * missing").  It may come from anywhere: every key must be there and within its limits; one that is not known
 * is passed over.  For weft_sites_free(); NULL with ERR. */
struct weft_sites *weft_sites_read(const char *file, const char *text, size_t len, struct weft_err *err);

/* The same from a file. */
struct weft_sites *weft_sites_load(const char *path, struct weft_err *err);

void weft_sites_free(struct weft_sites *sites); /* NULL is allowed */

/* By name, case ignored, '_' and '-' alike; NULL when there is none. */
const struct weft_site_peer *weft_sites_peer(const struct weft_sites *sites, const char *name);
const struct weft_site_kind *weft_sites_kind(const struct weft_site_peer *peer, const char *gres);

#endif
