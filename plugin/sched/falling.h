/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * falling.h - a cap has fallen below what is drawn.
 *
 * First the jobs in its zone get a smaller budget: a file that each can watch, a signal if it asked for one,
 * and the site's program, which may set limits on devices.  When it does, the limits count.  What is then
 * still too much goes by requeuing jobs that allow it (interrupt=yes), in the administrator's order.  When
 * the cap rises, so do budgets.
 *
 * Process: slurmctld, the planner's thread; no Slurm lock held.
 */
#ifndef WEFT_SCHED_FALLING_H
#define WEFT_SCHED_FALLING_H

#include "core/power.h"
#include "plugin/sched/orders.h"

struct weft_budget {
	uint32_t job;
	double share;	  /* of what it draws above idle */
	int64_t watts;	  /* that is */
	int64_t expected; /* without a limit */
};

struct weft_budgets {
	struct weft_budget *list; /* of all jobs that run; malloc()ed */
	unsigned n;
	bool changed; /* is one of them other than what the job was told? */
};

/* What each job that runs may draw now.  The power taken. */
void weft_falling_budgets(struct weft_budgets *b, struct weft_power *p, const struct weft_seen *seen,
			  unsigned n, time_t now, struct weft_orders *orders);

/* Tell, if there is something new to tell, or that could not be told the last time: files, and the site's
 * program.  Sorts B.  Returns whether the limits count: there is a program, and it has set
 * them.  The power not taken: this takes its time. */
bool weft_falling_tell(struct weft_budgets *b, const struct weft_conf *conf, time_t now);

/* Let the limits count (ENFORCED), or not. */
void weft_falling_limit(const struct weft_budgets *b, bool enforced, struct weft_power *p);

/* Requeue what is too much; it draws nothing any more.  The power taken. */
void weft_falling_shed(struct weft_power *p, const struct weft_seen *seen, unsigned n, time_t now,
		       struct weft_orders *orders);

#endif
