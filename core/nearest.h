/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nearest.h - "did you mean ...?": the known word a few typing mistakes away from an unknown one.
 */
#ifndef WEFT_NEAREST_H
#define WEFT_NEAREST_H

#include <stddef.h>

/* How names are compared everywhere: case ignored, '_' and '-' alike. */
static inline char weft_fold(char c)
{
	return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* How many typing mistakes (a character too many, too few or wrong, or two neighbours swapped) lead from A to
 * B, up to LIMIT; anything more is LIMIT + 1.  Words longer than 64 characters are never near anything. */
unsigned weft_distance(const char *a, const char *b, unsigned limit);

/* The best of WORDS (NULL-terminated) that is at most two mistakes away from NAME, and fewer than half of
 * NAME's characters; NULL when none is.  In a tie the one that begins most like NAME, then the first.  NAME
 * must not be NULL, WORDS may.  The result points into WORDS. */
const char *weft_nearest(const char *name, const char *const *words);

/* The same one word at a time, for words that are not in an array:
 *   found = NULL;  best = weft_nearest_start(name);
 *   for each word:  found = weft_nearest_of(name, word, found, &best); */
unsigned weft_nearest_start(const char *name);
const char *weft_nearest_of(const char *name, const char *word, const char *found, unsigned *best);

#endif
