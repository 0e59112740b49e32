/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * money.c - amounts of money, exact to a millionth.
 */
#include "core/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DECIMALS 6

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool weft_is_currency(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((text[i] | 0x20) < 'a' || (text[i] | 0x20) > 'z')
			return false;
	return len == 3;
}

bool weft_same_currency(const char *a, const char *b)
{
	return a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0;
}

/* The digits before and after the point, as micro-units; how many characters they are.  0: there are none, or
 * too many. */
static size_t number(const char *text, size_t len, int64_t *micro)
{
	size_t i = 0, decimals = 0, digits = 0;

	*micro = 0;
	for (; i < len && is_digit(text[i]); i++, digits++) {
		*micro = *micro * 10 + (text[i] - '0');
		if (*micro > WEFT_MONEY_MAX / WEFT_MICRO)
			return 0;
	}
	if (i < len && text[i] == '.') {
		for (i++; i < len && is_digit(text[i]); i++, decimals++) {
			if (decimals == DECIMALS)
				return 0;
			*micro = *micro * 10 + (text[i] - '0');
		}
		if (decimals == 0)
			return 0;
	}
	if (digits + decimals == 0)
		return 0;
	for (; decimals < DECIMALS; decimals++)
		*micro *= 10;
	return *micro > WEFT_MONEY_MAX ? 0 : i;
}

int weft_money_parse(const char *text, size_t len, int64_t *micro, char currency[4])
{
	int64_t value;
	size_t n = number(text, len, &value);

	if (n == 0)
		return -1;
	text += n;
	len -= n;
	if (len > 0 && text[0] == ' ') {
		text++;
		len--;
		if (len == 0)
			return -1;
	}
	if (len > 0 && !weft_is_currency(text, len))
		return -1;
	for (size_t i = 0; i < len; i++)
		currency[i] = (char)(text[i] & ~0x20);
	currency[len] = '\0';
	*micro = value;
	return 0;
}

const char *weft_money_text(int64_t micro, const char *currency, char buf[WEFT_MONEY_SIZE])
{
	uint64_t size = micro < 0 ? -(uint64_t)micro : (uint64_t)micro;
	bool named = currency && currency[0] != '\0';
	char decimals[DECIMALS + 1];
	int n = DECIMALS;

	snprintf(decimals, sizeof(decimals), "%06u", (unsigned)(size % WEFT_MICRO));
	while (n > 2 && decimals[n - 1] == '0')
		n--;
	snprintf(buf, WEFT_MONEY_SIZE, "%s%" PRIu64 ".%.*s%s%.3s", micro < 0 ? "-" : "", size / WEFT_MICRO, n,
		 decimals, named ? " " : "", named ? currency : "");
	return buf;
}

int weft_money_add(int64_t a, int64_t b, int64_t *sum)
{
	int64_t s;

	if (__builtin_add_overflow(a, b, &s))
		return -1;
	*sum = s;
	return 0;
}

int weft_money_times(int64_t price, uint64_t n, uint64_t d, int64_t *product)
{
	unsigned __int128 size = price < 0 ? -(unsigned __int128)price : (unsigned __int128)price;

	size = size * n; /* below 2^127 */
	size = size / d + (size % d >= d - size % d);
	if (size > INT64_MAX)
		return -1;
	*product = price < 0 ? -(int64_t)size : (int64_t)size;
	return 0;
}

int64_t weft_money_cost(int64_t price, uint64_t cards, uint64_t seconds)
{
	uint64_t n;
	int64_t cost;

	if (price < 0 || __builtin_mul_overflow(cards, seconds, &n) ||
	    weft_money_times(price, n, 3600, &cost))
		return -1;
	return cost;
}
