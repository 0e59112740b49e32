/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * series.h - a figure over time, as a file gives it: the price of energy, the carbon intensity of the grid.
 *
 * A value holds from its time to that of the next; the last one holds as long as the one before it did, at
 * most a day (an hour when it is the only one).  Times may lie in the future: then they are a forecast.  A
 * blank value says that nothing is known from there to the next one.
 *
 * What is not known is taken from the days before it (persistence): the mean of the same time of day on up to
 * 14 of them, plus what the last known value was above its own such mean, of which 5 per cent go each hour;
 * never beyond the least and the largest value of those days.  A gap within the file is filled so for 7 days;
 * what comes after the last value too, and after these the 7th day repeats itself.  doc/energy.md has the
 * format (CSV "time,value" or JSON
 * [{"time": ..., "value": ...}]) and how good the rule is.
 *
 * Constant once it is read: any number of threads may ask.
 */
#ifndef WEFT_SERIES_H
#define WEFT_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "core/error.h"

#define WEFT_SERIES_MAX_BYTES  (8u * 1024 * 1024)
#define WEFT_SERIES_MAX_POINTS 200000
#define WEFT_SERIES_MAX_RANGE  (10ll * 366 * 86400) /* s from the first to the last time */
#define WEFT_SERIES_MAX_VALUE  1e12

struct weft_series;

/* Read PATH.  NULL with ERR "grid.csv:12: ...".  Reads a file: not under a Slurm lock. */
struct weft_series *weft_series_load(const char *path, struct weft_err *err);
/* The same of TEXT, LEN bytes; PATH is for messages. */
struct weft_series *weft_series_parse(const char *path, const char *text, size_t len, struct weft_err *err);
void weft_series_destroy(struct weft_series *series); /* NULL is allowed */

/* The value at WHEN; NAN when there is none to take, not even from an earlier day. */
double weft_series_at(const struct weft_series *series, time_t when);

/* The mean over [FROM, TO), weighted by time; NAN when any of it is unknown, or when it is empty.  Takes the
 * time of two searches, however long it is. */
double weft_series_mean(const struct weft_series *series, time_t from, time_t to);

/* The first moment after WHEN at which the value (of persistence too) may change; -1 when there is none. */
time_t weft_series_next(const struct weft_series *series, time_t when);

time_t weft_series_last(const struct weft_series *series); /* the end of the last value that the file gives */

#endif
