/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.c - reads the request language of --accel; doc/request.md has the grammar.
 *
 * A recursive descent over one line of text, without back-tracking.  Each parse_x() leaves the cursor behind
 * what it read, or fails with a message that names the column of the first thing it could not use.
 */
#include "core/request.h"

#include <stdlib.h>
#include <string.h>

#include "core/nearest.h"
#include "core/quantity.h"
#include "core/request_parser.h"

/* Does the head at the cursor speak of compute ("2P@bf16") rather than of cards? */
static bool head_is_compute(const struct parser *p)
{
	size_t n = strcspn(p->text + p->pos, "@,|");

	return p->text[p->pos + n] == '@';
}

/* dtype, behind the "@" */
static int parse_dtype(struct parser *p, struct weft_alternative *alt)
{
	const char *words[WEFT_DTYPES + 1] = { NULL };
	char name[WEFT_NAME_MAX + 1];
	const char *near;
	size_t n;
	int type;

	weft_parser_skip(p);
	n = weft_parser_word(p);
	if (n == 0)
		return weft_err(p->err, "a number format is missing at column %u, for example %s",
				column(p->pos), weft_measure_of(WEFT_COMPUTE)->example);
	weft_copy_lower(name, p->text + p->pos, n < WEFT_NAME_MAX ? n : WEFT_NAME_MAX);
	type = n <= WEFT_NAME_MAX ? weft_dtype_parse(name) : -1;
	if (type < 0) {
		for (int i = 0; i < WEFT_DTYPES; i++)
			words[i] = weft_dtype_name((enum weft_dtype)i);
		near = weft_nearest(name, words);
		return weft_err(p->err, "unknown number format \"%s\" at column %u%s%s%s",
				CITE(p, p->pos, p->pos + n), column(p->pos), near ? "; did you mean " : "",
				near ? near : "", near ? "?" : "");
	}
	alt->dtype = (enum weft_dtype)type;
	p->pos += n;
	return 0;
}

/* compute amount = number unit "@" dtype */
static int parse_compute(struct parser *p, struct weft_alternative *alt)
{
	size_t at = p->pos + strcspn(p->text + p->pos, "@");

	if (is_letter(peek(p)) || at == p->pos)
		return weft_err(p->err,
				"\"@\" at column %u needs an amount of compute before it, for example %s",
				column(at), weft_measure_of(WEFT_COMPUTE)->example);
	if (weft_parser_quantity(p, WEFT_COMPUTE, &alt->compute) < 0)
		return -1;
	if (weft_parser_skip(p) != '@')
		return weft_parser_unexpected(p, "\"@\" is expected after an amount of compute");
	p->pos++;
	return parse_dtype(p, alt);
}

static int parse_count(struct parser *p, struct weft_alternative *alt)
{
	size_t n = weft_parser_digits(p), start = p->pos;

	if (!weft_parser_whole(p, start, start + n, WEFT_REQUEST_MAX_DEVICES, &alt->devices)) {
		alt->devices = 0;
		return weft_err(p->err, "the count %s at column %u is not allowed; it may be 1 to %u",
				CITE(p, start, start + n), column(start), WEFT_REQUEST_MAX_DEVICES);
	}
	p->pos += n;
	return 0;
}

/* Is the word of LEN bytes at the cursor a count, alone or as in "8xh100"? */
static bool is_count(const struct parser *p, size_t len)
{
	size_t n = weft_parser_digits(p);

	return n > 0 && (n == len || p->text[p->pos + n] == 'x' || p->text[p->pos + n] == 'X');
}

/* [ amount ]; *SEPARATED tells whether a separator must stand between it and a name. */
static int parse_amount(struct parser *p, struct weft_alternative *alt, bool *separated)
{
	size_t len = weft_parser_word(p);
	bool letter = false;

	*separated = true;
	if (head_is_compute(p))
		return parse_compute(p, alt);
	if (is_count(p, len))
		return parse_count(p, alt);
	for (size_t i = 0; i < len; i++)
		letter = letter || is_letter(p->text[p->pos + i]);
	if (len > 0 && !letter)
		return weft_err(p->err,
				"\"%s\" at column %u is not a count; a count is a whole number from 1 to %u",
				CITE(p, p->pos, p->pos + len), column(p->pos), WEFT_REQUEST_MAX_DEVICES);
	if (len == 0 && peek(p) != '*')
		return weft_parser_unexpected(p, "a count or a name is expected");
	*separated = false;
	alt->devices = 1;
	return 0;
}

/* Reads the separator of amount and set.  0 with *FOUND, or -1 when names follow without one. */
static int parse_separator(struct parser *p, bool *found)
{
	char c = weft_parser_skip(p);

	*found = c == ':' || c == '*' || c == 'x' || c == 'X';
	if (*found)
		p->pos++;
	else if (weft_parser_word(p) > 0)
		return weft_err(p->err, "a \":\" is missing before \"%s\" at column %u",
				CITE(p, p->pos, p->pos + weft_parser_word(p)), column(p->pos));
	return 0;
}

static int add_name(struct parser *p, struct weft_alternative *alt, size_t n)
{
	struct weft_name *names;
	char text[WEFT_NAME_MAX + 1];

	weft_copy_lower(text, p->text + p->pos, n);
	for (size_t i = 0; i < alt->n_names; i++) {
		if (!strcmp(alt->names[i].text, text))
			return 0; /* said twice: no harm */
	}
	if (alt->n_names == WEFT_REQUEST_MAX_NAMES)
		return weft_err(p->err, "more than %d names in one set at column %u", WEFT_REQUEST_MAX_NAMES,
				column(p->pos));
	names = weft_parser_grow(p, alt->names, alt->n_names, sizeof(*names));
	if (!names)
		return -1;
	alt->names = names;
	memcpy(names[alt->n_names].text, text, n + 1);
	names[alt->n_names++].column = column(p->pos);
	return 0;
}

int weft_parser_name(struct parser *p, size_t *len)
{
	char c = weft_parser_skip(p);
	size_t n = weft_parser_word(p);

	*len = n;
	if (n == 0 && (ends_alternative(c) || c == ',' || c == '/'))
		return weft_err(p->err, "a name is missing at column %u", column(p->pos));
	if (n == 0)
		return weft_parser_unexpected(p, "a name is expected");
	if (n > WEFT_NAME_MAX)
		return weft_err(p->err, "the name at column %u has %zu characters; at most %d are allowed",
				column(p->pos), n, WEFT_NAME_MAX);
	if (!weft_is_name(p->text + p->pos, n))
		return weft_err(p->err,
				"\"%s\" at column %u is not a name; it must start with a letter or a digit",
				CITE(p, p->pos, p->pos + n), column(p->pos));
	return 0;
}

/* name; *ANY when it was "any" or "*". */
static int parse_name(struct parser *p, struct weft_alternative *alt, bool *any)
{
	const char *word;
	size_t n;

	*any = weft_parser_skip(p) == '*';
	if (*any) {
		p->pos++;
		return 0;
	}
	if (weft_parser_name(p, &n) < 0)
		return -1;
	word = p->text + p->pos;
	*any = n == 3 && weft_fold(word[0]) == 'a' && weft_fold(word[1]) == 'n' && weft_fold(word[2]) == 'y';
	if (!*any && add_name(p, alt, n) < 0)
		return -1;
	p->pos += n;
	return 0;
}

/* The cursor is at the ":" or "*" behind the set that started at START: the order of gres users, "h100:8",
 * "gpu:h100" or "gpu:h100:8".  COUNTED: a count stood before the set. */
static int explain_gres_order(struct parser *p, size_t start, bool counted)
{
	size_t sign = p->pos, set_end = p->pos, word, word_end, count, count_end;

	while (weft_is_space(p->text[set_end - 1]))
		set_end--;
	p->pos++;
	weft_parser_skip(p);
	word = p->pos;
	word_end = word + weft_parser_word(p);
	if (word_end > word && weft_parser_digits(p) < word_end - word) {
		p->pos = word_end;
		if (weft_parser_skip(p) == ':') {
			p->pos++;
			weft_parser_skip(p);
		}
		count = p->pos;
		count_end = counted ? count : count + weft_parser_digits(p);
		return weft_err(
			p->err, "a name has no gres prefix: write %s%s%s in place of %s, at column %u",
			CITE(p, count, count_end), count_end > count ? ":" : "", CITE(p, word, word_end),
			CITE(p, start, count_end > count ? count_end : word_end), column(start));
	}
	if (word_end > word && !counted)
		return weft_err(p->err, "count comes first: write %s:%s, at column %u",
				CITE(p, word, word_end), CITE(p, start, set_end), column(start));
	p->pos = sign;
	return weft_parser_unexpected(p, counted ? "\",\" or \"|\" is expected"
						 : "a count comes first, as in 8:h100");
}

/* set = name { "/" name } */
static int parse_set(struct parser *p, struct weft_alternative *alt, bool counted)
{
	bool any = false, some_any = false;
	size_t start, any_at = 0, n = 0;

	weft_parser_skip(p);
	start = p->pos;
	do {
		if (n > 0)
			p->pos++;
		weft_parser_skip(p);
		any_at = some_any ? any_at : p->pos;
		if (parse_name(p, alt, &any) < 0)
			return -1;
		some_any = some_any || any;
		n++;
	} while (weft_parser_skip(p) == '/');
	if (some_any && n > 1)
		return weft_err(p->err,
				"\"%s\" at column %u means every card; it cannot be one name of several",
				p->text[any_at] == '*' ? "*" : "any", column(any_at));
	if (peek(p) == ':' || peek(p) == '*')
		return explain_gres_order(p, start, counted);
	return 0;
}

/* head = [ amount ] [ (":" | "x" | "*") set ]; *ITEM when an item stands where the set would: "64:mix=vendors" */
static int parse_head(struct parser *p, struct weft_alternative *alt, bool *item)
{
	bool separated, found = true;
	char c = weft_parser_skip(p);

	*item = false;
	alt->column = column(p->pos);
	if (ends_alternative(c))
		return weft_err(p->err, "empty alternative at column %u", alt->column);
	if (weft_parser_at_mix(p))
		return weft_err(p->err,
				"%s at column %u needs a number of cards before it, for example 64:mix=vendors",
				CITE(p, p->pos, p->pos + weft_parser_word(p)), column(p->pos));
	if (parse_amount(p, alt, &separated) < 0)
		return -1;
	if (separated && parse_separator(p, &found) < 0)
		return -1;
	if (found && separated) {
		weft_parser_skip(p);
		*item = weft_parser_at_mix(p);
	}
	return found && !*item ? parse_set(p, alt, separated) : 0;
}

static int compare_predicates(const void *left, const void *right)
{
	const struct weft_predicate *a = left, *b = right;

	if (a->field != b->field)
		return a->field < b->field ? -1 : 1;
	if (a->op != b->op)
		return a->op < b->op ? -1 : 1;
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->column < b->column ? -1 : 1;
}

/* Order does not matter to a user, so it must not matter to the canonical form. */
static void sort_predicates(struct weft_alternative *alt)
{
	struct weft_predicate *list = alt->predicates;
	size_t kept = 0;

	if (alt->n_predicates == 0)
		return;
	qsort(list, alt->n_predicates, sizeof(*list), compare_predicates);
	for (size_t i = 0; i < alt->n_predicates; i++) {
		if (kept > 0 && list[kept - 1].field == list[i].field && list[kept - 1].op == list[i].op &&
		    list[kept - 1].value == list[i].value)
			continue;
		list[kept++] = list[i];
	}
	alt->n_predicates = kept;
}

/* alternative = head { "," item }, or with an item of a mix in place of the set */
static int parse_alternative(struct parser *p, struct weft_alternative *alt)
{
	struct seen_options seen = { 0 };
	bool item;

	if (parse_head(p, alt, &item) < 0 || (item && weft_parser_item(p, alt, &seen) < 0))
		return -1;
	while (weft_parser_skip(p) == ',') {
		p->pos++;
		if (weft_parser_item(p, alt, &seen) < 0)
			return -1;
	}
	if (!ends_alternative(peek(p)))
		return weft_parser_unexpected(p, "\",\" or \"|\" is expected");
	sort_predicates(alt);
	return weft_parser_check_mix(p, alt, &seen);
}

/* The request is one line of printable ASCII; white space of all kinds is forgiven. */
static int check_bytes(const struct parser *p)
{
	if (p->len > WEFT_REQUEST_MAX_BYTES)
		return weft_err(p->err, "the request has %zu bytes; at most %d are allowed", p->len,
				WEFT_REQUEST_MAX_BYTES);
	for (size_t i = 0; i < p->len; i++) {
		unsigned char c = (unsigned char)p->text[i];

		if (c >= 0x80)
			return weft_err(p->err, "byte 0x%02x at column %u is not ASCII", c, column(i));
		if ((c < 0x20 && !weft_is_space((char)c)) || c == 0x7f)
			return weft_err(p->err, "control character 0x%02x at column %u", c, column(i));
	}
	return 0;
}

static int parse_request(struct parser *p, struct weft_request *req)
{
	if (check_bytes(p) < 0)
		return -1;
	if (weft_parser_skip(p) == '\0')
		return weft_err(p->err, "the request is empty");
	for (;;) {
		struct weft_alternative *alts;

		if (req->n_alts == WEFT_REQUEST_MAX_ALTS)
			return weft_err(p->err, "more than %d alternatives at column %u",
					WEFT_REQUEST_MAX_ALTS, column(p->pos));
		alts = weft_parser_grow(p, req->alts, req->n_alts, sizeof(*alts));
		if (!alts)
			return -1;
		req->alts = alts;
		if (parse_alternative(p, &alts[req->n_alts++]) < 0)
			return -1;
		if (peek(p) == '\0')
			return 0;
		p->pos++; /* "|" */
	}
}

/* The canonical form is a little longer than some texts ("h100" is "1:h100"), and must be readable too. */
static int check_canonical(const struct parser *p, const struct weft_request *req)
{
	char *text;
	size_t len;

	if (p->len <= WEFT_REQUEST_MAX_BYTES / 2) /* it never doubles */
		return 0;
	text = weft_request_canonical(req);
	if (!text)
		return weft_err(p->err, "out of memory");
	len = strlen(text);
	free(text);
	if (len > WEFT_REQUEST_MAX_BYTES)
		return weft_err(p->err,
				"the request has %zu bytes in its canonical form; at most %d are allowed",
				len, WEFT_REQUEST_MAX_BYTES);
	return 0;
}

struct weft_request *weft_request_parse(const char *text, struct weft_err *err)
{
	struct parser p = { .text = text, .len = strlen(text), .pos = 0, .err = err };
	struct weft_request *req = calloc(1, sizeof(*req));

	if (!req) {
		weft_err(err, "out of memory");
		return NULL;
	}
	if (parse_request(&p, req) < 0 || check_canonical(&p, req) < 0) {
		weft_request_destroy(req);
		return NULL;
	}
	return req;
}

void weft_request_destroy(struct weft_request *req)
{
	if (!req)
		return;
	for (size_t i = 0; i < req->n_alts; i++) {
		free(req->alts[i].names);
		free(req->alts[i].predicates);
	}
	free(req->alts);
	free(req);
}
