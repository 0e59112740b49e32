/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_request_mix.c - the part of the request language that is about mixes: mix=, unit=, split=, fabric=.
 */
#include "core/request.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))

struct pair {
	const char *text, *want;
};

static struct weft_request *parse(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_request *req = weft_request_parse(text, &err);

	ck_assert_msg(req != NULL, "%s: %s", text, err.text);
	return req;
}

static void check_canonical(const char *text, const char *want)
{
	struct weft_request *req = parse(text);
	char *canonical = weft_request_canonical(req);

	ck_assert_str_eq(canonical, want);
	weft_request_destroy(req);
	free(canonical);
}

static const struct pair good[] = {
	{ "64:mix=vendors,unit=8", "64,mix=vendors,unit=8" },
	{ "64 : mix = vendors , unit = 8", "64,mix=vendors,unit=8" },
	{ "64xmix=vendors", "64,mix=vendors" },
	{ "64 * MIX==Vendors", "64,mix=vendors" },
	{ "64,mix=vendors", "64,mix=vendors" },
	{ "64:any,mix=models", "64,mix=models" },
	{ "64:nvidia/amd,mix=models,unit=8,split=weighted", "64:nvidia/amd,mix=models,unit=8" },
	{ "64:split=even,unit=4,mix=vendors,mem>=64G", "64,mem>=64G,mix=vendors,unit=4,split=even" },
	{ "64:unit=4,mix=vendors", "64,mix=vendors,unit=4" },
	{ "64:fabric=Gloo,mix=vendors", "64,mix=vendors,fabric=gloo" },
	{ "64:nvidia/ascend,fabric=flagcx,split=even,unit=1000000,mix=vendors",
	  "64:nvidia/ascend,mix=vendors,unit=1000000,split=even,fabric=flagcx" },
	{ "64:h100|64:mix=vendors|8:mix=models,unit=2", "64:h100|64,mix=vendors|8,mix=models,unit=2" },
	{ "8:mix", "8:mix" }, /* these may be names, too */
	{ "unit", "1:unit" },
	{ "8:split/fabric,mem>=4G", "8:split/fabric,mem>=4G" },
};

START_TEST(understands)
{
	check_canonical(good[_i].text, good[_i].want);
	check_canonical(good[_i].want, good[_i].want);
}
END_TEST

START_TEST(fills_in_the_struct)
{
	struct weft_request *req = parse("64:nvidia/amd,mix=models,unit=8,split=even | 32:mix=vendors,fabric=GLOO|8");
	const struct weft_alternative *a = &req->alts[0], *b = &req->alts[1], *c = &req->alts[2];

	ck_assert_uint_eq(a->devices, 64);
	ck_assert_int_eq(a->mix, WEFT_MIX_MODELS);
	ck_assert_uint_eq(a->unit, 8);
	ck_assert_int_eq(a->split, WEFT_SPLIT_EVEN);
	ck_assert_str_eq(a->fabric.text, "");
	ck_assert_uint_eq(b->devices, 32);
	ck_assert_uint_eq(b->n_names, 0);
	ck_assert_int_eq(b->mix, WEFT_MIX_VENDORS);
	ck_assert_uint_eq(b->unit, 0);
	ck_assert_int_eq(b->split, WEFT_SPLIT_WEIGHTED);
	ck_assert_str_eq(b->fabric.text, "gloo");
	ck_assert_uint_eq(b->fabric.column, 68);
	ck_assert_int_eq(c->mix, WEFT_MIX_NONE);
	ck_assert_ptr_null(weft_mix_kind_name(c->mix));
	weft_request_destroy(req);
}
END_TEST

static const struct pair bad[] = {
	{ "64:mix=vendor", "mix takes models or vendors, not \"vendor\", at column 8" },
	{ "64:mix=vendors,mix=models", "mix is given twice, at columns 4 and 16" },
	{ "64:mix", NULL },
	{ "64:mix=", "mix at column 4 needs a value, for example mix=vendors" },
	{ "64,mix", "mix at column 4 needs a value, for example mix=vendors" },
	{ "64,mix>=models", "mix at column 4 takes \"=\" only, for example mix=vendors" },
	{ "64:mix=vendors unit=8", "unexpected \"unit\" at column 16; \",\" or \"|\" is expected" },
	{ "64:mix=vendors/unit=8", "mix takes models or vendors, not \"vendors/unit=8\", at column 8" },
	{ "64:nvidia/mix=vendors", "unexpected \"=\" at column 14; \",\" or \"|\" is expected" },
	{ "64 mix=vendors", "a \":\" is missing before \"mix\" at column 4" },
	{ "mix=vendors", "mix at column 1 needs a number of cards before it, for example 64:mix=vendors" },
	{ "8|unit=8,mix=vendors", "unit at column 3 needs a number of cards before it, for example 64:mix=vendors" },
	{ "64,mixx=vendors", "unknown option \"mixx\" at column 4; did you mean mix?" },
	{ "64:mix=vendors,unti=8", "unknown option \"unti\" at column 16; did you mean unit?" },
	{ "64:mix=vendors,unit=0", "unit takes a whole number from 1 to 1000000, not \"0\", at column 21" },
	{ "64:mix=vendors,unit=8.5", "unit takes a whole number from 1 to 1000000, not \"8.5\", at column 21" },
	{ "64:mix=vendors,unit", "unit at column 16 needs a value, for example unit=8" },
	{ "64:mix=vendors,unit=4,unit=4", "unit is given twice, at columns 16 and 23" },
	{ "64:mix=vendors,split=auto", "split takes even or weighted, not \"auto\", at column 22" },
	{ "64:mix=vendors,split=", "split at column 16 needs a value, for example split=even" },
	{ "64:mix=vendors,fabric=", "fabric at column 16 needs a value, for example fabric=gloo" },
	{ "64:mix=vendors,fabric=/", "a name is missing at column 23" },
	{ "64:mix=vendors,fabric=-x", "\"-x\" at column 23 is not a name; it must start with a letter or a digit" },
	{ "64:mix=vendors,fabric=\"x\"", "unexpected \"\"\" at column 23; a name is expected" },
	{ "16:h100,unit=8", "unit at column 9 needs mix=models or mix=vendors" },
	{ "16:h100,split=even", "split at column 9 needs mix=models or mix=vendors" },
	{ "16:h100,fabric=gloo", "fabric at column 9 needs mix=models or mix=vendors" },
	{ "16:unit=8", "unit at column 4 needs mix=models or mix=vendors" },
	{ "2P@bf16:mix=vendors",
	  "mix=vendors at column 9 needs a number of cards, not an amount of compute: peaks of different cards do not "
	  "add up" },
	{ "64:mix=models,per-node=8",
	  "mix=models at column 4 and per-node at column 15 exclude each other; unit= says how many cards stay "
	  "together" },
	{ "64,nodes=8,mix=vendors",
	  "mix=vendors at column 12 and nodes at column 4 exclude each other: the nodes follow from the split" },
	{ "64:mix=models,fabric=gloo",
	  "fabric at column 15 needs mix=vendors: cards of one vendor have its own library" },
};

START_TEST(explains)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_request *req = weft_request_parse(bad[_i].text, &err);

	ck_assert_str_eq(err.text, bad[_i].want ? bad[_i].want : "");
	ck_assert((req == NULL) == (bad[_i].want != NULL));
	weft_request_destroy(req);
}
END_TEST

static const struct pair inconsistent[] = {
	{ "h100,mix=models", "1 card is no mix: it takes at least 2" },
	{ "64:mix=vendors,unit=12", "64 cards in units of 12: 64 is not a multiple of 12" },
	{ "8:mix=vendors,unit=16", "8 cards in units of 16: 8 is not a multiple of 16" },
	{ "8:mix=vendors,unit=8", "8 cards in units of 8: a mix takes at least two units" },
	{ "64:mix=vendors,mem>=80G,mem<40G", "mem>=80G at column 16 and mem<40G at column 25 contradict each other" },
	{ "64:mix=vendors,unit=32", NULL },
	{ "2:mix=models", NULL },
};

START_TEST(finds_contradictions)
{
	struct weft_request *req = parse(inconsistent[_i].text);
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_int_eq(weft_alternative_consistent(&req->alts[0], &err), inconsistent[_i].want ? -1 : 0);
	ck_assert_str_eq(err.text, inconsistent[_i].want ? inconsistent[_i].want : "");
	weft_request_destroy(req);
}
END_TEST

static const struct pair fabrics[] = {
	{ "64:mix=vendors,fabric=flagcx", NULL },
	{ "64:mix=vendors,fabric=FlagCX|8:nvidia", NULL },
	{ "64:mix=vendors,fabric=open_ucx", NULL },
	{ "64:mix=vendors,fabric=flagxc", "unknown fabric \"flagxc\" at column 23; did you mean flagcx?" },
	{ "8:nvidia|64:mix=vendors,fabric=zz", "unknown fabric \"zz\" at column 32" },
};

START_TEST(knows_fabrics)
{
	static const char text[] = "{\"fabrics\":[{\"name\":\"flagcx\"},{\"name\":\"open-ucx\",\"path\":\"host\"}],"
				   "\"vendors\":[{\"name\":\"nvidia\"}]}";
	struct weft_catalogue *cat = weft_catalogue_parse("test.json", text, strlen(text), NULL, NULL, 0, NULL);
	struct weft_request *req = parse(fabrics[_i].text);
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_nonnull(cat);
	ck_assert_int_eq(weft_request_check(req, cat, NULL, &err), fabrics[_i].want ? -1 : 0);
	ck_assert_str_eq(err.text, fabrics[_i].want ? fabrics[_i].want : "");
	weft_request_destroy(req);
	weft_catalogue_destroy(cat);
}
END_TEST

/* A name of a fabric may be as long as other names. */
START_TEST(limits)
{
	char text[256] = "64:mix=vendors,fabric=";
	struct weft_err err = WEFT_ERR_INIT;
	size_t len = strlen(text);

	memset(text + len, 'a', WEFT_NAME_MAX);
	text[2] = ',';
	check_canonical(text, text);
	text[len + WEFT_NAME_MAX] = 'a';
	ck_assert_ptr_null(weft_request_parse(text, &err));
	ck_assert_str_eq(err.text, "the name at column 23 has 65 characters; at most 64 are allowed");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("request_mix");
	TCase *tc = tcase_create("request_mix");

	tcase_add_loop_test(tc, understands, 0, LENGTH(good));
	tcase_add_test(tc, fills_in_the_struct);
	tcase_add_loop_test(tc, explains, 0, LENGTH(bad));
	tcase_add_loop_test(tc, finds_contradictions, 0, LENGTH(inconsistent));
	tcase_add_loop_test(tc, knows_fabrics, 0, LENGTH(fabrics));
	tcase_add_test(tc, limits);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite());
	int failed;

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
