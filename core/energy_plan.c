/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * energy_plan.c - when a job with --energy should run.
 *
 * One span: the sum over a span of given length, as a function of its start, is linear between the starts at
 * which one of its ends meets a change of the series.  So the least is at such a start, or at the first or
 * last one allowed.
 *
 * Several spans: time is cut into slots, the work into as many slots' worth, and dynamic programming finds
 * the least sum for each (slot, work done), once running and once not.  A slot is a whole number of minutes,
 * and there are at most MAX_SLOTS of them; what rounding up the work adds is cut off again where it is
 * dearest, and each span is moved to the best place between its neighbours.  Of one span and several the
 * cheaper one is the plan.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/energy.h"

#define MAX_SLOTS 192
#define HARDLY	  1e-9 /* relative: what is cheaper by less is as dear */

struct ask {
	const struct weft_series *series;
	time_t now, end;
	time_t runtime, min_span, restart;
	bool under_way;
};

/* Is the sum A less than B (NAN: dearer than anything), by more than rounding? */
static bool cheaper(double a, double b)
{
	if (isinf(b))
		return a < b;
	return isnan(b) ? !isnan(a) : a < b - HARDLY * (fabs(a) + fabs(b));
}

static double sum_over(const struct weft_series *series, time_t from, time_t to)
{
	return to > from ? weft_series_mean(series, from, to) * (double)(to - from) : 0;
}

/* ---------------------------------------------------------------- one span */

struct best {
	time_t start;
	double sum;
};

static void try_start(struct best *best, const struct weft_series *series, time_t start, time_t length)
{
	double sum = sum_over(series, start, start + length);

	if (cheaper(sum, best->sum) || (!cheaper(best->sum, sum) && !isnan(sum) && start < best->start))
		*best = (struct best){ start, sum };
}

/* The best start in [FIRST, LAST] of a span of LENGTH; its sum is NAN when nothing is known. */
static struct best best_start(const struct weft_series *series, time_t first, time_t last, time_t length)
{
	struct best best = { first, sum_over(series, first, first + length) };
	time_t change = first;

	try_start(&best, series, last, length);
	while ((change = weft_series_next(series, change)) != -1 && change <= last + length) {
		if (change <= last)
			try_start(&best, series, change, length);
		if (change - length > first && change - length <= last)
			try_start(&best, series, change - length, length);
	}
	return best;
}

/* ---------------------------------------------------------------- several spans */

enum came { NOWHERE, RESTED, RAN, STARTED, RESTARTED, PAUSED };

/* What is known of having done so many slots' worth of work at the beginning of a slot: the least sum so far,
 * and from where; once resting then, once running for long enough to pause. */
struct state {
	double rest, run;
	uint8_t rest_came, run_came;
};

struct slots {
	const struct ask *ask;
	time_t length;		       /* s of a slot */
	unsigned n, work;	       /* slots; slots' worth of work */
	unsigned least, restart;       /* slots of MIN_SPAN, and of RESTART */
	double sum[MAX_SLOTS + 1];     /* of the series over all slots before; unknown ones count 0 */
	unsigned blank[MAX_SLOTS + 1]; /* slots before that are unknown */
	struct state *state;	       /* [n + 1][work + 1] */
	unsigned end_slot, end_work;   /* where the last span begins */
	bool end_runs;		       /* it is under way there */
	double total;
};

static struct state *state_at(const struct slots *s, unsigned slot, unsigned work)
{
	return &s->state[(size_t)slot * (s->work + 1) + work];
}

static double slot_sum(const struct slots *s, unsigned from, unsigned to)
{
	return s->blank[from] == s->blank[to] ? s->sum[to] - s->sum[from] : INFINITY;
}

/* Slots that a span from SLOT on loses at its beginning, after WORK was done. */
static unsigned lost(const struct slots *s, unsigned work)
{
	return work > 0 || s->ask->under_way ? s->restart : 0;
}

/* The smallest slot of which there are not too many. */
static void cut(struct slots *s)
{
	static const time_t lengths[] = { 60,	300,   600,   900,   1200,  1800,  3600,
					  7200, 10800, 14400, 21600, 28800, 43200, 86400 };
	const struct ask *ask = s->ask;
	time_t window = ask->end - ask->now;
	double mean;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		s->length = lengths[i];
		if (window / s->length <= MAX_SLOTS)
			break;
	}
	if (window / s->length > MAX_SLOTS)
		s->length = window / MAX_SLOTS;
	s->n = (unsigned)(window / s->length);
	s->work = (unsigned)((ask->runtime + s->length - 1) / s->length);
	s->restart = (unsigned)((ask->restart + s->length - 1) / s->length);
	s->least = (unsigned)((ask->min_span + s->length - 1) / s->length);
	if (s->least <= s->restart) /* a span that only restarts does nothing */
		s->least = s->restart + 1;
	if (s->least < s->n / WEFT_ENERGY_MAX_SPANS) /* with a pause after each there are not too many then */
		s->least = s->n / WEFT_ENERGY_MAX_SPANS;
	s->sum[0] = 0;
	s->blank[0] = 0;
	for (unsigned i = 0; i < s->n; i++) {
		time_t at = ask->now + s->length * (time_t)i;

		mean = weft_series_mean(ask->series, at, at + s->length);
		s->sum[i + 1] = s->sum[i] + (isnan(mean) ? 0 : mean * (double)s->length);
		s->blank[i + 1] = s->blank[i] + isnan(mean);
	}
}

static void reach(double *sum, uint8_t *came, double with, enum came from)
{
	if (cheaper(with, *sum)) {
		*sum = with;
		*came = (uint8_t)from;
	}
}

/* All that can be done from SLOT on with WORK done: rest, go on, start a span that is not the last. */
static void step(struct slots *s, unsigned slot, unsigned work)
{
	struct state *here = state_at(s, slot, work);
	unsigned gain, to;

	reach(&here->rest, &here->rest_came, here->run, PAUSED);
	if (slot == s->n)
		return;
	if (here->run < INFINITY && work < s->work) {
		struct state *next = state_at(s, slot + 1, work + 1);

		reach(&next->run, &next->run_came, here->run + slot_sum(s, slot, slot + 1), RAN);
	}
	if (!(here->rest < INFINITY))
		return;
	reach(&state_at(s, slot + 1, work)->rest, &state_at(s, slot + 1, work)->rest_came, here->rest,
	      RESTED);
	gain = s->least - lost(s, work);
	to = slot + s->least;
	if (to <= s->n && work + gain <= s->work)
		reach(&state_at(s, to, work + gain)->run, &state_at(s, to, work + gain)->run_came,
		      here->rest + slot_sum(s, slot, to), lost(s, work) ? RESTARTED : STARTED);
}

/* The last span: all that is left, in one piece. */
static void finish(struct slots *s, unsigned slot, unsigned work)
{
	const struct state *here = state_at(s, slot, work);
	unsigned left = s->work - work;
	unsigned length = left > 0 ? left + lost(s, work) : 0;

	if (slot + left <= s->n && cheaper(here->run + slot_sum(s, slot, slot + left), s->total)) {
		s->total = here->run + slot_sum(s, slot, slot + left);
		s->end_slot = slot;
		s->end_work = work;
		s->end_runs = true;
	}
	if (slot + length <= s->n && cheaper(here->rest + slot_sum(s, slot, slot + length), s->total)) {
		s->total = here->rest + slot_sum(s, slot, slot + length);
		s->end_slot = slot;
		s->end_work = work;
		s->end_runs = false;
	}
}

static void search(struct slots *s)
{
	for (size_t i = 0; i < (size_t)(s->n + 1) * (s->work + 1); i++)
		s->state[i] = (struct state){ .rest = INFINITY, .run = INFINITY };
	s->total = INFINITY;
	state_at(s, 0, 0)->rest = 0;
	if (s->ask->under_way)
		state_at(s, 0, 0)->run = 0;
	for (unsigned slot = 0; slot <= s->n; slot++) {
		unsigned most = s->work < slot ? s->work : slot;

		for (unsigned work = 0; work <= most; work++) {
			step(s, slot, work);
			finish(s, slot, work);
		}
	}
}

/* Put a span before those that there are. */
static bool prepend(struct weft_energy_plan *plan, const struct slots *s, unsigned from, unsigned to)
{
	if (from == to)
		return true;
	if (plan->n == WEFT_ENERGY_MAX_SPANS)
		return false;
	memmove(&plan->spans[1], &plan->spans[0], plan->n * sizeof(plan->spans[0]));
	plan->spans[0] = (struct weft_period){ s->ask->now + s->length * (time_t)from,
					       s->ask->now + s->length * (time_t)to };
	plan->n++;
	return true;
}

/* Follow the way back from the end.  False when there are too many spans. */
static bool trace(struct weft_energy_plan *plan, const struct slots *s)
{
	unsigned slot = s->end_slot, work = s->end_work, left = s->work - work, to;
	bool runs = s->end_runs;

	plan->n = 0;
	to = slot + left + (runs || left == 0 ? 0 : lost(s, work));
	if (!runs && !prepend(plan, s, slot, to))
		return false;
	for (;;) {
		const struct state *here = state_at(s, slot, work);

		switch (runs ? here->run_came : here->rest_came) {
		case RESTED:
			slot--;
			break;
		case PAUSED:
			runs = true;
			to = slot;
			break;
		case RAN:
			slot--;
			work--;
			break;
		case STARTED:
		case RESTARTED:
			slot -= s->least;
			work -= s->least - (here->run_came == RESTARTED ? s->restart : 0);
			runs = false;
			if (!prepend(plan, s, slot, to))
				return false;
			break;
		default: /* the beginning */
			return !runs || prepend(plan, s, 0, to);
		}
	}
}

/* s that the spans need in all. */
static time_t needed(const struct weft_energy_plan *plan, const struct ask *ask)
{
	bool goes_on = ask->under_way && plan->spans[0].start == ask->now;
	time_t restarts = ask->under_way && !goes_on ? plan->n : plan->n - 1;

	return ask->runtime + ask->restart * restarts;
}

static time_t had(const struct weft_energy_plan *plan)
{
	time_t sum = 0;

	for (unsigned i = 0; i < plan->n; i++)
		sum += plan->spans[i].end - plan->spans[i].start;
	return sum;
}

/* What the spans have too much is cut off where it is dearest. */
static void trim(struct weft_energy_plan *plan, const struct ask *ask)
{
	time_t excess;

	while ((excess = had(plan) - needed(plan, ask)) > 0) {
		double dearest = -INFINITY;
		struct weft_period *span = NULL;
		time_t take = 0;
		bool front = false;

		for (unsigned i = 0; i < plan->n; i++) {
			struct weft_period *p = &plan->spans[i];
			time_t floor = i + 1 == plan->n || ask->min_span <= ask->restart ? ask->restart + 1
											 : ask->min_span;
			time_t room = p->end - p->start - floor, n = room < excess ? room : excess;
			double back, head;

			if (n <= 0)
				continue;
			back = weft_series_mean(ask->series, p->end - n, p->end);
			head = ask->under_way && p->start == ask->now
				       ? -INFINITY
				       : weft_series_mean(ask->series, p->start, p->start + n);
			if (back >= dearest || head > dearest) {
				front = head > back;
				dearest = front ? head : back;
				take = n;
				span = p;
			}
		}
		if (!span)
			return;
		if (front)
			span->start += take;
		else
			span->end -= take;
	}
}

/* Each span to the best place between its neighbours. */
static void move(struct weft_energy_plan *plan, const struct ask *ask)
{
	for (unsigned i = 0; i < plan->n; i++) {
		struct weft_period *p = &plan->spans[i];
		time_t length = p->end - p->start;
		time_t first = i > 0 ? plan->spans[i - 1].end : ask->now;
		time_t last = (i + 1 < plan->n ? plan->spans[i + 1].start : ask->end) - length;
		struct best best;

		if (ask->under_way &&
		    (p->start == ask->now || i == 0)) /* what goes on and what restarts differ */
			continue;
		best = best_start(ask->series, first, last, length);
		if (isnan(best.sum))
			continue;
		*p = (struct weft_period){ best.start, best.start + length };
	}
}

/* Spans that touch are one. */
static void merge(struct weft_energy_plan *plan)
{
	unsigned n = 1;

	for (unsigned i = 1; i < plan->n; i++) {
		if (plan->spans[i].start <= plan->spans[n - 1].end)
			plan->spans[n - 1].end = plan->spans[i].end;
		else
			plan->spans[n++] = plan->spans[i];
	}
	plan->n = n;
}

static double plan_sum(const struct weft_energy_plan *plan, const struct weft_series *series)
{
	double sum = 0;

	for (unsigned i = 0; i < plan->n; i++)
		sum += sum_over(series, plan->spans[i].start, plan->spans[i].end);
	return sum;
}

/* PLAN becomes one of several spans when that is cheaper than SUM, which is what it costs as it is. */
static void split(struct weft_energy_plan *plan, const struct ask *ask, double sum)
{
	struct slots slots = { .ask = ask };
	struct weft_energy_plan several = { 0 };

	cut(&slots);
	if (slots.work > slots.n)
		return;
	slots.state = malloc((size_t)(slots.n + 1) * (slots.work + 1) * sizeof(*slots.state));
	if (!slots.state)
		return;
	search(&slots);
	if (slots.total < INFINITY && trace(&several, &slots) && several.n > 0) {
		trim(&several, ask);
		move(&several, ask);
		merge(&several);
		trim(&several, ask);
		if (cheaper(plan_sum(&several, ask->series), sum)) {
			plan->n = several.n;
			memcpy(plan->spans, several.spans, several.n * sizeof(several.spans[0]));
		}
	}
	free(slots.state);
}

/* ---------------------------------------------------------------- the plan */

static void one_span(struct weft_energy_plan *plan, time_t start, time_t length)
{
	plan->n = 1;
	plan->spans[0] = (struct weft_period){ start, start + length };
}

static void choose(struct weft_energy_plan *plan, const struct ask *ask)
{
	bool stays = ask->under_way; /* to pause and start again costs a restart */
	time_t length = ask->runtime + (stays ? ask->restart : 0);
	double now = sum_over(ask->series, ask->now, ask->now + ask->runtime), sum = now;

	if (ask->now + length < ask->end) {
		struct best best =
			best_start(ask->series, stays ? ask->now + 1 : ask->now, ask->end - length, length);

		if (cheaper(best.sum, now)) {
			one_span(plan, best.start, length);
			sum = best.sum;
		}
	}
	split(plan, ask, sum);
}

void weft_energy_plan(struct weft_energy_plan *plan, const struct weft_series *series, time_t now, time_t end,
		      unsigned runtime, bool interrupt, unsigned min_span, unsigned restart, bool under_way)
{
	const struct ask ask = {
		series, now, end, runtime ? (time_t)runtime : 1, (time_t)min_span, (time_t)restart, under_way
	};

	one_span(plan, now, ask.runtime);
	plan->mean = plan->mean_now = series ? weft_series_mean(series, now, now + ask.runtime) : NAN;
	if (isnan(plan->mean_now) || now + ask.runtime >= end)
		return;
	if (interrupt) {
		choose(plan, &ask);
	} else if (!under_way) {
		one_span(plan, best_start(series, now, end - ask.runtime, ask.runtime).start, ask.runtime);
	}
	plan->mean = plan_sum(plan, series) / (double)had(plan);
}
