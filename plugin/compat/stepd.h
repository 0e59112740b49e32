/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stepd.h - what slurmstepd knows of a step and SPANK does not tell: which cards of which gres it has on
 * this node.
 *
 * No Slurm header is included here, so that the code that works on these structs can be tested without a
 * host.
 */
#ifndef WEFT_COMPAT_STEPD_H
#define WEFT_COMPAT_STEPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct spank_handle;

/* Cards of one gres name and type on this node. */
struct weft_gres {
	char *name;      /* "gpu", "npu" */
	char *type;      /* "h100"; NULL: none, or not told (steps are not told the type) */
	uint64_t count;
	unsigned *index; /* Slurm's device indexes, ascending; NULL: Slurm only counts this gres */
	size_t n_index;
};

struct weft_gres_list {
	struct weft_gres *items;
	size_t n;
};

struct weft_step {
	struct weft_gres_list job;  /* what the job has on this node */
	struct weft_gres_list step; /* what the step has of it */
	bool whole_job;             /* a batch script or an interactive shell: it has all that the job has */
	char *tres_per_task;        /* "gres/npu:1"; NULL: not asked */
};

/* Read the step that SP is called for. Process: slurmstepd, before it forks (the lists have locks).
 * Returns 0, or -1 with ERR when this slurmstepd is not the one that the plugin was built for; nothing
 * was then looked at. weft_step_clear() frees what STEP holds, in both cases. */
int weft_step_read(struct spank_handle *sp, struct weft_step *step, struct weft_err *err);
void weft_step_clear(struct weft_step *step);

/* Path of the file NAME beside slurm.conf; malloc()ed, NULL when out of memory. */
char *weft_step_conf_path(const char *name);

#endif
