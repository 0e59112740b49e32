/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.c - names, numbers and citations, for everything that reads text.
 */
#include "core/scan.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/catalogue.h"
#include "core/nearest.h"

/* The functions of ctype.h follow the locale; these texts do not. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct weft_snip weft_snip(const char *text, size_t len)
{
	struct weft_snip s = { "" };
	size_t room = sizeof(s.text) - 1;

	if (len <= room) {
		memcpy(s.text, text, len);
	} else {
		memcpy(s.text, text, room - 3);
		memcpy(s.text + room - 3, "...", 3);
	}
	return s;
}

bool weft_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t weft_scan_name(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] != '\0' &&
	       (is_letter(text[n]) || is_digit(text[n]) || strchr("-_.+", text[n])))
		n++;
	return n;
}

bool weft_is_name(const char *text, size_t len)
{
	return len >= 1 && len <= WEFT_NAME_MAX && weft_scan_name(text, len) == len &&
	       (is_letter(text[0]) || is_digit(text[0]));
}

void weft_copy_lower(char *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = lower(text[i]);
	out[len] = '\0';
}

bool weft_name_equal(const char *a, const char *b)
{
	if (!a || !b)
		return false;
	while (*a != '\0' && weft_fold(*a) == weft_fold(*b)) {
		a++;
		b++;
	}
	return *a == '\0' && *b == '\0';
}

static size_t digits(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && is_digit(text[n]))
		n++;
	return n;
}

size_t weft_scan_number(const char *text, size_t len)
{
	size_t whole = digits(text, len), n = whole, frac = 0, e;

	if (n < len && text[n] == '.') {
		frac = digits(text + n + 1, len - n - 1);
		n += 1 + frac;
	}
	if (whole + frac == 0)
		return 0;
	if (n < len && lower(text[n]) == 'e') { /* "2E" alone is two exa */
		e = n + 1;
		if (e < len && (text[e] == '+' || text[e] == '-'))
			e++;
		if (digits(text + e, len - e) > 0)
			n = e + digits(text + e, len - e);
	}
	return n;
}

/* The exponent of a number, as far as it matters: beyond 9999 every double has over- or underflown. */
static int exponent(const char *text, size_t len)
{
	size_t i = 0;
	int sign = 1, value = 0;

	if (i < len && (text[i] == '+' || text[i] == '-'))
		sign = text[i++] == '-' ? -1 : 1;
	for (; i < len; i++)
		value = value < 9999 ? value * 10 + (text[i] - '0') : value;
	return sign * value;
}

double weft_number_value(const char *text, size_t len, int exp10)
{
	char buf[WEFT_NUMBER_MAX + 16];
	size_t mantissa = 0;
	locale_t c;
	double v;

	if (len == 0 || len > WEFT_NUMBER_MAX)
		return NAN;
	while (mantissa < len && lower(text[mantissa]) != 'e')
		mantissa++;
	if (mantissa < len)
		exp10 += exponent(text + mantissa + 1, len - mantissa - 1);
	snprintf(buf, sizeof(buf), "%.*se%d", (int)mantissa, text, exp10);
	c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	v = strtod_l(buf, NULL, c); /* 1.5 is 1.5 where people write 1,5 */
	freelocale(c);
	return v;
}

double weft_watts_value(const char *text, size_t len)
{
	size_t n = weft_scan_number(text, len);
	int exp10 = 0;
	double v;

	if (len > n && lower(text[len - 1]) == 'w')
		len--;
	if (len == n + 1 && n > 0) {
		switch (lower(text[n])) {
		case 'k':
			exp10 = 3;
			break;
		case 'm':
			exp10 = 6;
			break;
		case 'g':
			exp10 = 9;
			break;
		default:
			return NAN;
		}
	} else if (len != n) {
		return NAN;
	}
	v = weft_number_value(text, n, exp10);
	return v <= WEFT_WATTS_MAX ? v : NAN;
}

const char *weft_number_text(double value, int exp10, int exp2, char buf[WEFT_NUMBER_SIZE])
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	locale_t old = uselocale(c);
	const char *found = NULL;

	for (int precision = 6; precision <= 17 && !found; precision++) {
		double number = ldexp(value, -exp2) / pow(10, exp10);

		snprintf(buf, WEFT_NUMBER_SIZE, "%.*g", precision, number);
		if (strchr(buf, 'e') && number >= 1 && number < 1e15) /* 1000000, not 1e+06 */
			snprintf(buf, WEFT_NUMBER_SIZE, "%.0f", number);
		if (ldexp(weft_number_value(buf, strlen(buf), exp10), exp2) == value)
			found = buf;
	}
	uselocale(old);
	freelocale(c);
	return found;
}
