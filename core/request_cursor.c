/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request_cursor.c - words, whole numbers and quantities of the request language.
 */
#include "core/request_parser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/quantity.h"

char weft_parser_skip(struct parser *p)
{
	while (p->pos < p->len && weft_is_space(p->text[p->pos]))
		p->pos++;
	return peek(p);
}

/* How many name characters follow. */
size_t weft_parser_word(const struct parser *p)
{
	return weft_scan_name(p->text + p->pos, p->len - p->pos);
}

size_t weft_parser_digits(const struct parser *p)
{
	size_t n = 0;

	while (p->pos + n < p->len && is_digit(p->text[p->pos + n]))
		n++;
	return n;
}

/* "unexpected ..." for the word or the character at the cursor. */
int weft_parser_unexpected(const struct parser *p, const char *wanted)
{
	size_t n = weft_parser_word(p);

	return weft_err(p->err, "unexpected \"%s\" at column %u; %s", CITE(p, p->pos, p->pos + (n ? n : 1)),
			column(p->pos), wanted);
}

/* ARRAY with room for one more element of SIZE bytes, zeroed, behind the N that it has; NULL when out of
 * memory. */
void *weft_parser_grow(const struct parser *p, void *array, size_t n, size_t size)
{
	char *grown = realloc(array, (n + 1) * size);

	if (grown)
		memset(grown + n * size, 0, size);
	else
		weft_err(p->err, "out of memory");
	return grown;
}

/* A whole number from 1 to MAX made of the digits [from, to). */
bool weft_parser_whole(const struct parser *p, size_t from, size_t to, unsigned max, unsigned *out)
{
	unsigned long value = 0;

	for (size_t i = from; i < to; i++) {
		value = value * 10 + (unsigned)(p->text[i] - '0');
		if (value > max)
			return false;
	}
	*out = (unsigned)value;
	return value >= 1;
}

/* How much of the text at the cursor a message should cite as one value. */
size_t weft_parser_value(const struct parser *p)
{
	size_t n = 0;

	while (p->pos + n < p->len && !weft_is_space(p->text[p->pos + n]) &&
	       !strchr(",|@", p->text[p->pos + n]))
		n++;
	return n;
}

static size_t unit_length(const struct parser *p)
{
	size_t n = 0;

	while (p->pos + n < p->len && (is_letter(p->text[p->pos + n]) || p->text[p->pos + n] == '/'))
		n++;
	return n;
}

/* Is VALUE, written as the text since START, one that FIELD can have? */
static int check_range(const struct parser *p, unsigned field, double value, size_t start)
{
	const struct weft_measure *m = weft_measure_of(field);
	bool large = value > m->max;
	char bound[WEFT_NUMBER_SIZE + 8];

	if (!large && value >= m->min)
		return 0;
	return weft_err(p->err, "\"%s\" at column %u is too %s; %s is at %s %s", CITE(p, start, p->pos),
			column(start), large ? "large" : "small", weft_field_name(field),
			large ? "most" : "least",
			weft_quantity_text(field, large ? m->max : m->min, bound, sizeof(bound)));
}

/* quantity = number unit */
int weft_parser_quantity(struct parser *p, unsigned field, double *value)
{
	const struct weft_measure *m = weft_measure_of(field);
	const struct weft_unit *unit;
	size_t start = p->pos, sign, number, after_number, n;

	sign = peek(p) == '-' || peek(p) == '+' ? 1 : 0;
	number = weft_scan_number(p->text + start + sign, p->len - start - sign);
	if (number == 0)
		return weft_err(p->err, "\"%s\" at column %u is not a number",
				CITE(p, start, start + weft_parser_value(p)), column(start));
	if (number > WEFT_NUMBER_MAX)
		return weft_err(p->err, "the number at column %u has %zu characters; at most %d are allowed",
				column(start), number, WEFT_NUMBER_MAX);
	p->pos = after_number = start + sign + number;
	if (p->text[start] == '-' || weft_number_value(p->text + start + sign, number, 0) == 0)
		return weft_err(p->err, "\"%s\" at column %u must be more than zero",
				CITE(p, start, after_number + weft_parser_value(p)), column(start));
	weft_parser_skip(p);
	n = unit_length(p);
	if (n == 0)
		return weft_err(p->err, "\"%s\" at column %u needs a unit, for example %s%s",
				CITE(p, start, after_number), column(start),
				CITE(p, start + sign, after_number), m->usual);
	unit = weft_measure_unit(field, p->text + p->pos, n);
	if (!unit)
		return weft_err(p->err, "unknown unit \"%s\" in \"%s\" at column %u; %s takes %s",
				CITE(p, p->pos, p->pos + n), CITE(p, start, p->pos + n), column(start),
				weft_field_name(field), m->takes);
	p->pos += n;
	*value = ldexp(weft_number_value(p->text + start + sign, number, unit->exp10), unit->exp2);
	return check_range(p, field, *value, start);
}
