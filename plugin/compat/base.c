/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base.c - reach the select/cons_tres that this plugin is stacked on.
 *
 * Stacked by linking: select_cons_tres.so is a dependency of our .so, and Slurm's dlsym() on our handle finds
 * there every hook that we do not define.  A hook that we do define calls the base's through a handle to that
 * library, since by name it would find itself.  (A delegate with a table of forwarders would be the other
 * way; it has to name 14 to 37 symbols that differ by release, and gains nothing.)
 */
#include "plugin/compat/base.h"

#include <dlfcn.h>

#define BASE_TYPE "select/cons_tres"

#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)
typedef int (*job_test_f)(job_record_t *, bitstr_t *, uint32_t, uint32_t, uint32_t, uint16_t, list_t *,
			  list_t **, bitstr_t *);
#else
typedef int (*job_test_f)(job_record_t *, bitstr_t *, uint32_t, uint32_t, uint32_t, uint16_t, list_t *,
			  list_t **, resv_exc_t *, will_run_data_t *);
#endif

static struct {
	void *handle;
	int (*init)(void);
	int (*fini)(void);
	job_test_f job_test;
	int (*job_begin)(job_record_t *);
	int (*job_fini)(job_record_t *);
	int (*job_expand)(job_record_t *, job_record_t *);
	int (*job_resized)(job_record_t *, node_record_t *);
	int (*nodeinfo_set)(job_record_t *);
	int (*node_init)(void);
	int (*reconfigure)(void);
} base;

void *weft_base_open(const char *hook, const char *type)
{
	void *next = dlsym(RTLD_NEXT, hook), *handle;
	const char *its_type;
	Dl_info info;

	if (!next || !dladdr(next, &info))
		return NULL;
	handle = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	its_type = handle ? dlsym(handle, "plugin_type") : NULL;
	return its_type && !xstrcmp(its_type, type) ? handle : NULL;
}

int weft_base_init(void)
{
	if (base.handle)
		return SLURM_SUCCESS;
	base.handle = weft_base_open("select_p_job_test", BASE_TYPE);
	if (!base.handle) {
		error("weft: " BASE_TYPE " is not there to stack on");
		return SLURM_ERROR;
	}
	*(void **)&base.init = dlsym(base.handle, "init");
	*(void **)&base.fini = dlsym(base.handle, "fini");
	*(void **)&base.job_test = dlsym(base.handle, "select_p_job_test");
	*(void **)&base.job_begin = dlsym(base.handle, "select_p_job_begin");
	*(void **)&base.job_fini = dlsym(base.handle, "select_p_job_fini");
	*(void **)&base.job_expand = dlsym(base.handle, "select_p_job_expand");
	*(void **)&base.job_resized = dlsym(base.handle, "select_p_job_resized");
	*(void **)&base.nodeinfo_set = dlsym(base.handle, "select_p_select_nodeinfo_set");
	*(void **)&base.node_init = dlsym(base.handle, "select_p_node_init");
	*(void **)&base.reconfigure = dlsym(base.handle, "select_p_reconfigure");
	if (!base.init || !base.fini || !base.job_test || !base.job_begin || !base.job_fini ||
	    !base.job_expand || !base.job_resized || !base.nodeinfo_set || !base.node_init ||
	    !base.reconfigure) {
		error("weft: " BASE_TYPE " lacks a hook that Weft calls");
		return SLURM_ERROR;
	}
	return base.init();
}

int weft_base_fini(void)
{
	return base.fini ? base.fini() : SLURM_SUCCESS;
}

int weft_base_job_test(struct weft_ask *ask)
{
	return base.job_test(ask->job, ask->nodes, ask->min_nodes, ask->max_nodes, ask->req_nodes, ask->mode,
			     ask->preemptee_candidates, ask->preemptee_job_list,
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)
			     ask->exc_core_bitmap);
#else
			     ask->resv_exc_ptr, ask->will_run_ptr);
#endif
}

int weft_base_job_begin(job_record_t *job)
{
	return base.job_begin(job);
}

int weft_base_job_fini(job_record_t *job)
{
	return base.job_fini(job);
}

int weft_base_job_expand(job_record_t *from, job_record_t *to)
{
	return base.job_expand(from, to);
}

int weft_base_job_resized(job_record_t *job, node_record_t *node)
{
	return base.job_resized(job, node);
}

int weft_base_nodeinfo_set(job_record_t *job)
{
	return base.nodeinfo_set(job);
}

int weft_base_node_init(void)
{
	return base.node_init();
}

int weft_base_reconfigure(void)
{
	return base.reconfigure();
}

struct weft_span weft_base_span(const struct weft_ask *ask)
{
	static const char key[] = "bf_window_linear=";
	const char *step = slurm_conf.sched_params ? xstrcasestr(slurm_conf.sched_params, key) : NULL;
	struct weft_span span = { .window_step = step ? strtol(step + strlen(key), NULL, 10) : 0 };

#if SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(23, 11, 0)
	if (ask->will_run_ptr) {
		span.start = ask->will_run_ptr->start;
		span.end = ask->will_run_ptr->end;
	}
#else
	(void)ask;
#endif
	span.window_step = MAX(span.window_step, 0);
	return span;
}

bool weft_base_same_bounds(const struct weft_ask *a, const struct weft_ask *b)
{
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)
	return a->exc_core_bitmap == b->exc_core_bitmap;
#else
	return a->resv_exc_ptr == b->resv_exc_ptr && a->will_run_ptr == b->will_run_ptr;
#endif
}

bool weft_base_devices_reserved(const struct weft_ask *ask)
{
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)
	(void)ask;
	return false;
#else
	return ask->resv_exc_ptr && (ask->resv_exc_ptr->gres_list_exc || ask->resv_exc_ptr->gres_list_inc);
#endif
}

bool weft_base_starts_later(const struct weft_ask *ask)
{
	return weft_base_span(ask).start > time(NULL);
}

bool weft_base_groups_are_known(const struct weft_ask *ask)
{
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 2, 0)
	(void)ask;
	return true;
#else
	return SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(25, 5, 0) && !ask->job->license_list;
#endif
}

bool weft_base_topology_is_flat(void)
{
	const char *plugin = slurm_conf.topology_plugin;

	return !plugin || !xstrcmp(plugin, "topology/none") || !xstrcmp(plugin, "topology/default") ||
	       !xstrcmp(plugin, "topology/flat");
}

bool weft_base_overlap_is_by_node(void)
{
	return SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0) || weft_base_topology_is_flat();
}

void weft_base_copy_nearness(const node_record_t *from, node_record_t *to)
{
	to->sched_weight = (to->sched_weight & ~(uint64_t)0xff) | (from->sched_weight & 0xff);
}

uint64_t *weft_base_take_nearness(void)
{
	uint64_t *noted = xcalloc(node_record_count, sizeof(*noted));

	for (int i = 0; i < node_record_count; i++) {
		if (node_record_table_ptr[i])
			noted[i] = node_record_table_ptr[i]->sched_weight;
	}
	return noted;
}

void weft_base_put_nearness(uint64_t *noted)
{
	for (int i = 0; i < node_record_count; i++) {
		if (node_record_table_ptr[i])
			node_record_table_ptr[i]->sched_weight = noted[i];
	}
	xfree(noted);
}
