/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - a sentence that grows, piece by piece, up to the size of its buffer.
 */
#ifndef WEFT_TEXT_H
#define WEFT_TEXT_H

#include <stddef.h>

/* Always NUL-terminated; what does not fit is cut. */
struct weft_text {
	char *buf;
	size_t size, len;
};

void weft_say(struct weft_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "a, b LAST c"; of many the first few, and how many more. */
void weft_say_list(struct weft_text *t, const char *const *names, size_t n, const char *last);

#endif
