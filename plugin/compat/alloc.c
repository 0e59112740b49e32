/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alloc.c - read what a job holds, and hand something to it.
 */
#include "plugin/compat/alloc.h"

#include "plugin/compat/job.h"

struct search {
	uint32_t node;
	struct weft_share *shares;
	int n, max;
};

uint32_t weft_job_node_count(const job_record_t *job)
{
	return job->node_bitmap ? bit_set_count(job->node_bitmap) : 0;
}

static uint64_t device_mask(bitstr_t *bits)
{
	uint64_t mask = 0;
	bitoff_t last;

	if (!bits || bit_fls(bits) > 63)
		return 0;
	last = bit_fls(bits);
	for (bitoff_t i = 0; i <= last; i++)
		mask |= (uint64_t)(bit_test(bits, i) != 0) << i;
	return mask;
}

static int add_share(void *x, void *arg)
{
	const gres_state_t *gres = x;
	const gres_job_state_t *js = gres->gres_data;
	struct search *s = arg;

	if (s->n < s->max && gres->gres_name && js && js->gres_cnt_node_alloc && s->node < js->node_cnt &&
	    js->gres_cnt_node_alloc[s->node])
		s->shares[s->n++] = (struct weft_share){
			.name = gres->gres_name,
			.type = js->type_name,
			.count = js->gres_cnt_node_alloc[s->node],
			.devices = js->gres_bit_alloc ? device_mask(js->gres_bit_alloc[s->node]) : 0,
		};
	return 0;
}

int weft_job_shares(const job_record_t *job, uint32_t node, struct weft_share *shares, int max)
{
	struct search s = { .node = node, .shares = shares, .max = max };

	if (job->gres_list_alloc)
		list_for_each(job->gres_list_alloc, add_share, &s);
	if (!s.n && job->gres_list_req)
		list_for_each(job->gres_list_req, add_share, &s);
	return s.n;
}

static int add_picked(void *x, void *arg)
{
	const gres_state_t *gres = x;
	const gres_job_state_t *js = gres->gres_data;
	struct search *s = arg;

	if (s->n < s->max && gres->gres_name && js && js->gres_cnt_node_select && s->node < js->total_node_cnt &&
	    js->gres_cnt_node_select[s->node])
		s->shares[s->n++] = (struct weft_share){
			.name = gres->gres_name,
			.type = js->type_name,
			.count = js->gres_cnt_node_select[s->node],
		};
	return 0;
}

int weft_job_picked(const job_record_t *job, uint32_t index, struct weft_share *shares, int max)
{
	struct search s = { .node = index, .shares = shares, .max = max };

	if (job->gres_list_req)
		list_for_each(job->gres_list_req, add_picked, &s);
	return s.n;
}

void weft_job_publish(job_record_t *job, const char *name, const char *het_name, const char *value)
{
	job_record_t *first = job->het_job_id ? find_job_record(job->het_job_id) : job;

	if (value || weft_env_get(job->spank_job_env, job->spank_job_env_size, name))
		weft_env_set(&job->spank_job_env, &job->spank_job_env_size, name, value);
	if (!first || !first->details || !job->details)
		return;
	if (!first->batch_flag)
		first = job; /* each component's command gets its own */
	if (value || first->details->env_cnt)
		weft_job_script_env_set(first, job->het_job_id ? het_name : name, value);
}
