/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture_sight.h - torture.c's operations on what bbstat shows.
 */
#ifndef WEFT_TESTS_TORTURE_SIGHT_H
#define WEFT_TESTS_TORTURE_SIGHT_H

#include "core/sight.h"

/* What slurmctld knows, and each question: an answer says what it is without, if anything. */
static int fill_sight(struct weft_sight *s)
{
	struct weft_sight_use use = { .job = 0, .node = 0, .class_id = 0, .cards = 8, .cpus = 4 };

	s->nodes = calloc(N_GRES, sizeof(*s->nodes));
	s->free = calloc(2 * N_GRES, sizeof(*s->free));
	s->jobs = calloc(2, sizeof(*s->jobs));
	if (!s->nodes || !s->free || !s->jobs)
		return -1;
	s->n_nodes = N_GRES;
	s->n_free = 2 * N_GRES;
	for (unsigned k = 0; k < N_GRES; k++)
		s->nodes[k] = (struct weft_sight_node){ .name = weft_arena_copy(&s->arena, "n1"), .first_free = 2 * k };
	s->n_jobs = 2;
	s->jobs[0] = (struct weft_sight_job){ .id = 1, .state = WEFT_JOB_RUNNING, .end = 5, .part = 9 };
	s->jobs[1] = (struct weft_sight_job){ .id = 2, .accel = "8:h100|4:910b", .part = 9 };
	return weft_sight_use(s, &use);
}

#define N_WORDS 8

static int do_sight(struct weft_err *err)
{
	static char *const words[][3] = { { "classes" }, { "nodes" }, { "power" }, { "job", "1" }, { "why", "2" },
					 { "json", "classes" }, { "json", "why", "2" }, { "quote", "8:h100|4:910b" } };
	static const struct weft_asker all = { .known = true, .all = true };
	const struct weft_view view = { .catalogue = cat, .conf = conf, .inventory = inv };
	struct weft_sight *s = weft_sight_create();
	int rc = s && !fill_sight(s) ? 0 : weft_err(err, "out of memory");

	for (unsigned k = 0; rc == 0 && k < N_WORDS; k++) {
		char *text;

		s->view = &view;
		text = weft_sight_answer(s, &all, words[k][2] ? 3 : words[k][1] ? 2 : 1, words[k], NULL, 1);
		s->view = NULL; /* it is not the site's */
		rc = nothing(text, err);
		if (text && !strstr(text, "h100") && !strstr(text, "out of memory") && k != 2 && k != 3 && k != 7)
			rc = weft_err(err, "%s", text);
		free(text);
	}
	weft_sight_destroy(s);
	return rc;
}

static int do_stack(struct weft_err *err)
{
	char *stack = NULL;
	int rc = weft_conf_stack(power_conf_path, &stack, err);

	if (rc == 0 && (!stack || strcmp(stack, "lua")))
		rc = weft_err(err, "\"%s\"", stack ? stack : "none");
	free(stack);
	return rc;
}

#endif
