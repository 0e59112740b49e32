/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest_nodes.c - a peer's nodes.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/json.h"
#include "core/rest_private.h"

#define MAX_GRES 4096 /* bytes of what a node has, or of its partitions */

enum { NAME, GRES, GRES_USED, PARTITIONS, STATE, FLAGS };

static const char *const keys[] = { "name", "gres", "gres_used", "partitions", "state", "state_flags", NULL };

struct nodes {
	struct weft_rest_node *node;
	size_t n, room;
};

/* Words of a state with which a job gets no card of the node.  A node that is off to save power can be had.
 */
static const char *const not_up[] = { "DOWN",
				      "UNKNOWN",
				      "ERROR",
				      "FUTURE",
				      "INVALID",
				      "DRAIN",
				      "FAIL",
				      "MAINTENANCE",
				      "MAINT",
				      "NOT_RESPONDING",
				      "INVALID_REG",
				      "REBOOT_ISSUED",
				      "REBOOT_REQUESTED",
				      "POWER_DRAIN",
				      "RESERVED",
				      "BLOCKED",
				      "EXTERNAL",
				      "DYNAMIC_FUTURE" };

static bool is_up_word(const char *word)
{
	for (unsigned i = 0; i < sizeof(not_up) / sizeof(not_up[0]); i++)
		if (!strcasecmp(word, not_up[i]))
			return false;
	return true;
}

/* VALUE is a word or a list of words. */
static int take_state(const struct weft_rest_entry *e, unsigned key, bool *up)
{
	json_object *value = e->value[key];
	bool list = json_object_is_type(value, json_type_array);
	size_t n = list ? json_object_array_length(value) : 1;

	for (size_t i = 0; i < n; i++) {
		json_object *item = list ? json_object_array_get_idx(value, i) : value;

		if (!json_object_is_type(item, json_type_string))
			return weft_rest_bad(e, key, "must be a string or a list of strings");
		*up = *up && is_up_word(json_object_get_string(item));
	}
	return 0;
}

/* ["a", "b"] as "a,b". */
static int take_partitions(const struct weft_rest_entry *e, char **text)
{
	json_object *value = e->value[PARTITIONS];
	size_t n = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0, len = 0;
	char buf[MAX_GRES];

	if (value && !json_object_is_type(value, json_type_array))
		return weft_rest_bad(e, PARTITIONS, "must be a list, not %s", weft_json_kind(value));
	for (size_t i = 0; i < n; i++) {
		json_object *item = json_object_array_get_idx(value, i);
		size_t more = (size_t)(json_object_is_type(item, json_type_string)
					       ? json_object_get_string_len(item)
					       : 0);

		if (more == 0)
			return weft_rest_bad(e, PARTITIONS, "must be a list of names");
		if (len + more + 2 > sizeof(buf))
			return weft_rest_bad(e, PARTITIONS, "has more than %zu bytes", sizeof(buf) - 2);
		if (len > 0)
			buf[len++] = ',';
		memcpy(buf + len, json_object_get_string(item), more);
		len += more;
	}
	buf[len] = '\0';
	weft_rest_clean(buf);
	*text = strdup(buf);
	return *text ? 0 : weft_err(e->err, "out of memory");
}

/* "gpu:h100:-8" */
static int check_count(const struct weft_rest_entry *e, unsigned key, const char *gres)
{
	for (const char *s = gres; (s = strstr(s, ":-")); s++)
		if (s[2] >= '0' && s[2] <= '9')
			return weft_rest_bad(e, key, "has a number below zero");
	return 0;
}

static int read_node(const struct weft_rest_entry *e, struct weft_rest_node *node)
{
	if (!e->value[NAME] || !e->value[STATE])
		return weft_rest_bad(e, e->value[NAME] ? STATE : NAME, "is not there");
	node->up = true;
	if (weft_rest_text(e, NAME, e->value[NAME], WEFT_REST_MAX_NAME, false, &node->name) ||
	    weft_rest_text(e, GRES, e->value[GRES], MAX_GRES, false, &node->gres) ||
	    weft_rest_text(e, GRES_USED, e->value[GRES_USED], MAX_GRES, false, &node->gres_used) ||
	    check_count(e, GRES, node->gres) || check_count(e, GRES_USED, node->gres_used) ||
	    take_partitions(e, &node->partitions) || take_state(e, STATE, &node->up))
		return -1;
	return e->value[FLAGS] ? take_state(e, FLAGS, &node->up) : 0;
}

static int add_node(struct weft_rest_entry *e, void *to)
{
	struct nodes *nodes = to;

	if (nodes->n == nodes->room) {
		size_t room = nodes->room ? 2 * nodes->room : 16;
		struct weft_rest_node *more = realloc(nodes->node, room * sizeof(*more));

		if (!more)
			return weft_err(e->err, "out of memory");
		nodes->node = more;
		nodes->room = room;
	}
	memset(&nodes->node[nodes->n], 0, sizeof(*nodes->node));
	return read_node(e, &nodes->node[nodes->n++]);
}

int weft_rest_nodes(const char *text, size_t len, struct weft_rest_node **node, size_t *n,
		    struct weft_err *err)
{
	static const struct weft_rest_form form = { "nodes", keys, WEFT_REST_MAX_NODES, add_node };
	struct nodes nodes = { NULL, 0, 0 };
	int rc = weft_rest_walk(text, len, &form, &nodes, err);

	if (rc) {
		weft_rest_free_nodes(nodes.node, nodes.n);
		nodes = (struct nodes){ NULL, 0, 0 };
	}
	*node = nodes.node;
	*n = nodes.n;
	return rc;
}

void weft_rest_free_nodes(struct weft_rest_node *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(nodes[i].name);
		free(nodes[i].gres);
		free(nodes[i].gres_used);
		free(nodes[i].partitions);
	}
	free(nodes);
}
