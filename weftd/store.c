/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.c - the book of runs on disk.
 */
#include "weftd/store.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "weftd/database.h"

enum statement {
	ID,
	ADD,
	UPDATE,
	USE,
	LIVE,
	OF_JOB,
	OF_KEY,
	HAS,
	FORECASTS,
	BEGIN,
	COMMIT,
	ROLLBACK,
	STATEMENTS
};

#define COLUMNS "key,first,peer,job,uid,over,settled,until,orders,record,order_sum,record_sum"

static const char *const texts[STATEMENTS] = {
	[ID] = "SELECT id FROM book",
	[ADD] = "INSERT INTO runs(" COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
	[UPDATE] = "UPDATE runs SET over=?3,settled=?4,until=?5,record=?6,record_sum=?7 WHERE key=?1 AND "
		   "first=?2",
	[USE] = "INSERT OR REPLACE INTO "
		"usage(key,first,peer,user,remote_user,account,gres,state,job,remote_id,cards,"
		"exit_status,submit,predicted,start,end) "
		"VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)",
	[LIVE] = "SELECT " COLUMNS " FROM runs WHERE over=0 OR settled=0 OR until>?1 ORDER BY n",
	[OF_JOB] = "SELECT " COLUMNS " FROM runs WHERE job=?1 ORDER BY n",
	[OF_KEY] = "SELECT " COLUMNS " FROM runs WHERE key=?1 ORDER BY first",
	[HAS] = "SELECT 1 FROM runs WHERE key=?1 LIMIT 1",
	[FORECASTS] = "SELECT avg(abs(start-predicted)),count(*) FROM (SELECT start,predicted FROM usage "
		      "WHERE peer=?1 AND "
		      "predicted>0 AND start>0 ORDER BY n DESC LIMIT ?2)",
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

static const char tables[] =
	"CREATE TABLE book(id TEXT NOT NULL) STRICT;"
	"INSERT INTO book VALUES(lower(hex(randomblob(8))));"
	"CREATE TABLE runs(n INTEGER PRIMARY KEY,key TEXT NOT NULL,first INTEGER NOT NULL,"
	"peer TEXT NOT NULL,job INTEGER NOT NULL,uid INTEGER NOT NULL,over INTEGER NOT NULL,"
	"settled INTEGER NOT NULL,until INTEGER NOT NULL,orders BLOB NOT NULL,record TEXT NOT NULL,"
	"order_sum INTEGER NOT NULL,record_sum INTEGER NOT NULL,UNIQUE(key,first)) STRICT;"
	"CREATE INDEX runs_job ON runs(job);"
	"CREATE INDEX runs_live ON runs(until) WHERE over=0 OR settled=0 OR until>0;"
	"CREATE TABLE usage(n INTEGER PRIMARY KEY,key TEXT NOT NULL,first INTEGER NOT NULL,"
	"peer TEXT NOT NULL,user TEXT NOT NULL,remote_user TEXT NOT NULL,account TEXT NOT NULL,"
	"gres TEXT NOT NULL,state TEXT NOT NULL,job INTEGER NOT NULL,remote_id INTEGER NOT NULL,"
	"cards INTEGER NOT NULL,exit_status INTEGER NOT NULL,submit INTEGER NOT NULL,"
	"predicted INTEGER NOT NULL,start INTEGER NOT NULL,end INTEGER NOT NULL,UNIQUE(key,first)) STRICT;"
	"CREATE INDEX usage_peer ON usage(peer);";

static const struct weft_database_kind kind = { .name = "book",
						.version = WEFT_STORE_VERSION,
						.longest = 2 * (int)WEFT_STORE_MAX_ROW,
						.pragmas = "PRAGMA locking_mode=EXCLUSIVE",
						.tables = tables,
						.texts = texts,
						.n = STATEMENTS };

struct weft_store {
	struct weft_database *db;
	char id[17];
};

/* FNV-1a over KEY, FIRST and DATA: it finds a damaged disk, not a forger, who could write the sum as well. */
static sqlite3_int64 sum_of(const char *key, unsigned first, const void *data, size_t size)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325) ^ first;
	const unsigned char *bytes = data;

	for (const char *c = key; *c; c++)
		sum = (sum ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return (sqlite3_int64)(sum >> 1);
}

/* ---------------------------------------------------------------- opening */

static int read_id(struct weft_store *store, struct weft_err *err)
{
	sqlite3_stmt *s = store->db->statements[ID];
	const char *id = sqlite3_step(s) == SQLITE_ROW ? weft_database_text(s, 0) : "";
	int rc = 0;

	if (strlen(id) == sizeof(store->id) - 1)
		memcpy(store->id, id, sizeof(store->id));
	else
		rc = weft_err(err, "%s: damaged: the book has no id", store->db->path);
	weft_database_reset(store->db, ID);
	return rc;
}

struct weft_store *weft_store_open(const char *path, struct weft_err *err)
{
	struct weft_store *store = calloc(1, sizeof(*store));

	if (!store) {
		weft_err(err, "%s: out of memory", path);
		return NULL;
	}
	store->db = weft_database_open(path, &kind, err);
	if (store->db && read_id(store, err) == 0)
		return store;
	weft_store_close(store);
	return NULL;
}

void weft_store_close(struct weft_store *store)
{
	if (!store)
		return;
	weft_database_close(store->db);
	free(store);
}

const char *weft_store_id(const struct weft_store *store)
{
	return store->id;
}

/* ---------------------------------------------------------------- writing */

int weft_store_add(struct weft_store *store, const struct weft_store_row *row, struct weft_err *err)
{
	struct weft_database *db = store->db;
	size_t len = strlen(row->record);

	if (row->order_size > WEFT_STORE_MAX_ROW || len > WEFT_STORE_MAX_ROW)
		return weft_err(err, "%s: the order has %zu bytes; at most %u are allowed", row->key,
				row->order_size, WEFT_STORE_MAX_ROW);
	weft_database_bind_text(db, ADD, 1, row->key);
	weft_database_bind(db, ADD, 2, row->first);
	weft_database_bind_text(db, ADD, 3, row->peer);
	weft_database_bind(db, ADD, 4, row->job);
	weft_database_bind(db, ADD, 5, row->uid);
	weft_database_bind(db, ADD, 6, row->over);
	weft_database_bind(db, ADD, 7, row->settled);
	weft_database_bind(db, ADD, 8, row->until);
	sqlite3_bind_blob(db->statements[ADD], 9, row->order, (int)row->order_size, SQLITE_STATIC);
	weft_database_bind_text(db, ADD, 10, row->record);
	weft_database_bind(db, ADD, 11, sum_of(row->key, row->first, row->order, row->order_size));
	weft_database_bind(db, ADD, 12, sum_of(row->key, row->first, row->record, len));
	return weft_database_run(db, ADD, err);
}

static int update(struct weft_database *db, const struct weft_store_row *row, struct weft_err *err)
{
	weft_database_bind_text(db, UPDATE, 1, row->key);
	weft_database_bind(db, UPDATE, 2, row->first);
	weft_database_bind(db, UPDATE, 3, row->over);
	weft_database_bind(db, UPDATE, 4, row->settled);
	weft_database_bind(db, UPDATE, 5, row->until);
	weft_database_bind_text(db, UPDATE, 6, row->record);
	weft_database_bind(db, UPDATE, 7, sum_of(row->key, row->first, row->record, strlen(row->record)));
	if (weft_database_run(db, UPDATE, err) < 0)
		return -1;
	if (sqlite3_changes(db->sqlite) != 1)
		return weft_err(err, "%s: the run %s is not in the book", db->path, row->key);
	return 0;
}

static int use(struct weft_database *db, const struct weft_store_row *row,
	       const struct weft_store_usage *usage, struct weft_err *err)
{
	const char *words[] = { usage->peer,	usage->user, usage->remote_user,
				usage->account, usage->gres, usage->state };
	int64_t numbers[] = { usage->job,    usage->remote_id, usage->cards, usage->exit_status,
			      usage->submit, usage->predicted, usage->start, usage->end };

	weft_database_bind_text(db, USE, 1, row->key);
	weft_database_bind(db, USE, 2, row->first);
	for (int i = 0; i < 6; i++)
		weft_database_bind_text(db, USE, 3 + i, words[i]);
	for (int i = 0; i < 8; i++)
		weft_database_bind(db, USE, 9 + i, numbers[i]);
	return weft_database_run(db, USE, err);
}

int weft_store_update(struct weft_store *store, const struct weft_store_row *row,
		      const struct weft_store_usage *usage, struct weft_err *err)
{
	struct weft_database *db = store->db;

	if (weft_database_run(db, BEGIN, err) < 0)
		return -1;
	if (update(db, row, err) == 0 && (!usage || use(db, row, usage, err) == 0) &&
	    weft_database_run(db, COMMIT, err) == 0)
		return 0;
	weft_database_run(db, ROLLBACK, NULL);
	return -1;
}

/* ---------------------------------------------------------------- reading */

static bool in_range(sqlite3_stmt *s, int column, int64_t min, int64_t max)
{
	int64_t value = sqlite3_column_int64(s, column);

	return value >= min && value <= max;
}

/* What is wrong with the row under S; NULL: nothing. */
static const char *damage_of(sqlite3_stmt *s, const struct weft_store_row *row)
{
	if (!row->key || !row->peer || !row->record || (!row->order && row->order_size))
		return "out of memory";
	if (!in_range(s, 1, 1, UINT_MAX) || !in_range(s, 3, 0, UINT32_MAX) ||
	    !in_range(s, 4, 0, UINT32_MAX) || !in_range(s, 5, 0, 1) || !in_range(s, 6, 0, 1))
		return "a number is out of range";
	if (sqlite3_column_int64(s, 10) != sum_of(row->key, row->first, row->order, row->order_size))
		return "the checksum of the order is wrong";
	if (sqlite3_column_int64(s, 11) != sum_of(row->key, row->first, row->record, strlen(row->record)))
		return "the checksum of the record is wrong";
	return NULL;
}

/* Of a damaged row: what may be wrong goes. */
static void keep_good(sqlite3_stmt *s, struct weft_store_row *row)
{
	row->key = row->key ? row->key : "?";
	row->peer = row->peer ? row->peer : "?";
	if (!in_range(s, 3, 0, UINT32_MAX))
		row->job = 0;
	if (!in_range(s, 4, 0, UINT32_MAX))
		row->uid = (uid_t)-1;
	if (!row->order ||
	    sqlite3_column_int64(s, 10) != sum_of(row->key, row->first, row->order, row->order_size))
		row->order = NULL;
}

static int show(sqlite3_stmt *s, weft_store_each each, void *arg)
{
	struct weft_store_row row = {
		.key = (const char *)sqlite3_column_text(s, 0),
		.first = (unsigned)sqlite3_column_int64(s, 1),
		.peer = (const char *)sqlite3_column_text(s, 2),
		.job = (uint32_t)sqlite3_column_int64(s, 3),
		.uid = (uid_t)sqlite3_column_int64(s, 4),
		.over = sqlite3_column_int(s, 5),
		.settled = sqlite3_column_int(s, 6),
		.until = (time_t)sqlite3_column_int64(s, 7),
		.order = sqlite3_column_blob(s, 8),
		.order_size = (size_t)sqlite3_column_bytes(s, 8),
		.record = (const char *)sqlite3_column_text(s, 9),
	};
	const char *damage = damage_of(s, &row);

	if (damage)
		keep_good(s, &row);
	return each(arg, &row, damage);
}

int weft_store_read(struct weft_store *store, uint32_t job, const char *key, time_t now, weft_store_each each,
		    void *arg, struct weft_err *err)
{
	struct weft_database *db = store->db;
	enum statement which = key ? OF_KEY : job ? OF_JOB : LIVE;
	sqlite3_stmt *s = db->statements[which];
	int rc, made = 0;

	if (key)
		weft_database_bind_text(db, which, 1, key);
	else
		weft_database_bind(db, which, 1, job ? (int64_t)job : (int64_t)now);
	while (made == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE)
		made = rc == SQLITE_ROW ? show(s, each, arg) : weft_database_fails(db, err);
	weft_database_reset(db, which);
	return made;
}

int weft_store_has(struct weft_store *store, const char *key, struct weft_err *err)
{
	struct weft_database *db = store->db;
	int rc;

	weft_database_bind_text(db, HAS, 1, key);
	rc = sqlite3_step(db->statements[HAS]);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		weft_database_fails(db, err);
	weft_database_reset(db, HAS);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

int weft_store_forecasts(struct weft_store *store, const char *peer, double *error, unsigned *n,
			 struct weft_err *err)
{
	struct weft_database *db = store->db;
	sqlite3_stmt *s = db->statements[FORECASTS];
	int rc;

	*error = NAN;
	*n = 0;
	weft_database_bind_text(db, FORECASTS, 1, peer);
	weft_database_bind(db, FORECASTS, 2, WEFT_STORE_FORECASTS);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		*n = (unsigned)sqlite3_column_int64(s, 1);
		if (*n)
			*error = sqlite3_column_double(s, 0);
	} else {
		weft_database_fails(db, err);
	}
	weft_database_reset(db, FORECASTS);
	return rc == SQLITE_ROW ? 0 : -1;
}
