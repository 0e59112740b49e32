/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * money.h - amounts of money: whole millionths of a unit (micro-units) of a currency, so that sums are exact.
 *
 * A currency is its ISO 4217 code, three capital letters ("EUR"), or "" where none was said.  Nothing here
 * converts one into another.
 */
#ifndef WEFT_MONEY_H
#define WEFT_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEFT_MICRO	1000000				      /* micro-units in a unit */
#define WEFT_MONEY_MAX	(INT64_C(1000000000000) * WEFT_MICRO) /* the largest amount that is read */
#define WEFT_MONEY_SIZE 32 /* bytes that any text of an amount fits in, with its NUL */

/* An amount of the LEN bytes of TEXT: "5", "5.20", ".5", with at most six decimals, and a code behind it or
 * after one space
 * ("5.20EUR", "5.20 eur"; "" when there is none).  Never below 0.  -1: it is anything else, or above
 * WEFT_MONEY_MAX; then nothing is written. */
int weft_money_parse(const char *text, size_t len, int64_t *micro, char currency[4]);

/* "5.20 EUR", "0.000125 EUR", "-3.00": at least two decimals, and as many as it takes.  CURRENCY "" or NULL:
 * none.  Returns BUF. */
const char *weft_money_text(int64_t micro, const char *currency, char buf[WEFT_MONEY_SIZE]);

/* Three letters, case ignored? */
bool weft_is_currency(const char *text, size_t len);

/* May two amounts be compared?  True when both codes are the same, or one is not said. */
bool weft_same_currency(const char *a, const char *b);

/* *SUM = A + B, and *PRODUCT = PRICE x N / D, to the nearest micro-unit, a half away from 0; D is not 0.  -1:
 * too large, and nothing is written. */
int weft_money_add(int64_t a, int64_t b, int64_t *sum);
int weft_money_times(int64_t price, uint64_t n, uint64_t d, int64_t *product);

/* What CARDS cost for SECONDS at PRICE for a card and hour; -1 when PRICE is (not known) or when it is too
 * large. */
int64_t weft_money_cost(int64_t price, uint64_t cards, uint64_t seconds);

#endif
