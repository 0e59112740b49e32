/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What data/catalogue.json must know, and some of what it must not claim to know.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/catalogue.h"

static bool point(struct weft_figure f, double x)
{
	return f.lo == x && f.hi == x;
}

static bool range(struct weft_figure f, double lo, double hi)
{
	return f.lo == lo && f.hi == hi;
}

static struct weft_catalogue *own;

static void load_own(void)
{
	const char *top = getenv("WEFT_SRCDIR");
	struct weft_err err = WEFT_ERR_INIT;
	char path[4096];

	snprintf(path, sizeof(path), "%s/data/catalogue.json", top != NULL ? top : ".");
	own = weft_catalogue_load(path, NULL, &err);
	ck_assert_msg(own != NULL, "%s", err.text);
}

static void drop_own(void)
{
	weft_catalogue_destroy(own);
}

START_TEST(own_file_is_large_enough)
{
	size_t models = 0, figures = 0;

	for (size_t i = 0; i < weft_catalogue_models(own); i++) {
		const struct weft_model *m = weft_catalogue_model(own, i);

		models += !m->is_family;
		figures += !m->is_family && weft_figure_known(m->mem);
	}
	ck_assert_uint_ge(weft_catalogue_vendors(own), 16);
	ck_assert_uint_ge(models, 110);
	ck_assert_uint_ge(figures, 100);
}
END_TEST

START_TEST(own_file_knows_the_vendors)
{
	static const char *const names[] = {
		"nvidia", "amd", "intel", "habana", "gaudi", "ascend", "huawei", "cambricon", "hygon", "mthreads",
		"moore-threads", "moorethreads", "musa", "iluvatar", "kunlunxin", "metax", "biren", "enflame", "aws",
		"neuron", "google", "graphcore", "tenstorrent", "t-head", "furiosa", "rebellions", "groq", "qualcomm",
		"nec", "tecorigin", "tsingmicro", "sunrise",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(weft_catalogue_find_vendor(own, names[i]) != NULL, "%s", names[i]);
}
END_TEST

/* Who can talk with whom in one job. */
START_TEST(own_file_knows_the_fabrics)
{
	static const char *const names[] = {
		"nvidia", "amd", "iluvatar", "cambricon", "metax", "mthreads", "kunlunxin", "hygon", "enflame",
		"tsingmicro", "sunrise",
	};
	const struct weft_fabric *flagcx = weft_catalogue_find_fabric(own, "flagcx");
	const struct weft_fabric *gloo = weft_catalogue_find_fabric(own, "gloo");
	const struct weft_vendor *ascend = weft_catalogue_find_vendor(own, "ascend");
	size_t joined = 0;

	ck_assert(flagcx && gloo && !flagcx->host && gloo->host);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct weft_vendor *v = weft_catalogue_find_vendor(own, names[i]);

		ck_assert_msg(weft_vendor_has_fabric(v, flagcx) && weft_vendor_has_fabric(v, gloo), "%s", v->name);
	}
	for (size_t i = 0; i < weft_catalogue_vendors(own); i++)
		joined += weft_vendor_has_fabric(weft_catalogue_vendor(own, i), flagcx);
	ck_assert_uint_eq(joined, sizeof(names) / sizeof(names[0]));
	ck_assert(!weft_vendor_has_fabric(ascend, flagcx) && weft_vendor_has_fabric(ascend, gloo));
	ck_assert_str_eq(ascend->fabric_gap, "HCCL has no operation between vendors");
	ck_assert(!weft_vendor_has_fabric(weft_catalogue_find_vendor(own, "groq"), gloo));
}
END_TEST

static const struct {
	const char *name;   /* as a gres type and as a user's word */
	const char *vendor;
	const char *entry;  /* the model or family it resolves to */
} known[] = {
	{ "h100", "nvidia", "h100" }, { "H100-SXM5-80GB", "nvidia", "h100-sxm5-80gb" }, { "h20", "nvidia", "h20" },
	{ "h200", "nvidia", "h200" }, { "h800", "nvidia", "h800" }, { "b200", "nvidia", "b200" },
	{ "b300", "nvidia", "b300" }, { "gh200", "nvidia", "gh200" }, { "gb200", "nvidia", "gb200" },
	{ "a100", "nvidia", "a100" }, { "a800", "nvidia", "a800" }, { "v100", "nvidia", "v100" },
	{ "p100", "nvidia", "p100" }, { "k80", "nvidia", "k80" }, { "l4", "nvidia", "l4" },
	{ "l40s", "nvidia", "l40s" },
	{ "t4", "nvidia", "t4" }, { "a10", "nvidia", "a10" }, { "a40", "nvidia", "a40" }, { "l20", "nvidia", "l20" },
	{ "mi100", "amd", "mi100" }, { "mi210", "amd", "mi210" }, { "mi250", "amd", "mi250" },
	{ "mi250x", "amd", "mi250x" }, { "mi300", "amd", "mi300" }, { "mi300x", "amd", "mi300x" },
	{ "mi325x", "amd", "mi325x" }, { "mi355x", "amd", "mi355x" }, { "pvc", "intel", "pvc" },
	{ "max-1550", "intel", "max-1550" }, { "gaudi2", "habana", "gaudi2" }, { "gaudi3", "habana", "gaudi3" },
	{ "910b", "ascend", "910b" }, { "910B3", "ascend", "910b3" }, { "910c", "ascend", "910c" },
	{ "310p", "ascend", "310p" }, { "mlu370", "cambricon", "mlu370" }, { "mlu370-x8", "cambricon", "mlu370-x8" },
	{ "mlu590", "cambricon", "mlu590" }, { "k100_ai", "hygon", "k100-ai" }, { "bw1000", "hygon", "bw1000" },
	{ "z100", "hygon", "z100" }, { "s4000", "mthreads", "s4000" }, { "bi-v150", "iluvatar", "bi-v150" },
	{ "p800", "kunlunxin", "p800" }, { "c550", "metax", "c550" }, { "c500", "metax", "c500" },
	{ "br104", "biren", "br104" }, { "s60", "enflame", "s60" }, { "trainium", "aws", "trainium" },
	{ "trainium2", "aws", "trainium2" }, { "tpu-v5p", "google", "tpu-v5p" }, { "n300", "tenstorrent", "n300" },
	{ "rngd", "furiosa", "rngd" },
};

START_TEST(own_file_knows_what_users_type)
{
	const struct weft_model *by_name = weft_catalogue_find_model(own, known[_i].name);

	ck_assert_msg(by_name != NULL, "%s", known[_i].name);
	ck_assert_str_eq(by_name->name, known[_i].entry);
	ck_assert_str_eq(by_name->vendor->name, known[_i].vendor);
	ck_assert_ptr_eq(weft_catalogue_find_type(own, known[_i].name), by_name);
}
END_TEST

START_TEST(own_file_knows_slurm_types)
{
	static const char *const cases[][2] = {
		{ "nvidia_h100_80gb_hbm3", "h100-sxm5-80gb" }, { "NVIDIA-H100-PCIe", "h100-pcie-80gb" },
		{ "nvidia_a100-sxm4-40gb", "a100-sxm4-40gb" }, { "nvidia_a100_80gb_pcie", "a100-pcie-80gb" },
		{ "nvidia_a100", "a100" }, { "nvidia_h20", "h20-96gb" }, { "tesla_t4", "t4" },
		{ "tesla_v100-pcie-32gb", "v100-pcie-32gb" }, { "nvidia_h200", "h200-sxm" }, { "mi325", "mi325x" },
		{ "pvc128g", "max-1550" }, { "K100-PCIE-64GB-LS", "k100" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct weft_model *m = weft_catalogue_find_type(own, cases[i][0]);

		ck_assert_msg(m != NULL, "%s", cases[i][0]);
		ck_assert_str_eq(m->name, cases[i][1]);
	}
	/* a slice is no whole card */
	ck_assert_ptr_null(weft_catalogue_find_type(own, "nvidia_h100_80gb_hbm3_3g.40gb"));
}
END_TEST

START_TEST(own_file_has_the_published_figures)
{
	const struct weft_model *h100 = weft_catalogue_find_model(own, "h100-sxm5-80gb");
	const struct weft_model *mi250x = weft_catalogue_find_model(own, "mi250x");

	ck_assert(point(h100->mem, 80) && point(h100->bw, 3350) && point(h100->tdp, 700) && point(h100->link, 900));
	ck_assert(point(h100->tflops[WEFT_BF16], 989) && point(h100->tflops[WEFT_FP8], 1979));
	ck_assert(range(h100->idle, 69, 72));
	ck_assert_str_eq(h100->pci_ids[0], "10de:2330");
	ck_assert(range(weft_catalogue_find_model(own, "a100")->mem, 40, 80));
	ck_assert(range(weft_catalogue_find_model(own, "910b")->mem, 32, 64));
	/* one of its two dies, which is what Slurm counts */
	ck_assert_uint_eq(mi250x->devices_per_card, 2);
	ck_assert(point(mi250x->mem, 64) && point(mi250x->tflops[WEFT_BF16], 191.5));
	/* sources conflict: unknown */
	ck_assert(!weft_figure_known(weft_catalogue_find_model(own, "910c")->tflops[WEFT_FP16]));
	ck_assert(!weft_figure_known(weft_catalogue_find_model(own, "mlu590")->mem));
}
END_TEST

START_TEST(own_file_explains_typing_mistakes)
{
	static const char *const cases[][2] = {
		{ "h10", "h100" }, { "nvida", "nvidia" }, { "acsend", "ascend" }, { "mi30x", "mi300x" },
		{ "hygno", "hygon" }, { "cambircon", "cambricon" }, { "910b33", "910b3" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(weft_catalogue_nearest(own, cases[i][0]), cases[i][1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("catalogue data");
	TCase *tc = tcase_create("catalogue data");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, load_own, drop_own);
	tcase_add_test(tc, own_file_is_large_enough);
	tcase_add_test(tc, own_file_knows_the_vendors);
	tcase_add_test(tc, own_file_knows_the_fabrics);
	tcase_add_loop_test(tc, own_file_knows_what_users_type, 0, sizeof(known) / sizeof(known[0]));
	tcase_add_test(tc, own_file_knows_slurm_types);
	tcase_add_test(tc, own_file_has_the_published_figures);
	tcase_add_test(tc, own_file_explains_typing_mistakes);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
