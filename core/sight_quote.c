/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sight_quote.c - what a request would come to, at home and at each peer: when it would start and end, what
 * it costs, what it draws.
 *
 * A forecast counts cards of a class as a pool (outlook.h), of those at home also on which nodes they come
 * free.  It knows nothing of limits, of what else than cards a job asks for, or of jobs that are submitted
 * later.
 */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/jobspec.h"
#include "core/money.h"
#include "core/outlook.h"
#include "core/plan.h"
#include "core/scan.h"
#include "core/sight_private.h"
#include "core/sites.h"
#include "core/when.h"
#include "core/why.h"

#define OFFERS	   128
#define QUEUE	   500		      /* jobs that wait that forecasts take in, in all */
#define FOR_EVER   (10 * 365 * 86400) /* s: what has no end */
#define AN_HOUR	   3600		      /* s */
#define STALE	   300		      /* s: a snapshot that is older is not believed */
#define MAX_LENGTH (366 * 86400)      /* s */
#define HASHES	   8192

struct offer {
	const char *site; /* NULL: home */
	unsigned alternative, cards, nodes;
	const char *class, *note; /* NOTE: why something is not known; "" */
	time_t start, finish;	  /* 0: not known */
	int64_t cost;		  /* micro-units; -1: not known */
	const char *currency;
	double kwh, grams; /* NAN: not known */
	bool cheapest, soonest, greenest;
};

struct waiter {
	unsigned class_id;
	const struct weft_sight_job *job;
};

struct quote {
	const struct weft_sight *s;
	time_t now;
	unsigned seconds; /* on the reference */
	struct weft_jobspec spec;
	unsigned char *home;			/* by node */
	unsigned gateways[WEFT_CONF_MAX_PEERS]; /* the nodes of the peers; UINT_MAX: there is none */
	struct waiter *queue;			/* who waits for such cards at home */
	size_t n_queue, room;			/* so many of a class are taken in */
	size_t waiting[WEFT_INVENTORY_MAX_CLASSES];
	uint64_t cards[WEFT_INVENTORY_MAX_CLASSES];		   /* at home, that can be used */
	unsigned char *nodes_of[WEFT_INVENTORY_MAX_CLASSES];	   /* by node: at home, with such cards? */
	struct weft_outlook *outlooks[WEFT_INVENTORY_MAX_CLASSES]; /* at home; NULL: not made yet */
	double rate;						   /* of the reference; 0: not known yet */
	struct offer offers[OFFERS];
	size_t n, left_out;
	size_t waiting_left_out;
};

/* ---------------------------------------------------------------- home */

static bool is_home(unsigned index, void *arg)
{
	const struct quote *q = arg;

	return index < q->s->n_nodes && q->home[index];
}

static unsigned hash_of(const char *name)
{
	unsigned h = 2166136261u; /* FNV-1a */

	while (*name)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return (h ^ h >> 16) % HASHES;
}

/* Home is the nodes that stand for no peer.  Few have the hash of one that does. */
static int find_home(struct quote *q)
{
	const struct weft_conf *conf = q->s->view->conf;
	bool maybe[HASHES] = { false };

	for (size_t i = 0; i < conf->n_peers; i++) {
		maybe[hash_of(conf->peers[i].node)] = true;
		q->gateways[i] = UINT_MAX;
	}
	q->home = calloc(q->s->n_nodes + 1, 1);
	for (size_t i = 0; q->home && i < q->s->n_nodes; i++) {
		const char *name = q->s->nodes[i].name;
		const struct weft_conf_peer *peer =
			name && maybe[hash_of(name)] ? weft_conf_peer_of_node(conf, name) : NULL;

		q->home[i] = name && !peer;
		if (peer)
			q->gateways[peer - conf->peers] = (unsigned)i;
	}
	return q->home ? 0 : -1;
}

/* Those that run on cards of the class; how many. */
static size_t who_runs(const struct quote *q, unsigned class_id, struct weft_outlook_running *running)
{
	const struct weft_sight *s = q->s;
	size_t n = 0;

	for (size_t i = 0; i < s->n_uses; i++) {
		const struct weft_sight_use *u = &s->uses[i];
		time_t end = s->jobs[u->job].end;

		if (u->class_id == class_id && q->home[u->node] && weft_node_usable(s->nodes[u->node].state))
			running[n++] =
				(struct weft_outlook_running){ u->cards, end ? end : q->now + FOR_EVER };
	}
	return n;
}

/* Those that wait for cards at home, once for all classes of the request. */
static int list_queue(struct quote *q)
{
	const struct weft_sight *s = q->s;
	bool *away = calloc(s->n_parts + 1, sizeof(*away)); /* by partition: is it a peer's? */

	q->queue = malloc((s->n_jobs + 1) * sizeof(*q->queue));
	if (!away || !q->queue) {
		free(away);
		return -1;
	}
	for (size_t i = 0; i < s->n_parts; i++)
		away[i] = s->parts[i].name && weft_conf_peer_of_partition(s->view->conf, s->parts[i].name);
	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct weft_sight_job *job = &s->jobs[i];

		if (job->state != WEFT_JOB_PENDING || job->priority == 0 || !job->cards || job->dependency ||
		    (job->part < s->n_parts && away[job->part]) ||
		    job->asks[0] >= WEFT_INVENTORY_MAX_CLASSES || !q->nodes_of[job->asks[0]])
			continue;
		q->queue[q->n_queue++] = (struct waiter){ job->asks[0], job };
		q->waiting[job->asks[0]]++;
	}
	free(away);
	return 0;
}

/* How many of each class are taken in when that are QUEUE in all at most: of the short queues all, of the
 * others as many of each. */
static size_t room_of_class(const struct quote *q)
{
	size_t room = 0, classes, left = QUEUE, more;

	do {
		classes = 0;
		for (size_t i = 0; i < WEFT_INVENTORY_MAX_CLASSES; i++)
			classes += q->waiting[i] > room;
		more = classes ? left / classes : 0;
		for (size_t i = 0, before = room; i < WEFT_INVENTORY_MAX_CLASSES; i++) {
			if (q->waiting[i] > before)
				left -= q->waiting[i] - before < more ? q->waiting[i] - before : more;
		}
		room += more;
	} while (more > 0);
	return room;
}

static bool is_later(const struct weft_outlook_waiting *a, const struct weft_outlook_waiting *b)
{
	return a->priority != b->priority ? a->priority < b->priority : a->id > b->id;
}

/* HEAP has its latest first, but for what is at I. */
static void sink(struct weft_outlook_waiting *heap, size_t n, size_t i)
{
	for (;;) {
		size_t latest = i;
		struct weft_outlook_waiting moved = heap[i];

		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < n; k++)
			latest = is_later(&heap[k], &heap[latest]) ? k : latest;
		if (latest == i)
			return;
		heap[i] = heap[latest];
		heap[latest] = moved;
		i = latest;
	}
}

/* One more: in the place of the latest, when there is room for no more than ROOM. */
static void keep_first(struct weft_outlook_waiting *heap, size_t *n, size_t room,
		       const struct weft_outlook_waiting *job)
{
	if (*n < room) {
		heap[(*n)++] = *job;
		for (size_t i = *n == room ? room / 2 : 0; i-- > 0;)
			sink(heap, room, i);
	} else if (room > 0 && is_later(&heap[0], job)) {
		heap[0] = *job;
		sink(heap, room, 0);
	}
}

/* The first of those that wait for cards of the class; how many. */
static size_t who_waits(struct quote *q, unsigned class_id, struct weft_outlook_waiting *waiting)
{
	size_t n = 0, all = 0;

	for (size_t i = 0; i < q->n_queue; i++) {
		const struct weft_sight_job *job = q->queue[i].job;

		if (q->queue[i].class_id != class_id)
			continue;
		all++;
		keep_first(waiting, &n, q->room,
			   &(struct weft_outlook_waiting){ .cards = job->cards,
							   .seconds = job->seconds ? job->seconds : FOR_EVER,
							   .begin = job->begin,
							   .priority = job->priority,
							   .id = job->id });
	}
	q->waiting_left_out += all - n;
	return n;
}

/* NULL: out of memory. */
static const struct weft_outlook *outlook_of(struct quote *q, unsigned class_id)
{
	struct weft_outlook_running *running;
	struct weft_outlook_waiting *waiting;
	struct weft_outlook *o = NULL;
	uint32_t cards = q->cards[class_id] < UINT32_MAX ? (uint32_t)q->cards[class_id] : UINT32_MAX;

	if (q->outlooks[class_id])
		return q->outlooks[class_id];
	running = malloc((q->s->n_uses + 1) * sizeof(*running));
	waiting = malloc((q->room + 1) * sizeof(*waiting));
	if (running && waiting)
		o = calloc(1, sizeof(*o));
	if (o) {
		if (weft_outlook_make(o, cards, q->now, 1, running, who_runs(q, class_id, running), waiting,
				      who_waits(q, class_id, waiting))) {
			free(o);
			o = NULL;
		}
		q->outlooks[class_id] = o;
	}
	free(running);
	free(waiting);
	return o;
}

/* When nodes have room for it, if nobody else takes it; 0 and *NOTE: that is not known. */
static time_t nodes_have_room(const struct quote *q, const struct weft_candidate *c, const char **note)
{
	static const struct weft_sight_job any = { .part = WEFT_SIGHT_NONE };
	const struct weft_sight_interest home = { .eligible = q->nodes_of[c->class->id] };
	struct weft_why why;

	*note = "out of memory";
	if (weft_sight_find(q->s, &any, &home, c, &why))
		return 0;
	*note = "nodes that are down or drained are needed for it";
	if (why.kind > WEFT_WHY_BUSY)
		return 0;
	*note = "";
	if (why.kind == WEFT_WHY_NOTHING)
		return q->now;
	return why.when ? why.when : q->now + FOR_EVER;
}

static time_t start_at_home(struct quote *q, const struct weft_candidate *c, unsigned seconds,
			    const char **note)
{
	time_t room = nodes_have_room(q, c, note), start;
	const struct weft_outlook *o = room ? outlook_of(q, c->class->id) : NULL;

	if (!room)
		return 0;
	*note = o ? "jobs without a time limit are in its way" : "out of memory";
	start = o ? weft_outlook_start(o, c->devices, seconds, q->now) : 0;
	if (!start)
		return 0;
	start = start > room ? start : room;
	if (start >= q->now + FOR_EVER)
		return 0;
	*note = "";
	return start;
}

/* ---------------------------------------------------------------- offers */

/* W of one card when it is busy; NAN: not known. */
static double watts_of(const struct weft_sight *s, const struct weft_class *class)
{
	const struct weft_conf *conf = s->view->conf;

	for (size_t i = conf->n_power_classes; i > 0; i--) {
		if (weft_name_equal(conf->power_classes[i - 1].gres, class->label))
			return conf->power_classes[i - 1].peak;
	}
	if (class->model && weft_figure_known(class->model->tdp))
		return class->model->tdp.hi;
	return NAN;
}

static void price_at_home(struct quote *q, struct offer *o, const struct weft_candidate *c, unsigned seconds)
{
	o->start = start_at_home(q, c, seconds, &o->note);
	o->cost = weft_price_list_cost(q->s->view->prices, o->class, o->cards, o->start ? o->start : q->now,
				       seconds, &o->currency);
	o->grams = o->kwh * q->s->carbon;
}

static void price_there(struct quote *q, struct offer *o, const struct weft_site_peer *peer, unsigned seconds)
{
	const struct weft_site_kind *kind = peer ? weft_sites_kind(peer, o->class) : NULL;

	if (!peer || !kind) {
		o->note =
			peer ? "no such cards are known there" : "nothing is known of it: is weftd running?";
		return;
	}
	if (!peer->open)
		o->note = *peer->why ? peer->why : "it takes no jobs now";
	else
		o->start = weft_outlook_start(&kind->outlook, o->cards, seconds, q->now);
	if (peer->open && !o->start)
		o->note = "too few of its cards can be used";
	o->cost = weft_money_cost(kind->price, o->cards, seconds);
	o->currency = kind->currency;
	o->grams = o->kwh * kind->carbon;
}

static unsigned run_time(struct quote *q, const struct weft_candidate *c)
{
	double slowdown = c->slowdown;

	if (!(q->rate > 0) && isfinite(c->rate))
		q->rate = c->rate * c->slowdown;
	if (q->rate > 0 && isfinite(c->rate))
		slowdown = q->rate / c->rate;
	if (!isfinite(slowdown) || slowdown * q->seconds > MAX_LENGTH)
		return MAX_LENGTH;
	return slowdown * q->seconds < 1 ? 1 : (unsigned)ceil(slowdown * q->seconds);
}

static void add_offer(struct quote *q, const struct weft_conf_peer *conf, const struct weft_site_peer *peer,
		      const struct weft_candidate *c)
{
	unsigned seconds = run_time(q, c);
	struct offer *o = &q->offers[q->n];

	if (q->n == OFFERS) {
		q->left_out++;
		return;
	}
	q->n++;
	*o = (struct offer){ .site = conf ? conf->name : NULL,
			     .alternative = c->alternative + 1,
			     .cards = c->devices,
			     .nodes = c->nodes,
			     .class = c->class->label,
			     .note = "",
			     .cost = -1,
			     .currency = "",
			     .kwh = c->mix ? NAN : c->devices * watts_of(q->s, c->class) * seconds / 3.6e6,
			     .grams = NAN };
	if (c->mix) {
		o->cost = q->s->view->conf->burst.n_prices ? -1 : 0;
		o->note = "a mix: its start is not forecast";
	} else if (conf) {
		price_there(q, o, peer, seconds);
	} else {
		price_at_home(q, o, c, seconds);
	}
	o->finish = o->start ? o->start + (time_t)seconds : 0;
}

/* Which nodes and cards there are at home of each class that the request may have.  Each of them gets as much
 * of the queue, so that an answer takes no longer for many. */
static int count_home(struct quote *q, const struct weft_plan *plan)
{
	const struct weft_sight *s = q->s;

	for (size_t i = 0; i < plan->n; i++) {
		const struct weft_candidate *c = &plan->candidates[i];

		if (c->mix || q->nodes_of[c->class->id])
			continue;
		q->nodes_of[c->class->id] = calloc(s->n_nodes + 1, 1);
		if (!q->nodes_of[c->class->id])
			return -1;
	}
	for (size_t i = 0; i < s->n_nodes; i++) {
		size_t n = 0;
		const struct weft_holding *h =
			q->home[i] ? weft_inventory_node(s->view->inventory, (unsigned)i, &n) : NULL;

		for (size_t k = 0; k < n; k++) {
			if (!q->nodes_of[h[k].class_id])
				continue;
			q->nodes_of[h[k].class_id][i] = 1;
			q->cards[h[k].class_id] += weft_node_usable(s->nodes[i].state) ? h[k].devices : 0;
		}
	}
	if (list_queue(q))
		return -1;
	q->room = room_of_class(q);
	return 0;
}

/* Those of home (CONF NULL) or a peer.  -1 with ERR: there are none. */
static int add_place(struct quote *q, const struct weft_conf_peer *conf, struct weft_err *err)
{
	const struct weft_sites *sites = q->s->sites ? q->s->sites->sites : NULL;
	const struct weft_site_peer *peer = NULL;
	struct weft_scope scope = { .usable = is_home, .arg = q };
	struct weft_plan plan;

	if (conf && sites && sites->made + STALE >= q->now)
		peer = weft_sites_peer(sites, conf->name);
	if (conf)
		scope = (struct weft_scope){ .first = q->gateways[conf - q->s->view->conf->peers], .n = 1 };
	if (weft_plan_make(&plan, q->spec.request, q->s->view->inventory, &scope, q->spec.app,
			   q->s->view->conf->intensity, err))
		return -1;
	if (!conf && count_home(q, &plan)) {
		weft_plan_clear(&plan);
		return weft_err(err, "out of memory");
	}
	for (size_t i = 0; i < plan.n; i++) {
		if (!conf || !plan.candidates[i].mix) /* a peer is asked for one kind */
			add_offer(q, conf, peer, &plan.candidates[i]);
	}
	weft_plan_clear(&plan);
	return 0;
}

/* The best are those that no other is better than; of amounts in several currencies none is said. */
static void mark_best(struct quote *q)
{
	struct offer *cheap = NULL, *soon = NULL, *green = NULL;
	bool comparable = true;

	for (size_t i = 0; i < q->n; i++) {
		struct offer *o = &q->offers[i];

		if (!o->start)
			continue;
		if (o->cost >= 0 && cheap && o->cost && cheap->cost)
			comparable = comparable && weft_same_currency(o->currency, cheap->currency);
		if (o->cost >= 0 && (!cheap || o->cost < cheap->cost))
			cheap = o;
		if (!soon || o->finish < soon->finish)
			soon = o;
		if (!isnan(o->grams) && (!green || o->grams < green->grams))
			green = o;
	}
	if (cheap && (comparable || cheap->cost == 0))
		cheap->cheapest = true;
	if (soon)
		soon->soonest = true;
	if (green)
		green->greenest = true;
}

/* ---------------------------------------------------------------- what is said */

static const char *number_text(double value, char *buf, size_t size)
{
	if (isnan(value))
		snprintf(buf, size, "?");
	else
		snprintf(buf, size, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
	return buf;
}

static void put_offer(struct weft_sheet *sheet, const struct offer *o)
{
	weft_sheet_open(sheet, NULL, WEFT_SHEET_OBJECT);
	weft_sheet_string(sheet, "site", o->site);
	weft_sheet_number(sheet, "alternative", o->alternative);
	weft_sheet_number(sheet, "cards", o->cards);
	weft_sheet_string(sheet, "class", o->class);
	weft_sheet_number(sheet, "nodes", o->nodes);
	weft_sheet_moment(sheet, "start", o->start);
	weft_sheet_moment(sheet, "finish", o->finish);
	if (o->cost < 0)
		weft_sheet_string(sheet, "cost", NULL);
	else
		weft_sheet_number(sheet, "cost", o->cost);
	weft_sheet_string(sheet, "currency", o->currency);
	weft_sheet_figure(sheet, "kwh", o->kwh);
	weft_sheet_figure(sheet, "gco2", o->grams);
	weft_sheet_number(sheet, "cheapest", o->cheapest);
	weft_sheet_number(sheet, "soonest", o->soonest);
	weft_sheet_number(sheet, "greenest", o->greenest);
	weft_sheet_string(sheet, "note", o->note);
	weft_sheet_close(sheet, WEFT_SHEET_OBJECT);
}

static const char *clock_of(const struct weft_sheet *sheet, time_t when, char buf[WEFT_CLOCK_SIZE])
{
	if (!when)
		return "?";
	return when <= sheet->now ? "now" : weft_sheet_clock(sheet, when, buf);
}

static void say_offer(struct weft_sheet *sheet, const struct offer *o)
{
	char start[WEFT_CLOCK_SIZE], finish[WEFT_CLOCK_SIZE], money[WEFT_MONEY_SIZE], kwh[32], grams[32];
	const char *comma = "";

	put_offer(sheet, o);
	weft_say(&sheet->text, "%-12s %3u %6u %-16s %-10s %-10s", o->site ? o->site : "home", o->alternative,
		 o->cards, o->class, clock_of(sheet, o->start, start), clock_of(sheet, o->finish, finish));
	weft_say(&sheet->text, " %14s %8s %9s  ",
		 o->cost < 0	? "?"
		 : o->cost == 0 ? "free"
				: weft_money_text(o->cost, o->currency, money),
		 number_text(o->kwh, kwh, sizeof(kwh)), number_text(o->grams, grams, sizeof(grams)));
	if (o->cheapest || o->soonest || o->greenest) {
		weft_say(&sheet->text, "%s", o->cheapest ? "cheapest" : "");
		comma = o->cheapest ? ", " : "";
		weft_say(&sheet->text, "%s%s", o->soonest ? comma : "", o->soonest ? "soonest" : "");
		comma = o->cheapest || o->soonest ? ", " : "";
		weft_say(&sheet->text, "%s%s", o->greenest ? comma : "", o->greenest ? "greenest" : "");
	} else {
		weft_say(&sheet->text, "%.200s", *o->note ? o->note : "-");
	}
	weft_sheet_end_line(sheet);
}

static void say_quote(struct weft_sheet *sheet, const struct quote *q)
{
	weft_sheet_number(sheet, "made", q->now);
	weft_sheet_number(sheet, "seconds", q->seconds);
	weft_sheet_number(sheet, "left_out", (int64_t)q->left_out);
	weft_sheet_number(sheet, "waiting_left_out", (int64_t)q->waiting_left_out);
	weft_sheet_line(sheet, "%-12s %3s %6s %-16s %-10s %-10s %14s %8s %9s  %s", "SITE", "ALT", "CARDS",
			"CLASS", "START", "FINISH", "COST", "KWH", "GCO2", "BEST");
	weft_sheet_open(sheet, "offers", WEFT_SHEET_LIST);
	for (size_t i = 0; i < q->n; i++)
		say_offer(sheet, &q->offers[i]);
	weft_sheet_close(sheet, WEFT_SHEET_LIST);
	if (q->left_out)
		weft_sheet_line(sheet, "%zu more", q->left_out);
	if (q->waiting_left_out)
		weft_sheet_line(sheet, "%zu of the jobs that wait are not reckoned with: it may be later",
				q->waiting_left_out);
}

static void make_quote(struct weft_sheet *sheet, struct quote *q, const char *request)
{
	const struct weft_view *view = q->s->view;
	struct weft_err err = WEFT_ERR_INIT, ignored = WEFT_ERR_INIT;

	if (find_home(q))
		weft_err(&err, "out of memory");
	else if (!weft_jobspec_make(&q->spec, request, NULL, NULL, view->conf, &err) &&
		 !weft_request_check(q->spec.request, view->catalogue, weft_inventory_words(view->inventory),
				     &err)) {
		add_place(q, NULL, &err);
		for (size_t i = 0; i < view->conf->n_peers; i++)
			add_place(q, &view->conf->peers[i], &ignored);
	}
	if (!q->n) {
		weft_sheet_problem(sheet, "%s", err.text);
		return;
	}
	mark_best(q);
	say_quote(sheet, q);
}

void weft_sight_quote(struct weft_sheet *sheet, const char *request, const char *length)
{
	struct quote *q = calloc(1, sizeof(*q));
	unsigned seconds = AN_HOUR;

	if (!q) {
		weft_sheet_problem(sheet, "out of memory");
	} else if (length && (weft_length_parse(length, strlen(length), &seconds) || seconds < 1 ||
			      seconds > MAX_LENGTH)) {
		weft_sheet_problem(
			sheet, "\"%.40s\" is not a time of up to 366 days, such as 90m or 12:00:00", length);
	} else if (weft_sheet_may_see_nodes(sheet)) {
		q->s = sheet->s;
		q->now = sheet->now;
		q->seconds = seconds;
		make_quote(sheet, q, request);
	}
	for (size_t i = 0; q && i < WEFT_INVENTORY_MAX_CLASSES; i++) {
		free(q->outlooks[i]);
		free(q->nodes_of[i]);
	}
	if (q) {
		free(q->home);
		free(q->queue);
		weft_jobspec_clear(&q->spec);
	}
	free(q);
}
