/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_spank.h - a SPANK host for unit tests: it keeps the job's and the task's environment in two small
 * tables, and what the plugin says in a text.  What it does was compared with src/common of Slurm and with
 * real daemons (tests/cluster).
 */
#ifndef WEFT_TESTS_FAKE_SPANK_H
#define WEFT_TESTS_FAKE_SPANK_H

#include <slurm/spank.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_VARS 64

struct fake_env {
	char *name[FAKE_VARS], *value[FAKE_VARS];
};

static struct {
	spank_context_t context;
	struct fake_env job;  /* spank_job_control_*() */
	struct fake_env task; /* spank_getenv() and the like */
	uint32_t step_id;
	int task_id;
	char said[4096];
} fake;

static inline char **fake_slot(struct fake_env *env, const char *name)
{
	for (int i = 0; i < FAKE_VARS; i++) {
		if (env->name[i] && !strcmp(env->name[i], name))
			return &env->value[i];
	}
	return NULL;
}

static inline const char *fake_get(struct fake_env *env, const char *name)
{
	char **slot = fake_slot(env, name);

	return slot ? *slot : NULL;
}

static inline void fake_unset(struct fake_env *env, const char *name)
{
	char **slot = fake_slot(env, name);

	if (!slot)
		return;
	free(env->name[slot - env->value]);
	env->name[slot - env->value] = NULL;
	free(*slot);
	*slot = NULL;
}

static inline void fake_set(struct fake_env *env, const char *name, const char *value)
{
	int i = 0;

	fake_unset(env, name);
	while (env->name[i])
		i++;
	env->name[i] = strdup(name);
	env->value[i] = strdup(value);
}

static inline void fake_clear(void)
{
	for (int i = 0; i < FAKE_VARS; i++) {
		free(fake.job.name[i]);
		free(fake.job.value[i]);
		free(fake.task.name[i]);
		free(fake.task.value[i]);
	}
	memset(&fake, 0, sizeof(fake));
}

static inline void fake_say(const char *prefix, const char *format, va_list args)
{
	size_t len = strlen(fake.said);

	len += snprintf(fake.said + len, sizeof(fake.said) - len, "%s", prefix);
	len += vsnprintf(fake.said + len, sizeof(fake.said) - len, format, args);
	snprintf(fake.said + len, sizeof(fake.said) - len, "\n");
}

void slurm_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fake_say("error: ", format, args);
	va_end(args);
}

void slurm_spank_log(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fake_say("", format, args);
	va_end(args);
}

const char *spank_strerror(spank_err_t err)
{
	return err ? "some error" : "Success";
}

spank_context_t spank_context(void)
{
	return fake.context;
}

spank_err_t spank_job_control_setenv(spank_t sp, const char *name, const char *value, int overwrite)
{
	(void)sp, (void)overwrite;
	fake_set(&fake.job, name, value);
	return ESPANK_SUCCESS;
}

spank_err_t spank_job_control_unsetenv(spank_t sp, const char *name)
{
	(void)sp;
	fake_unset(&fake.job, name);
	return ESPANK_SUCCESS;
}

spank_err_t spank_getenv(spank_t sp, const char *name, char *buf, int len)
{
	const char *value = fake_get(&fake.task, name);

	(void)sp;
	if (!value)
		return ESPANK_ENV_NOEXIST;
	return snprintf(buf, len, "%s", value) >= len ? ESPANK_NOSPACE : ESPANK_SUCCESS;
}

spank_err_t spank_setenv(spank_t sp, const char *name, const char *value, int overwrite)
{
	(void)sp;
	if (!overwrite && fake_get(&fake.task, name))
		return ESPANK_ENV_EXISTS;
	fake_set(&fake.task, name, value);
	return ESPANK_SUCCESS;
}

spank_err_t spank_unsetenv(spank_t sp, const char *name)
{
	(void)sp;
	fake_unset(&fake.task, name);
	return ESPANK_SUCCESS;
}

spank_err_t spank_get_item(spank_t sp, spank_item_t item, ...)
{
	spank_err_t rc = ESPANK_SUCCESS;
	va_list args;

	(void)sp;
	va_start(args, item);
	if (item == S_JOB_STEPID)
		*va_arg(args, uint32_t *) = fake.step_id;
	else if (item == S_TASK_ID)
		*va_arg(args, int *) = fake.task_id;
	else
		rc = ESPANK_BAD_ARG;
	va_end(args);
	return rc;
}

#endif
