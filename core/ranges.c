/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ranges.c - one pass over the names, with the last range kept open.
 */
#include "core/ranges.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DIGITS 9

/* How many digits NAME ends in, MAX_DIGITS at most. */
static size_t digits_of(const char *name, size_t len)
{
	size_t n = 0;

	while (n < len && n < MAX_DIGITS && name[len - 1 - n] >= '0' && name[len - 1 - n] <= '9')
		n++;
	return n;
}

static void say_range(struct weft_ranges *r)
{
	weft_say(r->text, "%0*lu", (int)r->width, r->from);
	if (r->to > r->from)
		weft_say(r->text, "-%0*lu", (int)r->width, r->to);
}

/* Write what is open. */
static void close_prefix(struct weft_ranges *r)
{
	bool alone = !r->in_bracket && r->from == r->to;

	if (!r->prefix)
		return;
	if (!r->in_bracket)
		weft_say(r->text, "%.*s%s", (int)r->prefix_len, r->prefix, alone ? "" : "[");
	else
		weft_say(r->text, ",");
	say_range(r);
	if (!alone)
		weft_say(r->text, "]");
	r->prefix = NULL;
	r->in_bracket = 0;
}

/* A range ends, and the bracket goes on. */
static void close_range(struct weft_ranges *r)
{
	if (!r->in_bracket)
		weft_say(r->text, "%.*s[", (int)r->prefix_len, r->prefix);
	else
		weft_say(r->text, ",");
	say_range(r);
	r->in_bracket++;
}

/* Numbers of one width, or all without a zero in front. */
static bool same_form(const struct weft_ranges *r, const char *digits, size_t width)
{
	if (width == r->width)
		return true;
	return r->width == 1 && digits[0] != '0';
}

void weft_ranges_add(struct weft_ranges *r, const char *name)
{
	size_t len = strlen(name), digits = digits_of(name, len), prefix = len - digits;
	unsigned long number = digits ? strtoul(name + prefix, NULL, 10) : 0;
	bool goes_on = r->prefix && digits && r->prefix_len == prefix && !memcmp(r->prefix, name, prefix) &&
		       same_form(r, name + prefix, digits);

	if (goes_on && number == r->to + 1) {
		r->to = number;
		r->names++;
		return;
	}
	if (goes_on) {
		close_range(r);
	} else {
		close_prefix(r);
		if (r->names)
			weft_say(r->text, ",");
	}
	r->names++;
	if (!digits) {
		weft_say(r->text, "%s", name);
		return;
	}
	if (!goes_on) {
		r->prefix = name;
		r->prefix_len = prefix;
		/* A number without a zero in front may be followed by longer ones. */
		r->width = name[prefix] == '0' ? digits : 1;
	}
	r->from = r->to = number;
}

void weft_ranges_end(struct weft_ranges *r)
{
	close_prefix(r);
}
