/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * select_cons_tres_weft.c - SelectType=select/cons_tres_weft: select/cons_tres that tries a job's
 * alternatives.
 *
 * Hooks that are not here are cons_tres's own; see plugin/compat/base.c.  A job without --accel passes
 * through untouched.
 */
#include "core/site.h"
#include "plugin/compat/base.h"
#include "plugin/compat/host.h"
#include "plugin/compat/job.h"
#include "plugin/select/decide.h"
#include "plugin/select/memory.h"
#include "plugin/select/settler.h"

const char plugin_name[] = "Weft: any vendor's accelerators, on top of select/cons_tres";
const char plugin_type[] = "select/cons_tres_weft";
/* Not constant: the init() of 22.05's cons_tres reads the name plugin_id, which is ours, to learn that it is
 * cons_tres. */
uint32_t plugin_id = SELECT_PLUGIN_CONS_TRES;
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

/* Are we the plugin that slurmctld uses?  22.05 and 24.11 load every select plugin, in client commands too.
 */
static bool in_use;

extern int init(void)
{
	struct weft_site_options options = { .catalogue_path = WEFT_CATALOGUE_PATH, .log = weft_host_log };
	char *conf_path;

	if (weft_base_init() != SLURM_SUCCESS)
		return SLURM_ERROR;
	plugin_id = WEFT_SELECT_PLUGIN_ID;
	in_use = weft_host_uses(plugin_type);
	if (!in_use)
		return SLURM_SUCCESS;
	conf_path = weft_host_conf_path("weft.conf");
	options.conf_path = conf_path;
	weft_site_start(&options);
	xfree(conf_path);
	return SLURM_SUCCESS;
}

extern int fini(void)
{
	if (in_use) {
		weft_settler_stop();
		weft_site_stop();
	}
	return weft_base_fini();
}

/* Slurm calls it when it has (re)read slurm.conf. */
extern int select_p_node_init(void)
{
	if (in_use)
		weft_host_publish_nodes();
	return weft_base_node_init();
}

extern int select_p_reconfigure(void)
{
	int rc = weft_base_reconfigure();

	if (in_use) {
		weft_host_publish_nodes();
		weft_site_reload();
	}
	return rc;
}

extern int select_p_job_test(job_record_t *job_ptr, bitstr_t *node_bitmap, uint32_t min_nodes,
			     uint32_t max_nodes, uint32_t req_nodes, uint16_t mode,
			     list_t *preemptee_candidates, list_t **preemptee_job_list,
			     WEFT_JOB_TEST_REST_PARAMS)
{
	struct weft_ask ask = { .job = job_ptr,
				.nodes = node_bitmap,
				.min_nodes = min_nodes,
				.max_nodes = max_nodes,
				.req_nodes = req_nodes,
				.mode = mode,
				.preemptee_candidates = preemptee_candidates,
				.preemptee_job_list = preemptee_job_list,
				WEFT_JOB_TEST_REST_INIT };

	if (!in_use || !weft_job_sane(job_ptr) || !job_ptr->details || !weft_decide_wants(job_ptr))
		return weft_base_job_test(&ask);
	return weft_decide(&ask);
}

extern int select_p_job_begin(job_record_t *job_ptr)
{
	int rc = weft_base_job_begin(job_ptr);
	uint32_t minutes;

	if (rc != SLURM_SUCCESS || !in_use || !weft_job_sane(job_ptr) || !weft_decide_wants(job_ptr))
		return rc;
	weft_memory_forget(job_ptr->job_id);
	minutes = weft_decide_limit(job_ptr);
	if (minutes) {
		weft_job_cut_limit(job_ptr, minutes);
		weft_settler_add(job_ptr->job_id, minutes);
	}
	return rc;
}

extern int select_p_job_fini(job_record_t *job_ptr)
{
	int rc = weft_base_job_fini(job_ptr);

	if (in_use && weft_job_sane(job_ptr) && weft_decide_wants(job_ptr))
		weft_job_restore_limit(job_ptr);
	return rc;
}
