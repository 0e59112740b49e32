/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_tables.c - indicators for a terminal.
 */
#include <math.h>
#include <stdlib.h>

#include "tools/report.h"
#include "tools/screen.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void class_row(struct table *t, const struct report_class *c, const struct report_sum *sum)
{
	char x[REPORT_TEXT_SIZE];

	table_cell(t, "%s", c->class->label);
	table_cell(t, "%llu", (unsigned long long)c->now->cards);
	table_cell(t, "%s", report_per_cent(c->utilisation, x));
	table_cell(t, "%s", report_number(c->use->used / 3600, x));
	table_cell(t, "%s", report_tflops(c->used_tflops, x));
	table_cell(t, "%s", report_tflops(c->owned_tflops, x));
	table_cell(t, "%s",
		   report_per_cent(sum->used_tflops > 0 ? c->used_tflops / sum->used_tflops : NAN, x));
	table_cell(t, "%llu", (unsigned long long)c->free);
	table_cell(t, "%s", report_per_cent(c->fragmentation, x));
	if (c->use->usual)
		table_cell(t, "%u", c->use->usual);
	else
		table_cell(t, "-");
}

static void show_classes(const struct report *report, const struct screen *screen)
{
	static const struct column columns[] = {
		{ "CLASS", false, 8, false },  { "CARDS", true, 0, false },
		{ "USED", true, 0, false },    { "CARD-HOURS", true, 0, false },
		{ "IN USE", true, 0, true },   { "OWNED", true, 0, true },
		{ "SHARE", true, 0, true },    { "FREE NOW", true, 0, true },
		{ "STRANDED", true, 0, true }, { "USUAL", true, 0, true },
	};
	struct report_sum sum = report_sum(report);
	struct table t;
	char x[REPORT_TEXT_SIZE];

	table_start(&t, columns, LENGTH(columns));
	for (unsigned i = 0; i < report->r->n_classes; i++) {
		struct report_class c = report_class(report, i);

		class_row(&t, &c, &sum);
	}
	table_cell(&t, "all");
	table_cell(&t, "%.0f", sum.cards);
	table_cell(&t, "%s", report_per_cent(sum.owned > 0 ? sum.used / sum.owned : NAN, x));
	table_cell(&t, "%s", report_number(sum.used / 3600, x));
	table_cell(&t, "%s", report_tflops(sum.used_tflops, x));
	table_cell(&t, "%s", report_tflops(sum.owned_tflops, x));
	for (unsigned i = 6; i < LENGTH(columns); i++)
		table_cell(&t, "%s", "");
	putchar('\n');
	table_print(&t, screen);
}

static void show_waits(const struct report *report, const struct screen *screen)
{
	static const struct column columns[] = {
		{ "CLASS", false, 8, false }, { "POLICY", false, 0, false }, { "RUNS", true, 0, false },
		{ "MEAN", true, 0, false },   { "MEDIAN", true, 0, false },  { "95 %", true, 0, false },
	};
	struct table t;
	char x[REPORT_TEXT_SIZE];

	screen_line(screen, "%s", "");
	screen_line(screen, "Waiting before a start; %llu jobs wait now",
		    (unsigned long long)report->r->waiting);
	if (report->r->n_waits == 0)
		return;
	table_start(&t, columns, LENGTH(columns));
	for (size_t i = 0; i < report->r->n_waits; i++) {
		const struct weft_usage_wait *w = &report->r->waits[i];

		table_cell(&t, "%s", report_class(report, w->class_id).class->label);
		table_cell(&t, "%s", report_policy(w->policy));
		table_cell(&t, "%llu", (unsigned long long)w->runs);
		table_cell(&t, "%s", report_seconds(w->mean, x));
		table_cell(&t, "%s", report_seconds(w->median, x));
		table_cell(&t, "%s", report_seconds(w->p95, x));
	}
	table_print(&t, screen);
}

static void show_saved(const struct report *report, const struct screen *screen)
{
	const struct weft_usage_saved *s = &report->r->saved;
	char x[REPORT_TEXT_SIZE];

	if (s->runs == 0)
		return;
	screen_line(screen, "%s", "");
	if (s->compared == 0)
		screen_line(screen,
			    "%llu runs on a later alternative; of none is a typical wait for the first known",
			    (unsigned long long)s->runs);
	else
		screen_line(screen,
			    "%llu runs on a later alternative; %llu of them waited %s %s in all than is "
			    "typical of the first",
			    (unsigned long long)s->runs, (unsigned long long)s->compared,
			    report_seconds(fabs(s->seconds), x), s->seconds >= 0 ? "less" : "more");
}

static void account_row(const struct report *report, struct table *t, const char *name,
			const struct weft_usage_account *a)
{
	char x[REPORT_TEXT_SIZE];

	table_cell(t, "%s", *name ? name : "-");
	table_cell(t, "%llu", (unsigned long long)a->runs);
	table_cell(t, "%s", report_number(a->used / 3600, x));
	table_cell(t, "%s", report_number(a->measured + a->reckoned, x));
	table_cell(t, "%s", report_carbon(report, a, x));
	table_cell(t, "%s", report_cost(report, a, x));
	table_cell(t, "%s", a->elsewhere > 0 ? report_number(a->elsewhere / 3600, x) : "-");
}

static void show_accounts(const struct report *report, const struct screen *screen)
{
	static const struct column columns[] = {
		{ "ACCOUNT", false, 8, false }, { "RUNS", true, 0, false },  { "CARD-HOURS", true, 0, false },
		{ "KWH", true, 0, false },	{ "KG CO2", true, 0, true }, { "ENERGY COST", true, 0, true },
		{ "ELSEWHERE", true, 0, true },
	};
	struct table t;

	if (report->r->n_accounts == 0)
		return;
	table_start(&t, columns, LENGTH(columns));
	for (size_t i = 0; i < report->r->n_accounts; i++)
		account_row(report, &t, report->r->accounts[i].name, &report->r->accounts[i]);
	if (report->r->n_accounts > 1)
		account_row(report, &t, "all", &report->r->total);
	putchar('\n');
	table_print(&t, screen);
}

void report_tables(const struct report *report)
{
	struct screen screen = screen_of_stdout();
	char from[REPORT_TEXT_SIZE], to[REPORT_TEXT_SIZE], note[200];

	screen_line(&screen, "%s to %s%s%s", report_moment(report->r->from, true, from),
		    report_moment(report->r->to, true, to), report->account ? ", account " : "",
		    report->account ? report->account : "");
	show_classes(report, &screen);
	show_waits(report, &screen);
	show_saved(report, &screen);
	show_accounts(report, &screen);
	for (unsigned i = 0; report_note(report, i, note, sizeof(note)); i++) {
		if (i == 0)
			putchar('\n');
		screen_line(&screen, "%s", note);
	}
}
