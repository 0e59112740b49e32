/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_site.h - a site with power zones, and a clock that can be set, for the tests of core/power.
 */
#ifndef WEFT_TESTS_POWER_SITE_H
#define WEFT_TESTS_POWER_SITE_H

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/power.h"

static const char catalogue_text[] = "{\"vendors\":[{\"name\":\"nvidia\"}],\"models\":[{\"name\":\"h100\","
				     "\"vendor\":\"nvidia\",\"mem_gib\":80,\"tdp_w\":700}]}";

/* Nodes 0 and 1 are row1, 0 to 2 the hall. */
static const char usual[] = "PowerZone=hall Nodes=n[0-2]\nPowerZone=row1 Nodes=n[0-1]\n"
			    "PowerCap=row1 Watts=1000\nPowerCap=cluster Watts=5k\nPowerPatience=600\n";

static char dir[64], conf_path[96], catalogue_path[96];
static char logged[16384];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned expansions; /* under the power's lock */
static time_t offset;	    /* of the clock that core/ sees */

/* Instead of libc's. */
time_t time(time_t *at)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += offset;
	if (at)
		*at = now.tv_sec;
	return now.tv_sec;
}

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void to_log(bool is_error, const char *line)
{
	size_t used;

	pthread_mutex_lock(&log_lock);
	used = strlen(logged);
	snprintf(logged + used, sizeof(logged) - used, "%c %s\n", is_error ? 'E' : 'I', line);
	pthread_mutex_unlock(&log_lock);
}

static inline unsigned count_logged(const char *text)
{
	unsigned n = 0;

	for (const char *at = logged; (at = strstr(at, text)); at++)
		n++;
	return n;
}

/* "n[FIRST-LAST]", of single digits. */
static int expand(const char *nodes, void (*each)(unsigned index, void *to), void *to, struct weft_err *err,
		  void *arg)
{
	(void)arg;
	expansions++;
	if (strlen(nodes) != 6 || nodes[1] != '[')
		return weft_err(err, "unknown node %s", nodes);
	for (char c = nodes[2]; c <= nodes[4]; c++)
		each((unsigned)(c - '0'), to);
	return 0;
}

static const struct weft_expander expander = { expand, NULL };

static void set_nodes(void)
{
	static const char *const gres[] = { "gpu:h100:8", "gpu:h100:8", "gpu:h100:8", NULL };

	weft_site_set_nodes(gres, 4);
}

static void reload(const char *conf)
{
	put_file(conf_path, conf);
	weft_site_reload();
	weft_site_settle();
}

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/weft-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(conf_path, sizeof(conf_path), "%s/weft.conf", dir);
	snprintf(catalogue_path, sizeof(catalogue_path), "%s/catalogue.json", dir);
	put_file(catalogue_path, catalogue_text);
	put_file(conf_path, usual);
	logged[0] = '\0';
	expansions = 0;
	offset = 0;
	weft_site_start(&(struct weft_site_options){
		.conf_path = conf_path, .catalogue_path = catalogue_path, .log = to_log });
	set_nodes();
}

static void teardown(void)
{
	weft_power_forget();
	weft_site_stop();
	unlink(conf_path);
	unlink(catalogue_path);
	rmdir(dir);
}

/* That of the present view. */
static struct weft_power *take(void)
{
	const struct weft_view *view = weft_site_view();
	struct weft_power *p = weft_power_take(view, &expander);

	weft_view_put(view);
	return p;
}

static struct weft_power *take_some(void)
{
	struct weft_power *p = take();

	ck_assert_ptr_nonnull(p);
	return p;
}

/* As the planner does: what the caps are, and that N jobs run, job i + 1 on node NODES[i] with 400 W. */
static void tell(struct weft_power *p, const unsigned *nodes, unsigned n, time_t now)
{
	int64_t *draws = weft_power_draws(p);

	ck_assert_ptr_nonnull(draws);
	ck_assert_int_eq(weft_power_set_signal(p, NULL, now), 0);
	weft_power_tally_begin(p);
	for (unsigned i = 0; i < n; i++) {
		memset(draws, 0, weft_power_zones(p) * sizeof(*draws));
		weft_power_add(p, draws, nodes[i], 400);
		if (!weft_power_tally_knows(p, i + 1, 7))
			ck_assert_int_eq(weft_power_tally_job(p, i + 1, 7, draws, now + 3600), 0);
	}
	memset(draws, 0, weft_power_zones(p) * sizeof(*draws));
	weft_power_tally_end(p, draws, 1000, true);
	free(draws);
}

static const struct weft_power_lack in_row1 = { .zone = 2, .when = 1000, .needed = 1100, .cap = 1000 };

static int64_t drawn(struct weft_power *p, unsigned zone, time_t when)
{
	return weft_book_drawn(weft_power_book(p), zone, when);
}

static inline TCase *cases_of(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(s, tc);
	return tc;
}

#endif
