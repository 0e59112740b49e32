/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger.c - what runs at other sites cost: liens, charges, budgets, quotes and statements.
 */
#include "weftd/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "core/money.h"
#include "core/scan.h"
#include "weftd/ledger_private.h"

/* ---------------------------------------------------------------- transactions */

/* The lock, and a transaction: finish() ends both, also when this fails. */
static int begin(struct weft_ledger *ledger, struct weft_err *err)
{
	pthread_mutex_lock(&ledger->lock);
	return weft_database_run(ledger->db, LEDGER_BEGIN, err);
}

/* RC, once what was written is on disk or, when it is not 0, undone. */
static int finish(struct weft_ledger *ledger, int rc, struct weft_err *err)
{
	if (rc == 0)
		rc = weft_database_run(ledger->db, LEDGER_COMMIT, err);
	if (rc < 0 && !sqlite3_get_autocommit(ledger->db->sqlite))
		weft_database_run(ledger->db, LEDGER_ROLLBACK, NULL);
	pthread_mutex_unlock(&ledger->lock);
	return rc;
}

/* The lien of a run that has not ended: 1 with TX, whose texts are good until the statement is reset; 0:
 * there is none. */
static int open_lien(struct weft_ledger *ledger, const char *key, unsigned first, struct weft_ledger_tx *tx,
		     struct weft_err *err)
{
	sqlite3_stmt *s = ledger->db->statements[LEDGER_OPEN_LIEN];
	int rc;

	weft_database_bind_text(ledger->db, LEDGER_OPEN_LIEN, 1, key);
	weft_database_bind(ledger->db, LEDGER_OPEN_LIEN, 2, first);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*tx = weft_ledger_row(s);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : weft_database_fails(ledger->db, err);
}

/* ---------------------------------------------------------------- budgets */

time_t weft_ledger_since(enum weft_budget_period period, time_t now)
{
	struct tm tm;

	if (period == WEFT_PERIOD_TOTAL || !gmtime_r(&now, &tm))
		return 0;
	tm.tm_sec = tm.tm_min = tm.tm_hour = 0;
	tm.tm_mday = 1;
	if (period == WEFT_PERIOD_QUARTER)
		tm.tm_mon -= tm.tm_mon % 3;
	if (period == WEFT_PERIOD_YEAR)
		tm.tm_mon = 0;
	return timegm(&tm);
}

static bool is_holder(const struct weft_conf_budget *budget, const char *name)
{
	return budget->holder == WEFT_HOLDER_PEER ? weft_name_equal(budget->name, name)
						  : !strcmp(budget->name, name);
}

/* Does BUDGET count for the holder NAME?  That of "*" does where there is no own one for the period. */
static bool concerns(const struct weft_conf *conf, const struct weft_conf_budget *budget, const char *name)
{
	if (strcmp(budget->name, "*") != 0)
		return is_holder(budget, name);
	for (size_t i = 0; i < conf->n_budgets; i++) {
		const struct weft_conf_budget *other = &conf->budgets[i];

		if (other->holder == budget->holder && other->period == budget->period &&
		    is_holder(other, name))
			return false;
	}
	return true;
}

bool weft_ledger_has_budget(const struct weft_conf *conf, const char *account, const char *user,
			    const char *peer)
{
	const char *names[] = { account, user, peer };

	for (size_t i = 0; i < conf->n_budgets; i++) {
		const char *name = names[conf->budgets[i].holder];

		if (name && (!*name || concerns(conf, &conf->budgets[i], name)))
			return true;
	}
	return false;
}

/* The entries of one side of a budget since SINCE. */
static int sum_of(struct weft_ledger *ledger, const struct weft_conf_budget *budget, const char *name,
		  enum weft_ledger_side side, time_t since, int64_t *sum, struct weft_err *err)
{
	sqlite3_stmt *s = ledger->db->statements[LEDGER_SUM];
	int rc = 0;

	weft_database_bind(ledger->db, LEDGER_SUM, 1, budget->holder);
	weft_database_bind_text(ledger->db, LEDGER_SUM, 2, name);
	weft_database_bind(ledger->db, LEDGER_SUM, 3, side);
	weft_database_bind_text(ledger->db, LEDGER_SUM, 4, budget->currency);
	weft_database_bind(ledger->db, LEDGER_SUM, 5, since);
	if (sqlite3_step(s) == SQLITE_ROW)
		*sum = sqlite3_column_int64(s, 0);
	else
		rc = weft_database_fails(ledger->db, err);
	weft_database_reset(ledger->db, LEDGER_SUM);
	return rc;
}

static int state_of(struct weft_ledger *ledger, const struct weft_conf_budget *budget, const char *name,
		    time_t now, struct weft_ledger_budget *state, struct weft_err *err)
{
	time_t since = weft_ledger_since(budget->period, now);
	int64_t free;

	state->conf = budget;
	if (sum_of(ledger, budget, name, LEDGER_FREE, since, &free, err) < 0 ||
	    sum_of(ledger, budget, name, LEDGER_HELD, since, &state->held, err) < 0 ||
	    sum_of(ledger, budget, name, LEDGER_SPENT, since, &state->spent, err) < 0)
		return -1;
	if (weft_money_add(budget->limit, free, &state->left))
		return weft_err(err, "%s: a sum is too large", ledger->db->path);
	return 0;
}

int weft_ledger_budgets(struct weft_ledger *ledger, const char *account, const char *user, const char *peer,
			time_t now, weft_ledger_each_budget each, void *arg, struct weft_err *err)
{
	const char *names[] = { account, user, peer };
	int rc = 0;

	pthread_mutex_lock(&ledger->lock);
	for (size_t i = 0; rc == 0 && i < ledger->conf->n_budgets; i++) {
		const struct weft_conf_budget *budget = &ledger->conf->budgets[i];
		const char *name = names[budget->holder];
		struct weft_ledger_budget state;

		if (!name || !*name || !concerns(ledger->conf, budget, name))
			continue;
		rc = state_of(ledger, budget, name, now, &state, err);
		if (rc == 0)
			rc = each(arg, name, &state);
	}
	pthread_mutex_unlock(&ledger->lock);
	return rc;
}

/* ---------------------------------------------------------------- liens */

static const char *period_text(enum weft_budget_period period)
{
	static const char *const texts[] = { "this month", "this quarter", "this year", "in total" };

	return texts[period];
}

/* May AMOUNT be held on BUDGET of NAME? */
static int check_budget(struct weft_ledger *ledger, const struct weft_conf_budget *budget, const char *name,
			const struct weft_ledger_bill *bill, int64_t amount, time_t now, bool *later,
			struct weft_err *err)
{
	char left[WEFT_MONEY_SIZE], limit[WEFT_MONEY_SIZE], cost[WEFT_MONEY_SIZE];
	const char *holder = weft_holder_name(budget->holder);
	struct weft_ledger_budget state;

	if (!*name)
		return weft_err(err, "the job's %s is not known, and there is a budget for each", holder);
	if (strcmp(budget->currency, bill->currency) != 0)
		return weft_err(
			err, "the price at %s is in %s, and the budget of %s %s in %s: nothing is converted",
			bill->peer, *bill->currency ? bill->currency : "no currency", holder, name,
			budget->currency);
	if (state_of(ledger, budget, name, now, &state, err) < 0) {
		*later = true;
		return -1;
	}
	if (amount <= state.left)
		return 0;
	return weft_err(err, "%s %s has %s left of %s %s; this job may cost %s", holder, name,
			weft_money_text(state.left > 0 ? state.left : 0, budget->currency, left),
			weft_money_text(budget->limit, budget->currency, limit), period_text(budget->period),
			weft_money_text(amount, bill->currency, cost));
}

static int check_budgets(struct weft_ledger *ledger, const struct weft_ledger_bill *bill, int64_t amount,
			 time_t now, bool *later, struct weft_err *err)
{
	const char *names[] = { bill->account, bill->user, bill->peer };

	for (size_t i = 0; i < ledger->conf->n_budgets; i++) {
		const struct weft_conf_budget *budget = &ledger->conf->budgets[i];
		const char *name = names[budget->holder];

		/* The account that is not known may be the one that this budget is for. */
		if ((!*name || concerns(ledger->conf, budget, name)) &&
		    check_budget(ledger, budget, name, bill, amount, now, later, err) < 0)
			return -1;
	}
	return 0;
}

/* What does not depend on what was spent before. */
static int check_bill(const struct weft_ledger_bill *bill, int64_t amount, struct weft_err *err)
{
	char cost[WEFT_MONEY_SIZE], most[WEFT_MONEY_SIZE];

	if (amount < 0)
		return weft_err(err, "this job may cost more than can be counted");
	if (bill->most < 0)
		return 0;
	if (!weft_same_currency(bill->currency, bill->most_currency))
		return weft_err(err, "the price at %s is in %s, and --max-cost in %s: nothing is converted",
				bill->peer, bill->currency, bill->most_currency);
	if (amount > bill->most)
		return weft_err(err, "this job may cost %s, and --max-cost is %s",
				weft_money_text(amount, bill->currency, cost),
				weft_money_text(bill->most, bill->most_currency, most));
	return 0;
}

static int hold(struct weft_ledger *ledger, const struct weft_ledger_bill *bill, int64_t amount, time_t now,
		bool *later, struct weft_err *err)
{
	struct weft_ledger_tx tx;
	int there;

	*later = true;
	there = open_lien(ledger, bill->key, bill->first, &tx, err);
	weft_database_reset(ledger->db, LEDGER_OPEN_LIEN);
	if (there != 0)
		return there < 0 ? -1 : 0;
	*later = false;
	if (check_budgets(ledger, bill, amount, now, later, err) < 0)
		return -1;
	*later = true;
	tx = (struct weft_ledger_tx){ .kind = LEDGER_LIEN,
				      .at = now,
				      .counts = now,
				      .key = bill->key,
				      .peer = bill->peer,
				      .user = bill->user,
				      .account = bill->account,
				      .gres = bill->gres,
				      .currency = bill->currency,
				      .first = bill->first,
				      .cards = bill->cards,
				      .price = bill->price,
				      .seconds = bill->seconds,
				      .held = amount };
	return weft_ledger_append(ledger, &tx, err);
}

int weft_ledger_hold(struct weft_ledger *ledger, const struct weft_ledger_bill *bill, time_t now, bool *later,
		     struct weft_err *err)
{
	int64_t amount = weft_money_cost(bill->price, bill->cards, bill->seconds);
	int rc;

	*later = false;
	if (bill->price < 0 && bill->most < 0 &&
	    !weft_ledger_has_budget(ledger->conf, bill->account, bill->user, bill->peer))
		return 0;
	if (bill->price < 0 || bill->cards == 0) {
		*later = true;
		return weft_err(err, "what %s costs at %s is not known, and there is a budget to be kept",
				*bill->gres ? bill->gres : "the job", bill->peer);
	}
	if (check_bill(bill, amount, err) < 0)
		return -1;
	*later = true;
	rc = begin(ledger, err);
	if (rc == 0)
		rc = hold(ledger, bill, amount, now, later, err);
	return finish(ledger, rc, err);
}

int weft_ledger_try(struct weft_ledger *ledger, const struct weft_ledger_bill *bill, time_t now,
		    struct weft_err *err)
{
	int64_t amount = weft_money_cost(bill->price, bill->cards, bill->seconds);
	bool later;
	int rc;

	if (bill->price < 0)
		return weft_err(err, "what %s costs at %s is not known", bill->gres, bill->peer);
	if (check_bill(bill, amount, err) < 0)
		return -1;
	pthread_mutex_lock(&ledger->lock);
	rc = check_budgets(ledger, bill, amount, now, &later, err);
	pthread_mutex_unlock(&ledger->lock);
	return rc;
}

/* ---------------------------------------------------------------- charges */

/* LIEN becomes what ends it, with what USE (NULL: nothing) cost: never more than was held. */
static void weigh(struct weft_ledger_tx *lien, const struct weft_ledger_use *use)
{
	int64_t limit = lien->seconds, cost;

	lien->kind = use ? LEDGER_CHARGE : LEDGER_RELEASE;
	lien->amount = 0;
	if (!use)
		return;
	lien->attempt = use->attempt;
	lien->remote_id = use->remote_id;
	lien->cards = use->cards ? use->cards : lien->cards;
	lien->start = use->start;
	lien->end = use->end;
	lien->amount = lien->held;
	if (!use->end)
		return;
	lien->seconds = use->end > use->start ? use->end - use->start : 0;
	lien->seconds = lien->seconds < limit ? lien->seconds : limit;
	cost = weft_money_cost(lien->price, (uint64_t)lien->cards, (uint64_t)lien->seconds);
	lien->amount = cost >= 0 && cost < lien->held ? cost : lien->held;
}

static int end(struct weft_ledger *ledger, const char *key, unsigned first, const struct weft_ledger_use *use,
	       time_t now, struct weft_err *err)
{
	struct weft_ledger_tx tx;
	int rc = open_lien(ledger, key, first, &tx, err);

	if (rc > 0) {
		weigh(&tx, use);
		tx.at = now;
		if (use && !tx.end)
			tx.end = now; /* a statement goes by it */
		rc = weft_ledger_append(ledger, &tx, err);
	}
	weft_database_reset(ledger->db, LEDGER_OPEN_LIEN);
	return rc;
}

int weft_ledger_end(struct weft_ledger *ledger, const char *key, unsigned first,
		    const struct weft_ledger_use *use, time_t now, struct weft_err *err)
{
	int rc;

	rc = begin(ledger, err);
	if (rc == 0)
		rc = end(ledger, key, first, use, now, err);
	return finish(ledger, rc, err);
}

int weft_ledger_liens(struct weft_ledger *ledger, weft_ledger_each each, void *arg, struct weft_err *err)
{
	sqlite3_stmt *s = ledger->db->statements[LEDGER_LIENS];
	int step = SQLITE_DONE, rc = 0;

	pthread_mutex_lock(&ledger->lock);
	while (rc == 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
		struct weft_ledger_tx tx = weft_ledger_row(s);

		rc = each(arg, tx.key, (unsigned)tx.first);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = weft_database_fails(ledger->db, err);
	weft_database_reset(ledger->db, LEDGER_LIENS);
	pthread_mutex_unlock(&ledger->lock);
	return rc;
}

/* ---------------------------------------------------------------- quotes */

static int count_quotes(struct weft_ledger *ledger, const char *user, struct weft_err *err)
{
	sqlite3_stmt *s = ledger->db->statements[LEDGER_COUNT_QUOTES];
	int n;

	weft_database_bind_text(ledger->db, LEDGER_COUNT_QUOTES, 1, user);
	n = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int(s, 0) : weft_database_fails(ledger->db, err);
	weft_database_reset(ledger->db, LEDGER_COUNT_QUOTES);
	return n;
}

static int add_quote(struct weft_ledger *ledger, const struct weft_ledger_quote *quote, time_t now,
		     struct weft_err *err)
{
	const char *words[] = { quote->id, quote->peer, quote->user, quote->gres };
	int n;

	weft_database_bind(ledger->db, LEDGER_PRUNE, 1, now);
	if (weft_database_run(ledger->db, LEDGER_PRUNE, err) < 0)
		return -1;
	n = count_quotes(ledger, quote->user, err);
	if (n < 0)
		return -1;
	if (n >= WEFT_LEDGER_QUOTES)
		return weft_err(err, "%s has %d quotes; they hold for %d minutes", quote->user, n,
				WEFT_LEDGER_QUOTE / 60);
	for (int i = 0; i < 4; i++)
		weft_database_bind_text(ledger->db, LEDGER_ADD_QUOTE, 1 + i, words[i]);
	weft_database_bind(ledger->db, LEDGER_ADD_QUOTE, 5, quote->price);
	weft_database_bind_text(ledger->db, LEDGER_ADD_QUOTE, 6, quote->currency);
	weft_database_bind(ledger->db, LEDGER_ADD_QUOTE, 7, quote->expires);
	return weft_database_run(ledger->db, LEDGER_ADD_QUOTE, err);
}

int weft_ledger_add_quote(struct weft_ledger *ledger, struct weft_ledger_quote *quote, time_t now,
			  struct weft_err *err)
{
	uint64_t random;
	int rc;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return weft_err(err, "no random number: %s", strerror(errno));
	snprintf(quote->id, sizeof(quote->id), "%016" PRIx64, random);
	quote->expires = now + WEFT_LEDGER_QUOTE;
	rc = begin(ledger, err);
	if (rc == 0)
		rc = add_quote(ledger, quote, now, err);
	return finish(ledger, rc, err);
}

static void take(sqlite3_stmt *s, int column, char *to, size_t size)
{
	snprintf(to, size, "%s", weft_database_text(s, column));
}

int weft_ledger_find_quote(struct weft_ledger *ledger, const char *id, time_t now,
			   struct weft_ledger_quote *quote, struct weft_err *err)
{
	sqlite3_stmt *s = ledger->db->statements[LEDGER_FIND_QUOTE];
	int rc;

	memset(quote, 0, sizeof(*quote));
	pthread_mutex_lock(&ledger->lock);
	weft_database_bind_text(ledger->db, LEDGER_FIND_QUOTE, 1, id);
	weft_database_bind(ledger->db, LEDGER_FIND_QUOTE, 2, now);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		snprintf(quote->id, sizeof(quote->id), "%s", id);
		take(s, 0, quote->peer, sizeof(quote->peer));
		take(s, 1, quote->user, sizeof(quote->user));
		take(s, 2, quote->gres, sizeof(quote->gres));
		quote->price = sqlite3_column_int64(s, 3);
		take(s, 4, quote->currency, sizeof(quote->currency));
		quote->expires = sqlite3_column_int64(s, 5);
	} else if (rc != SQLITE_DONE) {
		weft_database_fails(ledger->db, err);
	}
	weft_database_reset(ledger->db, LEDGER_FIND_QUOTE);
	pthread_mutex_unlock(&ledger->lock);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

/* ---------------------------------------------------------------- statements */

static int show(sqlite3_stmt *s, weft_ledger_each_line each, void *arg)
{
	struct weft_ledger_tx tx = weft_ledger_row(s);
	struct weft_ledger_line line = { .n = tx.n,
					 .key = tx.key,
					 .peer = tx.peer,
					 .user = tx.user,
					 .account = tx.account,
					 .gres = tx.gres,
					 .currency = tx.currency,
					 .first = (unsigned)tx.first,
					 .attempt = (unsigned)tx.attempt,
					 .cards = (unsigned)tx.cards,
					 .remote_id = (uint32_t)tx.remote_id,
					 .price = tx.price,
					 .most = tx.held,
					 .amount = tx.amount,
					 .start = tx.start,
					 .end = tx.end,
					 .booked = tx.at,
					 .seconds = (uint64_t)tx.seconds };

	return each(arg, &line);
}

int weft_ledger_lines(struct weft_ledger *ledger, const struct weft_ledger_filter *filter,
		      weft_ledger_each_line each, void *arg, struct weft_err *err)
{
	sqlite3_stmt *s = ledger->db->statements[LEDGER_LINES];
	int step = SQLITE_DONE, rc = 0;

	pthread_mutex_lock(&ledger->lock);
	weft_database_bind(ledger->db, LEDGER_LINES, 1, filter->after);
	weft_database_bind_text(ledger->db, LEDGER_LINES, 2, filter->account);
	weft_database_bind_text(ledger->db, LEDGER_LINES, 3, filter->user);
	weft_database_bind_text(ledger->db, LEDGER_LINES, 4, filter->peer);
	weft_database_bind(ledger->db, LEDGER_LINES, 5, filter->from);
	weft_database_bind(ledger->db, LEDGER_LINES, 6, filter->to);
	while (rc == 0 && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = show(s, each, arg);
	if (rc == 0 && step != SQLITE_DONE)
		rc = weft_database_fails(ledger->db, err);
	weft_database_reset(ledger->db, LEDGER_LINES);
	pthread_mutex_unlock(&ledger->lock);
	return rc;
}
