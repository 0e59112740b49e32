/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job.c - read and write Slurm's job records.
 */
#include "plugin/compat/job.h"

#include "core/jobspec.h"
#include "core/site.h"
#include "core/tres.h"

#define COMMENT_PREFIX "weft: "
#define SPANK_PREFIX   "SPANK_"
#define STEP_PREFIX    "SLURM_" SPANK_PREFIX /* the same in the environment of a step */

bool weft_job_sane(const job_record_t *job)
{
	static bool said;
	static const char why[] = "job records are not those of Slurm " SLURM_VERSION_STRING
				  ", for which this plugin was built: it steps aside";

	if (job->magic == JOB_MAGIC && (!job->details || job->details->magic == DETAILS_MAGIC) &&
	    (!job->part_ptr || job->part_ptr->magic == PART_MAGIC))
		return true;
	if (!said) {
		error("weft: %s", why);
		weft_site_break(why);
	}
	said = true;
	return false;
}

bool weft_job_may_update(const job_record_t *job, uid_t uid)
{
	if (job->user_id == uid || validate_operator(uid))
		return true;
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)
	return assoc_mgr_is_user_acct_coord(acct_db_conn, uid, job->account);
#else
	return assoc_mgr_is_user_acct_coord(acct_db_conn, uid, job->account, false);
#endif
}

bool weft_job_may_raise_limit(uid_t uid)
{
	return validate_operator(uid);
}

/* Where the value starts when ENTRY sets NAME; NULL when it does not. */
static const char *entry_value(const char *entry, const char *name)
{
	size_t len = strlen(name);

	if (!strncmp(entry, SPANK_PREFIX, strlen(SPANK_PREFIX)))
		entry += strlen(SPANK_PREFIX);
	if (strncmp(entry, name, len) || entry[len] != '=')
		return NULL;
	return entry + len + 1;
}

const char *weft_env_get(char *const *env, uint32_t size, const char *name)
{
	for (uint32_t i = 0; env && i < size; i++) {
		const char *value = env[i] ? entry_value(env[i], name) : NULL;

		if (value)
			return value;
	}
	return NULL;
}

void weft_env_set(char ***env, uint32_t *size, const char *name, const char *value)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; *env && i < *size; i++) {
		if ((*env)[i] && entry_value((*env)[i], name))
			xfree((*env)[i]);
		else
			(*env)[kept++] = (*env)[i];
	}
	*size = kept;
	if (!value)
		return;
	xrealloc(*env, sizeof(char *) * (kept + 2));
	(*env)[kept] = xstrdup_printf("%s=%s", name, value);
	(*env)[kept + 1] = NULL;
	*size = kept + 1;
}

uint32_t weft_job_tasks(const job_record_t *job)
{
	return job->array_recs && job->array_recs->task_cnt ? job->array_recs->task_cnt : 1;
}

uint32_t weft_job_limit(const job_record_t *job)
{
	if (job->time_limit != NO_VAL || !job->part_ptr)
		return job->time_limit;
	return job->part_ptr->default_time != NO_VAL ? job->part_ptr->default_time : job->part_ptr->max_time;
}

uint64_t weft_job_cards(const job_record_t *job, const gres_job_state_t *asked)
{
	uint64_t nodes = MAX(job->details->min_nodes, 1);

	if (asked->gres_per_job)
		return asked->gres_per_job;
	if (asked->gres_per_node)
		return asked->gres_per_node * nodes;
	if (asked->gres_per_task)
		return asked->gres_per_task * MAX(job->details->num_tasks, 1);
	return asked->gres_per_socket * nodes;
}

void weft_job_save(const job_record_t *job, struct weft_job_saved *saved)
{
	const job_details_t *d = job->details;

	saved->min_nodes = d->min_nodes;
	saved->max_nodes = d->max_nodes;
	saved->min_cpus = d->min_cpus;
	saved->pn_min_memory = d->pn_min_memory;
	saved->cpus_per_task = d->cpus_per_task;
}

void weft_job_restore_counts(job_record_t *job, const struct weft_job_saved *saved)
{
	job->details->min_nodes = saved->min_nodes;
	job->details->max_nodes = saved->max_nodes;
	job->details->min_cpus = saved->min_cpus;
}

void weft_job_restore(job_record_t *job, const struct weft_job_saved *saved)
{
	weft_job_restore_counts(job, saved);
	job->details->pn_min_memory = saved->pn_min_memory;
	job->details->cpus_per_task = saved->cpus_per_task;
}

/* The counts that gres_job_state_validate() reads and corrects, in the form of a job description: copies,
 * since the record's own must not change before the outcome is known. */
struct counts {
	uint32_t num_tasks, min_nodes, max_nodes, min_cpus;
	uint16_t ntasks_per_node, ntasks_per_socket, sockets_per_node, cpus_per_task, ntasks_per_tres;
};

static uint16_t zero_is_unset16(uint16_t value)
{
	return value ? value : NO_VAL16;
}

static void counts_from(struct counts *c, const job_record_t *job, uint32_t nodes)
{
	const job_details_t *d = job->details;

	c->num_tasks = (job->bit_flags & JOB_NTASKS_SET) && d->num_tasks ? d->num_tasks : NO_VAL;
	c->min_nodes = c->max_nodes = nodes;
	c->min_cpus = d->min_cpus;
	c->ntasks_per_node = zero_is_unset16(d->ntasks_per_node);
	c->ntasks_per_socket = d->mc_ptr ? zero_is_unset16(d->mc_ptr->ntasks_per_socket) : NO_VAL16;
	c->sockets_per_node = d->mc_ptr ? zero_is_unset16(d->mc_ptr->sockets_per_node) : NO_VAL16;
	c->cpus_per_task = d->orig_cpus_per_task;
	c->ntasks_per_tres = zero_is_unset16(d->ntasks_per_tres);
}

static int gres_validate(job_record_t *job, const struct weft_tres_request *tres, struct counts *c,
			 list_t **list)
{
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)
	return gres_job_state_validate(
		NULL, job->tres_freq, (char *)tres->per_job, (char *)tres->per_node, job->tres_per_socket,
		job->tres_per_task, NULL, &c->num_tasks, &c->min_nodes, &c->max_nodes, &c->ntasks_per_node,
		&c->ntasks_per_socket, &c->sockets_per_node, &c->cpus_per_task, &c->ntasks_per_tres, list);
#else
	gres_job_state_validate_t v = {
		.tres_freq = job->tres_freq,
		.tres_per_job = (char *)tres->per_job,
		.tres_per_node = (char *)tres->per_node,
		.tres_per_socket = job->tres_per_socket,
		.tres_per_task = job->tres_per_task,
		.cpus_per_task = &c->cpus_per_task,
		.max_nodes = &c->max_nodes,
		.min_cpus = &c->min_cpus,
		.min_nodes = &c->min_nodes,
		.ntasks_per_node = &c->ntasks_per_node,
		.ntasks_per_socket = &c->ntasks_per_socket,
		.ntasks_per_tres = &c->ntasks_per_tres,
		.num_tasks = &c->num_tasks,
		.sockets_per_node = &c->sockets_per_node,
		.gres_list = list,
	};

	return gres_job_state_validate(&v);
#endif
}

static void replace(char **field, const char *text)
{
	char *copy = text ? xstrdup(text) : NULL; /* TEXT may be the field itself */

	xfree(*field);
	*field = copy;
}

static int put_request(job_record_t *job, const struct weft_tres_request *tres, uint32_t nodes)
{
	struct counts c;
	list_t *list = NULL;
	int rc;

	counts_from(&c, job, nodes);
	rc = gres_validate(job, tres, &c, &list);
	if (rc != SLURM_SUCCESS) {
		FREE_NULL_LIST(list);
		return rc;
	}
	FREE_NULL_LIST(job->gres_list_req);
	FREE_NULL_LIST(job->gres_list_req_accum);
	job->gres_list_req = list;
	replace(&job->tres_per_job, tres->per_job);
	replace(&job->tres_per_node, tres->per_node);
	/* job_submit/weft takes none of these; cons_tres puts the site's defaults for gres gpu here, at each
	 * test. */
	xfree(job->cpus_per_tres);
	xfree(job->mem_per_tres);
	job->details->min_nodes = job->details->max_nodes = nodes;
	job->details->min_cpus = MAX(c.min_cpus, nodes);
	return SLURM_SUCCESS;
}

int weft_job_ask_for(job_record_t *job, const struct weft_inventory *inv, const struct weft_candidate *c)
{
	struct weft_tres_request tres =
		weft_tres_of_candidate(inv, c, job->tres_per_job, job->tres_per_node, WEFT_TRES_PREFIX);
	int rc = put_request(job, &tres, c->nodes);

	weft_tres_clear(&tres);
	return rc;
}

void weft_job_count_tres(job_record_t *job)
{
	job_set_req_tres(job, false);
}

bool weft_job_within_limits(job_record_t *job, uint32_t nodes)
{
	assoc_mgr_lock_t locks = { .assoc = READ_LOCK, .qos = WRITE_LOCK, .tres = READ_LOCK };
	uint64_t *counts;
	bool within;

	if (!(slurm_conf.accounting_storage_enforce & ACCOUNTING_ENFORCE_LIMITS))
		return true;
	assoc_mgr_lock(&locks);
	counts = xcalloc(g_tres_count, sizeof(uint64_t));
	memcpy(counts, job->tres_req_cnt, g_tres_count * sizeof(uint64_t));
	if (job->total_cpus)
		counts[TRES_ARRAY_CPU] = job->total_cpus;
	counts[TRES_ARRAY_NODE] = nodes;
	within = acct_policy_job_runnable_post_select(job, counts, true);
	xfree(counts);
	assoc_mgr_unlock(&locks);
	return within;
}

/* A reservation binds its jobs to its nodes. */
static void keep_reserved(const job_record_t *job, bitstr_t *nodes)
{
	const slurmctld_resv_t *resv = job->resv_name ? job->resv_ptr : NULL;

	if (resv && resv->node_bitmap && !(resv->flags & RESERVE_FLAG_FLEX))
		bit_and(nodes, resv->node_bitmap);
}

bitstr_t *weft_job_eligible_nodes(job_record_t *job, bool up)
{
	bitstr_t *nodes = bit_copy(avail_node_bitmap);

	if (!up)
		bit_set_all(nodes);
	if (job->part_ptr && job->part_ptr->node_bitmap)
		bit_and(nodes, job->part_ptr->node_bitmap);
	if (job->details->exc_node_bitmap)
		bit_and_not(nodes, job->details->exc_node_bitmap);
	keep_reserved(job, nodes);
	(void)job_req_node_filter(job, nodes, true);
	return nodes;
}

void weft_job_script_env_set(job_record_t *job, const char *name, const char *value)
{
	char *full = xstrdup_printf("%s%s", STEP_PREFIX, name);
	uint32_t size = job->details->env_cnt;

	weft_env_set(&job->details->env_sup, &size, full, value);
	job->details->env_cnt = size;
	xfree(full);
}

void weft_job_tell_stepd(job_record_t *job)
{
	job_record_t *first = job->het_job_id ? find_job_record(job->het_job_id) : job;
	const char *accel = weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_ACCEL);

	if (!first || !first->batch_flag || !first->details)
		return;
	if (first != job && weft_env_get(first->spank_job_env, first->spank_job_env_size, WEFT_ENV_ACCEL))
		return; /* it has one of its own */
	weft_job_script_env_set(first, WEFT_ENV_ACCEL, accel);
}

void weft_job_drop_allocation(job_record_t *job)
{
	free_job_resources(&job->job_resrcs);
	job->total_cpus = 0;
}

void weft_job_comment(job_record_t *job, const char *text)
{
	if (!xstrcmp(job->system_comment, text) ||
	    (job->system_comment && xstrncmp(job->system_comment, COMMENT_PREFIX, strlen(COMMENT_PREFIX))))
		return;
	replace(&job->system_comment, text);
	last_job_update = time(NULL);
}

bool weft_job_cut_limit(job_record_t *job, uint32_t minutes)
{
	if (job->time_limit <= minutes)
		return false;
	acct_policy_alter_job(job, minutes);
	job->time_limit = minutes;
	job_end_time_reset(job);
	last_job_update = time(NULL);
	return true;
}

void weft_job_restore_limit(job_record_t *job)
{
	const char *times = weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_TIME);

	if (times && !IS_JOB_COMPLETE(job) && !IS_JOB_FAILED(job) && !IS_JOB_TIMEOUT(job) &&
	    job->time_limit < weft_time_longest(times))
		job->time_limit = weft_time_longest(times);
}

/* Tell the accounting storage that the job's record changed. */
static void account(job_record_t *job)
{
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 2, 0)
	jobacct_storage_job_start_direct(acct_db_conn, job);
#else
	jobacct_storage_g_job_start(acct_db_conn, job);
#endif
}

void weft_job_settle_limit(uint32_t job_id, uint32_t minutes)
{
	slurmctld_lock_t job_write = { .job = WRITE_LOCK };
	job_record_t *job;

	lock_slurmctld(job_write);
	if (!slurmctld_config.shutdown_time && (job = find_job_record(job_id)) && weft_job_sane(job) &&
	    IS_JOB_RUNNING(job) && weft_job_cut_limit(job, minutes))
		account(job);
	unlock_slurmctld(job_write);
}
