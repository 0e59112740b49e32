/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ranges.h - many names as few: "nv[1-3,07-09],login".
 */
#ifndef WEFT_RANGES_H
#define WEFT_RANGES_H

#include "core/text.h"

/* Names that come one after the other; those that end in numbers of one width, after the same beginning, are
 * joined. Zero it, then give it a text.  The names must live until weft_ranges_end(). */
struct weft_ranges {
	struct weft_text *text;
	const char *prefix; /* of the bracket that is open; NULL: none */
	size_t prefix_len, width;
	unsigned long from, to; /* of the range that is open */
	unsigned names;		/* so far */
	unsigned in_bracket;	/* ranges that are written behind the bracket */
};

void weft_ranges_add(struct weft_ranges *r, const char *name);
void weft_ranges_end(struct weft_ranges *r);

#endif
