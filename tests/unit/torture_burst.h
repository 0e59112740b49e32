/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torture_burst.h - torture.c's operation on bursts.
 */
#ifndef WEFT_TESTS_TORTURE_BURST_H
#define WEFT_TESTS_TORTURE_BURST_H

#include <stdlib.h>

#include "core/burst.h"
#include "core/outlook.h"
#include "core/shell.h"
#include "core/wrapper.h"

/* What runs at the peer, and the commands of weft.conf. */
static int do_wrapper(struct weft_err *err)
{
	static const struct weft_shell_pattern patterns[] = { { 'u', "it's" }, { 'd', "/x" }, { 0, NULL } };
	const char *script = "#!/usr/bin/env -S python3 -u\nprint(1)\n";
	char *text = weft_wrapper_text("a.1.2", 1, 2, "~/it's", script, err), *path = NULL, *word = NULL,
	     *command = NULL;
	int rc = text ? weft_shell_check("c", "ssh %u@gw tail -c +%n '%f'", WEFT_FETCH_LETTERS, err) : -1;

	if (rc == 0) {
		path = weft_wrapper_path("a.1.2", NULL, "work");
		word = weft_shell_quote("it's");
		command = weft_shell_fill("c", "rsync \"%d/\" %u@gw:", patterns, err);
		rc = command ? 0 : -1;
		if (!path || !word)
			rc = weft_err(err, "out of memory");
	}
	free(text);
	free(path);
	free(word);
	free(command);
	return rc;
}

/* A wish, a forecast with more moments than a block has, and a decision, logged and made again. */
static int do_burst(struct weft_err *err)
{
	const struct weft_conf_burst site = { .value = 1000000 };
	const struct weft_burst_place peer = { "beta", 1000, 60, 5, 2000, "EUR", true, NULL };
	struct weft_burst_case c = {
		.now = 1000, .home = { "home", 9000, 60, 0, 0, "", true, NULL }, .peers = &peer, .n_peers = 1
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
	return rc ? rc : do_wrapper(err);
}

#endif
