/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - the book of runs on disk: SQLite, each change on the platter before the call returns.
 *
 * A row is a run: what was ordered, which never changes, and its record, which does.  Both have a checksum; a
 * row whose checksum is wrong is shown as damaged, and nothing is done with it.  Runs that are history stay,
 * for the ledger.
 *
 * One process has the book at a time.  Not for two threads at once: the caller locks.
 */
#ifndef WEFTD_STORE_H
#define WEFTD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "core/error.h"

#define WEFT_STORE_VERSION   1			 /* of the tables; a newer one is not touched */
#define WEFT_STORE_MAX_ROW   (16u * 1024 * 1024) /* bytes of an order, or of a record */
#define WEFT_STORE_FORECASTS 200		 /* how many of the last count */

struct weft_store;

struct weft_store_row {
	const char *key;
	unsigned first; /* attempt; with KEY it names the run */
	const char *peer;
	uint32_t job;
	uid_t uid;
	bool over, settled;
	time_t until; /* it is of interest until then, though it is over and settled */
	const void *order;
	size_t order_size;
	const char *record;
};

/* What a run used; once for each, when it is over. */
struct weft_store_usage {
	const char *peer, *user, *remote_user, *account, *gres, *state;
	uint32_t job, remote_id;
	unsigned cards;
	int exit_status;
	time_t submit, predicted, start, end; /* 0: not known */
};

/* The book PATH, made when it is not there, mode 0600.  NULL with ERR: also when another process has it, it
 * is damaged, or of a newer Weft. */
struct weft_store *weft_store_open(const char *path, struct weft_err *err);
void weft_store_close(struct weft_store *store); /* NULL is allowed */

/* 16 hexadecimal digits that this book has, and no other. */
const char *weft_store_id(const struct weft_store *store);

/* A new run.  -1 with ERR: nothing has changed. */
int weft_store_add(struct weft_store *store, const struct weft_store_row *row, struct weft_err *err);

/* RECORD, OVER, SETTLED and UNTIL of a run that is there; USAGE (NULL: none) with it. */
int weft_store_update(struct weft_store *store, const struct weft_store_row *row,
		      const struct weft_store_usage *usage, struct weft_err *err);

/* The rows that are not over, not settled, or of interest after NOW, the oldest first (JOB 0 and KEY NULL);
 * or all of the job JOB; or all of KEY.  DAMAGE says what is wrong with a row; NULL: nothing.  EACH returns
 * -1 to stop, which is passed on. */
typedef int (*weft_store_each)(void *arg, const struct weft_store_row *row, const char *damage);
int weft_store_read(struct weft_store *store, uint32_t job, const char *key, time_t now, weft_store_each each,
		    void *arg, struct weft_err *err);

/* Is there a run with KEY, damaged or not? -1: ERR. */
int weft_store_has(struct weft_store *store, const char *key, struct weft_err *err);

/* The mean of |start - predicted| in s over the last runs at PEER for which both are known; *N: of how many.
 */
int weft_store_forecasts(struct weft_store *store, const char *peer, double *error, unsigned *n,
			 struct weft_err *err);

#endif
