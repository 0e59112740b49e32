/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst_buffer_weft.c - BurstBufferType=burst_buffer/weft: answers "scontrol show bbstat ...".
 *
 * scontrol sends the words behind "bbstat" to slurmctld, and prints what the burst buffer plugin says.  All
 * other hooks do what slurmctld does without such a plugin, or what the site's own one does
 * (plugin/compat/stack.h).
 */
#include <stdlib.h>

#include "core/conf.h"
#include "core/sight.h"
#include "plugin/burst_buffer/looker.h"
#include "plugin/compat/host.h"
#include "plugin/compat/stack.h"

const char plugin_name[] = "Weft: answers to scontrol show bbstat";
const char plugin_type[] = "burst_buffer/weft";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

static char *stack; /* "lua"; NULL: there is no plugin underneath */

/* Also in children of slurmctld, and before the nodes are known: it starts nothing. */
extern int init(void)
{
	char *path = weft_host_conf_path("weft.conf");
	struct weft_err err = WEFT_ERR_INIT;
	int rc = weft_conf_stack(path, &stack, &err);

	xfree(path);
	if (rc > 0) {
		error("weft: %s; burst_buffer/weft stands on no other plugin", err.text);
	} else if (rc < 0) {
		/* Without the site's plugin, jobs with burst buffers would run as if they had none. */
		error("weft: %s", err.text);
		return SLURM_ERROR;
	}
	return stack ? weft_bb_open(stack) : SLURM_SUCCESS;
}

extern int fini(void)
{
	int rc;

	weft_looker_stop();
	rc = weft_bb_close();
	free(stack);
	stack = NULL;
	return rc;
}

#define PASS_ON(type, name, params, args, without)                                                           \
	extern type bb_p_##name params                                                                       \
	{                                                                                                    \
		return weft_bb_base ? weft_bb_base->name args : (without);                                   \
	}
/* clang-format off */
WEFT_BB_HOOKS(PASS_ON)
/* clang-format on */

/* slurmctld calls it when it has read its configuration, and before each backfill. */
extern int bb_p_load_state(bool init_config)
{
	weft_looker_start();
	return weft_bb_base ? weft_bb_base->load_state(init_config) : SLURM_SUCCESS;
}

extern void bb_p_job_set_tres_cnt(job_record_t *job, uint64_t *tres_cnt, bool locked)
{
	if (weft_bb_base)
		weft_bb_base->job_set_tres_cnt(job, tres_cnt, locked);
}

/* Words that are not ours belong to the plugin underneath. */
extern char *bb_p_get_status WEFT_BB_STATUS_PARAMS
{
	struct weft_asker asker = WEFT_BB_ASKER;

	/* A client that is not scontrol may send words that are not there; slurmctld frees each with xfree(). */
	for (uint32_t i = 0; i < argc; i++) {
		if (!argv[i])
			argv[i] = xstrdup("");
	}
	if (weft_bb_base && (!argc || !weft_sight_knows(argv[0])))
		return weft_bb_base->get_status WEFT_BB_STATUS_ARGS;
	return weft_looker_answer(&asker, argc, argv, stack);
}
