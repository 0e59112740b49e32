/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_tres.c - Slurm's TRES request strings: find, replace and rename what they ask for. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/tres.h"

static const char catalogue_text[] =
	"{\"vendors\":[{\"name\":\"nvidia\"}],\"models\":[{\"name\":\"h100\",\"vendor\":\"nvidia\"}]}";

static struct weft_catalogue *cat;
static struct weft_inventory *inv;

static void setup(void)
{
	struct weft_err err = WEFT_ERR_INIT;

	cat = weft_catalogue_parse("test", catalogue_text, strlen(catalogue_text), NULL, NULL, 0, &err);
	ck_assert_msg(cat != NULL, "%s", err.text);
	inv = weft_inventory_create(cat, NULL);
	ck_assert_int_eq(weft_inventory_add(inv, 0, "gpu:h100:8,nvme:2", &err), 0);
	ck_assert_int_eq(weft_inventory_add(inv, 1, "npu:910b:8", &err), 0);
	ck_assert_int_eq(weft_inventory_add(inv, 2, "gpu:4", &err), 0);
}

static void teardown(void)
{
	weft_inventory_destroy(inv);
	weft_catalogue_destroy(cat);
}

START_TEST(finds_accelerators)
{
	char what[32];

	ck_assert(weft_tres_accelerator(inv, "gres:nvme:2,gres:gpu:h100:8", what, sizeof(what)));
	ck_assert_str_eq(what, "gpu:h100:8");
	ck_assert(weft_tres_accelerator(inv, "gres/npu=4", what, sizeof(what)));
	ck_assert_str_eq(what, "npu=4");
	ck_assert(weft_tres_accelerator(inv, "GPU", what, sizeof(what)));
	ck_assert(!weft_tres_accelerator(inv, "gres:nvme:2", what, sizeof(what)));
	ck_assert(!weft_tres_accelerator(inv, "gres:gpux:2", what, sizeof(what)));
	ck_assert(!weft_tres_accelerator(inv, "", what, sizeof(what)));
	ck_assert(!weft_tres_accelerator(inv, NULL, what, sizeof(what)));
}
END_TEST

static void check_replace(const char *tres, const char *prefix, const char *name, const char *type,
			  unsigned long count, const char *expected)
{
	const struct weft_class *class = name ? weft_inventory_find(inv, name, type) : NULL;
	char *text = weft_tres_replace(inv, tres, prefix, class, count);

	if (expected)
		ck_assert_str_eq(text, expected);
	else
		ck_assert_ptr_null(text);
	free(text);
}

START_TEST(replaces_accelerators)
{
	check_replace(NULL, "gres:", "gpu", "h100", 8, "gres:gpu:h100:8");
	check_replace("gres:gpu:h100:8", "gres/", "npu", "910b", 16, "gres/npu:910b:16");
	check_replace("gres:gpu:2,gres:nvme:1,gres:npu:910b:3", "gres:", "gpu", NULL, 4,
		      "gres:nvme:1,gres:gpu:4");
	check_replace("gres:nvme:1", "gres:", NULL, NULL, 0, "gres:nvme:1");
	check_replace("gres:nvme:1", "gres:", "gpu", "h100", 0, "gres:nvme:1");
	check_replace("gres:gpu:h100:8", "gres:", NULL, NULL, 0, NULL);
	check_replace(NULL, "gres:", NULL, NULL, 0, NULL);
	check_replace(",, gres:nvme:1 ,", "gres:", NULL, NULL, 0, "gres:nvme:1 ");
}
END_TEST

START_TEST(asks_for_a_candidate)
{
	struct weft_candidate c = {
		.class = weft_inventory_find(inv, "gpu", "h100"), .devices = 16, .nodes = 2, .per_node = 8
	};
	struct weft_tres_request r =
		weft_tres_of_candidate(inv, &c, "gres:npu:910b:3", "gres:nvme:1", "gres:");

	ck_assert_ptr_null(r.per_job);
	ck_assert_str_eq(r.per_node, "gres:nvme:1,gres:gpu:h100:8");
	weft_tres_clear(&r);

	c.devices = 11;
	c.per_node = 0;
	r = weft_tres_of_candidate(inv, &c, NULL, "gres:gpu:h100:8,gres:nvme:1", "gres/");
	ck_assert_str_eq(r.per_job, "gres/gpu:h100:11");
	ck_assert_str_eq(r.per_node, "gres:nvme:1");
	weft_tres_clear(&r);
	ck_assert_ptr_null(r.per_job);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tres");
	TCase *tc = tcase_create("tres");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, finds_accelerators);
	tcase_add_test(tc, replaces_accelerators);
	tcase_add_test(tc, asks_for_a_candidate);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
