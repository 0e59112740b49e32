/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * energy.h - what a job asked of --energy, and when it should therefore run.
 */
#ifndef WEFT_ENERGY_H
#define WEFT_ENERGY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "core/error.h"
#include "core/series.h"

#define WEFT_ENERGY_MAX_TEXT   256		 /* bytes of an --energy value */
#define WEFT_ENERGY_MAX_WITHIN (60u * 24 * 3600) /* s */
#define WEFT_ENERGY_MAX_SPANS  64

enum weft_energy_goal { WEFT_ENERGY_NOW, WEFT_ENERGY_GREEN, WEFT_ENERGY_CHEAP };

/* --energy=now|green|cheap[,within=TIME|,deadline=WHEN][,interrupt=yes|no][,signal=NAME]
 * within: the job is to have ended so long after it was submitted (12h, 90m, 1-12:00:00 as Slurm writes
 * times); deadline: when it is to have ended (2025-03-01T08:00[:00], local time, or with Z or +08:00). green
 * and cheap need one of the two, now takes neither. interrupt=yes: it may be requeued and go on later (it
 * keeps checkpoints); for a cap that falls, too. signal=USR1|USR2|TERM...: what it is sent when its power
 * budget changes. */
struct weft_energy_wish {
	enum weft_energy_goal goal;
	unsigned within; /* s; 0: not given */
	time_t deadline; /* 0: not given */
	bool interrupt;
	int signal; /* 0: none */
};

/* -1 with ERR, which begins with "--energy: " and names the nearest word: asserted to the letter in the
 * tests.  Whether a deadline is in the past is for the caller to say. */
int weft_energy_parse(const char *text, struct weft_energy_wish *wish, struct weft_err *err);

/* Canonical text (deadline in UTC); weft_energy_parse() reads it back.  malloc()ed; NULL: out of memory. */
char *weft_energy_text(const struct weft_energy_wish *wish);

/* By when a job submitted at SUBMIT must have ended; 0: no bound given (then there is no window either). */
time_t weft_energy_end(const struct weft_energy_wish *wish, time_t submit);

struct weft_period {
	time_t start, end;
};

struct weft_energy_plan {
	struct weft_period
		spans[WEFT_ENERGY_MAX_SPANS]; /* when to run, in order; the first may be under way */
	unsigned n;			      /* at least 1 */
	double mean;			      /* of the series over the spans; NAN: not known */
	double mean_now;		      /* over a run that begins now; NAN: not known */
};

/* When to run RUNTIME s (what is left of them; 0 counts as 1) between NOW and END so that the sum of SERIES
 * over all time that is run is least.  One span, and that the best there is; with INTERRUPT perhaps several
 * of at least MIN_SPAN s each (but for the last), each further one RESTART s longer for it.  The spans always
 * end by END; when RUNTIME does not fit there, or SERIES is NULL or does not say what a run from now on would
 * meet, the plan is to start at once.  In a tie the earlier start.  UNDER_WAY: the job runs now and has run
 * for MIN_SPAN s, so going on costs no restart; without INTERRUPT it goes on to its end.  Never fails.
 *
 * Time: one span O(b log n), b changes of the series (n) before END; several O(288^2) at most, and 0.2 MB of
 * memory for as long as it takes; when that cannot be had, one span. */
void weft_energy_plan(struct weft_energy_plan *plan, const struct weft_series *series, time_t now, time_t end,
		      unsigned runtime, bool interrupt, unsigned min_span, unsigned restart, bool under_way);

#endif
