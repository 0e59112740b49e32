/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job_submit_weft.c - JobSubmitPlugins=weft: check --accel when a job is submitted, refuse what can never run
 * and say why.
 *
 * A job without --accel passes through untouched.
 */
#include <errno.h>

#include "core/jobspec.h"
#include "core/site.h"
#include "plugin/compat/desc.h"
#include "plugin/compat/host.h"
#include "plugin/compat/job.h"
#include "plugin/job_submit/burst.h"
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

/* BURST: its --burst; NULL: none. */
static int check_and_fill(job_desc_msg_t *desc, const struct weft_wish *wish, const char *burst, uint32_t uid,
			  char **err_msg)
{
	struct weft_err why = WEFT_ERR_INIT;
	const struct weft_view *view = usable_view(&why);
	int rc = ESLURM_INVALID_GRES;

	if (view && burst)
		rc = weft_burst_fill(desc, wish, burst, view, &why);
	else if (view)
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

/* May a job have BURST (NULL: it has none) and be in the partitions of LIST? */
static int check_burst(const job_desc_msg_t *desc, const char *burst, const char *list, bool has_request,
		       struct weft_err *why)
{
	const struct weft_view *view = weft_site_view();
	int rc = 0;

	if (view && view->conf && view->conf->n_peers)
		rc = weft_burst_check_partitions(list, view, why);
	weft_view_put(view);
	if (rc || !burst || !xstrcasecmp(burst, "no"))
		return rc;
	return has_request ? weft_burst_check_job(desc, why)
			   : weft_err(why, "--burst: the job needs --accel");
}

static int submit_request(job_desc_msg_t *desc, const struct weft_wish *wish, const char *burst, uint32_t uid,
			  char **err_msg)
{
	struct weft_err why = WEFT_ERR_INIT;
	int rc;

	if (wish->unmarked) {
		weft_err(&why, "only a batch job may have its request in a comment; use --accel");
		return refuse(ESLURM_INVALID_GRES, &why, err_msg, uid);
	}
	rc = check_and_fill(desc, wish, burst, uid, err_msg);
	return rc == SLURM_SUCCESS ? submit_energy(desc, uid, err_msg) : rc;
}

extern int job_submit(job_desc_msg_t *job_desc, uint32_t submit_uid, char **err_msg)
{
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_wish wish;
	bool has_request = weft_wish_of_desc(&wish, job_desc);
	char *burst = weft_burst_of_desc(job_desc);
	int rc;

	if (check_burst(job_desc, burst, job_desc->partition, has_request, &why))
		rc = refuse(ESLURM_NOT_SUPPORTED, &why, err_msg, submit_uid);
	else if (has_request)
		rc = submit_request(job_desc, &wish, burst, submit_uid, err_msg);
	else
		rc = submit_energy(job_desc, submit_uid, err_msg);
	weft_wish_clear(&wish);
	xfree(burst);
	return rc;
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
	wish->partition = weft_env_get(env, size, WEFT_ENV_HOME);
	if (desc->partition || !wish->partition)
		wish->partition = desc->partition ? desc->partition : job->partition;
	if (nodes)
		weft_nodes_parse(nodes, &wish->min_nodes, &wish->max_nodes);
	if (desc->min_nodes != NO_VAL)
		wish->min_nodes = desc->min_nodes;
	if (desc->max_nodes != NO_VAL)
		wish->max_nodes = desc->max_nodes;
}

/* What came out of the check moves into the record (the request) and into DESC (node counts, partitions). */
static void apply(job_desc_msg_t *desc, job_record_t *job, job_desc_msg_t *checked)
{
	static const char *const names[] = { WEFT_ENV_ACCEL, WEFT_ENV_POLICY, WEFT_ENV_APP, WEFT_ENV_NODES,
					     WEFT_ENV_TIME,  WEFT_ENV_BURST,  WEFT_ENV_HOME };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		weft_env_set(&job->spank_job_env, &job->spank_job_env_size, names[i],
			     weft_env_get(checked->spank_job_env, checked->spank_job_env_size, names[i]));
	desc->min_nodes = checked->min_nodes;
	desc->max_nodes = checked->max_nodes;
	job->time_limit = checked->time_limit;
	if (checked->partition && (desc->partition || xstrcmp(checked->partition, job->partition)))
		weft_desc_set(&desc->partition, checked->partition);
	/* Without accounting slurmctld 24.11 takes for the outcome of a new partition whatever is here. */
	errno = 0;
}

/* Check the changed request on a scratch description.  BURST: the job's --burst from now on; NULL: none. */
static int update(job_desc_msg_t *desc, job_record_t *job, const struct weft_wish *wish, const char *burst,
		  uint32_t uid, char **err_msg)
{
	const char *times = weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_TIME);
	struct weft_err why = WEFT_ERR_INIT;
	job_desc_msg_t scratch;
	int rc;

	slurm_init_job_desc_msg(&scratch);
	scratch.time_limit = times ? weft_time_reference(times) : job->time_limit;
	scratch.req_nodes = desc->req_nodes ? desc->req_nodes : job->details->req_nodes; /* borrowed */
	if (burst)
		weft_desc_set(&scratch.partition, wish->partition);
	if (burst && (!job->batch_flag || job->het_job_id)) {
		weft_err(&why, "--burst: only a batch job that is not heterogeneous can go to another site");
		rc = refuse(ESLURM_NOT_SUPPORTED, &why, err_msg, uid);
	} else {
		rc = check_and_fill(&scratch, wish, burst, uid, err_msg);
	}
	if (rc == SLURM_SUCCESS)
		apply(desc, job, &scratch);
	weft_desc_set(&scratch.partition, NULL);
	weft_desc_clear_scratch(&scratch);
	return rc;
}

/* A change of the request, of --burst or of the place of JOB, which has a request.  BURST: the new one; NULL:
 * as it is. */
static int modify(job_desc_msg_t *desc, job_record_t *job, struct weft_wish *wish, const char *burst,
		  uint32_t uid, char **err_msg)
{
	bool new_request = wish->accel || burst;
	struct weft_err why = WEFT_ERR_INIT;

	if (asks_for_gres(desc)) {
		weft_err(&why, "the job's cards come from --accel; change it with Comment=\"accel=REQUEST\"");
		return refuse(ESLURM_INVALID_GRES, &why, err_msg, uid);
	}
	if (!IS_JOB_PENDING(job)) {
		if (!new_request)
			return SLURM_SUCCESS;
		weft_err(&why, "%s can be changed only while the job is pending",
			 burst ? "--burst" : "--accel");
		return refuse(ESLURM_JOB_NOT_PENDING, &why, err_msg, uid);
	}
	if (!new_request && !changes_placement(desc))
		return SLURM_SUCCESS;
	if (!burst)
		burst = weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_BURST);
	wish_of_update(wish, desc, job);
	return update(desc, job, wish, burst, uid, err_msg);
}

extern int job_modify(WEFT_JOB_MODIFY_PARAMS)
{
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_wish wish;
	char *burst;
	bool has_request;
	int rc = SLURM_SUCCESS;

	if (!weft_job_sane(job))
		return SLURM_SUCCESS;
	if (desc->partition && check_burst(NULL, NULL, desc->partition, false, &why))
		return refuse(ESLURM_NOT_SUPPORTED, &why, WEFT_JOB_MODIFY_ERR, uid);
	burst = weft_comment_value(desc->comment, "burst");
	has_request = weft_wish_of_comment(&wish, desc->comment) ||
		      weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_ACCEL);
	/* What Slurm refuses next must not have changed the record. */
	if (has_request && weft_job_may_update(job, uid) && weft_desc_partitions_exist(desc->partition)) {
		rc = modify(desc, job, &wish, burst, uid, WEFT_JOB_MODIFY_ERR);
		/* A limit that somebody sets is a limit: it follows the cards no longer. */
		if (rc == SLURM_SUCCESS && desc->time_limit != NO_VAL &&
		    (desc->time_limit <= job->time_limit || weft_job_may_raise_limit(uid)))
			weft_env_set(&job->spank_job_env, &job->spank_job_env_size, WEFT_ENV_TIME, NULL);
	} else if (burst && !has_request) {
		weft_err(&why, "--burst: the job needs --accel");
		rc = refuse(ESLURM_NOT_SUPPORTED, &why, WEFT_JOB_MODIFY_ERR, uid);
	}
	weft_wish_clear(&wish);
	xfree(burst);
	return rc;
}
