/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * radix.c - least significant digit first.
 */
#include "core/radix.h"

#include <string.h>

#define DIGIT_BITS 11 /* three digits */
#define DIGITS	   (1u << DIGIT_BITS)

void weft_radix_sort(struct weft_radix *items, struct weft_radix *spare, size_t n)
{
	for (unsigned shift = 0; shift < 32; shift += DIGIT_BITS) {
		size_t place[DIGITS + 1] = { 0 };

		for (size_t i = 0; i < n; i++)
			place[(items[i].key >> shift) % DIGITS + 1]++;
		for (unsigned i = 1; i < DIGITS; i++)
			place[i] += place[i - 1];
		for (size_t i = 0; i < n; i++)
			spare[place[(items[i].key >> shift) % DIGITS]++] = items[i];
		memcpy(items, spare, n * sizeof(*items));
	}
}
