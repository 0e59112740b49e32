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
	int (*node_init)(void);
	int (*reconfigure)(void);
} base;

/* The library that defines the next select_p_job_test after ours: a handle, or NULL. */
static void *base_open(void)
{
	Dl_info info;
	void *next = dlsym(RTLD_NEXT, "select_p_job_test");

	if (!next || !dladdr(next, &info))
		return NULL;
	return dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
}

int weft_base_init(void)
{
	const char *type;

	if (base.handle)
		return SLURM_SUCCESS;
	base.handle = base_open();
	type = base.handle ? dlsym(base.handle, "plugin_type") : NULL;
	if (!type || xstrcmp(type, BASE_TYPE)) {
		error("weft: " BASE_TYPE " is not there to stack on");
		return SLURM_ERROR;
	}
	*(void **)&base.init = dlsym(base.handle, "init");
	*(void **)&base.fini = dlsym(base.handle, "fini");
	*(void **)&base.job_test = dlsym(base.handle, "select_p_job_test");
	*(void **)&base.job_begin = dlsym(base.handle, "select_p_job_begin");
	*(void **)&base.job_fini = dlsym(base.handle, "select_p_job_fini");
	*(void **)&base.node_init = dlsym(base.handle, "select_p_node_init");
	*(void **)&base.reconfigure = dlsym(base.handle, "select_p_reconfigure");
	if (!base.init || !base.fini || !base.job_test || !base.job_begin || !base.job_fini ||
	    !base.node_init || !base.reconfigure) {
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

int weft_base_node_init(void)
{
	return base.node_init();
}

int weft_base_reconfigure(void)
{
	return base.reconfigure();
}
