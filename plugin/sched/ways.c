/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ways.c - plans (core/plan.h) for home and for the peers' nodes, as ways.
 */
#include "plugin/sched/ways.h"

#include <math.h>

#include "core/jobspec.h"
#include "core/plan.h"

#define BUCKETS 256u /* a power of two */

struct entry {
	struct entry *next;		    /* in its bucket */
	const struct weft_backlog_job *job; /* the first with this request */
	struct weft_burst_way *ways;
	unsigned n, room;
};

struct weft_ways {
	const struct weft_view *view;
	const struct weft_backlog *backlog;
	struct entry *buckets[BUCKETS];
};

struct weft_ways *weft_ways_open(const struct weft_view *view, const struct weft_backlog *b)
{
	struct weft_ways *ways = xmalloc(sizeof(*ways));

	ways->view = view;
	ways->backlog = b;
	return ways;
}

void weft_ways_close(struct weft_ways *ways)
{
	for (unsigned i = 0; ways && i < BUCKETS; i++) {
		while (ways->buckets[i]) {
			struct entry *e = ways->buckets[i];

			ways->buckets[i] = e->next;
			xfree(e->ways);
			xfree(e);
		}
	}
	xfree(ways);
}

static unsigned bucket_of(const struct weft_backlog_job *job)
{
	uint32_t h = 2166136261u;

	for (const char *s = job->accel; s && *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return (h ^ (h >> 16)) & (BUCKETS - 1);
}

static bool alike(const struct weft_backlog_job *a, const struct weft_backlog_job *b)
{
	return a->places == b->places && a->at_home == b->at_home && !xstrcmp(a->accel, b->accel) &&
	       !xstrcmp(a->policy, b->policy) && !xstrcmp(a->app, b->app);
}

/* ---------------------------------------------------------------- making them */

struct place {
	const struct weft_backlog *b;
	int node;	       /* the peer's; -1: at home */
	const bitstr_t *nodes; /* at home; NULL: all */
};

static bool is_usable(unsigned index, void *arg)
{
	const struct place *p = arg;

	if (p->node >= 0)
		return index == (unsigned)p->node;
	if (p->nodes)
		return (bitoff_t)index < bit_size((bitstr_t *)p->nodes) &&
		       bit_test((bitstr_t *)p->nodes, index);
	for (int i = 0; i < WEFT_CONF_MAX_PEERS; i++) {
		if (p->b->nodes[i] == (int)index)
			return false;
	}
	return true;
}

/* *RATE: of the candidate that all run times are relative to; 0: not known yet. */
static void add(struct entry *e, int site, const struct weft_candidate *c, double *rate)
{
	double slowdown = c->slowdown;
	struct weft_burst_way *way;

	if (c->mix) /* a peer is asked for one kind */
		return;
	if (!(*rate > 0) && isfinite(c->rate))
		*rate = c->rate * c->slowdown;
	if (*rate > 0 && isfinite(c->rate))
		slowdown = *rate / c->rate;
	if (e->n == e->room) {
		e->room = e->room ? 2 * e->room : 4;
		xrecalloc(e->ways, e->room, sizeof(*e->ways));
	}
	way = &e->ways[e->n++];
	*way = (struct weft_burst_way){
		.site = site, .class_id = c->class->id, .cards = c->devices, .slowdown = slowdown
	};
	snprintf(way->gres, sizeof(way->gres), "%s", c->class->label);
}

static void add_place(struct weft_ways *ways, struct entry *e, const struct weft_jobspec *spec, int site,
		      struct place *place, double *rate)
{
	struct weft_scope scope = { .usable = is_usable, .arg = place };
	struct weft_err ignored = WEFT_ERR_INIT;
	struct weft_plan plan;

	if (weft_plan_make(&plan, spec->request, ways->view->inventory, &scope, spec->app,
			   ways->view->conf->intensity, &ignored))
		return;
	for (size_t i = 0; i < plan.n; i++)
		add(e, site, &plan.candidates[i], rate);
	weft_plan_clear(&plan);
}

static struct entry *make(struct weft_ways *ways, const struct weft_backlog_job *job)
{
	const struct weft_backlog *b = ways->backlog;
	struct place home = { .b = b,
			      .node = -1,
			      .nodes = job->places >= 0 ? b->places[job->places].nodes : NULL };
	struct entry *e = xmalloc(sizeof(*e));
	struct weft_err ignored = WEFT_ERR_INIT;
	struct weft_jobspec spec;
	double rate = 0;

	e->job = job;
	if (!job->accel ||
	    weft_jobspec_make(&spec, job->accel, job->policy, job->app, ways->view->conf, &ignored))
		return e;
	if (job->at_home)
		add_place(ways, e, &spec, WEFT_HOME, &home, &rate);
	for (size_t i = 0; i < ways->view->conf->n_peers; i++) {
		struct place there = { .b = b, .node = b->nodes[i] };

		if (there.node >= 0)
			add_place(ways, e, &spec, (int)i, &there, &rate);
	}
	weft_jobspec_clear(&spec);
	return e;
}

const struct weft_burst_way *weft_ways_of(struct weft_ways *ways, const struct weft_backlog_job *job,
					  unsigned *n)
{
	struct entry **bucket = &ways->buckets[bucket_of(job)], *e = *bucket;

	while (e && !alike(e->job, job))
		e = e->next;
	if (!e) {
		e = make(ways, job);
		e->next = *bucket;
		*bucket = e;
	}
	*n = e->n;
	return e->ways;
}
