/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * energy.h - check a job's --energy and hold the job back until the planner has put it into a window.
 */
#ifndef WEFT_JOB_SUBMIT_ENERGY_H
#define WEFT_JOB_SUBMIT_ENERGY_H

#include "core/error.h"
#include "core/site.h"
#include "plugin/compat/compat.h"

/* The --energy of DESC; NULL: none. */
const char *weft_energy_of_desc(const job_desc_msg_t *desc);

/* Check it at NOW, write its canonical form (with a deadline) into the SPANK environment, and where VIEW
 * (NULL allowed) knows of the series that it needs, the latest start that meets the deadline into the begin
 * time.  Returns SLURM_SUCCESS, or a Slurm error with ERR.  slurmctld, the locks of a job_submit plugin. */
int weft_energy_fill(job_desc_msg_t *desc, const struct weft_view *view, time_t now, struct weft_err *err);

#endif
