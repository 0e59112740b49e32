/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * index.h - from names to pointers: fill it, sort it once, then look up.  Names compare as weft_fold() says;
 * one name may stand for several pointers.  Zero it at first.
 */
#ifndef WEFT_INDEX_H
#define WEFT_INDEX_H

#include <stddef.h>

struct weft_index_entry {
	char *name; /* folded */
	void *value;
	size_t serial; /* when it was added; keeps the order among equal names */
};

struct weft_index {
	struct weft_index_entry *entries;
	size_t n, size;
};

/* NAME is copied, VALUE is not.  -1 when out of memory. */
int weft_index_add(struct weft_index *index, const char *name, void *value);
void weft_index_sort(struct weft_index *index);

/* The first of *N entries of this NAME, which lie side by side in the order in which they were added; NULL
 * and 0 when there is none.  N may be NULL.  Only after weft_index_sort(). */
const struct weft_index_entry *weft_index_find(const struct weft_index *index, const char *name, size_t *n);

/* How many entries from I on have the name of entry I. */
size_t weft_index_run(const struct weft_index *index, size_t i);

void weft_index_clear(struct weft_index *index);

#endif
