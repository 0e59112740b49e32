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
#include "src/common/env.h"
#include "src/common/hostlist.h"
#include "src/common/list.h"
#include "src/common/read_config.h"
#include "src/common/xmalloc.h"
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 2, 0)
#include "src/common/gres.h"
#include "src/common/slurm_cred.h"
typedef struct xlist list_t;
typedef hostlist_t weft_hosts;
#else
#include "src/interfaces/cred.h"
#include "src/interfaces/gres.h"
typedef hostlist_t *weft_hosts;
#endif
#include "src/slurmd/slurmstepd/slurmstepd_job.h"

#define HANDLE_MAGIC 0x00a5a500
#define INDEX_MAX 65536 /* no node has more devices; a longer bitmap is no bitmap */
#define HOSTS_MAX 65536 /* longest list of nodes that is read from the environment */
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

/* ---------------------------------------------------------------- where in the job */

/* Of the step's environment, malloc()ed; NULL: not there, or longer than SIZE. */
static char *env_copy(spank_t sp, const char *name, size_t size)
{
	char *text = malloc(size);

	if (text && spank_getenv(sp, name, text, size) == ESPANK_SUCCESS)
		return text;
	free(text);
	return NULL;
}

/* What the credential says. */
static int place_from_cred(struct weft_place *place, slurm_cred_t *cred, struct weft_err *err)
{
	slurm_cred_arg_t *args = slurm_cred_get_args(cred);
	int found = -1;

	if (args && args->job_hostlist) {
		place->hosts = strdup(args->job_hostlist);
		place->restarts = args->job_restart_cnt;
		found = weft_step_host_place(args->job_hostlist, place->name, &place->nodes);
	}
	if (args)
		slurm_cred_unlock_args(cred);
	if (found < 0 || !place->hosts)
		return weft_err(err, "the job's credential does not say where in the job this node is");
	place->node = found;
	return 0;
}

int weft_step_place(struct spank_handle *sp, struct weft_place *place, struct weft_err *err)
{
	const stepd_step_rec_t *rec = step_record(sp, err);

	*place = (struct weft_place){ .het_offset = UINT32_MAX };
	if (!rec)
		return -1;
	place->job_id = rec->step_id.job_id;
	place->step_id = rec->step_id.step_id;
	place->uid = rec->uid;
	/* The record's own restart_cnt is never set. */
	place->restarts = rec->envtp ? rec->envtp->restart_cnt : 0;
	if (rec->het_job_offset != NO_VAL)
		place->het_offset = rec->het_job_offset;
	place->name = rec->node_name ? strdup(rec->node_name) : NULL;
	if (!place->name)
		return weft_err(err, "out of memory");
	if (!rec->batch)
		return rec->msg && rec->msg->cred ? place_from_cred(place, rec->msg->cred, err)
						  : weft_err(err, "the step has no credential");
	place->hosts = env_copy(sp, "SLURM_JOB_NODELIST", HOSTS_MAX);
	return 0;
}

void weft_place_clear(struct weft_place *place)
{
	free(place->name);
	free(place->hosts);
	*place = (struct weft_place){ .het_offset = UINT32_MAX };
}

/* Where in the job the hosts of the step are.  Mostly they are in the job's order, so both lists are gone
 * through side by side. */
static int find_places(uint32_t *place, uint32_t n, const char *step, const char *job)
{
	weft_hosts mine, all;
	uint32_t at = 0;
	int rc = 0;

	if (!strcmp(step, job)) {
		for (uint32_t i = 0; i < n; i++)
			place[i] = i;
		return 0;
	}
	mine = hostlist_create(step);
	all = hostlist_create(job);
	for (uint32_t i = 0; i < n && !rc; i++) {
		char *host = mine ? hostlist_shift(mine) : NULL, *next = NULL;

		while (host && all && (next = hostlist_shift(all)) && strcmp(host, next) != 0) {
			free(next);
			at++;
		}
		if (!host || !next) {
			weft_hosts whole = host ? hostlist_create(job) : NULL;
			int found = whole ? hostlist_find(whole, host) : -1;

			rc = found < 0 ? -1 : 0;
			place[i] = found;
			if (whole)
				hostlist_destroy(whole);
		} else {
			place[i] = at++;
		}
		free(host);
		free(next);
	}
	if (mine)
		hostlist_destroy(mine);
	if (all)
		hostlist_destroy(all);
	return rc;
}

int weft_step_layout(struct spank_handle *sp, struct weft_layout *layout, bool with_places)
{
	const stepd_step_rec_t *rec = step_record(sp, NULL);
	slurm_cred_arg_t *args;
	int rc = -1;

	*layout = (struct weft_layout){ .nodes = 0 };
	if (!rec)
		return -1;
	if (rec->batch || !rec->msg || !rec->msg->cred || !rec->msg->nnodes || rec->nodeid >= rec->msg->nnodes)
		return rec->batch ? 0 : -1;
	layout->place = calloc(rec->msg->nnodes, sizeof(*layout->place));
	if (!layout->place)
		return -1;
	layout->nodes = rec->msg->nnodes;
	layout->tasks = rec->msg->tasks_to_launch;
	layout->task_ids = rec->msg->global_task_ids;
	layout->own = rec->nodeid;
	if (!with_places)
		return 0;
	args = slurm_cred_get_args(rec->msg->cred);
	if (args && args->step_hostlist && args->job_hostlist)
		rc = find_places(layout->place, layout->nodes, args->step_hostlist, args->job_hostlist);
	if (args)
		slurm_cred_unlock_args(rec->msg->cred);
	if (rc)
		weft_layout_clear(layout);
	return rc;
}

void weft_layout_clear(struct weft_layout *layout)
{
	free(layout->place);
	*layout = (struct weft_layout){ .nodes = 0 };
}

char **weft_step_hosts(const char *hosts, uint32_t n)
{
	weft_hosts list = hosts ? hostlist_create(hosts) : NULL;
	char **names = NULL;

	if (list && (uint32_t)hostlist_count(list) == n)
		names = calloc((size_t)n + 1, sizeof(*names));
	for (uint32_t i = 0; names && i < n; i++) {
		names[i] = hostlist_shift(list);
		if (names[i])
			continue;
		for (uint32_t k = 0; k < i; k++)
			free(names[k]);
		free(names);
		names = NULL;
	}
	if (list)
		hostlist_destroy(list);
	return names;
}

int weft_step_host_place(const char *hosts, const char *name, uint32_t *n)
{
	weft_hosts list = hostlist_create(hosts);
	int place = -1;

	if (!list)
		return -1;
	*n = hostlist_count(list);
	place = hostlist_find(list, name);
	hostlist_destroy(list);
	return place;
}

bool weft_step_prolog_is_ctlds(void)
{
	return slurm_conf.prolog_flags & PROLOG_FLAG_ALLOC;
}

const char *weft_step_authinfo(void)
{
	return slurm_conf.authinfo;
}

uid_t weft_step_slurm_user(void)
{
	return slurm_conf.slurm_user_id;
}
