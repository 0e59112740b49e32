/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * index.c - a sorted array of names.
 */
#include "core/index.h"

#include <stdlib.h>
#include <string.h>

#include "core/nearest.h"

int weft_index_add(struct weft_index *index, const char *name, void *value)
{
	char *copy;

	if (index->n == index->size) {
		size_t size = index->size == 0 ? 64 : index->size * 2;
		struct weft_index_entry *more = realloc(index->entries, size * sizeof(*more));

		if (more == NULL)
			return -1;
		index->entries = more;
		index->size = size;
	}
	copy = strdup(name);
	if (copy == NULL)
		return -1;
	for (char *p = copy; *p != '\0'; p++)
		*p = weft_fold(*p);
	index->entries[index->n] = (struct weft_index_entry){ copy, value, index->n };
	index->n++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct weft_index_entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x->serial > y->serial) - (x->serial < y->serial);
}

void weft_index_sort(struct weft_index *index)
{
	if (index->n > 0)
		qsort(index->entries, index->n, sizeof(*index->entries), by_name);
}

/* strcmp() of a name as the caller wrote it with a folded one. */
static int compare(const char *name, const char *folded)
{
	while (*name != '\0' && weft_fold(*name) == *folded) {
		name++;
		folded++;
	}
	return (int)(unsigned char)weft_fold(*name) - (int)(unsigned char)*folded;
}

size_t weft_index_run(const struct weft_index *index, size_t i)
{
	size_t end = i + 1;

	while (end < index->n && strcmp(index->entries[end].name, index->entries[i].name) == 0)
		end++;
	return end - i;
}

const struct weft_index_entry *weft_index_find(const struct weft_index *index, const char *name, size_t *n)
{
	size_t low = 0, high = index->n;
	int found;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(name, index->entries[middle].name) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	found = low < index->n && compare(name, index->entries[low].name) == 0;
	if (n != NULL)
		*n = found ? weft_index_run(index, low) : 0;
	return found ? &index->entries[low] : NULL;
}

void weft_index_clear(struct weft_index *index)
{
	for (size_t i = 0; i < index->n; i++)
		free(index->entries[i].name);
	free(index->entries);
	*index = (struct weft_index){ 0 };
}
