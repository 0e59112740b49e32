/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runs_pay.c - what runs cost: a lien before one is noted in the book, and its end with the run's.
 *
 * The book and the ledger are two files.  A lien is taken before its run is in the book, and ends after the
 * run was noted as over; so a crash leaves a lien too many, never one too few, and the next start ends it.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weftd/log.h"
#include "weftd/runs_private.h"

#define LEDGER "ledger.db"

unsigned weft_runs_cards(const char *gres)
{
	unsigned long cards = 0;

	for (const char *part = gres; *part;) {
		size_t len = strcspn(part, ",");
		const char *digits = part + len;

		while (digits > part && digits[-1] >= '0' && digits[-1] <= '9')
			digits--;
		if (len > 0)
			cards += digits > part && digits[-1] == ':' && digits < part + len
					 ? strtoul(digits, NULL, 10)
					 : 1;
		part += len + (part[len] == ',');
	}
	return cards > UINT_MAX ? UINT_MAX : (unsigned)cards;
}

void weft_runs_pay_open(struct weft_runs *book, const char *dir, const struct weft_conf *conf)
{
	struct weft_err err = WEFT_ERR_INIT;
	char path[PATH_MAX];

	book->conf = conf;
	if ((size_t)snprintf(path, sizeof(path), "%s/" LEDGER, dir) < sizeof(path))
		book->ledger = weft_ledger_open(path, conf, &err);
	else
		weft_err(&err, "%.64s...: the path is too long", dir);
	if (book->ledger)
		return;
	snprintf(book->no_ledger, sizeof(book->no_ledger), "%.400s", err.text);
	weft_log(WEFT_LOG_ERROR, "%s; no job that costs something is handed over", err.text);
}

struct weft_ledger *weft_runs_ledger(struct weft_runs *book, struct weft_err *err)
{
	if (!book->ledger)
		weft_err(err, "the ledger cannot be used, and nothing is spent without it: %s",
			 book->no_ledger);
	return book->ledger; /* it never changes */
}

int weft_runs_pay_hold(struct weft_runs *book, const char *key, unsigned first,
		       const struct weft_run_order *order, bool *later, struct weft_err *err)
{
	struct weft_ledger_bill bill;

	if (!order->bill)
		return 0;
	bill = *order->bill;
	bill.key = key;
	bill.first = first;
	if (book->ledger)
		return weft_ledger_hold(book->ledger, &bill, time(NULL), later, err);
	*later = true;
	if (bill.price <= 0 && bill.most < 0 &&
	    !weft_ledger_has_budget(book->conf, bill.account, bill.user, bill.peer))
		return 0;
	weft_runs_ledger(book, err);
	return -1;
}

static int end_lien(struct weft_runs *book, const char *key, unsigned first, const struct weft_handover *h,
		    struct weft_err *err)
{
	struct weft_ledger_use use = { .cards = h ? weft_runs_cards(h->tres) : 0 };

	if (!h || !h->started) /* it never ran */
		return weft_ledger_end(book->ledger, key, first, NULL, time(NULL), err);
	use.start = h->started;
	use.end = h->ended;
	use.remote_id = h->id;
	use.attempt = h->attempt;
	return weft_ledger_end(book->ledger, key, first, &use, time(NULL), err);
}

void weft_runs_pay_end(struct weft_runs *book, struct weft_run *run, const struct weft_handover *h)
{
	struct weft_err err = WEFT_ERR_INIT;

	if (!run->owes || !book->ledger)
		return;
	if (end_lien(book, run->key, run->first, h, &err) == 0)
		run->owes = false;
	else
		weft_log(WEFT_LOG_ERROR, "%s: its lien does not end yet: %s", run->key, err.text);
}

void weft_runs_pay_drop(struct weft_runs *book, const char *key, unsigned first)
{
	struct weft_err err = WEFT_ERR_INIT;

	if (book->ledger && end_lien(book, key, first, NULL, &err) < 0)
		weft_log(WEFT_LOG_ERROR, "%s: its lien does not end yet: %s", key, err.text);
}

/* ---------------------------------------------------------------- at the start */

struct lien {
	char key[WEFT_RUN_KEY];
	unsigned first;
};

struct liens {
	struct lien *list;
	size_t n, size;
};

static int keep(void *arg, const char *key, unsigned first)
{
	struct liens *l = arg;

	if (l->n == l->size) {
		size_t size = l->size ? 2 * l->size : 64;
		struct lien *list = realloc(l->list, size * sizeof(*list));

		if (!list)
			return -1;
		l->list = list;
		l->size = size;
	}
	snprintf(l->list[l->n].key, sizeof(l->list[l->n].key), "%s", key);
	l->list[l->n++].first = first;
	return 0;
}

/* What the book on disk says of one run. */
struct found {
	const struct lien *lien;
	bool there, over, damaged;
	struct weft_handover h;
};

static int find(void *arg, const struct weft_store_row *row, const char *damage)
{
	struct found *f = arg;

	if (row->first != f->lien->first)
		return 0;
	f->there = true;
	f->damaged = damage || weft_handover_read(row->record, strlen(row->record), &f->h, NULL) < 0;
	f->over = !f->damaged && f->h.step == WEFT_HANDOVER_OVER;
	return 0;
}

static struct weft_run *in_memory(const struct weft_runs *book, const struct lien *lien)
{
	for (size_t i = 0; i < book->n_peers; i++) {
		for (struct weft_run *run = book->peers[i].runs; run; run = run->next) {
			if (run->first == lien->first && !strcmp(run->key, lien->key))
				return run;
		}
	}
	return NULL;
}

static int replay_one(struct weft_runs *book, const struct lien *lien, struct weft_err *err)
{
	struct found f = { .lien = lien };
	struct weft_run *run = in_memory(book, lien);

	if (weft_store_read(book->store, 0, lien->key, 0, find, &f, err) < 0)
		return -1;
	if (run)
		run->owes = true;
	if (f.there && !f.over) /* it lives, or may */
		return 0;
	if (end_lien(book, lien->key, lien->first, f.there ? &f.h : NULL, err) < 0)
		return -1;
	if (run)
		run->owes = false;
	weft_log(WEFT_LOG_INFO, "%s: its lien ends: %s", lien->key,
		 f.there ? "the run was over before weftd was" : "the run was not noted in the book");
	return 0;
}

int weft_runs_pay_replay(struct weft_runs *book, struct weft_err *err)
{
	struct liens l = { 0 };
	int rc;

	if (!book->ledger)
		return 0;
	rc = weft_ledger_liens(book->ledger, keep, &l, err);
	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = replay_one(book, &l.list[i], err);
	free(l.list);
	return rc < 0 ? weft_err(err, "out of memory") : 0;
}
