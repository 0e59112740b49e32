/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * desc.h - what Weft reads from and writes into a job description that is being submitted or updated.
 *
 * Process: slurmctld.  Locks: those that Slurm gives its job_submit plugins (config, job, node and partition
 * read; for an update the job write lock as well).
 */
#ifndef WEFT_COMPAT_DESC_H
#define WEFT_COMPAT_DESC_H

#include "plugin/compat/compat.h"

/* The union of the nodes of the partitions that LIST names (comma separated; NULL: the default partition),
 * for the caller to free.  NULL when no such partition is there: Slurm says so itself. */
bitstr_t *weft_desc_partition_nodes(const char *list);

/* Is every partition there that LIST (NULL: none) names? */
bool weft_desc_partitions_exist(const char *list);

/* How many nodes --nodelist names; 0 without one. */
uint32_t weft_desc_required_nodes(const job_desc_msg_t *desc);

/* The longest time limit of the partitions that LIST names, minutes; INFINITE: none. */
uint32_t weft_desc_max_time(const char *list);

/* The longest limit that a job without one gets in the partitions that LIST names, minutes; INFINITE: none. */
uint32_t weft_desc_default_time(const char *list);

/* Free what Weft put into a description of its own (slurm_init_job_desc_msg()) that never goes to Slurm. */
void weft_desc_clear_scratch(job_desc_msg_t *desc);

/* Put TEXT (may be NULL) into one of the description's strings. */
void weft_desc_set(char **field, const char *text);

#endif
