/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * narrow.c - leave out of a question to cons_tres the nodes that cannot change the answer.
 */
#include "plugin/select/narrow.h"

#include "plugin/compat/gres.h"
#include "plugin/select/answer.h"
#include "plugin/select/forecast.h"
#include "plugin/select/free_index.h"

#define MAX_WANTS 4

struct question {
	struct weft_ask *ask;
	struct weft_want wants[MAX_WANTS];
	int n;
};

static void keep_fit(const struct question *q, bool free)
{
	weft_free_index_keep_fit(q->ask->nodes, q->wants, q->n, q->ask->job->details->req_node_bitmap, free);
}

static int run_now(const struct question *q)
{
	keep_fit(q, true);
	return weft_base_job_test(q->ask);
}

/* ---------------------------------------------------------------- could it ever run? */

/* May any like nodes stand for all?  Not where it matters which ones they are. */
static bool any_will_do(const job_record_t *job)
{
	return !job->details->req_node_bitmap && !job->details->contiguous && !job->req_switch &&
	       !(job->bit_flags & SPREAD_JOB) && weft_base_topology_is_flat();
}

static uint64_t per(uint64_t amount, uint64_t unit)
{
	return unit ? (amount + unit - 1) / unit : 0;
}

/* As many nodes like NODE as the job can need, and some. */
static uint64_t sample_size(const struct question *q, const node_record_t *node)
{
	const job_details_t *d = q->ask->job->details;
	uint64_t n = MAX(q->ask->min_nodes, q->ask->req_nodes);

	n = MAX(n, per(d->min_cpus, node->cpus_efctv));
	if (d->ntasks_per_node)
		n = MAX(n, per(d->num_tasks, d->ntasks_per_node));
	for (int i = 0; i < q->n; i++) {
		struct weft_count c = weft_free_index_count(q->wants[i].kind, node->index);

		n = MAX(n, per(q->wants[i].per_job, c.total));
	}
	return n + n / 8 + 1;
}

/* The first of the nodes, when all are alike and some of them are enough; NULL: they are not. */
static bitstr_t *sample(const struct question *q)
{
	bitstr_t *nodes = q->ask->nodes, *few;
	uint64_t wanted;
	int i = bit_ffs(nodes);

	if (i < 0 || !any_will_do(q->ask->job))
		return NULL;
	wanted = sample_size(q, node_record_table_ptr[i]);
	if (wanted >= (uint64_t)bit_set_count(nodes) || !weft_free_index_alike(q->wants[0].kind, nodes))
		return NULL;
	few = bit_alloc(bit_size(nodes));
	for (; wanted; i++) {
		if (!bit_test(nodes, i))
			continue;
		bit_set(few, i);
		wanted--;
	}
	return few;
}

/* cons_tres notes on each node that passes how near its devices are to its processors, and later tests of jobs
 * without devices can read that. */
static void note_all(const bitstr_t *nodes, const bitstr_t *asked)
{
	int first = bit_ffs((bitstr_t *)asked), last = bit_fls((bitstr_t *)nodes);

	for (int i = first; i <= last; i++) {
		if (bit_test((bitstr_t *)nodes, i) && !bit_test((bitstr_t *)asked, i))
			weft_base_copy_nearness(node_record_table_ptr[first], node_record_table_ptr[i]);
	}
}

static int ever(const struct question *q)
{
	struct weft_ask sub = *q->ask;
	bitstr_t *asked = NULL;
	int rc;

	keep_fit(q, false);
	sub.nodes = sample(q);
	if (!sub.nodes)
		return weft_base_job_test(q->ask);
	asked = bit_copy(sub.nodes);
	rc = weft_base_job_test(&sub);
	if (rc == SLURM_SUCCESS) {
		note_all(q->ask->nodes, asked);
		bit_copybits(q->ask->nodes, sub.nodes);
	} else {
		rc = weft_base_job_test(q->ask);
	}
	FREE_NULL_BITMAP(sub.nodes);
	FREE_NULL_BITMAP(asked);
	return rc;
}

/* ---------------------------------------------------------------- when could it start? */

static int start_now_only(const struct question *q)
{
	job_record_t *job = q->ask->job;
	uint64_t flag = job->bit_flags & TEST_NOW_ONLY;
	int rc;

	job->bit_flags |= TEST_NOW_ONLY;
	rc = run_now(q);
	if (!flag)
		job->bit_flags &= ~TEST_NOW_ONLY;
	return rc;
}

static int will_run(const struct question *q)
{
	struct weft_ask sub = *q->ask;
	struct question now = *q;
	int rc;

	if (!weft_base_starts_later(q->ask)) {
		now.ask = &sub;
		sub.nodes = bit_copy(q->ask->nodes);
		rc = start_now_only(&now);
		if (rc == SLURM_SUCCESS || (q->ask->job->bit_flags & TEST_NOW_ONLY)) {
			bit_copybits(q->ask->nodes, sub.nodes);
			FREE_NULL_BITMAP(sub.nodes);
			return rc;
		}
		FREE_NULL_BITMAP(sub.nodes);
	}
	return weft_forecast_job_test(q->ask, q->wants, q->n);
}

/* ---------------------------------------------------------------- */

static int narrowed(struct question *q)
{
	switch (q->ask->mode) {
	case SELECT_MODE_TEST_ONLY:
		return ever(q);
	case SELECT_MODE_RUN_NOW:
		return run_now(q);
	default:
		return will_run(q);
	}
}

/* Ask both ways.  The plain way comes last, so that it is what counts. */
static int checked(struct question *q)
{
	struct weft_ask *ask = q->ask, sub = *ask;
	time_t start = ask->job->start_time;
	uint64_t *noted = weft_base_take_nearness();
	struct weft_answer few;
	int rc;

	weft_free_index_check();
	sub.nodes = bit_copy(ask->nodes);
	q->ask = &sub;
	rc = narrowed(q);
	few = weft_answer_of(&sub, rc);
	FREE_NULL_BITMAP(sub.nodes);
	ask->job->start_time = start;
	weft_base_put_nearness(noted);
	rc = weft_base_job_test(ask);
	weft_answer_compare(&few, ask, rc, "on the nodes that fit");
	weft_answer_clear(&few);
	return rc;
}

int weft_narrow_job_test(struct weft_ask *ask, enum weft_index_mode mode)
{
	struct question q = { .ask = ask };

	if (mode == WEFT_INDEX_OFF)
		return weft_base_job_test(ask);
	/* Which jobs are preempted depends on nodes that are in use. */
	if (ask->preemptee_candidates && ask->mode != SELECT_MODE_TEST_ONLY)
		return weft_base_job_test(ask);
	q.n = weft_gres_wants(ask->job, q.wants, MAX_WANTS);
	if (!q.n)
		return weft_base_job_test(ask);
	return mode == WEFT_INDEX_CHECK ? checked(&q) : narrowed(&q);
}
