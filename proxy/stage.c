/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage.c - the commands of a peer's line in weft.conf, filled in for one run.
 */
#include "proxy/stage.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Fetch= for the file NAME in the run's directory, from OFFSET on. */
static char *fetch_text(const struct weft_proxy_stage *stage, const char *name, int64_t offset,
			struct weft_err *err)
{
	char *file = weft_wrapper_path(stage->key, stage->top, name), *text = NULL;

	if (file)
		text = fill(stage, "Fetch=", stage->peer->fetch, file, offset, err);
	else
		weft_err(err, "out of memory");
	free(file);
	return text;
}

static int fetch(const struct weft_proxy_stage *stage, struct weft_proxy_output *output,
		 struct weft_proxy_stream *stream, struct weft_err *err)
{
	char name[32], *text;
	struct weft_proxy_command run = { .what = "Fetch=", .idle = FETCH_IDLE, .stop = stage->stop };
	int rc = -1;

	snprintf(name, sizeof(name), "%s.%u", stream->name, stage->first);
	text = fetch_text(stage, name, stream->offset, err);
	run.text = text;
	if (text)
		rc = weft_proxy_output_fetch(output, stream, &run, err);
	free(text);
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

/* "0 1", the exit code and the attempt, and nothing else. */
struct done {
	char text[32];
	size_t len;
};

static int take_done(const char *text, size_t len, void *arg, struct weft_err *err)
{
	struct done *done = arg;

	if (len >= sizeof(done->text) - done->len)
		return weft_err(err, "done: it is too long");
	memcpy(done->text + done->len, text, len);
	done->len += len;
	return 0;
}

/* Digits up to END, which has to come: at most MAX, or -1. */
static long number(const char **text, char end, long max)
{
	long n = 0;
	const char *at = *text;

	while (*at >= '0' && *at <= '9' && n <= max)
		n = 10 * n + (*at++ - '0');
	if (at == *text || *at != end || n > max)
		return -1;
	*text = at + 1;
	return n;
}

int weft_proxy_stage_done(const struct weft_proxy_stage *stage)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct done done = { .len = 0 };
	char *text = stage->peer->fetch ? fetch_text(stage, "done", 0, &err) : NULL;
	struct weft_proxy_command run = { .what = "Fetch=",
					  .text = text,
					  .take = take_done,
					  .arg = &done,
					  .idle = FETCH_IDLE,
					  .stop = stage->stop };
	bool there = text && weft_proxy_command(&run, &err) == 0;
	const char *at = done.text;
	long code, attempt;

	free(text);
	if (!there)
		return -1;
	code = number(&at, ' ', 255);
	attempt = code < 0 ? -1 : number(&at, '\n', INT_MAX);
	if (code > 128 && code <= 128 + SIGRTMAX)
		return -1;
	/* What an earlier run of the job left does not count for this one. */
	return attempt >= (long)stage->first && at == done.text + done.len ? (int)code : -1;
}
