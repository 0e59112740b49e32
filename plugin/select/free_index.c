/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * free_index.c - the nodes of each kind of device, by how many they have free.
 */
#include "plugin/select/free_index.h"

#define MAX_KINDS   128 /* 125 kB each at 12,500 nodes; a site has a dozen */
#define MAX_SETS    16
#define MAX_MODELS  64 /* of nodes with one kind of device, by hardware */
#define MAX_AGE_SEC 30

#define NO_MODEL UINT16_MAX

/* The nodes with at least so many. */
struct set {
	uint64_t at_least;
	bool free;
	bitstr_t *nodes; /* NULL: not in use */
};

struct figures {
	uint32_t total, free;
};

struct entry {
	struct weft_kind kind;
	struct figures *nodes;
	struct set sets[MAX_SETS];
	unsigned next_set; /* to be reused next */
	uint16_t *models;    /* of each node; NO_MODEL: none of those that are known */
	time_t models_found; /* when; 0: they are not known */
};

static struct {
	struct entry *entries[MAX_KINDS];
	unsigned n;
	int n_nodes;	/* that the entries were made for */
	time_t counted; /* when; 0: the figures are stale */
	bool looked;	/* since the locks were taken, whether they are */
} idx;

static struct figures figures_of(const gres_node_state_t *gres, uint32_t type_id)
{
	struct weft_count c = weft_gres_count(gres, type_id);

	return (struct figures){ .total = MIN(c.total, UINT32_MAX), .free = MIN(c.free, UINT32_MAX) };
}

static void drop_sets(struct entry *e)
{
	for (unsigned i = 0; i < MAX_SETS; i++)
		FREE_NULL_BITMAP(e->sets[i].nodes);
}

/* Count on NODE the N ENTRIES.  It is finding the record that takes time, and entries of one gres name share it. */
static void count_node(struct entry **entries, unsigned n, int node)
{
	const gres_node_state_t *gres = NULL;

	for (unsigned k = 0; k < n; k++) {
		struct entry *e = entries[k];
		struct figures f;

		if (k == 0 || e->kind.gres_id != entries[k - 1]->kind.gres_id)
			gres = weft_gres_of_node(node_record_table_ptr[node], e->kind.gres_id);
		f = figures_of(gres, e->kind.type_id);
		if (f.total != e->nodes[node].total)
			e->models_found = 0;
		e->nodes[node] = f;
	}
}

static void count_all(void)
{
	for (int i = 0; i < idx.n_nodes; i++)
		count_node(idx.entries, idx.n, i);
	for (unsigned k = 0; k < idx.n; k++)
		drop_sets(idx.entries[k]);
	idx.counted = time(NULL);
}

void weft_free_index_stale(void)
{
	idx.counted = 0;
	idx.looked = false;
}

void weft_free_index_begin(void)
{
	idx.looked = false;
}

void weft_free_index_clear(void)
{
	for (unsigned i = 0; i < idx.n; i++) {
		drop_sets(idx.entries[i]);
		xfree(idx.entries[i]->nodes);
		xfree(idx.entries[i]->models);
		xfree(idx.entries[i]);
	}
	idx.n = 0;
}

static bool is_older(time_t then, time_t now)
{
	return now < then || now > then + MAX_AGE_SEC;
}

/* Times are whole seconds: what changed in the second in which we counted may have changed after it. */
static void refresh(void)
{
	if (idx.looked)
		return;
	if (last_node_update >= idx.counted || is_older(idx.counted, time(NULL)))
		count_all();
	idx.looked = true;
}

static struct entry *add_entry(struct weft_kind kind)
{
	struct entry *e = xmalloc(sizeof(*e));

	e->kind = kind;
	e->nodes = xcalloc(idx.n_nodes, sizeof(*e->nodes));
	for (int i = 0; i < idx.n_nodes; i++)
		count_node(&e, 1, i);
	idx.entries[idx.n++] = e;
	return e;
}

static struct entry *find_entry(struct weft_kind kind)
{
	for (unsigned i = 0; i < idx.n; i++) {
		struct entry *e = idx.entries[i];

		if (e->kind.gres_id == kind.gres_id && e->kind.type_id == kind.type_id)
			return e;
	}
	return NULL;
}

static struct entry *entry_of(struct weft_kind kind)
{
	struct entry *e;

	if (idx.n_nodes != node_record_count)
		weft_free_index_clear();
	idx.n_nodes = node_record_count;
	refresh();
	e = find_entry(kind);
	if (e)
		return e;
	if (idx.n == MAX_KINDS)
		weft_free_index_clear();
	return add_entry(kind);
}

static const bitstr_t *nodes_with(struct weft_kind kind, uint64_t at_least, bool free)
{
	struct entry *e = entry_of(kind);
	struct set *s;

	for (unsigned i = 0; i < MAX_SETS; i++) {
		s = &e->sets[i];
		if (s->nodes && s->at_least == at_least && s->free == free)
			return s->nodes;
	}
	s = &e->sets[e->next_set];
	e->next_set = (e->next_set + 1) % MAX_SETS;
	FREE_NULL_BITMAP(s->nodes);
	*s = (struct set){ .at_least = at_least, .free = free, .nodes = bit_alloc(idx.n_nodes) };
	for (int i = 0; i < idx.n_nodes; i++) {
		if ((free ? e->nodes[i].free : e->nodes[i].total) >= at_least)
			bit_set(s->nodes, i);
	}
	return s->nodes;
}

const bitstr_t *weft_free_index_total(struct weft_kind kind, uint64_t at_least)
{
	return nodes_with(kind, at_least, false);
}

const bitstr_t *weft_free_index_free(struct weft_kind kind, uint64_t at_least)
{
	return nodes_with(kind, at_least, true);
}

void weft_free_index_keep_fit(bitstr_t *nodes, const struct weft_want *wants, int n, const bitstr_t *required,
			      bool free)
{
	bitstr_t *kept = NULL;

	if (required) {
		kept = bit_copy(nodes);
		bit_and(kept, (bitstr_t *)required);
	}
	for (int i = 0; i < n; i++)
		bit_and(nodes, (bitstr_t *)nodes_with(wants[i].kind, wants[i].per_node, free));
	if (kept)
		bit_or(nodes, kept);
	FREE_NULL_BITMAP(kept);
}

struct weft_count weft_free_index_count(struct weft_kind kind, int node)
{
	struct figures f = entry_of(kind)->nodes[node];

	return (struct weft_count){ .total = f.total, .free = f.free };
}

/* ---------------------------------------------------------------- like nodes */

static uint16_t model_of(const node_record_t *node, const node_record_t **examples, uint16_t *n)
{
	for (uint16_t m = 0; m < *n; m++) {
		if (weft_nodes_alike(examples[m], node))
			return m;
	}
	if (*n == MAX_MODELS)
		return NO_MODEL;
	examples[*n] = node;
	return (*n)++;
}

static void find_models(struct entry *e)
{
	const node_record_t *examples[MAX_MODELS];
	uint16_t n = 0;

	if (!e->models)
		e->models = xcalloc(idx.n_nodes, sizeof(*e->models));
	for (int i = 0; i < idx.n_nodes; i++)
		e->models[i] = e->nodes[i].total ? model_of(node_record_table_ptr[i], examples, &n) : NO_MODEL;
	e->models_found = time(NULL);
}

bool weft_free_index_alike(struct weft_kind kind, const bitstr_t *nodes)
{
	struct entry *e = entry_of(kind);
	int first = bit_ffs((bitstr_t *)nodes), last = bit_fls((bitstr_t *)nodes);

	if (first < 0)
		return true;
	if (is_older(e->models_found, time(NULL)))
		find_models(e);
	for (int i = first; i <= last; i++) {
		if (bit_test((bitstr_t *)nodes, i) &&
		    (e->models[i] == NO_MODEL || e->models[i] != e->models[first]))
			return false;
	}
	return true;
}

/* ---------------------------------------------------------------- check */

static void check_entry(const struct entry *e)
{
	for (int i = 0; i < idx.n_nodes; i++) {
		const gres_node_state_t *gres = weft_gres_of_node(node_record_table_ptr[i], e->kind.gres_id);
		struct figures is = e->nodes[i], real = figures_of(gres, e->kind.type_id);

		if (is.total != real.total || is.free != real.free)
			error("weft: index: node %s has %u of %u devices free, not %u of %u",
			      node_record_table_ptr[i] ? node_record_table_ptr[i]->name : "?", real.free,
			      real.total, is.free, is.total);
	}
}

void weft_free_index_check(void)
{
	for (unsigned k = 0; k < idx.n; k++)
		check_entry(entry_of(idx.entries[k]->kind));
}
