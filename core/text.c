/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.c - sentences in buffers.
 */
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LIST_ITEMS 8
#define LIST_BYTES 160 /* a list is cut before it is longer than that */

void weft_say(struct weft_text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len = (size_t)n < t->size - t->len ? t->len + (size_t)n : t->size - 1;
}

void weft_say_list(struct weft_text *t, const char *const *names, size_t n, const char *last)
{
	size_t from = t->len;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (i == LIST_ITEMS || t->len - from + strlen(names[i]) > LIST_BYTES)) {
			weft_say(t, " %s %zu more", last, n - i);
			return;
		}
		if (i > 0 && i + 1 == n)
			weft_say(t, " %s ", last);
		else if (i > 0)
			weft_say(t, ", ");
		weft_say(t, "%s", names[i]);
	}
}

void weft_put_json_string(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}
