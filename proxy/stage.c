/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage.c - the commands of a peer's line in weft.conf, filled in for one run.
 */
#include "proxy/stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/shell.h"
#include "core/wrapper.h"

#define FETCH_IDLE 120 /* s without a byte */

/* COMMAND with its patterns filled in; FILE and OFFSET are for Fetch=. */
static char *fill(const struct weft_proxy_stage *stage, const char *what, const char *command,
		  const char *file, int64_t offset, struct weft_err *err)
{
	char *work = weft_wrapper_path(stage->key, stage->top, "work"), *text = NULL;
	char job[16], have[24], next[24];
	const struct weft_shell_pattern patterns[] = { { 'u', stage->remote_user },
						       { 's', stage->job->submit_dir ? stage->job->submit_dir
										     : "." },
						       { 'd', work },
						       { 'k', stage->key },
						       { 'j', job },
						       { 'p', stage->peer->name },
						       { 'f', file },
						       { 'o', file ? have : NULL },
						       { 'n', file ? next : NULL },
						       { 0, NULL } };

	snprintf(job, sizeof(job), "%" PRIu32, stage->job->id);
	snprintf(have, sizeof(have), "%" PRId64, offset);
	snprintf(next, sizeof(next), "%" PRId64, offset + 1);
	if (work)
		text = weft_shell_fill(what, command, patterns, err);
	else
		weft_err(err, "out of memory");
	free(work);
	return text;
}

int weft_proxy_stage(const struct weft_proxy_stage *stage, const char *what, const char *command,
		     struct weft_err *err)
{
	char *text = command ? fill(stage, what, command, NULL, 0, err) : NULL;
	struct weft_proxy_command run = { .what = what, .text = text, .stop = stage->stop };
	int rc;

	if (!command)
		return 0;
	rc = text ? weft_proxy_command(&run, err) : -1;
	free(text);
	return rc;
}

static int fetch(const struct weft_proxy_stage *stage, struct weft_proxy_output *output,
		 struct weft_proxy_stream *stream, struct weft_err *err)
{
	char name[32], *file, *text = NULL;
	struct weft_proxy_command run = { .what = "Fetch=", .idle = FETCH_IDLE, .stop = stage->stop };
	int rc = -1;

	snprintf(name, sizeof(name), "%s.%u", stream->name, stage->first);
	file = weft_wrapper_path(stage->key, stage->top, name);
	if (file)
		text = fill(stage, run.what, stage->peer->fetch, file, stream->offset, err);
	else
		weft_err(err, "out of memory");
	run.text = text;
	if (text)
		rc = weft_proxy_output_fetch(output, stream, &run, err);
	free(text);
	free(file);
	return rc;
}

int weft_proxy_stage_fetch(const struct weft_proxy_stage *stage, struct weft_proxy_output *output,
			   struct weft_err *err)
{
	int rc = 0;

	for (unsigned i = 0; stage->peer->fetch && i < output->n; i++) {
		if (fetch(stage, output, &output->stream[i], err))
			rc = -1;
	}
	return rc;
}
