/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mix.c - chooses the cards of a mix and makes groups of them.
 *
 * The classes that could take part become lots (split.h).  Which lots may go together is a question of two names:
 * the gres name, which is one for the whole job, and what joins the cards: a fabric for several vendors, the
 * vendor itself for several models.  Each combination is split on its own, and the fastest is taken; so a
 * class is looked at once for each fabric.  mix_why.c finds the words when there is none.
 */
#include "core/mix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mix_private.h"
#include "core/share.h"

/* ---------------------------------------------------------------- which classes could take part */

/* The largest divisor of UNIT that is at most MOST. */
static unsigned divisor_within(unsigned unit, unsigned most)
{
	while (unit % most)
		most--;
	return most;
}

/* How UNIT cards lie on nodes that have DEVICES: PER_NODE on each of NODES nodes, or several units on one. */
struct bed {
	unsigned per_node, nodes, units;
};

static struct bed make_bed(unsigned unit, unsigned devices)
{
	if (devices >= unit)
		return (struct bed){ devices / unit * unit, 1, devices / unit };
	devices = divisor_within(unit, devices);
	return (struct bed){ devices, unit / devices, 1 };
}

/* How many beds NODES nodes make, with *SPARE larger ones that were too few for a bed of their own; *SPARE is then
 * what is left over. */
static unsigned count_beds(struct bed bed, unsigned nodes, unsigned *spare)
{
	unsigned all = nodes + *spare, beds = all / bed.nodes;

	*spare = all - beds * bed.nodes;
	return beds;
}

/* How many units STOCK can give, up to MOST. */
static unsigned count_units(const struct weft_stock *stock, unsigned unit, unsigned most)
{
	unsigned spare = 0;
	uint64_t units = 0;

	for (size_t i = 0; i < stock->n_stacks; i++) {
		struct bed bed = make_bed(unit, stock->stacks[i].devices);

		units += (uint64_t)count_beds(bed, stock->stacks[i].nodes, &spare) * bed.units;
	}
	return units < most ? (unsigned)units : most;
}

static unsigned id_of_gres(const struct weft_mixer *m, const char *gres)
{
	for (size_t i = 0; i < m->n; i++) {
		if (!strcmp(m->members[i].class->name, gres))
			return m->members[i].gres;
	}
	return m->n_gres;
}

static unsigned id_of_vendor(const struct weft_mixer *m, const struct weft_vendor *vendor)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->members[i].class->model->vendor == vendor)
			return m->members[i].vendor;
	}
	return m->n_vendors;
}

/* Take class I in, if it answers to the request; LACK keeps the closest that does not. */
static void consider_class(struct weft_mixer *m, size_t i, struct weft_lack *lack)
{
	const struct weft_class *class = weft_inventory_class(m->supply->inv, i);
	const struct weft_stock *stock = &m->supply->stocks[i];
	struct weft_lack missed = { .kind = WEFT_LACK_NAME, .class = class };
	struct weft_mix_member *member = &m->members[m->n];
	double rate;

	if (weft_matcher_name(&m->match, class) >= 0 && stock->nodes &&
	    weft_matcher_meets(&m->match, class, m->alt->n_predicates, &missed)) {
		m->matched++;
		rate = weft_speed_rate(class->model, class->type, m->options->app, m->options->intensity);
		if (!class->model || !(rate > 0) || isinf(rate)) {
			m->unknown[m->n_unknown++] = class;
			return;
		}
		*member = (struct weft_mix_member){ .class = class, .stock = stock, .rate = rate };
		member->unit = m->alt->unit ? m->alt->unit : class->max_per_node;
		member->units = count_units(stock, member->unit, WEFT_REQUEST_MAX_DEVICES);
		member->gres = id_of_gres(m, class->name);
		member->vendor = id_of_vendor(m, class->model->vendor);
		m->n_gres += member->gres == m->n_gres;
		m->n_vendors += member->vendor == m->n_vendors;
		m->n++;
		return;
	}
	missed.elsewhere = missed.kind == WEFT_LACK_NAME && !stock->nodes &&
			   weft_matcher_name(&m->match, class) >= 0;
	if (weft_lack_closer(&missed, lack)) {
		missed.elsewhere = missed.elsewhere || lack->elsewhere;
		*lack = missed;
	}
	lack->elsewhere = lack->elsewhere || missed.elsewhere;
}

static int by_rate(const void *left, const void *right)
{
	const struct weft_mix_member *a = left, *b = right;

	if (a->rate != b->rate)
		return a->rate > b->rate ? -1 : 1;
	return strcmp(a->class->label, b->class->label);
}

static void find_members(struct weft_mixer *m, struct weft_lack *lack)
{
	*lack = (struct weft_lack){ .kind = WEFT_LACK_NAME };
	for (size_t i = 0; i < m->supply->n; i++)
		consider_class(m, i, lack);
	lack->named = lack->kind == WEFT_LACK_FIGURE && weft_matcher_others_would_do(&m->match, m->supply, lack);
	if (m->n)
		qsort(m->members, m->n, sizeof(*m->members), by_rate);
}

/* ---------------------------------------------------------------- which of them make the fastest job */

enum weft_split_outcome weft_mixer_try(struct weft_mixer *m, struct weft_mix_bond bond)
{
	enum weft_split_outcome outcome;
	double rate;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct weft_mix_member *c = &m->members[i];

		if ((bond.gres != WEFT_ANY && c->gres != bond.gres) ||
		    (bond.vendor != WEFT_ANY && c->vendor != bond.vendor) ||
		    (bond.fabric && !weft_vendor_has_fabric(c->class->model->vendor, bond.fabric)))
			continue;
		m->lots[n] = (struct weft_lot){ .rate = c->rate, .unit = c->unit, .units = c->units };
		m->lots[n].kind = c->class->model;
		if (m->alt->mix == WEFT_MIX_VENDORS)
			m->lots[n].kind = c->class->model->vendor;
		m->member_of_lot[n++] = i;
	}
	outcome = weft_split_best(m->lots, n, m->alt->devices, m->alt->split, m->taken, &rate);
	if (outcome || !(rate > m->rate))
		return outcome;
	m->rate = rate;
	m->bond = bond;
	for (size_t i = 0; i < m->n; i++)
		m->members[i].taken = 0;
	for (size_t i = 0; i < n; i++)
		m->members[m->member_of_lot[i]].taken = m->taken[i];
	return outcome;
}

bool weft_mixer_wants(const struct weft_mixer *m, const struct weft_fabric *fabric)
{
	return m->alt->fabric.text[0] ? weft_name_equal(m->alt->fabric.text, fabric->name) : !fabric->host;
}

int weft_mixer_search(struct weft_mixer *m, unsigned gres)
{
	const struct weft_catalogue *cat = weft_inventory_catalogue(m->supply->inv);
	size_t n = m->alt->mix == WEFT_MIX_MODELS ? m->n_vendors : weft_catalogue_fabrics(cat);

	for (unsigned i = 0; i < n; i++) {
		struct weft_mix_bond bond = { gres, WEFT_ANY, NULL };

		if (m->alt->mix == WEFT_MIX_MODELS)
			bond.vendor = i;
		else
			bond.fabric = weft_catalogue_fabric(cat, i);
		if (bond.fabric && !weft_mixer_wants(m, bond.fabric))
			continue;
		if (weft_mixer_try(m, bond) == WEFT_SPLIT_MEMORY)
			return -1;
	}
	return 0;
}

/* ---------------------------------------------------------------- groups */

static void add_group(struct weft_mix *mix, const struct weft_mix_member *c, unsigned nodes, unsigned per_node)
{
	struct weft_mix_group *last = mix->n_groups ? &mix->groups[mix->n_groups - 1] : NULL;

	if (last && last->class == c->class && last->per_node == per_node)
		last->nodes += nodes;
	else
		mix->groups[mix->n_groups++] = (struct weft_mix_group){ c->class, nodes, per_node, 0, 0, 0,
									0, 0, 0 };
}

/* The cards of C, from nodes that have many to nodes that have few: so they are on few nodes, and whoever takes
 * nodes for the groups in this order never runs out of large ones. */
static void add_groups(struct weft_mix *mix, const struct weft_mix_member *c)
{
	unsigned left = c->taken, spare = 0;

	for (size_t i = 0; i < c->stock->n_stacks && left; i++) {
		struct weft_stack stack = c->stock->stacks[i];
		struct bed bed = make_bed(c->unit, stack.devices);
		unsigned beds = count_beds(bed, stack.nodes, &spare);

		beds = left / bed.units < beds ? left / bed.units : beds;
		if (beds)
			add_group(mix, c, beds * bed.nodes, bed.per_node);
		left -= beds * bed.units;
		if (left && left < bed.units && beds * bed.nodes < stack.nodes) { /* a part of one more */
			add_group(mix, c, 1, left * c->unit);
			left = 0;
		}
	}
}

/* The most groups that the members can make: one for each stack of nodes, and one for a part of a node. */
static size_t count_groups(const struct weft_mixer *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->members[i].taken ? m->members[i].stock->n_stacks + 1 : 0;
	return n;
}

/* Is a class of the vendor of member I among those before it? */
static bool vendor_seen(const struct weft_mixer *m, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (m->members[k].taken && m->members[k].vendor == m->members[i].vendor)
			return true;
	}
	return false;
}

static void number_groups(struct weft_mix *mix, const struct weft_mix_options *options)
{
	for (size_t i = 0; i < mix->n_groups; i++) {
		struct weft_mix_group *g = &mix->groups[i];

		g->devices = g->nodes * g->per_node;
		g->first_node = mix->nodes;
		g->first_rank = mix->devices;
		g->rate = g->devices *
			  weft_speed_rate(g->class->model, g->class->type, options->app, options->intensity);
		mix->nodes += g->nodes;
		mix->devices += g->devices;
		mix->rate += g->rate;
		mix->per_node = i == 0 || mix->per_node == g->per_node ? g->per_node : 0;
	}
	for (size_t i = 0; i < mix->n_groups; i++) {
		struct weft_mix_group *g = &mix->groups[i];

		g->weight = g->rate / mix->rate;
		g->rank_weight = g->weight / g->devices;
	}
}

static int predict(struct weft_mix *mix, const struct weft_mix_options *options, struct weft_err *err)
{
	unsigned *shares;

	mix->throughput = mix->rate;
	if (options->micro_batches) {
		shares = calloc(mix->n_groups, sizeof(*shares));
		if (!shares)
			return weft_err(err, "out of memory");
		if (weft_mix_micro_batches(mix, options->micro_batches, shares, err) < 0) {
			free(shares);
			return -1;
		}
		mix->throughput = weft_mix_throughput(mix, shares);
		free(shares);
	}
	mix->even_throughput = weft_mix_throughput(mix, NULL);
	mix->efficiency = fmin(mix->throughput / mix->rate, 1);
	mix->even_efficiency = fmin(mix->even_throughput / mix->rate, 1);
	return 0;
}

/* Make MIX of what the members were TAKEN for. */
static int make_groups(struct weft_mix *mix, const struct weft_mixer *m, struct weft_err *err)
{
	mix->groups = calloc(count_groups(m), sizeof(*mix->groups));
	if (!mix->groups)
		return weft_err(err, "out of memory");
	for (size_t i = 0; i < m->n; i++) {
		if (!m->members[i].taken || vendor_seen(m, i))
			continue;
		mix->gres = m->members[i].class->name;
		if (m->alt->mix == WEFT_MIX_MODELS)
			mix->fabric = m->members[i].class->model->vendor->collectives;
		for (size_t k = i; k < m->n; k++) {
			if (m->members[k].taken && m->members[k].vendor == m->members[i].vendor)
				add_groups(mix, &m->members[k]);
		}
	}
	if (m->bond.fabric) {
		mix->fabric = m->bond.fabric->name;
		mix->fabric_is_host = m->bond.fabric->host;
	}
	number_groups(mix, m->options);
	return predict(mix, m->options, err);
}

/* Does -N allow so many nodes? */
static int check_bounds(const struct weft_mix *mix, const struct weft_scope *scope, struct weft_err *err)
{
	bool few = mix->nodes < scope->min_nodes;
	unsigned bound = few ? scope->min_nodes : scope->max_nodes;

	if (!few && (!bound || mix->nodes <= bound))
		return 0;
	return weft_err(err, "the fastest mix takes %u nodes; at %s %u %s %s", mix->nodes, few ? "least" : "most",
			bound, bound == 1 ? "is" : "are", few ? "asked for" : "allowed");
}

/* ---------------------------------------------------------------- all of it */

static int mixer_init(struct weft_mixer *m, const struct weft_alternative *alt, const struct weft_supply *supply,
		      const struct weft_mix_options *options)
{
	size_t n = supply->n + 1; /* calloc(0) may be NULL */

	*m = (struct weft_mixer){ .alt = alt, .supply = supply, .options = options, .rate = -1 };
	weft_matcher_init(&m->match, alt, weft_inventory_catalogue(supply->inv));
	m->members = calloc(n, sizeof(*m->members));
	m->unknown = calloc(n, sizeof(const struct weft_class *));
	m->lots = calloc(n, sizeof(*m->lots));
	m->member_of_lot = calloc(n, sizeof(*m->member_of_lot));
	m->taken = calloc(n, sizeof(*m->taken));
	return m->members && m->unknown && m->lots && m->member_of_lot && m->taken ? 0 : -1;
}

static void mixer_clear(struct weft_mixer *m)
{
	free(m->members);
	free(m->unknown);
	free(m->lots);
	free(m->member_of_lot);
	free(m->taken);
}

int weft_mix_make(struct weft_mix *mix, const struct weft_alternative *alt, const struct weft_supply *supply,
		  const struct weft_mix_options *options, struct weft_err *err)
{
	struct weft_lack lack;
	struct weft_mixer m;
	int rv = -1;

	*mix = (struct weft_mix){ 0 };
	if (mixer_init(&m, alt, supply, options) < 0) {
		weft_err(err, "out of memory");
		goto out;
	}
	find_members(&m, &lack);
	for (unsigned gres = 0; gres < m.n_gres; gres++) {
		if (weft_mixer_search(&m, gres) < 0) {
			weft_err(err, "out of memory");
			goto out;
		}
	}
	if (m.rate < 0)
		weft_mixer_why(&m, &lack, err);
	else if (make_groups(mix, &m, err) == 0)
		rv = check_bounds(mix, supply->scope, err);
out:
	if (rv)
		weft_mix_clear(mix);
	mixer_clear(&m);
	return rv;
}

void weft_mix_clear(struct weft_mix *mix)
{
	free(mix->groups);
	*mix = (struct weft_mix){ 0 };
}
