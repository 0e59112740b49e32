/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words for the shell, and what a real one makes of them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/shell.h"

static const char *const nasty[] = {
	"",	  "plain",	     "two words", "it's", "'", "''", "\"", "\\", "\\'", "$HOME",
	"`id`",	  "$(id)",	     ";id",	  "a\nb", "*", "~",  "-n", "%s", "!x",	"tab\there",
	"\\\"$`", "\xc3\xa9\xff\x01"
};

#define N_NASTY (sizeof(nasty) / sizeof(nasty[0]))

/* What COMMAND prints. */
static void run(const char *command, char *buf, size_t size)
{
	FILE *f = popen(command, "r");
	size_t len;

	ck_assert_ptr_nonnull(f);
	len = fread(buf, 1, size - 1, f);
	buf[len] = '\0';
	ck_assert_int_eq(pclose(f), 0);
}

START_TEST(a_quoted_word_stays_as_it_is)
{
	char *word = weft_shell_quote(nasty[_i]), command[256], out[256];

	ck_assert_ptr_nonnull(word);
	snprintf(command, sizeof(command), "printf %%s %s", word);
	run(command, out, sizeof(out));
	ck_assert_str_eq(out, nasty[_i]);
	free(word);
}
END_TEST

START_TEST(a_value_stays_one_word_wherever_it_stands)
{
	static const char *const commands[] = {
		"printf '<%%s>' %s",	       "printf '<%%s>' 'a'%s",
		"printf '<%%s>' 'a%s'",	       "printf '<%%s>' \"a%s\"",
		"printf '<%%s>' \"a\"%s\"\"",  "printf '<%%s>' a%s",
		"x=%s; printf '<%%s>' \"$x\"", "printf '<%%s>' $(printf %%s x | tr -d x)%s"
	};
	const struct weft_shell_pattern patterns[] = { { 's', nasty[_i] }, { 0, NULL } };
	char out[256], want[256];

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct weft_err err = WEFT_ERR_INIT;
		char *text = weft_shell_fill("StageIn=", commands[i], patterns, &err);

		ck_assert_str_eq(err.text, "");
		run(text, out, sizeof(out));
		snprintf(want, sizeof(want), "<%s%s>", i == 0 || i >= 6 ? "" : "a", nasty[_i]);
		ck_assert_str_eq(out, want);
		free(text);
	}
}
END_TEST

START_TEST(the_text_is)
{
	const struct weft_shell_pattern patterns[] = {
		{ 'u', "bob" }, { 'd', "it's" }, { 'f', NULL }, { 0, NULL }
	};
	char *text = weft_shell_fill("Fetch=", "rsync '%u@x:%d/' 100%% \\\"%u", patterns, NULL);

	ck_assert_str_eq(text, "rsync ''\'bob\'\'@x:\'\'it\'\\\'\'s\'\'/\' 100% \\\"'bob'");
	free(text);
}
END_TEST

static const struct {
	const char *command, *error;
} wrong[] = {
	{ "cp %x .", "Fetch=: %x: not known here; %% stands for one %" },
	{ "cp %f .", "Fetch=: %f: not known here; %% stands for one %" },
	{ "cp %", "Fetch=: it ends with a %; %% stands for one" },
	{ "cp \\%u", "Fetch=: \\%u: a value is quoted already, and takes no \\ before it" },
	{ "cp '%u", "Fetch=: a ' is not closed" },
	{ "echo `id %u`", "Fetch=: %u: inside `...`, or after a $( in \"...\", a value cannot be quoted; put "
			  "it into a variable before" },
	{ "echo \"$(id '%u')\"", "Fetch=: %u: inside `...`, or after a $( in \"...\", a value cannot be "
				 "quoted; put it into a variable before" },
	{ "cp \"it's %u", "Fetch=: a \" is not closed" },
};

START_TEST(mistake)
{
	const struct weft_shell_pattern patterns[] = { { 'u', "bob" }, { 'f', NULL }, { 0, NULL } };
	struct weft_err err = WEFT_ERR_INIT, again = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_shell_fill("Fetch=", wrong[_i].command, patterns, &err));
	ck_assert_str_eq(err.text, wrong[_i].error);
	ck_assert_int_eq(weft_shell_check("Fetch=", wrong[_i].command, "u", &again), -1);
	ck_assert_str_eq(again.text, wrong[_i].error);
}
END_TEST

START_TEST(too_long)
{
	const struct weft_shell_pattern patterns[] = { { 'u', "bob" }, { 0, NULL } };
	struct weft_err err = WEFT_ERR_INIT;
	char *command = malloc(WEFT_SHELL_MAX);

	memset(command, 'x', WEFT_SHELL_MAX - 4);
	memcpy(command + WEFT_SHELL_MAX - 4, "%u", 3);
	ck_assert_ptr_null(weft_shell_fill("Fetch=", command, patterns, &err));
	ck_assert_str_eq(err.text,
			 "Fetch=: with its values it has 131073 bytes; less than 131072 are allowed");
	free(command);
}
END_TEST

START_TEST(allowed)
{
	ck_assert_int_eq(weft_shell_check("Fetch=", "ssh gw tail -c +%n %f", WEFT_FETCH_LETTERS, NULL), 0);
	ck_assert_int_eq(weft_shell_check("StageIn=", "rsync %s/ gw:%d", WEFT_STAGE_LETTERS, NULL), 0);
	ck_assert_int_eq(weft_shell_check("StageIn=", "rsync %f gw:%d", WEFT_STAGE_LETTERS, NULL), -1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shell");
	TCase *tc = tcase_create("words");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, a_quoted_word_stays_as_it_is, 0, N_NASTY);
	tcase_add_loop_test(tc, a_value_stays_one_word_wherever_it_stands, 0, N_NASTY);
	tcase_add_test(tc, the_text_is);
	tcase_add_loop_test(tc, mistake, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, allowed);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
