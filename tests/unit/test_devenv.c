/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/devenv.h"
#include "core/pci.h"

static struct weft_catalogue *cat;

static void setup(void)
{
	const char *top = getenv("WEFT_SRCDIR");
	struct weft_err err = WEFT_ERR_INIT;
	char path[4096];

	snprintf(path, sizeof(path), "%s/data/catalogue.json", top != NULL ? top : ".");
	cat = weft_catalogue_load(path, NULL, &err);
	ck_assert_msg(cat != NULL, "%s", err.text);
}

static void teardown(void)
{
	weft_catalogue_destroy(cat);
}

struct result {
	struct weft_env_change *list;
	size_t n;
};

static struct result changes(const char *vendor, const char *devices)
{
	const struct weft_vendor *v = vendor != NULL ? weft_catalogue_find_vendor(cat, vendor) : NULL;
	struct result r;

	ck_assert(vendor == NULL || v != NULL);
	r.list = weft_devenv_changes(cat, v, devices, &r.n);
	ck_assert_ptr_nonnull(r.list);
	for (size_t i = 0; i < r.n; i++) /* each name once */
		for (size_t j = i + 1; j < r.n; j++)
			ck_assert_str_ne(r.list[i].name, r.list[j].name);
	return r;
}

/* What becomes of NAME: a value, "unset", or "kept". */
static const char *of(struct result r, const char *name)
{
	for (size_t i = 0; i < r.n; i++)
		if (strcmp(r.list[i].name, name) == 0)
			return r.list[i].value != NULL ? r.list[i].value : "unset";
	return "kept";
}

START_TEST(nvidia)
{
	struct result r = changes("nvidia", "0,1,5");

	ck_assert_str_eq(r.list[0].name, "CUDA_VISIBLE_DEVICES");
	ck_assert_str_eq(of(r, "CUDA_VISIBLE_DEVICES"), "0,1,5");
	ck_assert_str_eq(of(r, "ROCR_VISIBLE_DEVICES"), "unset");
	ck_assert_str_eq(of(r, "HIP_VISIBLE_DEVICES"), "unset");
	ck_assert_str_eq(of(r, "GPU_DEVICE_ORDINAL"), "unset");
	ck_assert_str_eq(of(r, "ZE_AFFINITY_MASK"), "unset");
	ck_assert_str_eq(of(r, "ASCEND_RT_VISIBLE_DEVICES"), "unset");
	ck_assert_str_eq(of(r, "ILUVATAR_VISIBLE_DEVICES"), "unset");
	ck_assert_str_eq(of(r, "NEURON_RT_VISIBLE_CORES"), "unset");
	ck_assert_str_eq(of(r, "NVIDIA_VISIBLE_DEVICES"), "kept"); /* the container runtime's affair */
	ck_assert_str_eq(of(r, "PATH"), "kept");
	weft_devenv_free(r.list, r.n);
}
END_TEST

/* ROCR and HIP together would filter twice. */
START_TEST(amd_sets_rocr_alone)
{
	struct result r = changes("amd", "2,3");

	ck_assert_str_eq(of(r, "ROCR_VISIBLE_DEVICES"), "2,3");
	ck_assert_str_eq(of(r, "HIP_VISIBLE_DEVICES"), "unset");
	ck_assert_str_eq(of(r, "GPU_DEVICE_ORDINAL"), "unset");
	ck_assert_str_eq(of(r, "CUDA_VISIBLE_DEVICES"), "unset");
	weft_devenv_free(r.list, r.n);
}
END_TEST

START_TEST(hygon_sets_hip)
{
	struct result r = changes("hygon", "0");

	ck_assert_str_eq(of(r, "HIP_VISIBLE_DEVICES"), "0");
	ck_assert_str_eq(of(r, "ROCR_VISIBLE_DEVICES"), "unset");
	ck_assert_str_eq(of(r, "GPU_DEVICE_ORDINAL"), "unset");
	weft_devenv_free(r.list, r.n);
}
END_TEST

/* A variable that NVIDIA lists first is set where it is the chosen vendor's. */
START_TEST(shared_names_are_set)
{
	static const struct {
		const char *vendor, *first, *second;
	} cases[] = {
		{ "iluvatar", "CUDA_VISIBLE_DEVICES", "ILUVATAR_VISIBLE_DEVICES" },
		{ "metax", "CUDA_VISIBLE_DEVICES", "MACA_VISIBLE_DEVICES" },
		{ "kunlunxin", "XPU_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES" },
		{ "t-head", "CUDA_VISIBLE_DEVICES", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct result r = changes(cases[i].vendor, "4,7");

		ck_assert_str_eq(of(r, cases[i].first), "4,7");
		if (cases[i].second != NULL)
			ck_assert_str_eq(of(r, cases[i].second), "4,7");
		ck_assert_str_eq(of(r, "ROCR_VISIBLE_DEVICES"), "unset");
		weft_devenv_free(r.list, r.n);
	}
}
END_TEST

START_TEST(main_variable_of_each_vendor)
{
	static const char *const cases[][2] = {
		{ "intel", "ZE_AFFINITY_MASK" }, { "gaudi", "HABANA_VISIBLE_MODULES" },
		{ "huawei", "ASCEND_RT_VISIBLE_DEVICES" }, { "cambricon", "MLU_VISIBLE_DEVICES" },
		{ "moore-threads", "MUSA_VISIBLE_DEVICES" }, { "biren", "SUPA_VISIBLE_DEVICES" },
		{ "enflame", "TOPS_VISIBLE_DEVICES" }, { "tsingmicro", "TXDA_VISIBLE_DEVICES" },
		{ "tecorigin", "SDAA_VISIBLE_DEVICES" }, { "sunrise", "TANG_VISIBLE_DEVICES" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct result r = changes(cases[i][0], "1");

		ck_assert_str_eq(r.list[0].name, cases[i][1]);
		ck_assert_str_eq(r.list[0].value, "1");
		ck_assert_str_eq(of(r, "CUDA_VISIBLE_DEVICES"), "unset");
		weft_devenv_free(r.list, r.n);
	}
}
END_TEST

/* AWS counts cores: Weft has nothing to set, and what the user selected stays. */
START_TEST(a_vendor_without_a_variable)
{
	struct result r = changes("aws", "0,1");

	ck_assert_str_eq(of(r, "NEURON_RT_VISIBLE_CORES"), "kept");
	ck_assert_str_eq(of(r, "CUDA_VISIBLE_DEVICES"), "unset");
	ck_assert_str_eq(of(r, "HIP_VISIBLE_DEVICES"), "unset");
	for (size_t i = 0; i < r.n; i++)
		ck_assert_ptr_null(r.list[i].value);
	weft_devenv_free(r.list, r.n);
	r = changes("tenstorrent", "0");
	ck_assert_str_eq(of(r, "NEURON_RT_VISIBLE_CORES"), "unset");
	weft_devenv_free(r.list, r.n);
}
END_TEST

START_TEST(no_card_hides_all)
{
	struct result r = changes("nvidia", NULL);

	ck_assert_str_eq(of(r, "CUDA_VISIBLE_DEVICES"), "");
	ck_assert_str_eq(of(r, "ROCR_VISIBLE_DEVICES"), "unset");
	weft_devenv_free(r.list, r.n);
	r = changes("ascend", "");
	ck_assert_str_eq(of(r, "ASCEND_RT_VISIBLE_DEVICES"), "");
	ck_assert_str_eq(of(r, "NPU_VISIBLE_DEVICES"), "unset");
	weft_devenv_free(r.list, r.n);
}
END_TEST

START_TEST(unknown_vendor_changes_nothing)
{
	struct result r = changes(NULL, "0,1");

	ck_assert_uint_eq(r.n, 0);
	weft_devenv_free(r.list, r.n);
	weft_devenv_free(NULL, 0);
}
END_TEST

START_TEST(values_are_taken_as_they_are)
{
	struct result r = changes("nvidia", "MIG-GPU-1/2/3,GPU-8932f937-d72c-4106-c12f-20bd9faed9f6");

	ck_assert_str_eq(of(r, "CUDA_VISIBLE_DEVICES"), "MIG-GPU-1/2/3,GPU-8932f937-d72c-4106-c12f-20bd9faed9f6");
	weft_devenv_free(r.list, r.n);
}
END_TEST

static bool same(struct result a, const struct weft_env_change *list, size_t n)
{
	if (a.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(of(a, list[i].name), list[i].value != NULL ? list[i].value : "unset") != 0)
			return false;
	return true;
}

static void expect_same_match(const struct weft_catalogue *own, const struct weft_model *m, const char *id)
{
	struct weft_pci_ids ids = { .class = 0x030200 };
	struct weft_pci_match all, few;
	char *end;

	ids.vendor = strtoul(id, &end, 16);
	ids.device = strtoul(end + 1, &end, 16);
	if (*end == '/') {
		ids.sub_vendor = strtoul(end + 1, &end, 16);
		ids.sub_device = strtoul(end + 1, &end, 16);
	}
	for (int i = 0; i < 2; i++, ids.class = 0x120000) {
		ck_assert(weft_pci_match(cat, &ids, &all));
		ck_assert_msg(weft_pci_match(own, &ids, &few), "%s of %s", id, m->name);
		ck_assert_str_eq(few.vendor->name, all.vendor->name);
	}
}

/* A node that knows the excerpt alone does what one does that knows all. */
START_TEST(by_the_excerpt)
{
	for (size_t i = 0; i < weft_catalogue_models(cat); i++) {
		const struct weft_model *m = weft_catalogue_model(cat, i), *again;
		char *text = weft_catalogue_excerpt(cat, &m, 1);
		struct weft_err err = WEFT_ERR_INIT;
		struct weft_catalogue *own;
		struct weft_env_change *list;
		struct result r;
		size_t n;

		ck_assert_ptr_nonnull(text);
		ck_assert_uint_lt(strlen(text), 4096);
		own = weft_catalogue_parse("excerpt", text, strlen(text), NULL, NULL, 0, &err);
		ck_assert_msg(own != NULL, "%s", err.text);
		again = weft_catalogue_find_model(own, m->name);
		ck_assert_msg(again != NULL, "%s", m->name);
		r = changes(m->vendor->name, "0,1");
		list = weft_devenv_changes(own, again->vendor, "0,1", &n);
		ck_assert_msg(same(r, list, n), "%s", m->name);
		for (char **id = m->pci_ids; *id != NULL; id++)
			expect_same_match(own, m, *id);
		weft_devenv_free(r.list, r.n);
		weft_devenv_free(list, n);
		weft_catalogue_destroy(own);
		free(text);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("devenv");
	TCase *tc = tcase_create("devenv");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nvidia);
	tcase_add_test(tc, amd_sets_rocr_alone);
	tcase_add_test(tc, hygon_sets_hip);
	tcase_add_test(tc, shared_names_are_set);
	tcase_add_test(tc, main_variable_of_each_vendor);
	tcase_add_test(tc, a_vendor_without_a_variable);
	tcase_add_test(tc, no_card_hides_all);
	tcase_add_test(tc, unknown_vendor_changes_nothing);
	tcase_add_test(tc, values_are_taken_as_they_are);
	tcase_add_test(tc, by_the_excerpt);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
