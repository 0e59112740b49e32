/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_ledger.c - what runs at other sites cost: a table, JSON, CSV, and what another site's statement says
 * else.
 */
#include "tools/weft_ledger.h"

#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/json.h"
#include "core/money.h"
#include "core/statement.h"
#include "core/when.h"
#include "tools/command.h"
#include "tools/screen.h"
#include "tools/weft_sold.h"
#include "weftd/client.h"

#define WITHIN	  60 /* s for weftd's answer */
#define MAX_DEPTH 8

static const char who[] = "weft ledger";

static const char usage[] =
	"usage: weft ledger [OPTION]...\n"
	"       weft ledger [OPTION]... reconcile FILE\n"
	"       weft ledger --for=SITE --month=MONTH [--account=NAME] statement\n"
	"\n"
	"Shows what your runs at other sites cost; root sees those of all.  With reconcile, names each\n"
	"difference to FILE, the statement of the site that sold (doc/ledger.md).  With statement, prints "
	"that\n"
	"FILE on the site that sold: what jobs of SITE, as its cluster is called, cost here, from sacct and "
	"the\n"
	"prices of the PublishKind= lines of weft.conf.\n"
	"\n"
	"  --account=NAME  of this account at home; with statement, of this account here\n"
	"  --for=SITE      who bought\n"
	"  --peer=NAME     at this site\n"
	"  --month=MONTH   of runs that ended in this month (2026-11, in UTC)\n"
	"  --json          the statement as doc/ledger.md describes it\n"
	"  --csv           with the column names of FOCUS\n"
	"  --conf=PATH     weft.conf, when it is not beside slurm.conf\n"
	"  --help\n"
	"\n"
	"Exit status: 0, 1 when it could not be done, something was left out or there are differences, 2\n"
	"for wrong usage.\n";

struct options {
	const char *account, *peer, *month, *site;
	bool json, csv;
	char conf[PATH_MAX];
};

/* ---------------------------------------------------------------- asking */

static void put(json_object *o, const char *key, const char *text)
{
	if (text)
		json_object_object_add(o, key, json_object_new_string(text));
}

/* One page, from behind the transaction AFTER on. */
static json_object *ask(const struct options *o, const struct weft_conf *conf, int64_t after,
			struct weft_err *err)
{
	json_object *question = json_object_new_object();

	put(question, "ask", "ledger");
	put(question, "account", o->account);
	put(question, "peer", o->peer);
	put(question, "month", o->month);
	json_object_object_add(question, "after", json_object_new_int64(after));
	return weft_client_ask(conf, question, WITHIN, NULL, err);
}

/* All of it: the last answer, whose statement has the lines of all.  NULL with ERR. */
static json_object *ask_all(const struct options *o, struct weft_err *err)
{
	struct weft_conf *conf = weft_conf_load(o->conf, 0, err);
	json_object *lines = json_object_new_array(), *answer = NULL, *statement, *page, *more = NULL;
	int64_t after = 0;

	do {
		json_object_put(answer);
		answer = conf ? ask(o, conf, after, err) : NULL;
		statement = page = more = NULL;
		if (!answer || !json_object_object_get_ex(answer, "statement", &statement) ||
		    !json_object_object_get_ex(statement, "lines", &page) ||
		    !json_object_is_type(page, json_type_array))
			break;
		for (size_t i = 0; i < json_object_array_length(page); i++)
			json_object_array_add(lines, json_object_get(json_object_array_get_idx(page, i)));
		json_object_object_get_ex(answer, "more", &more);
		after = json_object_get_int64(more);
	} while (more);
	weft_conf_destroy(conf);
	if (page) {
		json_object_object_add(statement, "lines", lines);
		return answer;
	}
	json_object_put(lines);
	json_object_put(answer);
	weft_err(err, "weftd's answer has no statement");
	return NULL;
}

/* ---------------------------------------------------------------- printing */

static void show_table(const struct weft_statement *s)
{
	static const struct column columns[] = { { "END", false, 0, false },	{ "RUN", false, 12, false },
						 { "PEER", false, 0, false },	{ "USER", false, 4, false },
						 { "ACCOUNT", false, 4, true }, { "GRES", false, 4, true },
						 { "CARDS", true, 0, true },	{ "SECONDS", true, 0, true },
						 { "COST", true, 0, false } };
	struct screen screen = screen_of_stdout();
	char when[WEFT_WHEN_SIZE], cost[WEFT_MONEY_SIZE];
	struct table table;

	table_start(&table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < s->n; i++) {
		const struct weft_statement_line *l = &s->lines[i];

		table_cell(&table, "%s", weft_when_text(l->end, when));
		table_cell(&table, "%s", l->key);
		table_cell(&table, "%s", l->peer);
		table_cell(&table, "%s", l->user);
		table_cell(&table, "%s", *l->account ? l->account : "-");
		table_cell(&table, "%s", l->gres);
		table_cell(&table, "%" PRId64, l->cards);
		table_cell(&table, "%" PRId64, l->seconds);
		table_cell(&table, "%s", weft_money_text(l->amount, l->currency, cost));
	}
	table_print(&table, &screen);
}

/* One total for each currency. */
static void show_totals(const struct weft_statement *s)
{
	char text[WEFT_MONEY_SIZE];

	for (size_t i = 0; i < s->n; i++) {
		int64_t sum = 0;
		bool first = true, fits = true;

		for (size_t k = 0; k < i; k++)
			first = first && strcmp(s->lines[k].currency, s->lines[i].currency) != 0;
		for (size_t k = i; first && k < s->n; k++) {
			if (!strcmp(s->lines[k].currency, s->lines[i].currency))
				fits = fits && weft_money_add(sum, s->lines[k].amount, &sum) == 0;
		}
		if (first)
			printf("total: %s\n",
			       fits ? weft_money_text(sum, s->lines[i].currency, text) : "too large");
	}
}

/* A field, in quotes where it needs them. */
static void csv(const char *text)
{
	bool quoted = strpbrk(text, ",\"\n");

	if (quoted)
		putchar('"');
	for (const char *c = text; *c; c++) {
		if (*c == '"')
			putchar('"');
		putchar(*c);
	}
	fputs(quoted ? "\"," : ",", stdout);
}

/* 12.345678, without a currency. */
static void csv_money(int64_t micro)
{
	char text[WEFT_MONEY_SIZE];

	csv(weft_money_text(micro, NULL, text));
}

static void show_csv(const struct weft_statement *s)
{
	puts("BilledCost,EffectiveCost,ListCost,ListUnitPrice,BillingCurrency,ChargePeriodStart,"
	     "ChargePeriodEnd,"
	     "ChargeCategory,ConsumedQuantity,ConsumedUnit,ProviderName,RegionId,SubAccountId,ResourceId,"
	     "ResourceType,Tags");
	for (size_t i = 0; i < s->n; i++) {
		const struct weft_statement_line *l = &s->lines[i];
		json_object *tags = json_object_new_object();
		char start[WEFT_WHEN_SIZE], end[WEFT_WHEN_SIZE], seconds[32];

		for (int k = 0; k < 3; k++)
			csv_money(l->amount);
		csv_money(l->price);
		csv(l->currency);
		csv(weft_when_text(l->start, start));
		csv(weft_when_text(l->end, end));
		csv("Usage");
		snprintf(seconds, sizeof(seconds), "%" PRId64, l->cards * l->seconds);
		csv(seconds);
		csv("card-seconds");
		csv(l->peer);
		csv(l->peer);
		csv(l->account);
		csv(l->key);
		csv(l->gres);
		put(tags, "user", l->user);
		json_object_object_add(tags, "remote_id", json_object_new_int64(l->remote_id));
		csv(json_object_to_json_string_ext(tags, JSON_C_TO_STRING_PLAIN));
		putchar('\n');
		json_object_put(tags);
	}
}

/* ---------------------------------------------------------------- reconcile */

static int tell(void *arg, enum weft_difference what, const struct weft_statement_line *here,
		const struct weft_statement_line *there)
{
	static const char *const words[] = { "missing here", "missing there", "twice here", "twice there",
					     "altered" };
	const struct weft_statement_line *line = here ? here : there;
	char ours[WEFT_MONEY_SIZE], theirs[WEFT_MONEY_SIZE];

	(void)arg;
	printf("%s, job %" PRIu32 " there: %s: ", line->key, line->remote_id, words[what]);
	if (here && there)
		printf("%s here, %s there\n", weft_money_text(here->amount, here->currency, ours),
		       weft_money_text(there->amount, there->currency, theirs));
	else
		printf("%s\n", weft_money_text(line->amount, line->currency, ours));
	return 0;
}

static int reconcile(struct weft_statement *ours, const char *file, struct weft_err *err)
{
	struct weft_statement theirs = { 0 };
	json_object *root = NULL;
	size_t len = 0;
	char *text = weft_file_read(file, WEFT_STATEMENT_MAX_BYTES, &len, err);
	int64_t n = -1;

	if (text && weft_json_parse(&root, file, text, len, MAX_DEPTH, err) == 0 &&
	    weft_statement_read(file, root, &theirs, err) == 0)
		n = weft_statement_compare(ours, &theirs, tell, NULL);
	free(text);
	json_object_put(root);
	if (n >= 0)
		printf("%zu lines here, %zu there, %" PRId64 " differences\n", ours->n, theirs.n, n);
	weft_statement_clear(&theirs);
	return n < 0 ? complain(who, err) : n > 0 ? STATUS_NO : STATUS_OK;
}

/* ---------------------------------------------------------------- the command */

/* An exit status, or -1: go on. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = { { "account", required_argument, NULL, 'a' },
						 { "peer", required_argument, NULL, 'p' },
						 { "month", required_argument, NULL, 'm' },
						 { "for", required_argument, NULL, 'f' },
						 { "json", no_argument, NULL, 'j' },
						 { "csv", no_argument, NULL, 'c' },
						 { "conf", required_argument, NULL, 'C' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	int c;

	weft_client_conf_path(o->conf, sizeof(o->conf));
	optind = 0; /* start anew: the command's own options */
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			o->account = optarg;
			break;
		case 'p':
			o->peer = optarg;
			break;
		case 'm':
			o->month = optarg;
			break;
		case 'f':
			o->site = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'c':
			o->csv = true;
			break;
		case 'C':
			snprintf(o->conf, sizeof(o->conf), "%s", optarg);
			break;
		default:
			return other_option(c, who, usage);
		}
	}
	return o->json && o->csv ? usage_error(who, usage, "--json and --csv do not go together") : -1;
}

static int show(const struct options *o, json_object *root, const char *file, struct weft_err *err)
{
	struct weft_statement statement = { 0 };
	int status = STATUS_OK;

	if (weft_statement_read("weftd's answer", root, &statement, err) < 0) {
		status = complain(who, err);
	} else if (file) {
		status = reconcile(&statement, file, err);
	} else if (o->json) {
		puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	} else if (o->csv) {
		show_csv(&statement);
	} else if (statement.n == 0) {
		puts("no run at another site cost anything");
	} else {
		show_table(&statement);
		show_totals(&statement);
	}
	weft_statement_clear(&statement);
	return status;
}

static int state(const struct options *o)
{
	struct sold_wish wish = { .site = o->site, .account = o->account, .conf = o->conf };

	if (!o->site || !o->month)
		return usage_error(who, usage, "statement needs --for=SITE and --month=MONTH");
	if (o->peer || o->csv)
		return usage_error(who, usage, "statement goes with neither --peer nor --csv");
	if (weft_statement_month(o->month, &wish.from, &wish.to) < 0)
		return usage_error(who, usage, "--month takes a month such as 2026-11");
	return weft_sold_statement(&wish);
}

int weft_ledger_command(int argc, char **argv)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct options o = { 0 };
	json_object *answer, *statement = NULL;
	const char *file = NULL;
	int status = read_options(argc, argv, &o);

	if (status >= 0)
		return status;
	if (optind + 1 == argc && !strcmp(argv[optind], "statement"))
		return state(&o);
	if (o.site)
		return usage_error(who, usage, "--for goes with statement");
	if (optind < argc && (strcmp(argv[optind], "reconcile") != 0 || argc != optind + 2))
		return usage_error(who, usage, "takes options, and statement, or reconcile and a file");
	if (optind < argc)
		file = argv[optind + 1];
	answer = ask_all(&o, &err);
	if (!answer)
		return complain(who, &err);
	json_object_object_get_ex(answer, "statement", &statement);
	status = show(&o, statement, file, &err);
	json_object_put(answer);
	return status;
}
