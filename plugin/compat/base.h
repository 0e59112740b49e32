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

/* The library that defines HOOK next after ours, when it is a plugin of TYPE: a handle, or NULL. */
void *weft_base_open(const char *hook, const char *type);

/* Find the hooks of select_cons_tres.so, on which this plugin is linked, and run its init().  Any process;
 * once. Returns SLURM_SUCCESS, or SLURM_ERROR after one line in the log. */
int weft_base_init(void);
int weft_base_fini(void);

int weft_base_job_test(struct weft_ask *ask);
int weft_base_job_begin(job_record_t *job);
int weft_base_job_fini(job_record_t *job);
int weft_base_job_expand(job_record_t *from, job_record_t *to);
int weft_base_job_resized(job_record_t *job, node_record_t *node);
int weft_base_nodeinfo_set(job_record_t *job);
int weft_base_node_init(void);
int weft_base_reconfigure(void);

/* How a WILL_RUN looks into the future. */
struct weft_span {
	time_t start, end;  /* not before and not after; 0: no such bound */
	time_t window_step; /* bf_window_linear of SchedulerParameters; 0: not set */
};

struct weft_span weft_base_span(const struct weft_ask *ask);

/* Do two questions exclude the same cores and devices, and look at the same time? */
bool weft_base_same_bounds(const struct weft_ask *a, const struct weft_ask *b);

/* Are devices of the job's gres kept for a reservation, or is the job to use those of one? */
bool weft_base_devices_reserved(const struct weft_ask *ask);

/* Does a WILL_RUN leave out the present, since it is about a later time? */
bool weft_base_starts_later(const struct weft_ask *ask);

/* Is the start that a WILL_RUN finds always the end of the last job of a group, and do only jobs on the nodes
 * asked about make groups?  Not where a job waits for licenses, and not from 25.05 on, where the start may be
 * that of an earlier job of the group. */
bool weft_base_groups_are_known(const struct weft_ask *ask);

/* Does a job stand in the way only of those that would use its nodes?  With exclusive topologies it does so
 * on all nodes of a block. */
bool weft_base_overlap_is_by_node(void);

/* Do nodes differ by nothing but what they hold, not by the switch that they are on? */
bool weft_base_topology_is_flat(void);

/* Note on node TO what a test noted on FROM: how near its devices are to its processors. */
void weft_base_copy_nearness(const node_record_t *from, node_record_t *to);

/* What tests have noted on all nodes so far, and the same again: from 26.05 on it decides which node a later test
 * takes.  To be given to weft_base_put_nearness() once. */
uint64_t *weft_base_take_nearness(void);
void weft_base_put_nearness(uint64_t *noted);

#endif
