/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_burst_plan.c - who of all that wait may go where, and the gates that come of it.
 */
#include "core/burst_plan.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/burst_gate.h"

#define NOW   1000000
#define HOURS 3600
#define EUR   1000000

/* ---------------------------------------------------------------- gates */

static struct weft_gate *gates(size_t n)
{
	struct weft_gate *g = calloc(n, sizeof(*g));

	ck_assert_ptr_nonnull(g);
	for (size_t i = 0; i < n; i++) {
		g[i].job = (uint32_t)(n - i);
		snprintf(g[i].peer, sizeof(g[i].peer), "beta");
		snprintf(g[i].gres, sizeof(g[i].gres), "gpu:h100");
	}
	return g;
}

START_TEST(gates_open_and_close)
{
	char gres[WEFT_GATE_MAX_NAME] = "";
	struct weft_gate *g = gates(3), copy;

	ck_assert(!weft_gate_is_open(2, "beta", 1, NULL, 0));
	g[1].stay = 4; /* job 2, an array */
	weft_gates_set(g, 3);
	ck_assert(weft_gate_is_open(1, "beta", 1, gres, sizeof(gres)));
	ck_assert_str_eq(gres, "gpu:h100");
	ck_assert(weft_gate_is_open(3, "beta", 1, NULL, 0));
	ck_assert(!weft_gate_is_open(3, "gamma", 1, NULL, 0));
	ck_assert(!weft_gate_is_open(4, "beta", 1, NULL, 0));
	ck_assert(weft_gate_is_open(2, "beta", 5, NULL, 0));
	ck_assert(!weft_gate_is_open(2, "beta", 4, NULL, 0));
	ck_assert(weft_gate_of(2, &copy));
	ck_assert_uint_eq(copy.stay, 4);
	ck_assert(!weft_gate_of(4, &copy));
	weft_gates_set(gates(1), 1);
	ck_assert(weft_gate_is_open(1, "beta", 1, NULL, 0));
	ck_assert(!weft_gate_is_open(3, "beta", 1, NULL, 0));
	weft_gates_forget();
	ck_assert(!weft_gate_is_open(1, "beta", 1, NULL, 0));
}
END_TEST

/* ---------------------------------------------------------------- plans */

#define MAX 32

static char h100[] = "gpu:h100", a100[] = "gpu:a100", beta[] = "beta", gamma_site[] = "gamma";
static struct weft_conf_burst conf;
static struct weft_site_kind kinds[2];
static struct weft_site_peer peers[2];
static struct weft_burst_site sites[2];
static struct weft_burst_ask asks[MAX];
static struct weft_burst_way ways[MAX];
static struct weft_burst_waiter waiting[MAX];
static struct weft_burst_runner running[MAX];
static uint32_t cards[1];
static struct weft_burst_plan plan;

/* What came out. */
static uint32_t gone[MAX];
static int where[MAX];
static char why[MAX][WEFT_BURST_WHY_SIZE];
static unsigned decided;
static struct weft_burst_place home_seen[MAX], peer_seen[MAX];

static void on_decided(const struct weft_burst_case *c, const struct weft_burst_answer *answer, void *arg)
{
	char *line = weft_burst_record(&conf, c, answer);
	struct weft_err err = WEFT_ERR_INIT;

	(void)arg;
	ck_assert_ptr_nonnull(line);
	ck_assert_msg(weft_burst_replay(line, &err) == 0, "%s\n%s", err.text, line);
	free(line);
	home_seen[c->job] = c->home;
	if (c->n_peers)
		peer_seen[c->job] = c->peers[0];
	decided++;
}

static void on_outcome(const struct weft_burst_waiter *w, const struct weft_burst_answer *answer, uint32_t go,
		       const struct weft_burst_way *way, void *arg)
{
	(void)arg;
	gone[w->job] = go;
	where[w->job] = way ? way->site : -1;
	snprintf(why[w->job], sizeof(why[0]), "%s", answer->why);
}

static void setup(void)
{
	memset(asks, 0, sizeof(asks));
	memset(waiting, 0, sizeof(waiting));
	memset(running, 0, sizeof(running));
	memset(gone, 0xff, sizeof(gone));
	decided = 0;
	conf = (struct weft_conf_burst){ .wait = WEFT_BURST_WAIT_FORECAST,
					 .value = 100 * EUR,
					 .currency = "EUR" };
	for (int i = 0; i < 2; i++) {
		kinds[i] = (struct weft_site_kind){ .gres = h100, .price = EUR, .currency = "EUR" };
		kinds[i].outlook = (struct weft_outlook){ .cards = 8, .n = 1, .steps = { { NOW - 10, 8 } } };
	}
	peers[0] = (struct weft_site_peer){ .name = beta, .open = true, .kinds = &kinds[0], .n_kinds = 1 };
	peers[1] =
		(struct weft_site_peer){ .name = gamma_site, .open = true, .kinds = &kinds[1], .n_kinds = 1 };
	sites[0] = (struct weft_burst_site){ .name = "beta", .open = true, .seen = &peers[0] };
	sites[1] = (struct weft_burst_site){ .name = "gamma", .open = true, .seen = &peers[1] };
	cards[0] = 8;
	ways[0] = (struct weft_burst_way){
		.site = -1, .class_id = 0, .gres = "gpu:h100", .cards = 8, .slowdown = 1
	};
	ways[1] = (struct weft_burst_way){ .site = 0, .gres = "gpu:h100", .cards = 8, .slowdown = 1 };
	ways[2] = (struct weft_burst_way){ .site = 1, .gres = "gpu:h100", .cards = 8, .slowdown = 1 };
	/* All of home is in use for ten hours. */
	running[0] =
		(struct weft_burst_runner){ .site = -1, .class_id = 0, .cards = 8, .end = NOW + 10 * HOURS };
	plan = (struct weft_burst_plan){ .conf = &conf,
					 .now = NOW,
					 .scale = 1,
					 .cards = cards,
					 .n_classes = 1,
					 .running = running,
					 .n_running = 1,
					 .waiting = waiting,
					 .sites = sites,
					 .n_sites = 1,
					 .decided = on_decided,
					 .outcome = on_outcome };
}

/* One more job, of an hour on 8 cards; BURST NULL: without. */
static struct weft_burst_waiter *job(const char *burst)
{
	size_t i = plan.n_waiting++;
	struct weft_err err = WEFT_ERR_INIT;

	waiting[i] = (struct weft_burst_waiter){ .job = (uint32_t)i,
						 .tasks = 1,
						 .priority = 1000 - (int64_t)i,
						 .eligible = NOW - HOURS,
						 .seconds = HOURS,
						 .class_id = 0,
						 .cards = 8 };
	if (!burst)
		return &waiting[i];
	ck_assert_msg(weft_burst_parse(burst, &asks[i].wish, &err) == 0, "%s", err.text);
	asks[i].ways = ways;
	asks[i].n_ways = 3;
	waiting[i].ask = &asks[i];
	if (asks[i].wish.mode == WEFT_BURST_ONLY)
		waiting[i].class_id = -1;
	return &waiting[i];
}

static void make(void)
{
	ck_assert_int_eq(weft_burst_plan_make(&plan), 0);
	for (size_t i = 0; i < plan.n_waiting; i++)
		weft_burst_clear(&asks[i].wish);
}

START_TEST(goes_when_it_pays)
{
	job("auto");
	make();
	ck_assert_uint_eq(gone[0], 1);
	ck_assert_int_eq(where[0], 0);
	ck_assert_int_eq(home_seen[0].start, NOW + 10 * HOURS);
	ck_assert_int_eq(peer_seen[0].start, NOW);
	ck_assert_int_eq(peer_seen[0].cost, 8 * EUR);
	ck_assert_uint_eq(decided, 1);
}
END_TEST

START_TEST(stays_when_home_is_free)
{
	plan.n_running = 0;
	job("auto");
	make();
	ck_assert_uint_eq(gone[0], 0);
	ck_assert_str_eq(why[0], "beta would not be sooner than home");
}
END_TEST

/* Who went takes the cards there: the next one starts an hour later, the one after that is asked again. */
START_TEST(one_after_the_other)
{
	for (int i = 0; i < 12; i++)
		job("auto");
	make();
	/* At home there is room from hour 10 on, at beta at once: about as many go as have a place there
	 * sooner. */
	for (int i = 0, sum = 0; i < 12; i++) {
		sum += (int)gone[i];
		if (i == 11)
			ck_assert_int_ge(sum, 10);
	}
	ck_assert_uint_eq(decided, 12);
}
END_TEST

/* Jobs without --burst are in the way at home, and are never decided. */
START_TEST(others_wait_too)
{
	plan.n_running = 0;
	cards[0] = 8;
	job(NULL);
	job(NULL);
	job("auto");
	make();
	ck_assert_uint_eq(decided, 1);
	ck_assert_int_eq(home_seen[2].start, NOW + 2 * HOURS);
	ck_assert_uint_eq(gone[2], 1);
	ck_assert_uint_eq(gone[0], UINT32_MAX);
}
END_TEST

START_TEST(only_and_named)
{
	plan.n_running = 0;
	plan.n_sites = 2;
	job("only,gamma");
	job("gamma");
	make();
	ck_assert_uint_eq(gone[0], 1);
	ck_assert_int_eq(where[0], 1);
	ck_assert_uint_eq(gone[1], 0);
}
END_TEST

/* max-cost is for the whole of the time limit, though less is expected. */
START_TEST(cost_at_most)
{
	plan.scale = 0.5;
	job("only,max-cost=8EUR");
	job("only,max-cost=7.99EUR");
	make();
	ck_assert_uint_eq(gone[0], 1);
	ck_assert_int_eq(peer_seen[0].cost, 4 * EUR);
	ck_assert_uint_eq(gone[1], 0);
	ck_assert_str_eq(why[1], "beta costs more than max-cost");
}
END_TEST

/* It goes to another one. */
START_TEST(refused_there)
{
	static const struct weft_burst_refusal by_beta[] = { { 0, "ann has no budget" } };

	plan.n_sites = 2;
	job("only");
	waiting[0].refusals = by_beta;
	waiting[0].n_refusals = 1;
	job("only,beta");
	waiting[1].refusals = by_beta;
	waiting[1].n_refusals = 1;
	make();
	ck_assert_uint_eq(gone[0], 1);
	ck_assert_int_eq(where[0], 1);
	ck_assert_uint_eq(gone[1], 0);
	ck_assert_str_eq(why[1], "beta does not take it: ann has no budget");
}
END_TEST

START_TEST(closed_or_not_known)
{
	peers[0].open = false;
	job("only");
	make();
	ck_assert_uint_eq(gone[0], 0);
	ck_assert_str_eq(why[0], "beta takes no jobs now");

	setup();
	sites[0].seen = NULL;
	job("only");
	make();
	ck_assert_uint_eq(gone[0], 0);
	ck_assert_str_eq(why[0], "beta takes no jobs now");

	setup();
	sites[0].open = false; /* the node at home is down */
	job("only");
	make();
	ck_assert_uint_eq(gone[0], 0);

	setup();
	kinds[0].gres = a100;
	job("only");
	make();
	ck_assert_uint_eq(gone[0], 0);
	ck_assert_str_eq(why[0], "beta can never run it");
}
END_TEST

/* What is on its way there, but not seen there yet, has its cards already. */
START_TEST(on_the_way)
{
	running[1] = (struct weft_burst_runner){
		.site = 0, .gres = "gpu:h100", .cards = 8, .end = NOW + 2 * HOURS
	};
	plan.n_running = 2;
	job("only");
	make();
	ck_assert_int_eq(peer_seen[0].start, NOW + 2 * HOURS);
}
END_TEST

START_TEST(tasks_of_an_array)
{
	plan.n_running = 0;
	job("auto")->tasks = 10;
	make();
	/* Each hour one starts at home and one there. */
	ck_assert_uint_ge(gone[0], 4);
	ck_assert_uint_le(gone[0], 5);
	ck_assert_uint_eq(decided, 1);
}
END_TEST

/* The host knows nodes and limits: it is believed. */
START_TEST(the_hosts_own_forecast)
{
	job("auto")->start = NOW + 4 * HOURS;
	make();
	ck_assert_int_eq(home_seen[0].start, NOW + 4 * HOURS);

	setup();
	cards[0] = 4; /* nodes are down: by our forecast it never starts */
	job("auto")->start = NOW + 4 * HOURS;
	make();
	ck_assert_int_eq(home_seen[0].start, NOW + 4 * HOURS);
}
END_TEST

START_TEST(slower_cards_there)
{
	ways[1].slowdown = 2;
	job("auto");
	make();
	ck_assert_double_eq_tol(peer_seen[0].run, 2 * HOURS, 1);
	ck_assert_int_eq(peer_seen[0].cost, 16 * EUR);
	ck_assert_uint_eq(gone[0], 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("burst_plan");
	TCase *t = tcase_create("gates"), *p = tcase_create("plans");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, gates_open_and_close);
	tcase_add_checked_fixture(p, setup, NULL);
	tcase_add_test(p, goes_when_it_pays);
	tcase_add_test(p, stays_when_home_is_free);
	tcase_add_test(p, one_after_the_other);
	tcase_add_test(p, others_wait_too);
	tcase_add_test(p, only_and_named);
	tcase_add_test(p, cost_at_most);
	tcase_add_test(p, refused_there);
	tcase_add_test(p, closed_or_not_known);
	tcase_add_test(p, on_the_way);
	tcase_add_test(p, tasks_of_an_array);
	tcase_add_test(p, the_hosts_own_forecast);
	tcase_add_test(p, slower_cards_there);
	suite_add_tcase(s, t);
	suite_add_tcase(s, p);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
