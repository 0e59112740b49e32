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
#include <sys/types.h>

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

/* Which run of which job, and where in it this node is. */
struct weft_place {
	uint32_t job_id, step_id, uid, restarts;
	uint32_t het_offset; /* UINT32_MAX: not of a heterogeneous job, or not told */
	uint32_t node;       /* place of this node in the job, from 0 */
	uint32_t nodes;      /* of the job; 0: not told */
	char *name;          /* of this node */
	char *hosts;         /* the job's nodes as Slurm writes them: "n[1-4]"; NULL: not told */
};

/* Fill PLACE from the job's credential, which slurmctld has signed, or for a batch script from what slurmctld
 * has sent.  HOSTS of a batch script may come from its environment: good for hints, and for nothing else.
 * Process and errors as weft_step_read(). */
int weft_step_place(struct spank_handle *sp, struct weft_place *place, struct weft_err *err);
void weft_place_clear(struct weft_place *place);

/* The tasks of a step. */
struct weft_layout {
	uint32_t nodes;            /* of the step */
	uint32_t *place;           /* of each of them in the job */
	const uint16_t *tasks;     /* how many tasks each has; owned by the step record, as is the next */
	uint32_t *const *task_ids; /* and which, counted over the step */
	uint32_t own;              /* which of them is this node */
};

/* The layout of the step; a batch script is one task on one node.  The places are looked up when WITH_PLACES.
 * 0, or -1 when it is not to be had. */
int weft_step_layout(struct spank_handle *sp, struct weft_layout *layout, bool with_places);
void weft_layout_clear(struct weft_layout *layout);

/* The names of the first N hosts of HOSTS, NULL-terminated; when they are not exactly N: NULL.  free() each, and
 * the array. */
char **weft_step_hosts(const char *hosts, uint32_t n);

/* Where in HOSTS the host NAME is, from 0; -1: nowhere.  *N: how many hosts there are. */
int weft_step_host_place(const char *hosts, const char *name, uint32_t *n);

/* Are prologs started by slurmctld alone, never on behalf of an srun that brings what it likes? */
bool weft_step_prolog_is_ctlds(void);

/* AuthInfo of slurm.conf (NULL: not set), and who slurmctld runs as.  Process: slurmstepd. */
const char *weft_step_authinfo(void);
uid_t weft_step_slurm_user(void);

/* Path of the file NAME beside slurm.conf; malloc()ed, NULL when out of memory. */
char *weft_step_conf_path(const char *name);

#endif
