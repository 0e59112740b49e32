/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest.h - what is said to a slurmrestd, and what its answers mean, in each version of its interface from
 * v0.0.38 (Slurm 22.05) to v0.0.45 (26.05).  Texts only: nothing is sent here.
 */
#ifndef WEFT_REST_H
#define WEFT_REST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/error.h"

/* Bytes; nobody may make us take more.  24.11 writes 27 kB for a job that runs on two nodes with 64 cores. */
#define WEFT_REST_MAX_ANSWER (256u * 1024 * 1024)
#define WEFT_REST_MAX_JOBS   200000
#define WEFT_REST_MAX_NODES  20000
#define WEFT_REST_MAX_NAME   1024 /* bytes of a name or an id's text; longer ones are an error */

/* The versions in the order in which they are tried: the newest first; 0 at the end. */
extern const int weft_rest_versions[];

/* A job for the peer.  A NULL text and a 0 are left out.  Texts need not be UTF-8, though a peer may refuse
 * others. */
struct weft_rest_job {
	const char *name, *partition, *account, *qos, *comment, *directory, *script;
	const char *const *environment; /* "NAME=VALUE", NULL-terminated; needed */
	const char *output, *error;	/* files at the peer */
	const char *gres; /* cards of the whole job, "gpu:h100:8,nic:1"; NULL: none, or in the environment */
	uint32_t nodes, tasks, cpus_per_task;
	uint64_t memory_mb; /* per node */
	uint32_t minutes;   /* time limit */
	time_t deadline;    /* by when it must have ended */
	bool hold, requeue;
};

/* The body of POST /slurm/v0.0.VERSION/job/submit; malloc()ed.  NULL with ERR: out of memory, or JOB cannot
 * be asked for in that version (v0.0.38 has cards other than gpu by the node only). */
char *weft_rest_submit(int version, const struct weft_rest_job *job, struct weft_err *err);

/* The job that an answer to it names; 0: it names none, and ERR has the peer's own words ("Invalid account or
 * account/partition combination specified (2045)"), or says what is wrong with the answer.  The answer for a
 * held job may come with an error 2042: it is a success. */
uint32_t weft_rest_submitted(const char *text, size_t len, struct weft_err *err);

/* What an answer with a status other than 200, or with errors in it, has to say, in one line without control
 * characters; "" when it says nothing.  CODE (NULL allowed) gets Slurm's number, 0: none. */
void weft_rest_complaint(const char *text, size_t len, int *code, char *buf, size_t size);

/* May what was asked for have been done, though the answer, with the HTTP status STATUS and CODE of
 * weft_rest_complaint(), is no success?  A gateway's word, or that slurmctld's answer was lost, leaves it
 * open. */
bool weft_rest_in_doubt(long status, int code);

enum weft_rest_state {
	WEFT_REST_PENDING,
	WEFT_REST_RUNNING, /* with COMPLETING, SUSPENDED, CONFIGURING, STOPPED ...: it has, or had just now,
			      its nodes */
	WEFT_REST_COMPLETED,
	WEFT_REST_FAILED,
	WEFT_REST_CANCELLED,
	WEFT_REST_TIMEOUT,
	WEFT_REST_NODE_FAIL,
	WEFT_REST_PREEMPTED,
	WEFT_REST_OUT_OF_MEMORY,
	WEFT_REST_DEADLINE,
	WEFT_REST_BOOT_FAIL,
	WEFT_REST_REVOKED,
	WEFT_REST_STATES
};

const char *weft_rest_state_name(enum weft_rest_state state); /* "PENDING" ... */
bool weft_rest_state_is_end(enum weft_rest_state state);

/* A job as slurmctld or slurmdbd tells it.  Texts are never NULL, have no control characters, and '?' for
 * what is not UTF-8. */
struct weft_rest_seen {
	uint32_t id;
	char *name, *user, *partition, *comment, *reason, *nodes;
	/* Cards of the whole job that it has, or asks for: "gpu:h100:8,npu:4"; "" when there is none.  The
	 * type is left out where the peer does not tell it. */
	char *gres;
	enum weft_rest_state state;
	bool held;     /* PENDING with a hold (priority 0) */
	bool requeued; /* of slurmdbd: an older run of a job that was requeued; STATE means nothing then */
	/* As wait() gives it; -1: it has not ended, or this is not told: v0.0.38's slurmdbd does not for a
	 * job that failed. */
	int exit_status;
	int64_t priority; /* -1: not told */
	/* 0: not set.  END of a job that has not ended is what is expected.  Slurm sets SUBMIT anew when it
	 * requeues a job. */
	time_t submit, start, end, deadline;
	uint32_t minutes; /* time limit; UINT32_MAX: none */
};

/* The jobs in an answer of /slurm/V/jobs, /slurm/V/job/N (weft_rest_jobs()), /slurmdb/V/jobs or
 * /slurmdb/V/job/N (weft_rest_db_jobs()), with any HTTP status.  0 with *N of them, to be given back with
 * weft_rest_free_seen(); -1 with ERR: the peer's own words, or what is wrong.  A record that lacks what is
 * needed, or says what cannot be, is an error: the peer is not believed then.  An answer that says "no such
 * job" is 0 with *N == 0.  slurmdbd hears of jobs seconds after slurmctld: it may not know one yet, or call
 * it "allocation". */
int weft_rest_jobs(const char *text, size_t len, struct weft_rest_seen **seen, size_t *n,
		   struct weft_err *err);
int weft_rest_db_jobs(const char *text, size_t len, struct weft_rest_seen **seen, size_t *n,
		      struct weft_err *err);
void weft_rest_free_seen(struct weft_rest_seen *seen, size_t n);
void weft_rest_clear_seen(struct weft_rest_seen *seen); /* what one of them owns */

/* A node: /slurm/V/nodes. */
struct weft_rest_node {
	char *name, *gres, *gres_used, *partitions; /* comma-separated; as slurmctld writes gres */
	bool up; /* jobs can get it: not DOWN, DRAIN, FAIL, MAINT, RESERVED, not responding ... */
};
int weft_rest_nodes(const char *text, size_t len, struct weft_rest_node **nodes, size_t *n,
		    struct weft_err *err);
void weft_rest_free_nodes(struct weft_rest_node *nodes, size_t n);

#endif
