/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_plot.h - the plots of the page, as SVG; colours are classes of the page's style sheet.
 */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include "tools/report.h"

#define PLOT_COLOURS 8 /* c0 to c7 */

/* TEXT, with what HTML takes for its own, or a terminal or browser for an order, made harmless. */
void plot_text(FILE *f, const char *text);

/* Utilisation of the classes over the period: at most PLOT_COLOURS lines.  FIRST are their numbers, N of
 * them. */
void plot_utilisation(const struct report *report, const unsigned *first, unsigned n, FILE *f);
void plot_energy(const struct report *report, FILE *f);

/* Compute owned and in use, by class. */
void plot_compute(const struct report *report, const unsigned *first, unsigned n, FILE *f);

/* Median to 95th percentile, by class and policy; at most so many rows. */
#define PLOT_WAITS 24
void plot_waits(const struct report *report, FILE *f);

#endif
