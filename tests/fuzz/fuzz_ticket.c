/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_ticket.c - any text as a ticket.  What is read must be within bounds, and the same when written and
 * read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ticket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check(const struct weft_ticket *t)
{
	unsigned nodes = 0;

	must(t->n_groups > 0 && t->n_groups <= WEFT_TICKET_MAX_GROUPS);
	must(t->n_nodes > 0 && t->n_nodes <= WEFT_TICKET_MAX_NODES);
	for (size_t i = 0; i < t->n_runs; i++) {
		const struct weft_ticket_run *run = &t->runs[i];
		unsigned first;

		must(run->nodes > 0 && run->group < t->n_groups);
		must(run->cards > 0 && run->cards <= WEFT_TICKET_MAX_CARDS);
		if (i < 100)
			must(weft_ticket_node(t, nodes, &first) == run && first == nodes);
		nodes += run->nodes;
	}
	must(nodes == t->n_nodes && !weft_ticket_node(t, nodes, NULL));
	for (unsigned i = 0; i < t->n_groups; i++) {
		double weight = weft_ticket_weight(t, i);

		must(!(weight < 0) && !(weight > 1));
	}
}

/* What a node makes of it. */
static void look_inside(const struct weft_ticket *t)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_catalogue *cat;
	struct weft_conf *conf;
	char *shares = weft_ticket_shares(t, 80, true, NULL);
	int rc = weft_ticket_site(t, &cat, &conf, &err);

	must(!rc == (cat && conf) && (t->catalogue || rc));
	for (unsigned i = 0; !rc && i < t->n_groups; i++)
		must(!t->groups[i].model || weft_catalogue_find_model(cat, t->groups[i].model));
	weft_conf_destroy(conf);
	weft_catalogue_destroy(cat);
	free(shares);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_ticket *t = weft_ticket_parse((const char *)data, size, &err), *u;
	char *text, *again;
	size_t len, len2;

	must(!t == (err.text[0] != '\0'));
	if (!t)
		return 0;
	check(t);
	look_inside(t);
	weft_ticket_order_groups(t);
	check(t);
	text = weft_ticket_text(t, &len, NULL); /* short numbers may become long ones: too long then */
	if (text) {
		u = weft_ticket_parse(text, len, NULL);
		must(u && u->n_nodes == t->n_nodes && u->n_groups == t->n_groups);
		check(u);
		again = weft_ticket_text(u, &len2, NULL);
		must(again && len == len2 && !memcmp(text, again, len));
		weft_ticket_destroy(u);
		free(again);
	}
	free(text);
	weft_ticket_destroy(t);
	return 0;
}
