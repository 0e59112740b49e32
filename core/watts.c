/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watts.c - the power model of nodes and devices.
 */
#include "core/watts.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/scan.h"

/* A host that no PowerNode= line names.  Eight H100 SXM cards (5600 W) get 3400 W for their host at most:
 * such a node was measured at up to 8400 W in all (Latif et al., IEEE Access 13, 2025) and is rated at 10200
 * W. */
#define HOST_IDLE	150.0	  /* W */
#define HOST_PEAK	600.0	  /* W */
#define HOST_IDLE_SHARE (1.0 / 5) /* of the peaks of its devices, for fans, switches and network cards */
#define HOST_PEAK_SHARE (1.0 / 2)

#define IDLE_SHARE   (1.0 / 10) /* of the peak, where the idle power of a device is unknown */
#define UNKNOWN_PEAK 1000.0	/* W of a device when the catalogue knows no peak at all */

/* How far a factor moves towards a measurement: up fast and down slowly, so that it stays above the mean. */
#define STEP_UP	  (1.0 / 4)
#define STEP_DOWN (1.0 / 64)

struct device {
	double idle, peak;
	_Atomic double factor;
	_Atomic uint64_t samples;
};

struct host {
	bool far;	   /* it stands for another site: its devices draw nothing here */
	double range;	   /* from idle to peak of the host alone */
	int64_t idle, off; /* of the whole node */
};

struct weft_watts {
	const struct weft_inventory *inv;
	struct device *devices; /* by class */
	size_t n_devices;
	struct host *hosts; /* by node index */
	unsigned n_hosts;
	pthread_mutex_t learning; /* one at a time; who reads a factor need not wait */
};

/* W, rounded up.  What a sum of doubles is too much must not make a watt; and sums over a million nodes must
 * fit. */
static int64_t whole(double watts)
{
	double up = ceil(watts - 1e-6);

	return up > WEFT_WATTS_MAX ? (int64_t)WEFT_WATTS_MAX : up > 0 ? (int64_t)up : 0;
}

/* ---------------------------------------------------------------- devices */

static bool has_gres_name(const struct weft_vendor *vendor, const char *name)
{
	for (char **s = vendor->gres_names; s && *s; s++) {
		if (weft_name_equal(*s, name))
			return true;
	}
	return false;
}

/* The largest peak that the catalogue knows of the models of VENDOR (NULL: any), whose cards may be the gres
 * NAME (NULL: any); 0: none. */
static double largest_peak(const struct weft_catalogue *cat, const struct weft_vendor *vendor,
			   const char *name)
{
	double largest = 0;

	for (size_t i = 0; i < weft_catalogue_models(cat); i++) {
		const struct weft_model *model = weft_catalogue_model(cat, i);

		if ((vendor && model->vendor != vendor) || (name && !has_gres_name(model->vendor, name)))
			continue;
		if (weft_figure_known(model->tdp) && model->tdp.hi > largest)
			largest = model->tdp.hi;
	}
	return largest;
}

static double guess_peak(const struct weft_catalogue *cat, const struct weft_class *c)
{
	double peak = c->model ? largest_peak(cat, c->model->vendor, NULL) : largest_peak(cat, NULL, c->name);

	if (!(peak > 0))
		peak = largest_peak(cat, NULL, NULL);
	return peak > 0 ? peak : UNKNOWN_PEAK;
}

static void set_device(struct device *d, const struct weft_catalogue *cat, const struct weft_class *c,
		       const struct weft_conf *conf)
{
	const struct weft_model *model = c->model;

	atomic_init(&d->factor, 1);
	atomic_init(&d->samples, 0);
	for (size_t i = 0; i < conf->n_power_classes; i++) {
		if (!weft_name_equal(conf->power_classes[i].gres, c->label))
			continue;
		d->idle = conf->power_classes[i].idle;
		d->peak = conf->power_classes[i].peak;
		return;
	}
	d->peak = model && weft_figure_known(model->tdp) ? model->tdp.hi : guess_peak(cat, c);
	d->idle = model && weft_figure_known(model->idle) ? model->idle.hi : d->peak * IDLE_SHARE;
	if (d->idle > d->peak) /* observed above what is specified */
		d->idle = d->peak;
}

/* ---------------------------------------------------------------- hosts */

/* The number of the PowerNode= line of each node, + 1; 0: none. */
struct naming {
	uint16_t *rules;
	unsigned n_nodes;
	uint16_t rule;
};

static void name_node(unsigned index, void *to)
{
	struct naming *naming = to;

	if (index < naming->n_nodes)
		naming->rules[index] = naming->rule;
}

static int name_nodes(struct naming *naming, const struct weft_conf *conf,
		      const struct weft_expander *expander, struct weft_err *err)
{
	for (size_t i = 0; i < conf->n_power_nodes; i++) {
		const struct weft_conf_power_node *node = &conf->power_nodes[i];
		struct weft_err why = WEFT_ERR_INIT;

		naming->rule = (uint16_t)(i + 1);
		if (weft_expand(expander, naming->n_nodes, node->nodes, name_node, naming, &why) < 0)
			return weft_err(err, "%s:%u: PowerNode: %s", conf->path ? conf->path : "weft.conf",
					node->line, why.text);
	}
	return 0;
}

static void name_far(unsigned index, void *to)
{
	struct weft_watts *w = to;

	if (index < w->n_hosts)
		w->hosts[index].far = true;
}

/* A node that is not there draws nothing anyway. */
static void name_peers(struct weft_watts *w, const struct weft_conf *conf,
		       const struct weft_expander *expander)
{
	for (size_t i = 0; i < conf->n_peers; i++) {
		struct weft_err ignored = WEFT_ERR_INIT;

		weft_expand(expander, w->n_hosts, conf->peers[i].node, name_far, w, &ignored);
	}
}

static void set_host(const struct weft_watts *w, unsigned index, const struct weft_conf_power_node *rule)
{
	double idle = 0, peak = 0, host_idle, off = WEFT_POWER_OFF;
	struct host *host = &w->hosts[index];
	size_t n;
	const struct weft_holding *holdings = weft_inventory_node(w->inv, index, &n);

	for (size_t i = 0; i < n && !host->far; i++) {
		const struct device *d = &w->devices[holdings[i].class_id];

		idle += holdings[i].devices * d->idle;
		peak += holdings[i].devices * d->peak;
	}
	if (rule) {
		host_idle = rule->idle;
		host->range = rule->peak - rule->idle;
		off = rule->off;
	} else if (host->far) {
		host_idle = off = host->range = 0;
	} else {
		host_idle = HOST_IDLE + peak * HOST_IDLE_SHARE;
		host->range = HOST_PEAK + peak * HOST_PEAK_SHARE - host_idle;
	}
	host->idle = whole(host_idle + idle);
	host->off = whole(off);
	if (host->off > host->idle) /* waking it takes power, and never frees it */
		host->off = host->idle;
}

static int set_hosts(struct weft_watts *w, const struct weft_conf *conf, const struct weft_expander *expander,
		     struct weft_err *err)
{
	struct naming naming = { .n_nodes = w->n_hosts };
	int rv = -1;

	naming.rules = calloc((size_t)w->n_hosts + 1, sizeof(*naming.rules));
	if (!naming.rules)
		return weft_err(err, "out of memory");
	if (name_nodes(&naming, conf, expander, err) == 0) {
		name_peers(w, conf, expander);
		for (unsigned i = 0; i < w->n_hosts; i++)
			set_host(w, i, naming.rules[i] ? &conf->power_nodes[naming.rules[i] - 1] : NULL);
		rv = 0;
	}
	free(naming.rules);
	return rv;
}

struct weft_watts *weft_watts_create(const struct weft_inventory *inv, const struct weft_conf *conf,
				     const struct weft_expander *expander, struct weft_err *err)
{
	struct weft_watts *w = calloc(1, sizeof(*w));

	if (!w) {
		weft_err(err, "out of memory");
		return NULL;
	}
	w->inv = inv;
	w->n_devices = weft_inventory_classes(inv);
	w->n_hosts = weft_inventory_nodes(inv);
	w->devices = calloc(w->n_devices + 1, sizeof(*w->devices));
	w->hosts = calloc((size_t)w->n_hosts + 1, sizeof(*w->hosts));
	pthread_mutex_init(&w->learning, NULL);
	if (!w->devices || !w->hosts) {
		weft_err(err, "out of memory");
		weft_watts_destroy(w);
		return NULL;
	}
	for (size_t i = 0; i < w->n_devices; i++)
		set_device(&w->devices[i], weft_inventory_catalogue(inv), weft_inventory_class(inv, i), conf);
	if (set_hosts(w, conf, expander, err) < 0) {
		weft_watts_destroy(w);
		return NULL;
	}
	return w;
}

void weft_watts_destroy(struct weft_watts *w)
{
	if (!w)
		return;
	pthread_mutex_destroy(&w->learning);
	free(w->devices);
	free(w->hosts);
	free(w);
}

/* ---------------------------------------------------------------- what is drawn */

int64_t weft_watts_idle(const struct weft_watts *w, unsigned index)
{
	return index < w->n_hosts ? w->hosts[index].idle : 0;
}

int64_t weft_watts_off(const struct weft_watts *w, unsigned index)
{
	return index < w->n_hosts ? w->hosts[index].off : 0;
}

static double host_use(const struct host *host, const struct weft_use *use)
{
	return use->cpus < use->all_cpus ? host->range * use->cpus / use->all_cpus
	       : use->cpus		 ? host->range
					 : 0;
}

int64_t weft_watts_use(const struct weft_watts *w, unsigned index, const struct weft_use *use, bool worst)
{
	double sum;

	if (index >= w->n_hosts)
		return 0;
	sum = host_use(&w->hosts[index], use);
	for (unsigned i = 0; i < use->n_busy && !w->hosts[index].far; i++) {
		const struct device *d;
		double factor;

		if (use->busy[i].class_id >= w->n_devices)
			continue;
		d = &w->devices[use->busy[i].class_id];
		factor = worst ? 1 : atomic_load_explicit(&d->factor, memory_order_relaxed);
		sum += use->busy[i].devices * (d->peak - d->idle) * factor;
	}
	return whole(sum);
}

/* ---------------------------------------------------------------- learning */

/* The one class of USE that is busy; NULL: none, or several. */
static const struct weft_holding *only_class(const struct weft_use *use)
{
	const struct weft_holding *only = NULL;

	for (unsigned i = 0; i < use->n_busy; i++) {
		if (use->busy[i].devices == 0)
			continue;
		if (only)
			return NULL;
		only = &use->busy[i];
	}
	return only;
}

void weft_watts_learn(struct weft_watts *w, unsigned index, const struct weft_use *use, int64_t watts)
{
	const struct weft_holding *busy = only_class(use);
	double range, seen, factor;
	struct device *d;

	if (!busy || busy->class_id >= w->n_devices || index >= w->n_hosts || w->hosts[index].far ||
	    watts < w->hosts[index].idle)
		return;
	d = &w->devices[busy->class_id];
	range = busy->devices * (d->peak - d->idle);
	if (!(range > 0))
		return;
	seen = ((double)(watts - w->hosts[index].idle) - host_use(&w->hosts[index], use)) / range;
	seen = fmin(fmax(seen, WEFT_WATTS_LEAST), 1);
	pthread_mutex_lock(&w->learning);
	factor = atomic_load(&d->factor);
	factor += (seen - factor) * (seen > factor ? STEP_UP : STEP_DOWN);
	atomic_store(&d->factor, factor);
	atomic_fetch_add(&d->samples, 1);
	pthread_mutex_unlock(&w->learning);
}

struct weft_class_watts weft_watts_class(const struct weft_watts *w, unsigned class_id)
{
	const struct device *d;

	if (class_id >= w->n_devices)
		return (struct weft_class_watts){ .factor = 1 };
	d = &w->devices[class_id];
	return (struct weft_class_watts){ d->idle, d->peak, atomic_load(&d->factor),
					  atomic_load(&d->samples) };
}

void weft_watts_inherit(struct weft_watts *w, const struct weft_watts *old)
{
	pthread_mutex_lock(&w->learning);
	for (unsigned i = 0; i < w->n_devices; i++) {
		const struct weft_class *c = weft_inventory_class(w->inv, i);
		const struct weft_class *was = weft_inventory_find(old->inv, c->name, c->type);

		for (unsigned k = 0; was && k < old->n_devices; k++) {
			if (weft_inventory_class(old->inv, k) != was)
				continue;
			atomic_store(&w->devices[i].factor, atomic_load(&old->devices[k].factor));
			atomic_store(&w->devices[i].samples, atomic_load(&old->devices[k].samples));
		}
	}
	pthread_mutex_unlock(&w->learning);
}
