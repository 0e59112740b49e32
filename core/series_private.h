/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * series_private.h - what reading a series and using it have in common.
 */
#ifndef WEFT_SERIES_PRIVATE_H
#define WEFT_SERIES_PRIVATE_H

#include "core/series.h"

/* What a file says; times ascend. */
struct weft_point {
	time_t when;
	double value; /* NAN: blank */
};

struct weft_points {
	struct weft_point *p;
	size_t n, room;
};

/* Read TEXT (CSV or JSON) into POINTS, which is empty.  -1 with ERR; give back POINTS->p with free() in any
 * case. */
int weft_series_read(struct weft_points *points, const char *path, const char *text, size_t len,
		     struct weft_err *err);

#endif
