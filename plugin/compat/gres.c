/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gres.c - count devices in Slurm's gres records.
 */
#include "plugin/compat/gres.h"

#include "core/island.h"

#define ISLAND_SETS 100000 /* that are tried for one job, on all of its nodes: 15 ms */

/* ---------------------------------------------------------------- what a job asks for */

struct weft_kind weft_kind_of(const char *name, const char *type)
{
	return (struct weft_kind){ .gres_id = gres_build_id((char *)name),
				   .type_id = type ? gres_build_id((char *)type) : 0 };
}

struct wants {
	struct weft_want *list;
	int n, max;
	bool uncountable;
};

static int add_want(void *x, void *arg)
{
	const gres_state_t *gres = x;
	const gres_job_state_t *js = gres->gres_data;
	struct wants *w = arg;

	if (w->n == w->max || gres_id_shared(gres->config_flags)) {
		w->uncountable = true;
		return -1;
	}
	w->list[w->n++] = (struct weft_want){
		.kind = { .gres_id = gres->plugin_id, .type_id = js->type_name ? js->type_id : 0 },
		.per_node = MAX(1, MAX(js->gres_per_node, js->gres_per_task)),
		.per_job = js->gres_per_job,
	};
	return 0;
}

int weft_gres_wants(const job_record_t *job, struct weft_want *wants, int max)
{
	struct wants w = { .list = wants, .max = max };

	if (!job->gres_list_req)
		return 0;
	list_for_each(job->gres_list_req, add_want, &w);
	return w.uncountable ? 0 : w.n;
}

/* ---------------------------------------------------------------- what a node has */

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static struct weft_count count_topology(const gres_node_state_t *ns, uint32_t type_id)
{
	struct weft_count c = { 0 };

	for (int i = 0; i < ns->topo_cnt; i++) {
		if (type_id && ns->topo_type_id[i] != type_id)
			continue;
		c.total += ns->topo_gres_cnt_avail[i];
		c.free += less(ns->topo_gres_cnt_avail[i], ns->topo_gres_cnt_alloc[i]);
	}
	return c;
}

/* A job that names no type is counted in the sum of all types only. */
static struct weft_count count_types(const gres_node_state_t *ns, uint32_t type_id)
{
	uint64_t all_free = less(ns->gres_cnt_avail, ns->gres_cnt_alloc);
	struct weft_count c = { 0 };

	for (int i = 0; i < ns->type_cnt; i++) {
		if (type_id && ns->type_id[i] != type_id)
			continue;
		c.total += ns->type_cnt_avail[i];
		c.free += MIN(all_free, less(ns->type_cnt_avail[i], ns->type_cnt_alloc[i]));
	}
	return c;
}

static struct weft_count count_plain(const gres_node_state_t *ns)
{
	return (struct weft_count){ .total = ns->gres_cnt_avail,
				    .free = less(ns->gres_cnt_avail, ns->gres_cnt_alloc) };
}

struct weft_count weft_gres_count(const gres_node_state_t *ns, uint32_t type_id)
{
	struct weft_count c, t;

	if (!ns)
		return (struct weft_count){ 0 };
	if (!ns->topo_cnt)
		c = ns->type_cnt ? count_types(ns, type_id) : count_plain(ns);
	else
		c = count_topology(ns, type_id);
	/* A node that has not registered is looked at by type, in the releases that look at all. */
	if (ns->topo_cnt && ns->type_cnt && ns->gres_cnt_found == NO_VAL64) {
		t = count_types(ns, type_id);
		c.total = MAX(c.total, t.total);
		c.free = MAX(c.free, t.free);
	}
	if (ns->no_consume)
		c.free = c.total;
	return c;
}

static int find_gres(void *x, void *key)
{
	return ((const gres_state_t *)x)->plugin_id == *(const uint32_t *)key;
}

const gres_node_state_t *weft_gres_of_node(const node_record_t *node, uint32_t gres_id)
{
	const gres_state_t *gres = NULL;

	if (node && node->gres_list)
		gres = list_find_first(node->gres_list, find_gres, &gres_id);
	return gres ? gres->gres_data : NULL;
}

/* ---------------------------------------------------------------- what a job holds */

struct held {
	uint32_t gres_id, nth;
	uint64_t devices;
	bool unknown;
};

/* Whatever the type: a request that names none may be accounted to another type than it got. */
static int add_held(void *x, void *arg)
{
	const gres_state_t *gres = x;
	const gres_job_state_t *js = gres->gres_data;
	struct held *h = arg;

	if (gres->plugin_id != h->gres_id)
		return 0;
	if (!js->gres_cnt_node_alloc || h->nth >= js->node_cnt)
		h->unknown = true;
	else
		h->devices += js->gres_cnt_node_alloc[h->nth];
	return 0;
}

uint64_t weft_gres_held(const job_record_t *job, struct weft_kind kind, uint32_t nth)
{
	struct held asked = { .gres_id = kind.gres_id, .nth = nth }, got = asked;

	if (job->gres_list_req)
		list_for_each(job->gres_list_req, add_held, &asked);
	if (job->gres_list_alloc)
		list_for_each(job->gres_list_alloc, add_held, &got);
	if (asked.unknown || got.unknown)
		return UINT64_MAX;
	return MAX(asked.devices, got.devices);
}

/* ---------------------------------------------------------------- what a test sets aside */

static gres_job_state_t *asked_of(const job_record_t *job, uint32_t gres_id)
{
	const gres_state_t *gres = NULL;

	if (job->gres_list_req)
		gres = list_find_first(job->gres_list_req, find_gres, &gres_id);
	return gres ? gres->gres_data : NULL;
}

void weft_picks_keep(struct weft_picks *picks, const job_record_t *job, const bitstr_t *nodes)
{
	const gres_job_state_t *js = asked_of(job, picks->gres_id);

	if (!js || !js->gres_cnt_node_select)
		return;
	if (!picks->n) {
		picks->n = js->total_node_cnt;
		picks->bits = xcalloc(picks->n, sizeof(*picks->bits));
		picks->counts = xcalloc(picks->n, sizeof(*picks->counts));
	}
	for (int i = 0; i < picks->n && i < (int)js->total_node_cnt; i++) {
		if (!bit_test((bitstr_t *)nodes, i))
			continue;
		picks->counts[i] = js->gres_cnt_node_select[i];
		FREE_NULL_BITMAP(picks->bits[i]);
		if (js->gres_bit_select && js->gres_bit_select[i])
			picks->bits[i] = bit_copy(js->gres_bit_select[i]);
	}
}

static bool fit_in(const struct weft_picks *picks, const gres_job_state_t *js)
{
	uint64_t kept = 0, chosen = 0;

	if (!js || !js->gres_cnt_node_select || js->total_node_cnt != (uint32_t)picks->n)
		return false;
	for (int i = 0; i < picks->n; i++) {
		bool bits = js->gres_bit_select && js->gres_bit_select[i];

		if (!picks->counts[i] != !js->gres_cnt_node_select[i] || !picks->bits[i] != !bits)
			return false;
		kept += picks->counts[i];
		chosen += js->gres_cnt_node_select[i];
	}
	return kept == chosen;
}

void weft_picks_put(const struct weft_picks *picks, const job_record_t *job)
{
	gres_job_state_t *js = asked_of(job, picks->gres_id);

	if (!fit_in(picks, js))
		return;
	for (int i = 0; i < picks->n; i++) {
		js->gres_cnt_node_select[i] = picks->counts[i];
		if (!picks->bits[i])
			continue;
		FREE_NULL_BITMAP(js->gres_bit_select[i]);
		js->gres_bit_select[i] = bit_copy(picks->bits[i]);
	}
}

void weft_picks_clear(struct weft_picks *picks)
{
	for (int i = 0; i < picks->n; i++)
		FREE_NULL_BITMAP(picks->bits[i]);
	xfree(picks->bits);
	xfree(picks->counts);
	picks->n = 0;
}

static bool same_bits(bitstr_t *a, bitstr_t *b)
{
	return a && b ? bit_size(a) == bit_size(b) && bit_equal(a, b) : a == b;
}

/* ---------------------------------------------------------------- islands */

static uint64_t set_of(const bitstr_t *bits)
{
	uint64_t set = 0;

	for (int i = 0; bits && i < MIN(bit_size((bitstr_t *)bits), (int)WEFT_ISLAND_MAX); i++)
		set |= (uint64_t)bit_test((bitstr_t *)bits, i) << i;
	return set;
}

static bool may_pick(const gres_node_state_t *ns, const bitstr_t *picked)
{
	int n = bit_size((bitstr_t *)picked);

	if (!ns || !ns->links_cnt || ns->link_len != n || n > (int)WEFT_ISLAND_MAX || !ns->gres_bit_alloc ||
	    bit_size(ns->gres_bit_alloc) != n || !ns->topo_gres_bitmap)
		return false;
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)
	return !ns->alt_gres_ns;
#else
	for (int i = 0; ns->topo_res_core_bitmap && i < ns->topo_cnt; i++) {
		if (ns->topo_res_core_bitmap[i])
			return false;
	}
	return !ns->alt_gres;
#endif
}

/* The devices of type and processors of topology record I. */
static uint64_t like_record(const gres_node_state_t *ns, int i)
{
	uint64_t set = 0;

	for (int k = 0; k < ns->topo_cnt; k++) {
		if (ns->topo_type_id[k] == ns->topo_type_id[i] &&
		    same_bits(ns->topo_core_bitmap ? ns->topo_core_bitmap[k] : NULL,
			      ns->topo_core_bitmap ? ns->topo_core_bitmap[i] : NULL))
			set |= set_of(ns->topo_gres_bitmap[k]);
	}
	return set;
}

static void keep_islands(const gres_node_state_t *ns, bitstr_t *picked, unsigned *budget)
{
	uint64_t taken = set_of(ns->gres_bit_alloc), given = set_of(picked), like = 0, set;

	for (int i = 0; i < ns->topo_cnt; i++) {
		if (set_of(ns->topo_gres_bitmap[i]) & given)
			like |= like_record(ns, i);
	}
	/* Of devices of several kinds each kind would have to keep its number. */
	for (int i = 0; i < ns->topo_cnt; i++) {
		if (set_of(ns->topo_gres_bitmap[i]) & given && like_record(ns, i) != like)
			return;
	}
	if (given & taken || given & ~like) /* those of a job that is preempted, or of no record */
		return;
	set = weft_island_pick(ns->links_cnt, ns->link_len, like & ~taken, given, budget);
	for (int i = 0; set != given && i < ns->link_len; i++) {
		if (set >> i & 1)
			bit_set(picked, i);
		else
			bit_clear(picked, i);
	}
}

void weft_gres_keep_islands(const job_record_t *job, uint32_t gres_id, const bitstr_t *nodes)
{
	gres_job_state_t *js = asked_of(job, gres_id);
	unsigned budget = ISLAND_SETS;

	if (!js || !js->gres_bit_select || js->gres_per_socket)
		return;
	for (int i = bit_ffs((bitstr_t *)nodes); i >= 0 && i <= bit_fls((bitstr_t *)nodes); i++) {
		const gres_node_state_t *ns;

		if (!bit_test((bitstr_t *)nodes, i) || i >= (int)js->total_node_cnt ||
		    !js->gres_bit_select[i])
			continue;
		ns = weft_gres_of_node(node_record_table_ptr[i], gres_id);
		if (may_pick(ns, js->gres_bit_select[i]))
			keep_islands(ns, js->gres_bit_select[i], &budget);
	}
}

/* ---------------------------------------------------------------- like nodes */

static bool same_places(const gres_node_state_t *a, const gres_node_state_t *b)
{
	for (int i = 0; i < a->topo_cnt; i++) {
		if (a->topo_type_id[i] != b->topo_type_id[i] ||
		    a->topo_gres_cnt_avail[i] != b->topo_gres_cnt_avail[i] ||
		    !same_bits(a->topo_gres_bitmap ? a->topo_gres_bitmap[i] : NULL,
			       b->topo_gres_bitmap ? b->topo_gres_bitmap[i] : NULL) ||
		    !same_bits(a->topo_core_bitmap ? a->topo_core_bitmap[i] : NULL,
			       b->topo_core_bitmap ? b->topo_core_bitmap[i] : NULL))
			return false;
	}
	for (int i = 0; i < a->type_cnt; i++) {
		if (a->type_id[i] != b->type_id[i] || a->type_cnt_avail[i] != b->type_cnt_avail[i])
			return false;
	}
	return true;
}

static int unlike_gres(void *x, void *key)
{
	const gres_state_t *gres = x;
	const node_record_t *other = key;
	const gres_state_t *match = list_find_first(other->gres_list, find_gres, (void *)&gres->plugin_id);
	const gres_node_state_t *a = gres->gres_data, *b;

	if (!match)
		return 1;
	b = match->gres_data;
	/* One that has registered and one that has not are looked at in different ways. */
	return a->gres_cnt_avail != b->gres_cnt_avail || a->topo_cnt != b->topo_cnt ||
	       (a->gres_cnt_found == NO_VAL64) != (b->gres_cnt_found == NO_VAL64) ||
	       a->type_cnt != b->type_cnt || a->no_consume != b->no_consume || !same_places(a, b);
}

static bool same_hardware(const node_record_t *a, const node_record_t *b)
{
	return a->config_ptr == b->config_ptr && a->cpus == b->cpus && a->cpus_efctv == b->cpus_efctv &&
	       a->cores == b->cores && a->tot_cores == b->tot_cores && a->tot_sockets == b->tot_sockets &&
	       a->threads == b->threads && a->tpc == b->tpc && a->real_memory == b->real_memory &&
	       a->mem_spec_limit == b->mem_spec_limit && a->core_spec_cnt == b->core_spec_cnt &&
	       same_bits(a->node_spec_bitmap, b->node_spec_bitmap);
}

bool weft_nodes_alike(const node_record_t *a, const node_record_t *b)
{
	if (a == b)
		return true;
	if (!same_hardware(a, b))
		return false;
	if (!a->gres_list || !b->gres_list)
		return a->gres_list == b->gres_list;
	return list_count(a->gres_list) == list_count(b->gres_list) &&
	       !list_find_first(a->gres_list, unlike_gres, (void *)b);
}
