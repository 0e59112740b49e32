/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest_answer.c - what a slurmrestd says went wrong, and the number of a job that was submitted.
 */
#include <stdlib.h>
#include <string.h>

#include "core/rest_private.h"
#include "core/text.h"

#define MAX_TOLD 3 /* errors of one answer */
#define REST_ERRORS                                                                                          \
	9000 /* slurmrestd's own numbers begin here: its descriptions name the key that it does not like */
#define MAX_JOB_ID 0xfffffffd /* what is above has a meaning of its own */

/* The text KEY of ERROR; NULL: there is none. */
static const char *text_of(json_object *error, const char *key)
{
	json_object *value = weft_rest_member(error, key);

	if (!json_object_is_type(value, json_type_string) || json_object_get_string_len(value) == 0)
		return NULL;
	return json_object_get_string(value);
}

/* Its number under one of the names that the versions have for it. */
static int number_of(json_object *error)
{
	static const char *const keys[] = { "error_number", "error_code", "errno" };
	int64_t number;

	for (unsigned i = 0; i < 3; i++)
		if (weft_rest_number_of(weft_rest_member(error, keys[i]), &number) == WEFT_REST_SET &&
		    number > 0 && number <= INT32_MAX)
			return (int)number;
	return 0;
}

static void say_error(struct weft_text *t, json_object *error, int *code)
{
	const char *what = text_of(error, "error"), *more = text_of(error, "description");
	int number = number_of(error);

	if (*code == 0)
		*code = number;
	if (!what && !more)
		what = number ? "error" : "an error without a text";
	weft_say(t, "%s", t->len > 0 ? "; " : "");
	if (more && (!what || number == 0 || number >= REST_ERRORS) && (!what || strcmp(what, more) != 0))
		weft_say(t, "%.200s%s", more, what ? ": " : "");
	if (what)
		weft_say(t, "%.200s", what);
	if (number)
		weft_say(t, " (%d)", number);
}

void weft_rest_errors(json_object *errors, int *code, char *buf, size_t size)
{
	struct weft_text t = { buf, size, 0 };
	size_t n = json_object_is_type(errors, json_type_array) ? json_object_array_length(errors) : 0;

	buf[0] = '\0';
	*code = 0;
	for (size_t i = 0; i < n && i < MAX_TOLD; i++)
		say_error(&t, json_object_array_get_idx(errors, i), code);
	weft_rest_clean(buf);
}

/* The first line that is not only mark-up, without mark-up. */
static void say_plain(const char *text, size_t len, char *buf, size_t size)
{
	size_t n = 0;
	bool inside = false;

	for (size_t i = 0; i < len && text[i] && n + 1 < size; i++) {
		if (text[i] == '<') {
			inside = true;
		} else if (text[i] == '>' && inside) {
			inside = false;
		} else if ((text[i] == '\n' || text[i] == '\r') && n > 0) {
			break;
		} else if (!inside && !(n == 0 && strchr(" \t\r\n", text[i]))) {
			buf[n++] = text[i];
		}
	}
	buf[n] = '\0';
	weft_rest_clean(buf);
}

void weft_rest_complaint(const char *text, size_t len, int *code, char *buf, size_t size)
{
	static const char *const keys[] = { "errors", NULL };
	struct weft_err unused = WEFT_ERR_INIT;
	struct weft_rest_entry e = { .keys = keys, .err = &unused };
	int number = 0;

	buf[0] = '\0';
	if (weft_rest_top(text, len, &e) == 0)
		weft_rest_errors(e.value[0], &number, buf, size);
	else
		say_plain(text, len, buf, size < 256 ? size : 256);
	weft_rest_clear(&e);
	if (code)
		*code = number;
}

bool weft_rest_in_doubt(long status, int code)
{
	/* Below 1000: errno of slurmrestd's own calls, "Connection reset by peer" while slurmctld dies; 1000 on:
	 * communication failed; 1800 on: with slurmctld; 5000 on: on a socket. */
	if ((code > 0 && code < 1100) || (code >= 1800 && code < 1900) || (code >= 5000 && code < 5100))
		return true;
	return code == 0 && (status < 400 || status >= 500 || status == 408);
}

uint32_t weft_rest_submitted(const char *text, size_t len, struct weft_err *err)
{
	static const char *const keys[] = { "job_id", "result", "errors", NULL };
	struct weft_rest_entry e = { .keys = keys, .err = err };
	char what[WEFT_REST_MAX_COMPLAINT];
	enum weft_rest_number kind;
	int64_t id = 0;
	int code;

	if (weft_rest_top(text, len, &e))
		return 0;
	kind = weft_rest_number_of(e.value[0] ? e.value[0] : weft_rest_member(e.value[1], "job_id"), &id);
	weft_rest_errors(e.value[2], &code, what, sizeof(what));
	if (kind == WEFT_REST_SET && id > 0 && id <= MAX_JOB_ID)
		;
	else if (what[0])
		weft_err(err, "%s", what), id = 0;
	else if (kind == WEFT_REST_SET)
		weft_err(err, "job_id must be 1 to %u, not %lld", MAX_JOB_ID, (long long)id), id = 0;
	else
		weft_err(err, "there is no job_id in it"), id = 0;
	weft_rest_clear(&e);
	return (uint32_t)id;
}
