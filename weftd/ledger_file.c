/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger_file.c - the ledger on disk: its tables, its transactions and their entries, and the chain of sums.
 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weftd/ledger_private.h"

#define PATIENCE 20000 /* ms for which one process waits for another */

#define COLUMNS                                                                                              \
	"n,kind,lien,at,counts,key,peer,user,account,gres,currency,first,attempt,remote_id,cards,price,"     \
	"seconds,held,amount,start,end,sum"

static const char *const texts[LEDGER_STATEMENTS] = {
	[LEDGER_BEGIN] = "BEGIN IMMEDIATE",
	[LEDGER_COMMIT] = "COMMIT",
	[LEDGER_ROLLBACK] = "ROLLBACK",
	[LEDGER_LAST] = "SELECT n,sum FROM transactions ORDER BY n DESC LIMIT 1",
	[LEDGER_ADD] = "INSERT INTO transactions(" COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,"
		       "?13,?14,?15,?16,?17,?18,?19,?20,?21,?22)",
	[LEDGER_ENTER] = "INSERT INTO entries(n,holder,name,side,currency,counts,amount) "
			 "VALUES(?1,?2,?3,?4,?5,?6,?7)",
	[LEDGER_OPEN_LIEN] =
		"SELECT " COLUMNS " FROM transactions l WHERE key=?1 AND first=?2 AND kind=0 AND "
		"NOT EXISTS(SELECT 1 FROM transactions e WHERE e.lien=l.n AND e.kind<>0)",
	[LEDGER_LIENS] = "SELECT " COLUMNS " FROM transactions l WHERE kind=0 AND "
			 "NOT EXISTS(SELECT 1 FROM transactions e WHERE e.lien=l.n AND e.kind<>0) ORDER BY n",
	[LEDGER_SUM] = "SELECT sum(amount) FROM entries WHERE holder=?1 AND name=?2 AND side=?3 AND "
		       "currency=?4 AND counts>=?5",
	[LEDGER_ALL] = "SELECT " COLUMNS " FROM transactions ORDER BY n",
	[LEDGER_ENTRIES] = "SELECT holder,name,side,currency,counts,amount FROM entries WHERE n=?1 ORDER BY "
			   "rowid",
	[LEDGER_LINES] =
		"SELECT " COLUMNS " FROM transactions WHERE kind=1 AND n>?1 AND (?2='' OR account=?2) "
		"AND (?3='' OR user=?3) AND (?4='' OR peer=?4) AND end>=?5 AND (?6=0 OR end<?6) "
		"ORDER BY n",
	[LEDGER_PRUNE] = "DELETE FROM quotes WHERE expires<=?1",
	[LEDGER_COUNT_QUOTES] = "SELECT count(*) FROM quotes WHERE user=?1",
	[LEDGER_ADD_QUOTE] = "INSERT INTO quotes(id,peer,user,gres,price,currency,expires) "
			     "VALUES(?1,?2,?3,?4,?5,?6,?7)",
	[LEDGER_FIND_QUOTE] = "SELECT peer,user,gres,price,currency,expires FROM quotes WHERE id=?1 AND "
			      "expires>?2",
};

#define REFUSE(what, table)                                                                                  \
	"CREATE TRIGGER " table "_" what " BEFORE " what " ON " table                                        \
	" BEGIN SELECT RAISE(ABORT,'the ledger is append only'); END;"

static const char tables[] =
	"CREATE TABLE transactions(n INTEGER PRIMARY KEY,kind INTEGER NOT NULL CHECK(kind IN(0,1,2)),"
	"lien INTEGER NOT NULL,at INTEGER NOT NULL,counts INTEGER NOT NULL,key TEXT NOT NULL,"
	"peer TEXT NOT NULL,user TEXT NOT NULL,account TEXT NOT NULL,gres TEXT NOT NULL,"
	"currency TEXT NOT NULL,first INTEGER NOT NULL,attempt INTEGER NOT NULL,remote_id INTEGER NOT NULL,"
	"cards INTEGER NOT NULL,price INTEGER NOT NULL,seconds INTEGER NOT NULL,held INTEGER NOT NULL,"
	"amount INTEGER NOT NULL,start INTEGER NOT NULL,end INTEGER NOT NULL,sum TEXT NOT NULL) STRICT;"
	"CREATE TABLE entries(n INTEGER NOT NULL REFERENCES transactions(n),holder INTEGER NOT NULL,"
	"name TEXT NOT NULL,side INTEGER NOT NULL,currency TEXT NOT NULL,counts INTEGER NOT NULL,"
	"amount INTEGER NOT NULL) STRICT;"
	"CREATE TABLE quotes(id TEXT NOT NULL PRIMARY KEY,peer TEXT NOT NULL,user TEXT NOT NULL,"
	"gres TEXT NOT NULL,price INTEGER NOT NULL,currency TEXT NOT NULL,expires INTEGER NOT NULL) STRICT;"
	/* A lien ends once, a run is charged once. */
	"CREATE UNIQUE INDEX one_end ON transactions(lien) WHERE kind<>0;"
	"CREATE UNIQUE INDEX one_charge ON transactions(key,first) WHERE kind=1;"
	"CREATE INDEX of_run ON transactions(key,first);"
	"CREATE INDEX of_holder ON entries(holder,name,side,currency,counts,amount);"
	"CREATE INDEX of_transaction ON entries(n);" REFUSE("UPDATE", "transactions")
		REFUSE("DELETE", "transactions") REFUSE("UPDATE", "entries") REFUSE("DELETE", "entries");

static const struct weft_database_kind kind = { .name = "ledger",
						.version = WEFT_LEDGER_VERSION,
						.patience = PATIENCE,
						.pragmas = "PRAGMA foreign_keys=ON",
						.tables = tables,
						.texts = texts,
						.n = LEDGER_STATEMENTS };

struct weft_ledger_tx weft_ledger_row(sqlite3_stmt *s)
{
	struct weft_ledger_tx tx = { .n = sqlite3_column_int64(s, 0),
				     .kind = (enum weft_ledger_kind)sqlite3_column_int64(s, 1),
				     .lien = sqlite3_column_int64(s, 2),
				     .at = sqlite3_column_int64(s, 3),
				     .counts = sqlite3_column_int64(s, 4),
				     .key = weft_database_text(s, 5),
				     .peer = weft_database_text(s, 6),
				     .user = weft_database_text(s, 7),
				     .account = weft_database_text(s, 8),
				     .gres = weft_database_text(s, 9),
				     .currency = weft_database_text(s, 10) };
	int64_t *numbers[] = { &tx.first,   &tx.attempt, &tx.remote_id, &tx.cards, &tx.price,
			       &tx.seconds, &tx.held,	 &tx.amount,	&tx.start, &tx.end };

	for (int i = 0; i < 10; i++)
		*numbers[i] = sqlite3_column_int64(s, 11 + i);
	return tx;
}

/* ---------------------------------------------------------------- entries and sums */

/* The entries that TX stands for. */
static unsigned make_entries(const struct weft_ledger_tx *tx,
			     struct weft_ledger_entry entries[LEDGER_MAX_ENTRIES])
{
	const char *names[] = { tx->account, tx->user, tx->peer }; /* as enum weft_holder */
	bool lien = tx->kind == LEDGER_LIEN;
	unsigned n = 0;

	for (int holder = 0; holder < 3; holder++) {
		struct weft_ledger_entry entry = { .holder = (enum weft_holder)holder,
						   .name = names[holder],
						   .currency = tx->currency,
						   .counts = tx->counts };

		entries[n] = entry;
		entries[n].side = LEDGER_FREE;
		entries[n++].amount = lien ? -tx->held : tx->held - tx->amount;
		entries[n] = entry;
		entries[n].side = LEDGER_HELD;
		entries[n++].amount = lien ? tx->held : -tx->held;
		if (tx->kind != LEDGER_CHARGE)
			continue;
		entries[n] = entry;
		entries[n].side = LEDGER_SPENT;
		entries[n++].amount = tx->amount;
	}
	return n;
}

static bool put(EVP_MD_CTX *ctx, const void *bytes, size_t len)
{
	return EVP_DigestUpdate(ctx, bytes, len) == 1;
}

static bool put_number(EVP_MD_CTX *ctx, int64_t n)
{
	char text[24];

	return put(ctx, text, (size_t)snprintf(text, sizeof(text), "%" PRId64 ";", n));
}

/* With its length, so that no two lists of texts look the same. */
static bool put_text(EVP_MD_CTX *ctx, const char *text)
{
	return put_number(ctx, (int64_t)strlen(text)) && put(ctx, text, strlen(text));
}

static bool put_all(EVP_MD_CTX *ctx, const struct weft_ledger_tx *tx, const struct weft_ledger_entry *entries,
		    unsigned n)
{
	const char *words[] = { tx->key, tx->peer, tx->user, tx->account, tx->gres, tx->currency };
	int64_t numbers[] = { tx->n,	   tx->kind,	tx->lien,      tx->at,	  tx->counts,
			      tx->first,   tx->attempt, tx->remote_id, tx->cards, tx->price,
			      tx->seconds, tx->held,	tx->amount,    tx->start, tx->end };
	bool good = true;

	for (int i = 0; i < 6; i++)
		good = good && put_text(ctx, words[i]);
	for (int i = 0; i < 15; i++)
		good = good && put_number(ctx, numbers[i]);
	for (unsigned i = 0; i < n; i++)
		good = good && put_number(ctx, entries[i].holder) && put_text(ctx, entries[i].name) &&
		       put_number(ctx, entries[i].side) && put_text(ctx, entries[i].currency) &&
		       put_number(ctx, entries[i].counts) && put_number(ctx, entries[i].amount);
	return good;
}

/* The SHA-256 over BEFORE, TX and its ENTRIES. */
static int digest(const char *before, const struct weft_ledger_tx *tx,
		  const struct weft_ledger_entry *entries, unsigned n, char sum[WEFT_LEDGER_SUM],
		  struct weft_err *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 && put_text(ctx, before) &&
		    put_all(ctx, tx, entries, n) && EVP_DigestFinal_ex(ctx, bytes, &len) == 1 &&
		    len * 2 == WEFT_LEDGER_SUM - 1;

	EVP_MD_CTX_free(ctx);
	if (!good)
		return weft_err(err, "the ledger's sum cannot be made");
	for (unsigned i = 0; i < len; i++)
		snprintf(sum + 2 * (size_t)i, 3, "%02x", bytes[i]);
	return 0;
}

/* ---------------------------------------------------------------- appending */

static int last(struct weft_ledger *ledger, int64_t *n, char sum[WEFT_LEDGER_SUM], struct weft_err *err)
{
	sqlite3_stmt *s = ledger->db->statements[LEDGER_LAST];
	int rc = sqlite3_step(s);

	*n = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	snprintf(sum, WEFT_LEDGER_SUM, "%s", rc == SQLITE_ROW ? weft_database_text(s, 1) : "");
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		weft_database_fails(ledger->db, err);
	weft_database_reset(ledger->db, LEDGER_LAST);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int add(struct weft_ledger *ledger, const struct weft_ledger_tx *tx, const char *sum,
	       struct weft_err *err)
{
	const char *words[] = { tx->key, tx->peer, tx->user, tx->account, tx->gres, tx->currency };
	int64_t before[] = { tx->n, tx->kind, tx->lien, tx->at, tx->counts };
	int64_t behind[] = { tx->first,	  tx->attempt, tx->remote_id, tx->cards, tx->price,
			     tx->seconds, tx->held,    tx->amount,    tx->start, tx->end };

	for (int i = 0; i < 5; i++)
		weft_database_bind(ledger->db, LEDGER_ADD, 1 + i, before[i]);
	for (int i = 0; i < 6; i++)
		weft_database_bind_text(ledger->db, LEDGER_ADD, 6 + i, words[i]);
	for (int i = 0; i < 10; i++)
		weft_database_bind(ledger->db, LEDGER_ADD, 12 + i, behind[i]);
	weft_database_bind_text(ledger->db, LEDGER_ADD, 22, sum);
	return weft_database_run(ledger->db, LEDGER_ADD, err);
}

static int enter(struct weft_ledger *ledger, int64_t n, const struct weft_ledger_entry *entry,
		 struct weft_err *err)
{
	weft_database_bind(ledger->db, LEDGER_ENTER, 1, n);
	weft_database_bind(ledger->db, LEDGER_ENTER, 2, entry->holder);
	weft_database_bind_text(ledger->db, LEDGER_ENTER, 3, entry->name);
	weft_database_bind(ledger->db, LEDGER_ENTER, 4, entry->side);
	weft_database_bind_text(ledger->db, LEDGER_ENTER, 5, entry->currency);
	weft_database_bind(ledger->db, LEDGER_ENTER, 6, entry->counts);
	weft_database_bind(ledger->db, LEDGER_ENTER, 7, entry->amount);
	return weft_database_run(ledger->db, LEDGER_ENTER, err);
}

int weft_ledger_append(struct weft_ledger *ledger, struct weft_ledger_tx *tx, struct weft_err *err)
{
	struct weft_ledger_entry entries[LEDGER_MAX_ENTRIES];
	char before[WEFT_LEDGER_SUM], sum[WEFT_LEDGER_SUM];
	unsigned n;

	if (last(ledger, &tx->n, before, err) < 0)
		return -1;
	tx->n++;
	if (tx->kind == LEDGER_LIEN)
		tx->lien = tx->n;
	n = make_entries(tx, entries);
	if (digest(before, tx, entries, n, sum, err) < 0 || add(ledger, tx, sum, err) < 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		if (enter(ledger, tx->n, &entries[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---------------------------------------------------------------- checking */

static bool same_entry(sqlite3_stmt *s, const struct weft_ledger_entry *entry)
{
	return sqlite3_column_int64(s, 0) == (int64_t)entry->holder &&
	       !strcmp(weft_database_text(s, 1), entry->name) &&
	       sqlite3_column_int64(s, 2) == (int64_t)entry->side &&
	       !strcmp(weft_database_text(s, 3), entry->currency) &&
	       sqlite3_column_int64(s, 4) == entry->counts && sqlite3_column_int64(s, 5) == entry->amount;
}

/* TX follows SUM, which becomes its own. */
static int check_one(struct weft_ledger *ledger, const struct weft_ledger_tx *tx, const char *noted,
		     int64_t expected, char sum[WEFT_LEDGER_SUM], struct weft_err *err)
{
	sqlite3_stmt *s = ledger->db->statements[LEDGER_ENTRIES];
	struct weft_ledger_entry entries[LEDGER_MAX_ENTRIES];
	char before[WEFT_LEDGER_SUM];
	unsigned n = make_entries(tx, entries), found = 0;
	bool same = true;
	int rc;

	if (tx->n != expected)
		return weft_err(err, "%s: transaction %" PRId64 " is missing", ledger->db->path, expected);
	snprintf(before, sizeof(before), "%s", sum);
	if (digest(before, tx, entries, n, sum, err) < 0)
		return -1;
	if (strcmp(sum, noted) != 0)
		return weft_err(err, "%s: transaction %" PRId64 " (%s) was altered", ledger->db->path, tx->n,
				tx->key);
	weft_database_bind(ledger->db, LEDGER_ENTRIES, 1, tx->n);
	for (; (rc = sqlite3_step(s)) == SQLITE_ROW; found++)
		same = same && found < n && same_entry(s, &entries[found]);
	if (rc != SQLITE_DONE)
		weft_database_fails(ledger->db, err);
	weft_database_reset(ledger->db, LEDGER_ENTRIES);
	if (rc == SQLITE_DONE && (!same || found != n))
		return weft_err(err, "%s: the entries of transaction %" PRId64 " (%s) were altered",
				ledger->db->path, tx->n, tx->key);
	return rc == SQLITE_DONE ? 0 : -1;
}

/* Every entry belongs to a transaction, and all sum to 0 in each currency. */
static int check_balance(struct weft_ledger *ledger, struct weft_err *err)
{
	static const char text[] =
		"SELECT (SELECT count(*) FROM entries WHERE n NOT IN(SELECT n FROM transactions)),"
		"(SELECT count(*) FROM (SELECT sum(amount) a FROM entries GROUP BY currency,holder) WHERE "
		"a<>0)";
	sqlite3_stmt *s = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(ledger->db->sqlite, text, -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW)
		rc = weft_database_fails(ledger->db, err);
	else if (sqlite3_column_int64(s, 0))
		rc = weft_err(err, "%s: there are entries of no transaction", ledger->db->path);
	else if (sqlite3_column_int64(s, 1))
		rc = weft_err(err, "%s: the entries do not balance", ledger->db->path);
	sqlite3_finalize(s);
	return rc;
}

static int check_all(struct weft_ledger *ledger, char sum[WEFT_LEDGER_SUM], int64_t *n, struct weft_err *err)
{
	sqlite3_stmt *s = ledger->db->statements[LEDGER_ALL];
	int step = SQLITE_DONE, rc = 0;

	sum[0] = '\0';
	*n = 0;
	while (rc == 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
		struct weft_ledger_tx tx = weft_ledger_row(s);

		rc = check_one(ledger, &tx, weft_database_text(s, 21), *n + 1, sum, err);
		*n = tx.n;
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = weft_database_fails(ledger->db, err);
	weft_database_reset(ledger->db, LEDGER_ALL);
	return rc == 0 ? check_balance(ledger, err) : rc;
}

int weft_ledger_check(struct weft_ledger *ledger, char head[WEFT_LEDGER_SUM], int64_t *n,
		      struct weft_err *err)
{
	char sum[WEFT_LEDGER_SUM];
	int64_t count = 0;
	int rc;

	pthread_mutex_lock(&ledger->lock);
	/* One state of the file, though others may write meanwhile. */
	rc = sqlite3_exec(ledger->db->sqlite, "BEGIN", NULL, NULL, NULL) == SQLITE_OK
		     ? check_all(ledger, sum, &count, err)
		     : weft_database_fails(ledger->db, err);
	sqlite3_exec(ledger->db->sqlite, "COMMIT", NULL, NULL, NULL);
	pthread_mutex_unlock(&ledger->lock);
	if (rc == 0 && head)
		memcpy(head, sum, sizeof(sum));
	if (rc == 0 && n)
		*n = count;
	return rc;
}

/* ---------------------------------------------------------------- opening */

struct weft_ledger *weft_ledger_open(const char *path, const struct weft_conf *conf, struct weft_err *err)
{
	struct weft_ledger *ledger = calloc(1, sizeof(*ledger));

	if (!ledger) {
		weft_err(err, "%s: out of memory", path);
		return NULL;
	}
	pthread_mutex_init(&ledger->lock, NULL);
	ledger->conf = conf;
	ledger->db = weft_database_open(path, &kind, err);
	if (ledger->db && weft_ledger_check(ledger, NULL, NULL, err) == 0)
		return ledger;
	weft_ledger_close(ledger);
	return NULL;
}

void weft_ledger_close(struct weft_ledger *ledger)
{
	if (!ledger)
		return;
	weft_database_close(ledger->db);
	pthread_mutex_destroy(&ledger->lock);
	free(ledger);
}
