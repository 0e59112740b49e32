/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * caps.c - makes steps of the caps of weft.conf and of a signal.
 *
 * The schedule follows the clock on the wall.  Between two changes of the clock local time is the time plus
 * an offset, so the pieces of constant offset are found first, once for all zones; within one of them it is
 * all arithmetic.
 */
#include "core/caps.h"

#include <stdbool.h>
#include <stdlib.h>

#include "core/caps_private.h"

#define DAY  (24 * 3600)
#define SCAN (12 * 3600) /* s; clocks do not change twice within it */

/* The clock is EAST s ahead of UTC from FROM until the next one's. */
struct clock {
	time_t from;
	long east;
};

struct maker {
	const struct weft_signal *signal;
	time_t now, end;
	struct clock *clocks;
	size_t n_clocks;
	const struct weft_conf_cap **rules; /* of the zone in hand */
	size_t n_rules;
	const struct weft_signal_point *points; /* of the zone in hand */
	size_t n_points;
};

static long east_of(time_t when)
{
	struct tm tm;

	return localtime_r(&when, &tm) ? tm.tm_gmtoff : 0;
}

/* The first moment in (A, B] with the clock of B, which is not that of A. */
static time_t change_between(time_t a, time_t b)
{
	long east = east_of(b);

	while (b - a > 1) {
		time_t middle = a + (b - a) / 2;

		if (east_of(middle) == east)
			b = middle;
		else
			a = middle;
	}
	return b;
}

static int add_clock(struct maker *m, time_t from)
{
	struct clock *clocks = realloc(m->clocks, (m->n_clocks + 1) * sizeof(*clocks));

	if (!clocks)
		return -1;
	m->clocks = clocks;
	clocks[m->n_clocks++] = (struct clock){ from, east_of(from) };
	return 0;
}

static int find_clocks(struct maker *m)
{
	if (add_clock(m, m->now) < 0)
		return -1;
	for (time_t t = m->now, next; t < m->end; t = next) {
		next = m->end - t > SCAN ? t + SCAN : m->end;
		if (east_of(next) != m->clocks[m->n_clocks - 1].east &&
		    add_clock(m, change_between(t, next)) < 0)
			return -1;
	}
	return 0;
}

/* A moment on the wall. */
struct wall {
	unsigned day; /* of the week; Sunday is 0 */
	int second;   /* of the day */
};

static struct wall wall_at(time_t local)
{
	int second = (int)(local % DAY);
	time_t days = local / DAY;

	if (second < 0) {
		second += DAY;
		days--;
	}
	return (struct wall){ (unsigned)((days % 7 + 7 + 4) % 7), second }; /* 1970 began on a Thursday */
}

static bool holds(const struct weft_conf_cap *rule, struct wall at)
{
	bool today = rule->days >> at.day & 1, yesterday = rule->days >> (at.day + 6) % 7 & 1;
	int from = (int)rule->from * 60, to = (int)rule->to * 60;

	if (from < to)
		return today && at.second >= from && at.second < to;
	return (today && at.second >= from) || (yesterday && at.second < to);
}

static int64_t scheduled(const struct maker *m, struct wall at)
{
	int64_t least = WEFT_NO_CAP;

	for (size_t i = 0; i < m->n_rules; i++) {
		if (m->rules[i]->watts < least && holds(m->rules[i], at))
			least = m->rules[i]->watts;
	}
	return least;
}

/* How many s after AT the schedule may change, as long as the clock runs evenly. */
static int next_change(const struct maker *m, struct wall at)
{
	int next = DAY;

	for (size_t i = 0; i < m->n_rules; i++) {
		int from = (int)m->rules[i]->from * 60, to = (int)m->rules[i]->to * 60;

		if (from > at.second && from < next)
			next = from;
		if (to > at.second && to < next)
			next = to;
	}
	return next - at.second;
}

static int add_step(struct weft_cap *cap, time_t from, int64_t watts)
{
	struct weft_step *steps = cap->steps;

	if (cap->n > 0 && cap->steps[cap->n - 1].watts == watts)
		return 0;
	if ((cap->n & (cap->n - 1)) == 0) { /* room is the next power of two */
		steps = realloc(cap->steps, (cap->n ? cap->n * 2 : 1) * sizeof(*steps));
		if (!steps)
			return -1;
		cap->steps = steps;
	}
	steps[cap->n++] = (struct weft_step){ from, watts };
	return 0;
}

/* The least cap from END on: of all rules, since each holds at some time of a week, and of the signal. */
static int64_t least_of_all(const struct maker *m)
{
	int64_t least = WEFT_NO_CAP;

	for (size_t i = 0; i < m->n_rules; i++) {
		if (m->rules[i]->watts < least)
			least = m->rules[i]->watts;
	}
	for (size_t i = 0; i < m->n_points; i++) {
		if (i + 1 < m->n_points && m->points[i + 1].when <= m->end)
			continue; /* over by then */
		if (m->points[i].watts != WEFT_AS_SCHEDULED && m->points[i].watts < least)
			least = m->points[i].watts;
	}
	return least;
}

/* The steps of the zone in hand. */
static int make_zone(const struct maker *m, struct weft_cap *cap)
{
	size_t hand = 0, ahead = 0; /* AHEAD: the first point that is still to come */
	time_t next;

	for (time_t t = m->now; t < m->end; t = next) {
		int64_t watts = WEFT_AS_SCHEDULED;
		struct wall at;

		while (hand + 1 < m->n_clocks && m->clocks[hand + 1].from <= t)
			hand++;
		while (ahead < m->n_points && m->points[ahead].when <= t)
			ahead++;
		at = wall_at(t + m->clocks[hand].east);
		next = t + next_change(m, at);
		if (hand + 1 < m->n_clocks && m->clocks[hand + 1].from < next)
			next = m->clocks[hand + 1].from;
		if (ahead < m->n_points && m->points[ahead].when < next)
			next = m->points[ahead].when;
		if (ahead > 0)
			watts = m->points[ahead - 1].watts;
		if (add_step(cap, t, watts == WEFT_AS_SCHEDULED ? scheduled(m, at) : watts) < 0)
			return -1;
	}
	return add_step(cap, m->end, least_of_all(m));
}

/* All rules, those of a zone side by side: START[zone] to START[zone + 1]. */
static void sort_rules(const struct weft_conf *conf, const struct weft_conf_cap **rules, size_t *start)
{
	size_t sum = 0;

	for (size_t i = 0; i < conf->n_caps; i++)
		start[conf->caps[i].zone]++;
	for (size_t z = 0; z <= conf->n_zones + 1; z++) {
		size_t n = start[z];

		start[z] = sum;
		sum += n;
	}
	for (size_t i = 0; i < conf->n_caps; i++)
		rules[start[conf->caps[i].zone]++] = &conf->caps[i];
	for (size_t z = conf->n_zones + 1; z > 0; z--) /* each now begins where the next one did */
		start[z] = start[z - 1];
	start[0] = 0;
}

static int make_zones(struct maker *m, struct weft_cap *caps, unsigned n, const struct weft_conf_cap **rules,
		      const size_t *start)
{
	size_t at = 0, n_points = m->signal ? m->signal->n : 0;

	for (unsigned zone = 0; zone < n; zone++) {
		m->rules = rules + start[zone];
		m->n_rules = start[zone + 1] - start[zone];
		m->n_points = 0;
		for (; at < n_points && m->signal->points[at].zone == zone; at++) {
			if (m->n_points++ == 0)
				m->points = &m->signal->points[at];
		}
		if (make_zone(m, &caps[zone]) < 0)
			return -1;
	}
	return 0;
}

int weft_caps_make(struct weft_cap **caps, unsigned *n, const struct weft_conf *conf,
		   const struct weft_signal *signal, time_t now, time_t horizon)
{
	unsigned zones = (unsigned)conf->n_zones + 1;
	struct maker m = { .signal = signal, .now = now, .end = now + (horizon > 0 ? horizon : 0) };
	const struct weft_conf_cap **rules = calloc(conf->n_caps + 1, sizeof(*rules));
	size_t *start = calloc(zones + 1, sizeof(*start));
	int rv = -1;

	*n = 0;
	*caps = calloc(zones, sizeof(**caps));
	if (*caps && rules && start && find_clocks(&m) == 0) {
		sort_rules(conf, rules, start);
		rv = make_zones(&m, *caps, zones, rules, start);
	}
	free(m.clocks);
	free(rules);
	free(start);
	if (rv == 0) {
		*n = zones;
	} else {
		weft_caps_destroy(*caps, *caps ? zones : 0);
		*caps = NULL;
	}
	return rv;
}

void weft_caps_destroy(struct weft_cap *caps, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		free(caps[i].steps);
	free(caps);
}
