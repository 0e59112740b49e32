/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * questions.c - the processor time of an answer to "scontrol show bbstat" on 12,500 nodes of 8 cards, all of
 * them in use by eight jobs a class or (second column) by a job a node, with 10,000 requests that wait. Eight
 * other sites, and for the last line 64, are known for quotes.
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
#define PEERS	64 /* each with a node that stands for it */
#define MANY	"64:h100|64:mi300x|64:910b3|100:mlu370-x8"

static const char gateway[] = "gpu:h100:256,gpu:mi300x:256,gpu:910b3:256,gpu:mlu370-x8:256";
static const char *const types[] = { "gpu:h100:8", "gpu:mi300x:8", "gpu:910b3:8", "gpu:mlu370-x8:8" };
static char names[NODES + PEERS][16];
static struct weft_sight_sites known = { .holders = 1000 };

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
	static const char *gres[NODES + PEERS];

	for (unsigned i = 0; i < NODES + PEERS; i++)
		gres[i] = i < NODES ? types[class_of(i)] : gateway;
	weft_site_start(&(struct weft_site_options){
		.conf_path = "/nonexistent", .catalogue_path = WEFT_CATALOGUE_PATH, .log = to_log });
	weft_site_set_nodes(gres, NODES + PEERS);
}

/* ---------------------------------------------------------------- other sites */

/* A view as the site's, with so many peers in weft.conf. */
static const struct weft_view *view_of(unsigned peers)
{
	static char text[PEERS * 128];
	struct weft_view *view = malloc(sizeof(*view));
	struct weft_err err = WEFT_ERR_INIT;
	size_t len = 0;

	*view = *weft_site_view();
	for (unsigned i = 0; i < peers; i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len,
			"Peer=p%u Url=https://p%u Token=/t Users=same Node=n%u Partition=n%u\n", i, i,
			NODES + i, NODES + i);
	view->conf = weft_conf_parse("weft.conf", text, len, &err);
	if (!view->conf) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return view;
}

/* What weftd wrote of them: cards of each class, of which some come free each minute. */
static void make_peers(void)
{
	static char kinds[4][16] = { "gpu:h100", "gpu:mi300x", "gpu:910b3", "gpu:mlu370-x8" };
	static char peers[PEERS][8];
	struct weft_sites *sites = calloc(1, sizeof(*sites));

	sites->made = 1;
	sites->n_peers = PEERS;
	sites->peers = calloc(PEERS, sizeof(*sites->peers));
	for (unsigned i = 0; i < PEERS; i++) {
		struct weft_site_kind *kind = calloc(4, sizeof(*kind));

		snprintf(peers[i], sizeof(peers[i]), "p%u", i);
		sites->peers[i] = (struct weft_site_peer){
			.name = peers[i], .open = true, .why = "", .release = "", .kinds = kind, .n_kinds = 4
		};
		for (unsigned k = 0; k < 4; k++) {
			kind[k] = (struct weft_site_kind){
				.gres = kinds[k], .price = 250000 + i, .currency = "EUR", .carbon = 100 + i
			};
			kind[k].outlook.cards = kind[k].outlook.n = WEFT_OUTLOOK_MAX_STEPS;
			for (unsigned m = 0; m < WEFT_OUTLOOK_MAX_STEPS; m++)
				kind[k].outlook.steps[m] = (struct weft_outlook_step){ m * 60, m / 4 };
		}
	}
	known.sites = sites;
}

/* ---------------------------------------------------------------- the copy */

static struct weft_sight *make(unsigned jobs, unsigned peers)
{
	struct weft_sight *s = weft_sight_create();

	s->view = view_of(peers);
	s->sites = &known;
	s->taken = 1;
	s->nodes = calloc(NODES + PEERS, sizeof(*s->nodes));
	s->free = calloc(NODES + 4 * PEERS, sizeof(*s->free));
	s->jobs = calloc(jobs + PENDING, sizeof(*s->jobs));
	s->parts = calloc(1 + peers, sizeof(*s->parts));
	s->n_parts = 1 + peers;
	for (unsigned i = 0; i <= peers; i++)
		s->parts[i] =
			(struct weft_sight_part){ .name = i ? names[NODES + i - 1] : "all", .state = "UP" };
	s->n_nodes = NODES + peers;
	s->n_free = NODES + 4 * peers;
	s->n_jobs = jobs + PENDING;
	for (unsigned i = NODES; i < NODES + peers; i++) {
		snprintf(names[i], sizeof(names[i]), "n%u", i);
		s->nodes[i] = (struct weft_sight_node){ .name = names[i],
							.cpus = 128,
							.memory = 1000000,
							.first_free = NODES + 4 * (i - NODES) };
	}
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
			.id = i + 1, .part = 0, .user = "alice", .state_name = "PENDING", .priority = 1
		};
		if (i < jobs) {
			s->jobs[i].state = WEFT_JOB_RUNNING;
			s->jobs[i].end = 1000 + (time_t)(i * 7919u % 100000u);
		} else {
			s->jobs[i].accel = i % 3 ? MANY : "8:h100";
			s->jobs[i].asks[0] = i % 4;
			s->jobs[i].cards = 8u << i % 6;
			s->jobs[i].seconds = 3600 * (1 + i * 7919u % 96u);
		}
	}
	return s;
}

struct question {
	const struct weft_sight *s;
	char *words[3];
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
	if (!text || !strncmp(text, "weft: ", 6)) {
		fprintf(stderr, "%s", text ? text : "out of memory\n");
		exit(1);
	}
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
	struct question q = { .s = s, .words = { (char *)first, (char *)second, "4:00:00" }, .n = 1 };
	double took[ROUNDS];

	if (second)
		q.n = !strcmp(first, "quote") ? 3 : 2;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, answer, &q) || pthread_join(thread, NULL))
			exit(1);
		took[i] = q.took;
	}
	qsort(took, ROUNDS, sizeof(*took), by_size);
	return took[ROUNDS / 2];
}

/* Returns the more costly one of the two. */
static double compare(const char *name, const struct weft_sight *few, const struct weft_sight *many,
		      const char *word, const char *of_few, const char *of_many)
{
	double a = cost_of(few, word, of_few), b = cost_of(many, word, of_many);

	printf("%-16s %12.2f %12.2f\n", name, a, b);
	return a > b ? a : b;
}

int main(void)
{
	static const struct {
		const char *name, *word, *of_few, *of_many;
		unsigned peers;
	} rows[] = {
		{ "classes", "classes", NULL, NULL, 8 },
		{ "nodes", "nodes", NULL, NULL, 8 },
		{ "job", "job", "35", "12503", 8 },
		{ "why", "why", "35", "12503", 8 },
		{ "quote", "quote", MANY, MANY, 8 },
		{ "quote, no peer", "quote", MANY, MANY, 0 },
		{ "quote, 64 peers", "quote", MANY, MANY, PEERS },
	};
	double most = 0;

	start_site();
	make_peers();
	printf("%-16s %12s %12s   ms\n", "question", "32 jobs", "12500 jobs");
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct weft_sight *few = make(32, rows[i].peers), *many = make(NODES, rows[i].peers);
		double cost = compare(rows[i].name, few, many, rows[i].word, rows[i].of_few, rows[i].of_many);

		most = cost > most ? cost : most;
	}
	printf("goal: less than 5 ms; %s\n", most < 5 ? "met" : "missed");
	weft_site_stop();
	return most < 5 ? 0 : 1;
}
