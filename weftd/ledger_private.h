/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger_private.h - the ledger's file: what a transaction is on disk.  ledger.c has the rules.
 */
#ifndef WEFTD_LEDGER_PRIVATE_H
#define WEFTD_LEDGER_PRIVATE_H

#include <pthread.h>

#include "weftd/database.h"
#include "weftd/ledger.h"

enum weft_ledger_statement {
	LEDGER_BEGIN,
	LEDGER_COMMIT,
	LEDGER_ROLLBACK,
	LEDGER_LAST,
	LEDGER_ADD,
	LEDGER_ENTER,
	LEDGER_OPEN_LIEN,
	LEDGER_LIENS,
	LEDGER_SUM,
	LEDGER_ALL,
	LEDGER_ENTRIES,
	LEDGER_LINES,
	LEDGER_PRUNE,
	LEDGER_COUNT_QUOTES,
	LEDGER_ADD_QUOTE,
	LEDGER_FIND_QUOTE,
	LEDGER_STATEMENTS
};

enum weft_ledger_kind { LEDGER_LIEN, LEDGER_CHARGE, LEDGER_RELEASE };
enum weft_ledger_side { LEDGER_FREE, LEDGER_HELD, LEDGER_SPENT };

/* As in the table's columns; texts are never NULL. */
struct weft_ledger_tx {
	int64_t n;
	enum weft_ledger_kind kind;
	int64_t lien;	    /* the transaction that began it; of a lien its own */
	int64_t at, counts; /* when it was booked, and for which period it counts */
	const char *key, *peer, *user, *account, *gres, *currency;
	int64_t first, attempt, remote_id, cards, price, seconds, held, amount, start, end;
};

struct weft_ledger_entry {
	enum weft_holder holder;
	const char *name, *currency;
	enum weft_ledger_side side;
	int64_t counts, amount;
};
#define LEDGER_MAX_ENTRIES 9

struct weft_ledger {
	pthread_mutex_t lock; /* the rest, while a call uses it */
	const struct weft_conf *conf;
	struct weft_database *db;
};

/* All with the lock held. */

/* The transaction in the row of a statement that selects all columns; its texts are good until the next step.
 */
struct weft_ledger_tx weft_ledger_row(sqlite3_stmt *s);

/* Between BEGIN and COMMIT: TX as the last transaction, with its entries.  N is filled in, and LIEN of a
 * lien. */
int weft_ledger_append(struct weft_ledger *ledger, struct weft_ledger_tx *tx, struct weft_err *err);

#endif
