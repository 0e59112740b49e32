/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sight_private.h - what the writers of answers share.
 */
#ifndef WEFT_SIGHT_PRIVATE_H
#define WEFT_SIGHT_PRIVATE_H

#include "core/sight.h"
#include "core/text.h"

/* An answer that grows, line by line, up to WEFT_SIGHT_MAX_TEXT. */
struct weft_sheet {
	struct weft_text text;
	const struct weft_sight *s;
	const struct weft_asker *asker;
	time_t now;
	size_t begin;	 /* of the line */
	size_t left_out; /* lines that had no room */
};

/* The line is complete; one that has no room is left out as a whole, and counted. */
void weft_sheet_end_line(struct weft_sheet *sheet);

/* weft_say() and the end of the line. */
#define weft_sheet_line(sheet, ...)                                                                          \
	do {                                                                                                 \
		weft_say(&(sheet)->text, __VA_ARGS__);                                                       \
		weft_sheet_end_line(sheet);                                                                  \
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

void weft_sight_classes(struct weft_sheet *sheet);
void weft_sight_nodes(struct weft_sheet *sheet);
void weft_sight_power(struct weft_sheet *sheet);
void weft_sight_job(struct weft_sheet *sheet, const struct weft_sight_job *job);
void weft_sight_why(struct weft_sheet *sheet, const struct weft_sight_job *job);

/* Cards of class CLASS_ID on node INDEX: *TOTAL, and those that are *FREE. */
bool weft_sight_cards(const struct weft_sight *s, size_t index, unsigned class_id, unsigned *total,
		      unsigned *free);

extern const char *const weft_node_state_names[WEFT_NODE_STATES];
bool weft_node_usable(enum weft_node_state state);

#endif
