/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_usage.c - any bytes as scontrol's lines about nodes, and behind a blank line as sacct's about runs.
 * What is read adds up, and keeps within the period.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/usage.h"

#define FROM 1000000
#define TO   1096000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct weft_catalogue *cat;
static struct weft_conf *conf;
static struct weft_series *series;

static void must(int condition)
{
	if (!condition)
		abort();
}

static void prepare(void)
{
	static const char text[] = "PowerClass=gpu:h100 Idle=0 Peak=700\nPowerClass=npu Idle=0 Peak=400\n";
	static const char values[] = "1970-01-12T00:00Z,100\n1970-01-13T00:00Z,-5\n";

	cat = weft_catalogue_load(WEFT_DATADIR "/catalogue.json", NULL, NULL);
	conf = weft_conf_parse("weft.conf", text, strlen(text), NULL);
	series = weft_series_parse("s", values, strlen(values), NULL);
	must(cat && conf && series);
}

/* The next line of *TEXT, which moves on; NULL: there is none. */
static char *next_line(char **text)
{
	char *line = *text, *feed;

	if (!line)
		return NULL;
	feed = strchr(line, '\n');
	*text = feed ? feed + 1 : NULL;
	if (feed)
		*feed = '\0';
	return line;
}

static void check(const struct weft_usage_result *r, const struct weft_fleet *fleet)
{
	double used = r->unplaced, kwh = 0;

	for (size_t i = 0; i < r->n_classes; i++) {
		const struct weft_fleet_class *c = weft_fleet_class(fleet, (unsigned)i);
		double sum = 0;

		must(r->classes[i].used >= 0 && isfinite(r->classes[i].used));
		must(c->in_use + c->out <= c->cards &&
		     r->classes[i].stranded <= c->cards - c->in_use - c->out);
		for (int k = 0; k < WEFT_USAGE_SLOTS; k++)
			sum += r->classes[i].slots[k];
		must(fabs(sum - r->classes[i].used) <= 1e-6 * (1 + sum));
		used += r->classes[i].used;
	}
	must(fabs(used - r->total.used) <= 1e-6 * (1 + used));
	for (int k = 0; k < WEFT_USAGE_SLOTS; k++)
		kwh += r->energy[k];
	must(fabs(kwh - r->total.measured - r->total.reckoned) <= 1e-6 * (1 + kwh));
	for (size_t i = 0; i < r->n_waits; i++)
		must(r->waits[i].runs > 0 && r->waits[i].median <= r->waits[i].p95);
	must(r->saved.compared <= r->saved.runs);
}

static void count(const struct weft_fleet *fleet, char *text)
{
	const struct weft_usage_setup setup = { .fleet = fleet,
						.conf = conf,
						.carbon = series,
						.price = series,
						.from = FROM,
						.to = TO,
						.now = TO };
	struct weft_usage *usage = weft_usage_create(&setup);
	struct weft_err err = WEFT_ERR_INIT;
	const struct weft_usage_result *r;
	char *line;

	must(usage != NULL);
	while ((line = next_line(&text))) {
		struct weft_past_job job;
		int rc = weft_past_read(&job, line, "|", &err);

		must((rc < 0) == (err.text[0] != '\0'));
		if (rc < 0)
			break;
		if (rc > 0)
			must(weft_usage_add(usage, &job, &err) == 0);
	}
	r = weft_usage_end(usage, NULL);
	must(r != NULL);
	check(r, fleet);
	weft_usage_destroy(usage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *at = text, *line;
	struct weft_fleet *fleet;

	if (!cat)
		prepare();
	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	fleet = weft_fleet_create(cat, conf);
	must(fleet != NULL);
	while ((line = next_line(&at)) && *line) {
		struct weft_err err = WEFT_ERR_INIT;
		int rc = weft_fleet_add(fleet, line, strlen(line), &err);

		must((rc < 0) == (err.text[0] != '\0'));
	}
	must(weft_fleet_ready(fleet, NULL) == 0);
	count(fleet, at);
	weft_fleet_destroy(fleet);
	free(text);
	return 0;
}
