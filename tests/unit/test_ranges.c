/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ranges.c - names become ranges, and every name can be read back.
 */
#include "core/ranges.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	const char *names, *text;
} cases[] = {
	{ "", "" },
	{ "a", "a" },
	{ "nv1", "nv1" },
	{ "nv1 nv2", "nv[1-2]" },
	{ "nv1 nv2 nv3 nv5", "nv[1-3,5]" },
	{ "nv1 nv3", "nv[1,3]" },
	{ "nv8 nv9 nv10 nv11", "nv[8-11]" },
	{ "nv08 nv09 nv10", "nv[08-10]" },
	{ "nv09 nv010", "nv09,nv010" },
	{ "nv9 nv010", "nv9,nv010" },
	{ "nv99 nv100", "nv[99-100]" },
	{ "a b1 b2 c", "a,b[1-2],c" },
	{ "b1 a1 b2", "b1,a1,b2" },
	{ "nv2 nv1", "nv[2,1]" },
	{ "7 8", "[7-8]" },
	{ "r1n1 r1n2 r2n1", "r1n[1-2],r2n1" },
	{ "n123456789012 n123456789013", "n123[456789012-456789013]" },
	{ "x0 x1", "x[0-1]" },
};

START_TEST(names_become_ranges)
{
	char names[256], buf[256] = "", *name, *next;
	struct weft_text text = { .buf = buf, .size = sizeof(buf) };
	struct weft_ranges r = { .text = &text };

	snprintf(names, sizeof(names), "%s", cases[_i].names);
	for (name = names; *name; name = next) {
		next = strchr(name, ' ');
		if (next)
			*next++ = '\0';
		else
			next = name + strlen(name);
		weft_ranges_add(&r, name);
	}
	weft_ranges_end(&r);
	ck_assert_str_eq(buf, cases[_i].text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ranges");
	TCase *t = tcase_create("ranges");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, names_become_ranges, 0, LENGTH(cases));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
