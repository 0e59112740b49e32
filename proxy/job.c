/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job.c - what the proxy knows of the job.
 */
#include "proxy/job.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/burst.h"
#include "core/file.h"
#include "core/money.h"
#include "core/ticket.h"
#include "core/utf8.h"
#include "core/wrapper.h"
#include "proxy/environment.h"

/* A whole number from 0 to MAX. */
static int number(const char *what, const char *text, uint64_t max, uint64_t *n, struct weft_err *err)
{
	char *end;

	errno = 0;
	*n = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
	if (!text || *text < '0' || *text > '9' || *end || errno || *n > max)
		return weft_err(err, "%s is \"%s\", and should be a number up to %llu", what,
				text ? text : "", (unsigned long long)max);
	return 0;
}

/* Of a variable that may be missing: 0 then, or when it is none. */
static uint64_t variable(const char *name)
{
	uint64_t n;

	return number(name, getenv(name), INT64_MAX, &n, NULL) ? 0 : n;
}

enum word { CONF, PEER, GRES, MODEL, CARDS, MINUTES, SUBMIT };

static int take_option(struct weft_proxy_job *job, enum word option, const char *value, struct weft_err *err)
{
	uint64_t n = 0;
	int rc = 0;

	switch (option) {
	case CONF:
		job->conf = value;
		break;
	case PEER:
		job->peer = value;
		break;
	case GRES:
		job->gres = value;
		break;
	case MODEL:
		job->model = value;
		break;
	case CARDS:
		rc = number("--cards", value, UINT32_MAX, &n, err);
		job->cards = (unsigned)n;
		break;
	case MINUTES:
		rc = number("--minutes", value, UINT32_MAX, &n, err);
		job->minutes = (unsigned)n;
		break;
	case SUBMIT:
		rc = number("--submit", value, INT64_MAX, &n, err);
		job->submit = (int64_t)n;
		break;
	}
	return rc;
}

static int read_options(struct weft_proxy_job *job, int argc, char *const *argv, struct weft_err *err)
{
	static const struct option options[] = { { "conf", required_argument, NULL, CONF },
						 { "peer", required_argument, NULL, PEER },
						 { "gres", required_argument, NULL, GRES },
						 { "model", required_argument, NULL, MODEL },
						 { "cards", required_argument, NULL, CARDS },
						 { "minutes", required_argument, NULL, MINUTES },
						 { "submit", required_argument, NULL, SUBMIT },
						 { NULL, 0, NULL, 0 } };
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == '?')
			return weft_err(err, "%s: not known", argv[optind - 1]);
		if (take_option(job, (enum word)option, optarg, err))
			return -1;
	}
	if (!job->conf || !job->peer || !job->submit || !job->gres || !job->cards || !job->minutes ||
	    !argv[optind])
		return weft_err(
			err, "--conf, --peer, --submit, --gres, --cards, --minutes and a script are needed; "
			     "slurmstepd gives them");
	job->argv = argv + optind;
	return 0;
}

int weft_proxy_job_read(struct weft_proxy_job *job, int argc, char *const *argv, struct weft_err *err)
{
	uint64_t id;

	*job = (struct weft_proxy_job){ .conf = NULL };
	if (read_options(job, argc, argv, err) ||
	    number("SLURM_JOB_ID", getenv("SLURM_JOB_ID"), UINT32_MAX, &id, err))
		return -1;
	job->id = (uint32_t)id;
	job->restarts = (uint32_t)variable("SLURM_RESTART_COUNT");
	job->cluster = getenv("SLURM_CLUSTER_NAME");
	job->submit_dir = getenv("SLURM_SUBMIT_DIR");
	job->ticket = getenv("SLURM_SPANK_WEFT_TICKET");
	if (!job->cluster || !*job->cluster)
		return weft_err(err, "SLURM_CLUSTER_NAME is not set");
	if (!job->ticket || !*job->ticket)
		return weft_err(err, "SLURM_SPANK_WEFT_TICKET is not set");
	return 0;
}

/* ---------------------------------------------------------------- the order */

static int put(json_object *o, const char *name, json_object *value)
{
	if (!value)
		return -1;
	if (!json_object_object_add(o, name, value))
		return 0;
	json_object_put(value);
	return -1;
}

static int put_number(json_object *o, const char *name, uint64_t n)
{
	return n ? put(o, name, json_object_new_int64((int64_t)n)) : 0;
}

/* A text that is not UTF-8 cannot stand in JSON. */
static bool is_utf8(const char *text, size_t len)
{
	size_t out, bad;
	char *escaped = weft_utf8_escape(text, len, &out, &bad);

	free(escaped);
	return escaped;
}

static int put_script(json_object *o, const char *path, struct weft_err *err)
{
	size_t len = 0;
	char *text = weft_file_read(path, WEFT_WRAPPER_MAX_SCRIPT, &len, err), *base64;
	int rc;

	if (!text)
		return -1;
	if (strlen(text) != len) {
		rc = weft_err(err, "the script has a NUL in it");
	} else if (is_utf8(text, len)) {
		rc = put(o, "script", json_object_new_string_len(text, (int)len));
	} else {
		base64 = weft_base64(text, len);
		rc = base64 ? put(o, "script_base64", json_object_new_string(base64)) : -1;
		free(base64);
	}
	free(text);
	return rc;
}

/* Values that are not UTF-8 are left out; hardly any program minds. */
static int put_environment(json_object *o, const struct weft_proxy_sent *sent)
{
	json_object *all = weft_proxy_environment(sent), *list = all ? json_object_new_array() : NULL;
	int rc = list ? 0 : -1;

	for (size_t i = 0; !rc && i < json_object_array_length(all); i++) {
		json_object *entry = json_object_array_get_idx(all, i);

		if (!is_utf8(json_object_get_string(entry), (size_t)json_object_get_string_len(entry)))
			continue;
		rc = json_object_array_add(list, json_object_get(entry));
		if (rc)
			json_object_put(entry);
	}
	json_object_put(all);
	if (!rc)
		return put(o, "environment", list);
	json_object_put(list);
	return -1;
}

/* Each of the job's sizes that sbatch was told. */
static int put_size(json_object *o, const struct weft_proxy_job *job)
{
	uint64_t tasks = variable("SLURM_NTASKS"), cpus = variable("SLURM_CPUS_PER_TASK");
	uint64_t memory = variable("SLURM_MEM_PER_NODE"), per_cpu = variable("SLURM_MEM_PER_CPU");

	if (!memory && per_cpu)
		memory = per_cpu * (tasks ? tasks : 1) * (cpus ? cpus : 1);
	return put_number(o, "minutes", job->minutes) || put_number(o, "tasks", tasks) ||
			       put_number(o, "cpus_per_task", cpus) || put_number(o, "memory_mb", memory)
		       ? -1
		       : 0;
}

/* The cards it got: for a peer that runs Weft by the catalogue's name where there is one, else as gres. */
static int put_cards(json_object *o, const struct weft_proxy_job *job, bool weft)
{
	char text[2 * WEFT_TICKET_MAX_WORD + 32];

	if (weft_ticket_cards_text(job->gres, job->model, job->cards, weft, text, sizeof(text)))
		return -1;
	return put(o, weft ? "accel" : "gres", json_object_new_string(text));
}

static int put_identity(json_object *o, const struct weft_proxy_job *job)
{
	return put(o, "peer", json_object_new_string(job->peer)) ||
			       put(o, "cluster", json_object_new_string(job->cluster)) ||
			       put(o, "job", json_object_new_int64(job->id)) ||
			       put(o, "submit", json_object_new_int64(job->submit))
		       ? -1
		       : 0;
}

json_object *weft_proxy_job_name(const struct weft_proxy_job *job, struct weft_err *err)
{
	json_object *o = json_object_new_object();

	if (o && !put_identity(o, job))
		return o;
	weft_err(err, "out of memory");
	json_object_put(o);
	return NULL;
}

/* As the job was submitted with it; for weft_burst_clear().  False: it cannot be read. */
static bool read_wish(struct weft_burst_wish *wish)
{
	const char *text = getenv("SLURM_SPANK_WEFT_BURST");

	text = text ? text : getenv("WEFT_BURST");
	return text && weft_burst_parse(text, wish, NULL) == 0;
}

bool weft_proxy_job_is_auto(void)
{
	struct weft_burst_wish wish = { .max_cost = -1 };
	bool is = false;

	if (read_wish(&wish)) {
		is = wish.mode != WEFT_BURST_ONLY;
		weft_burst_clear(&wish);
	}
	return is;
}

/* What it may cost at the most, as --max-cost says; and the quote that it was sent with, if it was. */
static int put_price(json_object *o)
{
	struct weft_burst_wish wish = { .max_cost = -1 };
	const char *quote = getenv("WEFT_QUOTE");
	char cost[WEFT_MONEY_SIZE];
	int rc = 0;

	if (read_wish(&wish)) {
		if (wish.max_cost >= 0)
			rc = put(o, "max_cost",
				 json_object_new_string(weft_money_text(wish.max_cost, wish.currency, cost)));
		weft_burst_clear(&wish);
	}
	return rc || (quote && *quote && put(o, "quote", json_object_new_string(quote))) ? -1 : 0;
}

json_object *weft_proxy_job_order(const struct weft_proxy_job *job, bool weft, char *const *environment,
				  bool join, struct weft_err *err)
{
	const struct weft_proxy_sent sent = { environment, job->argv + 1, join };
	json_object *o = weft_proxy_job_name(job, err);

	if (o && !put(o, "restarts", json_object_new_int64(job->restarts)) &&
	    !put(o, "ticket", json_object_new_string(job->ticket)) && !put_script(o, job->argv[0], err) &&
	    !put_environment(o, &sent) && !put_size(o, job) && !put_cards(o, job, weft) && !put_price(o))
		return o;
	weft_err(err, "out of memory");
	json_object_put(o);
	return NULL;
}
