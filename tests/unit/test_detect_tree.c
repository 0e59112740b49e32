/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_detect_tree.c - the files of a machine: recorded ones and what is wrong with them, live ones and
 * theirs. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/tree.h"

#define H "weft-machine 1\n"

static struct weft_tree *parse(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_tree *tree = weft_tree_parse("m", text, strlen(text), &err);

	ck_assert_msg(tree != NULL, "%s", err.text);
	return tree;
}

static const char text[] =
	"# first\n" H "\n# a remark\n"
	"sys/a/vendor = 0x10de\nsys/a/long = one\\n\\ttwo\\\\\nsys/a/empty =\n"
	"sys/a -> ../../devices/pci0/a\nsys/a-b/x = 1\nsys/b/card10\nsys/b/card2\nsys/b/card2/c\n"
	"sys/b/other\nproc/info:Device Minor = 3\nsys/n/neg = -1\nsys/n/big = 70000\n"
	"sys/n/no = 12x\n"
	"tool/t/x = 5\n";

START_TEST(answers_from_a_recording)
{
	struct weft_tree *tree = parse(text);
	char buf[64], tiny[4];

	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "sys/%s/vendor", "a"), 6);
	ck_assert_str_eq(buf, "0x10de");
	ck_assert_int_eq(weft_tree_number(tree, 0xffff, "sys/a/vendor"), 0x10de);
	weft_tree_read(tree, buf, sizeof(buf), "sys/a/long");
	ck_assert_str_eq(buf, "one\n\ttwo\\");
	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "sys/a/empty"), 0);
	ck_assert_int_eq(weft_tree_read(tree, tiny, sizeof(tiny), "sys/a/vendor"), -1);
	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "sys/a"), -1);
	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "sys/nothing"), -1);
	ck_assert_int_eq(weft_tree_link(tree, buf, sizeof(buf), "sys/a"), 20);
	ck_assert_str_eq(buf, "../../devices/pci0/a");
	ck_assert_int_eq(weft_tree_link(tree, buf, sizeof(buf), "sys/b"), -1);
	ck_assert_int_eq(weft_tree_field(tree, buf, sizeof(buf), "Device Minor", "proc/info"), 1);
	ck_assert_str_eq(buf, "3");
	ck_assert_int_eq(weft_tree_field(tree, buf, sizeof(buf), "Serial", "proc/info"), -1);
	ck_assert(!weft_tree_is_live(tree));
	weft_tree_destroy(tree);
}
END_TEST

START_TEST(knows_what_is_there)
{
	struct weft_tree *tree = parse(text);
	char deep[WEFT_TREE_MAX_PATH + 8];

	ck_assert(weft_tree_exists(tree, "sys/a"));
	ck_assert(weft_tree_exists(tree, "sys/a-b"));
	ck_assert(weft_tree_exists(tree, "sys/b/card2"));
	ck_assert(weft_tree_exists(tree, "sys"));
	ck_assert(!weft_tree_exists(tree, "sys/b/car"));
	ck_assert(!weft_tree_exists(tree, "zzz"));
	memset(deep, 'x', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	ck_assert(!weft_tree_exists(tree, "%s", deep));
	weft_tree_destroy(tree);
}
END_TEST

START_TEST(lists_in_the_order_of_numbers)
{
	struct weft_tree *tree = parse(text);
	struct weft_names names;

	ck_assert_int_eq(weft_tree_list(tree, &names, "card", "sys/b"), 0);
	ck_assert_uint_eq(names.n, 2);
	ck_assert_str_eq(names.names[0], "card2");
	ck_assert_str_eq(names.names[1], "card10");
	weft_names_clear(&names);
	ck_assert_int_eq(weft_tree_list(tree, &names, "", "sys"), 0);
	ck_assert_uint_eq(names.n, 4);
	ck_assert_str_eq(names.names[0], "a");
	ck_assert_str_eq(names.names[1], "a-b");
	weft_names_clear(&names);
	ck_assert_int_eq(weft_tree_list(tree, &names, "", "nowhere"), 0);
	ck_assert_uint_eq(names.n, 0);
	weft_tree_destroy(tree);
}
END_TEST

START_TEST(notes_what_is_no_number)
{
	struct weft_tree *tree = parse(text);

	ck_assert_int_eq(weft_tree_number(tree, 0xffff, "sys/n/neg"), -1);
	ck_assert_ptr_null(weft_tree_note(tree, 0));
	ck_assert_int_eq(weft_tree_number(tree, 0xffff, "sys/n/big"), -1);
	ck_assert_int_eq(weft_tree_number(tree, 0xffff, "sys/n/big"), -1);
	ck_assert_int_eq(weft_tree_number(tree, 0xffff, "sys/n/no"), -1);
	ck_assert_str_eq(weft_tree_note(tree, 0), "/sys/n/big: holds no number that makes sense");
	ck_assert_str_eq(weft_tree_note(tree, 1), "/sys/n/no: holds no number that makes sense");
	ck_assert_ptr_null(weft_tree_note(tree, 2));
	weft_tree_destroy(tree);
}
END_TEST

static const struct {
	const char *text, *error;
} wrong[] = {
	{ "", "m: there is no line \"weft-machine 1\"" },
	{ "# x\n", "m: there is no line \"weft-machine 1\"" },
	{ "weft-machine 2\n", "m:1: the first line must be \"weft-machine 1\"" },
	{ H "a = 1\n\nb\tc\n", "m:4: only printable ASCII characters are allowed" },
	{ H "a = \xc3\xa9\n", "m:2: only printable ASCII characters are allowed" },
	{ H "/a = 1\n", "m:2: a path is relative to the root, without empty parts, \".\" and \"..\"" },
	{ H "a/../b = 1\n", "m:2: a path is relative to the root, without empty parts, \".\" and \"..\"" },
	{ H "a/./b\n", "m:2: a path is relative to the root, without empty parts, \".\" and \"..\"" },
	{ H "a//b\n", "m:2: a path is relative to the root, without empty parts, \".\" and \"..\"" },
	{ H "a/ -> b\n", "m:2: a path is relative to the root, without empty parts, \".\" and \"..\"" },
	{ H " = 1\n", "m:2: a path is missing" },
	{ H "a = \\x\n", "m:2: after a backslash must come n, t or another backslash" },
	{ H "a = x\\\n", "m:2: after a backslash must come n, t or another backslash" },
	{ H "a = 1\nb = 2\na -> c\n", "m:4: line 2 has the same path" },
};

START_TEST(refuses_a_wrong_recording)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_tree_parse("m", wrong[_i].text, strlen(wrong[_i].text), &err));
	ck_assert_str_eq(err.text, wrong[_i].error);
}
END_TEST

/* A text of a header, SIZE times C, and a tail. */
static char *filled(const char *head, char c, size_t size, const char *tail)
{
	char *all = malloc(strlen(head) + size + strlen(tail) + 1);

	memcpy(all, head, strlen(head));
	memset(all + strlen(head), c, size);
	memcpy(all + strlen(head) + size, tail, strlen(tail) + 1);
	return all;
}

START_TEST(has_limits)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *path = filled(H, 'p', WEFT_TREE_MAX_PATH, " = 1\n"), *many;
	char *value = filled(H "a = ", 'v', WEFT_TREE_MAX_VALUE + 1, "\n");
	size_t len = 0;

	ck_assert_ptr_null(weft_tree_parse("m", path, strlen(path), &err));
	ck_assert_str_eq(err.text, "m:2: the path is too long");
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_tree_parse("m", value, strlen(value), &err));
	ck_assert_str_eq(err.text, "m:2: the value is too long");
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_tree_parse("m", H, WEFT_TREE_MAX_BYTES + 1, &err));
	ck_assert_str_eq(err.text, "m: 1048577 bytes; at most 1048576 are allowed");
	many = malloc(WEFT_TREE_MAX_BYTES);
	len = (size_t)snprintf(many, WEFT_TREE_MAX_BYTES, H);
	for (int i = 0; i <= WEFT_TREE_MAX_ENTRIES; i++)
		len += (size_t)snprintf(many + len, WEFT_TREE_MAX_BYTES - len, "f/%d\n", i);
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_tree_parse("m", many, len, &err));
	ck_assert_str_eq(err.text, "m:20002: more than 20000 files");
	free(path);
	free(value);
	free(many);
}
END_TEST

/* A small live tree. */

static char root[] = "/tmp/weft-tree.XXXXXX";

static void put(const char *name, const char *what, size_t len)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, what, len), (ssize_t)len);
	close(fd);
}

static void in_root(char path[256], const char *name)
{
	snprintf(path, 256, "%s/%s", root, name);
}

static void setup(void)
{
	char path[256], *long_text = filled("", 'x', WEFT_TREE_MAX_VALUE + 1, "");

	memcpy(root, "/tmp/weft-tree.XXXXXX", sizeof(root));
	ck_assert_ptr_nonnull(mkdtemp(root));
	in_root(path, "d");
	mkdir(path, 0755);
	put("d/number", "0x1f\n", 5);
	put("d/info", "Model: \t X1 \nDevice Minor:\t7\nserial 12345\n", 42);
	put("d/binary", "a\001b", 3);
	put("d/long", long_text, WEFT_TREE_MAX_VALUE + 1);
	free(long_text);
	in_root(path, "d/loop");
	ck_assert_int_eq(symlink("loop", path), 0);
	in_root(path, "d/fifo");
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	in_root(path, "d/link");
	ck_assert_int_eq(symlink("../devices/pci0/x", path), 0);
}

static void teardown(void)
{
	static const char *const files[] = { "d/number", "d/info", "d/binary", "d/long", "d/loop",
					     "d/fifo",	 "d/link", "d",	       "" };
	char path[256];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		in_root(path, files[i]);
		remove(path);
	}
}

START_TEST(reads_a_live_tree)
{
	struct weft_tree *tree = weft_tree_live(root);
	struct weft_names names;
	char buf[64];

	ck_assert(weft_tree_is_live(tree));
	ck_assert_int_eq(weft_tree_number(tree, 255, "d/number"), 31);
	ck_assert_int_eq(weft_tree_field(tree, buf, sizeof(buf), "Model", "d/info"), 2);
	ck_assert_str_eq(buf, "X1");
	ck_assert_int_eq(weft_tree_field(tree, buf, sizeof(buf), "serial", "d/info"), 5);
	ck_assert_int_eq(weft_tree_field(tree, buf, sizeof(buf), "none", "d/info"), -1);
	ck_assert_int_eq(weft_tree_link(tree, buf, sizeof(buf), "d/link"), 17);
	ck_assert_int_eq(weft_tree_link(tree, buf, sizeof(buf), "d/number"), -1);
	ck_assert(weft_tree_exists(tree, "d/link"));
	ck_assert(!weft_tree_exists(tree, "d/none"));
	ck_assert_int_eq(weft_tree_list(tree, &names, "l", "d"), 0);
	ck_assert_uint_eq(names.n, 3);
	ck_assert_str_eq(names.names[0], "link");
	weft_names_clear(&names);
	ck_assert_ptr_null(weft_tree_note(tree, 0));
	weft_tree_destroy(tree);
}
END_TEST

START_TEST(says_what_it_cannot_read)
{
	struct weft_tree *tree = weft_tree_live(root);
	struct weft_names names;
	char buf[64];

	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "d/absent"), -1);
	ck_assert_ptr_null(weft_tree_note(tree, 0));
	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "d/loop"), -1);
	ck_assert_str_eq(weft_tree_note(tree, 0), "/d/loop: Too many levels of symbolic links");
	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "d/fifo"), -1);
	ck_assert_str_eq(weft_tree_note(tree, 1), "/d/fifo: not a regular file");
	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "d/binary"), -1);
	ck_assert_str_eq(weft_tree_note(tree, 2), "/d/binary: holds bytes that are no text");
	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "d/long"), -1);
	ck_assert_str_eq(weft_tree_note(tree, 3), "/d/long: the file is too long");
	ck_assert_int_eq(weft_tree_list(tree, &names, "", "d/loop"), 0);
	ck_assert_int_eq(weft_tree_list(tree, &names, "", "d/number"), 0);
	weft_tree_destroy(tree);
}
END_TEST

START_TEST(needs_permission)
{
	struct weft_tree *tree = weft_tree_live(root);
	struct weft_names names;
	char path[256], buf[64];

	in_root(path, "d/number");
	ck_assert_int_eq(chmod(path, 0), 0);
	in_root(path, "d");
	ck_assert_int_eq(chmod(path, 0711), 0);
	if (geteuid() == 0) { /* who may read anything */
		ck_assert_int_eq(chmod(root, 0755), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	} else {
		ck_assert_int_eq(chmod(path, 0111), 0);
	}
	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "d/number"), -1);
	ck_assert_str_eq(weft_tree_note(tree, 0), "/d/number: Permission denied");
	ck_assert_int_eq(weft_tree_list(tree, &names, "", "d"), 0);
	ck_assert_uint_eq(names.n, 0);
	ck_assert_str_eq(weft_tree_note(tree, 1), "/d: Permission denied");
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(chmod(path, 0755), 0);
	weft_tree_destroy(tree);
}
END_TEST

static char *written(const struct weft_tree *tree)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	ck_assert_int_eq(weft_tree_write(tree, f, &err), 0);
	fclose(f);
	return out;
}

START_TEST(records_what_was_asked)
{
	struct weft_tree *tree = weft_tree_live(root), *again;
	struct weft_names names;
	char buf[64], *out;

	weft_tree_number(tree, 255, "d/number"); /* before it records */
	weft_tree_record(tree, true);
	weft_tree_field(tree, buf, sizeof(buf), "Model", "d/info");
	weft_tree_field(tree, buf, sizeof(buf), "Model", "d/info");
	weft_tree_link(tree, buf, sizeof(buf), "d/link");
	weft_tree_list(tree, &names, "num", "d");
	weft_names_clear(&names);
	weft_tree_exists(tree, "d/fifo");
	ck_assert_int_eq(weft_tree_keep(tree, "a\n\\b", "tool/%s", "x"), 0);
	ck_assert_int_eq(weft_tree_keep(tree, "", "tool/%s", "y"), 0);
	out = written(tree);
	ck_assert_str_eq(out, H "d/fifo\nd/info:Model = X1\nd/link -> ../devices/pci0/x\nd/number\n"
				"tool/x = a\\n\\\\b\ntool/y =\n");
	ck_assert_int_eq(weft_tree_read(tree, buf, sizeof(buf), "tool/x"), 4);
	ck_assert_int_eq(weft_tree_list(tree, &names, "", "tool"), 0);
	ck_assert_uint_eq(names.n, 2);
	weft_names_clear(&names);
	again = parse(out);
	free(out);
	ck_assert_int_eq(weft_tree_field(again, buf, sizeof(buf), "Model", "d/info"), 2);
	ck_assert_int_eq(weft_tree_read(again, buf, sizeof(buf), "tool/x"), 4);
	/* A value in the place of a mere name. */
	weft_tree_number(tree, 255, "d/number");
	out = written(tree);
	ck_assert_ptr_nonnull(strstr(out, "d/number = 0x1f\n"));
	free(out);
	weft_tree_destroy(again);
	weft_tree_destroy(tree);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("detect_tree");
	TCase *recorded = tcase_create("recorded"), *live = tcase_create("live");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(recorded, answers_from_a_recording);
	tcase_add_test(recorded, knows_what_is_there);
	tcase_add_test(recorded, lists_in_the_order_of_numbers);
	tcase_add_test(recorded, notes_what_is_no_number);
	tcase_add_loop_test(recorded, refuses_a_wrong_recording, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(recorded, has_limits);
	suite_add_tcase(s, recorded);
	tcase_add_checked_fixture(live, setup, teardown);
	tcase_add_test(live, reads_a_live_tree);
	tcase_add_test(live, says_what_it_cannot_read);
	tcase_add_test(live, needs_permission);
	tcase_add_test(live, records_what_was_asked);
	suite_add_tcase(s, live);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
