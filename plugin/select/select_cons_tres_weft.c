/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * select_cons_tres_weft.c - SelectType=select/cons_tres_weft: select/cons_tres that tries a job's
 * alternatives.
 *
 * Hooks that are not here are cons_tres's own; see plugin/compat/base.c.  A job without --accel goes where
 * cons_tres would put it; narrow.h makes that quicker.
 */
#include "core/site.h"
#include "plugin/compat/base.h"
#include "plugin/compat/host.h"
#include "plugin/compat/job.h"
#include "plugin/compat/tally.h"
#include "plugin/sched/planner.h"
#include "plugin/select/decide.h"
#include "plugin/select/free_index.h"
#include "plugin/select/gate.h"
#include "plugin/select/memory.h"
#include "plugin/select/narrow.h"
#include "plugin/select/parts.h"
#include "plugin/select/repeat.h"
#include "plugin/select/settler.h"
#include "plugin/select/ticket.h"

const char plugin_name[] = "Weft: any vendor's accelerators, on top of select/cons_tres";
const char plugin_type[] = "select/cons_tres_weft";
/* Not constant: the init() of 22.05's cons_tres reads the name plugin_id, which is ours, to learn that it is
 * cons_tres. */
uint32_t plugin_id = SELECT_PLUGIN_CONS_TRES;
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

/* Are we the plugin that slurmctld uses?  22.05 and 24.11 load every select plugin, in client commands too.
 */
static bool in_use;

/* With SchedulerType=sched/weft the planner is there. */
static bool plans_here(void)
{
	return xstrcasecmp(slurm_conf.schedtype, "sched/weft");
}

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
		if (plans_here())
			weft_planner_stop();
		weft_settler_stop();
		weft_site_stop();
	}
	weft_repeat_forget();
	weft_parts_forget();
	weft_free_index_clear();
	return weft_base_fini();
}

/* What is free on the nodes has changed, or is about to. */
static void forget_answers(void)
{
	weft_free_index_stale();
	weft_repeat_forget();
	weft_power_outdate();
}

/* Slurm calls it when it has (re)read slurm.conf. */
extern int select_p_node_init(void)
{
	forget_answers();
	if (in_use) {
		weft_host_publish_nodes();
		if (plans_here())
			weft_planner_start();
	}
	return weft_base_node_init();
}

extern int select_p_reconfigure(void)
{
	int rc = weft_base_reconfigure();

	forget_answers();
	if (in_use) {
		weft_host_publish_nodes();
		weft_site_reload();
	}
	return rc;
}

/* A job without --accel. */
static int ask_plain(struct weft_ask *ask, const struct weft_view *view)
{
	int rc = weft_narrow_job_test(ask, weft_view_index(view));

	if (rc != SLURM_SUCCESS)
		return rc;
	rc = weft_gate(ask, view);
	if (rc != SLURM_SUCCESS) {
		weft_job_drop_allocation(ask->job);
		if (ask->preemptee_job_list)
			FREE_NULL_LIST(*ask->preemptee_job_list);
	}
	return rc;
}

static int ask_anew(struct weft_ask *ask, const struct weft_view *view)
{
	bitstr_t *given = bit_copy(ask->nodes);
	unsigned age = weft_power_age();
	int rc = weft_decide_wants(ask->job) ? weft_decide(ask) : ask_plain(ask, view);

	weft_repeat_keep(ask, given, age, rc);
	FREE_NULL_BITMAP(given);
	return rc;
}

static int answer(struct weft_ask *ask)
{
	const struct weft_view *view = weft_site_view();
	enum weft_index_mode index = weft_view_index(view);
	struct weft_answer kept = { 0 };
	unsigned age = weft_power_age();
	int rc;

	if (ask->mode != SELECT_MODE_TEST_ONLY && weft_gate_holds(ask->job, view)) {
		weft_view_put(view);
		return ESLURM_NODES_BUSY;
	}
	weft_free_index_begin();
	if (index != WEFT_INDEX_OFF && weft_repeat_find(ask, &kept) && index == WEFT_INDEX_ON) {
		rc = weft_answer_give(&kept, ask);
	} else {
		rc = ask_anew(ask, view);
		if (age == weft_power_age())
			weft_answer_compare(&kept, ask, rc, "as before");
	}
	weft_answer_clear(&kept);
	weft_view_put(view);
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

	if (!in_use || !weft_job_sane(job_ptr) || !job_ptr->details)
		return weft_base_job_test(&ask);
	return answer(&ask);
}

/* The job that is on its way to start, between the next two hooks. */
static const job_record_t *starting;

extern int select_p_job_begin(job_record_t *job_ptr)
{
	int rc = weft_base_job_begin(job_ptr);
	uint32_t minutes;

	starting = NULL;
	if (rc != SLURM_SUCCESS || !in_use || !weft_job_sane(job_ptr) || !weft_decide_wants(job_ptr))
		return rc;
	weft_memory_forget(job_ptr->job_id);
	starting = job_ptr;
	minutes = weft_decide_limit(job_ptr);
	if (minutes) {
		weft_job_cut_limit(job_ptr, minutes);
		weft_settler_add(job_ptr->job_id, minutes);
	}
	return rc;
}

/* Slurm calls it when it has given the job its nodes; the base then gives it its devices. */
extern int select_p_select_nodeinfo_set(job_record_t *job_ptr)
{
	int rc;

	forget_answers();
	rc = weft_base_nodeinfo_set(job_ptr);
	if (starting && starting == job_ptr)
		weft_ticket_issue(job_ptr, weft_decide_fabric(job_ptr));
	starting = NULL;
	return rc;
}

extern int select_p_job_expand(job_record_t *from_job_ptr, job_record_t *to_job_ptr)
{
	forget_answers();
	return weft_base_job_expand(from_job_ptr, to_job_ptr);
}

extern int select_p_job_resized(job_record_t *job_ptr, node_record_t *node_ptr)
{
	forget_answers();
	return weft_base_job_resized(job_ptr, node_ptr);
}

extern int select_p_job_fini(job_record_t *job_ptr)
{
	int rc = weft_base_job_fini(job_ptr);

	forget_answers();
	if (in_use && weft_job_sane(job_ptr) && weft_decide_wants(job_ptr))
		weft_job_restore_limit(job_ptr);
	return rc;
}
