/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_rest.c - any text as an answer of a slurmrestd.  What is believed is within its limits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* No longer than MAX, and nothing that a terminal or a JSON reader would take ill. */
static void check_text(const char *text, size_t max)
{
	must(text && strlen(text) <= max);
	for (; *text; text++)
		must((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_jobs(const struct weft_rest_seen *s, size_t n)
{
	must(n <= WEFT_REST_MAX_JOBS);
	for (size_t i = 0; i < n; i++) {
		must(s[i].id >= 1 && s[i].id < 0xfffffffe && s[i].state < WEFT_REST_STATES);
		must(s[i].exit_status >= -1 && s[i].exit_status <= 0xffff);
		must(s[i].exit_status == -1 || weft_rest_state_is_end(s[i].state));
		must(s[i].submit >= 0 && s[i].start >= 0 && s[i].end >= 0 && s[i].deadline >= 0);
		must(s[i].priority >= -1 && (!s[i].held || s[i].state == WEFT_REST_PENDING));
		check_text(s[i].name, WEFT_REST_MAX_NAME);
		check_text(s[i].user, WEFT_REST_MAX_NAME);
		check_text(s[i].partition, WEFT_REST_MAX_NAME);
		check_text(s[i].comment, 4096);
		check_text(s[i].reason, 4096);
		check_text(s[i].nodes, 256 * 1024);
		check_text(s[i].gres, 64 * 160);
	}
}

static void check_nodes(const struct weft_rest_node *node, size_t n)
{
	must(n <= WEFT_REST_MAX_NODES);
	for (size_t i = 0; i < n; i++) {
		check_text(node[i].name, WEFT_REST_MAX_NAME);
		check_text(node[i].gres, 4096);
		check_text(node[i].gres_used, 4096);
		check_text(node[i].partitions, 4096);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int (*const read[])(const char *, size_t, struct weft_rest_seen **, size_t *,
			    struct weft_err *) = { weft_rest_jobs, weft_rest_db_jobs };
	char *copy = malloc(size ? size : 1), what[64]; /* ASan sees the end of it */
	struct weft_rest_node *nodes;
	struct weft_rest_seen *seen;
	size_t n;

	if (size > 0)
		memcpy(copy, data, size);
	for (unsigned i = 0; i < 2; i++) {
		struct weft_err err = WEFT_ERR_INIT;
		int rc = read[i](copy, size, &seen, &n, &err);

		must((rc == 0) == (err.text[0] == '\0') && (rc == 0 || (n == 0 && !seen)));
		check_jobs(seen, n);
		weft_rest_free_seen(seen, n);
	}
	struct weft_err err = WEFT_ERR_INIT, why = WEFT_ERR_INIT;

	must((weft_rest_nodes(copy, size, &nodes, &n, &err) == 0) == (err.text[0] == '\0'));
	check_nodes(nodes, n);
	weft_rest_free_nodes(nodes, n);
	must((weft_rest_submitted(copy, size, &why) > 0) == (why.text[0] == '\0'));
	weft_rest_complaint(copy, size, NULL, what, sizeof(what));
	check_text(what, sizeof(what) - 1);
	free(copy);
	return 0;
}
