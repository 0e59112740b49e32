/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_price_list.c - what cards cost at home: amounts, tariffs by the hour, what is free and what is not
 * known.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/price_list.h"

#define T0   1740787200 /* 2025-03-01T00:00Z */
#define HOUR 3600

static char path[] = "/tmp/weft-prices.XXXXXX";
static struct weft_conf *conf;
static struct weft_price_list *list;
static struct weft_err err;

/* A tariff: TEXT is the file. */
static void load(const char *text)
{
	char lines[200];
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	snprintf(lines, sizeof(lines),
		 "HomePrice=gpu:h100 Price=1.80 Currency=EUR\nHomePrice=npu:910b3 Price=%s Currency=CNY\n"
		 "HomePrice=dcu Price=0.000001\n",
		 path);
	conf = weft_conf_parse("weft.conf", lines, strlen(lines), &err);
	ck_assert_msg(conf, "%s", err.text);
	list = weft_price_list_load(conf, &err);
}

static void setup(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	err = (struct weft_err)WEFT_ERR_INIT;
}

static void teardown(void)
{
	weft_price_list_destroy(list);
	weft_conf_destroy(conf);
	unlink(path);
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
}

static void costs(const char *kind, unsigned cards, time_t start, unsigned seconds, int64_t wanted,
		  const char *wanted_currency)
{
	const char *currency = NULL;

	ck_assert_int_eq(weft_price_list_cost(list, kind, cards, start, seconds, &currency), wanted);
	ck_assert_str_eq(currency, wanted_currency);
}

START_TEST(amounts)
{
	load("time,value\n2025-03-01T00:00Z,1\n");
	ck_assert_msg(list, "%s", err.text);
	costs("gpu:h100", 8, T0, 2 * HOUR, 28800000, "EUR");
	costs("GPU:H100", 1, T0, 1, 500, "EUR");
	costs("gpu:a100", 8, T0, HOUR, 0, "");
	costs("dcu", 1, T0, HOUR, 1, "");
	costs("gpu:h100", UINT32_MAX, T0, UINT32_MAX, -1, "EUR"); /* more than an amount can be */
}
END_TEST

/* 10 an hour at night, 30 from 08:00 on, and nothing known from 20:00 to 24:00. */
START_TEST(tariff)
{
	load("time,value\n2025-03-01T00:00Z,10\n2025-03-01T08:00Z,30\n2025-03-01T20:00Z,\n2025-03-02T00:00Z,"
	     "10\n"
	     "2025-03-02T08:00Z,30\n");
	ck_assert_msg(list, "%s", err.text);
	costs("npu:910b3", 1, T0, HOUR, 10000000, "CNY");
	costs("npu:910b3", 2, T0 + 8 * HOUR, 2 * HOUR, 120000000, "CNY");
	costs("npu:910b3", 1, T0 + 6 * HOUR, 4 * HOUR, 80000000, "CNY"); /* two hours of each */
	costs("npu:910b3", 1, T0 + 19 * HOUR, 2 * HOUR, -1, "CNY");
	costs("npu:910b3", 1, T0 - HOUR, HOUR, -1, "CNY");
}
END_TEST

START_TEST(wrong)
{
	char wanted[120];

	load("time,value\n2025-03-01T00:00Z,ten\n");
	ck_assert_ptr_null(list);
	snprintf(wanted, sizeof(wanted), "%s:2: ", path);
	ck_assert_msg(!strncmp(err.text, wanted, strlen(wanted)), "%s", err.text);
	err = (struct weft_err)WEFT_ERR_INIT;
	unlink(path);
	ck_assert_ptr_null(weft_price_list_load(conf, &err));
	snprintf(wanted, sizeof(wanted), "%s: No such file or directory", path);
	ck_assert_str_eq(err.text, wanted);
	costs("gpu:h100", 8, T0, HOUR, 0, ""); /* without a list all is free */
	weft_price_list_destroy(NULL);
}
END_TEST

START_TEST(negative)
{
	load("time,value\n2025-03-01T00:00Z,-5\n");
	ck_assert_msg(list, "%s", err.text);
	costs("npu:910b3", 1, T0, 60, -1, "CNY");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("price list");
	TCase *tc = tcase_create("price list");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, amounts);
	tcase_add_test(tc, tariff);
	tcase_add_test(tc, wrong);
	tcase_add_test(tc, negative);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite());
	int failed;

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
