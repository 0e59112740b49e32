/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * steer.c - the planner's hands on Slurm's job records.
 */
#include "plugin/compat/steer.h"

#include <stdlib.h>

#include "plugin/compat/job.h"
#include "plugin/compat/tally.h"

/* A job that was requeued may not start before its old credential has expired, and Slurm sees to that by its
 * begin time.  What it sets is nearer than this, s. */
#define CREDENTIAL 1300

static const char *env(const job_record_t *job, const char *name)
{
	return weft_env_get(job->spank_job_env, job->spank_job_env_size, name);
}

static time_t env_seconds(const job_record_t *job, const char *name)
{
	const char *text = env(job, name);

	return text ? MIN(MAX(strtol(text, NULL, 10), 0), UINT32_MAX) : 0; /* users can write it */
}

/* ---------------------------------------------------------------- seeing */

#define MAX_QUEUES 64 /* partitions; in others nobody is taken to wait */

struct queue {
	const part_record_t *part;
	time_t wait; /* the longest, s */
};

struct looking {
	struct weft_seen *seen;
	unsigned n, room;
	struct queue queues[MAX_QUEUES];
	unsigned n_queues;
	time_t now;
};

static struct queue *queue_of(struct looking *l, const part_record_t *part)
{
	unsigned i = 0;

	while (i < l->n_queues && l->queues[i].part != part)
		i++;
	if (i == MAX_QUEUES)
		return NULL;
	if (i == l->n_queues)
		l->queues[l->n_queues++] = (struct queue){ .part = part };
	return &l->queues[i];
}

/* A job that waits for nothing but its turn. */
static int add_wait(void *x, void *arg)
{
	const job_record_t *job = x;
	struct looking *l = arg;
	struct queue *q;

	if (!IS_JOB_PENDING(job) || !job->details || !job->priority || !job->part_ptr ||
	    (job->state_reason != WAIT_RESOURCES && job->state_reason != WAIT_PRIORITY) ||
	    !job->details->begin_time || job->details->begin_time > l->now)
		return 0;
	q = queue_of(l, job->part_ptr);
	if (q)
		q->wait = MAX(q->wait, l->now - job->details->begin_time);
	return 0;
}

/* The one that is requeued when JOB is to be: of a heterogeneous job all components at once. */
static job_record_t *whole_job(job_record_t *job)
{
	return job->het_job_id ? find_job_record(job->het_job_id) : job;
}

static bool can_requeue(job_record_t *job)
{
	const job_record_t *whole = whole_job(job);

	return whole && whole->batch_flag && whole->details && whole->details->requeue;
}

static int look(void *x, void *arg)
{
	job_record_t *job = x;
	struct looking *l = arg;
	const char *energy = job->spank_job_env_size ? env(job, WEFT_ENV_ENERGY) : NULL;
	struct queue *q;

	if (!energy || !job->details || !(IS_JOB_PENDING(job) || IS_JOB_RUNNING(job)) ||
	    IS_JOB_COMPLETING(job))
		return 0;
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		xrecalloc(l->seen, l->room, sizeof(*l->seen));
	}
	q = queue_of(l, job->part_ptr);
	l->seen[l->n++] = (struct weft_seen){
		.id = job->job_id,
		.priority = job->priority,
		.running = IS_JOB_RUNNING(job),
		.can_requeue = can_requeue(job),
		.start = job->start_time,
		.not_before = env_seconds(job, WEFT_ENV_NOT_BEFORE),
		.begin = job->details->begin_time,
		.duration = weft_tally_duration(job),
		.ran = env_seconds(job, WEFT_ENV_RAN),
		.queue = q ? q->wait : 0,
		.energy = xstrdup(energy),
	};
	return 0;
}

struct weft_seen *weft_steer_look(unsigned *n)
{
	struct looking l = { .now = time(NULL) };

	list_for_each(job_list, add_wait, &l);
	list_for_each(job_list, look, &l);
	*n = l.n;
	return l.seen;
}

static int by_id(const void *x, const void *y)
{
	const struct weft_seen *a = x, *b = y;

	return (a->id > b->id) - (a->id < b->id);
}

void weft_steer_read(struct weft_seen *seen, unsigned n)
{
	struct weft_err ignored = WEFT_ERR_INIT;

	for (unsigned i = 0; i < n; i++) {
		if (weft_energy_parse(seen[i].energy, &seen[i].wish, &ignored))
			seen[i].wish = (struct weft_energy_wish){ .goal = WEFT_ENERGY_NOW };
	}
	if (n)
		qsort(seen, n, sizeof(*seen), by_id);
}

const struct weft_seen *weft_steer_find(const struct weft_seen *seen, unsigned n, uint32_t id)
{
	struct weft_seen key = { .id = id };

	return n ? bsearch(&key, seen, n, sizeof(*seen), by_id) : NULL;
}

void weft_steer_free(struct weft_seen *seen, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		xfree(seen[i].energy);
	xfree(seen);
}

/* ---------------------------------------------------------------- acting */

static void say(job_record_t *job, const char *text)
{
	char *comment;

	if (xstrcmp(job->state_desc, text)) {
		xfree(job->state_desc);
		job->state_desc = xstrdup(text);
	}
	comment = xstrdup_printf("weft: %s", text + (xstrncmp(text, "Weft: ", 6) ? 0 : 6));
	weft_job_comment(job, comment);
	xfree(comment);
}

/* Is the time that it may begin all that the job waits for, as far as one can see?  Why it waits otherwise is
 * Slurm's to say: whether a user may release a job depends on it. */
static bool may_wait_for_time(const job_record_t *job)
{
	return job->priority && (job->state_reason == WAIT_NO_REASON || job->state_reason == WAIT_PRIORITY ||
				 job->state_reason == WAIT_RESOURCES || job->state_reason == WAIT_TIME);
}

static void begin(job_record_t *job, const struct weft_order *o, time_t now)
{
	time_t *at = &job->details->begin_time;
	char end[32];
	bool waits_for_credential = job->restart_cnt && *at > now && *at < now + CREDENTIAL;
	bool is_open = *at && *at <= now && o->begin <= now; /* and has been for a while */

	if (!IS_JOB_PENDING(job))
		return;
	if (*at != o->begin && !is_open && !(waits_for_credential && o->begin < *at)) {
		*at = o->begin;
		last_job_update = now;
	}
	snprintf(end, sizeof(end), "%ld", (long)o->end);
	if (xstrcmp(env(job, WEFT_ENV_WINDOW), end))
		weft_env_set(&job->spank_job_env, &job->spank_job_env_size, WEFT_ENV_WINDOW, end);
	if (*at > now && may_wait_for_time(job)) {
		job->state_reason = WAIT_TIME;
		say(job, o->text);
	}
}

static void requeue(job_record_t *job, const struct weft_order *o, time_t now)
{
	char seconds[32];
	int rc;

	if (!job || !IS_JOB_RUNNING(job))
		return;
	snprintf(seconds, sizeof(seconds), "%ld",
		 (long)(env_seconds(job, WEFT_ENV_RAN) + now - job->start_time));
#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(26, 5, 0)
	rc = job_requeue(slurm_conf.slurm_user_id, job->job_id, NULL, false, 0);
#else
	rc = job_requeue_internal(slurm_conf.slurm_user_id, job, false, 0);
#endif
	if (rc != SLURM_SUCCESS) {
		info("weft: %pJ cannot be requeued: %s", job, slurm_strerror(rc));
		return;
	}
	info("weft: %pJ is requeued: %s", job, o->text);
	weft_env_set(&job->spank_job_env, &job->spank_job_env_size, WEFT_ENV_RAN, seconds);
	if (o->begin > job->details->begin_time)
		job->details->begin_time = o->begin;
	say(job, o->text);
}

/* Backfill passes when no record has changed since its last; that power has come free changes none. */
static void wake(time_t now)
{
	last_job_update = now;
	queue_job_scheduler();
}

static void carry_out(const struct weft_order *o, time_t now)
{
	job_record_t *job;

	if (o->kind == WEFT_ORDER_WAKE) {
		wake(now);
		return;
	}
	job = find_job_record(o->job);
	if (!job || !weft_job_sane(job) || !job->details)
		return;
	switch (o->kind) {
	case WEFT_ORDER_REASON:
		if (IS_JOB_PENDING(job) && job->priority)
			say(job, o->text);
		break;
	case WEFT_ORDER_COMMENT:
		if (IS_JOB_PENDING(job) || IS_JOB_RUNNING(job))
			weft_job_comment(job, o->text);
		break;
	case WEFT_ORDER_BEGIN:
		begin(job, o, now);
		break;
	case WEFT_ORDER_REQUEUE:
		requeue(whole_job(job), o, now);
		break;
	case WEFT_ORDER_SIGNAL:
		if (IS_JOB_RUNNING(job))
			job_signal(job, o->signal, KILL_FULL_JOB, slurm_conf.slurm_user_id, false);
		break;
	case WEFT_ORDER_FREE:
		if (IS_JOB_PENDING(job))
			weft_env_set(&job->spank_job_env, &job->spank_job_env_size, WEFT_ENV_PEER, NULL);
		break;
	case WEFT_ORDER_WAKE:
		break;
	}
}

void weft_steer(const struct weft_order *orders, unsigned n)
{
	slurmctld_lock_t locks = {
		.conf = READ_LOCK, .job = WRITE_LOCK, .node = WRITE_LOCK, .fed = READ_LOCK
	};
	time_t now = time(NULL);

	if (!n)
		return;
	lock_slurmctld(locks);
	for (unsigned i = 0; i < n && !slurmctld_config.shutdown_time; i++)
		carry_out(&orders[i], now);
	unlock_slurmctld(locks);
}
