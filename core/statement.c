/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statement.c - statements, and what two of them disagree about.
 */
#include "core/statement.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/money.h"

#define MAX_TIME 7258118399ll /* the end of the year 2199 */

/* ---------------------------------------------------------------- writing */

static bool put(json_object *o, const char *key, json_object *value)
{
	return value && json_object_object_add(o, key, value) == 0;
}

static bool put_text(json_object *o, const char *key, const char *text)
{
	return *text ? put(o, key, json_object_new_string(text)) : json_object_object_add(o, key, NULL) == 0;
}

json_object *weft_statement_line_json(const struct weft_statement_line *l)
{
	json_object *o = json_object_new_object();

	if (o && put_text(o, "key", l->key) && put(o, "remote_id", json_object_new_int64(l->remote_id)) &&
	    put_text(o, "peer", l->peer) && put_text(o, "user", l->user) &&
	    put_text(o, "account", l->account) && put_text(o, "gres", l->gres) &&
	    put(o, "cards", json_object_new_int64(l->cards)) &&
	    put(o, "start", json_object_new_int64(l->start)) &&
	    put(o, "end", json_object_new_int64(l->end)) &&
	    put(o, "seconds", json_object_new_int64(l->seconds)) &&
	    put(o, "price", json_object_new_int64(l->price)) &&
	    put(o, "amount", json_object_new_int64(l->amount)) && put_text(o, "currency", l->currency))
		return o;
	json_object_put(o);
	return NULL;
}

/* ---------------------------------------------------------------- reading */

/* Where in a file. */
struct spot {
	const char *file;
	size_t entry; /* from 1 */
	struct weft_err *err;
};

#define FAIL(s, key, fmt, ...)                                                                               \
	weft_err((s)->err, "%s: lines, entry %zu: %s: " fmt, (s)->file, (s)->entry, key, ##__VA_ARGS__)

static int get_text(const struct spot *s, json_object *o, const char *key, bool needed, char *text,
		    size_t size)
{
	json_object *value = NULL;

	text[0] = '\0';
	if (!json_object_object_get_ex(o, key, &value) || !value)
		return needed ? FAIL(s, key, "missing") : 0;
	if (!json_object_is_type(value, json_type_string))
		return FAIL(s, key, "must be a string, not %s", weft_json_kind(value));
	if ((size_t)json_object_get_string_len(value) >= size)
		return FAIL(s, key, "has more than %zu bytes", size - 1);
	for (const char *c = json_object_get_string(value); *c; c++) {
		if (*c < ' ' || *c > '~')
			return FAIL(s, key, "may have printable ASCII alone");
	}
	snprintf(text, size, "%s", json_object_get_string(value));
	return 0;
}

static int get_number(const struct spot *s, json_object *o, const char *key, int64_t max, int64_t *n)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(o, key, &value) || !value)
		return FAIL(s, key, "missing");
	if (!json_object_is_type(value, json_type_int))
		return FAIL(s, key, "must be a whole number");
	*n = json_object_get_int64(value);
	if (*n < 0 || *n > max)
		return FAIL(s, key, "must be 0 to %lld", (long long)max);
	return 0;
}

static int read_line(const struct spot *s, json_object *o, struct weft_statement_line *l)
{
	int64_t id, start, end;

	*l = (struct weft_statement_line){ .amount = 0 };
	if (!json_object_is_type(o, json_type_object))
		return weft_err(s->err, "%s: lines, entry %zu: must be an object, not %s", s->file, s->entry,
				weft_json_kind(o));
	if (get_text(s, o, "key", true, l->key, sizeof(l->key)) < 0 ||
	    get_text(s, o, "peer", false, l->peer, sizeof(l->peer)) < 0 ||
	    get_text(s, o, "user", false, l->user, sizeof(l->user)) < 0 ||
	    get_text(s, o, "account", false, l->account, sizeof(l->account)) < 0 ||
	    get_text(s, o, "gres", false, l->gres, sizeof(l->gres)) < 0 ||
	    get_text(s, o, "currency", false, l->currency, sizeof(l->currency)) < 0 ||
	    get_number(s, o, "remote_id", UINT32_MAX, &id) < 0 ||
	    get_number(s, o, "cards", UINT32_MAX, &l->cards) < 0 ||
	    get_number(s, o, "price", WEFT_MONEY_MAX, &l->price) < 0 ||
	    get_number(s, o, "seconds", MAX_TIME, &l->seconds) < 0 ||
	    get_number(s, o, "amount", INT64_MAX, &l->amount) < 0 ||
	    get_number(s, o, "start", MAX_TIME, &start) < 0 || get_number(s, o, "end", MAX_TIME, &end) < 0)
		return -1;
	if (*l->currency && !weft_is_currency(l->currency, strlen(l->currency)))
		return FAIL(s, "currency", "is not a code of three letters");
	l->remote_id = (uint32_t)id;
	l->start = start;
	l->end = end;
	return 0;
}

int weft_statement_read(const char *file, json_object *root, struct weft_statement *statement,
			struct weft_err *err)
{
	json_object *version = NULL, *lines = NULL;
	struct weft_statement_line *grown;
	struct spot spot = { .file = file, .err = err };
	size_t n;

	if (!json_object_is_type(root, json_type_object))
		return weft_err(err, "%s: must be an object, not %s", file, weft_json_kind(root));
	if (!json_object_object_get_ex(root, "weft_statement", &version) ||
	    !json_object_is_type(version, json_type_int) ||
	    json_object_get_int64(version) != WEFT_STATEMENT_VERSION)
		return weft_err(err, "%s: weft_statement: must be %d", file, WEFT_STATEMENT_VERSION);
	if (!json_object_object_get_ex(root, "lines", &lines) || !json_object_is_type(lines, json_type_array))
		return weft_err(err, "%s: lines: must be a list", file);
	n = json_object_array_length(lines);
	if (n > WEFT_STATEMENT_MAX_LINES - statement->n)
		return weft_err(err, "%s: more than %d lines", file, WEFT_STATEMENT_MAX_LINES);
	grown = realloc(statement->lines, (statement->n + n + 1) * sizeof(*grown));
	if (!grown)
		return weft_err(err, "%s: out of memory", file);
	statement->lines = grown;
	for (size_t i = 0; i < n; i++) {
		spot.entry = i + 1;
		if (read_line(&spot, json_object_array_get_idx(lines, i), &grown[statement->n]) < 0)
			return -1;
		statement->n++;
	}
	return 0;
}

void weft_statement_clear(struct weft_statement *statement)
{
	free(statement->lines);
	*statement = (struct weft_statement){ 0 };
}

/* ---------------------------------------------------------------- months */

static int digits(const char *text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

int weft_statement_month(const char *text, time_t *from, time_t *to)
{
	int year = digits(text, 4), month = year >= 0 && text[4] == '-' ? digits(text + 5, 2) : -1;
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 1 };

	if (year < 1970 || year > 2199 || month < 1 || month > 12 || text[7])
		return -1;
	*from = timegm(&tm);
	tm = (struct tm){ .tm_year = year - 1900, .tm_mon = month, .tm_mday = 1 };
	*to = timegm(&tm);
	return 0;
}

/* ---------------------------------------------------------------- comparing */

static int by_run(const void *a, const void *b)
{
	const struct weft_statement_line *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x->remote_id > y->remote_id) - (x->remote_id < y->remote_id);
}

/* How many lines from the one at I on are of its run. */
static size_t same_run(const struct weft_statement *s, size_t i)
{
	size_t n = i < s->n;

	while (i + n < s->n && by_run(&s->lines[i], &s->lines[i + n]) == 0)
		n++;
	return n;
}

struct comparing {
	weft_statement_each each;
	void *arg;
	int64_t n;
};

static int tell(struct comparing *c, enum weft_difference what, const struct weft_statement_line *here,
		const struct weft_statement_line *there)
{
	c->n++;
	return c->each(c->arg, what, here, there);
}

/* NH and NT lines of one run. */
static int compare_run(struct comparing *c, const struct weft_statement_line *here, size_t nh,
		       const struct weft_statement_line *there, size_t nt)
{
	int rc = 0;

	if (nh == 0)
		rc = there->amount ? tell(c, WEFT_DIFFERENCE_MISSING_HERE, NULL, there) : 0;
	else if (nt == 0)
		rc = here->amount ? tell(c, WEFT_DIFFERENCE_MISSING_THERE, here, NULL) : 0;
	else if (here->amount != there->amount || strcmp(here->currency, there->currency) != 0)
		rc = tell(c, WEFT_DIFFERENCE_ALTERED, here, there);
	for (size_t i = 1; rc == 0 && i < nh; i++)
		rc = tell(c, WEFT_DIFFERENCE_TWICE_HERE, &here[i], NULL);
	for (size_t i = 1; rc == 0 && i < nt; i++)
		rc = tell(c, WEFT_DIFFERENCE_TWICE_THERE, NULL, &there[i]);
	return rc;
}

int64_t weft_statement_compare(struct weft_statement *here, struct weft_statement *there,
			       weft_statement_each each, void *arg)
{
	struct comparing c = { each, arg, 0 };
	size_t i = 0, k = 0;

	if (here->n)
		qsort(here->lines, here->n, sizeof(*here->lines), by_run);
	if (there->n)
		qsort(there->lines, there->n, sizeof(*there->lines), by_run);
	while (i < here->n || k < there->n) {
		int order = i == here->n ? 1 : k == there->n ? -1 : by_run(&here->lines[i], &there->lines[k]);
		size_t nh = order <= 0 ? same_run(here, i) : 0, nt = order >= 0 ? same_run(there, k) : 0;

		if (compare_run(&c, nh ? &here->lines[i] : NULL, nh, nt ? &there->lines[k] : NULL, nt) < 0)
			return -1;
		i += nh;
		k += nt;
	}
	return c.n;
}
