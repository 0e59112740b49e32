/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * screen.h - what standard output can show, and tables that fit it.
 */
#ifndef WEFT_SCREEN_H
#define WEFT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#define SCREEN_PLAIN_WIDTH 80 /* of what has no natural width, when no width is known */

struct screen {
	unsigned width; /* columns; 0: no limit */
	bool utf8;	/* a terminal that shows UTF-8; else all is ASCII */
	bool colour;	/* a terminal, NO_COLOR is not set, and TERM is not "dumb" */
};

enum ink { INK_PLAIN, INK_BOLD, INK_GOOD, INK_BAD, INK_HINT };

/* The width is COLUMNS, else the terminal's, else without limit.  Sets the process's LC_CTYPE. */
struct screen screen_of_stdout(void);

/* Print a line, cut to the width.  Out of memory ends the process. */
void screen_line(const struct screen *screen, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Print words behind INDENT spaces, on as many lines as it takes, those behind the first two spaces further
 * in. Out of memory ends the process. */
void screen_words(const struct screen *screen, enum ink ink, unsigned indent, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

struct column {
	const char *head;
	bool right;	/* aligned */
	unsigned least; /* it may be cut down to so many columns; 0: it may not */
	bool spare;	/* it may be left out when that is not enough; the last of these goes first */
};

#define TABLE_COLUMNS 10

struct table {
	const struct column *columns;
	unsigned n_columns;
	char **cells; /* row by row */
	size_t n, room;
};

void table_start(struct table *t, const struct column *columns, unsigned n);

/* Add the next cell.  Out of memory ends the process. */
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Print it, at most as wide as the screen, and give back what it holds. */
void table_print(struct table *t, const struct screen *screen);

#endif
