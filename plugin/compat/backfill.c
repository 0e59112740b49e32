/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backfill.c - reach the sched/backfill that this plugin is stacked on.
 */
#include "plugin/compat/backfill.h"

#include <dlfcn.h>

#include "plugin/compat/base.h"

static void (*base_fini)(void);

int weft_backfill_init(void)
{
	void *handle = weft_base_open("sched_p_reconfig", "sched/backfill");
	int (*base_init)(void) = NULL;

	if (handle) {
		*(void **)&base_init = dlsym(handle, "init");
		*(void **)&base_fini = dlsym(handle, "fini");
	}
	if (base_init && base_fini)
		return base_init();
	error("weft: sched/backfill is not there to stack on");
	return SLURM_ERROR;
}

void weft_backfill_fini(void)
{
	if (base_fini)
		base_fini();
}
