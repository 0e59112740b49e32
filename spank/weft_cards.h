/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_cards.h - which accelerators a step has on this node, and which of them a task sees.  Knows nothing
 * of SPANK.
 */
#ifndef WEFT_SPANK_CARDS_H
#define WEFT_SPANK_CARDS_H

#include "core/catalogue.h"
#include "core/conf.h"
#include "plugin/compat/stepd.h"

enum weft_cards_state {
	WEFT_CARDS_NONE,    /* the job has no accelerators on this node: nothing to set */
	WEFT_CARDS_MIXED,   /* cards of several vendors, or of several gres names: nothing is set */
	WEFT_CARDS_COUNTED, /* Slurm only counts them (no File= in gres.conf): nobody knows which they are */
	WEFT_CARDS_KNOWN    /* the rest is filled in; N_INDEX may be 0: the step has no card */
};

struct weft_cards {
	enum weft_cards_state state;
	bool whole_job;                   /* a batch script or an interactive shell */
	char *gres;                       /* gres name */
	const struct weft_vendor *vendor; /* owned by the catalogue; NULL: unknown */
	char *model;                      /* model's name, else the gres type, else the gres name; several: "a,b" */
	unsigned *index;                  /* Slurm's indexes, ascending */
	size_t n_index;
	unsigned per_task;                /* each task has so many of its own; 0: all tasks share them */
};

/* The cards of STEP. CONF may be NULL. Returns 0, or -1 when out of memory. weft_cards_clear() frees
 * CARDS in both cases. */
int weft_cards_find(struct weft_cards *cards, const struct weft_step *step, const struct weft_catalogue *cat,
		    const struct weft_conf *conf, struct weft_err *err);
void weft_cards_clear(struct weft_cards *cards);

/* The list for the visibility variable of task TASK (its number on this node, from 0): "0,1", or "" when
 * it has no card. GET reads the task's environment as Slurm has set it: for the gres name "gpu" its
 * variables tell more than the indexes do (binding, device numbers inside a cgroup, UUIDs). malloc()ed;
 * NULL when not known or out of memory. */
char *weft_cards_devices(const struct weft_cards *cards, unsigned task,
			 char *(*get)(const char *name, void *arg), void *arg);

#endif
