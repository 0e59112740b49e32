/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_statement.c - what two statements disagree about, and what the ledger's charges say in one.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/statement.h"
#include "weftd/ledger.h"

#define NOW	  1794700800 /* 2026-11-15T00:00:00Z */
#define EUR	  INT64_C(1000000)
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* ---------------------------------------------------------------- months */

START_TEST(months)
{
	static const struct {
		const char *text;
		time_t from, to; /* 0: it is none */
	} cases[] = {
		{ "2026-11", 1793491200, 1796083200 },
		{ "2026-12", 1796083200, 1798761600 },
		{ "2024-02", 1706745600, 1709251200 },
		{ "1970-01", 0, 2678400 },
		{ "2026-00", 0, 0 },
		{ "2026-13", 0, 0 },
		{ "2026-1", 0, 0 },
		{ "2026-011", 0, 0 },
		{ "2026-11-01", 0, 0 },
		{ "2026/11", 0, 0 },
		{ "1969-12", 0, 0 },
		{ "2200-01", 0, 0 },
		{ "202", 0, 0 },
		{ "", 0, 0 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		time_t from = -1, to = -1;

		ck_assert_int_eq(weft_statement_month(cases[i].text, &from, &to), cases[i].to ? 0 : -1);
		if (!cases[i].to)
			continue;
		ck_assert_int_eq(from, cases[i].from);
		ck_assert_int_eq(to, cases[i].to);
	}
}
END_TEST

/* ---------------------------------------------------------------- comparing */

static char told[1024];

static int tell(void *arg, enum weft_difference what, const struct weft_statement_line *here,
		const struct weft_statement_line *there)
{
	static const char *const words[] = { "missing here", "missing there", "twice here", "twice there",
					     "altered" };
	const struct weft_statement_line *line = here ? here : there;
	size_t used = strlen(told);

	ck_assert(!here == (what == WEFT_DIFFERENCE_MISSING_HERE || what == WEFT_DIFFERENCE_TWICE_THERE));
	ck_assert(!there == (what == WEFT_DIFFERENCE_MISSING_THERE || what == WEFT_DIFFERENCE_TWICE_HERE));
	snprintf(told + used, sizeof(told) - used, "%s %s/%u;", words[what], line->key, line->remote_id);
	return arg && --*(int *)arg == 0 ? -1 : 0;
}

static struct weft_statement_line line(const char *key, uint32_t id, int64_t amount, const char *currency)
{
	struct weft_statement_line l = { .remote_id = id, .amount = amount };

	snprintf(l.key, sizeof(l.key), "%s", key);
	snprintf(l.currency, sizeof(l.currency), "%s", currency);
	return l;
}

static int64_t compare(struct weft_statement_line *here, size_t nh, struct weft_statement_line *there,
		       size_t nt, int *patience)
{
	struct weft_statement a = { here, nh }, b = { there, nt };

	told[0] = '\0';
	return weft_statement_compare(&a, &b, tell, patience);
}

START_TEST(what_cost_nothing)
{
	struct weft_statement_line here[] = { line("c.1.1", 1, 0, "EUR"), line("c.2.1", 2, 0, "EUR"),
					      line("c.4.1", 4, 0, "EUR"), line("c.4.1", 4, 0, "EUR") },
				   there[] = { line("c.2.1", 2, 1, "EUR"), line("c.3.1", 3, 0, "EUR") };

	ck_assert_int_eq(compare(here, 4, there, 2, NULL), 2);
	ck_assert_str_eq(told, "altered c.2.1/2;twice here c.4.1/4;");
}
END_TEST

START_TEST(differences)
{
	struct weft_statement_line here[] = { line("c.2.1", 7, 5, "EUR"), line("c.1.1", 9, 5, "EUR"),
					      line("c.1.1", 8, 5, "EUR"), line("c.3.1", 1, 5, "EUR"),
					      line("c.3.1", 1, 5, "EUR") },
				   there[] = { line("c.1.1", 8, 5, "EUR"), line("c.1.1", 9, 5, "USD"),
					       line("c.2.1", 7, 6, "EUR"), line("c.3.1", 1, 5, "EUR") };
	int patience = 2;

	ck_assert_int_eq(compare(here, 0, there, 0, NULL), 0);
	ck_assert_int_eq(compare(here, 5, there, 4, NULL), 3);
	ck_assert_str_eq(told, "altered c.1.1/9;altered c.2.1/7;twice here c.3.1/1;");
	ck_assert_int_eq(compare(there, 4, here, 5, NULL), 3);
	ck_assert_str_eq(told, "altered c.1.1/9;altered c.2.1/7;twice there c.3.1/1;");
	/* One key with two ids is two runs: the job was requeued. */
	ck_assert_int_eq(compare(here, 1, there + 1, 1, NULL), 2); /* sorted by now */
	ck_assert_str_eq(told, "missing there c.1.1/8;missing here c.1.1/9;");
	ck_assert_int_eq(compare(here, 5, there, 0, &patience), -1);
	ck_assert_str_eq(told, "missing there c.1.1/8;missing there c.1.1/9;");
}
END_TEST

/* ---------------------------------------------------------------- charges */

static char dir[] = "/tmp/weft-statement-XXXXXX", path[128];
static struct weft_err err;
static struct weft_conf *conf;
static struct weft_ledger *ledger;

static void open_with(const char *budgets)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "Peer=beta Url=http://127.0.0.1:9 Token=/nonexistent Users=same Node=b Partition=b Price=2 "
		 "Currency=EUR\n%s\n",
		 budgets);
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ledger.db", dir);
	err.text[0] = '\0';
	conf = weft_conf_parse("weft.conf", text, strlen(text), &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	ledger = weft_ledger_open(path, conf, &err);
	ck_assert_msg(ledger != NULL, "%s", err.text);
}

static void clear(void)
{
	char command[200];

	weft_ledger_close(ledger);
	weft_conf_destroy(conf);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* 8 cards for an hour at 0.25 EUR: 2 EUR. */
static int hold(const char *key)
{
	struct weft_ledger_bill bill = { .key = key,
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
	bool later;

	err.text[0] = '\0';
	return weft_ledger_hold(ledger, &bill, NOW, &later, &err);
}

static struct weft_ledger_line last;
static unsigned lines;

static int take(void *arg, const struct weft_ledger_line *l)
{
	(void)arg;
	last = *l;
	lines++;
	return 0;
}

static void charge(const char *key, const struct weft_ledger_use *use, time_t now)
{
	struct weft_ledger_filter filter = { .peer = "beta" };

	lines = 0;
	ck_assert_msg(hold(key) == 0, "%s", err.text);
	ck_assert_int_eq(weft_ledger_end(ledger, key, 1, use, now, &err), 0);
	ck_assert_int_eq(weft_ledger_lines(ledger, &filter, take, NULL, &err), 0);
}

START_TEST(charges)
{
	struct weft_ledger_use use = { .cards = 4, .start = NOW + 60, .end = NOW + 1860, .remote_id = 9 };

	open_with("");
	charge("c.1.1", &use, NOW + 2000);
	ck_assert_uint_eq(lines, 1);
	ck_assert_int_eq(last.cards, 4);
	ck_assert_int_eq(last.seconds, 1800);
	ck_assert_int_eq(last.amount, EUR / 2);
	ck_assert_int_eq(last.end, NOW + 1860);
	/* Longer than its limit: what is beyond it is not paid, even if the amount would be within the lien.
	 */
	use.end = NOW + 60 + 5000;
	charge("c.2.1", &use, NOW + 6000);
	ck_assert_uint_eq(lines, 2);
	ck_assert_int_eq(last.seconds, 3600);
	ck_assert_int_eq(last.amount, EUR);
	ck_assert_int_eq(last.end, NOW + 5060);
	/* Nobody knows when it ended: all that was held, in the month of now. */
	use.end = 0;
	charge("c.3.1", &use, NOW + 9000);
	ck_assert_uint_eq(lines, 3);
	ck_assert_int_eq(last.amount, 2 * EUR);
	ck_assert_int_eq(last.end, NOW + 9000);
	/* Ended before it began: somebody's clock. */
	use.end = NOW;
	charge("c.4.1", &use, NOW + 9000);
	ck_assert_int_eq(last.seconds, 0);
	ck_assert_int_eq(last.amount, 0);
	clear();
}
END_TEST

/* A budget of one's own stands in for that of all for the same period alone. */
START_TEST(budgets_of_all)
{
	open_with("Budget=user:* Limit=1EUR Period=year\nBudget=user:ann Limit=9EUR");
	ck_assert_int_eq(hold("c.1.1"), -1);
	ck_assert_str_eq(err.text,
			 "user ann has 1.00 EUR left of 1.00 EUR this year; this job may cost 2.00 EUR");
	clear();
	open_with("Budget=user:* Limit=1EUR Period=year\nBudget=user:ann Limit=9EUR Period=year");
	ck_assert_msg(hold("c.1.1") == 0, "%s", err.text);
	clear();
	open_with("Budget=user:* Limit=1EUR\nBudget=account:ann Limit=9EUR");
	ck_assert_int_eq(hold("c.1.1"), -1);
	clear();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("statement");
	TCase *tc = tcase_create("statement");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, months);
	tcase_add_test(tc, what_cost_nothing);
	tcase_add_test(tc, differences);
	tcase_add_test(tc, charges);
	tcase_add_test(tc, budgets_of_all);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
