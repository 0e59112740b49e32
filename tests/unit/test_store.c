/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_store.c - the book of runs on disk: what was written is there after a SIGKILL at any time, and what is
 * damaged is seen.
 */
#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weftd/order.h"
#include "weftd/store.h"
#include "weftd/token.h"

static char dir[] = "/tmp/weft-store-XXXXXX", path[128];
static struct weft_err err;

static void set_up(void)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/runs.db", dir);
	err.text[0] = '\0';
}

static void tear_down(void)
{
	char command[200];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static struct weft_store *open_store(void)
{
	struct weft_store *store = weft_store_open(path, &err);

	ck_assert_msg(store != NULL, "%s", err.text);
	return store;
}

static struct weft_store_row row(const char *key, const char *record)
{
	return (struct weft_store_row){ .key = key,
					.first = 1,
					.peer = "beta",
					.job = 7,
					.uid = 1000,
					.order = "x\0y",
					.order_size = 4,
					.record = record };
}

static struct {
	unsigned n, damaged;
	char record[64], damage[64];
	bool over, settled;
	time_t until;
	unsigned first;
} got;

static int take(void *arg, const struct weft_store_row *r, const char *damage)
{
	(void)arg;
	got.n++;
	got.damaged += damage != NULL;
	snprintf(got.damage, sizeof(got.damage), "%s", damage ? damage : "");
	snprintf(got.record, sizeof(got.record), "%s", r->record);
	got.over = r->over;
	got.settled = r->settled;
	got.until = r->until;
	got.first = r->first;
	if (!damage)
		ck_assert(r->order_size == 4 && memcmp(r->order, "x\0y", 4) == 0);
	return 0;
}

static unsigned read_all(struct weft_store *store, uint32_t job, const char *key, time_t now)
{
	memset(&got, 0, sizeof(got));
	ck_assert_msg(weft_store_read(store, job, key, now, take, NULL, &err) == 0, "%s", err.text);
	return got.n;
}

START_TEST(keeps_runs)
{
	struct weft_store *store = open_store();
	struct weft_store_row r = row("a.7.1", "one");
	struct stat st;
	char id[17];

	snprintf(id, sizeof(id), "%s", weft_store_id(store));
	ck_assert_uint_eq(strlen(id), 16);
	ck_assert_int_eq(weft_store_add(store, &r, &err), 0);
	ck_assert_int_eq(weft_store_add(store, &r, &err), -1); /* it is there */
	r.first = 4;
	ck_assert_int_eq(weft_store_add(store, &r, NULL), 0);
	r.record = "two";
	r.over = true;
	r.until = 500;
	ck_assert_int_eq(weft_store_update(store, &r, NULL, NULL), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_ptr_null(weft_store_open(path, &err)); /* one process has it, and once */
	weft_store_close(store);

	store = open_store();
	ck_assert_str_eq(weft_store_id(store), id);
	ck_assert_uint_eq(read_all(store, 0, NULL, 1000), 2);
	ck_assert_uint_eq(got.first, 4);
	ck_assert_str_eq(got.record, "two");
	ck_assert(got.over && !got.settled && got.until == 500);
	r.settled = true;
	ck_assert_int_eq(weft_store_update(store, &r, NULL, NULL), 0);
	ck_assert_uint_eq(read_all(store, 0, NULL, 1000), 1);
	ck_assert_uint_eq(read_all(store, 0, NULL, 499), 2);
	ck_assert_uint_eq(read_all(store, 7, NULL, 0), 2);
	ck_assert_uint_eq(read_all(store, 8, NULL, 0), 0);
	ck_assert_uint_eq(read_all(store, 0, "a.7.1", 0), 2);
	ck_assert_int_eq(weft_store_has(store, "a.7.1", NULL), 1);
	ck_assert_int_eq(weft_store_has(store, "a.7.2", NULL), 0);
	r.key = "a.7.2";
	err.text[0] = '\0';
	ck_assert_int_eq(weft_store_update(store, &r, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "runs.db: the run a.7.2 is not in the book"));
	ck_assert_int_eq(weft_store_add(store, &r, NULL), 0); /* the transaction is over */
	weft_store_close(store);
}
END_TEST

START_TEST(keeps_usage)
{
	struct weft_store *store = open_store();
	struct weft_store_row r = row("a.7.1", "one");
	struct weft_store_usage usage = { .peer = "beta",
					  .user = "ann",
					  .remote_user = "anna",
					  .gres = "gpu:8",
					  .state = "COMPLETED",
					  .cards = 8,
					  .predicted = 100,
					  .start = 160,
					  .end = 200 };
	double error;
	unsigned n;

	ck_assert_int_eq(weft_store_add(store, &r, &err), 0);
	ck_assert_int_eq(weft_store_forecasts(store, "beta", &error, &n, &err), 0);
	ck_assert(n == 0 && isnan(error));
	ck_assert_int_eq(weft_store_update(store, &r, &usage, &err), 0);
	ck_assert_int_eq(weft_store_update(store, &r, &usage, &err), 0); /* counts once */
	r.key = "a.8.1";
	usage.predicted = 200;
	usage.start = 180;
	ck_assert_int_eq(weft_store_add(store, &r, &err), 0);
	ck_assert_int_eq(weft_store_update(store, &r, &usage, &err), 0);
	r.key = "a.9.1";
	usage.predicted = 0; /* there was no forecast */
	ck_assert_int_eq(weft_store_add(store, &r, &err), 0);
	ck_assert_int_eq(weft_store_update(store, &r, &usage, &err), 0);
	ck_assert_int_eq(weft_store_forecasts(store, "beta", &error, &n, &err), 0);
	ck_assert(n == 2 && error == 40);
	weft_store_close(store);
}
END_TEST

static void by_hand(const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

START_TEST(sees_damage)
{
	static const struct {
		const char *sql, *want;
	} cases[] = {
		{ "UPDATE runs SET record='ona'", "the checksum of the record is wrong" },
		{ "UPDATE runs SET record='one',orders=x'78007A00'", "the checksum of the order is wrong" },
		{ "UPDATE runs SET orders=x'78007900',key='a.8.1'", "the checksum of the order is wrong" },
		{ "UPDATE runs SET key='a.7.1',uid=-1", "a number is out of range" },
	};
	struct weft_store *store = open_store();
	struct weft_store_row r = row("a.7.1", "one");

	ck_assert_int_eq(weft_store_add(store, &r, &err), 0);
	weft_store_close(store);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		by_hand(cases[i].sql);
		store = open_store();
		ck_assert_uint_eq(read_all(store, 0, NULL, 0), 1);
		ck_assert_uint_eq(got.damaged, 1);
		ck_assert_str_eq(got.damage, cases[i].want);
		weft_store_close(store);
	}
	by_hand("UPDATE runs SET uid=1000");
	store = open_store();
	ck_assert_uint_eq(read_all(store, 0, NULL, 0), 1);
	ck_assert_uint_eq(got.damaged, 0);
	weft_store_close(store);
}
END_TEST

START_TEST(is_of_a_newer_weft)
{
	char want[300];

	weft_store_close(open_store());
	by_hand("PRAGMA user_version=2");
	ck_assert_ptr_null(weft_store_open(path, &err));
	snprintf(want, sizeof(want), "%s: it is of a newer Weft (version 2 of the book; this one knows 1)",
		 path);
	ck_assert_str_eq(err.text, want);
}
END_TEST

START_TEST(is_no_book)
{
	FILE *f = fopen(path, "w");
	char want[200];

	for (int i = 0; i < 1000; i++)
		fprintf(f, "this is no database\n");
	fclose(f);
	ck_assert_ptr_null(weft_store_open(path, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "not a database"));
	unlink(path);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_store_open(path, &err));
	snprintf(want, sizeof(want), "%s: Too many levels of symbolic links", path);
	ck_assert_str_eq(err.text, want);
}
END_TEST

/* ---------------------------------------------------------------- killed */

/* The child writes 1, 2, 3 ... and says each number when it is on disk. */
static void write_on(int to)
{
	struct weft_store *store = weft_store_open(path, NULL);
	struct weft_store_row r = row("a.7.1", NULL);

	if (!store)
		_exit(1);
	for (unsigned i = 1;; i++) {
		char record[16];

		snprintf(record, sizeof(record), "%08u", i);
		r.record = record;
		if (i == 1)
			weft_store_add(store, &r, NULL); /* it is there after the first child */
		if (weft_store_update(store, &r, NULL, NULL) < 0 || write(to, record, 8) != 8)
			_exit(1);
	}
}

START_TEST(is_killed)
{
	for (int round = 0; round < 25; round++) {
		char said[9] = "";
		int fds[2];
		pid_t child;
		struct weft_store *store;
		unsigned long before, now;

		ck_assert_int_eq(pipe(fds), 0);
		child = fork();
		if (child == 0) {
			close(fds[0]);
			write_on(fds[1]);
		}
		close(fds[1]);
		ck_assert_int_eq(read(fds[0], said, 8), 8); /* it has begun */
		usleep((useconds_t)(rand() % 20000));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(fds[0], said, 8) == 8)
			;
		close(fds[0]);
		store = open_store();
		ck_assert_uint_eq(read_all(store, 0, NULL, 0), 1);
		ck_assert_str_eq(got.damage, "");
		before = strtoul(said, NULL, 10);
		now = strtoul(got.record, NULL, 10);
		ck_assert_msg(now == before || now == before + 1, "said %lu, there is %lu", before, now);
		weft_store_close(store);
	}
}
END_TEST

/* ---------------------------------------------------------------- orders and tokens */

static const char *strstr_in(const char *bytes, size_t size, const char *text)
{
	return memmem(bytes, size, text, strlen(text));
}

START_TEST(orders)
{
	static const char *const environment[] = { "A=b=c", "EMPTY=", "LINES=a\nb\xff", NULL };
	struct weft_run_order order = { .peer = "beta",
					.cluster = "a",
					.job = UINT32_MAX,
					.submit = 1700000000,
					.restarts = 2,
					.uid = 1000,
					.user = "ann",
					.remote_user = "anna",
					.what = { .script = "#!/bin/sh\n\x01=\n",
						  .environment = environment,
						  .minutes = 60,
						  .memory_mb = UINT64_C(1) << 40,
						  .requeue = true } };
	struct weft_order *again;
	char *bytes;
	size_t size;

	ck_assert_int_eq(weft_order_pack(&order, &bytes, &size, &err), 0);
	again = weft_order_unpack(bytes, size, &err);
	ck_assert_ptr_nonnull(again);
	ck_assert_uint_eq(again->order.job, UINT32_MAX);
	ck_assert_int_eq(again->order.submit, 1700000000);
	ck_assert_uint_eq(again->order.restarts, 2);
	ck_assert_uint_eq(again->order.uid, 1000);
	ck_assert_ptr_null(again->order.remote_top);
	ck_assert_ptr_null(again->order.what.gres);
	ck_assert_str_eq(again->order.what.script, order.what.script);
	ck_assert(again->order.what.memory_mb == UINT64_C(1) << 40);
	ck_assert(again->order.what.requeue);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(again->order.what.environment[i], environment[i]);
	ck_assert_ptr_null(again->order.what.environment[3]);
	weft_order_free(again);
	/* Cut anywhere before the environment, it is not one; the checksum sees the rest. */
	for (size_t len = 0; bytes + len < strstr_in(bytes, size, "environment="); len++) {
		err.text[0] = '\0';
		ck_assert_ptr_null(weft_order_unpack(bytes, len, &err));
		ck_assert(strcmp(err.text, "the order is cut") == 0 ||
			  strcmp(err.text, "the order is not one") == 0);
	}
	free(bytes);
	order.what.script = NULL;
	err.text[0] = '\0';
	ck_assert_int_eq(weft_order_pack(&order, &bytes, &size, &err), -1);
	ck_assert_str_eq(err.text, "the order has no script");
}
END_TEST

static void put_token(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	fprintf(f, "%s", text);
	fclose(f);
	chmod(path, mode);
	err.text[0] = '\0';
}

START_TEST(tokens)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *token, *want;
	} cases[] = {
		{ "abc.def\n", 0600, "abc.def", NULL },
		{ "SLURM_JWT=abc.def\n", 0400, "abc.def", NULL },
		{ "", 0600, NULL, "there is no token in it" },
		{ "\n", 0600, NULL, "there is no token in it" },
		{ "a b", 0600, NULL, "not a token: it has a blank, or a byte that is no ASCII" },
		{ "a\nX-Evil: 1\n", 0600, NULL, "not a token: it has a blank, or a byte that is no ASCII" },
		{ "abc", 0604, NULL, "a token's file must be for its owner alone (mode 604)" },
		{ "abc", 0660, NULL, "a token's file must be for its owner alone (mode 660)" },
	};
	char want[300], *token;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_token(cases[i].text, cases[i].mode);
		token = weft_token_read(path, NULL, NULL, &err);
		snprintf(want, sizeof(want), "%s: %s", path, cases[i].want ? cases[i].want : "");
		ck_assert_str_eq(err.text, cases[i].want ? want : "");
		ck_assert((token == NULL) == (cases[i].token == NULL));
		if (token)
			ck_assert_str_eq(token, cases[i].token);
		weft_token_free(token);
		unlink(path);
	}
	put_token("abc", 0600);
	token = weft_token_read(NULL, dir, "runs.db", &err);
	ck_assert_str_eq(token, "abc");
	weft_token_free(token);
	ck_assert_ptr_null(weft_token_read(NULL, dir, "../x", &err));
	ck_assert_str_eq(err.text, "there is no token for this user");
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_token_read(path, NULL, NULL, &err));
	snprintf(want, sizeof(want), "%s: not a regular file", path);
	ck_assert_str_eq(err.text, want);
}
END_TEST

START_TEST(token_is_too_long)
{
	static char text[WEFT_TOKEN_MAX + 100];
	char want[200];

	memset(text, 'a', sizeof(text) - 1);
	put_token(text, 0600);
	ck_assert_ptr_null(weft_token_read(path, NULL, NULL, &err));
	snprintf(want, sizeof(want), "%s: a token has at most %d bytes", path, WEFT_TOKEN_MAX);
	ck_assert_str_eq(err.text, want);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("store");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, keeps_runs);
	tcase_add_test(tcase, keeps_usage);
	tcase_add_test(tcase, sees_damage);
	tcase_add_test(tcase, is_of_a_newer_weft);
	tcase_add_test(tcase, is_no_book);
	tcase_add_test(tcase, is_killed);
	tcase_add_test(tcase, orders);
	tcase_add_test(tcase, tokens);
	tcase_add_test(tcase, token_is_too_long);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
