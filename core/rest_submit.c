/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest_submit.c - the body of a submission, in each version's words.
 *
 * v0.0.38 takes sbatch's options by name and refuses keys that it does not know; later versions take the
 * fields of the job description.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest_private.h"

#define MAX_CARDS 1000000u /* of a job */

/* A body that grows; the first thing that fails is kept. */
struct body {
	int version;
	json_object *job;
	bool failed;
};

/* Takes VALUE over. */
static void put_in(struct body *b, json_object *in, const char *key, json_object *value)
{
	if (!value || json_object_object_add(in, key, value)) {
		json_object_put(value);
		b->failed = true;
	}
}

static void put(struct body *b, const char *key, json_object *value)
{
	put_in(b, b->job, key, value);
}

static void put_text(struct body *b, const char *key, const char *text)
{
	if (text)
		put(b, key, json_object_new_string(text));
}

static void put_number(struct body *b, const char *key, uint64_t number)
{
	if (number > 0)
		put(b, key, json_object_new_int64((int64_t)number));
}

/* A number that may also be unset or infinite, as later versions want it. */
static void put_set_number(struct body *b, const char *key, uint64_t number)
{
	json_object *value;

	if (b->version < 40 || number == 0) {
		put_number(b, key, number);
		return;
	}
	value = json_object_new_object();
	if (value) {
		put_in(b, value, "set", json_object_new_boolean(1));
		put_in(b, value, "infinite", json_object_new_boolean(0));
		put_in(b, value, "number", json_object_new_int64((int64_t)number));
	}
	put(b, key, value);
}

/* "NAME=VALUE" as a member of an object, or as an entry of a list. */
static int put_variable(struct body *b, json_object *env, const char *variable, struct weft_err *err)
{
	const char *equals = strchr(variable, '=');
	char name[WEFT_REST_MAX_NAME + 1];

	if (!equals || equals == variable)
		return weft_err(err, "\"%.40s\" in the environment is not NAME=VALUE", variable);
	if ((size_t)(equals - variable) > WEFT_REST_MAX_NAME)
		return weft_err(err, "a name in the environment has more than %d bytes", WEFT_REST_MAX_NAME);
	if (b->version >= 40) {
		json_object *value = json_object_new_string(variable);

		if (!value || json_object_array_add(env, value)) {
			json_object_put(value);
			b->failed = true;
		}
		return 0;
	}
	memcpy(name, variable, (size_t)(equals - variable));
	name[equals - variable] = '\0';
	put_in(b, env, name, json_object_new_string(equals + 1));
	return 0;
}

static int put_environment(struct body *b, const char *const *environment, struct weft_err *err)
{
	json_object *env = b->version < 40 ? json_object_new_object() : json_object_new_array();
	int rc = 0;

	if (!environment || !environment[0])
		rc = weft_err(err, "the environment is empty, which slurmrestd refuses");
	for (size_t i = 0; rc == 0 && env && environment[i]; i++)
		rc = put_variable(b, env, environment[i], err);
	put(b, "environment", env);
	return rc;
}

/* An entry of a request for cards. */
struct cards {
	const char *name;	   /* "gpu" or "gpu:h100" */
	size_t name_len, kind_len; /* KIND_LEN: of "gpu" */
	unsigned long count;
};

/* "NAME[:TYPE]:COUNT" at TEXT; where the next one begins, or the end; NULL with ERR. */
static const char *next_cards(const char *text, struct cards *c, struct weft_err *err)
{
	size_t len = strcspn(text, ","), kind = strcspn(text, ":,"), colon = len;
	const char *digits;

	while (colon > 0 && text[colon - 1] != ':')
		colon--;
	digits = text + colon;
	*c = (struct cards){ text, colon > 0 ? colon - 1 : 0, kind, 0 };
	if (c->name_len > 0 && len > colon && len - colon < 9 && strspn(digits, "0123456789") == len - colon)
		c->count = strtoul(digits, NULL, 10);
	if (kind == 0 || c->name_len < kind || c->count == 0 || c->count > MAX_CARDS) {
		weft_err(err, "gres \"%.*s\" is not NAME:COUNT or NAME:TYPE:COUNT", len < 60 ? (int)len : 60,
			 text);
		return NULL;
	}
	return text + len + (text[len] == ',');
}

/* Add "PREFIX" "NAME:COUNT" to TEXT, which has SIZE bytes; -1: it is full. */
static int add_cards(char *text, size_t size, const char *prefix, const char *name, size_t len,
		     unsigned long count)
{
	size_t used = strlen(text);
	int n = snprintf(text + used, size - used, "%s%s%.*s%s%lu", used ? "," : "", prefix, (int)len, name,
			 len ? ":" : "", count);

	return n < 0 || (size_t)n >= size - used ? -1 : 0;
}

/* v0.0.38 has cards of the whole job only for those named gpu, and the others per node. */
static int put_old_gres(struct body *b, const struct weft_rest_job *job, struct weft_err *err)
{
	uint32_t nodes = job->nodes ? job->nodes : 1;
	char gpus[1024] = "", others[1024] = "";
	struct cards c;

	for (const char *at = job->gres; *at;) {
		int rc;

		at = next_cards(at, &c, err);
		if (!at)
			return -1;
		if (c.kind_len == 3 && !strncmp(c.name, "gpu", 3)) {
			size_t skip = c.name_len > 3 ? 4 : 3;

			rc = add_cards(gpus, sizeof(gpus), "", c.name + skip, c.name_len - skip, c.count);
		} else if (c.count % nodes != 0) {
			return weft_err(err,
					"v0.0.38 of slurmrestd asks for %.*s by the node: %u nodes cannot "
					"share %lu evenly",
					(int)c.kind_len, c.name, nodes, c.count);
		} else {
			rc = add_cards(others, sizeof(others), "", c.name, c.name_len, c.count / nodes);
		}
		if (rc)
			return weft_err(err, "gres is too long");
	}
	put_text(b, "gpus", gpus[0] ? gpus : NULL);
	put_text(b, "gres", others[0] ? others : NULL);
	if (others[0] && job->nodes == 0)
		put_text(b, "nodes", "1");
	return 0;
}

static int put_gres(struct body *b, const struct weft_rest_job *job, struct weft_err *err)
{
	char text[1024] = "";
	struct cards c;

	for (const char *at = job->gres; *at;) {
		at = next_cards(at, &c, err);
		if (!at)
			return -1;
		if (add_cards(text, sizeof(text), "gres/", c.name, c.name_len, c.count))
			return weft_err(err, "gres is too long");
	}
	put_text(b, "tres_per_job", text);
	return 0;
}

static void put_times(struct body *b, const struct weft_rest_job *job)
{
	char text[32];

	put_set_number(b, "time_limit", job->minutes);
	if (job->deadline <= 0)
		return;
	if (b->version >= 40) {
		put(b, "deadline", json_object_new_int64((int64_t)job->deadline));
		return;
	}
	snprintf(text, sizeof(text), "uts%lld",
		 (long long)job->deadline); /* seconds; a date would be in the peer's zone */
	put_text(b, "deadline", text);
}

static int put_job(struct body *b, const struct weft_rest_job *job, struct weft_err *err)
{
	char nodes[16];

	snprintf(nodes, sizeof(nodes), "%u", job->nodes);
	put_text(b, "name", job->name);
	put_text(b, "partition", job->partition);
	put_text(b, "account", job->account);
	put_text(b, "qos", job->qos);
	put_text(b, "comment", job->comment);
	put_text(b, "current_working_directory", job->directory);
	put_text(b, "standard_output", job->output);
	put_text(b, "standard_error", job->error);
	put_text(b, "nodes", job->nodes ? nodes : NULL);
	put_number(b, "tasks", job->tasks);
	put_number(b, "cpus_per_task", job->cpus_per_task);
	put_set_number(b, "memory_per_node", job->memory_mb);
	put_times(b, job);
	if (job->hold)
		put(b, "hold", json_object_new_boolean(1));
	/* v0.0.38 takes requeue=false for true. */
	if (b->version >= 40)
		put(b, "requeue", json_object_new_boolean(job->requeue));
	else
		put(b, job->requeue ? "requeue" : "no_requeue", json_object_new_boolean(1));
	if (job->gres && job->gres[0] && (b->version >= 40 ? put_gres : put_old_gres)(b, job, err))
		return -1;
	return put_environment(b, job->environment, err);
}

/* The text of the whole; NULL: out of memory. */
static char *body_text(struct body *b, const char *script)
{
	json_object *root = json_object_new_object(), *in = b->version >= 40 ? b->job : root;
	const char *text = NULL;
	char *copy = NULL;

	if (root) {
		put_in(b, in, "script", json_object_new_string(script));
		put_in(b, root, "job", json_object_get(b->job));
	}
	if (root && !b->failed)
		text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
								    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		copy = strdup(text);
	json_object_put(root);
	return copy;
}

static bool is_known(int version)
{
	for (const int *v = weft_rest_versions; *v; v++)
		if (*v == version)
			return true;
	return false;
}

char *weft_rest_submit(int version, const struct weft_rest_job *job, struct weft_err *err)
{
	struct body b = { .version = version };
	char *text = NULL;

	if (!is_known(version)) {
		weft_err(err, "v0.0.%d of slurmrestd is not known", version);
		return NULL;
	}
	if (!job->script || !job->script[0]) {
		weft_err(err, "there is no script");
		return NULL;
	}
	b.job = json_object_new_object();
	if (!b.job || put_job(&b, job, err) == 0)
		text = b.job ? body_text(&b, job->script) : NULL;
	if (!text)
		weft_err(err, "out of memory"); /* or what was said before */
	json_object_put(b.job);
	return text;
}
