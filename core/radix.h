/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * radix.h - sorts by a key of 32 bits, digit by digit: for what is as many as nodes, where comparing takes
 * longest of all.  Pure.
 */
#ifndef WEFT_RADIX_H
#define WEFT_RADIX_H

#include <stddef.h>
#include <stdint.h>

struct weft_radix {
	uint32_t key;
	uint32_t index; /* of what it stands for */
};

/* Put the N items in the order of their keys; those with one key stay in the order in which they are.  SPARE
 * has room for N, too; neither is NULL. */
void weft_radix_sort(struct weft_radix *items, struct weft_radix *spare, size_t n);

#endif
