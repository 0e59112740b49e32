/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_proxy.c - runs on the gateway in the place of a job's script, as the job's user: it has the script run
 * at the peer, and ends as that ends.
 *
 * All that matters is in weftd's book and at the peer, so it may be killed at any instruction: the next one
 * of the job finds the run and goes on with it.  Only the place up to which output has come home is noted
 * here (output.h).
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/wrapper.h"
#include "proxy/end.h"
#include "proxy/job.h"
#include "proxy/link.h"
#include "proxy/output.h"
#include "proxy/stage.h"

#define FIRST_PAUSE    1000 /* ms between questions; grows while nothing changes */
#define LAST_PAUSE     10000
#define FETCH_TIME     20  /* s, while the job runs */
#define FETCH_PATIENCE 120 /* s after the end of the run for which its output is tried to be had */
#define RETRY_PAUSE    3000
#define HOME_PATIENCE  90 /* s that slurmctld has to take a job back; its planner looks every few seconds */
#define LIMIT_PATIENCE 90 /* s; slurmctld looks at time limits twice a minute */

extern char **environ;

/* A run from this side. */
struct proxy {
	struct weft_proxy_job job;
	const struct weft_conf_peer *peer;
	struct weft_proxy_link link;
	struct weft_proxy_run run;
	struct weft_proxy_output output;
	bool has_output;   /* OUTPUT is open */
	bool has_worked;   /* it was seen to run */
	bool cancelled;	   /* weftd was asked to end it */
	time_t changed;	   /* when something happened last, of the monotonic clock */
};

static volatile sig_atomic_t got_term, got_other;

static void on_term(int sig)
{
	(void)sig;
	got_term = 1;
}

static void on_other(int sig)
{
	got_other = sig;
}

static bool is_ended(void)
{
	return got_term;
}

/* Between two questions there is output to bring home: then weftd is asked once, and not until it answers. */
static bool at_once(void)
{
	return true;
}

static bool is_ended_arg(void *arg)
{
	(void)arg;
	return got_term;
}

static void say(const char *text)
{
	fprintf(stderr, "weft: %s\n", text);
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* A fetch while the job runs may not keep weftd from hearing of it: the next one goes on where it was. */
static time_t fetch_until;

static bool fetch_is_over(void *arg)
{
	(void)arg;
	return got_term || now() >= fetch_until;
}

static _Noreturn void die(int code, int sig)
{
	const struct weft_proxy_end end = { code, sig };

	weft_proxy_die(&end);
}

static _Noreturn void fail(int code, const char *why)
{
	say(why);
	die(code, 0);
}

/* The job does not run there.  One that may run at home as well is requeued by slurmctld's planner, to which
 * weftd has told this. */
static _Noreturn void go_back(void)
{
	time_t until = now() + HOME_PATIENCE;

	if (weft_proxy_job_is_auto()) {
		say("it goes back, to wait at home");
		while (!got_term && now() < until)
			weft_proxy_nap(FIRST_PAUSE);
	}
	die(got_term ? 0 : WEFT_PROXY_REFUSAL, got_term ? SIGTERM : 0);
}

/* weftd does not hand it over. */
static _Noreturn void refused(const char *why)
{
	say(why);
	go_back();
}

static void take_signals(void)
{
	static const int others[] = { SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU };
	struct sigaction action = { .sa_handler = on_term }; /* no SA_RESTART: a signal ends a nap */
	sigset_t none;

	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = on_other;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		sigaction(others[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void tell_signal(const struct proxy *proxy)
{
	int sig = got_other;

	if (!sig)
		return;
	got_other = 0;
	fprintf(stderr, "weft: signal %d is not passed on to %s\n", sig, proxy->peer->name);
}

/* Tell the commands, in variable NAME, which file FD is: they must leave it alone at both ends. */
static void name_output(const char *name, int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	setenv(name, path, 1);
}

/* Is it still the file of that name? */
static void check_output(const char *name, int fd)
{
	const char *path = getenv(name);
	struct stat there, ours;

	if (!path || fstat(fd, &ours) || !S_ISREG(ours.st_mode))
		return;
	if (stat(path, &there) || there.st_ino != ours.st_ino || there.st_dev != ours.st_dev)
		fprintf(stderr, "weft: StageOut= has replaced %s, the job's own output\n", path);
}

/* ---------------------------------------------------------------- weftd */

/* Read the run out of ANSWER, which is given back.  -1 with ERR. */
static int take_run(struct proxy *proxy, json_object *answer, struct weft_err *err)
{
	struct weft_proxy_run run;

	if (!answer)
		return -1;
	if (weft_proxy_run_read(answer, &run, err)) {
		json_object_put(answer);
		return -1;
	}
	json_object_put(answer);
	if (run.phase != proxy->run.phase || run.attempt != proxy->run.attempt)
		proxy->changed = now();
	if (run.phase == WEFT_PROXY_LOST && proxy->run.phase != WEFT_PROXY_LOST)
		fprintf(stderr, "weft: %s no longer knows job %u: %s\n", proxy->peer->name, run.remote_id,
			run.why);
	proxy->has_worked =
		proxy->has_worked || run.phase == WEFT_PROXY_RUNNING || run.phase == WEFT_PROXY_ENDED;
	proxy->run = run;
	return 0;
}

/* The question QUESTION about the run; its answer is a run again. */
static int ask_run(struct proxy *proxy, const char *question, json_object *more, bool *stopped,
		   struct weft_err *err)
{
	if (stopped)
		*stopped = false;
	return more ? take_run(proxy, weft_proxy_ask(&proxy->link, question, more, stopped, err), err) : -1;
}

/* {"key": KEY}; NULL with ERR. */
static json_object *key_of(const struct proxy *proxy, struct weft_err *err)
{
	json_object *o = json_object_new_object(), *key = json_object_new_string(proxy->run.key);

	if (o && key && !json_object_object_add(o, "key", key))
		return o;
	weft_err(err, "out of memory");
	json_object_put(key);
	json_object_put(o);
	return NULL;
}

static int ask_status(struct proxy *proxy, bool *stopped, struct weft_err *err)
{
	json_object *more = key_of(proxy, err);

	if (more && json_object_object_add(more, "renew", json_object_new_boolean(true))) {
		json_object_put(more);
		return weft_err(err, "out of memory");
	}
	return ask_run(proxy, "status", more, stopped, err);
}

/* The run that goes on is taken up, and a new one begun when there is none. */
static void attach(struct proxy *proxy)
{
	bool join = weft_proxy_same_file(STDOUT_FILENO, STDERR_FILENO);
	struct weft_err err = WEFT_ERR_INIT;
	json_object *order = weft_proxy_job_order(&proxy->job, proxy->peer->weft, environ, join, &err);

	if (!order)
		fail(WEFT_PROXY_SETUP, err.text);
	if (ask_run(proxy, "attach", order, NULL, &err))
		refused(err.text);
}

/* "cancel" or "settle"; it is said when weftd does not do it.  False: it could not be asked. */
static bool ask_word(struct proxy *proxy, const char *question)
{
	struct weft_err err = WEFT_ERR_INIT;
	json_object *more = key_of(proxy, &err), *answer = NULL;

	bool stopped = false;

	if (more)
		answer = weft_proxy_ask(&proxy->link, question, more, &stopped, &err);
	if (!answer && !stopped)
		say(err.text);
	json_object_put(answer);
	return !stopped;
}

/* ---------------------------------------------------------------- the run */

static bool goes_on(const struct weft_proxy_run *run)
{
	return run->phase == WEFT_PROXY_WAITING || run->phase == WEFT_PROXY_RUNNING ||
	       (run->phase == WEFT_PROXY_LOST && !run->over);
}

static struct weft_proxy_stage stage_of(const struct proxy *proxy, const struct weft_proxy_run *run,
					bool (*stop)(void *arg))
{
	return (struct weft_proxy_stage){
		&proxy->job, proxy->peer, run->remote_user, run->remote_top, run->key, run->first, stop
	};
}

static void open_output(struct proxy *proxy)
{
	const char *home = getenv("HOME");
	bool join = weft_proxy_same_file(STDOUT_FILENO, STDERR_FILENO);
	struct weft_err err = WEFT_ERR_INIT;
	char *dir;

	if (asprintf(&dir, "%s/.weft/bursts", home ? home : "") < 0)
		fail(WEFT_PROXY_SETUP, "out of memory");
	weft_proxy_output_open(&proxy->output, dir, proxy->run.key, proxy->run.first, join, STDOUT_FILENO,
			       STDERR_FILENO, &err);
	if (err.text[0] && proxy->peer->fetch)
		say(err.text);
	proxy->has_output = true;
	free(dir);
}

/* The output of another run of the job is another file. */
static void follow_output(struct proxy *proxy, unsigned first)
{
	if (proxy->has_output && first == proxy->run.first)
		return;
	if (proxy->has_output)
		weft_proxy_output_close(&proxy->output, true);
	open_output(proxy);
}

static int fetch(struct proxy *proxy, bool (*stop)(void *arg), struct weft_err *err)
{
	struct weft_proxy_stage stage = stage_of(proxy, &proxy->run, stop);
	int64_t before = proxy->output.stream[0].offset + proxy->output.stream[1].offset;
	int rc = weft_proxy_stage_fetch(&stage, &proxy->output, err);

	if (proxy->output.stream[0].offset + proxy->output.stream[1].offset != before)
		proxy->changed = now();
	return rc;
}

/* While it runs: a file that is not there yet is no cause for alarm. */
static void fetch_some(struct proxy *proxy)
{
	fetch_until = now() + FETCH_TIME;
	if (proxy->run.phase == WEFT_PROXY_RUNNING && proxy->peer->fetch)
		fetch(proxy, fetch_is_over, NULL);
}

/* The rest.  Of a script that was never started there is nothing. */
static void fetch_all(struct proxy *proxy)
{
	time_t until = now() + FETCH_PATIENCE;
	struct weft_err err = WEFT_ERR_INIT;

	if (!proxy->has_worked || !proxy->peer->fetch)
		return;
	while (fetch(proxy, NULL, &err)) {
		if (now() >= until || got_term) {
			say(err.text);
			fprintf(stderr,
				"weft: the output of job %u at %s is not all here; the rest stays there\n",
				proxy->run.remote_id, proxy->peer->name);
			return;
		}
		weft_proxy_nap(RETRY_PAUSE);
		err = (struct weft_err)WEFT_ERR_INIT;
	}
}

static unsigned pause_ms(const struct proxy *proxy)
{
	time_t quiet = now() - proxy->changed;

	if (quiet * 100 >= LAST_PAUSE)
		return LAST_PAUSE;
	return quiet * 100 > FIRST_PAUSE ? (unsigned)quiet * 100 : FIRST_PAUSE;
}

/* Until it ends.  When weftd says no, it is asked again: the run is there, whatever is wrong with weftd. */
static void follow(struct proxy *proxy)
{
	bool told = false;

	while (goes_on(&proxy->run)) {
		struct weft_err err = WEFT_ERR_INIT;
		unsigned first = proxy->run.first;
		bool stopped = false;

		if (got_term && !proxy->cancelled) {
			proxy->cancelled = ask_word(proxy, "cancel");
			proxy->changed = now();
		}
		tell_signal(proxy);
		fetch_some(proxy);
		weft_proxy_nap(pause_ms(proxy));
		if (!ask_status(proxy, &stopped, &err)) {
			if (proxy->run.phase != WEFT_PROXY_NONE)
				follow_output(proxy, first);
			told = false;
		} else if (!told && !stopped) {
			say(err.text);
			told = true;
		}
	}
}

/* Is there a run to go on with?  Files are brought there only for a new one: it would find them changed under
 * its hands.
 */
static void begin(struct proxy *proxy)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_proxy_stage stage;
	bool stopped;

	if (ask_run(proxy, "find", weft_proxy_job_name(&proxy->job, &err), &stopped, &err)) {
		if (stopped)
			die(0, SIGTERM);
		refused(err.text);
	}
	if (goes_on(&proxy->run) || proxy->run.phase == WEFT_PROXY_ENDED)
		return;
	if (proxy->peer->stage_in) {
		stage = stage_of(proxy, &proxy->run, is_ended_arg);
		if (weft_proxy_stage(&stage, "StageIn=", proxy->peer->stage_in, &err)) {
			say(err.text);
			die(got_term ? 0 : WEFT_PROXY_STAGE, got_term ? SIGTERM : 0);
		}
	}
	if (got_term)
		die(0, SIGTERM);
}

/* The peer may be the first to see that the time is up.  The limit is the same here: slurmctld, when it ends
 * the job for it in a moment, gives it the state that says so. */
static void await_limit(const struct proxy *proxy)
{
	time_t until = now() + LIMIT_PATIENCE;

	if (proxy->run.phase != WEFT_PROXY_ENDED || strcmp(proxy->run.state, "TIMEOUT") != 0)
		return;
	while (!got_term && now() < until)
		weft_proxy_nap(FIRST_PAUSE);
}

/* What the script's own last act says counts before the word of a Slurm that may have lost sight of it. */
static void hear_script(struct proxy *proxy)
{
	struct weft_proxy_stage stage = stage_of(proxy, &proxy->run, NULL);
	int code = weft_proxy_end_in_doubt(&proxy->run) ? weft_proxy_stage_done(&stage) : -1;

	if (code < 0 || (!strcmp(proxy->run.state, "FAILED") && code == 1))
		return;
	fprintf(stderr, "weft: %s says that job %u ended in state %s; but its script ended, with %d\n",
		proxy->peer->name, proxy->run.remote_id, proxy->run.state, code);
	snprintf(proxy->run.state, sizeof(proxy->run.state), "%s", code ? "FAILED" : "COMPLETED");
	proxy->run.status = code << 8; /* as wait() gives it */
}

static _Noreturn void finish(struct proxy *proxy)
{
	char text[1024];
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_proxy_stage stage = stage_of(proxy, &proxy->run, NULL);
	struct weft_proxy_end end;
	bool home = true;

	fetch_all(proxy);
	hear_script(proxy);
	end = weft_proxy_end_of(&proxy->run, proxy->peer->name, text, sizeof(text));
	fflush(stderr);
	if (proxy->run.phase == WEFT_PROXY_ENDED &&
	    weft_proxy_stage(&stage, "StageOut=", proxy->peer->stage_out, &err)) {
		home = false;
		say(err.text);
		if (end.code == 0 && end.signal == 0)
			end.code = WEFT_PROXY_STAGE;
	}
	check_output("WEFT_OUTPUT", STDOUT_FILENO);
	check_output("WEFT_ERROR", STDERR_FILENO);
	if (text[0])
		say(text);
	if (home)
		ask_word(proxy, "settle");
	if (proxy->has_output)
		weft_proxy_output_close(&proxy->output, home);
	if (proxy->run.phase == WEFT_PROXY_REFUSED)
		go_back();
	await_limit(proxy);
	weft_proxy_die(&end);
}

int main(int argc, char **argv)
{
	static struct proxy proxy;
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf;

	take_signals();
	if (weft_proxy_job_read(&proxy.job, argc, argv, &err))
		fail(WEFT_PROXY_SETUP, err.text);
	conf = weft_conf_load(proxy.job.conf, 0, &err);
	if (!conf)
		fail(WEFT_PROXY_SETUP, err.text);
	proxy.peer = weft_conf_find_peer(conf, proxy.job.peer);
	if (!proxy.peer) {
		weft_err(&err, "%s: there is no Peer=%s", proxy.job.conf, proxy.job.peer);
		fail(WEFT_PROXY_SETUP, err.text);
	}
	proxy.link = (struct weft_proxy_link){ .conf = conf, .stop = is_ended };
	proxy.changed = now();
	name_output("WEFT_OUTPUT", STDOUT_FILENO);
	name_output("WEFT_ERROR", STDERR_FILENO);
	begin(&proxy);
	/* From here on there may be a run: a signal is passed to it, and does not end the proxy. */
	proxy.link.stop = NULL;
	if (proxy.run.phase != WEFT_PROXY_ENDED)
		attach(&proxy);
	if (proxy.run.phase != WEFT_PROXY_NONE)
		open_output(&proxy);
	proxy.link.stop = at_once;
	follow(&proxy);
	proxy.link.stop = NULL;
	finish(&proxy);
}
