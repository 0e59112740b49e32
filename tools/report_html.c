/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_html.c - indicators as one page that needs nothing else: no script, no link, no font.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/report_plot.h"

/* Colours that people with any sight tell apart, on light and on dark. */
static const char style[] =
	":root{color-scheme:light dark;--bg:#fcfcfb;--panel:#fff;--ink:#16181d;--soft:#5c6370;--line:#e3e5e8;"
	"--c0:#2a78d6;--c1:#d1611c;--c2:#12875e;--c3:#7b4fc9;--c4:#b58300;--c5:#c73e5f;--c6:#0e8a9c;--c7:#"
	"6b7280}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#14161a;--panel:#1c1f25;--ink:#e9ebee;--soft:#9aa2ad;--"
	"line:#31353d;"
	"--c0:#5ea0ee;--c1:#f0894a;--c2:#3fbf8f;--c3:#a98af0;--c4:#dcb04a;--c5:#ee7390;--c6:#45bccd;--c7:#"
	"9aa2ad}}\n"
	"*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);"
	"font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\",sans-serif}\n"
	"main{max-width:1000px;margin:0 auto;padding:28px 20px 60px}h1{font-size:24px;margin:0 0 2px}"
	"h2{font-size:17px;margin:34px 0 10px}p{margin:4px 0}.soft{color:var(--soft)}\n"
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;margin:20px 0 "
	"0}"
	".tile{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px 14px}"
	".tile b{display:block;font-size:21px;font-weight:600;line-height:1.25}.tile "
	"span{color:var(--soft);font-size:13px}\n"
	".panel{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px "
	"14px;overflow-x:auto}"
	"svg{display:block;width:100%;min-width:560px;height:auto}svg text{fill:var(--soft);font-size:12px}"
	"svg .end{text-anchor:end}svg .middle{text-anchor:middle}\n"
	".grid{stroke:var(--line)}.axis{stroke:var(--soft)}.line{fill:none;stroke-width:2;stroke-linejoin:"
	"round}.faint{opacity:.3}\n"
	".line.c0{stroke:var(--c0)}.bar.c0{fill:var(--c0)}.line.c1{stroke:var(--c1)}.bar.c1{fill:var(--c1)}"
	".line.c2{stroke:var(--c2)}.bar.c2{fill:var(--c2)}.line.c3{stroke:var(--c3)}.bar.c3{fill:var(--c3)}."
	"line.c4{stroke:var(--c4)}.bar.c4{fill:var(--c4)}"
	".line.c5{stroke:var(--c5)}.bar.c5{fill:var(--c5)}.line.c6{stroke:var(--c6)}.bar.c6{fill:var(--c6)}."
	"line.c7{stroke:var(--c7)}.bar.c7{fill:var(--c7)}\n"
	"table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
	"th,td{padding:5px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}"
	"th{color:var(--soft);font-weight:500;font-size:13px}th:first-child,td:first-child,.text{text-align:"
	"left}"
	"tr:last-child td{border-bottom:0}tr.all td{font-weight:600}\n"
	".legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:8px 0 "
	"0;padding:0;list-style:none;font-size:13px}"
	".legend "
	"i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px;vertical-align:-"
	"1px}\n"
	"ul.notes{padding-left:18px;color:var(--soft)}@media print{.panel,.tile{break-inside:avoid}}\n";

/* The classes that had most card-hours come first, and have colours. */
struct order {
	unsigned *first;
	unsigned n, coloured;
};

static struct order order_of(const struct report *report)
{
	struct order o = { .n = (unsigned)report->r->n_classes };

	o.first = calloc(o.n + 1, sizeof(*o.first));
	if (!o.first)
		o.n = 0;
	for (unsigned i = 0; i < o.n; i++) {
		unsigned k = i;

		for (; k > 0 && report->r->classes[o.first[k - 1]].used < report->r->classes[i].used; k--)
			o.first[k] = o.first[k - 1];
		o.first[k] = i;
	}
	o.coloured = o.n < PLOT_COLOURS ? o.n : PLOT_COLOURS;
	return o;
}

static void cell(FILE *f, bool text, const char *value)
{
	fputs(text ? "<td class=\"text\">" : "<td>", f);
	plot_text(f, value);
	fputs("</td>", f);
}

/* A name with < in front stands on the left. */
static void heads(FILE *f, const char *const *names)
{
	fputs("<table><thead><tr>", f);
	for (; *names; names++)
		fprintf(f, **names == '<' ? "<th class=\"text\">%s</th>" : "<th>%s</th>",
			*names + (**names == '<'));
	fputs("</tr></thead><tbody>\n", f);
}

static void tile(FILE *f, const char *value, const char *what)
{
	fputs("<div class=\"tile\"><b>", f);
	plot_text(f, value);
	fputs("</b><span>", f);
	plot_text(f, what);
	fputs("</span></div>\n", f);
}

static void write_head(const struct report *report, FILE *f)
{
	char from[REPORT_TEXT_SIZE], to[REPORT_TEXT_SIZE], made[REPORT_TEXT_SIZE];

	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	      "'unsafe-inline'\">\n"
	      "<title>Use of accelerators</title>\n<style>\n",
	      f);
	fputs(style, f);
	fputs("</style></head><body><main>\n<h1>Use of accelerators</h1>\n<p class=\"soft\">", f);
	plot_text(f, report_moment(report->r->from, true, from));
	fputs(" to ", f);
	plot_text(f, report_moment(report->r->to, true, to));
	if (report->account) {
		fputs(", account ", f);
		plot_text(f, report->account);
	}
	fprintf(f, "; made %s</p>\n", report_moment(report->g->now, true, made));
}

static void write_tiles(const struct report *report, FILE *f)
{
	struct report_sum sum = report_sum(report);
	const struct weft_usage_account *t = &report->r->total;
	char x[REPORT_TEXT_SIZE], y[REPORT_TEXT_SIZE + 32];

	fputs("<div class=\"tiles\">\n", f);
	tile(f, report_per_cent(sum.owned > 0 ? sum.used / sum.owned : NAN, x), "of all card-hours used");
	snprintf(y, sizeof(y), "in use, of %s owned", report_tflops(sum.owned_tflops, x));
	tile(f, report_tflops(sum.used_tflops, x), y);
	tile(f, report_number(sum.used / 3600, x), "card-hours");
	snprintf(y, sizeof(y), "%s kWh", report_number(t->measured + t->reckoned, x));
	tile(f, y, "energy");
	if (report->g->carbon) {
		snprintf(y, sizeof(y), "%s kg", report_carbon(report, t, x));
		tile(f, y, "CO2");
	}
	if (report->g->price)
		tile(f, report_cost(report, t, x), "cost of the energy");
	snprintf(x, sizeof(x), "%llu", (unsigned long long)report->r->waiting);
	tile(f, x, "jobs wait now");
	fputs("</div>\n", f);
}

static void write_legend(const struct report *report, const struct order *o, FILE *f)
{
	fputs("<ul class=\"legend\">", f);
	for (unsigned k = 0; k < o->coloured; k++) {
		fprintf(f, "<li><i style=\"background:var(--c%u)\"></i>", k);
		plot_text(f, report_class(report, o->first[k]).class->label);
		fputs("</li>", f);
	}
	fputs("</ul>\n", f);
}

static void write_classes(const struct report *report, const struct order *o, FILE *f)
{
	static const char *const names[] = { "Class",	 "<Model",	     "Cards",
					     "Used",	 "Card-hours",	     "In use now",
					     "Free now", "Out now",	     "Stranded",
					     "Usual",	 "Share of compute", NULL };
	struct report_sum sum = report_sum(report);
	char x[REPORT_TEXT_SIZE];

	fputs("<h2>Classes</h2><div class=\"panel\">", f);
	heads(f, names);
	for (unsigned k = 0; k < o->n; k++) {
		struct report_class c = report_class(report, o->first[k]);
		const uint64_t counts[] = { c.now->in_use, c.free, c.now->out };

		fputs("<tr>", f);
		cell(f, true, c.class->label);
		cell(f, true, c.class->model ? c.class->model->title : "not known");
		fprintf(f, "<td>%llu</td>", (unsigned long long)c.now->cards);
		cell(f, false, report_per_cent(c.utilisation, x));
		cell(f, false, report_number(c.use->used / 3600, x));
		for (unsigned i = 0; i < 3; i++)
			fprintf(f, "<td>%llu</td>", (unsigned long long)counts[i]);
		cell(f, false, report_per_cent(c.fragmentation, x));
		snprintf(x, sizeof(x), c.use->usual ? "%u" : "-", c.use->usual);
		cell(f, false, x);
		cell(f, false,
		     report_per_cent(sum.used_tflops > 0 ? c.used_tflops / sum.used_tflops : NAN, x));
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table></div>\n", f);
}

static void write_waits(const struct report *report, FILE *f)
{
	static const char *const names[] = { "Class", "<Policy", "Runs", "Mean", "Median", "95 %", NULL };
	const struct weft_usage_saved *s = &report->r->saved;
	char x[REPORT_TEXT_SIZE];

	if (report->r->n_waits == 0)
		return;
	fputs("<h2>Waiting before a start</h2><div class=\"panel\">", f);
	plot_waits(report, f);
	fputs("<p class=\"soft\">Solid: the median; faint: the 95th percentile.</p>", f);
	heads(f, names);
	for (size_t i = 0; i < report->r->n_waits; i++) {
		const struct weft_usage_wait *w = &report->r->waits[i];

		fputs("<tr>", f);
		cell(f, true, report_class(report, w->class_id).class->label);
		cell(f, true, report_policy(w->policy));
		fprintf(f, "<td>%llu</td>", (unsigned long long)w->runs);
		cell(f, false, report_seconds(w->mean, x));
		cell(f, false, report_seconds(w->median, x));
		cell(f, false, report_seconds(w->p95, x));
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table>", f);
	if (s->runs > 0) {
		fprintf(f, "<p>%llu runs on a later alternative", (unsigned long long)s->runs);
		if (s->compared > 0)
			fprintf(f, "; %llu of them waited %s %s in all than is typical of the first",
				(unsigned long long)s->compared, report_seconds(fabs(s->seconds), x),
				s->seconds >= 0 ? "less" : "more");
		fputs("</p>", f);
	}
	fputs("</div>\n", f);
}

static void account_row(const struct report *report, FILE *f, const char *name,
			const struct weft_usage_account *a, bool all)
{
	char x[REPORT_TEXT_SIZE];

	fputs(all ? "<tr class=\"all\">" : "<tr>", f);
	cell(f, true, *name ? name : "-");
	fprintf(f, "<td>%llu</td>", (unsigned long long)a->runs);
	cell(f, false, report_number(a->used / 3600, x));
	cell(f, false, report_number(a->elsewhere / 3600, x));
	cell(f, false, report_number(a->measured, x));
	cell(f, false, report_number(a->reckoned, x));
	cell(f, false, report_carbon(report, a, x));
	cell(f, false, report_cost(report, a, x));
	fputs("</tr>\n", f);
}

static void write_accounts(const struct report *report, FILE *f)
{
	static const char *const names[] = { "Account",	  "Runs",	    "Card-hours",
					     "Elsewhere", "kWh measured",   "kWh reckoned",
					     "kg CO2",	  "Cost of energy", NULL };

	fputs("<h2>Accounts</h2><div class=\"panel\">", f);
	heads(f, names);
	for (size_t i = 0; i < report->r->n_accounts; i++)
		account_row(report, f, report->r->accounts[i].name, &report->r->accounts[i], false);
	account_row(report, f, "all", &report->r->total, true);
	fputs("</tbody></table></div>\n", f);
}

static void write_notes(const struct report *report, FILE *f)
{
	char note[200];

	for (unsigned i = 0; report_note(report, i, note, sizeof(note)); i++) {
		fputs(i ? "<li>" : "<h2>What is in these figures</h2><ul class=\"notes\">\n<li>", f);
		plot_text(f, note);
		fputs("</li>\n", f);
	}
	if (report_note(report, 0, note, sizeof(note)))
		fputs("</ul>\n", f);
}

void report_html(const struct report *report, FILE *f)
{
	struct order o = order_of(report);

	write_head(report, f);
	write_tiles(report, f);
	if (o.n > 0) {
		fputs("<h2>Utilisation</h2><div class=\"panel\">", f);
		plot_utilisation(report, o.first, o.coloured, f);
		write_legend(report, &o, f);
		fputs("</div>\n<h2>Compute in use and owned</h2><div class=\"panel\">", f);
		plot_compute(report, o.first, o.coloured, f);
		fputs("</div>\n", f);
		write_classes(report, &o, f);
	}
	write_waits(report, f);
	fputs("<h2>Power (kW)</h2><div class=\"panel\">", f);
	plot_energy(report, f);
	fputs("</div>\n", f);
	write_accounts(report, f);
	write_notes(report, f);
	fputs("</main></body></html>\n", f);
	free(o.first);
}
