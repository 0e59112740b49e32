/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * question.c - the values of a question, and what "attach" asks for.
 */
#include "weftd/question.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/handover.h"
#include "core/json.h"
#include "core/nearest.h"
#include "core/scan.h"
#include "core/wrapper.h"

#define MAX_CLUSTER 64
#define MAX_TIME    7258118399ll /* the end of the year 2199 */
#define MAX_MINUTES (366 * 24 * 60)
#define ACCEL	    "WEFT_ACCEL="
#define TOKEN	    "SLURM_JWT=" /* a token is for no job */

/* ---------------------------------------------------------------- values */

/* 1: it is there. */
static int find(json_object *question, const char *key, bool required, json_object **value,
		struct weft_err *err)
{
	if (json_object_object_get_ex(question, key, value) && *value)
		return 1;
	return required ? weft_err(err, "%s: missing", key) : 0;
}

int weft_question_text(json_object *question, const char *key, bool required, size_t max, const char **text,
		       struct weft_err *err)
{
	json_object *value = NULL;
	int rc = find(question, key, required, &value, err);
	size_t len;

	*text = NULL;
	if (rc <= 0)
		return rc;
	if (!json_object_is_type(value, json_type_string))
		return weft_err(err, "%s: must be a string, not %s", key, weft_json_kind(value));
	*text = json_object_get_string(value);
	len = (size_t)json_object_get_string_len(value);
	if (len == 0 || len > max)
		return weft_err(err, "%s: must have 1 to %zu bytes", key, max);
	for (size_t i = 0; i < len; i++) {
		if ((*text)[i] < ' ' || (*text)[i] > '~')
			return weft_err(err, "%s: may have printable ASCII alone", key);
	}
	return 0;
}

int weft_question_whole(json_object *question, const char *key, bool required, int64_t min, int64_t max,
			int64_t *n, struct weft_err *err)
{
	json_object *value = NULL;
	int rc = find(question, key, required, &value, err);

	*n = 0;
	if (rc <= 0)
		return rc;
	if (!json_object_is_type(value, json_type_int))
		return weft_err(err, "%s: must be a whole number", key);
	*n = json_object_get_int64(value);
	if (*n < min || *n > max)
		return weft_err(err, "%s: must be %lld to %lld", key, (long long)min, (long long)max);
	return 0;
}

int weft_question_flag(json_object *question, const char *key, bool *flag, struct weft_err *err)
{
	json_object *value = NULL;

	*flag = false;
	if (find(question, key, false, &value, NULL) <= 0)
		return 0;
	if (!json_object_is_type(value, json_type_boolean))
		return weft_err(err, "%s: must be true or false, not %s", key, weft_json_kind(value));
	*flag = json_object_get_boolean(value);
	return 0;
}

int weft_question_keys(json_object *question, const char *const *keys, struct weft_err *err)
{
	static const char *const every[] = { "weftd", "id", "ask", NULL };

	json_object_object_foreach(question, key, value)
	{
		const char *near;
		bool known = false;

		(void)value;
		for (int i = 0; every[i] && !known; i++)
			known = !strcmp(every[i], key);
		for (int i = 0; keys[i] && !known; i++)
			known = !strcmp(keys[i], key);
		if (known)
			continue;
		near = weft_nearest(key, keys);
		return weft_err(err, "unknown key \"%s\"%s%s%s", weft_snip(key, strlen(key)).text,
				near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	return 0;
}

/* ---------------------------------------------------------------- the job */

static const struct weft_conf_peer *find_peer(const struct weft_conf *conf, const char *name,
					      struct weft_err *err)
{
	const struct weft_conf_peer *peer = weft_conf_find_peer(conf, name);
	unsigned best = weft_nearest_start(name);
	const char *near = NULL;

	if (peer)
		return peer;
	for (size_t i = 0; i < conf->n_peers; i++)
		near = weft_nearest_of(name, conf->peers[i].name, near, &best);
	weft_err(err, "there is no peer \"%s\"%s%s%s", weft_snip(name, strlen(name)).text,
		 near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return NULL;
}

int weft_question_job(const struct weft_conf *conf, json_object *question, struct weft_question_job *job,
		      struct weft_err *err)
{
	const char *peer;
	int64_t id, submit;

	if (weft_question_text(question, "peer", true, WEFT_NAME_MAX, &peer, err) < 0)
		return -1;
	job->peer = find_peer(conf, peer, err);
	if (!job->peer ||
	    weft_question_text(question, "cluster", true, MAX_CLUSTER, &job->cluster, err) < 0 ||
	    weft_question_whole(question, "job", true, 1, UINT32_MAX - 1, &id, err) < 0 ||
	    weft_question_whole(question, "submit", true, 1, MAX_TIME, &submit, err) < 0)
		return -1;
	job->job = (uint32_t)id;
	job->submit = submit;
	return weft_handover_key(job->key, sizeof(job->key), job->cluster, job->job, job->submit, err);
}

/* ---------------------------------------------------------------- the order */

/* weft_base64() breaks its text into lines, and OpenSSL takes none.  TO has room for as many bytes as TEXT
 * has. How many there are; -1: it is not base64. */
static int decode(char *to, const char *text, size_t len)
{
	char *flat = len <= INT32_MAX ? malloc(len + 1) : NULL;
	size_t n_flat = 0;
	int n;

	if (!flat)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n')
			flat[n_flat++] = text[i];
	}
	n = EVP_DecodeBlock((unsigned char *)to, (const unsigned char *)flat, (int)n_flat);
	/* What fills up the last group comes out as bytes, too. */
	for (size_t i = n_flat; i > 0 && flat[i - 1] == '=' && n > 0; i--)
		n--;
	free(flat);
	return n;
}

static int read_script(json_object *question, struct weft_question_order *order, struct weft_err *err)
{
	json_object *plain = NULL, *coded = NULL;
	const char *text;
	size_t len;
	int n;

	find(question, "script", false, &plain, NULL);
	find(question, "script_base64", false, &coded, NULL);
	if (!plain == !coded)
		return weft_err(err, "script: either script or script_base64 is needed");
	if (!json_object_is_type(plain ? plain : coded, json_type_string))
		return weft_err(err, "script: must be a string, not %s",
				weft_json_kind(plain ? plain : coded));
	text = json_object_get_string(plain ? plain : coded);
	len = (size_t)json_object_get_string_len(plain ? plain : coded);
	order->script = malloc(len + 4);
	if (!order->script)
		return weft_err(err, "out of memory");
	if (plain) {
		memcpy(order->script, text, len + 1);
	} else {
		n = decode(order->script, text, len);
		if (n < 0)
			return weft_err(err, "script_base64: is not base64");
		len = (size_t)n;
		order->script[len] = '\0';
	}
	if (len == 0 || strlen(order->script) != len)
		return weft_err(err, "script: is empty, or has a NUL byte in it");
	order->run.what.script = order->script;
	return 0;
}

static int read_environment(json_object *question, struct weft_question_order *order, struct weft_err *err)
{
	json_object *list = NULL;
	size_t n, used = 0;

	if (find(question, "environment", true, &list, err) < 0)
		return -1;
	if (!json_object_is_type(list, json_type_array))
		return weft_err(err, "environment: must be a list, not %s", weft_json_kind(list));
	n = json_object_array_length(list);
	if (n > WEFT_QUESTION_MAX_ENV)
		return weft_err(err, "environment: more than %d entries", WEFT_QUESTION_MAX_ENV);
	order->environment = calloc(n + 2, sizeof(*order->environment)); /* with --accel, and the NULL */
	if (!order->environment)
		return weft_err(err, "out of memory");
	for (size_t i = 0; i < n; i++) {
		json_object *value = json_object_array_get_idx(list, i);
		const char *text = json_object_get_string(value);

		if (!json_object_is_type(value, json_type_string) || !strchr(text, '=') || text[0] == '=' ||
		    strlen(text) != (size_t)json_object_get_string_len(value))
			return weft_err(err, "environment, entry %zu: is not NAME=VALUE", i + 1);
		if (strncmp(text, TOKEN, strlen(TOKEN)) != 0 && strncmp(text, ACCEL, strlen(ACCEL)) != 0)
			order->environment[used++] = text;
	}
	if (order->accel)
		order->environment[used++] = order->accel;
	order->run.what.environment = order->environment;
	return 0;
}

/* Cards: as --accel where the peer understands it, else as gres. */
static int read_cards(json_object *question, const struct weft_conf_peer *peer,
		      struct weft_question_order *order, struct weft_err *err)
{
	const char *gres, *accel;
	size_t size;

	if (weft_question_text(question, "gres", false, WEFT_QUESTION_MAX_WORD, &gres, err) < 0 ||
	    weft_question_text(question, "accel", false, WEFT_QUESTION_MAX_WORD * 4, &accel, err) < 0)
		return -1;
	if (!gres && !accel)
		return weft_err(err, "gres: either gres or accel is needed");
	if (!gres && !peer->weft)
		return weft_err(err, "%s does not run Weft: gres is needed", peer->name);
	if (gres && strspn(gres, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+:,") !=
			    strlen(gres))
		return weft_err(err, "gres: \"%s\" is not such as gpu:h100:8",
				weft_snip(gres, strlen(gres)).text);
	if (!accel || !peer->weft) {
		order->run.what.gres = gres;
		return 0;
	}
	size = strlen(accel) + sizeof(ACCEL);
	order->accel = malloc(size);
	if (!order->accel)
		return weft_err(err, "out of memory");
	snprintf(order->accel, size, ACCEL "%s", accel);
	return 0;
}

static int read_sizes(json_object *question, struct weft_question_order *order, struct weft_err *err)
{
	struct weft_rest_job *what = &order->run.what;
	int64_t nodes, tasks, cpus, memory, minutes, restarts;

	if (weft_question_whole(question, "nodes", false, 1, 1000000, &nodes, err) < 0 ||
	    weft_question_whole(question, "tasks", false, 1, 10000000, &tasks, err) < 0 ||
	    weft_question_whole(question, "cpus_per_task", false, 1, 65535, &cpus, err) < 0 ||
	    weft_question_whole(question, "memory_mb", false, 1, 1ll << 40, &memory, err) < 0 ||
	    weft_question_whole(question, "minutes", true, 1, MAX_MINUTES, &minutes, err) < 0 ||
	    weft_question_whole(question, "restarts", true, 0, UINT32_MAX, &restarts, err) < 0)
		return -1;
	what->nodes = (uint32_t)nodes;
	what->tasks = (uint32_t)tasks;
	what->cpus_per_task = (uint32_t)cpus;
	what->memory_mb = (uint64_t)memory;
	what->minutes = (uint32_t)minutes;
	order->run.restarts = (uint32_t)restarts;
	return weft_question_flag(question, "requeue", &what->requeue, err);
}

char *weft_question_top(const char *directory, const char *user)
{
	char *top = NULL;
	size_t size;
	FILE *f = open_memstream(&top, &size);
	bool failed;

	if (!f)
		return NULL;
	for (const char *s = directory; *s; s++) {
		if (*s == '%' && s[1] == 'u')
			fputs(user, f);
		else
			fputc(*s, f);
		s += *s == '%'; /* weft.conf has nothing but %u and %% in it */
	}
	failed = ferror(f);
	failed = fclose(f) != 0 || failed;
	if (!failed)
		return top;
	free(top);
	return NULL;
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

int weft_question_make(json_object *question, const struct weft_question_job *job, uid_t uid,
		       const char *user, const struct weft_user_there *there,
		       struct weft_question_order *order, struct weft_err *err)
{
	struct weft_rest_job *what = &order->run.what;

	*order = (struct weft_question_order){ .run = { .peer = job->peer->name,
							.cluster = job->cluster,
							.job = job->job,
							.submit = job->submit,
							.uid = uid,
							.user = user,
							.remote_user = there->name } };
	what->partition = or_null(there->partition);
	what->account = or_null(there->account);
	what->qos = or_null(there->qos);
	/* The wrapper goes to its own directory, and its output there. */
	what->directory = "/";
	what->output = "/dev/null";
	order->top = weft_question_top(job->peer->directory, there->name);
	order->run.remote_top = order->top;
	if (!order->top)
		weft_err(err, "out of memory");
	else if (read_cards(question, job->peer, order, err) == 0 && read_script(question, order, err) == 0 &&
		 read_environment(question, order, err) == 0 && read_sizes(question, order, err) == 0)
		return 0;
	weft_question_clear(order);
	return -1;
}

const char *weft_question_cards(const struct weft_question_order *order)
{
	return order->run.what.gres ? order->run.what.gres : order->accel + strlen(ACCEL);
}

void weft_question_clear(struct weft_question_order *order)
{
	free(order->environment);
	free(order->script);
	free(order->accel);
	free(order->top);
	*order = (struct weft_question_order){ 0 };
}
