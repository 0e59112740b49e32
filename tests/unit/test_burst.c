/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_burst.c - the text of --burst, the decision, and its log.
 */
#include "core/burst.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define NOW	      ((time_t)1700000000)
#define HOUR	      3600

/* ---------------------------------------------------------------- the text */

struct pair {
	const char *text, *want;
};

static const struct pair good[] = {
	{ "no", "no" },
	{ "auto", "auto" },
	{ " Only ", "only" },
	{ "beta", "auto,beta" },
	{ "beta,Gamma-2", "auto,beta,gamma-2" },
	{ "only,beta", "only,beta" },
	{ "auto,max-cost=5.2", "auto,max-cost=5.20" },
	{ "max-cost=5.2eur,beta,max_wait=2h", "auto,beta,max-cost=5.20EUR,max-wait=7200s" },
	{ "auto,max-wait=1-00:00:00", "auto,max-wait=86400s" },
	{ "auto,max-wait=0", "auto,max-wait=0s" },
	{ "only,max-cost=0", "only,max-cost=0.00" },
};

START_TEST(reads_and_writes)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_burst_wish wish, again;
	char *text, *twice;

	ck_assert_msg(weft_burst_parse(good[_i].text, &wish, &err) == 0, "%s", err.text);
	text = weft_burst_text(&wish);
	ck_assert_str_eq(text, good[_i].want);
	ck_assert_int_eq(weft_burst_parse(text, &again, &err), 0);
	twice = weft_burst_text(&again);
	ck_assert_str_eq(text, twice);
	free(text);
	free(twice);
	weft_burst_clear(&wish);
	weft_burst_clear(&again);
}
END_TEST

static const struct pair bad[] = {
	{ "", "--burst: the text is empty; write no, auto, only or the name of a site" },
	{ "  ", "--burst: the text is empty; write no, auto, only or the name of a site" },
	{ ",", "--burst: there is nothing before or after a ','" },
	{ "auto,", "--burst: there is nothing before or after a ','" },
	{ "no,beta", "--burst: nothing may follow no" },
	{ "beta,only", "--burst: only must be the first word, and the only one of no, auto and only" },
	{ "auto,no", "--burst: no must be the first word, and the only one of no, auto and only" },
	{ "be ta", "--burst: \"be ta\" is not the name of a site" },
	{ "auto,-x", "--burst: \"-x\" is not the name of a site" },
	{ "beta,BETA", "--burst: BETA is named twice" },
	{ "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "--burst: more than 16 sites; name none, and any will do" },
	{ "auto,max-cots=5", "--burst: unknown word \"max-cots\"; did you mean max-cost?" },
	{ "auto,price=5", "--burst: unknown word \"price\"" },
	{ "auto,max-cost", "--burst: max-cost needs a value: max-cost=5.20" },
	{ "max-wait", "--burst: max-wait needs a value: max-wait=2h" },
	{ "auto,max-wait=", "--burst: max-wait needs a value: max-wait=2h" },
	{ "auto,max-cost=-1", "--burst: max-cost=-1 is not an amount such as 5.20 or 5.20EUR" },
	{ "auto,max-cost=5 euros", "--burst: max-cost=5 euros is not an amount such as 5.20 or 5.20EUR" },
	{ "auto,max-cost=5,max-cost=6", "--burst: max-cost= is given twice" },
	{ "auto,max-wait=soon", "--burst: max-wait=soon is not a time such as 2h, 90m or 1-12:00:00" },
	{ "auto,max-wait=366d", "--burst: max-wait=366d is too long; at most 365d" },
	{ "auto,max-wait=1h,max-wait=1h", "--burst: max-wait= is given twice" },
	{ "only,max-wait=1h", "--burst: only does not wait at home: max-wait= is for auto" },
};

START_TEST(says_what_is_wrong)
{
	struct weft_burst_wish wish = { .n_sites = 77 };
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_int_eq(weft_burst_parse(bad[_i].text, &wish, &err), -1);
	ck_assert_str_eq(err.text, bad[_i].want);
	ck_assert_uint_eq(wish.n_sites, 77);
}
END_TEST

START_TEST(too_long)
{
	char text[WEFT_BURST_MAX_TEXT + 2];
	struct weft_burst_wish wish;
	struct weft_err err = WEFT_ERR_INIT;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(weft_burst_parse(text, &wish, &err), -1);
	ck_assert_str_eq(err.text, "--burst: the text has 2049 bytes; at most 2048 are allowed");
}
END_TEST

START_TEST(max_cost_alone)
{
	struct weft_burst_wish wish;
	struct weft_err err = WEFT_ERR_INIT, again = WEFT_ERR_INIT, no = WEFT_ERR_INIT;

	ck_assert_int_eq(weft_burst_parse("beta", &wish, NULL), 0);
	ck_assert_int_eq(weft_burst_max_cost("5,20", &wish, &err), -1);
	ck_assert_str_eq(err.text, "--max-cost: 5,20 is not an amount such as 5.20 or 5.20EUR");
	ck_assert_int_eq(weft_burst_max_cost("5.20CNY", &wish, NULL), 0);
	ck_assert_int_eq(wish.max_cost, 5200000);
	ck_assert_str_eq(wish.currency, "CNY");
	ck_assert_int_eq(weft_burst_max_cost("5.20CNY", &wish, &again), -1);
	ck_assert_str_eq(again.text, "--max-cost: max-cost= is given twice");
	weft_burst_clear(&wish);
	ck_assert_int_eq(weft_burst_parse("no", &wish, NULL), 0);
	ck_assert_int_eq(weft_burst_max_cost("5", &wish, &no), -1);
	ck_assert_str_eq(no.text, "--max-cost: it is for jobs with --burst");
	weft_burst_clear(&wish);
}
END_TEST

static const struct pair unknown[] = {
	{ "beta,gamma", "" },
	{ "BETA", "" },
	{ "auto", "" },
	{ "betta", "--burst: unknown site \"betta\"; did you mean beta?" },
	{ "atuo", "--burst: unknown site \"atuo\"; did you mean auto?" },
	{ "auto,onyl", "--burst: unknown site \"onyl\"; did you mean only?" },
	{ "mars", "--burst: unknown site \"mars\"" },
};

START_TEST(checks_sites)
{
	static const char *const sites[] = { "Beta", "gamma", NULL };
	struct weft_burst_wish wish;
	struct weft_err err = WEFT_ERR_INIT;
	char want[128];

	snprintf(want, sizeof(want), "%s", unknown[_i].want);
	if (strstr(want, "mean beta"))
		snprintf(want, sizeof(want), "--burst: unknown site \"betta\"; did you mean Beta?");
	ck_assert_int_eq(weft_burst_parse(unknown[_i].text, &wish, NULL), 0);
	ck_assert_int_eq(weft_burst_check(&wish, sites, &err), want[0] ? -1 : 0);
	ck_assert_str_eq(err.text, want);
	weft_burst_clear(&wish);
}
END_TEST

/* ---------------------------------------------------------------- the decision */

/* A job of an hour that would start at home in four, or at once at beta for 8 EUR, with 10 min of staging. */
static struct weft_burst_place peers[2];

static struct weft_burst_case usual(void)
{
	peers[0] = (struct weft_burst_place){ "beta", NOW, HOUR, 600, 8000000, "EUR", true, NULL };
	peers[1] = (struct weft_burst_place){ "gamma", NOW + HOUR, HOUR, 600, 4000000, "EUR", true, NULL };
	return (struct weft_burst_case){
		.job = 7,
		.now = NOW,
		.eligible = NOW - HOUR,
		.wish = { .mode = WEFT_BURST_AUTO, .max_cost = -1, .max_wait = -1 },
		.home = { "home", NOW + 4 * HOUR, HOUR, 0, 0, "", true },
		.peers = peers,
		.n_peers = 1,
	};
}

static const struct weft_conf_burst forecast = { .wait = WEFT_BURST_WAIT_FORECAST,
						 .value = 3000000,
						 .currency = "EUR" };

static struct weft_burst_answer decide(const struct weft_conf_burst *conf, const struct weft_burst_case *c)
{
	struct weft_burst_answer answer;
	struct weft_err err = WEFT_ERR_INIT;
	char *line;

	weft_burst_decide(conf, c, &answer);
	line = weft_burst_record(conf, c, &answer); /* whatever is decided can be decided again */
	ck_assert_ptr_nonnull(line);
	ck_assert_msg(weft_burst_replay(line, &err) == 0, "%s: %s", err.text, line);
	free(line);
	return answer;
}

static void expect(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
		   enum weft_burst_verdict verdict, const char *why)
{
	struct weft_burst_answer a = decide(conf, c);

	ck_assert_str_eq(a.why, why);
	ck_assert_int_eq(a.verdict, verdict);
}

START_TEST(weighs_money_against_time)
{
	struct weft_burst_case c = usual();

	expect(&forecast, &c, WEFT_BURST_GO, "beta: done 3 h 50 min sooner, worth 11.50 EUR; costs 8.00 EUR");
	peers[0].cost = 12000000;
	expect(&forecast, &c, WEFT_BURST_STAY,
	       "beta: done 3 h 50 min sooner, worth 11.50 EUR; costs 12.00 EUR");
	c.home.cost = 3000000; /* home is not free */
	expect(&forecast, &c, WEFT_BURST_GO,
	       "beta: done 3 h 50 min sooner, worth 11.50 EUR; costs 9.00 EUR more");
	ck_assert_double_eq(decide(&forecast, &c).gain, 2500000);
	c.home.start = NOW + 300;
	expect(&forecast, &c, WEFT_BURST_STAY, "beta would not be sooner than home");
}
END_TEST

START_TEST(goes_when_it_costs_nothing)
{
	struct weft_conf_burst conf = forecast;
	struct weft_burst_case c = usual();

	conf.value = 0;
	expect(&conf, &c, WEFT_BURST_STAY, "beta: done 3 h 50 min sooner, worth 0.00 EUR; costs 8.00 EUR");
	peers[0].cost = 0;
	expect(&conf, &c, WEFT_BURST_GO, "beta: done 3 h 50 min sooner, worth 0.00 EUR; costs 0.00 EUR");
}
END_TEST

START_TEST(knows_no_start_at_home)
{
	struct weft_burst_case c = usual();

	c.home.start = 0; /* it has waited for an hour, and so an hour more is expected */
	expect(&forecast, &c, WEFT_BURST_STAY, "beta: done 50 min sooner, worth 2.50 EUR; costs 8.00 EUR");
	c.eligible = NOW - 6 * HOUR;
	expect(&forecast, &c, WEFT_BURST_GO, "beta: done 5 h 50 min sooner, worth 17.50 EUR; costs 8.00 EUR");
	c.eligible = NOW + HOUR;
	expect(&forecast, &c, WEFT_BURST_STAY, "beta would not be sooner than home");
	c.home.start = WEFT_BURST_NEVER;
	expect(&forecast, &c, WEFT_BURST_GO, "beta: home can never run it");
}
END_TEST

START_TEST(chooses_the_best_peer)
{
	struct weft_conf_burst conf = forecast;
	struct weft_burst_case c = usual();

	c.n_peers = 2;
	ck_assert_uint_eq(decide(&conf, &c).peer,
			  1); /* an hour later for 4 EUR less, and an hour is worth 3 */
	conf.value = 5000000;
	ck_assert_uint_eq(decide(&conf, &c).peer, 0);
	peers[0].open = false;
	ck_assert_uint_eq(decide(&conf, &c).peer, 1);
	conf = (struct weft_conf_burst){ .wait = WEFT_BURST_WAIT_CONSTANT };
	peers[0].open = true;
	ck_assert_uint_eq(decide(&conf, &c).peer, 0); /* the one that is done first */
	peers[1].start = peers[0].start;
	ck_assert_uint_eq(decide(&conf, &c).peer, 1); /* and of two the cheaper one */
	peers[1].cost = -1;
	ck_assert_uint_eq(decide(&conf, &c).peer, 0);
	peers[0].start = peers[1].start = 0;
	ck_assert_uint_eq(decide(&conf, &c).peer, 0);
}
END_TEST

START_TEST(keeps_to_the_wish)
{
	struct weft_burst_case c = usual();
	char *only[] = { "gamma" };

	c.wish.mode = WEFT_BURST_NO;
	expect(&forecast, &c, WEFT_BURST_STAY, "not asked to go");
	c.wish.mode = WEFT_BURST_ONLY;
	c.home.start = NOW;
	peers[0].cost = -1;
	expect(&forecast, &c, WEFT_BURST_GO, "beta: asked to run away from home");
	c.wish.max_cost = 7999999;
	expect(&forecast, &c, WEFT_BURST_STAY, "beta has no known price");
	peers[0].cost = 8000000;
	expect(&forecast, &c, WEFT_BURST_STAY, "beta costs more than max-cost");
	c.wish.max_cost = 8000000;
	expect(&forecast, &c, WEFT_BURST_GO, "beta: asked to run away from home");
	memcpy(c.wish.currency, "USD", 4);
	expect(&forecast, &c, WEFT_BURST_STAY, "beta is priced in another currency than max-cost");
	c = usual();
	c.wish.sites[0] = only[0];
	c.wish.n_sites = 1;
	expect(&forecast, &c, WEFT_BURST_STAY, "no site to go to");
	c.n_peers = 2;
	ck_assert_uint_eq(decide(&forecast, &c).peer, 1);
}
END_TEST

START_TEST(max_wait_is_a_time_to_wait)
{
	struct weft_burst_case c = usual();

	c.wish.max_wait = 2 * HOUR;
	expect(&forecast, &c, WEFT_BURST_STAY, "may go to beta in 1 h 00 min");
	c.wish.max_wait = HOUR;
	peers[0].cost = -1;
	expect(&forecast, &c, WEFT_BURST_GO, "beta: waited 1 h 00 min at home");
	c.home.start = NOW + 60;
	expect(&forecast, &c, WEFT_BURST_STAY, "beta would not be sooner than home");
}
END_TEST

START_TEST(says_what_hinders)
{
	struct weft_conf_burst conf = forecast;
	struct weft_burst_case c = usual();

	peers[0].open = false;
	expect(&conf, &c, WEFT_BURST_STAY, "beta takes no jobs now");
	c = usual();
	peers[0].refused = "ann has no budget";
	expect(&conf, &c, WEFT_BURST_STAY, "beta does not take it: ann has no budget");
	c = usual();
	peers[0].start = 0;
	expect(&conf, &c, WEFT_BURST_STAY, "beta does not say when it would start");
	peers[0].start = WEFT_BURST_NEVER;
	expect(&conf, &c, WEFT_BURST_STAY, "beta can never run it");
	c = usual();
	memcpy(peers[0].currency, "USD", 4);
	expect(&conf, &c, WEFT_BURST_STAY, "beta is priced in another currency than BurstValue");
	c.n_peers = 0;
	expect(&conf, &c, WEFT_BURST_STAY, "no site to go to");
}
END_TEST

static const struct {
	enum weft_burst_wait wait;
	double factor;
	double wait_h; /* at home before it goes */
} policies[] = {
	{ WEFT_BURST_WAIT_CONSTANT, 0, 0 },	    { WEFT_BURST_WAIT_CONSTANT, 7200, 2 },
	{ WEFT_BURST_WAIT_RUNTIME, 1800, 1 },	    { WEFT_BURST_WAIT_COST, 900, 2 },
	{ WEFT_BURST_WAIT_CONSTANT, INFINITY, -1 }, { WEFT_BURST_WAIT_COST, -1, -1 },
	{ WEFT_BURST_WAIT_RUNTIME, NAN, -1 },
};

START_TEST(waits_by_policy)
{
	struct weft_conf_burst conf = { .wait = policies[_i].wait, .factor = policies[_i].factor };
	struct weft_burst_case c = usual();
	double h = policies[_i].wait_h;
	char *line;

	c.home.run = 2 * HOUR;
	c.home.start = 0;
	c.eligible = NOW - (time_t)(h * HOUR) + 1;
	if (h < 0) {
		c.eligible = 0;
		ck_assert_str_eq(decide(&conf, &c).why, "the site lets no job go");
		return;
	}
	if (h > 0)
		expect(&conf, &c, WEFT_BURST_STAY, "may go to beta in 1 s");
	c.eligible = NOW - (time_t)(h * HOUR);
	ck_assert_int_eq(decide(&conf, &c).verdict, WEFT_BURST_GO);
	c.home.run = HOUR;
	c.home.start = NOW; /* it could start here and now */
	expect(&conf, &c, WEFT_BURST_STAY, "beta would not be sooner than home");
	line = weft_burst_record(&conf, &c, &(struct weft_burst_answer){ .verdict = WEFT_BURST_GO });
	ck_assert_int_eq(weft_burst_replay(line, NULL), 1);
	free(line);
}
END_TEST

/* ---------------------------------------------------------------- the log */

START_TEST(records_all)
{
	struct weft_burst_case c = usual();
	struct weft_burst_answer a;
	char *line;

	c.home.run = 3600.5;
	weft_burst_decide(&forecast, &c, &a);
	line = weft_burst_record(&forecast, &c, &a);
	ck_assert_str_eq(
		line,
		"{\"format\":1,\"job\":7,\"now\":1700000000,\"verdict\":\"go\",\"peer\":\"beta\","
		"\"why\":\"beta: done 3 h 50 min sooner, worth 11.50 EUR; costs 8.00 EUR\","
		"\"eligible\":1699996400,\"burst\":\"auto\",\"wait\":\"forecast\",\"factor\":0,"
		"\"value\":3000000,\"currency\":\"EUR\",\"home\":{\"name\":\"home\",\"start\":1700014400,"
		"\"run\":3600.5,\"staging\":0,\"cost\":0,\"currency\":\"\",\"open\":true},"
		"\"peers\":[{\"name\":\"beta\",\"start\":1700000000,\"run\":3600,\"staging\":600,"
		"\"cost\":8000000,\"currency\":\"EUR\",\"open\":true}]}");
	free(line);
}
END_TEST

/* A line of the log in which TEXT is replaced by ANOTHER. */
static char *changed(const char *text, const char *another)
{
	struct weft_burst_case c = usual();
	struct weft_burst_answer a;
	char *line, *at, *out;
	size_t size;

	weft_burst_decide(&forecast, &c, &a);
	line = weft_burst_record(&forecast, &c, &a);
	at = strstr(line, text);
	ck_assert_ptr_nonnull(at);
	size = strlen(line) + strlen(another) + 1;
	out = malloc(size);
	snprintf(out, size, "%.*s%s%s", (int)(at - line), line, another, at + strlen(text));
	free(line);
	return out;
}

static const struct {
	const char *text, *another;
	int rc;
	const char *want;
} lines[] = {
	{ "3 h 50", "4 h 50", 0, "" },
	{ "\"go\",\"peer\":\"beta\"", "\"stay\",\"peer\":\"\"", 1,
	  "burst log: job 7: was stay, is go to beta: beta: done 3 h 50 min sooner, worth 11.50 EUR; costs "
	  "8.00 EUR" },
	{ "8000000", "12000000", 1,
	  "burst log: job 7: was go to beta, is stay: beta: done 3 h 50 min sooner, worth 11.50 EUR; costs "
	  "12.00 EUR" },
	{ "\"peer\":\"beta\"", "\"peer\":\"gamma\"", 1,
	  "burst log: job 7: was go to gamma, is go to beta: beta: done 3 h 50 min sooner, worth 11.50 EUR; "
	  "costs 8.00 EUR" },
	{ "\"job\":7,", "\"job\":,", -1, "burst log:1: not JSON: unexpected character" },
	{ "\"format\":1", "\"format\":2", -1, "burst log: format: must be 1 to 1" },
	{ "\"job\":7,", "", -1, "burst log: job: missing" },
	{ "\"job\":7", "\"job\":4294967296", -1, "burst log: job: must be 0 to 4294967295" },
	{ "\"job\":7", "\"job\":\"7\"", -1, "burst log: job: must not be a string" },
	{ "\"wait\":\"forecast\"", "\"wait\":\"hope\"", -1, "burst log: wait: unknown word \"hope\"" },
	{ "\"verdict\":\"go\"", "\"verdict\":\"run\"", -1, "burst log: verdict: unknown word \"run\"" },
	{ "\"factor\":0", "\"factor\":1e16", -1, "burst log: factor: must be -1e15 to 1e15" },
	{ "\"factor\":0", "\"factor\":true", -1,
	  "burst log: factor: must be a number or null, not true or false" },
	{ "\"staging\":600", "\"staging\":null", 1,
	  "burst log: job 7: was go to beta, is stay: beta would not be sooner than home" },
	{ "\"burst\":\"auto\"", "\"burst\":\"auto,\"", -1,
	  "burst log: burst: --burst: there is nothing before or after a ','" },
	{ "\"home\":{", "\"home\":{\"x\":{", -1, "burst log:1: the text ends too early" },
	{ "\"home\",\"start\":1700014400", "\"home\",\"start\":-2", -1,
	  "burst log: home: start: must be -1 to 1000000000000000000" },
	{ "\"cost\":8000000", "\"cost\":-2", -1,
	  "burst log: peers 1: cost: must be -1 to 1000000000000000000" },
	{ "\"cost\":8000000,\"currency\":\"EUR\"", "\"cost\":8000000,\"currency\":\"euros\"", -1,
	  "burst log: peers 1: currency: \"euros\" is not a code of three letters" },
	{ "\"name\":\"beta\"", "\"name\":\"be\\u0007ta\"", -1,
	  "burst log: peers 1: name: may have no control characters" },
	{ "\"peers\":[{", "\"peers\":[1,{", -1, "burst log: peers 1: entry: must not be a number" },
};

START_TEST(replays)
{
	char *line = changed(lines[_i].text, lines[_i].another);
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_int_eq(weft_burst_replay(line, &err), lines[_i].rc);
	ck_assert_str_eq(err.text, lines[_i].want);
	free(line);
}
END_TEST

START_TEST(no_line_of_the_log)
{
	struct weft_err err = WEFT_ERR_INIT, list = WEFT_ERR_INIT;
	char *line = malloc(WEFT_BURST_MAX_RECORD + 2);

	memset(line, ' ', WEFT_BURST_MAX_RECORD + 1);
	line[WEFT_BURST_MAX_RECORD + 1] = '\0';
	ck_assert_int_eq(weft_burst_replay(line, &err), -1);
	ck_assert_str_eq(err.text, "burst log: a line of 65537 bytes; at most 65536 are allowed");
	ck_assert_int_eq(weft_burst_replay("[]", &list), -1);
	ck_assert_str_eq(list.text, "burst log: must be an object, not a list");
	free(line);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("burst");
	TCase *tc = tcase_create("burst");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, reads_and_writes, 0, LENGTH(good));
	tcase_add_loop_test(tc, says_what_is_wrong, 0, LENGTH(bad));
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, max_cost_alone);
	tcase_add_loop_test(tc, checks_sites, 0, LENGTH(unknown));
	tcase_add_test(tc, weighs_money_against_time);
	tcase_add_test(tc, goes_when_it_costs_nothing);
	tcase_add_test(tc, knows_no_start_at_home);
	tcase_add_test(tc, chooses_the_best_peer);
	tcase_add_test(tc, keeps_to_the_wish);
	tcase_add_test(tc, max_wait_is_a_time_to_wait);
	tcase_add_test(tc, says_what_hinders);
	tcase_add_loop_test(tc, waits_by_policy, 0, LENGTH(policies));
	tcase_add_test(tc, records_all);
	tcase_add_loop_test(tc, replays, 0, LENGTH(lines));
	tcase_add_test(tc, no_line_of_the_log);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
