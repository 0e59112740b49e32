/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wish.c - find a job's request, wherever it came from.
 */
#include "plugin/compat/job.h"
#include "plugin/job_submit/fill.h"

static void wish_common(struct weft_wish *wish, const job_desc_msg_t *desc)
{
	wish->partition = desc->partition;
	wish->min_nodes = desc->min_nodes == NO_VAL ? 0 : desc->min_nodes;
	wish->max_nodes = desc->max_nodes == NO_VAL ? 0 : desc->max_nodes;
}

static bool wish_of_env(struct weft_wish *wish, char *const *env, uint32_t size)
{
	wish->accel = weft_env_get(env, size, WEFT_ENV_ACCEL);
	if (!wish->accel || !wish->accel[0])
		return false;
	wish->policy = weft_env_get(env, size, WEFT_ENV_POLICY);
	wish->app = weft_env_get(env, size, WEFT_ENV_APP);
	return true;
}

/* The value when FIELD is "KEY = value", trimmed in place; NULL otherwise. */
static char *field_value(char *field, const char *key)
{
	size_t len = strlen(key);
	char *end;

	field += strspn(field, " \t");
	if (xstrncasecmp(field, key, len))
		return NULL;
	field += len;
	field += strspn(field, " \t");
	if (*field != '=')
		return NULL;
	field += 1;
	field += strspn(field, " \t");
	end = field + strlen(field);
	while (end > field && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return field;
}

/* A comment of another kind is none of ours. */
static bool is_ours(const char *comment)
{
	return comment && (!xstrncasecmp(comment, "accel", 5) || !xstrncasecmp(comment, "burst", 5));
}

char *weft_comment_value(const char *comment, const char *key)
{
	char *copy, *field, *rest, *value = NULL;

	if (!is_ours(comment))
		return NULL;
	copy = rest = xstrdup(comment);
	while (!value && (field = strsep(&rest, ";")))
		value = field_value(field, key);
	value = value ? xstrdup(value) : NULL;
	xfree(copy);
	return value;
}

bool weft_wish_of_comment(struct weft_wish *wish, const char *comment)
{
	char *field, *rest;

	*wish = (struct weft_wish){ 0 };
	if (!is_ours(comment))
		return false;
	wish->texts = rest = xstrdup(comment);
	while ((field = strsep(&rest, ";"))) {
		char *value;

		if ((value = field_value(field, "accel")))
			wish->accel = value;
		else if ((value = field_value(field, "accel-policy")))
			wish->policy = value;
		else if ((value = field_value(field, "accel-app")))
			wish->app = value;
	}
	if (wish->accel)
		return true;
	weft_wish_clear(wish);
	return false;
}

/* Of a heterogeneous batch job only the first component carries the script. */
static bool is_batch(const job_desc_msg_t *desc)
{
	return desc->script || (desc->het_job_offset && desc->het_job_offset != NO_VAL);
}

bool weft_wish_of_desc(struct weft_wish *wish, const job_desc_msg_t *desc)
{
	uint32_t env_size = is_batch(desc) && desc->environment ? desc->env_size : 0;

	*wish = (struct weft_wish){ 0 };
	if (!wish_of_env(wish, desc->spank_job_env, desc->spank_job_env_size) &&
	    !wish_of_env(wish, desc->environment, env_size)) {
		if (!weft_wish_of_comment(wish, desc->comment))
			return false;
		wish->unmarked = !is_batch(desc);
	}
	wish_common(wish, desc);
	return true;
}

void weft_wish_clear(struct weft_wish *wish)
{
	xfree(wish->texts);
	*wish = (struct weft_wish){ 0 };
}
