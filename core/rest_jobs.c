/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest_jobs.c - jobs as a peer's slurmctld and slurmdbd tell them.
 */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/rest_private.h"

#define MAX_TEXT   4096		/* bytes of a comment or a reason; what is longer is cut */
#define MAX_NODES  (256 * 1024) /* bytes of a list of nodes */
#define MAX_TIME   253402300799 /* the year 9999 */
#define MAX_STATUS 0xffff

/* What slurmctld's jobs and slurmdbd's have in different places. */
enum {
	JOB_ID,
	NAME,
	USER,
	PARTITION,
	COMMENT,
	STATE,
	NODES,
	PRIORITY,
	EXIT_CODE,
	N_SHARED,
	/* of slurmctld */
	REASON = N_SHARED,
	HOLD,
	SUBMIT,
	START,
	END,
	DEADLINE,
	LIMIT,
	GRES_DETAIL,
	PER_JOB,
	PER_NODE,
	PER_TASK,
	REQUESTED,
	ALLOCATED,
	NODE_COUNT,
	TASKS,
	/* of slurmdbd */
	TIME = N_SHARED,
	TRES,
};

static const char *const ctld_keys[] = {
	"job_id",	"name",		  "user_name",	  "partition",	   "comment",
	"job_state",	"nodes",	  "priority",	  "exit_code",	   "state_reason",
	"hold",		"submit_time",	  "start_time",	  "end_time",	   "deadline",
	"time_limit",	"gres_detail",	  "tres_per_job", "tres_per_node", "tres_per_task",
	"tres_req_str", "tres_alloc_str", "node_count",	  "tasks",	   NULL
};

static const char *const db_keys[] = { "job_id", "name",     "user",	  "partition", "comment", "state",
				       "nodes",	 "priority", "exit_code", "time",      "tres",	  NULL };

struct jobs {
	struct weft_rest_seen *seen;
	size_t n, room;
};

/* ---------------------------------------------------------------- numbers and times */

static int take_id(const struct weft_rest_entry *e, uint32_t *id)
{
	int64_t n = 0;

	if (weft_rest_number_of(e->value[JOB_ID], &n) != WEFT_REST_SET)
		return weft_rest_bad(e, JOB_ID, "must be a number");
	if (n < 1 || n >= WEFT_REST_NO_VAL)
		return weft_rest_bad(e, JOB_ID, "must be 1 to %u, not %lld", WEFT_REST_NO_VAL - 1,
				     (long long)n);
	*id = (uint32_t)n;
	return 0;
}

static int take_time(const struct weft_rest_entry *e, unsigned key, json_object *value, time_t *when)
{
	int64_t n = 0;

	switch (weft_rest_number_of(value, &n)) {
	case WEFT_REST_NOT_A_NUMBER:
		return weft_rest_bad(e, key, "must be a time in seconds");
	case WEFT_REST_SET:
		if (n < 0 || n > MAX_TIME)
			return weft_rest_bad(e, key, "must be 0 to %lld s, not %lld", (long long)MAX_TIME,
					     (long long)n);
		break;
	default:
		break;
	}
	/* slurmdbd has no start for a job that did not start. */
	*when = n == WEFT_REST_NO_VAL || n == WEFT_REST_NO_VAL + 1 ? 0 : (time_t)n;
	return 0;
}

static int take_limit(const struct weft_rest_entry *e, unsigned key, json_object *value, uint32_t *minutes)
{
	enum weft_rest_number kind;
	int64_t n = 0;

	*minutes = UINT32_MAX;
	kind = weft_rest_number_of(value, &n);
	if (kind == WEFT_REST_SET && n < 0)
		return weft_rest_bad(e, key, "must not be negative");
	if (kind == WEFT_REST_NOT_A_NUMBER &&
	    !json_object_is_type(value, json_type_string)) /* "Partition_Limit" */
		return weft_rest_bad(e, key, "must be a number of minutes");
	if (kind == WEFT_REST_SET && n < WEFT_REST_NO_VAL)
		*minutes = (uint32_t)n;
	return 0;
}

static int take_priority(const struct weft_rest_entry *e, struct weft_rest_seen *seen)
{
	int64_t n = -1;

	if (weft_rest_number_of(e->value[PRIORITY], &n) == WEFT_REST_NOT_A_NUMBER)
		return weft_rest_bad(e, PRIORITY, "must be a number");
	seen->priority = n >= 0 && n < WEFT_REST_NO_VAL ? n : -1;
	seen->held = seen->state == WEFT_REST_PENDING && seen->priority == 0;
	return 0;
}

/* {"status": ["ERROR"], "return_code": N, "signal": {"id": N}} as a status of wait(); -1: it does not say. */
static int take_exit_object(const struct weft_rest_entry *e, int *status)
{
	json_object *value = e->value[EXIT_CODE], *id = weft_rest_member(value, "signal/id");
	enum weft_rest_number kind;
	int64_t code = 0, sig = 0;

	kind = weft_rest_number_of(weft_rest_member(value, "return_code"), &code);
	if (weft_rest_number_of(id ? id : weft_rest_member(value, "signal/signal_id"), &sig) ==
		    WEFT_REST_SET &&
	    sig > 0) {
		if (sig > 126)
			return weft_rest_bad(e, EXIT_CODE, "must have a signal of 1 to 126, not %lld",
					     (long long)sig);
		*status = (int)sig;
		return 0;
	}
	*status = -1;
	if (kind != WEFT_REST_SET)
		return 0;
	if (code < 0 || code > 255)
		return weft_rest_bad(e, EXIT_CODE, "must have a return_code of 0 to 255, not %lld",
				     (long long)code);
	*status = (int)code << 8;
	return 0;
}

static int take_exit(const struct weft_rest_entry *e, struct weft_rest_seen *seen)
{
	json_object *value = e->value[EXIT_CODE];
	int64_t n = WEFT_REST_NO_VAL;

	seen->exit_status = -1;
	if (!weft_rest_state_is_end(seen->state))
		return 0;
	if (json_object_is_type(value, json_type_object)) {
		if (take_exit_object(e, &seen->exit_status))
			return -1;
		/* slurmdbd's v0.0.38 calls every exit a success with 0. */
		if (seen->state != WEFT_REST_COMPLETED && seen->exit_status == 0 &&
		    json_object_is_type(weft_rest_member(value, "status"), json_type_string))
			seen->exit_status = -1;
		return 0;
	}
	if (weft_rest_number_of(value, &n) == WEFT_REST_NOT_A_NUMBER || n < 0)
		return weft_rest_bad(e, EXIT_CODE, "must be a status");
	if (n < WEFT_REST_NO_VAL && n > MAX_STATUS)
		return weft_rest_bad(e, EXIT_CODE, "must be 0 to %d, not %lld", MAX_STATUS, (long long)n);
	if (n <= MAX_STATUS)
		seen->exit_status = (int)n;
	return 0;
}

/* ---------------------------------------------------------------- cards */

static const char *text_of(json_object *value)
{
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* A running job's list names the cards of each node; a waiting one has what it asked for. */
static int take_ctld_gres(const struct weft_rest_entry *e, struct weft_rest_seen *seen)
{
	struct weft_rest_cards cards = { .n = 0 };
	json_object *detail = e->value[GRES_DETAIL];
	size_t n = json_object_is_type(detail, json_type_array) ? json_object_array_length(detail) : 0;
	int64_t nodes = 0, tasks = 0;

	for (size_t i = 0; i < n; i++)
		weft_rest_cards_add(&cards, text_of(json_object_array_get_idx(detail, i)), 1, true);
	if (weft_rest_number_of(e->value[NODE_COUNT], &nodes) != WEFT_REST_SET || nodes < 1)
		nodes = 1;
	if (weft_rest_number_of(e->value[TASKS], &tasks) != WEFT_REST_SET || tasks < 1)
		tasks = 1;
	if (cards.n == 0)
		weft_rest_cards_add(&cards, text_of(e->value[PER_JOB]), 1, true);
	if (cards.n == 0)
		weft_rest_cards_add(&cards, text_of(e->value[PER_NODE]), (uint64_t)nodes, true);
	if (cards.n == 0)
		weft_rest_cards_add(&cards, text_of(e->value[PER_TASK]), (uint64_t)tasks, true);
	if (cards.n == 0)
		weft_rest_cards_add(&cards, text_of(e->value[ALLOCATED]), 1, false);
	if (cards.n == 0)
		weft_rest_cards_add(&cards, text_of(e->value[REQUESTED]), 1, false);
	seen->gres = weft_rest_cards_text(&cards);
	return seen->gres ? 0 : weft_err(e->err, "out of memory");
}

/* [{"type": "gres", "name": "gpu:h100", "count": 8}, ...] */
static void add_tres(struct weft_rest_cards *cards, json_object *list)
{
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		json_object *item = json_object_array_get_idx(list, i);
		const char *name = text_of(weft_rest_member(item, "name"));
		int64_t count = 0;

		if (!strcmp(text_of(weft_rest_member(item, "type")), "gres") &&
		    weft_rest_number_of(weft_rest_member(item, "count"), &count) == WEFT_REST_SET &&
		    count > 0)
			weft_rest_cards_count(cards, name, strlen(name), (uint64_t)count);
	}
}

static int take_db_gres(const struct weft_rest_entry *e, struct weft_rest_seen *seen)
{
	struct weft_rest_cards cards = { .n = 0 };

	add_tres(&cards, weft_rest_member(e->value[TRES], "allocated"));
	if (cards.n == 0)
		add_tres(&cards, weft_rest_member(e->value[TRES], "requested"));
	seen->gres = weft_rest_cards_text(&cards);
	return seen->gres ? 0 : weft_err(e->err, "out of memory");
}

/* ---------------------------------------------------------------- one job */

static int take_shared(const struct weft_rest_entry *e, struct weft_rest_seen *seen, json_object *state)
{
	if (!e->value[NAME])
		return weft_rest_bad(e, NAME, "is not there");
	if (take_id(e, &seen->id) || weft_rest_state(e, STATE, state, &seen->state, &seen->requeued) ||
	    weft_rest_text(e, NAME, e->value[NAME], WEFT_REST_MAX_NAME, false, &seen->name) ||
	    weft_rest_text(e, USER, e->value[USER], WEFT_REST_MAX_NAME, false, &seen->user) ||
	    weft_rest_text(e, PARTITION, e->value[PARTITION], WEFT_REST_MAX_NAME, false, &seen->partition) ||
	    weft_rest_text(e, NODES, e->value[NODES], MAX_NODES, true, &seen->nodes) ||
	    take_priority(e, seen) || take_exit(e, seen))
		return -1;
	if (!strcmp(seen->nodes, "None assigned"))
		seen->nodes[0] = '\0';
	return 0;
}

static int read_ctld_job(const struct weft_rest_entry *e, struct weft_rest_seen *seen)
{
	if (!e->value[SUBMIT])
		return weft_rest_bad(e, SUBMIT, "is not there");
	if (take_shared(e, seen, e->value[STATE]) ||
	    weft_rest_text(e, COMMENT, e->value[COMMENT], MAX_TEXT, true, &seen->comment) ||
	    weft_rest_text(e, REASON, e->value[REASON], MAX_TEXT, true, &seen->reason) ||
	    take_time(e, SUBMIT, e->value[SUBMIT], &seen->submit) ||
	    take_time(e, START, e->value[START], &seen->start) ||
	    take_time(e, END, e->value[END], &seen->end) ||
	    take_time(e, DEADLINE, e->value[DEADLINE], &seen->deadline) ||
	    take_limit(e, LIMIT, e->value[LIMIT], &seen->minutes) || take_ctld_gres(e, seen))
		return -1;
	seen->requeued = false; /* slurmctld has one record for all runs of a job */
	if (json_object_get_boolean(e->value[HOLD]) && seen->state == WEFT_REST_PENDING)
		seen->held = true;
	return 0;
}

static int read_db_job(const struct weft_rest_entry *e, struct weft_rest_seen *seen)
{
	json_object *when = e->value[TIME];

	if (!weft_rest_member(when, "submission"))
		return weft_rest_bad(e, TIME, "has no submission");
	if (take_shared(e, seen, weft_rest_member(e->value[STATE], "current")) ||
	    weft_rest_text(e, COMMENT, weft_rest_member(e->value[COMMENT], "job"), MAX_TEXT, true,
			   &seen->comment) ||
	    weft_rest_text(e, STATE, weft_rest_member(e->value[STATE], "reason"), MAX_TEXT, true,
			   &seen->reason) ||
	    take_time(e, TIME, weft_rest_member(when, "submission"), &seen->submit) ||
	    take_time(e, TIME, weft_rest_member(when, "start"), &seen->start) ||
	    take_time(e, TIME, weft_rest_member(when, "end"), &seen->end) ||
	    take_limit(e, TIME, weft_rest_member(when, "limit"), &seen->minutes) || take_db_gres(e, seen))
		return -1;
	seen->held = seen->held && !seen->requeued;
	return 0;
}

/* ---------------------------------------------------------------- all of them */

void weft_rest_clear_seen(struct weft_rest_seen *s)
{
	free(s->name);
	free(s->user);
	free(s->partition);
	free(s->comment);
	free(s->reason);
	free(s->nodes);
	free(s->gres);
}

void weft_rest_free_seen(struct weft_rest_seen *seen, size_t n)
{
	for (size_t i = 0; i < n; i++)
		weft_rest_clear_seen(&seen[i]);
	free(seen);
}

/* A zeroed one more. */
static struct weft_rest_seen *one_more(struct jobs *jobs, struct weft_err *err)
{
	if (jobs->n == jobs->room) {
		size_t room = jobs->room ? 2 * jobs->room : 16;
		struct weft_rest_seen *more = realloc(jobs->seen, room * sizeof(*more));

		if (!more) {
			weft_err(err, "out of memory");
			return NULL;
		}
		jobs->seen = more;
		jobs->room = room;
	}
	memset(&jobs->seen[jobs->n], 0, sizeof(*jobs->seen));
	return &jobs->seen[jobs->n++];
}

static int add_ctld_job(struct weft_rest_entry *e, void *to)
{
	struct weft_rest_seen *seen = one_more(to, e->err);

	return seen ? read_ctld_job(e, seen) : -1;
}

static int add_db_job(struct weft_rest_entry *e, void *to)
{
	struct weft_rest_seen *seen = one_more(to, e->err);

	return seen ? read_db_job(e, seen) : -1;
}

static int read_jobs(const char *text, size_t len, const struct weft_rest_form *form,
		     struct weft_rest_seen **seen, size_t *n, struct weft_err *err)
{
	struct jobs jobs = { NULL, 0, 0 };
	int rc = weft_rest_walk(text, len, form, &jobs, err);

	if (rc) {
		weft_rest_free_seen(jobs.seen, jobs.n);
		jobs = (struct jobs){ NULL, 0, 0 };
	}
	*seen = jobs.seen;
	*n = jobs.n;
	return rc;
}

int weft_rest_jobs(const char *text, size_t len, struct weft_rest_seen **seen, size_t *n,
		   struct weft_err *err)
{
	static const struct weft_rest_form form = { "jobs", ctld_keys, WEFT_REST_MAX_JOBS, add_ctld_job };

	return read_jobs(text, len, &form, seen, n, err);
}

int weft_rest_db_jobs(const char *text, size_t len, struct weft_rest_seen **seen, size_t *n,
		      struct weft_err *err)
{
	static const struct weft_rest_form form = { "jobs", db_keys, WEFT_REST_MAX_JOBS, add_db_job };

	return read_jobs(text, len, &form, seen, n, err);
}
