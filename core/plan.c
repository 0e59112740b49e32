/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.c - matches the alternatives of a request with the classes of the cluster, and orders what comes out.
 */
#include "core/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/lack.h"
#include "core/match.h"
#include "core/mix.h"
#include "core/supply.h"

/* One alternative on its way to candidates. */
struct matcher {
	const struct weft_supply *supply;
	const struct weft_alternative *alt;
	unsigned index; /* of the alternative */
	struct weft_matcher match;
	struct weft_bounds bounds;
	const struct weft_app *app;
	double intensity;
};

/* A candidate with what decides its place among its alternative's. */
struct ranked {
	struct weft_candidate candidate;
	size_t name; /* which name of the set it answers to */
};

static unsigned tighter_max(unsigned a, unsigned b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

static void matcher_init(struct matcher *m, const struct weft_supply *supply, const struct weft_request *req,
			 unsigned index)
{
	const struct weft_alternative *alt = &req->alts[index];
	const struct weft_scope *scope = supply->scope;

	m->supply = supply;
	m->alt = alt;
	m->index = index;
	weft_matcher_init(&m->match, alt, weft_inventory_catalogue(supply->inv));
	m->bounds.min = alt->min_nodes > scope->min_nodes ? alt->min_nodes : scope->min_nodes;
	m->bounds.max = tighter_max(alt->max_nodes, scope->max_nodes);
	m->bounds.asked = alt->min_nodes || alt->max_nodes || scope->min_nodes > 1;
}

/* How many cards of C are asked for; 0 with LACK when that cannot be told. */
static uint64_t devices_wanted(const struct matcher *m, const struct weft_class *c, struct weft_lack *lack)
{
	const struct weft_alternative *alt = m->alt;
	struct weft_figure peak;
	uint64_t devices;
	double exact;

	if (!(alt->compute > 0))
		return alt->devices;
	peak = weft_model_figure(c->model, WEFT_FIELD_TFLOPS + (unsigned)alt->dtype);
	if (!(peak.lo > 0)) {
		lack->kind = WEFT_LACK_UNKNOWN;
		lack->predicate = alt->n_predicates;
		return 0;
	}
	exact = alt->compute / peak.lo;
	exact = ceil(exact * (1 - 1e-12)); /* 3 x 1.1 / 1.1 is a little more than 3 */
	devices = exact < 1 ? 1 : exact > 1e18 ? (uint64_t)1e18 : (uint64_t)exact;
	if (alt->per_node)
		devices = (devices + alt->per_node - 1) / alt->per_node * alt->per_node;
	return devices;
}

static bool lacks(struct weft_lack *lack, enum weft_lack_kind kind, uint64_t have, uint64_t wanted)
{
	lack->kind = kind;
	lack->have = have;
	lack->closeness = (double)have / (double)wanted;
	return false;
}

/* The layout that the user gave: so many cards on each node. */
static bool lay_out_as_asked(const struct weft_stock *stock, struct weft_candidate *c, struct weft_lack *lack)
{
	uint64_t most = stock->stacks[0].devices, devices = lack->devices, nodes = devices / lack->per_node;
	unsigned with = weft_stock_nodes_with(stock, lack->per_node);

	lack->nodes = nodes;
	if (devices % lack->per_node)
		return lacks(lack, WEFT_LACK_MULTIPLE, 0, 1);
	if (nodes < lack->bounds.min || (lack->bounds.max && nodes > lack->bounds.max))
		return lacks(lack, WEFT_LACK_LAYOUT, 0, 1);
	if (most < lack->per_node)
		return lacks(lack, WEFT_LACK_PER_NODE, most, lack->per_node);
	if (stock->devices < devices)
		return lacks(lack, WEFT_LACK_TOTAL, stock->devices, devices);
	if (with < nodes)
		return lacks(lack, WEFT_LACK_NODES, with, nodes);
	c->devices = (unsigned)devices;
	c->nodes = (unsigned)nodes;
	c->per_node = (unsigned)lack->per_node;
	return true;
}

/* The layout that Weft finds. */
static bool lay_out_packed(const struct weft_stock *stock, struct weft_candidate *c, struct weft_lack *lack)
{
	uint64_t devices = lack->devices, reach;

	if (stock->devices < devices)
		return lacks(lack, WEFT_LACK_TOTAL, stock->devices, devices);
	if (stock->nodes < lack->bounds.min) {
		lack->nodes = lack->bounds.min;
		return lacks(lack, WEFT_LACK_NODES, stock->nodes, lack->nodes);
	}
	c->devices = (unsigned)devices;
	if (devices <= UINT32_MAX &&
	    weft_stock_pack(stock, c->devices, lack->bounds, &c->nodes, &c->per_node))
		return true;
	/* Enough in all, and yet no layout: it is the upper bound on nodes. */
	reach = weft_stock_most(stock, lack->bounds.max);
	lack->nodes = lack->bounds.max;
	if (lack->nodes > 1)
		return lacks(lack, WEFT_LACK_REACH, reach, devices);
	lack->per_node = devices;
	return lacks(lack, WEFT_LACK_PER_NODE, reach, devices);
}

/* Lay out the cards of LACK, which knows how many, and the bounds. */
static bool lay_out(const struct matcher *m, const struct weft_stock *stock, struct weft_candidate *c,
		    struct weft_lack *lack)
{
	lack->bounds = m->bounds;
	lack->per_node = m->alt->per_node;
	if (m->bounds.max && m->bounds.min > m->bounds.max)
		return lacks(lack, WEFT_LACK_BOUNDS, 0, 1);
	if (lack->devices < m->bounds.min)
		return lacks(lack, WEFT_LACK_SPREAD, 0, 1);
	return lack->per_node ? lay_out_as_asked(stock, c, lack) : lay_out_packed(stock, c, lack);
}

/* Class I as a candidate for the alternative: true with R, or false with LACK. */
static bool match_class(const struct matcher *m, size_t i, struct ranked *r, struct weft_lack *lack)
{
	const struct weft_class *class = weft_inventory_class(m->supply->inv, i);
	const struct weft_stock *stock = &m->supply->stocks[i];
	int name = weft_matcher_name(&m->match, class);

	*lack = (struct weft_lack){ .kind = WEFT_LACK_NAME, .class = class };
	if (name < 0)
		return false;
	if (!stock->nodes) {
		lack->elsewhere = true;
		return false;
	}
	if (!weft_matcher_meets(&m->match, class, m->alt->n_predicates, lack))
		return false;
	lack->devices = devices_wanted(m, class, lack);
	*r = (struct ranked){ .name = (size_t)name };
	r->candidate.class = class;
	r->candidate.alternative = m->index;
	if (!lack->devices || !lay_out(m, stock, &r->candidate, lack))
		return false;
	r->candidate.rate = r->candidate.devices *
			    weft_speed_rate(class->model, class->type, m->app, m->intensity);
	return true;
}

static int compare_ranked(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	double ra = a->candidate.rate, rb = b->candidate.rate;

	if (isnan(ra) != isnan(rb))
		return isnan(ra) ? 1 : -1;
	if (!isnan(ra) && ra != rb)
		return ra > rb ? -1 : 1;
	if (a->name != b->name)
		return a->name < b->name ? -1 : 1;
	return strcmp(a->candidate.class->label, b->candidate.class->label);
}

static bool is_in_plan(const struct weft_plan *plan, const struct weft_candidate *c)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct weft_candidate *p = &plan->candidates[i];

		if (p->class == c->class && p->devices == c->devices && p->nodes == c->nodes &&
		    p->per_node == c->per_node)
			return true;
	}
	return false;
}

/* Add what M's alternative allows to PLAN, or fill in LACK.  RANKED has room for all classes. */
static void match_alternative(const struct matcher *m, struct ranked *ranked, struct weft_plan *plan,
			      struct weft_lack *lack)
{
	bool elsewhere = false;
	size_t n = 0;

	*lack = (struct weft_lack){ .kind = WEFT_LACK_NAME };
	for (size_t i = 0; i < m->supply->n; i++) {
		struct weft_lack this_lack;

		if (match_class(m, i, &ranked[n], &this_lack))
			n++;
		else if (weft_lack_closer(&this_lack, lack))
			*lack = this_lack;
		elsewhere = elsewhere || this_lack.elsewhere;
	}
	lack->elsewhere = elsewhere;
	lack->named = lack->kind == WEFT_LACK_FIGURE &&
		      weft_matcher_others_would_do(&m->match, m->supply, lack);
	qsort(ranked, n, sizeof(*ranked), compare_ranked);
	for (size_t i = 0; i < n && plan->n < WEFT_PLAN_MAX_CANDIDATES; i++) {
		if (!is_in_plan(plan, &ranked[i].candidate))
			plan->candidates[plan->n++] = ranked[i].candidate;
	}
}

/* A mix, and the class that it is to Slurm. */
struct weft_plan_mix {
	struct weft_mix mix;
	struct weft_class class;
	struct weft_plan_mix *next;
};

/* Add the mix that M's alternative asks for to PLAN, or fill in LACK.  -1 with ERR when out of memory. */
static int match_mix(const struct matcher *m, struct weft_plan *plan, struct weft_lack *lack,
		     struct weft_err *err)
{
	struct weft_mix_options options = { .app = m->app, .intensity = m->intensity };
	struct weft_plan_mix *new = calloc(1, sizeof(*new));

	if (!new)
		return weft_err(err, "out of memory");
	*lack = (struct weft_lack){ .kind = WEFT_LACK_MIX };
	if (plan->n == WEFT_PLAN_MAX_CANDIDATES || weft_mix_make(&new->mix, m->alt, m->supply, &options, &lack->why)) {
		free(new);
		return 0;
	}
	new->class = (struct weft_class){ .name = (char *)new->mix.gres, .label = (char *)new->mix.gres };
	new->next = plan->mixes;
	plan->mixes = new;
	plan->candidates[plan->n++] = (struct weft_candidate){
		.class = &new->class,
		.mix = &new->mix,
		.alternative = m->index,
		.devices = new->mix.devices,
		.nodes = new->mix.nodes,
		.per_node = new->mix.per_node,
		.rate = new->mix.throughput,
	};
	return 0;
}

/* Run times relative to the first candidate of known rate. */
static void set_slowdowns(struct weft_plan *plan)
{
	double reference = NAN, slowest = 1;
	bool any = false;

	for (size_t i = 0; i < plan->n; i++) {
		struct weft_candidate *c = &plan->candidates[i];

		if (isnan(c->rate))
			continue;
		reference = isnan(reference) ? c->rate : reference;
		c->slowdown = reference / c->rate;
		slowest = any && slowest > c->slowdown ? slowest : c->slowdown;
		any = true;
	}
	for (size_t i = 0; i < plan->n; i++) {
		if (isnan(plan->candidates[i].rate))
			plan->candidates[i].slowdown = slowest;
	}
}

int weft_plan_make(struct weft_plan *plan, const struct weft_request *req, const struct weft_inventory *inv,
		   const struct weft_scope *scope, const struct weft_app *app, double intensity,
		   struct weft_err *err)
{
	static const struct weft_scope anywhere = { 0 };
	struct weft_supply supply;
	struct weft_lack *lack = calloc(req->n_alts, sizeof(*lack));
	struct ranked *ranked = calloc(weft_inventory_classes(inv) + 1, sizeof(*ranked));
	int rv = -1;

	*plan = (struct weft_plan){ .candidates = calloc(WEFT_PLAN_MAX_CANDIDATES, sizeof(*plan->candidates)) };
	if (!lack || !ranked || !plan->candidates) {
		weft_err(err, "out of memory");
		goto out;
	}
	if (weft_supply_count(&supply, inv, scope ? scope : &anywhere, err))
		goto out;
	for (unsigned i = 0; i < req->n_alts; i++) {
		struct matcher m = { .app = app, .intensity = intensity };

		matcher_init(&m, &supply, req, i);
		if (!req->alts[i].mix)
			match_alternative(&m, ranked, plan, &lack[i]);
		else if (match_mix(&m, plan, &lack[i], err))
			goto out_supply;
	}
	set_slowdowns(plan);
	rv = plan->n ? 0 : weft_lack_error(lack, req, &supply, err);
out_supply:
	weft_supply_clear(&supply);
out:
	if (rv)
		weft_plan_clear(plan);
	free(ranked);
	free(lack);
	return rv;
}

void weft_plan_clear(struct weft_plan *plan)
{
	for (struct weft_plan_mix *m = plan->mixes, *next; m; m = next) {
		next = m->next;
		weft_mix_clear(&m->mix);
		free(m);
	}
	free(plan->candidates);
	*plan = (struct weft_plan){ 0 };
}

unsigned weft_scaled_minutes(unsigned minutes, double slowdown)
{
	const double most = UINT32_MAX - 3.0;
	double exact = minutes * (isnan(slowdown) ? 1 : slowdown);

	exact = ceil(exact * (1 - 1e-12)); /* 30 x (1 / 3) x 3 is 30, whatever the last bit says */
	return !(exact >= 1) ? 1 : exact > most ? (unsigned)most : (unsigned)exact;
}
