/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_report.c - what is in a report: the tables, its order, its file.
 */
#include "core/power_report_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"

#define MODE 0644

#define KEY(name, kind, type, field, null)                                                                   \
	{                                                                                                    \
		name, WEFT_REPORT_##kind, offsetof(struct type, field), null, NULL, 0                        \
	}
#define LIST(name, type, field, of)                                                                          \
	{                                                                                                    \
		name, WEFT_REPORT_LIST, offsetof(struct type, field), false, &of,                            \
			offsetof(struct type, n_##field)                                                     \
	}
#define SOURCE(name, field, of)                                                                              \
	{                                                                                                    \
		name, WEFT_REPORT_SOURCE, offsetof(struct weft_report, field), true, &of, 0                  \
	}
#define SHAPE(type)                                                                                          \
	{                                                                                                    \
		type##_keys, sizeof(struct type)                                                             \
	}

static const struct weft_report_key weft_report_step_keys[] = {
	KEY("from", TIME, weft_report_step, from, false),
	KEY("cap_w", WATTS, weft_report_step, cap, true),
	KEY("projected_w", WATTS, weft_report_step, drawn, false),
	{ .name = NULL }
};
static const struct weft_report_shape steps = SHAPE(weft_report_step);

static const struct weft_report_key weft_report_zone_keys[] = {
	KEY("name", TEXT, weft_report_zone, name, false),
	KEY("nodes", TEXT, weft_report_zone, nodes, true),
	KEY("idle_w", WATTS, weft_report_zone, idle, false),
	KEY("measured_w", WATTS, weft_report_zone, measured, true),
	KEY("measured_nodes", WATTS, weft_report_zone, measured_nodes, false),
	LIST("steps", weft_report_zone, steps, steps),
	{ .name = NULL }
};
static const struct weft_report_shape zones = SHAPE(weft_report_zone);

static const struct weft_report_key weft_report_class_keys[] = {
	KEY("class", TEXT, weft_report_class, label, false),
	KEY("idle_w", NUMBER, weft_report_class, idle, true),
	KEY("peak_w", NUMBER, weft_report_class, peak, true),
	KEY("factor", NUMBER, weft_report_class, factor, true),
	KEY("samples", COUNT, weft_report_class, samples, false),
	{ .name = NULL }
};
static const struct weft_report_shape classes = SHAPE(weft_report_class);

static const struct weft_report_key weft_report_waiting_keys[] = {
	KEY("job", UINT, weft_report_waiting, job, false),
	KEY("zone", TEXT, weft_report_waiting, zone, false),
	KEY("needed_w", WATTS, weft_report_waiting, needed, false),
	KEY("cap_w", WATTS, weft_report_waiting, cap, true),
	KEY("since", TIME, weft_report_waiting, since, true),
	KEY("earliest", TIME, weft_report_waiting, earliest, true),
	KEY("reserved", FLAG, weft_report_waiting, reserved, false),
	{ .name = NULL }
};
static const struct weft_report_shape waiting = SHAPE(weft_report_waiting);

static const struct weft_report_key weft_report_window_keys[] = {
	KEY("job", UINT, weft_report_window, job, false),
	KEY("goal", TEXT, weft_report_window, goal, false),
	KEY("running", FLAG, weft_report_window, running, false),
	KEY("start", TIME, weft_report_window, start, true),
	KEY("end", TIME, weft_report_window, end, true),
	KEY("deadline", TIME, weft_report_window, deadline, true),
	KEY("mean", NUMBER, weft_report_window, mean, true),
	KEY("mean_now", NUMBER, weft_report_window, mean_now, true),
	{ .name = NULL }
};
static const struct weft_report_shape windows = SHAPE(weft_report_window);

static const struct weft_report_key weft_report_value_keys[] = {
	KEY("from", TIME, weft_report_value, from, false),
	KEY("value", NUMBER, weft_report_value, value, true),
	{ .name = NULL }
};
static const struct weft_report_shape values = SHAPE(weft_report_value);

static const struct weft_report_key caps_keys[] = { KEY("path", TEXT, weft_report_source, path, false),
						    KEY("state", TEXT, weft_report_source, state, false),
						    KEY("modified", TIME, weft_report_source, modified, true),
						    { .name = NULL } };
static const struct weft_report_shape caps = { caps_keys, sizeof(struct weft_report_source) };

static const struct weft_report_key weft_report_source_keys[] = {
	KEY("path", TEXT, weft_report_source, path, false),
	KEY("state", TEXT, weft_report_source, state, false),
	KEY("modified", TIME, weft_report_source, modified, true),
	KEY("now", NUMBER, weft_report_source, now, true),
	LIST("values", weft_report_source, values, values),
	{ .name = NULL }
};
static const struct weft_report_shape series = SHAPE(weft_report_source);

static const struct weft_report_key weft_report_keys[] = { KEY("cluster", TEXT, weft_report, cluster, false),
							   KEY("time", TIME, weft_report, time, false),
							   KEY("interval_s", UINT, weft_report, interval,
							       false),
							   KEY("currency", TEXT, weft_report, currency, true),
							   SOURCE("signal", signal, caps),
							   SOURCE("price", price, series),
							   SOURCE("carbon", carbon, series),
							   LIST("zones", weft_report, zones, zones),
							   LIST("classes", weft_report, classes, classes),
							   LIST("waiting", weft_report, waiting, waiting),
							   LIST("windows", weft_report, windows, windows),
							   { .name = NULL } };
const struct weft_report_shape weft_report_shape = SHAPE(weft_report);

static void clear(const struct weft_report_shape *shape, void *object)
{
	for (const struct weft_report_key *key = shape->keys; key->name; key++) {
		void *at = (char *)object + key->offset;

		if (key->kind == WEFT_REPORT_TEXT) {
			free(*(char **)at);
		} else if (key->kind == WEFT_REPORT_SOURCE) {
			clear(key->of, at);
		} else if (key->kind == WEFT_REPORT_LIST) {
			unsigned n = *(unsigned *)((char *)object + key->count);
			char *entries = *(char **)at;

			for (unsigned i = 0; i < n; i++)
				clear(key->of, entries + i * key->of->size);
			free(entries);
		}
	}
	memset(object, 0, shape->size);
}

void weft_report_clear(struct weft_report *r)
{
	clear(&weft_report_shape, r);
}

static int check_values(const struct weft_report_source *source, const char *name, const char *key,
			struct weft_err *err)
{
	for (unsigned i = 1; source->path && i < source->n_values; i++)
		if (source->values[i].from <= source->values[i - 1].from)
			return weft_err(err, "%s: %s: values, entry %u: from: is not after the one before it",
					name, key, i + 1);
	return 0;
}

int weft_report_check(const struct weft_report *r, const char *name, struct weft_err *err)
{
	for (unsigned z = 0; z < r->n_zones; z++) {
		const struct weft_report_zone *zone = &r->zones[z];

		if (zone->n_steps == 0)
			return weft_err(err, "%s: zones, entry %u: steps: must not be empty", name, z + 1);
		for (unsigned i = 1; i < zone->n_steps; i++)
			if (zone->steps[i].from <= zone->steps[i - 1].from)
				return weft_err(err,
						"%s: zones, entry %u: steps, entry %u: from: is not after "
						"the one before it",
						name, z + 1, i + 1);
	}
	if (check_values(&r->price, name, "price", err) || check_values(&r->carbon, name, "carbon", err))
		return -1;
	return 0;
}

int weft_report_save(const struct weft_report *r, const char *path, struct weft_err *err)
{
	size_t len;
	char *text = weft_report_text(r, &len, err);
	int rc = text ? weft_file_replace(path, text, len, MODE, err) : -1;

	free(text);
	return rc;
}

int weft_report_load(struct weft_report *r, const char *path, struct weft_err *err)
{
	size_t len;
	char *text = weft_file_read(path, WEFT_REPORT_MAX_BYTES, &len, err);
	int rc;

	memset(r, 0, sizeof(*r));
	if (!text)
		return -1;
	rc = weft_report_parse(r, path, text, len, err);
	free(text);
	return rc;
}
