/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally.c - counts what Slurm's records draw.
 */
#include "plugin/compat/tally.h"

#include <math.h>

#include "plugin/compat/alloc.h"
#include "plugin/compat/host.h"
#include "plugin/compat/job.h"

#define MAX_KINDS  16	/* kinds of gres on one node that are looked at */
#define NOTICEABLE 0.01 /* a factor that changes by less does not matter */
#define FOREVER	   (366 * 24 * 3600)

/* ---------------------------------------------------------------- sets of nodes */

static int expand(const char *text, void (*each)(unsigned index, void *to), void *to, struct weft_err *err,
		  void *arg)
{
	bitstr_t *nodes = NULL;
	int rc;

	(void)arg;
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)
	rc = node_name2bitmap((char *)text, false, &nodes);
#else
	rc = node_name2bitmap((char *)text, false, &nodes, NULL);
#endif
	if (rc != SLURM_SUCCESS)
		weft_err(err, "\"%.64s\" names a node that is not there", text);
	else
		for (bitoff_t i = bit_ffs(nodes); i >= 0 && i < bit_size(nodes); i++) {
			if (bit_test(nodes, i))
				each(i, to);
		}
	FREE_NULL_BITMAP(nodes);
	return rc == SLURM_SUCCESS ? 0 : -1;
}

struct weft_power *weft_tally_power(const struct weft_view *view)
{
	static const struct weft_expander expander = { .expand = expand };

	return weft_power_take(view, &expander);
}

/* ---------------------------------------------------------------- nodes */

/* One on its way down still draws.  One that a job was given is on, or about to be: it counts with the nodes from then
 * on, not with the job. */
static bool is_off(const node_record_t *node)
{
	return IS_NODE_POWERED_DOWN(node) && !node->run_job_cnt;
}

static void tally_nodes(struct weft_power *p, int64_t *idle)
{
	const struct weft_watts *w = weft_power_watts(p);

	for (int i = 0; i < node_record_count; i++) {
		const node_record_t *node = node_record_table_ptr[i];

		if (node)
			weft_power_add(p, idle, i,
				       is_off(node) ? weft_watts_off(w, i) : weft_watts_idle(w, i));
	}
}

/* ---------------------------------------------------------------- jobs */

/* COUNT devices of gres NAME, of any type, are those that the node has. */
static unsigned untyped(const struct weft_inventory *inv, int node, const char *name, uint64_t count,
			struct weft_holding *busy, unsigned room)
{
	size_t n;
	const struct weft_holding *has = weft_inventory_node(inv, node, &n);
	unsigned used = 0;

	for (size_t i = 0; i < n && count && used < room; i++) {
		unsigned take = MIN(count, has[i].devices);

		if (xstrcasecmp(weft_inventory_class(inv, has[i].class_id)->name, name))
			continue;
		busy[used++] = (struct weft_holding){ .class_id = has[i].class_id, .devices = take };
		count -= take;
	}
	return used;
}

/* The shares of NODE as holdings of the classes that Weft knows; BUSY has room for MAX_KINDS. */
static unsigned holdings_of(const struct weft_power *p, int node, const struct weft_share *shares, int n,
			    struct weft_holding *busy)
{
	const struct weft_inventory *inv = weft_power_inventory(p);
	unsigned used = 0;

	for (int i = 0; i < n && used < MAX_KINDS; i++) {
		const struct weft_class *class = weft_inventory_find(inv, shares[i].name, shares[i].type);

		if (class)
			busy[used++] = (struct weft_holding){ .class_id = class->id,
							      .devices = MIN(shares[i].count, UINT32_MAX) };
		else
			used += untyped(inv, node, shares[i].name, shares[i].count, busy + used,
					MAX_KINDS - used);
	}
	return used;
}

static bool counts_worst(const struct weft_power *p)
{
	return weft_power_conf(p)->power.provision == WEFT_WORST;
}

static void add_use(const struct weft_power *p, int64_t *draws, int node, uint32_t cpus,
		    const struct weft_share *shares, int n)
{
	const struct weft_watts *w = weft_power_watts(p);
	const node_record_t *record = node_record_table_ptr[node];
	struct weft_holding busy[MAX_KINDS];
	struct weft_use use = { .cpus = cpus, .all_cpus = record->cpus, .busy = busy };
	int64_t watts;

	use.n_busy = holdings_of(p, node, shares, n, busy);
	watts = weft_watts_use(w, node, &use, counts_worst(p));
	if (is_off(record)) /* it will be woken */
		watts += weft_watts_idle(w, node) - weft_watts_off(w, node);
	weft_power_add(p, draws, node, watts);
}

static uint32_t cpus_on(const job_record_t *job, uint32_t place)
{
	const job_resources_t *res = job->job_resrcs;

	return res && res->cpus && place < res->nhosts ? res->cpus[place] : 0;
}

static void draws_of_running(const struct weft_power *p, const job_record_t *job, int64_t *draws)
{
	struct weft_share shares[MAX_KINDS];
	uint32_t place = 0;

	for (bitoff_t i = bit_ffs(job->node_bitmap); i >= 0 && i < bit_size(job->node_bitmap); i++) {
		if (!bit_test(job->node_bitmap, i))
			continue;
		if (node_record_table_ptr[i])
			add_use(p, draws, i, cpus_on(job, place), shares,
				weft_job_shares(job, place, shares, MAX_KINDS));
		place++;
	}
}

static uint64_t mark_of(const struct weft_power *p, const job_record_t *job)
{
	uint64_t mark = job->start_time;

	mark = mark * 1000003 + job->end_time;
	mark = mark * 1000003 + job->restart_cnt;
	mark = mark * 1000003 + job->total_cpus;
	mark = mark * 1000003 + weft_power_lesson(p);
	return mark * 1000003 + (job->job_resrcs ? job->job_resrcs->nhosts : 0);
}

/* The first of the tasks of an array that wait together has started: the others begin to wait anew.  Or an
 * array would be the oldest job until its last task has started. */
static void renew_array(struct weft_power *p, const job_record_t *job)
{
	struct weft_power_job known;

	if (job->array_job_id && job->array_job_id != job->job_id &&
	    !weft_power_find_job(p, job->job_id, &known))
		weft_power_gone(p, job->array_job_id);
}

struct tallying {
	struct weft_power *p;
	time_t now;
	bool lacks; /* one is not on the book that should be: out of memory */
};

static int tally_job(void *x, void *arg)
{
	const job_record_t *job = x;
	struct tallying *t = arg;
	uint64_t mark = mark_of(t->p, job);
	int64_t *draws;

	if (!(IS_JOB_RUNNING(job) || IS_JOB_SUSPENDED(job)) || !job->node_bitmap)
		return 0;
	if (job->end_time <= t->now)
		mark += t->now / (WEFT_TALLY_OVERRUN / 2);
	if (weft_power_tally_knows(t->p, job->job_id, mark))
		return 0;
	draws = weft_power_draws(t->p);
	if (draws)
		draws_of_running(t->p, job, draws);
	renew_array(t->p, job);
	if (!draws || weft_power_tally_job(t->p, job->job_id, mark, draws,
					   MAX(job->end_time, t->now) + WEFT_TALLY_OVERRUN))
		t->lacks = true;
	free(draws);
	return 0;
}

/* Times are whole seconds: what changed in the second of the last tally may have changed after it. */
static bool is_due(const struct weft_power *p, time_t now)
{
	time_t tallied = weft_power_tallied(p);

	if (!tallied || now >= tallied + WEFT_TALLY_OVERRUN / 2)
		return true;
	return now != tallied && (last_node_update >= tallied || last_job_update >= tallied);
}

void weft_tally(struct weft_power *p, bool force)
{
	struct tallying t = { .p = p, .now = time(NULL) };
	int64_t *idle;

	if (!force && !is_due(p, t.now))
		return;
	idle = weft_power_draws(p);
	if (!idle)
		return;
	weft_power_tally_begin(p);
	list_for_each(job_list, tally_job, &t);
	tally_nodes(p, idle);
	weft_power_tally_end(p, idle, t.now, !t.lacks);
	free(idle);
}

/* ---------------------------------------------------------------- a job that was tested */

void weft_tally_tested(struct weft_power *p, const job_record_t *job, const bitstr_t *nodes, int64_t *draws)
{
	uint32_t n = bit_set_count((bitstr_t *)nodes), place = 0;
	bool exact = job->job_resrcs && job->job_resrcs->nhosts == n;
	uint32_t share = n ? (MAX(job->total_cpus, job->details->min_cpus) + n - 1) / n : 0;
	struct weft_share shares[MAX_KINDS];

	for (bitoff_t i = bit_ffs((bitstr_t *)nodes); i >= 0 && i < bit_size((bitstr_t *)nodes); i++) {
		if (!bit_test((bitstr_t *)nodes, i))
			continue;
		if (node_record_table_ptr[i])
			add_use(p, draws, i,
				exact ? cpus_on(job, place) : MIN(share, node_record_table_ptr[i]->cpus),
				shares, weft_job_picked(job, i, shares, MAX_KINDS));
		place++;
	}
}

time_t weft_tally_duration(const job_record_t *job)
{
	uint32_t minutes = weft_job_limit(job);

	return minutes > FOREVER / 60 ? FOREVER : (time_t)minutes * 60;
}

/* ---------------------------------------------------------------- measurements */

static bool is_measured(const node_record_t *node)
{
	return node && node->energy && node->energy->current_watts && node->energy->current_watts != NO_VAL;
}

/* What runs on one node, all jobs together. */
struct node_use {
	uint32_t cpus;
	unsigned n;
	struct weft_holding busy[MAX_KINDS];
};

struct learning {
	struct weft_power *p;
	struct node_use *uses; /* by node */
};

static void add_busy(struct node_use *use, const struct weft_holding *busy, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned k = 0;

		while (k < use->n && use->busy[k].class_id != busy[i].class_id)
			k++;
		if (k == MAX_KINDS)
			continue;
		if (k == use->n)
			use->busy[use->n++] = (struct weft_holding){ .class_id = busy[i].class_id };
		use->busy[k].devices += busy[i].devices;
	}
}

static int add_job_use(void *x, void *arg)
{
	const job_record_t *job = x;
	struct learning *l = arg;
	struct weft_share shares[MAX_KINDS];
	struct weft_holding busy[MAX_KINDS];
	uint32_t place = 0;

	if (!IS_JOB_RUNNING(job) || !job->node_bitmap)
		return 0;
	for (bitoff_t i = bit_ffs(job->node_bitmap); i >= 0 && i < bit_size(job->node_bitmap); i++) {
		if (!bit_test(job->node_bitmap, i))
			continue;
		if (is_measured(node_record_table_ptr[i])) {
			l->uses[i].cpus += cpus_on(job, place);
			add_busy(&l->uses[i], busy,
				 holdings_of(l->p, i, shares, weft_job_shares(job, place, shares, MAX_KINDS),
					     busy));
		}
		place++;
	}
	return 0;
}

static bool any_measured(void)
{
	for (int i = 0; i < node_record_count; i++) {
		if (is_measured(node_record_table_ptr[i]))
			return true;
	}
	return false;
}

/* Count what runs anew when a factor is other than when it was last counted. */
static void note_lesson(struct weft_power *p)
{
	static double counted[WEFT_INVENTORY_MAX_CLASSES]; /* 0: not yet */
	size_t n = weft_inventory_classes(weft_power_inventory(p));
	bool other = false;

	for (size_t i = 0; i < n; i++) {
		double factor = weft_watts_class(weft_power_watts(p), i).factor;

		if (fabs(factor - counted[i]) < NOTICEABLE)
			continue;
		counted[i] = factor;
		other = true;
	}
	if (other && !counts_worst(p)) {
		weft_power_relearn(p);
	}
}

void weft_tally_learn(struct weft_power *p)
{
	struct learning l = { .p = p };

	if (!any_measured())
		return;
	l.uses = xcalloc(node_record_count, sizeof(*l.uses));
	list_for_each(job_list, add_job_use, &l);
	for (int i = 0; i < node_record_count; i++) {
		const node_record_t *node = node_record_table_ptr[i];
		struct weft_use use = { .cpus = l.uses[i].cpus,
					.busy = l.uses[i].busy,
					.n_busy = l.uses[i].n };

		if (!is_measured(node) || !use.n_busy)
			continue;
		use.all_cpus = node->cpus;
		weft_watts_learn(weft_power_watts(p), i, &use, node->energy->current_watts);
	}
	xfree(l.uses);
	note_lesson(p);
}

void weft_tally_measured(struct weft_power *p, int64_t *watts, int64_t *nodes)
{
	for (int i = 0; i < node_record_count; i++) {
		const node_record_t *node = node_record_table_ptr[i];

		if (!is_measured(node))
			continue;
		weft_power_add(p, watts, i, node->energy->current_watts);
		weft_power_add(p, nodes, i, 1);
	}
}
