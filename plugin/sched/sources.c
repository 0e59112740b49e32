/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sources.c - three files, read again when they have changed.
 */
#include "plugin/sched/sources.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/compat/host.h"

struct file {
	char *path;
	struct stat seen; /* when it was last read; all zeros: it was not there */
	void *data, *old; /* OLD may still be in use elsewhere until the next change */
	time_t written;	  /* when DATA was; a later file may be broken */
	char state[WEFT_ERR_SIZE + 16];
	bool stale;
};

static struct file files[WEFT_SOURCES];

/* *WRITTEN: when; of a signal only. */
static void *load(enum weft_source source, const struct weft_conf *conf, time_t *written,
		  struct weft_err *err)
{
	if (source == WEFT_SOURCE_SIGNAL)
		return weft_signal_load(conf->power.signal, conf, written, err);
	return weft_series_load(source == WEFT_SOURCE_PRICE ? conf->power.price : conf->power.carbon, err);
}

static void destroy(enum weft_source source, void *data)
{
	if (source == WEFT_SOURCE_SIGNAL)
		weft_signal_destroy(data);
	else
		weft_series_destroy(data);
}

static void replace(enum weft_source source, void *data)
{
	struct file *f = &files[source];

	destroy(source, f->old);
	f->old = f->data;
	f->data = data;
}

static void say(struct file *f, const char *state)
{
	snprintf(f->state, sizeof(f->state), "%s", state);
}

static void say_broken(struct file *f, const char *why)
{
	char line[2 * WEFT_ERR_SIZE];

	snprintf(f->state, sizeof(f->state), "broken: %s", why);
	snprintf(line, sizeof(line), "%s; what the file said before stays in use", why);
	weft_host_log(true, line);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool read_again(enum weft_source source, const struct weft_conf *conf)
{
	struct file *f = &files[source];
	struct weft_err err = WEFT_ERR_INIT;
	struct stat st;
	time_t written = 0;
	void *data;

	if (stat(f->path, &st)) {
		memset(&f->seen, 0, sizeof(f->seen));
		if (!strcmp(f->state, "missing"))
			return false;
		say(f, "missing");
		return true;
	}
	if (same_file(&st, &f->seen))
		return false;
	f->seen = st;
	data = load(source, conf, &written, &err);
	if (!data) {
		say_broken(f, err.text);
		return true;
	}
	replace(source, data);
	f->written = written;
	say(f, "used");
	return true;
}

/* A signal is stale when nobody has written it for long, or when its time cannot be right, or when its file
 * has gone; a series, when it says nothing of the present. */
static bool is_stale(enum weft_source source, const struct weft_conf *conf, time_t now)
{
	const struct file *f = &files[source];

	if (!f->data)
		return false;
	if (source == WEFT_SOURCE_SIGNAL)
		return !f->seen.st_ino || now > f->written + (time_t)conf->power.max_age ||
		       f->written > now + (time_t)conf->power.max_age;
	return weft_series_last(f->data) <= now;
}

static bool refresh(enum weft_source source, const char *path, const struct weft_conf *conf, time_t now)
{
	struct file *f = &files[source];
	bool changed = false, stale;

	if (!path != !f->path || (path && strcmp(path, f->path))) {
		replace(source, NULL);
		free(f->path);
		f->path = path ? strdup(path) : NULL;
		memset(&f->seen, 0, sizeof(f->seen));
		f->state[0] = '\0';
		changed = true;
	}
	if (!f->path)
		return changed;
	if (read_again(source, conf))
		changed = true;
	stale = is_stale(source, conf, now);
	if (stale != f->stale) {
		f->stale = stale;
		changed = true;
		if (stale) {
			char line[WEFT_ERR_SIZE];

			snprintf(line, sizeof(line), "%s is stale", f->path);
			weft_host_log(source == WEFT_SOURCE_SIGNAL, line);
		}
	}
	return changed;
}

/* A signal numbers the zones as the configuration did that it was read for. */
static void forget_signal_of_other(const struct weft_conf *conf)
{
	static const struct weft_conf *last;

	if (conf == last)
		return;
	replace(WEFT_SOURCE_SIGNAL, NULL);
	memset(&files[WEFT_SOURCE_SIGNAL].seen, 0, sizeof(struct stat));
	last = conf;
}

bool weft_sources_refresh(const struct weft_conf *conf, time_t now)
{
	forget_signal_of_other(conf);
	bool changed = refresh(WEFT_SOURCE_SIGNAL, conf->power.signal, conf, now);

	changed = refresh(WEFT_SOURCE_PRICE, conf->power.price, conf, now) || changed;
	return refresh(WEFT_SOURCE_CARBON, conf->power.carbon, conf, now) || changed;
}

const struct weft_signal *weft_sources_signal(void)
{
	return files[WEFT_SOURCE_SIGNAL].stale ? NULL : files[WEFT_SOURCE_SIGNAL].data;
}

const struct weft_series *weft_sources_price(void)
{
	return files[WEFT_SOURCE_PRICE].data;
}

const struct weft_series *weft_sources_carbon(void)
{
	return files[WEFT_SOURCE_CARBON].data;
}

const char *weft_sources_state(enum weft_source source, time_t *modified)
{
	const struct file *f = &files[source];

	*modified = f->seen.st_mtime;
	return f->stale && !strcmp(f->state, "used") ? "stale" : f->state;
}

void weft_sources_forget(void)
{
	for (int i = 0; i < WEFT_SOURCES; i++) {
		replace(i, NULL);
		replace(i, NULL);
		free(files[i].path);
		files[i] = (struct file){ 0 };
	}
}
