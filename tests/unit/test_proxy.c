/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the proxy: the environment that goes along, commands, output that comes home once, how it
 * ends.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "core/shell.h"
#include "proxy/command.h"
#include "proxy/end.h"
#include "proxy/environment.h"
#include "proxy/job.h"
#include "proxy/output.h"
#include "proxy/stage.h"

static char dir[64];

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/weft-proxy.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	setenv("DIR", dir, 1);
}

static void teardown(void)
{
	ck_assert_int_eq(system("rm -rf \"$DIR\""), 0);
}

static const char *in_dir(const char *name)
{
	static char path[4][160];
	static unsigned i;

	snprintf(path[++i % 4], sizeof(path[0]), "%s/%s", dir, name);
	return path[i % 4];
}

static void put(const char *name, const char *text)
{
	ck_assert_int_eq(weft_file_replace(in_dir(name), text, strlen(text), 0600, NULL), 0);
}

static void holds(const char *name, const char *want)
{
	size_t len = 0;
	char *text = weft_file_read(in_dir(name), 1 << 22, &len, NULL);

	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(len, strlen(want));
	ck_assert_str_eq(text, want);
	free(text);
}

/* ---------------------------------------------------------------- the environment */

START_TEST(what_goes_along)
{
	char *env[] = { "PATH=/opt/x:/bin",
			"MY=a=b",
			"EMPTY=",
			"BASH_FUNC_module%%=() { :; }",
			"WEFT_HELD_LD_LIBRARY_PATH=/opt/lib",
			"SLURM_ARRAY_TASK_ID=3",
			"SLURM_ARRAY_JOB_ID=17",
			"SLURM_JOB_NAME=train",
			"SLURM_JOB_ID=19",
			"SLURM_SPANK_WEFT_TICKET=MUNGE:x:",
			"SLURM_JWT=secret",
			"SBATCH_ACCOUNT=x",
			"SPANK_WEFT_TICKET=x",
			"WEFT_ACCEL=8",
			"WEFT_ARGC=77",
			"WEFT_KEEP_HOME=/x",
			"CUDA_VISIBLE_DEVICES=0",
			"HOME=/home/alice",
			"SSH_AUTH_SOCK=/tmp/x",
			"KRB5CCNAME=x",
			"DISPLAY=:0",
			"BAD NAME=x",
			"1X=x",
			"=x",
			"novalue",
			NULL };
	char *args[] = { "a b", "", NULL };
	const struct weft_proxy_sent sent = { env, args, true };
	json_object *list = weft_proxy_environment(&sent);

	ck_assert_str_eq(
		json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		"[\"PATH=/opt/x:/bin\",\"MY=a=b\",\"EMPTY=\",\"BASH_FUNC_module%%=() { :; }\","
		"\"LD_LIBRARY_PATH=/opt/lib\",\"WEFT_KEEP_SLURM_ARRAY_TASK_ID=3\","
		"\"WEFT_KEEP_SLURM_ARRAY_JOB_ID=17\",\"WEFT_KEEP_SLURM_JOB_NAME=train\",\"WEFT_ARG_1=a b\","
		"\"WEFT_ARG_2=\",\"WEFT_ARGC=2\",\"WEFT_JOIN=1\"]");
	json_object_put(list);
}
END_TEST

/* ---------------------------------------------------------------- the order */

static char *const args[] = { "weft-proxy",
			      "--conf=/etc/slurm/weft.conf",
			      "--peer=beta",
			      "--gres=gpu:h100",
			      "--cards=8",
			      "--minutes=90",
			      "--submit=1790000000",
			      "--model=h100-sxm5-80gb",
			      "--",
			      NULL,
			      "--x",
			      "y",
			      NULL };

#define N_ARGS 12

static void read_job(struct weft_proxy_job *job, char **argv, const char *script)
{
	struct weft_err err = WEFT_ERR_INIT;

	memcpy(argv, args, sizeof(args));
	argv[9] = (char *)script;
	setenv("SLURM_JOB_ID", "19", 1);
	setenv("SLURM_RESTART_COUNT", "2", 1);
	setenv("SLURM_CLUSTER_NAME", "alpha", 1);
	setenv("SLURM_SUBMIT_DIR", "/home/alice/it's", 1);
	setenv("SLURM_SPANK_WEFT_TICKET", "MUNGE:x:", 1);
	setenv("SLURM_NTASKS", "4", 1);
	setenv("SLURM_MEM_PER_CPU", "1000", 1);
	ck_assert_int_eq(weft_proxy_job_read(job, N_ARGS, argv, &err), 0);
	ck_assert_str_eq(err.text, "");
}

START_TEST(the_order)
{
	char *env[] = { "A=1", "B=\xff", NULL }, *argv[N_ARGS + 1];
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_proxy_job job;
	json_object *o;

	put("script", "#!/bin/sh\necho \xc3\xa9\n");
	read_job(&job, argv, in_dir("script"));
	ck_assert_str_eq(job.argv[1], "--x");
	o = weft_proxy_job_order(&job, _i, env, false, &err);
	ck_assert_str_eq(err.text, "");
	ck_assert_str_eq(
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		_i ? "{\"peer\":\"beta\",\"cluster\":\"alpha\",\"job\":19,\"submit\":1790000000,\"restarts\":"
		     "2,\"ticket\":\"MUNGE:x:\","
		     "\"script\":\"#!/bin/sh\\necho "
		     "\xc3\xa9\\n\",\"environment\":[\"A=1\",\"WEFT_ARG_1=--x\","
		     "\"WEFT_ARG_2=y\",\"WEFT_ARGC=2\"],\"minutes\":90,\"tasks\":4,\"memory_mb\":4000,"
		     "\"accel\":\"8:h100-sxm5-80gb\"}"
		   : "{\"peer\":\"beta\",\"cluster\":\"alpha\",\"job\":19,\"submit\":1790000000,\"restarts\":"
		     "2,\"ticket\":\"MUNGE:x:\","
		     "\"script\":\"#!/bin/sh\\necho "
		     "\xc3\xa9\\n\",\"environment\":[\"A=1\",\"WEFT_ARG_1=--x\","
		     "\"WEFT_ARG_2=y\",\"WEFT_ARGC=2\"],\"minutes\":90,\"tasks\":4,\"memory_mb\":4000,"
		     "\"gres\":\"gpu:h100:8\"}");
	json_object_put(o);
}
END_TEST

START_TEST(a_script_that_is_not_utf8)
{
	char *env[] = { NULL }, *argv[N_ARGS + 1];
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_proxy_job job;
	json_object *o, *script;

	put("script", "#!/bin/sh\n\xff\n");
	read_job(&job, argv, in_dir("script"));
	o = weft_proxy_job_order(&job, false, env, false, &err);
	ck_assert(!json_object_object_get_ex(o, "script", &script));
	ck_assert(json_object_object_get_ex(o, "script_base64", &script));
	ck_assert_str_eq(json_object_get_string(script), "IyEvYmluL3NoCv8K\n");
	json_object_put(o);
}
END_TEST

static const struct {
	const char *arg, *error;
} wrong_args[] = {
	{ "--cards=x", "--cards is \"x\", and should be a number up to 4294967295" },
	{ "--cards=-1", "--cards is \"-1\", and should be a number up to 4294967295" },
	{ "--minutes=4294967296", "--minutes is \"4294967296\", and should be a number up to 4294967295" },
	{ "--what=1", "--what=1: not known" },
	{ "--submit=0", "--conf, --peer, --submit, --gres, --cards, --minutes and a script are needed; "
			"slurmstepd gives them" },
};

START_TEST(wrong_arguments)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_proxy_job job;
	char *argv[N_ARGS + 1];

	memcpy(argv, args, sizeof(args));
	argv[7] = (char *)wrong_args[_i].arg;
	argv[9] = "script";
	ck_assert_int_eq(weft_proxy_job_read(&job, N_ARGS, argv, &err), -1);
	ck_assert_str_eq(err.text, wrong_args[_i].error);
}
END_TEST

/* ---------------------------------------------------------------- commands */

static bool stop_now(void *arg)
{
	(void)arg;
	return true;
}

static const struct {
	const char *text, *error;
	unsigned idle;
	bool stop;
} commands[] = {
	{ "true", "", 0, false },
	{ "exit 3", "StageIn=: exit status 3", 0, false },
	{ "echo 'no way' >&2; echo second >&2; exit 3", "StageIn=: exit status 3: no way", 0, false },
	{ "kill -s KILL $$", "StageIn=: it died of signal 9", 0, false },
	{ "sleep 60", "StageIn=: nothing came for 1 s", 1, false },
	{ "sleep 60", "StageIn=: stopped by a signal", 0, true },
	/* What it leaves behind does not hold us up. */
	{ "sleep 60 & exit 0", "", 0, false },
	{ "read x && exit 1; exit 0", "", 0, false },
};

static int take_nothing(const char *text, size_t len, void *arg, struct weft_err *err)
{
	(void)text, (void)len, (void)arg, (void)err;
	return 0;
}

START_TEST(a_command)
{
	struct weft_proxy_command command = { .what = "StageIn=",
					      .text = commands[_i].text,
					      .take = take_nothing,
					      .idle = commands[_i].idle,
					      .stop = commands[_i].stop ? stop_now : NULL };
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_int_eq(weft_proxy_command(&command, &err), commands[_i].error[0] ? -1 : 0);
	ck_assert_str_eq(err.text, commands[_i].error);
}
END_TEST

/* ---------------------------------------------------------------- output */

#define KEY "alpha.19.1790000000"

static int home_fd;

/* A proxy starts: with the file at home opened as slurmstepd does it. */
static void start(struct weft_proxy_output *output, unsigned first, int flags)
{
	struct weft_err err = WEFT_ERR_INIT;

	home_fd = open(in_dir("home"), O_WRONLY | O_CREAT | O_APPEND | flags, 0600);
	ck_assert_int_ge(home_fd, 0);
	weft_proxy_output_open(output, in_dir(".weft/bursts"), KEY, first, true, home_fd, home_fd, &err);
	ck_assert_str_eq(err.text, "");
}

static void end(struct weft_proxy_output *output)
{
	weft_proxy_output_close(output, false);
	close(home_fd);
}

static void fetch(struct weft_proxy_output *output)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_proxy_command command = { .what = "Fetch=" };
	char text[256];

	snprintf(text, sizeof(text), "tail -c +%lld %s", (long long)output->stream[0].offset + 1,
		 in_dir("there"));
	command.text = text;
	ck_assert_int_eq(weft_proxy_output_fetch(output, &output->stream[0], &command, &err), 0);
	ck_assert_str_eq(err.text, "");
}

START_TEST(output_comes_as_it_grows)
{
	struct weft_proxy_output output;

	put("home", "before\n");
	put("there", "one\n");
	start(&output, 1, 0);
	fetch(&output);
	fetch(&output);
	put("there", "one\ntwo\n");
	fetch(&output);
	holds("home", "before\none\ntwo\n");
	end(&output);
}
END_TEST

START_TEST(the_next_proxy_goes_on)
{
	struct weft_proxy_output output;

	put("there", "one\n");
	start(&output, 1, 0);
	fetch(&output);
	end(&output);
	put("there", "one\ntwo\n");
	start(&output, 1, 0);
	fetch(&output);
	end(&output);
	holds("home", "one\ntwo\n");
	/* Truncated at home: all comes again. */
	start(&output, 1, O_TRUNC);
	fetch(&output);
	end(&output);
	holds("home", "one\ntwo\n");
	/* Another run: another file there. */
	put("there", "new\n");
	start(&output, 2, 0);
	fetch(&output);
	weft_proxy_output_close(&output, true);
	close(home_fd);
	holds("home", "one\ntwo\nnew\n");
	ck_assert_int_eq(access(in_dir(".weft/bursts/" KEY), F_OK), -1);
}
END_TEST

/* The note is written, and of its piece N bytes are: as if killed there. */
START_TEST(killed_between_the_note_and_the_end_of_the_piece)
{
	static const char all[] = "one\ntwo\nthree\n";
	struct weft_proxy_output output;
	char path[160], part[64];

	put("there", "one\n");
	start(&output, 1, 0);
	fetch(&output);
	end(&output);
	put("there", all);
	start(&output, 1, 0);
	fetch(&output);
	end(&output);
	snprintf(path, sizeof(path), "%s", in_dir("home"));
	ck_assert_int_eq(truncate(path, 4 + _i), 0);
	/* slurmstepd may have said something, too. */
	if (_i % 2) {
		FILE *f = fopen(path, "a");

		ck_assert_ptr_nonnull(f);
		fputs("slurmstepd: error: *** KILLED ***\n", f);
		fclose(f);
	}
	start(&output, 1, 0);
	fetch(&output);
	end(&output);
	snprintf(part, sizeof(part), "%.*s%s%s", 4 + _i, all,
		 _i % 2 ? "slurmstepd: error: *** KILLED ***\n" : "", all + 4 + _i);
	holds("home", part);
}
END_TEST

START_TEST(a_large_output_is_whole)
{
	struct weft_proxy_output output;

	ck_assert_int_eq(system("seq 200000 > \"$DIR/there\""), 0);
	start(&output, 1, 0);
	fetch(&output);
	end(&output);
	ck_assert_int_eq(system("cmp \"$DIR/there\" \"$DIR/home\""), 0);
	ck_assert_int_eq(output.stream[0].offset, 1288895);
}
END_TEST

/* A proxy is killed at any moment, again and again, while the file there grows. */
START_TEST(killed_at_any_moment)
{
	pid_t writer = fork();

	if (writer == 0) {
		execl("/bin/sh", "sh", "-c",
		      "i=0; while [ $i -lt 300 ]; do i=$((i + 1)); seq $i $((i + 200)); sleep 0.005; done"
		      " > \"$DIR/there\"",
		      (char *)NULL);
		_exit(127);
	}
	for (unsigned round = 0; round < 60; round++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			struct weft_proxy_output output;

			start(&output, 1, 0);
			for (;;)
				fetch(&output);
		}
		usleep(5000 + round * 7919 % 60000);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	waitpid(writer, NULL, 0);
	{
		struct weft_proxy_output output;

		start(&output, 1, 0);
		fetch(&output);
		end(&output);
	}
	ck_assert_int_eq(system("cmp \"$DIR/there\" \"$DIR/home\""), 0);
}
END_TEST

START_TEST(fetch_of_weft_conf)
{
	struct weft_conf_peer peer = {
		.name = "beta", .fetch = "tail -c +%n \"$DIR\"/top/%k/$(basename %f); : %o %u %s %d %j %p"
	};
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_proxy_output output;
	struct weft_proxy_stage stage;
	struct weft_proxy_job job;
	char *argv[N_ARGS + 1];

	read_job(&job, argv, "script");
	stage = (struct weft_proxy_stage){ &job, &peer, "bob", "~/runs", KEY, 3, NULL };
	ck_assert_int_eq(system("mkdir -p \"$DIR/top/" KEY "\" && echo hello > \"$DIR/top/" KEY "/out.3\""),
			 0);
	start(&output, 3, 0);
	ck_assert_int_eq(weft_proxy_stage_fetch(&stage, &output, &err), 0);
	ck_assert_str_eq(err.text, "");
	end(&output);
	holds("home", "hello\n");
	ck_assert_int_eq(weft_proxy_stage(&stage, "StageIn=", "echo %u %s %d %k %j %p > \"$DIR\"/args", &err),
			 0);
	holds("args", "bob /home/alice/it's runs/" KEY "/work " KEY " 19 beta\n");
}
END_TEST

static const struct {
	const char *done;
	int code;
} dones[] = {
	{ "7 3\n", 7 },
	{ "0 4\n", 0 },
	{ "255 10\n", 255 },
	{ "128 3\n", 128 },
	{ "129 3\n", -1 }, /* SIGHUP */
	{ "192 3\n", -1 },
	{ "193 3\n", 193 },
	{ "7 2\n", -1 },
	{ "256 3\n", -1 },
	{ "7 3", -1 },
	{ "", -1 },
	{ "7\n", -1 },
	{ "-7 3\n", -1 },
	{ "7 3\n7 3\n", -1 },
	{ " 7 3\n", -1 },
	{ "7 3333333333\n", -1 },
	{ "this is no exit code but a text, and it is too long\n", -1 },
};

START_TEST(what_the_script_has_left)
{
	struct weft_conf_peer peer = { .name = "beta",
				       .fetch = "tail -c +%n \"$DIR\"/top/%k/$(basename %f)" };
	struct weft_proxy_job job;
	char *argv[N_ARGS + 1], text[256];
	struct weft_proxy_stage stage;

	read_job(&job, argv, "script");
	stage = (struct weft_proxy_stage){ &job, &peer, "bob", "~/runs", KEY, 3, NULL };
	ck_assert_int_eq(weft_proxy_stage_done(&stage), -1);
	ck_assert_int_eq(system("mkdir -p \"$DIR/top/" KEY "\""), 0);
	for (size_t i = 0; i < sizeof(dones) / sizeof(dones[0]); i++) {
		snprintf(text, sizeof(text), "printf %%s '%s' > \"$DIR/top/" KEY "/done\"", dones[i].done);
		ck_assert_int_eq(system(text), 0);
		ck_assert_int_eq(weft_proxy_stage_done(&stage), dones[i].code);
	}
	peer.fetch = NULL;
	ck_assert_int_eq(weft_proxy_stage_done(&stage), -1);
}
END_TEST

START_TEST(ends_in_doubt)
{
	static const struct {
		struct weft_proxy_run run;
		bool doubt;
	} cases[] = {
		{ { .phase = WEFT_PROXY_ENDED, .state = "COMPLETED" }, false },
		{ { .phase = WEFT_PROXY_ENDED, .state = "FAILED", .status = 7 << 8 }, false },
		{ { .phase = WEFT_PROXY_ENDED, .state = "FAILED", .status = SIGSEGV }, false },
		{ { .phase = WEFT_PROXY_ENDED, .state = "FAILED", .status = 1 << 8 }, true },
		{ { .phase = WEFT_PROXY_ENDED, .state = "FAILED", .status = 213 << 8 }, true },
		{ { .phase = WEFT_PROXY_ENDED, .state = "NODE_FAIL" }, true },
		{ { .phase = WEFT_PROXY_ENDED, .state = "CANCELLED", .status = SIGTERM }, true },
		{ { .phase = WEFT_PROXY_CANCELLED, .state = "CANCELLED", .status = SIGTERM }, false },
		{ { .phase = WEFT_PROXY_NONE }, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_int_eq(weft_proxy_end_in_doubt(&cases[i].run), cases[i].doubt);
}
END_TEST

/* ---------------------------------------------------------------- the end */

#define EXITED(code) ((code) << 8)

static const struct {
	struct weft_proxy_run run;
	int code, signal;
	const char *text;
} ends[] = {
	{ { .phase = WEFT_PROXY_ENDED, .state = "COMPLETED" }, 0, 0, "" },
	{ { .phase = WEFT_PROXY_ENDED, .state = "FAILED", .status = EXITED(7) }, 7, 0, "" },
	{ { .phase = WEFT_PROXY_ENDED, .state = "FAILED", .status = SIGSEGV }, 0, SIGSEGV, "" },
	{ { .phase = WEFT_PROXY_ENDED, .state = "FAILED", .status = EXITED(213), .remote_id = 5 },
	  213,
	  0,
	  "job 5 at beta ended with 213: another copy of the run works, or worked, at the peer, so the "
	  "script was not started "
	  "again, or the script itself ended so" },
	{ { .phase = WEFT_PROXY_ENDED, .state = "TIMEOUT", .status = SIGTERM, .remote_id = 5 },
	  0,
	  SIGTERM,
	  "job 5 at beta ended in state TIMEOUT" },
	{ { .phase = WEFT_PROXY_ENDED, .state = "NODE_FAIL", .remote_id = 5, .why = "n1 went" },
	  1,
	  0,
	  "job 5 at beta ended in state NODE_FAIL: n1 went" },
	{ { .phase = WEFT_PROXY_CANCELLED, .remote_id = 5 }, 0, SIGTERM, "job 5 at beta was cancelled" },
	{ { .phase = WEFT_PROXY_REFUSED, .why = "Invalid account (2045)" },
	  WEFT_PROXY_REFUSAL,
	  0,
	  "beta does not take this job: Invalid account (2045)" },
	{ { .phase = WEFT_PROXY_NONE },
	  WEFT_PROXY_REFUSAL,
	  0,
	  "weftd knows nothing of this job at beta any more" },
};

START_TEST(an_end)
{
	char text[1024];
	struct weft_proxy_end got = weft_proxy_end_of(&ends[_i].run, "beta", text, sizeof(text));
	int status;
	pid_t pid;

	ck_assert_str_eq(text, ends[_i].text);
	ck_assert_int_eq(got.code, ends[_i].code);
	ck_assert_int_eq(got.signal, ends[_i].signal);
	pid = fork();
	if (pid == 0)
		weft_proxy_die(&got);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WIFSIGNALED(status) ? WTERMSIG(status) : 0, ends[_i].signal);
	ck_assert_int_eq(WIFEXITED(status) ? WEXITSTATUS(status) : 0, ends[_i].code);
}
END_TEST

/* ---------------------------------------------------------------- answers */

#define RUN                                                                                                  \
	"{\"key\":\"a.1.2\",\"remote_user\":\"bob\",\"remote_top\":\"~/"                                     \
	"x\",\"phase\":\"running\",\"first\":1,\"attempt\":2"

static const struct {
	const char *json, *error;
} answers[] = {
	{ RUN ",\"remote_id\":null,\"why\":null,\"exit_status\":null}", "" },
	{ "{\"key\":\"a.1.2\",\"phase\":null}", "" },
	{ RUN ",\"settled\":true}", "" },
	{ "{}", "weftd's answer: key is \"\"" },
	{ "{\"key\":\"../x\"}", "weftd's answer: key is \"../x\"" },
	{ "{\"key\":\"a;b\"}", "weftd's answer: key is \"a;b\"" },
	{ "{\"key\":7}", "weftd's answer: key is no string" },
	{ "{\"key\":\"a\",\"phase\":\"gone\"}", "weftd's answer: phase is \"gone\"" },
	{ "{\"key\":\"a\",\"phase\":\"lost\"}", "weftd's answer: attempt 0 of a run that begins with 0" },
	{ "{\"key\":\"a\",\"attempt\":-1}", "weftd's answer: attempt is no number from 0 to 4294967295" },
	{ "{\"key\":\"a\",\"exit_status\":65536}",
	  "weftd's answer: exit_status is no number from 0 to 65535" },
	{ "{\"key\":\"a\",\"state\":\"XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX\"}",
	  "weftd's answer: state is longer than 31 bytes" },
};

START_TEST(an_answer)
{
	struct weft_err err = WEFT_ERR_INIT;
	json_object *o = json_tokener_parse(answers[_i].json);
	struct weft_proxy_run run;

	ck_assert_int_eq(weft_proxy_run_read(o, &run, &err), answers[_i].error[0] ? -1 : 0);
	ck_assert_str_eq(err.text, answers[_i].error);
	if (_i == 0) {
		ck_assert_int_eq(run.phase, WEFT_PROXY_RUNNING);
		ck_assert_uint_eq(run.attempt, 2);
		ck_assert_str_eq(run.remote_top, "~/x");
	} else if (_i < 3) {
		ck_assert_int_eq(run.phase, WEFT_PROXY_NONE);
	}
	json_object_put(o);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proxy");
	TCase *tc = tcase_create("parts");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_goes_along);
	tcase_add_loop_test(tc, the_order, 0, 2);
	tcase_add_test(tc, a_script_that_is_not_utf8);
	tcase_add_loop_test(tc, wrong_arguments, 0, sizeof(wrong_args) / sizeof(wrong_args[0]));
	tcase_add_loop_test(tc, a_command, 0, sizeof(commands) / sizeof(commands[0]));
	tcase_add_test(tc, output_comes_as_it_grows);
	tcase_add_test(tc, the_next_proxy_goes_on);
	tcase_add_loop_test(tc, killed_between_the_note_and_the_end_of_the_piece, 0, 11);
	tcase_add_test(tc, a_large_output_is_whole);
	tcase_add_test(tc, killed_at_any_moment);
	tcase_add_test(tc, fetch_of_weft_conf);
	tcase_add_test(tc, what_the_script_has_left);
	tcase_add_test(tc, ends_in_doubt);
	tcase_add_loop_test(tc, an_end, 0, sizeof(ends) / sizeof(ends[0]));
	tcase_add_loop_test(tc, an_answer, 0, sizeof(answers) / sizeof(answers[0]));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
