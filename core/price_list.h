/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * price_list.h - what this site's own cards cost its users: the HomePrice= lines of weft.conf, with the files
 * of prices over time that they name.
 *
 * Constant once it is loaded: any number of threads may ask.
 */
#ifndef WEFT_PRICE_LIST_H
#define WEFT_PRICE_LIST_H

#include <stdint.h>
#include <time.h>

#include "core/conf.h"

struct weft_price_list;

/* Of CONF, which must outlive it.  NULL with ERR: a file of prices cannot be read, or is wrong; or out of
 * memory.  Reads files: not under a Slurm lock. */
struct weft_price_list *weft_price_list_load(const struct weft_conf *conf, struct weft_err *err);
void weft_price_list_destroy(struct weft_price_list *list); /* NULL is allowed */

/* What CARDS of KIND ("gpu:h100", case ignored) cost from START for SECONDS, in micro-units of *CURRENCY ("":
 * not said; it lives as long as the list).  0: no line names the kind, or LIST is NULL: they are free.  -1:
 * not known, for the file has no price for all of that time. */
int64_t weft_price_list_cost(const struct weft_price_list *list, const char *kind, unsigned cards,
			     time_t start, unsigned seconds, const char **currency);

#endif
