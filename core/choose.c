/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * choose.c - the policies listed, fast and soon.
 *
 * What "soon" can lose by waiting.  Let F be patience->finish: the earliest end that any chance so far (a
 * candidate that fitted, at some pass) would have given, so F is no later than the end after the first chance.
 * The job waits at a pass t only when some faster candidate b promises s + T(b) < F for a start s >= t; so a
 * pass that waits comes before F - T(b).  At the first pass t' that does not wait, the fastest candidate c that
 * fits is started, and ends at
 *     t' + T(c)  <  F + T(c) - T(b) + (t' - t).
 * The job thus loses less than the difference in run time between what it got and what it waited for, and the
 * time from one pass to the next, however often predictions slip.  (That assumes that something still fits at
 * t'.  When others took the cards meanwhile, the job waits as any job does; a reservation made with
 * weft_choose_future() bounds that.)
 */
#include "core/choose.h"

#include <math.h>
#include <stdint.h>

static const struct weft_choice nothing = { SIZE_MAX, SIZE_MAX, 0 };

/* Room for seconds that no clock of ours will show. */
#define FOREVER 4e18

static size_t count(const struct weft_plan *plan)
{
	return plan->n < WEFT_PLAN_MAX_CANDIDATES ? plan->n : WEFT_PLAN_MAX_CANDIDATES;
}

/* The candidates from fast to slow, in a tie in the order of the plan.  Returns how many. */
static size_t by_run_time(const struct weft_plan *plan, size_t order[WEFT_PLAN_MAX_CANDIDATES])
{
	size_t n = count(plan);

	for (size_t i = 0; i < n; i++) {
		size_t k = i;

		for (; k > 0 && plan->candidates[order[k - 1]].slowdown > plan->candidates[i].slowdown; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	return n;
}

static double slowdown(const struct weft_plan *plan, size_t i)
{
	return plan->candidates[i].slowdown;
}

/* When a run of SECONDS that starts at START ends. */
static double ends(time_t start, double seconds)
{
	return (double)start + (seconds > 0 ? seconds : 0); /* NAN counts as 0 */
}

static time_t to_time(double t)
{
	return t < FOREVER ? (time_t)t : (time_t)FOREVER;
}

static struct weft_choice start(size_t i, time_t when)
{
	return (struct weft_choice){ i, SIZE_MAX, when };
}

static struct weft_choice listed_now(const struct weft_plan *plan, time_t now, const struct weft_host *host)
{
	for (size_t i = 0; i < count(plan); i++) {
		if (host->fits_now(i, host->arg))
			return start(i, now);
	}
	return nothing;
}

static struct weft_choice fast_now(const struct weft_plan *plan, time_t now, const struct weft_host *host)
{
	size_t order[WEFT_PLAN_MAX_CANDIDATES], n = by_run_time(plan, order);
	double fastest = INFINITY;

	/* Once one is known to be possible, only its equals are left to ask about. */
	for (size_t k = 0; k < n && !(slowdown(plan, order[k]) > fastest); k++) {
		if (host->fits_now(order[k], host->arg))
			return start(order[k], now);
		if (isinf(fastest) && host->possible(order[k], host->arg))
			fastest = slowdown(plan, order[k]);
	}
	return nothing;
}

/* Is it certain that candidate I does not end before LIMIT? */
static bool too_late(const struct weft_host *host, size_t i, double seconds, double limit)
{
	time_t when;

	return host->earliest && (!host->earliest(i, &when, host->arg) || !(ends(when, seconds) < limit));
}

/* One of the first N in ORDER that ends before LIMIT when it starts as soon as it can; nothing if none does. */
static struct weft_choice worth_waiting_for(const struct weft_plan *plan, const size_t *order, size_t n,
					    double runtime, time_t now, double limit,
					    const struct weft_host *host)
{
	for (size_t k = 0; k < n; k++) {
		double seconds = runtime * slowdown(plan, order[k]);
		time_t when;

		if (!(ends(now, seconds) < limit))
			break; /* not even if it started now, and the others are slower */
		if (too_late(host, order[k], seconds, limit) || !host->starts(order[k], &when, host->arg))
			continue;
		when = when > now ? when : now;
		if (ends(when, seconds) < limit)
			return (struct weft_choice){ SIZE_MAX, order[k], when };
	}
	return nothing;
}

static struct weft_choice soon_now(const struct weft_plan *plan, double runtime, time_t now,
				   const struct weft_host *host, struct weft_patience *patience)
{
	size_t order[WEFT_PLAN_MAX_CANDIDATES], n = by_run_time(plan, order), fit = 0, faster = 0;
	struct weft_choice better;
	time_t end;

	while (fit < n && !host->fits_now(order[fit], host->arg))
		fit++;
	if (fit == n)
		return nothing;
	if (!patience)
		return start(order[fit], now);
	end = to_time(ends(now, runtime * slowdown(plan, order[fit])));
	if (!patience->finish || end < patience->finish)
		patience->finish = end ? end : 1;
	while (slowdown(plan, order[faster]) < slowdown(plan, order[fit]))
		faster++;
	better = worth_waiting_for(plan, order, faster, runtime, now, (double)patience->finish, host);
	return better.waits_for != SIZE_MAX ? better : start(order[fit], now);
}

struct weft_choice weft_choose_now(enum weft_policy policy, const struct weft_plan *plan, double runtime,
				   time_t now, const struct weft_host *host, struct weft_patience *patience)
{
	switch (policy) {
	case WEFT_LISTED:
		return listed_now(plan, now, host);
	case WEFT_FAST:
		return fast_now(plan, now, host);
	case WEFT_SOON:
		break;
	}
	return soon_now(plan, runtime, now, host, patience);
}

/* A candidate in the search for the one that ends first. */
struct entrant {
	size_t index;
	double seconds; /* of its run */
	double bound;	/* it does not end before; INFINITY: never starts, or was asked already */
};

/* The first by BOUND, in a tie the first in the array. */
static size_t first_bound(const struct entrant *e, size_t n)
{
	size_t first = 0;

	for (size_t k = 1; k < n; k++) {
		if (e[k].bound < e[first].bound)
			first = k;
	}
	return first;
}

/* The one that ends first, in a tie the first of the array.  Those that promise most are asked first, until what
 * is left cannot be better. */
static struct weft_choice ends_first(struct entrant *e, size_t n, const struct weft_host *host)
{
	struct weft_choice best = nothing;
	size_t best_rank = SIZE_MAX;
	double best_end = INFINITY;
	time_t when = host->now;

	for (size_t k = 0; k < n; k++) {
		bool ever = !host->earliest || host->earliest(e[k].index, &when, host->arg);

		e[k].bound = ever ? fmin(ends(when > host->now ? when : host->now, e[k].seconds), FOREVER)
				  : INFINITY;
	}
	for (size_t k = first_bound(e, n); n > 0 && e[k].bound < INFINITY; k = first_bound(e, n)) {
		double end;

		if (e[k].bound > best_end || (e[k].bound == best_end && k > best_rank))
			break;
		e[k].bound = INFINITY;
		if (!host->starts(e[k].index, &when, host->arg))
			continue;
		end = fmin(ends(when, e[k].seconds), FOREVER);
		if (end < best_end || (end == best_end && k < best_rank)) {
			best = start(e[k].index, when);
			best_rank = k;
			best_end = end;
		}
	}
	return best;
}

static struct weft_choice listed_future(const struct weft_plan *plan, const struct weft_host *host)
{
	struct entrant e[WEFT_PLAN_MAX_CANDIDATES];

	for (size_t i = 0; i < count(plan); i++)
		e[i] = (struct entrant){ .index = i };
	return ends_first(e, count(plan), host);
}

static struct weft_choice fast_future(const struct weft_plan *plan, const struct weft_host *host)
{
	size_t order[WEFT_PLAN_MAX_CANDIDATES], n = by_run_time(plan, order);
	struct weft_choice best = nothing;
	double fastest = INFINITY;
	time_t when;

	for (size_t k = 0; k < n && !(slowdown(plan, order[k]) > fastest); k++) {
		if (best.index != SIZE_MAX && too_late(host, order[k], 0, (double)best.when))
			continue;
		if (host->starts(order[k], &when, host->arg)) {
			if (best.index == SIZE_MAX || when < best.when)
				best = start(order[k], when);
			fastest = slowdown(plan, order[k]);
		} else if (isinf(fastest) && host->possible(order[k], host->arg)) {
			fastest = slowdown(plan, order[k]);
		}
		if (best.index != SIZE_MAX && host->now && best.when <= host->now)
			break;
	}
	return best;
}

static struct weft_choice soon_future(const struct weft_plan *plan, double runtime,
				      const struct weft_host *host)
{
	size_t order[WEFT_PLAN_MAX_CANDIDATES], n = by_run_time(plan, order);
	struct entrant e[WEFT_PLAN_MAX_CANDIDATES];

	for (size_t k = 0; k < n; k++)
		e[k] = (struct entrant){ .index = order[k], .seconds = runtime * slowdown(plan, order[k]) };
	return ends_first(e, n, host);
}

struct weft_choice weft_choose_future(enum weft_policy policy, const struct weft_plan *plan, double runtime,
				      const struct weft_host *host)
{
	switch (policy) {
	case WEFT_LISTED:
		return listed_future(plan, host);
	case WEFT_FAST:
		return fast_future(plan, host);
	case WEFT_SOON:
		break;
	}
	return soon_future(plan, runtime, host);
}
