/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.c - a direct-mapped table of pending jobs' patience.
 */
#include "plugin/select/memory.h"

#define SLOTS 16384 /* 256 KiB; job ids follow each other, so that this many neighbours never collide */

static struct {
	uint32_t job_id;
	struct weft_patience patience;
} slots[SLOTS];

struct weft_patience *weft_memory_of(uint32_t job_id)
{
	unsigned i = job_id % SLOTS;

	if (slots[i].job_id != job_id) {
		slots[i].job_id = job_id;
		slots[i].patience = (struct weft_patience){ 0 };
	}
	return &slots[i].patience;
}

void weft_memory_forget(uint32_t job_id)
{
	unsigned i = job_id % SLOTS;

	if (slots[i].job_id == job_id)
		slots[i].job_id = 0;
}
