/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * questions.c - the processor time of an answer to "scontrol show bbstat" on 12,500 nodes of 8 cards, all of
 * them in use by eight jobs a class or (second column) by a job a node, with 10,000 requests that wait.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/sight.h"

#define NODES	12500
#define PENDING 10000
#define ROUNDS	50

static const char *const types[] = { "gpu:h100:8", "gpu:mi300x:8", "gpu:910b3:8", "gpu:mlu370-x8:8" };
static char names[NODES][16];

static double milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void to_log(bool is_error, const char *line)
{
	if (is_error)
		fprintf(stderr, "%s\n", line);
}

static unsigned class_of(unsigned node)
{
	return node < 4000 ? 0 : node < 7000 ? 1 : node < 11000 ? 2 : 3;
}

static void start_site(void)
{
	static const char *gres[NODES];

	for (unsigned i = 0; i < NODES; i++)
		gres[i] = types[class_of(i)];
	weft_site_start(&(struct weft_site_options){
		.conf_path = "/nonexistent", .catalogue_path = WEFT_CATALOGUE_PATH, .log = to_log });
	weft_site_set_nodes(gres, NODES);
}

static struct weft_sight *make(unsigned jobs)
{
	struct weft_sight *s = weft_sight_create();

	s->view = weft_site_view();
	s->taken = 1;
	s->nodes = calloc(NODES, sizeof(*s->nodes));
	s->free = calloc(NODES, sizeof(*s->free));
	s->jobs = calloc(jobs + PENDING, sizeof(*s->jobs));
	s->n_nodes = NODES;
	s->n_free = NODES;
	s->n_jobs = jobs + PENDING;
	for (unsigned i = 0; i < NODES; i++) {
		struct weft_sight_use use = { .job = (uint32_t)((uint64_t)i * jobs / NODES),
					      .node = i,
					      .class_id = class_of(i),
					      .cards = 8,
					      .cpus = 128,
					      .memory = 1000 };

		snprintf(names[i], sizeof(names[i]), "n%u", i);
		s->nodes[i] =
			(struct weft_sight_node){ .name = names[i],
						  .state = i % 50 ? WEFT_NODE_ALLOCATED : WEFT_NODE_DRAINING,
						  .cpus = 128,
						  .cpus_used = 128,
						  .memory = 1000000,
						  .memory_used = 1000,
						  .first_free = i };
		weft_sight_use(s, &use);
	}
	for (unsigned i = 0; i < jobs + PENDING; i++) {
		s->jobs[i] = (struct weft_sight_job){
			.id = i + 1, .part = 9, .user = "alice", .state_name = "PENDING", .priority = 1
		};
		if (i < jobs) {
			s->jobs[i].state = WEFT_JOB_RUNNING;
			s->jobs[i].end = 1000 + (time_t)(i * 7919u % 100000u);
		} else {
			s->jobs[i].accel = i % 3 ? "64:h100|64:mi300x|64:910b3|100:mlu370-x8" : "8:h100";
		}
	}
	return s;
}

struct question {
	const struct weft_sight *s;
	char *words[2];
	unsigned n;
	double took;
};

/* In a thread of its own, as slurmctld does. */
static void *answer(void *arg)
{
	static const struct weft_asker root = { .known = true, .all = true };
	struct question *q = arg;
	double began = milliseconds();
	char *text = weft_sight_answer(q->s, &root, q->n, q->words, NULL, 2);

	q->took = milliseconds() - began;
	if (!text || strstr(text, "weft: out"))
		exit(1);
	free(text);
	return NULL;
}

static int by_size(const void *x, const void *y)
{
	const double *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* The median. */
static double cost_of(const struct weft_sight *s, const char *first, const char *second)
{
	struct question q = { .s = s, .words = { (char *)first, (char *)second }, .n = second ? 2 : 1 };
	double took[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, answer, &q) || pthread_join(thread, NULL))
			exit(1);
		took[i] = q.took;
	}
	qsort(took, ROUNDS, sizeof(*took), by_size);
	return took[ROUNDS / 2];
}

int main(void)
{
	static const char *const questions[] = { "classes", "nodes", "job", "why" };
	struct weft_sight *few, *many;
	double most = 0;

	start_site();
	few = make(32);
	many = make(NODES);
	printf("%-10s %12s %12s   ms\n", "question", "32 jobs", "12500 jobs");
	for (int i = 0; i < 4; i++) {
		double a = cost_of(few, questions[i], i < 2 ? NULL : "35");
		double b = cost_of(many, questions[i], i < 2 ? NULL : "12503");

		printf("%-10s %12.2f %12.2f\n", questions[i], a, b);
		most = a > most ? a : most;
		most = b > most ? b : most;
	}
	printf("goal: less than 5 ms; %s\n", most < 5 ? "met" : "missed");
	weft_sight_destroy(few);
	weft_sight_destroy(many);
	weft_site_stop();
	return most < 5 ? 0 : 1;
}
