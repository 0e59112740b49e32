/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sealing with a munged of the test's own, which runs as whoever runs the test; without the daemon's program
 * those cases are left out.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/compat/seal.h"
#include "tests/unit/own_munged.h"

START_TEST(sealed_and_opened)
{
	static const char text[] = "weft-ticket 1\nand\0more";
	struct weft_err err = WEFT_ERR_INIT;
	char *sealed, *back;
	size_t len;
	uid_t uid = -1;

	munged_start();
	sealed = weft_seal(munged_socket, text, sizeof(text), &err);
	ck_assert_msg(sealed != NULL, "%s", err.text);
	ck_assert_int_eq(strncmp(sealed, "MUNGE:", 6), 0);
	/* The second time munged says that it has seen it before. */
	for (int i = 0; i < 2; i++) {
		back = weft_unseal(munged_socket, sealed, &len, &uid, &err);
		ck_assert_msg(back != NULL, "%s", err.text);
		ck_assert_uint_eq(len, sizeof(text));
		ck_assert_int_eq(memcmp(back, text, len), 0);
		ck_assert_uint_eq(uid, geteuid());
		free(back);
	}
	sealed[20] = sealed[20] == 'A' ? 'B' : 'A';
	ck_assert_ptr_null(weft_unseal(munged_socket, sealed, &len, &uid, &err));
	ck_assert_int_eq(strncmp(err.text, "munged: ", 8), 0);
	free(sealed);
}
END_TEST

/* A job may last for weeks, and munged's seals for minutes. */
START_TEST(expired)
{
	struct weft_err err = WEFT_ERR_INIT;
	char command[2048], sealed[1024], *text;
	size_t len;
	uid_t uid = -1;
	FILE *f;

	munged_start();
	snprintf(command, sizeof(command), "munge --socket=%s --ttl=1 --string=weft-ticket", munged_socket);
	f = popen(command, "r");
	ck_assert(f && fgets(sealed, sizeof(sealed), f));
	ck_assert_int_eq(pclose(f), 0);
	sealed[strcspn(sealed, "\n")] = '\0';
	sleep(3);
	snprintf(command, sizeof(command), "echo '%s' | unmunge --socket=%s --output=/dev/null 2> /dev/null",
		 sealed, munged_socket);
	ck_assert_int_eq(WEXITSTATUS(system(command)), 15); /* EMUNGE_CRED_EXPIRED: it has, indeed */
	text = weft_unseal(munged_socket, sealed, &len, &uid, &err);
	ck_assert_msg(text != NULL, "%s", err.text);
	ck_assert_str_eq(text, "weft-ticket");
	ck_assert_uint_eq(uid, geteuid());
	free(text);
}
END_TEST

/* As for 64 KiB that zlib makes nothing smaller of. */
START_TEST(the_longest)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *text = malloc(65536), *sealed;
	unsigned seed = 1;

	munged_start();
	for (int i = 0; i < 65536; i++)
		text[i] = (seed = seed * 1103515245 + 12345) >> 16;
	sealed = weft_seal(munged_socket, text, 65536, &err);
	ck_assert_msg(sealed != NULL, "%s", err.text);
	ck_assert_uint_le(strlen(sealed), WEFT_SEAL_MAX);
	free(sealed);
	free(text);
}
END_TEST

START_TEST(nobody_there)
{
	struct weft_err err = WEFT_ERR_INIT, err2 = WEFT_ERR_INIT;
	char want[256];
	size_t len;
	uid_t uid;

	ck_assert_ptr_null(weft_seal(munged_socket, "x", 1, &err));
	snprintf(want, sizeof(want), "munged: Failed to access \"%s\": No such file or directory",
		 munged_socket);
	ck_assert_int_eq(strncmp(err.text, want, strlen(want)), 0);
	ck_assert_ptr_null(weft_unseal(munged_socket, "MUNGE:x:", &len, &uid, &err2));
	ck_assert_int_eq(strncmp(err2.text, want, strlen(want)), 0);
}
END_TEST

START_TEST(socket_of_authinfo)
{
	static const struct {
		const char *info, *path;
	} cases[] = {
		{ NULL, NULL },
		{ "", NULL },
		{ "ttl=60", NULL },
		{ "socket=/run/m", "/run/m" },
		{ "cred_expire=10,socket=/run/m,ttl=3", "/run/m" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *path = weft_seal_socket(cases[i].info);

		if (cases[i].path)
			ck_assert_str_eq(path, cases[i].path);
		else
			ck_assert_ptr_null(path);
		free(path);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("seal");
	TCase *tc = tcase_create("seal");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 20);
	tcase_add_checked_fixture(tc, munged_setup, munged_teardown);
	if (munged_program()) {
		tcase_add_test(tc, sealed_and_opened);
		tcase_add_test(tc, expired);
		tcase_add_test(tc, the_longest);
	}
	tcase_add_test(tc, nobody_there);
	tcase_add_test(tc, socket_of_authinfo);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
