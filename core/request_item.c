/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request_item.c - the items behind a head: conditions on a card, and how many cards and nodes.
 */
#include "core/request_parser.h"

#include <string.h>

#include "core/nearest.h"
#include "core/quantity.h"

/* What stands before "=": a field, or one of these. */
enum {
	OPTION_PER_NODE = WEFT_FIELDS, OPTION_NODES, OPTION_MIX, OPTION_UNIT, OPTION_SPLIT, OPTION_FABRIC,
	OPTION_UNKNOWN
};

/* Those that have one spelling, as they follow each other above. */
static const char *const option_names[] = { "nodes", "mix", "unit", "split", "fabric" };
#define N_OPTION_NAMES (sizeof(option_names) / sizeof(option_names[0]))

/* The option that the LEN bytes of WORD name; OPTION_UNKNOWN, with *NEAR the one that was meant, if any. */
static unsigned find_option(const char *word, size_t len, const char **near)
{
	static const char *const spellings[] = { "per-node", "pernode", NULL };
	const char *words[WEFT_FIELDS + 2 + N_OPTION_NAMES] = { NULL };
	char name[WEFT_NAME_MAX + 1];

	*near = NULL;
	if (len > WEFT_NAME_MAX)
		return OPTION_UNKNOWN;
	weft_copy_lower(name, word, len);
	for (unsigned f = 0; f < WEFT_FIELDS; f++) {
		words[f] = weft_field_name(f);
		if (!strcmp(name, words[f]))
			return f;
	}
	for (const char *const *s = spellings; *s; s++) {
		if (weft_name_equal(name, *s)) /* per_node too */
			return OPTION_PER_NODE;
	}
	words[WEFT_FIELDS] = "per-node";
	for (unsigned i = 0; i < N_OPTION_NAMES; i++) {
		words[WEFT_FIELDS + 1 + i] = option_names[i];
		if (!strcmp(name, option_names[i]))
			return OPTION_NODES + i;
	}
	*near = weft_nearest(name, words);
	return OPTION_UNKNOWN;
}

static int unknown_option(const struct parser *p, size_t len, const char *near)
{
	char after = p->pos + len < p->len ? p->text[p->pos + len] : '\0';

	if (near)
		return weft_err(p->err, "unknown option \"%s\" at column %u; did you mean %s?",
				CITE(p, p->pos, p->pos + len), column(p->pos), near);
	if (ends_alternative(after) || after == ',' || after == '/') /* "8:nvidia,amd" */
		return weft_err(p->err, "unknown option \"%s\" at column %u; names are joined with \"/\"",
				CITE(p, p->pos, p->pos + len), column(p->pos));
	return weft_err(p->err, "unknown option \"%s\" at column %u", CITE(p, p->pos, p->pos + len),
			column(p->pos));
}

/* The comparison at the cursor: its length and *OP; 0 when there is none, or it is not one of ours. */
static size_t scan_op(const struct parser *p, size_t *len, enum weft_op *op)
{
	static const struct {
		const char *text;
		enum weft_op op;
	} ops[] = { { ">=", WEFT_GE }, { "=>", WEFT_GE }, { ">", WEFT_GT }, { "<=", WEFT_LE },
		    { "=<", WEFT_LE }, { "<", WEFT_LT },  { "=", WEFT_EQ }, { "==", WEFT_EQ } };

	*len = strspn(p->text + p->pos, "<>=!~");
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strlen(ops[i].text) == *len && !strncmp(ops[i].text, p->text + p->pos, *len)) {
			*op = ops[i].op;
			return *len;
		}
	}
	return 0;
}

/* op, and the white space around it; NAME at START is what it compares. */
static int parse_op(struct parser *p, const char *name, const char *example, size_t start, enum weft_op *op)
{
	size_t len;

	weft_parser_skip(p);
	if (scan_op(p, &len, op) == 0) {
		if (len > 0)
			return weft_err(p->err,
					"unknown comparison \"%s\" at column %u; use >=, >, <=, < or =",
					CITE(p, p->pos, p->pos + len), column(p->pos));
		return weft_err(p->err, "%s at column %u needs a comparison, for example %s", name,
				column(start), example);
	}
	p->pos += len;
	if (ends_alternative(weft_parser_skip(p)) || peek(p) == ',')
		return weft_err(p->err, "%s at column %u needs a value, for example %s", name, column(start),
				example);
	return 0;
}

/* predicate = field op quantity, from the operator on */
static int parse_predicate(struct parser *p, struct weft_alternative *alt, unsigned field, size_t start)
{
	struct weft_predicate *list, read = { .field = field, .column = column(start) };

	if (parse_op(p, weft_field_name(field), weft_measure_of(field)->example, start, &read.op) < 0 ||
	    weft_parser_quantity(p, field, &read.value) < 0)
		return -1;
	if (alt->n_predicates == WEFT_REQUEST_MAX_PREDICATES)
		return weft_err(p->err, "more than %d conditions at column %u", WEFT_REQUEST_MAX_PREDICATES,
				column(start));
	list = weft_parser_grow(p, alt->predicates, alt->n_predicates, sizeof(*list));
	if (!list)
		return -1;
	alt->predicates = list;
	list[alt->n_predicates++] = read;
	return 0;
}

/* A whole number of 1 to MAX. */
static int parse_whole(struct parser *p, const char *name, unsigned max, unsigned *out)
{
	size_t n = weft_parser_digits(p), start = p->pos, end = start + n;
	char next = end < p->len ? p->text[end] : '\0';
	bool ok = n > 0 && weft_parser_whole(p, start, end, max, out);

	if (!ok || is_letter(next) || strchr("_.+@:", next ? next : ' '))
		return weft_err(p->err, "%s takes a whole number from 1 to %u, not \"%s\", at column %u",
				name, max, CITE(p, start, start + weft_parser_value(p)), column(start));
	p->pos = end;
	return 0;
}

/* "=" in front of a count; EXAMPLE ends in one. */
static int parse_equals(struct parser *p, const char *name, const char *example, size_t start)
{
	enum weft_op op = WEFT_EQ;
	char c = weft_parser_skip(p);

	if (c == '\0' || !strchr("<>=!~", c))
		return weft_err(p->err, "%s at column %u needs a value, for example %s", name, column(start),
				example);
	if (parse_op(p, name, example, start, &op) < 0)
		return -1;
	if (op != WEFT_EQ)
		return weft_err(p->err, "%s at column %u takes \"=\" only, for example %s", name,
				column(start), example);
	return 0;
}

/* N or N-M */
static int parse_nodes(struct parser *p, struct weft_alternative *alt, size_t start)
{
	size_t value;

	if (parse_equals(p, "nodes", "nodes=2 or nodes=2-4", start) < 0)
		return -1;
	value = p->pos;
	if (parse_whole(p, "nodes", WEFT_REQUEST_MAX_NODES, &alt->min_nodes) < 0)
		return -1;
	alt->max_nodes = alt->min_nodes;
	if (weft_parser_skip(p) != '-')
		return 0;
	p->pos++;
	if (ends_alternative(weft_parser_skip(p)) || peek(p) == ',')
		return weft_err(p->err, "nodes=%u- at column %u needs a second number, for example nodes=2-4",
				alt->min_nodes, column(start));
	if (parse_whole(p, "nodes", WEFT_REQUEST_MAX_NODES, &alt->max_nodes) < 0)
		return -1;
	if (alt->max_nodes < alt->min_nodes)
		return weft_err(p->err, "nodes=%u-%u at column %u: the smaller number comes first",
				alt->min_nodes, alt->max_nodes, column(value));
	return 0;
}

static int once(const struct parser *p, const char *name, unsigned *seen, size_t start)
{
	if (*seen)
		return weft_err(p->err, "%s is given twice, at columns %u and %u", name, *seen,
				column(start));
	*seen = column(start);
	return 0;
}

/* One of two words, the LEN bytes that FIRST and SECOND are; *IS_SECOND tells which. */
static int parse_word(struct parser *p, const char *name, const char *first, const char *second, bool *is_second)
{
	size_t n = weft_parser_value(p);
	char word[WEFT_NAME_MAX + 1];

	weft_copy_lower(word, p->text + p->pos, n < WEFT_NAME_MAX ? n : WEFT_NAME_MAX);
	*is_second = !strcmp(word, second);
	if (!*is_second && strcmp(word, first) != 0)
		return weft_err(p->err, "%s takes %s or %s, not \"%s\", at column %u", name, first, second,
				CITE(p, p->pos, p->pos + n), column(p->pos));
	p->pos += n;
	return 0;
}

static int parse_mix(struct parser *p, struct weft_alternative *alt, size_t start)
{
	bool vendors;

	if (parse_equals(p, "mix", "mix=vendors", start) < 0 ||
	    parse_word(p, "mix", "models", "vendors", &vendors) < 0)
		return -1;
	alt->mix = vendors ? WEFT_MIX_VENDORS : WEFT_MIX_MODELS;
	return 0;
}

static int parse_split(struct parser *p, struct weft_alternative *alt, size_t start)
{
	bool weighted;

	if (parse_equals(p, "split", "split=even", start) < 0 ||
	    parse_word(p, "split", "even", "weighted", &weighted) < 0)
		return -1;
	alt->split = weighted ? WEFT_SPLIT_WEIGHTED : WEFT_SPLIT_EVEN;
	return 0;
}

static int parse_fabric(struct parser *p, struct weft_alternative *alt, size_t start)
{
	size_t n;

	if (parse_equals(p, "fabric", "fabric=gloo", start) < 0 || weft_parser_name(p, &n) < 0)
		return -1;
	weft_copy_lower(alt->fabric.text, p->text + p->pos, n);
	alt->fabric.column = column(p->pos);
	p->pos += n;
	return 0;
}

static int parse_unit(struct parser *p, struct weft_alternative *alt, size_t start)
{
	if (parse_equals(p, "unit", "unit=8", start) < 0)
		return -1;
	return parse_whole(p, "unit", WEFT_REQUEST_MAX_DEVICES, &alt->unit);
}

static int parse_per_node(struct parser *p, struct weft_alternative *alt, size_t start)
{
	if (parse_equals(p, "per-node", "per-node=8", start) < 0)
		return -1;
	return parse_whole(p, "per-node", WEFT_REQUEST_MAX_DEVICES, &alt->per_node);
}

bool weft_parser_at_mix(const struct parser *p)
{
	size_t n = weft_parser_word(p), end = p->pos + n;
	const char *near;
	unsigned option = n ? find_option(p->text + p->pos, n, &near) : OPTION_UNKNOWN;

	while (end < p->len && weft_is_space(p->text[end]))
		end++;
	return option >= OPTION_MIX && option <= OPTION_FABRIC && end < p->len && p->text[end] == '=';
}

int weft_parser_check_mix(const struct parser *p, const struct weft_alternative *alt,
			  const struct seen_options *seen)
{
	const char *kind = weft_mix_kind_name(alt->mix);

	if (!kind && (seen->unit || seen->split || seen->fabric))
		return weft_err(p->err, "%s at column %u needs mix=models or mix=vendors",
				seen->unit ? "unit" : seen->split ? "split" : "fabric",
				seen->unit ? seen->unit : seen->split ? seen->split : seen->fabric);
	if (!kind)
		return 0;
	if (alt->compute > 0)
		return weft_err(p->err,
				"mix=%s at column %u needs a number of cards, not an amount of compute: peaks of "
				"different cards do not add up", kind, seen->mix);
	if (alt->per_node)
		return weft_err(p->err,
				"mix=%s at column %u and per-node at column %u exclude each other; unit= says how "
				"many cards stay together", kind, seen->mix, seen->per_node);
	if (alt->max_nodes)
		return weft_err(p->err,
				"mix=%s at column %u and nodes at column %u exclude each other: the nodes follow "
				"from the split", kind, seen->mix, seen->nodes);
	if (alt->mix == WEFT_MIX_MODELS && seen->fabric)
		return weft_err(p->err,
				"fabric at column %u needs mix=vendors: cards of one vendor have its own library",
				seen->fabric);
	return 0;
}

/* item = predicate | option "=" value */
int weft_parser_item(struct parser *p, struct weft_alternative *alt, struct seen_options *seen)
{
	const struct {
		unsigned *seen;
		const char *name;
		int (*parse)(struct parser *p, struct weft_alternative *alt, size_t start);
	} options[] = { { &seen->per_node, "per-node", parse_per_node }, { &seen->nodes, "nodes", parse_nodes },
			{ &seen->mix, "mix", parse_mix },		 { &seen->unit, "unit", parse_unit },
			{ &seen->split, "split", parse_split },		 { &seen->fabric, "fabric", parse_fabric } };
	const char *near;
	unsigned option;
	size_t start, n;
	char c = weft_parser_skip(p);

	start = p->pos;
	n = weft_parser_word(p);
	if (n == 0 && (ends_alternative(c) || c == ','))
		return weft_err(p->err, "an option is missing at column %u", column(start));
	if (n == 0)
		return weft_parser_unexpected(p, "an option such as mem>=64G is expected");
	option = find_option(p->text + start, n, &near);
	if (option == OPTION_UNKNOWN)
		return unknown_option(p, n, near);
	p->pos += n;
	if (option < OPTION_PER_NODE)
		return parse_predicate(p, alt, option, start);
	option -= OPTION_PER_NODE;
	if (once(p, options[option].name, options[option].seen, start) < 0)
		return -1;
	return options[option].parse(p, alt, start);
}
