/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site.c - one consistent view of configuration, catalogue and nodes, replaced as a whole.
 *
 * Views are counted.  Catalogue and configuration are shared by the views that differ only in the node table,
 * so they have a count of their own (struct base).
 */
#include "core/site.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the files said. */
struct base {
	struct weft_catalogue *catalogue;
	struct weft_conf *conf;
	struct weft_price_list *prices;
	struct weft_err broken;
	unsigned refs;
};

struct counted_view {
	struct weft_view view; /* first: a view's address is its counted_view's */
	struct base *base;
	unsigned refs;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects everything below, and all counts */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool started, stopping, has_thread;
static bool reload_wanted, reload_running;
static pthread_t thread;
static struct weft_site_options opts; /* owns its strings */
static struct counted_view *current;  /* NULL: not started, or out of memory */
static struct weft_err halted;	      /* why Weft stepped aside for good; "": it did not */
static char **nodes;		      /* Gres= text by node index, n_nodes of them */
static unsigned n_nodes;

static void say(bool is_error, const char *fmt, ...)
{
	char line[WEFT_ERR_SIZE + 128];
	va_list ap;

	if (!opts.log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	opts.log(is_error, line);
}

/* Caller holds the lock. */
static void base_put(struct base *b)
{
	if (!b || --b->refs)
		return;
	weft_catalogue_destroy(b->catalogue);
	weft_price_list_destroy(b->prices);
	weft_conf_destroy(b->conf);
	free(b);
}

/* Caller holds the lock. */
static void view_put(struct counted_view *v)
{
	if (!v || --v->refs)
		return;
	weft_inventory_destroy(v->view.inventory);
	base_put(v->base);
	free(v);
}

/* Reads the files; no lock is held.  Returns a base with one reference, broken or not; NULL when out of
 * memory. */
static struct base *base_load(void)
{
	struct base *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->refs = 1;
	if (opts.conf_path && opts.catalogue_path)
		b->conf = weft_conf_load(opts.conf_path, 1, &b->broken);
	if (b->conf)
		b->catalogue = weft_catalogue_load(opts.catalogue_path, b->conf->catalogue, &b->broken);
	if (b->catalogue && weft_conf_check(b->conf, b->catalogue, &b->broken)) {
		weft_catalogue_destroy(b->catalogue);
		b->catalogue = NULL;
	}
	if (b->catalogue)
		b->prices = weft_price_list_load(b->conf, &b->broken);
	if (!b->catalogue && !b->broken.text[0])
		weft_err(&b->broken, "out of memory");
	return b;
}

/* Types that the catalogue does not know are still scheduled by their name; an administrator should hear of
 * each once. */
static void warn_unknown(const struct weft_inventory *inv, const struct weft_inventory *before)
{
	for (size_t i = 0; i < weft_inventory_classes(inv); i++) {
		const struct weft_class *c = weft_inventory_class(inv, i);
		const struct weft_class *old;

		if (c->model || !c->type)
			continue;
		old = before ? weft_inventory_find(before, c->name, c->type) : NULL;
		if (!old || old->model)
			say(true,
			    "gres type \"%s\" is not in the catalogue: it is scheduled by its name only",
			    c->label);
	}
}

static struct weft_inventory *inventory_build(const struct base *b)
{
	struct weft_inventory *inv = weft_inventory_create(b->catalogue, b->conf);

	for (unsigned i = 0; inv && i < n_nodes; i++) {
		struct weft_err err = WEFT_ERR_INIT;

		if (nodes[i] && weft_inventory_add(inv, i, nodes[i], &err))
			say(true, "node %u is left out: %s", i, err.text);
	}
	return inv;
}

/* Make the view of B and the present nodes the current one.  Takes over the caller's reference to B.  Caller
 * holds the lock. */
static void view_install(struct base *b)
{
	struct counted_view *v = calloc(1, sizeof(*v));

	if (!v) {
		base_put(b);
		return;
	}
	v->refs = 1;
	v->base = b;
	v->view.broken = halted.text[0] ? halted : b->broken;
	if (!v->view.broken.text[0]) {
		v->view.catalogue = b->catalogue;
		v->view.conf = b->conf;
		v->view.prices = b->prices;
		v->view.inventory = inventory_build(b);
		if (!v->view.inventory)
			weft_err(&v->view.broken, "out of memory");
		else
			warn_unknown(v->view.inventory, current ? current->view.inventory : NULL);
	}
	view_put(current);
	current = v;
}

static void reload(void)
{
	struct base *b = base_load();

	pthread_mutex_lock(&lock);
	if (!b) {
		say(true, "out of memory; the configuration stays as it was");
	} else if (b->broken.text[0] && current && !current->base->broken.text[0]) {
		say(true, "%s; the configuration stays as it was", b->broken.text);
		base_put(b);
	} else {
		if (b->broken.text[0])
			say(true, "%s; --accel is refused until this is mended", b->broken.text);
		view_install(b);
	}
	reload_running = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void *site_thread(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	while (!stopping) {
		if (!reload_wanted) {
			pthread_cond_wait(&changed, &lock);
			continue;
		}
		reload_wanted = false;
		reload_running = true;
		pthread_mutex_unlock(&lock);
		reload();
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

void weft_site_start(const struct weft_site_options *options)
{
	pthread_mutex_lock(&lock);
	if (started) {
		pthread_mutex_unlock(&lock);
		return;
	}
	started = true;
	stopping = false;
	opts.conf_path = copy(options->conf_path);
	opts.catalogue_path = copy(options->catalogue_path);
	opts.log = options->log;
	pthread_mutex_unlock(&lock);

	reload();
	has_thread = !pthread_create(&thread, NULL, site_thread, NULL);
	if (!has_thread)
		say(true, "no thread can be started: weft.conf is not read again");
}

static void nodes_forget(void)
{
	for (unsigned i = 0; i < n_nodes; i++)
		free(nodes[i]);
	free(nodes);
	nodes = NULL;
	n_nodes = 0;
}

void weft_site_stop(void)
{
	pthread_mutex_lock(&lock);
	if (!started) {
		pthread_mutex_unlock(&lock);
		return;
	}
	stopping = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	if (has_thread)
		pthread_join(thread, NULL);

	pthread_mutex_lock(&lock);
	view_put(current);
	current = NULL;
	nodes_forget();
	free((char *)opts.conf_path);
	free((char *)opts.catalogue_path);
	opts = (struct weft_site_options){ 0 };
	started = reload_wanted = false;
	halted.text[0] = '\0';
	pthread_mutex_unlock(&lock);
}

void weft_site_reload(void)
{
	pthread_mutex_lock(&lock);
	if (started) {
		reload_wanted = true;
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
}

void weft_site_break(const char *why)
{
	pthread_mutex_lock(&lock);
	if (!halted.text[0] && current) {
		weft_err(&halted, "%s", why);
		current->base->refs++;
		view_install(current->base);
	}
	pthread_mutex_unlock(&lock);
}

void weft_site_settle(void)
{
	pthread_mutex_lock(&lock);
	while (started && (reload_wanted || reload_running))
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

void weft_site_set_nodes(const char *const *gres, unsigned n)
{
	char **copies = calloc(n ? n : 1, sizeof(*copies));

	if (!copies)
		return;
	for (unsigned i = 0; i < n; i++)
		copies[i] = copy(gres[i]);

	pthread_mutex_lock(&lock);
	nodes_forget();
	nodes = copies;
	n_nodes = n;
	if (current) {
		current->base->refs++;
		view_install(current->base);
	}
	pthread_mutex_unlock(&lock);
}

const struct weft_view *weft_site_view(void)
{
	struct counted_view *v;

	pthread_mutex_lock(&lock);
	v = current;
	if (v)
		v->refs++;
	pthread_mutex_unlock(&lock);
	return v ? &v->view : NULL;
}

const struct weft_view *weft_view_hold(const struct weft_view *view)
{
	pthread_mutex_lock(&lock);
	((struct counted_view *)view)->refs++;
	pthread_mutex_unlock(&lock);
	return view;
}

void weft_view_put(const struct weft_view *view)
{
	pthread_mutex_lock(&lock);
	view_put((struct counted_view *)view);
	pthread_mutex_unlock(&lock);
}

void weft_site_log(bool is_error, const char *line)
{
	if (opts.log)
		opts.log(is_error, line);
}

enum weft_index_mode weft_view_index(const struct weft_view *view)
{
	return view && !view->broken.text[0] && view->conf ? view->conf->index : WEFT_INDEX_OFF;
}
