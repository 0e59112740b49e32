/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wrapper, run by the shells that this machine has.
 */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/wrapper.h"

/* Each test is done with each of them that is there. */
static const char *const shells[] = { "dash", "bash", "busybox" };

#define N_SHELLS 3
#define KEY	 "alpha.17.1790000000"

static char top[64];
static int shell; /* which */

static int sh(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void setup(void)
{
	snprintf(top, sizeof(top), "/tmp/weft-wrapper.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	setenv("TOP", top, 1);
	unsetenv("SLURM_ARRAY_TASK_ID");
}

static void teardown(void)
{
	sh("rm -rf \"$TOP\"");
}

/* Is the shell of this round there? */
static bool have(int i)
{
	char command[64];

	shell = i;
	snprintf(command, sizeof(command), "command -v %s > /dev/null", shells[i]);
	return sh(command) == 0;
}

static void make(unsigned first, unsigned attempt, const char *script)
{
	struct weft_err err = WEFT_ERR_INIT;
	char path[96], dir[80], *text;

	snprintf(dir, sizeof(dir), "%s/runs", top);
	text = weft_wrapper_text(KEY, first, attempt, dir, script, &err);
	ck_assert_str_eq(err.text, "");
	snprintf(path, sizeof(path), "%s/wrapper.%u", top, attempt);
	ck_assert_int_eq(weft_file_replace(path, text, strlen(text), 0600, &err), 0);
	free(text);
}

/* The command that runs ATTEMPT as job JOB; MORE goes before it. */
static const char *command_of(unsigned attempt, unsigned job, const char *more)
{
	static char command[1024];

	snprintf(command, sizeof(command),
		 "sh=$(command -v %s); cd / && SLURM_JOB_ID=%u %s exec \"$sh\" %s %s/wrapper.%u 2>>%s/said",
		 shells[shell], job, more, shell == 2 ? "sh" : "", top, attempt, top);
	return command;
}

static int run(unsigned attempt, unsigned job, const char *more)
{
	return sh(command_of(attempt, job, more));
}

static pid_t start(unsigned attempt, unsigned job)
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		execl("/bin/sh", "sh", "-c", command_of(attempt, job, ""), (char *)NULL);
		_exit(127);
	}
	return pid;
}

static int end_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static char *content(const char *file)
{
	char path[160];
	size_t len;
	char *text;

	snprintf(path, sizeof(path), "%s/%s", top, file);
	text = weft_file_read(path, 1 << 20, &len, NULL);
	return text ? text : strdup("(none)");
}

#define RUN "runs/" KEY "/"

static void holds(const char *file, const char *want)
{
	char *text = content(file);

	ck_assert_str_eq(text, want);
	free(text);
}

/* FILE is there within 10 s. */
static void comes(const char *file)
{
	const struct timespec nap = { 0, 20000000 };
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", top, file);
	for (int i = 0; i < 500 && access(path, F_OK); i++)
		nanosleep(&nap, NULL);
	ck_assert_int_eq(access(path, F_OK), 0);
}

/* ---------------------------------------------------------------- what a script sees */

START_TEST(a_script_sees_what_it_would_at_home)
{
	static const char more[] =
		"WEFT_KEEP_SLURM_ARRAY_TASK_ID=9 SLURM_ARRAY_TASK_ID=1 WEFT_ARGC=3 WEFT_ARG_1='a  b' "
		"WEFT_ARG_2=\"it's \\$x\" WEFT_ARG_3= PATH=/opt/x:/bin:/usr/bin USERS='x\nWEFT_KEEP_Q=y'";
	char want[512];

	if (!have(_i))
		return;
	make(1, 1,
	     "#!/bin/sh -u\n"
	     "printf '%s|' \"$#\" \"$@\" \"$SLURM_ARRAY_TASK_ID\" \"$SLURM_SUBMIT_DIR\" \"$PATH\" "
	     "\"${0##*/}\" \"$-\"\n"
	     "echo \"$PWD\"; env | grep -c WEFT_ARG; env | grep '^WEFT_KEEP_SL'; umask; read x; echo \"$?\"\n"
	     "echo oops >&2; exit 7");
	umask(027);
	ck_assert_int_eq(run(1, 77, more), 7);
	umask(022);
	snprintf(want, sizeof(want),
		 "3|a  b|it's $x||9|%s/" RUN "work|/opt/x:/bin:/usr/bin|script|u|%s/" RUN
		 "work\n0\n0027\n1\n",
		 top, top);
	holds(RUN "out.1", want);
	holds(RUN "err.1", "oops\n");
	holds(RUN "done", "7 1\n");
	holds(RUN "run.1", "77 0\n");
	holds("said", "");
	ck_assert_int_eq(sh("test $(stat -c %a \"$TOP/" RUN "\") = 700"), 0);
}
END_TEST

START_TEST(both_streams_are_one_when_they_are_at_home)
{
	if (!have(_i))
		return;
	make(1, 1, "#!/bin/sh\necho a; echo b >&2; echo ${WEFT_JOIN-gone}");
	ck_assert_int_eq(run(1, 77, "WEFT_JOIN=1"), 0);
	holds(RUN "out.1", "a\nb\ngone\n");
}
END_TEST

START_TEST(home_is_the_one_of_the_peer)
{
	char *text;

	if (!have(_i))
		return;
	make(1, 1, "#!/bin/sh\necho \"$HOME $USER $LOGNAME\"");
	ck_assert_int_eq(run(1, 77, "HOME= USER= LOGNAME="), 0);
	sh("echo \"$(getent passwd $(id -u) | cut -d: -f6) $(id -un) $(id -un)\" > \"$TOP/want\"");
	text = content("want");
	holds(RUN "out.1", text);
	free(text);
}
END_TEST

START_TEST(any_bytes_may_be_in_a_script)
{
	char script[600] = "#!/bin/sh\nexit 0\n";
	size_t len = strlen(script);
	char *back;

	if (!have(_i))
		return;
	for (int c = 1; c < 256; c++)
		script[len++] = (char)c;
	script[len] = '\0';
	make(1, 1, script);
	ck_assert_int_eq(run(1, 77, ""), 0);
	back = content(RUN "script");
	ck_assert_str_eq(back, script);
	free(back);
}
END_TEST

START_TEST(an_interpreter_with_an_argument)
{
	if (!have(_i))
		return;
	make(1, 1, "#! /usr/bin/env -S  bash -e \n[[ $BASH_VERSION ]] && echo bash; false; echo not here\n");
	ck_assert_int_eq(run(1, 77, ""), 1);
	holds(RUN "out.1", "bash\n");
}
END_TEST

/* ---------------------------------------------------------------- once */

START_TEST(a_run_that_is_done_is_not_done_again)
{
	if (!have(_i))
		return;
	make(1, 1, "#!/bin/sh\necho worked; exit 3");
	make(1, 2, "#!/bin/sh\necho worked; exit 4");
	for (unsigned job = 77; job < 80; job++)
		ck_assert_int_eq(run(1, job, ""), 3);
	ck_assert_int_eq(run(2, 80, ""), 3);
	holds(RUN "out.1", "worked\n");
	/* A new run of the job, in the same directory. */
	make(3, 3, "#!/bin/sh\necho again; exit 5");
	ck_assert_int_eq(run(3, 81, ""), 5);
	ck_assert_int_eq(run(3, 82, ""), 5);
	holds(RUN "out.3", "again\n");
	holds(RUN "done", "5 3\n");
}
END_TEST

START_TEST(of_fifty_copies_one_works)
{
	pid_t pids[50];
	int worked = 0, refused = 0;

	if (!have(_i))
		return;
	make(1, 1, "#!/bin/sh\necho worked; sleep 0.3; exit 9");
	for (unsigned i = 0; i < 50; i++)
		pids[i] = start(1, 100 + i);
	for (unsigned i = 0; i < 50; i++) {
		int code = end_of(pids[i]);

		worked += code == 9;
		refused += code == WEFT_WRAPPER_SECOND;
	}
	/* Some may come when it is done already. */
	ck_assert_int_eq(worked + refused, 50);
	ck_assert_int_ge(worked, 1);
	holds(RUN "out.1", "worked\n");
}
END_TEST

START_TEST(after_a_kill_only_the_same_job_or_a_later_attempt_works)
{
	pid_t pid;

	if (!have(_i))
		return;
	make(1, 1, "#!/bin/sh\necho worked; : > started; [ -e go ] || exec sleep 100; exit 3");
	make(1, 2, "#!/bin/sh\necho second; exit 4");
	pid = start(1, 77);
	comes(RUN "work/started");
	kill(-pid, SIGKILL);
	ck_assert_int_eq(end_of(pid), 1000 + SIGKILL);
	ck_assert_int_eq(sh(": > \"$TOP/" RUN "work/go\""), 0);
	ck_assert_int_eq(run(1, 78, ""), WEFT_WRAPPER_SECOND);
	holds("said", "weft: job 77 does the work of " KEY "; this one does not\n");
	if (_i % 2) { /* the peer has requeued it */
		ck_assert_int_eq(run(1, 77, "SLURM_RESTART_COUNT=1"), 3);
		holds(RUN "run.1", "77 1\n");
		holds(RUN "out.1", "worked\nworked\n");
	} else {
		ck_assert_int_eq(run(2, 79, ""), 4);
		holds(RUN "out.1", "worked\nsecond\n");
	}
}
END_TEST

/* A slurmctld of an earlier state starts it again: not counted as a requeue. */
START_TEST(a_job_that_is_started_twice_works_once)
{
	pid_t first, second;

	if (!have(_i))
		return;
	make(1, 1, "#!/bin/sh\necho worked; : > started; until [ -e go ]; do sleep 0.1; done; exit 3");
	ck_assert_int_eq(sh("sed -i 's/^weft_pulse=.*/weft_pulse=1/; s/^weft_silence=.*/weft_silence=3/' "
			    "\"$TOP/wrapper.1\""),
			 0);
	first = start(1, 77);
	comes(RUN "work/started");
	second = start(1, 77);
	sleep(7); /* two silences */
	holds(RUN "out.1", "worked\n");
	if (_i % 2) {
		ck_assert_int_eq(sh(": > \"$TOP/" RUN "work/go\""), 0);
		ck_assert_int_eq(end_of(first), 3);
		ck_assert_int_eq(end_of(second), 3);
		holds(RUN "out.1", "worked\n");
	} else { /* it dies: there are no more beats */
		kill(-first, SIGKILL);
		end_of(first);
		ck_assert_int_eq(sh(": > \"$TOP/" RUN "work/go\""), 0);
		ck_assert_int_eq(end_of(second), 3);
		holds(RUN "out.1", "worked\nworked\n");
	}
}
END_TEST

START_TEST(an_attempt_that_comes_late_does_not_work)
{
	pid_t pid;

	if (!have(_i))
		return;
	make(1, 1, "#!/bin/sh\necho late; exit 3");
	make(1, 2, "#!/bin/sh\necho second; : > started; exec sleep 100");
	pid = start(2, 78);
	comes(RUN "work/started");
	ck_assert_int_eq(run(1, 77, ""), WEFT_WRAPPER_SECOND);
	holds("said", "weft: attempt 2 of " KEY " has come; attempt 1 does not work\n");
	kill(-pid, SIGKILL);
	end_of(pid);
	holds(RUN "out.1", "second\n");
}
END_TEST

/* ---------------------------------------------------------------- signals */

START_TEST(a_signal_reaches_the_script_and_its_code_comes_back)
{
	pid_t pid;

	if (!have(_i))
		return;
	make(1, 1,
	     "#!/bin/sh\ntrap 'echo usr1' USR1\ntrap 'echo int' INT\ntrap 'echo term; exit 5' TERM\n: > "
	     "ready\n"
	     "while :; do sleep 0.1; done");
	pid = start(1, 77);
	comes(RUN "work/ready");
	kill(pid, SIGUSR1);
	usleep(400000);
	kill(pid, SIGINT);
	usleep(400000);
	kill(pid, SIGTERM);
	ck_assert_int_eq(end_of(pid), 5);
	holds(RUN "out.1", "usr1\nint\nterm\n");
	/* A run that was ended from outside may be run again. */
	holds(RUN "done", "(none)");
}
END_TEST

START_TEST(a_script_that_dies_of_a_signal_ends_as_in_a_shell)
{
	if (!have(_i))
		return;
	make(1, 1, "#!/bin/sh\nkill -s SEGV $$");
	ck_assert_int_eq(run(1, 77, ""), 128 + SIGSEGV);
}
END_TEST

/* ---------------------------------------------------------------- trouble */

START_TEST(a_directory_that_cannot_be_made)
{
	char want[160];

	if (!have(_i))
		return;
	sh(": > \"$TOP/runs\"");
	make(1, 1, "#!/bin/sh\n: > /tmp/never");
	ck_assert_int_eq(run(1, 77, ""), WEFT_WRAPPER_NO_DIR);
	snprintf(want, sizeof(want), "weft: %s/runs/" KEY " cannot be made\n", top);
	ck_assert_int_eq(sh("grep -v mkdir \"$TOP/said\" > \"$TOP/last\""), 0);
	holds("last", want);
}
END_TEST

START_TEST(a_full_disk)
{
	char command[2048];
	char *code;

	if (!have(_i) || geteuid() != 0 || sh("unshare -m true 2> /dev/null") != 0)
		return;
	make(1, 1, "#!/bin/sh\n: > /tmp/never");
	/* Room for directories and empty files, and for nothing in them. */
	snprintf(command, sizeof(command),
		 "unshare -m sh -c 'mkdir $TOP/runs && mount -t tmpfs -o size=8k,nr_inodes=50 none $TOP/runs "
		 "&& "
		 "head -c 100000 /dev/zero > $TOP/runs/fill; (%s); echo $? > $TOP/code' 2> /dev/null",
		 command_of(1, 77, ""));
	sh(command);
	code = content("code");
	ck_assert_str_eq(code, "212\n");
	free(code);
}
END_TEST

START_TEST(an_exit_code_that_is_lost)
{
	char want[200];

	if (!have(_i))
		return;
	make(1, 1, "#!/bin/sh\necho worked");
	sh("mkdir -p \"$TOP/" RUN "\" && : > \"$TOP/" RUN "done\"");
	ck_assert_int_eq(run(1, 77, ""), WEFT_WRAPPER_BROKEN);
	snprintf(want, sizeof(want), "weft: %s/" RUN "done: the run has ended, its exit code is lost\n", top);
	holds("said", want);
}
END_TEST

static const struct {
	const char *key, *top;
	unsigned first, attempt;
	const char *error;
} wrong[] = {
	{ "", "/x", 1, 1, "a run's key has 1 to 127 characters, not 0" },
	{ "a/b", "/x", 1, 1,
	  "a/b: a run's key has letters, digits, '.', '_' and '-', and begins with no '.'" },
	{ "..", "/x", 1, 1, "..: a run's key has letters, digits, '.', '_' and '-', and begins with no '.'" },
	{ "a", "x", 1, 1, "x: a directory at the peer is absolute, or begins with ~/" },
	{ "a", "/x", 0, 1, "a: attempt 1 of a run that begins with 0: they count from 1" },
	{ "a", "/x", 3, 2, "a: attempt 2 of a run that begins with 3: they count from 1" },
};

START_TEST(mistake)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_wrapper_text(wrong[_i].key, wrong[_i].first, wrong[_i].attempt, wrong[_i].top,
					     "#!/bin/sh\n", &err));
	ck_assert_str_eq(err.text, wrong[_i].error);
}
END_TEST

START_TEST(paths)
{
	char *path = weft_wrapper_path("k", NULL, "work");

	ck_assert_str_eq(path, ".weft/runs/k/work");
	free(path);
	path = weft_wrapper_path("k", "/scratch/bob", "out.3");
	ck_assert_str_eq(path, "/scratch/bob/k/out.3");
	free(path);
	ck_assert_ptr_null(weft_wrapper_excuse(1));
	ck_assert_ptr_nonnull(weft_wrapper_excuse(WEFT_WRAPPER_SECOND));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("wrapper");
	TCase *tc = tcase_create("runs");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_script_sees_what_it_would_at_home, 0, N_SHELLS);
	tcase_add_loop_test(tc, both_streams_are_one_when_they_are_at_home, 0, N_SHELLS);
	tcase_add_loop_test(tc, home_is_the_one_of_the_peer, 0, N_SHELLS);
	tcase_add_loop_test(tc, any_bytes_may_be_in_a_script, 0, N_SHELLS);
	tcase_add_loop_test(tc, an_interpreter_with_an_argument, 0, N_SHELLS);
	tcase_add_loop_test(tc, a_run_that_is_done_is_not_done_again, 0, N_SHELLS);
	tcase_add_loop_test(tc, of_fifty_copies_one_works, 0, N_SHELLS);
	tcase_add_loop_test(tc, after_a_kill_only_the_same_job_or_a_later_attempt_works, 0, N_SHELLS);
	tcase_add_loop_test(tc, a_job_that_is_started_twice_works_once, 0, N_SHELLS);
	tcase_add_loop_test(tc, an_attempt_that_comes_late_does_not_work, 0, N_SHELLS);
	tcase_add_loop_test(tc, a_signal_reaches_the_script_and_its_code_comes_back, 0, N_SHELLS);
	tcase_add_loop_test(tc, a_script_that_dies_of_a_signal_ends_as_in_a_shell, 0, N_SHELLS);
	tcase_add_loop_test(tc, a_directory_that_cannot_be_made, 0, N_SHELLS);
	tcase_add_loop_test(tc, a_full_disk, 0, N_SHELLS);
	tcase_add_loop_test(tc, an_exit_code_that_is_lost, 0, N_SHELLS);
	tcase_add_loop_test(tc, mistake, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tc, paths);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
