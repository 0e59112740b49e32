/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.c - does what the book of runs says, at one peer: a thread that looks at the peer's jobs, takes each
 * run one step further, and cancels what is ours and not wanted.
 *
 * Nothing is sent before the book is on disk, and nothing is waited for with the book's lock held.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/wrapper.h"
#include "weftd/http.h"
#include "weftd/log.h"
#include "weftd/runs_private.h"
#include "weftd/token.h"

#define MAX_ANSWER (1u * 1024 * 1024) /* bytes of an answer that is no list */
#define SOON	   1		      /* s until the next look after something was done */
#define LOOK	   5		      /* s from one look to the next while runs go on */
#define SWEEP	   600		      /* s from one look to the next while none do */
#define SHARE	   20		      /* to list for 1 s is for every 20 s at most */
#define LONGEST	   30 /* s from one look to the next while runs go on, were a list ever so slow */
#define STEP	   5  /* s by which a clock that was set differs at least */
#define SETTLE	   (7 * 24 * 3600) /* s after which a run that nobody brings home is history */
#define MAX_USERS  4096

/* What the peer said of its jobs, asked with one token. */
struct listing {
	char *user; /* of the token, at home; NULL: for everybody */
	bool whole;
	struct weft_rest_seen *seen; /* N, all with names like ours */
	size_t n;
	char why[256]; /* when it is not whole */
};

struct worker {
	struct weft_runs_peer *peer;
	struct weft_runs *book;
	struct weft_http *link;
	int version; /* of the interface; 0: not known */
	bool db;
	unsigned failures;
	struct listing *listings;
	size_t n_listings;
	struct weft_run **runs; /* of this look: N_LIVE that go on, and behind them the others of N_RUNS */
	size_t n_live, n_runs;
	bool acted, away;
	double took; /* s, to list the jobs; not what was done then, which a bad line may hold for long */
	double wall, mono; /* when this look began, and by a clock that nobody sets; 0: there was none yet */
};

static uint32_t some_number(void)
{
	uint32_t n = 0;

	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != sizeof(n))
		n = (uint32_t)time(NULL);
	return n;
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The time, of which a look has one idea: a clock that is set is found out by the next. */
static time_t now_of(const struct worker *w)
{
	return (time_t)(w->wall + seconds(CLOCK_MONOTONIC) - w->mono);
}

static bool stops(void *worker)
{
	struct worker *w = worker;
	bool stop;

	pthread_mutex_lock(&w->book->lock);
	stop = w->book->stop;
	pthread_mutex_unlock(&w->book->lock);
	return stop;
}

/* ---------------------------------------------------------------- questions to the peer */

/* AS for what is asked for the user USER at home, REMOTE at the peer (NULL: the token's own). */
static int who(const struct worker *w, const char *user, const char *remote, struct weft_http_as *as,
	       struct weft_err *err)
{
	*as = (struct weft_http_as){ .user = remote };
	as->token = weft_token_read(w->peer->token, w->peer->tokens, user, err);
	return as->token ? 0 : -1;
}

static void forget(struct weft_http_as *as)
{
	weft_token_free((char *)as->token);
	as->token = NULL;
}

/* The one line that an answer which is no success says; CODE gets Slurm's number. */
static void complain(const struct weft_http_answer *answer, int *code, struct weft_err *err)
{
	char words[400];

	weft_rest_complaint(answer->text ? answer->text : "", answer->len, code, words, sizeof(words));
	weft_err(err, "%s%sHTTP status %ld", words, words[0] ? ", " : "", answer->status);
}

/* GET PATH, and read the jobs in it with READ. */
static int get_jobs(struct worker *w, const struct weft_http_as *as, const char *path,
		    int (*read)(const char *, size_t, struct weft_rest_seen **, size_t *, struct weft_err *),
		    struct weft_rest_seen **seen, size_t *n, struct weft_err *err)
{
	struct weft_http_answer answer = { 0 };
	enum weft_http_result result;
	int rc = -1;

	*seen = NULL;
	*n = 0;
	result = weft_http_ask(w->link, as, "GET", path, NULL, WEFT_REST_MAX_ANSWER, &answer, err);
	if (result == WEFT_HTTP_UNSENT)
		w->away = true;
	if (result == WEFT_HTTP_ANSWER && answer.status == 404)
		w->version = 0; /* it was upgraded, maybe; an empty list is no 404 */
	if (result == WEFT_HTTP_ANSWER)
		rc = read(answer.text, answer.len, seen, n, err);
	if (rc < 0 && !err->text[0])
		complain(&answer, NULL, err);
	weft_http_clear(&answer);
	return rc;
}

/* ---------------------------------------------------------------- looking */

/* Keep what has names like ours: the others' jobs are none of our business, and may be many, once for each
 * user. */
static void keep_ours(struct listing *l)
{
	size_t n = l->n;
	struct weft_rest_seen *smaller;

	l->n = 0;
	for (size_t i = 0; i < n; i++) {
		char key[WEFT_RUN_KEY];
		unsigned attempt;

		if (weft_handover_parse_name(l->seen[i].name, key, sizeof(key), &attempt))
			l->seen[l->n++] = l->seen[i];
		else
			weft_rest_clear_seen(&l->seen[i]);
	}
	smaller = l->n < n ? realloc(l->seen, (l->n + 1) * sizeof(*smaller)) : NULL;
	l->seen = smaller ? smaller : l->seen;
}

static void clear_listings(struct worker *w)
{
	for (size_t i = 0; i < w->n_listings; i++) {
		free(w->listings[i].user);
		weft_rest_free_seen(w->listings[i].seen, w->listings[i].n);
	}
	free(w->listings);
	w->listings = NULL;
	w->n_listings = 0;
}

/* Ask as L's user for all jobs. */
static void look(struct worker *w, struct listing *l)
{
	struct weft_http_as as;
	struct weft_err err = WEFT_ERR_INIT;
	char path[64];

	if (w->away || who(w, l->user, NULL, &as, &err) < 0) {
		snprintf(l->why, sizeof(l->why), "%.255s", w->away ? w->peer->away : err.text);
		return;
	}
	if (!w->version) {
		w->version = weft_http_probe(w->link, &as, &w->db, &err);
		if (w->version)
			weft_log(WEFT_LOG_INFO, "%s: REST v0.0.%d%s", w->peer->name, w->version,
				 w->db ? "" : ", no slurmdbd");
	}
	if (w->version) {
		snprintf(path, sizeof(path), "/slurm/v0.0.%d/jobs", w->version);
		l->whole = get_jobs(w, &as, path, weft_rest_jobs, &l->seen, &l->n, &err) == 0;
	}
	forget(&as);
	if (l->whole)
		keep_ours(l);
	else
		snprintf(l->why, sizeof(l->why), "%.255s", err.text);
}

/* One for everybody, or one for each user who has, or had not long ago, a run. */
static void list_users(struct worker *w)
{
	w->listings = calloc(w->peer->token ? 1 : w->n_runs + 1, sizeof(*w->listings));
	if (!w->listings)
		return;
	if (w->peer->token) {
		w->n_listings = 1;
		return;
	}
	for (size_t i = 0; i < w->n_runs && w->n_listings < MAX_USERS; i++) {
		const char *user = w->runs[i]->order ? w->runs[i]->order->order.user : NULL;
		size_t k = 0;

		while (user && k < w->n_listings && strcmp(w->listings[k].user, user) != 0)
			k++;
		if (user && k == w->n_listings && (w->listings[k].user = strdup(user)))
			w->n_listings++;
	}
}

static const struct listing *listing_of(const struct worker *w, const struct weft_run *run)
{
	for (size_t i = 0; i < w->n_listings; i++) {
		if (!w->listings[i].user || strcmp(w->listings[i].user, run->order->order.user) == 0)
			return &w->listings[i];
	}
	return NULL;
}

/* Those of N SEEN that are copies of RUN: its name, and its user's. */
static size_t copies_of(const struct weft_run *run, const struct weft_rest_seen *seen, size_t n,
			struct weft_handover_copy *copies)
{
	char key[WEFT_RUN_KEY];
	unsigned attempt;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (weft_handover_parse_name(seen[i].name, key, sizeof(key), &attempt) &&
		    attempt >= run->first && strcmp(key, run->key) == 0 &&
		    strcmp(seen[i].user, run->order->order.remote_user) == 0)
			copies[found++] = (struct weft_handover_copy){ attempt, &seen[i] };
	}
	return found;
}

/* ---------------------------------------------------------------- what a run asks for */

/* The job to be submitted, with the wrapper around the user's script in *SCRIPT. */
static char *body_of(struct worker *w, const struct weft_run *run, const struct weft_handover *h,
		     struct weft_err *err)
{
	const struct weft_run_order *order = &run->order->order;
	struct weft_rest_job job = order->what;
	char name[WEFT_HANDOVER_NAME], comment[64], *script, *body;

	script = weft_wrapper_text(run->key, run->first, h->attempt, order->remote_top, order->what.script,
				   err);
	if (!script)
		return NULL;
	weft_handover_name(name, sizeof(name), run->key, h->attempt);
	snprintf(comment, sizeof(comment), "weft book=%s", weft_store_id(w->book->store));
	job.name = name;
	job.comment = comment;
	job.script = script;
	job.deadline = h->deadline;
	job.hold = true;
	body = weft_rest_submit(w->version, &job, err);
	free(script);
	return body;
}

static enum weft_handover_answer weigh(struct worker *w, enum weft_http_result result,
				       const struct weft_http_answer *answer, struct weft_err *err)
{
	int code = 0;

	if (result == WEFT_HTTP_UNSENT) {
		w->away = true;
		return WEFT_HANDOVER_UNSENT;
	}
	if (result != WEFT_HTTP_ANSWER)
		return WEFT_HANDOVER_UNKNOWN;
	complain(answer, &code, err);
	if (answer->status == 404 && code == 0)
		w->version = 0;
	return weft_handover_judge(answer->status, code);
}

static enum weft_handover_answer submit(struct worker *w, const struct weft_run *run,
					const struct weft_handover *h, uint32_t *id, struct weft_err *err)
{
	struct weft_http_answer answer = { 0 };
	enum weft_handover_answer made = WEFT_HANDOVER_DONE;
	enum weft_http_result result;
	struct weft_http_as as;
	char path[64], *body = w->version ? body_of(w, run, h, err) : NULL;

	if (!w->version)
		return WEFT_HANDOVER_UNSENT;
	if (!body)
		return strstr(err->text, "out of memory") ? WEFT_HANDOVER_UNSENT : WEFT_HANDOVER_NO;
	if (who(w, run->order->order.user, run->order->order.remote_user, &as, err) < 0) {
		free(body);
		return WEFT_HANDOVER_UNSENT;
	}
	snprintf(path, sizeof(path), "/slurm/v0.0.%d/job/submit", w->version);
	result = weft_http_ask(w->link, &as, "POST", path, body, MAX_ANSWER, &answer, err);
	forget(&as);
	free(body);
	*id = result == WEFT_HTTP_ANSWER ? weft_rest_submitted(answer.text, answer.len, NULL) : 0;
	if (*id == 0)
		made = weigh(w, result, &answer, err);
	weft_http_clear(&answer);
	return made;
}

/* POST {"hold":false}, or DELETE, for the job ID. */
static enum weft_handover_answer touch(struct worker *w, const char *user, const char *remote,
				       const char *method, uint32_t id, const char *body,
				       struct weft_err *err)
{
	struct weft_http_answer answer = { 0 };
	enum weft_http_result result;
	enum weft_handover_answer made;
	struct weft_http_as as;
	char path[64], words[200];
	int code = 0;

	if (!w->version || who(w, user, remote, &as, err) < 0)
		return WEFT_HANDOVER_UNSENT;
	snprintf(path, sizeof(path), "/slurm/v0.0.%d/job/%u", w->version, id);
	result = weft_http_ask(w->link, &as, method, path, body, MAX_ANSWER, &answer, err);
	forget(&as);
	weft_rest_complaint(answer.text ? answer.text : "", answer.len, &code, words, sizeof(words));
	if (result == WEFT_HTTP_ANSWER && answer.status == 200 && code == 0)
		made = WEFT_HANDOVER_DONE;
	else
		made = weigh(w, result, &answer, err);
	weft_http_clear(&answer);
	return made;
}

/* What slurmdbd knows of RUN's copies. */
static void ask_db(struct worker *w, const struct weft_run *run, const struct weft_handover *h,
		   struct weft_handover_sight *sight, struct weft_rest_seen **seen, size_t *n,
		   struct weft_handover_copy **copies)
{
	char path[400], name[WEFT_HANDOVER_NAME];
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_http_as as;

	sight->db = w->db ? WEFT_HANDOVER_DB_SILENT : WEFT_HANDOVER_DB_NONE;
	if (!w->db || !w->version ||
	    who(w, run->order->order.user, run->order->order.remote_user, &as, &err) < 0)
		return;
	weft_handover_name(name, sizeof(name), run->key, h->attempt);
	/* Without a start slurmdbd tells of today only. */
	snprintf(path, sizeof(path), "/slurmdb/v0.0.%d/jobs?job_name=%s&start_time=uts%lld", w->version, name,
		 (long long)h->sent - 24 * 3600);
	if (get_jobs(w, &as, path, weft_rest_db_jobs, seen, n, &err) < 0) {
		weft_log(WEFT_LOG_DEBUG, "%s: slurmdbd on %s: %s", w->peer->name, name, err.text);
	} else if ((*copies = calloc(*n + 1, sizeof(**copies)))) {
		sight->db = WEFT_HANDOVER_DB_ANSWERED;
		sight->db_copies = *copies;
		sight->n_db = copies_of(run, *seen, *n, *copies);
	}
	forget(&as);
}

/* ---------------------------------------------------------------- one run, one step */

/* What is next for RUN, written down.  WAIT also when it cannot be written. */
static enum weft_handover_act decide(struct worker *w, struct weft_run *run,
				     const struct weft_handover_sight *sight)
{
	struct weft_handover h = run->h;
	struct weft_err err = WEFT_ERR_INIT;
	bool blocked = weft_runs_is_blocked(w->book, run);
	enum weft_handover_act act =
		weft_handover_next(&h, &run->rules, now_of(w), some_number(), blocked ? NULL : sight);

	if (act == WEFT_HANDOVER_ASK_DB || memcmp(&h, &run->h, sizeof(h)) == 0)
		return act;
	if (weft_runs_save(w->book, run, &h, &err) < 0) {
		weft_log(WEFT_LOG_ERROR, "%s: nothing is done until it can be written down: %s", run->key,
			 err.text);
		return WEFT_HANDOVER_WAIT;
	}
	if (h.step == WEFT_HANDOVER_OVER)
		weft_log(WEFT_LOG_INFO, "%s: job %u at %s is over: %s%s%s", run->key, h.id, w->peer->name,
			 weft_rest_state_name(h.state), h.why[0] ? ", " : "", h.why);
	run->h = h;
	return act;
}

static void carry_out(struct worker *w, struct weft_run *run, enum weft_handover_act act,
		      const struct weft_handover *h)
{
	const struct weft_run_order *order = &run->order->order;
	struct weft_err err = WEFT_ERR_INIT, disk = WEFT_ERR_INIT;
	enum weft_handover_answer answer;
	uint32_t id = 0;

	if (act == WEFT_HANDOVER_SUBMIT)
		answer = submit(w, run, h, &id, &err);
	else
		answer = touch(w, order->user, order->remote_user, "POST", h->id, "{\"hold\":false}", &err);
	weft_log(answer == WEFT_HANDOVER_DONE ? WEFT_LOG_DEBUG : WEFT_LOG_INFO, "%s.%u: %s at %s: %s",
		 run->key, h->attempt, act == WEFT_HANDOVER_SUBMIT ? "submitted" : "released", w->peer->name,
		 answer == WEFT_HANDOVER_DONE ? "done" : err.text);
	pthread_mutex_lock(&w->book->lock);
	weft_handover_answer(&run->h, act, answer, id, answer == WEFT_HANDOVER_DONE ? NULL : err.text,
			     time(NULL), some_number());
	if (weft_runs_save(w->book, run, &run->h, &disk) <
	    0) /* what was begun is on disk; the rest comes out by looking */
		weft_log(WEFT_LOG_ERROR, "%s: %s", run->key, disk.text);
	pthread_mutex_unlock(&w->book->lock);
	w->acted = true;
}

static void work_on(struct worker *w, struct weft_run *run)
{
	const struct listing *l = listing_of(w, run);
	struct weft_handover_sight sight = { .db = WEFT_HANDOVER_DB_NOT_ASKED };
	struct weft_handover_copy *copies = NULL, *db_copies = NULL;
	struct weft_rest_seen *db_seen = NULL;
	size_t n_db = 0;
	struct weft_handover h;
	enum weft_handover_act act;
	bool whole = l && l->whole;

	if (whole)
		copies = calloc(l->n + 1, sizeof(*copies));
	whole = whole && copies;
	if (whole) {
		sight.n = copies_of(run, l->seen, l->n, copies);
		sight.copies = copies;
	}
	pthread_mutex_lock(&w->book->lock);
	snprintf(run->away, sizeof(run->away), "%s", whole ? "" : l ? l->why : "out of memory");
	act = decide(w, run, whole ? &sight : NULL);
	h = run->h;
	pthread_mutex_unlock(&w->book->lock);
	if (act == WEFT_HANDOVER_ASK_DB) {
		ask_db(w, run, &h, &sight, &db_seen, &n_db, &db_copies);
		pthread_mutex_lock(&w->book->lock);
		act = decide(w, run, &sight);
		h = run->h;
		pthread_mutex_unlock(&w->book->lock);
	}
	if (act == WEFT_HANDOVER_SUBMIT || act == WEFT_HANDOVER_RELEASE)
		carry_out(w, run, act, &h);
	weft_rest_free_seen(db_seen, n_db);
	free(db_copies);
	free(copies);
}

/* ---------------------------------------------------------------- the reaper */

/* Is SEEN a copy of ours that nobody wants?  Of a run that is not in memory only when it is in the book, or
 * was submitted by this book: another weftd's are its own. */
static bool is_surplus(struct worker *w, const struct weft_rest_seen *seen)
{
	struct weft_handover_copy copy = { .seen = seen };
	const struct weft_run *run;
	char key[WEFT_RUN_KEY], mark[64];
	bool surplus;

	if (!weft_handover_parse_name(seen->name, key, sizeof(key), &copy.attempt))
		return false;
	pthread_mutex_lock(&w->book->lock);
	run = weft_runs_of_attempt(w->peer, key, copy.attempt);
	if (run) {
		surplus = !run->damage && strcmp(seen->user, run->order->order.remote_user) == 0 &&
			  weft_handover_surplus(&run->h, &copy);
	} else if (weft_runs_is_elsewhere(w->peer, key, copy.attempt)) {
		surplus = false; /* two peers can be one cluster */
	} else {
		snprintf(mark, sizeof(mark), "weft book=%s", weft_store_id(w->book->store));
		surplus =
			weft_handover_surplus(NULL, &copy) &&
			(strcmp(seen->comment, mark) == 0 || weft_store_has(w->book->store, key, NULL) == 1);
	}
	pthread_mutex_unlock(&w->book->lock);
	return surplus;
}

static void reap(struct worker *w, const struct listing *l)
{
	for (size_t i = 0; i < l->n && !w->away && !stops(w); i++) {
		struct weft_err err = WEFT_ERR_INIT;
		enum weft_handover_answer answer;

		if (!is_surplus(w, &l->seen[i]))
			continue;
		answer = touch(w, l->user, l->seen[i].user, "DELETE", l->seen[i].id, NULL, &err);
		weft_log(WEFT_LOG_INFO, "%s: job %u (%s) is not wanted: cancelled: %s", w->peer->name,
			 l->seen[i].id, l->seen[i].name, answer == WEFT_HANDOVER_DONE ? "done" : err.text);
		w->acted = true;
	}
}

/* ---------------------------------------------------------------- a look, and the next */

/* Was it over long ago, and nobody has come for it?  weftd may have been away for most of that time. */
static bool is_left(const struct weft_run *run, time_t now)
{
	return !run->damage && run->h.step == WEFT_HANDOVER_OVER && !run->settled &&
	       now > weft_handover_dead(&run->h, &run->rules) + SETTLE && now > run->h.renewed + SETTLE;
}

/* A look begins; since the last one proxies could have asked.  Was the clock put forward meanwhile, or the
 * machine asleep?  Then a lease that seems to be over need not be: they could not. */
static void begin_look(struct worker *w)
{
	double wall = seconds(CLOCK_REALTIME), mono = seconds(CLOCK_MONOTONIC),
	       step = wall - w->wall - (mono - w->mono);
	unsigned passed = (unsigned)((time_t)mono - (time_t)w->mono);
	struct weft_err err = WEFT_ERR_INIT;

	for (struct weft_run *run = w->peer->runs; run && w->mono > 0; run = run->next) {
		if (run->damage || run->h.step == WEFT_HANDOVER_OVER)
			continue;
		if (step > STEP)
			run->h.renewed += (time_t)step;
		if (weft_handover_attend(&run->h, &run->rules, (time_t)wall, passed) &&
		    weft_runs_save(w->book, run, &run->h, &err) < 0)
			weft_log(WEFT_LOG_ERROR, "%s: %s", run->key, err.text);
	}
	w->wall = wall;
	w->mono = mono;
}

/* The runs of this look; history goes.  True: there is one that goes on. */
static bool gather(struct worker *w)
{
	time_t now;
	size_t n = 0;

	pthread_mutex_lock(&w->book->lock);
	begin_look(w);
	now = now_of(w);
	for (struct weft_run **at = &w->peer->runs, *run; (run = *at);) {
		if (is_left(run, now)) {
			run->settled = true;
			weft_runs_save(w->book, run, &run->h, NULL);
		}
		if (weft_runs_is_past(run, now)) {
			*at = run->next;
			weft_runs_free(run);
			continue;
		}
		if (run->h.step == WEFT_HANDOVER_OVER)
			weft_runs_pay_end(w->book, run, &run->h);
		at = &run->next;
		n++;
	}
	free(w->runs);
	w->runs = calloc(n + 1, sizeof(*w->runs));
	w->n_runs = 0;
	for (int over = 0; over < 2; over++) {
		for (struct weft_run *run = w->peer->runs; run && w->runs; run = run->next) {
			if (!run->damage && (run->h.step == WEFT_HANDOVER_OVER) == over)
				w->runs[w->n_runs++] = run;
		}
		w->n_live = over ? w->n_live : w->n_runs;
	}
	w->peer->poked = false;
	pthread_mutex_unlock(&w->book->lock);
	return w->n_live > 0;
}

static void say_away(struct worker *w, const char *why)
{
	pthread_mutex_lock(&w->book->lock);
	if (strcmp(w->peer->away, why) != 0) {
		snprintf(w->peer->away, sizeof(w->peer->away), "%s", why);
		if (why[0])
			weft_log(WEFT_LOG_INFO, "%s cannot be asked: %s", w->peer->name, why);
		else
			weft_log(WEFT_LOG_INFO, "%s answers again", w->peer->name);
	}
	pthread_mutex_unlock(&w->book->lock);
}

/* Look, act.  True: the peer answered. */
static bool look_and_act(struct worker *w)
{
	bool answered = false;
	const char *why = "out of memory";
	double began = seconds(CLOCK_MONOTONIC);

	w->away = false;
	w->acted = false;
	list_users(w);
	for (size_t i = 0; i < w->n_listings; i++) {
		look(w, &w->listings[i]);
		answered = answered || w->listings[i].whole;
		if (!w->listings[i].whole)
			why = w->listings[i].why;
	}
	w->took = seconds(CLOCK_MONOTONIC) - began;
	if (!stops(w))
		say_away(w, answered || (w->listings && w->n_listings == 0) ? "" : why);
	for (size_t i = 0; i < w->n_live && !stops(w); i++)
		work_on(w, w->runs[i]);
	for (size_t i = 0; i < w->n_listings; i++)
		reap(w, &w->listings[i]);
	clear_listings(w);
	return answered;
}

/* Until S seconds have passed, or, when it is to HEAR, there is something new.  False: the book is closed. */
static bool rest(struct worker *w, double s, bool hear)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)((s - (double)(time_t)s) * 1e9);
	until.tv_sec += (time_t)s + until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&w->book->lock);
	while (!w->book->stop && !(hear && w->peer->poked)) {
		if (pthread_cond_timedwait(&w->peer->wake, &w->book->lock, &until) == ETIMEDOUT)
			break;
	}
	stop = w->book->stop;
	pthread_mutex_unlock(&w->book->lock);
	return !stop;
}

static double pause_after(struct worker *w, bool answered, bool live)
{
	double look = w->peer->poll && w->peer->poll < LOOK ? w->peer->poll : LOOK,
	       pause = live ? look : SWEEP, least = w->took * SHARE;

	if (!answered && live) {
		w->failures++;
		return weft_handover_pause(w->failures, some_number());
	}
	w->failures = 0;
	if (w->acted)
		pause = SOON;
	if (live && least > LONGEST) /* leases end, and released copies are to be followed */
		least = LONGEST;
	return least > pause ? least : pause;
}

void *weft_worker(void *arg)
{
	struct worker w = { .peer = arg };
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_http_options options = {
		.url = w.peer->url, .ca = w.peer->ca, .stops = stops, .arg = &w
	};
	bool live, answered;
	double pause, deaf;

	w.book = w.peer->book;
	w.link = weft_http_open(&options, &err);
	if (!w.link) {
		weft_log(WEFT_LOG_ERROR, "%s: %s", w.peer->name, err.text);
		say_away(&w, err.text);
		return NULL;
	}
	do {
		live = gather(&w);
		answered = look_and_act(&w);
		pause = pause_after(&w, answered, live);
		/* Many new runs make one look; and a peer that is away is not asked more often for them. */
		deaf = !answered && live ? pause : w.took * 4 < pause ? w.took * 4 : pause;
	} while (rest(&w, deaf, false) && rest(&w, pause - deaf, true));
	free(w.runs);
	weft_http_close(w.link);
	return NULL;
}
