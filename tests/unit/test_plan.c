/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_plan.c - from a request and a cluster to candidates, or to the sentence that says what is missing.
 */
#include "core/plan.h"

#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/lack.h"
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

/* Add NODES nodes with GRES each. */
static void nodes(unsigned n, const char *gres)
{
	for (unsigned first = weft_inventory_nodes(inv), i = first; i < first + n; i++)
		ck_assert_int_eq(weft_inventory_add(inv, i, gres, NULL), 0);
}

/* A cluster as "4 gpu:h100:8; 2 npu:910b3:8". */
static void cluster(const char *text)
{
	while (*text) {
		char gres[512], *end;
		unsigned n = (unsigned)strtoul(text, &end, 10);
		size_t len = strcspn(end + 1, ";");

		snprintf(gres, sizeof(gres), "%.*s", (int)len, end + 1);
		nodes(n, gres);
		text = end + 1 + len + (end[1 + len] == ';');
	}
}

/* Only nodes with an index below *ARG. */
static bool below(unsigned index, void *arg)
{
	return index < *(unsigned *)arg;
}

static struct weft_request *parse(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_request *req = weft_request_parse(text, &err);

	ck_assert_msg(req != NULL, "%s: %s", text, err.text);
	return req;
}

/* The plan as "gpu:h100 16=2x8 x1.00; ...": class, cards, nodes, cards per node, and slowdown; or the error. */
static const char *plan_text(const char *request, const struct weft_scope *scope, const struct weft_app *app)
{
	static char out[16384];
	struct weft_request *req = parse(request);
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_plan plan;
	size_t len = 0;
	int rv = weft_plan_make(&plan, req, inv, scope, app, 1000, &err);

	out[0] = '\0';
	if (rv) {
		ck_assert_int_eq(rv, -1);
		ck_assert_ptr_null(plan.candidates);
		ck_assert_uint_eq(plan.n, 0);
		ck_assert_int_eq(weft_plan_make(&plan, req, inv, scope, app, 1000, NULL), -1);
		snprintf(out, sizeof(out), "%s", err.text);
	} else {
		ck_assert_str_eq(err.text, "");
		ck_assert_uint_ge(plan.n, 1);
	}
	for (size_t i = 0; i < plan.n; i++) {
		const struct weft_candidate *c = &plan.candidates[i];

		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%u %s %u=%ux%u x%.2f", i ? "; " : "",
					c->alternative + 1, c->class->label, c->devices, c->nodes, c->per_node,
					c->slowdown);
	}
	weft_plan_clear(&plan);
	weft_request_destroy(req);
	return out;
}

struct pair {
	const char *cluster, *request, *want;
};

/* Rates with intensity 1000 FLOP/byte: peaks alone (h100 family 800, a100 300, h20 150, mi300x 1300, 910b3 313). */
static const struct pair plans[] = {
	/* packing */
	{ "4 gpu:h100:8", "8:h100", "1 gpu:h100 8=1x8 x1.00" },
	{ "4 gpu:h100:8", "1:h100", "1 gpu:h100 1=1x1 x1.00" },
	{ "4 gpu:h100:8", "16:h100", "1 gpu:h100 16=2x8 x1.00" },
	{ "4 gpu:h100:8", "12:h100", "1 gpu:h100 12=2x6 x1.00" },
	{ "4 gpu:h100:8", "9:h100", "1 gpu:h100 9=2x0 x1.00" },
	{ "4 gpu:h100:8", "32:h100", "1 gpu:h100 32=4x8 x1.00" },
	{ "2 gpu:h100:8;4 gpu:h100:4", "16:h100", "1 gpu:h100 16=2x8 x1.00" },
	{ "1 gpu:h100:8;4 gpu:h100:4", "16:h100", "1 gpu:h100 16=4x4 x1.00" },
	{ "1 gpu:h100:8;1 gpu:h100:4", "12:h100", "1 gpu:h100 12=2x0 x1.00" }, /* neither 6 nor 4 on each */
	{ "1 gpu:h100:8;3 gpu:h100:4", "20:h100", "1 gpu:h100 20=4x0 x1.00" },
	{ "1 gpu:h100:8;2 gpu:h100:4;1 gpu:h100:1", "17:h100", "1 gpu:h100 17=4x0 x1.00" },
	/* mixes: one class to Slurm, as fast as its cards together; the reference is the alternative before it */
	{ "2 gpu:h100:8;2 gpu:a100:8", "32:mix=models", "1 gpu 32=4x8 x1.00" },
	{ "2 gpu:h100:8;2 gpu:a100:8", "16:h100|32:mix=models", "1 gpu:h100 16=2x8 x1.00; 2 gpu 32=4x8 x0.73" },
	{ "2 gpu:h100:8;2 gpu:a100:4", "24:mix=models", "1 gpu 24=4x0 x1.00" },
	{ "2 gpu:h100:8", "16:h100|32:mix=models", "1 gpu:h100 16=2x8 x1.00" },
	/* bounds on nodes */
	{ "8 gpu:h100:8", "8:h100,nodes=4", "1 gpu:h100 8=4x2 x1.00" },
	{ "8 gpu:h100:8", "8:h100,nodes=3", "1 gpu:h100 8=3x0 x1.00" },
	{ "8 gpu:h100:8", "8:h100,nodes=3-8", "1 gpu:h100 8=4x2 x1.00" },
	{ "8 gpu:h100:8", "9:h100,nodes=1-8", "1 gpu:h100 9=3x3 x1.00" },
	{ "8 gpu:h100:8", "7:h100,nodes=2-6", "1 gpu:h100 7=2x0 x1.00" },
	{ "3 gpu:h100:8", "8:h100,nodes=3-8", "1 gpu:h100 8=3x0 x1.00" }, /* there are not four */
	{ "8 gpu:h100:8", "32:h100,nodes=1-4", "1 gpu:h100 32=4x8 x1.00" },
	{ "8 gpu:h100:8", "8:h100,per-node=2", "1 gpu:h100 8=4x2 x1.00" },
	{ "8 gpu:h100:8", "8:h100,per-node=2,nodes=2-4", "1 gpu:h100 8=4x2 x1.00" },
	{ "1 gpu:h100:8;4 gpu:h100:4", "12:h100,per-node=4", "1 gpu:h100 12=3x4 x1.00" },
	/* compute: h100 as a family has 800 at least */
	{ "4 gpu:h100:8", "2P@bf16:h100", "1 gpu:h100 3=1x3 x1.00" },
	{ "4 gpu:nvidia_h100_80gb_hbm3:8", "2P@bf16", "1 gpu:nvidia_h100_80gb_hbm3 2=1x2 x1.00" },
	{ "4 gpu:h100:8", "1G@bf16", "1 gpu:h100 1=1x1 x1.00" },
	{ "4 gpu:h100:8", "7.2P@bf16:h100,per-node=4", "1 gpu:h100 12=3x4 x1.00" }, /* 9 needed */
	{ "4 gpu:mi300:8", "3.9P@bf16", "1 gpu:mi300 3=1x3 x1.00" },
	{ "4 odd:oddball:8", "300.3T@bf16", "1 odd:oddball 3=1x3 x1.00" }, /* 3 x 100.1, whatever binary says */
	/* names */
	{ "2 gpu:h100:8;2 gpu:mi300:8", "8:nvidia", "1 gpu:h100 8=1x8 x1.00" },
	{ "2 gpu:h100:8;2 npu:910b3:8", "8:huawei", "1 npu:910b3 8=1x8 x1.00" },
	{ "2 gpu:h100:8;2 npu:910b3:8", "8:npu", "1 npu:910b3 8=1x8 x1.00" },
	{ "2 gpu:h100:8;2 npu:910b3:8", "8:910b", "1 npu:910b3 8=1x8 x1.00" },
	{ "2 gpu:h100:8;2 npu:ascend910b3:8", "8:910b3", "1 npu:ascend910b3 8=1x8 x1.00" }, /* a spelling */
	{ "2 gpu:nvidia_h100_pcie:8", "8:h100", "1 gpu:nvidia_h100_pcie 8=1x8 x1.00" },
	{ "2 gpu:nvidia_h100_pcie:8", "8:h100-pcie-80gb", "1 gpu:nvidia_h100_pcie 8=1x8 x1.00" },
	{ "2 gpu:Big_One:8", "8:big-one", "1 gpu:Big_One 8=1x8 x1.00" },
	{ "2 gpu:8", "8:gpu", "1 gpu 8=1x8 x1.00" },
	{ "2 gpu:8", "8", "1 gpu 8=1x8 x1.00" },
	/* order: by rate, then by the user's names, then by label */
	{ "2 gpu:a100:8;2 gpu:h100:8;2 gpu:mi300:8;2 gpu:odd:8;2 npu:910b3:8", "8",
	  "1 gpu:mi300 8=1x8 x1.00; 1 gpu:h100 8=1x8 x1.62; 1 npu:910b3 8=1x8 x4.15; 1 gpu:a100 8=1x8 x4.33; "
	  "1 gpu:odd 8=1x8 x4.33" },
	{ "2 gpu:zz:8;2 gpu:yy:8;2 gpu:xx:8", "8:yy/zz/gpu", "1 gpu:yy 8=1x8 x1.00; 1 gpu:zz 8=1x8 x1.00; "
							     "1 gpu:xx 8=1x8 x1.00" },
	{ "2 gpu:zz:8;2 gpu:yy:8", "8", "1 gpu:yy 8=1x8 x1.00; 1 gpu:zz 8=1x8 x1.00" },
	/* alternatives */
	{ "2 gpu:h100:8;4 gpu:a100:8", "16:a100|8:h100|16:910b",
	  "1 gpu:a100 16=2x8 x1.00; 2 gpu:h100 8=1x8 x0.75" },
	{ "2 gpu:h100:8;4 gpu:a100:8", "8:h100|8:nvidia|8", "1 gpu:h100 8=1x8 x1.00; 2 gpu:a100 8=1x8 x2.67" },
	{ "2 gpu:zz:8;4 gpu:h100:8;2 gpu:a100:8", "8:zz|8:h100|8:a100",
	  "1 gpu:zz 8=1x8 x2.67; 2 gpu:h100 8=1x8 x1.00; 3 gpu:a100 8=1x8 x2.67" },
	/* predicates */
	{ "2 gpu:h100:8;2 gpu:a100:8;2 gpu:mi300:8", "8,mem>=64G",
	  "1 gpu:mi300 8=1x8 x1.00; 1 gpu:h100 8=1x8 x1.62" },
	{ "2 gpu:h100:8;2 gpu:mi300:8", "8,tdp<=700W", "1 gpu:h100 8=1x8 x1.00" },
	{ "2 gpu:h100:8;2 gpu:mi300:8", "8,bw>2T,bf16>=1P", "1 gpu:mi300 8=1x8 x1.00" },
};

START_TEST(plans_for)
{
	cluster(plans[_i].cluster);
	ck_assert_str_eq(plan_text(plans[_i].request, NULL, NULL), plans[_i].want);
}
END_TEST

static const struct pair lacks[] = {
	/* mixes */
	{ "2 gpu:h100:8;2 gpu:a100:8", "64:mix=models",
	  "there are 16 h100 and 16 a100 on whole nodes, 32 in all; 64 are asked for" },
	{ "2 gpu:h100:8", "8:h200|16:mix=models",
	  "alternative 1 (8:h200): no node has h200; there is h100; alternative 2 (16,mix=models): mix=models takes "
	  "two models or more of one vendor; all that would do is h100" },
	/* names */
	{ "2 gpu:a100:8;2 gpu:h100:8,npu:2;2 gpu:mi300x:8", "8:h200",
	  "no node has h200; there is a100, h100, mi300x and npu" },
	{ "2 gpu:a100:8", "8:h200", "no node has h200; there is a100" },
	{ "2 gpu:a100:8;1 gpu:mi300:1", "8:h200/h20/b200",
	  "no node has h200, h20 or b200; there is a100 and mi300" },
	{ "2 gpu:a100:8,gpu:A:1,gpu:b:1,gpu:c:1,gpu:d:1,gpu:e:1,gpu:f:1,gpu:g:1,gpu:h:1,gpu:i:1", "8:h200",
	  "no node has h200; there is A, a100, b, c, d, e, f, g and 2 more" },
	{ "1 gpu:t00000000000000000000000000000000000000000000000000000000000:1,"
	  "gpu:t00000000000000000000000000000000000000000000000000000000001:1,"
	  "gpu:t00000000000000000000000000000000000000000000000000000000002:1", "8:h200",
	  "no node has h200; there is t00000000000000000000000000000000000000000000000000000000000, "
	  "t00000000000000000000000000000000000000000000000000000000001 and 1 more" },
	{ "2 gpu:h100:2,npu:h100:2", "8:a100", "no node has a100; there is h100" },
	{ "2 nvme:1", "8:h200", "no node has an accelerator" },
	{ "", "8", "no node has an accelerator" },
	/* figures */
	{ "2 gpu:h100:8;2 gpu:nvidia_h20:8;2 gpu:a100:8", "16,mem>=100G",
	  "no node has 16 cards with mem>=100G; the largest is nvidia_h20: 96G" },
	{ "2 gpu:h100:8;2 gpu:h20:8", "1,mem>96G", "no node has a card with mem>96G; the largest is h20: 96G" },
	{ "2 gpu:h100:8;2 gpu:h20:8", "2P@bf16,mem>96G",
	  "no node has cards with mem>96G; the largest is h20: 96G" },
	{ "2 gpu:h100:8;2 gpu:mi300:8", "4,tdp<=300W",
	  "no node has 4 cards with tdp<=300W; the smallest is h100: 350W" },
	{ "2 gpu:h20:8;2 gpu:mi300:8", "4,tdp<400W",
	  "no node has 4 cards with tdp<400W; the smallest is h20: 400W" },
	{ "2 gpu:h20:8;2 gpu:h100:8", "4,mem=90G",
	  "no node has 4 cards with mem=90G; the nearest is h20: 96G" },
	{ "2 gpu:h20:8;2 gpu:h100:8", "4,mem=82G",
	  "no node has 4 cards with mem=82G; the nearest is h100: 80G" },
	{ "2 gpu:h20:8;2 gpu:h100:8;2 npu:910b3:8", "4,mem>=80G,bw>=5T",
	  "no node has 4 cards with mem>=80G,bw>=5T; the largest is h20: 4T" },
	{ "2 gpu:h20:8;2 gpu:h100:8;2 gpu:mi300:8", "16:nvidia,mem>=100G",
	  "no node has 16 nvidia cards with mem>=100G; the largest is h20: 96G" },
	{ "2 gpu:h20:8;2 gpu:h100:8;2 gpu:mi300:8", "1:nvidia/ascend,mem>=100G",
	  "no node has 1 nvidia or ascend card with mem>=100G; the largest is h20: 96G" },
	{ "2 gpu:h20:8;2 gpu:h100:8", "16:h100/gpu,mem>=100G",
	  "no node has 16 cards with mem>=100G; the largest is h20: 96G" },
	{ "2 gpu:910b4x:8", "8,mem>=64G", "the mem of 910b4x is not known" },
	{ "2 gpu:8", "8,bf16>=300T", "the bf16 of gpu is not known" },
	{ "2 odd:oddball:8", "8,bw>=1T", "the bw of oddball is not known" },
	{ "2 gpu:910b4x:8", "2P@bf16", "the bf16 of 910b4x is not known" },
	{ "2 gpu:h100:8", "2P@fp8", "the fp8 of h100 is not known" },
	{ "2 gpu:a100:8", "8,mem>=64G", "a100 may have 40G to 80G: set Class=gpu:a100 Model=... in weft.conf" },
	{ "2 gpu:a100:8", "8,mem=80G", "a100 may have 40G to 80G: set Class=gpu:a100 Model=... in weft.conf" },
	{ "2 gpu:a100:8", "8,mem<80G", "a100 may have 40G to 80G: set Class=gpu:a100 Model=... in weft.conf" },
	{ "2 gpu:a100:8", "8,mem<=40G", "a100 may have 40G to 80G: set Class=gpu:a100 Model=... in weft.conf" },
	{ "2 gpu:a100:8", "8,mem>40G", "a100 may have 40G to 80G: set Class=gpu:a100 Model=... in weft.conf" },
	{ "2 gpu:a100:8", "8,mem>80G", "no node has 8 cards with mem>80G; the largest is a100: 80G" },
	{ "2 gpu:a100:8", "8,mem<40G", "no node has 8 cards with mem<40G; the smallest is a100: 40G" },
	{ "2 gpu:a100:8;1 gpu:what:8;1 npu:910b3:8", "8,mem>=70G", /* the one that may do is the closest */
	  "a100 may have 40G to 80G: set Class=gpu:a100 Model=... in weft.conf" },
	/* amounts */
	{ "4 gpu:h100:8", "16:h100,per-node=16", "no node has 16 h100; the most is 8" },
	{ "400 gpu:h100:8", "4000:h100", "there are 3200 h100 in all; 4000 are asked for" },
	{ "1 gpu:h100:1", "2:h100", "there is 1 h100 in all; 2 are asked for" },
	{ "4 gpu:h100:8", "48P@bf16:h100", "there are 32 h100 in all; 48P@bf16 takes 60" },
	{ "4 gpu:h100:8", "1000E@bf16:h100", "there are 32 h100 in all; 1000E@bf16 takes 1250000" },
	{ "4 gpu:h100:8", "48:h100,per-node=8", "there are 32 h100 in all; 48 are asked for" },
	{ "4 gpu:h100:8;8 gpu:h100:4", "64:h100,per-node=8",
	  "8 nodes with 8 h100 each are asked for; there are 4" },
	{ "1 gpu:h100:8;8 gpu:h100:4", "16:h100,per-node=8",
	  "2 nodes with 8 h100 each are asked for; there is 1" },
	{ "4 gpu:h100:8", "16:h100,nodes=8", "8 nodes with h100 are asked for; there are 4" },
	{ "4 gpu:h100:8", "24:h100,nodes=2", "the 2 largest nodes have 16 h100 together; 24 are asked for" },
	{ "4 gpu:h100:8", "16:h100,nodes=1", "no node has 16 h100; the most is 8" },
	{ "4 gpu:h100:8", "12P@bf16:h100,nodes=1", "no node has 15 h100; the most is 8" },
	{ "4 gpu:h100:8", "1P@bf16:h100,nodes=3", "2 h100 on 3 nodes: each node needs at least one" },
	{ "4 gpu:h100:8", "3P@bf16:h100,per-node=2,nodes=3",
	  "4 h100 with 2 on each node take 2 nodes; at least 3 are asked for" },
	/* the closest of several classes */
	{ "2 gpu:h100:4;2 gpu:a100:8;1 gpu:h20:8", "16:nvidia,per-node=16",
	  "no node has 16 a100; the most is 8" },
	{ "2 gpu:h100:8;3 gpu:a100:8", "40:nvidia", "there are 24 a100 in all; 40 are asked for" },
	{ "2 gpu:h100:8;3 gpu:a100:8;1 gpu:what:8", "40:nvidia,mem>=64G",
	  "there are 16 h100 in all; 40 are asked for" },
	/* several alternatives */
	{ "2 gpu:a100:8;2 gpu:h100:8;2 gpu:mi300x:8", "8:h200|40:h100|8:910b",
	  "alternative 1 (8:h200): no node has h200; there is a100, h100 and mi300x; alternative 2 (40:h100): "
	  "there are 16 h100 in all; 40 are asked for; alternative 3 (8:910b): no node has 910b; there is a100, "
	  "h100 and mi300x" },
};

START_TEST(explains)
{
	cluster(lacks[_i].cluster);
	ck_assert_str_eq(plan_text(lacks[_i].request, NULL, NULL), lacks[_i].want);
}
END_TEST

/* In a scope: the first USABLE nodes only. */
static const struct {
	const char *cluster, *request;
	unsigned usable, min, max;
	const char *where, *want;
} scopes[] = {
	{ "2 gpu:a100:8;2 gpu:h100:8", "8:nvidia", 2, 0, 0, "partition old", "1 gpu:a100 8=1x8 x1.00" },
	{ "2 gpu:a100:8;2 gpu:h100:8", "8:h100", 2, 0, 0, "partition old",
	  "no node of partition old has h100; nodes outside of it do" },
	{ "2 gpu:a100:8;2 gpu:h100:8", "8:h100", 2, 0, 0, NULL,
	  "no node that the job may use has h100; other nodes do" },
	{ "2 nvme:1;2 gpu:h100:8", "8:h100/a100", 2, 0, 0, "partition cpu",
	  "no node of partition cpu has h100 or a100; nodes outside of it do" },
	{ "2 nvme:1;2 gpu:h100:8", "8", 2, 0, 0, "partition cpu",
	  "no node of partition cpu has an accelerator; nodes outside of it do" },
	{ "2 nvme:1;2 gpu:h100:8", "8:a100", 2, 0, 0, "partition cpu",
	  "no node of partition cpu has an accelerator" },
	{ "2 gpu:h100:8", "8:a100", 2, 0, 0, "partition gpu",
	  "no node of partition gpu has a100; there is h100" },
	{ "2 gpu:a100:8;2 gpu:mi300:8", "8,mem>=100G", 2, 0, 0, "partition old",
	  "no node of partition old has 8 cards with mem>=100G; the largest is a100: 80G" },
	{ "2 gpu:h100:8;2 gpu:h100:16", "16:h100,per-node=16", 2, 0, 0, "partition gpu",
	  "no node of partition gpu has 16 h100; the most is 8" },
	{ "4 gpu:h100:8", "24:h100", 2, 0, 0, "partition gpu", "partition gpu has 16 h100 in all; 24 are asked for" },
	{ "4 gpu:h100:8", "6:h100,per-node=2", 2, 0, 0, "partition gpu",
	  "3 nodes with 2 h100 each are asked for; partition gpu has 2" },
	{ "4 gpu:h100:8", "1:h100", 4, 2, 0, NULL, "1 h100 on 2 nodes: each node needs at least one" },
	{ "4 gpu:h100:8", "8:h100", 4, 1, 0, NULL, "1 gpu:h100 8=1x8 x1.00" },
	{ "4 gpu:h100:8", "9:h100", 4, 1, 100, NULL, "1 gpu:h100 9=2x0 x1.00" }, /* a partition's limit is no wish */
	{ "4 gpu:h100:8", "9:h100", 4, 2, 0, NULL, "1 gpu:h100 9=3x3 x1.00" },
	{ "40 gpu:h100:8", "37:h100", 40, 6, 0, NULL, "1 gpu:h100 37=6x0 x1.00" }, /* not on 37 nodes */
	{ "40 gpu:h100:8", "37:h100", 40, 6, 40, NULL, "1 gpu:h100 37=37x1 x1.00" },
	{ "4 gpu:h100:8", "8:h100,nodes=2-4",
	  4, 1, 1, NULL, "at least 2 nodes are asked for and at most 1 allowed" },
	{ "4 gpu:h100:8", "8:h100,nodes=1-4", 4, 3, 8, NULL, "1 gpu:h100 8=4x2 x1.00" },
	{ "4 gpu:h100:8", "8:h100,per-node=2",
	  4, 0, 2, NULL, "8 h100 with 2 on each node take 4 nodes; at most 2 are allowed" },
	{ "4 gpu:h100:8", "8:h100,per-node=2",
	  4, 0, 1, NULL, "8 h100 with 2 on each node take 4 nodes; at most 1 is allowed" },
	{ "4 gpu:h100:8", "8:h100,per-node=8",
	  4, 4, 0, NULL, "8 h100 with 8 on each node take 1 node; at least 4 are asked for" },
};

START_TEST(within_a_scope)
{
	unsigned usable = scopes[_i].usable;
	struct weft_scope scope = { .min_nodes = scopes[_i].min, .max_nodes = scopes[_i].max, .usable = below,
				    .arg = &usable, .where = scopes[_i].where };

	cluster(scopes[_i].cluster);
	ck_assert_str_eq(plan_text(scopes[_i].request, &scope, NULL), scopes[_i].want);
}
END_TEST

START_TEST(within_some_nodes)
{
	static const struct {
		unsigned first, n;
		const char *want;
	} cases[] = {
		{ 0, 0, "1 gpu:h100 8=1x8 x1.00; 1 gpu:a100 8=1x8 x2.67" },
		{ 1, 2, "1 gpu:h100 8=1x8 x1.00; 1 gpu:a100 8=1x8 x2.67" },
		{ 0, 2, "1 gpu:h100 8=1x8 x1.00" },
		{ 2, 2, "1 gpu:a100 8=1x8 x1.00" },
		{ 3, 1, "1 gpu:a100 8=1x8 x1.00" },
		{ 3, 9, "1 gpu:a100 8=1x8 x1.00" },
		{ 4, 1, "no node that the job may use has an accelerator; other nodes do" },
		{ UINT_MAX, 1, "no node that the job may use has an accelerator; other nodes do" },
		{ UINT_MAX - 1, 4, "no node that the job may use has an accelerator; other nodes do" },
	};

	cluster("2 gpu:h100:8;2 gpu:a100:8");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct weft_scope scope = { .first = cases[i].first, .n = cases[i].n };

		ck_assert_str_eq(plan_text("8", &scope, NULL), cases[i].want);
	}
}
END_TEST

/* What the parser refuses by itself must not break a plan. */
START_TEST(odd_requests)
{
	struct weft_alternative alt = { .devices = 10, .per_node = 4 };
	struct weft_request req = { &alt, 1 };
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_plan plan;

	nodes(4, "gpu:h100:8");
	ck_assert_int_eq(weft_plan_make(&plan, &req, inv, NULL, NULL, 1000, &err), -1);
	ck_assert_str_eq(err.text, "10 h100 with 4 on each node: 10 is not a multiple of 4");
	alt = (struct weft_alternative){ .compute = 1e300, .dtype = WEFT_BF16 };
	err.text[0] = '\0';
	ck_assert_int_eq(weft_plan_make(&plan, &req, inv, NULL, NULL, 1000, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "there are 32 h100 in all; "));
	ck_assert_ptr_nonnull(strstr(err.text, "@bf16 takes 1000000000000000000"));
}
END_TEST

START_TEST(tables_decide_the_order)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_app app;

	cluster("2 gpu:h100:8;2 gpu:a100:8;2 gpu:mine:8;2 gpu:mi300:8");
	ck_assert_int_eq(weft_app_parse(&app, NULL, "h100=1,a100=0.5,mine=4", &err), 0);
	ck_assert_str_eq(plan_text("8", NULL, &app),
			 "1 gpu:mine 8=1x8 x1.00; 1 gpu:h100 8=1x8 x4.00; 1 gpu:a100 8=1x8 x8.00; "
			 "1 gpu:mi300 8=1x8 x8.00");
	ck_assert_str_eq(plan_text("8:h100|16:a100|4:mi300", NULL, &app),
			 "1 gpu:h100 8=1x8 x1.00; 2 gpu:a100 16=2x8 x1.00; 3 gpu:mi300 4=1x4 x1.00");
	weft_app_clear(&app);
}
END_TEST

START_TEST(unknown_rates_are_the_slowest_known)
{
	cluster("2 gpu:zz:8;2 gpu:h100:8;2 gpu:mi300:8");
	ck_assert_str_eq(plan_text("8:mi300x|8:h100|4:mi300x|8:zz", NULL, NULL),
			 "1 gpu:mi300 8=1x8 x1.00; 2 gpu:h100 8=1x8 x1.62; 3 gpu:mi300 4=1x4 x2.00; "
			 "4 gpu:zz 8=1x8 x2.00");
	ck_assert_str_eq(plan_text("8:h100|8:mi300x|8:zz", NULL, NULL), /* not faster than the reference alone */
			 "1 gpu:h100 8=1x8 x1.00; 2 gpu:mi300 8=1x8 x0.62; 3 gpu:zz 8=1x8 x1.00");
}
END_TEST

START_TEST(many_candidates_are_cut)
{
	struct weft_request *req;
	struct weft_plan plan;
	char gres[64];

	for (unsigned i = 0; i < 300; i++) {
		snprintf(gres, sizeof(gres), "gpu:t%03u:8", i);
		nodes(1, gres);
	}
	req = parse("8|4");
	ck_assert_int_eq(weft_plan_make(&plan, req, inv, NULL, NULL, 1000, NULL), 0);
	ck_assert_uint_eq(plan.n, WEFT_PLAN_MAX_CANDIDATES);
	ck_assert_str_eq(plan.candidates[0].class->type, "t000");
	ck_assert_str_eq(plan.candidates[255].class->type, "t255");
	weft_plan_clear(&plan);
	weft_plan_clear(&plan);
	weft_request_destroy(req);
}
END_TEST

/* 16 alternatives, with five long names each: the error keeps its size and says how many were left out. */
START_TEST(long_errors_are_cut)
{
	char text[WEFT_REQUEST_MAX_BYTES + 1], many[256];
	const char *out;
	size_t len = 0;

	cluster("2 gpu:h100:8;2 gpu:h20:8");
	for (int a = 0; a < 16; a++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s8:", a ? "|" : "");
		for (int i = 0; i < 5; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%sa-rather-long-name-%02d-of-five-and-%d", i ? "/" : "", a, i);
	}
	out = plan_text(text, NULL, NULL);
	ck_assert_uint_lt(strlen(out), WEFT_ERR_SIZE - 1);
	snprintf(many, sizeof(many), "; and 13 more alternatives");
	ck_assert_str_eq(out + strlen(out) - strlen(many), many);
	snprintf(many, sizeof(many), "alternative 1 (8:a-rather-long-name-00-of-five-and-0/a-rath...): no node has "
				     "a-rather-long-name-00-of-five-and-0, a-rather-long-name-00-of-five-and-1, ");
	ck_assert_msg(!strncmp(out, many, strlen(many)), "%s", out);
}
END_TEST

/* A plan must be one that the cluster can hold, and must exist whenever the cards do. */
static void check_layout(const unsigned *sizes, unsigned n, unsigned devices)
{
	char request[64];
	struct weft_request *req;
	struct weft_plan plan;
	unsigned total = 0, most = 0, with = 0;
	int rv;

	snprintf(request, sizeof(request), "%u", devices);
	req = parse(request);
	rv = weft_plan_make(&plan, req, inv, NULL, NULL, 1000, NULL);
	for (unsigned i = 0; i < n; i++)
		total += sizes[i];
	ck_assert_int_eq(rv, devices <= total ? 0 : -1);
	if (!rv) {
		const struct weft_candidate *c = &plan.candidates[0];

		ck_assert_uint_eq(c->devices, devices);
		for (unsigned i = 0; i < n; i++) { /* SIZES falls */
			with += sizes[i] >= c->per_node;
			most += i < c->nodes ? sizes[i] : 0;
		}
		if (c->per_node) {
			ck_assert_uint_eq(c->per_node * c->nodes, devices);
			ck_assert_uint_ge(with, c->nodes);
		} else {
			ck_assert_uint_le(c->nodes, n);
			ck_assert_uint_le(c->nodes, devices);
		}
		ck_assert_uint_ge(most, devices);
	}
	weft_plan_clear(&plan);
	weft_request_destroy(req);
}

START_TEST(random_layouts)
{
	srand((unsigned)_i + 1);
	for (int round = 0; round < 60; round++) {
		unsigned sizes[12], n = 1 + (unsigned)rand() % 12, total = 0;

		weft_inventory_destroy(inv);
		inv = weft_inventory_create(cat, NULL);
		for (unsigned i = 0; i < n; i++) {
			unsigned size = 1 + (unsigned)rand() % 8, k = i;

			for (; k > 0 && sizes[k - 1] < size; k--)
				sizes[k] = sizes[k - 1];
			sizes[k] = size;
			total += size;
		}
		for (unsigned i = 0; i < n; i++) {
			char gres[32];

			snprintf(gres, sizeof(gres), "gpu:h100:%u", sizes[(i * 7 + 3) % n]);
			if (n % 7 == 0)
				snprintf(gres, sizeof(gres), "gpu:h100:%u", sizes[i]);
			nodes(1, gres);
		}
		for (unsigned devices = 1; devices <= total + 2; devices++)
			check_layout(sizes, n, devices);
	}
}
END_TEST

START_TEST(scales_minutes)
{
	const unsigned most = UINT32_MAX - 3;

	ck_assert_uint_eq(weft_scaled_minutes(60, 1), 60);
	ck_assert_uint_eq(weft_scaled_minutes(60, 2.5), 150);
	ck_assert_uint_eq(weft_scaled_minutes(60, 1.001), 61);
	ck_assert_uint_eq(weft_scaled_minutes(60, 0.001), 1);
	ck_assert_uint_eq(weft_scaled_minutes(0, 5), 1);
	ck_assert_uint_eq(weft_scaled_minutes(100, 1.1), 110); /* a little more than that, in binary */
	ck_assert_uint_eq(weft_scaled_minutes(7, 1.0 / 7 * 3), 3);
	ck_assert_uint_eq(weft_scaled_minutes(60, NAN), 60);
	ck_assert_uint_eq(weft_scaled_minutes(60, -1), 1);
	ck_assert_uint_eq(weft_scaled_minutes(60, INFINITY), most);
	ck_assert_uint_eq(weft_scaled_minutes(0, INFINITY), 1);
	ck_assert_uint_eq(weft_scaled_minutes(UINT_MAX, 2), most);
	ck_assert_uint_eq(weft_scaled_minutes(UINT_MAX, 1), most);
	ck_assert_uint_eq(weft_scaled_minutes(most, 1), most);
}
END_TEST

/* Printed, not asserted. */
START_TEST(plans_fast)
{
	struct weft_request *req = parse("64:h100|64:a100|64:mi300x|64:910b|64:nvidia,mem>=64G|64:amd/ascend,bw>=1T|"
					 "2P@bf16|64:nvidia/amd/ascend,tdp<=700W");
	struct timespec a, b;
	struct weft_plan plan;

	cluster("3000 gpu:h100:8;3000 gpu:a100:8;3000 gpu:mi300:8;3500 npu:910b3:8");
	clock_gettime(CLOCK_MONOTONIC, &a);
	ck_assert_int_eq(weft_plan_make(&plan, req, inv, NULL, NULL, 200, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("# plan of 8 alternatives on 12500 nodes: %.2f ms, %zu candidates\n",
	       (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6, plan.n);
	weft_plan_clear(&plan);
	weft_request_destroy(req);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plan");
	TCase *t = tcase_create("plan");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, plans_for, 0, LENGTH(plans));
	tcase_add_loop_test(t, explains, 0, LENGTH(lacks));
	tcase_add_loop_test(t, within_a_scope, 0, LENGTH(scopes));
	tcase_add_test(t, within_some_nodes);
	tcase_add_test(t, odd_requests);
	tcase_add_test(t, tables_decide_the_order);
	tcase_add_test(t, unknown_rates_are_the_slowest_known);
	tcase_add_test(t, many_candidates_are_cut);
	tcase_add_test(t, long_errors_are_cut);
	tcase_add_loop_test(t, random_layouts, 0, 8);
	tcase_add_test(t, scales_minutes);
	tcase_add_test(t, plans_fast);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
