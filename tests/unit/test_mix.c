/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_mix.c - one job over several models or vendors: its groups, or the sentence that says why not.
 */
#include "core/mix.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define SEED UINT64_C(20250313)
#define ROUNDS 800

#define CARD(name, vendor, bf16, mem) \
	"{\"name\":\"" name "\",\"vendor\":\"" vendor "\",\"mem_gib\":" mem \
	",\"bw_gbs\":9000,\"tflops\":{\"bf16\":" bf16 "}}"

/* Figures to be easy to reckon with. */
static const char catalogue_text[] =
	"{\"fabrics\":[{\"name\":\"flagcx\",\"title\":\"FlagCX\",\"path\":\"device\"},"
	"{\"name\":\"gloo\",\"path\":\"host\"}],\"vendors\":["
	"{\"name\":\"nvidia\",\"collectives\":\"NCCL\",\"fabrics\":[\"flagcx\",\"gloo\"]},"
	"{\"name\":\"amd\",\"fabrics\":[\"flagcx\",\"gloo\"]},"
	"{\"name\":\"iluvatar\",\"fabrics\":[\"flagcx\",\"gloo\"]},"
	"{\"name\":\"ascend\",\"fabrics\":[\"gloo\"],\"fabric_gap\":\"HCCL has no operation between vendors\"},"
	"{\"name\":\"groq\"}],\"models\":["
	CARD("h100", "nvidia", "1000", "80") "," CARD("a100", "nvidia", "300", "40") ","
	CARD("t4", "nvidia", "50", "16") "," CARD("mi300x", "amd", "1300", "192") ","
	CARD("mi210", "amd", "180", "64") "," CARD("bi150", "iluvatar", "200", "64") ","
	CARD("910b", "ascend", "320", "64") "," CARD("lpu", "groq", "100", "1") ","
	"{\"name\":\"mystery\",\"vendor\":\"amd\"}]}";

static struct weft_catalogue *cat;
static struct weft_inventory *inv;

static void setup(void)
{
	struct weft_err err = WEFT_ERR_INIT;

	cat = weft_catalogue_parse("cards", catalogue_text, strlen(catalogue_text), NULL, NULL, 0, &err);
	ck_assert_msg(cat != NULL, "%s", err.text);
	inv = weft_inventory_create(cat, NULL);
	ck_assert_ptr_nonnull(inv);
}

static void teardown(void)
{
	weft_inventory_destroy(inv);
	weft_catalogue_destroy(cat);
}

/* A cluster as "4 gpu:h100:8;2 npu:910b:8". */
static void cluster(const char *text)
{
	while (*text) {
		char gres[512], *end;
		unsigned n = (unsigned)strtoul(text, &end, 10);
		size_t len = strcspn(end + 1, ";");

		snprintf(gres, sizeof(gres), "%.*s", (int)len, end + 1);
		for (unsigned first = weft_inventory_nodes(inv), i = first; i < first + n; i++)
			ck_assert_int_eq(weft_inventory_add(inv, i, gres, NULL), 0);
		text = end + 1 + len + (end[1 + len] == ';');
	}
}

static const struct weft_mix_options by_peak = { .intensity = 1000 };
static const struct weft_scope anywhere;

static int make(struct weft_mix *mix, const char *request, const struct weft_scope *scope,
		const struct weft_mix_options *options, struct weft_err *err)
{
	struct weft_err wrong = WEFT_ERR_INIT;
	struct weft_request *req = weft_request_parse(request, &wrong);
	struct weft_supply supply;
	int rv;

	ck_assert_msg(req != NULL, "%s: %s", request, wrong.text);
	ck_assert_msg(weft_alternative_consistent(&req->alts[0], &wrong) == 0, "%s: %s", request, wrong.text);
	ck_assert_int_eq(weft_supply_count(&supply, inv, scope ? scope : &anywhere, NULL), 0);
	rv = weft_mix_make(mix, &req->alts[0], &supply, options ? options : &by_peak, err);
	weft_supply_clear(&supply);
	weft_request_destroy(req);
	return rv;
}

/* What must be true of every mix. */
static void check_mix(const struct weft_mix *mix, const char *request, unsigned devices)
{
	unsigned nodes = 0, ranks = 0;
	double weight = 0, rate = 0, rank_weight = 0;

	ck_assert_uint_eq(mix->devices, devices);
	for (size_t i = 0; i < mix->n_groups; i++) {
		const struct weft_mix_group *g = &mix->groups[i];

		ck_assert_uint_gt(g->nodes, 0);
		ck_assert_uint_eq(g->devices, g->nodes * g->per_node);
		ck_assert_uint_eq(g->first_node, nodes);
		ck_assert_uint_eq(g->first_rank, ranks);
		nodes += g->nodes;
		ranks += g->devices;
		weight += g->weight;
		rank_weight += g->rank_weight * g->devices;
		rate += g->rate;
		ck_assert_str_eq(g->class->name, mix->gres);
		for (size_t k = i + 1; k < mix->n_groups; k++) /* vendors one after the other */
			ck_assert_msg(mix->groups[k].class->model->vendor != g->class->model->vendor ||
				      mix->groups[k - 1].class->model->vendor == g->class->model->vendor,
				      "%s: vendor in pieces", request);
	}
	ck_assert_uint_eq(nodes, mix->nodes);
	ck_assert_uint_eq(ranks, mix->devices);
	ck_assert(fabs(weight - 1) < 1e-9 && fabs(rank_weight - 1) < 1e-9);
	ck_assert(fabs(rate - mix->rate) < 1e-9 * rate);
	ck_assert(mix->throughput <= mix->rate * (1 + 1e-9) && mix->even_throughput <= mix->rate * (1 + 1e-9));
	ck_assert(mix->efficiency <= 1 && mix->even_efficiency <= 1);
	ck_assert(fabs(mix->efficiency * mix->rate - mix->throughput) < 1e-6 * rate);
}

/* "h100 2x8 0.61; a100 ...; fabric": class, nodes, cards per node, weight; or the error. */
static const char *mix_text(const char *request, const struct weft_scope *scope)
{
	static char out[2048];
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_mix mix;
	size_t len = 0;

	if (make(&mix, request, scope, NULL, &err) < 0) {
		ck_assert_ptr_null(mix.groups);
		ck_assert_str_ne(err.text, "");
		ck_assert_int_eq(make(&mix, request, scope, NULL, NULL), -1);
		snprintf(out, sizeof(out), "%s", err.text);
		return out;
	}
	ck_assert_str_eq(err.text, "");
	check_mix(&mix, request, (unsigned)strtoul(request, NULL, 10));
	for (size_t i = 0; i < mix.n_groups; i++) {
		const struct weft_mix_group *g = &mix.groups[i];

		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s %ux%u %.3f; ", g->class->type, g->nodes,
					g->per_node, g->weight);
	}
	snprintf(out + len, sizeof(out) - len, "%s%s %u", mix.fabric ? mix.fabric : "?",
		 mix.fabric_is_host ? " (host)" : "", mix.per_node);
	weft_mix_clear(&mix);
	ck_assert_ptr_null(mix.groups);
	return out;
}

struct triple {
	const char *cluster, *request, *want;
};

static const struct triple mixes[] = {
	/* the fastest cards first, but of two vendors at least */
	{ "4 gpu:h100:8;4 gpu:mi300x:8", "48:mix=vendors", "mi300x 4x8 0.722; h100 2x8 0.278; flagcx 8" },
	{ "9 gpu:h100:8;9 gpu:mi300x:8", "32:mix=vendors", "mi300x 3x8 0.796; h100 1x8 0.204; flagcx 8" },
	{ "2 gpu:a100:8;2 gpu:h100:8;2 gpu:mi210:8;2 gpu:bi150:8", "48:mix=vendors",
	  "h100 2x8 0.667; a100 2x8 0.200; bi150 2x8 0.133; flagcx 8" },
	/* ranks of a vendor are contiguous although its cards are not next to each other in speed */
	{ "1 gpu:a100:8;1 gpu:h100:8;1 gpu:mi300x:8;1 gpu:mi210:8", "32:mix=vendors",
	  "mi300x 1x8 0.468; mi210 1x8 0.065; h100 1x8 0.360; a100 1x8 0.108; flagcx 8" },
	/* models of one vendor: the vendor that is fastest; its own library joins them */
	{ "4 gpu:h100:8;4 gpu:a100:8;4 gpu:t4:8;2 gpu:mi300x:8;2 gpu:mi210:8", "32:mix=models",
	  "h100 3x8 0.909; a100 1x8 0.091; NCCL 8" },
	{ "4 gpu:a100:8;4 gpu:t4:8;2 gpu:mi300x:8;2 gpu:mi210:8", "32:mix=models",
	  "mi300x 2x8 0.878; mi210 2x8 0.122; ? 8" },
	{ "4 gpu:a100:8;4 gpu:t4:8;2 gpu:mi300x:8;2 gpu:mi210:8", "32:nvidia,mix=models",
	  "a100 3x8 0.947; t4 1x8 0.053; NCCL 8" },
	/* names and predicates */
	{ "9 gpu:h100:8;9 gpu:mi300x:8;9 gpu:bi150:8", "32:nvidia/iluvatar,mix=vendors",
	  "h100 3x8 0.938; bi150 1x8 0.062; flagcx 8" },
	{ "9 gpu:h100:8;9 gpu:a100:8;9 gpu:bi150:8", "32:mix=vendors,mem<=64G",
	  "a100 3x8 0.818; bi150 1x8 0.182; flagcx 8" },
	/* units: whole nodes of each class, or as asked */
	{ "4 gpu:h100:8;4 gpu:mi300x:4", "20:mix=vendors", "mi300x 3x4 0.661; h100 1x8 0.339; flagcx 0" },
	{ "4 gpu:h100:8;4 gpu:mi300x:4", "20:mix=vendors,unit=4", "mi300x 4x4 0.839; h100 1x4 0.161; flagcx 4" },
	{ "4 gpu:h100:8;4 gpu:mi300x:8", "20:mix=vendors,unit=4",
	  "mi300x 2x8 0.839; h100 1x4 0.161; flagcx 0" },
	{ "4 gpu:h100:8;2 gpu:mi300x:8", "28:mix=vendors,unit=4",
	  "mi300x 2x8 0.634; h100 1x8 0.244; h100 1x4 0.122; flagcx 0" },
	{ "4 gpu:h100:8;2 gpu:mi300x:8", "4:mix=vendors,unit=1", "mi300x 1x3 0.796; h100 1x1 0.204; flagcx 0" },
	{ "4 gpu:h100:8;4 gpu:mi300x:8", "48:mix=vendors,unit=16", "mi300x 4x8 0.722; h100 2x8 0.278; flagcx 8" },
	{ "4 gpu:h100:8;4 gpu:mi300x:6", "24:mix=vendors,unit=8", /* 4 of 6 on two nodes are a unit */
	  "mi300x 4x4 0.722; h100 1x8 0.278; flagcx 0" },
	{ "4 gpu:h100:10;4 gpu:mi300x:10", "32:mix=vendors,unit=8", "mi300x 3x8 0.796; h100 1x8 0.204; flagcx 8" },
	/* nodes of one class with different numbers of cards */
	{ "2 gpu:h100:8;4 gpu:h100:4;1 gpu:mi300x:8", "40:mix=vendors",
	  "mi300x 1x8 0.245; h100 2x8 0.377; h100 4x4 0.377; flagcx 0" },
	{ "1 gpu:h100:8;3 gpu:h100:4;1 gpu:mi300x:8", "24:mix=vendors",
	  "mi300x 1x8 0.394; h100 1x8 0.303; h100 2x4 0.303; flagcx 0" },
	/* split */
	{ "9 gpu:h100:8;9 gpu:mi300x:8", "64:mix=vendors,split=even", "mi300x 4x8 0.565; h100 4x8 0.435; flagcx 8" },
	{ "9 gpu:h100:8;9 gpu:mi300x:8", "72:mix=vendors,split=even", "mi300x 5x8 0.619; h100 4x8 0.381; flagcx 8" },
	{ "9 gpu:h100:8;9 gpu:mi300x:8;9 gpu:a100:8;9 gpu:t4:8", "64:nvidia,mix=models,split=even",
	  "h100 4x8 0.769; a100 4x8 0.231; NCCL 8" },
	/* fabrics */
	{ "4 gpu:h100:8;4 gpu:910b:8", "48:mix=vendors,fabric=gloo",
	  "h100 4x8 0.862; 910b 2x8 0.138; gloo (host) 8" },
	{ "4 gpu:h100:8;4 gpu:910b:8;4 gpu:mi210:8", "48:mix=vendors",
	  "h100 4x8 0.917; mi210 2x8 0.083; flagcx 8" }, /* not with the faster ascend */
	{ "4 gpu:h100:8;4 gpu:mi210:8", "48:mix=vendors,fabric=FlagCX", "h100 4x8 0.917; mi210 2x8 0.083; flagcx 8" },
	/* one gres name is enough: of two that would do, the faster */
	{ "4 gpu:h100:8;4 gpu:bi150:8;4 xpu:h100:8;4 xpu:mi210:8", "48:mix=vendors",
	  "h100 4x8 0.909; bi150 2x8 0.091; flagcx 8" },
	{ "4 gpu:h100:8;4 gpu:bi150:8;4 xpu:h100:8;4 xpu:mi300x:8", "48:mix=vendors",
	  "mi300x 4x8 0.722; h100 2x8 0.278; flagcx 8" },
	/* what nobody knows stays out of it */
	{ "4 gpu:h100:8;4 gpu:mystery:8;4 gpu:strange:8;4 gpu:mi210:8", "48:mix=vendors",
	  "h100 4x8 0.917; mi210 2x8 0.083; flagcx 8" },
};

START_TEST(mixes_for)
{
	cluster(mixes[_i].cluster);
	ck_assert_str_eq(mix_text(mixes[_i].request, NULL), mixes[_i].want);
}
END_TEST

static const struct triple reasons[] = {
	/* nothing that would do: as for other requests */
	{ "4 gpu:h100:8;4 gpu:a100:8", "32:amd/ascend,mix=vendors",
	  "no node has amd or ascend; there is a100 and h100" },
	{ "4 gpu:h100:8;4 gpu:a100:8", "32:mix=models,mem>=100G",
	  "no node has 32 cards with mem>=100G; the largest is h100: 80G" },
	{ "4 gpu:strange:8;4 gpu:8", "32:mix=models",
	  "the vendor or the speed of strange and gpu is not known, and a mix is split by speed" },
	/* of one kind */
	{ "4 gpu:h100:8;4 gpu:a100:8", "32:mix=vendors",
	  "mix=vendors takes two vendors or more; all cards that would do are of nvidia" },
	{ "4 gpu:h100:8;4 gpu:mi300x:8;4 gpu:mi210:8", "32:nvidia/amd,mix=vendors,mem<=80G,mem>=80G",
	  "mix=vendors takes two vendors or more; all cards that would do are of nvidia" },
	{ "4 gpu:h100:8;4 gpu:mi300x:8", "32:mix=models",
	  "mix=models takes two models or more of one vendor; all that would do is mi300x and h100" },
	{ "4 gpu:h100:8;4 gpu:mystery:8", "32:mix=vendors",
	  "mix=vendors takes two vendors or more; all cards that would do are of nvidia; left out, since the vendor "
	  "or the speed is not known: mystery" },
	/* too few */
	{ "4 gpu:h100:8;2 gpu:mi300x:8", "64:mix=vendors",
	  "there are 16 mi300x and 32 h100 on whole nodes, 48 in all; 64 are asked for" },
	{ "4 gpu:h100:6;2 gpu:mi300x:8", "64:mix=vendors,unit=4",
	  "there are 16 mi300x and 16 h100 in units of 4, 32 in all; 64 are asked for" },
	{ "4 gpu:h100:6;2 gpu:mi300x:8", "64:mix=vendors,unit=1",
	  "there are 16 mi300x and 24 h100, 40 in all; 64 are asked for" },
	{ "1 gpu:h100:8;1 gpu:a100:8;1 gpu:t4:8;9 gpu:mi300x:8", "32:mix=models",
	  "there are 8 h100, 8 a100 and 8 t4 on whole nodes, 24 in all; 32 are asked for" },
	{ "2 gpu:h100:8;1 gpu:mi300x:8,gpu:x:1", "64:mix=vendors",
	  "there are 8 mi300x and 16 h100 on whole nodes, 24 in all; 64 are asked for; left out, since the vendor or "
	  "the speed is not known: x" },
	/* units that do not make the number */
	{ "4 gpu:h100:8;4 gpu:mi300x:8", "20:mix=vendors",
	  "20 cards cannot be made of whole nodes of 8 mi300x and 8 h100; unit=N makes them of parts of N cards" },
	{ "4 gpu:h100:8;4 gpu:mi300x:8", "8:mix=vendors",
	  "8 cards cannot be made of whole nodes of 8 mi300x and 8 h100; unit=N makes them of parts of N cards" },
	{ "4 gpu:h100:8;1 gpu:mi300x:8", "32:mix=vendors,unit=16",
	  "32 cards cannot be made of several kinds in units of 16: there are 0 mi300x and 32 h100" },
	{ "4 gpu:h100:8;1 gpu:mi300x:8", "32:mix=vendors,split=even",
	  "32 cards cannot be split evenly among 8 mi300x and 32 h100; without split=even they may differ in number" },
	{ "4 gpu:h100:8;1 gpu:mi300x:8", "32:mix=vendors,split=even,unit=8",
	  "32 cards cannot be split evenly among 8 mi300x and 32 h100 in units of 8; without split=even they may "
	  "differ in number" },
	{ "99 gpu:h100:1;4 gpu:mi300x:64", "120:mix=vendors",
	  "whole nodes of 64 mi300x and 1 h100 differ too much to be reckoned with; unit=N makes a mix of parts of N "
	  "cards" },
	/* no common gres name */
	{ "4 gpu:h100:8;4 dcu:mi300x:8", "48:mix=vendors",
	  "dcu:mi300x and gpu:h100 have different gres names, and a job asks the same gres of all its nodes: give the "
	  "cards of all vendors one gres name (doc/install.md), or submit a heterogeneous job" },
	{ "4 gpu:h100:8;4 dcu:a100:8", "48:mix=models",
	  "gpu:h100 and dcu:a100 have different gres names, and a job asks the same gres of all its nodes: give the "
	  "cards of all vendors one gres name (doc/install.md), or submit a heterogeneous job" },
	/* no common fabric */
	{ "4 gpu:h100:8;4 gpu:910b:8", "48:mix=vendors",
	  "no communication library joins nvidia and ascend: nvidia has flagcx, ascend has none (HCCL has no operation "
	  "between vendors); fabric=gloo would, through the hosts' memory" },
	{ "4 gpu:h100:8;4 gpu:910b:8", "48:mix=vendors,fabric=flagcx",
	  "flagcx does not join nvidia and ascend: nvidia has flagcx, ascend has not (HCCL has no operation between "
	  "vendors); fabric=gloo would, through the hosts' memory" },
	{ "4 gpu:h100:8;4 gpu:lpu:8", "48:mix=vendors",
	  "no communication library joins nvidia and groq: nvidia has flagcx, groq has none" },
	{ "4 gpu:910b:8;4 gpu:lpu:8", "48:mix=vendors,fabric=gloo",
	  "gloo does not join ascend and groq: ascend has gloo, groq has not" },
	{ "4 gpu:h100:8;4 npu:910b:8", "48:mix=vendors",
	  "no communication library joins nvidia and ascend: nvidia has flagcx, ascend has none (HCCL has no operation "
	  "between vendors)" },
	{ "2 gpu:h100:8;2 gpu:bi150:8;4 gpu:910b:8", "48:mix=vendors",
	  "no communication library joins nvidia, ascend and iluvatar: nvidia has flagcx, ascend has none (HCCL has no "
	  "operation between vendors), iluvatar has flagcx; fabric=gloo would, through the hosts' memory" },
};

START_TEST(says_why_not)
{
	cluster(reasons[_i].cluster);
	ck_assert_str_eq(mix_text(reasons[_i].request, NULL), reasons[_i].want);
}
END_TEST

static bool below(unsigned index, void *arg)
{
	return index < *(unsigned *)arg;
}

START_TEST(keeps_to_its_scope)
{
	unsigned limit = 6;
	struct weft_scope some = { .usable = below, .arg = &limit, .where = "partition gpu" };
	struct weft_scope few = { .max_nodes = 5 }, one = { .max_nodes = 1 }, many = { .min_nodes = 7 };

	cluster("4 gpu:h100:8;4 gpu:mi300x:8;4 gpu:a100:8");
	ck_assert_str_eq(mix_text("48:mix=vendors", &some), "mi300x 2x8 0.394; h100 4x8 0.606; flagcx 8");
	ck_assert_str_eq(mix_text("64:mix=vendors", &some),
			 "partition gpu has 16 mi300x and 32 h100 on whole nodes, 48 in all; 64 are asked for");
	ck_assert_str_eq(mix_text("32:a100/bi150,mix=vendors", &some),
			 "no node of partition gpu has a100 or bi150; nodes outside of it do");
	ck_assert_str_eq(mix_text("48:mix=vendors", &few), "the fastest mix takes 6 nodes; at most 5 are allowed");
	ck_assert_str_eq(mix_text("48:mix=vendors", &one), "the fastest mix takes 6 nodes; at most 1 is allowed");
	ck_assert_str_eq(mix_text("48:mix=vendors", &many), "the fastest mix takes 6 nodes; at least 7 are asked for");
	few.max_nodes = 6;
	ck_assert_str_eq(mix_text("48:mix=vendors", &few), "mi300x 4x8 0.722; h100 2x8 0.278; flagcx 8");
}
END_TEST

/* A table says how fast the cards are, and may name what the catalogue does not know the speed of. */
START_TEST(a_table_decides)
{
	struct weft_app app;
	struct weft_mix_options options = { .app = &app, .intensity = 1000 };
	struct weft_mix mix;

	cluster("4 gpu:h100:8;4 gpu:mystery:8;4 gpu:mi300x:8");
	ck_assert_int_eq(weft_app_parse(&app, NULL, "h100=1,mystery=3", NULL), 0);
	ck_assert_int_eq(make(&mix, "48:mix=vendors", NULL, &options, NULL), 0);
	ck_assert_uint_eq(mix.n_groups, 2);
	ck_assert_str_eq(mix.groups[0].class->type, "mystery");
	ck_assert_uint_eq(mix.groups[0].devices, 32);
	ck_assert(mix.rate == 32 * 3 + 16);
	ck_assert(mix.groups[0].weight == 96.0 / 112);
	weft_mix_clear(&mix);
	weft_app_clear(&app);
}
END_TEST

static unsigned free_cards(unsigned index, unsigned class_id, unsigned has, void *arg)
{
	const unsigned *left = arg;

	ck_assert_uint_eq(has, 8);
	ck_assert_uint_lt(class_id, 2);
	return left[index];
}

/* What is free now: nodes that are in use in part give a part. */
START_TEST(of_what_is_free)
{
	unsigned left[] = { 8, 5, 0, 4, 8, 3, 3, 0 };
	struct weft_request *req =
		weft_request_parse("28:mix=vendors,unit=4|32:mix=vendors,unit=4|24:mix=vendors", NULL);
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_supply supply;
	struct weft_mix mix;

	cluster("4 gpu:h100:8;4 gpu:mi300x:8");
	ck_assert_int_eq(weft_supply_count_free(&supply, inv, &anywhere, free_cards, left, NULL), 0);
	ck_assert_int_eq(weft_mix_make(&mix, &req->alts[0], &supply, &by_peak, &err), 0);
	check_mix(&mix, "28", 28);
	ck_assert_uint_eq(mix.n_groups, 4); /* 2 on each of two nodes would be a unit, too */
	ck_assert(mix.groups[0].nodes == 1 && mix.groups[0].per_node == 8);
	ck_assert(mix.groups[1].nodes == 2 && mix.groups[1].per_node == 2);
	ck_assert(mix.groups[2].nodes == 1 && mix.groups[2].per_node == 8);
	ck_assert(mix.groups[3].nodes == 2 && mix.groups[3].per_node == 4);
	weft_mix_clear(&mix);
	ck_assert_int_eq(weft_mix_make(&mix, &req->alts[1], &supply, &by_peak, &err), -1);
	ck_assert_str_eq(err.text, "there are 12 mi300x and 16 h100 in units of 4, 28 in all; 32 are asked for");
	/* 5 of 8 and 4 of 8 are four and four: a whole node's number of cards */
	ck_assert_int_eq(weft_mix_make(&mix, &req->alts[2], &supply, &by_peak, NULL), 0);
	check_mix(&mix, "24", 24);
	ck_assert(mix.n_groups == 3 && mix.groups[2].nodes == 2 && mix.groups[2].per_node == 4);
	weft_mix_clear(&mix);
	weft_supply_clear(&supply);
	weft_request_destroy(req);
}
END_TEST

/* ---------------------------------------------------------------- prediction and use */

START_TEST(predicts)
{
	struct weft_mix_options options = { .intensity = 1000, .micro_batches = 32 };
	struct weft_mix mix;
	unsigned shares[2];

	cluster("4 gpu:h100:8;4 gpu:a100:8");
	ck_assert_int_eq(make(&mix, "64:mix=models", NULL, NULL, NULL), 0);
	ck_assert(mix.rate == 32 * 1300.0 && mix.throughput == mix.rate && mix.efficiency == 1);
	/* with the same for each rank, 64 times the slowest card */
	ck_assert(fabs(mix.even_throughput - 64 * 300.0) < 1e-6);
	ck_assert(fabs(mix.even_efficiency - 600.0 / 1300) < 1e-12);
	/* of 13 micro-batches 10 and 3 are exactly by weight, 25 and 7 of 32 are not */
	ck_assert_int_eq(weft_mix_micro_batches(&mix, 13, shares, NULL), 0);
	ck_assert(shares[0] == 10 && shares[1] == 3);
	ck_assert(fabs(weft_mix_throughput(&mix, shares) - mix.rate) < 1e-6);
	ck_assert_int_eq(weft_mix_micro_batches(&mix, 32, shares, NULL), 0);
	ck_assert(shares[0] == 25 && shares[1] == 7);
	ck_assert(fabs(weft_mix_throughput(&mix, shares) - 32 / (25 / 32000.0)) < 1e-6);
	weft_mix_clear(&mix);
	ck_assert_int_eq(make(&mix, "64:mix=models", NULL, &options, NULL), 0);
	ck_assert(fabs(mix.throughput - 40960) < 1e-6 && fabs(mix.efficiency - 40960 / 41600.0) < 1e-12);
	weft_mix_clear(&mix);
	options.micro_batches = 1; /* one group does all */
	ck_assert_int_eq(make(&mix, "64:mix=models", NULL, &options, NULL), 0);
	ck_assert(fabs(mix.throughput - 32000) < 1e-6);
	weft_mix_clear(&mix);
}
END_TEST

START_TEST(shares_work)
{
	struct weft_err err = WEFT_ERR_INIT, again = WEFT_ERR_INIT;
	struct weft_mix mix;
	unsigned shares[3];

	cluster("1 gpu:h100:8;1 gpu:a100:8;1 gpu:t4:8");
	ck_assert_int_eq(make(&mix, "24:mix=models", NULL, NULL, NULL), 0);
	ck_assert_uint_eq(mix.n_groups, 3);
	ck_assert_int_eq(weft_mix_micro_batches(&mix, 12, shares, NULL), 0);
	ck_assert(shares[0] == 9 && shares[1] == 3 && shares[2] == 0);
	ck_assert_int_eq(weft_mix_micro_batches(&mix, 0, shares, &err), -1);
	ck_assert_str_eq(err.text, "0 micro-batches cannot be shared; it may be 1 to 1000000000");
	ck_assert_int_eq(weft_mix_micro_batches(&mix, 1000000001, shares, &again), -1);
	ck_assert_str_eq(again.text, "1000000001 micro-batches cannot be shared; it may be 1 to 1000000000");
	weft_mix_clear(&mix);
}
END_TEST

/* ---------------------------------------------------------------- against all mixes */

static uint64_t state = SEED;

static unsigned random_below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

/* The classes of a random round: all nodes of one have the same number of cards. */
static const struct {
	const char *type, *vendor;
	double rate;
	bool flagcx;
} types[] = { { "h100", "nvidia", 1000, true }, { "a100", "nvidia", 300, true }, { "mi300x", "amd", 1300, true },
	      { "mi210", "amd", 180, true },	 { "bi150", "iluvatar", 200, true }, { "910b", "ascend", 320, false },
	      { "lpu", "groq", 100, false } };
#define TYPES LENGTH(types)

struct round {
	unsigned nodes[TYPES], size[TYPES];
	const char *gres[TYPES];
	unsigned total, unit, taken[TYPES];
	bool models;
	double best;
};

static void judge(struct round *r)
{
	double rate = 0;
	bool mixed = false, vendors = false, joined = true, one_gres = true;
	int first = -1;

	for (int i = 0; i < TYPES; i++) {
		if (!r->taken[i])
			continue;
		first = first < 0 ? i : first;
		mixed = mixed || i != first;
		vendors = vendors || strcmp(types[i].vendor, types[first].vendor) != 0;
		joined = joined && types[i].flagcx;
		one_gres = one_gres && !strcmp(r->gres[i], r->gres[first]);
		rate += r->taken[i] * types[i].rate;
	}
	if (!one_gres || (r->models ? !mixed || vendors : !vendors || !joined))
		return;
	if (rate > r->best)
		r->best = rate;
}

static void search(struct round *r, int i, unsigned left)
{
	unsigned unit, most, part;

	if (i == TYPES) {
		if (!left)
			judge(r);
		return;
	}
	unit = r->unit ? r->unit : r->size[i];
	for (part = r->size[i]; unit % part; part--) /* of a unit, on a node that is too small for it */
		;
	most = r->size[i] >= unit ? r->nodes[i] * (r->size[i] / unit) * unit : r->nodes[i] / (unit / part) * unit;
	for (unsigned cards = 0; cards <= most && cards <= left; cards += unit) {
		r->taken[i] = cards;
		search(r, i + 1, left - cards);
	}
	r->taken[i] = 0;
}

static void random_round(struct round *r)
{
	static const unsigned sizes[] = { 8, 8, 4, 6, 16 };
	unsigned cards = 0;

	*r = (struct round){ .best = -1, .models = random_below(3) == 0 };
	for (int i = 0; i < TYPES; i++) {
		r->nodes[i] = random_below(2) ? random_below(4) : 0;
		r->size[i] = sizes[random_below(5)];
		r->gres[i] = random_below(6) ? "gpu" : "xpu";
		cards += r->nodes[i] * r->size[i];
	}
	r->unit = random_below(2) ? 0 : 4u << random_below(2);
	r->total = 2 * (1 + random_below(cards / 3 + 4));
	if (r->unit)
		r->total = (2 + r->total / r->unit) * r->unit;
}

START_TEST(is_the_fastest)
{
	unsigned made = 0;

	for (int round = 0; round < ROUNDS; round++) {
		char request[128], gres[64];
		struct weft_mix mix;
		struct round r;
		unsigned index = 0;
		int rv;

		random_round(&r);
		weft_inventory_destroy(inv);
		inv = weft_inventory_create(cat, NULL);
		for (int i = 0; i < TYPES; i++) {
			snprintf(gres, sizeof(gres), "%s:%s:%u", r.gres[i], types[i].type, r.size[i]);
			for (unsigned k = 0; k < r.nodes[i]; k++)
				ck_assert_int_eq(weft_inventory_add(inv, index++, gres, NULL), 0);
		}
		snprintf(request, sizeof(request), "%u:mix=%s", r.total, r.models ? "models" : "vendors");
		if (r.unit)
			snprintf(request + strlen(request), 32, ",unit=%u", r.unit);
		search(&r, 0, r.total);
		rv = make(&mix, request, NULL, NULL, NULL);
		ck_assert_msg((rv == 0) == (r.best > 0), "round %d: %s: %d, but the best is %g", round, request, rv,
			      r.best);
		if (rv)
			continue;
		made++;
		check_mix(&mix, request, r.total);
		ck_assert_msg(fabs(mix.rate - r.best) < 1e-6, "round %d: %s: %g, but %g is possible", round, request,
			      mix.rate, r.best);
		for (size_t i = 0; i < mix.n_groups; i++)
			ck_assert_uint_le(mix.groups[i].per_node, mix.groups[i].class->max_per_node);
		weft_mix_clear(&mix);
	}
	printf("# %u of %d random clusters had a mix\n", made, ROUNDS);
	ck_assert_uint_gt(made, ROUNDS / 10);
}
END_TEST

/* 1024 models of 20 vendors, as a catalogue that weft_catalogue_destroy() frees. */
static struct weft_catalogue *large_catalogue(void)
{
	struct weft_catalogue *large;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fputs("{\"fabrics\":[{\"name\":\"all\"}],\"vendors\":[", f);
	for (int i = 0; i < 20; i++)
		fprintf(f, "%s{\"name\":\"v%d\",\"fabrics\":[\"all\"]}", i ? "," : "", i);
	fputs("],\"models\":[", f);
	for (int i = 0; i < 1024; i++)
		fprintf(f, "%s{\"name\":\"m%d\",\"vendor\":\"v%d\",\"bw_gbs\":9000,\"tflops\":{\"bf16\":%d}}",
			i ? "," : "", i, i % 20, 100 + i * 7919 % 1024);
	fputs("]}", f);
	fclose(f);
	large = weft_catalogue_parse("large", text, size, NULL, NULL, 0, NULL);
	free(text);
	return large;
}

static double milliseconds(const struct weft_alternative *alt, const struct weft_supply *supply)
{
	double best = 1e9;

	for (int i = 0; i < 5; i++) {
		struct timespec from, to;
		struct weft_mix mix;
		double ms;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		ck_assert_int_eq(weft_mix_make(&mix, alt, supply, &by_peak, NULL), 0);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		check_mix(&mix, "large", alt->devices);
		weft_mix_clear(&mix);
		ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
		best = ms < best ? ms : best;
	}
	return best;
}

/* 12,500 nodes.  The bound is for a build without optimisation and with sanitizers; look at what is printed. */
START_TEST(is_quick)
{
	static const unsigned sizes[] = { 8, 4, 16 };
	struct weft_request *req = weft_request_parse("4096:mix=vendors|4096:mix=models,unit=8|100:mix=vendors|"
						      "4096:mix=vendors,split=even", NULL);
	struct weft_catalogue *large = large_catalogue();
	struct weft_inventory *nodes = weft_inventory_create(large, NULL);
	struct weft_supply supply;
	double ms[4];

	for (unsigned i = 0; i < 12500; i++) {
		char gres[32];

		snprintf(gres, sizeof(gres), "gpu:m%u:%u", i % 1024, sizes[i % 1024 % 3]);
		ck_assert_int_eq(weft_inventory_add(nodes, i, gres, NULL), 0);
	}
	ck_assert_uint_eq(weft_inventory_classes(nodes), 1024);
	ck_assert_int_eq(weft_supply_count(&supply, nodes, &anywhere, NULL), 0);
	for (int i = 0; i < 4; i++)
		ms[i] = milliseconds(&req->alts[i], &supply);
	printf("# 1024 classes, 12500 nodes: %.2f ms of vendors, %.2f of models, %.2f of few, %.2f even\n", ms[0],
	       ms[1], ms[2], ms[3]);
	for (int i = 0; i < 4; i++)
		ck_assert_double_lt(ms[i], 30);
	weft_supply_clear(&supply);
	weft_inventory_destroy(nodes);
	weft_catalogue_destroy(large);
	weft_request_destroy(req);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mix");
	TCase *tc = tcase_create("mix");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, mixes_for, 0, LENGTH(mixes));
	tcase_add_loop_test(tc, says_why_not, 0, LENGTH(reasons));
	tcase_add_test(tc, keeps_to_its_scope);
	tcase_add_test(tc, a_table_decides);
	tcase_add_test(tc, of_what_is_free);
	tcase_add_test(tc, predicts);
	tcase_add_test(tc, shares_work);
	tcase_add_test(tc, is_the_fastest);
	tcase_add_test(tc, is_quick);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite());
	int failed;

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
