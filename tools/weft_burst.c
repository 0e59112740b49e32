/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_burst.c - "weft burst replay": the decisions of BurstLog=, made again.
 */
#include "tools/weft_burst.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/burst.h"
#include "tools/command.h"

#define PREFIX "burst log: "

static const char usage[] = "usage: weft burst replay FILE\n"
			    "\n"
			    "Makes the decisions of FILE (the file of BurstLog=; -: standard input) again, "
			    "from what was known when they\n"
			    "were made, and names each that comes out differently, or cannot be read.\n"
			    "\n"
			    "Exit status: 0 when all come out as they did, 1 when not, 2 for wrong usage.\n";

struct count {
	unsigned long line, decisions, other, bad;
};

/* LINE, without its newline. */
static void replay_line(const char *name, const char *line, size_t len, struct count *count)
{
	struct weft_err err = WEFT_ERR_INIT;
	const char *why = err.text;
	int rc = strlen(line) == len ? weft_burst_replay(line, &err)
				     : weft_err(&err, PREFIX "there is a NUL in the line");

	count->decisions++;
	if (rc == 0)
		return;
	count->other += rc > 0;
	count->bad += rc < 0;
	if (!strncmp(why, PREFIX, strlen(PREFIX)))
		why += strlen(PREFIX);
	printf("%s:%lu: %s\n", name, count->line, why);
}

static int replay(FILE *f, const char *name)
{
	struct count count = { 0 };
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, f)) >= 0) {
		count.line++;
		if (len > 0 && line[len - 1] == '\n')
			line[--len] = '\0';
		if (len > 0)
			replay_line(name, line, (size_t)len, &count);
	}
	free(line);
	if (ferror(f)) {
		fprintf(stderr, "weft burst: %s: %s\n", name, strerror(errno));
		return STATUS_NO;
	}
	printf("%lu decisions, %lu come out differently, %lu cannot be read\n", count.decisions, count.other,
	       count.bad);
	return count.other || count.bad ? STATUS_NO : STATUS_OK;
}

int weft_burst_command(int argc, char **argv)
{
	FILE *f;
	int status;

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return STATUS_OK;
	}
	if (argc != 3 || strcmp(argv[1], "replay") != 0)
		return usage_error("weft burst", usage, NULL);
	if (!strcmp(argv[2], "-"))
		return replay(stdin, "-");
	f = fopen(argv[2], "re");
	if (!f) {
		fprintf(stderr, "weft burst: %s: %s\n", argv[2], strerror(errno));
		return STATUS_NO;
	}
	status = replay(f, argv[2]);
	fclose(f);
	return status;
}
