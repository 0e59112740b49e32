/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage.c - runs of jobs, counted.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hostlist.h"
#include "core/money.h"
#include "core/tres.h"
#include "core/usage_private.h"

#define MAX_TAKEN  16 /* classes, and names without a type, of one run */
#define MAX_CARDS  100000000u
#define MAX_NODES  1000000u /* of one run */
#define JOULES_KWH 3.6e6

/* Cards of one class, or of a gres name whose class is still to be found. */
struct taken {
	const char *name;
	size_t len;
	uint64_t cards;
	unsigned class_id; /* UINT32_MAX: not known */
};

/* What a run had. */
struct takings {
	struct taken t[MAX_TAKEN];
	unsigned n;
	uint64_t known, unknown; /* cards */
	unsigned nodes;
	bool far;
};

struct weft_usage *weft_usage_create(const struct weft_usage_setup *setup)
{
	struct weft_usage *usage = calloc(1, sizeof(*usage));
	size_t n = weft_inventory_classes(weft_fleet_inventory(setup->fleet));

	if (!usage)
		return NULL;
	usage->setup = *setup;
	usage->classes = calloc(n + 1, sizeof(*usage->classes));
	if (!usage->classes) {
		free(usage);
		return NULL;
	}
	usage->result.from = setup->from;
	usage->result.to = setup->to;
	usage->result.classes = usage->classes;
	usage->result.n_classes = n;
	return usage;
}

void weft_usage_destroy(struct weft_usage *usage)
{
	if (!usage)
		return;
	for (size_t i = 0; i < usage->n_accounts; i++) {
		free((char *)usage->accounts[i]->name);
		free(usage->accounts[i]);
	}
	for (size_t i = 0; i < usage->n_wishes; i++) {
		free(usage->wishes[i]->text);
		free(usage->wishes[i]->first);
		free(usage->wishes[i]);
	}
	free(usage->accounts);
	free(usage->list);
	free(usage->wishes);
	free(usage->runs);
	free(usage->waits);
	free(usage->classes);
	free(usage);
}

/* ---------------------------------------------------------------- accounts */

static struct weft_usage_account *account_of(struct weft_usage *usage, const char *name, struct weft_err *err)
{
	size_t lo = 0, hi = usage->n_accounts;
	struct weft_usage_account *account;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(usage->accounts[mid]->name, name);

		if (order == 0)
			return usage->accounts[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (usage->n_accounts == WEFT_USAGE_MAX_ACCOUNTS) {
		weft_err(err, "more than %u accounts", WEFT_USAGE_MAX_ACCOUNTS);
		return NULL;
	}
	if (usage->n_accounts == usage->accounts_room) {
		size_t room = usage->accounts_room ? usage->accounts_room * 2 : 64;
		struct weft_usage_account **more =
			realloc(usage->accounts, room * sizeof(struct weft_usage_account *));

		if (!more)
			goto memory;
		usage->accounts = more;
		usage->accounts_room = room;
	}
	account = calloc(1, sizeof(*account));
	if (!account)
		goto memory;
	account->name = strdup(name);
	if (!account->name) {
		free(account);
		goto memory;
	}
	memmove(&usage->accounts[lo + 1], &usage->accounts[lo],
		(usage->n_accounts - lo) * sizeof(struct weft_usage_account *));
	usage->accounts[lo] = account;
	usage->n_accounts++;
	return account;
memory:
	weft_err(err, "out of memory");
	return NULL;
}

/* ---------------------------------------------------------------- the cards of a run */

static uint64_t count_of(const char *s, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len && s[i] >= '0' && s[i] <= '9' && n < MAX_CARDS; i++)
		n = n * 10 + (uint64_t)(s[i] - '0');
	return n < MAX_CARDS ? n : MAX_CARDS;
}

/* "gpu:h100=8" or "gpu=8", LEN bytes. */
static void take_entry(const struct weft_inventory *inv, struct takings *k, const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len);
	size_t name = equals ? (size_t)(equals - s) : 0, plain = 0;
	struct taken *t = &k->t[k->n];
	char type[WEFT_NAME_MAX + 1] = "", gres[WEFT_NAME_MAX + 1] = "";
	const struct weft_class *class;

	while (plain < name && s[plain] != ':')
		plain++;
	if (k->n == MAX_TAKEN || plain == 0 || plain > WEFT_NAME_MAX || name - plain > WEFT_NAME_MAX ||
	    !weft_tres_is_accelerator(inv, s, plain))
		return;
	*t = (struct taken){ s, plain, count_of(equals + 1, len - name - 1), UINT32_MAX };
	if (plain < name) {
		memcpy(gres, s, plain);
		memcpy(type, s + plain + 1, name - plain - 1);
		class = weft_inventory_find(inv, gres, type);
		t->class_id = class ? class->id : UINT32_MAX - 1; /* one that is no more */
	}
	k->n += t->cards > 0;
}

/* The one class of a name on the nodes of a run. */
struct search {
	const struct weft_fleet *fleet;
	struct takings *k;
	const struct taken *t; /* NULL: the nodes are counted */
	unsigned class_id;     /* UINT32_MAX: none so far */
};

static bool same_name(const struct taken *t, const char *name)
{
	return strlen(name) == t->len && memcmp(t->name, name, t->len) == 0;
}

/* 1: there are several. */
static int look_at(const char *name, void *arg)
{
	struct search *s = arg;
	const struct weft_inventory *inv = weft_fleet_inventory(s->fleet);
	unsigned node = weft_fleet_find(s->fleet, name);
	const struct weft_holding *h;
	size_t n;

	s->k->nodes++;
	s->k->far |= node == WEFT_FLEET_FAR;
	if (!s->t || node >= WEFT_FLEET_FAR)
		return 0;
	h = weft_inventory_node(inv, node, &n);
	for (size_t i = 0; i < n; i++) {
		if (!same_name(s->t, weft_inventory_class(inv, h[i].class_id)->name))
			continue;
		if (s->class_id != UINT32_MAX && s->class_id != h[i].class_id)
			return 1;
		s->class_id = h[i].class_id;
	}
	return 0;
}

/* Cards of a name less those of its types, which Slurm counts in both. */
static uint64_t without_types(const struct takings *k, unsigned at)
{
	uint64_t cards = k->t[at].cards;

	for (unsigned i = 0; i < k->n; i++)
		if (k->t[i].class_id != UINT32_MAX && k->t[i].len == k->t[at].len &&
		    memcmp(k->t[i].name, k->t[at].name, k->t[i].len) == 0)
			cards -= k->t[i].cards < cards ? k->t[i].cards : cards;
	return cards;
}

static void count_takings(struct takings *k)
{
	for (unsigned i = 0; i < k->n; i++) {
		if (k->t[i].class_id >= UINT32_MAX - 1)
			k->unknown += k->t[i].cards;
		else
			k->known += k->t[i].cards;
	}
}

static void find_cards(const struct weft_usage *usage, const struct weft_past_job *job, struct takings *k)
{
	struct search s = { usage->setup.fleet, k, NULL, UINT32_MAX };
	const struct weft_inventory *inv = weft_fleet_inventory(usage->setup.fleet);
	size_t nodes = strlen(job->nodes);

	*k = (struct takings){ 0 };
	for (const char *at = job->tres; *at;) {
		size_t len = strcspn(at, ",");

		if (len > 5 && !strncmp(at, "gres/", 5))
			take_entry(inv, k, at + 5, len - 5);
		at += len + (at[len] == ',');
	}
	if (k->n == 0)
		return;
	weft_hostlist_each(job->nodes, nodes, MAX_NODES, look_at, &s);
	for (unsigned i = 0; i < k->n && !k->far; i++) {
		unsigned nodes_before = k->nodes;

		if (k->t[i].class_id != UINT32_MAX)
			continue;
		k->t[i].cards = without_types(k, i);
		s.t = &k->t[i];
		s.class_id = UINT32_MAX;
		if (weft_hostlist_each(job->nodes, nodes, MAX_NODES, look_at, &s) == 0)
			k->t[i].class_id = s.class_id;
		else
			k->t[i].class_id = UINT32_MAX - 1;
		k->nodes = nodes_before;
	}
	count_takings(k);
}

/* ---------------------------------------------------------------- one run */

/* Spread AMOUNT over the slots, evenly from FROM to TO. */
static void spread(const struct weft_usage *usage, double *slots, time_t from, time_t to, double amount)
{
	double length = (double)(usage->setup.to - usage->setup.from) / WEFT_USAGE_SLOTS;
	double a = (double)(from - usage->setup.from), b = (double)(to - usage->setup.from);
	unsigned first = (unsigned)(a / length);

	for (unsigned i = first; i < WEFT_USAGE_SLOTS && i * length < b; i++) {
		double begin = fmax(a, i * length), end = fmin(b, (i + 1) * length);

		if (end > begin)
			slots[i] += amount * (end - begin) / (b - a);
	}
}

/* KWH of a run from FROM to TO, to its account: carbon and cost. */
static void charge(const struct weft_usage *usage, struct weft_usage_account *a, time_t from, time_t to,
		   double kwh)
{
	double carbon = usage->setup.carbon ? weft_series_mean(usage->setup.carbon, from, to) : NAN;
	double price = usage->setup.price ? weft_series_mean(usage->setup.price, from, to) : NAN;
	double micro = price * kwh / 1000 * WEFT_MICRO;

	if (isnan(carbon))
		a->no_carbon += kwh;
	else
		a->grams += carbon * kwh;
	if (isnan(price) || !(fabs(micro) < 1e18) || weft_money_add(a->cost, llround(micro), &a->cost) < 0)
		a->no_price += kwh;
}

static void count_energy(struct weft_usage *usage, struct weft_usage_account *a,
			 const struct weft_past_job *job, const struct takings *k, time_t from, time_t to)
{
	double kwh = 0, length = (double)(to - from);

	if (job->joules > 0 && job->end > job->start) {
		kwh = (double)job->joules / JOULES_KWH * length / (double)(job->end - job->start);
		a->measured += kwh;
	} else {
		a->unknown += (double)k->unknown * length;
		for (unsigned i = 0; i < k->n; i++) {
			double watts = k->t[i].class_id < UINT32_MAX - 1
					       ? weft_fleet_class(usage->setup.fleet, k->t[i].class_id)->watts
					       : 0;

			if (isnan(watts))
				a->unknown += (double)k->t[i].cards * length;
			else
				kwh += watts * (double)k->t[i].cards * length / JOULES_KWH;
		}
		a->reckoned += kwh;
	}
	if (kwh > 0) {
		charge(usage, a, from, to, kwh);
		spread(usage, usage->result.energy, from, to, kwh);
	}
}

/* The part of a run that is in the period. */
static void count_part(struct weft_usage *usage, struct weft_usage_account *a,
		       const struct weft_past_job *job, const struct takings *k, time_t from, time_t to)
{
	double length = (double)(to - from);

	if (k->far) {
		for (unsigned i = 0; i < k->n; i++)
			a->elsewhere += (double)k->t[i].cards * length;
		return;
	}
	a->used += (double)(k->known + k->unknown) * length;
	usage->result.unplaced += (double)k->unknown * length;
	for (unsigned i = 0; i < k->n; i++) {
		struct weft_usage_class *c;

		if (k->t[i].class_id >= UINT32_MAX - 1 || k->t[i].cards == 0)
			continue;
		c = &usage->classes[k->t[i].class_id];
		c->used += (double)k->t[i].cards * length;
		c->runs++;
		spread(usage, c->slots, from, to, (double)k->t[i].cards * length);
	}
	if (!usage->setup.ended || job->end > 0)
		count_energy(usage, a, job, k, from, to);
}

static uint8_t size_class(uint64_t cards)
{
	uint8_t size = 0;

	while (((uint64_t)1 << size) < cards)
		size++;
	return size;
}

/* A run that started in the period: how long it waited, and whether it is where it wanted to be. */
static int count_start(struct weft_usage *usage, const struct weft_past_job *job, const struct takings *k,
		       struct weft_err *err)
{
	time_t since = job->eligible ? job->eligible : job->submit;
	const struct taken *most = NULL;
	struct weft_usage_run run = { 0 };
	unsigned policy;
	const struct weft_usage_wish *wish;
	int rc;

	for (unsigned i = 0; i < k->n; i++)
		if (k->t[i].class_id < UINT32_MAX - 1 && (!most || k->t[i].cards > most->cards))
			most = &k->t[i];
	if (!most || most->cards == 0 || k->far || since == 0)
		return 0;
	if (usage->n_runs == usage->runs_room) {
		size_t room = usage->runs_room ? usage->runs_room * 2 : 1024;
		struct weft_usage_run *more = NULL;

		if (room <= WEFT_USAGE_MAX_RUNS * 2ull)
			more = realloc(usage->runs, room * sizeof(*more));
		if (!more)
			return weft_err(err, room > WEFT_USAGE_MAX_RUNS
						     ? "too many runs; ask for a shorter period"
						     : "out of memory");
		usage->runs = more;
		usage->runs_room = room;
	}
	wish = weft_usage_wish(usage, job->line, &policy, &rc);
	if (rc < 0)
		return weft_err(err, "out of memory");
	run.wait = job->start <= since		     ? 0
		   : job->start - since > UINT32_MAX ? UINT32_MAX
						     : (uint32_t)(job->start - since);
	run.class_id = (uint16_t)most->class_id;
	run.cards = (uint32_t)most->cards;
	run.per_node = (uint32_t)((most->cards + k->nodes - 1) / (k->nodes ? k->nodes : 1));
	run.size = size_class(most->cards);
	run.policy = (uint8_t)policy;
	run.other = wish && wish->several && !wish->first[most->class_id] ? wish : NULL;
	usage->runs[usage->n_runs++] = run;
	return 0;
}

int weft_usage_add(struct weft_usage *usage, const struct weft_past_job *job, struct weft_err *err)
{
	const struct weft_usage_setup *s = &usage->setup;
	time_t end = job->end > 0 ? job->end : s->now, from, to;
	struct weft_usage_account *account;
	struct takings k;

	if (job->start == 0 && job->pending && job->eligible > 0 && job->eligible <= s->to)
		usage->result.waiting++;
	if (job->start == 0 || job->start >= s->to || end < s->from)
		return 0;
	account = account_of(usage, job->account, err);
	if (!account)
		return -1;
	account->runs++;
	find_cards(usage, job, &k);
	from = job->start > s->from ? job->start : s->from;
	to = end < s->to ? end : s->to;
	if (to > from)
		count_part(usage, account, job, &k, from, to);
	return job->start >= s->from ? count_start(usage, job, &k, err) : 0;
}
