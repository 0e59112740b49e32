/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fleet.c - nodes and their cards, from scontrol's lines.
 */
#include "core/fleet.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/hostlist.h"
#include "core/index.h"
#include "core/scan.h"

struct node {
	unsigned number; /* in the inventory, or WEFT_FLEET_FAR */
	bool out;
	size_t first; /* of its holdings, in USED */
	char name[];
};

struct weft_fleet {
	const struct weft_conf *conf;
	struct weft_inventory *inventory;
	struct weft_fleet_class *classes;
	struct weft_index index;
	struct node **nodes;
	size_t n_nodes, room;
	unsigned n_numbers; /* nodes in the inventory */
	unsigned *used;	    /* cards in use, holding by holding */
	size_t n_used, used_room;
};

struct weft_fleet *weft_fleet_create(const struct weft_catalogue *cat, const struct weft_conf *conf)
{
	struct weft_fleet *fleet = calloc(1, sizeof(*fleet));

	if (!fleet)
		return NULL;
	fleet->conf = conf;
	fleet->inventory = weft_inventory_create(cat, conf);
	if (fleet->inventory)
		return fleet;
	free(fleet);
	return NULL;
}

void weft_fleet_destroy(struct weft_fleet *fleet)
{
	if (!fleet)
		return;
	for (size_t i = 0; i < fleet->n_nodes; i++)
		free(fleet->nodes[i]);
	free(fleet->nodes);
	free(fleet->used);
	free(fleet->classes);
	weft_index_clear(&fleet->index);
	weft_inventory_destroy(fleet->inventory);
	free(fleet);
}

/* ---------------------------------------------------------------- a line */

struct span {
	const char *at;
	size_t len;
};

/* The value of KEY (" Gres="), to the next blank; what people may write stands behind all of ours.  LEN 0:
 * none. */
static struct span value_of(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	if (!at)
		return (struct span){ line, 0 };
	at += strlen(key);
	return (struct span){ at, strcspn(at, " \t\r\n") };
}

static bool is_word(struct span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

/* "MIXED+DRAIN", "IDLE*": does such a node take no jobs? */
static bool is_out(struct span state)
{
	static const char *const words[] = { "DOWN",  "DRAIN",	 "DRAINED", "DRAINING",
					     "FAIL",  "FAILING", "ERROR",   "MAINT",
					     "INVAL", "UNKNOWN", "FUTURE",  "NOT_RESPONDING" };
	const char *end = state.at + state.len;

	if (memchr(state.at, '*', state.len))
		return true;
	for (const char *at = state.at; at < end;) {
		const char *plus = memchr(at, '+', (size_t)(end - at));
		struct span word = { at, (size_t)((plus ? plus : end) - at) };

		while (word.len > 0 && strchr("~#!%$@^-", word.at[word.len - 1]))
			word.len--;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (is_word(word, words[i]))
				return true;
		at = (plus ? plus : end) + 1;
	}
	return false;
}

/* The next entry of "gpu:h100:8(IDX:0-7),npu:0"; blank at the end. */
static struct span next_entry(struct span *list)
{
	struct span entry = { list->at, 0 };
	bool inside = false;

	while (entry.len < list->len && (inside || list->at[entry.len] != ',')) {
		inside = list->at[entry.len] == '(' || (inside && list->at[entry.len] != ')');
		entry.len++;
	}
	list->at += entry.len < list->len ? entry.len + 1 : entry.len;
	list->len -= entry.len < list->len ? entry.len + 1 : entry.len;
	return entry;
}

/* How many cards of CLASS the list of GresUsed= names, at most MOST. */
static unsigned count_used(struct span list, const struct weft_class *class, unsigned most)
{
	size_t label = strlen(class->label);

	while (list.len > 0) {
		struct span e = next_entry(&list);
		uint64_t n = 0;

		if (e.len <= label + 1 || memcmp(e.at, class->label, label) != 0 || e.at[label] != ':')
			continue;
		e.at += label + 1;
		e.len -= label + 1;
		for (; e.len > 0 && *e.at >= '0' && *e.at <= '9' && n <= most; e.at++, e.len--)
			n = n * 10 + (uint64_t)(*e.at - '0');
		if (e.len == 0 || *e.at == '(')
			return n > most ? most : (unsigned)n;
	}
	return 0;
}

static int note_used(struct weft_fleet *fleet, const struct node *node, struct span used)
{
	size_t n;
	const struct weft_holding *holdings = weft_inventory_node(fleet->inventory, node->number, &n);

	if (fleet->n_used + n > fleet->used_room) {
		size_t room = (fleet->n_used + n) * 2;
		unsigned *more = realloc(fleet->used, room * sizeof(*more));

		if (!more)
			return -1;
		fleet->used = more;
		fleet->used_room = room;
	}
	for (size_t i = 0; i < n; i++)
		fleet->used[fleet->n_used++] =
			count_used(used, weft_inventory_class(fleet->inventory, holdings[i].class_id),
				   holdings[i].devices);
	return 0;
}

/* A node of this name; it is the fleet's, NULL: out of memory. */
static struct node *new_node(struct weft_fleet *fleet, struct span name)
{
	struct node *node;

	if (fleet->n_nodes == fleet->room) {
		size_t room = fleet->room ? fleet->room * 2 : 256;
		struct node **more = realloc(fleet->nodes, room * sizeof(*more));

		if (!more)
			return NULL;
		fleet->nodes = more;
		fleet->room = room;
	}
	node = calloc(1, sizeof(*node) + name.len + 1);
	if (!node)
		return NULL;
	memcpy(node->name, name.at, name.len);
	fleet->nodes[fleet->n_nodes++] = node;
	return weft_index_add(&fleet->index, node->name, node) < 0 ? NULL : node;
}

/* Add NODE with the GRES of its line to the inventory. */
static int take_gres(struct weft_fleet *fleet, struct node *node, struct span gres, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	char *text = strndup(gres.at, is_word(gres, "(null)") ? 0 : gres.len);
	int rc;

	if (!text)
		return weft_err(err, "out of memory");
	rc = weft_inventory_add(fleet->inventory, node->number, text, &why);
	free(text);
	return rc < 0 ? weft_err(err, "node %s: %s", node->name, why.text) : 0;
}

int weft_fleet_add(struct weft_fleet *fleet, const char *line, size_t len, struct weft_err *err)
{
	struct span name, used = value_of(line, " GresUsed=");
	struct node *node;

	if (strspn(line, " \t\r\n") == len)
		return 0;
	if (strncmp(line, "NodeName=", 9) != 0 || strlen(line) != len)
		return weft_err(err, "\"%s\" is not a line about a node", weft_snip(line, len).text);
	name = (struct span){ line + 9, strcspn(line + 9, " \t\r\n") };
	if (name.len == 0 || name.len >= WEFT_HOST_SIZE)
		return weft_err(err, "a node's name has %zu bytes; 1 to %d are allowed", name.len,
				WEFT_HOST_SIZE - 1);
	node = new_node(fleet, name);
	if (!node)
		return weft_err(err, "out of memory");
	node->out = is_out(value_of(line, " State="));
	node->first = fleet->n_used;
	node->number = WEFT_FLEET_FAR;
	if (fleet->conf && weft_conf_peer_of_node(fleet->conf, node->name))
		return 0;
	if (fleet->n_numbers == WEFT_INVENTORY_MAX_NODES)
		return weft_err(err, "more than %u nodes", WEFT_INVENTORY_MAX_NODES);
	node->number = fleet->n_numbers++;
	if (take_gres(fleet, node, value_of(line, " Gres="), err) < 0)
		return -1;
	return note_used(fleet, node, used) < 0 ? weft_err(err, "out of memory") : 0;
}

/* ---------------------------------------------------------------- classes */

static double watts_of(const struct weft_conf *conf, const struct weft_class *class)
{
	for (size_t i = 0; conf && i < conf->n_power_classes; i++)
		if (weft_name_equal(conf->power_classes[i].gres, class->label))
			return conf->power_classes[i].peak;
	return class->model && weft_figure_known(class->model->tdp) ? class->model->tdp.hi : NAN;
}

static void set_tflops(struct weft_fleet_class *c, const struct weft_model *model)
{
	static const enum weft_dtype dtypes[] = { WEFT_BF16, WEFT_FP16, WEFT_TF32, WEFT_FP32 };

	c->tflops = NAN;
	c->dtype = WEFT_BF16;
	for (size_t i = 0; model && i < sizeof(dtypes) / sizeof(dtypes[0]); i++) {
		if (!weft_figure_known(model->tflops[dtypes[i]]))
			continue;
		c->tflops = model->tflops[dtypes[i]].lo;
		c->dtype = dtypes[i];
		return;
	}
}

int weft_fleet_ready(struct weft_fleet *fleet, struct weft_err *err)
{
	size_t n_classes = weft_inventory_classes(fleet->inventory);

	weft_index_sort(&fleet->index);
	free(fleet->classes);
	fleet->classes = calloc(n_classes + 1, sizeof(*fleet->classes));
	if (!fleet->classes)
		return weft_err(err, "out of memory");
	for (unsigned i = 0; i < n_classes; i++) {
		const struct weft_class *class = weft_inventory_class(fleet->inventory, i);

		fleet->classes[i].watts = watts_of(fleet->conf, class);
		set_tflops(&fleet->classes[i], class->model);
	}
	for (size_t i = 0; i < fleet->n_nodes; i++) {
		const struct node *node = fleet->nodes[i];
		size_t n;
		const struct weft_holding *h = weft_inventory_node(fleet->inventory, node->number, &n);

		for (size_t k = 0; k < n && node->number != WEFT_FLEET_FAR; k++) {
			struct weft_fleet_class *c = &fleet->classes[h[k].class_id];
			unsigned used = fleet->used[node->first + k];

			c->cards += h[k].devices;
			c->in_use += used;
			c->out += node->out ? h[k].devices - used : 0;
		}
	}
	return 0;
}

/* ---------------------------------------------------------------- questions */

const struct weft_inventory *weft_fleet_inventory(const struct weft_fleet *fleet)
{
	return fleet->inventory;
}

const struct weft_fleet_class *weft_fleet_class(const struct weft_fleet *fleet, unsigned class_id)
{
	return &fleet->classes[class_id];
}

unsigned weft_fleet_find(const struct weft_fleet *fleet, const char *name)
{
	size_t n;
	const struct weft_index_entry *e = weft_index_find(&fleet->index, name, &n);

	for (size_t i = 0; i < n; i++) { /* to an index "a-1" and "a_1" are one */
		const struct node *node = e[i].value;

		if (!strcmp(node->name, name))
			return node->number;
	}
	return WEFT_FLEET_NONE;
}

uint64_t weft_fleet_stranded(const struct weft_fleet *fleet, unsigned class_id, unsigned usual)
{
	uint64_t stranded = 0;

	for (size_t i = 0; i < fleet->n_nodes; i++) {
		const struct node *node = fleet->nodes[i];
		size_t n;
		const struct weft_holding *h = weft_inventory_node(fleet->inventory, node->number, &n);

		for (size_t k = 0; k < n && node->number != WEFT_FLEET_FAR && !node->out; k++)
			if (h[k].class_id == class_id && fleet->used[node->first + k] > 0)
				stranded += (h[k].devices - fleet->used[node->first + k]) % usual;
	}
	return stranded;
}
