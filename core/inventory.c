/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory.c - reads the nodes' Gres= strings and counts cards by class.
 *
 * Thousands of nodes share a few Gres= strings, and neighbours mostly the same one: what was read last is
 * kept, and neighbours that say the same share one block of holdings.
 */
#include "core/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nearest.h"
#include "core/scan.h"

#define MAX_ITEMS 64 /* accelerator entries in one Gres= text */

/* A piece of the text that is read; not NUL-terminated. */
struct span {
	const char *at;
	size_t len;
};

/* One entry of a Gres= text. */
struct item {
	struct span name, type; /* TYPE.len 0: none */
	uint64_t count;
};

/* The accelerators that one Gres= text speaks of. */
struct block {
	struct block *next; /* in the inventory's list */
	char *text;
	size_t n;
	struct weft_holding holdings[];
};

struct weft_inventory {
	const struct weft_catalogue *cat;
	const struct weft_conf *conf;
	struct weft_class **classes; /* pointers: what is handed out must not move */
	size_t n_classes, classes_size;
	unsigned *sorted;            /* class ids by gres name, then type */
	char **words;                /* point into the classes */
	size_t n_words;
	struct block **nodes;        /* by node index; NULL: no accelerator, or never added */
	bool *added;
	unsigned n_nodes, nodes_size;
	struct block *blocks;        /* all of them, the newest first */
	struct block *last;          /* of the node that was added last */
};

/* Gres names that sites give to accelerators in public configurations, whatever the catalogue lists. */
static const char *const accelerator_names[] = {
	"gpu", "npu", "mlu", "dcu", "hpu", "xpu", "gcu", "ipu", "tpu", "vpu", "aurora", "neuron", NULL
};

/* Shares of a card that another gres counts already. */
static const char *const share_names[] = { "shard", "mps", NULL };

struct weft_inventory *weft_inventory_create(const struct weft_catalogue *cat, const struct weft_conf *conf)
{
	struct weft_inventory *inv = calloc(1, sizeof(*inv));

	if (!inv)
		return NULL;
	inv->cat = cat;
	inv->conf = conf;
	inv->words = calloc(1, sizeof(*inv->words));
	if (!inv->words) {
		free(inv);
		return NULL;
	}
	return inv;
}

static void class_free(struct weft_class *c)
{
	if (!c)
		return;
	free(c->name);
	free(c->type);
	free(c->label);
	free(c);
}

void weft_inventory_destroy(struct weft_inventory *inv)
{
	if (!inv)
		return;
	for (size_t i = 0; i < inv->n_classes; i++)
		class_free(inv->classes[i]);
	while (inv->blocks) {
		struct block *next = inv->blocks->next;

		free(inv->blocks->text);
		free(inv->blocks);
		inv->blocks = next;
	}
	free(inv->classes);
	free(inv->sorted);
	free(inv->words);
	free(inv->nodes);
	free(inv->added);
	free(inv);
}

/* Which classes there are */

static int compare_span(struct span s, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	int order = memcmp(s.at, text ? text : "", s.len < len ? s.len : len);

	return order ? order : (s.len > len) - (s.len < len);
}

/* The place of (NAME, TYPE) in the sorted list: of the class itself, with *FOUND, or where it belongs. */
static size_t class_place(const struct weft_inventory *inv, struct span name, struct span type, bool *found)
{
	size_t low = 0, high = inv->n_classes;

	*found = false;
	while (low < high && !*found) {
		size_t middle = low + (high - low) / 2;
		const struct weft_class *c = inv->classes[inv->sorted[middle]];
		int order = compare_span(name, c->name);

		if (!order)
			order = compare_span(type, c->type);
		*found = !order;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return high;
}

static bool listed(const char *const *list, const char *name)
{
	for (; list && *list; list++) {
		if (weft_name_equal(*list, name))
			return true;
	}
	return false;
}

static const struct weft_conf_class *find_conf_class(const struct weft_inventory *inv, const char *label)
{
	for (size_t i = 0; inv->conf && i < inv->conf->n_classes; i++) {
		if (weft_name_equal(inv->conf->classes[i].gres, label))
			return &inv->conf->classes[i];
	}
	return NULL;
}

static const struct weft_model *find_model(const struct weft_inventory *inv, const struct weft_class *c)
{
	const struct weft_conf_class *said = find_conf_class(inv, c->label);
	const struct weft_model *m = said ? weft_catalogue_find_model(inv->cat, said->model) : NULL;

	return m || !c->type ? m : weft_catalogue_find_type(inv->cat, c->type);
}

static bool is_accelerator(const struct weft_inventory *inv, const struct weft_class *c)
{
	if (listed(share_names, c->name))
		return false;
	if (c->model || listed(accelerator_names, c->name) || find_conf_class(inv, c->label))
		return true;
	for (size_t i = 0; i < weft_catalogue_vendors(inv->cat); i++) {
		if (listed((const char *const *)weft_catalogue_vendor(inv->cat, i)->gres_names, c->name))
			return true;
	}
	return false;
}

/* A class of no devices yet, in no list; NULL when out of memory. */
static struct weft_class *class_make(const struct weft_inventory *inv, struct span name, struct span type)
{
	struct weft_class *c = calloc(1, sizeof(*c));
	size_t size = name.len + type.len + 2;

	if (!c)
		return NULL;
	c->name = strndup(name.at, name.len);
	c->type = type.len ? strndup(type.at, type.len) : NULL;
	c->label = malloc(size);
	if (!c->name || !c->label || (type.len && !c->type)) {
		class_free(c);
		return NULL;
	}
	snprintf(c->label, size, "%s%s%s", c->name, type.len ? ":" : "", type.len ? c->type : "");
	c->model = find_model(inv, c);
	return c;
}

static void add_word(struct weft_inventory *inv, char *word)
{
	for (size_t i = 0; i < inv->n_words; i++) {
		if (!strcmp(inv->words[i], word))
			return;
	}
	inv->words[inv->n_words++] = word;
	inv->words[inv->n_words] = NULL;
}

/* Room for one more class in every list. */
static int classes_reserve(struct weft_inventory *inv)
{
	size_t size = inv->classes_size ? inv->classes_size * 2 : 16;
	struct weft_class **classes;
	unsigned *sorted;
	char **words;

	if (inv->n_classes < inv->classes_size)
		return 0;
	classes = realloc(inv->classes, size * sizeof(*classes));
	if (!classes)
		return -1;
	inv->classes = classes;
	sorted = realloc(inv->sorted, size * sizeof(*sorted));
	if (!sorted)
		return -1;
	inv->sorted = sorted;
	words = realloc(inv->words, (2 * size + 1) * sizeof(*words));
	if (!words)
		return -1;
	inv->words = words;
	inv->classes_size = size;
	return 0;
}

/* Take C, which belongs at PLACE of the sorted list, over. */
static int class_add(struct weft_inventory *inv, struct weft_class *c, size_t place, struct weft_err *err)
{
	if (inv->n_classes == WEFT_INVENTORY_MAX_CLASSES)
		return weft_err(err, "gres \"%s\": more than %d kinds of accelerators in one cluster",
				weft_snip(c->label, strlen(c->label)).text, WEFT_INVENTORY_MAX_CLASSES);
	if (classes_reserve(inv))
		return weft_err(err, "out of memory");
	memmove(inv->sorted + place + 1, inv->sorted + place, (inv->n_classes - place) * sizeof(*inv->sorted));
	inv->sorted[place] = (unsigned)inv->n_classes;
	c->id = (unsigned)inv->n_classes;
	inv->classes[inv->n_classes++] = c;
	add_word(inv, c->name);
	if (c->type)
		add_word(inv, c->type);
	return 0;
}

/* Forget the classes and words that came after the first N_CLASSES and N_WORDS. */
static void classes_forget(struct weft_inventory *inv, size_t n_classes, size_t n_words)
{
	size_t kept = 0;

	for (size_t i = 0; i < inv->n_classes; i++) {
		if (inv->sorted[i] < n_classes)
			inv->sorted[kept++] = inv->sorted[i];
	}
	while (inv->n_classes > n_classes)
		class_free(inv->classes[--inv->n_classes]);
	inv->n_words = n_words;
	inv->words[n_words] = NULL;
}

/* The class of ITEM, made if need be.  1 with *ID; 0 when it is no accelerator; -1 with ERR. */
static int class_of(struct weft_inventory *inv, const struct item *item, unsigned *id, struct weft_err *err)
{
	bool found;
	size_t place = class_place(inv, item->name, item->type, &found);
	struct weft_class *c;

	if (!found) {
		c = class_make(inv, item->name, item->type);
		if (!c)
			return weft_err(err, "out of memory");
		if (!is_accelerator(inv, c)) {
			class_free(c);
			return 0;
		}
		if (class_add(inv, c, place, err)) {
			class_free(c);
			return -1;
		}
	}
	*id = inv->sorted[place];
	return 1;
}

/* Reading a Gres= text */

static int bad_entry(struct span entry, const char *why, struct weft_err *err)
{
	return weft_err(err, "gres \"%s\": %s", weft_snip(entry.at, entry.len).text, why);
}

static struct span trim(struct span s)
{
	while (s.len && weft_is_space(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len && weft_is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

static bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && !memcmp(s.at, text, s.len);
}

/* Takes the next entry, which ends at a comma outside of brackets, off *REST.  False at the end. */
static bool next_entry(struct span *rest, struct span *entry)
{
	size_t n = 0;
	int depth = 0;

	if (!rest->len)
		return false;
	for (; n < rest->len && (depth > 0 || rest->at[n] != ','); n++)
		depth += (rest->at[n] == '(') - (rest->at[n] == ')');
	*entry = trim((struct span){ rest->at, n });
	n += n < rest->len;
	rest->at += n;
	rest->len -= n;
	return true;
}

/* The entry without "(S:0-1)" and its like, or -1. */
static int cut_brackets(struct span entry, struct span *rest, struct weft_err *err)
{
	const char *open = memchr(entry.at, '(', entry.len);
	size_t n = open ? (size_t)(open - entry.at) : entry.len;

	if (memchr(entry.at, ')', n))
		return bad_entry(entry, "a \")\" without a \"(\"", err);
	if (open && entry.at[entry.len - 1] != ')')
		return bad_entry(entry, "text behind a \"(\" that no \")\" ends", err);
	*rest = trim((struct span){ entry.at, n });
	return 0;
}

/* Is TEXT a count?  One that is too large for 64 bits is cut to one that is too large for any node. */
static bool read_count(struct span text, uint64_t *count)
{
	static const char suffixes[] = "kmgtp";
	uint64_t value = 0;
	size_t i = 0;
	const char *suffix;
	unsigned shift;

	for (; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++)
		value = value > UINT64_MAX / 10 - 1 ? UINT64_MAX / 10 :
						      value * 10 + (uint64_t)(text.at[i] - '0');
	if (i == 0 || i + 1 < text.len)
		return false;
	if (i < text.len) {
		suffix = text.at[i] ? strchr(suffixes, weft_fold(text.at[i])) : NULL;
		if (!suffix)
			return false;
		shift = 10 * ((unsigned)(suffix - suffixes) + 1);
		value = value > UINT64_MAX >> shift ? UINT64_MAX : value << shift;
	}
	*count = value;
	return true;
}

/* Split at colons into at most MAX parts; how many there are, or MAX + 1. */
static size_t split(struct span text, struct span *parts, size_t max)
{
	size_t n = 0;

	for (;;) {
		const char *colon = memchr(text.at, ':', text.len);
		size_t len = colon ? (size_t)(colon - text.at) : text.len;

		if (n == max)
			return max + 1;
		parts[n++] = (struct span){ text.at, len };
		if (!colon)
			return n;
		text.at += len + 1;
		text.len -= len + 1;
	}
}

/* entry = ["gres/"] name [":" type] [":no_consume"] [":" count] [ "(" ... ")" ] */
static int read_entry(struct span entry, struct item *item, struct weft_err *err)
{
	struct span text = entry, parts[4];
	size_t n, kept = 0;

	*item = (struct item){ .type = { "", 0 }, .count = 1 };
	if (cut_brackets(entry, &text, err))
		return -1;
	if (text.len > 5 && !memcmp(text.at, "gres/", 5))
		text = (struct span){ text.at + 5, text.len - 5 };
	n = split(text, parts, 4);
	if (n > 4)
		return bad_entry(entry, "more than name, type and count", err);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !span_is(parts[i], "no_consume"))
			parts[kept++] = parts[i];
	}
	item->name = parts[0];
	if (kept > 1 && read_count(parts[kept - 1], &item->count))
		kept--;
	else if (kept > 2)
		return bad_entry(entry, "it does not end in a count", err);
	if (kept > 2)
		return bad_entry(entry, "more than name, type and count", err);
	if (kept > 1)
		item->type = parts[1];
	if (!weft_is_name(item->name.at, item->name.len) ||
	    (kept > 1 && !weft_is_name(item->type.at, item->type.len)))
		return bad_entry(entry, "a name that is empty, too long, or has odd characters", err);
	return 0;
}

static bool same_class(const struct item *a, const struct item *b)
{
	return a->name.len == b->name.len && a->type.len == b->type.len &&
	       !memcmp(a->name.at, b->name.at, a->name.len) && !memcmp(a->type.at, b->type.at, a->type.len);
}

/* Read all of TEXT before anything is counted; classes that are new are made.  Returns how many ITEMS there
 * are, no two of one class; -1 with ERR. */
static int read_items(struct weft_inventory *inv, struct span text, struct item *items, unsigned *ids,
		      struct weft_err *err)
{
	struct span entry;
	struct item item;
	int n = 0, i, is;

	while (next_entry(&text, &entry)) {
		if (!entry.len)
			continue;
		if (read_entry(entry, &item, err))
			return -1;
		if (!item.count)
			continue;
		for (i = 0; i < n && !same_class(&items[i], &item); i++)
			;
		if (i == MAX_ITEMS)
			return weft_err(err, "gres \"%s\": more than %d kinds of accelerators on one node",
					weft_snip(entry.at, entry.len).text, MAX_ITEMS);
		is = i < n ? 1 : class_of(inv, &item, &ids[i], err);
		if (is < 0)
			return -1;
		if (!is)
			continue;
		items[i] = i < n ? items[i] : (struct item){ item.name, item.type, 0 };
		n = i < n ? n : n + 1;
		if (item.count > WEFT_INVENTORY_MAX_NODE_DEVICES - items[i].count)
			return weft_err(err, "gres \"%s\": more than %u cards on one node",
					weft_snip(entry.at, entry.len).text, WEFT_INVENTORY_MAX_NODE_DEVICES);
		items[i].count += item.count;
	}
	return n;
}

/* The block of TEXT; one of no holdings when it speaks of no accelerator.  NULL with ERR. */
static struct block *block_make(struct weft_inventory *inv, const char *text, size_t len, struct weft_err *err)
{
	struct item items[MAX_ITEMS];
	unsigned ids[MAX_ITEMS];
	struct block *b = NULL;
	size_t n_classes = inv->n_classes, n_words = inv->n_words;
	int n = read_items(inv, (struct span){ text, len }, items, ids, err);

	if (n < 0)
		goto failed;
	b = calloc(1, sizeof(*b) + (size_t)n * sizeof(b->holdings[0]));
	if (b)
		b->text = strdup(text);
	if (!b || !b->text) {
		weft_err(err, "out of memory");
		goto failed;
	}
	for (int i = 0; i < n; i++)
		b->holdings[i] = (struct weft_holding){ ids[i], (unsigned)items[i].count };
	b->n = (size_t)n;
	b->next = inv->blocks;
	inv->blocks = b;
	return b;
failed:
	classes_forget(inv, n_classes, n_words);
	free(b);
	return NULL;
}

static int nodes_reserve(struct weft_inventory *inv, unsigned index)
{
	unsigned size = inv->nodes_size ? inv->nodes_size : 64;
	struct block **nodes;
	bool *added;

	if (index < inv->nodes_size)
		return 0;
	while (size <= index)
		size *= 2;
	nodes = realloc(inv->nodes, size * sizeof(*nodes));
	if (!nodes)
		return -1;
	inv->nodes = nodes;
	added = realloc(inv->added, size * sizeof(*added));
	if (!added)
		return -1;
	inv->added = added;
	memset(nodes + inv->nodes_size, 0, (size - inv->nodes_size) * sizeof(*nodes));
	memset(added + inv->nodes_size, 0, (size - inv->nodes_size) * sizeof(*added));
	inv->nodes_size = size;
	return 0;
}

int weft_inventory_add(struct weft_inventory *inv, unsigned index, const char *gres, struct weft_err *err)
{
	const char *text = gres ? gres : "";
	size_t len = strnlen(text, WEFT_GRES_MAX_BYTES + 1);
	struct block *b = inv->last;

	if (index >= WEFT_INVENTORY_MAX_NODES)
		return weft_err(err, "node index %u; it must be below %u", index, WEFT_INVENTORY_MAX_NODES);
	if (index < inv->nodes_size && inv->added[index])
		return weft_err(err, "node index %u is used twice", index);
	if (len > WEFT_GRES_MAX_BYTES)
		return weft_err(err, "gres \"%s\": more than %u bytes", weft_snip(text, len).text,
				WEFT_GRES_MAX_BYTES);
	if (nodes_reserve(inv, index))
		return weft_err(err, "out of memory");
	if (!b || strcmp(b->text, text))
		b = block_make(inv, text, len, err);
	if (!b)
		return -1;
	inv->last = b;
	inv->nodes[index] = b;
	inv->added[index] = true;
	if (index >= inv->n_nodes)
		inv->n_nodes = index + 1;
	for (size_t i = 0; i < b->n; i++) {
		struct weft_class *c = inv->classes[b->holdings[i].class_id];

		c->nodes++;
		c->devices += b->holdings[i].devices;
		if (b->holdings[i].devices > c->max_per_node)
			c->max_per_node = b->holdings[i].devices;
	}
	return 0;
}

/* Looking things up */

const struct weft_catalogue *weft_inventory_catalogue(const struct weft_inventory *inv)
{
	return inv->cat;
}

size_t weft_inventory_classes(const struct weft_inventory *inv)
{
	return inv->n_classes;
}

const struct weft_class *weft_inventory_class(const struct weft_inventory *inv, size_t i)
{
	return i < inv->n_classes ? inv->classes[i] : NULL;
}

const struct weft_class *weft_inventory_find(const struct weft_inventory *inv, const char *name,
					     const char *type)
{
	bool found;
	size_t place = class_place(inv, (struct span){ name, strlen(name) },
				   (struct span){ type ? type : "", type ? strlen(type) : 0 }, &found);

	return found ? inv->classes[inv->sorted[place]] : NULL;
}

const struct weft_holding *weft_inventory_node(const struct weft_inventory *inv, unsigned index, size_t *n)
{
	const struct block *b = index < inv->n_nodes ? inv->nodes[index] : NULL;

	*n = b ? b->n : 0;
	return b && b->n ? b->holdings : NULL;
}

unsigned weft_inventory_nodes(const struct weft_inventory *inv)
{
	return inv->n_nodes;
}

char *const *weft_inventory_words(const struct weft_inventory *inv)
{
	return inv->words;
}

/* What weft.conf says of the catalogue */

/* Are the characters of SHORT found in LONG in the same order? */
static bool is_abbreviation(const char *shorter, const char *longer)
{
	for (; *longer && *shorter; longer++)
		shorter += weft_fold(*shorter) == weft_fold(*longer);
	return !*shorter;
}

/* The model that NAME was meant to be: a few mistakes away, or else one it abbreviates ("a100-80"). */
static const char *meant(const struct weft_catalogue *cat, const char *name)
{
	unsigned best = weft_nearest_start(name);
	const char *found = NULL;

	for (size_t i = 0; i < weft_catalogue_models(cat); i++)
		found = weft_nearest_of(name, weft_catalogue_model(cat, i)->name, found, &best);
	for (size_t i = 0; !found && strlen(name) > 2 && i < weft_catalogue_models(cat); i++) {
		const char *model = weft_catalogue_model(cat, i)->name;

		if (weft_fold(model[0]) == weft_fold(name[0]) && is_abbreviation(name, model))
			found = model;
	}
	return found;
}

int weft_conf_check(const struct weft_conf *conf, const struct weft_catalogue *cat, struct weft_err *err)
{
	for (size_t i = 0; i < conf->n_classes; i++) {
		const struct weft_conf_class *c = &conf->classes[i];
		const char *near;

		if (weft_catalogue_find_model(cat, c->model))
			continue;
		near = meant(cat, c->model);
		return weft_err(err, "%s:%u: Model: unknown model \"%s\"%s%s%s",
				conf->path ? conf->path : "weft.conf", c->line,
				weft_snip(c->model, strlen(c->model)).text, near ? "; did you mean " : "",
				near ? near : "", near ? "?" : "");
	}
	return 0;
}
