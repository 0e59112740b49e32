/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer.c - what weftd answers to whom.
 */
#include "weftd/answer.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "core/money.h"
#include "core/nearest.h"
#include "core/scan.h"
#include "weft_config.h"
#include "weftd/log.h"
#include "weftd/permit.h"
#include "weftd/question.h"
#include "weftd/trade.h"
#include "weftd/wire.h"

#define MAX_DEPTH  8
#define ROOT	   0
#define MAX_TICKET 98304 /* bytes of one that is sealed, WEFT_SEAL_MAX */

/* A question that is being answered. */
struct asked {
	const struct weft_answerer *by;
	uid_t uid;
	json_object *question, *answer;
	bool later; /* the same question may be answered another time */
	struct weft_err err;
};

static int no(struct asked *q, const char *why)
{
	return weft_err(&q->err, "%s", why);
}

/* ---------------------------------------------------------------- a run */

static void put_text(json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, *text ? json_object_new_string(text) : NULL);
}

static void put_whole(json_object *o, const char *key, int64_t n)
{
	json_object_object_add(o, key, n ? json_object_new_int64(n) : NULL);
}

/* "gpu:h100" of "gpu:h100:8,nic:1" */
static void kind_of(const char *gres, char *kind, size_t size)
{
	size_t len = strcspn(gres, ",");
	const char *colon = len ? memrchr(gres, ':', len) : NULL;

	if (colon && colon[1] >= '0' && colon[1] <= '9')
		len = (size_t)(colon - gres);
	snprintf(kind, size, "%.*s", (int)len, gres);
}

static void put_cost(struct asked *q, json_object *o, const struct weft_run_status *run)
{
	char kind[sizeof(run->gres)], currency[4] = "";
	time_t end = run->remote_end ? run->remote_end : time(NULL);
	int64_t price, cost = -1;

	put_whole(o, "cards", run->cards);
	kind_of(run->gres, kind, sizeof(kind));
	price = weft_watch_price(q->by->watch, run->peer, kind, currency);
	if (run->cards && price >= 0)
		cost = run->remote_start && end > run->remote_start
			       ? weft_money_cost(price, run->cards, (uint64_t)(end - run->remote_start))
			       : 0;
	json_object_object_add(o, "cost", cost >= 0 ? json_object_new_int64(cost) : NULL);
	put_text(o, "currency", cost >= 0 ? currency : "");
}

static const char *const phases[] = { "waiting", "running", "ended", "cancelled", "refused", "lost" };

/* As wait() would give it.  Where the peer no longer knows, its state does. */
static int exit_status(const struct weft_run_status *run)
{
	if (run->exit_status >= 0)
		return run->exit_status;
	return run->state == WEFT_REST_COMPLETED ? 0 : 1 << 8;
}

static void put_run(struct asked *q, json_object *o, const struct weft_run_status *run)
{
	put_text(o, "key", run->key);
	put_text(o, "peer", run->peer);
	put_whole(o, "job", run->job);
	put_text(o, "user", run->user);
	put_text(o, "remote_user", run->remote_user);
	put_text(o, "remote_top", run->remote_top);
	put_whole(o, "first", run->first);
	put_whole(o, "attempt", run->attempt);
	put_text(o, "phase", phases[run->phase]);
	put_text(o, "state", run->damaged ? "" : weft_rest_state_name(run->state));
	json_object_object_add(o, "over", json_object_new_boolean(run->over));
	json_object_object_add(o, "settled", json_object_new_boolean(run->settled));
	json_object_object_add(o, "cancel", json_object_new_boolean(run->cancel));
	json_object_object_add(o, "exit_status",
			       run->phase == WEFT_RUN_ENDED ? json_object_new_int(exit_status(run)) : NULL);
	put_whole(o, "remote_id", run->remote_id);
	put_text(o, "remote_nodes", run->remote_nodes);
	put_text(o, "gres", run->gres);
	put_whole(o, "submit", run->submit);
	put_whole(o, "remote_submit", run->remote_submit);
	put_whole(o, "remote_start", run->remote_start);
	put_whole(o, "remote_end", run->remote_end);
	put_whole(o, "predicted", run->predicted);
	put_cost(q, o, run);
	put_text(o, "why", run->why);
}

static int give_run(struct asked *q, const struct weft_run_status *run)
{
	put_run(q, q->answer, run);
	return 0;
}

/* ---------------------------------------------------------------- who asks */

struct asker {
	struct passwd pw, *found;
	char buf[16384];
};

static int find_asker(struct asked *q, struct asker *who)
{
	getpwuid_r(q->uid, &who->pw, who->buf, sizeof(who->buf), &who->found);
	if (who->found)
		return 0;
	q->later = true; /* a directory of users may be away */
	return weft_err(&q->err, "uid %lu has no name at the controller", (unsigned long)q->uid);
}

static struct weft_trader trader_of(const struct asked *q, const struct asker *who)
{
	return (struct weft_trader){ .conf = q->by->conf,
				     .runs = q->by->runs,
				     .watch = q->by->watch,
				     .user = who->found->pw_name,
				     .all = q->uid == ROOT };
}

static bool is_his(const struct asked *q, const struct weft_run_status *run)
{
	return q->uid == ROOT || run->uid == q->uid;
}

static int not_his(struct asked *q, const char *key)
{
	return weft_err(&q->err, "%s is a job of another user", key);
}

/* ---------------------------------------------------------------- the questions */

static int ask_ping(struct asked *q)
{
	json_object *peers = json_object_new_array();

	for (size_t i = 0; i < q->by->conf->n_peers; i++)
		json_object_array_add(peers, json_object_new_string(q->by->conf->peers[i].name));
	json_object_object_add(q->answer, "release", json_object_new_string(PACKAGE_VERSION));
	json_object_object_add(q->answer, "time", json_object_new_int64(time(NULL)));
	json_object_object_add(q->answer, "peers", peers);
	return 0;
}

/* The last run of JOB, if there is one, and it is the asker's: 1; 0: there is none. */
static int last_run(struct asked *q, const struct weft_question_job *job, bool renew,
		    struct weft_run_status *run)
{
	/* Looked at before it is touched. */
	int rc = weft_runs_find(q->by->runs, job->key, false, run, &q->err);

	if (rc > 0 && run->uid != q->uid)
		return not_his(q, job->key);
	if (rc > 0 && renew)
		rc = weft_runs_find(q->by->runs, job->key, true, run, &q->err);
	q->later = rc < 0;
	return rc;
}

/* The job may run elsewhere: nothing of it is at this peer. */
static int turn_away(struct asked *q, const struct weft_question_job *job)
{
	if (!q->later)
		weft_watch_refused(q->by->watch, job->job, q->uid, job->peer->name, q->err.text);
	return -1;
}

/* What a run would have that there is not yet. */
static int give_prospect(struct asked *q, const struct weft_question_job *job, const char *user)
{
	struct weft_user_there there;
	char *top;

	if (weft_users_find(q->by->users, job->peer, user, &there, &q->later, &q->err) < 0)
		return turn_away(q, job);
	top = weft_question_top(job->peer->directory, there.name);
	if (!top)
		return no(q, "out of memory");
	put_text(q->answer, "key", job->key);
	put_text(q->answer, "peer", job->peer->name);
	put_text(q->answer, "remote_user", there.name);
	put_text(q->answer, "remote_top", top);
	json_object_object_add(q->answer, "phase", NULL);
	free(top);
	return 0;
}

static int ask_find(struct asked *q)
{
	struct weft_question_job job;
	struct weft_run_status run;
	struct asker who;
	int rc;

	if (weft_question_job(q->by->conf, q->question, &job, &q->err) < 0 || find_asker(q, &who) < 0)
		return -1;
	rc = last_run(q, &job, true, &run);
	if (rc < 0)
		return -1;
	return rc ? give_run(q, &run) : give_prospect(q, &job, who.found->pw_name);
}

static int ask_attach(struct asked *q)
{
	struct weft_user_there there;
	struct weft_run_status run = { 0 };
	struct weft_question_job job;
	struct weft_question_order order;
	struct weft_trade_bill bill;
	struct weft_trader trader;
	struct asker who;
	const char *ticket;
	int rc;

	if (weft_question_job(q->by->conf, q->question, &job, &q->err) < 0 || find_asker(q, &who) < 0 ||
	    weft_question_text(q->question, "ticket", true, MAX_TICKET, &ticket, &q->err) < 0 ||
	    weft_users_find(q->by->users, job.peer, who.found->pw_name, &there, &q->later, &q->err) < 0 ||
	    weft_question_make(q->question, &job, q->uid, who.found->pw_name, &there, &order, &q->err) < 0)
		return -1;
	rc = last_run(q, &job, false, &run);
	run.phase = WEFT_RUN_WAITING;
	if (rc >= 0)
		rc = weft_permit(q->by->home, q->by->conf->burst.munge, ticket, q->uid, &job, &order,
				 &q->later, &q->err);
	if (rc >= 0) {
		trader = trader_of(q, &who);
		rc = weft_trade_bill(&trader, q->question, &order, &bill, &q->later, &q->err);
	}
	if (rc >= 0)
		rc = weft_runs_attach(q->by->runs, &order.run, &run, &q->later, &q->err);
	weft_question_clear(&order);
	if (rc < 0)
		return run.phase == WEFT_RUN_REFUSED ? turn_away(q, &job) : -1;
	if (run.uid != q->uid)
		return not_his(q, job.key);
	weft_log(WEFT_LOG_INFO, "%s: %s is attached at %s as %s", run.key, who.found->pw_name, run.peer,
		 run.remote_user);
	return give_run(q, &run);
}

/* The run that "key" names, and that is the asker's. */
static int find_run(struct asked *q, bool renew, const char **key, struct weft_run_status *run)
{
	if (weft_question_text(q->question, "key", true, WEFT_RUN_KEY - 1, key, &q->err) < 0 ||
	    weft_runs_status(q->by->runs, *key, false, run, &q->err) < 0)
		return -1;
	if (!is_his(q, run))
		return not_his(q, *key);
	/* It is the proxy, who is the job's user, that lives. */
	return renew && run->uid == q->uid ? weft_runs_status(q->by->runs, *key, true, run, &q->err) : 0;
}

static int ask_status(struct asked *q)
{
	struct weft_run_status run;
	const char *key;
	bool renew;

	if (weft_question_flag(q->question, "renew", &renew, &q->err) < 0 ||
	    find_run(q, renew, &key, &run) < 0)
		return -1;
	return give_run(q, &run);
}

static int ask_cancel(struct asked *q)
{
	struct weft_run_status run;
	const char *key;

	if (find_run(q, false, &key, &run) < 0)
		return -1;
	q->later = !run.damaged;
	weft_log(WEFT_LOG_INFO, "%s: uid %lu cancels it", key, (unsigned long)q->uid);
	return weft_runs_cancel(q->by->runs, key, &q->err);
}

static int ask_settle(struct asked *q)
{
	struct weft_run_status run;
	const char *key;

	if (find_run(q, false, &key, &run) < 0)
		return -1;
	q->later = !run.damaged;
	if (weft_runs_settle(q->by->runs, key, &q->err) < 0)
		return -1;
	if (run.over && run.phase == WEFT_RUN_REFUSED)
		weft_watch_refused(q->by->watch, run.job, run.uid, run.peer, run.why);
	return 0;
}

static int ask_job(struct asked *q)
{
	struct weft_run_status *list = NULL;
	json_object *runs;
	int64_t job;
	size_t n = 0;

	if (weft_question_whole(q->question, "job", true, 1, UINT32_MAX - 1, &job, &q->err) < 0)
		return -1;
	q->later = true;
	if (weft_runs_list(q->by->runs, q->uid == ROOT ? (uid_t)-1 : q->uid, (uint32_t)job, &list, &n,
			   &q->err) < 0)
		return -1;
	runs = json_object_new_array();
	for (size_t i = 0; runs && i < n; i++) {
		json_object *run = json_object_new_object();

		put_run(q, run, &list[i]);
		json_object_array_add(runs, run);
	}
	free(list);
	json_object_object_add(q->answer, "runs", runs);
	return runs ? 0 : no(q, "out of memory");
}

static int ask_sites(struct asked *q)
{
	json_object *sites = weft_watch_sites(q->by->watch, q->uid == ROOT ? (uid_t)-1 : q->uid, &q->err);

	q->later = true;
	if (!sites)
		return -1;
	json_object_object_add(q->answer, "sites", sites);
	return 0;
}

static int ask_quote(struct asked *q)
{
	struct weft_trader trader;
	struct asker who;

	if (find_asker(q, &who) < 0)
		return -1;
	trader = trader_of(q, &who);
	return weft_trade_quote(&trader, q->question, q->answer, &q->later, &q->err);
}

static int ask_ledger(struct asked *q)
{
	struct weft_trader trader;
	struct asker who;

	if (find_asker(q, &who) < 0)
		return -1;
	trader = trader_of(q, &who);
	return weft_trade_ledger(&trader, q->question, q->answer, &q->later, &q->err);
}

#define JOB_KEYS "peer", "cluster", "job", "submit"

static const struct ask {
	const char *name;
	int (*answer)(struct asked *q);
	const char *keys[20];
} asks[] = {
	{ "ping", ask_ping, { NULL } },
	{ "find", ask_find, { JOB_KEYS, NULL } },
	{ "attach",
	  ask_attach,
	  { JOB_KEYS, "restarts", "ticket", "script", "script_base64", "environment", "minutes", "gres",
	    "accel", "nodes", "tasks", "cpus_per_task", "max_cost", "quote", "memory_mb", "requeue", NULL } },
	{ "status", ask_status, { "key", "renew", NULL } },
	{ "cancel", ask_cancel, { "key", NULL } },
	{ "settle", ask_settle, { "key", NULL } },
	{ "job", ask_job, { "job", NULL } },
	{ "sites", ask_sites, { NULL } },
	{ "quote", ask_quote, { "peer", "gres", "cards", "minutes", "account", NULL } },
	{ "ledger", ask_ledger, { "peer", "account", "user", "month", "after", NULL } },
};
#define ASKS (sizeof(asks) / sizeof(asks[0]))

static int unknown_ask(struct asked *q, const char *name)
{
	const char *names[ASKS + 1] = { NULL }, *near;

	for (size_t i = 0; i < ASKS; i++)
		names[i] = asks[i].name;
	near = weft_nearest(name, names);
	return weft_err(&q->err, "weftd is not asked \"%s\"%s%s%s", weft_snip(name, strlen(name)).text,
			near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int answer_ask(struct asked *q)
{
	const char *name;
	int64_t version;

	if (weft_question_whole(q->question, "weftd", true, 1, INT32_MAX, &version, &q->err) < 0)
		return -1;
	if (version != WEFT_WIRE_VERSION)
		return weft_err(&q->err, "this weftd speaks version %d, not %lld", WEFT_WIRE_VERSION,
				(long long)version);
	if (weft_question_text(q->question, "ask", true, WEFT_QUESTION_MAX_WORD, &name, &q->err) < 0)
		return -1;
	for (size_t i = 0; i < ASKS; i++) {
		if (!strcmp(asks[i].name, name))
			return weft_question_keys(q->question, asks[i].keys, &q->err) < 0 ? -1
											  : asks[i].answer(q);
	}
	return unknown_ask(q, name);
}

/* Everything that was put in before goes. */
static void refuse(struct asked *q)
{
	json_object_put(q->answer);
	q->answer = json_object_new_object();
	for (char *s = q->err.text; *s; s++) /* a file's words, or a user's, need not be UTF-8 */
		*s = *s < ' ' || *s > '~' ? '?' : *s;
	json_object_object_add(q->answer, "error", json_object_new_string(q->err.text));
	json_object_object_add(q->answer, "code", json_object_new_string(q->later ? "later" : "no"));
}

char *weft_answer(void *answerer, uid_t uid, const char *text, size_t len)
{
	struct asked q = { .by = answerer, .uid = uid, .answer = json_object_new_object() };
	const char *id = "", *line;
	char *copy = NULL;
	int rc = weft_json_parse(&q.question, "the question", text, len, MAX_DEPTH, &q.err);

	if (rc == 0 && !json_object_is_type(q.question, json_type_object))
		rc = no(&q, "the question must be an object");
	if (rc == 0)
		rc = weft_question_text(q.question, "id", true, 64, &id, &q.err);
	if (rc == 0)
		rc = answer_ask(&q);
	if (rc < 0)
		refuse(&q);
	json_object_object_add(q.answer, "weftd", json_object_new_int(WEFT_WIRE_VERSION));
	json_object_object_add(q.answer, "id", json_object_new_string(id ? id : ""));
	json_object_object_add(q.answer, "ok", json_object_new_boolean(rc == 0));
	line = json_object_to_json_string_ext(q.answer, JSON_C_TO_STRING_PLAIN);
	if (line)
		copy = strdup(line);
	json_object_put(q.answer);
	json_object_put(q.question);
	return copy;
}
