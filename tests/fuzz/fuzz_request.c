/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_request.c - any text as a request: it is refused with a message, or its canonical form means the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mix.h"
#include "core/request.h"

static const char catalogue_text[] =
	"{\"format\": 1, \"fabrics\": [{\"name\": \"flagcx\"}, {\"name\": \"gloo\", \"path\": \"host\"}],"
	" \"vendors\": [{\"name\": \"nvidia\", \"title\": \"NVIDIA\", \"fabrics\": [\"flagcx\", \"gloo\"]},"
	" {\"name\": \"amd\", \"fabrics\": [\"flagcx\", \"gloo\"]}, {\"name\": \"ascend\", \"fabrics\": [\"gloo\"]}],"
	" \"models\": ["
	"{\"name\": \"a100\", \"vendor\": \"nvidia\", \"mem_gib\": 40, \"bw_gbs\": 1555, \"tflops\": {\"bf16\": 312}},"
	"{\"name\": \"mi300x\", \"vendor\": \"amd\", \"mem_gib\": 192, \"bw_gbs\": 5300, \"tflops\": {\"bf16\": 1307}},"
	"{\"name\": \"910b\", \"vendor\": \"ascend\", \"mem_gib\": 64, \"bw_gbs\": 1600, \"tflops\": {\"bf16\": 320}},"
	"{\"name\": \"h100-sxm5-80gb\", \"vendor\": \"nvidia\", \"title\": \"H100\", \"family\": \"h100\","
	" \"mem_gib\": 80, \"bw_gbs\": 3350, \"tdp_w\": 700, \"tflops\": {\"bf16\": 989.4}}]}";

/* Nodes of many sizes, and one gres name that is not like the others. */
static const char *const nodes[] = { "gpu:h100:8", "gpu:h100:8", "gpu:h100:5", "gpu:a100:8",  "gpu:a100:4",
				     "gpu:910b:8", "gpu:910b:8", "dcu:910b:8", "gpu:mi300x:6", "gpu:mi300x:8",
				     "gpu:mi300x:1", "gpu:x:8", "gpu:h100:10" };
#define NODES (sizeof(nodes) / sizeof(nodes[0]))

static struct weft_catalogue *cat;
static struct weft_inventory *inv;
static struct weft_supply supply;
static const struct weft_scope anywhere;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	cat = weft_catalogue_parse("fuzz.json", catalogue_text, strlen(catalogue_text), NULL, NULL, 0, NULL);
	inv = cat ? weft_inventory_create(cat, NULL) : NULL;
	for (unsigned i = 0; inv && i < NODES; i++) {
		if (weft_inventory_add(inv, i, nodes[i], NULL))
			abort();
	}
	if (!inv || weft_supply_count(&supply, inv, &anywhere, NULL))
		abort();
	return 0;
}

/* There is a mix that keeps the request, or a reason. */
static void check_mix(const struct weft_alternative *alt)
{
	const struct weft_mix_options options = { .intensity = 200, .micro_batches = alt->devices };
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_mix mix;
	unsigned cards = 0;
	double weight = 0;

	if (weft_mix_make(&mix, alt, &supply, &options, &err)) {
		if (!err.text[0])
			abort();
		return;
	}
	if (mix.devices != alt->devices || mix.nodes > NODES || err.text[0])
		abort();
	for (size_t i = 0; i < mix.n_groups; i++) {
		cards += mix.groups[i].nodes * mix.groups[i].per_node;
		weight += mix.groups[i].weight;
	}
	if (cards != mix.devices || weight < 0.999 || weight > 1.001 || !(mix.efficiency > 0 && mix.efficiency <= 1))
		abort();
	weft_mix_clear(&mix);
}

static void check_alternative(const struct weft_alternative *alt)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *text = weft_predicates_text(alt);

	free(text);
	if ((weft_alternative_consistent(alt, &err) < 0) != (err.text[0] != '\0'))
		abort();
	for (size_t i = 0; i < alt->n_predicates; i++)
		weft_predicate_holds(&alt->predicates[i], weft_catalogue_model(cat, 0));
	if (alt->mix && !err.text[0])
		check_mix(alt);
}

static void check_request(const struct weft_request *req)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *canonical = weft_request_canonical(req), *twice;
	struct weft_request *again;

	if (!canonical || strlen(canonical) > WEFT_REQUEST_MAX_BYTES)
		abort();
	again = weft_request_parse(canonical, NULL);
	if (!again)
		abort();
	twice = weft_request_canonical(again);
	if (!twice || strcmp(canonical, twice))
		abort();
	if ((weft_request_check(req, cat, NULL, &err) < 0) != (err.text[0] != '\0'))
		abort();
	for (size_t i = 0; i < req->n_alts; i++)
		check_alternative(&req->alts[i]);
	weft_request_destroy(again);
	free(twice);
	free(canonical);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_request *req;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	req = weft_request_parse(text, &err);
	if ((req == NULL) != (err.text[0] != '\0'))
		abort();
	if (req)
		check_request(req);
	weft_request_destroy(req);
	free(text);
	return 0;
}
