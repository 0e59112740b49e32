/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * home.c - squeue and scontrol.
 *
 * What is asked for are fields that no user can fill with words of his own: a job's name could look like one
 * of the others.
 */
#include "weftd/home.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/child.h"
#include "core/scan.h"

#define WITHIN	   10 /* s for an answer */
#define PAUSE	   5  /* s without a question after one that had no answer */
#define MAX_ANSWER (1024 * 1024)

/* Wide enough, so that nothing is cut and each has a space behind it. */
#define FIELDS "JobID:12 ,UserID:12 ,State:40 ,RestartCnt:12 ,Partition:255 ,NodeList:255 ,Account:255 "

struct weft_home {
	char squeue[PATH_MAX], scontrol[PATH_MAX];
	char *env[3]; /* of the commands */
	atomic_bool stop;
	pthread_mutex_t lock;
	time_t deaf_until; /* of the monotonic clock; 0: it answers */
	bool asked;	   /* though it is deaf: somebody tries */
	char why[WEFT_ERR_SIZE];
	bool knows_user;
	uid_t slurm_user;
};

/* ---------------------------------------------------------------- the commands */

static int find_command(char *path, size_t size, const char *dir, const char *name, struct weft_err *err)
{
	static const char *const usual[] = { "/usr/bin", "/usr/local/bin", "/opt/slurm/bin", NULL };

	if (dir && (size_t)snprintf(path, size, "%s/%s", dir, name) >= size)
		return weft_err(err, "--slurm: the path is too long");
	if (weft_child_find(path, size, dir ? path : name, dir ? NULL : usual) == 0)
		return 0;
	return dir ? weft_err(err, "--slurm: there is no %s/%s to be run", dir, name)
		   : weft_err(err, "%s is not found; --slurm=DIR says where Slurm's commands are", name);
}

/* Nothing but where they are, and which cluster it is: SQUEUE_* and SLURM_* variables change what squeue
 * says. */
static int make_env(struct weft_home *home)
{
	const char *conf = getenv("SLURM_CONF");

	home->env[0] = strdup("PATH=/usr/bin:/bin");
	if (conf && asprintf(&home->env[1], "SLURM_CONF=%s", conf) < 0)
		home->env[1] = NULL;
	return home->env[0] && (!conf || home->env[1]) ? 0 : -1;
}

struct weft_home *weft_home_open(const char *dir, struct weft_err *err)
{
	struct weft_home *home = calloc(1, sizeof(*home));

	if (!home) {
		weft_err(err, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&home->lock, NULL);
	if (make_env(home) < 0)
		weft_err(err, "out of memory");
	else if (find_command(home->squeue, sizeof(home->squeue), dir, "squeue", err) == 0 &&
		 find_command(home->scontrol, sizeof(home->scontrol), dir, "scontrol", err) == 0)
		return home;
	weft_home_close(home);
	return NULL;
}

void weft_home_close(struct weft_home *home)
{
	if (!home)
		return;
	pthread_mutex_destroy(&home->lock);
	free(home->env[0]);
	free(home->env[1]);
	free(home);
}

void weft_home_stop(struct weft_home *home)
{
	atomic_store(&home->stop, true);
}

/* ---------------------------------------------------------------- patience */

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* -1 with ERR: not now. */
static int may_ask(struct weft_home *home, struct weft_err *err)
{
	int rc = 0;

	pthread_mutex_lock(&home->lock);
	if (home->deaf_until && (home->asked || now_s() < home->deaf_until))
		rc = weft_err(err, "%s", home->why);
	else if (home->deaf_until)
		home->asked = true;
	pthread_mutex_unlock(&home->lock);
	return rc;
}

static void note(struct weft_home *home, bool answered, const char *why)
{
	pthread_mutex_lock(&home->lock);
	home->asked = false;
	home->deaf_until = answered ? 0 : now_s() + PAUSE;
	snprintf(home->why, sizeof(home->why), "%s", why);
	pthread_mutex_unlock(&home->lock);
}

/* What a command says; *STATUS: its exit status.  malloc()ed; NULL with ERR. */
static char *ask(struct weft_home *home, char *const *argv, int *status, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	size_t len;
	const struct weft_child_limits limits = { WITHIN, MAX_ANSWER, &home->stop };
	char *text = weft_child_hear(argv, home->env, &limits, &len, status, &why);

	if (text && strlen(text) == len)
		return text;
	weft_err(err, "slurmctld at home cannot be asked: %s",
		 text ? "there is a NUL in the answer" : why.text);
	free(text);
	return NULL;
}

/* A command has failed, and said TEXT. */
static int say_failure(const char *text, int status, struct weft_err *err)
{
	size_t len = strcspn(text, "\n");

	return len ? weft_err(err, "slurmctld at home cannot be asked: %.*s", len < 200 ? (int)len : 200,
			      text)
		   : weft_err(err, "slurmctld at home cannot be asked: exit status %d", status);
}

/* ---------------------------------------------------------------- a job */

/* The next word of *TEXT, which ends at a line's end; false: there is none, or no room. */
static bool word(const char **text, char *to, size_t size)
{
	size_t len;

	*text += strspn(*text, " ");
	len = strcspn(*text, " \n");
	if (len == 0 || len >= size)
		return false;
	memcpy(to, *text, len);
	to[len] = '\0';
	*text += len;
	return true;
}

static bool number(const char **text, uint32_t *n)
{
	char digits[24];
	double value;

	if (!word(text, digits, sizeof(digits)) || strspn(digits, "0123456789") != strlen(digits))
		return false;
	value = weft_number_value(digits, strlen(digits), 0);
	*n = (uint32_t)value;
	return value <= UINT32_MAX;
}

/* Is LINE about job ID?  A job that waits has no nodes. */
static bool read_line(const char *line, uint32_t id, struct weft_home_job *job)
{
	uint32_t found, uid;

	*job = (struct weft_home_job){ 0 };
	if (!number(&line, &found) || found != id || !number(&line, &uid) ||
	    !word(&line, job->state, sizeof(job->state)) || !number(&line, &job->restarts) ||
	    !word(&line, job->partition, sizeof(job->partition)))
		return false;
	job->uid = uid;
	if (!word(&line, job->nodes, sizeof(job->nodes)))
		job->nodes[0] = '\0';
	if (!job->nodes[0] || !word(&line, job->account, sizeof(job->account)) ||
	    !strcmp(job->account, "(null)"))
		job->account[0] = '\0';
	return true;
}

static int read_job(const char *text, int status, uint32_t id, struct weft_home_job *job,
		    struct weft_err *err)
{
	if (status)
		return strstr(text, "Invalid job id") ? 0 : say_failure(text, status, err);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (read_line(line, id, job))
			return 1;
	}
	return 0;
}

int weft_home_find(struct weft_home *home, uint32_t id, struct weft_home_job *job, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	char which[32];
	char *argv[] = {
		home->squeue, "--noheader", "--all", "--states=all", which, "--Format=" FIELDS, NULL
	};
	char *text;
	int status = 0, rc;

	if (may_ask(home, err) < 0)
		return -1;
	snprintf(which, sizeof(which), "--jobs=%u", id);
	text = ask(home, argv, &status, &why);
	rc = text ? read_job(text, status, id, job, &why) : -1;
	free(text);
	note(home, rc >= 0, why.text);
	return rc < 0 ? weft_err(err, "%s", why.text) : rc;
}

/* ---------------------------------------------------------------- SlurmUser */

/* "SlurmUser               = slurm(64030)" */
static int read_user(const char *text, uid_t *uid)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *open;
		size_t digits;
		double value;

		line += *line == '\n';
		if (strncmp(line, "SlurmUser ", 10) != 0)
			continue;
		open = memchr(line, '(', strcspn(line, "\n"));
		digits = open ? strspn(open + 1, "0123456789") : 0;
		if (digits == 0 || digits > 10 || open[1 + digits] != ')')
			return -1;
		value = weft_number_value(open + 1, digits, 0);
		*uid = (uid_t)value;
		return value < UINT32_MAX ? 0 : -1;
	}
	return -1;
}

int weft_home_slurm_user(struct weft_home *home, uid_t *uid, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	char *argv[] = { home->scontrol, "show", "config", NULL };
	char *text;
	int status = 0, rc = -1;
	bool known;

	pthread_mutex_lock(&home->lock);
	known = home->knows_user;
	*uid = home->slurm_user;
	pthread_mutex_unlock(&home->lock);
	if (known)
		return 0;
	if (may_ask(home, err) < 0)
		return -1;
	text = ask(home, argv, &status, &why);
	if (text && status)
		say_failure(text, status, &why);
	else if (text && (rc = read_user(text, uid)) < 0)
		weft_err(&why, "slurmctld at home does not say who SlurmUser is");
	free(text);
	note(home, rc == 0, why.text);
	if (rc < 0)
		return weft_err(err, "%s", why.text);
	pthread_mutex_lock(&home->lock);
	home->slurm_user = *uid;
	home->knows_user = true;
	pthread_mutex_unlock(&home->lock);
	return 0;
}
