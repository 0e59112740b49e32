/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * series_read.c - the two formats of a series: CSV and JSON (doc/energy.md).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/nearest.h"
#include "core/scan.h"
#include "core/series_private.h"
#include "core/when.h"

#define MAX_DEPTH 4 /* of JSON; the format needs 2 */

/* Add a point, in order.  Messages begin with PLACE, "FILE:LINE" or "FILE: entry N". */
static int add(struct weft_points *points, const char *place, const char *time, size_t len, double value,
	       struct weft_err *err)
{
	time_t when;

	if (weft_when_parse(time, len, &when))
		return weft_err(err, "%s: \"%s\" is not a time such as 2025-03-01T08:00Z", place,
				weft_snip(time, len).text);
	if (!isnan(value) && !(fabs(value) <= WEFT_SERIES_MAX_VALUE))
		return weft_err(err, "%s: the value is beyond 1e12", place);
	if (points->n > 0 && when <= points->p[points->n - 1].when)
		return weft_err(err, "%s: the time is not after the one before it", place);
	if (points->n > 0 && when - points->p[0].when > WEFT_SERIES_MAX_RANGE)
		return weft_err(err, "%s: the time is more than ten years after the first one", place);
	if (points->n == WEFT_SERIES_MAX_POINTS)
		return weft_err(err, "%s: more than %d values", place, WEFT_SERIES_MAX_POINTS);
	if (points->n == points->room) {
		size_t room = points->room ? points->room * 2 : 256;
		struct weft_point *p = realloc(points->p, room * sizeof(*p));

		if (!p)
			return weft_err(err, "%s: out of memory", place);
		points->p = p;
		points->room = room;
	}
	points->p[points->n++] = (struct weft_point){ when, value };
	return 0;
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && weft_is_space(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && weft_is_space((*text)[*len - 1]))
		(*len)--;
}

/* A number with or without a sign, or nothing. */
static int csv_value(const char *place, const char *text, size_t len, double *value, struct weft_err *err)
{
	size_t sign = len > 0 && (text[0] == '-' || text[0] == '+');

	*value = NAN;
	if (len == 0)
		return 0;
	if (len - sign == 0 || weft_scan_number(text + sign, len - sign) != len - sign)
		return weft_err(err, "%s: \"%s\" is not a number", place, weft_snip(text, len).text);
	if (len - sign > WEFT_NUMBER_MAX)
		return weft_err(err, "%s: \"%s\" is too long for a number", place, weft_snip(text, len).text);
	*value = weft_number_value(text + sign, len - sign, 0);
	if (text[0] == '-')
		*value = -*value;
	return 0;
}

/* "time,value"; the first line that says something may be a header, which begins with no digit. */
static int csv_line(struct weft_points *points, const char *place, const char *line, size_t len, bool *begun,
		    struct weft_err *err)
{
	const char *comma, *value;
	size_t rest;
	double number;

	trim(&line, &len);
	if (len == 0 || line[0] == '#')
		return 0;
	comma = memchr(line, ',', len);
	if (!comma || memchr(comma + 1, ',', len - (size_t)(comma - line) - 1))
		return weft_err(err, "%s: a line must be time,value", place);
	if (!*begun && !(line[0] >= '0' && line[0] <= '9')) {
		*begun = true;
		return 0;
	}
	*begun = true;
	value = comma + 1;
	rest = len - (size_t)(value - line);
	len = (size_t)(comma - line);
	trim(&line, &len);
	trim(&value, &rest);
	if (csv_value(place, value, rest, &number, err))
		return -1;
	return add(points, place, line, len, number, err);
}

static int read_csv(struct weft_points *points, const char *path, const char *text, size_t len,
		    struct weft_err *err)
{
	char place[WEFT_ERR_SIZE / 2];
	bool begun = false;
	unsigned number = 1;

	for (size_t at = 0; at < len; number++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line = end ? (size_t)(end - text) - at : len - at;

		snprintf(place, sizeof(place), "%s:%u", path, number);
		if (csv_line(points, place, text + at, line, &begun, err))
			return -1;
		at += line + 1;
	}
	return 0;
}

static int json_value(const char *place, json_object *value, double *number, struct weft_err *err)
{
	*number = NAN;
	if (!value) /* null: blank */
		return 0;
	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
		return weft_err(err, "%s: value: must be a number or null, not %s", place,
				weft_json_kind(value));
	*number = json_object_get_double(value);
	if (isnan(*number))
		return weft_err(err, "%s: value: must be a number or null, not NaN", place);
	return 0;
}

static int json_entry(struct weft_points *points, const char *place, json_object *entry, struct weft_err *err)
{
	static const char *const keys[] = { "time", "value", NULL };
	json_object *time = NULL, *value = NULL;
	bool has_value;
	double number;

	if (!json_object_is_type(entry, json_type_object))
		return weft_err(err, "%s: must be an object, not %s", place, weft_json_kind(entry));
	json_object_object_foreach(entry, key, ignored)
	{
		const char *near = weft_nearest(key, keys);

		(void)ignored;
		if (strcmp(key, "time") != 0 && strcmp(key, "value") != 0)
			return weft_err(err, "%s: unknown key \"%s\"%s%s%s", place,
					weft_snip(key, strlen(key)).text, near ? "; did you mean " : "",
					near ? near : "", near ? "?" : "");
	}
	json_object_object_get_ex(entry, "time", &time);
	has_value = json_object_object_get_ex(entry, "value", &value);
	if (!json_object_is_type(time, json_type_string))
		return weft_err(err, "%s: time: must be a string such as \"2025-03-01T08:00Z\"", place);
	if (!has_value)
		return weft_err(err, "%s: value: missing", place);
	if (json_value(place, value, &number, err))
		return -1;
	return add(points, place, json_object_get_string(time), (size_t)json_object_get_string_len(time),
		   number, err);
}

static int read_json(struct weft_points *points, const char *path, const char *text, size_t len,
		     struct weft_err *err)
{
	char place[WEFT_ERR_SIZE / 2];
	json_object *root;
	int rc = 0;

	if (weft_json_parse(&root, path, text, len, MAX_DEPTH, err))
		return -1;
	if (!json_object_is_type(root, json_type_array))
		rc = weft_err(err, "%s: must be a list, not %s", path, weft_json_kind(root));
	for (size_t i = 0; rc == 0 && i < json_object_array_length(root); i++) {
		snprintf(place, sizeof(place), "%s: entry %zu", path, i + 1);
		rc = json_entry(points, place, json_object_array_get_idx(root, i), err);
	}
	json_object_put(root);
	return rc;
}

int weft_series_read(struct weft_points *points, const char *path, const char *text, size_t len,
		     struct weft_err *err)
{
	const char *first = text;
	size_t rest = len;
	int rc;

	if (len > WEFT_SERIES_MAX_BYTES)
		return weft_err(err, "%s: the file has %zu bytes; at most %u are allowed", path, len,
				WEFT_SERIES_MAX_BYTES);
	trim(&first, &rest);
	if (rest > 0 && (first[0] == '[' || first[0] == '{'))
		rc = read_json(points, path, text, len, err);
	else
		rc = read_csv(points, path, text, len, err);
	if (rc)
		return -1;
	for (size_t i = 0; i < points->n; i++)
		if (!isnan(points->p[i].value))
			return 0;
	return weft_err(err, "%s: there is no value in it", path);
}
