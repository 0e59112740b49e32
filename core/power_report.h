/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_report.h - the state of power and energy as a file: slurmctld writes it, "weft power" shows it.
 *
 * JSON; doc/power_report.md describes it, and "version" is raised when a key changes its meaning.  A key that
 * this version does not know is passed over.
 */
#ifndef WEFT_POWER_REPORT_H
#define WEFT_POWER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/error.h"

#define WEFT_REPORT_VERSION   1
#define WEFT_REPORT_MAX_BYTES (64u * 1024 * 1024)
#define WEFT_REPORT_MAX_TEXT  8192		 /* bytes of one string */
#define WEFT_REPORT_MAX_WATTS 1000000000000000ll /* W, of one figure */
#define WEFT_REPORT_MAX_TIME  7258118399ll	 /* the end of the year 2199 */
#define WEFT_REPORT_NO_CAP    (-1)		 /* of a cap in W */
#define WEFT_REPORT_UNKNOWN   (-1)		 /* of measured W */

/* A moment from which on these hold. */
struct weft_report_step {
	time_t from;
	int64_t cap;   /* W, or WEFT_REPORT_NO_CAP */
	int64_t drawn; /* W projected */
};

struct weft_report_zone {
	char *name, *nodes; /* NODES: as in weft.conf; NULL: all */
	int64_t idle;	    /* W of nodes that are on, without jobs */
	int64_t measured;   /* W measured now, or WEFT_REPORT_UNKNOWN */
	int64_t measured_nodes;
	struct weft_report_step *steps; /* 24 h, ascending, at least one: the first holds now */
	unsigned n_steps;
};

struct weft_report_class {
	char *label;	   /* "gpu:h100" */
	double idle, peak; /* W of a device */
	double factor;	   /* learned: what a busy one draws of peak - idle */
	uint64_t samples;
};

/* A job that waits for power. */
struct weft_report_waiting {
	uint32_t job;
	char *zone;		/* whose cap it is */
	int64_t needed, cap;	/* W of the zone: with the job, and what may be */
	time_t since, earliest; /* EARLIEST 0: not with this cap */
	bool reserved;		/* it has waited long: its start is kept free */
};

/* A job with --energy. */
struct weft_report_window {
	uint32_t job;
	char *goal; /* "green", "cheap" */
	bool running;
	time_t start, end, deadline; /* of the (first) window; when it must have ended; 0: none */
	double mean, mean_now;	     /* of the series then and now; NAN: not known */
};

struct weft_report_value {
	time_t from;
	double value; /* NAN: not known */
};

/* A file that slurmctld reads. */
struct weft_report_source {
	char *path;			  /* NULL: none is configured; the rest then says nothing */
	char *state;			  /* "used", "stale", "missing", "broken: ..." */
	time_t modified;		  /* 0: not known */
	double now;			  /* the value now (price, carbon); NAN: not known */
	struct weft_report_value *values; /* 24 h from now on, ascending; not for the signal */
	unsigned n_values;
};

struct weft_report {
	char *cluster;
	time_t time;
	unsigned interval;			 /* s between two of them */
	char *currency;				 /* of the price, per MWh; NULL: not said */
	struct weft_report_source signal;	 /* caps */
	struct weft_report_source price, carbon; /* carbon: gCO2/kWh */
	struct weft_report_zone *zones;
	unsigned n_zones;
	struct weft_report_class *classes;
	unsigned n_classes;
	struct weft_report_waiting *waiting;
	unsigned n_waiting;
	struct weft_report_window *windows;
	unsigned n_windows;
};

/* All strings and arrays are malloc()ed and the report's.  R is all zero then. */
void weft_report_clear(struct weft_report *r);

/* R as JSON, malloc()ed, *LEN bytes and a NUL behind them.  A figure that is out of its range is put at the
 * end of the range, INT64_MAX for a cap is WEFT_REPORT_NO_CAP too, bytes that are no text become '?', a NULL
 * where a string must be becomes "".  NULL with ERR: out of memory, more than WEFT_REPORT_MAX_BYTES, a zone
 * without a step, or steps or values that do not ascend. */
char *weft_report_text(const struct weft_report *r, size_t *len, struct weft_err *err);

/* Write it to PATH, mode 0644, by way of a file beside it that is then renamed: whoever reads sees the old
 * one or the new one.  The directory must be there.  -1 with ERR.  Writes a file: not under a Slurm lock. */
int weft_report_save(const struct weft_report *r, const char *path, struct weft_err *err);

/* 0 with *R, for weft_report_clear(); -1 with ERR and *R all zero.  The text may come from anywhere; NAME is
 * for messages.  Loading reads a file: not under a Slurm lock. */
int weft_report_load(struct weft_report *r, const char *path, struct weft_err *err);
int weft_report_parse(struct weft_report *r, const char *name, const char *text, size_t len,
		      struct weft_err *err);

#endif
