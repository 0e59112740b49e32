/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stepd.c - read the gres lists of slurmstepd's step record.
 *
 * SPANK has no call for them, and Slurm sets device variables for the gres name "gpu" alone.  The record
 * is reached through the handle that SPANK gives to a plugin.  Slurm checks only major.minor of a SPANK
 * plugin, while the record may change in any release, so three things are asked first: the exact version,
 * the handle's magic number, and whether what SPANK says of the step is found in the record where this
 * plugin was compiled to expect it, on both sides of the lists.
 */
#include "plugin/compat/stepd.h"

#include "config.h"

/* spank.h and Slurm's own log.h do not agree on what slurm_error() returns; it is not called here. */
#define slurm_error spank_slurm_error
#include "slurm/spank.h"
#undef slurm_error

#include "src/common/slurm_xlator.h"

#include <stdlib.h>
#include <string.h>

#include "src/common/bitstring.h"
#include "src/common/list.h"
#include "src/common/read_config.h"
#include "src/common/xmalloc.h"
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 2, 0)
#include "src/common/gres.h"
typedef struct xlist list_t;
#else
#include "src/interfaces/gres.h"
#endif
#include "src/slurmd/slurmstepd/slurmstepd_job.h"

#define HANDLE_MAGIC 0x00a5a500
#define INDEX_MAX 65536 /* no node has more devices; a longer bitmap is no bitmap */
#define BITSTR_MAGIC_WORD 0x42434445 /* in a .c file of the host from 24.11 on */

/* The beginning of what spank_t points to; the same since SPANK exists. */
struct handle {
	int magic;
	void *plugin;
	int phase;
	void *job;
};

static bool same_version(spank_t sp, struct weft_err *err)
{
	const char *version = NULL;

	if (spank_get_item(sp, S_SLURM_VERSION, &version) != ESPANK_SUCCESS || !version)
		version = "unknown";
	if (!strcmp(version, SLURM_VERSION_STRING))
		return true;
	weft_err(err, "this plugin was built for Slurm %s, and slurmstepd is %s", SLURM_VERSION_STRING, version);
	return false;
}

/* Does the record hold what SPANK says it holds, and where? */
static bool same_layout(spank_t sp, const stepd_step_rec_t *rec)
{
	char **env = NULL, **argv = NULL, *job_cores = NULL, *step_cores = NULL;
	uint32_t job_id = 0, step_id = 0, restarts = 0;
	uid_t uid = -1;
	int argc = 0;

	if (spank_get_item(sp, S_JOB_ID, &job_id) || spank_get_item(sp, S_JOB_STEPID, &step_id) ||
	    spank_get_item(sp, S_JOB_UID, &uid) || spank_get_item(sp, S_JOB_ENV, &env) ||
	    spank_get_item(sp, S_JOB_ARGV, &argc, &argv) || spank_get_item(sp, S_SLURM_RESTART_COUNT, &restarts) ||
	    spank_get_item(sp, S_JOB_ALLOC_CORES, &job_cores) || spank_get_item(sp, S_STEP_ALLOC_CORES, &step_cores))
		return false;
	return rec->step_id.job_id == job_id && rec->step_id.step_id == step_id && rec->uid == uid &&
	       rec->env == env && rec->argv == argv && rec->argc == (uint32_t)argc && rec->restart_cnt == restarts &&
	       rec->job_alloc_cores == job_cores && rec->step_alloc_cores == step_cores;
}

static const stepd_step_rec_t *step_record(spank_t sp, struct weft_err *err)
{
	const struct handle *handle = (const struct handle *)sp;

	if (!same_version(sp, err))
		return NULL;
	if (spank_remote(sp) == 1 && handle->magic == HANDLE_MAGIC && handle->job && same_layout(sp, handle->job))
		return handle->job;
	weft_err(err, "the step records of this slurmstepd are not those of Slurm %s, for which this plugin was built",
		 SLURM_VERSION_STRING);
	return NULL;
}

/* Returns false when out of memory. */
static bool copy_bits(struct weft_gres *gres, bitstr_t **bits)
{
	bitstr_t *map = bits ? bits[0] : NULL;
	bitoff_t size;

	if (!map || map[0] != BITSTR_MAGIC_WORD || (size = bit_size(map)) <= 0 || size > INDEX_MAX)
		return true;
	gres->index = calloc(size, sizeof(*gres->index));
	if (!gres->index)
		return false;
	for (bitoff_t i = 0; i < size; i++) {
		if (bit_test(map, i))
			gres->index[gres->n_index++] = i;
	}
	return true;
}

static int add_gres(struct weft_gres_list *list, const gres_state_t *state, const char *type, bitstr_t **bits,
		    const uint64_t *count)
{
	struct weft_gres *items = realloc(list->items, (list->n + 1) * sizeof(*items));
	struct weft_gres *gres;

	if (!items)
		return -1;
	list->items = items;
	gres = &items[list->n++];
	*gres = (struct weft_gres){ .name = strdup(state->gres_name), .type = type ? strdup(type) : NULL };
	if (!gres->name || (type && !gres->type) || !copy_bits(gres, bits))
		return -1;
	gres->count = count ? count[0] : gres->n_index;
	return 0;
}

/* On a node, a list holds that node's share alone: node_cnt is 1, or 0 for gres that are not consumed. */
static int add_job_gres(void *x, void *arg)
{
	const gres_state_t *state = x;
	const gres_job_state_t *job = state->gres_data;

	if (!state->gres_name || !job || job->node_cnt != 1)
		return 0;
	return add_gres(arg, state, job->type_name, job->gres_bit_alloc, job->gres_cnt_node_alloc);
}

static int add_step_gres(void *x, void *arg)
{
	const gres_state_t *state = x;
	const gres_step_state_t *step = state->gres_data;

	if (!state->gres_name || !step || step->node_cnt != 1)
		return 0;
	return add_gres(arg, state, step->type_name, step->gres_bit_alloc, step->gres_cnt_node_alloc);
}

static bool read_list(list_t *from, struct weft_gres_list *to, ListForF add)
{
	return !from || list_for_each(from, add, to) >= 0;
}

int weft_step_read(struct spank_handle *sp, struct weft_step *step, struct weft_err *err)
{
	const stepd_step_rec_t *rec;

	*step = (struct weft_step){ .whole_job = false };
	rec = step_record(sp, err);
	if (!rec)
		return -1;
	step->whole_job = rec->batch || rec->step_id.step_id == SLURM_INTERACTIVE_STEP;
	if (!rec->batch && rec->msg && rec->msg->tres_per_task) {
		step->tres_per_task = strdup(rec->msg->tres_per_task);
		if (!step->tres_per_task)
			goto no_memory;
	}
	if (read_list(rec->job_gres_list, &step->job, add_job_gres) &&
	    read_list(rec->step_gres_list, &step->step, add_step_gres))
		return 0;
no_memory:
	return weft_err(err, "out of memory");
}

static void list_clear(struct weft_gres_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].name);
		free(list->items[i].type);
		free(list->items[i].index);
	}
	free(list->items);
}

void weft_step_clear(struct weft_step *step)
{
	list_clear(&step->job);
	list_clear(&step->step);
	free(step->tres_per_task);
	*step = (struct weft_step){ .whole_job = false };
}

char *weft_step_conf_path(const char *name)
{
	char *path = get_extra_conf_path((char *)name);
	char *copy = path ? strdup(path) : NULL;

	xfree(path);
	return copy;
}
