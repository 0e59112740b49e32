/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * island.h - which of a node's devices a job gets, so that they are linked with one another.
 */
#ifndef WEFT_ISLAND_H
#define WEFT_ISLAND_H

#include <stdint.h>

#define WEFT_ISLAND_MAX 64u /* devices of a node; bit I of a set is device I */

/* As many devices as GIVEN has, out of FREE (which has those of GIVEN), with the most links among themselves;
 * of sets with equally many the one that has the fewest to what stays free, so that whole islands are left
 * for others. GIVEN itself unless another is better.  LINKS[I][K] is how many links I and K have, of N (up to
 * WEFT_ISLAND_MAX) devices; what is below 0 counts as none.
 *
 * LINKS[I][K] is LINKS[K][I].
 *
 * All sets are tried, and *BUDGET, how many may be, goes down by their number: 70 for 4 of 8 devices, in 2
 * us, 12,870 for 8 of 16, in 2 ms.  When it does not suffice it stays as it is, and so does GIVEN. */
uint64_t weft_island_pick(int *const *links, unsigned n, uint64_t free, uint64_t given, unsigned *budget);

#endif
