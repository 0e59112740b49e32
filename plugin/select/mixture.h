/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mixture.h - place one job over several classes of accelerators (mix= in a request).
 *
 * To Slurm it is one job that asks for a gres name without a type.  Which nodes it gets is asked of cons_tres class
 * by class, with a part of the job that is as large as the class's part of its nodes; then for the whole job on just
 * these nodes.
 *
 * Process: slurmctld, job and node write locks held.
 */
#ifndef WEFT_SELECT_MIXTURE_H
#define WEFT_SELECT_MIXTURE_H

#include "core/mix.h"
#include "core/site.h"
#include "plugin/compat/base.h"

/* The fastest mix for ALT of the cards on NODES, or of those that are FREE.  Returns 0 and a MIX for weft_mix_clear(),
 * or -1 when there is none. */
int weft_mixture_of(struct weft_mix *mix, const struct weft_alternative *alt, const struct weft_view *view,
		    const struct weft_app *app, const bitstr_t *nodes, bool free);

/* As weft_narrow_job_test(), for a job that is to run on MIX; WHOLE is the class that the mix is to Slurm.  Jobs are
 * not preempted for it.  On success the record asks for the whole of it, and ASK's nodes are those chosen. */
int weft_mixture_job_test(struct weft_ask *ask, const struct weft_mix *mix, const struct weft_class *whole,
			  const struct weft_view *view);

/* "16 gpu:mi300x on 2 nodes and 8 gpu:h100 on 1 node, joined by flagcx, with equal shares 71% as fast"; for xfree(). */
char *weft_mixture_text(const struct weft_mix *mix);

#endif
