/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.c - the commands of weft.conf that move files.
 */
#include "proxy/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIECE	 65536
#define MAX_WORD 512 /* of what it says on standard error */

/* A command that runs. */
struct running {
	const struct weft_proxy_command *command;
	pid_t pid;
	int out, said;	      /* its standard output and error; -1: ended, or not ours */
	char words[MAX_WORD]; /* the beginning of the latter */
	size_t len;
	time_t last; /* when the last byte came, of the monotonic clock */
};

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void put_end(int fd, int as)
{
	if (fd >= 0)
		dup2(fd, as);
	else if (as == STDOUT_FILENO)
		dup2(STDERR_FILENO, STDOUT_FILENO);
}

static _Noreturn void in_child(const char *text, int out, int said)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	/* The shell at least goes with the proxy; slurmstepd ends what else there is of the job. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	put_end(out, STDOUT_FILENO);
	put_end(said, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", text, (char *)NULL);
	_exit(127);
}

static int start(struct running *run, struct weft_err *err)
{
	int out[2] = { -1, -1 }, said[2] = { -1, -1 };
	sigset_t all, before;

	if (run->command->take && (pipe2(out, O_CLOEXEC) || pipe2(said, O_CLOEXEC)))
		goto failed;
	/* The child must not take a signal with our handlers. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	run->pid = fork();
	if (run->pid == 0)
		in_child(run->command->text, out[1], said[1]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (run->pid < 0)
		goto failed;
	if (run->command->take) {
		close(out[1]);
		close(said[1]);
	}
	run->out = out[0];
	run->said = said[0];
	run->last = now();
	return 0;
failed:
	weft_err(err, "%s: %s", run->command->what, strerror(errno));
	for (int i = 0; i < 2; i++) {
		if (out[i] >= 0)
			close(out[i]);
		if (said[i] >= 0)
			close(said[i]);
	}
	return -1;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int read_out(struct running *run, struct weft_err *err)
{
	char piece[PIECE];
	ssize_t n = read(run->out, piece, sizeof(piece));

	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0) {
		shut(&run->out);
		return 0;
	}
	run->last = now();
	return run->command->take(piece, (size_t)n, run->command->arg, err);
}

static void read_said(struct running *run)
{
	char piece[MAX_WORD];
	ssize_t n = read(run->said, piece, sizeof(piece));
	size_t room = sizeof(run->words) - 1 - run->len, take;

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		shut(&run->said);
		return;
	}
	run->last = now();
	take = (size_t)n < room ? (size_t)n : room;
	memcpy(run->words + run->len, piece, take);
	run->len += take;
}

/* Read what comes, for a second at most. */
static int work(struct running *run, struct weft_err *err)
{
	struct pollfd p[2] = { { .fd = run->out, .events = POLLIN }, { .fd = run->said, .events = POLLIN } };
	const struct weft_proxy_command *command = run->command;

	if (command->stop && command->stop(command->stop_arg))
		return weft_err(err, "%s: stopped by a signal", command->what);
	if (command->idle && now() - run->last > (time_t)command->idle)
		return weft_err(err, "%s: nothing came for %u s", command->what, command->idle);
	/* Nothing to read: the end of the process is all there is to wait for. */
	if (poll(p, 2, run->out < 0 && run->said < 0 ? 50 : 1000) <= 0)
		return 0;
	if (p[1].revents)
		read_said(run);
	return p[0].revents ? read_out(run, err) : 0;
}

/* It has ended: what it has printed is in the pipes.  Their end is not waited for, since a process that it
 * left behind may hold them. */
static int drain(struct running *run, struct weft_err *err)
{
	int rc = 0;

	while (!rc && run->out >= 0) {
		struct pollfd p = { .fd = run->out, .events = POLLIN };

		if (poll(&p, 1, 0) <= 0)
			break;
		rc = read_out(run, err);
	}
	while (run->said >= 0) {
		struct pollfd p = { .fd = run->said, .events = POLLIN };

		if (poll(&p, 1, 0) <= 0)
			break;
		read_said(run);
	}
	return rc;
}

static int outcome(struct running *run, int status, struct weft_err *err)
{
	const char *what = run->command->what;
	const char *colon;

	run->words[run->len] = '\0';
	run->words[strcspn(run->words, "\r\n")] = '\0';
	colon = run->words[0] ? ": " : "";
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return weft_err(err, "%s: it died of signal %d%s%s", what, WTERMSIG(status), colon,
				run->words);
	return weft_err(err, "%s: exit status %d%s%s", what, WEXITSTATUS(status), colon, run->words);
}

int weft_proxy_command(const struct weft_proxy_command *command, struct weft_err *err)
{
	struct running run = { .command = command, .out = -1, .said = -1 };
	int status = 0, rc = 0;
	bool ended;

	if (start(&run, err))
		return -1;
	while (!rc && waitpid(run.pid, &status, WNOHANG) != run.pid)
		rc = work(&run, err);
	ended = !rc;
	if (ended)
		rc = drain(&run, err);
	shut(&run.out);
	shut(&run.said);
	if (ended)
		return rc ? -1 : outcome(&run, status, err);
	kill(run.pid, SIGTERM);
	for (int i = 0; i < 20 && waitpid(run.pid, &status, WNOHANG) == 0; i++) {
		const struct timespec nap = { 0, 100000000 };

		if (i == 19)
			kill(run.pid, SIGKILL);
		nanosleep(&nap, NULL);
	}
	while (waitpid(run.pid, &status, 0) < 0 && errno == EINTR)
		;
	return -1;
}
