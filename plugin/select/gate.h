/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate.h - a job that fits: may it start, as far as power goes?
 *
 * Process: slurmctld, with the job and node write locks held.
 */
#ifndef WEFT_SELECT_GATE_H
#define WEFT_SELECT_GATE_H

#include "core/site.h"
#include "plugin/compat/base.h"

/* The base has just said yes to ASK, and its nodes are those that the job would get.  A start now that would
 * break a cap while the job runs is refused: ESLURM_NODES_BUSY.  A start in the future moves to the first
 * moment at which all caps allow it.  Without caps, and for a question whether the job could ever run:
 * SLURM_SUCCESS. */
int weft_gate(const struct weft_ask *ask, const struct weft_view *view);

#endif
