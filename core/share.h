/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * share.h - whole numbers in proportion to weights, by the method of the largest remainder.
 */
#ifndef WEFT_SHARE_H
#define WEFT_SHARE_H

#include <stddef.h>

#define WEFT_SHARE_MAX 1000000000u /* the largest total */

/* Share TOTAL (up to WEFT_SHARE_MAX) among N parts (at least 1) with WEIGHTS (finite, not negative, at least one
 * of them positive): SHARES[i] is TOTAL x WEIGHTS[i] / sum rounded down or up, and all SHARES add up to TOTAL.
 * What rounding down leaves over goes, one each, to the parts with the largest remainders; in a tie to the one
 * with the larger weight, then to the first.
 *
 * LEAST_ONE: when TOTAL is at least N, each part gets at least one; parts whose quota is below one get one, and
 * the rest is shared by the same rule among the others.
 *
 * Returns 0, or -1 when the arguments are not as said, or out of memory; SHARES is then undefined. */
int weft_share(const double *weights, size_t n, unsigned total, int least_one, unsigned *shares);

#endif
