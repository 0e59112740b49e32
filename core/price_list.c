/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * price_list.c - a line, and the series of each that is a file.
 */
#include "core/price_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/money.h"
#include "core/scan.h"
#include "core/series.h"

struct weft_price_list {
	const struct weft_conf_sale *lines;
	size_t n;
	struct weft_series *series[WEFT_CONF_MAX_SALES]; /* NULL: the line has an amount */
};

struct weft_price_list *weft_price_list_load(const struct weft_conf *conf, struct weft_err *err)
{
	struct weft_price_list *list = calloc(1, sizeof(*list));

	if (!list) {
		weft_err(err, "out of memory");
		return NULL;
	}
	list->lines = conf->burst.prices;
	list->n = conf->burst.n_prices;
	for (size_t i = 0; i < list->n; i++) {
		const char *price = list->lines[i].price;

		if (price[0] != '/')
			continue;
		list->series[i] = weft_series_load(price, err);
		if (!list->series[i]) {
			weft_price_list_destroy(list);
			return NULL;
		}
	}
	return list;
}

void weft_price_list_destroy(struct weft_price_list *list)
{
	for (size_t i = 0; list && i < list->n; i++)
		weft_series_destroy(list->series[i]);
	free(list);
}

/* Micro-units for a card and hour in the mean of that time; -1: not known. */
static int64_t mean_of(const struct weft_price_list *list, size_t i, time_t start, unsigned seconds)
{
	const char *price = list->lines[i].price;
	double mean = list->series[i] ? weft_series_mean(list->series[i], start, start + (time_t)seconds)
				      : weft_number_value(price, strlen(price), 0);

	return mean >= 0 && mean <= WEFT_CONF_MAX_AMOUNT ? llround(mean * WEFT_MICRO) : -1;
}

int64_t weft_price_list_cost(const struct weft_price_list *list, const char *kind, unsigned cards,
			     time_t start, unsigned seconds, const char **currency)
{
	*currency = "";
	for (size_t i = 0; list && i < list->n; i++) {
		if (!weft_name_equal(list->lines[i].gres, kind))
			continue;
		*currency = list->lines[i].currency;
		return weft_money_cost(mean_of(list, i, start, seconds), cards, seconds);
	}
	return 0;
}
