/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lack.c - tells a user what is missing, with the numbers.
 */
#include "core/lack.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/quantity.h"
#include "core/scan.h"
#include "core/text.h"

static bool is_of_figure(const struct weft_lack *lack)
{
	return lack->kind == WEFT_LACK_UNKNOWN || lack->kind == WEFT_LACK_FIGURE ||
	       lack->kind == WEFT_LACK_VARIANT;
}

bool weft_lack_closer(const struct weft_lack *a, const struct weft_lack *b)
{
	if (is_of_figure(a) && is_of_figure(b) && a->predicate != b->predicate)
		return a->predicate > b->predicate;
	if (a->kind != b->kind)
		return a->kind > b->kind;
	return a->closeness > b->closeness;
}

const char *weft_class_called(const struct weft_class *c)
{
	if (c->type)
		return c->type;
	if (c->model)
		return c->model->family ? c->model->family : c->model->name;
	return c->name;
}

static struct weft_snip where(const struct weft_supply *supply)
{
	return weft_snip(supply->scope->where, strlen(supply->scope->where));
}

/* "no node of partition gpu" */
static void say_no_node(struct weft_text *t, const struct weft_supply *supply)
{
	weft_say(t, "no node");
	if (supply->scope->where)
		weft_say(t, " of %s", where(supply).text);
}

/* "there are 4" or "partition gpu has 4" */
static void say_there_are(struct weft_text *t, const struct weft_supply *supply, uint64_t n)
{
	if (supply->scope->where)
		weft_say(t, "%s has %" PRIu64, where(supply).text, n);
	else
		weft_say(t, "there %s %" PRIu64, n == 1 ? "is" : "are", n);
}

/* "16 are asked for" or "2P@bf16 takes 16" */
static void say_asked(struct weft_text *t, const struct weft_alternative *alt, uint64_t devices)
{
	char amount[WEFT_NUMBER_SIZE + 8];

	if (alt->compute > 0)
		weft_say(t, "%s@%s takes %" PRIu64,
			 weft_quantity_text(WEFT_COMPUTE, alt->compute, amount, sizeof(amount)),
			 weft_dtype_name(alt->dtype), devices);
	else
		weft_say(t, "%" PRIu64 " %s asked for", devices, devices == 1 ? "is" : "are");
}

static void say_names(struct weft_text *t, const struct weft_alternative *alt, const char *last)
{
	const char *names[WEFT_REQUEST_MAX_NAMES];
	size_t n = alt->n_names < WEFT_REQUEST_MAX_NAMES ? alt->n_names : WEFT_REQUEST_MAX_NAMES;

	for (size_t i = 0; i < n; i++)
		names[i] = alt->names[i].text;
	weft_say_list(t, names, n, last);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What the scope has, in alphabetical order. */
static void say_what_there_is(struct weft_text *t, const struct weft_supply *supply)
{
	const char **names = calloc(supply->n + 1, sizeof(*names));
	size_t n = 0, kept = 0;

	for (size_t i = 0; names && i < supply->n; i++) {
		if (supply->stocks[i].nodes)
			names[n++] = weft_class_called(weft_inventory_class(supply->inv, i));
	}
	if (n)
		qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++) {
		if (!kept || strcmp(names[kept - 1], names[i]))
			names[kept++] = names[i];
	}
	if (kept) {
		weft_say(t, "; there is ");
		weft_say_list(t, names, kept, "and");
	}
	free(names);
}

static bool scope_is_empty(const struct weft_supply *supply)
{
	for (size_t i = 0; i < supply->n; i++) {
		if (supply->stocks[i].nodes)
			return false;
	}
	return true;
}

static void say_name(struct weft_text *t, const struct weft_lack *lack, const struct weft_alternative *alt,
		     const struct weft_supply *supply)
{
	say_no_node(t, supply);
	if (lack->elsewhere && !supply->scope->where)
		weft_say(t, " that the job may use");
	weft_say(t, " has ");
	if (alt->n_names && (lack->elsewhere || !scope_is_empty(supply)))
		say_names(t, alt, "or");
	else
		weft_say(t, "an accelerator");
	if (!lack->elsewhere)
		say_what_there_is(t, supply);
	else
		weft_say(t, supply->scope->where ? "; nodes outside of it do" : "; other nodes do");
}

/* "mem>=64G,bw>=2T": the first N predicates. */
static void say_predicates(struct weft_text *t, const struct weft_alternative *alt, size_t n)
{
	struct weft_alternative some = { .predicates = alt->predicates, .n_predicates = n };
	char *text = weft_predicates_text(&some);

	weft_say(t, "%.200s", text ? text : "such figures");
	free(text);
}

static void say_figure(struct weft_text *t, const struct weft_lack *lack, const struct weft_alternative *alt,
		       const struct weft_supply *supply)
{
	const struct weft_predicate *p = &alt->predicates[lack->predicate];
	struct weft_figure f = weft_model_figure(lack->class->model, p->field);
	bool below = f.hi < p->value || (f.hi == p->value && p->op == WEFT_GT);
	char quantity[WEFT_NUMBER_SIZE + 8];

	say_no_node(t, supply);
	weft_say(t, " has ");
	if (alt->devices == 1 && !lack->named)
		weft_say(t, "a ");
	else if (alt->devices)
		weft_say(t, "%u ", alt->devices);
	if (lack->named) {
		say_names(t, alt, "or");
		weft_say(t, " ");
	}
	weft_say(t, "%s with ", alt->devices == 1 ? "card" : "cards");
	say_predicates(t, alt, lack->predicate + 1);
	weft_say(t, "; the %s is %s: %s", p->op == WEFT_EQ ? "nearest" : below ? "largest" : "smallest",
		 weft_class_called(lack->class),
		 weft_quantity_text(p->field, below ? f.hi : f.lo, quantity, sizeof(quantity)));
}

static void say_unknown(struct weft_text *t, const struct weft_lack *lack, const struct weft_alternative *alt)
{
	unsigned field = lack->predicate < alt->n_predicates ? alt->predicates[lack->predicate].field :
							       WEFT_FIELD_TFLOPS + (unsigned)alt->dtype;

	weft_say(t, "the %s of %s is not known", weft_field_name(field), weft_class_called(lack->class));
}

static void say_variant(struct weft_text *t, const struct weft_lack *lack, const struct weft_alternative *alt)
{
	unsigned field = alt->predicates[lack->predicate].field;
	struct weft_figure f = weft_model_figure(lack->class->model, field);
	char low[WEFT_NUMBER_SIZE + 8], high[WEFT_NUMBER_SIZE + 8];

	weft_say(t, "%s may have %s to %s: set Class=%s Model=... in weft.conf", weft_class_called(lack->class),
		 weft_quantity_text(field, f.lo, low, sizeof(low)),
		 weft_quantity_text(field, f.hi, high, sizeof(high)), lack->class->label);
}

/* "16 h100 with 4 on each node take 4 nodes; at most 2 are allowed" */
static void say_layout(struct weft_text *t, const struct weft_lack *lack)
{
	bool few = lack->nodes < lack->bounds.min;
	unsigned bound = few ? lack->bounds.min : lack->bounds.max;

	weft_say(t, "%" PRIu64 " %s with %" PRIu64 " on each node %s %" PRIu64 " %s; at %s %u %s %s", lack->devices,
		 weft_class_called(lack->class), lack->per_node, lack->devices == 1 ? "takes" : "take", lack->nodes,
		 lack->nodes == 1 ? "node" : "nodes", few ? "least" : "most", bound, bound == 1 ? "is" : "are",
		 few ? "asked for" : "allowed");
}

/* "8 nodes with 8 h100 each are asked for; there are 4" */
static void say_nodes(struct weft_text *t, const struct weft_lack *lack, const struct weft_supply *supply)
{
	weft_say(t, "%" PRIu64 " nodes with ", lack->nodes);
	if (lack->per_node)
		weft_say(t, "%" PRIu64 " %s each", lack->per_node, weft_class_called(lack->class));
	else
		weft_say(t, "%s", weft_class_called(lack->class));
	weft_say(t, " are asked for; ");
	say_there_are(t, supply, lack->have);
}

static void say_per_node(struct weft_text *t, const struct weft_lack *lack, const struct weft_supply *supply)
{
	say_no_node(t, supply);
	weft_say(t, " has %" PRIu64 " %s; the most is %" PRIu64, lack->per_node, weft_class_called(lack->class),
		 lack->have);
}

const char *weft_lack_text(const struct weft_lack *lack, const struct weft_alternative *alt,
			   const struct weft_supply *supply, char buf[WEFT_LACK_SIZE])
{
	struct weft_text t = { buf, WEFT_LACK_SIZE, 0 };

	buf[0] = '\0';
	switch (lack->kind) {
	case WEFT_LACK_NAME:
		say_name(&t, lack, alt, supply);
		break;
	case WEFT_LACK_UNKNOWN:
		say_unknown(&t, lack, alt);
		break;
	case WEFT_LACK_FIGURE:
		say_figure(&t, lack, alt, supply);
		break;
	case WEFT_LACK_VARIANT:
		say_variant(&t, lack, alt);
		break;
	case WEFT_LACK_BOUNDS:
		weft_say(&t, "at least %u nodes are asked for and at most %u allowed", lack->bounds.min,
			 lack->bounds.max);
		break;
	case WEFT_LACK_SPREAD:
		weft_say(&t, "%" PRIu64 " %s on %u nodes: each node needs at least one", lack->devices,
			 weft_class_called(lack->class), lack->bounds.min);
		break;
	case WEFT_LACK_MULTIPLE:
		weft_say(&t, "%" PRIu64 " %s with %" PRIu64 " on each node: %" PRIu64 " is not a multiple of %" PRIu64,
			 lack->devices, weft_class_called(lack->class), lack->per_node, lack->devices, lack->per_node);
		break;
	case WEFT_LACK_LAYOUT:
		say_layout(&t, lack);
		break;
	case WEFT_LACK_PER_NODE:
		say_per_node(&t, lack, supply);
		break;
	case WEFT_LACK_TOTAL:
		say_there_are(&t, supply, lack->have);
		weft_say(&t, " %s in all; ", weft_class_called(lack->class));
		say_asked(&t, alt, lack->devices);
		break;
	case WEFT_LACK_REACH:
		weft_say(&t, "the %" PRIu64 " largest nodes have %" PRIu64 " %s together; ", lack->nodes, lack->have,
			 weft_class_called(lack->class));
		say_asked(&t, alt, lack->devices);
		break;
	case WEFT_LACK_NODES:
		say_nodes(&t, lack, supply);
		break;
	case WEFT_LACK_MIX:
		weft_say(&t, "%s", lack->why.text);
		break;
	}
	return buf;
}

int weft_lack_error(const struct weft_lack *lacks, const struct weft_request *req,
		    const struct weft_supply *supply, struct weft_err *err)
{
	char buf[WEFT_ERR_SIZE] = "", clause[WEFT_LACK_SIZE];
	struct weft_text t = { buf, sizeof(buf), 0 };

	if (req->n_alts == 1)
		return weft_err(err, "%s", weft_lack_text(&lacks[0], &req->alts[0], supply, clause));
	for (size_t i = 0; i < req->n_alts; i++) {
		char *canonical = weft_alternative_canonical(&req->alts[i]);

		weft_lack_text(&lacks[i], &req->alts[i], supply, clause);
		/* 96: the words around the clause, and room for the last "and so on" */
		if (i > 0 && t.len + strlen(clause) + 96 + sizeof(struct weft_snip) > sizeof(buf)) {
			weft_say(&t, "; and %zu more alternatives", req->n_alts - i);
			free(canonical);
			break;
		}
		weft_say(&t, "%salternative %zu", i ? "; " : "", i + 1);
		if (canonical)
			weft_say(&t, " (%s)", weft_snip(canonical, strlen(canonical)).text);
		weft_say(&t, ": %s", clause);
		free(canonical);
	}
	return weft_err(err, "%s", buf);
}
