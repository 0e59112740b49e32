/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * price.h - the value of Price= now: an amount, or a file of prices over time.
 */
#ifndef WEFTD_PRICE_H
#define WEFTD_PRICE_H

#include <stdint.h>
#include <time.h>

#include "core/error.h"

/* For a card and hour at NOW, in micro-units; -1: PRICE is NULL, or (with ERR) is not known now: its file
 * cannot be read, has no price for now, or one below zero.  Reads a file. */
int64_t weft_price_at(const char *price, time_t now, struct weft_err *err);

#endif
