/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * price.c - the value of Price= now.
 */
#include "weftd/price.h"

#include <math.h>
#include <string.h>

#include "core/money.h"
#include "core/scan.h"
#include "core/series.h"

#define MAX_PRICE 1e9 /* units */

int64_t weft_price_at(const char *price, time_t now, struct weft_err *err)
{
	struct weft_series *series;
	double value;

	if (!price)
		return -1;
	if (price[0] != '/') { /* weft.conf has checked it */
		value = weft_number_value(price, strlen(price), 0);
	} else {
		series = weft_series_load(price, err);
		if (!series)
			return -1;
		value = weft_series_at(series, now);
		weft_series_destroy(series);
	}
	if (value >= 0 && value <= MAX_PRICE)
		return llround(value * WEFT_MICRO);
	weft_err(err, "%s: %s", price,
		 isnan(value) ? "no price is known for now" : "the price now cannot be one");
	return -1;
}
