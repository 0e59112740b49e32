/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sight_private.h - what the writers of answers share.
 */
#ifndef WEFT_SIGHT_PRIVATE_H
#define WEFT_SIGHT_PRIVATE_H

#include "core/error.h"
#include "core/sight.h"
#include "core/text.h"

/* An answer that grows, line by line, up to WEFT_SIGHT_MAX_TEXT; or one JSON object (doc/bbstat.md). */
struct weft_sheet {
	struct weft_text text; /* in JSON the line at hand */
	bool json;
	struct weft_text jot; /* the document */
	bool begun;	      /* it has a value at this level: the next one takes a comma */
	bool helping;	      /* the list of what would help is open */
	const char *key;      /* of the line at hand; NULL: it is for people alone */
	struct weft_err problem;
	const struct weft_sight *s;
	const struct weft_asker *asker;
	time_t now;
	size_t begin;	 /* of the line */
	size_t left_out; /* lines, or pieces of JSON, that had no room */
};

/* JSON false: lines.  -1: out of memory, and nothing is to be freed. */
int weft_sheet_make(struct weft_sheet *sheet);

/* The answer, malloc()ed; the sheet is empty then. */
char *weft_sheet_finish(struct weft_sheet *sheet);

/* There is no answer: "weft: ..." as a line; in JSON it is all that is said. */
#define weft_sheet_problem(sheet, ...)                                                                       \
	do {                                                                                                 \
		weft_err(&(sheet)->problem, __VA_ARGS__);                                                    \
		weft_sheet_line(sheet, "weft: %s", (sheet)->problem.text);                                   \
	} while (0)

/* The line is complete; one that has no room is left out as a whole, and counted. */
void weft_sheet_end_line(struct weft_sheet *sheet);

/* weft_say() and the end of the line. */
#define weft_sheet_line(sheet, ...)                                                                          \
	do {                                                                                                 \
		weft_say(&(sheet)->text, __VA_ARGS__);                                                       \
		weft_sheet_end_line(sheet);                                                                  \
	} while (0)

/* What programs get and people do not: nothing happens on a sheet of lines.  KEY is NULL in a list. */
enum weft_sheet_kind { WEFT_SHEET_OBJECT, WEFT_SHEET_LIST };
void weft_sheet_open(struct weft_sheet *sheet, const char *key, enum weft_sheet_kind kind);
void weft_sheet_close(struct weft_sheet *sheet, enum weft_sheet_kind kind);
void weft_sheet_number(struct weft_sheet *sheet, const char *key, int64_t value);
void weft_sheet_figure(struct weft_sheet *sheet, const char *key, double value);      /* NAN: null */
void weft_sheet_string(struct weft_sheet *sheet, const char *key, const char *value); /* NULL: null */
void weft_sheet_moment(struct weft_sheet *sheet, const char *key, time_t when);	      /* 0: null */

/* Begin a line that both get: "KEY: " after DEPTH steps, or a string of that name.  Of WEFT_SHEET_HELP all
 * that follow one another make a list.  weft_say() and weft_sheet_end_line() complete it.  KEY must live as
 * long as the sheet. */
#define WEFT_SHEET_HELP "would help"
void weft_sheet_begin(struct weft_sheet *sheet, unsigned depth, const char *key);

/* The same, in a list, as an object with WHAT and text; what would help is in it, too. */
void weft_sheet_topic(struct weft_sheet *sheet, const char *what);
void weft_sheet_end_topic(struct weft_sheet *sheet);

#define weft_sheet_say(sheet, depth, key, ...)                                                               \
	do {                                                                                                 \
		weft_sheet_begin(sheet, depth, key);                                                         \
		weft_sheet_line(sheet, __VA_ARGS__);                                                         \
	} while (0)

/* May the asker see the job? */
bool weft_sheet_may_see(const struct weft_sheet *sheet, const struct weft_sight_job *job);

/* The name of node INDEX, or "a node" when the asker may not see nodes. */
const char *weft_sheet_node_name(const struct weft_sheet *sheet, size_t index);

/* May the asker see nodes?  If not, a line says so. */
bool weft_sheet_may_see_nodes(struct weft_sheet *sheet);

/* "2025-03-01T14:05:00", local time; "14:05:00" when that is less than 20 h away. */
#define WEFT_CLOCK_SIZE 40
const char *weft_sheet_clock(const struct weft_sheet *sheet, time_t when, char buf[WEFT_CLOCK_SIZE]);

/* Job 0 of an array is "12_3", of those that are left "12". */
void weft_sheet_job_name(struct weft_sheet *sheet, const struct weft_sight_job *job);

void weft_sight_job(struct weft_sheet *sheet, const struct weft_sight_job *job);
void weft_sight_why(struct weft_sheet *sheet, const struct weft_sight_job *job);

void weft_sight_quote(struct weft_sheet *sheet, const char *request, const char *length);

/* What candidate C of JOB is missing on the nodes that it may have (by partition, or INTEREST when that is
 * not NULL).  -1: out of memory. */
struct weft_candidate;
struct weft_why;
int weft_sight_find(const struct weft_sight *s, const struct weft_sight_job *job,
		    const struct weft_sight_interest *interest, const struct weft_candidate *c,
		    struct weft_why *why);

/* Cards of class CLASS_ID on node INDEX: *TOTAL, and those that are *FREE. */
bool weft_sight_cards(const struct weft_sight *s, size_t index, unsigned class_id, unsigned *total,
		      unsigned *free);

extern const char *const weft_node_state_names[WEFT_NODE_STATES];
bool weft_node_usable(enum weft_node_state state);

#endif
