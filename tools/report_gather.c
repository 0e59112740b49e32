/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_gather.c - ask Slurm's commands, line by line.
 */
#include "tools/report_gather.h"

#include "tools/sacct.h"

/* ---------------------------------------------------------------- Slurm */

static int take_node(char *line, size_t len, void *arg, struct weft_err *err)
{
	struct gather *g = arg;

	return weft_fleet_add(g->fleet, line, len, err);
}

static int take_run(char *line, const char *delimiter, void *arg, struct weft_err *err)
{
	struct gather *g = arg;
	struct weft_past_job job;
	int rc = weft_past_read(&job, line, delimiter, err);

	for (unsigned i = 0; i < g->n && rc > 0; i++)
		if (weft_usage_add(g->usages[i], &job, err) < 0)
			return -1;
	return rc;
}

static int ask_nodes(struct gather *g, struct weft_err *err)
{
	static char *const argv[] = { "scontrol", "-d", "-o", "show", "nodes", NULL };

	g->fleet = weft_fleet_create(g->catalogue, g->conf);
	if (!g->fleet)
		return weft_err(err, "out of memory");
	if (sacct_call(argv, take_node, g, WEFT_FLEET_MAX_LINE, g->progress, err) < 0)
		return -1;
	return weft_fleet_ready(g->fleet, err);
}

static int ask_runs(struct gather *g, const struct gather_wish *wish, struct weft_err *err)
{
	struct sacct_wish runs = { .from = wish->spans[0].from,
				   .to = wish->spans[0].to,
				   .fields = WEFT_PAST_FIELDS,
				   .account = wish->account,
				   .each_run = true,
				   .max = WEFT_PAST_MAX_LINE,
				   .take = take_run,
				   .arg = g };

	for (unsigned i = 1; i < wish->n_spans; i++) {
		runs.from = wish->spans[i].from < runs.from ? wish->spans[i].from : runs.from;
		runs.to = wish->spans[i].to > runs.to ? wish->spans[i].to : runs.to;
	}
	return sacct_ask(&runs, g->progress, err);
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
	struct progress progress = progress_begin(wish->who);
	int rc;

	*g = (struct gather){ .now = progress.began, .progress = &progress };
	rc = load(g, wish, err);
	if (rc == 0)
		rc = ask_nodes(g, err);
	if (rc == 0)
		rc = count(g, wish, err);
	progress_end(&progress);
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
