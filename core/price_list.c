/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * price_list.c - the lines, and a price for each.
 */
#include "core/price_list.h"

#include <stdlib.h>

#include "core/money.h"
#include "core/price.h"
#include "core/scan.h"

struct weft_price_list {
	const struct weft_conf_sale *lines;
	size_t n;
	struct weft_price *prices[WEFT_CONF_MAX_SALES]; /* by line */
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
		list->prices[i] = weft_price_load(list->lines[i].price, err);
		if (!list->prices[i]) {
			weft_price_list_destroy(list);
			return NULL;
		}
	}
	return list;
}

void weft_price_list_destroy(struct weft_price_list *list)
{
	for (size_t i = 0; list && i < list->n; i++)
		weft_price_destroy(list->prices[i]);
	free(list);
}

int64_t weft_price_list_cost(const struct weft_price_list *list, const char *kind, unsigned cards,
			     time_t start, unsigned seconds, const char **currency)
{
	*currency = "";
	for (size_t i = 0; list && i < list->n; i++) {
		if (!weft_name_equal(list->lines[i].gres, kind))
			continue;
		*currency = list->lines[i].currency;
		return weft_money_cost(weft_price_mean(list->prices[i], start, start + (time_t)seconds),
				       cards, seconds);
	}
	return 0;
}
