/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handover_record.c - the record of a run at a peer, as text.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "core/handover.h"
#include "core/json.h"

#define MAX_TIME ((int64_t)1 << 40) /* s since 1970 */

/* ---------------------------------------------------------------- the fields, both ways */

/* One of both: OUT gets what the record has, or the record gets what IN has. */
struct fields {
	json_object *out, *in;
	struct weft_err *err;
	unsigned n;
	bool failed;
};

static void number(struct fields *f, const char *name, int64_t *value, int64_t min, int64_t max)
{
	json_object *field;

	f->n++;
	if (f->failed)
		return;
	if (f->out) {
		field = json_object_new_int64(*value);
		f->failed = !field || json_object_object_add(f->out, name, field) < 0;
		return;
	}
	if (!json_object_object_get_ex(f->in, name, &field) || !json_object_is_type(field, json_type_int)) {
		f->failed = true;
		weft_err(f->err, "record: \"%s\" is to be a number", name);
		return;
	}
	*value = json_object_get_int64(field);
	if (*value < min || *value > max) {
		f->failed = true;
		weft_err(f->err, "record: \"%s\" cannot be %lld", name, (long long)*value);
	}
}

static void when(struct fields *f, const char *name, time_t *value)
{
	int64_t n = *value;

	number(f, name, &n, 0, MAX_TIME);
	*value = (time_t)n;
}

static void count(struct fields *f, const char *name, unsigned *value, unsigned min, unsigned max)
{
	int64_t n = *value;

	number(f, name, &n, min, max);
	*value = (unsigned)n;
}

static void text(struct fields *f, const char *name, char *value, size_t size)
{
	json_object *field;

	f->n++;
	if (f->failed)
		return;
	if (f->out) {
		field = json_object_new_string(value);
		f->failed = !field || json_object_object_add(f->out, name, field) < 0;
		return;
	}
	if (!json_object_object_get_ex(f->in, name, &field) ||
	    !json_object_is_type(field, json_type_string) ||
	    (size_t)json_object_get_string_len(field) >= size ||
	    strlen(json_object_get_string(field)) != (size_t)json_object_get_string_len(field)) {
		f->failed = true;
		weft_err(f->err, "record: \"%s\" is to be a text of at most %zu bytes", name, size - 1);
		return;
	}
	memcpy(value, json_object_get_string(field), (size_t)json_object_get_string_len(field) + 1);
}

static void all(struct fields *f, struct weft_handover *h)
{
	unsigned step = h->step, end = h->end, state = h->state, cancel = h->cancel;
	int64_t exit_status = h->exit_status;

	count(f, "step", &step, 0, WEFT_HANDOVER_OVER);
	count(f, "end", &end, 0, WEFT_HANDOVER_LOST);
	count(f, "attempt", &h->attempt, 1, 999999999);
	count(f, "id", &h->id, 0, UINT32_MAX);
	when(f, "sent", &h->sent);
	when(f, "deadline", &h->deadline);
	when(f, "lost", &h->lost);
	when(f, "renewed", &h->renewed);
	if (f->out || json_object_object_get_ex(f->in, "waited", NULL)) /* it came later */
		count(f, "waited", &h->waited, 0, INT32_MAX);
	count(f, "cancel", &cancel, 0, 1);
	count(f, "state", &state, 0, WEFT_REST_STATES - 1);
	number(f, "exit", &exit_status, INT32_MIN, INT32_MAX);
	when(f, "submitted", &h->submitted);
	when(f, "started", &h->started);
	when(f, "ended", &h->ended);
	when(f, "predicted", &h->predicted);
	count(f, "failures", &h->failures, 0, 1000);
	when(f, "not_before", &h->not_before);
	text(f, "nodes", h->nodes, sizeof(h->nodes));
	text(f, "tres", h->tres, sizeof(h->tres));
	text(f, "why", h->why, sizeof(h->why));
	h->step = (enum weft_handover_step)step;
	h->end = (enum weft_handover_end)end;
	h->state = (enum weft_rest_state)state;
	h->cancel = cancel;
	h->exit_status = (int)exit_status;
}

/* ---------------------------------------------------------------- whole records */

char *weft_handover_write(const struct weft_handover *h)
{
	struct weft_handover copy = *h;
	struct fields f = { .out = json_object_new_object() };
	const char *line;
	char *made = NULL;

	if (!f.out)
		return NULL;
	all(&f, &copy);
	line = f.failed ? NULL : json_object_to_json_string_ext(f.out, JSON_C_TO_STRING_PLAIN);
	if (line)
		made = strdup(line);
	json_object_put(f.out);
	return made;
}

/* What no history leads to. */
static int check(const struct weft_handover *h, struct weft_err *err)
{
	if ((h->step == WEFT_HANDOVER_OVER) != (h->end != WEFT_HANDOVER_NOT_OVER))
		return weft_err(err, "record: it is over, or it is not");
	if ((h->step == WEFT_HANDOVER_HELD || h->step == WEFT_HANDOVER_RELEASED) && !h->id)
		return weft_err(err, "record: no copy is chosen");
	if ((h->step == WEFT_HANDOVER_NEW || h->step == WEFT_HANDOVER_SUBMITTED) && h->id)
		return weft_err(err, "record: a copy is chosen too early");
	if (h->step != WEFT_HANDOVER_NEW && h->step != WEFT_HANDOVER_OVER &&
	    (!h->sent || h->deadline <= h->sent))
		return weft_err(err, "record: the copy has no deadline");
	return 0;
}

int weft_handover_read(const char *line, size_t len, struct weft_handover *h, struct weft_err *err)
{
	struct weft_handover made = { 0 };
	struct fields f = { .err = err };

	if (len > WEFT_HANDOVER_MAX_RECORD)
		return weft_err(err, "record: %zu bytes; at most %d are allowed", len,
				WEFT_HANDOVER_MAX_RECORD);
	if (weft_json_parse(&f.in, "record", line, len, 4, err) < 0)
		return -1;
	if (!json_object_is_type(f.in, json_type_object)) {
		weft_err(err, "record: %s, not an object", weft_json_kind(f.in));
		f.failed = true;
	} else {
		all(&f, &made);
	}
	if (!f.failed && (unsigned)json_object_object_length(f.in) != f.n)
		f.failed = weft_err(err, "record: a field that is not known") < 0;
	json_object_put(f.in);
	if (f.failed || check(&made, err) < 0)
		return -1;
	*h = made;
	return 0;
}
