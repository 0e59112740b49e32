/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request_check.c - what a request means beyond its grammar: known names, figures, contradictions.
 */
#include "core/request.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "core/nearest.h"
#include "core/quantity.h"
#include "core/scan.h"

static bool is_known(const char *name, const struct weft_catalogue *cat, char *const *words)
{
	for (; words && *words; words++) {
		if (weft_name_equal(name, *words))
			return true;
	}
	return weft_catalogue_find_vendor(cat, name) || weft_catalogue_find_model(cat, name) ||
	       weft_catalogue_find_type(cat, name);
}

static const char *nearest_name(const char *name, const struct weft_catalogue *cat, char *const *words)
{
	unsigned best = weft_nearest_start(name);
	const char *near = weft_catalogue_nearest(cat, name);
	const char *found = near ? weft_nearest_of(name, near, NULL, &best) : NULL;

	for (; words && *words; words++)
		found = weft_nearest_of(name, *words, found, &best);
	return found;
}

static int check_fabric(const struct weft_name *fabric, const struct weft_catalogue *cat, struct weft_err *err)
{
	unsigned best = weft_nearest_start(fabric->text);
	const char *near = NULL;

	if (!fabric->text[0] || weft_catalogue_find_fabric(cat, fabric->text))
		return 0;
	for (size_t i = 0; i < weft_catalogue_fabrics(cat); i++)
		near = weft_nearest_of(fabric->text, weft_catalogue_fabric(cat, i)->name, near, &best);
	return weft_err(err, "unknown fabric \"%s\" at column %u%s%s%s", fabric->text, fabric->column,
			near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

int weft_request_check(const struct weft_request *req, const struct weft_catalogue *cat, char *const *words,
		       struct weft_err *err)
{
	for (size_t i = 0; i < req->n_alts; i++) {
		for (size_t k = 0; k < req->alts[i].n_names; k++) {
			const struct weft_name *name = &req->alts[i].names[k];
			const char *near;

			if (is_known(name->text, cat, words))
				continue;
			near = nearest_name(name->text, cat, words);
			return weft_err(err, "unknown model \"%s\" at column %u%s%s%s", name->text,
					name->column, near ? "; did you mean " : "", near ? near : "",
					near ? "?" : "");
		}
		if (check_fabric(&req->alts[i].fabric, cat, err) < 0)
			return -1;
	}
	return 0;
}

struct weft_figure weft_model_figure(const struct weft_model *model, unsigned field)
{
	const struct weft_figure unknown = { NAN, NAN };

	if (!model)
		return unknown;
	switch (field) {
	case WEFT_FIELD_MEM:
		return model->mem;
	case WEFT_FIELD_BW:
		return model->bw;
	case WEFT_FIELD_TDP:
		return model->tdp;
	default:
		return field < WEFT_FIELDS ? model->tflops[field - WEFT_FIELD_TFLOPS] : unknown;
	}
}

bool weft_predicate_holds(const struct weft_predicate *p, const struct weft_model *model)
{
	struct weft_figure f = weft_model_figure(model, p->field);

	switch (p->op) { /* a comparison with NAN is false, as it must be */
	case WEFT_GE:
		return f.lo >= p->value;
	case WEFT_GT:
		return f.lo > p->value;
	case WEFT_LE:
		return f.hi <= p->value;
	case WEFT_LT:
		return f.hi < p->value;
	case WEFT_EQ:
		return f.lo == p->value && f.hi == p->value;
	}
	return false;
}

static bool bounds_below(const struct weft_predicate *p)
{
	return p->op == WEFT_GE || p->op == WEFT_GT || p->op == WEFT_EQ;
}

static bool bounds_above(const struct weft_predicate *p)
{
	return p->op == WEFT_LE || p->op == WEFT_LT || p->op == WEFT_EQ;
}

/* Does LOW, as a lower bound, leave nothing under HIGH as an upper one? */
static bool nothing_between(const struct weft_predicate *low, const struct weft_predicate *high)
{
	if (low->field != high->field || !bounds_below(low) || !bounds_above(high))
		return false;
	if (low->value == high->value)
		return low->op == WEFT_GT || high->op == WEFT_LT;
	return low->value > high->value;
}

static const char *predicate_text(const struct weft_predicate *p, char *buf, size_t size)
{
	static const char *const ops[] = { ">=", ">", "<=", "<", "=" };
	char quantity[WEFT_NUMBER_SIZE + 8];

	snprintf(buf, size, "%s%s%s", weft_field_name(p->field), ops[p->op],
		 weft_quantity_text(p->field, p->value, quantity, sizeof(quantity)));
	return buf;
}

static int predicates_consistent(const struct weft_alternative *alt, struct weft_err *err)
{
	char first[64], second[64];

	for (size_t i = 0; i < alt->n_predicates; i++) {
		for (size_t k = 0; k < alt->n_predicates; k++) {
			const struct weft_predicate *a = &alt->predicates[i], *b = &alt->predicates[k];

			if (!nothing_between(a, b))
				continue;
			if (a->column > b->column) { /* in the order in which they were written */
				const struct weft_predicate *swap = a;

				a = b;
				b = swap;
			}
			return weft_err(err, "%s at column %u and %s at column %u contradict each other",
					predicate_text(a, first, sizeof(first)), a->column,
					predicate_text(b, second, sizeof(second)), b->column);
		}
	}
	return 0;
}

/* "3" or "3-5" */
static const char *nodes_text(const struct weft_alternative *alt, char *buf, size_t size)
{
	if (alt->min_nodes == alt->max_nodes)
		snprintf(buf, size, "%u", alt->min_nodes);
	else
		snprintf(buf, size, "%u-%u", alt->min_nodes, alt->max_nodes);
	return buf;
}

/* Can the cards be laid out on the nodes as asked?  An amount of compute has no count yet. */
static int layout_consistent(const struct weft_alternative *alt, struct weft_err *err)
{
	unsigned devices = alt->devices, per_node = alt->per_node, min = alt->min_nodes, max = alt->max_nodes;
	const char *cards = devices == 1 ? "card" : "cards";
	char nodes[32];

	if (devices == 0)
		return 0;
	if (min > 0 && min > devices)
		return weft_err(err, "%u %s on %s nodes: each node needs at least one", devices, cards,
				nodes_text(alt, nodes, sizeof(nodes)));
	if (per_node == 0)
		return 0;
	if (min > 0 && min == max && (uint64_t)min * per_node != devices)
		return weft_err(err, "%u %s on %u %s with %u on each: %u x %u is %" PRIu64, devices, cards,
				min, min == 1 ? "node" : "nodes", per_node, min, per_node,
				(uint64_t)min * per_node);
	if (per_node > devices)
		return weft_err(err, "%u %s with %u on each node: %u is more than %u", devices, cards,
				per_node, per_node, devices);
	if (devices % per_node)
		return weft_err(err, "%u %s with %u on each node: %u is not a multiple of %u", devices, cards,
				per_node, devices, per_node);
	if (max > 0 && (devices / per_node < min || devices / per_node > max))
		return weft_err(err, "%u %s on %s nodes with %u on each: that takes %u", devices, cards,
				nodes_text(alt, nodes, sizeof(nodes)), per_node, devices / per_node);
	return 0;
}

/* Can there be two lots of whole units? */
static int mix_consistent(const struct weft_alternative *alt, struct weft_err *err)
{
	if (alt->mix == WEFT_MIX_NONE)
		return 0;
	if (alt->devices == 1)
		return weft_err(err, "1 card is no mix: it takes at least 2");
	if (alt->unit && alt->devices % alt->unit)
		return weft_err(err, "%u cards in units of %u: %u is not a multiple of %u", alt->devices, alt->unit,
				alt->devices, alt->unit);
	if (alt->unit == alt->devices)
		return weft_err(err, "%u cards in units of %u: a mix takes at least two units", alt->devices,
				alt->unit);
	return 0;
}

int weft_alternative_consistent(const struct weft_alternative *alt, struct weft_err *err)
{
	if (predicates_consistent(alt, err) < 0 || layout_consistent(alt, err) < 0)
		return -1;
	return mix_consistent(alt, err);
}
