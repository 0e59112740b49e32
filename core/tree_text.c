/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree_text.c - the text form of a recorded machine: its reader and its writer.
 */
#include <stdlib.h>
#include <string.h>

#include "core/scan.h"
#include "core/tree_private.h"

#define HEADER "weft-machine 1"

/* What is being read, for messages. */
struct place {
	const char *name;
	unsigned line;
	struct weft_err *err;
};

static int bad(const struct place *at, const char *what)
{
	return weft_err(at->err, "%s:%u: %s", at->name, at->line, what);
}

/* What is wrong with the LEN bytes of PATH, or NULL. */
static const char *path_flaw(const char *path, size_t len)
{
	size_t start = 0;

	if (len == 0 || len >= WEFT_TREE_MAX_PATH)
		return len == 0 ? "a path is missing" : "the path is too long";
	for (size_t i = 0; i <= len; i++) {
		if (i < len && path[i] != '/')
			continue;
		if (i == start || (i - start == 1 && path[start] == '.') ||
		    (i - start == 2 && path[start] == '.' && path[start + 1] == '.'))
			return "a path is relative to the root, without empty parts, \".\" and \"..\"";
		start = i + 1;
	}
	return NULL;
}

/* TEXT of LEN bytes without its escapes, into OUT of WEFT_TREE_MAX_VALUE + 1 bytes.  What is wrong, or NULL.
 */
static const char *unescape(const char *text, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\\') {
			i++;
			c = i < len ? text[i] : '\0';
			if (c != 'n' && c != 't' && c != '\\')
				return "after a backslash must come n, t or another backslash";
			c = c == 'n' ? '\n' : c == 't' ? '\t' : '\\';
		}
		if (n >= WEFT_TREE_MAX_VALUE)
			return "the value is too long";
		out[n++] = c;
	}
	out[n] = '\0';
	return NULL;
}

static int parse_line(struct weft_tree *tree, struct place *at, const char *line, size_t len)
{
	const char *equals = memmem(line, len, " = ", 3), *arrow = memmem(line, len, " -> ", 4), *why;
	enum weft_tree_kind kind = WEFT_TREE_NAME;
	char value[WEFT_TREE_MAX_VALUE + 1];
	size_t path_len = len, skip = 0;

	if (len >= 2 && strncmp(line + len - 2, " =", 2) == 0 && !equals && !arrow) { /* an empty value */
		kind = WEFT_TREE_VALUE;
		path_len = len - 2;
		skip = 2;
	} else if (equals && (!arrow || equals < arrow)) {
		kind = WEFT_TREE_VALUE;
		path_len = (size_t)(equals - line);
		skip = 3;
	} else if (arrow) {
		kind = WEFT_TREE_LINK;
		path_len = (size_t)(arrow - line);
		skip = 4;
	}
	why = path_flaw(line, path_len);
	if (!why && kind != WEFT_TREE_NAME)
		why = unescape(line + path_len + skip, len - path_len - skip, value);
	if (why)
		return bad(at, why);
	if (tree->n >= WEFT_TREE_MAX_ENTRIES)
		return bad(at, "more than 20000 files");
	if (weft_tree_append(tree, kind, line, path_len, kind == WEFT_TREE_NAME ? NULL : value) < 0)
		return bad(at, "out of memory");
	tree->entries[tree->n - 1].line = at->line;
	return 0;
}

/* Two lines about one file contradict each other. */
static int check_duplicates(const struct weft_tree *tree, struct place *at)
{
	for (size_t i = 1; i < tree->n; i++) {
		const struct weft_tree_entry *a = &tree->entries[i - 1], *b = &tree->entries[i];

		if (strcmp(a->path, b->path) == 0) {
			at->line = a->line > b->line ? a->line : b->line;
			return weft_err(at->err, "%s:%u: line %u has the same path", at->name, at->line,
					a->line < b->line ? a->line : b->line);
		}
	}
	return 0;
}

static int parse_lines(struct weft_tree *tree, struct place *at, const char *text, size_t len)
{
	bool header = false;

	for (size_t i = 0; i < len;) {
		const char *line = text + i, *end = memchr(line, '\n', len - i);
		size_t n = end ? (size_t)(end - line) : len - i;

		i += n + 1;
		at->line++;
		for (size_t k = 0; k < n; k++)
			if ((unsigned char)line[k] < 0x20 || (unsigned char)line[k] >= 0x7f)
				return bad(at, "only printable ASCII characters are allowed");
		while (n > 0 && line[n - 1] == ' ')
			n--;
		if (n == 0 || line[0] == '#')
			continue;
		if (!header) {
			if (n != strlen(HEADER) || strncmp(line, HEADER, n) != 0)
				return bad(at, "the first line must be \"" HEADER "\"");
			header = true;
		} else if (parse_line(tree, at, line, n) < 0) {
			return -1;
		}
	}
	return header ? 0 : weft_err(at->err, "%s: there is no line \"" HEADER "\"", at->name);
}

struct weft_tree *weft_tree_parse(const char *name, const char *text, size_t len, struct weft_err *err)
{
	struct place at = { .name = name, .err = err };
	struct weft_tree *tree;

	if (len > WEFT_TREE_MAX_BYTES) {
		weft_err(err, "%s: %zu bytes; at most %u are allowed", name, len, WEFT_TREE_MAX_BYTES);
		return NULL;
	}
	tree = calloc(1, sizeof(*tree));
	if (!tree) {
		weft_err(err, "%s: out of memory", name);
		return NULL;
	}
	if (parse_lines(tree, &at, text, len) == 0) {
		weft_tree_sort(tree);
		if (check_duplicates(tree, &at) == 0)
			return tree;
	}
	weft_tree_destroy(tree);
	return NULL;
}

static void write_value(const char *value, FILE *out)
{
	for (; *value != '\0'; value++) {
		if (*value == '\n' || *value == '\t' || *value == '\\') {
			fputc('\\', out);
			fputc(*value == '\n' ? 'n' : *value == '\t' ? 't' : '\\', out);
		} else {
			fputc(*value, out);
		}
	}
}

int weft_tree_write(const struct weft_tree *tree, FILE *out, struct weft_err *err)
{
	if (tree->lost)
		return weft_err(err, "out of memory, or more than 20000 files");
	fputs(HEADER "\n", out);
	for (size_t i = 0; i < tree->n; i++) {
		const struct weft_tree_entry *e = &tree->entries[i];

		fputs(e->path, out);
		if (e->kind != WEFT_TREE_NAME) {
			fputs(e->kind == WEFT_TREE_LINK ? " -> " : e->value[0] != '\0' ? " = " : " =", out);
			write_value(e->value, out);
		}
		fputc('\n', out);
	}
	return 0;
}
