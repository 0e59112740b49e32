/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8.c - UTF-8 made plain ASCII for a JSON parser.
 *
 * json-c 0.18 (Debian 13) refuses any byte above 127 in its strict mode, and 0.16 checks UTF-8 only when asked to;
 * \uXXXX is read alike by all.
 */
#include "core/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LONGEST 12 /* of an escaped character: a surrogate pair */

/* The character that begins at P, with up to LEFT bytes.  Returns its length; 0 when it is none: cut off, too long a
 * form, a surrogate, or beyond U+10FFFF. */
static size_t decode(const unsigned char *p, size_t left, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c;

	if (p[0] < 0xc0 || p[0] > 0xf7 || n > left)
		return 0;
	c = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*character = c;
	return n;
}

/* Write C to OUT, which has room for LONGEST bytes and a NUL.  Returns the length. */
static size_t escape(uint32_t c, char *out)
{
	int n;

	if (c < 0x10000)
		n = snprintf(out, LONGEST + 1, "\\u%04x", (unsigned)c);
	else
		n = snprintf(out, LONGEST + 1, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
			     (unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
	return (size_t)n;
}

char *weft_utf8_escape(const char *text, size_t len, size_t *out_len, size_t *bad)
{
	size_t high = 0, used = 0;
	char *out;

	for (size_t i = 0; i < len; i++)
		high += (unsigned char)text[i] > 127;
	/* A character of two bytes becomes six, one of three six, one of four twelve: at most three for each. */
	out = malloc(len + 2 * high + LONGEST + 1);
	if (!out) {
		*bad = len;
		return NULL;
	}
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;

		if ((unsigned char)text[i] <= 127) {
			out[used++] = text[i];
			n = 1;
			continue;
		}
		n = decode((const unsigned char *)text + i, len - i, &c);
		if (!n) {
			free(out);
			*bad = i;
			return NULL;
		}
		used += escape(c, out + used);
	}
	out[used] = '\0';
	*out_len = used;
	return out;
}
