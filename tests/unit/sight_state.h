/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sight_state.h - a made-up state of slurmctld, and questions to it, for test_sight*.c.
 */
#ifndef WEFT_TESTS_SIGHT_STATE_H
#define WEFT_TESTS_SIGHT_STATE_H

#include <check.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/sight.h"
#include "tests/unit/cards.h"

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define NOW	  1740830400 /* 2025-03-01T12:00:00Z */
#define AT(hhmm)  (NOW - 12 * 3600 + (hhmm) / 100 * 3600 + (hhmm) % 100 * 60)

enum { ALICE = 1000, BOB = 1001 };

static const struct weft_asker root = { .known = true, .all = true }, somebody = { .known = false },
			       alice = { .known = true, .uid = ALICE }, bob = { .known = true, .uid = BOB };

static char catalogue_path[] = "/tmp/weft-sight.XXXXXX";
static struct weft_sight *s;

/* ---------------------------------------------------------------- the state */

static const char *const gres[] = { "gpu:h100:8",  "gpu:h100:8",  "gpu:h100:8",
				    "npu:910b3:8", "npu:910b3:8", NULL };
static const char *const names[] = { "nv1", "nv2", "nv3", "as1", "as2", "cpu1" };

static void quiet(bool is_error, const char *line)
{
	(void)is_error;
	(void)line;
}

static void fill_nodes(void)
{
	s->n_nodes = LENGTH(gres);
	s->nodes = calloc(s->n_nodes, sizeof(*s->nodes));
	s->n_free = s->n_nodes;
	s->free = calloc(s->n_free, sizeof(*s->free));
	for (size_t i = 0; i < s->n_nodes; i++) {
		s->nodes[i] = (struct weft_sight_node){
			.name = names[i], .cpus = 64, .memory = 512000, .first_free = i
		};
		s->free[i] = 8;
	}
}

static struct weft_sight_job *add(struct weft_sight_job job)
{
	struct weft_sight_job *to = &s->jobs[s->n_jobs++];

	*to = job;
	to->id = 10 + (uint32_t)s->n_jobs;
	to->user = job.uid == BOB ? "bob" : "alice";
	to->uid = job.uid ? job.uid : ALICE;
	to->state_name = job.state == WEFT_JOB_PENDING ? "PENDING" : "RUNNING";
	to->priority = 1000 - (uint32_t)s->n_jobs;
	if (!job.asks[0])
		memset(to->asks, 0xff, sizeof(to->asks));
	return to;
}

/* It has CARDS on node INDEX. */
static void holds(const struct weft_sight_job *job, uint32_t index, unsigned cards)
{
	struct weft_sight_use use = { .job = (uint32_t)(job - s->jobs),
				      .node = index,
				      .class_id = index > 2,
				      .cards = cards,
				      .cpus = 4,
				      .memory = 1000 };

	ck_assert_int_eq(weft_sight_use(s, &use), 0);
	s->free[index] -= cards;
	s->nodes[index].cpus_used += 4;
	s->nodes[index].memory_used += 1000;
	s->nodes[index].state = s->free[index] ? WEFT_NODE_MIXED : WEFT_NODE_ALLOCATED;
}

static void setup(void)
{
	int fd = mkstemp(catalogue_path);

	setenv("TZ", "UTC", 1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, cards, strlen(cards)), (ssize_t)strlen(cards));
	close(fd);
	weft_site_start(&(struct weft_site_options){
		.conf_path = "/nonexistent/weft.conf", .catalogue_path = catalogue_path, .log = quiet });
	weft_site_set_nodes(gres, LENGTH(gres));
	s = weft_sight_create();
	s->view = weft_site_view();
	s->taken = NOW;
	s->jobs = calloc(20, sizeof(*s->jobs));
	fill_nodes();
	s->parts = calloc(1, sizeof(*s->parts));
	s->parts[s->n_parts++] = (struct weft_sight_part){ .name = "all", .state = "UP" };
}

static void teardown(void)
{
	weft_sight_destroy(s);
	weft_site_stop();
	unlink(catalogue_path);
	memcpy(catalogue_path + strlen(catalogue_path) - 6, "XXXXXX", 6);
}

/* Run the tests of T on this state.  An exit status. */
static int run_tests(const char *name, TCase *t)
{
	Suite *suite = suite_create(name);
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---------------------------------------------------------------- questions */

static char answer[WEFT_SIGHT_MAX_TEXT + 1];

/* Ask the words of TEXT, at most four. */
static const char *ask_at(const struct weft_asker *asker, const char *text, time_t now)
{
	char copy[600], *words[4], *at = copy, *got;
	unsigned n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while (*at && n < 4) {
		words[n++] = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	}
	got = weft_sight_answer(s, asker, n, words, NULL, now);
	ck_assert_ptr_nonnull(got);
	ck_assert_uint_lt(strlen(got), sizeof(answer));
	snprintf(answer, sizeof(answer), "%s", got);
	free(got);
	return answer;
}

static const char *ask(const char *text)
{
	return ask_at(&root, text, NOW);
}

/* The answer to "json TEXT", which is one. */
static json_object *ask_json(const char *text)
{
	char words[512];
	json_object *o;

	snprintf(words, sizeof(words), "json %s", text);
	o = json_tokener_parse(ask(words));
	ck_assert_msg(o, "%s", answer);
	ck_assert_int_eq(json_object_get_int(json_object_object_get(o, "version")), WEFT_SIGHT_VERSION);
	return o;
}

/* What the words of PATH lead to: keys, and numbers of entries. */
static const char *at(json_object *o, const char *path)
{
	char copy[100], *key = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *next; key && o; key = next) {
		next = strchr(key, '/');
		if (next)
			*next++ = '\0';
		o = json_object_is_type(o, json_type_array)
			    ? json_object_array_get_idx(o, (size_t)strtoul(key, NULL, 10))
			    : json_object_object_get(o, key);
	}
	return o ? json_object_get_string(o) : "null";
}

#endif
