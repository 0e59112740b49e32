/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture_usage.h - torture.c's operation on what the cards of a cluster did.
 */
#ifndef WEFT_TESTS_TORTURE_USAGE_H
#define WEFT_TESTS_TORTURE_USAGE_H

#include "core/usage.h"

static int count_usage(const struct weft_fleet *fleet, struct weft_err *err)
{
	static const char *const runs[] = {
		"1#a#COMPLETED#9#9#20#90#gres/gpu=8#n1#0#sbatch --accel=8:910b|8:h100",
		"2#b#RUNNING#9#9#20#Unknown#gres/npu=4,gres/gpu:h100=1#n[1-2]#7#",
		"3#a#PENDING#9#9#Unknown#Unknown###0#"
	};
	const struct weft_usage_setup setup = {
		.fleet = fleet, .conf = conf, .from = 10, .to = 100, .now = 100
	};
	struct weft_usage *usage = weft_usage_create(&setup);
	int rc = usage ? 0 : weft_err(err, "out of memory");

	for (unsigned i = 0; i < 3 && rc == 0; i++) {
		struct weft_past_job job;
		char line[128];

		snprintf(line, sizeof(line), "%s", runs[i]);
		rc = weft_past_read(&job, line, "#", err) == 1 ? weft_usage_add(usage, &job, err) : -1;
	}
	if (rc == 0 && !weft_usage_end(usage, err))
		rc = -1;
	weft_usage_destroy(usage);
	return rc;
}

static int do_usage(struct weft_err *err)
{
	static const char *const nodes[] = {
		"NodeName=n1 Gres=gpu:h100:8 GresUsed=gpu:h100:3(IDX:0-2) State=MIXED",
		"NodeName=n2 Gres=npu:910b:8 GresUsed=npu:910b:8 State=ALLOCATED"
	};
	struct weft_fleet *fleet = weft_fleet_create(cat, conf);
	int rc = fleet ? 0 : weft_err(err, "out of memory");

	for (unsigned i = 0; i < 2 && rc == 0; i++)
		rc = weft_fleet_add(fleet, nodes[i], strlen(nodes[i]), err);
	if (rc == 0)
		rc = weft_fleet_ready(fleet, err);
	if (rc == 0)
		rc = count_usage(fleet, err);
	weft_fleet_destroy(fleet);
	return rc;
}

#endif
