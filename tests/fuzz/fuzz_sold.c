/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_sold.c - any bytes as sacct's lines about what was sold.  What is taken costs what its cards and
 * seconds do, and the other site can read it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/money.h"
#include "core/sold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct weft_conf *conf;

static void must(int condition)
{
	if (!condition)
		abort();
}

static void prepare(void)
{
	static const char text[] = "PublishKind=gpu:h100 Cards=64 Price=2.345678 Currency=EUR\n"
				   "PublishKind=gpu:b200 Cards=64 Price=2.345678 Currency=EUR\n"
				   "PublishKind=gpu:a100 Cards=64 Price=1000000000 Currency=EUR\n"
				   "PublishKind=gpu:l40s Cards=8\nPublishKind=dcu Cards=64 Price=0.5\n";

	conf = weft_conf_parse("weft.conf", text, strlen(text), NULL);
	must(conf != NULL);
}

static void check(const struct weft_statement_line *sale)
{
	json_object *root = json_object_new_object(), *lines = json_object_new_array();
	struct weft_statement s = { 0 };

	must(!strncmp(sale->key, "alpha.", 6) && sale->end >= 1000 && sale->end < 2000000000);
	must(sale->cards > 0 && sale->seconds >= 0 && sale->amount >= 0);
	must(sale->amount == weft_money_cost(sale->price, (uint64_t)sale->cards, (uint64_t)sale->seconds));
	json_object_object_add(root, "weft_statement", json_object_new_int(WEFT_STATEMENT_VERSION));
	json_object_object_add(root, "lines", lines);
	json_object_array_add(lines, weft_statement_line_json(sale));
	must(weft_statement_read("sale", root, &s, NULL) == 0 && s.n == 1);
	must(!strcmp(s.lines[0].key, sale->key) && !strcmp(s.lines[0].gres, sale->gres) &&
	     s.lines[0].amount == sale->amount && s.lines[0].remote_id == sale->remote_id);
	weft_statement_clear(&s);
	json_object_put(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *next;
	struct weft_sold *sold;

	if (!conf)
		prepare();
	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	sold = weft_sold_create(conf, "alpha", 1000, 2000000000, NULL);
	must(sold != NULL);
	for (char *line = text; line; line = next) {
		struct weft_err err = WEFT_ERR_INIT;
		struct weft_statement_line sale;
		int rc;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		rc = weft_sold_read(sold, line, "|", &sale, &err);
		must((rc < 0) == (err.text[0] != '\0'));
		if (rc > 0)
			check(&sale);
	}
	weft_sold_destroy(sold);
	free(text);
	return 0;
}
