/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capacity.c - what a peer has for us, from its nodes and jobs.
 */
#include "core/capacity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest_private.h"
#include "core/scan.h"

#define FOR_EVER (365u * 86400) /* s: of a job without a limit */
#define OTHERS	 86400		/* s for which cards are taken that no job we see has */
#define LEAST	 0.05
#define WEIGHT	 0.02 /* of one job in what is learned */

/* A pool that is being counted: the cards of one kind. */
struct pool {
	const char *gres;
	uint64_t cards, used; /* in all; in use, as the nodes say */
	uint64_t running;     /* as the jobs say */
	struct weft_outlook_running *run;
	struct weft_outlook_waiting *wait;
	size_t n_run, n_wait;
};

struct pools {
	struct pool pool[WEFT_SITES_MAX_KINDS];
	struct weft_rest_cards all; /* the names */
	unsigned n;
};

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = list; *s; s += strcspn(s, ",") + (s[strcspn(s, ",")] == ',')) {
		if (strcspn(s, ",") == len && !strncmp(s, word, len))
			return true;
	}
	return false;
}

/* A card without a type is one of the largest pool of its name. */
static struct pool *find(struct pools *pools, const char *gres)
{
	size_t len = strlen(gres);
	struct pool *best = NULL;

	for (unsigned i = 0; i < pools->n; i++) {
		struct pool *p = &pools->pool[i];

		if (weft_name_equal(p->gres, gres))
			return p;
		if (!strncmp(p->gres, gres, len) && p->gres[len] == ':' && (!best || p->cards > best->cards))
			best = p;
	}
	return best;
}

static void count_nodes(struct pools *pools, const struct weft_capacity_facts *f)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < f->n_nodes; i++) {
			const struct weft_rest_node *node = &f->nodes[i];
			struct weft_rest_cards cards = { 0 };

			if (!node->up || (f->partition && !has_word(node->partitions, f->partition)))
				continue;
			if (pass == 0)
				weft_rest_cards_add(&pools->all, node->gres, 1, true);
			else
				weft_rest_cards_add(&cards, node->gres_used, 1, true);
			for (unsigned k = 0; k < cards.n; k++) {
				struct pool *p = find(pools, cards.card[k].name);

				if (p)
					p->used += cards.card[k].count;
			}
		}
		for (unsigned k = 0; pass == 0 && k < pools->all.n && pools->n < WEFT_SITES_MAX_KINDS; k++)
			pools->pool[pools->n++] = (struct pool){ .gres = pools->all.card[k].name,
								 .cards = pools->all.card[k].count };
	}
}

static uint32_t seconds_of(const struct weft_rest_seen *job)
{
	return job->minutes >= FOR_EVER / 60 ? FOR_EVER : job->minutes * 60;
}

static bool counts(const struct weft_rest_seen *job, const char *partition)
{
	if (weft_rest_state_is_end(job->state) || (job->state == WEFT_REST_PENDING && job->held))
		return false;
	return !partition || has_word(job->partition, partition);
}

static void add_job(struct pool *p, const struct weft_rest_seen *job, uint64_t cards, time_t now)
{
	if (job->state == WEFT_REST_PENDING) {
		p->wait[p->n_wait++] = (struct weft_outlook_waiting){ .cards = (uint32_t)cards,
								      .seconds = seconds_of(job),
								      .priority = job->priority,
								      .id = job->id };
		return;
	}
	p->running += cards;
	p->run[p->n_run++] = (struct weft_outlook_running){
		.cards = (uint32_t)cards,
		.end = job->end ? job->end : (job->start ? job->start : now) + (time_t)seconds_of(job),
	};
}

static void count_jobs(struct pools *pools, const struct weft_capacity_facts *f)
{
	for (size_t i = 0; i < f->n_jobs; i++) {
		struct weft_rest_cards cards = { 0 };

		if (!counts(&f->jobs[i], f->partition))
			continue;
		weft_rest_cards_add(&cards, f->jobs[i].gres, 1, true);
		for (unsigned k = 0; k < cards.n; k++) {
			struct pool *p = find(pools, cards.card[k].name);

			if (p && p->n_run + p->n_wait < f->n_jobs)
				add_job(p, &f->jobs[i], cards.card[k].count, f->now);
		}
	}
}

/* Cards that are in use, of jobs that we do not see or do not count. */
static void add_others(struct pool *p, time_t now)
{
	uint64_t others = p->used > p->running ? p->used - p->running : 0;

	if (others > 0)
		p->run[p->n_run++] = (struct weft_outlook_running){
			.cards = (uint32_t)(others < p->cards ? others : p->cards), .end = now + OTHERS
		};
}

static int make_kind(struct pool *p, const struct weft_capacity_facts *f, struct weft_site_kind *kind)
{
	*kind = (struct weft_site_kind){ .price = -1, .carbon = NAN };
	kind->gres = strdup(p->gres);
	if (!kind->gres)
		return -1;
	add_others(p, f->now);
	return weft_outlook_make(&kind->outlook, (uint32_t)p->cards, f->now, f->scale, p->run, p->n_run,
				 p->wait, p->n_wait);
}

static int make_room(struct pools *pools, size_t n_jobs)
{
	for (unsigned i = 0; i < pools->n; i++) {
		struct pool *p = &pools->pool[i];

		p->run = calloc(n_jobs + 1, sizeof(*p->run)); /* and the others' */
		p->wait = calloc(n_jobs + 1, sizeof(*p->wait));
		if (!p->run || !p->wait)
			return -1;
	}
	return 0;
}

int weft_capacity_make(const struct weft_capacity_facts *f, struct weft_site_kind **kinds, unsigned *n_kinds)
{
	struct pools *pools = calloc(1, sizeof(*pools));
	int rc = pools ? 0 : -1;

	*kinds = NULL;
	*n_kinds = 0;
	if (pools) {
		count_nodes(pools, f);
		rc = make_room(pools, f->n_jobs);
	}
	if (rc == 0 && pools->n > 0) {
		count_jobs(pools, f);
		*kinds = calloc(pools->n, sizeof(**kinds));
		rc = *kinds ? 0 : -1;
	}
	while (rc == 0 && *n_kinds < pools->n) {
		rc = make_kind(&pools->pool[*n_kinds], f, &(*kinds)[*n_kinds]);
		(*n_kinds)++;
	}
	for (unsigned i = 0; pools && i < pools->n; i++) {
		free(pools->pool[i].run);
		free(pools->pool[i].wait);
	}
	free(pools);
	if (rc < 0) {
		weft_capacity_free(*kinds, *n_kinds);
		*kinds = NULL;
		*n_kinds = 0;
	}
	return rc;
}

void weft_capacity_free(struct weft_site_kind *kinds, unsigned n_kinds)
{
	for (unsigned i = 0; i < n_kinds; i++)
		free(kinds[i].gres);
	free(kinds);
}

double weft_capacity_scale(double before, const struct weft_rest_seen *jobs, size_t n_jobs, time_t since)
{
	double scale = before;

	for (size_t i = 0; i < n_jobs; i++) {
		const struct weft_rest_seen *job = &jobs[i];
		double part;

		/* One that was cancelled or lost its node says nothing of how long such jobs take. */
		if ((job->state != WEFT_REST_COMPLETED && job->state != WEFT_REST_FAILED &&
		     job->state != WEFT_REST_TIMEOUT) ||
		    job->end <= since || job->start == 0 || job->end < job->start || job->minutes == 0)
			continue;
		part = (double)(job->end - job->start) / seconds_of(job);
		scale += WEIGHT * (fmin(part, 1) - scale);
	}
	return fmax(LEAST, fmin(scale, 1));
}
