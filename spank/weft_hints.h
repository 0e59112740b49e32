/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_hints.h - in slurmstepd: what a task is told beyond its cards.  Its group and weight, watts, price,
 * and the files about the node.
 *
 * All that is said of the job comes from its ticket, which is believed only when slurmctld has sealed it for
 * this very run of the job.
 */
#ifndef WEFT_SPANK_HINTS_H
#define WEFT_SPANK_HINTS_H

#include <slurm/spank.h>
#include <stddef.h>

#include "core/catalogue.h"
#include "core/error.h"
#include "core/ticket.h"
#include "plugin/compat/stepd.h"
#include "spank/weft_cards.h"

#define WEFT_RUN_DIR "/run/weft"

struct weft_hints_options {
	const char *run_dir; /* where the files go */
	const char *sysfs;   /* "/sys" */
};

/* Open the ticket, which lives until weft_hints_stop().  NULL when there is none that is right; ERR then says why,
 * for the user, when there is something to say.  As root, before any task is started. */
const struct weft_ticket *weft_hints_open(spank_t sp, struct weft_err *err);

/* Then, of a step with cards, write the files.  What cannot be had is left out, and ERR says why. */
void weft_hints_start(spank_t sp, const struct weft_hints_options *options, const struct weft_catalogue *cat,
		      const struct weft_cards *cards, struct weft_err *err);

/* Set the variables of task TASK (its number on this node), and unset those that there is nothing for. */
void weft_hints_task(spank_t sp, unsigned task);

/* Remove the files. */
void weft_hints_stop(void);

/* Where a task is among those of a step. */
struct weft_rank {
	uint64_t rank, size; /* in its group, and how many tasks that has */
	uint64_t before;     /* tasks of the groups with lower numbers */
};

/* Of task ID of LAYOUT, on a node of GROUP.  GROUPS has the group of each of the job's nodes; NULL: all are in
 * one. */
struct weft_rank weft_hints_rank(const struct weft_layout *layout, const unsigned char *groups, unsigned group,
				 uint32_t id);

#endif
