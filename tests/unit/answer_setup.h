/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer_setup.h - a weftd that can be asked: with a book of runs of the test's own, a munged, stand-ins for
 * slurmctld's words, and peers that do not answer.
 */
#ifndef ANSWER_SETUP_H
#define ANSWER_SETUP_H

#include <check.h>
#include <munge.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/own_munged.h"
#include "weftd/answer.h"
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

/* What slurmctld has sealed, and squeue says, of the job that is asked for. */
static struct {
	const char *cluster, *peer, *cards, *more, *text;
	unsigned id, uid, restarts, minutes;
	long submit;
	int ttl; /* s */
	bool by_nobody;
} ticket;

static void make_ticket(const char *peer, const char *cards)
{
	memset(&ticket, 0, sizeof(ticket));
	ticket.cluster = "c1";
	ticket.peer = peer;
	ticket.cards = cards;
	ticket.more = "runs 0";
	ticket.id = 77;
	ticket.uid = NOBODY;
	ticket.minutes = 10;
	ticket.submit = 1790000000;
}

static char *sealed_ticket(void)
{
	char text[1024], burst[128] = "", *sealed = NULL;
	munge_ctx_t ctx = munge_ctx_create();

	if (ticket.peer)
		snprintf(burst, sizeof(burst), "burst peer=%s submit=%ld minutes=%u\n", ticket.peer,
			 ticket.submit, ticket.minutes);
	snprintf(text, sizeof(text),
		 "weft-ticket 1\njob cluster=%s id=%u uid=%u restarts=%u issued=1790000000\n"
		 "group gres=%s cards=8\n%s\n%send\n",
		 ticket.cluster, ticket.id, ticket.uid, ticket.restarts, ticket.cards, ticket.more, burst);
	if (ticket.text)
		snprintf(text, sizeof(text), "%s", ticket.text);
	munge_ctx_set(ctx, MUNGE_OPT_SOCKET, munged_socket);
	munge_ctx_set(ctx, MUNGE_OPT_TTL, ticket.ttl);
	ck_assert(!ticket.by_nobody || seteuid(NOBODY) == 0);
	ck_assert_int_eq(munge_encode(&sealed, ctx, text, (int)strlen(text)), EMUNGE_SUCCESS);
	ck_assert(!ticket.by_nobody || seteuid(0) == 0);
	munge_ctx_destroy(ctx);
	return sealed;
}

/* What squeue says, and how it ends. */
static void home_says(const char *text, int status)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", status);
	put_file("squeue.says", text, 0644);
	put_file("squeue.status", number, 0644);
}

/* Job, user, state, restarts, partition, node. */
#define HOME(job, uid, state, restarts, part, node)                                                          \
	job "           " uid "        " state "       " restarts "          " part "       " node "      "  \
	    "\n"
#define ON_BETA	 HOME("77", "65534", "RUNNING", "0", "b", "b")
#define ON_GAMMA HOME("78", "65534", "RUNNING", "0", "g", "g") HOME("77", "65534", "RUNNING", "0", "g", "g")

static void commands_setup(void)
{
	char text[512];

	snprintf(text, sizeof(text), "#!/bin/sh\ncat %s/squeue.says\nexit $(cat %s/squeue.status)\n", dir,
		 dir);
	put_file("squeue", text, 0755);
	snprintf(text, sizeof(text),
		 "#!/bin/sh\necho 'SlurmctldHost = x'\necho 'SlurmUser               = me(%u)'\n",
		 (unsigned)getuid());
	put_file("scontrol", text, 0755);
	home_says(ON_BETA, 0);
	make_ticket("beta", "gpu:h100");
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
	commands_setup();
	munged_setup();
	munged_start();
	snprintf(text, sizeof(text),
		 "WeftdState=%s/state\nSites=%s/sites.json\nMungeSocket=%s\n"
		 "Peer=beta Url=http://127.0.0.1:9 Token=%s/token Users=%s/users Node=b Partition=b "
		 "RemoteQos=q "
		 "Directory=/scratch/%%u/100%%%% Price=2 Currency=EUR\n"
		 "Budget=user:daemon Limit=5EUR\nBudget=peer:beta Limit=1000EUR Period=total\n"
		 "Peer=gamma Url=http://127.0.0.1:9 Token=%s/token Users=same Node=g Partition=g Weft=yes\n",
		 dir, dir, munged_socket, dir, dir, dir);
	conf = weft_conf_parse("weft.conf", text, strlen(text), &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	by.conf = conf;
	by.users = weft_users_open(conf);
	by.runs = weft_runs_open(conf->burst.state, conf, &err);
	ck_assert_msg(by.runs != NULL, "%s", err.text);
	by.home = weft_home_open(dir, &err);
	ck_assert_msg(by.home != NULL, "%s", err.text);
	by.watch = weft_watch_start(conf, by.runs, &err);
	ck_assert_msg(by.watch != NULL, "%s", err.text);
}

static void teardown(void)
{
	char command[128];

	weft_watch_stop(by.watch);
	weft_runs_close(by.runs);
	weft_users_close(by.users);
	weft_home_close(by.home);
	munged_teardown();
	weft_conf_destroy(conf);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static json_object *ask(uid_t uid, const char *text)
{
	const char *at = strstr(text, "\"@\"");
	char *sealed = at ? sealed_ticket() : NULL, *whole = strdup(text), *line;
	json_object *o;

	if (at) {
		free(whole);
		ck_assert_int_gt(asprintf(&whole, "%.*s\"%s\"%s", (int)(at - text), text, sealed, at + 3), 0);
	}
	line = weft_answer(&by, uid, whole, strlen(whole));
	o = json_tokener_parse(line);
	free(sealed);
	free(whole);
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
#define TICKET		  ",\"ticket\":\"@\"" /* which is replaced by a ticket that is sealed */
#define REST		  ",\"restarts\":0,\"minutes\":10" TICKET ",\"environment\":[\"A=1\",\"SLURM_JWT=secret\"]"
#define SCRIPT		  ",\"script\":\"#!/bin/sh\\ntrue\\n\""
#define ATTACH(peer, ...) Q("attach", JOB(peer) REST __VA_ARGS__)
#define KEY		  ",\"key\":\"c1.77.1790000000\""

#endif
