/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_spank.h - the two halves of spank_weft, one for each process it runs in, and what they have in common.
 */
#ifndef WEFT_SPANK_H
#define WEFT_SPANK_H

#include <slurm/spank.h>

enum weft_option {
	WEFT_OPTION_ACCEL,
	WEFT_OPTION_POLICY,
	WEFT_OPTION_APP,
	WEFT_OPTION_ENERGY,
	WEFT_OPTION_BURST,
	WEFT_OPTION_MAX_COST,
	WEFT_OPTIONS
};

#define WEFT_ENV_ACCEL "WEFT_ACCEL"         /* the request; slurmctld makes it canonical */
#define WEFT_ENV_POLICY "WEFT_ACCEL_POLICY" /* "soon" or "soon,scale-time"; only when given */
#define WEFT_ENV_APP "WEFT_ACCEL_APP"       /* name of the site's table, or "=" and a table */

#define WEFT_ENV_ENERGY "WEFT_ENERGY"	    /* --energy; slurmctld makes a deadline of within= */

#define WEFT_ENV_BURST "WEFT_BURST"	    /* --burst with --max-cost, canonical */

#define WEFT_ENV_TICKET "WEFT_TICKET"	    /* what slurmctld tells the nodes, sealed */
#define WEFT_ENV_PEER "WEFT_PEER"	    /* set by slurmctld when the job's node stands for another site: its name */
#define WEFT_ENV_HINTS "WEFT_HINTS"         /* set by a user: what else is wanted, "nccl,layers=80" */

/* What a task is told beyond its cards. */
#define WEFT_HINT_VARIABLES                                                                                     \
	"WEFT_RANK", "WEFT_GROUP", "WEFT_GROUP_RANK", "WEFT_GROUP_SIZE", "WEFT_WEIGHT", "WEFT_TOPOLOGY_FILE", \
		"WEFT_HOSTFILE", "WEFT_MICRO_BATCHES", "WEFT_LAYERS", "WEFT_POWER_BUDGET_W",                    \
		"WEFT_DEVICE_POWER_W", "WEFT_EXPECTED_W", "WEFT_SITE", "WEFT_PRICE", "WEFT_CARBON",             \
		"WEFT_WINDOW_END", "WEFT_FABRIC"

/* In what a task gets, the names of the variables that make its cards visible. */
#define WEFT_ENV_VENDOR "WEFT_VENDOR"
#define WEFT_ENV_MODEL "WEFT_MODEL"
#define WEFT_ENV_DEVICES "WEFT_DEVICES"
#define WEFT_ENV_SET "WEFT_VISIBLE_ENV"

/* Slurm puts this before the name of a variable that spank_job_control_setenv() has set. */
#define WEFT_SPANK_PREFIX "SLURM_SPANK_"

/* weft_alloc.c: sbatch, salloc and srun. Each returns ESPANK_SUCCESS, or an error after it has told the
 * user. */
int weft_alloc_init(spank_t sp);
int weft_alloc_option(enum weft_option option, const char *value);
int weft_alloc_post_opt(spank_t sp);
void weft_alloc_exit(void);

/* weft_stepd.c: slurmstepd.  None of them fails: a job is never lost for its environment's sake. */
void weft_stepd_init(int ac, char **av);
void weft_stepd_option(enum weft_option option);
void weft_stepd_post_opt(spank_t sp);
void weft_stepd_task_init(spank_t sp);
void weft_stepd_exit(void);

#endif
