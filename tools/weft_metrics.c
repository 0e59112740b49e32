/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_metrics.c - indicators as OpenMetrics text.
 *
 * Counters count from the beginning of the month, in UTC, on; a collector takes their fall then for a
 * restart.  They hold the energy of runs that have ended alone: a run's measured energy, which is known at
 * its end, may be less than what its watts came to, and a counter must not fall.  Waiting and utilisation are
 * of the last 24 hours.
 */
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "core/money.h"
#include "tools/command.h"
#include "tools/report.h"
#include "tools/weft_report.h"
#include "weftd/client.h"

#define DAY 86400 /* s */

enum { MONTH, LAST_DAY }; /* the spans */

static const char who[] = "weft metrics";

static const char usage[] =
	"usage: weft metrics [OPTION]...\n"
	"\n"
	"Prints the cluster's cards, their use, waiting, energy and carbon as OpenMetrics, for Prometheus:\n"
	"by a timer into a file that node_exporter reads (doc/report.md).\n"
	"\n"
	"  --conf=PATH  weft.conf, when it is not beside slurm.conf\n"
	"  --help\n"
	"\n"
	"Exit status: 0, 1 when it could not be done, 2 for wrong usage.\n"
	"\n"
	"Example:\n"
	"  weft metrics > weft.prom.new && mv weft.prom.new /var/lib/prometheus/node-exporter/weft.prom\n";

/* ---------------------------------------------------------------- the format */

struct label {
	const char *name, *value;
};

/* UNIT "": none, else NAME ends in it. */
static void family(const char *name, const char *type, const char *unit, const char *help)
{
	printf("# TYPE %s %s\n", name, type);
	if (*unit)
		printf("# UNIT %s %s\n", name, unit);
	printf("# HELP %s %s\n", name, help);
}

/* What has no place in a label's value is escaped; other control characters become '?'. */
static void print_value(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			printf("\\%c", *text);
		else if (*text == '\n')
			fputs("\\n", stdout);
		else
			putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
	}
}

/* NAME{LABELS} VALUE; an unknown value (NAN) is left out.  A label without a name ends the list. */
static void sample(const char *name, const char *suffix, const struct label *labels, double value)
{
	if (isnan(value))
		return;
	printf("%s%s", name, suffix);
	for (unsigned i = 0; labels && labels[i].name; i++) {
		printf("%c%s=\"", i ? ',' : '{', labels[i].name);
		print_value(labels[i].value);
		putchar('"');
	}
	printf("%s %.15g\n", labels && labels[0].name ? "}" : "", value);
}

/* ---------------------------------------------------------------- what there is */

/* A figure of a class. */
struct class_family {
	const char *name, *type, *unit, *help, *suffix;
	unsigned span;
	double (*value)(const struct report_class *c);
};

static double cards(const struct report_class *c)
{
	return (double)c->now->cards;
}

static double in_use(const struct report_class *c)
{
	return (double)c->now->in_use;
}

static double free_now(const struct report_class *c)
{
	return (double)c->free;
}

static double out_now(const struct report_class *c)
{
	return (double)c->now->out;
}

static double stranded(const struct report_class *c)
{
	return c->use->usual ? (double)c->use->stranded : NAN;
}

static double usual(const struct report_class *c)
{
	return c->use->usual ? c->use->usual : NAN;
}

static double owned_flops(const struct report_class *c)
{
	return c->owned_tflops * 1e12;
}

static double busy_flops(const struct report_class *c)
{
	return c->now->tflops * (double)c->now->in_use * 1e12;
}

static double utilisation(const struct report_class *c)
{
	return c->utilisation;
}

static double card_seconds(const struct report_class *c)
{
	return c->use->used;
}

static const struct class_family class_families[] = {
	{ "weft_cards", "gauge", "", "Cards that the cluster has.", "", LAST_DAY, cards },
	{ "weft_cards_in_use", "gauge", "", "Cards that jobs have.", "", LAST_DAY, in_use },
	{ "weft_cards_free", "gauge", "", "Cards that jobs may have.", "", LAST_DAY, free_now },
	{ "weft_cards_out", "gauge", "", "Cards that no job has, on nodes that take none.", "", LAST_DAY,
	  out_now },
	{ "weft_cards_stranded", "gauge", "",
	  "Free cards on partly used nodes, left over by jobs of the usual size.", "", LAST_DAY, stranded },
	{ "weft_cards_usual", "gauge", "", "Cards on a node that jobs of the last 24 hours usually had.", "",
	  LAST_DAY, usual },
	{ "weft_compute_owned_flops", "gauge", "flops", "Peak compute of all cards.", "", LAST_DAY,
	  owned_flops },
	{ "weft_compute_in_use_flops", "gauge", "flops", "Peak compute of the cards that jobs have.", "",
	  LAST_DAY, busy_flops },
	{ "weft_utilisation_ratio", "gauge", "ratio",
	  "Card-seconds used of those owned in the last 24 hours.", "", LAST_DAY, utilisation },
	{ "weft_card_seconds", "counter", "seconds", "Card-seconds used since the month began, in UTC.",
	  "_total", MONTH, card_seconds },
};

static void print_classes(const struct report reports[GATHER_USAGES])
{
	for (size_t i = 0; i < sizeof(class_families) / sizeof(class_families[0]); i++) {
		const struct class_family *m = &class_families[i];

		family(m->name, m->type, m->unit, m->help);
		for (unsigned k = 0; k < reports[m->span].r->n_classes; k++) {
			struct report_class c = report_class(&reports[m->span], k);
			const struct label labels[] = { { "class", c.class->label }, { NULL, NULL } };

			sample(m->name, m->suffix, labels, m->value(&c));
		}
	}
}

/* The N-th figure of a wait. */
static double wait_figure(const struct weft_usage_wait *w, unsigned n)
{
	return n == 0 ? (double)w->runs : n == 1 ? w->mean : n == 2 ? w->median : w->p95;
}

static void print_waits(const struct report *report)
{
	static const char *const names[][3] = {
		{ "weft_starts", "", "Runs that started in the last 24 hours." },
		{ "weft_wait_mean_seconds", "seconds", "How long they had waited, on average." },
		{ "weft_wait_median_seconds", "seconds", "How long half of them had waited at the most." },
		{ "weft_wait_p95_seconds", "seconds",
		  "How long 95 per cent of them had waited at the most." },
	};

	for (unsigned n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		family(names[n][0], "gauge", names[n][1], names[n][2]);
		for (size_t i = 0; i < report->r->n_waits; i++) {
			const struct weft_usage_wait *w = &report->r->waits[i];
			const struct label labels[] = {
				{ "class", report_class(report, w->class_id).class->label },
				{ "policy",
				  w->policy == WEFT_USAGE_NO_POLICY ? "none" : report_policy(w->policy) },
				{ NULL, NULL }
			};

			sample(names[n][0], "", labels, wait_figure(w, n));
		}
	}
	family("weft_jobs_waiting", "gauge", "", "Jobs that have not started.");
	sample("weft_jobs_waiting", "", NULL, (double)report->r->waiting);
}

static void print_account_of(const char *name, const char *suffix, const struct report *report,
			     const char *extra,
			     double (*value)(const struct weft_usage_account *a, unsigned n), unsigned n)
{
	static const char *const sources[] = { "measured", "reckoned" };

	for (size_t i = 0; i < report->r->n_accounts; i++) {
		const struct weft_usage_account *a = &report->r->accounts[i];
		const struct label labels[] = { { "account", a->name },
						{ extra,
						  n < 2 ? sources[n] : report->g->conf->power.currency },
						{ NULL, NULL } };

		sample(name, suffix, labels, value(a, n));
	}
}

static double joules(const struct weft_usage_account *a, unsigned n)
{
	return (n == 0 ? a->measured : a->reckoned) * 3.6e6;
}

static double grams(const struct weft_usage_account *a, unsigned n)
{
	(void)n;
	return a->grams;
}

static double money(const struct weft_usage_account *a, unsigned n)
{
	(void)n;
	return (double)a->cost / WEFT_MICRO;
}

static double account_seconds(const struct weft_usage_account *a, unsigned n)
{
	(void)n;
	return a->used;
}

static void print_accounts(const struct report *report)
{
	family("weft_account_card_seconds", "counter", "seconds",
	       "Card-seconds used since the month began, in UTC.");
	print_account_of("weft_account_card_seconds", "_total", report, NULL, account_seconds, 2);
	family("weft_energy_joules", "counter", "joules",
	       "Energy of runs that have ended, since the month began: as measured, or watts of the cards "
	       "times time.");
	print_account_of("weft_energy_joules", "_total", report, "source", joules, 0);
	print_account_of("weft_energy_joules", "_total", report, "source", joules, 1);
	if (report->g->carbon) {
		family("weft_carbon_grams", "counter", "grams", "CO2 of that energy.");
		print_account_of("weft_carbon_grams", "_total", report, NULL, grams, 2);
	}
	if (report->g->price) {
		family("weft_energy_cost_this_month", "gauge", "",
		       "Cost of that energy, in units of the currency; prices may be below 0.");
		print_account_of("weft_energy_cost_this_month", "", report, "currency", money, 2);
	}
}

static void print_all(const struct gather *g)
{
	const struct report reports[GATHER_USAGES] = { { .g = g, .r = g->results[MONTH] },
						       { .g = g, .r = g->results[LAST_DAY] } };

	print_classes(reports);
	print_waits(&reports[LAST_DAY]);
	print_accounts(&reports[MONTH]);
	family("weft_alternative_starts", "gauge", "",
	       "Runs of the last 24 hours on a later alternative than the first.");
	sample("weft_alternative_starts", "", NULL, (double)g->results[LAST_DAY]->saved.runs);
	family("weft_alternative_saved_seconds", "gauge", "seconds",
	       "By how much they waited less than is typical of their first alternative.");
	sample("weft_alternative_saved_seconds", "", NULL, g->results[LAST_DAY]->saved.seconds);
	family("weft_report_time_seconds", "gauge", "seconds", "When these figures were made, since 1970.");
	sample("weft_report_time_seconds", "", NULL, (double)g->now);
	puts("# EOF");
}

/* When the month of NOW began, in UTC. */
static time_t month_of(time_t now)
{
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		return now - DAY;
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	return timegm(&tm);
}

int weft_metrics(const char *catalogue, const char *site, int argc, char **argv)
{
	static const struct option options[] = { { "conf", required_argument, NULL, 'c' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	struct gather_wish wish = { .who = who, .catalogue = catalogue, .site = site, .n_spans = 2 };
	struct weft_err err = WEFT_ERR_INIT;
	time_t now = time(NULL);
	struct gather g;
	int c, rc;

	weft_client_conf_path(wish.conf, sizeof(wish.conf));
	optind = 0; /* start anew: the command's own options */
	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			snprintf(wish.conf, sizeof(wish.conf), "%s", optarg);
			break;
		default:
			return other_option(c, who, usage);
		}
	}
	if (optind != argc)
		return usage_error(who, usage, "takes no argument");
	wish.spans[MONTH] = (struct gather_span){ month_of(now - 1), now, true };
	wish.spans[LAST_DAY] = (struct gather_span){ now - DAY, now, false };
	rc = gather(&g, &wish, &err);
	if (rc == 0)
		print_all(&g);
	gather_clear(&g);
	return rc ? complain(who, &err) : STATUS_OK;
}
