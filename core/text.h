/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - a sentence that grows, piece by piece, up to the size of its buffer.
 */
#ifndef WEFT_TEXT_H
#define WEFT_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Always NUL-terminated; what does not fit is cut. */
struct weft_text {
	char *buf;
	size_t size, len;
};

void weft_say(struct weft_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "a, b LAST c"; of many the first few, and how many more. */
void weft_say_list(struct weft_text *t, const char *const *names, size_t n, const char *last);

/* TEXT as a string of JSON, with its quotes; a byte that is not printable ASCII stands for the character of its
 * number. */
void weft_put_json_string(FILE *f, const char *text);

#endif
