/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_sold.c - the statement of what this site sold to another, from its own accounting.
 */
#include "tools/weft_sold.h"

#include <json-c/json.h>
#include <stdio.h>

#include "core/sold.h"
#include "tools/command.h"
#include "tools/sacct.h"

static const char who[] = "weft ledger";

struct statement {
	struct weft_sold *sold;
	json_object *lines;
	unsigned left_out;
};

static int take(char *line, const char *delimiter, void *arg, struct weft_err *err)
{
	struct statement *s = arg;
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_statement_line sale;
	json_object *o;
	int rc = weft_sold_read(s->sold, line, delimiter, &sale, &why);

	if (rc < 0) {
		fprintf(stderr, "%s: left out: %s\n", who, why.text);
		s->left_out++;
	}
	if (rc <= 0)
		return 1;
	if (json_object_array_length(s->lines) == WEFT_STATEMENT_MAX_LINES)
		return weft_err(err, "more than %d lines", WEFT_STATEMENT_MAX_LINES);
	o = weft_statement_line_json(&sale);
	if (o && json_object_array_add(s->lines, o) == 0)
		return 1;
	json_object_put(o);
	return weft_err(err, "out of memory");
}

static void print(const struct sold_wish *wish, json_object *lines)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "weft_statement", json_object_new_int(WEFT_STATEMENT_VERSION));
	json_object_object_add(o, "side", json_object_new_string("sold"));
	json_object_object_add(o, "peer", NULL);
	json_object_object_add(o, "from", json_object_new_int64(wish->from));
	json_object_object_add(o, "to", json_object_new_int64(wish->to));
	json_object_object_add(o, "made", json_object_new_int64(time(NULL)));
	json_object_object_add(o, "lines", json_object_get(lines));
	json_object_object_add(o, "head", NULL);
	json_object_object_add(o, "transactions", NULL);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY));
	json_object_put(o);
}

static int make(const struct sold_wish *wish, struct statement *s, const struct weft_conf *conf,
		struct weft_err *err)
{
	struct progress progress = progress_begin(who);
	/* Until now: of a job that ran again later the last run counts, as it does for who bought. */
	struct sacct_wish jobs = { .from = wish->from,
				   .fields = WEFT_SOLD_FIELDS,
				   .account = wish->account,
				   .max = WEFT_SOLD_MAX_LINE,
				   .take = take,
				   .arg = s };
	int rc;

	s->lines = json_object_new_array();
	s->sold = weft_sold_create(conf, wish->site, wish->from, wish->to, err);
	rc = !s->sold ? -1 : s->lines ? sacct_ask(&jobs, &progress, err) : weft_err(err, "out of memory");
	progress_end(&progress);
	return rc;
}

int weft_sold_statement(const struct sold_wish *wish)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = weft_conf_load(wish->conf, 0, &err);
	struct statement s = { 0 };
	int rc = conf ? make(wish, &s, conf, &err) : -1, status;

	if (rc == 0)
		print(wish, s.lines);
	status = rc ? complain(who, &err) : STATUS_OK;
	weft_sold_destroy(s.sold);
	json_object_put(s.lines);
	weft_conf_destroy(conf);
	return s.left_out ? STATUS_NO : status;
}
