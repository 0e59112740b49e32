/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planner.c - look, think, act; then wait.
 */
#include "plugin/sched/planner.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/site.h"
#include "plugin/compat/tally.h"
#include "plugin/sched/burst.h"
#include "plugin/sched/falling.h"
#include "plugin/sched/sources.h"
#include "plugin/sched/state.h"
#include "plugin/sched/windows.h"

#define TICK	  1    /* s between two passes */
#define SLICE_MS  100  /* a pass comes sooner when a start was refused, but not at once after the last */
#define LAZINESS  20   /* for as many times as long as it takes there is no other */
#define CAPS_LAST 3600 /* s; caps are worked out again at least so often */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects the next three */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool running, stopping;
static pthread_t thread;

/* The thread's own. */
static time_t caps_made;
static const struct weft_view *caps_view; /* held, so that no other can have its address */

/* ---------------------------------------------------------------- looking */

/* For its turn or for power.  A place in the queue of one that waits for something else by now (a begin time,
 * a dependency, its partition, a limit) would keep power from others. */
static bool waits(const job_record_t *job, time_t now)
{
	return job && IS_JOB_PENDING(job) && job->priority && job->details &&
	       job->details->begin_time <= now &&
	       (job->state_reason == WAIT_NO_REASON || job->state_reason == WAIT_PRIORITY ||
		job->state_reason == WAIT_RESOURCES);
}

static void drop_gone(struct weft_power *p)
{
	time_t now = time(NULL);
	const struct weft_power_wait *w;
	size_t i = 0;

	while ((w = weft_power_waiting(p, i))) {
		if (waits(find_job_record(w->id), now))
			i++;
		else
			weft_power_gone(p, w->id);
	}
}

/* The power, in line with the records; and with FULL what there is to know of jobs with --energy. */
static struct weft_power *look(const struct weft_view *view, bool full, struct weft_seen **seen, unsigned *n)
{
	slurmctld_lock_t locks = {
		.conf = READ_LOCK, .job = READ_LOCK, .node = READ_LOCK, .part = READ_LOCK
	};
	struct weft_power *p;

	lock_slurmctld(locks);
	p = job_list && !slurmctld_config.shutdown_time ? weft_tally_power(view) : NULL;
	if (p) {
		weft_tally(p, full);
		drop_gone(p);
		if (full) {
			weft_tally_learn(p);
			weft_state_look(p);
			*seen = weft_steer_look(n);
		}
	}
	unlock_slurmctld(locks);
	return p;
}

/* ---------------------------------------------------------------- thinking */

static void make_caps(struct weft_power *p, const struct weft_view *view, bool new_files, time_t now)
{
	if (weft_power_is_ready(p) && !new_files && caps_view == view && now >= caps_made &&
	    now < caps_made + CAPS_LAST)
		return;
	if (weft_power_set_signal(p, weft_sources_signal(), now))
		return;
	weft_view_put(caps_view);
	caps_view = weft_view_hold(view);
	caps_made = now;
}

static double value_now(const struct weft_series *series, time_t now)
{
	return series ? weft_series_at(series, now) : NAN;
}

static void earliest_text(const struct weft_power_wait *w, time_t now, char *buf, size_t size)
{
	struct tm tm;

	buf[0] = '\0';
	if (w->hope == WEFT_POWER_NEVER)
		snprintf(buf, size, "; not with this cap");
	else if (w->when && localtime_r(&w->when, &tm))
		strftime(buf, size, w->when < now + 20 * 3600 ? "; earliest %H:%M" : "; earliest %FT%H:%M",
			 &tm);
}

/* "Weft: power cap of zone row3: 412 of 400 kW; earliest 14:05" */
static void give_reasons(struct weft_power *p, time_t now, struct weft_orders *orders)
{
	const struct weft_power_wait *w;

	for (size_t i = 0; (w = weft_power_waiting(p, i)); i++) {
		struct weft_order *o = weft_orders_add(orders, WEFT_ORDER_REASON, w->id);
		char lack[160], earliest[48];

		weft_power_lack_text(p, &w->refused, lack, sizeof(lack));
		earliest_text(w, now, earliest, sizeof(earliest));
		snprintf(o->text, sizeof(o->text), "Weft: %s%s", lack, earliest);
	}
}

/* Is there a job that could start now, as far as power and its window go? */
static bool anyone_ready(const struct weft_power *p, const struct weft_seen *seen, unsigned n, time_t now)
{
	const struct weft_power_wait *w;

	for (size_t i = 0; (w = weft_power_waiting(p, i)); i++) {
		if (w->when && w->when <= now)
			return true;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!seen[i].running && seen[i].priority && seen[i].begin <= now)
			return true;
	}
	return false;
}

/* Where a program of the site can limit devices it comes first, and who has to go is seen then. */
static void full_pass(const struct weft_view *view, const struct weft_seen *seen, unsigned n, time_t now,
		      struct weft_orders *orders)
{
	struct weft_power *p = weft_power_take_again(view);
	const char *hook = view->conf->power.hook;
	struct weft_report report = { 0 };
	struct weft_budgets budgets = { 0 };
	bool enforced;

	if (!p)
		return;
	if (anyone_ready(p, seen, n, now))
		weft_orders_add(orders, WEFT_ORDER_WAKE, 0);
	if (!hook)
		weft_falling_shed(p, seen, n, now, orders);
	weft_falling_budgets(&budgets, p, seen, n, now, orders);
	weft_power_put(p);
	enforced = weft_falling_tell(&budgets, view->conf, now);
	p = weft_power_take_again(view);
	if (p) {
		weft_falling_limit(&budgets, enforced, p);
		if (hook)
			weft_falling_shed(p, seen, n, now, orders);
		weft_state_fill(&report, p, now);
		weft_power_put(p);
	}
	free(budgets.list);
	weft_windows_plan(seen, n, now, view->conf, orders, &report.windows, &report.n_windows);
	if (p)
		weft_state_save(&report, view->conf->power.state);
	weft_report_clear(&report);
}

/* What there is to do, and when it was last done. */
static struct {
	time_t full;	   /* the last full pass */
	unsigned refusals; /* before the last plan */
	bool waits;	   /* did anybody then? */
	struct weft_orders
		begins; /* of the last full pass: Slurm empties the reason each time it looks at a job */
} last;

static void keep_begins(const struct weft_orders *orders)
{
	last.begins.n = 0;
	for (unsigned i = 0; i < orders->n; i++) {
		if (orders->list[i].kind == WEFT_ORDER_BEGIN)
			*weft_orders_add(&last.begins, WEFT_ORDER_BEGIN, 0) = orders->list[i];
	}
}

static void give_begins(struct weft_orders *orders)
{
	for (unsigned i = 0; i < last.begins.n; i++)
		*weft_orders_add(orders, WEFT_ORDER_BEGIN, 0) = last.begins.list[i];
}

static bool is_due(const struct weft_view *view, bool new_files, time_t now)
{
	return new_files || caps_view != view || now < last.full ||
	       now >= last.full + (time_t)view->conf->power.interval;
}

static void pass(const struct weft_view *view)
{
	time_t now = time(NULL);
	bool new_files = weft_sources_refresh(view->conf, now), full = is_due(view, new_files, now);
	unsigned refusals = weft_power_refusals(), n = 0;
	struct weft_orders orders = { 0 };
	struct weft_seen *seen = NULL;
	struct weft_power *p;

	if (!full && !last.waits && !last.begins.n && refusals == last.refusals)
		return;
	p = look(view, full, &seen, &n);
	if (!p)
		return;
	make_caps(p, view, new_files, now);
	weft_power_set_grid(p, value_now(weft_sources_price(), now), value_now(weft_sources_carbon(), now));
	if (full || refusals != last.refusals)
		weft_power_plan(p, now);
	give_reasons(p, now, &orders);
	last.waits = orders.n;
	last.refusals = refusals;
	weft_power_put(p);
	if (full) {
		last.full = now;
		weft_steer_read(seen, n);
		full_pass(view, seen, n, now, &orders);
		keep_begins(&orders);
	} else {
		give_begins(&orders);
	}
	weft_orders_carry_out(&orders);
	weft_steer_free(seen, n);
}

/* ---------------------------------------------------------------- the thread */

static int64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_for(int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until); /* a clock that is set back must not stop the planning */
	until.tv_sec += (until.tv_nsec / 1000000 + ms) / 1000;
	until.tv_nsec = (until.tv_nsec / 1000000 + ms) % 1000 * 1000000;
	pthread_mutex_lock(&lock);
	if (!stopping)
		pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&lock);
}

static bool should_stop(void)
{
	bool stop;

	pthread_mutex_lock(&lock);
	stop = stopping;
	pthread_mutex_unlock(&lock);
	return stop;
}

/* Until the next pass, after one that took BUSY ms and saw REFUSALS. */
static void rest(int64_t busy, unsigned refusals)
{
	int64_t began = milliseconds(), least = LAZINESS * busy;

	do
		pause_for(SLICE_MS);
	while (!should_stop() && milliseconds() - began < TICK * 1000 &&
	       (milliseconds() - began < least || weft_power_refusals() == refusals));
}

static void *work(void *arg)
{
	(void)arg;
	while (!should_stop()) {
		const struct weft_view *view = weft_site_view();
		unsigned refusals = weft_power_refusals();
		int64_t began = milliseconds();

		if (weft_power_wanted(view))
			pass(view);
		weft_burst_pass(view);
		weft_view_put(view);
		rest(milliseconds() - began, refusals);
	}
	return NULL;
}

void weft_planner_start(void)
{
	pthread_mutex_lock(&lock);
	if (!running) {
		stopping = false;
		running = !pthread_create(&thread, NULL, work, NULL);
		if (!running)
			error("weft: no thread can be started: nothing is planned");
	}
	pthread_mutex_unlock(&lock);
}

void weft_planner_stop(void)
{
	bool join;

	pthread_mutex_lock(&lock);
	join = running;
	stopping = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	if (!join)
		return;
	pthread_join(thread, NULL);
	running = false;
	weft_burst_forget();
	weft_power_forget();
	weft_sources_forget();
	caps_made = 0;
	xfree(last.begins.list);
	memset(&last, 0, sizeof(last));
	weft_view_put(caps_view);
	caps_view = NULL;
}
