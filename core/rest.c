/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest.c - the versions of slurmrestd's interface, and the states of a job.
 */
#include "core/rest.h"

#include <string.h>

#include "core/rest_private.h"

const int weft_rest_versions[] = { 45, 44, 43, 42, 41, 40, 38, 0 };

static const char *const names[WEFT_REST_STATES] = {
	"PENDING",   "RUNNING",	  "COMPLETED",	   "FAILED",   "CANCELLED", "TIMEOUT",
	"NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY", "DEADLINE", "BOOT_FAIL", "REVOKED",
};

/* Words that stand beside a state, or, up to v0.0.38, in its place: what the job is then, whatever else it
 * is. */
static const struct {
	const char *name;
	enum weft_rest_state state;
} flags[] = {
	{ "COMPLETING", WEFT_REST_RUNNING },   { "STAGE_OUT", WEFT_REST_RUNNING },
	{ "CONFIGURING", WEFT_REST_RUNNING },  { "RESIZING", WEFT_REST_RUNNING },
	{ "SUSPENDED", WEFT_REST_RUNNING },    { "STOPPED", WEFT_REST_RUNNING },
	{ "SIGNALING", WEFT_REST_RUNNING },    { "POWER_UP_NODE", WEFT_REST_RUNNING },
	{ "REVOKED", WEFT_REST_REVOKED },      { "REQUEUED", WEFT_REST_PENDING },
	{ "REQUEUE_FED", WEFT_REST_PENDING },  { "REQUEUE_HOLD", WEFT_REST_PENDING },
	{ "SPECIAL_EXIT", WEFT_REST_PENDING }, { "RESV_DEL_HOLD", WEFT_REST_PENDING },
};

const char *weft_rest_state_name(enum weft_rest_state state)
{
	return (unsigned)state < WEFT_REST_STATES ? names[state] : "UNKNOWN";
}

bool weft_rest_state_is_end(enum weft_rest_state state)
{
	return state != WEFT_REST_PENDING && state != WEFT_REST_RUNNING;
}

/* One word of a state: 2 for a flag, 1 for a state, 0: it is neither. */
static int read_word(const char *word, enum weft_rest_state *state)
{
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!strcmp(word, flags[i].name)) {
			*state = flags[i].state;
			return 2;
		}
	}
	for (unsigned i = 0; i < WEFT_REST_STATES; i++) {
		if (!strcmp(word, names[i])) {
			*state = (enum weft_rest_state)i;
			return 1;
		}
	}
	return 0;
}

/* Flags that a later version may add are passed over, when there is a state beside them.  Of several flags,
 * one that says that the job has its nodes counts. */
int weft_rest_state(const struct weft_rest_entry *e, unsigned key, json_object *value,
		    enum weft_rest_state *state, bool *requeued)
{
	bool list = json_object_is_type(value, json_type_array);
	size_t n = list ? json_object_array_length(value) : 1;
	int best = 0;

	*requeued = false;
	for (size_t i = 0; i < n; i++) {
		json_object *item = list ? json_object_array_get_idx(value, i) : value;
		enum weft_rest_state said = WEFT_REST_PENDING;
		int rank;

		if (!json_object_is_type(item, json_type_string))
			return weft_rest_bad(e, key, "must be a state");
		rank = read_word(json_object_get_string(item), &said);
		*requeued = *requeued || !strcmp(json_object_get_string(item), "REQUEUED");
		if (rank == 2 && said == WEFT_REST_RUNNING)
			rank = 3;
		if (rank > best) {
			best = rank;
			*state = said;
		}
	}
	if (best > 0)
		return 0;
	if (n == 1 && !list)
		return weft_rest_bad(e, key, "\"%.40s\" is no state of a job", json_object_get_string(value));
	return weft_rest_bad(e, key, "has no state of a job");
}
