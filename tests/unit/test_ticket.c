/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ticket.h"
#include "tests/unit/cards.h"

static const struct weft_ticket_job job = { .id = 4711, .uid = 1000, .restarts = 2 };
static struct weft_catalogue *cat;

static void setup(void)
{
	cat = weft_catalogue_parse("cards", cards, strlen(cards), NULL, NULL, 0, NULL);
	ck_assert_ptr_nonnull(cat);
}

static void teardown(void)
{
	weft_catalogue_destroy(cat);
}

static struct weft_class class_of(const char *label, const char *model)
{
	return (struct weft_class){ .label = (char *)label,
				    .model = model ? weft_catalogue_find_model(cat, model) : NULL };
}

static struct weft_ticket *new_ticket(void)
{
	struct weft_ticket *t = weft_ticket_create("weft", &job, 1795350000);

	ck_assert_ptr_nonnull(t);
	return t;
}

static void add(struct weft_ticket *t, const char *label, const char *model, double rate, unsigned nodes,
		unsigned n, uint64_t devices)
{
	struct weft_class class = class_of(label, model);
	struct weft_err err = WEFT_ERR_INIT;

	for (unsigned i = 0; i < nodes; i++) {
		int group = weft_ticket_add_class(t, &class, rate, n, devices, &err);

		ck_assert_int_ge(group, 0);
		ck_assert_int_eq(weft_ticket_add_node(t, group, n, devices, &err), 0);
	}
	ck_assert_str_eq(err.text, "");
}

static char *text_of(const struct weft_ticket *t, size_t *len)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *text = weft_ticket_text(t, len, &err);

	ck_assert_msg(text != NULL, "%s", err.text);
	ck_assert_uint_eq(strlen(text), *len);
	return text;
}

/* Three nodes of one vendor, two of another, the last of them in part. */
static struct weft_ticket *mixed(void)
{
	struct weft_ticket *t = new_ticket();

	add(t, "gpu:h100", "h100-sxm5-80gb", 1000, 3, 8, 0xff);
	add(t, "npu:910b3", "ascend910b3", 313, 1, 8, 0xff);
	add(t, "npu:910b3", "ascend910b3", 313, 1, 2, 0x28);
	ck_assert_int_eq(weft_ticket_set(&t->site, "alpha"), 0);
	return t;
}

static const char mixed_text[] =
	"weft-ticket 1\n"
	"job cluster=weft id=4711 uid=1000 restarts=2 issued=1795350000\n"
	"group gres=gpu:h100 vendor=nvidia model=h100-sxm5-80gb cards=8 devices=0-7 memory=80 rate=1000 "
	"tdp=700 "
	"watts=700 limit=700 budget=700\n"
	"group gres=npu:910b3 vendor=ascend model=ascend910b3 cards=8 devices=0-7 memory=64 rate=313 tdp=400 "
	"watts=400 limit=400 budget=400\n"
	"runs 3*0 1 1:2@3,5\n"
	"site name=alpha\n"
	"end\n";

START_TEST(written)
{
	struct weft_ticket *t = mixed();
	size_t len;
	char *text = text_of(t, &len);

	ck_assert_str_eq(text, mixed_text);
	free(text);
	weft_ticket_destroy(t);
}
END_TEST

START_TEST(read_back)
{
	static const char tail[] = "site name=beta price=0.31EUR/kWh carbon=420g/kWh window-end=1795360000\n"
				   "mix fabric=roce\n"
				   "burst peer=gamma submit=1795340000 minutes=90\nend\n";
	struct weft_err err = WEFT_ERR_INIT;
	char text[2048], *again;
	struct weft_ticket *t;
	size_t len;

	snprintf(text, sizeof(text), "%.*s%s", (int)(strstr(mixed_text, "site") - mixed_text), mixed_text,
		 tail);
	t = weft_ticket_parse(text, strlen(text), &err);
	ck_assert_str_eq(err.text, "");
	ck_assert_str_eq(t->cluster, "weft");
	ck_assert_uint_eq(t->job.id, 4711);
	ck_assert_uint_eq(t->job.uid, 1000);
	ck_assert_uint_eq(t->job.restarts, 2);
	ck_assert_int_eq(t->issued, 1795350000);
	ck_assert_uint_eq(t->n_groups, 2);
	ck_assert_str_eq(t->groups[1].vendor, "ascend");
	ck_assert_double_eq(t->groups[1].memory, 64);
	ck_assert_uint_eq(t->n_nodes, 5);
	ck_assert_str_eq(t->price, "0.31EUR/kWh");
	ck_assert_str_eq(t->carbon, "420g/kWh");
	ck_assert_int_eq(t->window_end, 1795360000);
	ck_assert_str_eq(t->fabric, "roce");
	ck_assert_str_eq(t->peer, "gamma");
	ck_assert_int_eq(t->submit, 1795340000);
	ck_assert_uint_eq(t->minutes, 90);
	again = text_of(t, &len);
	ck_assert_str_eq(again, text);
	free(again);
	weft_ticket_destroy(t);
}
END_TEST

START_TEST(nodes)
{
	struct weft_ticket *t = mixed();
	const struct weft_ticket_run *run;
	unsigned first;

	run = weft_ticket_node(t, 2, &first);
	ck_assert_uint_eq(run->group, 0);
	ck_assert_uint_eq(first, 0);
	run = weft_ticket_node(t, 4, &first);
	ck_assert_uint_eq(run->group, 1);
	ck_assert_uint_eq(run->cards, 2);
	ck_assert_uint_eq(run->devices, 0x28);
	ck_assert_uint_eq(first, 4);
	ck_assert_ptr_null(weft_ticket_node(t, 5, NULL));
	ck_assert_ptr_null(weft_ticket_node(t, UINT32_MAX, NULL));
	ck_assert_uint_eq(weft_ticket_group_nodes(t, 1), 2);
	ck_assert_uint_eq(weft_ticket_group_cards(t, 0), 24);
	ck_assert_uint_eq(weft_ticket_group_cards(t, 1), 10);
	weft_ticket_destroy(t);
}
END_TEST

START_TEST(weights)
{
	struct weft_ticket *t = mixed(), *u = new_ticket();

	ck_assert_double_eq_tol(weft_ticket_weight(t, 0), 24000. / 27130, 1e-12);
	ck_assert_double_eq_tol(weft_ticket_weight(t, 0) + weft_ticket_weight(t, 1), 1, 1e-12);
	add(u, "gpu:zx9000", NULL, NAN, 1, 4, 0xf);
	ck_assert_double_eq(weft_ticket_weight(u, 0), 1);
	add(u, "gpu:h100", "h100-sxm5-80gb", 1000, 1, 4, 0xf);
	ck_assert(isnan(weft_ticket_weight(u, 0)));
	ck_assert(isnan(weft_ticket_weight(u, 1)));
	weft_ticket_destroy(t);
	weft_ticket_destroy(u);
}
END_TEST

/* What is not known is not said. */
START_TEST(unknown_card)
{
	struct weft_ticket *t = new_ticket();
	size_t len;
	char *text;

	add(t, "gpu:zx9000", NULL, NAN, 2, 4, 0);
	text = text_of(t, &len);
	ck_assert_str_eq(text,
			 "weft-ticket 1\njob cluster=weft id=4711 uid=1000 restarts=2 issued=1795350000\n"
			 "group gres=gpu:zx9000 cards=4\nruns 2*0\nend\n");
	free(text);
	weft_ticket_destroy(t);
}
END_TEST

/* Groups are numbered as nodes come, but those of a vendor follow each other. */
START_TEST(groups_of_a_vendor)
{
	struct weft_ticket *t = new_ticket();
	unsigned first;

	add(t, "gpu:mi300x", "mi300x", 1300, 1, 8, 0xff);
	add(t, "gpu:h100", "h100-sxm5-80gb", 1000, 2, 8, 0xff);
	add(t, "gpu:zx9000", NULL, NAN, 1, 8, 0xff);
	add(t, "gpu:910b3", "ascend910b3", 313, 1, 8, 0xff);
	add(t, "gpu:a100", "a100-sxm4-80gb", 313, 1, 8, 0xff);
	add(t, "gpu:mi300x", "mi300x", 1300, 1, 8, 0xff);
	weft_ticket_order_groups(t);
	ck_assert_uint_eq(t->n_groups, 5);
	ck_assert_str_eq(t->groups[0].gres, "gpu:mi300x");
	ck_assert_str_eq(t->groups[1].gres, "gpu:h100");
	ck_assert_str_eq(t->groups[2].gres, "gpu:a100");
	ck_assert_str_eq(t->groups[3].gres, "gpu:zx9000");
	ck_assert_str_eq(t->groups[4].gres, "gpu:910b3");
	ck_assert_uint_eq(weft_ticket_node(t, 5, &first)->group, 2);
	ck_assert_uint_eq(weft_ticket_node(t, 4, &first)->group, 4);
	ck_assert_uint_eq(weft_ticket_node(t, 6, &first)->group, 0);
	ck_assert_uint_eq(weft_ticket_group_nodes(t, 1), 2);
	weft_ticket_destroy(t);
}
END_TEST

START_TEST(shares)
{
	struct weft_ticket *t = mixed();
	struct weft_err err = WEFT_ERR_INIT;
	char *text = weft_ticket_shares(t, 13, false, &err);

	ck_assert_str_eq(text, "12,1"); /* of 24 * 1000 and 10 * 313 */
	free(text);
	text = weft_ticket_shares(t, 2, false, &err);
	ck_assert_str_eq(text, "2,0");
	free(text);
	text = weft_ticket_shares(t, 2, true, &err);
	ck_assert_str_eq(text, "1,1");
	free(text);
	ck_assert_str_eq(err.text, "");
	add(t, "gpu:zx9000", NULL, NAN, 1, 8, 0xff);
	ck_assert_ptr_null(weft_ticket_shares(t, 13, false, &err));
	ck_assert_str_eq(err.text, "the speed of gpu:zx9000 is not known");
	weft_ticket_destroy(t);
}
END_TEST

START_TEST(catalogue_within)
{
	struct weft_ticket *t = mixed(), *back;
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_catalogue *own;
	struct weft_conf *conf;
	size_t len;
	char *text;

	ck_assert(!weft_ticket_knows(t, "gpu", "h100"));
	ck_assert_int_eq(weft_ticket_site(t, &own, &conf, &err), -1);
	ck_assert_int_eq(weft_ticket_add_catalogue(t, cat, &err), 0);
	text = text_of(t, &len);
	back = weft_ticket_parse(text, len, &err);
	ck_assert_msg(back != NULL, "%s", err.text);
	ck_assert(weft_ticket_knows(back, "gpu", "h100"));
	ck_assert(weft_ticket_knows(back, "npu", "910B3"));
	ck_assert(!weft_ticket_knows(back, "npu", NULL));
	ck_assert(!weft_ticket_knows(back, "gp", "h100"));
	ck_assert(!weft_ticket_knows(back, "nvme", NULL));
	ck_assert_int_eq(weft_ticket_site(back, &own, &conf, &err), 0);
	ck_assert_str_eq(weft_catalogue_find_model(own, "ascend910b3")->vendor->name, "ascend");
	ck_assert_ptr_null(weft_catalogue_find_model(own, "mi300x"));
	ck_assert_uint_eq(conf->n_classes, 2);
	ck_assert_str_eq(conf->classes[1].gres, "npu:910b3");
	ck_assert_str_eq(conf->classes[1].model, "ascend910b3");
	weft_conf_destroy(conf);
	weft_catalogue_destroy(own);
	/* One that cannot be read, and one that lacks a model. */
	free(back->catalogue);
	back->catalogue = strdup("{\"vendors\":[}");
	ck_assert_int_eq(weft_ticket_site(back, &own, &conf, NULL), -1);
	free(back->catalogue);
	back->catalogue = strdup("{\"vendors\":[],\"models\":[]}");
	ck_assert_int_eq(weft_ticket_site(back, &own, &conf, NULL), -1);
	ck_assert_ptr_null(own);
	ck_assert_ptr_null(conf);
	free(text);
	weft_ticket_destroy(t);
	weft_ticket_destroy(back);
}
END_TEST

/* A card that the catalogue does not know is looked up on the node, which may know more. */
START_TEST(unknown_within)
{
	struct weft_ticket *t = new_ticket();
	struct weft_err err = WEFT_ERR_INIT;

	add(t, "gpu:zx9000", NULL, NAN, 2, 4, 0);
	ck_assert_int_eq(weft_ticket_add_catalogue(t, cat, &err), 0);
	ck_assert(!weft_ticket_knows(t, "gpu", "zx9000"));
	weft_ticket_destroy(t);
}
END_TEST

START_TEST(for_this_job)
{
	struct weft_ticket *t = mixed();
	struct {
		struct weft_ticket_job job;
		const char *why;
	} cases[] = {
		{ { 4711, 1000, 2 }, "" },
		{ { 4712, 1000, 2 }, "the ticket is for job 4711, not 4712" },
		{ { 4711, 1001, 2 }, "the ticket is for a job of uid 1000, not 1001" },
		{ { 4711, 1000, 3 }, "the ticket is for run 3 of the job, not 4" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weft_err err = WEFT_ERR_INIT;

		ck_assert_int_eq(weft_ticket_check(t, &cases[i].job, &err), *cases[i].why ? -1 : 0);
		ck_assert_str_eq(err.text, cases[i].why);
	}
	weft_ticket_destroy(t);
}
END_TEST

/* The size is that of the classes, not of the nodes; and of nodes in the worst order it stays in bounds. */
START_TEST(ten_thousand_nodes)
{
	struct weft_ticket *t = new_ticket(), *u = new_ticket(), *back;
	size_t len, longest;
	char *text;

	add(t, "gpu:h100", "h100-sxm5-80gb", 1000, 5000, 8, 0xff);
	add(t, "gpu:mi300x", "mi300x", 1300, 5000, 8, 0xff);
	text = text_of(t, &len);
	ck_assert_uint_lt(len, 512);
	free(text);
	for (unsigned i = 0; i < 5000; i++) {
		add(u, "gpu:h100", "h100-sxm5-80gb", 1000, 1, 8, 0xff);
		add(u, "gpu:mi300x", "mi300x", 1300, 1, 8, 0xff);
	}
	text = text_of(u, &longest);
	ck_assert_uint_lt(longest, 64 * 1024);
	ck_assert_uint_eq(u->n_runs, 10000);
	back = weft_ticket_parse(text, longest, NULL);
	ck_assert_ptr_nonnull(back);
	ck_assert_uint_eq(back->n_nodes, 10000);
	ck_assert_uint_eq(weft_ticket_group_nodes(back, 1), 5000);
	printf("# 10,000 nodes of two classes: %zu bytes side by side, %zu in turns\n", len, longest);
	free(text);
	weft_ticket_destroy(t);
	weft_ticket_destroy(u);
	weft_ticket_destroy(back);
}
END_TEST

/* The catalogue is left out first: a node can do without. */
START_TEST(catalogue_left_out)
{
	struct weft_ticket *t = new_ticket(), *back;
	struct weft_err err = WEFT_ERR_INIT;
	bool within = true;
	size_t len;
	char *text;

	add(t, "gpu:h100", "h100-sxm5-80gb", 1000, 1, 2, 3);
	ck_assert_int_eq(weft_ticket_add_catalogue(t, cat, &err), 0);
	for (unsigned i = 0; i < 8200; i++)
		ck_assert_int_eq(weft_ticket_add_node(t, 0, 2, (uint64_t)5 << i % 60, &err), 0);
	while (within) {
		for (unsigned i = 0; i < 10; i++)
			ck_assert_int_eq(weft_ticket_add_node(t, 0, 2, (uint64_t)5 << t->n_runs % 60, &err), 0);
		text = text_of(t, &len);
		back = weft_ticket_parse(text, len, NULL);
		ck_assert_uint_eq(back->n_runs, t->n_runs);
		within = back->catalogue != NULL;
		free(text);
		weft_ticket_destroy(back);
	}
	weft_ticket_destroy(t);
}
END_TEST

/* Then, which devices they are, when each of many nodes has others. */
START_TEST(devices_left_out)
{
	struct weft_ticket *t = new_ticket(), *back;
	struct weft_err err = WEFT_ERR_INIT;
	size_t len;
	char *text;

	add(t, "gpu:h100", "h100-sxm5-80gb", 1000, 1, 2, 3);
	for (unsigned i = 0; i < 20000; i++)
		ck_assert_int_eq(weft_ticket_add_node(t, 0, 2, (uint64_t)5 << i % 60, &err), 0);
	text = text_of(t, &len);
	back = weft_ticket_parse(text, len, NULL);
	ck_assert_uint_eq(back->n_nodes, 20001);
	ck_assert_uint_eq(back->n_runs, 1);
	ck_assert_uint_eq(back->runs[0].devices, 0);
	free(text);
	weft_ticket_destroy(back);
	/* When even that is too much there is none. */
	for (unsigned i = 0; i < 40000; i++)
		ck_assert_int_eq(weft_ticket_add_node(t, 0, 1 + i % 2, 0, &err), 0);
	ck_assert_ptr_null(weft_ticket_text(t, &len, &err));
	ck_assert_str_eq(err.text, "the ticket has 120216 bytes; at most 65536");
	weft_ticket_destroy(t);
}
END_TEST

START_TEST(bounds)
{
	struct weft_class class = class_of("gpu:h100", "h100-sxm5-80gb");
	struct weft_ticket *t = new_ticket();
	struct weft_err err = WEFT_ERR_INIT;
	size_t len;

	ck_assert_ptr_null(weft_ticket_text(t, &len, &err));
	ck_assert_str_eq(err.text, "the ticket has no job or no nodes");
	err.text[0] = '\0';
	ck_assert_int_eq(weft_ticket_add_class(t, &class, 1, 1025, 0, &err), -1);
	ck_assert_str_eq(err.text, "1025 cards on a node; at most 1024");
	err.text[0] = '\0';
	ck_assert_int_eq(weft_ticket_add_class(t, &class, 1, 8, 0, &err), 0);
	ck_assert_int_eq(weft_ticket_add_node(t, 1, 8, 0, &err), -1);
	ck_assert_str_eq(err.text, "there is no group 1");
	err.text[0] = '\0';
	ck_assert_int_eq(weft_ticket_add_node(t, 0, 0, 0, &err), -1);
	ck_assert_str_eq(err.text, "0 cards on a node; at most 1024");
	class.label = (char *)"a b";
	err.text[0] = '\0';
	ck_assert_int_eq(weft_ticket_add_class(t, &class, 1, 8, 0, &err), -1);
	ck_assert_str_eq(err.text, "a b: no name for a ticket, or out of memory");
	ck_assert_uint_eq(t->n_groups, 1);
	ck_assert_ptr_null(weft_ticket_create("", &job, 0));
	ck_assert_ptr_null(weft_ticket_create(NULL, &job, 0));
	ck_assert_int_eq(weft_ticket_set(&t->price, "0.3 EUR"), -1);
	ck_assert_ptr_null(t->price);
	weft_ticket_destroy(t);
	weft_ticket_destroy(NULL);
}
END_TEST

#define JOB   "job cluster=c id=1 uid=2 restarts=0 issued=3\n"
#define HEAD  "weft-ticket 1\n" JOB
#define GROUP "group gres=gpu cards=2\n"

static const struct {
	const char *text, *why;
} mistakes[] = {
	{ "", "ticket: line 1: the ticket ends too early" },
	{ "weft-ticket 1", "ticket: line 1: no line feed at the end" },
	{ "\n", "ticket: line 1: no keyword" },
	{ "weft-ticket 2\n", "ticket: line 1: weft-ticket: a version that this release does not read" },
	{ "weft-ticket \n", "ticket: line 1: a space at the end" },
	{ "ticket 1\n", "ticket: line 1: \"ticket\" where \"weft-ticket\" was expected" },
	{ "weft-ticket 1\n" GROUP, "ticket: line 2: \"group\" where \"job\" was expected" },
	{ "weft-ticket 1\njob cluster=c uid=2 restarts=0 issued=3\n", "ticket: line 2: id: missing" },
	{ "weft-ticket 1\njob cluster=c id=1 id=1\n", "ticket: line 2: id: given twice" },
	{ "weft-ticket 1\njob colour=red\n", "ticket: line 2: unknown key \"colour=red\"" },
	{ "weft-ticket 1\njob  id=1\n", "ticket: line 2: unknown key \"\"" },
	{ "weft-ticket 1\njob cluster=\n",
	  "ticket: line 2: cluster: not a word of 1 to 64 printable characters" },
	{ "weft-ticket 1\njob cluster=a\tb\n",
	  "ticket: line 2: cluster: not a word of 1 to 64 printable characters" },
	{ "weft-ticket 1\njob id=4294967295\n", "ticket: line 2: id: not a number, or too large" },
	{ "weft-ticket 1\njob id=99999999999999999999\n", "ticket: line 2: id: not a number, or too large" },
	{ "weft-ticket 1\njob id=-1\n", "ticket: line 2: id: not a number, or too large" },
	{ "weft-ticket 1\njob id=01\n", "ticket: line 2: id: not a number, or too large" },
	{ "weft-ticket 1\njob id=\n", "ticket: line 2: id: not a number, or too large" },
	{ "weft-ticket 1\njob issued=soon\n", "ticket: line 2: issued: not a time in seconds" },
	{ HEAD "runs 0\n", "ticket: line 3: \"runs\" where \"group\" was expected" },
	{ HEAD "group gres=gpu cards=0\n", "ticket: line 3: cards: there are none" },
	{ HEAD "group gres=gpu cards=1025\n", "ticket: line 3: cards: not a number, or too large" },
	{ HEAD "group gres=gpu cards=1 rate=fast\n", "ticket: line 3: rate: not a figure" },
	{ HEAD "group gres=gpu cards=1 rate=1e13\n", "ticket: line 3: rate: not a figure" },
	{ HEAD "group gres=gpu cards=1 rate=-1\n", "ticket: line 3: rate: not a figure" },
	{ HEAD "group gres=gpu cards=1 rate=nan\n", "ticket: line 3: rate: not a figure" },
	{ HEAD "group gres=gpu cards=1 devices=64\n", "ticket: line 3: devices: not a list of devices" },
	{ HEAD "group gres=gpu cards=1 devices=3-1\n", "ticket: line 3: devices: not a list of devices" },
	{ HEAD "group gres=gpu cards=1 devices=1,0\n", "ticket: line 3: devices: not a list of devices" },
	{ HEAD "group gres=gpu cards=1 devices=1,\n", "ticket: line 3: devices: not a list of devices" },
	{ HEAD GROUP "runs\n", "ticket: line 4: runs: there are no nodes" },
	{ HEAD GROUP "runs 1\n", "ticket: line 4: runs: no number of nodes, or no such group" },
	{ HEAD GROUP "runs 0*0\n", "ticket: line 4: runs: no number of nodes, or no such group" },
	{ HEAD GROUP "runs *0\n", "ticket: line 4: runs: no number of nodes, or no such group" },
	{ HEAD GROUP "runs 2*\n", "ticket: line 4: runs: no number of nodes, or no such group" },
	{ HEAD GROUP "runs 0:0\n", "ticket: line 4: runs: no number of cards" },
	{ HEAD GROUP "runs 0@x\n", "ticket: line 4: runs: not a list of devices" },
	{ HEAD GROUP "runs 0!\n", "ticket: line 4: runs: something follows a run" },
	{ HEAD GROUP "runs 1000001*0\n", "ticket: line 4: runs: no number of nodes, or no such group" },
	{ HEAD GROUP "runs 1000000*0 0:1\n", "ticket: line 4: runs: more than 1000000 nodes" },
	{ HEAD GROUP "runs 0\n", "ticket: line 5: the ticket ends too early" },
	{ HEAD GROUP "runs 0\nnonsense\n", "ticket: line 5: \"nonsense\" where \"end\" was expected" },
	{ HEAD GROUP "runs 0\nsite price=\n",
	  "ticket: line 5: price: not a word of 1 to 64 printable characters" },
	{ HEAD GROUP "runs 0\nmix unit=1\n", "ticket: line 5: unknown key \"unit=1\"" },
	{ HEAD GROUP "runs 0\nmix\n", "ticket: line 5: fabric: missing" },
	{ HEAD GROUP "runs 0\nburst peer=x submit=1\n", "ticket: line 5: minutes: missing" },
	{ HEAD GROUP "runs 0\nburst peer=x submit=-1 minutes=1\n", "ticket: line 5: submit: not a time in seconds" },
	{ HEAD GROUP "runs 0\nburst peer=x submit=1 minutes=4294967295\n",
	  "ticket: line 5: minutes: not a number, or too large" },
	{ HEAD GROUP "runs 0\ncatalogue\n", "ticket: line 5: catalogue: nothing, too much, or a NUL" },
	{ HEAD GROUP "runs 0\nmix fabric=x\nsite name=x\n",
	  "ticket: line 6: \"site\" where \"end\" was expected" },
	{ HEAD GROUP "runs 0\nend\n\n", "ticket: line 6: something follows the end" },
	{ HEAD GROUP "runs 0\nend of it\n", "ticket: line 6: something follows the end" },
};

START_TEST(mistake)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_ticket_parse(mistakes[_i].text, strlen(mistakes[_i].text), &err));
	ck_assert_str_eq(err.text, mistakes[_i].why);
}
END_TEST

START_TEST(too_long)
{
	static char text[WEFT_TICKET_MAX_BYTES + 1];
	struct weft_err err = WEFT_ERR_INIT;

	memset(text, 'x', sizeof(text));
	ck_assert_ptr_null(weft_ticket_parse(text, sizeof(text), &err));
	ck_assert_str_eq(err.text, "ticket: longer than 65536 bytes");
}
END_TEST

START_TEST(a_zero_byte)
{
	static const char text[] = HEAD "group gres=g\0u cards=1\n";
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_ticket_parse(text, sizeof(text) - 1, &err));
	ck_assert_str_eq(err.text, "ticket: line 3: gres: not a word of 1 to 64 printable characters");
}
END_TEST

START_TEST(many_classes)
{
	struct weft_ticket *t = new_ticket();
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_class class;
	char label[16];

	for (unsigned i = 0; i < WEFT_TICKET_MAX_GROUPS; i++) {
		snprintf(label, sizeof(label), "gpu:x%u", i);
		add(t, label, NULL, NAN, 1, 1, 1);
	}
	class = class_of("gpu:more", NULL);
	ck_assert_int_eq(weft_ticket_add_class(t, &class, 1, 1, 1, &err), -1);
	ck_assert_str_eq(err.text, "more than 64 classes of cards");
	weft_ticket_destroy(t);
}
END_TEST

START_TEST(device_lists)
{
	static const struct {
		uint64_t bits;
		const char *text;
	} cases[] = {
		{ 0, "" }, { 1, "0" }, { 0x8000000000000000, "63" }, { UINT64_MAX, "0-63" }, { 0xb, "0-1,3" }
	};
	char buf[WEFT_DEVICES_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(weft_devices_text(cases[i].bits, buf), cases[i].text);
	ck_assert_uint_lt(strlen(weft_devices_text(0x5555555555555555, buf)), WEFT_DEVICES_SIZE - 1);
	ck_assert_str_eq(buf + strlen(buf) - 3, ",62");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ticket");
	TCase *tc = tcase_create("ticket");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, written);
	tcase_add_test(tc, read_back);
	tcase_add_test(tc, nodes);
	tcase_add_test(tc, weights);
	tcase_add_test(tc, unknown_card);
	tcase_add_test(tc, groups_of_a_vendor);
	tcase_add_test(tc, shares);
	tcase_add_test(tc, catalogue_within);
	tcase_add_test(tc, unknown_within);
	tcase_add_test(tc, for_this_job);
	tcase_add_test(tc, ten_thousand_nodes);
	tcase_add_test(tc, catalogue_left_out);
	tcase_add_test(tc, devices_left_out);
	tcase_add_test(tc, bounds);
	tcase_add_loop_test(tc, mistake, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, a_zero_byte);
	tcase_add_test(tc, many_classes);
	tcase_add_test(tc, device_lists);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
