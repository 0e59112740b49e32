/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture_statement.h - torture.c's operation on statements: one is read, one is made of what was sold, and
 * both are compared.
 */
#ifndef WEFT_TESTS_TORTURE_STATEMENT_H
#define WEFT_TESTS_TORTURE_STATEMENT_H

#include "core/sold.h"
#include "core/statement.h"

static int no_difference(void *arg, enum weft_difference what, const struct weft_statement_line *here,
			 const struct weft_statement_line *there)
{
	(void)arg;
	(void)what;
	(void)here;
	(void)there;
	return -1;
}

/* STATEMENT is that of one line of accounting. */
static int sell(struct weft_statement *statement, struct weft_err *err)
{
	static const char text[] =
		"PublishKind=gpu:h100 Cards=8 Price=1 Currency=EUR\nPublishKind=npu Cards=8 Price=2\n";
	struct weft_conf *own = weft_conf_parse("weft.conf", text, strlen(text), err);
	struct weft_sold *sold = own ? weft_sold_create(own, "a", 0, 9999, err) : NULL;
	char line[] = "5#1#2#3602#60#gres/gpu:h100=8,gres/gpu=8#weft.a.7.8.1";
	struct weft_statement_line sale;
	int rc = sold ? 0 : -1;

	if (rc == 0 && weft_sold_read(sold, line, "#", &sale, err) != 1)
		rc = -1;
	if (rc == 0) {
		statement->lines = malloc(sizeof(sale));
		rc = nothing(statement->lines, err);
	}
	if (rc == 0)
		statement->lines[statement->n++] = sale;
	weft_sold_destroy(sold);
	weft_conf_destroy(own);
	return rc;
}

static int do_statement(struct weft_err *err)
{
	static const char text[] =
		"{\"weft_statement\":1,\"lines\":[{\"key\":\"a.7.8\",\"remote_id\":5,\"cards\":8,\"start\":2,"
		"\"end\":3602,\"seconds\":3600,\"price\":1000000,\"amount\":8000000,\"currency\":\"EUR\"}]}";
	struct weft_statement bought = { 0 }, sold = { 0 };
	json_object *root = json_tokener_parse(text);
	int rc = weft_statement_read("x", root, &bought, err);

	if (rc == 0)
		rc = sell(&sold, err);
	if (rc == 0 && weft_statement_compare(&bought, &sold, no_difference, NULL) != 0)
		rc = weft_err(err, "there is a difference");
	json_object_put(root);
	weft_statement_clear(&bought);
	weft_statement_clear(&sold);
	return rc;
}

#endif
