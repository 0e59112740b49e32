/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runs.c - the book of runs: what is asked of it.  worker.c does what it says.
 */
#include "weftd/runs.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "weftd/log.h"
#include "weftd/runs_private.h"

#define BOOK	    "runs.db"
#define MAX_MINUTES (366 * 24 * 60)
#define NO_MONEY    (-2) /* of attach(): there is no lien to be had, and nothing else is in the way */
#define GRACE	    120 /* s that proxies have to come back after weftd was away, when the lease is not shorter */

/* ---------------------------------------------------------------- runs */

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

void weft_runs_free(struct weft_run *run)
{
	if (!run)
		return;
	weft_order_free(run->order);
	free(run);
}

static struct weft_runs_peer *find_peer(const struct weft_runs *book, const char *name)
{
	for (size_t i = 0; i < book->n_peers; i++) {
		if (strcmp(book->peers[i].name, name) == 0)
			return &book->peers[i];
	}
	return NULL;
}

/* The last run with KEY, of all peers. */
static struct weft_run *find_last(const struct weft_runs *book, const char *key, struct weft_runs_peer **peer)
{
	struct weft_run *last = NULL;

	for (size_t i = 0; i < book->n_peers; i++) {
		for (struct weft_run *run = book->peers[i].runs; run; run = run->next) {
			if (strcmp(run->key, key) != 0 || (last && run->first < last->first))
				continue;
			last = run;
			*peer = &book->peers[i];
		}
	}
	return last;
}

struct weft_run *weft_runs_of_attempt(const struct weft_runs_peer *peer, const char *key, unsigned attempt)
{
	struct weft_run *found = NULL;

	for (struct weft_run *run = peer->runs; run; run = run->next) {
		if (strcmp(run->key, key) == 0 && run->first <= attempt &&
		    (!found || run->first > found->first))
			found = run;
	}
	return found;
}

bool weft_runs_is_elsewhere(const struct weft_runs_peer *peer, const char *key, unsigned attempt)
{
	for (size_t i = 0; i < peer->book->n_peers; i++) {
		if (&peer->book->peers[i] != peer &&
		    weft_runs_of_attempt(&peer->book->peers[i], key, attempt))
			return true;
	}
	return false;
}

bool weft_runs_is_blocked(const struct weft_runs *book, const struct weft_run *run)
{
	for (size_t i = 0; i < book->n_peers; i++) {
		for (const struct weft_run *other = book->peers[i].runs; other; other = other->next) {
			if (other->first < run->first && other->h.step != WEFT_HANDOVER_OVER &&
			    strcmp(other->key, run->key) == 0)
				return true;
		}
	}
	return false;
}

bool weft_runs_is_past(const struct weft_run *run, time_t now)
{
	return !run->damage && run->h.step == WEFT_HANDOVER_OVER && run->settled &&
	       now > weft_handover_dead(&run->h, &run->rules);
}

/* ---------------------------------------------------------------- writing */

static struct weft_store_usage usage_of(const struct weft_run *run, const struct weft_handover *h)
{
	const struct weft_run_order *order = &run->order->order;

	return (struct weft_store_usage){ .peer = order->peer,
					  .user = order->user,
					  .remote_user = order->remote_user,
					  .account = order->what.account,
					  .gres = h->tres,
					  .state = weft_rest_state_name(h->state),
					  .job = order->job,
					  .remote_id = h->id,
					  .cards = weft_runs_cards(h->tres),
					  .exit_status = h->exit_status,
					  .submit = order->submit,
					  .predicted = h->predicted,
					  .start = h->started,
					  .end = h->ended };
}

int weft_runs_save(struct weft_runs *book, struct weft_run *run, const struct weft_handover *h,
		   struct weft_err *err)
{
	struct weft_store_usage usage;
	struct weft_store_row row = { .key = run->key,
				      .first = run->first,
				      .over = h->step == WEFT_HANDOVER_OVER,
				      .settled = run->settled,
				      .until = weft_handover_dead(h, &run->rules) };
	struct weft_handover kept = weft_handover_kept(h, &run->rules, time(NULL));
	char *record = weft_handover_write(&kept);
	bool used = row.over && run->h.step != WEFT_HANDOVER_OVER && h->started;
	int rc;

	if (!record)
		return weft_err(err, "%s: out of memory", run->key);
	row.record = record;
	if (used)
		usage = usage_of(run, h);
	rc = weft_store_update(book->store, &row, used ? &usage : NULL, err);
	free(record);
	if (rc == 0)
		run->written = h->renewed;
	if (rc == 0 && row.over)
		weft_runs_pay_end(book, run, h);
	return rc;
}

/* What was changed by hand, not by a worker: to disk, then in memory. */
static int change(struct weft_runs *book, struct weft_run *run, const struct weft_handover *h,
		  struct weft_err *err)
{
	if (weft_runs_save(book, run, h, err) < 0)
		return -1;
	run->h = *h;
	return 0;
}

/* The lease begins anew; on disk now and then, so that a restart of weftd does not forget it. */
static void renew(struct weft_runs *book, struct weft_run *run)
{
	struct weft_err err = WEFT_ERR_INIT;
	bool due;

	if (run->damage || run->h.step == WEFT_HANDOVER_OVER)
		return;
	due = weft_handover_renew(&run->h, &run->rules, time(NULL));
	due = due || run->h.renewed >= run->written + (time_t)run->rules.lease / 8;
	if (due && weft_runs_save(book, run, &run->h, &err) < 0)
		weft_log(WEFT_LOG_ERROR, "%s", err.text);
}

static void poke(struct weft_runs_peer *peer)
{
	peer->poked = true;
	pthread_cond_signal(&peer->wake);
}

/* ---------------------------------------------------------------- opening */

static struct weft_handover_rules rules_of(const struct weft_runs_peer *peer,
					   const struct weft_run_order *order)
{
	unsigned lease = peer ? peer->lease : WEFT_CONF_LEASE;

	return (struct weft_handover_rules){ .limit = order->what.minutes * 60,
					     .allowance = WEFT_HANDOVER_ALLOWANCE,
					     .slack = WEFT_HANDOVER_SLACK,
					     .late = WEFT_HANDOVER_LATE,
					     .lease = lease,
					     .grace = lease < GRACE ? lease : GRACE,
					     .rerun = peer && peer->rerun };
}

/* Of "CLUSTER.JOB.SUBMIT"; 0: it is not one. */
static uint32_t job_of_key(const char *key, time_t *submit)
{
	const char *job = strchr(key, '.'), *last = job ? strchr(job + 1, '.') : NULL;

	*submit = last ? (time_t)strtoll(last + 1, NULL, 10) : 0;
	return last ? (uint32_t)strtoul(job + 1, NULL, 10) : 0;
}

/* What ROW says of whose run it is, and the key where it does not. */
static void identify(struct weft_run *run, const struct weft_store_row *row)
{
	uint32_t job = job_of_key(run->key, &run->submit);

	copy(run->peer, sizeof(run->peer), row->peer);
	run->uid = row->uid;
	run->job = row->job ? row->job : job;
}

/* A run from a row of the book; what cannot be read is damaged.  NULL: out of memory. */
static struct weft_run *run_of(const struct weft_runs *book, const struct weft_store_row *row,
			       const char *damage)
{
	struct weft_run *run = calloc(1, sizeof(*run));
	struct weft_err err = WEFT_ERR_INIT;

	if (!run)
		return NULL;
	copy(run->key, sizeof(run->key), row->key);
	run->first = row->first;
	run->settled = row->settled;
	run->damage = damage;
	identify(run, row);
	if (row->order)
		run->order = weft_order_unpack(row->order, row->order_size, &err);
	if (!damage &&
	    (!run->order || weft_handover_read(row->record, strlen(row->record), &run->h, &err) < 0 ||
	     run->h.attempt < run->first))
		run->damage = "it cannot be read";
	if (run->damage) {
		weft_log(WEFT_LOG_ERROR,
			 "the run %s (%u) in the book is damaged, nothing is done with it: %s%s%s", run->key,
			 run->first, run->damage, err.text[0] ? ": " : "", err.text);
		return run;
	}
	run->rules = rules_of(find_peer(book, row->peer), &run->order->order);
	run->written = run->h.renewed;
	return run;
}

static void append(struct weft_runs_peer *peer, struct weft_run *run)
{
	struct weft_run **end = &peer->runs;

	while (*end)
		end = &(*end)->next;
	*end = run;
}

static int load(void *arg, const struct weft_store_row *row, const char *damage)
{
	struct weft_runs *book = arg;
	struct weft_runs_peer *peer = find_peer(book, row->peer);
	struct weft_run *run;

	if (!peer) {
		weft_log(WEFT_LOG_ERROR,
			 "the run %s is at \"%s\", which is no peer in weft.conf: nothing is done with it",
			 row->key, row->peer);
		peer = &book->peers[book->n_peers - 1];
		damage = "its peer is not in weft.conf";
	}
	run = run_of(book, row, damage);
	if (!run)
		return -1;
	append(peer, run);
	return 0;
}

static char *dup_or_null(const char *text, bool *failed)
{
	char *made = text ? strdup(text) : NULL;

	*failed = *failed || (text && !made);
	return made;
}

/* One for each peer, and the last for runs of peers that are none any more; that one has no thread. */
static int make_peers(struct weft_runs *book, const struct weft_conf *conf)
{
	bool failed = false;
	pthread_condattr_t attr;

	book->peers = calloc(conf->n_peers + 1, sizeof(*book->peers));
	if (!book->peers || pthread_condattr_init(&attr))
		return -1;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	for (size_t i = 0; i <= conf->n_peers; i++) {
		struct weft_runs_peer *peer = &book->peers[i];
		const struct weft_conf_peer *from = i < conf->n_peers ? &conf->peers[i] : NULL;

		peer->book = book;
		pthread_cond_init(&peer->wake, &attr);
		peer->name = dup_or_null(from ? from->name : "", &failed);
		book->n_peers = i + 1;
		if (!from)
			break;
		peer->url = dup_or_null(from->url, &failed);
		peer->ca = dup_or_null(from->ca, &failed);
		peer->token = dup_or_null(from->token, &failed);
		peer->tokens = dup_or_null(from->tokens, &failed);
		peer->lease = from->lease;
		peer->rerun = from->on_lost == WEFT_LOST_RERUN;
		peer->poll = conf->burst.poll;
	}
	pthread_condattr_destroy(&attr);
	return failed ? -1 : 0;
}

static int start(struct weft_runs *book, struct weft_err *err)
{
	for (size_t i = 0; i + 1 < book->n_peers; i++) {
		struct weft_runs_peer *peer = &book->peers[i];
		int rc = pthread_create(&peer->thread, NULL, weft_worker, peer);

		if (rc)
			return weft_err(err, "no thread for %s: %s", peer->name, strerror(rc));
		peer->has_thread = true;
	}
	return 0;
}

struct weft_runs *weft_runs_open(const char *dir, const struct weft_conf *conf, struct weft_err *err)
{
	struct weft_runs *book;
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/" BOOK, dir) >= sizeof(path)) {
		weft_err(err, "%.64s...: the path is too long", dir);
		return NULL;
	}
	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		weft_err(err, "%s: %s", dir, strerror(errno));
		return NULL;
	}
	book = calloc(1, sizeof(*book));
	if (!book) {
		weft_err(err, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&book->lock, NULL);
	weft_runs_pay_open(book, dir, conf);
	if (make_peers(book, conf) < 0)
		weft_err(err, "out of memory");
	else if ((book->store = weft_store_open(path, err)) &&
		 weft_store_read(book->store, 0, NULL, time(NULL), load, book, err) == 0 &&
		 weft_runs_pay_replay(book, err) == 0 && start(book, err) == 0)
		return book;
	weft_err(err, "%s: cannot be read", path);
	weft_runs_close(book);
	return NULL;
}

void weft_runs_close(struct weft_runs *book)
{
	if (!book)
		return;
	pthread_mutex_lock(&book->lock);
	book->stop = true;
	for (size_t i = 0; i < book->n_peers; i++)
		pthread_cond_signal(&book->peers[i].wake);
	pthread_mutex_unlock(&book->lock);
	for (size_t i = 0; i < book->n_peers; i++) {
		struct weft_runs_peer *peer = &book->peers[i];

		if (peer->has_thread)
			pthread_join(peer->thread, NULL);
		for (struct weft_run *run = peer->runs, *next; run; run = next) {
			next = run->next;
			weft_runs_free(run);
		}
		free(peer->name);
		free(peer->url);
		free(peer->ca);
		free(peer->token);
		free(peer->tokens);
		pthread_cond_destroy(&peer->wake);
	}
	free(book->peers);
	weft_store_close(book->store);
	weft_ledger_close(book->ledger);
	pthread_mutex_destroy(&book->lock);
	free(book);
}

/* ---------------------------------------------------------------- attach */

/* Is this run to be gone on with when its job is there again? */
static bool goes_on(const struct weft_run *run)
{
	if (run->settled)
		return false;
	/* One whose lease was over may have ended by itself before it was cancelled: it is done. */
	return run->h.step == WEFT_HANDOVER_OVER ? run->h.end == WEFT_HANDOVER_ENDED : !run->h.cancel;
}

static int check(const struct weft_run_order *order, struct weft_err *err)
{
	if (order->what.minutes == 0 || order->what.minutes > MAX_MINUTES)
		return weft_err(err, "a job that goes to another site needs a time limit of at most a year");
	if (!order->what.script || !order->what.environment)
		return weft_err(err, "there is no script, or no environment");
	return 0;
}

struct newest {
	const struct weft_runs *book;
	struct weft_run *run; /* of the history */
};

static int keep_newest(void *arg, const struct weft_store_row *row, const char *damage)
{
	struct newest *newest = arg;

	weft_runs_free(newest->run);
	newest->run = run_of(newest->book, row, damage);
	return newest->run ? 0 : -1;
}

/* What is left to do with a run whose record is damaged is done by hand.  Returns -1. */
static int say_damage(const struct weft_run *run, struct weft_err *err)
{
	return weft_err(
		err,
		"%s: its record in the book is damaged (%s), so that nothing is done with it; it may run at "
		"%s, where its jobs are named weft.%s.N",
		run->key, run->damage, run->peer, run->key);
}

struct suspect {
	const struct weft_runs *book;
	struct weft_run *run;
};

/* Of the job, by its number, and not by its key. */
static int keep_suspect(void *arg, const struct weft_store_row *row, const char *damage)
{
	struct suspect *suspect = arg;
	time_t submit;

	if (!damage || row->settled || suspect->run || job_of_key(row->key, &submit) == row->job)
		return 0;
	suspect->run = run_of(suspect->book, row, damage);
	return suspect->run ? 0 : -1;
}

/* No run has the key of JOB.  Is there one that is damaged just there?  -1 with ERR. */
static int check_suspects(struct weft_runs *book, uint32_t job, bool *later, struct weft_err *err)
{
	struct suspect suspect = { .book = book };
	int rc = weft_store_read(book->store, job, NULL, 0, keep_suspect, &suspect, err);

	if (rc == 0 && suspect.run) {
		*later = false;
		rc = say_damage(suspect.run, err);
	}
	weft_runs_free(suspect.run);
	return rc < 0 ? weft_err(err, "job %u: cannot be read", job) : 0;
}

/* The last run with KEY, also when it is no longer in memory; *OLD is to be freed.  -1: ERR. */
static int look_up(struct weft_runs *book, const char *key, struct weft_run **last, struct weft_run **old,
		   struct weft_runs_peer **peer, struct weft_err *err)
{
	struct newest newest = { .book = book };

	*old = NULL;
	*peer = NULL;
	*last = find_last(book, key, peer);
	if (*last)
		return 0;
	if (weft_store_read(book->store, 0, key, 0, keep_newest, &newest, err) < 0) {
		weft_runs_free(newest.run);
		return weft_err(err, "%s: cannot be read", key);
	}
	*last = *old = newest.run;
	return 0;
}

static int add(struct weft_runs *book, struct weft_runs_peer *peer, const char *key, unsigned first,
	       const struct weft_run_order *order, struct weft_run **made, struct weft_err *err)
{
	struct weft_run *run = calloc(1, sizeof(*run));
	struct weft_store_row row = { .key = run ? run->key : key,
				      .first = first,
				      .peer = order->peer,
				      .job = order->job,
				      .uid = order->uid };
	char *bytes = NULL, *record = NULL;
	int rc = -1;

	if (run && weft_order_pack(order, &bytes, &row.order_size, err) == 0)
		run->order = weft_order_unpack(bytes, row.order_size, err);
	if (run && run->order) {
		copy(run->key, sizeof(run->key), key);
		run->first = first;
		run->rules = rules_of(peer, order);
		weft_handover_begin(&run->h, time(NULL));
		run->h.attempt = first;
		run->written = run->h.renewed;
		run->owes = order->bill;
		record = weft_handover_write(&run->h);
	}
	if (record) {
		row.order = bytes;
		row.record = record;
		rc = weft_store_add(book->store, &row, err);
	}
	free(record);
	free(bytes);
	if (rc == 0) {
		append(peer, run);
		*made = run;
		return 0;
	}
	weft_runs_free(run);
	return weft_err(err, "out of memory");
}

static uid_t uid_of(const struct weft_run *run)
{
	return run->order ? run->order->order.uid : run->uid;
}

static int attach(struct weft_runs *book, struct weft_runs_peer *peer, const char *key,
		  const struct weft_run_order *order, struct weft_run **run, bool *later,
		  struct weft_err *err)
{
	struct weft_runs_peer *at;
	struct weft_run *last, *old;
	unsigned first;

	*later = true;
	if (look_up(book, key, &last, &old, &at, err) < 0)
		return -1;
	first = last ? last->h.attempt + 1 : 1;
	if (last && (last->damage || last->order->order.uid != order->uid)) {
		*later = false;
		if (uid_of(last) == order->uid)
			say_damage(last, err);
		else
			weft_err(err, "%s is a job of another user", key);
		weft_runs_free(old);
		return -1;
	}
	if (last && goes_on(last)) {
		const char *there = last->order->order.peer;

		*run = last;
		if (at == peer) {
			renew(book, last);
			return 0;
		}
		weft_err(err,
			 last->h.step == WEFT_HANDOVER_OVER
				 ? "%s has ended at %s, which is not brought home yet"
				 : "%s goes on at %s",
			 key, there);
		weft_runs_free(old);
		return -1;
	}
	weft_runs_free(old);
	if (!last && check_suspects(book, order->job, later, err) < 0)
		return -1;
	if (weft_runs_pay_hold(book, key, first, order, later, err) < 0)
		return *later ? -1 : NO_MONEY;
	*later = true;
	if (add(book, peer, key, first, order, run, err) == 0)
		return 0;
	weft_runs_pay_drop(book, key, first);
	return -1;
}

int weft_runs_attach(struct weft_runs *book, const struct weft_run_order *order,
		     struct weft_run_status *status, bool *later, struct weft_err *err)
{
	struct weft_runs_peer *peer = find_peer(book, order->peer);
	struct weft_run *run = NULL;
	char key[WEFT_RUN_KEY];
	bool unused;
	int rc;

	later = later ? later : &unused;
	*later = false;
	if (!peer || !peer->url)
		return weft_err(err, "there is no peer \"%.64s\"", order->peer);
	if (check(order, err) < 0 ||
	    weft_handover_key(key, sizeof(key), order->cluster, order->job, order->submit, err) < 0)
		return -1;
	memset(status, 0, sizeof(*status));
	pthread_mutex_lock(&book->lock);
	rc = attach(book, peer, key, order, &run, later, err);
	if (rc == NO_MONEY)
		status->phase = WEFT_RUN_REFUSED;
	if (rc == 0) {
		weft_runs_describe(run, status);
		poke(peer);
	}
	pthread_mutex_unlock(&book->lock);
	return rc < 0 ? -1 : 0;
}

/* ---------------------------------------------------------------- the others */

int weft_runs_find(struct weft_runs *book, const char *key, bool renewed, struct weft_run_status *status,
		   struct weft_err *err)
{
	struct weft_runs_peer *peer;
	struct weft_run *last, *old;
	int rc;

	pthread_mutex_lock(&book->lock);
	rc = look_up(book, key, &last, &old, &peer, err);
	if (rc == 0 && last) {
		if (renewed && !old)
			renew(book, last);
		weft_runs_describe(last, status);
		rc = 1;
	}
	weft_runs_free(old);
	pthread_mutex_unlock(&book->lock);
	return rc;
}

int weft_runs_status(struct weft_runs *book, const char *key, bool renewed, struct weft_run_status *status,
		     struct weft_err *err)
{
	int rc = weft_runs_find(book, key, renewed, status, err);

	return rc == 0 ? weft_err(err, "there is no run %.*s", WEFT_RUN_KEY, key) : rc < 0 ? -1 : 0;
}

int weft_runs_cancel(struct weft_runs *book, const char *key, struct weft_err *err)
{
	struct weft_runs_peer *peer;
	struct weft_run *last, *old;
	struct weft_handover h;
	int rc;

	pthread_mutex_lock(&book->lock);
	rc = look_up(book, key, &last, &old, &peer, err);
	if (rc == 0 && !last)
		rc = weft_err(err, "there is no run %.*s", WEFT_RUN_KEY, key);
	if (rc == 0 && last->damage)
		rc = say_damage(last, err);
	if (rc == 0 && !old) {
		h = last->h;
		weft_handover_cancel(&h, "cancelled at home");
		rc = change(book, last, &h, err);
		poke(peer);
	}
	weft_runs_free(old);
	pthread_mutex_unlock(&book->lock);
	return rc;
}

int weft_runs_settle(struct weft_runs *book, const char *key, struct weft_err *err)
{
	struct weft_runs_peer *peer;
	struct weft_run *last, *old;
	int rc;

	pthread_mutex_lock(&book->lock);
	rc = look_up(book, key, &last, &old, &peer, err);
	if (rc == 0 && !last) {
		rc = weft_err(err, "there is no run %.*s", WEFT_RUN_KEY, key);
	} else if (rc == 0 && last->damage) {
		rc = say_damage(last, err);
	} else if (rc == 0 && !last->settled) {
		if (last->h.step != WEFT_HANDOVER_OVER) {
			rc = weft_err(err, "the run %s is not over", key);
		} else {
			last->settled = true;
			rc = weft_runs_save(book, last, &last->h, err);
			last->settled = rc == 0;
		}
	}
	weft_runs_free(old);
	pthread_mutex_unlock(&book->lock);
	return rc;
}

void weft_runs_forecasts(struct weft_runs *book, const char *peer, double *error, unsigned *judged)
{
	struct weft_err err = WEFT_ERR_INIT;

	pthread_mutex_lock(&book->lock);
	if (weft_store_forecasts(book->store, peer, error, judged, &err) < 0)
		weft_log(WEFT_LOG_ERROR, "%s", err.text);
	pthread_mutex_unlock(&book->lock);
}

/* ---------------------------------------------------------------- lists */

struct listing {
	struct weft_runs *book;
	uid_t uid;
	struct weft_run_status *list;
	size_t n, size;
};

static int list_one(struct listing *l, const struct weft_run *run)
{
	if (l->uid != (uid_t)-1 && uid_of(run) != l->uid)
		return 0;
	if (l->n == l->size) {
		size_t size = l->size ? 2 * l->size : 16;
		struct weft_run_status *list = realloc(l->list, size * sizeof(*list));

		if (!list)
			return -1;
		l->list = list;
		l->size = size;
	}
	weft_runs_describe(run, &l->list[l->n++]);
	return 0;
}

/* A row: as it is in memory when it is there, too. */
static int list_row(void *arg, const struct weft_store_row *row, const char *damage)
{
	struct listing *l = arg;
	struct weft_runs_peer *peer = find_peer(l->book, row->peer);
	struct weft_run *run = peer ? weft_runs_of_attempt(peer, row->key, row->first) : NULL, *old = NULL;
	int rc;

	if (!run || run->first != row->first)
		run = old = run_of(l->book, row, damage);
	rc = run ? list_one(l, run) : -1;
	weft_runs_free(old);
	return rc;
}

static int list_live(struct listing *l)
{
	for (size_t i = 0; i < l->book->n_peers; i++) {
		const struct weft_runs_peer *peer = &l->book->peers[i];

		for (const struct weft_run *run = peer->runs; run; run = run->next) {
			if (!run->settled && list_one(l, run) < 0)
				return -1;
		}
	}
	return 0;
}

int weft_runs_list(struct weft_runs *book, uid_t uid, uint32_t job, struct weft_run_status **list, size_t *n,
		   struct weft_err *err)
{
	struct listing l = { .book = book, .uid = uid };
	int rc;

	pthread_mutex_lock(&book->lock);
	rc = job ? weft_store_read(book->store, job, NULL, 0, list_row, &l, err) : list_live(&l);
	pthread_mutex_unlock(&book->lock);
	if (rc < 0) {
		free(l.list);
		return weft_err(err, "out of memory");
	}
	*list = l.list;
	*n = l.n;
	return 0;
}
