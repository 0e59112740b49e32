/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alloc.h - what a job that has just got its nodes holds on each of them.
 *
 * Process: slurmctld, with the job and node write locks held.
 */
#ifndef WEFT_COMPAT_ALLOC_H
#define WEFT_COMPAT_ALLOC_H

#include "plugin/compat/compat.h"

/* Devices of one gres name and type on one node. */
struct weft_share {
	const char *name, *type; /* Slurm's; TYPE NULL: none */
	uint64_t count;
	uint64_t devices; /* bit I: device I; 0: Slurm only counts them, or some have numbers above 63 */
};

/* How many nodes JOB has; node I is then the one at place I of its node list. */
uint32_t weft_job_node_count(const job_record_t *job);

/* The shares of at most MAX kinds that JOB holds on its node at place NODE.  Returns how many. */
int weft_job_shares(const job_record_t *job, uint32_t node, struct weft_share *shares, int max);

/* The same of what the last successful test of JOB has set aside on node INDEX of the cluster (no DEVICES). */
int weft_job_picked(const job_record_t *job, uint32_t index, struct weft_share *shares, int max);

/* Put NAME=VALUE (VALUE NULL: take it out) where the job's prolog, its steps and its epilog find it: into its
 * SPANK environment, and into the environment of its batch script, or of the command that waits for the
 * allocation.  For a component of a heterogeneous job HET_NAME is what it is called in the environment that
 * they have in common. */
void weft_job_publish(job_record_t *job, const char *name, const char *het_name, const char *value);

#endif
