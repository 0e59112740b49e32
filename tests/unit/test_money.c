/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_money.c - amounts of money, exact.
 */
#include "core/money.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const struct {
	const char *text;
	int64_t micro;
	const char *currency, *written;
} good[] = {
	{ "0", 0, "", "0.00" },
	{ "5", 5000000, "", "5.00" },
	{ "5.2", 5200000, "", "5.20" },
	{ ".5", 500000, "", "0.50" },
	{ "5.20EUR", 5200000, "EUR", "5.20 EUR" },
	{ "5.20 eur", 5200000, "EUR", "5.20 EUR" },
	{ "0.000001cny", 1, "CNY", "0.000001 CNY" },
	{ "1.234500", 1234500, "", "1.2345" },
	{ "0012.30", 12300000, "", "12.30" },
	{ "1000000000000", WEFT_MONEY_MAX, "", "1000000000000.00" },
	{ "999999999999.999999JPY", WEFT_MONEY_MAX - 1, "JPY", "999999999999.999999 JPY" },
};

START_TEST(reads_and_writes)
{
	char currency[4] = "?", buf[WEFT_MONEY_SIZE];
	int64_t micro = -1;

	ck_assert_int_eq(weft_money_parse(good[_i].text, strlen(good[_i].text), &micro, currency), 0);
	ck_assert_int_eq(micro, good[_i].micro);
	ck_assert_str_eq(currency, good[_i].currency);
	ck_assert_str_eq(weft_money_text(micro, currency, buf), good[_i].written);
}
END_TEST

static const char *const bad[] = {
	"",
	" ",
	".",
	"-1",
	"+1",
	"1.",
	"1.EUR",
	"1.0000001",
	"1,5",
	"1e3",
	"EUR",
	"EUR5",
	"5EU",
	"5EURO",
	"5 ",
	"5  EUR",
	"5 EUR ",
	" 5",
	"5.2.1",
	"5E R",
	"0x10",
	"1000000000001",
	"99999999999999999999",
	"1000000000000.000001",
	"5\n",
	"5@[`",
};

START_TEST(refuses)
{
	char currency[4] = "abc";
	int64_t micro = 42;

	ck_assert_int_eq(weft_money_parse(bad[_i], strlen(bad[_i]), &micro, currency), -1);
	ck_assert_int_eq(micro, 42);
	ck_assert_str_eq(currency, "abc");
}
END_TEST

START_TEST(reads_no_further_than_its_length)
{
	char currency[4];
	int64_t micro;

	ck_assert_int_eq(weft_money_parse("5.25EURO", 3, &micro, currency), 0);
	ck_assert_int_eq(micro, 5200000);
	ck_assert_str_eq(currency, "");
}
END_TEST

START_TEST(writes_what_is_owed)
{
	char buf[WEFT_MONEY_SIZE];

	ck_assert_str_eq(weft_money_text(-3000000, "EUR", buf), "-3.00 EUR");
	ck_assert_str_eq(weft_money_text(-1, NULL, buf), "-0.000001");
	ck_assert_str_eq(weft_money_text(INT64_MIN, "USD", buf), "-9223372036854.775808 USD");
	ck_assert_str_eq(weft_money_text(INT64_MAX, "", buf), "9223372036854.775807");
}
END_TEST

START_TEST(knows_currencies)
{
	ck_assert(weft_is_currency("EUR", 3) && weft_is_currency("eur", 3));
	ck_assert(!weft_is_currency("EU", 2) && !weft_is_currency("EURO", 4) && !weft_is_currency("E1R", 3));
	ck_assert(weft_same_currency("EUR", "EUR") && weft_same_currency("", "EUR") &&
		  weft_same_currency("EUR", ""));
	ck_assert(!weft_same_currency("EUR", "USD"));
}
END_TEST

START_TEST(adds_without_overflow)
{
	int64_t sum = 7;

	ck_assert_int_eq(weft_money_add(2, -5, &sum), 0);
	ck_assert_int_eq(sum, -3);
	ck_assert_int_eq(weft_money_add(INT64_MAX, 1, &sum), -1);
	ck_assert_int_eq(weft_money_add(INT64_MIN, -1, &sum), -1);
	ck_assert_int_eq(sum, -3);
}
END_TEST

START_TEST(multiplies_and_rounds)
{
	int64_t p = 7;

	ck_assert_int_eq(weft_money_times(10, 1, 4, &p), 0); /* 2.5 */
	ck_assert_int_eq(p, 3);
	ck_assert_int_eq(weft_money_times(-10, 1, 4, &p), 0);
	ck_assert_int_eq(p, -3);
	ck_assert_int_eq(weft_money_times(10, 1, 3, &p), 0);
	ck_assert_int_eq(p, 3);
	ck_assert_int_eq(weft_money_times(INT64_MAX, 1000, 1000, &p), 0);
	ck_assert_int_eq(p, INT64_MAX);
	ck_assert_int_eq(weft_money_times(INT64_MAX, 3, 2, &p), -1);
	ck_assert_int_eq(weft_money_times(INT64_MAX, UINT64_MAX, 1, &p), -1);
	ck_assert_int_eq(p, INT64_MAX);
	ck_assert_int_eq(weft_money_times(1, UINT64_MAX, UINT64_MAX, &p), 0);
	ck_assert_int_eq(p, 1);
}
END_TEST

START_TEST(says_what_cards_cost)
{
	ck_assert_int_eq(weft_money_cost(2500000, 8, 5400), 30000000);
	ck_assert_int_eq(weft_money_cost(0, 8, 5400), 0);
	ck_assert_int_eq(weft_money_cost(-1, 8, 5400), -1);
	ck_assert_int_eq(weft_money_cost(2500000, UINT64_MAX, 2), -1);
	ck_assert_int_eq(weft_money_cost(INT64_MAX, 1, 7200), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("money");
	TCase *tc = tcase_create("money");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, reads_and_writes, 0, LENGTH(good));
	tcase_add_loop_test(tc, refuses, 0, LENGTH(bad));
	tcase_add_test(tc, reads_no_further_than_its_length);
	tcase_add_test(tc, writes_what_is_owed);
	tcase_add_test(tc, knows_currencies);
	tcase_add_test(tc, adds_without_overflow);
	tcase_add_test(tc, multiplies_and_rounds);
	tcase_add_test(tc, says_what_cards_cost);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
