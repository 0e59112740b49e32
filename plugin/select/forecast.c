/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forecast.c - ask cons_tres when a job can start, on no more nodes than it takes.
 */
#include "plugin/select/forecast.h"

#include "plugin/select/free_index.h"

#define FIRST_WINDOW 30	 /* cons_tres: jobs that end within so many seconds end together */
#define GROUP_MAX    202 /* and never more of them than this without a look at the clock */

struct forecast {
	struct weft_ask *ask;
	const struct weft_want *wants;
	int n_wants;
	struct weft_span span;
	bitstr_t *given;      /* the nodes that were given */
	bitstr_t *fit;	      /* of these: could hold the job when all their devices are free */
	bitstr_t *useful;     /* of these: will have enough free when the first NEXT jobs have ended */
	uint64_t **released;  /* by want and node: devices that these jobs free */
	uint64_t need, found; /* useful nodes: wanted at least, there are */
	list_t *running;      /* while the next is made */
	job_record_t **jobs;  /* that run, by the time when they end */
	uint32_t n_jobs, next;
	/* The group under way, as cons_tres has it. */
	time_t window, window_end;
};

/* ---------------------------------------------------------------- the jobs that run */

static int by_end(void *x, void *y)
{
	const job_record_t *a = *(job_record_t **)x, *b = *(job_record_t **)y;

	return a->end_time < b->end_time ? -1 : a->end_time > b->end_time;
}

/* When cons_tres takes the job for ended before the time at which it starts to look. */
static bool ends_before(const job_record_t *job, time_t start)
{
	if (job->het_job_id)
		job = find_job_record(job->het_job_id);
	return job->end_time < start;
}

static void release(struct forecast *f, const job_record_t *job);

static int add_running(void *x, void *arg)
{
	job_record_t *job = x;
	struct forecast *f = arg;

	if ((!IS_JOB_RUNNING(job) && !IS_JOB_SUSPENDED(job)) || !job->end_time || !job->node_bitmap ||
	    (job->het_job_id && !find_job_record(job->het_job_id)))
		return 0;
	if (ends_before(job, f->span.start))
		release(f, job);
	else
		list_append(f->running, job);
	return 0;
}

/* In the order of cons_tres: its list and ours are sorted by the same function from the same state, so jobs
 * that end in the same second come out alike. */
static void list_jobs(struct forecast *f)
{
	job_record_t *job;

	f->running = list_create(NULL);
	list_for_each(job_list, add_running, f);
	list_sort(f->running, by_end);
	f->jobs = xcalloc(list_count(f->running) + 1, sizeof(*f->jobs));
	while ((job = list_pop(f->running)))
		f->jobs[f->n_jobs++] = job;
	FREE_NULL_LIST(f->running);
}

/* ---------------------------------------------------------------- the nodes that they free */

static bool has_enough(const struct forecast *f, int node)
{
	for (int k = 0; k < f->n_wants; k++) {
		uint64_t free = weft_free_index_count(f->wants[k].kind, node).free, more = f->released[k][node];

		if (more < f->wants[k].per_node && free + more < f->wants[k].per_node)
			return false;
	}
	return true;
}

static void release_on(struct forecast *f, const job_record_t *job, int node, uint32_t nth)
{
	for (int k = 0; k < f->n_wants; k++) {
		uint64_t *sum = &f->released[k][node], held = weft_gres_held(job, f->wants[k].kind, nth);

		*sum = *sum + held < *sum ? UINT64_MAX : *sum + held;
	}
	if (!bit_test(f->useful, node) && has_enough(f, node)) {
		bit_set(f->useful, node);
		f->found++;
	}
}

/* JOB ends. */
static void release(struct forecast *f, const job_record_t *job)
{
	bitstr_t *nodes = job->job_resrcs && job->job_resrcs->node_bitmap ? job->job_resrcs->node_bitmap
									  : job->node_bitmap;
	int last = bit_fls(nodes);
	uint32_t nth = 0;

	if (!bit_overlap_any(nodes, f->fit))
		return;
	for (int i = bit_ffs(nodes); i >= 0 && i <= last; i++) {
		if (!bit_test(nodes, i))
			continue;
		if (bit_test(f->fit, i))
			release_on(f, job, i, nth);
		nth++;
	}
}

/* ---------------------------------------------------------------- the groups of cons_tres */

static void widen(struct forecast *f, time_t next_end)
{
	do {
		if (f->span.window_step)
			f->window += f->span.window_step;
		else
			f->window *= 2;
	} while (next_end && next_end > f->window_end + f->window && f->window < INT32_MAX);
}

/* Let the next group of jobs end.  Returns false when no more is to come after it; *TRIES: whether cons_tres
 * looks then whether the job fits. */
static bool end_group(struct forecast *f, bool *tries)
{
	bool any = false;

	*tries = false;
	for (int ended = 0; f->next < f->n_jobs;) {
		job_record_t *job = f->jobs[f->next];

		if (f->span.end && job->end_time > f->span.end) {
			f->next = f->n_jobs;
			break;
		}
		f->next++;
		if (!bit_overlap_any(f->given, job->node_bitmap))
			continue;
		if (!f->window_end)
			f->window_end = job->end_time + f->window - job->end_time % f->window;
		any = true;
		release(f, job);
		if (f->next == f->n_jobs || f->jobs[f->next]->end_time > f->window_end + f->window)
			break;
		if (++ended == GROUP_MAX)
			return true;
	}
	*tries = any;
	if (f->next < f->n_jobs)
		widen(f, f->jobs[f->next]->end_time);
	return f->next < f->n_jobs;
}

/* ---------------------------------------------------------------- asking */

/* The nodes to ask about: the useful ones, and one of each job that has ended, so that cons_tres sees it
 * end. */
static bitstr_t *nodes_to_ask(const struct forecast *f)
{
	bitstr_t *nodes = bit_copy(f->useful);

	for (uint32_t i = 0; i < f->next; i++) {
		bitstr_t *held = f->jobs[i]->node_bitmap;
		int last;

		if (bit_overlap_any(nodes, held) || !bit_overlap_any(f->given, held))
			continue;
		last = bit_fls(held);
		for (int n = bit_ffs(held); n <= last; n++) {
			if (bit_test(held, n) && bit_test(f->given, n)) {
				bit_set(nodes, n);
				break;
			}
		}
	}
	return nodes;
}

/* Ask about the groups so far.  Returns whether the answer counts: a start after a later group does not. */
static bool ask(struct forecast *f, bool last, int *rc)
{
	struct weft_ask sub = *f->ask;

	sub.nodes = nodes_to_ask(f);
	*rc = weft_base_job_test(&sub);
	if (!last && (*rc != SLURM_SUCCESS || sub.job->start_time >= f->jobs[f->next]->end_time)) {
		FREE_NULL_BITMAP(sub.nodes);
		return false;
	}
	bit_copybits(f->ask->nodes, sub.nodes);
	FREE_NULL_BITMAP(sub.nodes);
	return true;
}

static int forecast_run(struct forecast *f)
{
	bool more = true, tries;
	int rc = SLURM_ERROR;

	while (more) {
		more = end_group(f, &tries);
		if (more && (!tries || f->found < f->need || !weft_base_groups_are_known(f->ask)))
			continue;
		if (ask(f, !more, &rc))
			break;
		f->need = f->found * 2; /* it takes more than devices: do not try each group */
	}
	return rc;
}

/* How many nodes the job takes at least.  A guess at more only means to ask later. */
static uint64_t nodes_needed(const struct forecast *f)
{
	uint64_t need = MAX(f->ask->min_nodes, 1);
	int node = bit_ffs(f->fit);

	for (int k = 0; k < f->n_wants && node >= 0; k++) {
		uint64_t most = weft_free_index_count(f->wants[k].kind, node).total;

		if (most)
			need = MAX(need, f->wants[k].per_job / most);
	}
	return need;
}

static void forecast_open(struct forecast *f)
{
	const bitstr_t *required = f->ask->job->details->req_node_bitmap;

	f->window = FIRST_WINDOW;
	f->span = weft_base_span(f->ask);
	f->given = bit_copy(f->ask->nodes);
	f->fit = bit_copy(f->ask->nodes);
	weft_free_index_keep_fit(f->fit, f->wants, f->n_wants, required, false);
	f->useful = bit_copy(f->ask->nodes);
	weft_free_index_keep_fit(f->useful, f->wants, f->n_wants, required, true);
	f->found = bit_set_count(f->useful);
	f->released = xcalloc(f->n_wants, sizeof(*f->released));
	for (int k = 0; k < f->n_wants; k++)
		f->released[k] = xcalloc(node_record_count, sizeof(**f->released));
	list_jobs(f);
}

static void forecast_close(struct forecast *f)
{
	for (int k = 0; k < f->n_wants; k++)
		xfree(f->released[k]);
	xfree(f->released);
	xfree(f->jobs);
	FREE_NULL_BITMAP(f->given);
	FREE_NULL_BITMAP(f->fit);
	FREE_NULL_BITMAP(f->useful);
}

int weft_forecast_job_test(struct weft_ask *ask, const struct weft_want *wants, int n)
{
	struct forecast f = { .ask = ask, .wants = wants, .n_wants = n };
	int rc;

	if (!weft_base_overlap_is_by_node())
		return weft_base_job_test(ask);
	forecast_open(&f);
	f.need = nodes_needed(&f);
	rc = forecast_run(&f);
	forecast_close(&f);
	return rc;
}

bool weft_forecast_earliest(struct weft_ask *ask, const struct weft_want *want, uint32_t nodes, time_t *when)
{
	struct forecast f = { .ask = ask, .wants = want, .n_wants = 1 };
	bool ever;

	*when = 0;
	if (ask->preemptee_candidates || !weft_base_overlap_is_by_node())
		return true;
	forecast_open(&f);
	while (f.found < nodes && f.next < f.n_jobs) {
		const job_record_t *job = f.jobs[f.next++];

		release(&f, job);
		*when = job->end_time;
	}
	ever = f.found >= nodes;
	forecast_close(&f);
	return ever;
}
