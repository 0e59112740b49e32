/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power.c - one power for the plugins of a process.
 */
#include "core/power.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A job that is on the book. */
struct tallied {
	struct tallied *next; /* in its bucket */
	uint32_t id;
	unsigned round; /* of the tally that saw it last */
	uint64_t mark;
	bool booked; /* the book says so, too */
	time_t end;
	double share; /* of DRAWS that it counts with */
	double told;
	int64_t draws[]; /* by zone */
};

#define BUCKETS 4096u /* a power of two */

struct weft_power {
	const struct weft_view *view;
	struct weft_watts *watts;
	struct weft_book *book;
	struct weft_power_queue *queue;
	unsigned zones;
	struct weft_zones *zones_of;
	bool ready;
	double price, carbon; /* now */
	unsigned round;	      /* of tallies */
	time_t tallied_at;
	unsigned lesson;
	struct tallied *tallied[BUCKETS];
	struct weft_draw *scratch; /* ZONES of them */
	int64_t *base;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* held by whoever has taken the power */
static struct weft_power *power;
static atomic_uint refusals, age;
static atomic_bool outdated; /* the last tally */

/* ---------------------------------------------------------------- making it */

static struct tallied **find(struct weft_power *p, uint32_t id)
{
	struct tallied **at = &p->tallied[id & (BUCKETS - 1)];

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

/* One that draws nothing, and is not on the book.  NULL: out of memory. */
static struct tallied *insert(struct weft_power *p, uint32_t id)
{
	struct tallied **at = find(p, id), *t = calloc(1, sizeof(*t) + p->zones * sizeof(t->draws[0]));

	if (!t)
		return NULL;
	t->id = id;
	t->share = t->told = 1;
	t->next = *at;
	*at = t;
	return t;
}

static void forget_jobs(struct weft_power *p)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (p->tallied[i]) {
			struct tallied *t = p->tallied[i];

			p->tallied[i] = t->next;
			free(t);
		}
	}
}

static void destroy(struct weft_power *p)
{
	if (!p)
		return;
	forget_jobs(p);
	weft_watts_destroy(p->watts);
	weft_power_queue_destroy(p->queue);
	weft_book_destroy(p->book);
	weft_view_put(p->view);
	weft_zones_destroy(p->zones_of);
	free(p->scratch);
	free(p->base);
	free(p);
}

/* NULL with ERR. */
static struct weft_power *create(const struct weft_view *view, const struct weft_expander *expander,
				 struct weft_err *err)
{
	struct weft_power *p = calloc(1, sizeof(*p));

	if (!p) {
		weft_err(err, "out of memory");
		return NULL;
	}
	p->view = weft_view_hold(view);
	p->price = p->carbon = NAN;
	p->zones = (unsigned)view->conf->n_zones + 1;
	p->book = weft_book_create(p->zones);
	p->queue = weft_power_queue_create();
	p->scratch = calloc(p->zones, sizeof(*p->scratch));
	p->base = calloc(p->zones, sizeof(*p->base));
	p->watts = weft_watts_create(view->inventory, view->conf, expander, err);
	if (p->watts)
		p->zones_of =
			weft_zones_create(view->conf, weft_inventory_nodes(view->inventory), expander, err);
	if (p->book && p->queue && p->scratch && p->base && p->zones_of)
		return p;
	weft_err(err, "out of memory"); /* unless it has been said already what is wrong */
	destroy(p);
	return NULL;
}

bool weft_power_wanted(const struct weft_view *view)
{
	const struct weft_conf *conf = view && !view->broken.text[0] && view->inventory ? view->conf : NULL;

	return conf && (conf->n_caps || conf->n_zones || conf->n_power_nodes || conf->n_power_classes ||
			conf->power.signal || conf->power.price || conf->power.carbon);
}

/* ---------------------------------------------------------------- from one view to the next */

/* P was not tallied yet: whoever is not seen by its first tally goes then. */
static void inherit_told(struct weft_power *p, const struct weft_power *old)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		for (const struct tallied *t = old->tallied[i]; t; t = t->next) {
			struct tallied *copy = t->told != 1 || t->share != 1 ? insert(p, t->id) : NULL;

			if (!copy)
				continue;
			copy->share = t->share;
			copy->told = t->told;
		}
	}
}

/* W, which waited in OLD, waits in P; zones are known by their names.  When the zone is gone that refused it
 * so is that it waits: it will be asked again. */
static void inherit_wait(struct weft_power *p, const struct weft_power *old, const struct weft_power_wait *w)
{
	const struct weft_conf *to = p->view->conf, *from = old->view->conf;
	int zone = weft_conf_find_zone(to, weft_conf_zone_name(from, w->refused.zone));
	struct weft_power_lack lack = w->refused;
	unsigned n = 0;

	if (zone < 0)
		return;
	lack.zone = (unsigned)zone;
	for (unsigned i = 0; i < w->n; i++) {
		zone = weft_conf_find_zone(to, weft_conf_zone_name(from, w->draws[i].zone));
		if (zone >= 0)
			p->scratch[n++] =
				(struct weft_draw){ .zone = (unsigned)zone, .watts = w->draws[i].watts };
	}
	weft_power_queue_put(p->queue, p->book, w->id, p->scratch, n, w->duration, w->since, &lack);
}

static void inherit_waiting(struct weft_power *p, const struct weft_power *old)
{
	const struct weft_power_wait *w;

	for (size_t i = 0; (w = weft_power_queue_at(old->queue, i)); i++)
		inherit_wait(p, old, w);
}

/* Memory may come back; a configuration that is wrong is not right a minute later, and is said once. */
#define TRY_AGAIN 60 /* s */

static const struct weft_view *refused; /* of which none could be made; held */
static time_t refused_at;

static bool is_refused(const struct weft_view *view, time_t now)
{
	return view == refused && now >= refused_at && now < refused_at + TRY_AGAIN;
}

/* What jobs were told stays true, and those that wait have waited. */
static void inherit(struct weft_power *p, const struct weft_power *old)
{
	weft_watts_inherit(p->watts, old->watts);
	inherit_told(p, old);
	inherit_waiting(p, old);
}

static void renew(const struct weft_view *view, const struct weft_expander *expander, time_t now)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_power *p = create(view, expander, &err);

	if (p && power)
		inherit(p, power);
	destroy(power);
	power = p;
	if (!p && view != refused)
		weft_site_log(true, err.text);
	weft_view_put(refused);
	refused = p ? NULL : weft_view_hold(view);
	refused_at = now;
}

struct weft_power *weft_power_take(const struct weft_view *view, const struct weft_expander *expander)
{
	time_t now = time(NULL);

	if (!weft_power_wanted(view))
		return NULL;
	pthread_mutex_lock(&lock);
	if (!is_refused(view, now) && (!power || power->view != view))
		renew(view, expander, now);
	if (power)
		return power;
	pthread_mutex_unlock(&lock);
	return NULL;
}

struct weft_power *weft_power_take_again(const struct weft_view *view)
{
	pthread_mutex_lock(&lock);
	if (power && power->view == view)
		return power;
	pthread_mutex_unlock(&lock);
	return NULL;
}

void weft_power_put(struct weft_power *p)
{
	if (p)
		pthread_mutex_unlock(&lock);
}

void weft_power_forget(void)
{
	pthread_mutex_lock(&lock);
	destroy(power);
	power = NULL;
	weft_view_put(refused);
	refused = NULL;
	pthread_mutex_unlock(&lock);
}

/* ---------------------------------------------------------------- what there is */

unsigned weft_power_zones(const struct weft_power *p)
{
	return p->zones;
}

const char *weft_power_zone(const struct weft_power *p, unsigned zone)
{
	return zone ? p->view->conf->zones[zone - 1].name : "cluster";
}

struct weft_watts *weft_power_watts(const struct weft_power *p)
{
	return p->watts;
}

const struct weft_inventory *weft_power_inventory(const struct weft_power *p)
{
	return p->view->inventory;
}

const struct weft_conf *weft_power_conf(const struct weft_power *p)
{
	return p->view->conf;
}

struct weft_book *weft_power_book(const struct weft_power *p)
{
	return p->book;
}

int weft_power_set_signal(struct weft_power *p, const struct weft_signal *signal, time_t now)
{
	struct weft_cap *caps;
	unsigned n;
	int rc;

	if (weft_caps_make(&caps, &n, p->view->conf, signal, now, WEFT_POWER_HORIZON))
		return -1;
	rc = weft_book_set_caps(p->book, caps, n);
	atomic_fetch_add(&age, 1);
	weft_caps_destroy(caps, n);
	p->ready = p->ready || !rc;
	return rc;
}

bool weft_power_is_ready(const struct weft_power *p)
{
	return p->ready;
}

void weft_power_set_grid(struct weft_power *p, double price, double carbon)
{
	p->price = price;
	p->carbon = carbon;
}

double weft_power_price(const struct weft_power *p)
{
	return p->price;
}

double weft_power_carbon(const struct weft_power *p)
{
	return p->carbon;
}

void weft_power_add(const struct weft_power *p, int64_t *draws, unsigned index, int64_t watts)
{
	unsigned n;
	const uint16_t *zones = weft_zones_of(p->zones_of, index, &n);

	for (unsigned i = 0; i < n; i++)
		draws[zones[i]] += watts;
}

int64_t weft_power_base(const struct weft_power *p, unsigned zone)
{
	return p->base[zone];
}

int64_t *weft_power_draws(const struct weft_power *p)
{
	return calloc(p->zones, sizeof(int64_t));
}

/* DRAWS without its zeros, in scratch; how many. */
static unsigned pack(struct weft_power *p, const int64_t *draws)
{
	unsigned n = 0;

	for (unsigned z = 0; z < p->zones; z++) {
		if (draws[z])
			p->scratch[n++] = (struct weft_draw){ .zone = z, .watts = draws[z] };
	}
	return n;
}

/* ---------------------------------------------------------------- what the host tells */

time_t weft_power_tallied(const struct weft_power *p)
{
	return atomic_load(&outdated) ? 0 : p->tallied_at;
}

void weft_power_outdate(void)
{
	atomic_store(&outdated, true);
}

unsigned weft_power_lesson(const struct weft_power *p)
{
	return p->lesson;
}

void weft_power_relearn(struct weft_power *p)
{
	p->lesson++;
	weft_power_outdate();
}

void weft_power_tally_begin(struct weft_power *p)
{
	atomic_store(&outdated, false);
	p->round++;
}

bool weft_power_tally_knows(struct weft_power *p, uint32_t id, uint64_t mark)
{
	struct tallied *t = *find(p, id);

	if (!t || !t->booked || t->mark != mark)
		return false;
	t->round = p->round;
	return true;
}

static int put_on_book(struct weft_power *p, struct tallied *t)
{
	unsigned n = 0;

	for (unsigned z = 0; z < p->zones; z++) {
		if (t->draws[z])
			p->scratch[n++] =
				(struct weft_draw){ .zone = z,
						    .watts = (int64_t)ceil(t->share * (double)t->draws[z]) };
	}
	atomic_fetch_add(&age, 1);
	t->booked = !weft_book_add(p->book, t->id, p->scratch, n, 0, t->end);
	return t->booked ? 0 : -1;
}

int weft_power_tally_job(struct weft_power *p, uint32_t id, uint64_t mark, const int64_t *draws, time_t end)
{
	struct tallied *t = *find(p, id);

	if (!t)
		t = insert(p, id);
	if (!t)
		return -1;
	t->mark = mark;
	t->round = p->round;
	t->end = end;
	memcpy(t->draws, draws, p->zones * sizeof(*draws));
	weft_power_queue_drop(p->queue, p->book, id);
	return put_on_book(p, t);
}

static void take_off(struct weft_power *p, struct tallied **at)
{
	struct tallied *t = *at;

	atomic_fetch_add(&age, 1);
	weft_book_remove(p->book, t->id);
	*at = t->next;
	free(t);
}

void weft_power_tally_drop(struct weft_power *p, uint32_t id)
{
	struct tallied **at = find(p, id);

	if (*at)
		take_off(p, at);
}

void weft_power_tally_end(struct weft_power *p, const int64_t *idle, time_t now, bool complete)
{
	p->tallied_at = complete ? now : 0;
	for (unsigned i = 0; i < BUCKETS; i++) {
		struct tallied **at = &p->tallied[i];

		while (*at) {
			if ((*at)->round == p->round)
				at = &(*at)->next;
			else
				take_off(p, at);
		}
	}
	for (unsigned z = 0; z < p->zones; z++) {
		if (p->base[z] != idle[z])
			atomic_fetch_add(&age, 1);
		p->base[z] = idle[z];
		weft_book_set_base(p->book, z, idle[z]);
	}
}

/* ---------------------------------------------------------------- limits */

static struct weft_power_job as_job(const struct tallied *t)
{
	return (struct weft_power_job){ .id = t->id, .share = t->share, .told = t->told, .draws = t->draws };
}

bool weft_power_next_job(const struct weft_power *p, struct weft_power_job *job)
{
	const struct tallied *t = job->id ? *find((struct weft_power *)p, job->id) : NULL;
	unsigned bucket = job->id & (BUCKETS - 1);

	if (t)
		t = t->next;
	else if (!job->id)
		t = p->tallied[0];
	while (!t && ++bucket < BUCKETS)
		t = p->tallied[bucket];
	if (!t)
		return false;
	*job = as_job(t);
	return true;
}

bool weft_power_find_job(const struct weft_power *p, uint32_t id, struct weft_power_job *job)
{
	const struct tallied *t = *find((struct weft_power *)p, id);

	if (t)
		*job = as_job(t);
	return t;
}

void weft_power_limit(struct weft_power *p, uint32_t id, double share)
{
	struct tallied *t = *find(p, id);

	if (!t || (t->share == share && t->booked))
		return;
	t->share = share;
	put_on_book(p, t); /* out of memory: what was on the book stays, and the next call tries again */
}

void weft_power_told(struct weft_power *p, uint32_t id, double share)
{
	struct tallied *t = *find(p, id);

	if (t)
		t->told = share;
}

/* ---------------------------------------------------------------- asking */

bool weft_power_fits(struct weft_power *p, uint32_t id, const int64_t *draws, time_t start, time_t end,
		     struct weft_power_lack *lack)
{
	const struct weft_power_wait *w;
	unsigned n = pack(p, draws);

	if (weft_book_fits(p->book, p->scratch, n, start, end, id, lack))
		return true;
	w = weft_power_queue_find(p->queue, id);
	if (!w || w->hope != WEFT_POWER_RESERVED || w->when >= start)
		return false;
	atomic_fetch_add(&age, 1);
	return weft_power_queue_make_way(p->queue, p->book, id, p->scratch, n, start, end, lack);
}

bool weft_power_earliest(struct weft_power *p, uint32_t id, const int64_t *draws, time_t duration,
			 time_t not_before, time_t *when, struct weft_power_lack *lack)
{
	return weft_book_earliest(p->book, p->scratch, pack(p, draws), duration, not_before, id, when, lack);
}

static void text_of_pair(char *buf, size_t size, int64_t needed, int64_t cap)
{
	static const char *const units[] = { "W", "kW", "MW", "GW" };
	double a = (double)needed, b = (double)cap;
	int u = 0;

	while (b >= 10000 && u < 3) {
		a /= 1000;
		b /= 1000;
		u++;
	}
	/* Rounded so that what is needed always reads as more than there is. */
	snprintf(buf, size, "%.0f of %.0f %s", ceil(a), floor(b), units[u]);
}

void weft_power_lack_text(const struct weft_power *p, const struct weft_power_lack *lack, char *buf,
			  size_t size)
{
	char amounts[96];

	text_of_pair(amounts, sizeof(amounts), lack->needed, lack->cap);
	snprintf(buf, size, "power cap of %s%s: %s", lack->zone ? "zone " : "the ",
		 weft_power_zone(p, lack->zone), amounts);
}

/* ---------------------------------------------------------------- waiting */

unsigned weft_power_refusals(void)
{
	return atomic_load(&refusals);
}

/* A job with alternatives is refused with several draws in one pass, and its place is kept for one: the
 * smallest, for as long as that is among them. */
#define KEEP_SMALLEST 300 /* s; longer than between two passes of Slurm's schedulers */

static bool keeps_smaller(const struct weft_power_wait *w, const int64_t *draws, time_t now)
{
	return w && w->n && w->draws[0].zone == 0 && w->draws[0].watts < draws[0] && now >= w->put &&
	       now < w->put + KEEP_SMALLEST;
}

int weft_power_refused(struct weft_power *p, uint32_t id, const int64_t *draws, time_t duration, time_t now,
		       const struct weft_power_lack *lack)
{
	const struct weft_power_wait *w = weft_power_queue_find(p->queue, id);
	bool reserved = w && w->hope == WEFT_POWER_RESERVED;
	int rc;

	atomic_fetch_add(&refusals, 1);
	if (keeps_smaller(w, draws, now))
		return 0;
	rc = weft_power_queue_put(p->queue, p->book, id, p->scratch, pack(p, draws), duration, now, lack);
	w = weft_power_queue_find(p->queue, id);
	if (reserved && w && w->hope == WEFT_POWER_UNPLANNED) /* nobody is to slip in before the next plan */
		return weft_power_plan(p, now);
	return rc;
}

unsigned weft_power_age(void)
{
	return atomic_load(&age);
}

const struct weft_power_wait *weft_power_waiting(const struct weft_power *p, size_t i)
{
	return weft_power_queue_at(p->queue, i);
}

void weft_power_gone(struct weft_power *p, uint32_t id)
{
	weft_power_queue_drop(p->queue, p->book, id);
}

int weft_power_plan(struct weft_power *p, time_t now)
{
	atomic_fetch_add(&age, 1);
	return weft_power_queue_plan(p->queue, p->book, now, p->view->conf->power.patience);
}

bool weft_power_is_capped(const struct weft_power *p)
{
	return p->view->conf->n_caps || p->view->conf->power.signal;
}
