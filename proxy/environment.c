/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * environment.c - which of a job's variables go with it to another site.
 */
#include "proxy/environment.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/wrapper.h"

/* Names that stay here. */
static const char *const stay[] = {
	/* Slurm's, the peer's Slurm sets its own; SLURM_JWT is a secret. */
	"SLURM_*", "SLURMD_*", "SBATCH_*", "SALLOC_*", "SRUN_*", "SQUEUE_*", "SCONTROL_*", "SINFO_*",
	"SACCT_*", "SPANK_*", "_SLURM_*", "_SPANK_*", "PMI_*", "PMIX_*", "MUNGE_*",
	/* Weft's. */
	"WEFT_*",
	/* Of the cards here. */
	"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ZE_AFFINITY_MASK",
	"GPU_DEVICE_ORDINAL", "ASCEND_RT_VISIBLE_DEVICES", "ASCEND_VISIBLE_DEVICES", "MLU_VISIBLE_DEVICES",
	"MUSA_VISIBLE_DEVICES", "MTHREADS_VISIBLE_DEVICES", "XPU_VISIBLE_DEVICES", "GCU_VISIBLE_DEVICES",
	"NVIDIA_VISIBLE_DEVICES",
	/* Of the user, the machine and the session here. */
	"HOME", "USER", "LOGNAME", "USERNAME", "SHELL", "MAIL", "HOSTNAME", "HOST", "PWD", "OLDPWD", "SHLVL",
	"_", "TMPDIR", "TMP", "TEMP", "TTY", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "SSH_*", "DBUS_*",
	"XDG_*", "KRB5CCNAME", "GPG_AGENT_INFO", "SUDO_*", "TMUX", "TMUX_PANE", "STY", "WINDOW", "KONSOLE_*",
	"ENVIRONMENT", "JOURNAL_STREAM", "INVOCATION_ID", "NOTIFY_SOCKET"
};

/* Of Slurm's, what says which of an array this is. */
static const char *const keep[] = { "SLURM_ARRAY_JOB_ID",   "SLURM_ARRAY_TASK_ID",  "SLURM_ARRAY_TASK_COUNT",
				    "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP",
				    "SLURM_JOB_NAME" };

static bool starts(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static bool is_kept(const char *name)
{
	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
		if (!strcmp(keep[i], name))
			return true;
	return false;
}

static bool stays(const char *name)
{
	for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
		if (!fnmatch(stay[i], name, 0))
			return true;
	return false;
}

static bool is_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

	/* A function that bash has exported: BASH_FUNC_module%% */
	if (starts(name, "BASH_FUNC_"))
		return true;
	return *name && !(*name >= '0' && *name <= '9') && name[strspn(name, letters)] == '\0';
}

static int add(json_object *list, const char *name, const char *value)
{
	json_object *item;
	char *text;
	int rc;

	if (asprintf(&text, "%s=%s", name, value) < 0)
		return -1;
	item = json_object_new_string(text);
	free(text);
	rc = item ? json_object_array_add(list, item) : -1;
	if (rc)
		json_object_put(item);
	return rc;
}

static int add_variable(json_object *list, const char *entry)
{
	const char *equals = strchr(entry, '=');
	char *name, *kept = NULL;
	int rc = 0;

	if (!equals)
		return 0;
	name = strndup(entry, (size_t)(equals - entry));
	if (!name)
		return -1;
	if (is_kept(name))
		rc = asprintf(&kept, WEFT_KEEP_PREFIX "%s", name) < 0 ? -1 : add(list, kept, equals + 1);
	else if (starts(name, WEFT_PROXY_HELD))
		rc = add(list, name + strlen(WEFT_PROXY_HELD), equals + 1);
	else if (is_name(name) && !stays(name))
		rc = add(list, name, equals + 1);
	free(kept);
	free(name);
	return rc;
}

static int add_arguments(json_object *list, char *const *arguments)
{
	char name[32], count[16];
	int n = 0;

	for (; arguments && arguments[n]; n++) {
		snprintf(name, sizeof(name), "WEFT_ARG_%d", n + 1);
		if (add(list, name, arguments[n]))
			return -1;
	}
	snprintf(count, sizeof(count), "%d", n);
	return n ? add(list, "WEFT_ARGC", count) : 0;
}

json_object *weft_proxy_environment(const struct weft_proxy_sent *sent)
{
	json_object *list = json_object_new_array();
	int rc = list ? 0 : -1;

	for (char *const *entry = sent->environment; !rc && *entry; entry++)
		rc = add_variable(list, *entry);
	if (!rc)
		rc = add_arguments(list, sent->arguments);
	if (!rc && sent->join)
		rc = add(list, "WEFT_JOIN", "1");
	if (!rc)
		return list;
	json_object_put(list);
	return NULL;
}
