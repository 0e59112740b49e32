/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_trade.c - what weftd is asked about money: quotes, the ledger, and the most that a job may cost; every
 * message to the letter.
 */
#include <check.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/answer_setup.h"
#include "weftd/client.h"
#include "weftd/ledger.h"
#include "weftd/listener.h"

#define QUOTE(more)  Q("quote", ",\"gres\":\"gpu:h100\"" more)
#define LEDGER(more) Q("ledger", more)
#define GRES	     ",\"gres\":\"gpu:h100:8\""

static const struct {
	uid_t uid;
	const char *text, *want;
} bad_trade[] = {
	{ NOBODY, Q("quote", ""), "gres: missing" },
	{ NOBODY, QUOTE(""), "cards: missing" },
	{ NOBODY, QUOTE(",\"cards\":0"), "cards: must be 1 to 1000000" },
	{ NOBODY, QUOTE(",\"cards\":8"), "minutes: missing" },
	{ NOBODY, QUOTE(",\"cards\":8,\"minutes\":1,\"peer\":\"zz\""), "there is no peer \"zz\"" },
	{ NOBODY, QUOTE(",\"card\":8"), "unknown key \"card\"; did you mean cards?" },
	{ NOBODY, LEDGER(",\"mont\":\"x\""), "unknown key \"mont\"; did you mean month?" },
	{ NOBODY, LEDGER(",\"month\":\"2026-13\""), "month: \"2026-13\" is not a month such as 2026-11" },
	{ NOBODY, LEDGER(",\"after\":-1"), "after: must be 0 to 9223372036854775807" },
	{ NOBODY, LEDGER(",\"user\":\"daemon\""), "nobody may not see what daemon spent" },
	{ NOBODY, ATTACH("beta", SCRIPT GRES ",\"max_cost\":\"much\""),
	  "max_cost: \"much\" is not an amount such as 2.50 or 2.50EUR" },
	{ NOBODY, ATTACH("beta", SCRIPT GRES ",\"max_cost\":\"2.66EUR\""),
	  "this job may cost 2.666667 EUR, and --max-cost is 2.66 EUR" },
	{ NOBODY, ATTACH("beta", SCRIPT GRES ",\"max_cost\":\"9USD\""),
	  "the price at beta is in EUR, and --max-cost in USD: nothing is converted" },
	{ NOBODY, ATTACH("beta", SCRIPT GRES ",\"quote\":\"00000000000000ff\""),
	  "the quote 00000000000000ff does not hold, or not any more" },
};

START_TEST(explains_trade)
{
	for (int i = 0; i < LENGTH(bad_trade); i++)
		check_no(bad_trade[i].uid, bad_trade[i].text, bad_trade[i].want, "no");
}
END_TEST

/* UID's quote for 8 cards of GRES for MINUTES at beta; ID gets its name. */
static json_object *quoted(uid_t uid, const char *gres, int minutes, char id[32])
{
	json_object *o, *quote;
	char text[256];

	snprintf(text, sizeof(text),
		 Q("quote", ",\"gres\":\"%s\",\"cards\":8,\"minutes\":%d,\"peer\":\"beta\""), gres, minutes);
	o = good(uid, text);
	ck_assert_uint_eq(json_object_array_length(json_object_object_get(o, "quotes")), 1);
	quote = json_object_get(json_object_array_get_idx(json_object_object_get(o, "quotes"), 0));
	json_object_put(o);
	snprintf(id, 32, "%s", text_of(quote, "id"));
	ck_assert_uint_eq(strlen(id), 16);
	return quote;
}

START_TEST(quotes)
{
	time_t before = time(NULL), expires;
	char id[32], want[256];
	json_object *o = quoted(NOBODY, "gpu:h100", 10, id);

	expires = json_object_get_int64(json_object_object_get(o, "expires"));
	ck_assert(expires >= before + WEFT_LEDGER_QUOTE && expires <= time(NULL) + WEFT_LEDGER_QUOTE);
	snprintf(want, sizeof(want),
		 "{\"id\":\"%s\",\"peer\":\"beta\",\"gres\":\"gpu:h100\",\"cards\":8,\"minutes\":10,"
		 "\"price\":2000000,\"currency\":\"EUR\",\"cost\":2666667,\"expires\":%lld,\"refused\":null}",
		 id, (long long)expires);
	ck_assert_str_eq(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), want);
	json_object_put(o);
	json_object_put(good(NOBODY, ATTACH("beta", SCRIPT GRES ",\"max_cost\":\"2.666667EUR\"")));
	o = quoted(DAEMON, "gpu:h100", 60, id);
	ck_assert_str_eq(text_of(o, "refused"),
			 "user daemon has 5.00 EUR left of 5.00 EUR this month; this job may cost 16.00 EUR");
	json_object_put(o);
	o = good(NOBODY, QUOTE(",\"cards\":8,\"minutes\":10,\"peer\":\"gamma\""));
	ck_assert_str_eq(
		json_object_to_json_string_ext(json_object_object_get(o, "quotes"), JSON_C_TO_STRING_PLAIN),
		"[{\"id\":null,\"peer\":\"gamma\",\"gres\":\"gpu:h100\",\"cards\":8,\"minutes\":10,"
		"\"price\":null,\"currency\":null,\"cost\":null,\"expires\":null,"
		"\"refused\":\"what gpu:h100 costs at gamma is not known\"}]");
	json_object_put(o);
}
END_TEST

START_TEST(quotes_hold)
{
	char id[32], text[1024], want[256];

	json_object_put(quoted(DAEMON, "gpu:h100", 1, id)); /* another's */
	snprintf(text, sizeof(text), ATTACH("beta", SCRIPT GRES ",\"quote\":\"%s\""), id);
	snprintf(want, sizeof(want), "the quote %s does not hold, or not any more", id);
	check_no(NOBODY, text, want, "no");
	json_object_put(quoted(NOBODY, "gpu:a100", 1, id)); /* for something else */
	snprintf(text, sizeof(text), ATTACH("beta", SCRIPT GRES ",\"quote\":\"%s\""), id);
	snprintf(want, sizeof(want), "the quote %s is for gpu:a100 at beta, not gpu:h100 at beta", id);
	check_no(NOBODY, text, want, "no");
	json_object_put(quoted(NOBODY, "gpu:h100", 1, id));
	snprintf(text, sizeof(text), ATTACH("beta", SCRIPT GRES ",\"quote\":\"%s\""), id);
	json_object_put(good(NOBODY, text));
}
END_TEST

/* As the commands ask: a client, MUNGE, and a listener. */
static json_object *over_the_wire(const struct weft_conf *there, const char *question)
{
	struct weft_err err = WEFT_ERR_INIT;
	json_object *o = weft_client_ask(there, json_tokener_parse(question), 10, NULL, &err);

	ck_assert_msg(o != NULL, "%s", err.text);
	return o;
}

START_TEST(asked_by_commands)
{
	struct weft_listener_options options = {
		.host = "127.0.0.1", .port = "0", .munge = munged_socket, .answer = weft_answer, .arg = &by
	};
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_listener *listener = weft_listener_start(&options, &err);
	struct weft_conf *there;
	json_object *o, *statement;
	char text[512];

	ck_assert_msg(listener != NULL, "%s", err.text);
	snprintf(text, sizeof(text), "Weftd=127.0.0.1:%u\nWeftdUser=%s\nMungeSocket=%s\n",
		 weft_listener_port(listener), getpwuid(geteuid())->pw_name, munged_socket);
	there = weft_conf_parse("weft.conf", text, strlen(text), &err);
	ck_assert_msg(there != NULL, "%s", err.text);
	json_object_put(good(NOBODY, ATTACH("beta", SCRIPT GRES)));
	o = over_the_wire(there, "{\"ask\":\"quote\",\"gres\":\"gpu:h100\",\"cards\":8,\"minutes\":10}");
	ck_assert_uint_eq(json_object_array_length(json_object_object_get(o, "quotes")), 2);
	json_object_put(o);
	/* The lien of the run that is there. */
	o = over_the_wire(there, "{\"ask\":\"ledger\",\"peer\":\"beta\",\"month\":\"2026-11\"}");
	ck_assert_str_eq(
		json_object_to_json_string_ext(json_object_object_get(o, "budgets"), JSON_C_TO_STRING_PLAIN),
		"[{\"holder\":\"peer\",\"name\":\"beta\",\"period\":\"total\",\"currency\":\"EUR\","
		"\"limit\":1000000000,\"spent\":0,\"held\":2666667,\"left\":997333333}]");
	ck_assert_str_eq(text_of(o, "more"), "null");
	statement = json_object_object_get(o, "statement");
	ck_assert_str_eq(text_of(statement, "side"), "bought");
	ck_assert_str_eq(text_of(statement, "peer"), "beta");
	ck_assert_str_eq(text_of(statement, "from"), "1793491200");
	ck_assert_str_eq(text_of(statement, "to"), "1796083200");
	ck_assert_str_eq(text_of(statement, "lines"), "[ ]"); /* it has cost nothing yet */
	ck_assert_str_eq(text_of(statement, "transactions"), "1");
	ck_assert_uint_eq(strlen(text_of(statement, "head")), WEFT_LEDGER_SUM - 1);
	json_object_put(o);
	weft_listener_stop(listener);
	weft_conf_destroy(there);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trade");
	TCase *tc = tcase_create("trade");
	SRunner *sr;
	int failed;

	if (!munged_program()) {
		puts("1..0 # SKIP munged is not installed");
		return 0;
	}
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, explains_trade);
	tcase_add_test(tc, quotes);
	tcase_add_test(tc, quotes_hold);
	tcase_add_test(tc, asked_by_commands);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
