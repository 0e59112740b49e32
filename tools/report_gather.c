/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_gather.c - ask Slurm's commands, line by line.
 */
#include "tools/report_gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/child.h"

#define WITHIN	 600 /* s for scontrol, and for sacct */
#define PLAIN	 32  /* bytes of a number, and what stands before it */
#define PATIENCE 1   /* s before there is anything to see */
#define PAUSE	 200 /* ms from one sight of it to the next */

/* What people see who wait. */
struct gather_progress {
	const char *who;
	time_t began;
	struct timespec shown; /* when */
	bool terminal, any;
};

static void show_progress(void *arg)
{
	struct gather *g = arg;
	struct gather_progress *p = g->progress;
	struct timespec now;

	if (!p->terminal || time(NULL) - p->began < PATIENCE || clock_gettime(CLOCK_MONOTONIC, &now) != 0 ||
	    (now.tv_sec - p->shown.tv_sec) * 1000 + (now.tv_nsec - p->shown.tv_nsec) / 1000000 < PAUSE)
		return;
	p->shown = now;
	p->any = true;
	fprintf(stderr, "\r%s: %llu jobs read ", p->who, (unsigned long long)g->lines);
	fflush(stderr);
}

static void end_progress(struct gather_progress *p)
{
	if (p->any)
		fprintf(stderr, "\r%60s\r", "");
}

/* ---------------------------------------------------------------- Slurm */

static int take_node(char *line, size_t len, void *arg, struct weft_err *err)
{
	struct gather *g = arg;

	return weft_fleet_add(g->fleet, line, len, err);
}

static int take_run(char *line, size_t len, void *arg, struct weft_err *err)
{
	struct gather *g = arg;
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_past_job job;
	int rc = weft_past_read(&job, line, g->delimiter, &why);

	(void)len;
	if (rc < 0)
		return weft_err(err, "sacct: %s", why.text);
	g->lines += rc > 0;
	for (unsigned i = 0; i < g->n && rc > 0; i++)
		if (weft_usage_add(g->usages[i], &job, err) < 0)
			return -1;
	return 0;
}

static int call(struct gather *g, char *const *argv, int (*line)(char *, size_t, void *, struct weft_err *),
		size_t max, struct weft_err *err)
{
	static const char *const dirs[] = { "/usr/local/bin", "/usr/bin", "/opt/slurm/bin", NULL };
	struct weft_child_reader reader = { .line = line, .tick = show_progress, .arg = g, .max = max };
	int found = 1, rc = weft_child_lines(argv, dirs, WITHIN, &reader, &found, err);

	return found ? rc : weft_err(err, "there is no %s here", argv[0]);
}

static int ask_nodes(struct gather *g, struct weft_err *err)
{
	static char *const argv[] = { "scontrol", "-d", "-o", "show", "nodes", NULL };

	g->fleet = weft_fleet_create(g->catalogue, g->conf);
	if (!g->fleet)
		return weft_err(err, "out of memory");
	if (call(g, argv, take_node, WEFT_FLEET_MAX_LINE, err) < 0)
		return -1;
	return weft_fleet_ready(g->fleet, err);
}

/* Between fields: nothing that a user could put into the line with which he submits a job. */
static int choose_delimiter(struct gather *g, struct weft_err *err)
{
	unsigned char bytes[8];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return weft_err(err, "no random numbers can be had");
	g->delimiter[0] = '|';
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(g->delimiter + 1 + 2 * i, 3, "%02x", bytes[i]);
	snprintf(g->delimiter + 1 + 2 * sizeof(bytes), 2, "|");
	return 0;
}

static int ask_runs(struct gather *g, const struct gather_wish *wish, struct weft_err *err)
{
	time_t from = wish->spans[0].from, to = wish->spans[0].to;
	char start[PLAIN], end[PLAIN], delimiter[sizeof(g->delimiter) + 16], *account = NULL;
	char *argv[16] = { "sacct", "-n", "-P", "-X",	   "-D", "-S",
			   start,   "-E", end,	delimiter, "-o", WEFT_PAST_FIELDS };
	struct weft_err why = WEFT_ERR_INIT;
	int rc;

	for (unsigned i = 1; i < wish->n_spans; i++) {
		from = wish->spans[i].from < from ? wish->spans[i].from : from;
		to = wish->spans[i].to > to ? wish->spans[i].to : to;
	}
	if (choose_delimiter(g, err) < 0)
		return -1;
	snprintf(start, sizeof(start), "uts%lld", (long long)from);
	snprintf(end, sizeof(end), "uts%lld", (long long)to);
	snprintf(delimiter, sizeof(delimiter), "--delimiter=%s", g->delimiter);
	argv[12] = "-a";
	if (wish->account) {
		account = strdup(wish->account);
		if (!account)
			return weft_err(err, "out of memory");
		argv[13] = "-A";
		argv[14] = account;
	}
	setenv("SLURM_TIME_FORMAT", "%s", 1);
	rc = call(g, argv, take_run, WEFT_PAST_MAX_LINE, &why);
	free(account);
	return rc < 0 ? weft_err(err, "%s%s", why.text,
				 strstr(why.text, "exit status") ? "; does this cluster have slurmdbd?" : "")
		      : 0;
}

/* ---------------------------------------------------------------- all of it */

static int load(struct gather *g, const struct gather_wish *wish, struct weft_err *err)
{
	g->conf = weft_conf_load(wish->conf, 1, err);
	if (!g->conf)
		return -1;
	g->catalogue =
		weft_catalogue_load(wish->catalogue, wish->site ? wish->site : g->conf->catalogue, err);
	if (!g->catalogue)
		return -1;
	if (g->conf->power.carbon) {
		g->carbon = weft_series_load(g->conf->power.carbon, err);
		if (!g->carbon)
			return -1;
	}
	if (g->conf->power.price) {
		g->price = weft_series_load(g->conf->power.price, err);
		if (!g->price)
			return -1;
	}
	return 0;
}

static int count(struct gather *g, const struct gather_wish *wish, struct weft_err *err)
{
	for (g->n = 0; g->n < wish->n_spans; g->n++) {
		struct weft_usage_setup setup = { .fleet = g->fleet,
						  .conf = g->conf,
						  .carbon = g->carbon,
						  .price = g->price,
						  .from = wish->spans[g->n].from,
						  .to = wish->spans[g->n].to,
						  .now = g->now,
						  .ended = wish->spans[g->n].ended };

		g->usages[g->n] = weft_usage_create(&setup);
		if (!g->usages[g->n])
			return weft_err(err, "out of memory");
	}
	if (ask_runs(g, wish, err) < 0)
		return -1;
	for (unsigned i = 0; i < g->n; i++) {
		g->results[i] = weft_usage_end(g->usages[i], err);
		if (!g->results[i])
			return -1;
	}
	return 0;
}

int gather(struct gather *g, const struct gather_wish *wish, struct weft_err *err)
{
	struct gather_progress progress = { .who = wish->who,
					    .began = time(NULL),
					    .terminal = isatty(STDERR_FILENO) };
	int rc;

	*g = (struct gather){ .now = progress.began, .progress = &progress };
	rc = load(g, wish, err);
	if (rc == 0)
		rc = ask_nodes(g, err);
	if (rc == 0)
		rc = count(g, wish, err);
	end_progress(&progress);
	g->progress = NULL;
	return rc;
}

void gather_clear(struct gather *g)
{
	for (unsigned i = 0; i < GATHER_USAGES; i++)
		weft_usage_destroy(g->usages[i]);
	weft_fleet_destroy(g->fleet);
	weft_series_destroy(g->price);
	weft_series_destroy(g->carbon);
	weft_catalogue_destroy(g->catalogue);
	weft_conf_destroy(g->conf);
	*g = (struct gather){ 0 };
}
