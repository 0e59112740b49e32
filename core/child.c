/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child.c - programs, and libraries that are not to be trusted with a hostile input, in processes of their
 * own.
 */
#include "core/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 1024
#define LOOK_MS	  200 /* how often it is looked whether to stop */

/* What a child wrote. */
struct output {
	char *text;
	size_t len, size;
};

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int grow(struct output *out)
{
	size_t size = out->size ? out->size * 2 : 4096;
	char *more = realloc(out->text, size + 1);

	if (!more)
		return -1;
	out->text = more;
	out->size = size;
	return 0;
}

/* Read FD until it ends.  What went wrong, or NULL. */
static const char *collect(int fd, struct output *out, long long deadline,
			   const struct weft_child_limits *limits, char *why, size_t why_size)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		long long left = deadline - now_ms();
		ssize_t n;

		if (limits->stop && atomic_load(limits->stop))
			return "given up";
		if (left <= 0) {
			snprintf(why, why_size, "no answer within %u s", limits->seconds);
			return why;
		}
		if (limits->stop && left > LOOK_MS)
			left = LOOK_MS;
		if (poll(&p, 1, (int)left) <= 0)
			continue; /* a signal, or the time is up */
		if (out->len == out->size && grow(out) < 0)
			return "out of memory";
		n = read(fd, out->text + out->len, out->size - out->len);
		if (n == 0)
			return NULL;
		if (n > 0)
			out->len += (size_t)n;
		else if (errno != EINTR)
			return strerror(errno);
		if (out->len > limits->max) {
			snprintf(why, why_size, "the answer has more than %zu bytes", limits->max);
			return why;
		}
	}
}

/* Wait for PID; it has until DEADLINE.  Returns its status, or -1 when it had to be killed. */
static int reap(pid_t pid, long long deadline)
{
	const struct timespec nap = { 0, 2000000 };
	int status;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return status;
		if ((got < 0 && errno != EINTR) || now_ms() >= deadline)
			break;
		nanosleep(&nap, NULL);
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return -1;
}

static _Noreturn void in_child(int fd, int (*work)(int fd, void *arg), void *arg)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	_exit(work(fd, arg));
}

/* Start WORK; the end to read from, or -1 with ERR. */
static int start(const char *what, int (*work)(int fd, void *arg), void *arg, pid_t *pid,
		 struct weft_err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return weft_err(err, "%s: %s", what, strerror(errno));
	*pid = fork();
	if (*pid == 0)
		in_child(ends[1], work, arg);
	close(ends[1]);
	if (*pid < 0) {
		weft_err(err, "%s: %s", what, strerror(errno));
		close(ends[0]);
		return -1;
	}
	setpgid(*pid, *pid); /* both do it: whoever is first */
	return ends[0];
}

/* Wait for PID, which has until DEADLINE.  What was wrong with its end, in WHY; NULL: nothing.  *CODE takes
 * an exit status other than 0; NULL: it is an error. */
static const char *end(pid_t pid, long long deadline, unsigned seconds, int *code, char *why, size_t size)
{
	int status = reap(pid, deadline);

	if (code && status >= 0 && WIFEXITED(status)) {
		*code = WEXITSTATUS(status);
		return NULL;
	}
	if (status == 0)
		return NULL;
	if (status != -1 && WIFSIGNALED(status))
		snprintf(why, size, "it died of signal %d", WTERMSIG(status));
	else if (status != -1)
		snprintf(why, size, "exit status %d", WEXITSTATUS(status));
	else
		snprintf(why, size, "it did not end within %u s", seconds);
	return why;
}

/* CODE as above. */
static char *call(const char *what, int (*work)(int fd, void *arg), void *arg,
		  const struct weft_child_limits *limits, size_t *len, int *code, struct weft_err *err)
{
	struct output out = { 0 };
	long long deadline = now_ms() + (long long)limits->seconds * 1000;
	const char *why;
	char text[64];
	pid_t pid;
	int fd = start(what, work, arg, &pid, err);

	if (fd < 0)
		return NULL;
	why = collect(fd, &out, deadline, limits, text, sizeof(text));
	close(fd);
	if (why)
		reap(pid, 0);
	else
		why = end(pid, deadline, limits->seconds, code, text, sizeof(text));
	if (!why && !out.text && grow(&out) < 0)
		why = "out of memory";
	if (why) {
		weft_err(err, "%s: %s", what, why);
		free(out.text);
		return NULL;
	}
	out.text[out.len] = '\0';
	*len = out.len;
	return out.text;
}

char *weft_child_call(const char *what, int (*work)(int fd, void *arg), void *arg, unsigned seconds,
		      size_t max, size_t *len, struct weft_err *err)
{
	const struct weft_child_limits limits = { seconds, max, NULL };

	return call(what, work, arg, &limits, len, NULL, err);
}

/* Programs */

static bool is_program(char *path, const char *dir, size_t dir_len, const char *name)
{
	int n = snprintf(path, PATH_SIZE, "%.*s/%s", (int)dir_len, dir, name);

	return dir_len > 0 && dir[0] == '/' && n > 0 && n < PATH_SIZE && access(path, X_OK) == 0;
}

/* Find NAME; PATH has PATH_SIZE bytes. */
static bool find(char *path, const char *name, const char *const *dirs)
{
	const char *dir = getenv("PATH");

	if (strchr(name, '/'))
		return (size_t)snprintf(path, PATH_SIZE, "%s", name) < PATH_SIZE && access(path, X_OK) == 0;
	while (dir && *dir != '\0') {
		size_t n = strcspn(dir, ":");

		if (n < PATH_SIZE && is_program(path, dir, n, name))
			return true;
		dir += n + (dir[n] != '\0');
	}
	for (; dirs && *dirs; dirs++)
		if (is_program(path, *dirs, strlen(*dirs), name))
			return true;
	return false;
}

struct program {
	char path[PATH_SIZE];
	char *const *argv;
};

static int exec_program(int fd, void *arg)
{
	struct program *program = arg;

	setenv("LC_ALL", "C", 1);
	dup2(fd, STDOUT_FILENO);
	execv(program->path, program->argv);
	return 127;
}

char *weft_child_run(char *const *argv, const char *const *dirs, unsigned seconds, size_t max, size_t *len,
		     int *found, struct weft_err *err)
{
	struct program program = { .argv = argv };

	*found = find(program.path, argv[0], dirs);
	return *found ? weft_child_call(argv[0], exec_program, &program, seconds, max, len, err) : NULL;
}

int weft_child_find(char *path, size_t size, const char *name, const char *const *dirs)
{
	char found[PATH_SIZE];

	if (!find(found, name, dirs) || strlen(found) >= size)
		return -1;
	memcpy(path, found, strlen(found) + 1);
	return 0;
}

struct heard {
	char *const *argv, *const *env;
};

/* Other threads may have held any lock when this process came to be: only what needs none is called. */
static int exec_heard(int fd, void *arg)
{
	const struct heard *heard = arg;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	execve(heard->argv[0], heard->argv, heard->env);
	return 127;
}

char *weft_child_hear(char *const *argv, char *const *env, const struct weft_child_limits *limits,
		      size_t *len, int *status, struct weft_err *err)
{
	struct heard heard = { argv, env };
	const char *slash = strrchr(argv[0], '/');

	return call(slash ? slash + 1 : argv[0], exec_heard, &heard, limits, len, status, err);
}

/* Lines */

#define TICK 200 /* ms */

/* Hand over the whole lines that OUT holds, and keep what is behind them. */
static int hand_over(struct output *out, const struct weft_child_reader *reader, struct weft_err *err)
{
	size_t from = 0;

	for (;;) {
		char *line = out->text + from, *feed = memchr(line, '\n', out->len - from);
		int rc;

		if (!feed)
			break;
		*feed = '\0';
		rc = reader->line(line, (size_t)(feed - line), reader->arg, err);
		if (rc < 0)
			return -1;
		from = (size_t)(feed - out->text) + 1;
	}
	if (from > 0)
		memmove(out->text, out->text + from, out->len - from);
	out->len -= from;
	return 0;
}

/* Read FD until it ends.  -1 with ERR. */
static int read_lines(const char *what, int fd, struct output *out, long long deadline, unsigned seconds,
		      const struct weft_child_reader *reader, struct weft_err *err)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		long long left = deadline - now_ms();
		ssize_t n;

		if (left <= 0)
			return weft_err(err, "%s: no answer within %u s", what, seconds);
		if (reader->tick)
			reader->tick(reader->arg);
		if (poll(&p, 1, (int)(left < TICK ? left : TICK)) <= 0)
			continue; /* a signal, or for the tick */
		if (out->len == out->size && grow(out) < 0)
			return weft_err(err, "out of memory");
		n = read(fd, out->text + out->len, out->size - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return weft_err(err, "%s: %s", what, strerror(errno));
		if (n == 0) {
			out->text[out->len] = '\0';
			return out->len ? reader->line(out->text, out->len, reader->arg, err) : 0;
		}
		out->len += (size_t)n;
		if (hand_over(out, reader, err) < 0)
			return -1;
		if (out->len > reader->max)
			return weft_err(err, "%s: a line has more than %zu bytes", what, reader->max);
	}
}

int weft_child_lines(char *const *argv, const char *const *dirs, unsigned seconds,
		     const struct weft_child_reader *reader, int *found, struct weft_err *err)
{
	long long deadline = now_ms() + (long long)seconds * 1000;
	struct output out = { 0 };
	struct program program = { .argv = argv };
	const char *why = NULL;
	char text[64];
	pid_t pid;
	int fd, rc;

	*found = find(program.path, argv[0], dirs);
	if (!*found)
		return -1;
	fd = start(argv[0], exec_program, &program, &pid, err);
	if (fd < 0)
		return -1;
	rc = grow(&out) < 0 ? weft_err(err, "out of memory")
			    : read_lines(argv[0], fd, &out, deadline, seconds, reader, err);
	close(fd);
	if (rc < 0)
		reap(pid, 0);
	else
		why = end(pid, deadline, seconds, NULL, text, sizeof(text));
	free(out.text);
	return why ? weft_err(err, "%s: %s", argv[0], why) : rc;
}
