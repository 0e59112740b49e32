/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_energy.c - the text of --energy.
 */
#include "core/energy.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

struct pair {
	const char *text, *want;
};

static const struct pair good[] = {
	{ "now", "now" },
	{ "NOW,interrupt=yes", "now,interrupt=yes" },
	{ "now,interrupt=no,signal=usr1", "now,signal=USR1" },
	{ "green,within=12h", "green,within=43200s" },
	{ " green , within=90m ", "green,within=5400s" },
	{ "cheap,within=1-12:00:00", "cheap,within=129600s" },
	{ "cheap,within=60d", "cheap,within=5184000s" },
	{ "cheap,deadline=2025-03-01T08:00+08:00", "cheap,deadline=2025-03-01T00:00:00Z" },
	{ "cheap,deadline=2025-03-01T08:00", "cheap,deadline=2025-03-01T00:00:00Z" }, /* local: see main() */
	{ "green,signal=SIGTERM,interrupt=YES,within=30", "green,within=1800s,interrupt=yes,signal=TERM" },
};

START_TEST(reads_and_writes)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_energy_wish wish, again;
	char *text;

	ck_assert_msg(weft_energy_parse(good[_i].text, &wish, &err) == 0, "%s", err.text);
	text = weft_energy_text(&wish);
	ck_assert_str_eq(text, good[_i].want);
	ck_assert_int_eq(weft_energy_parse(text, &again, &err), 0);
	ck_assert(again.goal == wish.goal && again.within == wish.within && again.deadline == wish.deadline &&
		  again.interrupt == wish.interrupt && again.signal == wish.signal);
	free(text);
}
END_TEST

static const struct pair bad[] = {
	{ "", "--energy: the text is empty; write now, green or cheap" },
	{ " ", "--energy: the text is empty; write now, green or cheap" },
	{ ",", "--energy: there is nothing before or after a ','" },
	{ "green,", "--energy: there is nothing before or after a ','" },
	{ "gren,within=1h", "--energy: \"gren\" must be now, green or cheap; did you mean green?" },
	{ "greedy", "--energy: \"greedy\" must be now, green or cheap; did you mean green?" },
	{ "solar", "--energy: \"solar\" must be now, green or cheap" },
	{ "within=1h,green", "--energy: \"within=1h\" must be now, green or cheap" },
	{ "green", "--energy: green needs within= or deadline=" },
	{ "cheap,interrupt=yes", "--energy: cheap needs within= or deadline=" },
	{ "now,within=1h", "--energy: now does not wait: within= is for green and cheap" },
	{ "now,deadline=2025-03-01T08:00Z", "--energy: now does not wait: deadline= is for green and cheap" },
	{ "green,within=1h,deadline=2025-03-01T08:00Z", "--energy: give within= or deadline=, not both" },
	{ "green,cheap", "--energy: cheap must be the first word, and the only one of now, green and cheap" },
	{ "green,witin=1h", "--energy: unknown word \"witin\"; did you mean within?" },
	{ "green,dead-line=1h", "--energy: unknown word \"dead-line\"; did you mean deadline?" },
	{ "green,colour=1h", "--energy: unknown word \"colour\"" },
	{ "green,within", "--energy: within needs a value: within=12h" },
	{ "green,deadline=", "--energy: deadline needs a value: deadline=2025-03-01T08:00" },
	{ "green,interrupt", "--energy: interrupt needs a value: interrupt=yes" },
	{ "green,signal=", "--energy: signal needs a value: signal=USR1" },
	{ "green,within=1h,within=2h", "--energy: within= is given twice" },
	{ "green,within=soon", "--energy: within=soon is not a time such as 12h, 90m or 1-12:00:00" },
	{ "green,within=0", "--energy: within= must be more than 0" },
	{ "green,within=61d", "--energy: within=61d is too long; at most 60d" },
	{ "green,within=99999999999d", "--energy: within=99999999999d is too long; at most 60d" },
	{ "green,deadline=tomorrow", "--energy: deadline=tomorrow is not a time such as 2025-03-01T08:00" },
	{ "green,deadline=2025-03-01",
	  "--energy: deadline=2025-03-01 is not a time such as 2025-03-01T08:00" },
	{ "green,within=1h,interrupt=maybe", "--energy: interrupt=maybe must be yes or no" },
	{ "green,within=1h,interrupt=yse", "--energy: interrupt=yse must be yes or no; did you mean yes?" },
	{ "now,signal=USR3",
	  "--energy: signal=USR3 must be one of USR1, USR2, TERM, INT, HUP, QUIT, CONT, URG and WINCH; "
	  "did you mean USR1?" },
	{ "now,signal=KILL",
	  "--energy: signal=KILL must be one of USR1, USR2, TERM, INT, HUP, QUIT, CONT, URG and WINCH" },
	{ "now,\033[31m=1", "--energy: unknown word \"?[31m\"" },
};

START_TEST(refuses_to_the_letter)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_energy_wish wish = { .within = 77 };

	ck_assert_int_eq(weft_energy_parse(bad[_i].text, &wish, &err), -1);
	ck_assert_str_eq(err.text, bad[_i].want);
	ck_assert_uint_eq(wish.within, 77); /* untouched */
	ck_assert_int_eq(weft_energy_parse(bad[_i].text, &wish, NULL), -1);
}
END_TEST

START_TEST(refuses_a_long_text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_energy_wish wish;
	char text[WEFT_ENERGY_MAX_TEXT + 2];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(weft_energy_parse(text, &wish, &err), -1);
	ck_assert_str_eq(err.text, "--energy: the text has 257 bytes; at most 256 are allowed");
	text[sizeof(text) - 2] = '\0';
	err.text[0] = '\0';
	ck_assert_int_eq(weft_energy_parse(text, &wish, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "must be now, green or cheap"));
}
END_TEST

START_TEST(knows_the_end)
{
	struct weft_energy_wish wish = { .within = 3600 };

	ck_assert_int_eq(weft_energy_end(&wish, 1000), 4600);
	wish = (struct weft_energy_wish){ .deadline = 77 };
	ck_assert_int_eq(weft_energy_end(&wish, 1000), 77);
	wish = (struct weft_energy_wish){ 0 };
	ck_assert_int_eq(weft_energy_end(&wish, 1000), 0);
}
END_TEST

START_TEST(knows_signals)
{
	struct weft_energy_wish wish;

	ck_assert_int_eq(weft_energy_parse("now,signal=USR2", &wish, NULL), 0);
	ck_assert_int_eq(wish.signal, SIGUSR2);
	ck_assert_int_eq(weft_energy_parse("now,signal=sigwinch", &wish, NULL), 0);
	ck_assert_int_eq(wish.signal, SIGWINCH);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("energy");
	TCase *tc = tcase_create("energy");
	SRunner *runner;
	int failed;

	setenv("TZ", "CST-8", 1);
	tcase_add_loop_test(tc, reads_and_writes, 0, LENGTH(good));
	tcase_add_loop_test(tc, refuses_to_the_letter, 0, LENGTH(bad));
	tcase_add_test(tc, refuses_a_long_text);
	tcase_add_test(tc, knows_the_end);
	tcase_add_test(tc, knows_signals);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
