/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * database.c - a file of SQLite, and the statements that are made for it once.
 */
#include "weftd/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int weft_database_fails(const struct weft_database *db, struct weft_err *err)
{
	return weft_err(err, "%s: %s", db->path, db->sqlite ? sqlite3_errmsg(db->sqlite) : "out of memory");
}

/* ---------------------------------------------------------------- statements */

void weft_database_reset(struct weft_database *db, unsigned which)
{
	sqlite3_reset(db->statements[which]);
	sqlite3_clear_bindings(db->statements[which]);
}

int weft_database_run(struct weft_database *db, unsigned which, struct weft_err *err)
{
	int rc = sqlite3_step(db->statements[which]) == SQLITE_DONE ? 0 : weft_database_fails(db, err);

	weft_database_reset(db, which);
	return rc;
}

void weft_database_bind(struct weft_database *db, unsigned which, int at, int64_t value)
{
	sqlite3_bind_int64(db->statements[which], at, value);
}

void weft_database_bind_text(struct weft_database *db, unsigned which, int at, const char *text)
{
	sqlite3_bind_text(db->statements[which], at, text ? text : "", -1, SQLITE_STATIC);
}

const char *weft_database_text(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text ? text : "";
}

/* ---------------------------------------------------------------- opening */

static int execute(struct weft_database *db, const char *text, struct weft_err *err)
{
	return sqlite3_exec(db->sqlite, text, NULL, NULL, NULL) == SQLITE_OK ? 0
									     : weft_database_fails(db, err);
}

/* The first value of the first row. */
static int ask(struct weft_database *db, const char *text, char *word, size_t size, struct weft_err *err)
{
	sqlite3_stmt *s = NULL;
	const char *value = NULL;

	if (sqlite3_prepare_v2(db->sqlite, text, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		value = (const char *)sqlite3_column_text(s, 0);
	if (value)
		snprintf(word, size, "%s", value);
	else
		weft_database_fails(db, err);
	sqlite3_finalize(s);
	return value ? 0 : -1;
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

static int quick_check(struct weft_database *db, struct weft_err *err)
{
	char word[256];

	if (ask(db, "PRAGMA quick_check(1)", word, sizeof(word), err) < 0)
		return -1;
	return !strcmp(word, "ok") ? 0 : weft_err(err, "%s: damaged: %s", db->path, word);
}

/* Within a transaction: two processes may come at the same time. */
static int make_tables(struct weft_database *db, struct weft_err *err)
{
	char text[64], version[32];
	int rc;

	if (execute(db, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	snprintf(text, sizeof(text), "PRAGMA user_version=%d", db->kind->version);
	rc = ask(db, "PRAGMA user_version", version, sizeof(version), err);
	if (rc == 0 && !strcmp(version, "0"))
		rc = execute(db, db->kind->tables, err) < 0 ? -1 : execute(db, text, err);
	if (rc == 0)
		return execute(db, "COMMIT", err);
	sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

static int check_version(struct weft_database *db, struct weft_err *err)
{
	char version[32], known[32];

	snprintf(known, sizeof(known), "%d", db->kind->version);
	if (ask(db, "PRAGMA user_version", version, sizeof(version), err) < 0)
		return -1;
	if (strcmp(version, known) != 0)
		return weft_err(err, "%s: it is of a newer Weft (version %s of the %s; this one knows %s)",
				db->path, version, db->kind->name, known);
	return 0;
}

static int prepare_all(struct weft_database *db, struct weft_err *err)
{
	for (size_t i = 0; i < db->kind->n; i++) {
		if (sqlite3_prepare_v3(db->sqlite, db->kind->texts[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &db->statements[i], NULL) != SQLITE_OK)
			return weft_database_fails(db, err);
	}
	return 0;
}

static int set_up(struct weft_database *db, struct weft_err *err)
{
	if (sqlite3_open_v2(db->path, &db->sqlite,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
			    NULL) != SQLITE_OK)
		return weft_database_fails(db, err);
	sqlite3_extended_result_codes(db->sqlite, 1);
	sqlite3_busy_timeout(db->sqlite, db->kind->patience);
	if (db->kind->longest)
		sqlite3_limit(db->sqlite, SQLITE_LIMIT_LENGTH, db->kind->longest);
	/* One that is not shared is another's or ours from here on. */
	if (execute(db, db->kind->pragmas, err) < 0 ||
	    execute(db,
		    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA trusted_schema=OFF;"
		    "BEGIN IMMEDIATE;COMMIT",
		    err) < 0)
		return -1;
	if (quick_check(db, err) < 0 || make_tables(db, err) < 0 || check_version(db, err) < 0)
		return -1;
	return prepare_all(db, err);
}

struct weft_database *weft_database_open(const char *path, const struct weft_database_kind *kind,
					 struct weft_err *err)
{
	struct weft_database *db;

	if (make_file(path, err) < 0)
		return NULL;
	db = calloc(1, sizeof(*db) + kind->n * sizeof(db->statements[0]));
	if (db) {
		db->kind = kind;
		db->path = strdup(path);
	}
	if (!db || !db->path)
		weft_err(err, "%s: out of memory", path);
	else if (set_up(db, err) == 0)
		return db;
	weft_database_close(db);
	return NULL;
}

void weft_database_close(struct weft_database *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < db->kind->n; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->sqlite);
	free(db->path);
	free(db);
}
