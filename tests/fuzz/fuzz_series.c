/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_series.c - any bytes as a price or carbon file.  What is read answers any question, and plans made
 * with it keep their rules.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/energy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_plan(const struct weft_series *s, time_t now, time_t window, unsigned runtime,
		       bool interrupt)
{
	struct weft_energy_plan p;
	time_t have = 0;

	weft_energy_plan(&p, s, now, now + window, runtime, interrupt, 1800, 60, false);
	must(p.n >= 1 && p.n <= WEFT_ENERGY_MAX_SPANS && p.spans[0].start >= now);
	for (unsigned i = 0; i < p.n; i++) {
		must(p.spans[i].end > p.spans[i].start);
		must(i == 0 || p.spans[i].start > p.spans[i - 1].end);
		have += p.spans[i].end - p.spans[i].start;
	}
	must(have == (time_t)runtime + 60 * (time_t)(p.n - 1));
	must(p.spans[0].start == now || p.spans[p.n - 1].end <= now + window);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_series *s = weft_series_parse("grid.csv", (const char *)data, size, &err);
	time_t at = 0;

	must(!s == (err.text[0] != '\0'));
	if (!s)
		return 0;
	for (unsigned i = 0; i < 300; i++) {
		time_t next = weft_series_next(s, at);
		double v = weft_series_at(s, at), mean = weft_series_mean(s, at, next);

		must(next > at);
		must(isnan(v) || fabs(v) <= WEFT_SERIES_MAX_VALUE);
		must(i == 0 || isnan(v) == isnan(mean));
		must(isnan(v) || fabs(v - mean) <= 1e-3 * WEFT_SERIES_MAX_VALUE);
		at = next;
	}
	at = weft_series_last(s);
	check_plan(s, at - 1000, 86400, 7000, false);
	check_plan(s, at - 1000, 86400, 7000, true);
	check_plan(s, at + 90000, 40 * 86400, 200000, true);
	weft_series_destroy(s);
	return 0;
}
