/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_report_read.c - a report read: every key of the tables must be there, of its kind and within its
 * limits.
 */
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/power_report_private.h"
#include "core/scan.h"
#include "core/when.h"

#define MAX_DEPTH   8  /* the format needs 5; what is unknown may need more */
#define TIME_LENGTH 20 /* of 2025-03-01T08:00:00Z */
#define MAX_NUMBER  1e15

/* What is being read, for messages: "zones, entry 2: steps, entry 5: cap_w: ". */
struct reader {
	const char *name;
	char place[128];
	size_t len;
	struct weft_err *err;
};

static int bad(const struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int bad(const struct reader *r, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return weft_err(r->err, "%s: %s%s", r->name, r->place, what);
}

/* Go into KEY, or into entry I (from 1) of it; the tables are shallow, so that it fits.  Returns the way
 * back. */
static size_t enter(struct reader *r, const char *key, size_t i)
{
	size_t back = r->len, room = sizeof(r->place) - r->len;
	int n = i > 0 ? snprintf(r->place + r->len, room, "%s, entry %zu: ", key, i)
		      : snprintf(r->place + r->len, room, "%s: ", key);

	r->len += n > 0 && (size_t)n < room ? (size_t)n : 0;
	return back;
}

static void leave(struct reader *r, size_t back)
{
	r->len = back;
	r->place[back] = '\0';
}

static int wrong_kind(const struct reader *r, const struct weft_report_key *key, const char *wanted,
		      json_object *value)
{
	return bad(r, "must be %s%s, not %s", wanted, key->null ? " or null" : "", weft_json_kind(value));
}

static int read_text(const struct reader *r, const struct weft_report_key *key, json_object *value,
		     char **text)
{
	const char *s = json_object_get_string(value);
	size_t len;

	if (!json_object_is_type(value, json_type_string))
		return wrong_kind(r, key, "a string", value);
	len = (size_t)json_object_get_string_len(value);
	if (len > WEFT_REPORT_MAX_TEXT)
		return bad(r, "has more than %d bytes", WEFT_REPORT_MAX_TEXT);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return bad(r, "may have no control characters");
	*text = strdup(s);
	return *text ? 0 : bad(r, "out of memory");
}

static int read_time(const struct reader *r, const struct weft_report_key *key, json_object *value,
		     time_t *when)
{
	const char *s = json_object_get_string(value);
	size_t len;

	if (!json_object_is_type(value, json_type_string))
		return wrong_kind(r, key, "a string", value);
	len = (size_t)json_object_get_string_len(value);
	if (len != TIME_LENGTH || s[len - 1] != 'Z' || weft_when_parse(s, len, when))
		return bad(r, "\"%s\" is not a time such as 2025-03-01T08:00:00Z",
			   weft_snip(s, strlen(s)).text);
	return 0;
}

/* A whole number from 0 to MAX.  What int64_t cannot hold json-c gives as the end of its range. */
static int read_whole(const struct reader *r, const struct weft_report_key *key, json_object *value,
		      uint64_t max, uint64_t *number)
{
	int64_t n;

	if (!json_object_is_type(value, json_type_int))
		return json_object_is_type(value, json_type_double) ? bad(r, "must be a whole number")
								    : wrong_kind(r, key, "a number", value);
	n = json_object_get_int64(value);
	if (n < 0 || (uint64_t)n > max)
		return bad(r, "must be 0 to %llu", (unsigned long long)max);
	*number = (uint64_t)n;
	return 0;
}

static int read_number(const struct reader *r, const struct weft_report_key *key, json_object *value,
		       double *number)
{
	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
		return wrong_kind(r, key, "a number", value);
	*number = json_object_get_double(value);
	if (!(fabs(*number) <= MAX_NUMBER)) /* so NaN is refused too */
		return bad(r, "must be -1e15 to 1e15");
	return 0;
}

static int read_object(struct reader *r, const struct weft_report_shape *shape, json_object *value,
		       void *object);

static int read_list(struct reader *r, const struct weft_report_key *key, json_object *value, char **entries,
		     unsigned *count)
{
	size_t n;

	if (!json_object_is_type(value, json_type_array))
		return wrong_kind(r, key, "a list", value);
	n = json_object_array_length(value);
	*entries = n > 0 ? calloc(n, key->of->size) : NULL;
	if (n > 0 && !*entries)
		return bad(r, "out of memory");
	*count = (unsigned)n; /* a report of WEFT_REPORT_MAX_BYTES has fewer than UINT_MAX */
	leave(r, r->len - strlen(key->name) - 2);
	for (size_t i = 0; i < n; i++) {
		size_t back = enter(r, key->name, i + 1);

		if (read_object(r, key->of, json_object_array_get_idx(value, i),
				*entries + i * key->of->size))
			return -1;
		leave(r, back);
	}
	return 0;
}

/* What null stands for; the struct is all zero at first. */
static void set_null(const struct weft_report_key *key, void *at)
{
	if (key->kind == WEFT_REPORT_WATTS)
		*(int64_t *)at = -1;
	else if (key->kind == WEFT_REPORT_NUMBER)
		*(double *)at = NAN;
}

static int read_value(struct reader *r, const struct weft_report_key *key, json_object *value, void *object)
{
	void *at = (char *)object + key->offset;
	uint64_t n = 0;
	int rc;

	if (!value && key->null) {
		set_null(key, at);
		return 0;
	}
	switch (key->kind) {
	case WEFT_REPORT_TEXT:
		return read_text(r, key, value, at);
	case WEFT_REPORT_TIME:
		return read_time(r, key, value, at);
	case WEFT_REPORT_WATTS:
		rc = read_whole(r, key, value, WEFT_REPORT_MAX_WATTS, &n);
		*(int64_t *)at = (int64_t)n;
		return rc;
	case WEFT_REPORT_UINT:
		rc = read_whole(r, key, value, UINT32_MAX, &n);
		*(uint32_t *)at = (uint32_t)n;
		return rc;
	case WEFT_REPORT_COUNT:
		return read_whole(r, key, value, INT64_MAX, at);
	case WEFT_REPORT_NUMBER:
		return read_number(r, key, value, at);
	case WEFT_REPORT_FLAG:
		if (!json_object_is_type(value, json_type_boolean))
			return wrong_kind(r, key, "true or false", value);
		*(bool *)at = json_object_get_boolean(value);
		return 0;
	case WEFT_REPORT_LIST:
		return read_list(r, key, value, at, (unsigned *)((char *)object + key->count));
	case WEFT_REPORT_SOURCE:
		break;
	}
	return read_object(r, key->of, value, at);
}

static int read_object(struct reader *r, const struct weft_report_shape *shape, json_object *value,
		       void *object)
{
	if (!json_object_is_type(value, json_type_object))
		return bad(r, "must be an object, not %s", weft_json_kind(value));
	for (const struct weft_report_key *key = shape->keys; key->name; key++) {
		size_t back = enter(r, key->name, 0);
		json_object *member;

		if (!json_object_object_get_ex(value, key->name, &member))
			return bad(r, "missing");
		if (read_value(r, key, member, object))
			return -1;
		leave(r, back);
	}
	return 0;
}

/* Another version is told by this alone: nothing else of it need be as it is here. */
static int read_version(struct reader *r, json_object *root)
{
	json_object *version;

	if (!json_object_is_type(root, json_type_object))
		return bad(r, "must be an object, not %s", weft_json_kind(root));
	if (!json_object_object_get_ex(root, "version", &version))
		return bad(r, "version: missing");
	if (!json_object_is_type(version, json_type_int))
		return bad(r, "version: must be a number, not %s", weft_json_kind(version));
	if (json_object_get_int64(version) != WEFT_REPORT_VERSION)
		return bad(r, "version: is %lld, and must be %d", (long long)json_object_get_int64(version),
			   WEFT_REPORT_VERSION);
	return 0;
}

int weft_report_parse(struct weft_report *report, const char *name, const char *text, size_t len,
		      struct weft_err *err)
{
	struct reader r = { .name = name, .err = err };
	json_object *root;
	int rc;

	memset(report, 0, sizeof(*report));
	if (len > WEFT_REPORT_MAX_BYTES)
		return weft_err(err, "%s: %zu bytes; at most %u are allowed", name, len,
				WEFT_REPORT_MAX_BYTES);
	if (weft_json_parse(&root, name, text, len, MAX_DEPTH, err))
		return -1;
	rc = read_version(&r, root);
	if (rc == 0)
		rc = read_object(&r, &weft_report_shape, root, report);
	if (rc == 0)
		rc = weft_report_check(report, name, err);
	json_object_put(root);
	if (rc)
		weft_report_clear(report);
	return rc;
}
