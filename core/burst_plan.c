/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst_plan.c - forecasts, and decisions in rounds.
 *
 * In each round the outlook at home is made for all that are still here.  Of those that would go the better
 * half does, in the order of what is gained; the others are asked again in the next round, when their turn at
 * home comes sooner.
 */
#include "core/burst_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 8 /* in the last one all go that would */

/* A job, or a task of an array. */
struct unit {
	const struct weft_burst_waiter *w;
	time_t start; /* at home; 0: never */
	double bias;  /* s that the host's forecast is later than ours */
	double gain;
	bool gone;
};

/* What went of a job. */
struct going {
	uint32_t n;
	struct weft_burst_answer answer;
	struct weft_burst_way way;
};

struct planning {
	const struct weft_burst_plan *plan;
	struct unit *units;
	size_t n_units;
	struct going *going;	     /* by waiter; NULL: it has no --burst */
	struct weft_outlook *home;   /* by class */
	bool *wanted;		     /* by class: an outlook is needed */
	struct weft_outlook **there; /* by site, then kind: what is left of it */
	struct weft_outlook_running *running;
	struct weft_outlook_waiting *waiting;
	struct unit **candidates;
	struct weft_burst_place places[WEFT_CONF_MAX_PEERS];
	const struct weft_burst_way *ways[WEFT_CONF_MAX_PEERS]; /* of the places */
};

/* ---------------------------------------------------------------- forecasts */

static uint32_t whole(double seconds)
{
	return seconds < 1 ? 1 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)ceil(seconds);
}

static double run_time(const struct weft_burst_plan *plan, const struct weft_burst_waiter *w,
		       const struct weft_burst_way *way)
{
	return (double)w->seconds * (way && isfinite(way->slowdown) ? way->slowdown : 1) * plan->scale;
}

static int look_at_class(struct planning *p, unsigned class_id)
{
	const struct weft_burst_plan *plan = p->plan;
	size_t n = 0, m = 0;

	for (size_t i = 0; i < plan->n_running; i++) {
		const struct weft_burst_runner *r = &plan->running[i];

		if (r->site < 0 && r->class_id == class_id)
			p->running[n++] = (struct weft_outlook_running){ .cards = r->cards, .end = r->end };
	}
	for (size_t i = 0; i < p->n_units; i++) {
		const struct unit *u = &p->units[i];

		if (!u->gone && u->w->class_id == (int)class_id)
			p->waiting[m++] = (struct weft_outlook_waiting){ .cards = u->w->cards,
									 .seconds = u->w->seconds,
									 .priority = u->w->priority,
									 .id = (uint32_t)i };
	}
	if (weft_outlook_make(&p->home[class_id], plan->cards[class_id], plan->now, plan->scale, p->running,
			      n, p->waiting, m))
		return -1;
	for (size_t i = 0; i < m; i++)
		p->units[p->waiting[i].id].start = p->waiting[i].start;
	return 0;
}

static int look_home(struct planning *p)
{
	for (unsigned i = 0; i < p->plan->n_classes; i++) {
		if (p->wanted[i] && look_at_class(p, i))
			return -1;
	}
	return 0;
}

/* By how much the host knows better: it knows nodes and limits.  Asked once, for who goes changes our
 * forecast only. */
static void find_biases(struct planning *p)
{
	const struct weft_burst_plan *plan = p->plan;

	for (size_t i = 0; i < p->n_units; i++) {
		struct unit *u = &p->units[i];
		bool first = i == 0 || p->units[i - 1].w != u->w; /* of an array: it is the next task's */

		if (!first || !u->start || u->w->start <= plan->now)
			continue;
		u->bias = (double)(u->w->start - plan->now) * plan->scale - (double)(u->start - plan->now);
	}
}

static const struct weft_site_kind *kind_at(const struct planning *p, int site, const char *gres)
{
	const struct weft_site_peer *seen = p->plan->sites[site].seen;

	return seen ? weft_sites_kind(seen, gres) : NULL;
}

/* What is left there of GRES; NULL: there is none. */
static struct weft_outlook *outlook_at(struct planning *p, int site, const char *gres)
{
	const struct weft_site_kind *kind = kind_at(p, site, gres);

	return kind ? &p->there[site][kind - p->plan->sites[site].seen->kinds] : NULL;
}

/* ---------------------------------------------------------------- one case */

/* The job at home: where it would be done first. */
static struct weft_burst_place home_of(struct planning *p, const struct unit *u)
{
	const struct weft_burst_plan *plan = p->plan;
	const struct weft_burst_ask *ask = u->w->ask;
	struct weft_burst_place home = { .name = "home", .start = WEFT_BURST_NEVER, .open = true };
	double best = INFINITY;

	for (unsigned i = 0; i < ask->n_ways; i++) {
		const struct weft_burst_way *way = &ask->ways[i];
		double run = run_time(plan, u->w, way);
		time_t start;

		if (way->site >= 0)
			continue;
		if ((int)way->class_id == u->w->class_id && way->cards == u->w->cards)
			start = u->start		  ? u->start + (time_t)u->bias
				: u->w->start > plan->now ? u->w->start
							  : 0;
		else
			start = weft_outlook_start(&p->home[way->class_id], way->cards, whole(run),
						   plan->now);
		if (!start)
			continue;
		start = start < plan->now ? plan->now : start;
		if ((double)start + run >= best)
			continue;
		best = (double)start + run;
		home.start = start;
		home.run = run;
	}
	if (home.start == WEFT_BURST_NEVER)
		home.run = run_time(plan, u->w, NULL);
	return home;
}

/* What PRICE makes of so many cards for so long, in micro-units; -1: not known. */
static int64_t cost_of(int64_t price, uint32_t cards, double seconds)
{
	double cost = (double)price * cards * seconds / 3600;

	return price < 0 ? -1 : cost < 9e18 ? (int64_t)ceil(cost) : INT64_MAX;
}

/* The job on WAY at a peer, with KIND's price.  What it may cost at most is what max-cost is about. */
static struct weft_burst_place try_way(struct planning *p, const struct unit *u,
				       const struct weft_burst_way *way, const struct weft_site_kind *kind)
{
	double run = run_time(p->plan, u->w, way), most = run / p->plan->scale;
	struct weft_burst_place place = { .run = run, .staging = WEFT_BURST_HANDOVER };
	int64_t limit = u->w->ask->wish.max_cost, at_most = cost_of(kind->price, way->cards, most);

	place.start =
		weft_outlook_start(outlook_at(p, way->site, way->gres), way->cards, whole(run), p->plan->now);
	if (!place.start)
		place.start = WEFT_BURST_NEVER;
	place.cost = limit >= 0 && at_most > limit ? at_most : cost_of(kind->price, way->cards, run);
	memcpy(place.currency, kind->currency, sizeof(place.currency));
	return place;
}

static double finish(const struct weft_burst_place *place)
{
	return place->start == WEFT_BURST_NEVER ? INFINITY : (double)place->start + place->run;
}

/* Can SITE be asked at all?  Its place and way, as those of number N. */
static bool place_at(struct planning *p, const struct unit *u, unsigned site, unsigned n)
{
	const struct weft_burst_site *s = &p->plan->sites[site];
	const struct weft_burst_ask *ask = u->w->ask;
	struct weft_burst_place *place = &p->places[n];
	bool any = false;

	*place = (struct weft_burst_place){ .start = WEFT_BURST_NEVER, .cost = -1 };
	for (unsigned i = 0; i < ask->n_ways; i++) {
		const struct weft_burst_way *way = &ask->ways[i];
		const struct weft_site_kind *kind =
			way->site == (int)site ? kind_at(p, way->site, way->gres) : NULL;
		struct weft_burst_place there;

		any = any || way->site == (int)site;
		if (!kind)
			continue;
		there = try_way(p, u, way, kind);
		if (p->ways[n] && place->start != WEFT_BURST_NEVER && finish(&there) >= finish(place))
			continue;
		*place = there;
		p->ways[n] = way;
	}
	place->name = s->name;
	place->open = s->open && s->seen && s->seen->open;
	for (unsigned i = 0; i < u->w->n_refusals; i++) {
		if (u->w->refusals[i].site == site)
			place->refused = u->w->refusals[i].why;
	}
	return any;
}

static struct weft_burst_case case_of(struct planning *p, const struct unit *u)
{
	struct weft_burst_case c = { .job = u->w->job,
				     .now = p->plan->now,
				     .eligible = u->w->eligible,
				     .wish = u->w->ask->wish,
				     .home = home_of(p, u),
				     .peers = p->places };

	memset(p->ways, 0, sizeof(p->ways));
	for (unsigned i = 0; i < p->plan->n_sites && i < WEFT_CONF_MAX_PEERS; i++) {
		if (place_at(p, u, i, c.n_peers))
			c.n_peers++;
		else
			p->ways[c.n_peers] = NULL;
	}
	return c;
}

/* ---------------------------------------------------------------- rounds */

static struct going *going_of(const struct planning *p, const struct unit *u)
{
	return &p->going[u->w - p->plan->waiting];
}

static int by_gain(const void *x, const void *y)
{
	const struct unit *a = *(struct unit *const *)x, *b = *(struct unit *const *)y;

	if (a->gain != b->gain)
		return a->gain < b->gain ? 1 : -1;
	if (a->w->priority != b->w->priority)
		return a->w->priority < b->w->priority ? 1 : -1;
	return (a > b) - (a < b);
}

/* Those that would go, in the order in which they may. */
static size_t find_candidates(struct planning *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_units; i++) {
		struct unit *u = &p->units[i];
		struct weft_burst_answer answer;
		struct weft_burst_case c;

		if (u->gone || !u->w->ask)
			continue;
		c = case_of(p, u);
		weft_burst_decide(p->plan->conf, &c, &answer);
		u->gain = answer.gain;
		if (answer.verdict == WEFT_BURST_GO && p->ways[answer.peer])
			p->candidates[n++] = u;
	}
	if (n)
		qsort(p->candidates, n, sizeof(struct unit *), by_gain);
	return n;
}

/* What was free a moment ago may be so no longer: it is decided again.  Tasks of one array go the same way.
 */
static bool let_go(struct planning *p, struct unit *u)
{
	struct going *going = going_of(p, u);
	struct weft_burst_case c = case_of(p, u);
	struct weft_burst_answer answer;
	const struct weft_burst_way *way;
	const struct weft_burst_place *place;

	weft_burst_decide(p->plan->conf, &c, &answer);
	way = answer.verdict == WEFT_BURST_GO ? p->ways[answer.peer] : NULL;
	if (!way || (going->n && (going->way.site != way->site || strcmp(going->way.gres, way->gres) != 0)))
		return false;
	place = &c.peers[answer.peer];
	if (place->start > 0)
		weft_outlook_take(outlook_at(p, way->site, way->gres), way->cards, whole(place->run),
				  place->start);
	u->gone = true;
	if (going->n++)
		return true;
	going->answer = answer;
	going->way = *way;
	if (p->plan->decided)
		p->plan->decided(&c, &answer, p->plan->arg);
	return true;
}

static int decide_all(struct planning *p)
{
	for (int round = 1; round <= ROUNDS; round++) {
		size_t n, most, went = 0;

		if (look_home(p))
			return -1;
		if (round == 1)
			find_biases(p);
		n = find_candidates(p);
		most = round == ROUNDS ? n : (n + 1) / 2;
		for (size_t i = 0; i < n; i++) {
			if (p->candidates[i]->w->ask->wish.mode == WEFT_BURST_ONLY || went < most)
				went += let_go(p, p->candidates[i]);
		}
		if (!went)
			break;
	}
	return 0;
}

/* U stays; or there is room for it after all. */
static void decide_last(struct planning *p, struct unit *u)
{
	struct going *going = going_of(p, u);
	struct weft_burst_case c;

	if (let_go(p, u))
		return;
	c = case_of(p, u);
	weft_burst_decide(p->plan->conf, &c, &going->answer);
	if (p->plan->decided)
		p->plan->decided(&c, &going->answer, p->plan->arg);
}

static void tell(struct planning *p)
{
	for (size_t i = 0; i < p->n_units; i++) {
		struct unit *u = &p->units[i];
		struct going *going = going_of(p, u);

		if (!u->w->ask || (i > 0 && p->units[i - 1].w == u->w))
			continue;
		if (!going->n)
			decide_last(p, u);
		p->plan->outcome(u->w, &going->answer, going->n, going->n ? &going->way : NULL, p->plan->arg);
	}
}

/* ---------------------------------------------------------------- beginning and end */

static uint32_t tasks_of(const struct weft_burst_waiter *w)
{
	return w->tasks < 1 ? 1 : w->tasks > WEFT_BURST_MAX_TASKS ? WEFT_BURST_MAX_TASKS : w->tasks;
}

static void make_units(struct planning *p)
{
	for (size_t i = 0; i < p->plan->n_waiting; i++) {
		const struct weft_burst_waiter *w = &p->plan->waiting[i];

		for (uint32_t k = 0; k < tasks_of(w); k++)
			p->units[p->n_units++].w = w;
		if (!w->ask)
			continue;
		if (w->class_id >= 0)
			p->wanted[w->class_id] = true;
		for (unsigned k = 0; k < w->ask->n_ways; k++) {
			if (w->ask->ways[k].site < 0)
				p->wanted[w->ask->ways[k].class_id] = true;
		}
	}
}

static int copy_outlooks(struct planning *p)
{
	const struct weft_burst_plan *plan = p->plan;

	for (unsigned i = 0; i < plan->n_sites; i++) {
		const struct weft_site_peer *seen = plan->sites[i].seen;

		if (!seen || !seen->n_kinds)
			continue;
		p->there[i] = calloc(seen->n_kinds, sizeof(*p->there[i]));
		if (!p->there[i])
			return -1;
		for (unsigned k = 0; k < seen->n_kinds; k++)
			p->there[i][k] = seen->kinds[k].outlook;
	}
	/* Who is on the way there. */
	for (size_t i = 0; i < plan->n_running; i++) {
		const struct weft_burst_runner *r = &plan->running[i];
		struct weft_outlook *o = r->site >= 0 ? outlook_at(p, r->site, r->gres) : NULL;

		if (o && r->end > plan->now)
			weft_outlook_take(o, r->cards, whole((double)(r->end - plan->now) * plan->scale),
					  plan->now);
	}
	return 0;
}

static int allocate(struct planning *p)
{
	const struct weft_burst_plan *plan = p->plan;
	size_t n = 0;

	for (size_t i = 0; i < plan->n_waiting; i++)
		n += tasks_of(&plan->waiting[i]);
	p->units = calloc(n + 1, sizeof(*p->units));
	p->candidates = calloc(n + 1, sizeof(*p->candidates));
	p->waiting = calloc(n + 1, sizeof(*p->waiting));
	p->running = calloc(plan->n_running + 1, sizeof(*p->running));
	p->going = calloc(plan->n_waiting + 1, sizeof(*p->going));
	p->home = calloc(plan->n_classes + 1, sizeof(*p->home));
	p->wanted = calloc(plan->n_classes + 1, sizeof(*p->wanted));
	p->there = calloc(plan->n_sites + 1, sizeof(*p->there));
	return p->units && p->candidates && p->waiting && p->running && p->going && p->home && p->wanted &&
			       p->there
		       ? 0
		       : -1;
}

static void clear(struct planning *p)
{
	for (unsigned i = 0; p->there && i < p->plan->n_sites; i++)
		free(p->there[i]);
	free(p->there);
	free(p->units);
	free(p->candidates);
	free(p->waiting);
	free(p->running);
	free(p->going);
	free(p->home);
	free(p->wanted);
	free(p);
}

int weft_burst_plan_make(const struct weft_burst_plan *plan)
{
	struct planning *p = calloc(1, sizeof(*p));
	int rc = -1;

	if (!p)
		return rc;
	p->plan = plan;
	if (!allocate(p)) {
		make_units(p);
		rc = copy_outlooks(p) ? -1 : decide_all(p);
	}
	if (!rc)
		tell(p);
	clear(p);
	return rc;
}
