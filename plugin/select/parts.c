/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parts.c - a direct-mapped table of components.
 */
#include "plugin/select/parts.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/compat/job.h"

#define SLOTS 1024

static struct part {
	uint32_t job_id;
	unsigned zones;
	int64_t *draws;
} parts[SLOTS];

static struct part *part_of(uint32_t job_id, unsigned zones)
{
	struct part *part = &parts[job_id % SLOTS];

	return part->job_id == job_id && part->zones == zones ? part : NULL;
}

struct adding {
	const job_record_t *job;
	int64_t *draws;
	unsigned zones;
	bool all_known;
};

static int add(void *x, void *arg)
{
	const job_record_t *other = x;
	struct adding *a = arg;
	const struct part *part;

	if (other == a->job || !weft_job_sane(other) || !IS_JOB_PENDING(other))
		return 0;
	part = part_of(other->job_id, a->zones);
	for (unsigned z = 0; part && z < a->zones; z++)
		a->draws[z] += part->draws[z];
	a->all_known = a->all_known && part;
	return 0;
}

bool weft_parts_add_others(const job_record_t *job, int64_t *draws, unsigned zones)
{
	struct adding a = { .job = job, .draws = draws, .zones = zones, .all_known = true };
	const job_record_t *leader = find_job_record(job->het_job_id);

	if (leader && leader->het_job_list)
		list_for_each(leader->het_job_list, add, &a);
	return a.all_known;
}

void weft_parts_keep(const job_record_t *job, const int64_t *draws, unsigned zones, bool fits)
{
	struct part *part = part_of(job->job_id, zones);
	size_t size = zones * sizeof(*draws);

	if (part && !fits && part->draws[0] <= draws[0])
		return;
	if (!part) {
		part = &parts[job->job_id % SLOTS];
		free(part->draws);
		*part = (struct part){ .job_id = job->job_id, .zones = zones, .draws = malloc(size) };
	}
	if (part->draws)
		memcpy(part->draws, draws, size);
	else
		part->job_id = 0;
}

void weft_parts_forget(void)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		free(parts[i].draws);
		parts[i] = (struct part){ 0 };
	}
}
