/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * windows.c - from a wish, the time it leaves and a series to a begin time.
 */
#include "plugin/sched/windows.h"

#include <math.h>

#include "plugin/sched/sources.h"

#define WORTH 0.02 /* a job that runs is interrupted for no less than this share */
#define ROOM  60   /* s that the scheduler may take to start a job */

struct window {
	const struct weft_seen *job;
	const struct weft_series *series;
	struct weft_energy_plan plan;
	unsigned left; /* s of its run */
	time_t by;     /* when it must have ended */
};

static const struct weft_series *series_of(enum weft_energy_goal goal)
{
	return goal == WEFT_ENERGY_GREEN ? weft_sources_carbon() : weft_sources_price();
}

static void clock_of(time_t when, char *buf, size_t size)
{
	struct tm tm;

	strftime(buf, size, "%FT%H:%M", localtime_r(&when, &tm));
}

/* "Weft: green window 2025-03-01T02:00 to 2025-03-01T08:00: 31 % less gCO2 than now; deadline ..." */
static void describe(const struct window *w, char *text, size_t size)
{
	const struct weft_period *first = &w->plan.spans[0];
	double less = 100 * (1 - w->plan.mean / w->plan.mean_now);
	bool green = w->job->wish.goal == WEFT_ENERGY_GREEN;
	char start[32], end[32], by[32], saving[64] = "";

	clock_of(first->start, start, sizeof(start));
	clock_of(w->plan.spans[w->plan.n - 1].end, end, sizeof(end));
	clock_of(w->by, by, sizeof(by));
	if (isfinite(less))
		snprintf(saving, sizeof(saving), ": %.0f %% less %s than at once", less,
			 green ? "gCO2" : "cost");
	snprintf(text, size, "Weft: %s window %s to %s%s; deadline %s", green ? "green" : "cheap", start, end,
		 saving, by);
}

/* The room before the deadline: as long as others wait in its queue now, so may it.  But never so much that
 * there is no choice of windows left. */
static time_t room_of(const struct window *w, time_t now, time_t deadline)
{
	time_t spare = (deadline - now - (time_t)w->left) / 2, room = ROOM + w->job->queue;

	return room < spare || spare < ROOM ? room : spare;
}

static void plan(struct window *w, time_t now, const struct weft_conf *conf)
{
	time_t ran = w->job->running ? now - w->job->start : 0,
	       deadline = weft_energy_end(&w->job->wish, now);
	time_t from = w->job->not_before > now ? w->job->not_before : now;

	w->left = w->job->duration > w->job->ran + ran ? w->job->duration - w->job->ran - ran : 1;
	if (w->job->ran && !w->job->running)
		w->left += conf->power.restart;
	w->by = deadline - (w->job->running ? ROOM : room_of(w, now, deadline));
	weft_energy_plan(&w->plan, w->series, from, w->by, w->left, w->job->wish.interrupt, conf->power.span,
			 conf->power.restart, w->job->running && ran >= (time_t)conf->power.span);
}

static void steer_waiting(const struct window *w, time_t now, struct weft_orders *orders)
{
	struct weft_order *o = weft_orders_add(orders, WEFT_ORDER_BEGIN, w->job->id);

	o->begin = w->plan.spans[0].start > now ? w->plan.spans[0].start : now;
	o->end = w->plan.spans[0].end;
	describe(w, o->text, sizeof(o->text));
}

/* Its windows lie in the future: stop it, if it has run for long enough and that is worth it. */
static void steer_running(const struct window *w, time_t now, const struct weft_conf *conf,
			  struct weft_orders *orders)
{
	struct weft_order *o;

	if (!w->job->wish.interrupt || !w->job->can_requeue || w->plan.spans[0].start <= now ||
	    now - w->job->start < (time_t)conf->power.span ||
	    !(w->plan.mean < (1 - WORTH) * w->plan.mean_now))
		return;
	o = weft_orders_add(orders, WEFT_ORDER_REQUEUE, w->job->id);
	o->begin = w->plan.spans[0].start;
	describe(w, o->text, sizeof(o->text));
}

static struct weft_report_window reported(const struct window *w)
{
	return (struct weft_report_window){
		.job = w->job->id,
		.goal = strdup(w->job->wish.goal == WEFT_ENERGY_GREEN ? "green" : "cheap"),
		.running = w->job->running,
		.start = w->plan.spans[0].start,
		.end = w->plan.spans[0].end,
		.deadline = w->by,
		.mean = w->plan.mean,
		.mean_now = w->plan.mean_now,
	};
}

void weft_windows_plan(const struct weft_seen *seen, unsigned n, time_t now, const struct weft_conf *conf,
		       struct weft_orders *orders, struct weft_report_window **windows, unsigned *n_windows)
{
	*windows = calloc(n ? n : 1, sizeof(**windows));
	*n_windows = 0;
	for (unsigned i = 0; i < n; i++) {
		struct window w = { .job = &seen[i], .series = series_of(seen[i].wish.goal) };

		if (seen[i].wish.goal == WEFT_ENERGY_NOW || !weft_energy_end(&seen[i].wish, now))
			continue;
		plan(&w, now, conf);
		if (seen[i].running)
			steer_running(&w, now, conf, orders);
		else
			steer_waiting(&w, now, orders);
		if (*windows)
			(*windows)[(*n_windows)++] = reported(&w);
	}
}
