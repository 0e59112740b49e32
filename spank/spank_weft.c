/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spank_weft.c - the SPANK plugin's entry: constants, options, and each hook handed to the process it is for.
 */
#include "spank/weft_spank.h"

#include <stddef.h>

SPANK_PLUGIN(weft, 1)

static int on_option(int option, const char *value, int remote);

static struct spank_option options[] = {
	{ "accel", "REQUEST", "accelerators of any vendor, e.g. 16:nvidia/amd/ascend,mem>=64G or 8xh100|16xa100", 1,
	  WEFT_OPTION_ACCEL, on_option },
	{ "accel-policy", "POLICY[,scale-time]", "how --accel chooses: soon (default), listed or fast; scale-time: the "
	  "time limit is for the first alternative and scales with the speed of the chosen one", 1,
	  WEFT_OPTION_POLICY, on_option },
	{ "accel-app", "NAME|FILE", "measured throughput: a table of the site, or a file of MODEL RATE lines", 1,
	  WEFT_OPTION_APP, on_option },
	{ "energy", "GOAL,...", "when to run: now (default), green or cheap, with within=TIME or deadline=WHEN; "
	  "interrupt=yes: it may be requeued and go on; signal=NAME: when its power budget changes", 1,
	  WEFT_OPTION_ENERGY, on_option },
	{ "burst", "auto|only|SITE,...", "may it run at another site? no (default), auto: when that is better; only: "
	  "nowhere else; with names of sites, max-cost=5.20EUR, max-wait=TIME", 1,
	  WEFT_OPTION_BURST, on_option },
	{ "max-cost", "AMOUNT[CURRENCY]", "with --burst: what the run may cost at another site", 1,
	  WEFT_OPTION_MAX_COST, on_option },
	{ .name = NULL }
};

static int on_option(int option, const char *value, int remote)
{
	if (!remote)
		return weft_alloc_option(option, value);
	weft_stepd_option(option);
	return ESPANK_SUCCESS;
}

/* Registered here and not in a table named spank_options: sbatch and salloc do not look at that one. */
static int register_options(spank_t sp)
{
	int rc = ESPANK_SUCCESS;

	for (struct spank_option *option = options; option->name && rc == ESPANK_SUCCESS; option++)
		rc = spank_option_register(sp, option);
	return rc;
}

/* Older commands go on unless a hook's failure is a negative number, which SPANK's own errors are not. */
static int outcome(int rc)
{
	return rc == ESPANK_SUCCESS ? rc : -1;
}

int slurm_spank_init(spank_t sp, int ac, char **av)
{
	int rc = ESPANK_SUCCESS;

	switch (spank_context()) {
	case S_CTX_LOCAL:
	case S_CTX_ALLOCATOR:
		rc = register_options(sp);
		return outcome(rc == ESPANK_SUCCESS ? weft_alloc_init(sp) : rc);
	case S_CTX_REMOTE:
		weft_stepd_init(ac, av);
		return register_options(sp);
	default:
		return rc;
	}
}

int slurm_spank_init_post_opt(spank_t sp, int ac, char **av)
{
	(void)ac, (void)av;
	switch (spank_context()) {
	case S_CTX_LOCAL:
	case S_CTX_ALLOCATOR:
		return outcome(weft_alloc_post_opt(sp));
	case S_CTX_REMOTE:
		weft_stepd_post_opt(sp);
		return ESPANK_SUCCESS;
	default:
		return ESPANK_SUCCESS;
	}
}

int slurm_spank_task_init(spank_t sp, int ac, char **av)
{
	(void)ac, (void)av;
	weft_stepd_task_init(sp);
	return ESPANK_SUCCESS;
}

int slurm_spank_exit(spank_t sp, int ac, char **av)
{
	(void)sp, (void)ac, (void)av;
	weft_alloc_exit();
	weft_stepd_exit();
	return ESPANK_SUCCESS;
}
