/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.c - the book of runs on disk.
 */
#include "weftd/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum statement {
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

static const char schema[] =
	"CREATE TABLE book(id TEXT NOT NULL) STRICT;"
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

struct weft_store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	char *path;
	char id[17];
};

static int fails(const struct weft_store *store, struct weft_err *err)
{
	return weft_err(err, "%s: %s", store->path, store->db ? sqlite3_errmsg(store->db) : "out of memory");
}

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

/* ---------------------------------------------------------------- statements */

/* Run STATEMENT, which has its arguments and gives no rows. */
static int run(struct weft_store *store, enum statement which, struct weft_err *err)
{
	int rc = sqlite3_step(store->statements[which]), made = rc == SQLITE_DONE ? 0 : fails(store, err);

	sqlite3_reset(store->statements[which]);
	sqlite3_clear_bindings(store->statements[which]);
	return made;
}

static void bind(struct weft_store *store, enum statement which, int at, int64_t value)
{
	sqlite3_bind_int64(store->statements[which], at, value);
}

/* TEXT lives until the statement was run. */
static void bind_text(struct weft_store *store, enum statement which, int at, const char *text)
{
	sqlite3_bind_text(store->statements[which], at, text ? text : "", -1, SQLITE_STATIC);
}

/* ---------------------------------------------------------------- opening */

static int pragma_number(struct weft_store *store, const char *text, int *value, struct weft_err *err)
{
	sqlite3_stmt *statement;
	int rc = -1;

	if (sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) != SQLITE_OK)
		return fails(store, err);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		*value = sqlite3_column_int(statement, 0);
		rc = 0;
	} else {
		fails(store, err);
	}
	sqlite3_finalize(statement);
	return rc;
}

static int execute(struct weft_store *store, const char *text, struct weft_err *err)
{
	return sqlite3_exec(store->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : fails(store, err);
}

static int make_tables(struct weft_store *store, struct weft_err *err)
{
	char text[160];
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return weft_err(err, "%s: no random number: %s", store->path, strerror(errno));
	snprintf(text, sizeof(text),
		 "INSERT INTO book VALUES('%016" PRIx64 "');PRAGMA user_version=%d;COMMIT", random,
		 WEFT_STORE_VERSION);
	if (execute(store, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (execute(store, schema, err) == 0 && execute(store, text, err) == 0)
		return 0;
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

static int check_version(struct weft_store *store, struct weft_err *err)
{
	int version = 0;

	if (pragma_number(store, "PRAGMA user_version", &version, err) < 0)
		return -1;
	if (version > WEFT_STORE_VERSION || version < 0)
		return weft_err(err, "%s: it is of a newer Weft (version %d of the book; this one knows %d)",
				store->path, version, WEFT_STORE_VERSION);
	return version == 0 ? make_tables(store, err) : 0;
}

static int quick_check(struct weft_store *store, struct weft_err *err)
{
	sqlite3_stmt *statement;
	const char *word;
	int rc = 0;

	if (sqlite3_prepare_v2(store->db, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK)
		return fails(store, err);
	if (sqlite3_step(statement) != SQLITE_ROW) {
		rc = fails(store, err);
	} else {
		word = (const char *)sqlite3_column_text(statement, 0);
		if (!word || strcmp(word, "ok") != 0)
			rc = weft_err(err, "%s: damaged: %s", store->path, word ? word : "out of memory");
	}
	sqlite3_finalize(statement);
	return rc;
}

static int read_id(struct weft_store *store, struct weft_err *err)
{
	sqlite3_stmt *statement;
	const char *id;
	int rc = -1;

	if (sqlite3_prepare_v2(store->db, "SELECT id FROM book", -1, &statement, NULL) != SQLITE_OK)
		return fails(store, err);
	id = sqlite3_step(statement) == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (id && strlen(id) == sizeof(store->id) - 1) {
		memcpy(store->id, id, sizeof(store->id));
		rc = 0;
	} else {
		weft_err(err, "%s: damaged: the book has no id", store->path);
	}
	sqlite3_finalize(statement);
	return rc;
}

static int prepare_all(struct weft_store *store, struct weft_err *err)
{
	for (int i = 0; i < STATEMENTS; i++) {
		if (sqlite3_prepare_v3(store->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &store->statements[i], NULL) != SQLITE_OK)
			return fails(store, err);
	}
	return 0;
}

/* The file with its mode, before SQLite makes one with another; what SQLite puts beside it gets the same. */
static int make_file(const char *path, struct weft_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	struct stat st;
	int rc = 0;

	if (fd < 0)
		return weft_err(err, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || fchmod(fd, 0600) < 0)
		rc = weft_err(err, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = weft_err(err, "%s: not a regular file", path);
	close(fd);
	return rc;
}

static int set_up(struct weft_store *store, struct weft_err *err)
{
	if (sqlite3_open_v2(store->path, &store->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
			    NULL) != SQLITE_OK)
		return fails(store, err);
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, 2 * (int)WEFT_STORE_MAX_ROW);
	if (execute(store,
		    "PRAGMA locking_mode=EXCLUSIVE;PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
		    "PRAGMA trusted_schema=OFF;BEGIN IMMEDIATE;COMMIT",
		    err) < 0)
		return -1;
	if (quick_check(store, err) < 0 || check_version(store, err) < 0 || read_id(store, err) < 0)
		return -1;
	return prepare_all(store, err);
}

struct weft_store *weft_store_open(const char *path, struct weft_err *err)
{
	struct weft_store *store;

	if (make_file(path, err) < 0)
		return NULL;
	store = calloc(1, sizeof(*store));
	if (store)
		store->path = strdup(path);
	if (!store || !store->path) {
		weft_err(err, "%s: out of memory", path);
		free(store);
		return NULL;
	}
	if (set_up(store, err) == 0)
		return store;
	weft_store_close(store);
	return NULL;
}

void weft_store_close(struct weft_store *store)
{
	if (!store)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

const char *weft_store_id(const struct weft_store *store)
{
	return store->id;
}

/* ---------------------------------------------------------------- writing */

int weft_store_add(struct weft_store *store, const struct weft_store_row *row, struct weft_err *err)
{
	size_t len = strlen(row->record);

	if (row->order_size > WEFT_STORE_MAX_ROW || len > WEFT_STORE_MAX_ROW)
		return weft_err(err, "%s: the order has %zu bytes; at most %u are allowed", row->key,
				row->order_size, WEFT_STORE_MAX_ROW);
	bind_text(store, ADD, 1, row->key);
	bind(store, ADD, 2, row->first);
	bind_text(store, ADD, 3, row->peer);
	bind(store, ADD, 4, row->job);
	bind(store, ADD, 5, row->uid);
	bind(store, ADD, 6, row->over);
	bind(store, ADD, 7, row->settled);
	bind(store, ADD, 8, row->until);
	sqlite3_bind_blob(store->statements[ADD], 9, row->order, (int)row->order_size, SQLITE_STATIC);
	bind_text(store, ADD, 10, row->record);
	bind(store, ADD, 11, sum_of(row->key, row->first, row->order, row->order_size));
	bind(store, ADD, 12, sum_of(row->key, row->first, row->record, len));
	return run(store, ADD, err);
}

static int update(struct weft_store *store, const struct weft_store_row *row, struct weft_err *err)
{
	bind_text(store, UPDATE, 1, row->key);
	bind(store, UPDATE, 2, row->first);
	bind(store, UPDATE, 3, row->over);
	bind(store, UPDATE, 4, row->settled);
	bind(store, UPDATE, 5, row->until);
	bind_text(store, UPDATE, 6, row->record);
	bind(store, UPDATE, 7, sum_of(row->key, row->first, row->record, strlen(row->record)));
	if (run(store, UPDATE, err) < 0)
		return -1;
	if (sqlite3_changes(store->db) != 1)
		return weft_err(err, "%s: the run %s is not in the book", store->path, row->key);
	return 0;
}

static int use(struct weft_store *store, const struct weft_store_row *row,
	       const struct weft_store_usage *usage, struct weft_err *err)
{
	const char *words[] = { usage->peer,	usage->user, usage->remote_user,
				usage->account, usage->gres, usage->state };
	int64_t numbers[] = { usage->job,    usage->remote_id, usage->cards, usage->exit_status,
			      usage->submit, usage->predicted, usage->start, usage->end };

	bind_text(store, USE, 1, row->key);
	bind(store, USE, 2, row->first);
	for (int i = 0; i < 6; i++)
		bind_text(store, USE, 3 + i, words[i]);
	for (int i = 0; i < 8; i++)
		bind(store, USE, 9 + i, numbers[i]);
	return run(store, USE, err);
}

int weft_store_update(struct weft_store *store, const struct weft_store_row *row,
		      const struct weft_store_usage *usage, struct weft_err *err)
{
	if (run(store, BEGIN, err) < 0)
		return -1;
	if (update(store, row, err) == 0 && (!usage || use(store, row, usage, err) == 0) &&
	    run(store, COMMIT, err) == 0)
		return 0;
	run(store, ROLLBACK, NULL);
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

	if (damage) {
		row.key = row.key ? row.key : "?";
		row.peer = row.peer ? row.peer : "?";
	}
	return each(arg, &row, damage);
}

int weft_store_read(struct weft_store *store, uint32_t job, const char *key, time_t now, weft_store_each each,
		    void *arg, struct weft_err *err)
{
	enum statement which = key ? OF_KEY : job ? OF_JOB : LIVE;
	sqlite3_stmt *s = store->statements[which];
	int rc, made = 0;

	if (key)
		bind_text(store, which, 1, key);
	else
		bind(store, which, 1, job ? (int64_t)job : (int64_t)now);
	while (made == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE)
		made = rc == SQLITE_ROW ? show(s, each, arg) : fails(store, err);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return made;
}

int weft_store_has(struct weft_store *store, const char *key, struct weft_err *err)
{
	int rc;

	bind_text(store, HAS, 1, key);
	rc = sqlite3_step(store->statements[HAS]);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		fails(store, err);
	sqlite3_reset(store->statements[HAS]);
	sqlite3_clear_bindings(store->statements[HAS]);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

int weft_store_forecasts(struct weft_store *store, const char *peer, double *error, unsigned *n,
			 struct weft_err *err)
{
	sqlite3_stmt *s = store->statements[FORECASTS];
	int rc;

	*error = NAN;
	*n = 0;
	bind_text(store, FORECASTS, 1, peer);
	bind(store, FORECASTS, 2, WEFT_STORE_FORECASTS);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		*n = (unsigned)sqlite3_column_int64(s, 1);
		if (*n)
			*error = sqlite3_column_double(s, 0);
	} else {
		fails(store, err);
	}
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return rc == SQLITE_ROW ? 0 : -1;
}
