/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest_read.c - an answer of a slurmrestd walked entry by entry.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/rest_private.h"

#define MAX_DEPTH      64	     /* of what is stepped over */
#define MAX_TREE_DEPTH 16	     /* of a value that is wanted */
#define MAX_VALUE      (1024 * 1024) /* bytes of a value that is wanted */
#define MAX_ERRORS     (64 * 1024)   /* bytes of the list of errors */
#define ENDS	       "the text ends too early"
#define NO_SUCH_JOB    2017
#define NOTHING_FOUND  9003

struct scan {
	const char *text;
	size_t len, pos;
	struct json_tokener *tok;
	struct weft_err *err;
};

static int broken(const struct scan *s, const char *what)
{
	return weft_err(s->err, "not JSON: %s at byte %zu", what, s->pos + 1);
}

/* The next character that is no white space; '\0' at the end. */
static char peek(struct scan *s)
{
	while (s->pos < s->len && strchr(" \t\r\n", s->text[s->pos]) && s->text[s->pos])
		s->pos++;
	return s->pos < s->len ? s->text[s->pos] : '\0';
}

static bool take(struct scan *s, char c)
{
	if (peek(s) != c || s->pos >= s->len)
		return false;
	s->pos++;
	return true;
}

/* Behind the string that begins here. */
static int skip_string(struct scan *s)
{
	for (s->pos++; s->pos < s->len; s->pos++) {
		if (s->text[s->pos] == '\\')
			s->pos++;
		else if (s->text[s->pos] == '"')
			return s->pos++, 0;
	}
	return broken(s, "a string has no end");
}

/* Behind the value that begins here.  Brackets are counted, not matched: what is not wanted need not be
 * right. */
static int skip_value(struct scan *s)
{
	unsigned depth = 0;
	char c = peek(s);

	if (c == '\0' || strchr(",:]}", c))
		return broken(s, "a value is missing");
	do {
		c = peek(s);
		if (c == '"') {
			if (skip_string(s))
				return -1;
			continue;
		}
		if (c == '\0')
			return broken(s, ENDS);
		s->pos++;
		if ((c == '{' || c == '[') && ++depth > MAX_DEPTH)
			return broken(s, "nested too deep");
		if (c == '}' || c == ']')
			depth--;
		if (depth == 0 && !strchr("{}[]", c)) /* a number or a word */
			while (s->pos < s->len && !strchr(",:]}[{\" \t\r\n", s->text[s->pos]))
				s->pos++;
	} while (depth > 0);
	return 0;
}

/* The value that begins here, as a tree; *VALUE is NULL for null. */
static int take_value(struct scan *s, size_t max, json_object **value)
{
	enum json_tokener_error rc;
	size_t from, len;
	bool whole;

	peek(s);
	from = s->pos;
	if (skip_value(s))
		return -1;
	len = s->pos - from;
	if (len > max) {
		s->pos = from;
		return weft_err(s->err, "a value of %zu bytes at byte %zu, at most %zu", len, from + 1, max);
	}
	json_tokener_reset(s->tok);
	*value = json_tokener_parse_ex(s->tok, s->text + from, (int)len);
	rc = json_tokener_get_error(s->tok);
	whole = json_tokener_get_parse_end(s->tok) == len;
	/* A number may go on, as far as the parser knows. */
	if (rc == json_tokener_continue && !*value) {
		*value = json_tokener_parse_ex(s->tok, " ", 1);
		rc = json_tokener_get_error(s->tok);
	}
	if (rc == json_tokener_success && whole)
		return 0;
	json_object_put(*value);
	*value = NULL;
	s->pos = from;
	return broken(s, rc == json_tokener_success ? "a value has an end too early"
						    : json_tokener_error_desc(rc));
}

/* Go to the next member of the object, with its key in KEY; 0 at the end.  FIRST: it is the first. */
static int next_member(struct scan *s, bool first, const char **key, size_t *len)
{
	if (take(s, '}'))
		return 0;
	if (!first && !take(s, ','))
		return broken(s, "no comma");
	if (peek(s) != '"')
		return broken(s, "no key");
	*key = s->text + s->pos + 1;
	if (skip_string(s))
		return -1;
	*len = (size_t)(s->text + s->pos - 1 - *key);
	return take(s, ':') ? 1 : broken(s, "no colon");
}

static bool is_key(const char *key, size_t len, const char *name)
{
	return strlen(name) == len && !memcmp(key, name, len);
}

void weft_rest_clear(struct weft_rest_entry *e)
{
	for (unsigned i = 0; i < WEFT_REST_MAX_KEYS; i++)
		json_object_put(e->value[i]);
	memset(e->value, 0, sizeof(e->value));
}

static int read_entry(struct scan *s, struct weft_rest_entry *e)
{
	const char *key;
	size_t len;
	bool first = true;
	int rc;

	if (!peek(s))
		return broken(s, ENDS);
	if (!take(s, '{'))
		return weft_err(s->err, "%s: not an object", e->place);
	while ((rc = next_member(s, first, &key, &len)) > 0) {
		unsigned i = 0;

		while (e->keys[i] && !is_key(key, len, e->keys[i]))
			i++;
		if (!e->keys[i]) {
			if (skip_value(s))
				return -1;
		} else {
			json_object_put(e->value[i]); /* of a key given twice the last counts */
			e->value[i] = NULL;
			if (take_value(s, MAX_VALUE, &e->value[i]))
				return -1;
		}
		first = false;
	}
	return rc;
}

static int walk_list(struct scan *s, const struct weft_rest_form *form, void *to)
{
	char place[64];
	struct weft_rest_entry e = { .keys = form->keys, .place = place, .err = s->err };
	int rc = 0;

	if (!take(s, '[')) /* some versions write null, or {}, for an empty list */
		return skip_value(s);
	for (size_t i = 1; rc == 0 && !take(s, ']'); i++) {
		snprintf(place, sizeof(place), "%s, entry %zu", form->list, i);
		if (i > 1 && !take(s, ','))
			return broken(s, "no comma");
		if (i > form->max)
			return weft_err(s->err, "more than %zu entries in %s", form->max, form->list);
		rc = read_entry(s, &e);
		if (rc == 0)
			rc = form->each(&e, to);
		weft_rest_clear(&e);
	}
	return rc;
}

/* Are there errors, other than that there is no such job? */
static int check_errors(const struct weft_rest_form *form, json_object *errors, bool found,
			struct weft_err *err)
{
	char what[WEFT_REST_MAX_COMPLAINT];
	int code = 0;

	weft_rest_errors(errors, &code, what, sizeof(what));
	if (code == NO_SUCH_JOB || code == NOTHING_FOUND || (!what[0] && found))
		return 0;
	return what[0] ? weft_err(err, "%s", what) : weft_err(err, "there is no list %s in it", form->list);
}

static int walk(struct scan *s, const struct weft_rest_form *form, void *to, json_object **errors)
{
	bool first = true, found = false;
	const char *key;
	size_t len;
	int rc;

	if (!take(s, '{'))
		return broken(s, "no object");
	while ((rc = next_member(s, first, &key, &len)) > 0) {
		if (is_key(key, len, form->list) && found) {
			return weft_err(s->err, "the list %s is there twice", form->list);
		} else if (is_key(key, len, form->list)) {
			found = true;
			rc = walk_list(s, form, to);
		} else if (is_key(key, len, "errors") && !*errors) {
			rc = take_value(s, MAX_ERRORS, errors);
		} else {
			rc = skip_value(s);
		}
		if (rc)
			return -1;
		first = false;
	}
	if (rc == 0 && peek(s))
		return broken(s, "more text");
	return rc ? -1 : check_errors(form, *errors, found, s->err);
}

static int scan_open(struct scan *s, const char *text, size_t len, struct weft_err *err)
{
	*s = (struct scan){ .text = text, .len = len, .err = err };
	if (len > WEFT_REST_MAX_ANSWER)
		return weft_err(err, "%zu bytes are too many", len);
	s->tok = json_tokener_new_ex(MAX_TREE_DEPTH);
	if (!s->tok)
		return weft_err(err, "out of memory");
	/* Not JSON_TOKENER_STRICT, with which json-c 0.18 takes no character beyond ASCII. */
	return 0;
}

static void scan_close(struct scan *s)
{
	if (s->tok) /* json-c does not check */
		json_tokener_free(s->tok);
}

int weft_rest_walk(const char *text, size_t len, const struct weft_rest_form *form, void *to,
		   struct weft_err *err)
{
	json_object *errors = NULL;
	struct scan s;
	int rc = scan_open(&s, text, len, err);

	if (rc == 0)
		rc = walk(&s, form, to, &errors);
	json_object_put(errors);
	scan_close(&s);
	return rc;
}

int weft_rest_top(const char *text, size_t len, struct weft_rest_entry *e)
{
	struct scan s;
	int rc = scan_open(&s, text, len, e->err);

	e->place = "the answer";
	if (rc == 0)
		rc = peek(&s) == '{' ? read_entry(&s, e) : broken(&s, "no object");
	if (rc == 0 && peek(&s))
		rc = broken(&s, "more text");
	scan_close(&s);
	if (rc)
		weft_rest_clear(e);
	return rc;
}

int weft_rest_bad(const struct weft_rest_entry *e, unsigned key, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return weft_err(e->err, "%s: %s %s", e->place, e->keys[key], what);
}

enum weft_rest_number weft_rest_number_of(json_object *value, int64_t *number)
{
	if (json_object_is_type(value, json_type_object)) {
		if (json_object_get_boolean(weft_rest_member(value, "infinite")))
			return WEFT_REST_INFINITE;
		if (!json_object_get_boolean(weft_rest_member(value, "set")))
			return WEFT_REST_UNSET;
		value = weft_rest_member(value, "number");
	}
	if (!value)
		return WEFT_REST_UNSET;
	if (!json_object_is_type(value, json_type_int))
		return WEFT_REST_NOT_A_NUMBER;
	*number = json_object_get_int64(value);
	return WEFT_REST_SET;
}

json_object *weft_rest_member(json_object *value, const char *path)
{
	char key[32];

	while (value && *path) {
		size_t len = strcspn(path, "/");

		if (!json_object_is_type(value, json_type_object) || len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		value = json_object_object_get(value, key);
		path += len + (path[len] == '/');
	}
	return value;
}

/* Bytes of the character that begins at S, LEN being left; 0: it is not UTF-8. */
static size_t char_len(const unsigned char *s, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc0 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;
	uint32_t c = n > 1 ? s[0] & (0xffu >> (n + 1)) : s[0];

	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return n;
}

void weft_rest_clean(char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		n = char_len((unsigned char *)text + i, len - i);
		if (n == 0 || (unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = '?';
	}
}

int weft_rest_text(const struct weft_rest_entry *e, unsigned key, json_object *value, size_t max, bool cut,
		   char **text)
{
	size_t len = 0;

	free(*text);
	*text = NULL;
	if (value && !json_object_is_type(value, json_type_string))
		return weft_rest_bad(e, key, "must be a string, not %s", weft_json_kind(value));
	if (value)
		len = (size_t)json_object_get_string_len(value);
	if (len > max && !cut)
		return weft_rest_bad(e, key, "has %zu bytes, at most %zu", len, max);
	*text = strndup(value ? json_object_get_string(value) : "", len < max ? len : max);
	if (!*text)
		return weft_err(e->err, "out of memory");
	weft_rest_clean(*text);
	return 0;
}
