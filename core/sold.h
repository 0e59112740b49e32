/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sold.h - what this site sold to another, as lines of a statement: its own accounting, a line of
 *
 *	SLURM_TIME_FORMAT=%s sacct -n -P -X --delimiter=D -o WEFT_SOLD_FIELDS ...
 *
 * for each job, and the prices of its PublishKind= lines.  The other site's jobs have the names of
 * core/handover.h.  A name is the user's own text, so D should be something that he cannot guess.
 */
#ifndef WEFT_SOLD_H
#define WEFT_SOLD_H

#include <time.h>

#include "core/conf.h"
#include "core/error.h"
#include "core/statement.h"

#define WEFT_SOLD_FIELDS   "JobIDRaw,Submit,Start,End,TimelimitRaw,AllocTRES,JobName"
#define WEFT_SOLD_MAX_LINE (1024u * 1024) /* bytes */

struct weft_sold;

/* What was sold to the cluster SITE: of jobs that ended at FROM or later, and before TO.  SITE and CONF must
 * stay.  Reads the files of prices.  NULL with ERR: one of them cannot be read. */
struct weft_sold *weft_sold_create(const struct weft_conf *conf, const char *site, time_t from, time_t to,
				   struct weft_err *err);
void weft_sold_destroy(struct weft_sold *sold); /* NULL is allowed */

/* Read LINE, which is cut up.  1: it is one of the statement; 0: it is not; -1 with ERR: it is one, but what
 * it cost cannot be told. */
int weft_sold_read(struct weft_sold *sold, char *line, const char *delimiter,
		   struct weft_statement_line *sale, struct weft_err *err);

#endif
