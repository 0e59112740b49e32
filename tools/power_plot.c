/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_plot.c - the next 24 h of a zone, of prices and of carbon, in characters.
 */
#include "tools/power_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL	     7	/* columns left of the axis */
#define MOST_COLUMNS 96 /* a quarter of an hour each */
#define ROWS	     8
#define PARTS	     8 /* of a row: there is a block for each */

/* From nothing to a whole row. */
static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

const char *watts_text(int64_t watts, int digits, char buf[WATTS_SIZE])
{
	static const char *const units[] = { "W", "kW", "MW", "GW", "TW" };
	double value = fabs((double)watts);
	unsigned unit = 0;
	int decimals;

	while (value >= 1000 && unit < 4) {
		value /= 1000;
		unit++;
	}
	decimals = digits - (value >= 100 ? 3 : value >= 10 ? 2 : 1);
	snprintf(buf, WATTS_SIZE, "%s%.*f", watts < 0 ? "-" : "", unit == 0 ? 0 : decimals, value);
	if (strchr(buf, '.')) { /* 1.50 is 1.5 */
		size_t end = strlen(buf);

		while (buf[end - 1] == '0')
			end--;
		buf[buf[end - 1] == '.' ? end - 1 : end] = '\0';
	}
	snprintf(buf + strlen(buf), WATTS_SIZE - strlen(buf), " %s", units[unit]);
	return buf;
}

static unsigned plot_columns(const struct screen *screen)
{
	unsigned n = (screen->width ? screen->width : SCREEN_PLAIN_WIDTH) - LABEL - 1;

	return n < MOST_COLUMNS ? n : MOST_COLUMNS;
}

/* When column I of N begins. */
static time_t column_start(time_t now, unsigned i, unsigned n)
{
	return now + (time_t)((int64_t)PLOT_SPAN * i / n);
}

static const char *axis(const struct screen *screen)
{
	return screen->utf8 ? "│" : "|";
}

/* Is A nearer to its cap than B? */
static bool tighter(const struct weft_report_step *a, const struct weft_report_step *b)
{
	if (a->cap == WEFT_REPORT_NO_CAP || b->cap == WEFT_REPORT_NO_CAP)
		return a->cap != b->cap ? a->cap != WEFT_REPORT_NO_CAP : a->drawn > b->drawn;
	if (a->cap - a->drawn != b->cap - b->drawn)
		return a->cap - a->drawn < b->cap - b->drawn;
	return a->drawn > b->drawn;
}

/* The step that leaves least room between FROM and TO; NULL when none holds there.  *NEXT is the first step
 * that may begin at FROM or later, and moves on. */
static const struct weft_report_step *tightest(const struct weft_report_zone *zone, unsigned *next,
					       time_t from, time_t to)
{
	const struct weft_report_step *best = NULL;

	while (*next < zone->n_steps && zone->steps[*next].from <= from)
		(*next)++;
	if (*next > 0)
		best = &zone->steps[*next - 1];
	for (unsigned i = *next; i < zone->n_steps && zone->steps[i].from < to; i++)
		if (!best || tighter(&zone->steps[i], best))
			best = &zone->steps[i];
	return best;
}

/* What is shown in ROW (0: the lowest) of a column with STEP, when the whole height stands for MOST W. */
static const char *zone_cell(const struct screen *screen, const struct weft_report_step *step, unsigned row,
			     double most)
{
	double scale = ROWS * PARTS / most;
	int drawn = (int)ceil((double)step->drawn * scale - 1e-9), fill = drawn - (int)row * PARTS;
	bool capped = step->cap != WEFT_REPORT_NO_CAP, over = capped && step->drawn > step->cap;
	bool below = (double)step->cap * scale >=
		     row * PARTS + PARTS / 2.0; /* more than half of it is below the cap */

	if (over && fill > 0 && (fill <= PARTS || !below))
		return "!";
	if (fill >= PARTS)
		return screen->utf8 ? blocks[PARTS] : "#";
	if (fill > 0 && screen->utf8)
		return blocks[fill];
	if (fill >= PARTS / 2 || (fill > 0 && row == 0))
		return "#";
	if (capped && !over && below)
		return screen->utf8 ? "░" : ".";
	return " ";
}

int64_t plot_most(const struct weft_report_zone *zone, time_t now)
{
	int64_t most = 0;

	for (unsigned i = 0; i < zone->n_steps && zone->steps[i].from < now + PLOT_SPAN; i++) {
		if (i + 1 < zone->n_steps && zone->steps[i + 1].from <= now)
			continue;
		most = zone->steps[i].drawn > most ? zone->steps[i].drawn : most;
		most = zone->steps[i].cap > most ? zone->steps[i].cap : most;
	}
	return most;
}

/* Without the blanks at the end. */
static void print_cells(const char *const *cells, unsigned n)
{
	while (n > 0 && strcmp(cells[n - 1], " ") == 0)
		n--;
	for (unsigned i = 0; i < n; i++)
		fputs(cells[i], stdout);
	putchar('\n');
}

void plot_zone(const struct screen *screen, const struct weft_report_zone *zone, time_t now)
{
	unsigned n = plot_columns(screen), next = 0;
	const struct weft_report_step *steps[MOST_COLUMNS];
	int64_t most = plot_most(zone, now);
	const char *cells[MOST_COLUMNS];
	char label[WATTS_SIZE];

	if (most <= 0)
		return;
	for (unsigned i = 0; i < n; i++)
		steps[i] = tightest(zone, &next, column_start(now, i, n), column_start(now, i + 1, n));
	for (unsigned row = ROWS; row > 0; row--) {
		bool labelled = row == ROWS || row == ROWS / 2; /* the height of its top */

		printf("%*s%s", LABEL, labelled ? watts_text(row == ROWS ? most : most / 2, 3, label) : "",
		       axis(screen));
		for (unsigned i = 0; i < n; i++)
			cells[i] = steps[i] ? zone_cell(screen, steps[i], row - 1, (double)most) : " ";
		print_cells(cells, n);
	}
	plot_times(screen, now);
}

/* The mean of the known values between FROM and TO, by time; NAN: none. */
static double mean_value(const struct weft_report_source *source, time_t from, time_t to)
{
	double sum = 0, known = 0;

	for (unsigned i = 0; i < source->n_values && source->values[i].from < to; i++) {
		time_t start = source->values[i].from,
		       end = i + 1 < source->n_values ? source->values[i + 1].from : to;

		start = start < from ? from : start;
		end = end > to ? to : end;
		if (end <= start || isnan(source->values[i].value))
			continue;
		sum += source->values[i].value * (double)(end - start);
		known += (double)(end - start);
	}
	return known > 0 ? sum / known : NAN;
}

bool plot_range(const struct weft_report_source *source, time_t now, double *least, double *most)
{
	bool any = false;

	for (unsigned i = 0; i < source->n_values && source->values[i].from < now + PLOT_SPAN; i++) {
		double value = source->values[i].value;

		if (isnan(value) || (i + 1 < source->n_values && source->values[i + 1].from <= now))
			continue;
		*least = any && *least < value ? *least : value;
		*most = any && *most > value ? *most : value;
		any = true;
	}
	return any;
}

void plot_values(const struct screen *screen, const char *label, const struct weft_report_source *source,
		 time_t now)
{
	static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
	const char *cells[MOST_COLUMNS];
	unsigned n = plot_columns(screen);
	double least, most;

	if (!plot_range(source, now, &least, &most))
		return;
	for (unsigned i = 0; i < n; i++) {
		double value = mean_value(source, column_start(now, i, n), column_start(now, i + 1, n));
		double part = most > least ? (value - least) / (most - least) : 0.5;

		if (isnan(value))
			cells[i] = " ";
		else if (screen->utf8)
			cells[i] = blocks[1 + (int)(part * (PARTS - 1) + 0.5)];
		else
			cells[i] = digits[(int)(part * 9 + 0.5)];
	}
	printf("%*s%s", LABEL, label, axis(screen));
	print_cells(cells, n);
}

/* The first whole hour of local time at or after NOW.  Zones are off by quarters of an hour at most. */
static time_t whole_hour(time_t now)
{
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return now;
	return tm.tm_min || tm.tm_sec ? now + 3600 - tm.tm_min * 60 - tm.tm_sec : now;
}

void plot_times(const struct screen *screen, time_t now)
{
	static const int hours[] = { 1, 2, 3, 4, 6, 12 };
	unsigned n = plot_columns(screen), i = 0;
	char ticks[MOST_COLUMNS], labels[MOST_COLUMNS + 1];

	while (i + 1 < sizeof(hours) / sizeof(hours[0]) && n * (unsigned)hours[i] < 7 * 24)
		i++;
	memset(ticks, 0, sizeof(ticks));
	memset(labels, ' ', sizeof(labels));
	for (time_t t = whole_hour(now); t < now + PLOT_SPAN; t += 3600) {
		unsigned column = (unsigned)((int64_t)(t - now) * n / PLOT_SPAN);
		struct tm tm;

		if (!localtime_r(&t, &tm) || tm.tm_hour % hours[i] != 0)
			continue;
		ticks[column] = 1;
		if (column + 5 <= n)
			strftime(labels + column, 6, "%H:%M", &tm);
		labels[column + 5 <= n ? column + 5 : n] = ' ';
	}
	printf("%*s%s", LABEL, "", screen->utf8 ? "└" : "+");
	for (unsigned k = 0; k < n; k++)
		fputs(ticks[k] ? (screen->utf8 ? "┬" : "+") : (screen->utf8 ? "─" : "-"), stdout);
	for (i = n; i > 0 && labels[i - 1] == ' '; i--)
		;
	printf("\n%*s %.*s\n", LABEL, "", (int)i, labels);
}
