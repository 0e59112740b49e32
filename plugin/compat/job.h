/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job.h - what Weft reads from and writes into Slurm's job records and job descriptions.
 *
 * Process: slurmctld.  Everything that takes a job_record_t needs the job write lock; what takes a
 * job_desc_msg_t needs no more than Slurm gives its job_submit plugins (config, job and partition read
 * locks).
 */
#ifndef WEFT_COMPAT_JOB_H
#define WEFT_COMPAT_JOB_H

#include "core/plan.h"
#include "plugin/compat/compat.h"

/* Names in a job's spank_job_env: the request of record. */
#define WEFT_ENV_ACCEL	"WEFT_ACCEL"	    /* canonical request */
#define WEFT_ENV_POLICY "WEFT_ACCEL_POLICY" /* as --accel-policy */
#define WEFT_ENV_APP	"WEFT_ACCEL_APP"    /* name of a site table, or "=" and an inline table */
#define WEFT_ENV_TIME                                                                                        \
	"WEFT_TIME" /* scale-time: the user's limit and the longest scaled one, "REF:MAX", minutes */

#define WEFT_ENV_NODES "WEFT_NODES" /* -N: "MIN-MAX", 0: no bound; not there when the user did not say */

#define WEFT_ENV_BURST "WEFT_BURST"	 /* canonical --burst */
#define WEFT_ENV_HOME  "WEFT_BURST_HOME" /* the partitions of such a job that are no peer's */
#define WEFT_ENV_SUBMIT "WEFT_SUBMIT" /* of a job that was at another site: when it was first submitted, s since 1970 */

/* Of a job that runs on the node of another site: its name.  It stays when the job is requeued, since what was
 * handed over may run on there: the job starts nowhere else before the planner takes it away. */
#define WEFT_ENV_PEER "WEFT_PEER"

#define WEFT_ENV_TICKET "WEFT_TICKET" /* core/ticket.h, sealed; only while the job runs */

/* Are the structs what this plugin was built for?  The first time they are not, one error is logged and Weft
 * steps aside for good: --accel is refused from then on. */
bool weft_job_sane(const job_record_t *job);

/* May user UID change the job?  22.05 asks only after its plugins have been asked. */
bool weft_job_may_update(const job_record_t *job, uid_t uid);

/* May user UID give a job a longer limit than it has? */
bool weft_job_may_raise_limit(uid_t uid);

/* The value of NAME in an array of "NAME=value" of SIZE entries; Slurm may have put "SPANK_" before the name.
 * NULL when it is not there.  ENV may be NULL. */
const char *weft_env_get(char *const *env, uint32_t size, const char *name);

/* Set NAME to VALUE; VALUE NULL removes it.  The array is grown with Slurm's allocator. */
void weft_env_set(char ***env, uint32_t *size, const char *name, const char *value);

/* How many tasks of its array wait as JOB; 1 when it is one job. */
uint32_t weft_job_tasks(const job_record_t *job);

/* Its time limit in minutes: its own, else the partition's.  INFINITE, or NO_VAL: there is none.  The read
 * lock is enough. */
uint32_t weft_job_limit(const job_record_t *job);

/* How many cards it asks for with ASKED, an entry of its gres_list_req.  It must have its details; the read
 * lock is enough. */
uint64_t weft_job_cards(const job_record_t *job, const gres_job_state_t *asked);

/* Fields that a test of one candidate changes and that must be as before when it did not work out. */
struct weft_job_saved {
	uint32_t min_nodes, max_nodes, min_cpus;
	uint64_t pn_min_memory;
	uint16_t cpus_per_task;
};

void weft_job_save(const job_record_t *job, struct weft_job_saved *saved);
void weft_job_restore(job_record_t *job, const struct weft_job_saved *saved);

/* Only the counts, which are those of the nominal request for as long as the job waits; memory and CPUs per
 * task stay as the test that worked out left them. */
void weft_job_restore_counts(job_record_t *job, const struct weft_job_saved *saved);

/* Make the record ask for candidate C of INV, on exactly its nodes, as if the user had: TRES strings, gres
 * list, node count.  What else the job asks for stays.  Returns SLURM_SUCCESS or Slurm's error; then the
 * record is unchanged. */
int weft_job_ask_for(job_record_t *job, const struct weft_inventory *inv, const struct weft_candidate *c);

/* Bring the requested-TRES counts and strings in line with weft_job_ask_for(). */
void weft_job_count_tres(job_record_t *job);

/* Do association and QOS limits allow the job its present request, on NODES nodes?  Sets the job's reason
 * when not. Call it after weft_job_count_tres(). */
bool weft_job_within_limits(job_record_t *job, uint32_t nodes);

/* The nodes of the job's partition that have what else it asks for (features, memory, CPUs; not the excluded
 * ones), and of its reservation.  UP: only those that are up; while Slurm asks for a job to start now, these
 * do not have nodes that are reserved for others.  The caller frees the bitmap. */
bitstr_t *weft_job_eligible_nodes(job_record_t *job, bool up);

/* Set NAME to VALUE (NULL: remove it) among the variables that the steps of a batch script see as SPANK's.
 * The job needs its details. */
void weft_job_script_env_set(job_record_t *job, const char *name, const char *value);

/* Let slurmstepd know, from the environment of the batch script, that the job (or with a heterogeneous job
 * one of its components) has a request.  --accel itself puts it there; a comment, a REST client or an update
 * does not. */
void weft_job_tell_stepd(job_record_t *job);

/* Throw away what a successful test left behind. */
void weft_job_drop_allocation(job_record_t *job);

/* Replace SystemComment, unless somebody else wrote it. */
void weft_job_comment(job_record_t *job, const char *text);

/* Lower the time limit of a job that runs to MINUTES, with its end time and the limits that count it.  A
 * limit that is shorter already stays.  Returns whether it was lowered. */
bool weft_job_cut_limit(job_record_t *job, uint32_t minutes);

/* A job whose limit follows its cards gets back the longest it may have, as it may be requeued; one that is
 * over for good keeps the limit it had. */
void weft_job_restore_limit(job_record_t *job);

/* As weft_job_cut_limit() for job JOB_ID, with the job write lock taken here; nothing when it does not run
 * any more.  Hold no Slurm lock. */
void weft_job_settle_limit(uint32_t job_id, uint32_t minutes);

#endif
