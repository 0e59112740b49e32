/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_answer.c - who may ask weftd what, and every message to the letter; with a book of runs of the test's
 * own, and a peer that does not answer.
 */
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/sites.h"
#include "tests/unit/answer_setup.h"

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
	{ Q("attach", JOB("beta") SCRIPT ",\"gres\":\"gpu:8\",\"restarts\":0"), "ticket: missing" },
	{ Q("attach", JOB("beta") ",\"ticket\":7"), "ticket: must be a string, not a number" },
	{ ATTACH("beta", SCRIPT), "gres: either gres or accel is needed" },
	{ ATTACH("beta", SCRIPT ",\"accel\":\"8:nvidia\""), "beta does not run Weft: gres is needed" },
	{ ATTACH("beta", SCRIPT ",\"gres\":\"gpu 8\""), "gres: \"gpu 8\" is not such as gpu:h100:8" },
	{ ATTACH("beta", ",\"gres\":\"gpu:8\""), "script: either script or script_base64 is needed" },
	{ ATTACH("beta", SCRIPT ",\"gres\":\"gpu:8\",\"script_base64\":\"eA==\""),
	  "script: either script or script_base64 is needed" },
	{ ATTACH("beta", ",\"gres\":\"gpu:8\",\"script_base64\":\"x!==\""), "script_base64: is not base64" },
	{ ATTACH("beta", ",\"gres\":\"gpu:8\",\"script\":\"a\\u0000b\""),
	  "script: is empty, or has a NUL byte in it" },
	{ Q("attach", JOB("beta") TICKET SCRIPT ",\"gres\":\"gpu:8\",\"restarts\":0,\"minutes\":1"),
	  "environment: missing" },
	{ Q("attach", JOB("beta") TICKET SCRIPT
	    ",\"gres\":\"gpu:8\",\"restarts\":0,\"minutes\":1,\"environment\":[\"A=1\",\"B\"]"),
	  "environment, entry 2: is not NAME=VALUE" },
	{ Q("attach", JOB("beta") TICKET SCRIPT ",\"gres\":\"gpu:8\",\"restarts\":0,\"environment\":[]"),
	  "minutes: missing" },
	{ Q("attach", JOB("beta") TICKET SCRIPT
	    ",\"gres\":\"gpu:8\",\"restarts\":0,\"environment\":[],\"minutes\":1.5"),
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
	json_object *o;

	make_ticket("gamma", "gpu:nvidia");
	home_says(ON_GAMMA, 0);
	o = good(NOBODY, ATTACH("gamma", SCRIPT ",\"accel\":\"8:nvidia\""));

	ck_assert_str_eq(text_of(o, "remote_user"), "nobody");
	ck_assert_str_eq(text_of(o, "remote_top"), "~/.weft/runs");
	json_object_put(o);
	make_ticket("gamma", "gpu");
	ticket.id = 78;
	ticket.submit = 5;
	o = good(NOBODY, Q("attach",
			   ",\"peer\":\"gamma\",\"cluster\":\"c1\",\"job\":78,\"submit\":5" REST
			   ",\"gres\":\"gpu:8\",\"script_base64\":"
			   "\"IyEvYmluL3NoCiMgMDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0\\n"
			   "NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OQo=\\n\""));
	json_object_put(o);
}
END_TEST

START_TEST(jobs_of_others)
{
	json_object *o;

	make_ticket("gamma", "gpu");
	home_says(ON_GAMMA, 0);
	o = good(NOBODY, ATTACH("gamma", SCRIPT ",\"gres\":\"gpu:8\""));
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

/* ---------------------------------------------------------------- what slurmctld let go */

#define GOOD ATTACH("beta", SCRIPT ",\"gres\":\"gpu:h100:8\"")

/* What is wrong with a ticket, or with what is asked by it. */
START_TEST(the_ticket)
{
	const char *no = "no";

	check_no(NOBODY, ATTACH("beta", SCRIPT ",\"gres\":\"gpu:h100:9\""),
		 "the job has gpu:h100:8 at home, and gpu:h100:9 is asked for", no);
	check_no(NOBODY, ATTACH("beta", SCRIPT ",\"gres\":\"gpu:h100:8\",\"nodes\":2"),
		 "the job has one node at home, and 2 are asked for", no);
	ticket.minutes = 9;
	check_no(NOBODY, GOOD, "the job has 9 min at home, and 10 are asked for", no);
	make_ticket("beta", "gpu:h100");
	ticket.uid = DAEMON;
	check_no(NOBODY, GOOD, "the ticket is for a job of uid 1, not 65534", no);
	make_ticket("beta", "gpu:h100");
	ticket.id = 76;
	check_no(NOBODY, GOOD, "the ticket is for job 76, not 77", no);
	make_ticket("beta", "gpu:h100");
	ticket.submit = 1790000001;
	check_no(NOBODY, GOOD, "the ticket is for c1.77.1790000001, not c1.77.1790000000", no);
	make_ticket("beta", "gpu:h100");
	ticket.cluster = "c2";
	check_no(NOBODY, GOOD, "the ticket is for c2.77.1790000000, not c1.77.1790000000", no);
	make_ticket("gamma", "gpu:h100");
	check_no(NOBODY, GOOD, "the ticket is for gamma, not beta", no);
	make_ticket(NULL, "gpu:h100");
	check_no(NOBODY, GOOD, "the ticket is for no other site", no);
	make_ticket("beta", "gpu:h100");
	ticket.more = "group gres=npu cards=8\nruns 0 1";
	check_no(NOBODY, GOOD, "the ticket is not for cards of one kind", no);
	ticket.text = "hello";
	check_no(NOBODY, GOOD, "ticket: line 1: no line feed at the end", no);
	check_no(NOBODY,
		 Q("attach", JOB("beta") SCRIPT ",\"gres\":\"gpu:8\",\"restarts\":0,\"environment\":[],"
						"\"minutes\":1,\"ticket\":\"MUNGE:x:\""),
		 "munged: Failed to base64-decode credential", no);
	make_ticket("beta", "gpu:h100");
	json_object_put(good(NOBODY, GOOD));
}
END_TEST

/* Only slurmctld's seal counts, and root's. */
START_TEST(sealed_by_others)
{
	char want[128];

	if (getuid() == 0)
		ticket.by_nobody = true;
	else
		put_file("scontrol", "#!/bin/sh\necho 'SlurmUser               = slurm(0)'\n", 0755);
	snprintf(want, sizeof(want), "the ticket was sealed by uid %u, and not by slurmctld",
		 getuid() ? (unsigned)getuid() : NOBODY);
	check_no(NOBODY, GOOD, want, "no");
}
END_TEST

/* A job may wait for days, and its proxy may come again after weeks. */
START_TEST(an_old_seal)
{
	char *sealed, *text;

	ticket.ttl = 1;
	sealed = sealed_ticket();
	ck_assert_int_gt(asprintf(&text,
				  Q("attach", JOB("beta") SCRIPT ",\"gres\":\"gpu:h100:8\",\"restarts\":0,"
								 "\"environment\":[],\"minutes\":1,"
								 "\"ticket\":\"%s\""),
				  sealed),
			 0);
	sleep(3);
	json_object_put(good(NOBODY, text));
	json_object_put(good(NOBODY, text));
	free(text);
	free(sealed);
}
END_TEST

static const struct {
	const char *says;
	int status;
	const char *want, *code;
} homes[] = {
	{ "slurm_load_jobs error: Invalid job id specified\n", 1, "slurmctld at home knows no job 77", "no" },
	{ "", 0, "slurmctld at home knows no job 77", "no" },
	{ HOME("76", "65534", "RUNNING", "0", "b", "b"), 0, "slurmctld at home knows no job 77", "no" },
	{ "77 65534 RUNNING x b b\n", 0, "slurmctld at home knows no job 77", "no" },
	{ HOME("77", "1", "RUNNING", "0", "b", "b"), 0, "job 77 at home is that of another user", "no" },
	{ HOME("77", "65534", "COMPLETED", "0", "b", "b"), 0, "job 77 does not run at home: it is COMPLETED",
	  "no" },
	{ HOME("77", "65534", "COMPLETING", "0", "b", "b"), 0,
	  "job 77 does not run at home: it is COMPLETING", "no" },
	{ HOME("77", "65534", "PENDING", "0", "all,b", " "), 0, "job 77 does not run at home: it is PENDING",
	  "no" },
	{ HOME("77", "65534", "SUSPENDED", "0", "b", "b"), 0, "job 77 does not run at home: it is SUSPENDED",
	  "later" },
	{ HOME("77", "65534", "RUNNING", "1", "b", "b"), 0, "job 77 was requeued at home", "no" },
	{ HOME("77", "65534", "RUNNING", "0", "all", "n1"), 0,
	  "job 77 runs on n1 in partition all at home, not on b in b", "no" },
	{ HOME("77", "65534", "RUNNING", "0", "b", "b,n1"), 0,
	  "job 77 runs on b,n1 in partition b at home, not on b in b", "no" },
};

START_TEST(at_home)
{
	json_object *o;

	home_says(homes[_i].says, homes[_i].status);
	check_no(NOBODY, GOOD, homes[_i].want, homes[_i].code);
	o = good(NOBODY, Q("find", JOB("beta"))); /* and nothing has begun */
	ck_assert_str_eq(text_of(o, "phase"), "null");
	json_object_put(o);
}
END_TEST

/* It is asked once, and then left in peace for some seconds. */
START_TEST(home_is_away)
{
	home_says("slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n", 1);
	check_no(NOBODY, GOOD,
		 "slurmctld at home cannot be asked: slurm_load_jobs error: Unable to contact slurm "
		 "controller "
		 "(connect failure)",
		 "later");
	home_says(ON_BETA, 0);
	check_no(NOBODY, GOOD,
		 "slurmctld at home cannot be asked: slurm_load_jobs error: Unable to contact slurm "
		 "controller "
		 "(connect failure)",
		 "later");
	sleep(6);
	json_object_put(good(NOBODY, GOOD));
	home_says("", 3);
	check_no(NOBODY, GOOD, "slurmctld at home cannot be asked: exit status 3", "later");
}
END_TEST

/* slurmctld and a peer that hang keep nobody from ending. */
START_TEST(ends_soon)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct weft_err err = WEFT_ERR_INIT;
	struct timespec from, to;
	struct weft_watch *watch;
	struct weft_runs *runs;
	struct weft_conf *other;
	char text[512];

	ck_assert_int_eq(bind(deaf, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(deaf, 16), 0);
	ck_assert_int_eq(getsockname(deaf, (struct sockaddr *)&at, &len), 0);
	snprintf(text, sizeof(text),
		 "WeftdState=%s/other\nSites=%s/other.json\n"
		 "Peer=deaf Url=http://127.0.0.1:%u Token=%s/token Users=same Node=n Partition=p\n",
		 dir, dir, ntohs(at.sin_port), dir);
	other = weft_conf_parse("weft.conf", text, strlen(text), &err);
	ck_assert_msg(other != NULL, "%s", err.text);
	runs = weft_runs_open(other->burst.state, other, &err);
	watch = weft_watch_start(other, runs, &err);
	ck_assert_msg(runs && watch, "%s", err.text);
	sleep(1);
	clock_gettime(CLOCK_MONOTONIC, &from);
	weft_watch_stop(watch);
	weft_runs_close(runs);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_int_lt(to.tv_sec - from.tv_sec, 15); /* of 30 */
	weft_conf_destroy(other);
	close(deaf);
	put_file("squeue", "#!/bin/sh\nsleep 60\n", 0755);
	weft_home_stop(by.home);
	check_no(NOBODY, GOOD, "slurmctld at home cannot be asked: squeue: given up", "later");
}
END_TEST

START_TEST(no_commands)
{
	struct weft_err err = WEFT_ERR_INIT;
	char want[128];

	put_file("scontrol", "", 0644);
	ck_assert_ptr_null(weft_home_open(dir, &err));
	snprintf(want, sizeof(want), "--slurm: there is no %s/scontrol to be run", dir);
	ck_assert_str_eq(err.text, want);
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

	if (!munged_program()) {
		puts("1..0 # SKIP munged is not installed");
		return 0;
	}
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, explains);
	tcase_add_test(tc, attached);
	tcase_add_test(tc, with_accel);
	tcase_add_test(tc, jobs_of_others);
	tcase_add_test(tc, the_ticket);
	tcase_add_test(tc, sealed_by_others);
	tcase_add_test(tc, an_old_seal);
	tcase_add_loop_test(tc, at_home, 0, LENGTH(homes));
	tcase_add_test(tc, home_is_away);
	tcase_add_test(tc, ends_soon);
	tcase_add_test(tc, no_commands);
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
