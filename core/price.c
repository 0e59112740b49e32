/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * price.c - the value of Price=.
 */
#include "core/price.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/money.h"
#include "core/scan.h"
#include "core/series.h"

#define MAX_PRICE 1e9 /* units */

struct weft_price {
	const char *text;
	double amount;		    /* without SERIES */
	struct weft_series *series; /* NULL: it never changes */
};

struct weft_price *weft_price_load(const char *text, struct weft_err *err)
{
	struct weft_price *price = calloc(1, sizeof(*price));

	if (!price) {
		weft_err(err, "%s: out of memory", text);
		return NULL;
	}
	price->text = text;
	if (text[0] != '/') { /* weft.conf has checked it */
		price->amount = weft_number_value(text, strlen(text), 0);
		return price;
	}
	price->series = weft_series_load(text, err);
	if (price->series)
		return price;
	free(price);
	return NULL;
}

void weft_price_destroy(struct weft_price *price)
{
	if (!price)
		return;
	weft_series_destroy(price->series);
	free(price);
}

static int64_t micro(double value)
{
	return value >= 0 && value <= MAX_PRICE ? llround(value * WEFT_MICRO) : -1;
}

int64_t weft_price_mean(const struct weft_price *price, time_t from, time_t to)
{
	return micro(price->series ? weft_series_mean(price->series, from, to) : price->amount);
}

int64_t weft_price_value(const struct weft_price *price, time_t when, struct weft_err *err)
{
	double value = price->series ? weft_series_at(price->series, when) : price->amount;

	if (micro(value) >= 0)
		return micro(value);
	weft_err(err, "%s: %s", price->text,
		 isnan(value) ? "no price is known for now" : "the price now cannot be one");
	return -1;
}

int64_t weft_price_at(const char *text, time_t when, struct weft_err *err)
{
	struct weft_price *price = text ? weft_price_load(text, err) : NULL;
	int64_t value = price ? weft_price_value(price, when, err) : -1;

	weft_price_destroy(price);
	return value;
}
