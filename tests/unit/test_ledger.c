/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ledger.c - budgets that hold whoever comes at once, and a ledger that balances whenever it was killed.
 */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/money.h"
#include "core/statement.h"
#include "weftd/ledger.h"
#include "weftd/log.h"
#include "weftd/runs.h"
#include "weftd/store.h"

#define NOW	 1794700800 /* 2026-11-15T00:00:00Z */
#define EUR	 INT64_C(1000000)
#define DEADLINE 120 /* s, of a test on a machine that does much else */

static char dir[] = "/tmp/weft-ledger-XXXXXX", path[128];
static struct weft_err err;
static struct weft_conf *conf;

#define PEER                                                                                                 \
	"Peer=beta Url=http://127.0.0.1:9 Token=/nonexistent Users=same Node=b Partition=b Price=2 "         \
	"Currency=EUR\n"

static void use_conf(const char *text)
{
	weft_conf_destroy(conf);
	conf = weft_conf_parse("weft.conf", text, strlen(text), &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
}

static void set_up(void)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ledger.db", dir);
	err.text[0] = '\0';
	use_conf(PEER "Budget=account:physics Limit=100EUR\n");
}

static void tear_down(void)
{
	char command[200];

	weft_conf_destroy(conf);
	conf = NULL;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static struct weft_ledger *open_ledger(void)
{
	struct weft_ledger *ledger = weft_ledger_open(path, conf, &err);

	ck_assert_msg(ledger != NULL, "%s", err.text);
	return ledger;
}

/* 8 cards for an hour at 0.25 EUR: 2 EUR. */
static struct weft_ledger_bill bill(const char *key)
{
	return (struct weft_ledger_bill){ .key = key,
					  .first = 1,
					  .peer = "beta",
					  .user = "ann",
					  .account = "physics",
					  .gres = "gpu:h100",
					  .cards = 8,
					  .price = EUR / 4,
					  .currency = "EUR",
					  .seconds = 3600,
					  .most = -1,
					  .most_currency = "" };
}

static int hold(struct weft_ledger *ledger, const struct weft_ledger_bill *b, time_t now)
{
	bool later;

	err.text[0] = '\0';
	return weft_ledger_hold(ledger, b, now, &later, &err);
}

static struct weft_ledger_budget state;

static int take_budget(void *arg, const char *name, const struct weft_ledger_budget *budget)
{
	(void)arg;
	(void)name;
	state = *budget;
	return 0;
}

static void look(struct weft_ledger *ledger, time_t now)
{
	memset(&state, 0, sizeof(state));
	ck_assert_int_eq(weft_ledger_budgets(ledger, "physics", NULL, NULL, now, take_budget, NULL, &err), 0);
}

static int count_lien(void *arg, const char *key, unsigned first)
{
	(void)key;
	(void)first;
	++*(unsigned *)arg;
	return 0;
}

static unsigned liens(struct weft_ledger *ledger)
{
	unsigned n = 0;

	ck_assert_int_eq(weft_ledger_liens(ledger, count_lien, &n, &err), 0);
	return n;
}

START_TEST(lives)
{
	struct weft_ledger *ledger = open_ledger();
	struct weft_ledger_bill b = bill("c.1.1");
	struct weft_ledger_use use = {
		.cards = 8, .start = NOW + 60, .end = NOW + 1860, .remote_id = 9, .attempt = 1
	};
	struct stat st;

	ck_assert_int_eq(hold(ledger, &b, NOW), 0);
	ck_assert_int_eq(hold(ledger, &b, NOW), 0); /* the same lien */
	ck_assert_uint_eq(liens(ledger), 1);
	look(ledger, NOW);
	ck_assert(state.held == 2 * EUR && state.spent == 0 && state.left == 98 * EUR);
	weft_ledger_close(ledger);
	ledger = open_ledger();
	ck_assert_int_eq(weft_ledger_end(ledger, b.key, 1, &use, NOW + 2000, &err), 0);
	ck_assert_int_eq(weft_ledger_end(ledger, b.key, 1, &use, NOW + 2000, &err),
			 0); /* a message that came twice */
	look(ledger, NOW + 2000);
	ck_assert(state.held == 0 && state.spent == EUR && state.left == 99 * EUR);
	b = bill("c.2.1");
	ck_assert_int_eq(hold(ledger, &b, NOW), 0);
	ck_assert_int_eq(weft_ledger_end(ledger, b.key, 1, NULL, NOW, &err), 0); /* it never ran */
	ck_assert_int_eq(hold(ledger, &b, NOW), 0);				 /* and is sent again */
	use.end = NOW + 60 +
		  5000; /* past its limit, with more cards than were ordered: no more than the lien */
	use.cards = 16;
	ck_assert_int_eq(weft_ledger_end(ledger, b.key, 1, &use, NOW, &err), 0);
	look(ledger, NOW);
	ck_assert(state.held == 0 && state.spent == 3 * EUR && state.left == 97 * EUR);
	b = bill("c.3.1");
	ck_assert_int_eq(hold(ledger, &b, NOW), 0);
	use.end = 0; /* nobody knows */
	ck_assert_int_eq(weft_ledger_end(ledger, b.key, 1, &use, NOW, &err), 0);
	look(ledger, NOW);
	ck_assert(state.left == 95 * EUR);
	look(ledger, NOW + 30 * 86400); /* December */
	ck_assert(state.left == 100 * EUR);
	ck_assert_uint_eq(liens(ledger), 0);
	ck_assert_int_eq(weft_ledger_check(ledger, NULL, NULL, &err), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	weft_ledger_close(ledger);
}
END_TEST

static const struct {
	const char *conf, *account, *currency, *most_currency;
	int64_t price, most;
	const char *want; /* NULL: it is taken */
} bills[] = {
	{ "", "physics", "EUR", "", EUR / 4, -1, NULL },
	{ "", "", "", "", -1, -1, NULL }, /* free, as far as is known, and nobody minds */
	{ "Budget=account:physics Limit=1.5EUR", "physics", "EUR", "", EUR / 4, -1,
	  "account physics has 1.50 EUR left of 1.50 EUR this month; this job may cost 2.00 EUR" },
	{ "Budget=user:* Limit=1EUR Period=year", "x", "EUR", "", EUR / 4, -1,
	  "user ann has 1.00 EUR left of 1.00 EUR this year; this job may cost 2.00 EUR" },
	{ "Budget=user:* Limit=1EUR\nBudget=user:ann Limit=2EUR", "x", "EUR", "", EUR / 4, -1, NULL },
	{ "Budget=peer:Beta Limit=0EUR Period=total", "x", "EUR", "", EUR / 4, -1,
	  "peer beta has 0.00 EUR left of 0.00 EUR in total; this job may cost 2.00 EUR" },
	{ "Budget=peer:beta Limit=0EUR Period=quarter", "x", "EUR", "", 0, -1, NULL },
	{ "Budget=account:physics Limit=9EUR", "chem", "EUR", "", EUR / 4, -1, NULL },
	{ "Budget=account:physics Limit=9EUR", "", "EUR", "", EUR / 4, -1,
	  "the job's account is not known, and there is a budget for each" },
	{ "Budget=account:physics Limit=9EUR", "physics", "USD", "", EUR / 4, -1,
	  "the price at beta is in USD, and the budget of account physics in EUR: nothing is converted" },
	{ "Budget=account:physics Limit=9EUR", "physics", "", "", EUR / 4, -1,
	  "the price at beta is in no currency, and the budget of account physics in EUR: nothing is "
	  "converted" },
	{ "Budget=account:physics Limit=9EUR", "physics", "", "", -1, -1,
	  "what gpu:h100 costs at beta is not known, and there is a budget to be kept" },
	{ "", "physics", "", "", -1, EUR,
	  "what gpu:h100 costs at beta is not known, and there is a budget to be kept" },
	{ "", "physics", "EUR", "", EUR / 4, EUR, "this job may cost 2.00 EUR, and --max-cost is 1.00" },
	{ "", "physics", "EUR", "EUR", EUR / 4, 2 * EUR, NULL },
	{ "", "physics", "EUR", "USD", EUR / 4, 2 * EUR,
	  "the price at beta is in EUR, and --max-cost in USD: nothing is converted" },
	{ "", "physics", "EUR", "", INT64_MAX, -1, "this job may cost more than can be counted" },
};

START_TEST(refuses)
{
	for (size_t i = 0; i < sizeof(bills) / sizeof(bills[0]); i++) {
		struct weft_ledger_bill b = bill("c.1.1");
		struct weft_ledger *ledger;
		char text[512];
		int rc;

		snprintf(text, sizeof(text), PEER "%s\n", bills[i].conf);
		use_conf(text);
		unlink(path);
		ledger = open_ledger();
		b.account = bills[i].account;
		b.currency = bills[i].currency;
		b.most_currency = bills[i].most_currency;
		b.price = bills[i].price;
		b.most = bills[i].most;
		rc = hold(ledger, &b, NOW);
		ck_assert_msg(rc == (bills[i].want ? -1 : 0) &&
				      !strcmp(err.text, bills[i].want ? bills[i].want : ""),
			      "%s: %d %s", bills[i].conf, rc, err.text);
		ck_assert_uint_eq(liens(ledger), rc == 0 && b.price >= 0);
		weft_ledger_close(ledger);
		err.text[0] = '\0';
	}
}
END_TEST

START_TEST(counts_periods)
{
	ck_assert_int_eq(weft_ledger_since(WEFT_PERIOD_MONTH, NOW), 1793491200);
	ck_assert_int_eq(weft_ledger_since(WEFT_PERIOD_QUARTER, NOW), 1790812800);
	ck_assert_int_eq(weft_ledger_since(WEFT_PERIOD_YEAR, NOW), 1767225600);
	ck_assert_int_eq(weft_ledger_since(WEFT_PERIOD_TOTAL, NOW), 0);
}
END_TEST

START_TEST(keeps_quotes)
{
	struct weft_ledger *ledger = open_ledger();
	struct weft_ledger_quote quote = { .peer = "beta",
					   .user = "ann",
					   .gres = "gpu:h100",
					   .price = 7,
					   .currency = "EUR" },
				 found;

	ck_assert_int_eq(weft_ledger_add_quote(ledger, &quote, NOW, &err), 0);
	ck_assert_int_eq(weft_ledger_find_quote(ledger, quote.id, NOW + WEFT_LEDGER_QUOTE - 1, &found, &err),
			 1);
	ck_assert(found.price == 7 && !strcmp(found.user, "ann") && found.expires == NOW + WEFT_LEDGER_QUOTE);
	ck_assert_int_eq(weft_ledger_find_quote(ledger, quote.id, NOW + WEFT_LEDGER_QUOTE, &found, &err), 0);
	ck_assert_int_eq(weft_ledger_find_quote(ledger, "x", NOW, &found, &err), 0);
	for (int i = 1; i < WEFT_LEDGER_QUOTES; i++)
		ck_assert_int_eq(weft_ledger_add_quote(ledger, &quote, NOW, &err), 0);
	ck_assert_int_eq(weft_ledger_add_quote(ledger, &quote, NOW, &err), -1);
	ck_assert_str_eq(err.text, "ann has 100 quotes; they hold for 15 minutes");
	ck_assert_int_eq(weft_ledger_add_quote(ledger, &quote, NOW + WEFT_LEDGER_QUOTE, &err), 0);
	weft_ledger_close(ledger);
}
END_TEST

/* ---------------------------------------------------------------- what was altered */

static char *sql(const char *text)
{
	static char why[256];
	sqlite3 *db;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, text, NULL, NULL, &message);
	snprintf(why, sizeof(why), "%s", message ? message : "");
	sqlite3_free(message);
	sqlite3_close(db);
	return why;
}

START_TEST(finds_what_was_altered)
{
	static const char *const ways[][2] = {
		{ "DROP TRIGGER transactions_UPDATE;UPDATE transactions SET amount=amount-1 WHERE n=4",
		  "transaction 4 (c.1.1) was altered" },
		{ "DROP TRIGGER transactions_UPDATE;UPDATE transactions SET user='bob' WHERE n=1",
		  "transaction 1 (c.0.1) was altered" },
		{ "DROP TRIGGER entries_UPDATE;UPDATE entries SET amount=0 WHERE n=3 AND side=1 AND holder=2",
		  "the entries of transaction 3 (c.1.1) were altered" },
		{ "DROP TRIGGER entries_DELETE;DELETE FROM entries WHERE n=2",
		  "the entries of transaction 2 (c.0.1) were altered" },
		{ "DROP TRIGGER transactions_DELETE;DELETE FROM transactions WHERE n=2",
		  "transaction 2 is missing" },
		{ "INSERT INTO entries SELECT 99,holder,name,side,currency,counts,amount FROM entries WHERE "
		  "n=1",
		  "there are entries of no transaction" },
		{ "PRAGMA user_version=2",
		  "it is of a newer Weft (version 2 of the ledger; this one knows 1)" },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct weft_ledger_use use = { .start = NOW, .end = NOW + 7 };
		struct weft_ledger *ledger;
		char key[16], want[256];

		unlink(path);
		ledger = open_ledger();
		for (int k = 0; k < 3; k++) {
			struct weft_ledger_bill b = bill(key);

			snprintf(key, sizeof(key), "c.%d.1", k);
			ck_assert_int_eq(hold(ledger, &b, NOW), 0);
			ck_assert_int_eq(weft_ledger_end(ledger, key, 1, &use, NOW, &err), 0);
		}
		weft_ledger_close(ledger);
		ck_assert_str_eq(sql("UPDATE transactions SET amount=0"), "the ledger is append only");
		ck_assert_str_eq(sql("DELETE FROM entries"), "the ledger is append only");
		ck_assert_str_eq(sql(ways[i][0]), "");
		ck_assert_ptr_null(weft_ledger_open(path, conf, &err));
		snprintf(want, sizeof(want), "%s: %s", path, ways[i][1]);
		ck_assert_str_eq(err.text, want);
		err.text[0] = '\0';
	}
}
END_TEST

/* ---------------------------------------------------------------- many at once */

#define PROCESSES 10
#define THREADS	  100 /* of each: 1000 submissions at once */
#define FIT	  50  /* liens of 2 EUR in 100 EUR */

struct submission {
	struct weft_ledger *ledger;
	int number;
};

/* What a third of them does is over at once, of another third later, of the last not in this test. */
static void *submit(void *arg)
{
	const struct submission *s = arg;
	struct weft_ledger_use use = { .cards = 8, .start = NOW, .end = NOW + 1800 };
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_ledger_bill b;
	bool later = false;
	char key[32];

	snprintf(key, sizeof(key), "c.%d.1", s->number);
	b = bill(key);
	if (weft_ledger_hold(s->ledger, &b, NOW, &later, &why) < 0)
		return later || !strstr(why.text, "left of 100.00 EUR this month") ? (void *)-1 : NULL;
	if (s->number % 3 == 0 &&
	    weft_ledger_end(s->ledger, key, 1, s->number % 2 ? &use : NULL, NOW, &why) < 0)
		return (void *)-1;
	return NULL;
}

static int submit_many(int process)
{
	struct weft_ledger *ledger = weft_ledger_open(path, conf, NULL);
	struct submission s[THREADS];
	pthread_t threads[THREADS];
	int bad = !ledger;

	for (int i = 0; i < THREADS && ledger; i++) {
		s[i] = (struct submission){ ledger, process * THREADS + i };
		bad += pthread_create(&threads[i], NULL, submit, &s[i]) != 0;
	}
	for (int i = 0; i < THREADS && ledger && !bad; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		bad += result != NULL;
	}
	weft_ledger_close(ledger);
	return bad != 0;
}

static int64_t number_of(const char *text)
{
	sqlite3_stmt *s;
	sqlite3 *db;
	int64_t n;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

START_TEST(holds_against_a_thousand)
{
	struct weft_ledger *ledger = open_ledger();
	int status, bad = 0;

	weft_ledger_close(ledger);
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(submit_many(i));
		ck_assert_int_gt(pid, 0);
	}
	while (wait(&status) > 0)
		bad += status != 0;
	ck_assert_int_eq(bad, 0);
	ledger = open_ledger(); /* which checks every transaction */
	look(ledger, NOW);
	ck_assert_int_ge(state.left, 0); /* nor was it below at any time: */
	ck_assert_int_le(number_of("SELECT max(used) FROM (SELECT -sum(amount) OVER (ORDER BY n) used FROM "
				   "entries WHERE holder=0 AND side=0)"),
			 100 * EUR);
	ck_assert_int_eq(state.held, 2 * EUR * liens(ledger));
	ck_assert_int_ge(number_of("SELECT count(*) FROM transactions WHERE kind=0"), FIT);
	/* What is left behind ends, and nothing is held. */
	for (int i = 0; i < PROCESSES * THREADS; i++) {
		char key[32];

		snprintf(key, sizeof(key), "c.%d.1", i);
		if (liens(ledger) == 0)
			break;
		ck_assert_int_eq(weft_ledger_end(ledger, key, 1, NULL, NOW, &err), 0);
	}
	look(ledger, NOW);
	ck_assert_int_eq(state.held, 0);
	ck_assert_int_eq(state.spent + state.left, 100 * EUR);
	weft_ledger_close(ledger);
}
END_TEST

/* ---------------------------------------------------------------- killed at the n-th write */

/* SQLite's own way to the disk, but for what is written and synced: the COUNTDOWN-th ends the process. */
static long countdown;				  /* 0: never */
static const sqlite3_io_methods *true_methods[4]; /* of the book, the ledger, and their logs */
static sqlite3_io_methods methods[4];
static sqlite3_vfs shim, *true_vfs;

static void count(void)
{
	if (countdown > 0 && --countdown == 0)
		_exit(99);
}

static const sqlite3_io_methods *true_of(const sqlite3_file *file)
{
	return true_methods[file->pMethods - methods];
}

/* Half of it, when it is the last. */
static int write_counted(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	if (countdown == 1 && n > 1)
		true_of(file)->xWrite(file, bytes, n / 2, at);
	count();
	return true_of(file)->xWrite(file, bytes, n, at);
}

static int sync_counted(sqlite3_file *file, int flags)
{
	count();
	return true_of(file)->xSync(file, flags);
}

static int open_counted(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
	int rc = true_vfs->xOpen(true_vfs, name, file, flags, out), i = 0;

	(void)vfs;
	if (rc != SQLITE_OK || !file->pMethods)
		return rc;
	while (i < 3 && true_methods[i] && true_methods[i] != file->pMethods)
		i++;
	true_methods[i] = file->pMethods;
	methods[i] = *file->pMethods;
	methods[i].xWrite = write_counted;
	methods[i].xSync = sync_counted;
	file->pMethods = &methods[i];
	return rc;
}

static void be_killed_at(long n)
{
	true_vfs = sqlite3_vfs_find(NULL);
	shim = *true_vfs;
	shim.zName = "counted";
	shim.xOpen = open_counted;
	sqlite3_vfs_register(&shim, 1);
	countdown = n;
}

/* A run as weftd has it: ordered, handed over, over; of job 1 to JOBS, of which each third never ran. */
#define JOBS 3

static struct weft_handover handover(int job, bool over)
{
	struct weft_handover h;

	weft_handover_begin(&h, NOW);
	if (!over)
		return h;
	h.step = WEFT_HANDOVER_OVER;
	h.end = job % 3 ? WEFT_HANDOVER_ENDED : WEFT_HANDOVER_CANCELLED;
	h.state = job % 3 ? WEFT_REST_COMPLETED : WEFT_REST_CANCELLED;
	h.id = (uint32_t)(1000 + job);
	h.exit_status = 0;
	h.submitted = NOW;
	h.started = job % 3 ? NOW + 10 : 0;
	h.ended = NOW + 10 + 600 * job;
	snprintf(h.tres, sizeof(h.tres), "gpu:h100:8");
	return h;
}

/* What weftd does for a run, each step anew after it was killed: as in weftd/runs.c, without its threads. */
static void do_job(struct weft_store *store, struct weft_ledger *ledger, int job)
{
	struct weft_handover live = handover(job, false), over = handover(job, true);
	struct weft_ledger_use use = {
		.cards = 8, .start = over.started, .end = over.ended, .remote_id = over.id, .attempt = 1
	};
	struct weft_store_row row = {
		.first = 1, .peer = "beta", .job = (uint32_t)job, .uid = 1, .order = "x", .order_size = 1
	};
	char key[32];
	struct weft_ledger_bill b = bill(key);
	char *begun = weft_handover_write(&live), *ended = weft_handover_write(&over);

	snprintf(key, sizeof(key), "c.%d.1", job);
	row.key = key;
	if (weft_store_has(store, key, NULL) == 0) {
		row.record = begun;
		ck_assert_int_eq(hold(ledger, &b, NOW), 0);
		ck_assert_int_eq(weft_store_add(store, &row, &err), 0);
	}
	row.record = ended;
	row.over = true;
	ck_assert_int_eq(weft_store_update(store, &row, NULL, &err), 0);
	ck_assert_int_eq(weft_ledger_end(ledger, key, 1, over.started ? &use : NULL, NOW, &err), 0);
	free(begun);
	free(ended);
}

static void do_all(void)
{
	char book[128];
	struct weft_ledger *ledger = open_ledger();
	struct weft_store *store;

	snprintf(book, sizeof(book), "%s/runs.db", dir);
	store = weft_store_open(book, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
	for (int job = 1; job <= JOBS; job++)
		do_job(store, ledger, job);
	weft_store_close(store);
	weft_ledger_close(ledger);
}

/* What the peer would have charged, by what it knows itself. */
static void sold(struct weft_statement *statement)
{
	statement->lines = calloc(JOBS, sizeof(*statement->lines));
	for (int job = 1; job <= JOBS; job++) {
		struct weft_statement_line *line = &statement->lines[statement->n];

		if (job % 3 == 0)
			continue;
		snprintf(line->key, sizeof(line->key), "c.%d.1", job);
		line->remote_id = (uint32_t)(1000 + job);
		line->amount = (2 * EUR * job + 3) / 6;
		snprintf(line->currency, sizeof(line->currency), "EUR");
		statement->n++;
	}
}

static int buy(void *arg, const struct weft_ledger_line *line)
{
	struct weft_statement *s = arg;
	struct weft_statement_line *l;

	s->lines = realloc(s->lines, (s->n + 1) * sizeof(*s->lines));
	l = &s->lines[s->n++];
	memset(l, 0, sizeof(*l));
	snprintf(l->key, sizeof(l->key), "%s", line->key);
	snprintf(l->currency, sizeof(l->currency), "%s", line->currency);
	l->remote_id = line->remote_id;
	l->amount = line->amount;
	return 0;
}

static char told[1024];

static int tell(void *arg, enum weft_difference what, const struct weft_statement_line *here,
		const struct weft_statement_line *there)
{
	static const char *const words[] = { "missing here", "missing there", "twice here", "twice there",
					     "altered" };
	size_t used = strlen(told);

	(void)arg;
	snprintf(told + used, sizeof(told) - used, "%s %s;", words[what], here ? here->key : there->key);
	return 0;
}

static int64_t compare(struct weft_ledger *ledger, struct weft_statement *theirs)
{
	struct weft_statement ours = { 0 };
	struct weft_ledger_filter filter = { .peer = "beta" };
	int64_t n;

	ck_assert_int_eq(weft_ledger_lines(ledger, &filter, buy, &ours, &err), 0);
	told[0] = '\0';
	n = weft_statement_compare(&ours, theirs, tell, NULL);
	weft_statement_clear(&ours);
	return n;
}

/* No row of the book can be taken up by weftd's threads here: what counts is what the start does to liens. */
static void check_replay(void)
{
	struct weft_runs *book = weft_runs_open(dir, conf, &err);
	struct weft_ledger *ledger;

	ck_assert_msg(book != NULL, "%s", err.text);
	ledger = weft_runs_ledger(book, &err);
	ck_assert_msg(ledger != NULL, "%s", err.text);
	ck_assert_msg(weft_ledger_check(ledger, NULL, NULL, &err) == 0, "%s", err.text);
	look(ledger, NOW);
	ck_assert_int_eq(state.held, 2 * EUR * liens(ledger));
	weft_runs_close(book);
}

static unsigned live_runs(void)
{
	char old[128];
	int64_t n;

	snprintf(old, sizeof(old), "%s", path);
	snprintf(path, sizeof(path), "%s/runs.db", dir);
	n = number_of("SELECT count(*) FROM runs WHERE over=0");
	snprintf(path, sizeof(path), "%s", old);
	return (unsigned)n;
}

START_TEST(survives_any_kill)
{
	int status;

	weft_log_open(false, WEFT_LOG_ERROR);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* orders that are none */
	for (long n = 1;; n++) {
		struct weft_statement theirs = { 0 };
		struct weft_ledger *ledger;
		pid_t pid = fork();

		if (pid == 0) {
			be_killed_at(n);
			do_all();
			_exit(0);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 99 || WEXITSTATUS(status) == 0),
			      "write %ld: status %x", n, (unsigned)status);
		check_replay();
		ledger = open_ledger();
		ck_assert_uint_eq(liens(ledger), live_runs());
		weft_ledger_close(ledger);
		do_all(); /* weftd again, to the end */
		ledger = open_ledger();
		sold(&theirs);
		ck_assert_uint_eq(liens(ledger), 0);
		ck_assert_msg(compare(ledger, &theirs) == 0, "write %ld: %s", n, told);
		look(ledger, NOW);
		ck_assert(state.held == 0 && state.spent == EUR && state.left == 99 * EUR);
		weft_ledger_close(ledger);
		weft_statement_clear(&theirs);
		if (WEXITSTATUS(status) == 0) {
			ck_assert_int_gt(n, 100); /* it was killed so often before */
			break;
		}
		tear_down();
		set_up();
	}
}
END_TEST

/* ---------------------------------------------------------------- a month of two sites */

#define RUNS 100

static unsigned random_state = 1;

static unsigned some(unsigned n)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % n;
}

/* One run on both sides: the peer writes down what it saw, in its own way. */
static void run_once(struct weft_ledger *ledger, int i, struct weft_statement *theirs)
{
	unsigned cards = 1 + some(64), limit = 60 * (1 + some(600)), took = some(limit + 300);
	time_t at = 1793491200 + i * (30 * 86400 / RUNS), start = at + some(4000);
	struct weft_ledger_use use = {
		.cards = cards, .start = start, .end = start + took, .remote_id = 5000u + (unsigned)i
	};
	struct weft_statement_line *line = &theirs->lines[theirs->n];
	char key[32];
	struct weft_ledger_bill b = bill(key);
	unsigned billed = took < limit ? took : limit;
	bool ran = some(10) != 0;

	snprintf(key, sizeof(key), "alpha.%d.1793491200", i);
	b.account = "chem";
	b.cards = cards;
	b.seconds = limit;
	b.price = 2345678;
	ck_assert_int_eq(hold(ledger, &b, at), 0);
	ck_assert_int_eq(weft_ledger_end(ledger, key, 1, ran ? &use : NULL, use.end, &err), 0);
	if (!ran)
		return;
	memcpy(line->key, key, sizeof(key));
	line->remote_id = 5000u + (unsigned)i;
	line->amount = (int64_t)(((__int128)2345678 * cards * billed + 1800) / 3600);
	snprintf(line->currency, sizeof(line->currency), "EUR");
	theirs->n++;
}

START_TEST(a_month_agrees)
{
	struct weft_statement theirs = { .lines = calloc(RUNS + 2, sizeof(struct weft_statement_line)) };
	struct weft_ledger *ledger = open_ledger();
	struct weft_statement_line gone;
	char want[256];

	for (int i = 0; i < RUNS; i++)
		run_once(ledger, i, &theirs);
	ck_assert_uint_gt(theirs.n, RUNS / 2);
	ck_assert_int_eq(compare(ledger, &theirs), 0);
	theirs.lines[3].amount++; /* by a millionth */
	snprintf(want, sizeof(want), "altered %s;", theirs.lines[3].key);
	ck_assert_int_eq(compare(ledger, &theirs), 1);
	ck_assert_str_eq(told, want);
	theirs.lines[3].amount--;
	theirs.lines[theirs.n++] = theirs.lines[7]; /* a message that was taken twice */
	snprintf(want, sizeof(want), "twice there %s;", theirs.lines[7].key);
	ck_assert_int_eq(compare(ledger, &theirs), 1);
	ck_assert_str_eq(told, want);
	gone = theirs.lines[0]; /* sorted by now: the two stand side by side */
	for (size_t i = 1; i < theirs.n; i++) {
		if (!strcmp(theirs.lines[i].key, theirs.lines[i - 1].key))
			theirs.lines[i] = theirs.lines[--theirs.n];
	}
	ck_assert_int_eq(compare(ledger, &theirs), 0);
	theirs.lines[0] = theirs.lines[--theirs.n]; /* one that never came */
	snprintf(want, sizeof(want), "missing there %s;", gone.key);
	ck_assert_int_eq(compare(ledger, &theirs), 1);
	ck_assert_str_eq(told, want);
	theirs.lines[theirs.n++] = gone;
	memset(&theirs.lines[theirs.n], 0, sizeof(gone));
	theirs.lines[theirs.n].amount = 1;
	snprintf(theirs.lines[theirs.n++].key, 8, "x.1.1");
	ck_assert_int_eq(compare(ledger, &theirs), 1);
	ck_assert_str_eq(told, "missing here x.1.1;");
	weft_statement_clear(&theirs);
	weft_ledger_close(ledger);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tc = tcase_create("ledger");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, DEADLINE);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, lives);
	tcase_add_test(tc, refuses);
	tcase_add_test(tc, counts_periods);
	tcase_add_test(tc, keeps_quotes);
	tcase_add_test(tc, finds_what_was_altered);
	tcase_add_test(tc, holds_against_a_thousand);
	tcase_add_test(tc, survives_any_kill);
	tcase_add_test(tc, a_month_agrees);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
