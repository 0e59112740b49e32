/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_why.c - what an alternative is missing; and on random clusters that the jobs which are said to stand
 * in the way do, that ending them is enough, and that it is not earlier than said.
 */
#include "core/why.h"

#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS	  2000
#define MAX_NODES 8
#define MAX_USES  24
#define NOW	  1000

/* ---------------------------------------------------------------- one at a time */

static struct weft_why_node full(unsigned id, unsigned free)
{
	return (struct weft_why_node){ .id = id,
				       .usable = true,
				       .total = 8,
				       .free = free,
				       .cpus = 32,
				       .cpus_free = 32,
				       .memory = 1000,
				       .memory_free = 1000 };
}

static struct weft_why ask(struct weft_why_need need, const struct weft_why_node *nodes, size_t n,
			   const struct weft_why_release *releases, size_t n_releases)
{
	struct weft_why why;

	ck_assert_int_eq(weft_why_find(&why, &need, nodes, n, releases, n_releases), 0);
	return why;
}

START_TEST(nothing_is_missing)
{
	struct weft_why_node nodes[] = { full(0, 2), full(1, 8) };
	struct weft_why why =
		ask((struct weft_why_need){ .nodes = 1, .per_node = 8, .devices = 8 }, nodes, 2, NULL, 0);

	ck_assert_int_eq(why.kind, WEFT_WHY_NOTHING);
	ck_assert_uint_eq(why.ready, 1);
	ck_assert_uint_eq(why.n_jobs, 0);
}
END_TEST

/* Of two nodes the one whose jobs end first, and no more jobs than must. */
START_TEST(the_first_to_end)
{
	struct weft_why_node nodes[] = { full(0, 2), full(1, 0) };
	struct weft_why_release uses[] = {
		{ .node = 0, .job = 17, .end = 3000, .cards = 6 },
		{ .node = 1, .job = 18, .end = 1500, .cards = 4 },
		{ .node = 1, .job = 19, .end = 2000, .cards = 4 },
	};
	struct weft_why why =
		ask((struct weft_why_need){ .nodes = 1, .per_node = 8, .devices = 8 }, nodes, 2, uses, 3);

	ck_assert_int_eq(why.kind, WEFT_WHY_BUSY);
	ck_assert(why.cards);
	ck_assert_uint_eq(why.best, 0);
	ck_assert_uint_eq(why.n_jobs, 2);
	ck_assert_uint_eq(why.jobs[0], 18);
	ck_assert_uint_eq(why.jobs[1], 19);
	ck_assert_int_eq(why.when, 2000);
	why = ask((struct weft_why_need){ .nodes = 1, .per_node = 4, .devices = 4 }, nodes, 2, uses, 3);
	ck_assert_uint_eq(why.n_jobs, 1);
	ck_assert_uint_eq(why.jobs[0], 18);
	ck_assert_int_eq(why.when, 1500);
}
END_TEST

/* Ends may be further apart than a key of the sort can tell; a job without an end is the last all the same. */
START_TEST(the_last_to_end)
{
	struct weft_why_node nodes[] = { full(0, 0), full(1, 0), full(2, 0) };
	struct weft_why_release uses[] = {
		{ .node = 0, .job = 1, .end = 0, .cards = 8 },
		{ .node = 1, .job = 2, .end = (time_t)1 << 40, .cards = 8 },
		{ .node = 2, .job = 3, .end = 1u << 30, .cards = 8 },
	};
	struct weft_why_need need = { .nodes = 1, .per_node = 8, .devices = 8 };
	struct weft_why why;

	why = ask(need, nodes, 3, uses, 3);
	ck_assert_uint_eq(why.jobs[0], 3);
	ck_assert_int_eq(why.when, 1u << 30);
	need.nodes = 2;
	need.devices = 16;
	why = ask(need, nodes, 3, uses, 3);
	ck_assert_uint_eq(why.n_jobs, 2);
	ck_assert_int_eq(why.when, (time_t)1 << 40);
}
END_TEST

START_TEST(a_node_must_come_back)
{
	struct weft_why_node nodes[] = { full(0, 8), full(1, 8), full(2, 0) };
	struct weft_why_release uses[] = { { .node = 2, .job = 5, .end = 0, .cards = 8 } };
	struct weft_why_need need = { .nodes = 2, .per_node = 8, .devices = 16 };
	struct weft_why why;

	nodes[1].usable = false;
	why = ask(need, nodes, 2, NULL, 0);
	ck_assert_int_eq(why.kind, WEFT_WHY_NODES);
	ck_assert_uint_eq(why.n_idle_nodes, 1);
	ck_assert_uint_eq(why.idle_nodes[0], 1);
	why = ask(need, nodes, 3, uses, 1); /* a job without an end is better than a node that is down */
	ck_assert_int_eq(why.kind, WEFT_WHY_BUSY);
	ck_assert_uint_eq(why.jobs[0], 5);
	ck_assert_int_eq(why.when, 0);
	need.nodes = 4;
	ck_assert_int_eq(ask(need, nodes, 3, uses, 1).kind, WEFT_WHY_NEVER);
	ck_assert_int_eq(ask(need, nodes, 0, NULL, 0).kind, WEFT_WHY_NEVER);
}
END_TEST

START_TEST(processors_memory_and_others)
{
	struct weft_why_node nodes[] = { full(0, 8) };
	struct weft_why_release uses[] = { { .node = 0, .job = 3, .end = 1100, .cpus = 16, .memory = 100 } };
	struct weft_why_need need = { .nodes = 1, .per_node = 1, .devices = 1, .cpus = 20 };
	struct weft_why why;

	nodes[0].cpus_free = 16;
	nodes[0].memory_free = 900;
	why = ask(need, nodes, 1, uses, 1);
	ck_assert_int_eq(why.kind, WEFT_WHY_BUSY);
	ck_assert(!why.cards);
	ck_assert_uint_eq(why.best, 0);
	need.cpus = 0;
	ck_assert_int_eq(ask(need, nodes, 1, uses, 1).kind, WEFT_WHY_NOTHING);
	need.memory = 950;
	ck_assert_int_eq(ask(need, nodes, 1, uses, 1).kind, WEFT_WHY_BUSY);
	need.memory = 1001;
	ck_assert_int_eq(ask(need, nodes, 1, uses, 1).kind, WEFT_WHY_NEVER);
	need.memory = 0;
	need.whole = true;
	why = ask(need, nodes, 1, uses, 1);
	ck_assert_int_eq(why.kind, WEFT_WHY_BUSY);
	ck_assert_uint_eq(why.jobs[0], 3);
}
END_TEST

START_TEST(uneven_cards)
{
	struct weft_why_node nodes[] = { full(0, 5), full(1, 3), full(2, 4) };
	struct weft_why_release uses[] = { { .node = 1, .job = 9, .end = 1200, .cards = 5 },
					   { .node = 2, .job = 8, .end = 1300, .cards = 4 } };
	struct weft_why_need need = { .nodes = 2, .devices = 11 };
	struct weft_why why = ask(need, nodes, 3, uses, 2);

	ck_assert_int_eq(why.kind, WEFT_WHY_BUSY);
	ck_assert_uint_eq(why.ready, 9);
	ck_assert_uint_eq(why.jobs[0], 9);
	ck_assert_uint_eq(why.n_jobs, 1);
	need.devices = 9;
	ck_assert_int_eq(ask(need, nodes, 3, uses, 2).kind, WEFT_WHY_NOTHING);
}
END_TEST

/* ---------------------------------------------------------------- at random */

struct cluster {
	struct weft_why_node nodes[MAX_NODES];
	struct weft_why_release uses[MAX_USES];
	size_t n_nodes, n_uses;
	struct weft_why_need need;
};

static unsigned under(unsigned n)
{
	return (unsigned)rand() % n;
}

static void make(struct cluster *c)
{
	*c = (struct cluster){ .n_nodes = 1 + under(MAX_NODES), .n_uses = under(MAX_USES + 1) };
	for (size_t i = 0; i < c->n_nodes; i++) {
		c->nodes[i] = full((unsigned)i, 8);
		c->nodes[i].usable = under(6);
	}
	for (size_t i = 0; i < c->n_uses; i++) {
		unsigned at = under((unsigned)c->n_nodes);
		struct weft_why_node *node = &c->nodes[at];
		struct weft_why_release *r = &c->uses[i];

		*r = (struct weft_why_release){ .node = at,
						.job = 1 + under(12),
						.cards = under(node->free + 1),
						.cpus = under(node->cpus_free / 2 + 1),
						.memory = under((unsigned)node->memory_free / 2 + 1) };
		r->end = r->job == 7 ? 0 : NOW + 100 * (time_t)(r->job * 5 % 13); /* a job has one end */
		node->free -= r->cards;
		node->cpus_free -= r->cpus;
		node->memory_free -= r->memory;
	}
	c->need = (struct weft_why_need){ .nodes = 1 + under(3), .per_node = under(4) ? 1 + under(8) : 0 };
	c->need.devices = c->need.per_node ? c->need.nodes * c->need.per_node : c->need.nodes + under(16);
	c->need.cpus = under(3) ? 0 : under(33);
	c->need.memory = under(3) ? 0 : under(1001);
	c->need.whole = !under(8);
}

static bool ends(const struct weft_why *why, uint32_t job, time_t end, time_t by)
{
	for (unsigned i = 0; why && i < why->n_jobs; i++) {
		if (why->jobs[i] == job)
			return true;
	}
	return !why && end && end <= by;
}

/* By trying: does it fit when the jobs of WHY (or, WHY being NULL, those that end by BY) have ended?  Nodes
 * of WHY that are to be made usable are. */
static bool fits(const struct cluster *c, const struct weft_why *why, time_t by)
{
	unsigned cards[MAX_NODES], n = 0, fitting = 0;
	unsigned sum = 0;

	for (size_t i = 0; i < c->n_nodes; i++) {
		struct weft_why_node node = c->nodes[i];

		for (unsigned k = 0; why && k < why->n_idle_nodes; k++)
			node.usable = node.usable || why->idle_nodes[k] == i;
		for (size_t k = 0; k < c->n_uses; k++) {
			const struct weft_why_release *r = &c->uses[k];

			if (r->node != i || !ends(why, r->job, r->end, by))
				continue;
			node.free += r->cards;
			node.cpus_free += r->cpus;
			node.memory_free += r->memory;
		}
		if (!node.usable || node.cpus_free < c->need.cpus || node.memory_free < c->need.memory ||
		    (c->need.whole && node.cpus_free < node.cpus) ||
		    node.free < (c->need.per_node ? c->need.per_node : 1))
			continue;
		fitting++;
		cards[n++] = node.free;
	}
	for (unsigned k = 0; k < c->need.nodes && k < n; k++) {
		unsigned best = k;

		for (unsigned i = k; i < n; i++)
			best = cards[i] > cards[best] ? i : best;
		sum += cards[best];
		cards[best] = cards[k];
	}
	return fitting >= c->need.nodes && (c->need.per_node || sum >= c->need.devices);
}

START_TEST(what_it_says_is_so)
{
	unsigned kinds[4] = { 0 };

	srand(4711);
	for (int round = 0; round < ROUNDS; round++) {
		static const struct weft_why nothing;
		struct weft_why why;
		struct cluster c;

		make(&c);
		why = ask(c.need, c.nodes, c.n_nodes, c.uses, c.n_uses);
		kinds[why.kind]++;
		ck_assert_msg((why.kind == WEFT_WHY_NOTHING) == fits(&c, &nothing, 0), "round %d", round);
		if (why.kind == WEFT_WHY_NOTHING || why.kind == WEFT_WHY_NEVER)
			continue;
		ck_assert_msg(fits(&c, &why, 0), "round %d: it is not enough", round);
		ck_assert_msg(why.kind != WEFT_WHY_BUSY || why.n_idle_nodes == 0, "round %d", round);
		if (why.kind == WEFT_WHY_BUSY && why.when) {
			ck_assert_msg(fits(&c, NULL, why.when), "round %d: later", round);
			ck_assert_msg(!fits(&c, NULL, why.when - 1), "round %d: earlier", round);
		}
	}
	for (int kind = 0; kind < 4; kind++)
		ck_assert_msg(kinds[kind] > ROUNDS / 50, "kind %d: %u", kind, kinds[kind]);
}
END_TEST

/* ---------------------------------------------------------------- reasons */

START_TEST(reasons_in_words)
{
	ck_assert_str_eq(weft_why_reason("Resources"), "what it asks for is in use");
	ck_assert_str_eq(weft_why_reason("QOSMaxGRESPerUser"), "a limit of its QOS is reached");
	ck_assert_str_eq(weft_why_reason("QOSMaxNodePerJobLimit"),
			 "it asks for more than its QOS allows a job");
	ck_assert_str_eq(weft_why_reason("AssocGrpGRES"), "a limit of its association is reached");
	ck_assert_str_eq(weft_why_reason("AssocMaxGRESPerJob"),
			 "it asks for more than its association allows a job");
	ck_assert_ptr_null(weft_why_reason("SomethingNew"));
	ck_assert(weft_why_is_limit("QOSGrpGRES"));
	ck_assert(!weft_why_is_limit("QOSNotAllowed"));
	ck_assert(!weft_why_is_limit("Priority"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("why");
	TCase *t = tcase_create("why");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, nothing_is_missing);
	tcase_add_test(t, the_first_to_end);
	tcase_add_test(t, the_last_to_end);
	tcase_add_test(t, a_node_must_come_back);
	tcase_add_test(t, processors_memory_and_others);
	tcase_add_test(t, uneven_cards);
	tcase_add_test(t, what_it_says_is_so);
	tcase_add_test(t, reasons_in_words);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
