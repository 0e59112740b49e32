/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_report_private.h - what is in a report, as tables: reading, writing and freeing all follow them.
 */
#ifndef WEFT_POWER_REPORT_PRIVATE_H
#define WEFT_POWER_REPORT_PRIVATE_H

#include "core/power_report.h"

enum weft_report_kind {
	WEFT_REPORT_TEXT,   /* char * */
	WEFT_REPORT_TIME,   /* time_t */
	WEFT_REPORT_WATTS,  /* int64_t, also for counts */
	WEFT_REPORT_UINT,   /* unsigned, uint32_t */
	WEFT_REPORT_COUNT,  /* uint64_t */
	WEFT_REPORT_NUMBER, /* double; null: NAN */
	WEFT_REPORT_FLAG,   /* bool */
	WEFT_REPORT_LIST,   /* a pointer to n entries */
	WEFT_REPORT_SOURCE  /* a struct weft_report_source; null: its path is NULL */
};

struct weft_report_shape;

/* A key of an object, and where its value is in the struct. */
struct weft_report_key {
	const char *name; /* NULL ends a table */
	enum weft_report_kind kind;
	size_t offset;
	bool null;			    /* may be null: NULL, 0 of a time, -1 of watts */
	const struct weft_report_shape *of; /* LIST, SOURCE: what is in it */
	size_t count;			    /* LIST: where the number of entries is */
};

struct weft_report_shape {
	const struct weft_report_key *keys;
	size_t size; /* of the struct */
};

extern const struct weft_report_shape weft_report_shape;

/* What the tables cannot say: -1 with ERR, which begins with NAME, when steps or values do not ascend. */
int weft_report_check(const struct weft_report *r, const char *name, struct weft_err *err);

#endif
