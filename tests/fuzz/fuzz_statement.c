/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_statement.c - any text as a statement, and as two, one behind a NUL.  Each line that is read can be
 * written and read again, and both sides name the same differences.
 */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
	if (!condition)
		abort();
}

static int count(void *arg, enum weft_difference what, const struct weft_statement_line *here,
		 const struct weft_statement_line *there)
{
	size_t *n = arg;

	must((here || there) && (what == WEFT_DIFFERENCE_ALTERED) == (here && there));
	n[what]++;
	return 0;
}

static bool same(const struct weft_statement_line *a, const struct weft_statement_line *b)
{
	return !strcmp(a->key, b->key) && !strcmp(a->peer, b->peer) && !strcmp(a->user, b->user) &&
	       !strcmp(a->account, b->account) && !strcmp(a->gres, b->gres) &&
	       !strcmp(a->currency, b->currency) && a->remote_id == b->remote_id && a->cards == b->cards &&
	       a->price == b->price && a->seconds == b->seconds && a->amount == b->amount &&
	       a->start == b->start && a->end == b->end;
}

/* S, written and read again, as a new one. */
static void again(const struct weft_statement *s, struct weft_statement *copy)
{
	json_object *root = json_object_new_object(), *lines = json_object_new_array();

	json_object_object_add(root, "weft_statement", json_object_new_int(WEFT_STATEMENT_VERSION));
	json_object_object_add(root, "lines", lines);
	for (size_t i = 0; i < s->n; i++)
		json_object_array_add(lines, weft_statement_line_json(&s->lines[i]));
	must(weft_statement_read("again", root, copy, NULL) == 0 && copy->n == s->n);
	for (size_t i = 0; i < s->n; i++)
		must(same(&s->lines[i], &copy->lines[i]));
	json_object_put(root);
}

/* The lines of TEXT behind those of S. */
static void take(struct weft_statement *s, const char *text, size_t len)
{
	struct weft_err err = WEFT_ERR_INIT;
	json_object *root = NULL;
	int rc;

	if (weft_json_parse(&root, "text", text, len, 8, &err) == 0) {
		rc = weft_statement_read("text", root, s, &err);
		must((rc < 0) == (err.text[0] != '\0'));
	}
	json_object_put(root);
}

static void compare(struct weft_statement *a, struct weft_statement *b)
{
	size_t there[5] = { 0 }, back[5] = { 0 }, sum = 0;

	must(weft_statement_compare(a, b, count, there) >= 0);
	must(weft_statement_compare(b, a, count, back) >= 0);
	must(there[WEFT_DIFFERENCE_MISSING_HERE] == back[WEFT_DIFFERENCE_MISSING_THERE] &&
	     there[WEFT_DIFFERENCE_MISSING_THERE] == back[WEFT_DIFFERENCE_MISSING_HERE] &&
	     there[WEFT_DIFFERENCE_TWICE_HERE] == back[WEFT_DIFFERENCE_TWICE_THERE] &&
	     there[WEFT_DIFFERENCE_TWICE_THERE] == back[WEFT_DIFFERENCE_TWICE_HERE]);
	for (int i = 0; i < 5; i++)
		sum += there[i];
	must(sum <= a->n + b->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_statement a = { 0 }, b = { 0 }, copy = { 0 };
	size_t none[5] = { 0 };
	char *text = malloc(size + 1);
	time_t from, to;
	size_t first;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	first = strlen(text);
	if (weft_statement_month(text, &from, &to) == 0)
		must(from < to && to - from <= 31 * 86400);
	take(&a, text, first);
	again(&a, &copy);
	if (first < size)
		take(&b, text + first + 1, size - first - 1);
	compare(&a, &b);
	must(weft_statement_compare(&a, &copy, count, none) ==
	     (int64_t)(none[WEFT_DIFFERENCE_TWICE_HERE] + none[WEFT_DIFFERENCE_TWICE_THERE] +
		       none[WEFT_DIFFERENCE_ALTERED]));
	weft_statement_clear(&a);
	weft_statement_clear(&b);
	weft_statement_clear(&copy);
	free(text);
	return 0;
}
