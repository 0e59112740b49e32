/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_watts.c - what nodes, devices and jobs draw, what is learned of it, and which zones a node is in.
 */
#include "core/watts.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/cards.h"

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct weft_catalogue *cat;
static struct weft_inventory *inv;

static void setup(void)
{
	struct weft_err err = WEFT_ERR_INIT;

	cat = weft_catalogue_parse("cards", cards, strlen(cards), NULL, NULL, 0, &err);
	ck_assert_msg(cat != NULL, "%s", err.text);
	inv = weft_inventory_create(cat, NULL);
	ck_assert_ptr_nonnull(inv);
}

static void teardown(void)
{
	weft_inventory_destroy(inv);
	weft_catalogue_destroy(cat);
}

static void add(unsigned index, const char *gres)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_msg(weft_inventory_add(inv, index, gres, &err) == 0, "%s: %s", gres, err.text);
}

/* A list is "n3", "n[2-5]" or several of them: n3,n[2-5]. */
static int expand(const char *nodes, void (*each)(unsigned index, void *to), void *to, struct weft_err *err,
		  void *arg)
{
	char *end = NULL;

	if (arg)
		++*(unsigned *)arg;
	for (const char *s = nodes; *s; s = *end == ',' ? end + 1 : end) {
		int range = s[1] == '[';
		unsigned long first = strtoul(s + 1 + range, &end, 10), last = first;

		if (s[0] != 'n' || first > 50000)
			return weft_err(err, "unknown node %s", s);
		if (range) {
			last = strtoul(end + 1, &end, 10);
			end++;
		}
		for (unsigned long i = first; i <= last; i++)
			each((unsigned)i, to);
	}
	return 0;
}

static const struct weft_expander expander = { expand, NULL };

static struct weft_conf *conf_of(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = weft_conf_parse("weft.conf", text, strlen(text), &err);

	ck_assert_msg(conf != NULL, "%s\n%s", text, err.text);
	return conf;
}

/* The model with TEXT as weft.conf, which need not live on. */
static struct weft_watts *model(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = conf_of(text);
	struct weft_watts *w = weft_watts_create(inv, conf, &expander, &err);

	ck_assert_msg(w != NULL, "%s", err.text);
	weft_conf_destroy(conf);
	return w;
}

static unsigned class_of(const char *name, const char *type)
{
	const struct weft_class *c = weft_inventory_find(inv, name, type);

	for (unsigned i = 0;; i++) {
		if (weft_inventory_class(inv, i) == c)
			return i;
	}
}

static int64_t use(const struct weft_watts *w, unsigned index, unsigned cpus, unsigned all, unsigned class_id,
		   unsigned devices, bool worst)
{
	struct weft_holding busy = { class_id, devices };
	struct weft_use u = { cpus, all, &busy, devices ? 1 : 0 };

	return weft_watts_use(w, index, &u, worst);
}

/* ---------------------------------------------------------------- figures */

START_TEST(a_node_that_is_off_draws_no_more_than_an_idle_one)
{
	struct weft_watts *w;

	add(0, "");
	add(1, "gpu:h100-sxm5-80gb:8");
	w = model("PowerNode=ALL Idle=5 Peak=500\nPowerNode=n1 Idle=5 Peak=500 Off=50\n"
		  "PowerClass=gpu:h100-sxm5-80gb Idle=70 Peak=700\n");
	ck_assert_int_eq(weft_watts_off(w, 0), 5); /* 15 unless it is said */
	ck_assert_int_eq(weft_watts_off(w, 1), 50);
	ck_assert_int_eq(weft_watts_idle(w, 1), 565);
	weft_watts_destroy(w);
}
END_TEST

START_TEST(as_configured)
{
	struct weft_watts *w;
	unsigned h100;

	add(0, "gpu:h100-sxm5-80gb:8");
	add(1, "");
	add(2, "gpu:h100-sxm5-80gb:4");
	w = model("PowerNode=ALL Idle=100 Peak=500\nPowerNode=n[0-1] Idle=400.5 Peak=1200 Off=20.1\n"
		  "PowerNode=n1 Idle=50 Peak=60 Off=0\nPowerClass=gpu:H100-sxm5-80gb Idle=70 Peak=700\n");
	h100 = class_of("gpu", "h100-sxm5-80gb");
	ck_assert_int_eq(weft_watts_idle(w, 0), 961); /* 400.5 + 8 x 70 */
	ck_assert_int_eq(weft_watts_off(w, 0), 21);
	ck_assert_int_eq(weft_watts_idle(w, 1), 50);
	ck_assert_int_eq(weft_watts_off(w, 1), 0);
	ck_assert_int_eq(weft_watts_idle(w, 2), 380);
	ck_assert_int_eq(weft_watts_off(w, 2), 15);
	ck_assert_int_eq(use(w, 0, 0, 64, h100, 0, false), 0);
	ck_assert_int_eq(use(w, 0, 64, 64, h100, 8, false), 5840); /* 799.5 + 8 x 630 */
	ck_assert_int_eq(use(w, 0, 16, 64, h100, 1, true), 830);   /* 199.875 + 630 */
	ck_assert_int_eq(use(w, 2, 8, 32, h100, 2, false), 1360);  /* 100 + 2 x 630 */
	/* more than all, or of nothing, is all */
	ck_assert_int_eq(use(w, 2, 40, 32, h100, 0, false), 400);
	ck_assert_int_eq(use(w, 2, 1, 0, h100, 0, false), 400);
	ck_assert_int_eq(use(w, 2, 0, 0, h100, 0, false), 0);
	/* what does not exist draws nothing */
	ck_assert_int_eq(weft_watts_idle(w, 3), 0);
	ck_assert_int_eq(weft_watts_off(w, 3), 0);
	ck_assert_int_eq(use(w, 3, 8, 32, h100, 2, false), 0);
	ck_assert_int_eq(use(w, 2, 0, 32, 77, 2, false), 0);
	ck_assert_double_eq(weft_watts_class(w, 77).factor, 1);
	weft_watts_destroy(w);
	weft_watts_destroy(NULL);
}
END_TEST

#define PEER "Peer=beta Url=https://gw.beta:6820 Token=/t Users=same Partition=beta Node="

START_TEST(what_stands_for_another_site_draws_nothing)
{
	struct weft_holding busy[] = { { 0, 8 } };
	struct weft_use use = { 64, 64, busy, 1 };
	struct weft_watts *w;

	add(0, "gpu:h100:8");
	add(1, "gpu:h100:256");
	w = model(PEER
		  "n1\nPeer=gamma Url=https://gw.gamma:6820 Token=/t Users=same Partition=gamma Node=x9");
	ck_assert_int_gt(weft_watts_idle(w, 0), 0);
	ck_assert_int_eq(weft_watts_idle(w, 1), 0);
	ck_assert_int_eq(weft_watts_off(w, 1), 0);
	ck_assert_int_gt(weft_watts_use(w, 0, &use, true), 0);
	ck_assert_int_eq(weft_watts_use(w, 1, &use, true), 0);
	weft_watts_learn(w, 1, &use, 10000);
	ck_assert_uint_eq(weft_watts_class(w, 0).samples, 0);
	weft_watts_destroy(w);
	/* The gateway itself is a machine like others. */
	w = model(PEER "n1\nPowerNode=n1 Idle=100 Peak=300 Off=5");
	ck_assert_int_eq(weft_watts_idle(w, 1), 100);
	ck_assert_int_eq(weft_watts_off(w, 1), 5);
	ck_assert_int_eq(weft_watts_use(w, 1, &use, true), 200);
	weft_watts_destroy(w);
}
END_TEST

START_TEST(sums_over_classes)
{
	struct weft_holding busy[2];
	struct weft_use u = { 0, 1, busy, 2 };
	struct weft_watts *w;

	add(0, "gpu:mi300:2,npu:910b3:4");
	w = model("PowerNode=ALL Idle=0 Peak=0");
	busy[0] = (struct weft_holding){ class_of("gpu", "mi300"), 2 };
	busy[1] = (struct weft_holding){ class_of("npu", "910b3"), 3 };
	ck_assert_int_eq(weft_watts_idle(w, 0), 310); /* a tenth of 2 x 750 + 4 x 400 */
	ck_assert_int_eq(weft_watts_use(w, 0, &u, false), 2430);
	weft_watts_destroy(w);
}
END_TEST

/* Exactly representable or not: no watt comes from rounding. */
START_TEST(rounds_up_but_not_for_nothing)
{
	struct weft_watts *w;

	add(0, "gpu:a:10");
	w = model("PowerNode=ALL Idle=0 Peak=0\nPowerClass=gpu:a Idle=0.1 Peak=0.4");
	ck_assert_int_eq(weft_watts_idle(w, 0), 1);
	ck_assert_int_eq(use(w, 0, 0, 1, 0, 10, false), 3); /* 10 x (0.4 - 0.1) is above 3 */
	ck_assert_int_eq(use(w, 0, 0, 1, 0, 1, false), 1);
	weft_watts_destroy(w);
}
END_TEST

START_TEST(guesses)
{
	static const struct {
		const char *name, *type;
		double idle, peak;
	} want[] = {
		{ "gpu", "h100", 70, 700 },				      /* a family: its largest */
		{ "gpu", "h20", 40, 400 },     { "npu", "strange", 40, 400 }, /* the largest npu */
		{ "gpu", "strange", 75, 750 },				      /* the largest gpu */
		{ "odd", "oddball", 75, 750 }, /* its vendor has no figure: the largest of all */
		{ "dcu", "z100", 75, 750 },    /* a name that no vendor has */
	};
	struct weft_watts *w;

	add(0, "gpu:h100:1,gpu:h20:1,npu:strange:1,gpu:strange:1,odd:oddball:1,dcu:z100:1");
	add(1, NULL);
	add(2, "gpu:h100:8");
	w = model("");
	for (int i = 0; i < LENGTH(want); i++) {
		struct weft_class_watts c = weft_watts_class(w, class_of(want[i].name, want[i].type));

		ck_assert_msg(c.idle == want[i].idle && c.peak == want[i].peak, "%s:%s: %g to %g",
			      want[i].name, want[i].type, c.idle, c.peak);
		ck_assert_double_eq(c.factor, 1);
		ck_assert_uint_eq(c.samples, 0);
	}
	ck_assert_int_eq(weft_watts_idle(w, 1), 150);
	ck_assert_int_eq(use(w, 1, 32, 32, 0, 0, false), 450);
	ck_assert_int_eq(weft_watts_off(w, 1), 15);
	ck_assert_int_eq(weft_watts_idle(w, 2), 1830); /* 150 + 5600 / 5 + 8 x 70 */
	ck_assert_int_eq(weft_watts_idle(w, 2) + use(w, 2, 32, 32, class_of("gpu", "h100"), 8, false), 9000);
	weft_watts_destroy(w);
}
END_TEST

START_TEST(an_empty_catalogue)
{
	static const char none[] = "{\"vendors\":[],\"models\":[]}";
	struct weft_watts *w;

	teardown();
	cat = weft_catalogue_parse("none", none, strlen(none), NULL, NULL, 0, NULL);
	inv = weft_inventory_create(cat, NULL);
	add(0, "gpu:h100:1");
	w = model("PowerNode=ALL Idle=1e12 Peak=1e12");
	ck_assert_double_eq(weft_watts_class(w, 0).peak, 1000);
	ck_assert_double_eq(weft_watts_class(w, 0).idle, 100);
	ck_assert_int_eq(weft_watts_idle(w, 0), 1000000000000); /* and sums stay within int64_t */
	weft_watts_destroy(w);
}
END_TEST

START_TEST(lists_that_cannot_be_read)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = conf_of("PowerNode=n[0-70] Idle=1 Peak=2\n\nPowerNode=gpu99 Idle=1 Peak=2");

	add(0, NULL);
	ck_assert_ptr_null(weft_watts_create(inv, conf, &expander, &err));
	ck_assert_str_eq(err.text, "weft.conf:3: PowerNode: unknown node gpu99");
	weft_conf_destroy(conf);
}
END_TEST

/* ---------------------------------------------------------------- learning */

static void learn(struct weft_watts *w, unsigned cpus, unsigned class_id, unsigned devices, int64_t watts,
		  int times)
{
	struct weft_holding busy = { class_id, devices };
	struct weft_use u = { cpus, 10, &busy, 1 };

	for (int i = 0; i < times; i++)
		weft_watts_learn(w, 0, &u, watts);
}

/* Idle 1000 = 200 + 8 x 100; a busy host adds 400, a busy device 600. */
#define MODEL                                                                                                \
	"PowerNode=ALL Idle=200 Peak=600\nPowerClass=gpu:h100 Idle=100 Peak=700\nPowerClass=npu Idle=0 "     \
	"Peak=0\n"

START_TEST(learns)
{
	struct weft_watts *w;
	unsigned h100;

	add(0, "gpu:h100:8,npu:2");
	w = model(MODEL);
	h100 = class_of("gpu", "h100");
	/* half of what 8 devices may add: 1000 + 200 + 2400 */
	learn(w, 5, h100, 8, 3600, 1);
	ck_assert_double_eq_tol(weft_watts_class(w, h100).factor, 1 - 0.5 / 64, 1e-12);
	ck_assert_uint_eq(weft_watts_class(w, h100).samples, 1);
	learn(w, 5, h100, 8, 3600, 999);
	ck_assert_double_eq_tol(weft_watts_class(w, h100).factor, 0.5, 1e-6);
	ck_assert_int_eq(use(w, 0, 5, 10, h100, 8, false), 2601); /* 0.5 is approached from above */
	ck_assert_int_eq(use(w, 0, 5, 10, h100, 8, true), 5000);
	/* up fast, and with fewer devices: 1000 + 0 + 4 x 600 x 0.9 */
	learn(w, 0, h100, 4, 3160, 1);
	ck_assert_double_eq_tol(weft_watts_class(w, h100).factor, 0.6, 1e-6);
	/* never above what is possible, nor below LEAST */
	learn(w, 0, h100, 4, 90000, 200);
	ck_assert_double_eq_tol(weft_watts_class(w, h100).factor, 1, 1e-9);
	ck_assert_double_le(weft_watts_class(w, h100).factor, 1);
	learn(w, 0, h100, 8, 1000, 2000);
	ck_assert_double_eq_tol(weft_watts_class(w, h100).factor, WEFT_WATTS_LEAST, 1e-9);
	ck_assert_double_ge(weft_watts_class(w, h100).factor, WEFT_WATTS_LEAST);
	weft_watts_destroy(w);
}
END_TEST

START_TEST(stays_above_the_mean)
{
	struct weft_watts *w;
	unsigned h100;

	add(0, "gpu:h100:8");
	w = model(MODEL);
	h100 = class_of("gpu", "h100");
	for (int i = 0; i < 2000; i++)
		learn(w, 0, h100, 8, 1000 + (i % 2 ? 1920 : 4320), 1); /* 0.4 and 0.9 */
	ck_assert_double_gt(weft_watts_class(w, h100).factor, 0.8);
	ck_assert_double_lt(weft_watts_class(w, h100).factor, 0.9);
	weft_watts_destroy(w);
}
END_TEST

START_TEST(learns_from_what_can_teach_only)
{
	struct weft_holding busy[2];
	struct weft_use u = { 5, 10, busy, 2 };
	struct weft_watts *w;
	unsigned h100, npu;

	add(0, "gpu:h100:8,npu:2");
	w = model(MODEL);
	h100 = class_of("gpu", "h100");
	npu = class_of("npu", NULL);
	learn(w, 5, h100, 8, 999, 50); /* less than when idle: not of the whole node */
	learn(w, 5, h100, 0, 3000, 50);
	learn(w, 5, npu, 2, 3000, 50); /* no range to learn in */
	learn(w, 5, 77, 2, 3000, 50);
	busy[0] = (struct weft_holding){ h100, 4 };
	busy[1] = (struct weft_holding){ npu, 1 };
	weft_watts_learn(w, 0, &u, 2000);
	weft_watts_learn(w, 9, &u, 2000);
	u.n_busy = 0;
	weft_watts_learn(w, 0, &u, 2000);
	ck_assert_uint_eq(weft_watts_class(w, h100).samples, 0);
	ck_assert_uint_eq(weft_watts_class(w, npu).samples, 0);
	ck_assert_double_eq(weft_watts_class(w, h100).factor, 1);
	u.n_busy = 2;
	busy[1].devices = 0; /* and so there is one class after all */
	weft_watts_learn(w, 0, &u, 2000);
	ck_assert_uint_eq(weft_watts_class(w, h100).samples, 1);
	weft_watts_destroy(w);
}
END_TEST

START_TEST(inherits)
{
	struct weft_inventory *first = inv;
	struct weft_watts *old, *new;
	double factor;

	add(0, "gpu:h100:8");
	old = model(MODEL);
	learn(old, 0, 0, 8, 1000, 10);
	factor = weft_watts_class(old, 0).factor;
	inv = weft_inventory_create(cat, NULL);
	add(0, "npu:2,gpu:h20:2");
	add(1, "gpu:h100:4");
	new = model(MODEL);
	weft_watts_inherit(new, old);
	ck_assert_double_eq(weft_watts_class(new, class_of("gpu", "h100")).factor, factor);
	ck_assert_uint_eq(weft_watts_class(new, class_of("gpu", "h100")).samples, 10);
	ck_assert_double_eq(weft_watts_class(new, class_of("npu", NULL)).factor, 1);
	ck_assert_double_eq(weft_watts_class(new, class_of("gpu", "h20")).factor, 1);
	weft_watts_destroy(old);
	weft_watts_destroy(new);
	weft_inventory_destroy(first);
}
END_TEST

/* ---------------------------------------------------------------- zones */

static const char *zones_of(const struct weft_zones *zones, unsigned index)
{
	static char text[256];
	unsigned n;
	const uint16_t *list = weft_zones_of(zones, index, &n);
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i ? " " : "", list[i]);
	return text;
}

START_TEST(zones)
{
	struct weft_conf *conf = conf_of("PowerZone=a Nodes=n[2-5]\nPowerZone=b Nodes=n3,n[3-4],n3,n9\n"
					 "PowerZone=c Nodes=all\nPowerZone=d Nodes=n0");
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_zones *z = weft_zones_create(conf, 6, &expander, &err);

	ck_assert_msg(z != NULL, "%s", err.text);
	ck_assert_str_eq(zones_of(z, 0), "0 3 4");
	ck_assert_str_eq(zones_of(z, 1), "0 3");
	ck_assert_str_eq(zones_of(z, 2), "0 1 3");
	ck_assert_str_eq(zones_of(z, 3), "0 1 2 3");
	ck_assert_str_eq(zones_of(z, 4), "0 1 2 3");
	ck_assert_str_eq(zones_of(z, 5), "0 1 3");
	ck_assert_str_eq(zones_of(z, 9), "0"); /* not of this table */
	weft_zones_destroy(z);
	weft_zones_destroy(NULL);
	weft_conf_destroy(conf);
	conf = conf_of("");
	z = weft_zones_create(conf, 0, &expander, &err);
	ck_assert_ptr_nonnull(z);
	ck_assert_str_eq(zones_of(z, 0), "0");
	weft_zones_destroy(z);
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(zones_that_cannot_be)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = conf_of("PowerZone=a Nodes=n1\nPowerZone=b Nodes=gpu7");
	char text[4096];
	size_t len = 0;

	ck_assert_ptr_null(weft_zones_create(conf, 6, &expander, &err));
	ck_assert_str_eq(err.text, "weft.conf:2: Nodes: unknown node gpu7");
	weft_conf_destroy(conf);
	for (int i = 0; i < WEFT_ZONES_MAX_PER_NODE; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "PowerZone=z%d Nodes=n3\n", i);
	conf = conf_of(text);
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_zones_create(conf, 6, &expander, &err));
	ck_assert_str_eq(err.text, "weft.conf:64: PowerZone: z63: node 3 is in more than 64 zones");
	weft_conf_destroy(conf);
}
END_TEST

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 12,500 nodes in 1,000 zones of several levels; generous bounds, since test machines are slow. */
START_TEST(large_clusters)
{
	unsigned asked = 0, n;
	struct weft_expander counting = { expand, &asked };
	char *text = malloc(1000 * 64);
	size_t len = 0;
	struct weft_conf *conf;
	struct weft_zones *z;
	struct weft_watts *w;
	int64_t sum = 0;
	double began;

	for (unsigned i = 0; i < 12500; i++)
		add(i, "gpu:h100:8");
	for (int i = 0; i < 1000; i++)
		len += (size_t)snprintf(text + len, 64, "PowerZone=z%d Nodes=n[%d-%d]\n", i, i * 12,
					i * 12 + 119);
	conf = conf_of(text);
	w = model("PowerNode=n[0-12499] Idle=200 Peak=600\n");
	began = seconds();
	z = weft_zones_create(conf, 12500, &counting, NULL);
	ck_assert_ptr_nonnull(z);
	ck_assert_uint_eq(asked, 1000); /* each list once */
	weft_zones_of(z, 6000, &n);
	ck_assert_uint_eq(n, 11);
	for (int job = 0; job < 100; job++) {
		for (unsigned i = 0; i < 12500; i++)
			sum += use(w, i, 1, 8, 0, 8, false);
	}
	ck_assert_int_eq(sum, 100l * 12500 * (50 + 8 * 630));
	ck_assert_double_lt(seconds() - began, 2);
	weft_watts_destroy(w);
	weft_zones_destroy(z);
	weft_conf_destroy(conf);
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watts");
	TCase *t = tcase_create("watts");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, as_configured);
	tcase_add_test(t, a_node_that_is_off_draws_no_more_than_an_idle_one);
	tcase_add_test(t, what_stands_for_another_site_draws_nothing);
	tcase_add_test(t, sums_over_classes);
	tcase_add_test(t, rounds_up_but_not_for_nothing);
	tcase_add_test(t, guesses);
	tcase_add_test(t, an_empty_catalogue);
	tcase_add_test(t, lists_that_cannot_be_read);
	tcase_add_test(t, learns);
	tcase_add_test(t, stays_above_the_mean);
	tcase_add_test(t, learns_from_what_can_teach_only);
	tcase_add_test(t, inherits);
	tcase_add_test(t, zones);
	tcase_add_test(t, zones_that_cannot_be);
	tcase_add_test(t, large_clusters);
	suite_add_tcase(s, t);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
