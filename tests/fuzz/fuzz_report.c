/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_report.c - any text as a power report.  What is read is within its limits, and written and read again
 * it is the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/power_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check(const struct weft_report *r)
{
	must(r->cluster && r->time >= 0 && r->time <= WEFT_REPORT_MAX_TIME);
	for (unsigned i = 0; i < r->n_zones; i++) {
		const struct weft_report_zone *zone = &r->zones[i];

		must(zone->name && strlen(zone->name) <= WEFT_REPORT_MAX_TEXT && zone->n_steps > 0);
		for (unsigned k = 0; k < zone->n_steps; k++) {
			must(k == 0 || zone->steps[k - 1].from < zone->steps[k].from);
			must(zone->steps[k].cap >= WEFT_REPORT_NO_CAP &&
			     zone->steps[k].cap <= WEFT_REPORT_MAX_WATTS);
			must(zone->steps[k].drawn >= 0 && zone->steps[k].drawn <= WEFT_REPORT_MAX_WATTS);
		}
	}
	for (unsigned i = 0; i < r->n_waiting; i++)
		must(r->waiting[i].zone != NULL);
	for (unsigned i = 0; i < r->n_windows; i++)
		must(r->windows[i].goal != NULL);
	for (unsigned i = 0; i < r->n_classes; i++)
		must(r->classes[i].label != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *copy = malloc(size + 1), *text, *again; /* ASan sees the end of it */
	struct weft_report r;
	size_t len, len2;
	int rc;

	if (size > 0)
		memcpy(copy, data, size);
	rc = weft_report_parse(&r, "report", copy, size, &err);
	free(copy);
	must((rc == 0) == (err.text[0] == '\0'));
	if (rc)
		return 0;
	check(&r);
	text = weft_report_text(&r, &len, &err);
	must(text != NULL);
	weft_report_clear(&r);
	must(weft_report_parse(&r, "again", text, len, &err) == 0);
	check(&r);
	again = weft_report_text(&r, &len2, &err);
	must(again && len == len2 && !memcmp(text, again, len));
	weft_report_clear(&r);
	free(text);
	free(again);
	return 0;
}
