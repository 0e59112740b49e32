/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8.h - UTF-8 made plain ASCII for a JSON parser.
 */
#ifndef WEFT_UTF8_H
#define WEFT_UTF8_H

#include <stddef.h>

/* JSON TEXT of LEN bytes with every character beyond ASCII written as \uXXXX.  Line feeds stay where they are.
 * *OUT_LEN gets the length, without the final NUL.  Returns a malloc()ed text; or NULL when TEXT is not UTF-8, with
 * *BAD the offset of the first byte that is wrong, or when out of memory, with *BAD set to LEN. */
char *weft_utf8_escape(const char *text, size_t len, size_t *out_len, size_t *bad);

#endif
