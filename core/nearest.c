/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nearest.c - edit distance with swaps (optimal string alignment), bounded in length and in result.
 */
#include "core/nearest.h"

#include <string.h>

#define LONGEST 64
#define MISTAKES 2

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

unsigned weft_distance(const char *a, const char *b, unsigned limit)
{
	size_t la = strnlen(a, LONGEST + 1), lb = strnlen(b, LONGEST + 1);
	unsigned rows[3][LONGEST + 1]; /* distances between prefixes: this row and the two before */

	if (la > LONGEST || lb > LONGEST || la > lb + limit || lb > la + limit)
		return limit + 1;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3], *upup = rows[(i + 1) % 3];
		unsigned least = row[0] = (unsigned)i;

		for (size_t j = 1; j <= lb; j++) {
			unsigned wrong = weft_fold(a[i - 1]) != weft_fold(b[j - 1]);

			row[j] = min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + wrong);
			if (i > 1 && j > 1 && wrong && weft_fold(a[i - 1]) == weft_fold(b[j - 2]) &&
			    weft_fold(a[i - 2]) == weft_fold(b[j - 1]) && upup[j - 2] + 1 < row[j])
				row[j] = upup[j - 2] + 1;
			least = row[j] < least ? row[j] : least;
		}
		if (least > limit + 1) /* a swap can still gain one on the row before */
			return limit + 1;
	}
	return rows[la % 3][lb] <= limit ? rows[la % 3][lb] : limit + 1;
}

/* How many characters A and B have in common at their beginning. */
static size_t common_prefix(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] != '\0' && weft_fold(a[n]) == weft_fold(b[n]))
		n++;
	return n;
}

/* One more than the mistakes that are forgiven. */
unsigned weft_nearest_start(const char *name)
{
	size_t len = strnlen(name, LONGEST + 1);
	unsigned half = (unsigned)((len + 1) / 2); /* the smallest number that is not fewer than half */

	return half < MISTAKES + 1 ? half : MISTAKES + 1;
}

const char *weft_nearest_of(const char *name, const char *word, const char *found, unsigned *best)
{
	unsigned d = weft_distance(name, word, *best);

	/* "h10" is one mistake away from h100, a10 and h20: people get the beginning right. */
	if (d < *best ||
	    (d == *best && found != NULL && common_prefix(name, word) > common_prefix(name, found))) {
		*best = d;
		return word;
	}
	return found;
}

const char *weft_nearest(const char *name, const char *const *words)
{
	unsigned best = weft_nearest_start(name);
	const char *found = NULL;

	for (; words != NULL && *words != NULL; words++)
		found = weft_nearest_of(name, *words, found, &best);
	return found;
}
