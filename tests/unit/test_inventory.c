/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_inventory.c - Gres= texts, classes, and what weft.conf says of them.
 */
#include "core/inventory.h"

#include <check.h>
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
	ck_assert_str_eq(err.text, "");
}

static void refuse(unsigned index, const char *gres, const char *want)
{
	struct weft_err err = WEFT_ERR_INIT;
	size_t classes = weft_inventory_classes(inv), n, words = 0, words_now = 0;

	while (weft_inventory_words(inv)[words])
		words++;
	ck_assert_int_eq(weft_inventory_add(inv, index, gres, &err), -1);
	ck_assert_str_eq(err.text, want);
	ck_assert_int_eq(weft_inventory_add(inv, index, gres, NULL), -1);
	ck_assert_uint_eq(weft_inventory_classes(inv), classes);
	while (weft_inventory_words(inv)[words_now])
		words_now++;
	ck_assert_uint_eq(words_now, words);
	if (index >= weft_inventory_nodes(inv))
		ck_assert_ptr_null(weft_inventory_node(inv, index, &n));
}

/* The holdings of node INDEX as "gpu:h100=8 npu=2". */
static const char *holdings(unsigned index)
{
	static char text[4096];
	size_t n, len = 0;
	const struct weft_holding *h = weft_inventory_node(inv, index, &n);

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s=%u", i ? " " : "",
					weft_inventory_class(inv, h[i].class_id)->label, h[i].devices);
	return text;
}

static const struct {
	const char *gres, *want;
} texts[] = {
	{ NULL, "" },
	{ "", "" },
	{ " , ,", "" },
	{ "gpu:8", "gpu=8" },
	{ "gpu", "gpu=1" },
	{ "gpu:h100", "gpu:h100=1" },
	{ "gpu:h100:8", "gpu:h100=8" },
	{ "gpu:h100:8(S:0-1)", "gpu:h100=8" },
	{ "gpu:h100:8(S:0,1),npu:910b3:4", "gpu:h100=8 npu:910b3=4" },
	{ "gpu:h100:8(S:0,1)(IDX:0-7)", "gpu:h100=8" },
	{ " gpu:h100:8 (S:0) , npu:2 ", "gpu:h100=8 npu=2" },
	{ "gres/gpu:h100:8", "gpu:h100=8" },
	{ "gpu:h100:4,gpu:h100:4", "gpu:h100=8" },
	{ "gpu:4,gpu:h100:4,gpu:2", "gpu=6 gpu:h100=4" },
	{ "gpu:h100:no_consume:8", "gpu:h100=8" },
	{ "gpu:no_consume:8", "gpu=8" },
	{ "gpu:h100:1K", "gpu:h100=1024" },
	{ "gpu:2k", "gpu=2048" },
	{ "gpu:0", "" },
	{ "gpu:h100:0,npu:1", "npu=1" },
	{ "gpu:4090:2", "gpu:4090=2" },
	{ "gpu:910b", "gpu:910b=1" },
	{ "gpu:1g.10gb:7", "gpu:1g.10gb=7" },
	{ "nvme:2,tmpdisk:100G,shard:8,mps:100", "" },
	{ "shard:h100:8,mps:nvidia_a100:400", "" },
	{ "fpga:h100:2", "fpga:h100=2" },     /* the type tells */
	{ "fpga:u250:2", "" },
	{ "odd:3", "odd=3" },                 /* the catalogue's name */
	{ "GPU:H100:8", "GPU:H100=8" },
	{ "mlu:1,dcu:1,hpu:1,xpu:1,gcu:1,ipu:1,tpu:1,vpu:1,aurora:1,neuron:1",
	  "mlu=1 dcu=1 hpu=1 xpu=1 gcu=1 ipu=1 tpu=1 vpu=1 aurora=1 neuron=1" },
	{ "tmpdisk:99999999999999999999999P", "" },
	{ "tmpdisk:9999999999G,gpu:1000000", "gpu=1000000" },
};

START_TEST(reads)
{
	add(0, texts[_i].gres);
	ck_assert_str_eq(holdings(0), texts[_i].want);
	ck_assert_uint_eq(weft_inventory_nodes(inv), 1);
}
END_TEST

#define ODD "a name that is empty, too long, or has odd characters"
#define LONG16 "aaaaaaaaaaaaaaaa"

static const struct {
	const char *gres, *want;
} bad[] = {
	{ ":8", "gres \":8\": " ODD },
	{ "gpu::8", "gres \"gpu::8\": " ODD },
	{ "gpu:", "gres \"gpu:\": " ODD },
	{ "gpu:h 100:8", "gres \"gpu:h 100:8\": " ODD },
	{ "gpu:h100:8(S:0", "gres \"gpu:h100:8(S:0\": text behind a \"(\" that no \")\" ends" },
	{ "gpu:h100:8(S:0)x", "gres \"gpu:h100:8(S:0)x\": text behind a \"(\" that no \")\" ends" },
	{ "gpu:8)", "gres \"gpu:8)\": a \")\" without a \"(\"" },
	{ "gpu:h100:8x", "gres \"gpu:h100:8x\": it does not end in a count" },
	{ "gpu:h100:-1", "gres \"gpu:h100:-1\": it does not end in a count" },
	{ "gpu:h100:80gb:8", "gres \"gpu:h100:80gb:8\": more than name, type and count" },
	{ "gpu:a:b:c:8", "gres \"gpu:a:b:c:8\": more than name, type and count" },
	{ "npu:2,gpu:1000001", "gres \"gpu:1000001\": more than 1000000 cards on one node" },
	{ "gpu:600000,gpu:600000", "gres \"gpu:600000\": more than 1000000 cards on one node" },
	{ "gpu:99999999999999999999999",
	  "gres \"gpu:99999999999999999999999\": more than 1000000 cards on one node" },
	{ "gpu:18446744073709551616",
	  "gres \"gpu:18446744073709551616\": more than 1000000 cards on one node" },
	{ "gpu:9P", "gres \"gpu:9P\": more than 1000000 cards on one node" },
	{ "gpu:16384P", "gres \"gpu:16384P\": more than 1000000 cards on one node" }, /* 2 to the 64 */
	{ "gpu:99999999999P", "gres \"gpu:99999999999P\": more than 1000000 cards on one node" },
	{ "gpu:h100:8,npu:\001:2", "gres \"npu:?:2\": " ODD },
	{ "gpu:" LONG16 LONG16 LONG16 LONG16 "a:1",
	  "gres \"gpu:" LONG16 LONG16 "aaaaaaaa...\": " ODD },
};

START_TEST(refuses)
{
	refuse(0, bad[_i].gres, bad[_i].want);
	ck_assert_uint_eq(weft_inventory_nodes(inv), 0);
	add(0, "gpu:h100:8"); /* and goes on */
	ck_assert_str_eq(holdings(0), "gpu:h100=8");
	ck_assert_uint_eq(weft_inventory_find(inv, "gpu", "h100")->devices, 8);
}
END_TEST

START_TEST(limits)
{
	char text[WEFT_GRES_MAX_BYTES + 2], name[96];
	size_t len = 0;

	memset(text, ' ', sizeof(text));
	text[WEFT_GRES_MAX_BYTES + 1] = '\0';
	refuse(0, text, "gres \"                                            ...\": more than 16384 bytes");
	text[WEFT_GRES_MAX_BYTES] = '\0';
	add(0, text);
	for (int i = 0; i <= 64; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "gpu:t%d,", i);
	refuse(1, text, "gres \"gpu:t64\": more than 64 kinds of accelerators on one node");
	refuse(WEFT_INVENTORY_MAX_NODES, "gpu:1", "node index 1000000; it must be below 1000000");
	refuse(0, "gpu:1", "node index 0 is used twice");
	for (unsigned i = 0; i < WEFT_INVENTORY_MAX_CLASSES; i++) {
		snprintf(name, sizeof(name), "gpu:t%u:1", i);
		add(i + 1, name);
	}
	refuse(5000, "gpu:more:2", "gres \"gpu:more\": more than 1024 kinds of accelerators in one cluster");
	ck_assert_ptr_nonnull(weft_inventory_find(inv, "gpu", "t777"));
	add(WEFT_INVENTORY_MAX_NODES - 1, "gpu:t5:1");
	ck_assert_uint_eq(weft_inventory_nodes(inv), WEFT_INVENTORY_MAX_NODES);
	ck_assert_str_eq(holdings(WEFT_INVENTORY_MAX_NODES - 1), "gpu:t5=1");
	ck_assert_str_eq(holdings(WEFT_INVENTORY_MAX_NODES), "");
}
END_TEST

START_TEST(counts_by_class)
{
	const struct weft_class *c;
	char *const *words = weft_inventory_words(inv);

	ck_assert_ptr_null(words[0]);
	add(3, "gpu:h100:8");
	add(1, "gpu:h100:4,npu:2");
	add(2, NULL);
	ck_assert_uint_eq(weft_inventory_nodes(inv), 4);
	ck_assert_uint_eq(weft_inventory_classes(inv), 2);
	c = weft_inventory_find(inv, "gpu", "h100");
	ck_assert_ptr_eq(c, weft_inventory_class(inv, 0));
	ck_assert_str_eq(c->name, "gpu");
	ck_assert_str_eq(c->type, "h100");
	ck_assert_str_eq(c->label, "gpu:h100");
	ck_assert_str_eq(c->model->name, "h100");
	ck_assert(c->model->is_family);
	ck_assert_uint_eq(c->nodes, 2);
	ck_assert_uint_eq(c->devices, 12);
	ck_assert_uint_eq(c->max_per_node, 8);
	c = weft_inventory_find(inv, "npu", NULL);
	ck_assert_ptr_null(c->type);
	ck_assert_ptr_null(c->model);
	ck_assert_str_eq(c->label, "npu");
	ck_assert_ptr_null(weft_inventory_find(inv, "gpu", NULL));
	ck_assert_ptr_null(weft_inventory_find(inv, "npu", "h100"));
	ck_assert_ptr_null(weft_inventory_class(inv, 2));
	ck_assert_str_eq(holdings(0), "");
	ck_assert_str_eq(holdings(2), "");
	ck_assert_str_eq(holdings(4), "");
	ck_assert_ptr_eq(weft_inventory_catalogue(inv), cat);
	words = weft_inventory_words(inv);
	ck_assert_str_eq(words[0], "gpu");
	ck_assert_str_eq(words[1], "h100");
	ck_assert_str_eq(words[2], "npu");
	ck_assert_ptr_null(words[3]);
}
END_TEST

START_TEST(a_failed_text_leaves_no_class_behind)
{
	add(0, "gpu:h100:8,npu:1");
	refuse(1, "gpu:a100:8,aurora:1,gpu:8x:8:8", "gres \"gpu:8x:8:8\": more than name, type and count");
	ck_assert_ptr_null(weft_inventory_find(inv, "gpu", "a100"));
	ck_assert_ptr_null(weft_inventory_find(inv, "aurora", NULL));
	add(1, "npu:2,gpu:a100:4");
	ck_assert_str_eq(holdings(1), "npu=2 gpu:a100=4");
	ck_assert_uint_eq(weft_inventory_find(inv, "npu", NULL)->devices, 3);
	ck_assert_uint_eq(weft_inventory_find(inv, "gpu", "h100")->devices, 8);
}
END_TEST

START_TEST(knows_models)
{
	add(0, "gpu:nvidia_h100_pcie:1,gpu:nvidia_a100:1,gpu:mi300:1,gpu:nonsuch:1,gpu:A100_SXM4_40GB:1,npu:910B3:1");
	ck_assert_str_eq(weft_inventory_find(inv, "gpu", "nvidia_h100_pcie")->model->name, "h100-pcie-80gb");
	ck_assert_str_eq(weft_inventory_find(inv, "gpu", "nvidia_a100")->model->name, "a100");
	ck_assert_str_eq(weft_inventory_find(inv, "gpu", "mi300")->model->name, "mi300x");
	ck_assert_str_eq(weft_inventory_find(inv, "gpu", "A100_SXM4_40GB")->model->name, "a100-sxm4-40gb");
	ck_assert_str_eq(weft_inventory_find(inv, "npu", "910B3")->model->name, "ascend910b3");
	ck_assert_ptr_null(weft_inventory_find(inv, "gpu", "nonsuch")->model);
}
END_TEST

START_TEST(conf_says_what_a_class_is)
{
	struct weft_conf_class classes[] = {
		{ "gpu:a100", "a100-sxm4-80gb", 1 },
		{ "gpu", "h20", 2 },
		{ "vcu", "mi300x", 3 },
		{ "shard", "h20", 4 },
		{ "gpu:odd-one", "nonsuch", 5 }, /* weft_conf_check() would have refused it */
	};
	struct weft_conf conf = { .classes = classes, .n_classes = 5 };

	weft_inventory_destroy(inv);
	inv = weft_inventory_create(cat, &conf);
	add(0, "gpu:A100:8,gpu:2,vcu:4,vcu:x:3,shard:8,gpu:odd_one:1");
	ck_assert_str_eq(holdings(0), "gpu:A100=8 gpu=2 vcu=4 gpu:odd_one=1");
	ck_assert_str_eq(weft_inventory_find(inv, "gpu", "A100")->model->name, "a100-sxm4-80gb");
	ck_assert_str_eq(weft_inventory_find(inv, "gpu", NULL)->model->name, "h20");
	ck_assert_str_eq(weft_inventory_find(inv, "vcu", NULL)->model->name, "mi300x");
	ck_assert_ptr_null(weft_inventory_find(inv, "gpu", "odd_one")->model);
}
END_TEST

static const struct {
	const char *path, *model, *want;
} confs[] = {
	{ "weft.conf", "a100-sxm4-80gb", NULL },
	{ "weft.conf", "A100_SXM4_80GB", NULL },
	{ "weft.conf", "a100", NULL },
	{ "weft.conf", "a100-80", "weft.conf:7: Model: unknown model \"a100-80\"; did you mean a100-sxm4-80gb?" },
	{ "/etc/slurm/weft.conf", "h100-sxm5-80g",
	  "/etc/slurm/weft.conf:7: Model: unknown model \"h100-sxm5-80g\"; did you mean h100-sxm5-80gb?" },
	{ NULL, "nvidia", "weft.conf:7: Model: unknown model \"nvidia\"" },
	{ NULL, "zz", "weft.conf:7: Model: unknown model \"zz\"" },
	{ NULL, "mi3", "weft.conf:7: Model: unknown model \"mi3\"; did you mean mi300x?" },
};

START_TEST(checks_conf)
{
	struct weft_conf_class classes[] = {
		{ (char *)"gpu:x", (char *)"h20", 3 }, { (char *)"gpu:a100", (char *)confs[_i].model, 7 }
	};
	struct weft_conf conf = { .path = (char *)confs[_i].path, .classes = classes, .n_classes = 2 };
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_int_eq(weft_conf_check(&conf, cat, &err), confs[_i].want ? -1 : 0);
	ck_assert_str_eq(err.text, confs[_i].want ? confs[_i].want : "");
}
END_TEST

/* The same nodes, added one by one and counted here, must come out the same. */
START_TEST(random_clusters)
{
	static const char *const kinds[] = { "gpu:h100", "gpu:a100", "gpu", "npu:910b3", "gpu:what", "nvme" };
	unsigned long want[6] = { 0 }, nodes[6] = { 0 };

	srand(1);
	for (unsigned i = 0; i < 3000; i++) {
		char text[256] = "";
		size_t len = 0;
		bool seen[6] = { false };

		for (int k = rand() % 4; k > 0; k--) {
			unsigned kind = (unsigned)rand() % 6, n = (unsigned)rand() % 9;

			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s:%u%s", len ? "," : "",
						kinds[kind], n, rand() % 2 ? "(S:0-1)" : "");
			want[kind] += n;
			nodes[kind] += n && !seen[kind];
			seen[kind] = seen[kind] || n;
		}
		add(i, text);
	}
	for (int kind = 0; kind < 5; kind++) {
		char name[32], *colon;
		const struct weft_class *c;

		snprintf(name, sizeof(name), "%s", kinds[kind]);
		colon = strchr(name, ':');
		if (colon)
			*colon = '\0';
		c = weft_inventory_find(inv, name, colon ? colon + 1 : NULL);
		ck_assert_uint_eq(c->devices, want[kind]);
		ck_assert_uint_eq(c->nodes, nodes[kind]);
	}
	ck_assert_uint_eq(weft_inventory_classes(inv), 5);
}
END_TEST

/* Printed, not asserted. */
START_TEST(loads_fast)
{
	static const char *const gres[] = { "gpu:h100:8(S:0-1)", "npu:910b3:8", "gpu:mi300:8,nvme:2", "gpu:h20:8" };
	struct timespec a, b;
	int failed = 0;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned i = 0; i < 12500; i++) /* neighbours differ: the cache does not help */
		failed |= weft_inventory_add(inv, i, gres[i % 4], NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ck_assert_int_eq(failed, 0);
	printf("# inventory of 12500 nodes: %.2f ms\n",
	       (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("inventory");
	TCase *t = tcase_create("inventory");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, reads, 0, LENGTH(texts));
	tcase_add_loop_test(t, refuses, 0, LENGTH(bad));
	tcase_add_test(t, limits);
	tcase_add_test(t, counts_by_class);
	tcase_add_test(t, a_failed_text_leaves_no_class_behind);
	tcase_add_test(t, knows_models);
	tcase_add_test(t, conf_says_what_a_class_is);
	tcase_add_loop_test(t, checks_conf, 0, LENGTH(confs));
	tcase_add_test(t, random_clusters);
	tcase_add_test(t, loads_fast);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
