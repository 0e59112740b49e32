/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match.c - names and predicates of an alternative against the cards of a cluster.
 */
#include "core/match.h"

#include "core/scan.h"

void weft_matcher_init(struct weft_matcher *m, const struct weft_alternative *alt,
		       const struct weft_catalogue *cat)
{
	m->alt = alt;
	m->n_wanted = alt->n_names < WEFT_REQUEST_MAX_NAMES ? alt->n_names : WEFT_REQUEST_MAX_NAMES;
	for (size_t i = 0; i < m->n_wanted; i++) {
		const char *text = alt->names[i].text;
		const struct weft_model *model = weft_catalogue_find_model(cat, text);

		m->wanted[i] = (struct weft_wanted){ text, weft_catalogue_find_vendor(cat, text),
						     model ? model : weft_catalogue_find_type(cat, text) };
	}
}

int weft_matcher_name(const struct weft_matcher *m, const struct weft_class *c)
{
	for (size_t i = 0; i < m->n_wanted; i++) {
		const struct weft_wanted *w = &m->wanted[i];

		if ((w->vendor && c->model && c->model->vendor == w->vendor) ||
		    (w->model && c->model && weft_model_is(c->model, w->model)) ||
		    weft_name_equal(c->type, w->text) || weft_name_equal(c->name, w->text))
			return (int)i;
	}
	return m->n_wanted ? -1 : 0;
}

/* How close figure F comes to meeting P; higher is closer. */
static double closeness(const struct weft_predicate *p, struct weft_figure f)
{
	switch (p->op) {
	case WEFT_GE:
	case WEFT_GT:
		return f.hi;
	case WEFT_LE:
	case WEFT_LT:
		return -f.lo;
	case WEFT_EQ:
		break;
	}
	return f.hi < p->value ? f.hi - p->value : p->value - f.lo;
}

/* Does no value of the range F meet P? */
static bool misses_entirely(const struct weft_predicate *p, struct weft_figure f)
{
	switch (p->op) {
	case WEFT_GE:
		return f.hi < p->value;
	case WEFT_GT:
		return f.hi <= p->value;
	case WEFT_LE:
		return f.lo > p->value;
	case WEFT_LT:
		return f.lo >= p->value;
	case WEFT_EQ:
		break;
	}
	return f.hi < p->value || f.lo > p->value;
}

bool weft_matcher_meets(const struct weft_matcher *m, const struct weft_class *c, size_t n,
			struct weft_lack *lack)
{
	for (size_t i = 0; i < n; i++) {
		const struct weft_predicate *p = &m->alt->predicates[i];
		struct weft_figure f = weft_model_figure(c->model, p->field);

		if (c->model && weft_predicate_holds(p, c->model))
			continue;
		lack->predicate = i;
		if (!weft_figure_known(f)) {
			lack->kind = WEFT_LACK_UNKNOWN;
		} else {
			lack->kind = misses_entirely(p, f) ? WEFT_LACK_FIGURE : WEFT_LACK_VARIANT;
			lack->closeness = closeness(p, f);
		}
		return false;
	}
	return true;
}

bool weft_matcher_others_would_do(const struct weft_matcher *m, const struct weft_supply *supply,
				  const struct weft_lack *lack)
{
	struct weft_lack ignored;

	for (size_t i = 0; i < supply->n; i++) {
		const struct weft_class *c = weft_inventory_class(supply->inv, i);

		if (supply->stocks[i].nodes && weft_matcher_name(m, c) < 0 &&
		    weft_matcher_meets(m, c, lack->predicate + 1, &ignored))
			return true;
	}
	return false;
}
