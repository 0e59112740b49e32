/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched_weft.c - SchedulerType=sched/weft: sched/backfill, and beside it a thread that plans power and
 * energy.
 *
 * Stacked by linking, as select/cons_tres_weft is on select/cons_tres (plugin/compat/base.c).
 */
#include "plugin/compat/backfill.h"
#include "plugin/sched/planner.h"

const char plugin_name[] = "Weft: power and energy, on top of sched/backfill";
const char plugin_type[] = "sched/weft";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

extern int init(void)
{
	if (weft_backfill_init() != SLURM_SUCCESS)
		return SLURM_ERROR;
	if (!slurmctld_config.scheduling_disabled)
		weft_planner_start();
	return SLURM_SUCCESS;
}

extern void fini(void)
{
	weft_planner_stop();
	weft_backfill_fini();
}
