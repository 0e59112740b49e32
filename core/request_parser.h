/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request_parser.h - what the parts of the request parser share; nobody else includes it.
 *
 * request.c reads a request, its alternatives and their heads; request_item.c the items behind a head;
 * request_cursor.c what both are made of: words, numbers, quantities.
 */
#ifndef WEFT_REQUEST_PARSER_H
#define WEFT_REQUEST_PARSER_H

#include "core/request.h"
#include "core/scan.h"

struct parser {
	const char *text;
	size_t len;
	size_t pos;
	struct weft_err *err;
};

/* Columns of the options that may be given once; 0: not seen. */
struct seen_options {
	unsigned per_node, nodes, mix, unit, split, fabric;
};

static inline unsigned column(size_t pos)
{
	return (unsigned)pos + 1;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ends_alternative(char c)
{
	return c == '\0' || c == '|';
}

/* The next character, '\0' at the end. */
static inline char peek(const struct parser *p)
{
	return p->pos < p->len ? p->text[p->pos] : '\0';
}

/* The next character that is no white space; the cursor moves to it. */
char weft_parser_skip(struct parser *p);

/* How many name characters, and how many digits, are at the cursor. */
size_t weft_parser_word(const struct parser *p);
size_t weft_parser_digits(const struct parser *p);

/* How much of the text at the cursor a message should cite as one value. */
size_t weft_parser_value(const struct parser *p);

/* The text between two positions, for a message. */
#define CITE(p, from, to) (weft_snip((p)->text + (from), (to) - (from)).text)

/* -1 and "unexpected ..." for the word or the character at the cursor. */
int weft_parser_unexpected(const struct parser *p, const char *wanted);

/* ARRAY with room for one more element of SIZE bytes, zeroed, behind the N that it has; NULL when out of
 * memory. */
void *weft_parser_grow(const struct parser *p, void *array, size_t n, size_t size);

/* The digits [from, to) as a whole number from 1 to MAX; false when it is not. */
bool weft_parser_whole(const struct parser *p, size_t from, size_t to, unsigned max, unsigned *out);

/* quantity = number unit; FIELD may be WEFT_COMPUTE (quantity.h). */
int weft_parser_quantity(struct parser *p, unsigned field, double *value);

/* The word at the cursor, -1 with a message when it has no or too many characters or is not a name.  *LEN bytes. */
int weft_parser_name(struct parser *p, size_t *len);

/* Is an item of a mix at the cursor: "mix", "unit", "split" or "fabric", then "="? */
bool weft_parser_at_mix(const struct parser *p);

/* Do the options of ALT go together?  SEEN has their columns. */
int weft_parser_check_mix(const struct parser *p, const struct weft_alternative *alt,
			  const struct seen_options *seen);

/* item = predicate | "per-node" "=" N | "nodes" "=" N [ "-" M ] | "mix" "=" KIND | "unit" "=" N |
 *        "split" "=" KIND | "fabric" "=" NAME */
int weft_parser_item(struct parser *p, struct weft_alternative *alt, struct seen_options *seen);

#endif
