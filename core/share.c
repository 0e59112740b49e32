/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * share.c - the method of the largest remainder, in floating point.
 *
 * A quota that is a whole number but for rounding counts as that number, and remainders are compared to nine
 * digits: so equal weights tie, whatever the last bit says.
 */
#include "core/share.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define EPSILON 1e-12
#define GRAIN 1e9 /* remainders are compared in steps of 1 / GRAIN */

struct part {
	double weight;
	int64_t remainder;
	size_t index;
	int settled; /* has its least one, and takes no more */
};

static int by_claim(const void *left, const void *right)
{
	const struct part *a = left, *b = right;

	if (a->settled != b->settled)
		return a->settled ? 1 : -1;
	if (a->remainder != b->remainder)
		return a->remainder > b->remainder ? -1 : 1;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

/* The weights of the parts that are not settled. */
static double open_weight(const struct part *parts, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += parts[i].settled ? 0 : parts[i].weight;
	return sum;
}

/* Settle those whose quota is below one; what they get makes the others' quotas smaller, so until none is left.
 * Returns what is left of TOTAL. */
static unsigned settle(struct part *parts, size_t n, unsigned total)
{
	int again = 1;

	while (again) {
		double quota_of_one = total / open_weight(parts, n);
		unsigned left = total;

		again = 0;
		for (size_t i = 0; i < n; i++) {
			if (parts[i].settled || parts[i].weight * quota_of_one >= 1 - EPSILON)
				continue;
			parts[i].settled = again = 1;
			left--;
		}
		total = left;
	}
	return total;
}

int weft_share(const double *weights, size_t n, unsigned total, int least_one, unsigned *shares)
{
	struct part *parts;
	double quota_of_one;
	unsigned left;

	if (n == 0 || n > SIZE_MAX / sizeof(*parts) || total > WEFT_SHARE_MAX)
		return -1;
	parts = calloc(n, sizeof(*parts));
	if (!parts)
		return -1;
	for (size_t i = 0; i < n; i++) {
		parts[i] = (struct part){ .weight = weights[i], .index = i };
		if (!(weights[i] >= 0) || isinf(weights[i]))
			goto fail;
	}
	quota_of_one = open_weight(parts, n);
	if (!(quota_of_one > 0) || isinf(quota_of_one))
		goto fail;
	left = total = least_one && total >= n ? settle(parts, n, total) : total;
	quota_of_one = total / open_weight(parts, n);
	for (size_t i = 0; i < n; i++) {
		double quota = parts[i].settled ? 1 : parts[i].weight * quota_of_one;
		double whole = floor(quota * (1 + EPSILON));

		shares[i] = (unsigned)whole;
		parts[i].remainder = quota > whole ? (int64_t)((quota - whole) * GRAIN + 0.5) : 0;
		left -= parts[i].settled ? 0 : shares[i];
	}
	qsort(parts, n, sizeof(*parts), by_claim);
	for (size_t i = 0; i < n && i < left; i++)
		shares[parts[i].index]++;
	free(parts);
	return 0;
fail:
	free(parts);
	return -1;
}
