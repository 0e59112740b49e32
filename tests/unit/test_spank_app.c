/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/speed.h"
#include "spank/weft_app.h"

static char dir[] = "/tmp/weft-app-XXXXXX";

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
}

static void teardown(void)
{
	unlink("table");
	unlink("resnet");
	rmdir("bert");
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(dir);
}

static void write_file(const char *name, const char *text, size_t len)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static void expect(const char *value, const char *want)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *got = weft_app_option(value, &err);

	ck_assert_msg(got != NULL, "%s", err.text);
	ck_assert_str_eq(got, want);
	free(got);
}

static void expect_error(const char *value, const char *want)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_app_option(value, &err));
	ck_assert_str_eq(err.text, want);
}

START_TEST(name_of_a_site_table)
{
	expect("resnet50", "resnet50");
	/* A directory of that name is no table of the user's. */
	ck_assert_int_eq(mkdir("bert", 0700), 0);
	expect("bert", "bert");
	expect_error("a=b", "\"a=b\" is neither a file nor a table's name");
	expect_error("", "\"\" is neither a file nor a table's name");
}
END_TEST

START_TEST(table_from_a_file)
{
	static const char text[] = "# measured\nh100 1\na100  0.46 # last week\n\n";

	write_file("resnet", text, strlen(text));
	expect("resnet", "=h100=1,a100=0.46");
	expect("./resnet", "=h100=1,a100=0.46");
}
END_TEST

START_TEST(no_such_file)
{
	expect_error("./nothing", "./nothing: No such file or directory");
}
END_TEST

START_TEST(not_a_file)
{
	expect_error("/tmp", "/tmp: not a regular file");
	ck_assert_int_eq(mkfifo("table", 0600), 0);
	expect_error("table", "table: not a regular file");
}
END_TEST

START_TEST(too_long)
{
	char *text = malloc(WEFT_APP_MAX_BYTES + 1);

	memset(text, '#', WEFT_APP_MAX_BYTES + 1);
	memcpy(text, "h100 1\n", 7);
	write_file("table", text, WEFT_APP_MAX_BYTES);
	expect("table", "=h100=1");
	write_file("table", text, WEFT_APP_MAX_BYTES + 1);
	expect_error("table", "table: longer than 4096 bytes");
	free(text);
}
END_TEST

START_TEST(bad_table)
{
	struct weft_err err = WEFT_ERR_INIT;

	write_file("table", "h100 fast\n", 10);
	ck_assert_ptr_null(weft_app_option("./table", &err));
	ck_assert_msg(!strncmp(err.text, "./table:1: ", 11), "%s", err.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spank_app");
	TCase *tc = tcase_create("spank_app");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, name_of_a_site_table);
	tcase_add_test(tc, table_from_a_file);
	tcase_add_test(tc, no_such_file);
	tcase_add_test(tc, not_a_file);
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, bad_table);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
