/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_request.c - any text as a request: it is refused with a message, or its canonical form means the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/request.h"

static const char catalogue_text[] =
	"{\"format\": 1, \"vendors\": [{\"name\": \"nvidia\", \"title\": \"NVIDIA\"}], \"models\": ["
	"{\"name\": \"h100-sxm5-80gb\", \"vendor\": \"nvidia\", \"title\": \"H100\", \"family\": \"h100\","
	" \"mem_gib\": 80, \"bw_gbs\": 3350, \"tdp_w\": 700, \"tflops\": {\"bf16\": 989.4}}]}";

static struct weft_catalogue *cat;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	cat = weft_catalogue_parse("fuzz.json", catalogue_text, strlen(catalogue_text), NULL, NULL, 0, NULL);
	if (!cat)
		abort();
	return 0;
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
