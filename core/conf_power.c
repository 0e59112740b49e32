/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_power.c - the lines of weft.conf that are about power: zones, caps, what hosts and devices draw, the
 * files of signal, price and carbon, and how the planner goes about it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/conf_private.h"
#include "core/nearest.h"
#include "core/scan.h"

#define CLUSTER	 "cluster"
#define ALL_DAYS 0x7fu

static const char *const day_names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", NULL };

/* ---------------------------------------------------------------- values */

static struct weft_snip snip(const char *value)
{
	return weft_snip(value, strlen(value));
}

static int bad_watts(struct weft_conf_reader *r, enum weft_key key, const char *value)
{
	return FAIL(r, key, "\"%s\" is not a number of watts such as 400000, 400k or 1.2M", snip(value).text);
}

static int read_watts(struct weft_conf_reader *r, enum weft_key key, const char *value, double *watts)
{
	*watts = weft_watts_value(value, strlen(value));
	return isnan(*watts) ? bad_watts(r, key, value) : 0;
}

/* Only Slurm can read a list of nodes; what can be none is found here, where the line is known. */
static int read_nodes(struct weft_conf_reader *r, enum weft_key key, const char *value, char **nodes)
{
	bool inside = false, fine = true;

	for (const char *s = value; *s; s++) {
		if (*s == '[' || *s == ']') {
			fine = fine && inside == (*s == ']');
			inside = *s == '[';
		} else {
			fine = fine && (*s == ',' || weft_scan_name(s, 1) == 1);
		}
	}
	if (!fine || inside)
		return FAIL(r, key, "\"%s\" is not a list of nodes such as gpu[1-40]", snip(value).text);
	*nodes = weft_conf_copy(r, value);
	return *nodes ? 0 : -1;
}

/* The day that S begins with, and what follows it; -1. */
static int cut_day(const char **s)
{
	for (int i = 0; day_names[i]; i++) {
		if (!strncasecmp(*s, day_names[i], 3)) {
			*s += 3;
			return i;
		}
	}
	return -1;
}

static int read_days(struct weft_conf_reader *r, const char *value, unsigned *days)
{
	const char *s = value;

	for (*days = 0;; s++) {
		int first = cut_day(&s), last = first;

		if (first >= 0 && *s == '-') {
			s++;
			last = cut_day(&s);
		}
		if (first < 0 || last < 0 || (*s != ',' && *s != '\0'))
			return FAIL(r, KEY_DAYS, "\"%s\" is not a list of days such as Mon-Fri,Sun",
				    snip(value).text);
		for (int day = first; day != last; day = (day + 1) % 7)
			*days |= 1u << day;
		*days |= 1u << last;
		if (*s == '\0')
			return 0;
	}
}

/* "8:00" or "08:00" at *S, in minutes, and what follows it; -1.  24:00 is the end of a day. */
static int cut_time(const char **s)
{
	size_t n = strspn(*s, "0123456789");
	int hour = 0, minute;

	if (n < 1 || n > 2 || (*s)[n] != ':' || strspn(*s + n + 1, "0123456789") != 2)
		return -1;
	for (size_t i = 0; i < n; i++)
		hour = hour * 10 + ((*s)[i] - '0');
	minute = ((*s)[n + 1] - '0') * 10 + ((*s)[n + 2] - '0');
	*s += n + 3;
	if (minute > 59 || hour * 60 + minute > WEFT_DAY_MINUTES)
		return -1;
	return hour * 60 + minute;
}

static int read_hours(struct weft_conf_reader *r, const char *value, unsigned *from, unsigned *to)
{
	const char *s = value;
	int first = cut_time(&s), last;

	last = first >= 0 && *s++ == '-' ? cut_time(&s) : -1;
	if (last < 0 || *s != '\0' || first == WEFT_DAY_MINUTES)
		return FAIL(r, KEY_HOURS, "\"%s\" is not a time of day such as 08:00-20:00",
			    snip(value).text);
	if (first == last)
		return FAIL(r, KEY_HOURS, "\"%s\" ends when it begins; for the whole day write 00:00-24:00",
			    snip(value).text);
	*from = (unsigned)first;
	*to = last == 0 ? WEFT_DAY_MINUTES : (unsigned)last; /* 20:00-00:00 ends with its day */
	return 0;
}

/* ---------------------------------------------------------------- zones and caps */

int weft_conf_find_zone(const struct weft_conf *conf, const char *name)
{
	if (weft_name_equal(name, CLUSTER))
		return 0;
	for (size_t i = 0; i < conf->n_zones; i++) {
		if (weft_name_equal(conf->zones[i].name, name))
			return (int)i + 1;
	}
	return -1;
}

const char *weft_conf_zone_name(const struct weft_conf *conf, unsigned zone)
{
	return zone == 0 ? CLUSTER : conf->zones[zone - 1].name;
}

const char *weft_conf_nearest_zone(const struct weft_conf *conf, const char *name)
{
	unsigned best = weft_nearest_start(name);
	const char *near = weft_nearest_of(name, CLUSTER, NULL, &best);

	for (size_t i = 0; i < conf->n_zones; i++)
		near = weft_nearest_of(name, conf->zones[i].name, near, &best);
	return near;
}

static int read_zone(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take nodes = { KEY_NODES, true, NULL };
	const char *name = pairs[0].value;
	struct weft_conf *conf = r->conf;
	struct weft_conf_zone *zones;
	int there;

	if (weft_conf_take(r, pairs, n, &nodes, 1) < 0)
		return -1;
	if (!weft_is_name(name, strlen(name)))
		return FAIL(r, KEY_ZONE, "\"%s\" is not a name", snip(name).text);
	there = weft_conf_find_zone(conf, name);
	if (there == 0)
		return FAIL(r, KEY_ZONE, "%s is the zone of all nodes; choose another name", name);
	if (there > 0)
		return FAIL(r, KEY_ZONE, "%s was given in line %u already", name,
			    conf->zones[there - 1].line);
	if (conf->n_zones == WEFT_CONF_MAX_ZONES)
		return FAIL(r, KEY_ZONE, "more than %d zones", WEFT_CONF_MAX_ZONES);
	zones = weft_conf_grow(r, conf->zones, conf->n_zones, sizeof(*zones));
	if (!zones)
		return -1;
	conf->zones = zones;
	zones += conf->n_zones++;
	zones->line = r->line;
	zones->name = weft_conf_copy(r, name);
	return zones->name ? read_nodes(r, KEY_NODES, nodes.value, &zones->nodes) : -1;
}

static int unknown_zone(struct weft_conf_reader *r, const char *name)
{
	const char *near = weft_conf_nearest_zone(r->conf, name);

	if (near)
		return FAIL(r, KEY_CAP, "unknown zone \"%s\"; did you mean %s?", snip(name).text, near);
	return FAIL(r, KEY_CAP, "unknown zone \"%s\"; its PowerZone= line must stand above", snip(name).text);
}

static int read_cap(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take takes[] = { { KEY_WATTS, true, NULL },
				     { KEY_DAYS, false, NULL },
				     { KEY_HOURS, false, NULL } };
	struct weft_conf *conf = r->conf;
	struct weft_conf_cap *caps, cap = { 0, WEFT_NO_CAP, ALL_DAYS, 0, WEFT_DAY_MINUTES };
	int zone;
	double watts;

	if (weft_conf_take(r, pairs, n, takes, 3) < 0)
		return -1;
	zone = weft_conf_find_zone(conf, pairs[0].value);
	if (zone < 0)
		return unknown_zone(r, pairs[0].value);
	cap.zone = (unsigned)zone;
	if (strcasecmp(takes[0].value, "none") != 0) {
		if (read_watts(r, KEY_WATTS, takes[0].value, &watts) < 0)
			return -1;
		cap.watts = (int64_t)watts; /* a part of a watt would be above the cap */
	}
	if (takes[1].value && read_days(r, takes[1].value, &cap.days) < 0)
		return -1;
	if (takes[2].value && read_hours(r, takes[2].value, &cap.from, &cap.to) < 0)
		return -1;
	if (conf->n_caps == WEFT_CONF_MAX_CAPS)
		return FAIL(r, KEY_CAP, "more than %d caps", WEFT_CONF_MAX_CAPS);
	caps = weft_conf_grow(r, conf->caps, conf->n_caps, sizeof(*caps));
	if (!caps)
		return -1;
	conf->caps = caps;
	caps[conf->n_caps++] = cap;
	return 0;
}

/* ---------------------------------------------------------------- what hosts and devices draw */

static int read_range(struct weft_conf_reader *r, const struct weft_take *takes, double *idle, double *peak)
{
	if (read_watts(r, KEY_IDLE, takes[0].value, idle) < 0 ||
	    read_watts(r, KEY_PEAK, takes[1].value, peak) < 0)
		return -1;
	if (*peak < *idle)
		return FAIL(r, KEY_PEAK, "%s W are less than the %s W of Idle=", snip(takes[1].value).text,
			    snip(takes[0].value).text);
	return 0;
}

static int read_power_node(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take takes[] = { { KEY_IDLE, true, NULL },
				     { KEY_PEAK, true, NULL },
				     { KEY_OFF, false, NULL } };
	struct weft_conf *conf = r->conf;
	struct weft_conf_power_node *nodes, node = { .off = WEFT_POWER_OFF, .line = r->line };

	if (weft_conf_take(r, pairs, n, takes, 3) < 0 || read_range(r, takes, &node.idle, &node.peak) < 0)
		return -1;
	if (takes[2].value && read_watts(r, KEY_OFF, takes[2].value, &node.off) < 0)
		return -1;
	if (conf->n_power_nodes == WEFT_CONF_MAX_POWER)
		return FAIL(r, KEY_POWER_NODE, "more than %d lines", WEFT_CONF_MAX_POWER);
	nodes = weft_conf_grow(r, conf->power_nodes, conf->n_power_nodes, sizeof(*nodes));
	if (!nodes)
		return -1;
	conf->power_nodes = nodes;
	nodes += conf->n_power_nodes++;
	*nodes = node;
	return read_nodes(r, KEY_POWER_NODE, pairs[0].value, &nodes->nodes);
}

static int read_power_class(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take takes[] = { { KEY_IDLE, true, NULL }, { KEY_PEAK, true, NULL } };
	const char *gres = pairs[0].value;
	struct weft_conf *conf = r->conf;
	struct weft_conf_power_class *classes, new = { .line = r->line };

	if (weft_conf_take(r, pairs, n, takes, 2) < 0 || read_range(r, takes, &new.idle, &new.peak) < 0)
		return -1;
	if (!weft_conf_is_gres(gres))
		return FAIL(r, KEY_POWER_CLASS, "\"%s\" is not a gres name and type such as gpu:a100",
			    snip(gres).text);
	for (size_t i = 0; i < conf->n_power_classes; i++) {
		if (weft_name_equal(conf->power_classes[i].gres, gres))
			return FAIL(r, KEY_POWER_CLASS, "%s was given in line %u already", gres,
				    conf->power_classes[i].line);
	}
	if (conf->n_power_classes == WEFT_CONF_MAX_POWER)
		return FAIL(r, KEY_POWER_CLASS, "more than %d lines", WEFT_CONF_MAX_POWER);
	classes = weft_conf_grow(r, conf->power_classes, conf->n_power_classes, sizeof(*classes));
	if (!classes)
		return -1;
	conf->power_classes = classes;
	classes += conf->n_power_classes++;
	*classes = new;
	classes->gres = weft_conf_copy(r, gres);
	return classes->gres ? 0 : -1;
}

/* ---------------------------------------------------------------- keys that may be given once */

static int read_signal(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take age = { KEY_MAX_AGE, false, NULL };
	struct weft_conf_power *power = &r->conf->power;

	if (weft_conf_take(r, pairs, n, &age, 1) < 0 || weft_conf_once(r, KEY_SIGNAL) < 0)
		return -1;
	if (age.value &&
	    weft_conf_seconds(r, KEY_MAX_AGE, age.value, 1, WEFT_CONF_MAX_SECONDS, &power->max_age) < 0)
		return -1;
	return weft_conf_path(r, KEY_SIGNAL, pairs[0].value, &power->signal);
}

static int read_price(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take currency = { KEY_CURRENCY, false, NULL };
	struct weft_conf_power *power = &r->conf->power;

	if (weft_conf_take(r, pairs, n, &currency, 1) < 0 || weft_conf_once(r, KEY_PRICE) < 0)
		return -1;
	if (currency.value && weft_conf_currency(r, currency.value, power->currency) < 0)
		return -1;
	return weft_conf_path(r, KEY_PRICE, pairs[0].value, &power->price);
}

static int read_provision(struct weft_conf_reader *r, const char *value)
{
	static const char *const words[] = { "measured", "worst", NULL }; /* as enum weft_provision */
	int i = weft_conf_word(r, KEY_PROVISION, value, words, "measured or worst");

	if (i >= 0)
		r->conf->power.provision = (enum weft_provision)i;
	return i < 0 ? -1 : 0;
}

static int read_shed(struct weft_conf_reader *r, const char *value)
{
	static const char *const words[] = { "youngest", "oldest", "largest", "lowest",
					     NULL }; /* as weft_shed */
	int i = weft_conf_word(r, KEY_SHED, value, words, "youngest, oldest, largest or lowest");

	if (i >= 0)
		r->conf->power.shed = (enum weft_shed)i;
	return i < 0 ? -1 : 0;
}

/* A key that stands alone. */
static int read_single(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_conf_power *power = &r->conf->power;
	enum weft_key key = pairs[0].key;
	const char *value = pairs[0].value;

	if (weft_conf_take(r, pairs, n, NULL, 0) < 0 || weft_conf_once(r, key) < 0)
		return -1;
	switch (key) {
	case KEY_INTERVAL:
		return weft_conf_seconds(r, key, value, 1, 3600, &power->interval);
	case KEY_PATIENCE:
		return weft_conf_seconds(r, key, value, 0, WEFT_CONF_MAX_SECONDS, &power->patience);
	case KEY_SPAN:
		return weft_conf_seconds(r, key, value, 1, WEFT_CONF_MAX_SECONDS, &power->span);
	case KEY_RESTART:
		return weft_conf_seconds(r, key, value, 0, WEFT_CONF_MAX_SECONDS, &power->restart);
	case KEY_PROVISION:
		return read_provision(r, value);
	case KEY_SHED:
		return read_shed(r, value);
	case KEY_CARBON:
		return weft_conf_path(r, key, value, &power->carbon);
	case KEY_HOOK:
		return weft_conf_path(r, key, value, &power->hook);
	case KEY_HINTS:
		return weft_conf_path(r, key, value, &power->hints);
	default: /* KEY_STATE */
		free(power->state);
		power->state = NULL;
		return weft_conf_path(r, key, value, &power->state);
	}
}

int weft_conf_power_line(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	switch (pairs[0].key) {
	case KEY_ZONE:
		return read_zone(r, pairs, n);
	case KEY_CAP:
		return read_cap(r, pairs, n);
	case KEY_POWER_NODE:
		return read_power_node(r, pairs, n);
	case KEY_POWER_CLASS:
		return read_power_class(r, pairs, n);
	case KEY_SIGNAL:
		return read_signal(r, pairs, n);
	case KEY_PRICE:
		return read_price(r, pairs, n);
	default:
		return read_single(r, pairs, n);
	}
}

/* ---------------------------------------------------------------- what holds without any line */

int weft_conf_power_defaults(struct weft_conf *conf)
{
	conf->power = (struct weft_conf_power){
		.max_age = 900, .interval = 30, .patience = 3600, .span = 1800, .restart = 300
	};
	conf->power.state = strdup(WEFT_POWER_STATE);
	return conf->power.state ? 0 : -1;
}

void weft_conf_power_clear(struct weft_conf *conf)
{
	for (size_t i = 0; i < conf->n_zones; i++) {
		free(conf->zones[i].name);
		free(conf->zones[i].nodes);
	}
	for (size_t i = 0; i < conf->n_power_nodes; i++)
		free(conf->power_nodes[i].nodes);
	for (size_t i = 0; i < conf->n_power_classes; i++)
		free(conf->power_classes[i].gres);
	free(conf->zones);
	free(conf->caps);
	free(conf->power_nodes);
	free(conf->power_classes);
	free(conf->power.signal);
	free(conf->power.price);
	free(conf->power.carbon);
	free(conf->power.hook);
	free(conf->power.hints);
	free(conf->power.state);
}
