/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer.c - core/rest.h for scripts: bodies of submissions, and what answers mean.
 *
 *	peer submit VERSION KEY=VALUE...	the body, for the script on standard input; env=NAME=VALUE may
 *come often peer submitted|jobs|dbjobs|nodes	what the answer on standard input says, as KEY=VALUE lines
 *	peer complaint
 *	peer probe URL				which version weftd finds there, and whether slurmdbd is
 *served
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest.h"
#include "tests/unit/rest_say.h"
#include "weftd/http.h"

#define MAX_VARIABLES 64

static char *input;
static size_t input_len;

static void read_input(void)
{
	size_t room = 0, n;

	do {
		if (input_len + 1 >= room) {
			room = 2 * room + 65536;
			input = realloc(input, room);
			if (!input)
				exit(1);
		}
		n = fread(input + input_len, 1, room - input_len - 1, stdin);
		input_len += n;
	} while (n > 0);
	input[input_len] = '\0';
}

static int say(const struct weft_err *err)
{
	printf("error=%s\n", err->text);
	return 1;
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

static void set(struct weft_rest_job *job, const char *key, const char *value)
{
	const struct {
		const char *key;
		const char **text;
	} texts[] = {
		{ "name=", &job->name },       { "partition=", &job->partition },
		{ "account=", &job->account }, { "qos=", &job->qos },
		{ "comment=", &job->comment }, { "directory=", &job->directory },
		{ "output=", &job->output },   { "error=", &job->error },
		{ "gres=", &job->gres },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(key, texts[i].key))
			*texts[i].text = value;
	if (!strcmp(key, "nodes="))
		job->nodes = (uint32_t)number(value);
	if (!strcmp(key, "tasks="))
		job->tasks = (uint32_t)number(value);
	if (!strcmp(key, "cpus="))
		job->cpus_per_task = (uint32_t)number(value);
	if (!strcmp(key, "memory="))
		job->memory_mb = number(value);
	if (!strcmp(key, "minutes="))
		job->minutes = (uint32_t)number(value);
	if (!strcmp(key, "deadline="))
		job->deadline = (time_t)number(value);
	if (!strcmp(key, "hold="))
		job->hold = number(value);
	if (!strcmp(key, "requeue="))
		job->requeue = number(value);
}

static int submit(int n, char **words)
{
	const char *environment[MAX_VARIABLES + 1] = { NULL };
	struct weft_rest_job job = { .script = input, .environment = environment };
	struct weft_err err = WEFT_ERR_INIT;
	size_t variables = 0;
	char *body;

	for (int i = 1; i < n; i++) {
		char key[16] = "";
		size_t len = strcspn(words[i], "=") + 1;

		if (!strncmp(words[i], "env=", 4) && variables < MAX_VARIABLES)
			environment[variables++] = words[i] + 4;
		if (len < sizeof(key))
			memcpy(key, words[i], len);
		set(&job, key, words[i] + len);
	}
	body = weft_rest_submit((int)number(words[0]), &job, &err);
	if (!body)
		return say(&err);
	puts(body);
	free(body);
	return 0;
}

static int probe(const char *url)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_http *link = weft_http_open(&(struct weft_http_options){ .url = url }, &err);
	bool db = false;
	int version = link ? weft_http_probe(link, NULL, &db, &err) : 0;

	weft_http_close(link);
	if (version == 0)
		return say(&err);
	printf("version=%d db=%d\n", version, db);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	int rc;

	if (!strcmp(verb, "probe") && argc > 2)
		return probe(argv[2]);
	read_input();
	if (!strcmp(verb, "submit") && argc > 2)
		return submit(argc - 2, argv + 2);
	rc = rest_say(stdout, verb, input, input_len);
	if (rc <= 0)
		return rc ? 1 : 0;
	fprintf(stderr, "peer: see the head of peer.c\n");
	return 2;
}
