/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * falling.c - budgets, then requeues.
 */
#include "plugin/sched/falling.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/shed.h"
#include "plugin/sched/hook.h"

#define NOTICEABLE   0.01 /* a budget that changes by less stays as it was */
#define HOOK_SECONDS 10
#define MAX_PATH     1024

/* ---------------------------------------------------------------- budgets */

/* By zone: what is drawn without jobs, with all of them unlimited, and the caps. */
struct zones {
	int64_t *base, *drawn, *caps;
	unsigned n;
};

static int zones_of(struct zones *z, struct weft_power *p, time_t now)
{
	struct weft_power_job job = { 0 };

	z->n = weft_power_zones(p);
	z->base = weft_power_draws(p);
	z->drawn = weft_power_draws(p);
	z->caps = weft_power_draws(p);
	if (!z->base || !z->drawn || !z->caps)
		return -1;
	for (unsigned i = 0; i < z->n; i++) {
		z->base[i] = z->drawn[i] = weft_power_base(p, i);
		z->caps[i] = weft_book_cap(weft_power_book(p), i, now);
	}
	while (weft_power_next_job(p, &job)) {
		for (unsigned i = 0; i < z->n; i++)
			z->drawn[i] += job.draws[i];
	}
	return 0;
}

static void zones_clear(struct zones *z)
{
	free(z->base);
	free(z->drawn);
	free(z->caps);
}

static int signal_of(const struct weft_seen *seen, unsigned n, uint32_t id)
{
	const struct weft_seen *job = weft_steer_find(seen, n, id);

	return job && job->running ? job->wish.signal : 0;
}

static int add_budget(struct weft_budgets *b, unsigned *room, const struct weft_power_job *job, double share)
{
	if (b->n == *room) {
		unsigned more = *room ? 2 * *room : 256;
		struct weft_budget *list = realloc(b->list, more * sizeof(*list));

		if (!list)
			return -1;
		b->list = list;
		*room = more;
	}
	b->list[b->n++] = (struct weft_budget){ .job = job->id,
						.share = share,
						.watts = (int64_t)(share * (double)job->draws[0]),
						.expected = job->draws[0] };
	return 0;
}

void weft_falling_budgets(struct weft_budgets *b, struct weft_power *p, const struct weft_seen *seen,
			  unsigned n, time_t now, struct weft_orders *orders)
{
	struct weft_power_job job = { 0 };
	struct zones z = { 0 };
	unsigned room = 0;

	*b = (struct weft_budgets){ 0 };
	if (zones_of(&z, p, now))
		goto done;
	while (weft_power_next_job(p, &job)) {
		double share = weft_shed_share(job.draws, z.base, z.drawn, z.caps, z.n);
		bool other = fabs(share - job.told) >= NOTICEABLE || (share == 1 && job.told != 1);
		int sig;

		if (add_budget(b, &room, &job, other ? share : job.told))
			break;
		if (!other)
			continue;
		b->changed = true;
		weft_power_told(p, job.id, share);
		sig = signal_of(seen, n, job.id);
		if (sig)
			weft_orders_add(orders, WEFT_ORDER_SIGNAL, job.id)->signal = sig;
	}
done:
	zones_clear(&z);
}

/* ---------------------------------------------------------------- telling */

static int write_file(const char *path, const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;

	if (!weft_file_replace(path, text, strlen(text), 0644, &err))
		return 0;
	error("weft: %s", err.text);
	return -1;
}

static int hint(const char *dir, const struct weft_budget *b, time_t now)
{
	char path[MAX_PATH], text[256];

	snprintf(path, sizeof(path), "%s/%u.json", dir, b->job);
	snprintf(text, sizeof(text),
		 "{ \"version\": 1, \"job\": %u, \"time\": %ld, \"share\": %.3f, \"budget_w\": %ld, "
		 "\"expected_w\": %ld }\n",
		 b->job, (long)now, b->share, (long)b->watts, (long)b->expected);
	return write_file(path, text);
}

static int by_job(const void *x, const void *y)
{
	const struct weft_budget *a = x, *b = y;

	return (a->job > b->job) - (a->job < b->job);
}

static bool has_job(const struct weft_budgets *b, uint32_t id)
{
	struct weft_budget key = { .job = id };

	return b->n && bsearch(&key, b->list, b->n, sizeof(key), by_job);
}

/* Files of jobs that have ended. */
static void sweep(const char *dir, const struct weft_budgets *b)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *end;
		unsigned long id = strtoul(e->d_name, &end, 10);

		if (end != e->d_name && !strcmp(end, ".json") && !has_job(b, id))
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
}

static int limits_file(const struct weft_budgets *b, const char *path, time_t now)
{
	char *text = xstrdup_printf("{ \"version\": 1, \"time\": %ld, \"jobs\": [", (long)now), *at = text;
	int rc;

	for (unsigned i = 0; i < b->n; i++)
		xstrfmtcatat(text, &at,
			     "%s\n{ \"job\": %u, \"share\": %.3f, \"budget_w\": %ld, \"expected_w\": %ld }",
			     i ? "," : "", b->list[i].job, b->list[i].share, (long)b->list[i].watts,
			     (long)b->list[i].expected);
	xstrfmtcatat(text, &at, "\n] }\n");
	rc = write_file(path, text);
	xfree(text);
	return rc;
}

/* What there is to tell: a number that differs when the jobs that are limited do, or how far. */
static uint64_t mark_of(const struct weft_budgets *b)
{
	uint64_t mark = 0;

	for (unsigned i = 0; i < b->n; i++) {
		if (b->list[i].share < 1)
			mark += (b->list[i].job + UINT64_C(1)) * 1000003 +
				(uint64_t)(b->list[i].share * 1000);
	}
	return mark;
}

/* Also when slurmctld has been started: its predecessor may have told otherwise; when a limited job has
 * ended, whose devices another has now; and when it went wrong the last time. */
static bool is_due(const struct weft_budgets *b, bool failed)
{
	static uint64_t last = UINT64_MAX;
	uint64_t mark = mark_of(b);
	bool due = b->changed || failed || mark != last;

	last = mark;
	return due;
}

static int tell_jobs(struct weft_budgets *b, const char *dir, bool due, time_t now)
{
	int rc = 0;

	if (b->n)
		qsort(b->list, b->n, sizeof(*b->list), by_job);
	sweep(dir, b);
	for (unsigned i = 0; due && !rc && i < b->n; i++)
		rc = hint(dir, &b->list[i], now);
	return rc;
}

bool weft_falling_tell(struct weft_budgets *b, const struct weft_conf *conf, time_t now)
{
	static bool enforced, failed;
	bool due = is_due(b, failed);
	char path[MAX_PATH];

	failed = conf->power.hints && tell_jobs(b, conf->power.hints, due, now);
	if (!conf->power.hook)
		return false;
	if (!due)
		return enforced;
	snprintf(path, sizeof(path), "%s.limits", conf->power.state);
	enforced = !limits_file(b, path, now) && !weft_hook_run(conf->power.hook, path, HOOK_SECONDS);
	failed = failed || !enforced;
	return enforced;
}

/* ---------------------------------------------------------------- requeuing */

/* Those of the N jobs SEEN that run and may be requeued, with what they draw. */
static size_t flexible(struct weft_shed_job *jobs, struct weft_power *p, const struct weft_seen *seen,
		       unsigned n)
{
	size_t found = 0;

	for (unsigned i = 0; i < n; i++) {
		struct weft_power_job job;

		if (!seen[i].running || !seen[i].can_requeue || !seen[i].wish.interrupt)
			continue;
		if (weft_power_find_job(p, seen[i].id, &job))
			jobs[found++] = (struct weft_shed_job){ .id = seen[i].id,
								.priority = seen[i].priority,
								.start = seen[i].start,
								.draws = job.draws,
								.share = job.share };
	}
	return found;
}

static bool find_excess(struct weft_power *p, int64_t *excess, time_t now, struct weft_power_lack *lack)
{
	struct weft_book *book = weft_power_book(p);
	bool any = false;

	for (unsigned z = 0; z < weft_power_zones(p); z++) {
		int64_t cap = weft_book_cap(book, z, now), drawn = weft_book_drawn(book, z, now);

		if (cap == WEFT_NO_CAP || drawn <= cap)
			continue;
		excess[z] = drawn - cap;
		if (!any)
			*lack = (struct weft_power_lack){
				.zone = z, .when = now, .needed = drawn, .cap = cap
			};
		any = true;
	}
	return any;
}

void weft_falling_limit(const struct weft_budgets *b, bool enforced, struct weft_power *p)
{
	for (unsigned i = 0; i < b->n; i++)
		weft_power_limit(p, b->list[i].job, enforced ? b->list[i].share : 1);
}

void weft_falling_shed(struct weft_power *p, const struct weft_seen *seen, unsigned n, time_t now,
		       struct weft_orders *orders)
{
	int64_t *excess = weft_power_draws(p);
	struct weft_shed_job *jobs = calloc(n ? n : 1, sizeof(*jobs));
	struct weft_power_lack lack;
	char text[160];
	size_t chosen = 0;

	if (excess && jobs && find_excess(p, excess, now, &lack)) {
		weft_power_lack_text(p, &lack, text, sizeof(text));
		chosen = weft_shed_choose(jobs, flexible(jobs, p, seen, n), weft_power_conf(p)->power.shed,
					  excess, weft_power_zones(p));
	}
	for (size_t i = 0; i < chosen; i++) {
		snprintf(weft_orders_add(orders, WEFT_ORDER_REQUEUE, jobs[i].id)->text, WEFT_ORDER_TEXT,
			 "Weft: requeued: %s", text);
		weft_power_tally_drop(p, jobs[i].id);
	}
	free(jobs);
	free(excess);
}
