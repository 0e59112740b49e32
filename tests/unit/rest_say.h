/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest_say.h - what an answer means, as lines of text, for the tests of core/rest.h.
 */
#ifndef WEFT_TESTS_REST_SAY_H
#define WEFT_TESTS_REST_SAY_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/rest.h"

static inline void rest_say_jobs(FILE *to, const struct weft_rest_seen *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(to,
			"id=%" PRIu32 " name=%s user=%s partition=%s state=%s held=%d requeued=%d exit=%d",
			s[i].id, s[i].name, s[i].user, s[i].partition, weft_rest_state_name(s[i].state),
			s[i].held, s[i].requeued, s[i].exit_status);
		fprintf(to, " gres=%s nodes=%s priority=%" PRId64 " minutes=%" PRIu32, s[i].gres, s[i].nodes,
			s[i].priority, s[i].minutes);
		fprintf(to, " submit=%lld start=%lld end=%lld deadline=%lld reason=%s comment=%s\n",
			(long long)s[i].submit, (long long)s[i].start, (long long)s[i].end,
			(long long)s[i].deadline, s[i].reason, s[i].comment);
	}
}

static inline void rest_say_nodes(FILE *to, const struct weft_rest_node *node, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(to, "name=%s gres=%s used=%s partitions=%s up=%d\n", node[i].name, node[i].gres,
			node[i].gres_used, node[i].partitions, node[i].up);
}

/* WHAT: "jobs", "dbjobs", "nodes", "submitted" or "complaint".  0; -1: an error was told; 1: there is no such
 * WHAT. */
static inline int rest_say(FILE *to, const char *what, const char *text, size_t len)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_rest_node *nodes;
	struct weft_rest_seen *seen;
	char complaint[512];
	int rc = 0, code;
	uint32_t id;
	size_t n;

	if (!strcmp(what, "jobs") || !strcmp(what, "dbjobs")) {
		rc = (what[0] == 'd' ? weft_rest_db_jobs : weft_rest_jobs)(text, len, &seen, &n, &err);
		rest_say_jobs(to, seen, n);
		weft_rest_free_seen(seen, n);
	} else if (!strcmp(what, "nodes")) {
		rc = weft_rest_nodes(text, len, &nodes, &n, &err);
		rest_say_nodes(to, nodes, n);
		weft_rest_free_nodes(nodes, n);
	} else if (!strcmp(what, "submitted")) {
		id = weft_rest_submitted(text, len, &err);
		rc = id ? 0 : -1;
		if (id)
			fprintf(to, "%" PRIu32 "\n", id);
	} else if (!strcmp(what, "complaint")) {
		weft_rest_complaint(text, len, &code, complaint, sizeof(complaint));
		fprintf(to, "code=%d %s\n", code, complaint);
	} else {
		return 1;
	}
	if (rc)
		fprintf(to, "error=%s\n", err.text);
	return rc;
}

#endif
