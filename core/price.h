/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * price.h - the value of Price=: an amount, or a file of prices over time.
 */
#ifndef WEFT_PRICE_H
#define WEFT_PRICE_H

#include <stdint.h>
#include <time.h>

#include "core/error.h"

struct weft_price;

/* TEXT as weft.conf has it, which must stay.  Reads a file.  NULL with ERR: it cannot be read. */
struct weft_price *weft_price_load(const char *text, struct weft_err *err);
void weft_price_destroy(struct weft_price *price); /* NULL is allowed */

/* For a card and hour at WHEN, in micro-units; -1 with ERR: the file has none for then, or one below zero. */
int64_t weft_price_value(const struct weft_price *price, time_t when, struct weft_err *err);

/* The same in the mean of [FROM, TO); -1: not known for all of it. */
int64_t weft_price_mean(const struct weft_price *price, time_t from, time_t to);

/* Both at once; -1 without ERR when TEXT is NULL.  Reads a file. */
int64_t weft_price_at(const char *text, time_t when, struct weft_err *err);

#endif
