/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_plot.h - the next 24 h of a zone, of prices and of carbon, in characters.
 */
#ifndef WEFT_POWER_PLOT_H
#define WEFT_POWER_PLOT_H

#include "core/power_report.h"
#include "tools/screen.h"

#define PLOT_SPAN 86400 /* s */

/* Text of WATTS with DIGITS (3 or 4) digits: "412 kW", "1.052 MW", "-12 kW".  Returns BUF. */
#define WATTS_SIZE 32
const char *watts_text(int64_t watts, int digits, char buf[WATTS_SIZE]);

/* The largest power or cap, in W, of ZONE in the 24 h from NOW on. */
int64_t plot_most(const struct weft_report_zone *zone, time_t now);

/* Projected power of ZONE against its cap in these 24 h; nothing when all is 0. */
void plot_zone(const struct screen *screen, const struct weft_report_zone *zone, time_t now);

/* One line of SOURCE's values, from least to most; nothing when none is known. */
void plot_values(const struct screen *screen, const char *label, const struct weft_report_source *source,
		 time_t now);

/* The axis of times below such lines. */
void plot_times(const struct screen *screen, time_t now);

/* The least and the most of the values of SOURCE that hold in the 24 h from NOW on.  False: none is known. */
bool plot_range(const struct weft_report_source *source, time_t now, double *least, double *most);

#endif
