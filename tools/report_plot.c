/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_plot.c - plots of indicators, as SVG.
 */
#include "tools/report_plot.h"

#include <math.h>
#include <string.h>

#define WIDTH	860.0 /* of a plot, in its own units */
#define LEFT	64.0  /* of the axis */
#define RIGHT	12.0
#define TOP	12.0
#define HEIGHT	200.0 /* of what is plotted over time */
#define BOTTOM	26.0
#define TICKS	5     /* on the axis of time */
#define ROW	26.0  /* of a bar with a label */
#define LABELS	190.0 /* left of such bars */
#define FIGURES 215.0 /* right of them */

void plot_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\'':
			fputs("&#39;", f);
			break;
		default:
			fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, f);
		}
	}
}

static double x_of(double part)
{
	return LEFT + part * (WIDTH - LEFT - RIGHT);
}

static double y_of(double part)
{
	return TOP + (1 - part) * HEIGHT;
}

static void begin(FILE *f, double height, const char *title)
{
	fprintf(f, "<svg viewBox=\"0 0 %g %g\" role=\"img\"><title>", WIDTH, height);
	plot_text(f, title);
	fputs("</title>\n", f);
}

/* Lines across at quarters of MOST, and the moments below. */
static void draw_axes(const struct report *report, double most, const char *format, FILE *f)
{
	for (unsigned i = 0; i <= 4; i++) {
		double y = y_of(i / 4.0);

		fprintf(f, "<line class=\"%s\" x1=\"%g\" y1=\"%.1f\" x2=\"%g\" y2=\"%.1f\"/>",
			i ? "grid" : "axis", LEFT, y, WIDTH - RIGHT, y);
		fprintf(f, "<text class=\"end\" x=\"%g\" y=\"%.1f\">", LEFT - 6, y + 4);
		fprintf(f, strcmp(format, "%") ? "%.3g" : "%.0f %%", most * i / 4.0);
		fputs("</text>\n", f);
	}
	for (unsigned i = 0; i < TICKS; i++) {
		double part = (double)i / (TICKS - 1);
		time_t when = report->r->from + (time_t)(part * (double)(report->r->to - report->r->from));
		char text[REPORT_TEXT_SIZE];

		fprintf(f, "<text class=\"%s\" x=\"%.1f\" y=\"%g\">",
			!i		? ""
			: i + 1 < TICKS ? "middle"
					: "end",
			x_of(part), TOP + HEIGHT + 18);
		plot_text(f, report_moment(when, false, text));
		fputs("</text>\n", f);
	}
}

/* ---------------------------------------------------------------- over time */

void plot_utilisation(const struct report *report, const unsigned *first, unsigned n, FILE *f)
{
	begin(f, TOP + HEIGHT + BOTTOM, "Utilisation over time");
	draw_axes(report, 100, "%", f);
	for (unsigned k = n; k-- > 0;) { /* the most important on top */
		struct report_class c = report_class(report, first[k]);

		if (!(c.owned > 0))
			continue;
		fprintf(f, "<path class=\"line c%u\" d=\"", k);
		for (unsigned i = 0; i < WEFT_USAGE_SLOTS; i++) {
			double part = fmin(c.use->slots[i] * WEFT_USAGE_SLOTS / c.owned, 1);

			if (i == 0)
				fprintf(f, "M%.1f %.1f", x_of(0), y_of(part));
			else
				fprintf(f, "V%.1f", y_of(part));
			fprintf(f, "H%.1f", x_of((i + 1.0) / WEFT_USAGE_SLOTS));
		}
		fputs("\"><title>", f);
		plot_text(f, c.class->label);
		fputs("</title></path>\n", f);
	}
	fputs("</svg>\n", f);
}

/* A whole and round number that is at least X. */
static double round_up(double x)
{
	double unit = pow(10, floor(log10(x)));

	return x <= unit       ? unit
	       : x <= 2 * unit ? 2 * unit
	       : x <= 4 * unit ? 4 * unit
	       : x <= 8 * unit ? 8 * unit
			       : 10 * unit;
}

void plot_energy(const struct report *report, FILE *f)
{
	double hours = (double)(report->r->to - report->r->from) / WEFT_USAGE_SLOTS / 3600, most = 0;

	for (unsigned i = 0; i < WEFT_USAGE_SLOTS; i++)
		most = fmax(most, report->r->energy[i] / hours);
	most = round_up(most > 0 ? most : 1);
	begin(f, TOP + HEIGHT + BOTTOM, "Power over time, in kW");
	draw_axes(report, most, "", f);
	for (unsigned i = 0; i < WEFT_USAGE_SLOTS; i++) {
		double part = report->r->energy[i] / hours / most,
		       width = x_of(1.0 / WEFT_USAGE_SLOTS) - x_of(0);

		if (part > 0)
			fprintf(f,
				"<rect class=\"bar c0\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
				"height=\"%.1f\"/>\n",
				x_of((double)i / WEFT_USAGE_SLOTS) + 0.5, y_of(part), width - 1,
				HEIGHT * part);
	}
	fputs("</svg>\n", f);
}

/* ---------------------------------------------------------------- bars with labels */

struct bar {
	char label[96];
	double solid, faint; /* 0 to 1; the faint one lies below */
	unsigned colour;
	char figure[2 * REPORT_TEXT_SIZE + 8];
};

static void draw_bar(FILE *f, const struct bar *b, unsigned row)
{
	double y = TOP + row * ROW, width = WIDTH - LABELS - FIGURES;

	fprintf(f, "<text class=\"end\" x=\"%g\" y=\"%g\">", LABELS - 8, y + 15);
	plot_text(f, b->label);
	fprintf(f,
		"</text><rect class=\"bar faint c%u\" x=\"%g\" y=\"%g\" width=\"%.1f\" height=\"16\" "
		"rx=\"2\"/>",
		b->colour, LABELS, y + 2, b->faint * width);
	fprintf(f, "<rect class=\"bar c%u\" x=\"%g\" y=\"%g\" width=\"%.1f\" height=\"16\" rx=\"2\"/>",
		b->colour, LABELS, y + 2, b->solid * width);
	fprintf(f, "<text x=\"%.1f\" y=\"%g\">", LABELS + fmax(b->faint, b->solid) * width + 6, y + 15);
	plot_text(f, b->figure);
	fputs("</text>\n", f);
}

void plot_compute(const struct report *report, const unsigned *first, unsigned n, FILE *f)
{
	double most = 0;
	unsigned row = 0;

	for (unsigned k = 0; k < n; k++) {
		struct report_class c = report_class(report, first[k]);

		row += !isnan(c.owned_tflops);
		most = fmax(most, c.owned_tflops); /* NAN counts for nothing */
	}
	if (!(most > 0))
		return;
	begin(f, TOP * 2 + row * ROW, "Compute in use and owned");
	row = 0;
	for (unsigned k = 0; k < n; k++) {
		struct report_class c = report_class(report, first[k]);
		char used[REPORT_TEXT_SIZE], owned[REPORT_TEXT_SIZE];
		struct bar b = { .colour = k };

		if (isnan(c.owned_tflops))
			continue;
		b.solid = fmin(c.used_tflops / most, 1);
		b.faint = c.owned_tflops / most;
		snprintf(b.label, sizeof(b.label), "%.80s", c.class->label);
		snprintf(b.figure, sizeof(b.figure), "%s of %s", report_tflops(c.used_tflops, used),
			 report_tflops(c.owned_tflops, owned));
		draw_bar(f, &b, row++);
	}
	fputs("</svg>\n", f);
}

/* Bars of one colour: a row is a class and a policy. */
void plot_waits(const struct report *report, FILE *f)
{
	size_t n = report->r->n_waits < PLOT_WAITS ? report->r->n_waits : PLOT_WAITS;
	double most = 0;

	for (size_t i = 0; i < n; i++)
		most = fmax(most, report->r->waits[i].p95);
	if (n == 0 || most <= 0)
		return;
	begin(f, TOP * 2 + (double)n * ROW, "Waiting, median and 95th percentile");
	for (size_t i = 0; i < n; i++) {
		const struct weft_usage_wait *w = &report->r->waits[i];
		char median[REPORT_TEXT_SIZE], p95[REPORT_TEXT_SIZE];
		struct bar b = { .solid = w->median / most, .faint = w->p95 / most };

		snprintf(b.label, sizeof(b.label), "%.60s %s", report_class(report, w->class_id).class->label,
			 w->policy == WEFT_USAGE_NO_POLICY ? "" : report_policy(w->policy));
		snprintf(b.figure, sizeof(b.figure), "%s, %s", report_seconds(w->median, median),
			 report_seconds(w->p95, p95));
		draw_bar(f, &b, (unsigned)i);
	}
	fputs("</svg>\n", f);
}
