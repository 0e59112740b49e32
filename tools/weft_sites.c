/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_sites.c - what weftd knows of other sites, and of a job there, for people.
 */
#include "tools/weft_sites.h"

#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/file.h"
#include "core/money.h"
#include "core/scan.h"
#include "core/sites.h"
#include "tools/command.h"
#include "tools/moment.h"
#include "tools/screen.h"
#include "tools/slurmctld.h"
#include "tools/weft_ask.h"
#include "weftd/client.h"

#define WITHIN	  10   /* s for weftd's answer */
#define ONE_NODE  8    /* cards */
#define AN_HOUR	  3600 /* s */
#define LATE	  900  /* s: a snapshot that is older is too old */
#define MAX_CARDS 1000000
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const char sites_usage[] = "usage: weft sites [OPTION]...\n"
				  "\n"
				  "Shows the sites that jobs may go to: cards, how many are free, when a job "
				  "would start, what it costs.\n"
				  "\n"
				  "  --cards=N    of the job whose start is shown (8), which takes an hour\n"
				  "  --json       weftd's answer as it is; doc/sites.md describes it\n"
				  "  --file=PATH  a snapshot, instead of weftd's answer\n"
				  "  --conf=PATH  weft.conf, when it is not beside slurm.conf\n"
				  "  --help\n"
				  "\n"
				  "Exit status: 0, 1 when it could not be done, 2 for wrong usage.\n";

static const char job_usage[] =
	"usage: weft job [OPTION]... JOB\n"
	"\n"
	"Shows what a job asked for and has, as slurmctld knows it, and where a job of yours runs, or ran, "
	"at\n"
	"another site.  JOB is a number; of a task of an array, its own.\n"
	"\n"
	"  --json       weftd's answer as it is; doc/weftd.md describes it\n"
	"  --conf=PATH  weft.conf, when it is not beside slurm.conf\n"
	"  --help\n"
	"\n"
	"Exit status: 0, 1 when neither knows it, or with --json when it is at no other site, 2 for wrong "
	"usage.\n";

struct options {
	const char *who, *usage;
	bool json;
	uint32_t cards;
	const char *file;
	char conf[PATH_MAX];
};

/* A number from 1 to MAX; -1: it is none. */
static int64_t number_of(const char *text, double max)
{
	size_t len = strlen(text);
	double x = len > 0 && strspn(text, "0123456789") == len ? weft_number_value(text, len, 0) : NAN;

	return x >= 1 && x <= max ? (int64_t)x : -1;
}

/* An exit status, or -1: go on. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },	  { "cards", required_argument, NULL, 'c' },
		{ "file", required_argument, NULL, 'f' }, { "conf", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },	  { 0 }
	};
	bool is_job = o->usage == job_usage;
	int64_t n;
	int c;

	weft_client_conf_path(o->conf, sizeof(o->conf));
	optind = 0; /* start anew: the command's own options */
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			o->json = true;
			break;
		case 'c':
			n = number_of(optarg, MAX_CARDS);
			if (is_job || n < 0)
				return usage_error(o->who, o->usage,
						   is_job ? "has no --cards" : "--cards= is 1 to 1000000");
			o->cards = (uint32_t)n;
			break;
		case 'f':
			if (is_job)
				return usage_error(o->who, o->usage, "has no --file");
			o->file = optarg;
			break;
		case 'C':
			snprintf(o->conf, sizeof(o->conf), "%s", optarg);
			break;
		default:
			return other_option(c, o->who, o->usage);
		}
	}
	return -1;
}

/* Takes QUESTION over. */
static json_object *ask(const struct options *o, json_object *question, struct weft_err *err)
{
	struct weft_conf *conf = weft_conf_load(o->conf, 0, err);
	json_object *answer = NULL;

	if (conf)
		answer = weft_client_ask(conf, question, WITHIN, NULL, err);
	else
		json_object_put(question);
	weft_conf_destroy(conf);
	return answer;
}

static json_object *question(const char *name)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "ask", json_object_new_string(name));
	return o;
}

/* ---------------------------------------------------------------- sites */

static const char *price_text(const struct weft_site_kind *kind, char buf[WEFT_MONEY_SIZE])
{
	if (kind->price < 0)
		snprintf(buf, WEFT_MONEY_SIZE, "-");
	else
		weft_money_text(kind->price, kind->currency, buf);
	return buf;
}

/* "4 minutes late", "30 s early", "-" */
static const char *error_text(const struct weft_site_peer *peer, char *buf, size_t size)
{
	char age[MOMENT_SIZE];

	if (peer->judged == 0 || isnan(peer->error))
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%s %s (%u)", age_text((time_t)fabs(peer->error), age),
			 peer->error < 0 ? "early" : "late", peer->judged);
	return buf;
}

static uint32_t free_at(const struct weft_outlook *o, time_t now)
{
	uint32_t n = o->steps[0].free;

	for (unsigned i = 1; i < o->n && o->steps[i].from <= now; i++)
		n = o->steps[i].free;
	return n;
}

static const char *start_text(const struct weft_outlook *o, uint32_t cards, time_t now, char buf[MOMENT_SIZE])
{
	time_t start = weft_outlook_start(o, cards, AN_HOUR, now);

	if (start == 0)
		snprintf(buf, MOMENT_SIZE, "never");
	else if (start <= now + 60)
		snprintf(buf, MOMENT_SIZE, "now");
	else
		moment(start, now, buf);
	return buf;
}

static void site_row(struct table *t, const struct weft_site_peer *peer, const struct weft_site_kind *kind,
		     uint32_t cards, time_t now)
{
	char buf[128], price[WEFT_MONEY_SIZE], when[MOMENT_SIZE];

	table_cell(t, "%s", peer->name);
	table_cell(t, "%s", peer->open ? "open" : "set aside");
	table_cell(t, "%s", kind ? kind->gres : "-");
	if (kind) {
		table_cell(t, "%lu", (unsigned long)kind->outlook.cards);
		table_cell(t, "%lu", (unsigned long)free_at(&kind->outlook, now));
		table_cell(t, "%s", start_text(&kind->outlook, cards, now, when));
		table_cell(t, "%s", price_text(kind, price));
	} else {
		for (int i = 0; i < 4; i++)
			table_cell(t, "-");
	}
	table_cell(t, "%s", error_text(peer, buf, sizeof(buf)));
	table_cell(t, "%s", *peer->release ? peer->release : "-");
}

static void show_sites(const struct weft_sites *sites, uint32_t cards)
{
	char head[32], age[MOMENT_SIZE];
	struct column columns[] = {
		{ "SITE", false, 6, false },  { "STATE", false, 0, false },   { "KIND", false, 8, false },
		{ "CARDS", true, 0, false },  { "FREE", true, 0, false },     { head, false, 0, false },
		{ "PRICE/H", true, 0, true }, { "FORECAST", false, 0, true }, { "SLURM", false, 0, true },
	};
	struct screen screen = screen_of_stdout();
	time_t now = time(NULL);
	struct table t;

	if (now - sites->made > LATE)
		fprintf(stderr, "weft sites: this is %s old: is weftd running?\n",
			age_text(now - sites->made, age));
	if (sites->n_peers == 0)
		puts("weft.conf names no other site.");
	if (sites->n_peers == 0)
		return;
	snprintf(head, sizeof(head), "%lu START", (unsigned long)cards);
	table_start(&t, columns, LENGTH(columns));
	for (unsigned i = 0; i < sites->n_peers; i++) {
		const struct weft_site_peer *peer = &sites->peers[i];

		if (peer->n_kinds == 0)
			site_row(&t, peer, NULL, cards, now);
		for (unsigned k = 0; k < peer->n_kinds; k++)
			site_row(&t, peer, &peer->kinds[k], cards, now);
	}
	table_print(&t, &screen);
	for (unsigned i = 0; i < sites->n_peers; i++) {
		if (!sites->peers[i].open)
			screen_line(&screen, "%s: %s", sites->peers[i].name, sites->peers[i].why);
	}
	if (sites->n_runs > 0)
		printf("\nJobs there: %u\n", sites->n_runs);
}

/* The text of a snapshot; malloc()ed. */
static char *get_snapshot(const struct options *o, size_t *len, struct weft_err *err)
{
	json_object *answer, *sites = NULL;
	char *text = NULL;

	if (o->file)
		return weft_file_read(o->file, WEFT_SITES_MAX_BYTES, len, err);
	answer = ask(o, question("sites"), err);
	if (!answer)
		return NULL;
	if (json_object_object_get_ex(answer, "sites", &sites) && sites)
		text = strdup(json_object_to_json_string_ext(sites, JSON_C_TO_STRING_PLAIN));
	if (text)
		*len = strlen(text);
	else
		weft_err(err, "weftd's answer has no sites in it");
	json_object_put(answer);
	return text;
}

int weft_sites(int argc, char **argv)
{
	struct options o = { .who = "weft sites", .usage = sites_usage, .cards = ONE_NODE };
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_sites *sites;
	int status = read_options(argc, argv, &o);
	size_t len = 0;
	char *text;

	if (status >= 0)
		return status;
	if (optind != argc)
		return usage_error(o.who, o.usage, "takes no argument");
	text = get_snapshot(&o, &len, &err);
	sites = text ? weft_sites_read(o.file ? o.file : "weftd's answer", text, len, &err) : NULL;
	if (sites && o.json)
		printf("%s%s", text, text[len - 1] == '\n' ? "" : "\n");
	else if (sites)
		show_sites(sites, o.cards);
	status = sites ? STATUS_OK : complain(o.who, &err);
	weft_sites_free(sites);
	free(text);
	return status;
}

/* ---------------------------------------------------------------- a job */

static void line(const struct screen *screen, const char *name, const char *value)
{
	if (*value)
		screen_line(screen, "  %-12s %s", name, value);
}

static void time_line(const struct screen *screen, json_object *run, const char *name, const char *key,
		      time_t now)
{
	char when[MOMENT_SIZE];
	int64_t at = whole_under(run, key);

	if (at > 0)
		line(screen, name, moment(at, now, when));
}

static void exit_line(const struct screen *screen, int64_t status)
{
	char text[64];

	if (status < 0)
		return;
	if (WIFSIGNALED((int)status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG((int)status));
	else
		snprintf(text, sizeof(text), "%d", WEXITSTATUS((int)status));
	line(screen, "exit", text);
}

static void show_run(const struct screen *screen, json_object *run)
{
	char text[256], currency[4], cost[WEFT_MONEY_SIZE];
	int64_t id = whole_under(run, "remote_id"), micro = whole_under(run, "cost");
	time_t now = time(NULL);

	screen_line(screen, "Job %lld at %s", (long long)whole_under(run, "job"), text_under(run, "peer"));
	snprintf(text, sizeof(text), "%s, %s there%s", text_under(run, "phase"), text_under(run, "state"),
		 json_object_get_boolean(json_object_object_get(run, "settled")) ? ", its files are at home"
										 : "");
	line(screen, "state", text);
	if (id > 0) {
		snprintf(text, sizeof(text), "%lld, as %s", (long long)id, text_under(run, "remote_user"));
		line(screen, "there it is", text);
	}
	line(screen, "nodes", text_under(run, "remote_nodes"));
	line(screen, "cards", text_under(run, "gres"));
	time_line(screen, run, "submitted", "remote_submit", now);
	if (whole_under(run, "remote_start") <= 0)
		time_line(screen, run, "forecast", "predicted", now);
	time_line(screen, run, "started", "remote_start", now);
	time_line(screen, run, "ended", "remote_end", now);
	exit_line(screen, whole_under(run, "exit_status"));
	snprintf(currency, sizeof(currency), "%s", text_under(run, "currency"));
	if (micro >= 0)
		line(screen, "cost", weft_money_text(micro, currency, cost));
	if (whole_under(run, "attempt") > 1) {
		snprintf(text, sizeof(text), "%lld", (long long)whole_under(run, "attempt"));
		line(screen, "attempt", text);
	}
	line(screen, "directory", text_under(run, "remote_top"));
	line(screen, "why", text_under(run, "why"));
}

/* As slurmctld knows it; false: it does not, or burst_buffer/weft is not there. */
static bool show_at_home(const char *job)
{
	const char *const words[] = { "job", job, NULL };
	struct weft_err ignored = WEFT_ERR_INIT;
	json_object *local = slurmctld_ask(words, &ignored);

	if (local)
		show_local_job(local);
	json_object_put(local);
	return local != NULL;
}

static int show_job(const struct options *o, json_object *answer, int64_t job, struct weft_err *err)
{
	struct screen screen = screen_of_stdout();
	json_object *runs = NULL;
	size_t n;

	if (!json_object_object_get_ex(answer, "runs", &runs) || !json_object_is_type(runs, json_type_array))
		return weft_err(err, "weftd's answer has no runs in it");
	n = json_object_array_length(runs);
	if (o->json)
		puts(json_object_to_json_string_ext(runs, JSON_C_TO_STRING_PRETTY));
	if (n == 0)
		return weft_err(err, "job %lld of yours is at no other site", (long long)job);
	for (size_t i = 0; !o->json && i < n; i++) {
		if (i > 0)
			putchar('\n');
		show_run(&screen, json_object_array_get_idx(runs, i));
	}
	return 0;
}

int weft_job(int argc, char **argv)
{
	struct options o = { .who = "weft job", .usage = job_usage };
	struct weft_err err = WEFT_ERR_INIT;
	int status = read_options(argc, argv, &o), rc = -1;
	json_object *q, *answer;
	bool at_home;
	int64_t job;

	if (status >= 0)
		return status;
	job = argc - optind == 1 ? number_of(argv[optind], UINT32_MAX - 1.0) : -1;
	if (job < 0)
		return usage_error(o.who, o.usage, "takes the number of one job");
	at_home = !o.json && show_at_home(argv[optind]);
	q = question("job");
	json_object_object_add(q, "job", json_object_new_int64(job));
	answer = ask(&o, q, &err);
	if (answer)
		rc = show_job(&o, answer, job, &err);
	json_object_put(answer);
	if (rc && at_home) { /* it need not be anywhere else, nor need there be other sites */
		rc = 0;
		err.text[0] = '\0';
	}
	return rc ? complain(o.who, &err) : STATUS_OK;
}
