/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture_power.h - torture.c's operations on power.
 */
#ifndef WEFT_TESTS_TORTURE_POWER_H
#define WEFT_TESTS_TORTURE_POWER_H

#include <unistd.h>

#include "core/power.h"
#include "core/power_report.h"

static const struct weft_power_lack some_lack = { .zone = 1, .when = 20, .needed = 2, .cap = 1 };

/* Enough entries for blocks to be split; what fails must leave the book as it was. */
static int fill_book(struct weft_book *book, struct weft_power_queue *queue, const struct weft_cap *cap)
{
	for (unsigned i = 1; i <= 100; i++) {
		struct weft_draw draws[] = { { 0, i }, { 1, 2 * i } };
		int64_t before = weft_book_drawn(book, 0, 5000);

		if (weft_book_add(book, i, draws, 2, 10 * i, 10000 + 7 * i)) {
			if (weft_book_drawn(book, 0, 5000) != before)
				abort();
			return -1;
		}
		if (weft_power_queue_put(queue, book, 1000 + i, draws, 2, 50, 20, &some_lack))
			return -1;
	}
	if (weft_book_set_caps(book, cap, 2)) {
		if (weft_book_cap(book, 0, 5000) != WEFT_NO_CAP ||
		    weft_book_cap(book, 1, 5000) != WEFT_NO_CAP)
			abort();
		return -1;
	}
	return weft_power_queue_plan(queue, book, 100, 10);
}

static int do_power(struct weft_err *err)
{
	struct weft_step steps[] = { { 0, 6000 }, { 6000, 5500 }, { 7000, 20000 } };
	struct weft_cap caps[] = { { steps, 3 }, { steps, 3 } };
	struct weft_book *book = weft_book_create(3);
	struct weft_power_queue *queue = weft_power_queue_create();
	size_t n;
	time_t *times = NULL;

	if (book && queue && fill_book(book, queue, caps) == 0)
		times = weft_book_changes(book, 0, 20000, &n);
	for (unsigned i = 1; queue && book && i <= 100; i += 2) {
		weft_power_queue_drop(queue, book, 1000 + i);
		weft_book_remove(book, i);
	}
	weft_power_queue_destroy(queue);
	weft_book_destroy(book);
	free(times);
	return nothing(times, err);
}

/* Job ID on node 1, as often as there are tallies.  What could not be put on the book is not known. */
static int tally_job(struct weft_power *p, uint32_t id, int64_t *draws)
{
	if (weft_power_tally_knows(p, id, 1))
		return 0;
	if (weft_power_tally_job(p, id, 1, draws, 5000) == 0)
		return weft_power_tally_knows(p, id, 1) ? 0 : -1;
	if (weft_power_tally_knows(p, id, 1))
		abort();
	return -1;
}

/* A pass as of slurmctld; -1: some of it could not be done. */
static int use_power(struct weft_power *p)
{
	static const int64_t idle[16];
	int64_t *draws = weft_power_draws(p);
	int rc = draws ? weft_power_set_signal(p, NULL, 1000) : -1;

	if (!draws)
		return -1;
	weft_power_add(p, draws, 1, 300);
	weft_power_tally_begin(p);
	for (uint32_t id = 1; id <= 3; id++)
		rc |= tally_job(p, id, draws);
	weft_power_tally_end(p, idle, 1000, true);
	weft_power_told(p, 1, 0.5);
	weft_power_limit(p, 1, 0.5);
	rc |= weft_power_refused(p, 9, draws, 60, 100, &(struct weft_power_lack){ .zone = 1 });
	rc |= weft_power_plan(p, 100000);
	free(draws);
	return rc;
}

/* Made for one view and used, made for the next, and what is handed on between them; some of that may be
 * lost. */
static int do_shared_power(struct weft_err *err)
{
	static const struct weft_expander expander = { expand, NULL };
	struct weft_power *p;
	int rc = 0;

	weft_site_start(&(struct weft_site_options){
		.conf_path = power_conf_path, .catalogue_path = catalogue_path, .log = no_log });
	for (int i = 0; i < 2; i++) {
		const struct weft_view *view;

		weft_site_set_nodes(gres, N_GRES);
		view = weft_site_view();
		p = weft_power_take(view, &expander);
		if (!p || use_power(p))
			rc = -1;
		weft_power_put(p);
		weft_view_put(view);
	}
	weft_power_forget();
	weft_site_stop();
	return rc ? weft_err(err, "out of memory") : 0;
}

/* A report of everything, read, written, and read from a file. */
static int do_report(struct weft_err *err)
{
	static const char text[] =
#define AT "\"2025-03-01T09:00:00Z\""
		"{\"version\":1,\"cluster\":\"c\",\"time\":" AT ",\"interval_s\":60,\"currency\":\"EUR\","
		"\"signal\":{\"path\":\"s\",\"state\":\"used\",\"modified\":null},"
		"\"price\":{\"path\":\"p\",\"state\":\"used\",\"modified\":null,\"now\":1,"
		"\"values\":[{\"from\":" AT ",\"value\":1}]},\"carbon\":null,"
		"\"zones\":[{\"name\":\"z\",\"nodes\":\"n\",\"idle_w\":1,\"measured_w\":1,\"measured_nodes\":"
		"1,"
		"\"steps\":[{\"from\":" AT ",\"cap_w\":1,\"projected_w\":1}]}],"
		"\"classes\":[{\"class\":\"x\",\"idle_w\":1,\"peak_w\":2,\"factor\":1,\"samples\":0}],"
		"\"waiting\":[{\"job\":1,\"zone\":\"z\",\"needed_w\":1,\"cap_w\":1,\"since\":null,"
		"\"earliest\":null,\"reserved\":true}],"
		"\"windows\":[{\"job\":1,\"goal\":\"green\",\"running\":true,\"start\":null,\"end\":null,"
		"\"deadline\":null,\"mean\":1,\"mean_now\":2}]}";
#undef AT
	static const char path[] = "torture-report.json";
	struct weft_report r, s = { 0 };
	int rc = weft_report_parse(&r, "report", text, strlen(text), err);

	if (rc == 0)
		rc = weft_report_save(&r, path, err);
	if (rc == 0)
		rc = weft_report_load(&s, path, err);
	weft_report_clear(&r);
	weft_report_clear(&s);
	unlink(path);
	return rc;
}

#endif
