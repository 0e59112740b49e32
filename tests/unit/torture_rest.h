/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture_rest.h - torture.c's operations on what is said to a slurmrestd and by it.
 */
#ifndef WEFT_TESTS_TORTURE_REST_H
#define WEFT_TESTS_TORTURE_REST_H

#include "core/capacity.h"
#include "core/rest.h"

static int do_rest_submit(struct weft_err *err)
{
	static const char *const environment[] = { "A=b", NULL };
	static const struct weft_rest_job job = { .script = "x",
						  .environment = environment,
						  .gres = "gpu:1,npu:2" };
	char *old = weft_rest_submit(38, &job, err), *new = old ? weft_rest_submit(45, &job, err) : NULL;
	int rc = new ? 0 : -1;

	free(old);
	free(new);
	return rc;
}

static int do_rest_answers(struct weft_err *err)
{
	static const char one[] =
		"{\"job_id\":7,\"name\":\"n\",\"job_state\":\"FAILED\",\"exit_code\":9,\"submit_time\":5,"
		"\"comment\":\"c\",\"gres_detail\":[\"gpu:h100:8(IDX:0-7)\"]}";
	static const char db[] =
		"{\"jobs\":[{\"job_id\":7,\"name\":\"n\",\"state\":{\"current\":[\"FAILED\"]},"
		"\"time\":{\"submission\":5}}],\"errors\":[]}";
	static const char node[] =
		"{\"nodes\":[{\"name\":\"n\",\"state\":[\"IDLE\"],\"partitions\":[\"a\"]}]}";
	struct weft_rest_seen *seen = NULL, *of_db = NULL;
	struct weft_rest_node *nodes = NULL;
	size_t n = 0, n_db = 0, n_nodes = 0;
	char text[8192] = "{\"jobs\":[";
	size_t len = strlen(text);
	int rc;

	for (int i = 0; i < 20; i++) /* so that the list grows */
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? "," : "", one);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "]}");
	rc = weft_rest_jobs(text, len, &seen, &n, err);
	if (rc == 0)
		rc = weft_rest_db_jobs(db, strlen(db), &of_db, &n_db, err);
	if (rc == 0)
		rc = weft_rest_nodes(node, strlen(node), &nodes, &n_nodes, err);
	if (rc == 0 &&
	    (n != 20 || n_db != 1 || n_nodes != 1 || weft_rest_submitted(one, strlen(one), err) != 7))
		rc = -1;
	weft_rest_free_seen(seen, n);
	weft_rest_free_seen(of_db, n_db);
	weft_rest_free_nodes(nodes, n_nodes);
	return rc;
}

static int do_capacity(struct weft_err *err)
{
	static struct weft_rest_node node = { (char *)"n", (char *)"gpu:h100:8,npu:4", (char *)"",
					      (char *)"p", true };
	static struct weft_rest_seen job = {
		.partition = (char *)"p", .gres = (char *)"gpu:2", .state = WEFT_REST_PENDING, .minutes = 5
	};
	struct weft_capacity_facts facts = { &node, 1, &job, 1, NULL, 1000, 1 };
	struct weft_site_kind *kinds;
	unsigned n;

	if (weft_capacity_make(&facts, &kinds, &n) < 0)
		return kinds || n ? (abort(), -1) : weft_err(err, "out of memory");
	weft_capacity_free(kinds, n);
	return 0;
}

#endif
