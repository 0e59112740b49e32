/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * database.h - a file of SQLite, mode 0600, and the statements that are made for it once.
 *
 * The book of runs and the ledger are each one.  Each change is on the platter before the call returns; a
 * call waits for the disk.  Not for two threads at once: the caller locks.
 */
#ifndef WEFTD_DATABASE_H
#define WEFTD_DATABASE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Of what kind a database is; its texts must stay while it is open. */
struct weft_database_kind {
	const char *name;	  /* "book", for messages */
	int version;		  /* of the tables; a newer one is not touched */
	int patience;		  /* ms for which it waits for another process; 0: not at all */
	int longest;		  /* bytes of a value, and of a row; 0: SQLite's own limit */
	const char *pragmas;	  /* besides those that all have */
	const char *tables;	  /* what makes them */
	const char *const *texts; /* the N statements */
	size_t n;
};

struct weft_database {
	sqlite3 *sqlite;
	char *path;
	const struct weft_database_kind *kind;
	sqlite3_stmt *statements[]; /* as KIND's texts */
};

/* The database PATH, made when it is not there.  NULL with ERR: also when it is damaged, of a newer Weft, or
 * another process has it and KIND does not share. */
struct weft_database *weft_database_open(const char *path, const struct weft_database_kind *kind,
					 struct weft_err *err);
void weft_database_close(struct weft_database *db); /* NULL is allowed */

/* -1, with SQLite's words in ERR. */
int weft_database_fails(const struct weft_database *db, struct weft_err *err);

/* Run a statement that has its arguments and gives no rows. */
int weft_database_run(struct weft_database *db, unsigned which, struct weft_err *err);

/* After the rows of a statement: it may be run anew, and has no arguments. */
void weft_database_reset(struct weft_database *db, unsigned which);

/* The argument AT (from 1 on) of a statement.  TEXT (NULL: "") lives until the statement was run. */
void weft_database_bind(struct weft_database *db, unsigned which, int at, int64_t value);
void weft_database_bind_text(struct weft_database *db, unsigned which, int at, const char *text);

/* A text in the row of STATEMENT, good until its next step; "": there is none. */
const char *weft_database_text(sqlite3_stmt *statement, int column);

#endif
