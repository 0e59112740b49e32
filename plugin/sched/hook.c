/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook.c - a child of a daemon with threads: spawned, not forked.
 */
#include "plugin/sched/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "plugin/compat/host.h"

#define LOOK_MS 20

extern char **environ;

static int complain(const char *path, const char *why)
{
	char line[WEFT_ERR_SIZE];

	snprintf(line, sizeof(line), "PowerHook %s: %s", path, why);
	weft_host_log(true, line);
	return -1;
}

static int spawn(const char *path, const char *argument, pid_t *pid)
{
	char *argv[] = { (char *)path, (char *)argument, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr,
				 POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(pid, path, &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

/* -1: it has not ended within SECONDS. */
static int wait_for(pid_t pid, unsigned seconds, int *status)
{
	struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	for (unsigned i = 0; i < seconds * 1000 / LOOK_MS; i++) {
		pid_t got = waitpid(pid, status, WNOHANG);

		if (got == pid)
			return 0;
		if (got < 0 && errno != EINTR)
			return -1;
		nanosleep(&pause, NULL);
	}
	return -1;
}

int weft_hook_run(const char *path, const char *argument, unsigned seconds)
{
	char why[64];
	int status = 0, rc;
	pid_t pid;

	rc = spawn(path, argument, &pid);
	if (rc)
		return complain(path, strerror(rc));
	if (wait_for(pid, seconds, &status)) {
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		snprintf(why, sizeof(why), "killed: it took more than %u s", seconds);
		return complain(path, why);
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "killed by signal %d", WTERMSIG(status));
	else
		snprintf(why, sizeof(why), "exit status %d", WEXITSTATUS(status));
	return complain(path, why);
}
