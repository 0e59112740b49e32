/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst.c - does it pay to go?
 */
#include "core/burst.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/money.h"
#include "core/text.h"

/* A length of time for people: "3 d 04 h", "2 h 05 min", "7 min", "30 s". */
struct span {
	char text[32];
};

static struct span span(double seconds)
{
	struct span s;
	long long n = seconds < 1e15 ? (long long)(seconds + 0.5) : 1000000000000000;

	if (n < 100)
		snprintf(s.text, sizeof(s.text), "%lld s", n);
	else if (n < 3600)
		snprintf(s.text, sizeof(s.text), "%lld min", (n + 30) / 60);
	else if (n < 2 * 86400)
		snprintf(s.text, sizeof(s.text), "%lld h %02lld min", n / 3600, n % 3600 / 60);
	else
		snprintf(s.text, sizeof(s.text), "%lld d %02lld h", n / 86400, n % 86400 / 3600);
	return s;
}

struct amount {
	char text[WEFT_MONEY_SIZE];
};

static struct amount amount(double micro, const char *currency)
{
	struct amount a;
	double cents = round(micro / 10000) * 10000; /* a forecast's worth is no matter of millionths */

	if (!(fabs(cents) <= (double)WEFT_MONEY_MAX))
		cents = micro < 0 ? -(double)WEFT_MONEY_MAX : (double)WEFT_MONEY_MAX;
	weft_money_text((int64_t)cents, currency, a.text);
	return a;
}

/* ---------------------------------------------------------------- where to */

/* When it would be done at P; INFINITY: nobody knows, or never. */
static double finish(const struct weft_burst_place *p)
{
	return p->start == 0 || p->start == WEFT_BURST_NEVER ? INFINITY
							     : (double)p->start + p->run + p->staging;
}

/* Why it may not go to P; NULL: it may. */
static const char *hindrance(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
			     const struct weft_burst_place *p)
{
	bool forecast = conf->wait == WEFT_BURST_WAIT_FORECAST && c->wish.mode != WEFT_BURST_ONLY &&
			c->wish.max_wait < 0;

	if (!p->open)
		return "takes no jobs now";
	if (p->refused)
		return "does not take it";
	if (p->start == WEFT_BURST_NEVER)
		return "can never run it";
	if (forecast && p->start == 0)
		return "does not say when it would start";
	if (c->wish.max_cost >= 0 || forecast ||
	    (conf->wait == WEFT_BURST_WAIT_COST && c->wish.max_wait < 0)) {
		if (p->cost < 0)
			return "has no known price";
	}
	if (c->wish.max_cost >= 0 && !weft_same_currency(p->currency, c->wish.currency))
		return "is priced in another currency than max-cost";
	if (forecast && !weft_same_currency(p->currency, conf->currency))
		return "is priced in another currency than BurstValue";
	if (c->wish.max_cost >= 0 && p->cost > c->wish.max_cost)
		return "costs more than max-cost";
	return NULL;
}

/* Is A the better one to go to?  The one that is done sooner; money counts as the hours it is worth. */
static bool better(const struct weft_conf_burst *conf, const struct weft_burst_place *a,
		   const struct weft_burst_place *b)
{
	double x = finish(a), y = finish(b);

	if (conf->value > 0 && a->cost >= 0 && b->cost >= 0 && weft_same_currency(a->currency, b->currency)) {
		x += (double)a->cost / (double)conf->value * 3600;
		y += (double)b->cost / (double)conf->value * 3600;
	}
	return x < y || (x == y && a->cost >= 0 && (b->cost < 0 || a->cost < b->cost));
}

/* The best peer that it may go to; -1 with WHY: there is none. */
static int best_peer(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
		     struct weft_text *why)
{
	const char *said = NULL, *by = NULL, *words = NULL;
	int best = -1;

	for (unsigned i = 0; i < c->n_peers; i++) {
		const struct weft_burst_place *p = &c->peers[i];
		const char *no;

		if (!weft_burst_names(&c->wish, p->name))
			continue;
		no = hindrance(conf, c, p);
		if (no && !said) {
			said = no;
			by = p->name;
			words = p->open ? p->refused : NULL;
		}
		if (!no && (best < 0 || better(conf, p, &c->peers[best])))
			best = (int)i;
	}
	if (best < 0 && said)
		weft_say(why, "%.64s %s%s%.150s", by, said, words ? ": " : "", words ? words : "");
	else if (best < 0)
		weft_say(why, "no site to go to");
	return best;
}

/* ---------------------------------------------------------------- whether */

/* s that it is to wait at home; INFINITY: for ever. */
static double budget(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
		     const struct weft_burst_place *p)
{
	double times = 1;

	if (c->wish.max_wait >= 0)
		return (double)c->wish.max_wait;
	if (!(conf->factor >= 0 && conf->factor < INFINITY))
		return INFINITY;
	if (conf->wait == WEFT_BURST_WAIT_RUNTIME)
		times = c->home.run / 3600;
	else if (conf->wait == WEFT_BURST_WAIT_COST)
		times = (double)p->cost / WEFT_MICRO;
	return conf->factor * times;
}

/* It waits for so long, and goes if it is done sooner there, as far as one knows. */
static enum weft_burst_verdict wait_first(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
					  const struct weft_burst_place *p, struct weft_text *why)
{
	double waited = (double)c->now - (double)c->eligible, wait = budget(conf, c, p);
	double home = c->home.start == WEFT_BURST_NEVER ? INFINITY : finish(&c->home);
	bool known = c->home.start != 0 && p->start != 0;

	waited = waited > 0 ? waited : 0;
	if (wait == INFINITY) {
		weft_say(why, "the site lets no job go");
		return WEFT_BURST_STAY;
	}
	if (waited < wait) {
		weft_say(why, "may go to %.64s in %s", p->name, span(wait - waited).text);
		return WEFT_BURST_STAY;
	}
	if (known && home <= finish(p)) {
		weft_say(why, "%.64s would not be sooner than home", p->name);
		return WEFT_BURST_STAY;
	}
	weft_say(why, "%.64s: waited %s at home", p->name, span(waited).text);
	return WEFT_BURST_GO;
}

/* What it is worth to be done sooner, and what it costs.  At home with no forecast: it is taken to wait for
 * as long again as it has waited. */
static enum weft_burst_verdict weigh(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
				     const struct weft_burst_place *p, struct weft_text *why, double *gain)
{
	struct weft_burst_place home = c->home;
	double cost = (double)p->cost - (home.cost > 0 ? (double)home.cost : 0), saved, worth;
	const char *money = p->currency[0] ? p->currency : conf->currency;

	if (home.start == WEFT_BURST_NEVER) {
		weft_say(why, "%.64s: home can never run it", p->name);
		return WEFT_BURST_GO;
	}
	if (home.start == 0)
		home.start = c->now > c->eligible ? c->now + (c->now - c->eligible) : c->now;
	saved = finish(&home) - finish(p);
	worth = saved / 3600 * (double)conf->value;
	*gain = worth - cost;
	if (!(saved > 0)) {
		weft_say(why, "%.64s would not be sooner than home", p->name);
		return WEFT_BURST_STAY;
	}
	weft_say(why, "%.64s: done %s sooner", p->name, span(saved).text);
	weft_say(why, ", worth %s; costs %s", amount(worth, money).text, amount(cost, money).text);
	if (c->home.cost > 0)
		weft_say(why, " more");
	return *gain > 0 || cost <= 0 ? WEFT_BURST_GO : WEFT_BURST_STAY;
}

void weft_burst_decide(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
		       struct weft_burst_answer *answer)
{
	struct weft_text why = { answer->why, sizeof(answer->why), 0 };
	const struct weft_burst_place *p;
	int peer;

	*answer = (struct weft_burst_answer){ .verdict = WEFT_BURST_STAY };
	if (c->wish.mode == WEFT_BURST_NO) {
		weft_say(&why, "not asked to go");
		return;
	}
	peer = best_peer(conf, c, &why);
	if (peer < 0)
		return;
	p = &c->peers[peer];
	answer->peer = (unsigned)peer;
	if (c->wish.mode == WEFT_BURST_ONLY) {
		weft_say(&why, "%.64s: asked to run away from home", p->name);
		answer->verdict = WEFT_BURST_GO;
	} else if (conf->wait == WEFT_BURST_WAIT_FORECAST && c->wish.max_wait < 0) {
		answer->verdict = weigh(conf, c, p, &why, &answer->gain);
	} else {
		answer->verdict = wait_first(conf, c, p, &why);
	}
	if (answer->verdict == WEFT_BURST_STAY)
		answer->peer = 0;
}
