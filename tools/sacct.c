/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sacct.c - ask Slurm's commands, line by line.
 */
#include "tools/sacct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/child.h"

#define WITHIN	  600 /* s for a command */
#define PLAIN	  32  /* bytes of a number, and what stands before it */
#define DELIMITER 24

/* Between fields: nothing that a user could put into the line with which he submits a job. */
static int choose_delimiter(char delimiter[DELIMITER], struct weft_err *err)
{
	unsigned char bytes[8];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return weft_err(err, "no random numbers can be had");
	delimiter[0] = '|';
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(delimiter + 1 + 2 * i, 3, "%02x", bytes[i]);
	snprintf(delimiter + 1 + 2 * sizeof(bytes), 2, "|");
	return 0;
}

struct call {
	int (*line)(char *, size_t, void *, struct weft_err *);
	void *arg;
	struct progress *progress;
};

static int pass(char *line, size_t len, void *arg, struct weft_err *err)
{
	const struct call *call = arg;

	return call->line(line, len, call->arg, err);
}

static void tick(void *arg)
{
	const struct call *call = arg;

	progress_show(call->progress);
}

int sacct_call(char *const *argv, int (*line)(char *, size_t, void *, struct weft_err *), void *arg,
	       size_t max, struct progress *progress, struct weft_err *err)
{
	static const char *const dirs[] = { "/usr/local/bin", "/usr/bin", "/opt/slurm/bin", NULL };
	struct call call = { line, arg, progress };
	struct weft_child_reader reader = { .line = pass, .tick = tick, .arg = &call, .max = max };
	int found = 1, rc = weft_child_lines(argv, dirs, WITHIN, &reader, &found, err);

	return found ? rc : weft_err(err, "there is no %s here", argv[0]);
}

struct asked {
	const struct sacct_wish *wish;
	const char *delimiter;
	struct progress *progress;
};

static int take(char *line, size_t len, void *arg, struct weft_err *err)
{
	struct asked *a = arg;
	struct weft_err why = WEFT_ERR_INIT;
	int rc = a->wish->take(line, a->delimiter, a->wish->arg, &why);

	(void)len;
	if (rc < 0)
		return weft_err(err, "sacct: %s", why.text);
	a->progress->jobs += rc > 0;
	return 0;
}

int sacct_ask(const struct sacct_wish *wish, struct progress *progress, struct weft_err *err)
{
	char start[PLAIN], end[PLAIN], delimiter[DELIMITER], with[DELIMITER + PLAIN];
	char *fields = strdup(wish->fields), *account = wish->account ? strdup(wish->account) : NULL;
	char *argv[16] = { "sacct", "-n", "-P", "-X", "-a", "-S", start, with, "-o", fields };
	struct asked asked = { wish, delimiter, progress };
	struct weft_err why = WEFT_ERR_INIT;
	unsigned n = 10;
	int rc = -1;

	snprintf(start, sizeof(start), "uts%lld", (long long)wish->from);
	snprintf(end, sizeof(end), "uts%lld", (long long)wish->to);
	if (wish->each_run)
		argv[n++] = "-D";
	if (wish->to) {
		argv[n++] = "-E";
		argv[n++] = end;
	}
	if (wish->account) {
		argv[n++] = "-A";
		argv[n++] = account;
	}
	if (!fields || (wish->account && !account)) {
		weft_err(&why, "out of memory");
	} else if (choose_delimiter(delimiter, &why) == 0) {
		snprintf(with, sizeof(with), "--delimiter=%s", delimiter);
		setenv("SLURM_TIME_FORMAT", "%s", 1);
		rc = sacct_call(argv, take, &asked, wish->max, progress, &why);
	}
	free(fields);
	free(account);
	return rc < 0 ? weft_err(err, "%s%s", why.text,
				 strstr(why.text, "exit status") ? "; does this cluster have slurmdbd?" : "")
		      : 0;
}
