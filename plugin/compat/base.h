/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base.h - the select/cons_tres underneath: one signature for its hooks in every release.
 */
#ifndef WEFT_COMPAT_BASE_H
#define WEFT_COMPAT_BASE_H

#include "plugin/compat/compat.h"

/* One call of job_test.  Process: slurmctld, with the job and node write locks held. */
struct weft_ask {
	job_record_t *job;
	bitstr_t *nodes; /* in: usable; out: chosen */
	uint32_t min_nodes, max_nodes, req_nodes;
	uint16_t mode; /* SELECT_MODE_* */
	list_t *preemptee_candidates;
	list_t **preemptee_job_list;
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)
	bitstr_t *exc_core_bitmap;
#else
	resv_exc_t *resv_exc_ptr;
	will_run_data_t *will_run_ptr;
#endif
};

/* Find the hooks of select_cons_tres.so, on which this plugin is linked, and run its init().  Any process;
 * once. Returns SLURM_SUCCESS, or SLURM_ERROR after one line in the log. */
int weft_base_init(void);
int weft_base_fini(void);

int weft_base_job_test(struct weft_ask *ask);
int weft_base_job_begin(job_record_t *job);
int weft_base_job_fini(job_record_t *job);
int weft_base_node_init(void);
int weft_base_reconfigure(void);

#endif
