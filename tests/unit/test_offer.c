/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_offer.c - offers: signed, opened, and all that makes one not count; and prices.
 */
#include "weftd/offer.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/price.h"

#define NOW 1790000000

static char dir[64], key[96], public[104];

static void setup(void)
{
	struct weft_err err = WEFT_ERR_INIT;

	snprintf(dir, sizeof(dir), "/tmp/weft-offer-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(key, sizeof(key), "%s/key", dir);
	snprintf(public, sizeof(public), "%s.pub", key);
	ck_assert_msg(weft_offer_make_key(key, &err) == 0, "%s", err.text);
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static struct weft_offer an_offer(void)
{
	struct weft_offer o = { .site = "alpha", .made = NOW, .expires = NOW + 600, .n_kinds = 2 };

	o.kinds[0] = (struct weft_offer_kind){
		.gres = "gpu:h100", .cards = 64, .price = 2100000, .currency = "EUR", .carbon = 312.5
	};
	o.kinds[1] = (struct weft_offer_kind){ .gres = "npu", .cards = 1, .price = -1, .carbon = NAN };
	return o;
}

static char *sign(const struct weft_offer *offer)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *text = weft_offer_sign(offer, key, &err);

	ck_assert_msg(text != NULL, "%s", err.text);
	return text;
}

static bool check_no(const char *text, const char *with, time_t now, const char *want)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_offer back;

	ck_assert_int_eq(weft_offer_open("o", text, strlen(text), with, now, &back, &err), -1);
	ck_assert_str_eq(err.text, want);
	return back.lies;
}

START_TEST(keys)
{
	struct weft_err err = WEFT_ERR_INIT;
	char want[160];
	struct stat st;

	ck_assert_int_eq(stat(key, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(weft_offer_make_key(key, &err), -1); /* none is overwritten */
	snprintf(want, sizeof(want), "%s: File exists", key);
	ck_assert_str_eq(err.text, want);
}
END_TEST

START_TEST(signed_and_opened)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_offer o = an_offer(), back;
	char *text = sign(&o);

	ck_assert_msg(weft_offer_open("o", text, strlen(text), public, NOW + 599, &back, &err) == 0, "%s",
		      err.text);
	ck_assert_str_eq(back.site, "alpha");
	ck_assert_int_eq(back.made, NOW);
	ck_assert_int_eq(back.expires, NOW + 600);
	ck_assert_uint_eq(back.n_kinds, 2);
	ck_assert_str_eq(back.kinds[0].gres, "gpu:h100");
	ck_assert_uint_eq(back.kinds[0].cards, 64);
	ck_assert_int_eq(back.kinds[0].price, 2100000);
	ck_assert_str_eq(back.kinds[0].currency, "EUR");
	ck_assert(back.kinds[0].carbon == 312.5);
	ck_assert_int_eq(back.kinds[1].price, -1);
	ck_assert(isnan(back.kinds[1].carbon));
	free(text);
}
END_TEST

START_TEST(expired_or_early)
{
	struct weft_offer o = an_offer();
	char *text = sign(&o);

	ck_assert(!check_no(text, public, NOW + 600, "o: the offer has expired"));
	check_no(text, public, NOW - 301, "o: the offer is of the future");
	free(text);
}
END_TEST

/* A byte of what is signed, or of the signature, is another. */
START_TEST(altered)
{
	struct weft_offer o = an_offer();
	char *text = sign(&o), want[256];
	char *body = strstr(text, "\"offer\":\"") + 9, *sig = strstr(text, "\"signature\":\"") + 13;

	snprintf(want, sizeof(want), "o: the signature is not that of the offer with the key in %s", public);
	for (char *s = body; s < body + 200; s += 13) {
		char was = *s;

		*s = was == 'A' ? 'B' : 'A';
		check_no(text, public, NOW, want);
		*s = was;
	}
	sig[5] = sig[5] == 'A' ? 'B' : 'A';
	check_no(text, public, NOW, want);
	sig[5] = '!';
	check_no(text, public, NOW, "o: the offer and its signature must be base64");
	free(text);
}
END_TEST

START_TEST(wrong_keys)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_offer o = an_offer();
	char *text = sign(&o), other[96], want[256], command[256];

	snprintf(other, sizeof(other), "%s/other", dir);
	ck_assert_int_eq(weft_offer_make_key(other, &err), 0);
	snprintf(other, sizeof(other), "%s/other.pub", dir);
	snprintf(want, sizeof(want), "o: the signature is not that of the offer with the key in %s", other);
	check_no(text, other, NOW, want);
	snprintf(want, sizeof(want), "%s: is no public Ed25519 key in PEM", key);
	check_no(text, key, NOW, want); /* the private one */
	snprintf(want, sizeof(want), "%s/none: No such file or directory", dir);
	snprintf(other, sizeof(other), "%s/none", dir);
	check_no(text, other, NOW, want);
	snprintf(command, sizeof(command),
		 "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out %s/ec "
		 "2> /dev/null",
		 dir);
	snprintf(other, sizeof(other), "%s/ec", dir);
	if (system(command) == 0) {
		ck_assert_ptr_null(weft_offer_sign(&o, other, &err));
		snprintf(want, sizeof(want), "%s: is no private Ed25519 key in PEM", other);
		ck_assert_str_eq(err.text, want);
	}
	free(text);
}
END_TEST

START_TEST(no_offer)
{
	static const char *const cases[][2] = {
		{ "", "o:1: the text ends too early" },
		{ "[]", "o: must be an object, not a list" },
		{ "{}", "o: offer: missing, or not what it must be" },
		{ "{\"offer\":\"eA==\"}", "o: signature: missing, or not what it must be" },
		{ "{\"offer\":\"\",\"signature\":\"\"}", "o: the offer and its signature must be base64" },
		{ "{\"offer\":\"eA==\",\"signature\":\"eA==\"}",
		  "o: the offer and its signature must be base64" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_no(cases[i][0], public, NOW, cases[i][1]);
}
END_TEST

/* Well signed, and yet a lie. */
START_TEST(lies)
{
	struct weft_offer o = an_offer();
	char *text;

	o.kinds[0].carbon = -5;
	text = sign(&o);
	ck_assert(check_no(text, public, NOW, "o: carbon: must be 0 to 1000000"));
	free(text);
	o = an_offer();
	o.kinds[0].cards = 4000000000u;
	text = sign(&o);
	ck_assert(check_no(text, public, NOW, "o: cards: must be 0 to 100000000"));
	free(text);
	o = an_offer();
	memcpy(o.kinds[0].currency, "E1", 3);
	text = sign(&o);
	ck_assert(check_no(text, public, NOW, "o: currency: is not a code of three letters"));
	free(text);
	o = an_offer();
	o.kinds[0].price = INT64_MAX;
	text = sign(&o);
	ck_assert(check_no(text, public, NOW, "o: price: must be 0 to 1000000000000000000"));
	free(text);
	o = an_offer();
	snprintf(o.kinds[1].gres, sizeof(o.kinds[1].gres), "a\nb");
	text = sign(&o);
	ck_assert(check_no(text, public, NOW, "o: gres: may have printable ASCII alone"));
	free(text);
}
END_TEST

START_TEST(this_site)
{
	static const char csv[] = "time,value\n2026-09-21T00:00Z,100\n2026-09-21T23:00Z,200\n";
	struct weft_err err = WEFT_ERR_INIT;
	char text[512], path[96], want[160];
	struct weft_offer o;
	struct weft_conf *conf;

	snprintf(path, sizeof(path), "%s/carbon.csv", dir);
	ck_assert_int_eq(weft_file_replace(path, csv, strlen(csv), 0644, NULL), 0);
	snprintf(text, sizeof(text),
		 "PowerCarbon=%s/carbon.csv\nPublish=%s/offer.json PublishKey=%s Valid=60\n"
		 "PublishKind=gpu:h100 Cards=4 Price=2.5 Currency=EUR\nPublishKind=npu Cards=2\n",
		 dir, dir, key);
	conf = weft_conf_parse("weft.conf", text, strlen(text), &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	ck_assert_msg(weft_offer_own(conf, NOW, &o, &err) == 0, "%s", err.text);
	ck_assert_int_eq(o.made, NOW);
	ck_assert_int_eq(o.expires, NOW + 60);
	ck_assert_uint_eq(o.n_kinds, 2);
	ck_assert_int_eq(o.kinds[0].price, 2500000);
	ck_assert(o.kinds[0].carbon == 100);
	ck_assert_int_eq(o.kinds[1].price, -1);
	weft_conf_destroy(conf);
	snprintf(text, sizeof(text), "Publish=/o PublishKey=/k\nPublishKind=gpu Cards=4 Price=%s/none\n",
		 dir);
	conf = weft_conf_parse("weft.conf", text, strlen(text), &err);
	ck_assert_int_eq(weft_offer_own(conf, NOW, &o, &err), -1);
	snprintf(want, sizeof(want), "gpu: %s/none: No such file or directory", dir);
	ck_assert_str_eq(err.text, want);
	weft_conf_destroy(conf);
}
END_TEST

START_TEST(prices)
{
	static const char csv[] =
		"time,value\n2026-09-21T00:00Z,1.25\n2026-09-21T12:00Z,-3\n2026-09-22T00:00Z,2\n";
	struct weft_err err = WEFT_ERR_INIT;
	char path[96], want[160];

	snprintf(path, sizeof(path), "%s/prices.csv", dir);
	ck_assert_int_eq(weft_file_replace(path, csv, strlen(csv), 0644, NULL), 0);
	ck_assert_int_eq(weft_price_at(NULL, NOW, &err), -1);
	ck_assert_int_eq(weft_price_at("2.1", NOW, &err), 2100000);
	ck_assert_int_eq(weft_price_at("0", NOW, &err), 0);
	ck_assert_int_eq(weft_price_at(path, 1789952400, &err), 1250000); /* 01:00 */
	ck_assert_str_eq(err.text, "");
	ck_assert_int_eq(weft_price_at(path, 1789992000 + 3600, &err),
			 -1); /* 13:00: nobody is paid for a card */
	snprintf(want, sizeof(want), "%s: the price now cannot be one", path);
	ck_assert_str_eq(err.text, want);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("offer");
	TCase *tc = tcase_create("offer");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, keys);
	tcase_add_test(tc, signed_and_opened);
	tcase_add_test(tc, expired_or_early);
	tcase_add_test(tc, altered);
	tcase_add_test(tc, wrong_keys);
	tcase_add_test(tc, no_offer);
	tcase_add_test(tc, lies);
	tcase_add_test(tc, this_site);
	tcase_add_test(tc, prices);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
