/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_power.c - what slurmctld last wrote about power and energy, for people.
 */
#include "tools/weft_power.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/nearest.h"
#include "core/power_report.h"
#include "core/scan.h"
#include "tools/command.h"
#include "tools/moment.h"
#include "tools/power_plot.h"
#include "tools/screen.h"

#define DEFAULT_FILE "/run/slurmctld/weft-power.json" /* PowerState= of weft.conf when it is not given */
#define MOST_ROWS    20			    /* of jobs and classes, without --all */
#define MOST_PLOTS   4			    /* of zones, without --all */
#define LATE	     3			    /* intervals: a report that is older is too old */
#define AHEAD	     60			    /* s that a report's clock may be ahead of this one */
#define LENGTH(a)    (sizeof(a) / sizeof((a)[0]))

static const char who[] = "weft power";

static const char usage[] =
	"usage: weft power [OPTION]...\n"
	"\n"
	"Shows power and energy as slurmctld last wrote them: caps, what is projected and measured by zone, "
	"now and\n"
	"in the next 24 hours, price and carbon, jobs that wait for power, jobs with --energy.\n"
	"\n"
	"  --zone=NAME  this zone and its jobs alone\n"
	"  --all        every job, class and plot; else the first 20, and 4 plots\n"
	"  --no-plot    tables alone\n"
	"  --json       the file as it is, once it was found to be right; doc/power_report.md describes it\n"
	"  --file=PATH  PowerState= of weft.conf, when it is not " DEFAULT_FILE "\n"
	"  --help\n"
	"\n"
	"Exit status: 0, 1 when it could not be done, 2 for wrong usage.\n";

struct options {
	bool json, plot, all;
	const char *zone, *file;
};

/* What is shown, and how. */
struct view {
	const struct weft_report *report;
	const struct weft_report_zone *zone; /* that one alone; NULL: all */
	struct screen screen;
	bool plot, all;
};

static const char *watts(int64_t w, char buf[WATTS_SIZE])
{
	if (w >= 0)
		return watts_text(w, 4, buf);
	snprintf(buf, WATTS_SIZE, "-");
	return buf;
}

static const char *number(double value, const char *unit, char buf[MOMENT_SIZE])
{
	if (isnan(value))
		snprintf(buf, MOMENT_SIZE, "-");
	else
		snprintf(buf, MOMENT_SIZE, "%.4g%s%s", value, *unit ? " " : "", unit);
	return buf;
}

/* A report that is late is still shown, with a word on standard error. */
static void warn_of_age(const struct weft_report *r, time_t now)
{
	char age[MOMENT_SIZE];

	if (r->interval > 0 && now - r->time > (time_t)r->interval * LATE)
		fprintf(stderr, "weft power: this is %s old: is slurmctld running, with sched/weft?\n",
			age_text(now - r->time, age));
	else if (r->time - now > AHEAD)
		fprintf(stderr, "weft power: its clock is %s ahead of this one\n",
			age_text(r->time - now, age));
}

static void show_head(const struct view *v, time_t now)
{
	char when[MOMENT_SIZE] = "", age[MOMENT_SIZE];
	struct tm tm;

	if (localtime_r(&v->report->time, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	screen_line(&v->screen, "Cluster %s, %s, %s ago", v->report->cluster, when,
		    age_text(now > v->report->time ? now - v->report->time : 0, age));
}

static void source_row(const struct view *v, struct table *t, const char *name, const char *unit,
		       const struct weft_report_source *source, bool series)
{
	char now[MOMENT_SIZE], modified[MOMENT_SIZE];
	double least, most;

	table_cell(t, "%s", name);
	if (!source->path) {
		for (unsigned i = 1; i < t->n_columns; i++)
			table_cell(t, i == 3 ? "none" : "-");
		return;
	}
	table_cell(t, "%s", series ? number(source->now, unit, now) : "-");
	if (series && plot_range(source, v->report->time, &least, &most))
		table_cell(t, "%.4g to %.4g", least, most);
	else
		table_cell(t, "-");
	table_cell(t, "%.*s", (int)strcspn(source->state, ":"), source->state);
	table_cell(t, "%s", moment(source->modified, v->report->time, modified));
	table_cell(t, "%s", source->path);
}

/* What is wrong with a source has a line of its own: a table would cut it. */
static void show_flaw(const struct view *v, const char *name, const struct weft_report_source *source)
{
	if (source->path && strchr(source->state, ':'))
		screen_line(&v->screen, "%s: %s", name, source->state);
}

static void show_sources(const struct view *v)
{
	static const struct column columns[] = {
		{ "SOURCE", false, 0, false }, { "NOW", true, 0, false }, { "NEXT 24 H", true, 0, true },
		{ "STATE", false, 6, false },  { "OF", false, 0, true },  { "FILE", false, 8, true },
	};
	const struct weft_report *r = v->report;
	const char *currency = r->currency ? r->currency : "";
	struct table t;
	char unit[32];

	snprintf(unit, sizeof(unit), "%.16s/MWh", currency);
	table_start(&t, columns, LENGTH(columns));
	source_row(v, &t, "signal", "", &r->signal, false);
	source_row(v, &t, "price", *currency ? unit : "", &r->price, true);
	source_row(v, &t, "carbon", "g/kWh", &r->carbon, true);
	putchar('\n');
	table_print(&t, &v->screen);
	show_flaw(v, "signal", &r->signal);
	show_flaw(v, "price", &r->price);
	show_flaw(v, "carbon", &r->carbon);
}

/* The next other cap of ZONE; NULL: none within the report. */
static const struct weft_report_step *next_cap(const struct weft_report_zone *zone)
{
	for (unsigned i = 1; i < zone->n_steps; i++)
		if (zone->steps[i].cap != zone->steps[0].cap)
			return &zone->steps[i];
	return NULL;
}

static void zone_row(const struct view *v, struct table *t, const struct weft_report_zone *zone)
{
	const struct weft_report_step *now = &zone->steps[0], *next = next_cap(zone);
	char buf[WATTS_SIZE], when[MOMENT_SIZE];

	table_cell(t, "%s", zone->name);
	table_cell(t, "%s", now->cap == WEFT_REPORT_NO_CAP ? "none" : watts(now->cap, buf));
	table_cell(t, "%s", watts(now->drawn, buf));
	table_cell(t, "%s", now->cap == WEFT_REPORT_NO_CAP ? "-" : watts_text(now->cap - now->drawn, 4, buf));
	table_cell(t, "%s", watts(zone->measured, buf));
	if (zone->measured == WEFT_REPORT_UNKNOWN)
		table_cell(t, "-");
	else
		table_cell(t, "%lld", (long long)zone->measured_nodes);
	if (!next)
		table_cell(t, "-");
	else if (next->cap == WEFT_REPORT_NO_CAP)
		table_cell(t, "%s no cap", moment(next->from, v->report->time, when));
	else
		table_cell(t, "%s %s", moment(next->from, v->report->time, when), watts(next->cap, buf));
	table_cell(t, "%s", watts(zone->idle, buf));
	table_cell(t, "%s", zone->nodes ? zone->nodes : "all");
}

static void show_zones(const struct view *v)
{
	static const struct column columns[] = {
		{ "ZONE", false, 7, false },	 { "CAP", true, 0, false },
		{ "PROJECTED", true, 0, false }, { "HEAD-ROOM", true, 0, false },
		{ "MEASURED", true, 0, false },	 { "ON NODES", true, 0, true },
		{ "NEXT CAP", false, 0, true },	 { "IDLE", true, 0, true },
		{ "NODES", false, 8, true },
	};
	struct table t;

	table_start(&t, columns, LENGTH(columns));
	for (unsigned i = 0; i < v->report->n_zones; i++)
		if (!v->zone || v->zone == &v->report->zones[i])
			zone_row(v, &t, &v->report->zones[i]);
	putchar('\n');
	table_print(&t, &v->screen);
}

static void more(const struct view *v, unsigned left, const char *what, const char *how)
{
	if (left > 0)
		screen_line(&v->screen, "and %u more %s; %s", left, what, how);
}

static void show_plots(const struct view *v)
{
	unsigned shown = 0, left = 0;

	for (unsigned i = 0; i < v->report->n_zones; i++) {
		const struct weft_report_zone *zone = &v->report->zones[i];

		if ((v->zone && zone != v->zone) || plot_most(zone, v->report->time) <= 0)
			continue;
		if (shown == MOST_PLOTS && !v->all) {
			left++;
			continue;
		}
		putchar('\n');
		screen_line(&v->screen, "%s: the next 24 h (%s projected, %s below cap, ! above)", zone->name,
			    v->screen.utf8 ? "█" : "#", v->screen.utf8 ? "░" : ".");
		plot_zone(&v->screen, zone, v->report->time);
		shown++;
	}
	more(v, left, "zones to plot", "--zone=NAME or --all shows them");
}

static void show_series(const struct view *v)
{
	const struct weft_report *r = v->report;
	double least, most;

	if (!plot_range(&r->price, r->time, &least, &most) && !plot_range(&r->carbon, r->time, &least, &most))
		return;
	putchar('\n');
	screen_line(&v->screen,
		    v->screen.utf8 ? "price and carbon: from the least to the most of 24 h"
				   : "price and carbon: 0 the least, 9 the most of 24 h");
	plot_values(&v->screen, "price", &r->price, r->time);
	plot_values(&v->screen, "carbon", &r->carbon, r->time);
	plot_times(&v->screen, r->time);
}

static void waiting_row(const struct view *v, struct table *t, const struct weft_report_waiting *job)
{
	char buf[WATTS_SIZE], when[MOMENT_SIZE];

	table_cell(t, "%lu", (unsigned long)job->job);
	table_cell(t, "%s", job->zone);
	table_cell(t, "%s", watts(job->needed, buf));
	table_cell(t, "%s", watts(job->cap, buf));
	table_cell(t, "%s", moment(job->since, v->report->time, when));
	table_cell(t, "%s", job->earliest ? moment(job->earliest, v->report->time, when) : "never");
	table_cell(t, "%s", job->reserved ? "yes" : "no");
}

static void show_waiting(const struct view *v)
{
	static const struct column columns[] = {
		{ "JOB", true, 0, false },	{ "ZONE", false, 7, false }, { "NEEDS", true, 0, false },
		{ "CAP", true, 0, false },	{ "SINCE", false, 0, true }, { "EARLIEST", false, 0, false },
		{ "RESERVED", false, 0, true },
	};
	unsigned n = 0;
	struct table t;

	table_start(&t, columns, LENGTH(columns));
	for (unsigned i = 0; i < v->report->n_waiting; i++) {
		const struct weft_report_waiting *job = &v->report->waiting[i];

		if (v->zone && !weft_name_equal(job->zone, v->zone->name))
			continue;
		if (n++ < MOST_ROWS || v->all)
			waiting_row(v, &t, job);
	}
	if (n == 0) {
		puts("\nNo job waits for power.");
		return;
	}
	printf("\nWaiting for power: %u job%s\n", n, n == 1 ? "" : "s");
	table_print(&t, &v->screen);
	more(v, n > MOST_ROWS && !v->all ? n - MOST_ROWS : 0, "jobs", "--all shows them");
}

static void window_row(const struct view *v, struct table *t, const struct weft_report_window *job)
{
	char when[MOMENT_SIZE];

	table_cell(t, "%lu", (unsigned long)job->job);
	table_cell(t, "%s", job->goal);
	table_cell(t, "%s", job->running ? "running" : "waiting");
	table_cell(t, "%s", moment(job->start, v->report->time, when));
	table_cell(t, "%s", moment(job->end, v->report->time, when));
	table_cell(t, "%s", moment(job->deadline, v->report->time, when));
	if (job->mean_now > 0 && !isnan(job->mean)) /* of a price below zero there are no per cent */
		table_cell(t, "%.0f %%", (1 - job->mean / job->mean_now) * 100);
	else
		table_cell(t, "-");
}

static void show_windows(const struct view *v)
{
	static const struct column columns[] = {
		{ "JOB", true, 0, false },    { "GOAL", false, 5, false }, { "STATE", false, 0, true },
		{ "START", false, 0, false }, { "END", false, 0, false },  { "DEADLINE", false, 0, true },
		{ "SAVES", true, 0, false },
	};
	unsigned n = v->report->n_windows, show = n > MOST_ROWS && !v->all ? MOST_ROWS : n;
	struct table t;

	if (n == 0)
		return;
	table_start(&t, columns, LENGTH(columns));
	for (unsigned i = 0; i < show; i++)
		window_row(v, &t, &v->report->windows[i]);
	printf("\nWith --energy: %u job%s\n", n, n == 1 ? "" : "s");
	table_print(&t, &v->screen);
	more(v, n - show, "jobs", "--all shows them");
}

static void show_classes(const struct view *v)
{
	static const struct column columns[] = {
		{ "CLASS", false, 8, false },  { "IDLE", true, 0, false },   { "PEAK", true, 0, false },
		{ "LEARNED", true, 0, false }, { "SAMPLES", true, 0, true },
	};
	unsigned n = v->report->n_classes, show = n > MOST_ROWS && !v->all ? MOST_ROWS : n;
	char buf[MOMENT_SIZE];
	struct table t;

	if (n == 0)
		return;
	table_start(&t, columns, LENGTH(columns));
	for (unsigned i = 0; i < show; i++) {
		const struct weft_report_class *class = &v->report->classes[i];

		table_cell(&t, "%s", class->label);
		table_cell(&t, "%s", number(class->idle, "W", buf));
		table_cell(&t, "%s", number(class->peak, "W", buf));
		if (class->samples == 0 || isnan(class->factor))
			table_cell(&t, "-");
		else
			table_cell(&t, "%.0f %%", class->factor * 100);
		table_cell(&t, "%llu", (unsigned long long)class->samples);
	}
	printf("\nDevices: %u class%s\n", n, n == 1 ? "" : "es");
	table_print(&t, &v->screen);
	more(v, n - show, "classes", "--all shows them");
}

static void show(const struct view *v, time_t now)
{
	show_head(v, now);
	if (!v->zone)
		show_sources(v);
	show_zones(v);
	if (v->plot)
		show_plots(v);
	if (v->plot && !v->zone)
		show_series(v);
	show_waiting(v);
	if (!v->zone) {
		show_windows(v);
		show_classes(v);
	}
}

static const struct weft_report_zone *find_zone(const struct weft_report *r, const struct options *o,
						struct weft_err *err)
{
	unsigned best = weft_nearest_start(o->zone);
	const char *near = NULL;

	for (unsigned i = 0; i < r->n_zones; i++) {
		if (weft_name_equal(r->zones[i].name, o->zone))
			return &r->zones[i];
		near = weft_nearest_of(o->zone, r->zones[i].name, near, &best);
	}
	weft_err(err, "unknown zone \"%s\"%s%s%s", weft_snip(o->zone, strlen(o->zone)).text,
		 near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return NULL;
}

static int show_report(const struct weft_report *r, const struct options *o, struct weft_err *err)
{
	struct view v = { .report = r, .plot = o->plot, .all = o->all };
	time_t now = time(NULL);

	if (o->zone) {
		v.zone = find_zone(r, o, err);
		if (!v.zone)
			return -1;
	}
	warn_of_age(r, now);
	v.screen = screen_of_stdout();
	show(&v, now);
	return 0;
}

static char *read_file(const char *path, size_t *len, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	char *text = weft_file_read(path, WEFT_REPORT_MAX_BYTES, len, &why);

	if (!text)
		weft_err(err, "%s%s", why.text,
			 errno == ENOENT ? "; slurmctld writes it when weft.conf has a Power line" : "");
	return text;
}

static int power(const struct options *o)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_report r = { 0 };
	size_t len;
	char *text = read_file(o->file, &len, &err);
	int rc = text ? weft_report_parse(&r, o->file, text, len, &err) : -1;

	if (rc == 0 && o->json) {
		warn_of_age(&r, time(NULL));
		fwrite(text, 1, len, stdout);
	} else if (rc == 0) {
		rc = show_report(&r, o, &err);
	}
	weft_report_clear(&r);
	free(text);
	return rc ? complain(who, &err) : STATUS_OK;
}

int weft_power(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "zone", required_argument, NULL, 'z' },
						 { "file", required_argument, NULL, 'f' },
						 { "no-plot", no_argument, NULL, 'n' },
						 { "all", no_argument, NULL, 'a' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	struct options o = { .plot = true, .file = DEFAULT_FILE };
	int c;

	optind = 0; /* start anew: the command's own options */
	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			o.json = true;
			break;
		case 'z':
			o.zone = optarg;
			break;
		case 'f':
			o.file = optarg;
			break;
		case 'n':
			o.plot = false;
			break;
		case 'a':
			o.all = true;
			break;
		default:
			return other_option(c, who, usage);
		}
	}
	if (optind != argc)
		return usage_error(who, usage, "takes no argument");
	if (o.json && (o.zone || !o.plot || o.all))
		return usage_error(who, usage, "--json goes with --file alone");
	return power(&o);
}
