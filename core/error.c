/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.c - the one setter of struct weft_err.
 */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text that was cut must not end in half a UTF-8 character, which terminals and JSON readers reject. */
static void drop_partial_char(char *text, size_t len)
{
	size_t start = len;
	unsigned char lead;
	size_t want;

	while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0)
		return;
	lead = (unsigned char)text[start - 1];
	want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (len - (start - 1) < want)
		text[start - 1] = '\0';
}

int weft_err(struct weft_err *err, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (err == NULL || err->text[0] != '\0')
		return -1;
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n < 0) /* an unprintable argument must still leave a reason */
		snprintf(err->text, sizeof(err->text), "error (its text cannot be shown)");
	if (n >= (int)sizeof(err->text))
		drop_partial_char(err->text, strlen(err->text));
	/* These texts reach terminals and log files: an escape sequence from a request must not. */
	for (unsigned char *p = (unsigned char *)err->text; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	return -1;
}
