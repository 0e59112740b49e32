/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture_burst.h - torture.c's operation on bursts.
 */
#ifndef WEFT_TESTS_TORTURE_BURST_H
#define WEFT_TESTS_TORTURE_BURST_H

#include <stdlib.h>

#include "core/burst.h"
#include "core/outlook.h"

/* A wish, a forecast with more moments than a block has, and a decision, logged and made again. */
static int do_burst(struct weft_err *err)
{
	const struct weft_conf_burst site = { .value = 1000000 };
	const struct weft_burst_place peer = { "beta", 1000, 60, 5, 2000, "EUR", true };
	struct weft_burst_case c = {
		.now = 1000, .home = { "home", 9000, 60, 0, 0, "", true }, .peers = &peer, .n_peers = 1
	};
	struct weft_outlook_waiting waiting[150];
	struct weft_burst_answer answer;
	struct weft_outlook o;
	char *line = NULL;
	int rc;

	for (unsigned i = 0; i < 150; i++)
		waiting[i] =
			(struct weft_outlook_waiting){ .cards = 1 + i % 3, .seconds = 7 * i + 1, .id = i };
	rc = weft_outlook_make(&o, 3, 1000, 1, NULL, 0, waiting, 150);
	if (rc)
		return weft_err(err, "out of memory");
	if (weft_burst_parse("auto,beta,gamma,max-cost=5EUR", &c.wish, err))
		return -1;
	weft_burst_decide(&site, &c, &answer);
	line = weft_burst_record(&site, &c, &answer);
	rc = line ? weft_burst_replay(line, err) : weft_err(err, "out of memory");
	weft_burst_clear(&c.wish);
	free(line);
	return rc;
}

#endif
