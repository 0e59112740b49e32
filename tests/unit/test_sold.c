/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sold.c - what a site sold, from lines of its accounting.
 */
#include "core/sold.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define FROM	      1793491200 /* 2026-11-01 */
#define TO	      1796083200 /* 2026-12-01 */

static struct weft_err err;
static struct weft_conf *conf;
static struct weft_sold *sold;
static char prices[] = "/tmp/test_sold.XXXXXX";

static void set_up(void)
{
	static const char series[] = "2026-11-01T00:00Z,1\n2026-11-01T01:00Z,3\n2026-11-02T00:00Z,3\n";
	char text[1024];
	int fd;

	snprintf(prices, sizeof(prices), "/tmp/test_sold.XXXXXX");
	fd = mkstemp(prices);
	ck_assert(fd >= 0 && write(fd, series, sizeof(series) - 1) == (ssize_t)sizeof(series) - 1);
	close(fd);
	snprintf(text, sizeof(text),
		 "PublishKind=gpu:h100 Cards=64 Price=2.345678 Currency=EUR\n"
		 "PublishKind=gpu:a100 Cards=64 Price=1 Currency=EUR\n"
		 "PublishKind=gpu:b200 Cards=64 Price=2.345678 Currency=EUR\n"
		 "PublishKind=gpu:l40s Cards=8\n"
		 "PublishKind=npu:910b Cards=64 Price=%s Currency=CNY\n"
		 "PublishKind=dcu Cards=64 Price=0.5\n",
		 prices);
	err.text[0] = '\0';
	conf = weft_conf_parse("weft.conf", text, strlen(text), &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	sold = weft_sold_create(conf, "alpha", FROM, TO, &err);
	ck_assert_msg(sold != NULL, "%s", err.text);
}

static void tear_down(void)
{
	weft_sold_destroy(sold);
	weft_conf_destroy(conf);
	unlink(prices);
}

/* LINE with '|' between its fields, as sacct's. */
static int take(const char *line, struct weft_statement_line *sale)
{
	char text[512];

	snprintf(text, sizeof(text), "%s", line);
	err.text[0] = '\0';
	return weft_sold_read(sold, text, "|", sale, &err);
}

#define NAME "weft.alpha.77.1793490000.1"

static const struct {
	const char *line, *gres, *currency;
	int64_t cards, seconds, price, amount;
} sales[] = {
	/* 8 x 2.345678 for an hour */
	{ "5003|1793491200|1793491300|1793494900|60|billing=8,cpu=8,gres/gpu:h100=8,gres/gpu=8,node=1|" NAME,
	  "gpu:h100", "EUR", 8, 3600, 2345678, 18765424 },
	/* Over its limit: only that is charged. */
	{ "5003|1793491200|1793491300|1793494960|60|gres/gpu=8,gres/gpu:h100=8|" NAME, "gpu:h100", "EUR", 8,
	  3600, 2345678, 18765424 },
	{ "5003|1793491200|1793491300|1793494960|UNLIMITED|gres/gpu:h100=1|" NAME, "gpu:h100", "EUR", 1, 3660,
	  2345678, 2384773 },
	/* To the nearest millionth: 2345678 / 3600 = 651.58 */
	{ "5003|1793491200|1793491300|1793491301|60|gres/gpu:H100=1|" NAME, "gpu:H100", "EUR", 1, 1, 2345678,
	  652 },
	{ "5003|1793491200|1793491300|1793491300|60|gres/gpu:h100=8|" NAME, "gpu:h100", "EUR", 8, 0, 2345678,
	  0 },
	/* Several kinds of one price; a name that is no card's; cards without a type. */
	{ "1|1793491200|1793491300|1793494900|60|gres/gpu:b200=1,gres/gpu:h100=2,gres/gpu=3,gres/"
	  "nvme=4|" NAME,
	  "gpu:b200,gpu:h100", "EUR", 3, 3600, 2345678, 7037034 },
	{ "1|1793491200|1793491300|1793494900|60|gres/dcu:z100=2,gres/dcu=2|" NAME, "dcu:z100", "", 2, 3600,
	  500000, 1000000 },
	{ "1|1793491200|1793491300|1793494900|60|gres/npu=2|" NAME, "npu", "CNY", 2, 3600, 1000000, 2000000 },
	/* The price of when it was submitted, not of when it ran. */
	{ "1|1793494799|1793498400|1793502000|60|gres/npu:910b=2|" NAME, "npu:910b", "CNY", 2, 3600, 1000000,
	  2000000 },
	{ "1|1793494800|1793498400|1793502000|60|gres/npu:910b=2|" NAME, "npu:910b", "CNY", 2, 3600, 3000000,
	  6000000 },
	/* The first second of the month, and the last. */
	{ "1|1793491000|1793487600|1793491200|60|gres/gpu:a100=1|" NAME, "gpu:a100", "EUR", 1, 3600, 1000000,
	  1000000 },
	{ "1|1793491000|1796079599|1796083199|60|gres/gpu:a100=1|" NAME, "gpu:a100", "EUR", 1, 3600, 1000000,
	  1000000 },
};

START_TEST(reads_sales)
{
	struct weft_statement_line sale;

	ck_assert_msg(take(sales[_i].line, &sale) == 1, "%s", err.text);
	ck_assert_str_eq(sale.key, "alpha.77.1793490000");
	ck_assert_str_eq(sale.gres, sales[_i].gres);
	ck_assert_str_eq(sale.currency, sales[_i].currency);
	ck_assert_str_eq(sale.peer, "");
	ck_assert_int_eq(sale.cards, sales[_i].cards);
	ck_assert_int_eq(sale.seconds, sales[_i].seconds);
	ck_assert_int_eq(sale.price, sales[_i].price);
	ck_assert_int_eq(sale.amount, sales[_i].amount);
	ck_assert_uint_eq(sale.remote_id, strtoul(sales[_i].line, NULL, 10));
	ck_assert_int_eq(sale.start, strtol(strchr(strchr(sales[_i].line, '|') + 1, '|') + 1, NULL, 10));
}
END_TEST

static const char *const others[] = {
	"the rest of a name that has a line feed in it",
	"5003|1793491200|1793491300|1793494900|60|gres/gpu:h100=8",		   /* likewise */
	"5003|1793491200|1793491300|1793494900|60|gres/gpu:h100=8|train",	   /* its own job */
	"5003|1793491200|1793491300|1793494900|60|gres/gpu:h100=8|weft.alp.7.8.1", /* another site's */
	"5003|1793491200|1793491300|1793494900|60|gres/gpu:h100=8|weft.alphabet.7.8.1",
	"5003|1793491200|1793491300|1793494900|60|gres/gpu:h100=8|weft.alpha.7.8", /* of no run */
	"5003|1793491200|1793491300|1793494900|60|gres/gpu:h100=8|" NAME "|x",
	"5003|1793491200|None|1793494900|60|gres/gpu:h100=8|" NAME, /* never ran */
	"5003|1793491200|1793491300|1793494900|60||" NAME,
	"5003|1793491200|1793491300|Unknown|60|gres/gpu:h100=8|" NAME, /* runs */
	"5003|1793491000|1793487600|1793491199|60|gres/gpu:h100=8|" NAME,
	"5003|1793491000|1796079599|1796083200|60|gres/gpu:h100=8|" NAME,
};

START_TEST(passes_over_others)
{
	struct weft_statement_line sale;

	ck_assert_int_eq(take(others[_i], &sale), 0);
	ck_assert_str_eq(err.text, "");
}
END_TEST

static const struct {
	const char *line, *want;
} faults[] = {
	{ "5x|1793491200|1793491300|1793494900|60|gres/gpu:h100=8|" NAME,
	  "job 5x: JobIDRaw: \"5x\" is not a number up to 4294967295" },
	{ "5003|1793491200|1793491300.5|1793494900|60|gres/gpu:h100=8|" NAME,
	  "job 5003: Start: \"1793491300.5\" is not a number up to 7258118399" },
	{ "5003|1793491200|1793491300|1793494900|1-00:00|gres/gpu:h100=8|" NAME,
	  "job 5003: TimelimitRaw: \"1-00:00\" is not a number up to 120968639" },
	{ "5003|1793491200|1793491300|1793494900|60|cpu=8,gres/nvme=1|" NAME,
	  "job 5003 (alpha.77.1793490000): Slurm says of no cards of a PublishKind= that it had" },
	{ "5003|1793491200|1793491300|1793494900|60|gres/gpu:v100=8|" NAME,
	  "job 5003 (alpha.77.1793490000): weft.conf has no PublishKind=gpu:v100 with a Price=" },
	{ "5003|1793491200|1793491300|1793494900|60|gres/gpu:l40s=8|" NAME,
	  "job 5003 (alpha.77.1793490000): weft.conf has no PublishKind=gpu:l40s with a Price=" },
	{ "5003|1793491200|1793491300|1793494900|60|gres/gpu=8|" NAME, /* which? */
	  "job 5003 (alpha.77.1793490000): weft.conf has no PublishKind=gpu with a Price=" },
	{ "5003|1793491200|1793491300|1793494900|60|gres/gpu:h100=8,gres/gpu:a100=8|" NAME,
	  "job 5003 (alpha.77.1793490000): its cards have different prices" },
	{ "5003|1793400000|1793491300|1793494900|60|gres/npu:910b=8|" NAME,
	  "job 5003 (alpha.77.1793490000): the price of npu:910b when it was submitted is not known" },
	{ "5003|1793491200|1793491300|1793494900|60|gres/gpu:h100=999999999999|" NAME,
	  "job 5003 (alpha.77.1793490000): more than 100000000 cards" },
};

START_TEST(tells_what_is_wrong)
{
	struct weft_statement_line sale;

	ck_assert_int_eq(take(faults[_i].line, &sale), -1);
	ck_assert_str_eq(err.text, faults[_i].want);
}
END_TEST

START_TEST(needs_its_prices)
{
	char want[128];

	unlink(prices);
	ck_assert_ptr_null(weft_sold_create(conf, "alpha", FROM, TO, &err));
	snprintf(want, sizeof(want), "%s: No such file or directory", prices);
	ck_assert_str_eq(err.text, want);
	weft_sold_destroy(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sold");
	TCase *tc = tcase_create("sold");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, reads_sales, 0, LENGTH(sales));
	tcase_add_loop_test(tc, passes_over_others, 0, LENGTH(others));
	tcase_add_loop_test(tc, tells_what_is_wrong, 0, LENGTH(faults));
	tcase_add_test(tc, needs_its_prices);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
