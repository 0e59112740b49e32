/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statement.h - what one site bought from or sold to another in some time, line by line, and what two such
 * statements disagree about.  doc/ledger.md is the format (JSON).
 *
 * Pure: no clock, no I/O.
 */
#ifndef WEFT_STATEMENT_H
#define WEFT_STATEMENT_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/error.h"
#include "core/handover.h"

#define WEFT_STATEMENT_VERSION	 1
#define WEFT_STATEMENT_MAX_BYTES (256u * 1024 * 1024)
#define WEFT_STATEMENT_MAX_LINES 1000000
#define WEFT_STATEMENT_WORD	 256 /* bytes of a name, with its NUL */

/* A run that cost something.  KEY and REMOTE_ID say which; both sides know them. */
struct weft_statement_line {
	char key[WEFT_HANDOVER_KEY];
	uint32_t remote_id;
	char peer[WEFT_STATEMENT_WORD]; /* who sold; "": the one that made the statement */
	char user[WEFT_STATEMENT_WORD], account[WEFT_STATEMENT_WORD],
		gres[WEFT_STATEMENT_WORD];     /* "": not known */
	int64_t cards, price, seconds, amount; /* PRICE for a card and hour; both in micro-units of */
	char currency[4];
	time_t start, end;
};

struct weft_statement {
	struct weft_statement_line *lines;
	size_t n;
};

/* A new object; NULL: out of memory. */
json_object *weft_statement_line_json(const struct weft_statement_line *line);

/* The lines of ROOT, an object as doc/ledger.md has it, behind those that STATEMENT (zeroed at first) has.
 * FILE is for messages: "FILE: lines, entry 2: amount: ...".  -1 with ERR. */
int weft_statement_read(const char *file, json_object *root, struct weft_statement *statement,
			struct weft_err *err);
void weft_statement_clear(struct weft_statement *statement);

/* "2026-11": from when until before when, in UTC.  -1: it is no month. */
int weft_statement_month(const char *text, time_t *from, time_t *to);

enum weft_difference {
	WEFT_DIFFERENCE_MISSING_HERE,
	WEFT_DIFFERENCE_MISSING_THERE,
	WEFT_DIFFERENCE_TWICE_HERE,
	WEFT_DIFFERENCE_TWICE_THERE,
	WEFT_DIFFERENCE_ALTERED, /* the amount, or its currency */
};

/* Name each difference between HERE and THERE, whose lines are sorted by this; HERE or THERE is NULL in EACH
 * where there is none.  One side alone may have a run that cost nothing: of one that was cancelled as it began
 * two accountings may not agree whether it ran.  How many there are; -1 when EACH returned -1. */
typedef int (*weft_statement_each)(void *arg, enum weft_difference what,
				   const struct weft_statement_line *here,
				   const struct weft_statement_line *there);
int64_t weft_statement_compare(struct weft_statement *here, struct weft_statement *there,
			       weft_statement_each each, void *arg);

#endif
