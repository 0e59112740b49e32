/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_jobspec.c - what a job's environment says of its request. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jobspec.h"

static const char conf_text[] = "DefaultPolicy=listed\nApp=llama Table=h100=2,a100=1\n";

static struct weft_conf *conf;

static void setup(void)
{
	struct weft_err err = WEFT_ERR_INIT;

	conf = weft_conf_parse("weft.conf", conf_text, strlen(conf_text), &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
}

static void teardown(void)
{
	weft_conf_destroy(conf);
}

START_TEST(reads_all_three)
{
	struct weft_jobspec spec;

	ck_assert_int_eq(weft_jobspec_make(&spec, "8:h100", NULL, NULL, conf, NULL), 0);
	ck_assert_int_eq(spec.policy, WEFT_LISTED);
	ck_assert(!spec.scale_time);
	ck_assert_ptr_null(spec.app);
	weft_jobspec_clear(&spec);

	ck_assert_int_eq(weft_jobspec_make(&spec, "8:h100", "fast,scale-time", "LLAMA", conf, NULL), 0);
	ck_assert_int_eq(spec.policy, WEFT_FAST);
	ck_assert(spec.scale_time);
	ck_assert_ptr_eq(spec.app, &conf->apps[0]);
	weft_jobspec_clear(&spec);

	ck_assert_int_eq(weft_jobspec_make(&spec, "8:h100", "soon", "=h100=3", conf, NULL), 0);
	ck_assert_ptr_eq(spec.app, &spec.own);
	ck_assert_double_eq(spec.app->rows[0].rate, 3);
	weft_jobspec_clear(&spec);
}
END_TEST

static void check_error(const char *accel, const char *policy, const char *app, const char *expected)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_jobspec spec;

	ck_assert_int_eq(weft_jobspec_make(&spec, accel, policy, app, conf, &err), -1);
	ck_assert_str_eq(err.text, expected);
	ck_assert_ptr_null(spec.request);
}

START_TEST(names_the_option_in_errors)
{
	struct weft_err why = WEFT_ERR_INIT;
	char expected[sizeof(why.text) + 16];

	check_error("8:h100", "son", NULL, "--accel-policy: unknown policy \"son\"; did you mean soon?");
	check_error("8:h100", NULL, "lama", "--accel-app: unknown table \"lama\"; did you mean llama?");
	check_error("8:h100", NULL, "zzzzzzz", "--accel-app: unknown table \"zzzzzzz\"");
	ck_assert_ptr_null(weft_request_parse("8:", &why));
	snprintf(expected, sizeof(expected), "--accel: %s", why.text);
	check_error("8:", NULL, NULL, expected);
	why.text[0] = '\0';
	ck_assert_int_eq(weft_app_parse(&(struct weft_app){ 0 }, NULL, "h100=x", &why), -1);
	snprintf(expected, sizeof(expected), "--accel-app: %s", why.text);
	check_error("8:h100", NULL, "=h100=x", expected);
}
END_TEST

START_TEST(keeps_node_counts)
{
	unsigned min, max;
	char buf[32];

	weft_nodes_text(buf, sizeof(buf), 2, 0);
	ck_assert_str_eq(buf, "2-0");
	weft_nodes_parse(buf, &min, &max);
	ck_assert_uint_eq(min, 2);
	ck_assert_uint_eq(max, 0);
	weft_nodes_parse("3-7", &min, &max);
	ck_assert_uint_eq(min, 3);
	ck_assert_uint_eq(max, 7);
	for (const char *const *bad =
		     (const char *const[]){ "", "3", "3-", "-7", "3-7x", "a-b", "9999999999-1", NULL };
	     *bad; bad++) {
		weft_nodes_parse(*bad, &min, &max);
		ck_assert_msg(min == 0 && max == 0, "%s gave %u-%u", *bad, min, max);
	}
}
END_TEST

START_TEST(keeps_time_limits)
{
	char buf[32];

	weft_time_text(buf, sizeof(buf), 60, 240);
	ck_assert_str_eq(buf, "60:240");
	ck_assert_uint_eq(weft_time_reference(buf), 60);
	ck_assert_uint_eq(weft_time_longest(buf), 240);
	ck_assert_uint_eq(weft_time_reference("60"), 0);
	ck_assert_uint_eq(weft_time_longest("x:y"), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("jobspec");
	TCase *tc = tcase_create("jobspec");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_all_three);
	tcase_add_test(tc, names_the_option_in_errors);
	tcase_add_test(tc, keeps_node_counts);
	tcase_add_test(tc, keeps_time_limits);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
