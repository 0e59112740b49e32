/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot.c - a file, read again when it has changed.
 */
#include "plugin/sched/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/compat/host.h"

#define CLOSED "no job goes to another site"

static struct {
	char *path;
	struct stat seen; /* when it was last read; all zeros: it was not there */
	struct weft_sites *sites;
	char said[WEFT_ERR_SIZE]; /* what is wrong; "": nothing */
} file;

/* WHY is wrong ("": nothing is any more): say so, unless it was said last. */
static void say(const char *why)
{
	char line[2 * WEFT_ERR_SIZE];

	if (!strcmp(file.said, why))
		return;
	if (why[0])
		snprintf(line, sizeof(line), "%s; " CLOSED, why);
	else
		snprintf(line, sizeof(line), "%s is as it should be", file.path);
	snprintf(file.said, sizeof(file.said), "%s", why);
	weft_host_log(why[0] != '\0', line);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void drop(void)
{
	weft_sites_free(file.sites);
	file.sites = NULL;
}

static void read_again(void)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct stat st;

	if (stat(file.path, &st)) {
		memset(&file.seen, 0, sizeof(file.seen));
		drop();
		weft_err(&err, "%s: %s", file.path, strerror(errno));
		say(err.text);
		return;
	}
	if (same_file(&st, &file.seen))
		return;
	file.seen = st;
	drop();
	file.sites = weft_sites_load(file.path, &err);
	if (!file.sites)
		say(err.text);
}

static bool is_stale(time_t now)
{
	return file.sites->made + WEFT_SNAPSHOT_MAX_AGE < now ||
	       file.sites->made > now + WEFT_SNAPSHOT_MAX_AGE;
}

static void say_stale(void)
{
	char why[WEFT_ERR_SIZE], when[64] = "?";
	struct tm tm;

	if (localtime_r(&file.sites->made, &tm))
		strftime(when, sizeof(when), "%FT%T", &tm);
	snprintf(why, sizeof(why), "%s is stale: it was made at %s", file.path, when);
	say(why);
}

const struct weft_sites *weft_snapshot_refresh(const struct weft_conf *conf, time_t now)
{
	if (!file.path || strcmp(file.path, conf->burst.sites) != 0) {
		weft_snapshot_forget();
		file.path = strdup(conf->burst.sites);
	}
	if (!file.path)
		return NULL;
	read_again();
	if (!file.sites)
		return NULL;
	if (is_stale(now)) {
		say_stale();
		return NULL;
	}
	say("");
	return file.sites;
}

void weft_snapshot_forget(void)
{
	drop();
	free(file.path);
	memset(&file, 0, sizeof(file));
}
