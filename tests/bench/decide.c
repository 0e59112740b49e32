/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decide.c - how long core/ takes for a decision: a request with eight alternatives on 12,500 nodes of 8 cards.
 *
 *	decide [NODES [ROUNDS]]
 *
 * Timed are what the select plugin does for each job_test: the plan (all candidates, with node counts), and the
 * choice among them by each policy.  The host's answers cost nothing here; the worst of them is measured, in which
 * no candidate fits, so that every question is asked.  Prints medians and the longest, in µs, and ends with 1 when
 * the median of plan and choice together is above a millisecond.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/choose.h"
#include "core/plan.h"
#include "core/request.h"

#define LIMIT_US 1000.0

/* NVIDIA, AMD, Ascend and Cambricon in their ratio, the nodes of each in two models, so that there are eight. */
static const struct {
	const char *gres;
	unsigned share; /* of 12500 nodes */
} kinds[] = {
	{ "gpu:h100:8", 3000 },	 { "gpu:a100-sxm4-80gb:8", 1000 }, { "gpu:mi300x:8", 2000 }, { "gpu:mi250x:8", 1000 },
	{ "npu:910b3:8", 3000 }, { "npu:910b2:8", 1000 },	   { "mlu:mlu370-x8:8", 1000 }, { "mlu:mlu590:8", 500 },
};

static const char request_text[] = "64:h100 | 128:a100-sxm4-80gb | 64:mi300x | 96:mi250x | 128:910b3 | 128:910b2 |"
				   " 256:mlu370-x8 | 20P@bf16:nvidia/amd/ascend,mem>=64G,nodes=2-64";

static double microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(const char *what, double *us, size_t n)
{
	qsort(us, n, sizeof(*us), by_size);
	printf("%-24s median %8.1f us, longest %8.1f us\n", what, us[n / 2], us[n - 1]);
}

static struct weft_inventory *make_inventory(const struct weft_catalogue *cat, unsigned nodes, struct weft_err *err)
{
	struct weft_inventory *inv = weft_inventory_create(cat, NULL);
	unsigned index = 0;

	for (size_t k = 0; inv && k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		unsigned n = (unsigned)((uint64_t)nodes * kinds[k].share / 12500);

		for (unsigned i = 0; i < n; i++) {
			if (weft_inventory_add(inv, index++, kinds[k].gres, err)) {
				weft_inventory_destroy(inv);
				return NULL;
			}
		}
	}
	return inv;
}

/* As the plugin asks: is the node in the job's partition? */
static bool usable(unsigned index, void *arg)
{
	const unsigned char *bits = arg;

	return bits[index / 8] >> index % 8 & 1;
}

static bool possible(size_t i, void *arg)
{
	(void)i, (void)arg;
	return true;
}

static bool fits_now(size_t i, void *arg)
{
	(void)i, (void)arg;
	return false;
}

static bool starts(size_t i, time_t *when, void *arg)
{
	*when = *(time_t *)arg + 3600 * (time_t)(i + 1);
	return true;
}

struct timings {
	double *plan, *choice[3], *future[3], *worst; /* ROUNDS of each; WORST: plan and the slowest choice */
};

static int measure(const struct weft_inventory *inv, const struct weft_request *req, unsigned rounds,
		   struct timings *t, size_t *candidates, struct weft_err *err)
{
	static const enum weft_policy policies[] = { WEFT_LISTED, WEFT_FAST, WEFT_SOON };
	static unsigned char all[WEFT_INVENTORY_MAX_NODES / 8 + 1];
	struct weft_scope scope = { .usable = usable, .arg = all };
	time_t now = time(NULL);
	struct weft_host host = { .possible = possible, .fits_now = fits_now, .starts = starts, .arg = &now };

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = 0xff;
	for (unsigned r = 0; r < rounds; r++) {
		struct weft_plan plan;
		double began = microseconds(), slowest = 0;

		if (weft_plan_make(&plan, req, inv, &scope, NULL, 200, err))
			return -1;
		t->plan[r] = microseconds() - began;
		for (int p = 0; p < 3; p++) {
			struct weft_patience patience = { 0 };

			began = microseconds();
			weft_choose_now(policies[p], &plan, 3600, now, &host, &patience);
			t->choice[p][r] = microseconds() - began;
			began = microseconds();
			weft_choose_future(policies[p], &plan, 3600, &host);
			t->future[p][r] = microseconds() - began;
			slowest = fmax(slowest, fmax(t->choice[p][r], t->future[p][r]));
		}
		t->worst[r] = t->plan[r] + slowest;
		*candidates = plan.n;
		weft_plan_clear(&plan);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "listed", "fast", "soon" };
	unsigned nodes = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 12500;
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1001;
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_catalogue *cat = weft_catalogue_load(WEFT_CATALOGUE_PATH, NULL, &err);
	struct weft_inventory *inv = cat ? make_inventory(cat, nodes, &err) : NULL;
	struct weft_request *req = inv ? weft_request_parse(request_text, &err) : NULL;
	double *figures = calloc(8 * (size_t)rounds, sizeof(*figures)), *next = figures;
	struct timings t = { .plan = next };
	size_t candidates = 0;
	int rc = 1;

	if (!req || !figures || rounds == 0)
		goto out;
	t.worst = next += rounds;
	for (int p = 0; p < 3; p++) {
		t.choice[p] = next += rounds;
		t.future[p] = next += rounds;
	}
	if (measure(inv, req, rounds, &t, &candidates, &err))
		goto out;
	printf("%u nodes, %zu classes, %zu alternatives, %zu candidates, %u rounds\n", weft_inventory_nodes(inv),
	       weft_inventory_classes(inv), req->n_alts, candidates, rounds);
	report("plan", t.plan, rounds);
	for (int p = 0; p < 3; p++) {
		char what[32];

		snprintf(what, sizeof(what), "choose now, %s", names[p]);
		report(what, t.choice[p], rounds);
		snprintf(what, sizeof(what), "choose future, %s", names[p]);
		report(what, t.future[p], rounds);
	}
	report("decision", t.worst, rounds);
	rc = t.worst[rounds / 2] > LIMIT_US;
	if (rc)
		printf("more than %.0f us\n", LIMIT_US);
out:
	if (err.text[0])
		fprintf(stderr, "decide: %s\n", err.text);
	free(figures);
	weft_request_destroy(req);
	weft_inventory_destroy(inv);
	weft_catalogue_destroy(cat);
	return rc;
}
