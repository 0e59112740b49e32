/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_gres.c - any Gres= text of a node; each line is a node.  The inventory must add up, whatever it was told.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/inventory.h"
#include "tests/unit/cards.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* What the nodes hold and what the classes say must be the same. */
static void check_sums(const struct weft_inventory *inv)
{
	size_t classes = weft_inventory_classes(inv), words = 0;
	uint64_t *sums = calloc(classes + 1, sizeof(*sums));

	for (unsigned i = 0; i < weft_inventory_nodes(inv); i++) {
		size_t n;
		const struct weft_holding *h = weft_inventory_node(inv, i, &n);

		for (size_t k = 0; k < n; k++) {
			must(h[k].class_id < classes && h[k].devices > 0);
			must(h[k].devices <= weft_inventory_class(inv, h[k].class_id)->max_per_node);
			sums[h[k].class_id] += h[k].devices;
		}
	}
	for (size_t i = 0; i < classes; i++) {
		const struct weft_class *c = weft_inventory_class(inv, i);

		must(c->devices == sums[i] && c->nodes > 0 && c->max_per_node <= WEFT_INVENTORY_MAX_NODE_DEVICES);
		must(weft_inventory_find(inv, c->name, c->type) == c);
		must(strcmp(c->name, "shard") != 0 && strcmp(c->name, "mps") != 0);
	}
	while (weft_inventory_words(inv)[words])
		words++;
	must(words <= 2 * classes);
	free(sums);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct weft_catalogue *cat;
	struct weft_inventory *inv;
	char *text = malloc(size + 1), *line, *end;

	if (!cat)
		cat = weft_catalogue_parse("cards", cards, strlen(cards), NULL, NULL, 0, NULL);
	inv = weft_inventory_create(cat, NULL);
	must(cat && inv && text);
	memcpy(text, data, size);
	text[size] = '\0';
	line = text;
	for (unsigned i = 0; line && i < 1000; i++, line = end) {
		struct weft_err err = WEFT_ERR_INIT;
		int rv;

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		rv = weft_inventory_add(inv, i, line, &err);
		must(rv == 0 || rv == -1);
		must((rv == 0) == (err.text[0] == '\0'));
	}
	check_sums(inv);
	weft_inventory_destroy(inv);
	free(text);
	return 0;
}
