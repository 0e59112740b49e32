/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * caps_signal.c - reads the signal file: caps that somebody else sets, as CSV or JSON (doc/weft.conf.md).
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/caps_private.h"
#include "core/file.h"
#include "core/json.h"
#include "core/nearest.h"
#include "core/scan.h"
#include "core/when.h"

#define MAX_DEPTH 4 /* of JSON; the format needs 2 */

struct reader {
	const char *path;
	const struct weft_conf *conf;
	struct weft_signal *signal;
	bool json;
	unsigned place; /* line, or entry */
	struct weft_err *err;
};

/* A piece of the text; not NUL-terminated. */
struct field {
	const char *at;
	size_t len;
};

/* "caps.csv:3: ..." or "caps.json: entry 3: ..." */
#define FAIL(r, fmt, ...)                                                                                    \
	weft_err((r)->err, "%s:%s%u: " fmt, (r)->path, (r)->json ? " entry " : "", (r)->place, ##__VA_ARGS__)

static struct field trim(const char *at, size_t len)
{
	while (len > 0 && weft_is_space(*at)) {
		at++;
		len--;
	}
	while (len > 0 && weft_is_space(at[len - 1]))
		len--;
	return (struct field){ at, len };
}

static bool is_word(struct field f, const char *word)
{
	return f.len == strlen(word) && !strncasecmp(f.at, word, f.len);
}

/* ---------------------------------------------------------------- the three fields of a point */

static int read_time(struct reader *r, struct field f, time_t *when)
{
	if (weft_when_parse(f.at, f.len, when) < 0)
		return FAIL(r, "\"%s\" is not a time such as 2025-03-01T08:00Z", weft_snip(f.at, f.len).text);
	return 0;
}

static int read_zone(struct reader *r, struct field f, unsigned *zone)
{
	char name[WEFT_NAME_MAX + 1];
	const char *near = NULL;
	int found = -1;

	if (f.len <= WEFT_NAME_MAX && !memchr(f.at, '\0', f.len)) {
		memcpy(name, f.at, f.len);
		name[f.len] = '\0';
		found = weft_conf_find_zone(r->conf, name);
		near = weft_conf_nearest_zone(r->conf, name);
	}
	if (found < 0)
		return FAIL(r, "unknown zone \"%s\"%s%s%s", weft_snip(f.at, f.len).text,
			    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	*zone = (unsigned)found;
	return 0;
}

static int read_watts(struct reader *r, struct field f, int64_t *watts)
{
	double v = weft_watts_value(f.at, f.len);

	if (is_word(f, "none"))
		*watts = WEFT_NO_CAP;
	else if (is_word(f, "schedule"))
		*watts = WEFT_AS_SCHEDULED;
	else if (isnan(v))
		return FAIL(
			r,
			"\"%s\" is not a number of watts such as 400000, 400k or 1.2M, nor none or schedule",
			weft_snip(f.at, f.len).text);
	else
		*watts = (int64_t)v; /* a part of a watt would be above the cap */
	return 0;
}

static int add(struct reader *r, const struct weft_signal_point *point)
{
	struct weft_signal *s = r->signal;

	if (s->n == WEFT_SIGNAL_MAX_POINTS)
		return FAIL(r, "more than %d caps", WEFT_SIGNAL_MAX_POINTS);
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 64;
		struct weft_signal_point *points = realloc(s->points, room * sizeof(*points));

		if (!points)
			return weft_err(r->err, "%s: out of memory", r->path);
		s->points = points;
		s->room = room;
	}
	s->points[s->n++] = *point;
	return 0;
}

/* ---------------------------------------------------------------- CSV */

/* TIME,ZONE,WATTS or TIME,WATTS; a first line that begins with "time" is a header. */
static int csv_line(struct reader *r, const char *line, size_t len, bool *begun)
{
	struct weft_signal_point point = { .place = r->place };
	struct field whole = trim(line, len), f[3];
	const char *end = whole.at + whole.len;
	unsigned n = 0;

	if (whole.len == 0 || whole.at[0] == '#')
		return 0;
	for (const char *at = whole.at; at; n++) {
		const char *comma = memchr(at, ',', (size_t)(end - at));

		if (n == 3)
			return FAIL(r, "more than time,zone,watts");
		f[n] = trim(at, (size_t)((comma ? comma : end) - at));
		at = comma ? comma + 1 : NULL;
	}
	if (n < 2)
		return FAIL(r, "a line must be time,zone,watts or time,watts");
	if (!*begun && is_word(f[0], "time")) {
		*begun = true;
		return 0;
	}
	*begun = true;
	if (read_time(r, f[0], &point.when) < 0 || (n == 3 && read_zone(r, f[1], &point.zone) < 0) ||
	    read_watts(r, f[n - 1], &point.watts) < 0)
		return -1;
	return add(r, &point);
}

static int read_csv(struct reader *r, const char *text, size_t len)
{
	bool begun = false;

	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line = end ? (size_t)(end - text) - at : len - at;

		r->place++;
		if (csv_line(r, text + at, line, &begun) < 0)
			return -1;
		at += line + 1;
	}
	/* A file without even a header is one that is being written, or was lost. */
	return begun ? 0 : weft_err(r->err, "%s: there is no cap in it", r->path);
}

/* ---------------------------------------------------------------- JSON */

static struct field json_field(json_object *value)
{
	return (struct field){ json_object_get_string(value), (size_t)json_object_get_string_len(value) };
}

static int json_watts(struct reader *r, json_object *value, int64_t *watts)
{
	double v;

	if (json_object_is_type(value, json_type_string))
		return read_watts(r, json_field(value), watts);
	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
		return FAIL(r, "watts: must be a number or a string, not %s", weft_json_kind(value));
	v = json_object_get_double(value);
	if (!(v >= 0 && v <= WEFT_WATTS_MAX))
		return FAIL(r, "watts: must be from 0 to 1e12");
	*watts = (int64_t)v;
	return 0;
}

static int json_entry(struct reader *r, json_object *entry)
{
	static const char *const keys[] = { "time", "zone", "watts", NULL };
	struct weft_signal_point point = { .place = r->place };
	json_object *time = NULL, *zone = NULL, *watts = NULL;

	if (!json_object_is_type(entry, json_type_object))
		return FAIL(r, "must be an object, not %s", weft_json_kind(entry));
	json_object_object_foreach(entry, key, ignored)
	{
		const char *near = weft_nearest(key, keys);

		(void)ignored;
		if (strcmp(key, keys[0]) != 0 && strcmp(key, keys[1]) != 0 && strcmp(key, keys[2]) != 0)
			return FAIL(r, "unknown key \"%s\"%s%s%s", weft_snip(key, strlen(key)).text,
				    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	if (!json_object_object_get_ex(entry, "time", &time) || !json_object_is_type(time, json_type_string))
		return FAIL(r, "time: must be a string such as \"2025-03-01T08:00Z\"");
	if (json_object_object_get_ex(entry, "zone", &zone) && !json_object_is_type(zone, json_type_string))
		return FAIL(r, "zone: must be a string, not %s", weft_json_kind(zone));
	if (!json_object_object_get_ex(entry, "watts", &watts))
		return FAIL(r, "watts: missing");
	if (read_time(r, json_field(time), &point.when) < 0 ||
	    (zone && read_zone(r, json_field(zone), &point.zone) < 0) ||
	    json_watts(r, watts, &point.watts) < 0)
		return -1;
	return add(r, &point);
}

static int read_json(struct reader *r, const char *text, size_t len)
{
	json_object *root;
	int rc = 0;

	if (weft_json_parse(&root, r->path, text, len, MAX_DEPTH, r->err) < 0)
		return -1;
	if (!json_object_is_type(root, json_type_array))
		rc = weft_err(r->err, "%s: must be a list, not %s", r->path, weft_json_kind(root));
	for (size_t i = 0; rc == 0 && i < json_object_array_length(root); i++) {
		r->place++;
		rc = json_entry(r, json_object_array_get_idx(root, i));
	}
	json_object_put(root);
	return rc;
}

/* ---------------------------------------------------------------- the file */

static int compare(const void *a, const void *b)
{
	const struct weft_signal_point *x = a, *y = b;

	if (x->zone != y->zone)
		return x->zone < y->zone ? -1 : 1;
	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* By zone and time; and none of them twice. */
static int sort(struct reader *r)
{
	struct weft_signal *s = r->signal;

	if (s->n > 0)
		qsort(s->points, s->n, sizeof(*s->points), compare);
	for (size_t i = 1; i < s->n; i++) {
		const struct weft_signal_point *a = &s->points[i - 1], *b = &s->points[i];
		char when[WEFT_WHEN_SIZE];

		if (a->zone != b->zone || a->when != b->when)
			continue;
		r->place = b->place;
		return FAIL(r, "%s has a cap from %s on in %s %u already",
			    weft_conf_zone_name(r->conf, a->zone), weft_when_text(a->when, when),
			    r->json ? "entry" : "line", a->place);
	}
	return 0;
}

struct weft_signal *weft_signal_parse(const char *path, const char *text, size_t len,
				      const struct weft_conf *conf, struct weft_err *err)
{
	struct weft_signal *signal = calloc(1, sizeof(*signal));
	struct reader r = { .path = path, .conf = conf, .signal = signal, .err = err };
	struct field whole = trim(text, len);
	int rc;

	if (!signal) {
		weft_err(err, "%s: out of memory", path);
		return NULL;
	}
	r.json = whole.len > 0 && (whole.at[0] == '[' || whole.at[0] == '{');
	if (len > WEFT_SIGNAL_MAX_BYTES)
		rc = weft_err(err, "%s: the file has %zu bytes; at most %u are allowed", path, len,
			      WEFT_SIGNAL_MAX_BYTES);
	else
		rc = r.json ? read_json(&r, text, len) : read_csv(&r, text, len);
	if (rc == 0 && sort(&r) == 0)
		return signal;
	weft_signal_destroy(signal);
	return NULL;
}

struct weft_signal *weft_signal_load(const char *path, const struct weft_conf *conf, time_t *modified,
				     struct weft_err *err)
{
	struct weft_signal *signal;
	struct stat st;
	size_t len = 0;
	/* Asked first: should the file be replaced now, it looks older than it is, and is soon read again. */
	bool known = stat(path, &st) == 0;
	char *text = weft_file_read(path, WEFT_SIGNAL_MAX_BYTES, &len, err);

	if (!text)
		return NULL;
	signal = weft_signal_parse(path, text, len, conf, err);
	free(text);
	*modified = known ? st.st_mtime : 0;
	return signal;
}

void weft_signal_destroy(struct weft_signal *signal)
{
	if (!signal)
		return;
	free(signal->points);
	free(signal);
}
