/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trade.c - what a job may cost at a peer, quotes, and what the ledger tells to whom.
 */
#include "weftd/trade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/money.h"
#include "core/scan.h"
#include "core/statement.h"
#include "core/price.h"

#define MAX_CARDS   1000000
#define MAX_MINUTES (366 * 24 * 60)
#define MAX_LINES   1500 /* of a statement, in one answer */

/* ---------------------------------------------------------------- prices */

int64_t weft_trade_price(const struct weft_trader *t, const char *peer, const char *gres, char currency[4])
{
	const struct weft_conf_peer *conf = weft_conf_find_peer(t->conf, peer);
	int64_t price = t->watch ? weft_watch_price(t->watch, peer, gres, currency) : -1;

	if (price >= 0 || !conf)
		return price;
	price = weft_price_at(conf->price, time(NULL), NULL);
	memcpy(currency, conf->currency, sizeof(conf->currency));
	return price;
}

/* ---------------------------------------------------------------- the bill of an order */

static int read_most(json_object *question, struct weft_trade_bill *bill, struct weft_err *err)
{
	const char *text;

	bill->bill.most = -1;
	if (weft_question_text(question, "max_cost", false, 64, &text, err) < 0)
		return -1;
	if (text && weft_money_parse(text, strlen(text), &bill->bill.most, bill->most_currency))
		return weft_err(err, "max_cost: \"%s\" is not an amount such as 2.50 or 2.50EUR", text);
	bill->bill.most_currency = bill->most_currency;
	return 0;
}

/* The price that was quoted, when there was a quote. */
static int use_quote(const struct weft_trader *t, json_object *question,
		     const struct weft_question_order *order, struct weft_trade_bill *bill, bool *later,
		     struct weft_err *err)
{
	struct weft_ledger_quote quote;
	struct weft_ledger *ledger;
	const char *id;
	int rc;

	if (weft_question_text(question, "quote", false, 32, &id, err) < 0)
		return -1;
	if (!id)
		return 0;
	*later = true;
	ledger = weft_runs_ledger(t->runs, err);
	rc = ledger ? weft_ledger_find_quote(ledger, id, time(NULL), &quote, err) : -1;
	if (rc < 0)
		return -1;
	*later = false;
	if (rc == 0 || strcmp(quote.user, t->user) != 0)
		return weft_err(err, "the quote %s does not hold, or not any more", id);
	if (strcmp(quote.peer, order->run.peer) != 0 || !weft_name_equal(quote.gres, order->kind))
		return weft_err(err, "the quote %s is for %s at %s, not %s at %s", id, quote.gres, quote.peer,
				order->kind, order->run.peer);
	bill->bill.price = quote.price;
	memcpy(bill->currency, quote.currency, sizeof(bill->currency));
	return 0;
}

int weft_trade_bill(const struct weft_trader *t, json_object *question, struct weft_question_order *order,
		    struct weft_trade_bill *made, bool *later, struct weft_err *err)
{
	struct weft_ledger_bill *bill = &made->bill;

	*made = (struct weft_trade_bill){ .bill = { .peer = order->run.peer,
						    .user = t->user,
						    .account = order->account,
						    .gres = order->kind,
						    .cards = order->cards,
						    .seconds = order->run.what.minutes * 60 } };
	bill->price = weft_trade_price(t, bill->peer, bill->gres, made->currency);
	bill->currency = made->currency;
	if (read_most(question, made, err) < 0 || use_quote(t, question, order, made, later, err) < 0)
		return -1;
	order->run.bill = bill;
	return 0;
}

/* ---------------------------------------------------------------- quotes */

static void put_text(json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, *text ? json_object_new_string(text) : NULL);
}

static void put_number(json_object *o, const char *key, int64_t n)
{
	json_object_object_add(o, key, n >= 0 ? json_object_new_int64(n) : NULL);
}

struct wanted {
	const char *gres, *account;
	int64_t cards, minutes;
};

/* One peer's price for it; NULL: out of memory. */
static json_object *make_quote(const struct weft_trader *t, struct weft_ledger *ledger,
			       const struct weft_conf_peer *peer, const struct wanted *w, time_t now)
{
	struct weft_ledger_quote quote = { .expires = -1 };
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_ledger_bill bill = { .peer = peer->name,
					 .user = t->user,
					 .account = w->account ? w->account : "",
					 .gres = w->gres,
					 .cards = (unsigned)w->cards,
					 .seconds = (uint32_t)w->minutes * 60,
					 .currency = quote.currency,
					 .most = -1 };
	json_object *o = json_object_new_object();

	bill.price = weft_trade_price(t, peer->name, w->gres, quote.currency);
	quote.price = bill.price;
	snprintf(quote.peer, sizeof(quote.peer), "%s", peer->name);
	snprintf(quote.user, sizeof(quote.user), "%s", t->user);
	snprintf(quote.gres, sizeof(quote.gres), "%s", w->gres);
	if (bill.price < 0 || weft_ledger_add_quote(ledger, &quote, now, NULL) < 0) {
		quote.id[0] = '\0';
		quote.expires = -1;
	}
	weft_ledger_try(ledger, &bill, now, &why);
	put_text(o, "id", quote.id);
	put_text(o, "peer", peer->name);
	put_text(o, "gres", w->gres);
	put_number(o, "cards", w->cards);
	put_number(o, "minutes", w->minutes);
	put_number(o, "price", bill.price);
	put_text(o, "currency", bill.price >= 0 ? quote.currency : "");
	put_number(o, "cost", weft_money_cost(bill.price, bill.cards, bill.seconds));
	put_number(o, "expires", quote.expires);
	put_text(o, "refused", why.text);
	return o;
}

int weft_trade_quote(const struct weft_trader *t, json_object *question, json_object *answer, bool *later,
		     struct weft_err *err)
{
	struct weft_ledger *ledger;
	json_object *list;
	struct wanted w;
	const char *peer;

	if (weft_question_text(question, "peer", false, WEFT_NAME_MAX, &peer, err) < 0 ||
	    weft_question_text(question, "gres", true, 255, &w.gres, err) < 0 ||
	    weft_question_text(question, "account", false, WEFT_CONF_MAX_WORD, &w.account, err) < 0 ||
	    weft_question_whole(question, "cards", true, 1, MAX_CARDS, &w.cards, err) < 0 ||
	    weft_question_whole(question, "minutes", true, 1, MAX_MINUTES, &w.minutes, err) < 0)
		return -1;
	if (peer && !weft_conf_find_peer(t->conf, peer))
		return weft_err(err, "there is no peer \"%s\"", weft_snip(peer, strlen(peer)).text);
	*later = true;
	ledger = weft_runs_ledger(t->runs, err);
	list = ledger ? json_object_new_array() : NULL;
	if (!list)
		return weft_err(err, "out of memory");
	/* What is left to an account is its members' business; who is one, squeue does not say. */
	w.account = t->all ? w.account : NULL;
	for (size_t i = 0; i < t->conf->n_peers; i++) {
		if (!peer || weft_name_equal(peer, t->conf->peers[i].name))
			json_object_array_add(list,
					      make_quote(t, ledger, &t->conf->peers[i], &w, time(NULL)));
	}
	json_object_object_add(answer, "quotes", list);
	return 0;
}

/* ---------------------------------------------------------------- statements */

struct page {
	json_object *lines;
	unsigned n;
	int64_t last; /* transaction */
	bool more;
};

static int put_line(void *arg, const struct weft_ledger_line *line)
{
	struct page *page = arg;
	struct weft_statement_line l = { .remote_id = line->remote_id,
					 .cards = line->cards,
					 .price = line->price,
					 .amount = line->amount,
					 .start = line->start,
					 .end = line->end,
					 .seconds = (int64_t)line->seconds };
	json_object *o;

	if (page->n == MAX_LINES) {
		page->more = true;
		return 1;
	}
	snprintf(l.key, sizeof(l.key), "%s", line->key);
	snprintf(l.peer, sizeof(l.peer), "%s", line->peer);
	snprintf(l.user, sizeof(l.user), "%s", line->user);
	snprintf(l.account, sizeof(l.account), "%s", line->account);
	snprintf(l.gres, sizeof(l.gres), "%s", line->gres);
	snprintf(l.currency, sizeof(l.currency), "%s", line->currency);
	o = weft_statement_line_json(&l);
	if (!o || json_object_array_add(page->lines, o) < 0)
		return -1;
	page->n++;
	page->last = line->n;
	return 0;
}

static int put_budget(void *arg, const char *name, const struct weft_ledger_budget *budget)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "holder", json_object_new_string(weft_holder_name(budget->conf->holder)));
	put_text(o, "name", name);
	json_object_object_add(o, "period",
			       json_object_new_string(weft_budget_period_name(budget->conf->period)));
	put_text(o, "currency", budget->conf->currency);
	put_number(o, "limit", budget->conf->limit);
	put_number(o, "spent", budget->spent);
	put_number(o, "held", budget->held);
	json_object_object_add(o, "left", json_object_new_int64(budget->left));
	return json_object_array_add(arg, o);
}

static int put_statement(const struct weft_trader *t, struct weft_ledger *ledger,
			 const struct weft_ledger_filter *filter, json_object *answer, struct weft_err *err)
{
	json_object *o = json_object_new_object();
	struct page page = { .lines = json_object_new_array() };
	char head[WEFT_LEDGER_SUM] = "";
	int64_t n = 0;
	int rc;

	json_object_object_add(o, "weft_statement", json_object_new_int(WEFT_STATEMENT_VERSION));
	json_object_object_add(o, "side", json_object_new_string("bought"));
	put_text(o, "peer", filter->peer ? filter->peer : "");
	json_object_object_add(o, "from", json_object_new_int64(filter->from));
	put_number(o, "to", filter->to ? filter->to : -1);
	json_object_object_add(o, "made", json_object_new_int64(time(NULL)));
	json_object_object_add(o, "lines", page.lines);
	json_object_object_add(answer, "statement", o);
	rc = weft_ledger_lines(ledger, filter, put_line, &page, err);
	if (rc < 0)
		return weft_err(err, "out of memory");
	json_object_object_add(answer, "more", page.more ? json_object_new_int64(page.last) : NULL);
	/* Who can see all of it can keep the sum of its last transaction, and so see later that nothing is
	 * gone. */
	if (t->all && !page.more && weft_ledger_check(ledger, head, &n, err) < 0)
		return -1;
	put_text(o, "head", head);
	put_number(o, "transactions", t->all && !page.more ? n : -1);
	return 0;
}

int weft_trade_ledger(const struct weft_trader *t, json_object *question, json_object *answer, bool *later,
		      struct weft_err *err)
{
	struct weft_ledger_filter filter = { 0 };
	json_object *budgets;
	struct weft_ledger *ledger;
	const char *month;
	int64_t after;

	if (weft_question_text(question, "account", false, WEFT_CONF_MAX_WORD, &filter.account, err) < 0 ||
	    weft_question_text(question, "peer", false, WEFT_NAME_MAX, &filter.peer, err) < 0 ||
	    weft_question_text(question, "user", false, WEFT_CONF_MAX_WORD, &filter.user, err) < 0 ||
	    weft_question_text(question, "month", false, 16, &month, err) < 0 ||
	    weft_question_whole(question, "after", false, 0, INT64_MAX, &after, err) < 0)
		return -1;
	if (month && weft_statement_month(month, &filter.from, &filter.to) < 0)
		return weft_err(err, "month: \"%s\" is not a month such as 2026-11", month);
	if (!t->all && filter.user && strcmp(filter.user, t->user) != 0)
		return weft_err(err, "%s may not see what %s spent", t->user, filter.user);
	if (!t->all)
		filter.user = t->user;
	filter.after = after;
	*later = true;
	ledger = weft_runs_ledger(t->runs, err);
	if (!ledger || put_statement(t, ledger, &filter, answer, err) < 0)
		return -1;
	budgets = json_object_new_array();
	json_object_object_add(answer, "budgets", budgets);
	if (weft_ledger_budgets(ledger, t->all ? filter.account : NULL, filter.user,
				t->all ? filter.peer : NULL, time(NULL), put_budget, budgets, err) < 0)
		return weft_err(err, "out of memory");
	return 0;
}
