/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_answer.c - who may ask weftd what, and every message to the letter; with a book of runs of the test's
 * own, and a peer that does not answer.
 */
#include "weftd/answer.h"

#include <check.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sites.h"
#include "weftd/log.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define NOBODY	      65534
#define DAEMON	      1

static char dir[64];
static struct weft_conf *conf;
static struct weft_answerer by;

static void put_file(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
}

static void setup(void)
{
	struct weft_err err = WEFT_ERR_INIT;
	char text[2048];

	signal(SIGPIPE, SIG_IGN);
	weft_log_open(false, WEFT_LOG_ERROR);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* that beta does not answer */
	snprintf(dir, sizeof(dir), "/tmp/weft-answer-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put_file("token", "abc", 0600);
	put_file("users", "nobody  n.body account=proj\n", 0600);
	snprintf(text, sizeof(text),
		 "WeftdState=%s/state\nSites=%s/sites.json\n"
		 "Peer=beta Url=http://127.0.0.1:9 Token=%s/token Users=%s/users Node=b Partition=b "
		 "RemoteQos=q "
		 "Directory=/scratch/%%u/100%%%% Price=2 Currency=EUR\n"
		 "Peer=gamma Url=http://127.0.0.1:9 Token=%s/token Users=same Node=g Partition=g Weft=yes\n",
		 dir, dir, dir, dir, dir);
	conf = weft_conf_parse("weft.conf", text, strlen(text), &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	by.conf = conf;
	by.users = weft_users_open(conf);
	by.runs = weft_runs_open(conf->burst.state, conf, &err);
	ck_assert_msg(by.runs != NULL, "%s", err.text);
	by.watch = weft_watch_start(conf, by.runs, &err);
	ck_assert_msg(by.watch != NULL, "%s", err.text);
}

static void teardown(void)
{
	char command[128];

	weft_watch_stop(by.watch);
	weft_runs_close(by.runs);
	weft_users_close(by.users);
	weft_conf_destroy(conf);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static json_object *ask(uid_t uid, const char *text)
{
	char *line = weft_answer(&by, uid, text, strlen(text));
	json_object *o = json_tokener_parse(line);

	ck_assert_ptr_nonnull(o);
	free(line);
	return o;
}

static const char *text_of(json_object *o, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(o, key, &value);
	return value ? json_object_get_string(value) : "null";
}

/* UID may not, or cannot, ask TEXT: for these words, and CODE. */
static void check_no(uid_t uid, const char *text, const char *words, const char *code)
{
	json_object *o = ask(uid, text);

	ck_assert_msg(!strcmp(text_of(o, "error"), words), "%s: got\n  %s\nnot\n  %s", text,
		      text_of(o, "error"), words);
	ck_assert_str_eq(text_of(o, "code"), code);
	ck_assert_str_eq(text_of(o, "ok"), "false");
	ck_assert_str_eq(text_of(o, "weftd"), "1");
	json_object_put(o);
}

static json_object *good(uid_t uid, const char *text)
{
	json_object *o = ask(uid, text);

	ck_assert_msg(!strcmp(text_of(o, "ok"), "true"), "%s: %s", text, text_of(o, "error"));
	return o;
}

#define Q(ask, more)	  "{\"weftd\":1,\"id\":\"7\",\"ask\":\"" ask "\"" more "}"
#define JOB(peer)	  ",\"peer\":\"" peer "\",\"cluster\":\"c1\",\"job\":77,\"submit\":1790000000"
#define REST		  ",\"restarts\":0,\"minutes\":10,\"environment\":[\"A=1\",\"SLURM_JWT=secret\"]"
#define SCRIPT		  ",\"script\":\"#!/bin/sh\\ntrue\\n\""
#define ATTACH(peer, ...) Q("attach", JOB(peer) REST __VA_ARGS__)
#define KEY		  ",\"key\":\"c1.77.1790000000\""

static const struct {
	const char *text, *want;
} bad[] = {
	{ "", "the question:1: the text ends too early" },
	{ "[]", "the question must be an object" },
	{ "{}", "id: missing" },
	{ "{\"id\":7}", "id: must be a string, not a number" },
	{ "{\"id\":\"\"}", "id: must have 1 to 64 bytes" },
	{ "{\"id\":\"7\"}", "weftd: missing" },
	{ "{\"id\":\"7\",\"weftd\":2}", "this weftd speaks version 1, not 2" },
	{ "{\"id\":\"7\",\"weftd\":1}", "ask: missing" },
	{ Q("statsu", ""), "weftd is not asked \"statsu\"; did you mean status?" },
	{ Q("status", ""), "key: missing" },
	{ Q("status", ",\"kay\":\"x\""), "unknown key \"kay\"; did you mean key?" },
	{ Q("status", KEY ",\"renew\":1"), "renew: must be true or false, not a number" },
	{ Q("status", ",\"key\":\"a\\u0007\""), "key: may have printable ASCII alone" },
	{ Q("job", ",\"job\":0"), "job: must be 1 to 4294967294" },
	{ Q("find", JOB("bta")), "there is no peer \"bta\"; did you mean beta?" },
	{ Q("find", JOB("zz")), "there is no peer \"zz\"" },
	{ ATTACH("beta", SCRIPT), "gres: either gres or accel is needed" },
	{ ATTACH("beta", SCRIPT ",\"accel\":\"8:nvidia\""), "beta does not run Weft: gres is needed" },
	{ ATTACH("beta", SCRIPT ",\"gres\":\"gpu 8\""), "gres: \"gpu 8\" is not such as gpu:h100:8" },
	{ ATTACH("beta", ",\"gres\":\"gpu:8\""), "script: either script or script_base64 is needed" },
	{ ATTACH("beta", SCRIPT ",\"gres\":\"gpu:8\",\"script_base64\":\"eA==\""),
	  "script: either script or script_base64 is needed" },
	{ ATTACH("beta", ",\"gres\":\"gpu:8\",\"script_base64\":\"x!==\""), "script_base64: is not base64" },
	{ ATTACH("beta", ",\"gres\":\"gpu:8\",\"script\":\"a\\u0000b\""),
	  "script: is empty, or has a NUL byte in it" },
	{ Q("attach", JOB("beta") SCRIPT ",\"gres\":\"gpu:8\",\"restarts\":0,\"minutes\":1"),
	  "environment: missing" },
	{ Q("attach", JOB("beta") SCRIPT
	    ",\"gres\":\"gpu:8\",\"restarts\":0,\"minutes\":1,\"environment\":[\"A=1\",\"B\"]"),
	  "environment, entry 2: is not NAME=VALUE" },
	{ Q("attach", JOB("beta") SCRIPT ",\"gres\":\"gpu:8\",\"restarts\":0,\"environment\":[]"),
	  "minutes: missing" },
	{ Q("attach",
	    JOB("beta") SCRIPT ",\"gres\":\"gpu:8\",\"restarts\":0,\"environment\":[],\"minutes\":1.5"),
	  "minutes: must be a whole number" },
	{ ATTACH("beta", SCRIPT ",\"gres\":\"gpu:8\",\"user\":\"root\""), "unknown key \"user\"" },
	{ ATTACH("beta", SCRIPT ",\"gres\":\"gpu:8\",\"remote_user\":\"root\""),
	  "unknown key \"remote_user\"" },
};

START_TEST(explains)
{
	for (int i = 0; i < LENGTH(bad); i++)
		check_no(NOBODY, bad[i].text, bad[i].want, "no");
}
END_TEST

START_TEST(attached)
{
	json_object *o = good(NOBODY, Q("find", JOB("beta")));

	ck_assert_str_eq(text_of(o, "key"), "c1.77.1790000000");
	ck_assert_str_eq(text_of(o, "remote_user"), "n.body");
	ck_assert_str_eq(text_of(o, "remote_top"), "/scratch/n.body/100%");
	ck_assert_str_eq(text_of(o, "phase"), "null");
	json_object_put(o);
	o = good(NOBODY, ATTACH("beta", SCRIPT ",\"gres\":\"gpu:h100:8\""));
	ck_assert_str_eq(text_of(o, "id"), "7");
	ck_assert_str_eq(text_of(o, "key"), "c1.77.1790000000");
	ck_assert_str_eq(text_of(o, "phase"), "waiting");
	ck_assert_str_eq(text_of(o, "user"), "nobody");
	ck_assert_str_eq(text_of(o, "remote_user"), "n.body");
	ck_assert_str_eq(text_of(o, "remote_top"), "/scratch/n.body/100%");
	ck_assert_str_eq(text_of(o, "first"), "1");
	ck_assert_str_eq(text_of(o, "exit_status"), "null");
	ck_assert_str_eq(text_of(o, "remote_id"), "null");
	json_object_put(o);
	/* The same once more is the same run. */
	o = good(NOBODY, ATTACH("beta", SCRIPT ",\"gres\":\"gpu:h100:8\""));
	ck_assert_str_eq(text_of(o, "first"), "1");
	ck_assert_str_eq(text_of(o, "attempt"), "1");
	json_object_put(o);
	o = good(NOBODY, Q("find", JOB("beta")));
	ck_assert_str_eq(text_of(o, "phase"), "waiting");
	json_object_put(o);
	o = good(NOBODY, Q("status", KEY ",\"renew\":true"));
	ck_assert_str_eq(text_of(o, "phase"), "waiting");
	json_object_put(o);
	o = good(NOBODY, Q("job", ",\"job\":77"));
	ck_assert_uint_eq(json_object_array_length(json_object_object_get(o, "runs")), 1);
	json_object_put(o);
	json_object_put(good(NOBODY, Q("cancel", KEY)));
}
END_TEST

START_TEST(with_accel)
{
	json_object *o = good(NOBODY, ATTACH("gamma", SCRIPT ",\"accel\":\"8:nvidia\""));

	ck_assert_str_eq(text_of(o, "remote_user"), "nobody");
	ck_assert_str_eq(text_of(o, "remote_top"), "~/.weft/runs");
	json_object_put(o);
	o = good(NOBODY, Q("attach", ",\"peer\":\"gamma\",\"cluster\":\"c1\",\"job\":78,\"submit\":5" REST
				     ",\"script_base64\":\"IyEvYmluL3NoCg==\",\"gres\":\"gpu:1\""));
	json_object_put(o);
}
END_TEST

START_TEST(jobs_of_others)
{
	json_object *o = good(NOBODY, ATTACH("gamma", SCRIPT ",\"gres\":\"gpu:8\""));

	json_object_put(o);
	check_no(DAEMON, Q("status", KEY), "c1.77.1790000000 is a job of another user", "no");
	check_no(DAEMON, Q("status", KEY ",\"renew\":true"), "c1.77.1790000000 is a job of another user",
		 "no");
	check_no(DAEMON, Q("cancel", KEY), "c1.77.1790000000 is a job of another user", "no");
	check_no(DAEMON, Q("settle", KEY), "c1.77.1790000000 is a job of another user", "no");
	check_no(DAEMON, Q("find", JOB("gamma")), "c1.77.1790000000 is a job of another user", "no");
	check_no(DAEMON, ATTACH("gamma", SCRIPT ",\"gres\":\"gpu:8\""),
		 "c1.77.1790000000 is a job of another user", "no");
	o = good(DAEMON, Q("job", ",\"job\":77"));
	ck_assert_uint_eq(json_object_array_length(json_object_object_get(o, "runs")), 0);
	json_object_put(o);
	o = good(DAEMON, Q("sites", ""));
	ck_assert_uint_eq(
		json_object_array_length(json_object_object_get(json_object_object_get(o, "sites"), "runs")),
		0);
	json_object_put(o);
	/* Root may look, and cancel. */
	o = good(0, Q("sites", ""));
	ck_assert_uint_eq(
		json_object_array_length(json_object_object_get(json_object_object_get(o, "sites"), "runs")),
		1);
	json_object_put(o);
	o = good(0, Q("status", KEY));
	ck_assert_str_eq(text_of(o, "user"), "nobody");
	json_object_put(o);
	json_object_put(good(0, Q("cancel", KEY)));
}
END_TEST

START_TEST(who_may_not)
{
	char want[256];

	check_no(0, ATTACH("gamma", SCRIPT ",\"gres\":\"gpu:8\""), "root may not run jobs at other sites",
		 "no");
	snprintf(want, sizeof(want),
		 "daemon may not run jobs at beta: there is no line for this user in %s/users", dir);
	check_no(DAEMON, ATTACH("beta", SCRIPT ",\"gres\":\"gpu:8\""), want, "no");
	check_no(4000000000u, Q("find", JOB("beta")), "uid 4000000000 has no name at the controller",
		 "later");
	check_no(NOBODY, Q("status", ",\"key\":\"c1.9.9\""), "there is no run c1.9.9", "no");
}
END_TEST

/* The file of users is read anew when it changes, and a broken one lets nobody in. */
START_TEST(users_change)
{
	const char *find = Q("find", JOB("beta"));
	json_object *o;
	char want[256];

	json_object_put(good(NOBODY, find));
	put_file("users", "nobody n.body\ndaemon\n", 0600);
	snprintf(want, sizeof(want),
		 "%s/users:2: a line must be LOCAL REMOTE [account=A] [partition=P] [qos=Q]", dir);
	check_no(NOBODY, find, want, "later");
	put_file("users", "nobody n\xf6\n", 0600);
	snprintf(want, sizeof(want), "%s/users:1: \"n?\" is not a name", dir);
	check_no(NOBODY, find, want, "later");
	put_file("users", "nobody other\ndaemon d\n", 0600);
	o = good(NOBODY, find);
	ck_assert_str_eq(text_of(o, "remote_user"), "other");
	json_object_put(o);
	json_object_put(good(DAEMON, find));
	put_file("users", "nobody other\n", 0666);
	snprintf(want, sizeof(want), "%s/users: everyone may write it", dir);
	check_no(NOBODY, find, want, "later");
	put_file("users", "", 0600);
	snprintf(want, sizeof(want),
		 "nobody may not run jobs at beta: there is no line for this user in %s/users", dir);
	check_no(NOBODY, find, want, "no");
	snprintf(want, sizeof(want), "%s/users", dir);
	unlink(want);
	snprintf(want, sizeof(want), "%s/users: No such file or directory", dir);
	check_no(NOBODY, find, want, "later");
}
END_TEST

START_TEST(pinged)
{
	json_object *o = good(DAEMON, Q("ping", ""));

	ck_assert_str_eq(text_of(o, "peers"), "[ \"beta\", \"gamma\" ]");
	json_object_put(o);
}
END_TEST

/* The snapshot says that the peer does not answer; what is told is what is on disk. */
START_TEST(set_aside)
{
	struct weft_err err = WEFT_ERR_INIT;
	char path[96];
	struct weft_sites *sites = NULL;

	snprintf(path, sizeof(path), "%s/sites.json", dir);
	for (int i = 0; i < 100; i++) {
		weft_sites_free(sites);
		sites = weft_sites_load(path, &err);
		ck_assert_msg(sites != NULL, "%s", err.text);
		if (strcmp(sites->peers[0].why, "not asked yet") &&
		    strcmp(sites->peers[1].why, "not asked yet"))
			break;
		usleep(50000);
	}
	ck_assert_uint_eq(sites->n_peers, 2);
	ck_assert(!sites->peers[0].open);
	ck_assert_str_eq(sites->peers[0].why, "no answer: no connection: Connection refused");
	weft_sites_free(sites);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tc = tcase_create("answer");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, explains);
	tcase_add_test(tc, attached);
	tcase_add_test(tc, with_accel);
	tcase_add_test(tc, jobs_of_others);
	tcase_add_test(tc, who_may_not);
	tcase_add_test(tc, users_change);
	tcase_add_test(tc, pinged);
	tcase_add_test(tc, set_aside);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
