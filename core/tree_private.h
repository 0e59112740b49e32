/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree_private.h - what tree.c and tree_text.c share.
 */
#ifndef WEFT_TREE_PRIVATE_H
#define WEFT_TREE_PRIVATE_H

#include "core/tree.h"

enum weft_tree_kind { WEFT_TREE_NAME, WEFT_TREE_VALUE, WEFT_TREE_LINK };

struct weft_tree_entry {
	char *path;
	char *value; /* NULL for a name */
	enum weft_tree_kind kind;
	unsigned line; /* of the recording; 0: none */
};

struct weft_tree {
	char *root;			 /* NULL: recorded */
	struct weft_tree_entry *entries; /* sorted by path */
	size_t n, size;
	bool record, lost; /* LOST: something could not be kept */
	char *notes[WEFT_TREE_MAX_NOTES];
	size_t n_notes;
};

/* Append an entry out of order; -1 when out of memory. */
int weft_tree_append(struct weft_tree *tree, enum weft_tree_kind kind, const char *path, size_t path_len,
		     const char *value);
void weft_tree_sort(struct weft_tree *tree);

#endif
