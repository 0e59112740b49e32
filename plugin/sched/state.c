/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.c - fills the report.
 */
#include "plugin/sched/state.h"

#include <math.h>
#include <stdlib.h>

#include "plugin/compat/tally.h"
#include "plugin/sched/sources.h"

#define AHEAD	  (24 * 3600) /* s that are shown */
#define MAX_STEPS 600	      /* of a zone; more than that nobody can look at */

static int64_t *measured, *measured_nodes; /* by zone */

void weft_state_look(struct weft_power *p)
{
	free(measured);
	free(measured_nodes);
	measured = weft_power_draws(p);
	measured_nodes = weft_power_draws(p);
	if (measured && measured_nodes)
		weft_tally_measured(p, measured, measured_nodes);
}

/* The moments at which something changes, MAX_STEPS at most, from NOW on. */
static time_t *moments(struct weft_power *p, time_t now, size_t *n)
{
	time_t *all = weft_book_changes(weft_power_book(p), now, now + AHEAD, n), *few;
	size_t skip = *n / MAX_STEPS + 1;

	few = calloc(*n / skip + 2, sizeof(*few));
	if (few) {
		size_t k = 0;

		few[k++] = now;
		for (size_t i = 0; i < *n; i += skip)
			few[k++] = all[i];
		*n = k;
	}
	free(all);
	return few;
}

static void fill_steps(struct weft_report_zone *zone, struct weft_power *p, unsigned z, const time_t *when,
		       size_t n)
{
	zone->steps = calloc(n, sizeof(*zone->steps));
	for (size_t i = 0; zone->steps && i < n; i++) {
		int64_t cap = weft_book_cap(weft_power_book(p), z, when[i]);
		struct weft_report_step step = { .from = when[i],
						 .cap = cap == WEFT_NO_CAP ? WEFT_REPORT_NO_CAP : cap,
						 .drawn = weft_book_drawn(weft_power_book(p), z, when[i]) };
		const struct weft_report_step *last = zone->n_steps ? &zone->steps[zone->n_steps - 1] : NULL;

		if (!last || last->cap != step.cap || last->drawn != step.drawn)
			zone->steps[zone->n_steps++] = step;
	}
}

static void fill_zones(struct weft_report *r, struct weft_power *p, time_t now)
{
	const struct weft_conf *conf = weft_power_conf(p);
	size_t n = 0;
	time_t *when = moments(p, now, &n);

	r->zones = calloc(weft_power_zones(p), sizeof(*r->zones));
	for (unsigned z = 0; when && r->zones && z < weft_power_zones(p); z++) {
		struct weft_report_zone *zone = &r->zones[r->n_zones++];

		zone->name = strdup(weft_power_zone(p, z));
		zone->nodes = z ? strdup(conf->zones[z - 1].nodes) : NULL;
		zone->idle = weft_power_base(p, z);
		zone->measured_nodes = measured_nodes ? measured_nodes[z] : 0;
		zone->measured = zone->measured_nodes ? measured[z] : WEFT_REPORT_UNKNOWN;
		fill_steps(zone, p, z, when, n);
	}
	free(when);
}

static void fill_classes(struct weft_report *r, struct weft_power *p)
{
	const struct weft_inventory *inv = weft_power_inventory(p);
	size_t n = weft_inventory_classes(inv);

	r->classes = calloc(n ? n : 1, sizeof(*r->classes));
	for (size_t i = 0; r->classes && i < n; i++) {
		struct weft_class_watts w = weft_watts_class(weft_power_watts(p), i);

		r->classes[r->n_classes++] = (struct weft_report_class){
			.label = strdup(weft_inventory_class(inv, i)->label),
			.idle = w.idle,
			.peak = w.peak,
			.factor = w.factor,
			.samples = w.samples,
		};
	}
}

static void fill_waiting(struct weft_report *r, struct weft_power *p)
{
	const struct weft_power_wait *w;
	size_t n = 0;

	while (weft_power_waiting(p, n))
		n++;
	r->waiting = calloc(n ? n : 1, sizeof(*r->waiting));
	for (size_t i = 0; r->waiting && (w = weft_power_waiting(p, i)); i++)
		r->waiting[r->n_waiting++] = (struct weft_report_waiting){
			.job = (uint32_t)w->id,
			.zone = strdup(weft_power_zone(p, w->refused.zone)),
			.needed = w->refused.needed,
			.cap = w->refused.cap,
			.since = w->since,
			.earliest = w->hope == WEFT_POWER_NEVER ? 0 : w->when,
			.reserved = w->hope == WEFT_POWER_RESERVED,
		};
}

static void fill_values(struct weft_report_source *s, const struct weft_series *series, time_t now)
{
	time_t when = now;

	s->now = series ? weft_series_at(series, now) : NAN;
	s->values = series ? calloc(MAX_STEPS, sizeof(*s->values)) : NULL;
	while (s->values && s->n_values < MAX_STEPS && when >= 0 && when < now + AHEAD) {
		s->values[s->n_values++] =
			(struct weft_report_value){ .from = when, .value = weft_series_at(series, when) };
		when = weft_series_next(series, when);
	}
}

static void fill_source(struct weft_report_source *s, enum weft_source source, const char *path)
{
	const char *state = weft_sources_state(source, &s->modified);

	s->now = NAN;
	s->path = path ? strdup(path) : NULL;
	s->state = path ? strdup(state) : NULL;
}

void weft_state_fill(struct weft_report *r, struct weft_power *p, time_t now)
{
	const struct weft_conf *conf = weft_power_conf(p);

	r->cluster = strdup(slurm_conf.cluster_name ? slurm_conf.cluster_name : "");
	r->time = now;
	r->interval = conf->power.interval;
	r->currency = conf->power.currency[0] ? strdup(conf->power.currency) : NULL;
	fill_source(&r->signal, WEFT_SOURCE_SIGNAL, conf->power.signal);
	fill_source(&r->price, WEFT_SOURCE_PRICE, conf->power.price);
	fill_source(&r->carbon, WEFT_SOURCE_CARBON, conf->power.carbon);
	fill_values(&r->price, weft_sources_price(), now);
	fill_values(&r->carbon, weft_sources_carbon(), now);
	fill_zones(r, p, now);
	fill_classes(r, p);
	fill_waiting(r, p);
}

void weft_state_save(const struct weft_report *report, const char *path)
{
	static bool failed;
	struct weft_err err = WEFT_ERR_INIT;
	int rc = weft_report_save(report, path, &err);

	if (rc && !failed)
		error("weft: %s", err.text);
	failed = rc;
}
