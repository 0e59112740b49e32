/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - the files below /sys, /proc and /dev that describe a machine: the live ones, or a recorded copy.
 *
 * A recorded tree is one text (doc/detect.md): the line "weft-machine 1", then a line for each file.
 *
 *	# a remark
 *	sys/bus/pci/devices/0000:1b:00.0/vendor = 0x10de
 *	sys/bus/pci/devices/0000:1b:00.0 -> ../../../devices/pci0000:15/0000:15:01.0/0000:1b:00.0
 *	dev/nvidia0
 *
 * for a file with what it holds, a link with where it points, and a name that is there.  In a value \n, \t
 *and \\ stand for a line feed, a tab and a backslash.  A part of a file is recorded as FILE:KEY.  Paths are
 *relative to the root; links are never followed, so there are no loops.
 *
 * One thread at a time may use a tree.
 */
#ifndef WEFT_TREE_H
#define WEFT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/error.h"

#define WEFT_TREE_MAX_BYTES   (1024u * 1024) /* of a recorded tree */
#define WEFT_TREE_MAX_ENTRIES 20000
#define WEFT_TREE_MAX_PATH    256
#define WEFT_TREE_MAX_VALUE   2048 /* bytes of one file that are read; a longer one counts as unreadable */
#define WEFT_TREE_MAX_NAMES   4096 /* of one directory */
#define WEFT_TREE_MAX_NOTES   16

struct weft_tree;

/* Names in a directory, sorted so that card2 comes before card10. */
struct weft_names {
	char **names;
	size_t n;
};

/* The machine this runs on, with ROOT ("/"; tests have others) for the root directory.  NULL when out of
 * memory. */
struct weft_tree *weft_tree_live(const char *root);

/* A recorded tree; NAME is used in messages ("NAME:12: what is wrong").  NULL with ERR. */
struct weft_tree *weft_tree_parse(const char *name, const char *text, size_t len, struct weft_err *err);

void weft_tree_destroy(struct weft_tree *tree); /* NULL is allowed */

bool weft_tree_is_live(const struct weft_tree *tree);

/* What a file holds, without white space at the end, into BUF of SIZE bytes.  The path is given as to printf,
 * without a leading "/".  Returns its length, or -1 when there is no such file or it cannot be read; in the
 * second case, and when it holds bytes that are no text, a note says so. */
int weft_tree_read(struct weft_tree *tree, char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same for one line of it: "KEY: value" or "KEY value". */
int weft_tree_field(struct weft_tree *tree, char *buf, size_t size, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* A file that holds one number, "0x10de" or "312"; -1 when it cannot be read or holds none, or one above MAX.
 */
long long weft_tree_number(struct weft_tree *tree, long long max, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Where a link points, as it is written; -1 when there is none. */
int weft_tree_link(struct weft_tree *tree, char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Is there a file, directory or link of this name? */
bool weft_tree_exists(struct weft_tree *tree, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The names in a directory that begin with PREFIX.  0, also when there is no such directory; -1 when out of
 * memory. weft_names_clear() frees them. */
int weft_tree_list(struct weft_tree *tree, struct weft_names *names, const char *prefix, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void weft_names_clear(struct weft_names *names);

/* From now on keep what is read (ON), or not.  weft_tree_keep() adds a value that was not read from a file.
 * -1 when out of memory. */
void weft_tree_record(struct weft_tree *tree, bool on);
int weft_tree_keep(struct weft_tree *tree, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Write what was kept, or all of a recorded tree.  -1 with ERR when memory ran out while it was kept. */
int weft_tree_write(const struct weft_tree *tree, FILE *out, struct weft_err *err);

/* What could not be read: text I, NULL when there are no more. */
const char *weft_tree_note(const struct weft_tree *tree, size_t i);

#endif
