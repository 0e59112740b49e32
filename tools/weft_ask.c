/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_ask.c - what slurmctld knows of cards, nodes and jobs that wait, for people.
 */
#include "tools/weft_ask.h"

#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/money.h"
#include "tools/command.h"
#include "tools/moment.h"
#include "tools/screen.h"
#include "tools/slurmctld.h"

#define OLD	  2 /* s; of what is older than that, it is said how old */
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct command {
	const char *name, *who;
	const char *argument; /* what it takes; NULL: nothing */
	const char *usage;
	void (*show)(const struct screen *screen, json_object *answer);
	bool more; /* it takes a second argument, too */
};

#define OPTIONS                                                                                              \
	"\n"                                                                                                 \
	"  --json   slurmctld's answer as it is; doc/bbstat.md describes it\n"                               \
	"  --help\n"                                                                                         \
	"\n"                                                                                                 \
	"Exit status: 0, 1 when there is no answer, 2 for wrong usage.\n"

static const char *moment_under(json_object *o, const char *key, char buf[MOMENT_SIZE])
{
	int64_t when = whole_under(o, key);

	return moment(when > 0 ? (time_t)when : 0, time(NULL), buf);
}

/* ---------------------------------------------------------------- classes, nodes */

static const char classes_usage[] =
	"usage: weft classes [--json]\n"
	"\n"
	"Shows the cards of each class: how many there are, are free, in use, or out (on nodes that take no\n"
	"jobs), and how many jobs run on such cards or wait for them.\n" OPTIONS "\n"
	"Example: how many H100 are free?\n"
	"  weft classes --json | jq '.classes[] | select(.class == \"gpu:h100\").free'\n";

static const char nodes_usage[] = "usage: weft nodes [--json]\n"
				  "\n"
				  "Shows the nodes of each class of cards by state.\n" OPTIONS;

static void whole_cell(struct table *t, json_object *o, const char *key)
{
	table_cell(t, "%lld", (long long)whole_under(o, key));
}

/* A row for each entry of the list under KEY. */
static void show_list(const struct screen *screen, json_object *answer, const char *key,
		      const struct column *columns, unsigned n_columns,
		      void (*row)(struct table *t, json_object *o))
{
	struct table t;
	size_t n;
	json_object *list = list_under(answer, key, &n);

	table_start(&t, columns, n_columns);
	for (size_t i = 0; i < n; i++)
		row(&t, json_object_array_get_idx(list, i));
	table_print(&t, screen);
	if (n == 0)
		puts("No node has an accelerator.");
}

static void class_row(struct table *t, json_object *o)
{
	static const char *const numbers[] = {
		"cards", "free", "in_use", "out", "nodes", "running", "pending"
	};

	table_cell(t, "%s", text_under(o, "class"));
	for (size_t k = 0; k < LENGTH(numbers); k++)
		whole_cell(t, o, numbers[k]);
	table_cell(t, "%s", *text_under(o, "model") ? text_under(o, "model") : "?");
	table_cell(t, "%s", text_under(o, "vendor"));
}

static void show_classes(const struct screen *screen, json_object *answer)
{
	static const struct column columns[] = {
		{ "CLASS", false, 8, false }, { "CARDS", true, 0, false },   { "FREE", true, 0, false },
		{ "IN-USE", true, 0, false }, { "OUT", true, 0, false },     { "NODES", true, 0, true },
		{ "RUNNING", true, 0, true }, { "PENDING", true, 0, false }, { "MODEL", false, 6, true },
		{ "VENDOR", false, 0, true },
	};

	show_list(screen, answer, "classes", columns, LENGTH(columns), class_row);
}

static void node_row(struct table *t, json_object *o)
{
	table_cell(t, "%s", text_under(o, "class"));
	table_cell(t, "%s", text_under(o, "state"));
	whole_cell(t, o, "nodes");
	whole_cell(t, o, "cards");
	whole_cell(t, o, "free");
	table_cell(t, "%s", text_under(o, "names"));
}

static void show_nodes(const struct screen *screen, json_object *answer)
{
	static const struct column columns[] = {
		{ "CLASS", false, 8, false }, { "STATE", false, 0, false }, { "NODES", true, 0, false },
		{ "CARDS", true, 0, false },  { "FREE", true, 0, false },   { "NAMES", false, 8, false },
	};

	show_list(screen, answer, "groups", columns, LENGTH(columns), node_row);
}

/* ---------------------------------------------------------------- why */

static const char why_usage[] = "usage: weft why [--json] JOB\n"
				"\n"
				"Says why a job waits: first what keeps it as a whole (a hold, a dependency, "
				"a limit, a power cap, jobs\n"
				"before it), then for each alternative of its --accel what is missing and "
				"what would help.  JOB is a\n"
				"number, or a task of an array: 12_3.\n" OPTIONS "\n"
				"Examples:\n"
				"  weft why 4711\n"
				"  weft why --json 4711 | jq '.alternatives[] | {class, missing, free_by}'\n";

static void show_help(const struct screen *screen, json_object *o)
{
	size_t n;
	json_object *list = list_under(o, "would_help", &n);

	for (size_t i = 0; i < n; i++)
		screen_words(screen, INK_HINT, 4, "would help: %s",
			     json_object_get_string(json_object_array_get_idx(list, i)));
}

static void show_topics(const struct screen *screen, json_object *answer)
{
	size_t n;
	json_object *list = list_under(answer, "topics", &n);

	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(list, i);

		screen_words(screen, INK_BAD, 2, "%s: %s", text_under(o, "what"), text_under(o, "text"));
		show_help(screen, o);
	}
}

static void show_alternative(const struct screen *screen, json_object *o)
{
	const char *missing = text_under(o, "missing"), *flaw = text_under(o, "weft");
	bool fits = strncmp(missing, "nothing;", 8) == 0;
	char when[MOMENT_SIZE];
	int64_t nodes = whole_under(o, "nodes");

	screen_words(screen, INK_BOLD, 2, "alternative %lld: %lld %s on %lld node%s",
		     (long long)whole_under(o, "alternative"), (long long)whole_under(o, "cards"),
		     text_under(o, "class"), (long long)nodes, nodes == 1 ? "" : "s");
	if (*missing)
		screen_words(screen, fits ? INK_GOOD : INK_BAD, 4, "missing: %s", missing);
	if (*flaw)
		screen_words(screen, INK_BAD, 4, "%s", flaw);
	show_help(screen, o);
	if (whole_under(o, "free_by") > 0)
		screen_words(screen, INK_PLAIN, 4, "free by: %s", moment_under(o, "free_by", when));
}

static void show_head(const struct screen *screen, json_object *answer)
{
	const char *part = text_under(answer, "partition");

	screen_words(screen, INK_BOLD, 0, "%s of %s%s%s: %s", text_under(answer, "name"),
		     text_under(answer, "user"), *part ? ", partition " : "", part,
		     text_under(answer, "state"));
}

static void show_text(const struct screen *screen, json_object *answer, const char *name, const char *key)
{
	if (*text_under(answer, key))
		screen_words(screen, INK_PLAIN, 2, "%s: %s", name, text_under(answer, key));
}

static void show_why(const struct screen *screen, json_object *answer)
{
	char when[MOMENT_SIZE];
	size_t n;
	json_object *list = list_under(answer, "alternatives", &n);

	show_head(screen, answer);
	if (strcmp(text_under(answer, "state"), "PENDING") != 0) {
		screen_words(screen, INK_PLAIN, 2, "it does not wait");
		return;
	}
	show_text(screen, answer, "reason", "reason");
	show_text(screen, answer, "said", "said");
	show_topics(screen, answer);
	show_text(screen, answer, "alternatives: none", "no_alternative");
	for (size_t i = 0; i < n; i++)
		show_alternative(screen, json_object_array_get_idx(list, i));
	show_text(screen, answer, "decision", "decision");
	if (whole_under(answer, "predicted") > 0)
		screen_words(screen, INK_PLAIN, 2, "predicted start: %s, by the scheduler",
			     moment_under(answer, "predicted", when));
}

/* ---------------------------------------------------------------- a job */

static void field(const struct screen *screen, const char *name, const char *value)
{
	if (*value)
		screen_words(screen, INK_PLAIN, 2, "%-12s %s", name, value);
}

static void time_field(const struct screen *screen, json_object *o, const char *name, const char *key)
{
	char when[MOMENT_SIZE];

	if (whole_under(o, key) > 0)
		field(screen, name, moment_under(o, key, when));
}

static void cards_field(const struct screen *screen, json_object *o, const char *name)
{
	char text[512];
	int64_t nodes = whole_under(o, "nodes"), number = whole_under(o, "alternative");
	int n = number > 0 ? snprintf(text, sizeof(text), "%lld: ", (long long)number) : 0;

	snprintf(text + n, sizeof(text) - (size_t)n, "%lld %s on %lld node%s",
		 (long long)whole_under(o, "cards"), text_under(o, "class"), (long long)nodes,
		 nodes == 1 ? "" : "s");
	field(screen, name, text);
}

static void cards_fields(const struct screen *screen, json_object *job, const char *name, const char *key)
{
	size_t n;
	json_object *list = list_under(job, key, &n);

	for (size_t i = 0; i < n; i++)
		cards_field(screen, json_object_array_get_idx(list, i), name);
}

void show_local_job(json_object *job)
{
	static const char *const first[] = { "accel", "policy", "app", "energy", "tres" };
	struct screen screen = screen_of_stdout();

	show_head(&screen, job);
	for (size_t i = 0; i < LENGTH(first); i++)
		field(&screen, first[i], text_under(job, first[i]));
	time_field(&screen, job, "window ends", "window_ends");
	cards_fields(&screen, job, "alternative", "alternatives");
	field(&screen, "alternatives", text_under(job, "no_alternative"));
	cards_fields(&screen, job, "has", "has");
	field(&screen, "nodes", text_under(job, "nodes"));
	time_field(&screen, job, "started", "started");
	time_field(&screen, job, "ends by", "ends_by");
	time_field(&screen, job, "predicted", "predicted");
	field(&screen, "decision", text_under(job, "decision"));
	field(&screen, "reason", text_under(job, "reason"));
}

/* ---------------------------------------------------------------- a quote */

static const char quote_usage[] =
	"usage: weft quote [--json] REQUEST [TIME]\n"
	"\n"
	"Shows what a request, as --accel takes it, would come to at home and at the other sites of "
	"weft.conf:\n"
	"start, finish, cost, energy of its cards, carbon.  TIME is how long it runs on the first "
	"alternative\n"
	"(1:00:00; as Slurm writes times, or 90m, 12h, 2d); on others as their speed says.  A forecast, not "
	"a\n"
	"promise: it counts cards, and knows nothing of limits or of jobs that are not submitted yet.  '?' "
	"is\n"
	"what is not known.\n" OPTIONS "\n"
	"Examples:\n"
	"  weft quote 8:h100\n"
	"  weft quote '16:h100 | 16:910b' 12h\n"
	"  weft quote --json 8:h100 | jq -r '.offers[] | select(.cheapest == 1).site // \"home\"'\n";

static const char *figure(double value, char *buf, size_t size)
{
	if (isnan(value))
		snprintf(buf, size, "?");
	else
		snprintf(buf, size, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
	return buf;
}

static const char *when_text(json_object *o, const char *key, time_t taken, char buf[MOMENT_SIZE])
{
	int64_t when = whole_under(o, key);

	if (when <= 0)
		return "?";
	return when <= taken ? "now" : moment((time_t)when, taken, buf);
}

static const char *cost_text(json_object *o, char buf[WEFT_MONEY_SIZE])
{
	int64_t cost = whole_under(o, "cost");
	char currency[4];

	if (cost <= 0)
		return cost < 0 ? "?" : "free";
	snprintf(currency, sizeof(currency), "%s", text_under(o, "currency"));
	return weft_money_text(cost, currency, buf);
}

/* "cheapest, soonest", else why something is not known. */
static const char *best_text(json_object *o, char *buf, size_t size)
{
	static const char *const marks[] = { "cheapest", "soonest", "greenest" };
	size_t n = 0;

	for (size_t i = 0; i < LENGTH(marks); i++) {
		if (whole_under(o, marks[i]) == 1)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "", marks[i]);
	}
	return n ? buf : text_under(o, "note");
}

static void offer_row(struct table *t, json_object *o, time_t taken)
{
	char start[MOMENT_SIZE], finish[MOMENT_SIZE], money[WEFT_MONEY_SIZE], kwh[32], grams[32], best[64];

	table_cell(t, "%s", *text_under(o, "site") ? text_under(o, "site") : "home");
	table_cell(t, "%lld", (long long)whole_under(o, "alternative"));
	table_cell(t, "%lld %s", (long long)whole_under(o, "cards"), text_under(o, "class"));
	table_cell(t, "%s", when_text(o, "start", taken, start));
	table_cell(t, "%s", when_text(o, "finish", taken, finish));
	table_cell(t, "%s", cost_text(o, money));
	table_cell(t, "%s", figure(number_under(o, "kwh"), kwh, sizeof(kwh)));
	table_cell(t, "%s", figure(number_under(o, "gco2"), grams, sizeof(grams)));
	table_cell(t, "%s", best_text(o, best, sizeof(best)));
}

static void show_quote(const struct screen *screen, json_object *answer)
{
	static const struct column columns[] = {
		{ "SITE", false, 6, false }, { "ALT", true, 0, true },	    { "CARDS", false, 8, false },
		{ "START", false, 0, true }, { "FINISH", false, 0, false }, { "COST", true, 0, false },
		{ "KWH", true, 0, true },    { "GCO2", true, 0, true },	    { "BEST", false, 8, false },
	};
	int64_t late = whole_under(answer, "waiting_left_out"), more = whole_under(answer, "left_out");
	struct table t;
	size_t n;
	json_object *list = list_under(answer, "offers", &n);

	table_start(&t, columns, LENGTH(columns));
	for (size_t i = 0; i < n; i++)
		offer_row(&t, json_object_array_get_idx(list, i), (time_t)whole_under(answer, "made"));
	table_print(&t, screen);
	if (more > 0)
		screen_words(screen, INK_PLAIN, 0, "%lld more have no room here", (long long)more);
	if (late > 0)
		screen_words(screen, INK_PLAIN, 0,
			     "%lld of the jobs that wait are not reckoned with: it may be later",
			     (long long)late);
}

/* ---------------------------------------------------------------- the commands */

static const struct command commands[] = {
	{ "classes", "weft classes", NULL, classes_usage, show_classes, false },
	{ "nodes", "weft nodes", NULL, nodes_usage, show_nodes, false },
	{ "quote", "weft quote", "one request, and perhaps a time", quote_usage, show_quote, true },
	{ "why", "weft why", "the number of one job", why_usage, show_why, false },
};

/* An exit status, or -1: go on. */
static int read_options(const struct command *cmd, int argc, char **argv, bool *json)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	char takes[80];
	int c;

	optind = 0; /* start anew: the command's own options */
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c != 'j')
			return other_option(c, cmd->who, cmd->usage);
		*json = true;
	}
	if (argc - optind == (cmd->argument ? 1 : 0) || (cmd->more && argc - optind == 2))
		return -1;
	snprintf(takes, sizeof(takes), "takes %s", cmd->argument ? cmd->argument : "no argument");
	return usage_error(cmd->who, cmd->usage, takes);
}

static void show(const struct command *cmd, json_object *answer)
{
	struct screen screen = screen_of_stdout();
	int64_t age = (int64_t)time(NULL) - whole_under(answer, "taken");
	char text[MOMENT_SIZE];

	cmd->show(&screen, answer);
	if (whole_under(answer, "taken") > 0 && age > OLD)
		screen_words(&screen, INK_PLAIN, 0, "as of %s ago", age_text((time_t)age, text));
}

int weft_ask(int argc, char **argv)
{
	const struct command *cmd = commands;
	struct weft_err err = WEFT_ERR_INIT;
	const char *words[SLURMCTLD_WORDS] = { argv[0] };
	json_object *answer;
	bool json = false;
	int status;

	while (strcmp(cmd->name, argv[0]) != 0)
		cmd++;
	status = read_options(cmd, argc, argv, &json);
	if (status >= 0)
		return status;
	for (int i = 0; optind + i < argc; i++)
		words[i + 1] = argv[optind + i];
	answer = slurmctld_ask(words, &err);
	if (answer && json)
		puts(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PRETTY));
	else if (answer)
		show(cmd, answer);
	json_object_put(answer);
	return answer ? STATUS_OK : complain(cmd->who, &err);
}
