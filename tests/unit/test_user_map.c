/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_user_map.c - who is who at a peer: every message to the letter.
 */
#include "core/user_map.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

START_TEST(found)
{
	static const char text[] =
		"# who\n\n  carol\tc3  # her\nalice a.meier account=proj@7 qos=burst partition=gpu\r\n"
		"bob bob\nAlice other";
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_user_map *map = weft_user_map_parse("u", text, strlen(text), &err);
	const struct weft_user *user;

	ck_assert_msg(map != NULL, "%s", err.text);
	user = weft_user_map_find(map, "alice");
	ck_assert_str_eq(user->name, "a.meier");
	ck_assert_str_eq(user->account, "proj@7");
	ck_assert_str_eq(user->qos, "burst");
	ck_assert_str_eq(user->partition, "gpu");
	ck_assert_str_eq(weft_user_map_find(map, "Alice")->name, "other");
	ck_assert_str_eq(weft_user_map_find(map, "carol")->name, "c3");
	ck_assert_ptr_null(weft_user_map_find(map, "carol")->account);
	ck_assert_str_eq(weft_user_map_find(map, "bob")->name, "bob");
	ck_assert_ptr_null(weft_user_map_find(map, "dave"));
	ck_assert_ptr_null(weft_user_map_find(map, ""));
	weft_user_map_free(map);
	map = weft_user_map_parse("u", "", 0, &err);
	ck_assert_ptr_null(weft_user_map_find(map, "bob"));
	weft_user_map_free(map);
}
END_TEST

static const struct {
	const char *text, *want;
} bad[] = {
	{ "bob", "u:1: a line must be LOCAL REMOTE [account=A] [partition=P] [qos=Q]" },
	{ "\nbob -rf", "u:2: \"-rf\" is not a name" },
	{ "b=b bob", "u:1: \"b=b\" is not a name" },
	{ "bob b\xc3\xb6", "u:1: \"b\xc3\xb6\" is not a name" },
	{ "bob a234567890123456789012345678901234567890123456789012345678901234",
	  "u:1: \"a2345678901234567890123456789012345678901234...\" is not a name" },
	{ "root bob", "u:1: root may not run jobs at other sites, and nobody is root there" },
	{ "bob root", "u:1: root may not run jobs at other sites, and nobody is root there" },
	{ "bob bob acount=x", "u:1: \"acount=x\" is not account=, partition= or qos=" },
	{ "bob bob account=", "u:1: \"\" is not a name" },
	{ "bob bob qos=a qos=b", "u:1: qos= is given twice" },
	{ "bob a\nalice b\n\nbob c", "u:4: bob was given in line 1 already" },
};

START_TEST(explains)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_user_map_parse("u", bad[_i].text, strlen(bad[_i].text), &err));
	ck_assert_msg(!strcmp(err.text, bad[_i].want), "got\n  %s\nnot\n  %s", err.text, bad[_i].want);
}
END_TEST

START_TEST(limits)
{
	struct weft_err err = WEFT_ERR_INIT, err2 = WEFT_ERR_INIT, err3 = WEFT_ERR_INIT;
	size_t len = 0, size = WEFT_USER_MAP_MAX_BYTES + 1;
	char *text = malloc(size);
	struct weft_user_map *map;

	for (int i = 0; i < WEFT_USER_MAP_MAX_LINES; i++)
		len += (size_t)snprintf(text + len, 32, "u%d r%d\n", i, i);
	map = weft_user_map_parse("u", text, len, &err);
	ck_assert_msg(map != NULL, "%s", err.text);
	ck_assert_str_eq(weft_user_map_find(map, "u65535")->name, "r65535");
	weft_user_map_free(map);
	len += (size_t)snprintf(text + len, 32, "more more\n");
	ck_assert_ptr_null(weft_user_map_parse("u", text, len, &err));
	ck_assert_str_eq(err.text, "u:65537: more than 65536 users");
	ck_assert_ptr_null(weft_user_map_parse("u", text, size, &err2));
	ck_assert_str_eq(err2.text, "u: the file has 4194305 bytes; at most 4194304 are allowed");
	ck_assert_ptr_null(weft_user_map_parse("u", "a b\0c", 5, &err3));
	ck_assert_str_eq(err3.text, "u: a NUL byte; this is no text file");
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("user_map");
	TCase *t = tcase_create("user_map");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(t, found);
	tcase_add_loop_test(t, explains, 0, LENGTH(bad));
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
