/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slurmctld.c - scontrol as a child, and its answer taken apart.
 */
#include "tools/slurmctld.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/child.h"
#include "core/json.h"
#include "core/sight.h"

#define WITHIN 20 /* s for an answer; slurmctld may be busy */
#define DEPTH  8
#define TRIES  8
#define PAUSE  300000000 /* ns between two */

/* -1 with ERR: there is none. */
static int run(const char *const *words, json_object **answer, struct weft_err *err)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/local/bin", "/opt/slurm/bin", NULL };
	char *argv[SLURMCTLD_WORDS + 5] = { "scontrol", "show", "bbstat", "json" };
	size_t len = 0;
	struct weft_err why = WEFT_ERR_INIT;
	int found = 0;
	char *text;

	for (unsigned i = 0; i < SLURMCTLD_WORDS && words[i]; i++)
		argv[i + 4] = (char *)words[i];
	text = weft_child_run(argv, dirs, WITHIN, WEFT_SIGHT_MAX_TEXT + 1, &len, &found, &why);
	if (!text)
		return found ? weft_err(err, "slurmctld does not answer (%s)", why.text)
			     : weft_err(err, "there is no scontrol here: is this a machine of the cluster?");
	if (len == 0 || text[0] != '{') {
		free(text);
		return weft_err(err, "slurmctld does not know the question: slurm.conf needs "
				     "BurstBufferType=burst_buffer/weft (doc/bbstat.md)");
	}
	*answer = NULL;
	if (!weft_json_parse(answer, "slurmctld's answer", text, len, DEPTH, err) && !*answer)
		weft_err(err, "slurmctld's answer is empty");
	free(text);
	return *answer ? 0 : -1;
}

/* Will it know more in a moment? */
static bool is_early(json_object *answer)
{
	return strstr(text_under(answer, "error"), "ask again in a second") ||
	       whole_under(answer, "partial") == 1;
}

json_object *slurmctld_ask(const char *const *words, struct weft_err *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE };
	json_object *answer = NULL;

	for (unsigned i = 0; i < TRIES; i++) {
		json_object_put(answer);
		answer = NULL;
		if (run(words, &answer, err))
			return NULL;
		if (!is_early(answer))
			break;
		nanosleep(&pause, NULL);
	}
	if (!*text_under(answer, "error"))
		return answer;
	weft_err(err, "%s", text_under(answer, "error"));
	json_object_put(answer);
	return NULL;
}

const char *text_under(json_object *o, const char *key)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(o, key, &value) || !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

int64_t whole_under(json_object *o, const char *key)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(o, key, &value) || !json_object_is_type(value, json_type_int))
		return -1;
	return json_object_get_int64(value);
}

double number_under(json_object *o, const char *key)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(o, key, &value) ||
	    (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double)))
		return NAN;
	return json_object_get_double(value);
}

json_object *list_under(json_object *o, const char *key, size_t *n)
{
	json_object *value = NULL;

	*n = 0;
	if (!json_object_object_get_ex(o, key, &value) || !json_object_is_type(value, json_type_array))
		return NULL;
	*n = json_object_array_length(value);
	return value;
}
