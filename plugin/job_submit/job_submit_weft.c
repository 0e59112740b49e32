/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job_submit_weft.c - JobSubmitPlugins=weft: check --accel when a job is submitted, refuse what can never run
 * and say why.
 *
 * A job without --accel passes through untouched.
 */
#include "core/jobspec.h"
#include "core/site.h"
#include "plugin/compat/desc.h"
#include "plugin/compat/host.h"
#include "plugin/compat/job.h"
#include "plugin/job_submit/energy.h"
#include "plugin/job_submit/fill.h"

const char plugin_name[] = "Weft: requests for any vendor's accelerators";
const char plugin_type[] = "job_submit/weft";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

extern int init(void)
{
	return SLURM_SUCCESS;
}

extern int fini(void)
{
	return SLURM_SUCCESS;
}

/* Say WHY to the user (where Slurm lets us) and to the log. */
static int refuse(int rc, const struct weft_err *why, char **err_msg, uint32_t uid)
{
	info("weft: refused for uid %u: %s", uid, why->text);
	if (err_msg)
		*err_msg = xstrdup_printf("weft: %s", why->text);
	return rc;
}

/* The view to decide with, for the caller to put; NULL with WHY when Weft is not able to. */
static const struct weft_view *usable_view(struct weft_err *why)
{
	const struct weft_view *view = weft_site_view();

	if (!view) {
		weft_err(why,
			 "--accel is refused: SelectType=select/cons_tres_weft is not set in slurm.conf");
		return NULL;
	}
	if (view->broken.text[0] || !view->inventory) {
		weft_err(why, "--accel is refused: %s",
			 view->broken.text[0] ? view->broken.text : "the node table is not there yet");
		weft_view_put(view);
		return NULL;
	}
	return view;
}

static int check_and_fill(job_desc_msg_t *desc, const struct weft_wish *wish, uint32_t uid, char **err_msg)
{
	struct weft_err why = WEFT_ERR_INIT;
	const struct weft_view *view = usable_view(&why);
	int rc = ESLURM_INVALID_GRES;

	if (view)
		rc = weft_fill(desc, wish, view, &why);
	if (rc != SLURM_SUCCESS)
		refuse(rc, &why, err_msg, uid);
	weft_view_put(view);
	return rc;
}

static int submit_energy(job_desc_msg_t *desc, uint32_t uid, char **err_msg)
{
	struct weft_err why = WEFT_ERR_INIT;
	const struct weft_view *view;
	int rc;

	if (!weft_energy_of_desc(desc))
		return SLURM_SUCCESS;
	view = weft_site_view();
	rc = weft_energy_fill(desc, view, time(NULL), &why);
	weft_view_put(view);
	return rc == SLURM_SUCCESS ? rc : refuse(rc, &why, err_msg, uid);
}

extern int job_submit(job_desc_msg_t *job_desc, uint32_t submit_uid, char **err_msg)
{
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_wish wish;
	int rc;

	if (!weft_wish_of_desc(&wish, job_desc))
		return submit_energy(job_desc, submit_uid, err_msg);
	if (wish.unmarked) {
		weft_err(&why, "only a batch job may have its request in a comment; use --accel");
		rc = refuse(ESLURM_INVALID_GRES, &why, err_msg, submit_uid);
	} else {
		rc = check_and_fill(job_desc, &wish, submit_uid, err_msg);
	}
	weft_wish_clear(&wish);
	return rc == SLURM_SUCCESS ? submit_energy(job_desc, submit_uid, err_msg) : rc;
}

static bool asks_for_gres(const job_desc_msg_t *desc)
{
	return desc->tres_per_job || desc->tres_per_node || desc->tres_per_socket || desc->tres_per_task;
}

static bool changes_placement(const job_desc_msg_t *desc)
{
	return desc->partition || desc->min_nodes != NO_VAL || desc->max_nodes != NO_VAL;
}

/* What JOB asks for once DESC is applied to it. */
static void wish_of_update(struct weft_wish *wish, const job_desc_msg_t *desc, const job_record_t *job)
{
	char *const *env = job->spank_job_env;
	uint32_t size = job->spank_job_env_size;
	const char *nodes = weft_env_get(env, size, WEFT_ENV_NODES);

	if (!wish->accel) {
		wish->accel = weft_env_get(env, size, WEFT_ENV_ACCEL);
		wish->policy = weft_env_get(env, size, WEFT_ENV_POLICY);
		wish->app = weft_env_get(env, size, WEFT_ENV_APP);
	}
	wish->partition = desc->partition ? desc->partition : job->partition;
	if (nodes)
		weft_nodes_parse(nodes, &wish->min_nodes, &wish->max_nodes);
	if (desc->min_nodes != NO_VAL)
		wish->min_nodes = desc->min_nodes;
	if (desc->max_nodes != NO_VAL)
		wish->max_nodes = desc->max_nodes;
}

/* Check the changed request on a scratch description, then move what came out of it into the record (the
 * request) and into DESC (node counts). */
static int update(job_desc_msg_t *desc, job_record_t *job, const struct weft_wish *wish, uint32_t uid,
		  char **err_msg)
{
	static const char *const names[] = { WEFT_ENV_ACCEL, WEFT_ENV_POLICY, WEFT_ENV_APP, WEFT_ENV_NODES,
					     WEFT_ENV_TIME };
	const char *times = weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_TIME);
	job_desc_msg_t scratch;
	int rc;

	slurm_init_job_desc_msg(&scratch);
	scratch.time_limit = times ? weft_time_reference(times) : job->time_limit;
	scratch.req_nodes = desc->req_nodes ? desc->req_nodes : job->details->req_nodes; /* borrowed */
	rc = check_and_fill(&scratch, wish, uid, err_msg);
	for (size_t i = 0; rc == SLURM_SUCCESS && i < sizeof(names) / sizeof(names[0]); i++)
		weft_env_set(&job->spank_job_env, &job->spank_job_env_size, names[i],
			     weft_env_get(scratch.spank_job_env, scratch.spank_job_env_size, names[i]));
	if (rc == SLURM_SUCCESS) {
		desc->min_nodes = scratch.min_nodes;
		desc->max_nodes = scratch.max_nodes;
		job->time_limit = scratch.time_limit;
	}
	weft_desc_clear_scratch(&scratch);
	return rc;
}

extern int job_modify(WEFT_JOB_MODIFY_PARAMS)
{
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_wish wish;
	bool new_request, has_request;
	int rc = SLURM_SUCCESS;

	if (!weft_job_sane(job))
		return SLURM_SUCCESS;
	new_request = weft_wish_of_comment(&wish, desc->comment);
	has_request = weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_ACCEL);
	if (!new_request && !has_request)
		return SLURM_SUCCESS;
	if (!weft_job_may_update(job, uid) || !weft_desc_partitions_exist(desc->partition)) {
		weft_wish_clear(&wish);
		return SLURM_SUCCESS; /* Slurm refuses it next; the record must not have changed */
	}

	if (asks_for_gres(desc)) {
		weft_err(&why, "the job's cards come from --accel; change it with Comment=\"accel=REQUEST\"");
		rc = refuse(ESLURM_INVALID_GRES, &why, WEFT_JOB_MODIFY_ERR, uid);
	} else if (!IS_JOB_PENDING(job)) {
		if (new_request) {
			weft_err(&why, "--accel can be changed only while the job is pending");
			rc = refuse(ESLURM_JOB_NOT_PENDING, &why, WEFT_JOB_MODIFY_ERR, uid);
		}
	} else if (new_request || changes_placement(desc)) {
		wish_of_update(&wish, desc, job);
		rc = update(desc, job, &wish, uid, WEFT_JOB_MODIFY_ERR);
	}
	/* A limit that somebody sets is a limit: it follows the cards no longer. */
	if (rc == SLURM_SUCCESS && desc->time_limit != NO_VAL &&
	    (desc->time_limit <= job->time_limit || weft_job_may_raise_limit(uid)))
		weft_env_set(&job->spank_job_env, &job->spank_job_env_size, WEFT_ENV_TIME, NULL);
	weft_wish_clear(&wish);
	return rc;
}
