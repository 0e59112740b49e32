/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack.c - loads the burst buffer plugin of the site.
 *
 * It is named in weft.conf, so it cannot be linked to as select/cons_tres is; and it is loaded for itself, so
 * that the names that it refers to are its own.
 */
#include "plugin/compat/stack.h"

#include <dlfcn.h>

const struct weft_bb *weft_bb_base;

static struct weft_bb bb;
static void *handle;
static int (*base_fini)(void);

/* burst_buffer_NAME.so in the first directory of PluginDir that has one. */
static void *open_in(char *dirs, const char *name)
{
	void *found = NULL;

	while (!found && dirs && *dirs) {
		char *colon = strchr(dirs, ':'), *path;

		if (colon)
			*colon = '\0';
		path = xstrdup_printf("%s/burst_buffer_%s.so", dirs, name);
		if (!access(path, R_OK)) {
			found = dlopen(path, RTLD_LAZY);
			if (!found)
				error("weft: BurstBufferStack: %s", dlerror());
		}
		xfree(path);
		dirs = colon ? colon + 1 : NULL;
	}
	return found;
}

/* The first hook that it lacks; NULL: none. */
static const char *find_hooks(void)
{
#define FIND(type, name, params, args, without)                                                              \
	*(void **)&bb.name = dlsym(handle, "bb_p_" #name);                                                   \
	if (!bb.name)                                                                                        \
		return "bb_p_" #name;
	WEFT_BB_HOOKS(FIND)
	FIND(, load_state, , , )
	FIND(, get_status, , , )
	FIND(, job_set_tres_cnt, , , )
	return NULL;
}

static int check(const char *name)
{
	const uint32_t *version = dlsym(handle, "plugin_version");
	const char *lacks = find_hooks();

	if (!version || *version != SLURM_VERSION_NUMBER)
		error("weft: BurstBufferStack: burst_buffer/%s is not of Slurm %s", name,
		      SLURM_VERSION_STRING);
	else if (lacks)
		error("weft: BurstBufferStack: burst_buffer/%s has no %s", name, lacks);
	else
		return SLURM_SUCCESS;
	return SLURM_ERROR;
}

int weft_bb_open(const char *name)
{
	char *dirs = xstrdup(slurm_conf.plugindir);
	int (*base_init)(void);

	handle = open_in(dirs, name);
	xfree(dirs);
	if (!handle) {
		error("weft: BurstBufferStack: there is no burst_buffer/%s in PluginDir", name);
		return SLURM_ERROR;
	}
	*(void **)&base_init = dlsym(handle, "init");
	*(void **)&base_fini = dlsym(handle, "fini");
	if (check(name) != SLURM_SUCCESS || (base_init && base_init() != SLURM_SUCCESS))
		return SLURM_ERROR;
	weft_bb_base = &bb;
	info("weft: burst_buffer/%s is underneath burst_buffer/weft", name);
	return SLURM_SUCCESS;
}

int weft_bb_close(void)
{
	int rc = weft_bb_base && base_fini ? base_fini() : SLURM_SUCCESS;

	weft_bb_base = NULL;
	if (handle)
		dlclose(handle);
	handle = NULL;
	return rc;
}
