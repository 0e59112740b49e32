/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fill.c - from a request to a job description that Slurm understands.
 *
 * The request of record is kept in the job's SPANK environment.  The gres request that is filled in is
 * nominal: that of the first candidate.  select/cons_tres_weft rewrites it for the candidate that is chosen.
 */
#include "plugin/job_submit/fill.h"

#include "core/jobspec.h"
#include "core/plan.h"
#include "core/tres.h"
#include "plugin/compat/desc.h"
#include "plugin/compat/host.h"
#include "plugin/compat/job.h"

#define NODES_TEXT_SIZE 32

/* --accel stands for all of a job's cards: the options that ask for cards by gres name would ask twice. */
static int check_no_gres(const job_desc_msg_t *desc, const struct weft_inventory *inv, struct weft_err *err)
{
	const char *const tres[] = { desc->tres_per_job, desc->tres_per_node, desc->tres_per_socket,
				     desc->tres_per_task };
	char what[128];

	for (size_t i = 0; i < sizeof(tres) / sizeof(tres[0]); i++) {
		if (weft_tres_accelerator(inv, tres[i], what, sizeof(what)))
			return weft_err(
				err,
				"--accel asks for all of the job's cards; \"%s\" asks for them a second time",
				what);
	}
	return 0;
}

/* Slurm counts processors, memory and tasks for each card of gres gpu alone, and its newer commands refuse
 * these options without a request of their own.  How many nodes a job gets is for Weft to say; and slurmctld
 * 24.11 dies of --spread-job with a number of cards for the whole job, which is what Weft asks for when they do not
 * come out even. */
static int check_companions(const job_desc_msg_t *desc, struct weft_err *err)
{
	if (desc->bitflags & SPREAD_JOB)
		return weft_err(err, "--spread-job does not go with --accel; use per-node= or nodes= in the request");
	if (desc->cpus_per_tres)
		return weft_err(err, "--cpus-per-gpu does not go with --accel; use --cpus-per-task");
	if (desc->mem_per_tres)
		return weft_err(err, "--mem-per-gpu does not go with --accel; use --mem");
	if (desc->ntasks_per_tres && desc->ntasks_per_tres != NO_VAL16)
		return weft_err(err, "--ntasks-per-gpu does not go with --accel; use --ntasks");
	return 0;
}

static void node_range(const struct weft_plan *plan, const struct weft_wish *wish, uint32_t *min, uint32_t *max)
{
	*min = UINT32_MAX;
	*max = 0;
	for (size_t i = 0; i < plan->n; i++) {
		const struct weft_candidate *c = &plan->candidates[i];
		/* Which split a mix gets, and so how many nodes, is only known when it starts. */
		uint32_t most = wish->max_nodes ? wish->max_nodes : c->devices;

		*min = MIN(*min, c->mix ? MAX(1, wish->min_nodes) : c->nodes);
		*max = MAX(*max, c->mix ? most : c->nodes);
	}
}

/* While it waits, a job whose limit follows its cards has the longest limit that it may get: then backfill
 * never plans too little time for it. */
static int scale_limit(job_desc_msg_t *desc, const struct weft_wish *wish, const struct weft_plan *plan,
		       struct weft_err *err)
{
	uint32_t longest = 0, most = weft_desc_max_time(wish->partition);
	char text[NODES_TEXT_SIZE];

	if (desc->time_limit == NO_VAL || desc->time_limit == INFINITE)
		return weft_err(err, "--accel-policy: scale-time needs a time limit (--time)");
	if (desc->time_min && desc->time_min != NO_VAL)
		return weft_err(err, "--accel-policy: scale-time and --time-min exclude each other");
	for (size_t i = 0; i < plan->n; i++)
		longest = MAX(longest, weft_scaled_minutes(desc->time_limit, plan->candidates[i].slowdown));
	longest = MAX(desc->time_limit, MIN(longest, most));
	weft_time_text(text, sizeof(text), desc->time_limit, longest);
	weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_TIME, text);
	desc->time_limit = longest;
	return 0;
}

static void put_record(job_desc_msg_t *desc, const struct weft_wish *wish, const struct weft_jobspec *spec,
		       uint32_t min_nodes)
{
	char *canonical = weft_request_canonical(spec->request);
	char *policy = wish->policy ? xstrdup(wish->policy) : NULL,
	     *app = wish->app ? xstrdup(wish->app) : NULL;
	char nodes[NODES_TEXT_SIZE];

	weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_ACCEL, canonical);
	weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_POLICY, policy);
	weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_APP, app);
	weft_nodes_text(nodes, sizeof(nodes), min_nodes, wish->max_nodes);
	weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_NODES,
		     min_nodes || wish->max_nodes ? nodes : NULL);
	free(canonical);
	xfree(policy);
	xfree(app);
}

static void put_nominal(job_desc_msg_t *desc, const struct weft_wish *wish, const struct weft_plan *plan,
			const struct weft_inventory *inv)
{
	struct weft_tres_request tres = weft_tres_of_candidate(inv, &plan->candidates[0], desc->tres_per_job,
							       desc->tres_per_node, WEFT_TRES_PREFIX);

	weft_desc_set(&desc->tres_per_job, tres.per_job);
	weft_desc_set(&desc->tres_per_node, tres.per_node);
	node_range(plan, wish, &desc->min_nodes, &desc->max_nodes);
	weft_tres_clear(&tres);
}

static int fill(job_desc_msg_t *desc, const struct weft_wish *wish, const struct weft_view *view,
		const struct weft_jobspec *spec, struct weft_err *err)
{
	bitstr_t *nodes = weft_desc_partition_nodes(wish->partition);
	char *where = xstrdup_printf("partition %s", wish->partition);
	uint32_t min_nodes = MAX(wish->min_nodes, weft_desc_required_nodes(desc));
	struct weft_scope scope = { .min_nodes = min_nodes,
				    .max_nodes = wish->max_nodes,
				    .usable = nodes ? weft_host_in_bitmap : NULL,
				    .arg = nodes,
				    .where = wish->partition ? where : NULL };
	struct weft_plan plan = { 0 };
	struct weft_err why = WEFT_ERR_INIT;
	int rc = ESLURM_REQUESTED_NODE_CONFIG_UNAVAILABLE;

	if (weft_plan_make(&plan, spec->request, view->inventory, &scope, spec->app, view->conf->intensity,
			   &why)) {
		weft_err(err, "--accel: %s", why.text);
		goto done;
	}
	weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_TIME, NULL);
	if (spec->scale_time && scale_limit(desc, wish, &plan, err)) {
		rc = ESLURM_INVALID_TIME_LIMIT;
		goto done;
	}
	put_record(desc, wish, spec, min_nodes);
	put_nominal(desc, wish, &plan, view->inventory);
	rc = SLURM_SUCCESS;
done:
	weft_plan_clear(&plan);
	FREE_NULL_BITMAP(nodes);
	xfree(where);
	return rc;
}

static int check_request(const struct weft_jobspec *spec, const struct weft_view *view, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;

	if (weft_request_check(spec->request, view->catalogue, weft_inventory_words(view->inventory), &why))
		return weft_err(err, "--accel: %s", why.text);
	for (size_t i = 0; i < spec->request->n_alts; i++) {
		if (weft_alternative_consistent(&spec->request->alts[i], &why))
			return weft_err(err, "--accel: %s", why.text);
	}
	return 0;
}

int weft_fill_can(const struct weft_wish *wish, const struct weft_view *view, struct weft_err *err)
{
	bitstr_t *nodes = weft_desc_partition_nodes(wish->partition);
	char *where = xstrdup_printf("partition %s", wish->partition);
	struct weft_scope scope = { .min_nodes = wish->min_nodes,
				    .max_nodes = wish->max_nodes,
				    .usable = weft_host_in_bitmap,
				    .arg = nodes,
				    .where = where };
	struct weft_jobspec spec;
	struct weft_plan plan;
	int rc;

	rc = nodes ? weft_jobspec_make(&spec, wish->accel, wish->policy, wish->app, view->conf, err)
		   : weft_err(err, "%s is not there or has no nodes", where);
	if (!rc) {
		rc = weft_plan_make(&plan, spec.request, view->inventory, &scope, spec.app, view->conf->intensity, err);
		if (!rc)
			weft_plan_clear(&plan);
		weft_jobspec_clear(&spec);
	}
	FREE_NULL_BITMAP(nodes);
	xfree(where);
	return rc;
}

int weft_fill(job_desc_msg_t *desc, const struct weft_wish *wish, const struct weft_view *view,
	      struct weft_err *err)
{
	struct weft_jobspec spec;
	int rc = ESLURM_INVALID_GRES;

	if (weft_jobspec_make(&spec, wish->accel, wish->policy, wish->app, view->conf, err))
		return rc;
	if (!check_request(&spec, view, err) && !check_no_gres(desc, view->inventory, err) &&
	    !check_companions(desc, err))
		rc = fill(desc, wish, view, &spec, err);
	weft_jobspec_clear(&spec);
	return rc;
}
