/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - the indicators of a period, shown: as tables, as JSON, as a page.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "core/error.h"
#include "tools/report_gather.h"

#define REPORT_VERSION	 1
#define REPORT_TEXT_SIZE 48

struct report {
	const struct gather *g;
	const struct weft_usage_result *r;
	const char *account; /* NULL: all */
};

/* Of a class, as means over the period. */
struct report_class {
	const struct weft_class *class;
	const struct weft_fleet_class *now;
	const struct weft_usage_class *use;
	double owned;			  /* card-seconds */
	double utilisation;		  /* 0 to 1; NAN: no cards */
	double owned_tflops, used_tflops; /* NAN: not known */
	uint64_t free;			  /* now */
	double fragmentation; /* of the free cards those that are stranded; NAN: none is free, or USUAL is not
				 known */
};

/* Over all classes; cards whose compute is not known are left out of the TFLOPS. */
struct report_sum {
	double cards, owned, used, owned_tflops, used_tflops, unknown_cards;
};

struct report_class report_class(const struct report *report, unsigned i);
struct report_sum report_sum(const struct report *report);

/* "soon", or "-" without --accel. */
const char *report_policy(unsigned policy);

/* "2025-03-01 08:00", or for axes "01 Mar 08:00", in local time.  Returns BUF. */
const char *report_moment(time_t when, bool year, char buf[REPORT_TEXT_SIZE]);

/* "45 s", "12 min", "5.2 h", "3.1 d".  Return BUF. */
const char *report_seconds(double seconds, char buf[REPORT_TEXT_SIZE]);
const char *report_tflops(double tflops, char buf[REPORT_TEXT_SIZE]); /* "1.23 PFLOPS"; "-" for NAN */
const char *report_per_cent(double part, char buf[REPORT_TEXT_SIZE]); /* "12.3 %"; "-" for NAN */
const char *report_number(double value, char buf[REPORT_TEXT_SIZE]);  /* four digits or whole */
const char *report_cost(const struct report *report, const struct weft_usage_account *a,
			char buf[REPORT_TEXT_SIZE]);
const char *report_carbon(const struct report *report, const struct weft_usage_account *a,
			  char buf[REPORT_TEXT_SIZE]);

/* What the figures leave out, a sentence; NULL behind the last.  I counts from 0. */
const char *report_note(const struct report *report, unsigned i, char *buf, size_t size);

void report_tables(const struct report *report);

/* -1 with ERR: out of memory. */
int report_json(const struct report *report, FILE *f, struct weft_err *err);

/* One page that needs nothing else. */
void report_html(const struct report *report, FILE *f);

#endif
