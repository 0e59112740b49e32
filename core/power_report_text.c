/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_report_text.c - a report written: one line for each entry of a list.  What is written can be read
 * again, whatever the figures are.
 */
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/power_report_private.h"
#include "core/scan.h"
#include "core/utf8.h"
#include "core/when.h"

#define FLAGS (JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

struct writer {
	FILE *out;
	bool failed; /* out of memory */
};

static json_object *made(struct writer *w, json_object *value)
{
	if (!value)
		w->failed = true;
	return value;
}

/* At most WEFT_REPORT_MAX_TEXT bytes of TEXT; bytes that are not UTF-8 and control characters become '?'. */
static json_object *text_value(struct writer *w, const char *text)
{
	size_t len = strnlen(text, WEFT_REPORT_MAX_TEXT), bad, ignored;
	char *copy = strndup(text, len), *escaped;
	json_object *value;

	for (size_t i = 0; copy && i < len; i++)
		if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f)
			copy[i] = '?';
	do {
		bad = len;
		escaped = copy ? weft_utf8_escape(copy, len, &ignored, &bad) : NULL;
		if (!escaped && bad < len)
			copy[bad] = '?';
	} while (!escaped && bad < len);
	value = made(w, escaped ? json_object_new_string_len(copy, (int)len) : NULL);
	free(escaped);
	free(copy);
	return value;
}

static json_object *time_value(struct writer *w, time_t when)
{
	char buf[WEFT_WHEN_SIZE];
	int64_t t = when < 0 ? 0 : when > WEFT_REPORT_MAX_TIME ? WEFT_REPORT_MAX_TIME : when;

	return made(w, json_object_new_string(weft_when_text((time_t)t, buf)));
}

static json_object *whole_value(struct writer *w, int64_t n, int64_t max)
{
	return made(w, json_object_new_int64(n < 0 ? 0 : n > max ? max : n));
}

static json_object *number_value(struct writer *w, double n)
{
	char buf[WEFT_NUMBER_SIZE];

	n = n > 1e15 ? 1e15 : n < -1e15 ? -1e15 : n + 0.0; /* no -0 */
	return made(w, weft_number_text(n, 0, 0, buf) ? json_object_new_double_s(n, buf) : NULL);
}

static json_object *object_value(struct writer *w, const struct weft_report_shape *shape, const void *object);

static json_object *list_value(struct writer *w, const struct weft_report_key *key, const char *entries,
			       unsigned n)
{
	json_object *list = made(w, json_object_new_array());

	for (unsigned i = 0; i < n && !w->failed; i++) {
		json_object *entry = object_value(w, key->of, entries + i * key->of->size);

		if (entry && json_object_array_add(list, entry) < 0) {
			json_object_put(entry);
			w->failed = true;
		}
	}
	return list;
}

static bool is_null(const struct weft_report_key *key, const void *at)
{
	switch (key->kind) {
	case WEFT_REPORT_TEXT:
	case WEFT_REPORT_SOURCE: /* which begins with its path */
		return key->null && !*(char *const *)at;
	case WEFT_REPORT_TIME:
		return key->null && *(const time_t *)at == 0;
	case WEFT_REPORT_WATTS: /* no cap is INT64_MAX elsewhere in core */
		return key->null && (*(const int64_t *)at < 0 || *(const int64_t *)at == INT64_MAX);
	case WEFT_REPORT_NUMBER:
		return isnan(*(const double *)at);
	default:
		return false;
	}
}

/* NULL: null, or W has failed. */
static json_object *value_of(struct writer *w, const struct weft_report_key *key, const void *object)
{
	const void *at = (const char *)object + key->offset;
	const char *text;

	if (is_null(key, at))
		return NULL;
	switch (key->kind) {
	case WEFT_REPORT_TEXT:
		text = *(char *const *)at;
		return text_value(w, text ? text : "");
	case WEFT_REPORT_TIME:
		return time_value(w, *(const time_t *)at);
	case WEFT_REPORT_WATTS:
		return whole_value(w, *(const int64_t *)at, WEFT_REPORT_MAX_WATTS);
	case WEFT_REPORT_UINT:
		return whole_value(w, *(const uint32_t *)at, UINT32_MAX);
	case WEFT_REPORT_COUNT: {
		uint64_t n = *(const uint64_t *)at;

		return whole_value(w, n > INT64_MAX ? INT64_MAX : (int64_t)n, INT64_MAX);
	}
	case WEFT_REPORT_NUMBER:
		return number_value(w, *(const double *)at);
	case WEFT_REPORT_FLAG:
		return made(w, json_object_new_boolean(*(const bool *)at));
	case WEFT_REPORT_LIST:
		return list_value(w, key, *(char *const *)at,
				  *(const unsigned *)((const char *)object + key->count));
	case WEFT_REPORT_SOURCE:
		break;
	}
	return object_value(w, key->of, at);
}

static json_object *object_value(struct writer *w, const struct weft_report_shape *shape, const void *object)
{
	json_object *o = made(w, json_object_new_object());

	for (const struct weft_report_key *key = shape->keys; key->name && !w->failed; key++) {
		json_object *value = value_of(w, key, object);

		if (!w->failed && json_object_object_add(o, key->name, value) == 0)
			continue;
		json_object_put(value);
		w->failed = true;
	}
	return o;
}

/* Print VALUE, which is given back. */
static void print(struct writer *w, json_object *value)
{
	const char *text = value ? json_object_to_json_string_ext(value, FLAGS) : "null";

	if (!text)
		w->failed = true;
	else if (!w->failed)
		fputs(text, w->out);
	json_object_put(value);
}

static void print_list(struct writer *w, const struct weft_report_key *key, const char *entries, unsigned n)
{
	for (unsigned i = 0; i < n && !w->failed; i++) {
		fputs(i ? ",\n    " : "[\n    ", w->out);
		print(w, object_value(w, key->of, entries + i * key->of->size));
	}
	fputs(n ? "\n  ]" : "[]", w->out);
}

static void print_report(struct writer *w, const struct weft_report *r)
{
	fprintf(w->out, "{\n  \"version\": %d", WEFT_REPORT_VERSION);
	for (const struct weft_report_key *key = weft_report_shape.keys; key->name && !w->failed; key++) {
		fprintf(w->out, ",\n  \"%s\": ", key->name);
		if (key->kind == WEFT_REPORT_LIST)
			print_list(w, key, *(char *const *)((const char *)r + key->offset),
				   *(const unsigned *)((const char *)r + key->count));
		else
			print(w, value_of(w, key, r));
	}
	fputs("\n}\n", w->out);
}

char *weft_report_text(const struct weft_report *r, size_t *len, struct weft_err *err)
{
	struct writer w = { .failed = false };
	char *text = NULL;

	if (weft_report_check(r, "report", err))
		return NULL;
	w.out = open_memstream(&text, len);
	if (!w.out) {
		weft_err(err, "out of memory");
		return NULL;
	}
	print_report(&w, r);
	if (fclose(w.out) != 0 || w.failed || !text)
		weft_err(err, "out of memory");
	else if (*len > WEFT_REPORT_MAX_BYTES)
		weft_err(err, "the report has %zu bytes; at most %u are allowed", *len,
			 WEFT_REPORT_MAX_BYTES);
	else
		return text;
	free(text);
	return NULL;
}
