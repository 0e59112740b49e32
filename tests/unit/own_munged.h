/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * own_munged.h - a munged of the test's own, which runs as whoever runs the test, in a directory that goes with it.
 */
#ifndef WEFT_TESTS_OWN_MUNGED_H
#define WEFT_TESTS_OWN_MUNGED_H

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char munged_dir[64], munged_socket[128];
static pid_t munged_pid;

static const char *munged_program(void)
{
	static const char *const paths[] = { "/usr/sbin/munged", "/usr/local/sbin/munged" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (!access(paths[i], X_OK))
			return paths[i];
	}
	return NULL;
}

static void munged_nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
}

static void munged_setup(void)
{
	snprintf(munged_dir, sizeof(munged_dir), "/tmp/weft-seal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(munged_dir));
	chmod(munged_dir, 0711);
	snprintf(munged_socket, sizeof(munged_socket), "%s/socket", munged_dir);
}

static void munged_teardown(void)
{
	char command[128];

	if (munged_pid > 0) {
		kill(munged_pid, SIGTERM);
		waitpid(munged_pid, NULL, 0);
		munged_pid = 0;
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", munged_dir);
	ck_assert_int_eq(system(command), 0);
}

static void munged_start(void)
{
	char key[160], option[5][192];
	const char *names[] = { "key-file", "pid-file", "log-file", "seed-file" };
	FILE *f;

	snprintf(key, sizeof(key), "%s/key-file", munged_dir);
	f = fopen(key, "w");
	for (int i = 0; i < 128; i++)
		fputc('a' + i % 26, f);
	fclose(f);
	chmod(key, 0600);
	for (int i = 0; i < 4; i++)
		snprintf(option[i], sizeof(option[i]), "--%s=%s/%s", names[i], munged_dir, names[i]);
	snprintf(option[4], sizeof(option[4]), "--socket=%s", munged_socket);
	munged_pid = fork();
	if (!munged_pid) {
		ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
		execl(munged_program(), "munged", "--foreground", "--force", option[0], option[1], option[2],
		      option[3], option[4], (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 250 && access(munged_socket, F_OK); i++)
		munged_nap();
	ck_assert_int_eq(access(munged_socket, F_OK), 0);
}

#endif
