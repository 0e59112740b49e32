/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_runs.c - the book of runs and those who work on it, with a peer that is a thread of the test.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "tests/unit/fake_slurmrestd.h"
#include "weftd/runs.h"
#include "weftd/runs_private.h"
#include "weftd/token.h"

#define SUBMIT	 1700000000
#define KEY	 "alpha.77.1700000000"
#define PATIENCE 20 /* s */

static char dir[] = "/tmp/weft-runs-XXXXXX", token[128], url[64];
static struct weft_conf conf;
static struct weft_conf_peer peers[2];
static struct weft_runs *book;
static struct fake_server view; /* the fake as UNTIL saw it last */
static struct weft_err err;
static struct weft_run_status status;

static const char *const environment[] = { "PATH=/bin", NULL };

static struct weft_run_order order(uint32_t job)
{
	return (struct weft_run_order){ .peer = "beta",
					.cluster = "alpha",
					.job = job,
					.submit = SUBMIT,
					.uid = 1000,
					.user = "ann",
					.remote_user = "anna",
					.what = { .script = "#!/bin/sh\nexit 3\n",
						  .environment = environment,
						  .account = "acc",
						  .minutes = 60,
						  .nodes = 1,
						  .gres = "gpu:h100:8" } };
}

static void open_book(void)
{
	err.text[0] = '\0';
	book = weft_runs_open(dir, &conf, &err);
	ck_assert_msg(book != NULL, "%s", err.text);
}

static void set_up(void)
{
	FILE *f;

	signal(SIGPIPE, SIG_IGN);
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(fake_start(), 0);
	snprintf(token, sizeof(token), "%s/token", dir);
	f = fopen(token, "w");
	fprintf(f, "a.secret.token\n");
	fclose(f);
	chmod(token, 0600);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", fake.port);
	peers[0] = (struct weft_conf_peer){
		.name = (char *)"beta", .url = url, .token = token, .lease = 600, .on_lost = WEFT_LOST_RERUN
	};
	peers[1] = peers[0];
	peers[1].name = (char *)"gamma";
	conf = (struct weft_conf){ .peers = peers, .n_peers = 2, .burst.poll = 1 };
	open_book();
}

static void tear_down(void)
{
	char command[200];

	weft_runs_close(book);
	fake_stop();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void attach(uint32_t job)
{
	struct weft_run_order what = order(job);
	bool later;

	err.text[0] = '\0';
	ck_assert_msg(weft_runs_attach(book, &what, &status, &later, &err) == 0, "%s", err.text);
}

static void look(const char *key)
{
	err.text[0] = '\0';
	ck_assert_msg(weft_runs_status(book, key, false, &status, &err) == 0, "%s", err.text);
}

/* Until CONDITION, of the fake and of STATUS of KEY. */
#define UNTIL(condition)                                                                                     \
	do {                                                                                                 \
		bool holds = false;                                                                          \
		for (int i = 0; i < PATIENCE * 20 && !holds; i++) {                                          \
			usleep(50000);                                                                       \
			look(KEY);                                                                           \
			pthread_mutex_lock(&fake_lock);                                                      \
			holds = (condition);                                                                 \
			view = fake;                                                                         \
			pthread_mutex_unlock(&fake_lock);                                                    \
		}                                                                                            \
		ck_assert_msg(holds, "not %s: phase %d, state %d, id %u, attempt %u, why %s", #condition,    \
			      status.phase, status.state, status.remote_id, status.attempt, status.why);     \
	} while (0)

#define TELL(what, value)                                                                                    \
	do {                                                                                                 \
		pthread_mutex_lock(&fake_lock);                                                              \
		fake.what = value;                                                                           \
		pthread_mutex_unlock(&fake_lock);                                                            \
	} while (0)

static void set(unsigned i, const char *state, long long start, int code, bool gone)
{
	pthread_mutex_lock(&fake_lock);
	snprintf(fake.jobs[i].state, sizeof(fake.jobs[i].state), "%s", state);
	fake.jobs[i].start = start;
	fake.jobs[i].end = start + 100;
	fake.jobs[i].code = code;
	fake.jobs[i].gone = gone;
	pthread_mutex_unlock(&fake_lock);
}

START_TEST(runs_to_its_end)
{
	double error;
	unsigned judged;
	struct weft_run_status *list;
	size_t n;

	attach(77);
	ck_assert_str_eq(status.key, KEY);
	ck_assert_int_eq(status.phase, WEFT_RUN_WAITING);
	ck_assert_uint_eq(status.first, 1);
	UNTIL(fake.releases == 1);
	ck_assert_str_eq(view.jobs[0].name, "weft." KEY ".1");
	ck_assert_str_eq(view.jobs[0].user, "anna");
	ck_assert_str_eq(view.last_token, "a.secret.token");
	ck_assert_ptr_nonnull(strstr(view.jobs[0].script, "weft_attempt"));
	ck_assert_int_ge(view.jobs[0].deadline, (long long)time(NULL) + WEFT_HANDOVER_ALLOWANCE);
	set(0, "PENDING", 5000, 0, false);
	UNTIL(status.predicted == 5000);
	set(0, "RUNNING", 5060, 0, false);
	UNTIL(status.phase == WEFT_RUN_RUNNING);
	ck_assert_str_eq(status.remote_nodes, "n1");
	ck_assert_uint_eq(status.cards, 8);
	ck_assert_str_eq(status.why, "");
	ck_assert_int_eq(weft_runs_settle(book, KEY, &err), -1);
	ck_assert_str_eq(err.text, "the run " KEY " is not over");
	set(0, "FAILED", 5060, 3, false);
	UNTIL(status.over);
	ck_assert_int_eq(status.phase, WEFT_RUN_ENDED);
	ck_assert_int_eq(status.state, WEFT_REST_FAILED);
	ck_assert_int_eq(status.exit_status, 3 << 8);
	weft_runs_forecasts(book, "beta", &error, &judged);
	ck_assert_uint_eq(judged, 1);
	ck_assert(error == 60);
	weft_runs_forecasts(book, "gamma", &error, &judged);
	ck_assert(judged == 0 && isnan(error));

	/* The proxy was killed before it brought home what there is: the same run. */
	attach(77);
	ck_assert_int_eq(status.phase, WEFT_RUN_ENDED);
	ck_assert_int_eq(weft_runs_settle(book, KEY, &err), 0);
	ck_assert_int_eq(weft_runs_list(book, (uid_t)-1, 0, &list, &n, &err), 0);
	ck_assert_uint_eq(n, 0);
	free(list);

	/* Requeued after that: another. */
	attach(77);
	ck_assert_uint_eq(status.first, 2);
	UNTIL(fake.releases == 2);
	ck_assert_str_eq(view.jobs[1].name, "weft." KEY ".2");
	ck_assert_int_eq(weft_runs_list(book, 1000, 77, &list, &n, &err), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert(list[0].first == 1 && list[0].settled && list[1].first == 2 && !list[1].settled);
	free(list);
	ck_assert_int_eq(weft_runs_list(book, 1001, 77, &list, &n, &err), 0);
	ck_assert_uint_eq(n, 0);
	free(list);
}
END_TEST

START_TEST(answers_are_lost)
{
	TELL(submit, FAKE_NO_ANSWER);
	TELL(release, FAKE_NO_ANSWER);
	attach(77);
	UNTIL(fake.releases == 1);
	set(0, "RUNNING", 5060, 0, false);
	UNTIL(status.phase == WEFT_RUN_RUNNING);
	ck_assert_uint_eq(view.submits, 1);
	ck_assert_uint_eq(view.releases, 1);
	/* slurmctld forgets it before we look: slurmdbd knows. */
	set(0, "COMPLETED", 5060, 0, true);
	UNTIL(status.over);
	ck_assert_int_eq(status.phase, WEFT_RUN_ENDED);
	ck_assert_int_eq(status.exit_status, 0);
}
END_TEST

START_TEST(requests_are_lost)
{
	TELL(release, FAKE_NOT_DONE);
	attach(77);
	UNTIL(fake.submits == 1);
	UNTIL(fake.releases == 1);
	ck_assert_uint_eq(view.n_jobs, 1);
}
END_TEST

START_TEST(is_restarted)
{
	TELL(release, FAKE_NOT_DONE);
	attach(77);
	UNTIL(status.remote_id != 0);
	weft_runs_close(book);
	open_book();
	look(KEY);
	ck_assert_uint_eq(status.remote_id, 101);
	UNTIL(fake.releases == 1);
	ck_assert_uint_eq(view.n_jobs, 1);
	set(0, "RUNNING", 5060, 0, false);
	UNTIL(status.phase == WEFT_RUN_RUNNING);
	attach(77); /* adopted */
	ck_assert_uint_eq(status.remote_id, 101);
	ck_assert_uint_eq(status.first, 1);
}
END_TEST

START_TEST(is_cancelled)
{
	attach(77);
	UNTIL(fake.releases == 1);
	set(0, "RUNNING", 5060, 0, false);
	ck_assert_int_eq(weft_runs_cancel(book, KEY, &err), 0);
	/* Requeued at once: a new run, which waits until the old one is over. */
	attach(77);
	ck_assert_uint_eq(status.first, 2);
	UNTIL(fake.releases == 2);
	ck_assert_str_eq(view.jobs[0].state, "CANCELLED");
	ck_assert_uint_eq(view.cancels, 1);
	ck_assert_uint_eq(view.n_jobs, 2);
	ck_assert_int_eq(weft_runs_cancel(book, "alpha.78.1", &err), -1);
	ck_assert_str_eq(err.text, "there is no run alpha.78.1");
}
END_TEST

static void by_hand(const char *sql)
{
	char path[200];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/runs.db", dir);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* What is left of a row tells whose job it is; it is said, and nothing runs again. */
START_TEST(is_damaged)
{
	static const struct {
		const char *sql, *key, *why;
		uid_t uid;
	} cases[] = {
		{ "record='{}'", KEY, "the checksum of the record is wrong", 1000 },
		{ "orders=x'7800'", KEY, "the checksum of the order is wrong", 1000 },
		{ "uid=-1", KEY, "a number is out of range", 1000 },
		{ "uid=-1,job=-1,orders=x'7800'", KEY, "a number is out of range", (uid_t)-1 },
		{ "key='alpha.7?.1700000000'", "alpha.7?.1700000000", "the checksum of the order is wrong",
		  1000 },
	};
	struct weft_run_order what = order(77);
	struct weft_run_status *list;
	char want[400];
	bool later;
	size_t n;

	attach(77);
	UNTIL(fake.releases == 1);
	set(0, "RUNNING", 5060, 0, false);
	UNTIL(status.phase == WEFT_RUN_RUNNING);
	weft_runs_close(book);
	by_hand("CREATE TABLE was AS SELECT * FROM runs");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(want, sizeof(want),
			 "DELETE FROM runs;INSERT INTO runs SELECT * FROM was;UPDATE runs SET %s",
			 cases[i].sql);
		by_hand(want);
		open_book();
		ck_assert_int_eq(weft_runs_list(book, (uid_t)-1, 0, &list, &n, &err), 0);
		ck_assert_uint_eq(n, 1);
		ck_assert_uint_eq(list[0].job, 77);
		ck_assert_uint_eq(list[0].uid, cases[i].uid);
		ck_assert_str_eq(list[0].key, cases[i].key);
		ck_assert_str_eq(list[0].peer, "beta");
		ck_assert(list[0].phase == WEFT_RUN_LOST && list[0].over && list[0].damaged);
		snprintf(want, sizeof(want), "its record in the book is damaged: %s", cases[i].why);
		ck_assert_str_eq(list[0].why, want);
		free(list);
		if (cases[i].uid == 1000) {
			snprintf(want, sizeof(want),
				 "%s: its record in the book is damaged (%s), so that nothing is done with "
				 "it; it may "
				 "run at beta, where its jobs are named weft.%s.N",
				 cases[i].key, cases[i].why, cases[i].key);
			ck_assert_int_eq(weft_runs_cancel(book, cases[i].key, &err), -1);
			ck_assert_str_eq(err.text, want);
			err.text[0] = '\0';
			ck_assert_int_eq(weft_runs_settle(book, cases[i].key, &err), -1);
			ck_assert_str_eq(err.text, want);
		} else {
			snprintf(want, sizeof(want), "%s is a job of another user", KEY);
		}
		err.text[0] = '\0';
		ck_assert_int_eq(weft_runs_attach(book, &what, &status, &later, &err), -1);
		ck_assert(!later);
		ck_assert_str_eq(err.text, want);
		ck_assert_int_eq(weft_runs_list(book, 1000, 77, &list, &n, &err), 0);
		ck_assert_uint_eq(n, cases[i].uid == 1000);
		free(list);
		weft_runs_close(book);
	}
	by_hand("DELETE FROM runs;INSERT INTO runs SELECT * FROM was");
	open_book();
	attach(77);
	ck_assert_uint_eq(status.first, 1);
	ck_assert_uint_eq(fake.n_jobs, 1);
	ck_assert_uint_eq(fake.cancels, 0);
}
END_TEST

START_TEST(is_refused)
{
	TELL(submit, FAKE_REFUSED);
	attach(77);
	UNTIL(status.over);
	ck_assert_int_eq(status.phase, WEFT_RUN_REFUSED);
	ck_assert_str_eq(
		status.why,
		"Invalid account or account/partition combination specified (2045), HTTP status 500");
}
END_TEST

START_TEST(nobody_asks_for_it)
{
	attach(77);
	UNTIL(fake.releases == 1);
	set(0, "RUNNING", 5060, 0, false);
	UNTIL(status.phase == WEFT_RUN_RUNNING);
	weft_runs_close(book);
	peers[0].lease = 4; /* not before: a machine that is busy may take longer to come as far */
	open_book();
	UNTIL(status.over); /* a look does not renew */
	ck_assert_int_eq(status.phase, WEFT_RUN_CANCELLED);
	ck_assert_str_eq(status.why, "nobody at home has asked for it for 4 s");
	ck_assert_str_eq(view.jobs[0].state, "CANCELLED");
}
END_TEST

/* It had ended by itself before it could be cancelled: that is brought home, and it does not run again. */
START_TEST(ends_before_it_is_cancelled)
{
	attach(77);
	UNTIL(fake.releases == 1);
	set(0, "RUNNING", 5060, 0, true); /* what is not to be seen cannot be cancelled */
	UNTIL(status.phase == WEFT_RUN_LOST);
	ck_assert_int_eq(weft_runs_cancel(book, KEY, &err), 0);
	set(0, "FAILED", 5060, 3, false);
	UNTIL(status.over);
	ck_assert_int_eq(status.phase, WEFT_RUN_ENDED);
	ck_assert(status.cancel);
	attach(77);
	ck_assert_uint_eq(status.first, 1);
	ck_assert_int_eq(status.phase, WEFT_RUN_ENDED);
	ck_assert_int_eq(status.exit_status, 3 << 8);
}
END_TEST

/* The book is opened, and looked at, with the one run as if it had been sent and asked for at these times. */
static void open_with(time_t deadline, time_t renewed)
{
	struct weft_run *run = weft_runs_of_attempt(&book->peers[0], KEY, 1);
	struct weft_handover h = run->h;
	unsigned looks;

	h.deadline = deadline;
	h.renewed = renewed;
	ck_assert_int_eq(weft_runs_save(book, run, &h, &err), 0);
	weft_runs_close(book);
	looks = fake.looks;
	open_book();
	UNTIL(fake.looks > looks);
}

/* What is over is kept a week for its proxy, also when weftd itself has come back late. */
START_TEST(is_left_for_a_week)
{
	attach(77);
	UNTIL(fake.releases == 1);
	set(0, "FAILED", 5060, 3, false);
	UNTIL(status.over);
	open_with(1, time(NULL) - 6 * 24 * 3600);
	attach(77);
	ck_assert_uint_eq(status.first, 1);
	ck_assert_int_eq(status.phase, WEFT_RUN_ENDED);
	open_with(1, time(NULL) - 8 * 24 * 3600);
	attach(77);
	ck_assert_uint_eq(status.first, 2);
}
END_TEST

/* Copies that are not chosen go; what others submitted under such names stays. */
START_TEST(reaps_its_own)
{
	char comment[120];

	attach(77);
	UNTIL(fake.releases == 1);
	snprintf(comment, sizeof(comment), "%s", view.jobs[0].comment);
	pthread_mutex_lock(&fake_lock);
	fake_add("weft." KEY ".1", "anna", comment, "", true);		  /* surplus */
	fake_add("weft." KEY ".1", "mallory", comment, "", true);	  /* another user's */
	fake_add("weft.alpha.5.1700000000.1", "anna", comment, "", true); /* of a run that the book lost */
	fake_add("weft.alpha.6.1700000000.1", "anna", "weft book=0", "", true); /* another book's */
	fake_add("weft.other", "anna", comment, "", true);
	pthread_mutex_unlock(&fake_lock);
	set(0, "RUNNING", 5060, 0, false);
	UNTIL(fake.cancels == 2);
	sleep(2);
	UNTIL(fake.looks > 0);
	ck_assert_str_eq(view.jobs[0].state, "RUNNING");
	ck_assert_str_eq(view.jobs[1].state, "CANCELLED");
	ck_assert_str_eq(view.jobs[2].state, "PENDING");
	ck_assert_str_eq(view.jobs[3].state, "CANCELLED");
	ck_assert_str_eq(view.jobs[4].state, "PENDING");
	ck_assert_str_eq(view.jobs[5].state, "PENDING");
}
END_TEST

START_TEST(peer_is_away)
{
	TELL(down, true);
	attach(77);
	UNTIL(status.why[0] != '\0');
	ck_assert_int_eq(status.phase, WEFT_RUN_WAITING);
	ck_assert_uint_eq(view.n_jobs, 0);
	pthread_mutex_lock(&fake_lock);
	fake.down = false;
	fake.lists_fail = true;
	pthread_mutex_unlock(&fake_lock);
	UNTIL(strcmp(status.why, "Unable to contact slurmctld (1800)") == 0);
	ck_assert_uint_eq(view.n_jobs, 0);
	pthread_mutex_lock(&fake_lock);
	fake.lists_fail = false;
	pthread_mutex_unlock(&fake_lock);
	UNTIL(fake.releases == 1);
	UNTIL(status.why[0] == '\0');
}
END_TEST

START_TEST(token_is_not_private)
{
	char want[200];

	chmod(token, 0640);
	attach(77);
	snprintf(want, sizeof(want), "%s: a token's file must be for its owner alone (mode 640)", token);
	UNTIL(strcmp(status.why, want) == 0);
	ck_assert_uint_eq(view.submits, 0);
	chmod(token, 0600);
	UNTIL(fake.releases == 1);
}
END_TEST

START_TEST(orders_that_are_not_taken)
{
	struct weft_run_order what = order(77);
	bool later;

	what.peer = "delta";
	ck_assert_int_eq(weft_runs_attach(book, &what, &status, &later, &err), -1);
	ck_assert_str_eq(err.text, "there is no peer \"delta\"");
	ck_assert(!later);
	err.text[0] = '\0';
	what = order(77);
	what.what.minutes = 0;
	ck_assert_int_eq(weft_runs_attach(book, &what, &status, &later, &err), -1);
	ck_assert_str_eq(err.text, "a job that goes to another site needs a time limit of at most a year");
	attach(77);
	err.text[0] = '\0';
	what = order(77);
	what.uid = 1001;
	ck_assert_int_eq(weft_runs_attach(book, &what, &status, &later, &err), -1);
	ck_assert_str_eq(err.text, KEY " is a job of another user");
	ck_assert(!later);
	err.text[0] = '\0';
	what = order(77);
	what.peer = "gamma";
	ck_assert_int_eq(weft_runs_attach(book, &what, &status, &later, &err), -1);
	ck_assert_str_eq(err.text, KEY " goes on at beta");
	ck_assert(later);
	ck_assert_int_eq(weft_runs_find(book, "alpha.1.1", true, &status, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runs");
	TCase *tcase = tcase_create("runs");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, runs_to_its_end);
	tcase_add_test(tcase, answers_are_lost);
	tcase_add_test(tcase, requests_are_lost);
	tcase_add_test(tcase, is_restarted);
	tcase_add_test(tcase, is_cancelled);
	tcase_add_test(tcase, is_damaged);
	tcase_add_test(tcase, is_refused);
	tcase_add_test(tcase, nobody_asks_for_it);
	tcase_add_test(tcase, ends_before_it_is_cancelled);
	tcase_add_test(tcase, is_left_for_a_week);
	tcase_add_test(tcase, reaps_its_own);
	tcase_add_test(tcase, peer_is_away);
	tcase_add_test(tcase, token_is_not_private);
	tcase_add_test(tcase, orders_that_are_not_taken);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
