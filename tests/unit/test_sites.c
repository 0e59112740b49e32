/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sites.c - the snapshot of the peers: written and read again; every message to the letter.
 */
#include "core/sites.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct weft_site_kind kinds[] = {
	{ .gres = (char *)"gpu:h100",
	  .price = 2100000,
	  .currency = "EUR",
	  .carbon = 312.5,
	  .outlook = { .cards = 64, .n = 3, .steps = { { 1000, 0 }, { 1600, 8 }, { 90000, 64 } } } },
	{ .gres = (char *)"npu",
	  .price = -1,
	  .carbon = NAN,
	  .outlook = { .cards = 0, .n = 1, .steps = { { 1, 0 } } } },
};

static struct weft_site_peer peers[] = {
	{ .name = (char *)"beta",
	  .open = true,
	  .why = (char *)"",
	  .release = (char *)"24.11.5",
	  .version = 42,
	  .seen = 999,
	  .error = -61.5,
	  .judged = 17,
	  .kinds = kinds,
	  .n_kinds = 2 },
	{ .name = (char *)"gamma", .why = (char *)"no answer: \"x\"", .release = (char *)"", .error = NAN },
};

static struct weft_site_run runs[] = { { 77, 4711, (char *)"beta", (char *)"RUNNING" },
				       { 4294967294u, 0, (char *)"gamma", (char *)"PENDING" } };

static struct weft_site_refusal refusals[] = { { 78, 5003, (char *)"beta", (char *)"no \"money\"" } };

static const struct weft_sites all = { 1790000000, peers, 2, runs, 2, refusals, 1 };

START_TEST(written_and_read)
{
	struct weft_err err = WEFT_ERR_INIT;
	size_t len = 0, len2 = 0;
	char *text = weft_sites_write(&all, &len, &err), *again;
	struct weft_sites *s = weft_sites_read("sites.json", text, len, &err);
	const struct weft_site_kind *kind;

	ck_assert_msg(s != NULL, "%s\n%s", text, err.text);
	ck_assert_uint_eq(len, strlen(text));
	ck_assert_int_eq(s->made, 1790000000);
	ck_assert_uint_eq(s->n_peers, 2);
	ck_assert_str_eq(s->peers[0].name, "beta");
	ck_assert(s->peers[0].open && !s->peers[1].open);
	ck_assert_str_eq(s->peers[1].why, "no answer: \"x\"");
	ck_assert_str_eq(s->peers[0].release, "24.11.5");
	ck_assert_int_eq(s->peers[0].version, 42);
	ck_assert_int_eq(s->peers[0].seen, 999);
	ck_assert_int_eq(s->peers[1].seen, 0);
	ck_assert(s->peers[0].error == -61.5 && isnan(s->peers[1].error));
	ck_assert_uint_eq(s->peers[0].judged, 17);
	kind = weft_sites_kind(weft_sites_peer(s, "BETA"), "gpu:H100");
	ck_assert_ptr_eq(kind, &s->peers[0].kinds[0]);
	ck_assert_int_eq(kind->price, 2100000);
	ck_assert_str_eq(kind->currency, "EUR");
	ck_assert(kind->carbon == 312.5);
	ck_assert_uint_eq(kind->outlook.cards, 64);
	ck_assert_uint_eq(kind->outlook.n, 3);
	ck_assert_int_eq(kind->outlook.steps[2].from, 90000);
	ck_assert_uint_eq(kind->outlook.steps[2].free, 64);
	ck_assert_int_eq(s->peers[0].kinds[1].price, -1);
	ck_assert(isnan(s->peers[0].kinds[1].carbon));
	ck_assert_ptr_null(weft_sites_peer(s, "delta"));
	ck_assert_ptr_null(weft_sites_kind(&s->peers[0], "gpu"));
	ck_assert_uint_eq(s->n_runs, 2);
	ck_assert_uint_eq(s->runs[1].job, 4294967294u);
	ck_assert_uint_eq(s->runs[0].remote_id, 4711);
	ck_assert_uint_eq(s->runs[1].remote_id, 0);
	ck_assert_str_eq(s->runs[0].state, "RUNNING");
	ck_assert_uint_eq(s->n_refusals, 1);
	ck_assert_uint_eq(s->refusals[0].job, 78);
	ck_assert_uint_eq(s->refusals[0].uid, 5003);
	ck_assert_str_eq(s->refusals[0].peer, "beta");
	ck_assert_str_eq(s->refusals[0].why, "no \"money\"");
	again = weft_sites_write(s, &len2, &err);
	ck_assert_str_eq(again, text);
	weft_sites_free(s);
	free(again);
	free(text);
}
END_TEST

START_TEST(saved_and_loaded)
{
	struct weft_err err = WEFT_ERR_INIT;
	char dir[] = "/tmp/weft-sites-XXXXXX", path[64], want[96];
	struct weft_sites *s;
	size_t len = 0;
	char *text;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sites.json", dir);
	ck_assert_ptr_null(weft_sites_load(path, &err));
	snprintf(want, sizeof(want), "%s: No such file or directory", path);
	ck_assert_str_eq(err.text, want);
	err.text[0] = '\0';
	text = weft_sites_write(&all, &len, &err);
	ck_assert_msg(text != NULL, "%s", err.text);
	ck_assert_int_eq(weft_file_replace(path, text, len, 0644, &err), 0);
	free(text);
	s = weft_sites_load(path, &err);
	ck_assert_msg(s != NULL, "%s", err.text);
	weft_sites_free(s);
	unlink(path);
	rmdir(dir);
}
END_TEST

/* A peer's own words must not make a file that is refused. */
START_TEST(strange_words)
{
	struct weft_err err = WEFT_ERR_INIT;
	char why[2000];
	struct weft_site_peer odd = { .name = (char *)"b", .why = why, .error = INFINITY };
	const struct weft_sites s = { .made = 5, .peers = &odd, .n_peers = 1 };
	struct weft_sites *back;
	size_t len = 0;
	char *text;

	memset(why, 'x', sizeof(why));
	snprintf(why, 8, "a\n\033\xc3\xa9\"b");
	why[7] = 'c';
	why[sizeof(why) - 1] = '\0';
	text = weft_sites_write(&s, &len, &err);
	back = weft_sites_read("s", text, len, &err);
	ck_assert_msg(back != NULL, "%s\n%s", err.text, text);
	ck_assert_int_eq(strncmp(back->peers[0].why, "a????\"bcx", 9), 0);
	ck_assert_uint_eq(strlen(back->peers[0].why), WEFT_SITES_MAX_TEXT);
	ck_assert(isnan(back->peers[0].error));
	weft_sites_free(back);
	free(text);
}
END_TEST

START_TEST(nothing_at_all)
{
	struct weft_err err = WEFT_ERR_INIT;
	const struct weft_sites none = { .made = 5 };
	size_t len = 0;
	char *text = weft_sites_write(&none, &len, &err);
	struct weft_sites *s;

	ck_assert_str_eq(text, "{\"version\":1,\"made\":5,\"peers\":[],\n\"runs\":[],\n\"refusals\":[]}\n");
	s = weft_sites_read("sites.json", text, len, &err);
	ck_assert(s && s->n_peers == 0 && s->n_runs == 0);
	weft_sites_free(s);
	free(text);
}
END_TEST

#define PEER(more)                                                                                           \
	"{\"version\":1,\"made\":5,\"runs\":[],\"peers\":[{\"name\":\"b\",\"open\":true,\"why\":\"\","       \
	"\"release\":\"\",\"api\":42,\"seen\":null,\"error\":null,\"judged\":0," more "}]}"
#define KIND(more)                                                                                           \
	PEER("\"kinds\":[{\"gres\":\"gpu\",\"price\":null,\"currency\":\"\",\"carbon\":null," more "}]")
#define RUNS(more) "{\"version\":1,\"made\":5,\"peers\":[],\"runs\":" more "}"

static const struct {
	const char *text, *want;
} bad[] = {
	{ "", "s:1: the text ends too early" },
	{ "{", "s:1: the text ends too early" },
	{ "[]", "s: must be an object, not a list" },
	{ "{}", "s: version: missing" },
	{ "{\"version\":2}", "s: version: is 2, and must be 1" },
	{ "{\"version\":1}", "s: made: missing" },
	{ "{\"version\":1,\"made\":-1}", "s: made: must be 0 to 7258118399" },
	{ "{\"version\":1,\"made\":1.5}", "s: made: must be a whole number" },
	{ "{\"version\":1,\"made\":5}", "s: peers: missing" },
	{ "{\"version\":1,\"made\":5,\"peers\":{}}", "s: peers: must be a list, not an object" },
	{ "{\"version\":1,\"made\":5,\"peers\":[7]}", "s: peers, entry 1: must be an object, not a number" },
	{ "{\"version\":1,\"made\":5,\"peers\":[{}]}", "s: peers, entry 1: name: missing" },
	{ "{\"version\":1,\"made\":5,\"peers\":[{\"name\":\"\"}]}",
	  "s: peers, entry 1: name: must not be empty" },
	{ "{\"version\":1,\"made\":5,\"peers\":[{\"name\":\"a\\nb\"}]}",
	  "s: peers, entry 1: name: may have printable ASCII alone" },
	{ "{\"version\":1,\"made\":5,\"peers\":[{\"name\":\"a\",\"open\":1}]}",
	  "s: peers, entry 1: open: must be true or false, not a number" },
	{ PEER("\"kinds\":null"), "s: peers, entry 1: kinds: must be a list, not null" },
	{ PEER("\"kinds\":[{\"gres\":\"\"}]"), "s: peers, entry 1: kinds, entry 1: gres: must not be empty" },
	{ PEER("\"kinds\":[{\"gres\":\"gpu\",\"price\":-1}]"),
	  "s: peers, entry 1: kinds, entry 1: price: must be 0 to 9223372036854775807" },
	{ PEER("\"kinds\":[{\"gres\":\"gpu\",\"price\":1,\"currency\":\"eur\"}]"),
	  "s: peers, entry 1: kinds, entry 1: currency: must be three capitals or nothing" },
	{ PEER("\"kinds\":[{\"gres\":\"gpu\",\"price\":1,\"currency\":\"EUR\",\"carbon\":\"x\"}]"),
	  "s: peers, entry 1: kinds, entry 1: carbon: must be a number or null, not a string" },
	{ KIND("\"cards\":8,\"free\":[]"), "s: peers, entry 1: kinds, entry 1: free: there is no entry" },
	{ KIND("\"cards\":8,\"free\":[[1,2,3]]"),
	  "s: peers, entry 1: kinds, entry 1: free, entry 1: must be [TIME, CARDS]" },
	{ KIND("\"cards\":8,\"free\":[[1,9]]"),
	  "s: peers, entry 1: kinds, entry 1: free, entry 1: the cards: must be 0 to 8" },
	{ KIND("\"cards\":8,\"free\":[[2,8],[2,7]]"), "s: peers, entry 1: kinds, entry 1: free, entry 2: its "
						      "time is not after that of the one before it" },
	{ RUNS("[{\"job\":1,\"peer\":\"b\",\"remote_id\":\"7\"}]"),
	  "s: runs, entry 1: remote_id: must be a number, not a string" },
	{ RUNS("[],\"refusals\":{}"), "s: refusals: must be a list, not an object" },
	{ RUNS("[],\"refusals\":[{\"job\":1,\"uid\":-1}]"),
	  "s: refusals, entry 1: uid: must be 0 to 4294967295" },
	{ RUNS("[],\"refusals\":[{\"job\":1,\"uid\":1,\"peer\":\"b\"}]"),
	  "s: refusals, entry 1: why: missing" },
	{ RUNS("[{\"job\":4294967296}]"), "s: runs, entry 1: job: must be 0 to 4294967295" },
	{ RUNS("[{\"job\":1,\"peer\":\"b\",\"remote_id\":null}]"), "s: runs, entry 1: state: missing" },
};

START_TEST(explains)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_sites_read("s", bad[_i].text, strlen(bad[_i].text), &err));
	ck_assert_msg(!strcmp(err.text, bad[_i].want), "%s: got\n  %s\nnot\n  %s", bad[_i].text, err.text,
		      bad[_i].want);
}
END_TEST

START_TEST(twice_the_same)
{
	struct weft_site_peer two[] = { peers[1], peers[1] };
	struct weft_site_kind same[] = { kinds[0], kinds[0] };
	struct weft_sites s = { .made = 5, .peers = two, .n_peers = 2 };
	struct weft_err err = WEFT_ERR_INIT, err2 = WEFT_ERR_INIT;
	size_t len = 0;
	char *text = weft_sites_write(&s, &len, &err);

	ck_assert_ptr_null(weft_sites_read("s", text, len, &err));
	ck_assert_str_eq(err.text, "s: peers, entry 2: gamma is there already");
	free(text);
	two[0].kinds = same;
	two[0].n_kinds = 2;
	text = weft_sites_write(&s, &len, &err);
	ck_assert_ptr_null(weft_sites_read("s", text, len, &err2));
	ck_assert_str_eq(err2.text, "s: peers, entry 1: kinds, entry 2: gpu:h100 is there already");
	free(text);
}
END_TEST

START_TEST(too_large)
{
	struct weft_err err = WEFT_ERR_INIT;
	size_t len = WEFT_SITES_MAX_BYTES + 1;
	char *text = calloc(1, len);

	memset(text, ' ', len);
	ck_assert_ptr_null(weft_sites_read("s", text, len, &err));
	ck_assert_str_eq(err.text, "s: 16777217 bytes; at most 16777216 are allowed");
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sites");
	TCase *t = tcase_create("sites");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, written_and_read);
	tcase_add_test(t, saved_and_loaded);
	tcase_add_test(t, strange_words);
	tcase_add_test(t, nothing_at_all);
	tcase_add_loop_test(t, explains, 0, LENGTH(bad));
	tcase_add_test(t, twice_the_same);
	tcase_add_test(t, too_large);
	suite_add_tcase(s, t);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
