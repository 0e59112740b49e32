/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_speed.c - throughput tables in both forms, and the roofline.
 */
#include "core/speed.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

struct pair {
	const char *text, *want;
};

static void check_canonical(const struct weft_app *app, const char *want)
{
	char *text = weft_app_canonical(app);

	ck_assert_str_eq(text, want);
	free(text);
}

static const struct pair good_inline[] = {
	{ "h100=1,a100=0.46", "h100=1,a100=0.46" },
	{ " H100 = 1 , A100_sxm4 = .46 ", "h100=1,a100_sxm4=0.46" },
	{ "h100 1,a100 0.46", "h100=1,a100=0.46" },
	{ "910b=1e3", "910b=1000" },
	{ "h100=1e-12,a100=1e12", "h100=1e-12,a100=1000000000000" },
	{ "h100=0.30000000000000004", "h100=0.30000000000000004" },
};

START_TEST(reads_the_inline_form)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_app app, again;
	char *text;

	ck_assert_msg(weft_app_parse(&app, "resnet", good_inline[_i].text, &err) == 0, "%s", err.text);
	ck_assert_str_eq(app.name, "resnet");
	check_canonical(&app, good_inline[_i].want);
	text = weft_app_canonical(&app);
	ck_assert_int_eq(weft_app_parse(&again, NULL, text, &err), 0);
	ck_assert_ptr_null(again.name);
	ck_assert_uint_eq(again.n_rows, app.n_rows);
	for (size_t i = 0; i < app.n_rows; i++)
		ck_assert(app.rows[i].rate == again.rows[i].rate);
	free(text);
	weft_app_clear(&again);
	weft_app_clear(&app);
	ck_assert_ptr_null(app.rows);
}
END_TEST

static const struct pair bad_inline[] = {
	{ "", "the table is empty; write MODEL=RATE,MODEL=RATE" },
	{ " \t ", "the table is empty; write MODEL=RATE,MODEL=RATE" },
	{ "h100", "h100 at column 1 has no rate; write h100=1.5" },
	{ "h100=1, a100 =", "a100 at column 9 has no rate; write a100=1.5" },
	{ "h100=1,", "a model is missing at column 8" },
	{ ",h100=1", "a model is missing at column 1" },
	{ "h100=1,=2", "a model is missing at column 8" },
	{ "h100=fast", "the rate \"fast\" of h100 at column 6 is not a positive number" },
	{ "h100 =  0", "the rate \"0\" of h100 at column 9 is not a positive number" },
	{ "h100=-1", "the rate \"-1\" of h100 at column 6 is not a positive number" },
	{ "h100=nan", "the rate \"nan\" of h100 at column 6 is not a positive number" },
	{ "h100=inf", "the rate \"inf\" of h100 at column 6 is not a positive number" },
	{ "h100=1 2", "the rate \"1 2\" of h100 at column 6 is not a positive number" },
	{ "h100==1", "the rate \"=1\" of h100 at column 6 is not a positive number" },
	{ "h100=1;a100=2", "the rate \"1;a100=2\" of h100 at column 6 is not a positive number" },
	{ "h100=1e999", "the rate \"1e999\" of h100 at column 6 is not between 1e-12 and 1e+12" },
	{ "h100=1e-13", "the rate \"1e-13\" of h100 at column 6 is not between 1e-12 and 1e+12" },
	{ "h100=1,H100=2", "h100 at column 8 is listed twice" },
	{ "a100-sxm4=1,a100_SXM4=1", "a100_sxm4 at column 13 is listed twice" },
	{ "gpu:h100=1", "\"gpu:h100\" at column 1 is not the name of a model" },
	{ "-h100=1", "\"-h100\" at column 1 is not the name of a model" },
	{ "h\xc3\xa4=1", "\"h\xc3\xa4\" at column 1 is not the name of a model" },
	{ "h100=1,a1\x1b"
	  "00=1",
	  "control character 0x1b at column 10" },
	{ "h100=1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1",
	  "the name at column 8 has 65 characters; at most 64 are allowed" },
};

START_TEST(explains_the_inline_form)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_app app;

	ck_assert_int_eq(weft_app_parse(&app, "resnet", bad_inline[_i].text, &err), -1);
	ck_assert_str_eq(err.text, bad_inline[_i].want);
	ck_assert_ptr_null(app.name);
	ck_assert_ptr_null(app.rows);
	ck_assert_int_eq(weft_app_parse(&app, NULL, bad_inline[_i].text, NULL), -1);
}
END_TEST

/* MODEL=RATE of N models, each followed by SEPARATOR. */
static char *many(int n, char separator)
{
	char *text = calloc((size_t)n, 16);
	size_t used = 0;

	for (int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, 16, "m%d=1%c", i, separator);
	text[used - 1] = '\0';
	return text;
}

START_TEST(limits)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_app app;
	char *text = many(64, ',');

	ck_assert_int_eq(weft_app_parse(&app, NULL, text, &err), 0);
	ck_assert_uint_eq(app.n_rows, 64);
	weft_app_clear(&app);
	free(text);

	text = many(65, ',');
	ck_assert_int_eq(weft_app_parse(&app, NULL, text, &err), -1);
	ck_assert_str_eq(err.text, "more than 64 models at column 375");
	free(text);

	text = many(65, '\n');
	err.text[0] = '\0';
	ck_assert_int_eq(weft_app_parse_file(&app, "rates.txt", text, strlen(text), &err), -1);
	ck_assert_str_eq(err.text, "rates.txt:65: more than 64 models");
	free(text);

	text = calloc(1, 70000);
	memset(text, ' ', 65537);
	text[0] = '#';
	err.text[0] = '\0';
	ck_assert_int_eq(weft_app_parse_file(&app, "rates.txt", text, 65537, &err), -1);
	ck_assert_str_eq(err.text, "rates.txt: the table has 65537 bytes; at most 65536 are allowed");
	text[4097] = '\0';
	err.text[0] = '\0';
	ck_assert_int_eq(weft_app_parse(&app, NULL, text, &err), -1);
	ck_assert_str_eq(err.text, "the table has 4097 bytes; at most 4096 are allowed");
	free(text);
}
END_TEST

static const struct pair good_files[] = {
	{ "h100 1\na100 0.46\n", "h100=1,a100=0.46" },
	{ "# measured in May\r\n\r\nH100\t1   # reference\r\n  a100 = 0.46\r\n910b,0.7",
	  "h100=1,a100=0.46,910b=0.7" },
	{ "h100=1", "h100=1" },
};

START_TEST(reads_the_file_form)
{
	const char *text = good_files[_i].text;
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_app app;

	ck_assert_msg(weft_app_parse_file(&app, "rates.txt", text, strlen(text), &err) == 0, "%s", err.text);
	ck_assert_ptr_null(app.name);
	check_canonical(&app, good_files[_i].want);
	weft_app_clear(&app);
}
END_TEST

static const struct pair bad_files[] = {
	{ "", "rates.txt: no line says MODEL RATE" },
	{ "# nothing\n\n", "rates.txt: no line says MODEL RATE" },
	{ "h100 1\n\na100", "rates.txt:3: a100 has no rate; write a100=1.5" },
	{ "h100 1\n= 2\n", "rates.txt:2: a model is missing" },
	{ "h100 fast", "rates.txt:1: the rate \"fast\" of h100 is not a positive number" },
	{ "h100 1 2", "rates.txt:1: the rate \"1 2\" of h100 is not a positive number" },
	{ "h100 1e13", "rates.txt:1: the rate \"1e13\" of h100 is not between 1e-12 and 1e+12" },
	{ "h100 1\nH100 2", "rates.txt:2: h100 is listed twice" },
	{ "gpu:h100 1", "rates.txt:1: \"gpu:h100\" is not the name of a model" },
	{ "h100\x01 1", "rates.txt:1: control character 0x01" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1",
	  "rates.txt:1: the name has 65 characters; at most 64 are allowed" },
};

START_TEST(explains_the_file_form)
{
	const char *text = bad_files[_i].text;
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_app app;

	ck_assert_int_eq(weft_app_parse_file(&app, "rates.txt", text, strlen(text), &err), -1);
	ck_assert_str_eq(err.text, bad_files[_i].want);
	ck_assert_ptr_null(app.rows);
}
END_TEST

START_TEST(nul_bytes_in_a_file)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_app app;

	ck_assert_int_eq(weft_app_parse_file(&app, "rates.txt", "h100 1\na\0b 1", 12, &err), -1);
	ck_assert_str_eq(err.text, "rates.txt:2: control character 0x00");
}
END_TEST

/* Models made by hand: no catalogue is needed to know how fast one is. */

static char name[] = "h100-sxm5-80gb", family[] = "h100", spelling[] = "h100sxm";
static char *types[] = { spelling, NULL };

static struct weft_model model(void)
{
	struct weft_figure unknown = { NAN, NAN };
	struct weft_model m = { .name = name, .family = family, .gres_types = types, .bw = { 3350, 3350 } };

	for (int i = 0; i < WEFT_DTYPES; i++)
		m.tflops[i] = unknown;
	m.tflops[WEFT_BF16] = (struct weft_figure){ 989, 989 };
	return m;
}

static double rate(const char *table, const char *type)
{
	struct weft_model m = model();
	struct weft_app app;
	double r;

	ck_assert_int_eq(weft_app_parse(&app, NULL, table, NULL), 0);
	r = weft_speed_rate(&m, type, &app, 200);
	weft_app_clear(&app);
	return r;
}

START_TEST(the_most_exact_row_counts)
{
	ck_assert(rate("h100=1,H100_SXM5-80gb=2,h100sxm=3,fast=4", "fast") == 2);
	ck_assert(rate("h100=1,h100sxm=3,fast=4", "FAST") == 4);
	ck_assert(rate("h100=1,h100sxm=3", "fast") == 1);
	ck_assert(rate("a100=1,h100sxm=3", "fast") == 3);
	ck_assert(rate("a100=1,h100=3", NULL) == 3);
	ck_assert(isnan(rate("a100=1,h100-pcie-80gb=1", "h200")));
}
END_TEST

START_TEST(a_table_may_know_what_the_catalogue_does_not)
{
	struct weft_app app;

	ck_assert_int_eq(weft_app_parse(&app, NULL, "mystery=7", NULL), 0);
	ck_assert(weft_speed_rate(NULL, "mystery", &app, 200) == 7);
	ck_assert(isnan(weft_speed_rate(NULL, "other", &app, 200)));
	ck_assert(isnan(weft_speed_rate(NULL, NULL, &app, 200)));
	weft_app_clear(&app);
	ck_assert(isnan(weft_speed_rate(NULL, "mystery", &app, 200)));
	ck_assert(isnan(weft_speed_rate(NULL, "mystery", NULL, 200)));
}
END_TEST

START_TEST(roofline)
{
	struct weft_model m = model();
	struct weft_app none = { NULL, NULL, 0 };

	ck_assert(weft_speed_rate(&m, NULL, NULL, 200) == 670);	 /* fed by memory: 3350 x 200 GFLOPS */
	ck_assert(weft_speed_rate(&m, NULL, &none, 200) == 670); /* an empty table is none */
	ck_assert(weft_speed_rate(&m, NULL, NULL, 300) == 989);	 /* bound by the peak */
	m.tflops[WEFT_BF16] = (struct weft_figure){ NAN, NAN };
	m.tflops[WEFT_FP32] = (struct weft_figure){ 67, 67 };
	ck_assert(weft_speed_rate(&m, NULL, NULL, 200) == 67);
	m.tflops[WEFT_TF32] = (struct weft_figure){ 400, 495 };
	ck_assert(weft_speed_rate(&m, NULL, NULL, 200) == 400); /* a family: the least of its variants */
	m.tflops[WEFT_FP16] = (struct weft_figure){ 500, 500 };
	ck_assert(weft_speed_rate(&m, NULL, NULL, 200) == 500);
	ck_assert(isnan(weft_speed_rate(&m, NULL, NULL, 0)));
	ck_assert(isnan(weft_speed_rate(&m, NULL, NULL, NAN)));
	m.bw = (struct weft_figure){ NAN, NAN };
	ck_assert(isnan(weft_speed_rate(&m, NULL, NULL, 200)));
}
END_TEST

START_TEST(no_roofline_without_a_peak)
{
	struct weft_model m = model();

	m.tflops[WEFT_BF16] = (struct weft_figure){ NAN, NAN };
	m.tflops[WEFT_INT8] = (struct weft_figure){ 2000, 2000 };
	ck_assert(isnan(weft_speed_rate(&m, NULL, NULL, 200)));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("speed");
	TCase *t = tcase_create("speed");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, reads_the_inline_form, 0, LENGTH(good_inline));
	tcase_add_loop_test(t, explains_the_inline_form, 0, LENGTH(bad_inline));
	tcase_add_test(t, limits);
	tcase_add_loop_test(t, reads_the_file_form, 0, LENGTH(good_files));
	tcase_add_loop_test(t, explains_the_file_form, 0, LENGTH(bad_files));
	tcase_add_test(t, nul_bytes_in_a_file);
	tcase_add_test(t, the_most_exact_row_counts);
	tcase_add_test(t, a_table_may_know_what_the_catalogue_does_not);
	tcase_add_test(t, roofline);
	tcase_add_test(t, no_roofline_without_a_peak);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
