/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backlog.h - who runs and who waits for which cards, and what the jobs with --burst have said: Slurm's
 * records in short, for a forecast.
 *
 * Process: slurmctld.
 */
#ifndef WEFT_COMPAT_BACKLOG_H
#define WEFT_COMPAT_BACKLOG_H

#include "core/site.h"
#include "plugin/compat/compat.h"

#define WEFT_HOME (-1) /* no peer's number */

struct weft_backlog_job {
	uint32_t id, uid, priority;
	uint32_t tasks; /* of an array, that wait as one; else 1 */
	bool running;
	bool limited; /* one with --burst that waits for a limit, as Slurm says */
	bool at_home; /* waits (also) in a partition that is no peer's, or runs in one */
	int peer;     /* where it runs: a number of conf->peers, or WEFT_HOME */
	int class_id; /* of its cards; -1: none, or of several classes */
	uint32_t cards;
	uint32_t seconds; /* its limit */
	time_t end;	  /* of one that runs, at the latest */
	time_t eligible;  /* of one that waits: since when */
	time_t start;	  /* of one that waits: Slurm's forecast, 0: none */
	time_t submit;	  /* of one that waits: when it was submitted or, after that, requeued */
	int places;	  /* of one that waits: a number of WEFT_BACKLOG.places; -1: anywhere at home */
	char *burst;	  /* NULL: none, and then the next ones are NULL, too */
	char *accel, *policy, *app;
	char *at; /* of one that waits: the peer at which it was before it was requeued; NULL: none */
};

#define WEFT_BACKLOG_MAX_PLACES 64

/* The nodes of a list of partitions, without the peers'. */
struct weft_backlog_places {
	char *list;
	bitstr_t *nodes;
};

struct weft_backlog {
	struct weft_backlog_job *jobs;
	size_t n, room;
	uint32_t *cards; /* by class: on nodes at home that can be used */
	unsigned n_classes;
	struct weft_backlog_places places[WEFT_BACKLOG_MAX_PLACES]; /* of jobs with --burst */
	int n_places;
	int nodes[WEFT_CONF_MAX_PEERS]; /* that stand for the peers; -1: there is none */
	bool up[WEFT_CONF_MAX_PEERS];	/* can they be used? */
	double ran, allowed; /* s, of those that have ended since SINCE: what they ran, and their limits */
};

/* Look.  CONF and inventory are those of VIEW.  Job, node and partition read locks held. */
void weft_backlog_look(struct weft_backlog *b, const struct weft_view *view, time_t since);

/* What is wrong with the peers' nodes and partitions, a line each; NULL: nothing.  xfree().  The same locks,
 * after a look. */
char *weft_backlog_misfits(const struct weft_backlog *b, const struct weft_view *view);

void weft_backlog_clear(struct weft_backlog *b);

#endif
