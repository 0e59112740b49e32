/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer.c - core/rest.h for scripts: bodies of submissions, and what answers mean.
 *
 *	peer submit VERSION KEY=VALUE...	the body, for the script on standard input; env=NAME=VALUE may
 *come often peer submitted|jobs|dbjobs|nodes	what the answer on standard input says, as KEY=VALUE lines
 *	peer complaint
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest.h"

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

static int jobs(int (*read)(const char *, size_t, struct weft_rest_seen **, size_t *, struct weft_err *))
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_rest_seen *s;
	size_t n;

	if (read(input, input_len, &s, &n, &err))
		return say(&err);
	for (size_t i = 0; i < n; i++)
		printf("id=%" PRIu32
		       " name=%s user=%s partition=%s state=%s held=%d requeued=%d exit=%d gres=%s nodes=%s "
		       "priority=%" PRId64 " minutes=%" PRIu32
		       " submit=%lld start=%lld end=%lld deadline=%lld reason=%s comment=%s\n",
		       s[i].id, s[i].name, s[i].user, s[i].partition, weft_rest_state_name(s[i].state),
		       s[i].held, s[i].requeued, s[i].exit_status, s[i].gres, s[i].nodes, s[i].priority,
		       s[i].minutes, (long long)s[i].submit, (long long)s[i].start, (long long)s[i].end,
		       (long long)s[i].deadline, s[i].reason, s[i].comment);
	weft_rest_free_seen(s, n);
	return 0;
}

static int nodes(void)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_rest_node *node;
	size_t n;

	if (weft_rest_nodes(input, input_len, &node, &n, &err))
		return say(&err);
	for (size_t i = 0; i < n; i++)
		printf("name=%s gres=%s used=%s partitions=%s up=%d\n", node[i].name, node[i].gres,
		       node[i].gres_used, node[i].partitions, node[i].up);
	weft_rest_free_nodes(node, n);
	return 0;
}

static int submitted(void)
{
	struct weft_err err = WEFT_ERR_INIT;
	uint32_t id = weft_rest_submitted(input, input_len, &err);

	if (id == 0)
		return say(&err);
	printf("%" PRIu32 "\n", id);
	return 0;
}

static int complaint(void)
{
	char what[512];
	int code;

	weft_rest_complaint(input, input_len, &code, what, sizeof(what));
	printf("code=%d %s\n", code, what);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	read_input();
	if (!strcmp(verb, "submit") && argc > 2)
		return submit(argc - 2, argv + 2);
	if (!strcmp(verb, "submitted"))
		return submitted();
	if (!strcmp(verb, "jobs"))
		return jobs(weft_rest_jobs);
	if (!strcmp(verb, "dbjobs"))
		return jobs(weft_rest_db_jobs);
	if (!strcmp(verb, "nodes"))
		return nodes();
	if (!strcmp(verb, "complaint"))
		return complaint();
	fprintf(stderr, "peer: see the head of peer.c\n");
	return 2;
}
