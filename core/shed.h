/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shed.h - a cap has fallen below what is drawn: how far each job is to be limited, and which jobs have to
 * go.
 */
#ifndef WEFT_SHED_H
#define WEFT_SHED_H

#include <stdint.h>
#include <time.h>

#include "core/conf.h"

#define WEFT_SHED_FLOOR 0.5 /* no device is asked to go below this share of what it draws above idle */

struct weft_shed_job {
	uint32_t id, priority;
	time_t start;
	const int64_t *draws; /* W by zone */
	double share;	      /* of DRAWS that it draws now, because it is limited */
};

/* The share of its draws that a job may keep so that no zone it draws in is above its cap when all jobs of
 * the zone keep the same share: between WEFT_SHED_FLOOR and 1.  BASE: what each zone draws without jobs,
 * DRAWN: with them. */
double weft_shed_share(const int64_t *draws, const int64_t *base, const int64_t *drawn, const int64_t *caps,
		       unsigned zones);

/* Which of the N JOBS are to go so that in no zone EXCESS W (0 or less: none) are left over, by ORDER, and
 * none without whom there would be no more left over either: who would go last is spared first.  Sorts JOBS
 * so that these come first, in that order; returns how many.  When all of them are not enough, those that
 * help.  EXCESS is left as what remains then.  Takes no memory; N log N, and ZONES times N. */
size_t weft_shed_choose(struct weft_shed_job *jobs, size_t n, enum weft_shed order, int64_t *excess,
			unsigned zones);

#endif
