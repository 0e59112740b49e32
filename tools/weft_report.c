/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_report.c - what the cluster's cards did in a period.
 */
#include "tools/weft_report.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/scan.h"
#include "core/when.h"
#include "tools/command.h"
#include "tools/report.h"
#include "weftd/client.h"

#define USUAL_SPAN  (30 * 86400) /* s before now */
#define PAGE_MODE   0644
#define LEAST_START 1000000 /* Slurm takes no earlier one as a number */

static const char who[] = "weft report";

static const char usage[] = "usage: weft report [OPTION]...\n"
			    "\n"
			    "Shows what the cluster's cards did in a period, from Slurm's accounting: "
			    "utilisation and FLOPS by class,\n"
			    "waiting, what alternatives saved, energy, carbon and its cost by account.\n"
			    "\n"
			    "  --start=TIME    from when on: 2025-03-01, 2025-03-01T08:00 (local time), or "
			    "how long ago: 7d, 12h (30d)\n"
			    "  --end=TIME      until when (now)\n"
			    "  --account=NAME  of this account alone\n"
			    "  --json          as JSON; doc/report.md describes it\n"
			    "  --html=FILE     as a page that needs nothing else; - is standard output\n"
			    "  --conf=PATH     weft.conf, when it is not beside slurm.conf\n"
			    "  --help\n"
			    "\n"
			    "Slurm shows other people's jobs to those alone who may see them (PrivateData).\n"
			    "\n"
			    "Exit status: 0, 1 when it could not be done, 2 for wrong usage.\n"
			    "\n"
			    "Examples:\n"
			    "  weft report --start=7d\n"
			    "  weft report --start=2025-03-01 --end=2025-04-01 --html=march.html\n";

struct options {
	struct gather_wish wish;
	bool json;
	const char *html;
};

/* A day, a moment, or how long before NOW.  -1: none of these. */
static int read_time(const char *text, time_t now, time_t *when)
{
	char moment[WEFT_WHEN_SIZE];
	size_t len = strlen(text);
	unsigned ago;

	if (len == 10 && strspn(text, "0123456789-") == len) {
		snprintf(moment, sizeof(moment), "%sT00:00", text);
		return weft_when_parse(moment, strlen(moment), when);
	}
	if (len > 1 && strchr("dhms", text[len - 1]) && weft_length_parse(text, len, &ago) == 0) {
		*when = now - (time_t)ago;
		return 0;
	}
	return weft_when_parse(text, len, when);
}

/* An exit status, or -1: go on. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "start", required_argument, NULL, 's' },   { "end", required_argument, NULL, 'e' },
		{ "account", required_argument, NULL, 'a' }, { "json", no_argument, NULL, 'j' },
		{ "html", required_argument, NULL, 'H' },    { "conf", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },	     { 0 }
	};
	time_t now = time(NULL);
	int c;

	o->wish.spans[0] = (struct gather_span){ now - USUAL_SPAN, now, false };
	optind = 0; /* start anew: the command's own options */
	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			if (read_time(optarg, now, &o->wish.spans[0].from) < 0)
				return usage_error(
					who, usage,
					"--start= is a time such as 2025-03-01, or how long ago, such as 7d");
			break;
		case 'e':
			if (read_time(optarg, now, &o->wish.spans[0].to) < 0)
				return usage_error(
					who, usage,
					"--end= is a time such as 2025-03-01, or how long ago, such as 7d");
			break;
		case 'a':
			o->wish.account = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'H':
			o->html = optarg;
			break;
		case 'c':
			snprintf(o->wish.conf, sizeof(o->wish.conf), "%s", optarg);
			break;
		default:
			return other_option(c, who, usage);
		}
	}
	if (optind != argc)
		return usage_error(who, usage, "takes no argument");
	if (o->json && o->html)
		return usage_error(who, usage, "either --json or --html");
	if (o->wish.account && (!*o->wish.account || strchr(o->wish.account, ',')))
		return usage_error(who, usage, "--account= is the name of one account");
	if (o->wish.spans[0].to > now)
		o->wish.spans[0].to = now;
	if (o->wish.spans[0].from < LEAST_START || o->wish.spans[0].from >= o->wish.spans[0].to)
		return usage_error(who, usage, "the period must begin before it ends, and before now");
	return -1;
}

/* The page, to PATH. */
static int write_page(const struct report *report, const char *path, struct weft_err *err)
{
	char *text = NULL;
	size_t len;
	FILE *f;
	int rc;

	if (!strcmp(path, "-")) {
		report_html(report, stdout);
		return 0;
	}
	f = open_memstream(&text, &len);
	if (!f)
		return weft_err(err, "out of memory");
	report_html(report, f);
	rc = fclose(f) != 0 ? weft_err(err, "out of memory")
			    : weft_file_replace(path, text, len, PAGE_MODE, err);
	free(text);
	return rc;
}

static int show(const struct options *o, const struct gather *g, struct weft_err *err)
{
	struct report report = { .g = g, .r = g->results[0], .account = o->wish.account };

	if (o->html)
		return write_page(&report, o->html, err);
	if (o->json)
		return report_json(&report, stdout, err);
	report_tables(&report);
	return 0;
}

int weft_report(const char *catalogue, const char *site, int argc, char **argv)
{
	struct options o = { .wish = { .who = who, .catalogue = catalogue, .site = site, .n_spans = 1 } };
	struct weft_err err = WEFT_ERR_INIT;
	struct gather g;
	int rc;

	weft_client_conf_path(o.wish.conf, sizeof(o.wish.conf));
	rc = read_options(argc, argv, &o);
	if (rc >= 0)
		return rc;
	rc = gather(&g, &o.wish, &err);
	if (rc == 0)
		rc = show(&o, &g, &err);
	gather_clear(&g);
	return rc ? complain(who, &err) : STATUS_OK;
}
