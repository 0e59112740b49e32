/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.c - looks at the peers.
 *
 * What the threads share is what is known of the peers, under a lock that nobody waits under; who writes the
 * file has another one.
 */
#include "weftd/watch.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/capacity.h"
#include "core/file.h"
#include "core/json.h"
#include "core/scan.h"
#include "core/sites.h"
#include "core/when.h"
#include "weftd/http.h"
#include "weftd/log.h"
#include "weftd/offer.h"
#include "core/price.h"
#include "weftd/token.h"

#define MOST_PAUSE  300	       /* s between two looks at a peer that does not answer */
#define LIAR_PAUSE  60	       /* s at least before a peer is believed again */
#define MAX_PING    (1u << 20) /* bytes */
#define MAX_ASKED   5000       /* runs in an answer */
#define HOLD_OFF    900	       /* s for which a refusal holds */
#define WEFTD_TOKEN "weftd"    /* the file in Tokens= for our own looks */
#define RECHECK	    3600       /* s after which the version of the interface is looked for again */

/* What one look at a peer gave. */
struct look {
	struct weft_rest_node *nodes;
	struct weft_rest_seen *jobs;
	size_t n_nodes, n_jobs;
	bool lied; /* there is an answer that cannot be */
};

struct watcher {
	struct weft_watch *watch;
	const struct weft_conf_peer *peer;
	unsigned index; /* in sites.peers */
	pthread_t thread;
	/* of its thread alone */
	struct weft_http *link;
	int version; /* 0: to be looked for */
	time_t version_at, looked;
	unsigned failures; /* in a row */
	double scale;
	unsigned seed;
	char release[64], offer_why[WEFT_ERR_SIZE];
};

struct weft_watch {
	const struct weft_conf *conf;
	struct weft_runs *runs;
	struct watcher *watchers;
	unsigned n;
	pthread_mutex_t lock, save; /* SAVE: one writes the snapshot; taken before LOCK */
	pthread_cond_t cond;
	bool stop;
	struct weft_sites sites;		 /* without runs */
	time_t refused[WEFT_SITES_MAX_REFUSALS]; /* when each of its refusals was; by the monotonic clock */
};

static time_t now_monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static bool stops(void *arg)
{
	struct weft_watch *watch = arg;
	bool stop;

	pthread_mutex_lock(&watch->lock);
	stop = watch->stop;
	pthread_mutex_unlock(&watch->lock);
	return stop;
}

/* ---------------------------------------------------------------- asking */

/* GET PATH under this version's "/slurm/v0.0.N/". */
static int get(struct watcher *w, const struct weft_http_as *as, const char *path, size_t max,
	       struct weft_http_answer *answer, struct look *look, struct weft_err *err)
{
	char full[128];
	enum weft_http_result result;

	snprintf(full, sizeof(full), "/slurm/v0.0.%d/%s", w->version, path);
	result = weft_http_ask(w->link, as, "GET", full, NULL, max, answer, err);
	look->lied = look->lied || result == WEFT_HTTP_REFUSED;
	return result == WEFT_HTTP_ANSWER ? 0 : -1;
}

/* {"meta": {"slurm": {"release": "24.11.5"}}}; "Slurm" in 22.05. */
static void read_release(const struct weft_http_answer *answer, char *release, size_t size)
{
	json_object *root = NULL, *meta = NULL, *slurm = NULL, *value = NULL;

	if (weft_json_parse(&root, "ping", answer->text, answer->len, 32, NULL) < 0)
		return;
	if (json_object_is_type(root, json_type_object) && json_object_object_get_ex(root, "meta", &meta) &&
	    json_object_is_type(meta, json_type_object) &&
	    (json_object_object_get_ex(meta, "slurm", &slurm) ||
	     json_object_object_get_ex(meta, "Slurm", &slurm)) &&
	    json_object_is_type(slurm, json_type_object) &&
	    json_object_object_get_ex(slurm, "release", &value) &&
	    json_object_is_type(value, json_type_string))
		snprintf(release, size, "%s", json_object_get_string(value));
	json_object_put(root);
}

static int find_version(struct watcher *w, const struct weft_http_as *as, time_t now, struct look *look,
			struct weft_err *err)
{
	struct weft_http_answer answer = { 0 };
	bool db;

	if (w->version && now - w->version_at < RECHECK && now >= w->version_at)
		return 0;
	w->version = weft_http_probe(w->link, as, &db, err);
	if (!w->version)
		return -1;
	w->version_at = now;
	if (get(w, as, "ping", MAX_PING, &answer, look, err) == 0)
		read_release(&answer, w->release, sizeof(w->release));
	weft_http_clear(&answer);
	return 0;
}

static int get_nodes(struct watcher *w, const struct weft_http_as *as, struct look *look,
		     struct weft_err *err)
{
	struct weft_http_answer answer = { 0 };
	int rc = get(w, as, "nodes", WEFT_REST_MAX_ANSWER, &answer, look, err);

	if (rc == 0) {
		rc = weft_rest_nodes(answer.text, answer.len, &look->nodes, &look->n_nodes, err);
		look->lied = look->lied || (rc < 0 && answer.status == 200);
	}
	weft_http_clear(&answer);
	return rc;
}

static int get_jobs(struct watcher *w, const struct weft_http_as *as, struct look *look, struct weft_err *err)
{
	struct weft_http_answer answer = { 0 };
	int rc = get(w, as, "jobs", WEFT_REST_MAX_ANSWER, &answer, look, err);

	if (rc == 0) {
		rc = weft_rest_jobs(answer.text, answer.len, &look->jobs, &look->n_jobs, err);
		look->lied = look->lied || (rc < 0 && answer.status == 200);
	}
	weft_http_clear(&answer);
	return rc;
}

static void clear_look(struct look *look)
{
	weft_rest_free_nodes(look->nodes, look->n_nodes);
	weft_rest_free_seen(look->jobs, look->n_jobs);
}

static int look_at(struct watcher *w, time_t now, struct look *look, struct weft_err *err)
{
	struct weft_http_as as = { 0 };
	char *token = weft_token_read(w->peer->token, w->peer->tokens, WEFTD_TOKEN, err);
	int rc = -1;

	if (!token)
		return -1;
	as.token = token;
	if (!w->link) {
		struct weft_http_options options = {
			.url = w->peer->url, .ca = w->peer->ca, .stops = stops, .arg = w->watch
		};

		w->link = weft_http_open(&options, err);
	}
	if (w->link && find_version(w, &as, now, look, err) == 0 && get_nodes(w, &as, look, err) == 0)
		rc = get_jobs(w, &as, look, err);
	if (rc < 0)
		w->version = 0; /* it may be another one when it answers again */
	weft_token_free(token);
	return rc;
}

/* ---------------------------------------------------------------- prices */

static void apply_offer(const struct weft_offer *offer, struct weft_site_kind *kind, bool priced)
{
	for (unsigned i = 0; i < offer->n_kinds; i++) {
		const struct weft_offer_kind *o = &offer->kinds[i];

		if (!weft_name_equal(o->gres, kind->gres))
			continue;
		kind->carbon = o->carbon;
		if (!priced) {
			kind->price = o->price;
			memcpy(kind->currency, o->currency, sizeof(kind->currency));
		}
	}
}

/* Each new trouble is said once. */
static void say_trouble(struct watcher *w, const struct weft_err *err)
{
	if (err->text[0] && strcmp(w->offer_why, err->text) != 0)
		weft_log(WEFT_LOG_ERROR, "%s: %s", w->peer->name, err->text);
	snprintf(w->offer_why, sizeof(w->offer_why), "%s", err->text);
}

/* -1 with ERR: the peer's offer says what cannot be.  One that is not there, or too old, is only not known.
 */
static int set_prices(struct watcher *w, time_t now, struct weft_site_kind *kinds, unsigned n,
		      struct weft_err *err)
{
	struct weft_err trouble = WEFT_ERR_INIT;
	int64_t price = weft_price_at(w->peer->price, now, &trouble);
	const struct weft_offer_place place = { w->peer->offer, w->peer->ca, w->peer->offer_key, stops,
						w->watch };
	struct weft_offer *offer = w->peer->offer ? calloc(1, sizeof(*offer)) : NULL;
	bool offered = offer && weft_offer_get(&place, now, offer, &trouble) == 0;

	if (offer && offer->lies) {
		free(offer);
		return weft_err(err, "%s", trouble.text);
	}
	say_trouble(w, &trouble);
	for (unsigned i = 0; i < n; i++) {
		kinds[i].price = price;
		memcpy(kinds[i].currency, w->peer->currency, sizeof(kinds[i].currency));
		if (offered)
			apply_offer(offer, &kinds[i], w->peer->price != NULL);
	}
	free(offer);
	return 0;
}

/* ---------------------------------------------------------------- what is known */

static void replace(char **text, const char *new)
{
	char *s = strdup(new);

	if (s) { /* out of memory: the old one stays */
		free(*text);
		*text = s;
	}
}

/* It answered: KINDS are taken over. */
static void note_good(struct watcher *w, time_t now, struct weft_site_kind *kinds, unsigned n)
{
	struct weft_site_peer *peer = &w->watch->sites.peers[w->index];
	double error = NAN;
	unsigned judged = 0;
	bool was_open;

	weft_runs_forecasts(w->watch->runs, w->peer->name, &error, &judged);
	pthread_mutex_lock(&w->watch->lock);
	was_open = peer->open;
	weft_capacity_free(peer->kinds, peer->n_kinds);
	peer->kinds = kinds;
	peer->n_kinds = n;
	peer->open = true;
	peer->version = w->version;
	peer->seen = now;
	peer->error = error;
	peer->judged = judged;
	replace(&peer->why, "");
	replace(&peer->release, w->release);
	pthread_mutex_unlock(&w->watch->lock);
	w->failures = 0;
	if (!was_open)
		weft_log(WEFT_LOG_INFO, "%s answers: Slurm %s, v0.0.%d, %u kinds of cards", w->peer->name,
			 w->release[0] ? w->release : "of unknown release", w->version, n);
}

static void note_bad(struct watcher *w, bool lied, const char *why)
{
	struct weft_site_peer *peer = &w->watch->sites.peers[w->index];
	char text[WEFT_ERR_SIZE + 128], since[WEFT_WHEN_SIZE] = "";
	bool was_open;

	pthread_mutex_lock(&w->watch->lock);
	was_open = peer->open || w->failures == 0;
	if (peer->seen)
		weft_when_text(peer->seen, since);
	snprintf(text, sizeof(text), "%s%s%s: %s", lied ? "its answers cannot be" : "no answer",
		 *since ? " since " : "", since, why);
	peer->open = false;
	replace(&peer->why, text);
	pthread_mutex_unlock(&w->watch->lock);
	w->failures++;
	weft_log(was_open ? WEFT_LOG_ERROR : WEFT_LOG_DEBUG, "%s is set aside: %s", w->peer->name, text);
}

static int add_runs(struct weft_watch *watch, uid_t uid, size_t max, struct weft_sites *sites,
		    struct weft_err *err)
{
	struct weft_run_status *list = NULL;
	size_t n = 0;

	sites->runs = NULL;
	sites->n_runs = 0;
	if (weft_runs_list(watch->runs, uid, 0, &list, &n, err) < 0)
		return -1;
	n = n < max ? n : max;
	sites->runs = calloc(n + 1, sizeof(*sites->runs));
	for (size_t i = 0; sites->runs && i < n; i++) {
		struct weft_site_run *run = &sites->runs[sites->n_runs];

		if (list[i].phase == WEFT_RUN_CANCELLED || list[i].phase == WEFT_RUN_REFUSED)
			continue; /* nothing of it is there, nor will be */
		run->job = list[i].job;
		run->remote_id = list[i].remote_id;
		run->peer = strdup(list[i].peer);
		run->state = strdup(weft_rest_state_name(list[i].state));
		sites->n_runs += run->peer && run->state;
		if (!run->peer || !run->state) {
			free(run->peer);
			free(run->state);
		}
	}
	free(list);
	return sites->runs ? 0 : weft_err(err, "out of memory");
}

/* ---------------------------------------------------------------- refusals */

/* The lock is held for each of these. */
static void drop_refusal(struct weft_watch *watch, unsigned i)
{
	struct weft_sites *sites = &watch->sites;

	free(sites->refusals[i].peer);
	free(sites->refusals[i].why);
	sites->n_refusals--;
	memmove(&sites->refusals[i], &sites->refusals[i + 1],
		(sites->n_refusals - i) * sizeof(*sites->refusals));
	memmove(&watch->refused[i], &watch->refused[i + 1],
		(sites->n_refusals - i) * sizeof(*watch->refused));
}

static void age_refusals(struct weft_watch *watch)
{
	while (watch->sites.n_refusals && now_monotonic() >= watch->refused[0] + HOLD_OFF)
		drop_refusal(watch, 0);
}

static void add_refusal(struct weft_watch *watch, const struct weft_site_refusal *new)
{
	struct weft_sites *sites = &watch->sites;

	for (unsigned i = sites->n_refusals; i-- > 0;) {
		const struct weft_site_refusal *old = &sites->refusals[i];

		if (old->job == new->job && old->uid == new->uid && !strcmp(old->peer, new->peer))
			drop_refusal(watch, i);
	}
	if (sites->n_refusals == WEFT_SITES_MAX_REFUSALS)
		drop_refusal(watch, 0);
	watch->refused[sites->n_refusals] = now_monotonic();
	sites->refusals[sites->n_refusals++] = *new;
}

static void save(struct weft_watch *watch);

void weft_watch_refused(struct weft_watch *watch, uint32_t job, uid_t uid, const char *peer, const char *why)
{
	struct weft_site_refusal new = { job, uid, strdup(peer), strdup(why) };

	pthread_mutex_lock(&watch->lock);
	if (new.peer &&new.why && watch->sites.refusals) {
		add_refusal(watch, &new);
		new.peer = new.why = NULL;
	}
	pthread_mutex_unlock(&watch->lock);
	free(new.peer);
	free(new.why);
	save(watch);
}

/* The snapshot's text, with the runs of UID. */
static char *make_text(struct weft_watch *watch, uid_t uid, size_t max, size_t *len, struct weft_err *err)
{
	struct weft_sites sites = { .made = time(NULL) };
	char *text = NULL;

	if (add_runs(watch, uid, max, &sites, err) == 0) {
		pthread_mutex_lock(&watch->lock);
		sites.peers = watch->sites.peers;
		sites.n_peers = watch->sites.n_peers;
		age_refusals(watch);
		if (uid == (uid_t)-1) {
			sites.refusals = watch->sites.refusals;
			sites.n_refusals = watch->sites.n_refusals;
		}
		text = weft_sites_write(&sites, len, err);
		pthread_mutex_unlock(&watch->lock);
	}
	for (unsigned i = 0; i < sites.n_runs; i++) {
		free(sites.runs[i].peer);
		free(sites.runs[i].state);
	}
	free(sites.runs);
	return text;
}

static void save(struct weft_watch *watch)
{
	struct weft_err err = WEFT_ERR_INIT;
	size_t len = 0;
	char *text;

	pthread_mutex_lock(&watch->save);
	text = make_text(watch, (uid_t)-1, WEFT_SITES_MAX_RUNS, &len, &err);
	if (!text || weft_file_replace(watch->conf->burst.sites, text, len, 0644, &err) < 0)
		weft_log(WEFT_LOG_ERROR, "the snapshot is not written: %s", err.text);
	pthread_mutex_unlock(&watch->save);
	free(text);
}

/* ---------------------------------------------------------------- a thread */

/* Until the next look: PollInterval=, or with each failure twice as long; from half of that on, so that they
 * do not all come at once. */
static unsigned pause_of(struct watcher *w, bool lied)
{
	unsigned s = w->watch->conf->burst.poll, most = s > MOST_PAUSE ? s : MOST_PAUSE;

	for (unsigned i = 1; i < w->failures && s < most; i++)
		s *= 2;
	s = s < most ? s : most;
	if (lied && s < LIAR_PAUSE)
		s = LIAR_PAUSE;
	return w->failures == 0 ? s * 1000 : s * 500 + (unsigned)rand_r(&w->seed) % (s * 500 + 1);
}

/* Until MS have passed: false: it is over. */
static bool sleep_for(struct weft_watch *watch, unsigned ms)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&watch->lock);
	while (!watch->stop && pthread_cond_timedwait(&watch->cond, &watch->lock, &until) != ETIMEDOUT)
		continue;
	stop = watch->stop;
	pthread_mutex_unlock(&watch->lock);
	return !stop;
}

/* True: the peer lied. */
static bool look_once(struct watcher *w)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct look look = { 0 };
	struct weft_site_kind *kinds = NULL;
	unsigned n = 0;
	time_t now = time(NULL);
	int rc = look_at(w, now, &look, &err);

	if (rc == 0) {
		w->scale = weft_capacity_scale(w->scale, look.jobs, look.n_jobs, w->looked);
		w->looked = now;
		rc = weft_capacity_make(&(struct weft_capacity_facts){ .nodes = look.nodes,
								       .n_nodes = look.n_nodes,
								       .jobs = look.jobs,
								       .n_jobs = look.n_jobs,
								       .partition = w->peer->partition,
								       .now = now,
								       .scale = w->scale },
					&kinds, &n);
		if (rc < 0)
			weft_err(&err, "out of memory");
	}
	clear_look(&look);
	if (rc == 0 && set_prices(w, now, kinds, n, &err) < 0) {
		weft_capacity_free(kinds, n);
		look.lied = true;
		rc = -1;
	}
	if (rc == 0) {
		note_good(w, now, kinds, n);
	} else if (!stops(w->watch)) {
		note_bad(w, look.lied, err.text);
	}
	return rc < 0 && look.lied;
}

static void *watch_thread(void *arg)
{
	struct watcher *w = arg;
	bool lied;

	do {
		lied = look_once(w);
		if (!stops(w->watch))
			save(w->watch);
	} while (sleep_for(w->watch, pause_of(w, lied)));
	return NULL;
}

/* ---------------------------------------------------------------- for others */

json_object *weft_watch_sites(struct weft_watch *watch, uid_t uid, struct weft_err *err)
{
	size_t len = 0;
	char *text = make_text(watch, uid, MAX_ASKED, &len, err);
	json_object *root = NULL;

	if (text)
		weft_json_parse(&root, "the snapshot", text, len, 16, err);
	free(text);
	return root;
}

int64_t weft_watch_price(struct weft_watch *watch, const char *peer, const char *gres, char currency[4])
{
	const struct weft_site_peer *p;
	const struct weft_site_kind *kind;
	int64_t price = -1;

	currency[0] = '\0';
	pthread_mutex_lock(&watch->lock);
	p = weft_sites_peer(&watch->sites, peer);
	kind = p ? weft_sites_kind(p, gres) : NULL;
	if (kind) {
		price = kind->price;
		memcpy(currency, kind->currency, sizeof(kind->currency));
	}
	pthread_mutex_unlock(&watch->lock);
	return price;
}

/* ---------------------------------------------------------------- start and stop */

static int make_peers(struct weft_watch *watch)
{
	const struct weft_conf *conf = watch->conf;

	watch->watchers = calloc(conf->n_peers + 1, sizeof(*watch->watchers));
	watch->sites.peers = calloc(conf->n_peers + 1, sizeof(*watch->sites.peers));
	watch->sites.refusals = calloc(WEFT_SITES_MAX_REFUSALS, sizeof(*watch->sites.refusals));
	if (!watch->watchers || !watch->sites.peers || !watch->sites.refusals)
		return -1;
	for (unsigned i = 0; i < conf->n_peers; i++) {
		struct weft_site_peer *peer = &watch->sites.peers[watch->sites.n_peers++];
		struct timespec ts;

		peer->name = strdup(conf->peers[i].name);
		peer->why = strdup("not asked yet");
		peer->release = strdup("");
		peer->error = NAN;
		if (!peer->name || !peer->why || !peer->release)
			return -1;
		clock_gettime(CLOCK_REALTIME, &ts);
		watch->watchers[i] = (struct watcher){ .watch = watch,
						       .peer = &conf->peers[i],
						       .index = i,
						       .scale = 1,
						       .seed = (unsigned)ts.tv_nsec + i };
	}
	return 0;
}

struct weft_watch *weft_watch_start(const struct weft_conf *conf, struct weft_runs *runs,
				    struct weft_err *err)
{
	struct weft_watch *watch = calloc(1, sizeof(*watch));
	pthread_condattr_t attr;

	if (!watch) {
		weft_err(err, "out of memory");
		return NULL;
	}
	watch->conf = conf;
	watch->runs = runs;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_mutex_init(&watch->save, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->cond, &attr);
	pthread_condattr_destroy(&attr);
	if (make_peers(watch) < 0) {
		weft_err(err, "out of memory");
		weft_watch_stop(watch);
		return NULL;
	}
	save(watch);
	for (unsigned i = 0; i < watch->sites.n_peers; i++) {
		int rc = pthread_create(&watch->watchers[i].thread, NULL, watch_thread, &watch->watchers[i]);

		if (rc) {
			weft_err(err, "no thread: %s", strerror(rc));
			weft_watch_stop(watch);
			return NULL;
		}
		watch->n++;
	}
	return watch;
}

void weft_watch_stop(struct weft_watch *watch)
{
	if (!watch)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->stop = true;
	pthread_cond_broadcast(&watch->cond);
	pthread_mutex_unlock(&watch->lock);
	for (unsigned i = 0; i < watch->n; i++) {
		pthread_join(watch->watchers[i].thread, NULL);
		weft_http_close(watch->watchers[i].link);
	}
	for (unsigned i = 0; i < watch->sites.n_peers; i++) {
		struct weft_site_peer *peer = &watch->sites.peers[i];

		weft_capacity_free(peer->kinds, peer->n_kinds);
		free(peer->name);
		free(peer->why);
		free(peer->release);
	}
	while (watch->sites.n_refusals)
		drop_refusal(watch, watch->sites.n_refusals - 1);
	free(watch->sites.refusals);
	free(watch->sites.peers);
	free(watch->watchers);
	pthread_cond_destroy(&watch->cond);
	pthread_mutex_destroy(&watch->save);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}
