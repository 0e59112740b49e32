/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank/weft_cards.h"

static struct weft_catalogue *cat;

static void setup(void)
{
	const char *top = getenv("WEFT_SRCDIR");
	struct weft_err err = WEFT_ERR_INIT;
	char path[4096];

	snprintf(path, sizeof(path), "%s/data/catalogue.json", top ? top : ".");
	cat = weft_catalogue_load(path, NULL, &err);
	ck_assert_msg(cat != NULL, "%s", err.text);
}

static void teardown(void)
{
	weft_catalogue_destroy(cat);
}

/* A gres with indexes FROM .. FROM + N - 1; FROM < 0: counted only. */
static void add(struct weft_gres_list *list, const char *name, const char *type, int from, unsigned n)
{
	struct weft_gres *gres;

	list->items = realloc(list->items, (list->n + 1) * sizeof(*list->items));
	gres = &list->items[list->n++];
	*gres = (struct weft_gres){ .name = strdup(name), .type = type ? strdup(type) : NULL, .count = n };
	if (from < 0)
		return;
	gres->index = calloc(n + 1, sizeof(unsigned));
	for (unsigned i = 0; i < n; i++)
		gres->index[gres->n_index++] = from + i;
}

static void free_list(struct weft_gres_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].name);
		free(list->items[i].type);
		free(list->items[i].index);
	}
	free(list->items);
}

static struct weft_cards find(struct weft_step *step, const char *conf_text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_conf *conf = conf_text ? weft_conf_parse("weft.conf", conf_text, strlen(conf_text), &err) : NULL;
	struct weft_cards cards;

	ck_assert_msg(!conf_text || conf, "%s", err.text);
	ck_assert_msg(!weft_cards_find(&cards, step, cat, conf, &err), "%s", err.text);
	weft_conf_destroy(conf);
	free_list(&step->job);
	free_list(&step->step);
	return cards;
}

/* A task's environment. */
#define ENV(...) ((const char *[]){ __VA_ARGS__, NULL })

static char *get(const char *name, void *arg)
{
	for (const char **env = arg; env && *env; env += 2) {
		if (!strcmp(*env, name))
			return strdup(env[1]);
	}
	return NULL;
}

static void expect_devices(const struct weft_cards *cards, unsigned task, const char **env, const char *want)
{
	char *got = weft_cards_devices(cards, task, get, env);

	if (want)
		ck_assert_str_eq(got, want);
	else
		ck_assert_ptr_null(got);
	free(got);
}

START_TEST(batch_has_all_of_the_job)
{
	struct weft_step step = { .whole_job = true };
	struct weft_cards cards;

	add(&step.job, "npu", "910b", 2, 3);
	cards = find(&step, NULL);
	ck_assert_int_eq(cards.state, WEFT_CARDS_KNOWN);
	ck_assert_str_eq(cards.vendor->name, "ascend");
	ck_assert_str_eq(cards.model, "910b");
	expect_devices(&cards, 0, NULL, "2,3,4");
	expect_devices(&cards, 7, NULL, "2,3,4");
	weft_cards_clear(&cards);
}
END_TEST

START_TEST(step_has_a_part)
{
	struct weft_step step = { .whole_job = false };
	struct weft_cards cards;

	add(&step.job, "npu", "910b", 0, 8);
	add(&step.job, "nvme", NULL, 0, 2);
	add(&step.step, "nvme", NULL, 0, 1);
	add(&step.step, "npu", NULL, 5, 2);
	cards = find(&step, NULL);
	ck_assert_int_eq(cards.state, WEFT_CARDS_KNOWN);
	ck_assert_str_eq(cards.gres, "npu");
	expect_devices(&cards, 0, NULL, "5,6");
	weft_cards_clear(&cards);
}
END_TEST

START_TEST(step_without_cards_sees_none)
{
	struct weft_step step = { .whole_job = false };
	struct weft_cards cards;

	add(&step.job, "gpu", "h100", 0, 4);
	cards = find(&step, NULL);
	ck_assert_int_eq(cards.state, WEFT_CARDS_KNOWN);
	ck_assert_str_eq(cards.vendor->name, "nvidia");
	/* What is in the environment belongs to the batch script that called srun. */
	expect_devices(&cards, 0, ENV("CUDA_VISIBLE_DEVICES", "0,1,2,3"), "");
	weft_cards_clear(&cards);
}
END_TEST

START_TEST(job_without_cards)
{
	struct weft_step step = { .whole_job = true };
	struct weft_cards cards;

	add(&step.job, "nvme", NULL, 0, 2);
	cards = find(&step, NULL);
	ck_assert_int_eq(cards.state, WEFT_CARDS_NONE);
	expect_devices(&cards, 0, NULL, NULL);
	weft_cards_clear(&cards);
}
END_TEST

START_TEST(counted_cards_have_no_list)
{
	struct weft_step step = { .whole_job = true };
	struct weft_cards cards;

	add(&step.job, "mlu", "mlu370", -1, 4);
	cards = find(&step, NULL);
	ck_assert_int_eq(cards.state, WEFT_CARDS_COUNTED);
	ck_assert_str_eq(cards.vendor->name, "cambricon");
	expect_devices(&cards, 0, NULL, NULL);
	weft_cards_clear(&cards);
}
END_TEST

START_TEST(two_vendors_are_mixed)
{
	struct weft_step step = { .whole_job = true };
	struct weft_cards cards;

	add(&step.job, "gpu", "h100", 0, 2);
	add(&step.job, "gpu", "mi300x", 2, 2);
	cards = find(&step, NULL);
	ck_assert_int_eq(cards.state, WEFT_CARDS_MIXED);
	expect_devices(&cards, 0, NULL, NULL);
	weft_cards_clear(&cards);
}
END_TEST

START_TEST(two_models_of_one_vendor)
{
	struct weft_step step = { .whole_job = true };
	struct weft_cards cards;

	add(&step.job, "gpu", "h100", 4, 2);
	add(&step.job, "gpu", "h20", 0, 1);
	cards = find(&step, NULL);
	ck_assert_int_eq(cards.state, WEFT_CARDS_KNOWN);
	ck_assert_ptr_nonnull(strchr(cards.model, ','));
	expect_devices(&cards, 0, NULL, "0,4,5");
	weft_cards_clear(&cards);
}
END_TEST

START_TEST(step_tells_which_of_two_vendors)
{
	struct weft_step step = { .whole_job = false };
	struct weft_cards cards;

	add(&step.job, "gpu", "h100", 0, 2);
	add(&step.job, "gpu", "mi300x", 2, 2);
	add(&step.step, "gpu", NULL, 2, 2);
	cards = find(&step, NULL);
	ck_assert_int_eq(cards.state, WEFT_CARDS_KNOWN);
	ck_assert_str_eq(cards.vendor->name, "amd");
	ck_assert_str_eq(cards.model, "mi300x");
	expect_devices(&cards, 0, NULL, "2,3");
	weft_cards_clear(&cards);
}
END_TEST

START_TEST(class_of_the_site)
{
	struct weft_step step = { .whole_job = true };
	struct weft_cards cards;

	add(&step.job, "gpu", NULL, 0, 1);
	cards = find(&step, "Class=gpu Model=mi300x\n");
	ck_assert_str_eq(cards.vendor->name, "amd");
	ck_assert_str_eq(cards.model, "mi300x");
	weft_cards_clear(&cards);

	step = (struct weft_step){ .whole_job = true };
	add(&step.job, "gpu", NULL, 0, 1);
	cards = find(&step, NULL);
	ck_assert_int_eq(cards.state, WEFT_CARDS_KNOWN);
	ck_assert_ptr_null(cards.vendor);
	ck_assert_str_eq(cards.model, "gpu");
	weft_cards_clear(&cards);

	step = (struct weft_step){ .whole_job = true };
	add(&step.job, "gpu", "zx9000", 0, 1);
	cards = find(&step, NULL);
	ck_assert_ptr_null(cards.vendor);
	ck_assert_str_eq(cards.model, "zx9000");
	weft_cards_clear(&cards);
}
END_TEST

START_TEST(slurms_own_variables)
{
	struct weft_step step = { .whole_job = false };
	struct weft_cards cards;

	add(&step.job, "gpu", "mi300x", 0, 8);
	add(&step.step, "gpu", NULL, 4, 4);
	cards = find(&step, NULL);
	/* Not set: the indexes. */
	expect_devices(&cards, 0, NULL, "4,5,6,7");
	expect_devices(&cards, 0, ENV("ROCR_VISIBLE_DEVICES", "1"), "4,5,6,7");
	/* One card for each task. */
	expect_devices(&cards, 0, ENV("SLURM_STEP_GPUS", "5", "ROCR_VISIBLE_DEVICES", "5"), "5");
	/* Numbers within the device cgroup, also when the variable is not the vendor's. */
	expect_devices(&cards, 0, ENV("SLURM_STEP_GPUS", "4,5,6,7", "CUDA_VISIBLE_DEVICES", "0,1,2,3"),
		       "0,1,2,3");
	/* Another vendor's variable is left from the login shell. */
	expect_devices(&cards, 0, ENV("SLURM_STEP_GPUS", "5", "CUDA_VISIBLE_DEVICES", "0",
						    "ROCR_VISIBLE_DEVICES", "5"), "5");
	expect_devices(&cards, 0, ENV("SLURM_STEP_GPUS", "4,5", "CUDA_VISIBLE_DEVICES", "6"), "4,5");
	expect_devices(&cards, 0, ENV("SLURM_STEP_GPUS", "4,5", "CUDA_VISIBLE_DEVICES", "6,7"), "4,5");
	/* UUIDs. */
	expect_devices(&cards, 0, ENV("SLURM_STEP_GPUS", "4", "ROCR_VISIBLE_DEVICES", "GPU-6f"), "GPU-6f");
	weft_cards_clear(&cards);
}
END_TEST

START_TEST(batch_asks_for_the_jobs_gpus)
{
	struct weft_step step = { .whole_job = true };
	struct weft_cards cards;

	add(&step.job, "gpu", "910b", 4, 2);
	cards = find(&step, NULL);
	ck_assert_str_eq(cards.vendor->name, "ascend");
	expect_devices(&cards, 0, ENV("SLURM_JOB_GPUS", "4,5", "SLURM_STEP_GPUS", "7",
						    "ROCR_VISIBLE_DEVICES", "0,1"), "0,1");
	weft_cards_clear(&cards);
}
END_TEST

static const struct {
	const char *text;
	unsigned task;
	const char *devices;
} per_task[] = {
	{ "gres/npu:2", 0, "2,3" },
	{ "gres/npu:2", 1, "4,5" },
	{ "gres/npu:2", 2, "2,3,4,5" }, /* does not add up: shared */
	{ "cpu=1,gres/npu:910b=1", 3, "5" },
	{ "gres:npu:1", 1, "3" },
	{ "cpu:4,gres/nvme:1;gres/npu=2", 1, "4,5" },
	{ "gres/npux:1", 1, "2,3,4,5" },
	{ "gres/npu", 1, "2,3,4,5" },
	{ "gres/npu:", 1, "2,3,4,5" },
	{ "gres/npu:1x", 1, "2,3,4,5" },
	{ "gres/npu:0", 1, "2,3,4,5" },
	{ "gres/npu:4294967297", 1, "2,3,4,5" },
	{ "", 1, "2,3,4,5" },
	{ ",,gres/", 1, "2,3,4,5" },
};

START_TEST(cards_of_its_own_for_each_task)
{
	struct weft_step step = { .tres_per_task = (char *)per_task[_i].text };
	struct weft_cards cards;

	add(&step.job, "npu", "910b", 0, 8);
	add(&step.step, "npu", NULL, 2, 4);
	cards = find(&step, NULL);
	expect_devices(&cards, per_task[_i].task, NULL, per_task[_i].devices);
	weft_cards_clear(&cards);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spank_cards");
	TCase *tc = tcase_create("spank_cards");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, batch_has_all_of_the_job);
	tcase_add_test(tc, step_has_a_part);
	tcase_add_test(tc, step_without_cards_sees_none);
	tcase_add_test(tc, job_without_cards);
	tcase_add_test(tc, counted_cards_have_no_list);
	tcase_add_test(tc, two_vendors_are_mixed);
	tcase_add_test(tc, two_models_of_one_vendor);
	tcase_add_test(tc, step_tells_which_of_two_vendors);
	tcase_add_test(tc, class_of_the_site);
	tcase_add_test(tc, slurms_own_variables);
	tcase_add_test(tc, batch_asks_for_the_jobs_gpus);
	tcase_add_loop_test(tc, cards_of_its_own_for_each_task, 0, sizeof(per_task) / sizeof(per_task[0]));
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
