/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_handover.c - a run's record, its names, and what answers mean.  What becomes of whole runs is in
 * test_handover_histories.c.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/handover.h"

static const struct weft_handover_rules rules = {
	.limit = 3600, .allowance = 86400, .slack = 900, .late = 120, .lease = 1200, .rerun = true
};

static struct weft_rest_seen job(uint32_t id, enum weft_rest_state state, bool held)
{
	static char empty[] = "", tres[] = "cpu=8,gres/gpu:h100=8";

	return (struct weft_rest_seen){ .id = id,
					.name = empty,
					.user = empty,
					.partition = empty,
					.comment = empty,
					.reason = empty,
					.nodes = empty,
					.gres = tres,
					.state = state,
					.held = held,
					.submit = 1000,
					.start = state == WEFT_REST_PENDING ? 0 : 1100 };
}

static const struct weft_handover_sight nothing = { .db = WEFT_HANDOVER_DB_NONE };

static enum weft_handover_act next(struct weft_handover *h, time_t now, const struct weft_rest_seen *seen)
{
	struct weft_handover_copy copy = { h->attempt, seen };
	struct weft_handover_sight sight = { .copies = &copy, .n = 1, .db = WEFT_HANDOVER_DB_NONE };

	return weft_handover_next(h, &rules, now, 0, seen ? &sight : &nothing);
}

START_TEST(goes_well)
{
	struct weft_handover h;
	struct weft_rest_seen held = job(7, WEFT_REST_PENDING, true),
			      waits = job(7, WEFT_REST_PENDING, false),
			      runs = job(7, WEFT_REST_RUNNING, false), done = job(7, WEFT_REST_FAILED, false);

	waits.start = 1500;
	done.exit_status = 3 << 8;
	done.end = 1700;
	weft_handover_begin(&h, 1000);
	ck_assert_int_eq(next(&h, 1000, NULL), WEFT_HANDOVER_SUBMIT);
	ck_assert_int_eq(h.step, WEFT_HANDOVER_SUBMITTED);
	ck_assert_int_eq(h.deadline, 1000 + 86400 + 3600);
	weft_handover_answer(&h, WEFT_HANDOVER_SUBMIT, WEFT_HANDOVER_DONE, 7, NULL, 1001, 0);
	ck_assert_int_eq(h.step, WEFT_HANDOVER_HELD);
	ck_assert_int_eq(next(&h, 1002, &held), WEFT_HANDOVER_RELEASE);
	ck_assert_int_eq(h.step, WEFT_HANDOVER_RELEASED);
	weft_handover_answer(&h, WEFT_HANDOVER_RELEASE, WEFT_HANDOVER_DONE, 0, NULL, 1003, 0);
	ck_assert_int_eq(next(&h, 1004, &waits), WEFT_HANDOVER_WAIT);
	waits.start = 1600; /* only the first forecast counts */
	ck_assert_int_eq(next(&h, 1005, &waits), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.predicted, 1500);
	ck_assert_int_eq(next(&h, 1006, &runs), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.started, 1100);
	ck_assert_str_eq(h.tres, "cpu=8,gres/gpu:h100=8");
	ck_assert_int_eq(next(&h, 1007, &done), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.step, WEFT_HANDOVER_OVER);
	ck_assert_int_eq(h.end, WEFT_HANDOVER_ENDED);
	ck_assert_int_eq(h.state, WEFT_REST_FAILED);
	ck_assert_int_eq(h.exit_status, 3 << 8);
	ck_assert_int_eq(h.ended, 1700);
}
END_TEST

START_TEST(is_refused)
{
	struct weft_handover h;

	weft_handover_begin(&h, 1000);
	ck_assert_int_eq(next(&h, 1000, NULL), WEFT_HANDOVER_SUBMIT);
	weft_handover_answer(&h, WEFT_HANDOVER_SUBMIT, WEFT_HANDOVER_NO, 0, "Invalid account\n (2045)", 1001,
			     0);
	ck_assert_int_eq(h.end, WEFT_HANDOVER_REFUSED);
	ck_assert_str_eq(h.why, "Invalid account? (2045)");
}
END_TEST

START_TEST(waits_before_it_tries_again)
{
	struct weft_handover h;

	weft_handover_begin(&h, 1000);
	ck_assert_int_eq(weft_handover_next(&h, &rules, 1000, 0, NULL),
			 WEFT_HANDOVER_WAIT); /* the peer is away */
	ck_assert_int_eq(next(&h, 1000, NULL), WEFT_HANDOVER_SUBMIT);
	weft_handover_answer(&h, WEFT_HANDOVER_SUBMIT, WEFT_HANDOVER_UNSENT, 0, "not now", 1000, 0);
	ck_assert_str_eq(h.why, "not now");
	ck_assert_int_eq(next(&h, 1001, NULL), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(next(&h, 1002, NULL), WEFT_HANDOVER_SUBMIT);
	ck_assert_uint_eq(h.attempt, 1);
	weft_handover_answer(&h, WEFT_HANDOVER_SUBMIT, WEFT_HANDOVER_UNKNOWN, 0, "no answer", 1002, 0);
	ck_assert_int_eq(next(&h, 1100, NULL), WEFT_HANDOVER_WAIT); /* it may come yet */
	ck_assert_int_eq(next(&h, 1122, NULL), WEFT_HANDOVER_WAIT);
	ck_assert_uint_eq(h.attempt, 2);
	ck_assert_int_eq(next(&h, 1200, NULL), WEFT_HANDOVER_SUBMIT);
}
END_TEST

/* After a restore of the peer two attempts can have had the same id: slurmdbd's word on the one is none on
 * the other. */
START_TEST(looks_at_the_attempt_too)
{
	struct weft_handover h;
	struct weft_rest_seen old = job(7, WEFT_REST_CANCELLED, false),
			      held = job(7, WEFT_REST_PENDING, true);
	struct weft_handover_copy row = { 1, &old };
	struct weft_handover_sight sight = { .db = WEFT_HANDOVER_DB_ANSWERED, .db_copies = &row, .n_db = 1 };

	weft_handover_begin(&h, 1000);
	h.attempt = 2;
	ck_assert_int_eq(next(&h, 1000, NULL), WEFT_HANDOVER_SUBMIT);
	weft_handover_answer(&h, WEFT_HANDOVER_SUBMIT, WEFT_HANDOVER_DONE, 7, NULL, 1000, 0);
	ck_assert_int_eq(next(&h, 1001, &held), WEFT_HANDOVER_RELEASE);
	ck_assert_int_eq(weft_handover_next(&h, &rules, 1002, 0, &sight), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.step, WEFT_HANDOVER_RELEASED);
	ck_assert_int_eq(h.lost, 1002);
	row.attempt = 2;
	ck_assert_int_eq(weft_handover_next(&h, &rules, 1003, 0, &sight), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.end, WEFT_HANDOVER_ENDED);
}
END_TEST

/* A run of which a copy was released. */
static struct weft_handover a_released_one(void)
{
	struct weft_handover h;
	struct weft_rest_seen held = job(7, WEFT_REST_PENDING, true);

	weft_handover_begin(&h, 1000);
	ck_assert_int_eq(next(&h, 1000, NULL), WEFT_HANDOVER_SUBMIT);
	weft_handover_answer(&h, WEFT_HANDOVER_SUBMIT, WEFT_HANDOVER_DONE, 7, NULL, 1000, 0);
	ck_assert_int_eq(next(&h, 1001, &held), WEFT_HANDOVER_RELEASE);
	return h;
}

/* Whether the release came through or not: what was cancelled since is not released again. */
START_TEST(cancelled_is_not_released)
{
	struct weft_handover h = a_released_one();
	struct weft_rest_seen held = job(7, WEFT_REST_PENDING, true);
	struct weft_handover_copy copy = { 1, &held };

	weft_handover_answer(&h, WEFT_HANDOVER_RELEASE, WEFT_HANDOVER_UNKNOWN, 0, "no answer", 1002, 0);
	ck_assert_int_eq(next(&h, 1050, &held), WEFT_HANDOVER_RELEASE);
	weft_handover_cancel(&h, "cancelled at home");
	ck_assert_int_eq(next(&h, 1100, &held), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(next(&h, 2000, &held), WEFT_HANDOVER_WAIT);
	ck_assert(weft_handover_surplus(&h, &copy));
	held.state = WEFT_REST_CANCELLED;
	ck_assert_int_eq(next(&h, 2001, &held), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.end, WEFT_HANDOVER_CANCELLED);
	ck_assert_str_eq(h.why, "cancelled at home");
}
END_TEST

/* What was requeued at the peer waits again: it has not begun. */
START_TEST(is_requeued_at_the_peer)
{
	struct weft_handover h = a_released_one();
	struct weft_rest_seen waits = job(7, WEFT_REST_PENDING, false),
			      runs = job(7, WEFT_REST_RUNNING, false), row = job(7, WEFT_REST_FAILED, false);
	struct weft_handover_copy copy = { 1, &row };
	struct weft_handover_sight sight = { .db = WEFT_HANDOVER_DB_ANSWERED, .db_copies = &copy, .n_db = 1 };

	ck_assert_int_eq(next(&h, 1110, &runs), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.started, 1100);
	ck_assert_int_eq(next(&h, 1120, &waits), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.started, 0);
	/* slurmdbd knows of the end of the time before, and slurmctld is not to be seen. */
	row.end = 1115;
	row.requeued = true;
	ck_assert_int_eq(weft_handover_next(&h, &rules, 1130, 0, &sight), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.step, WEFT_HANDOVER_RELEASED);
	ck_assert_int_eq(h.lost, 1130);
	ck_assert_int_eq(next(&h, 1140, &runs), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.lost, 0);
	row.requeued = false;
	ck_assert_int_eq(weft_handover_next(&h, &rules, 1150, 0, &sight), WEFT_HANDOVER_WAIT);
	ck_assert_int_eq(h.end, WEFT_HANDOVER_ENDED);
}
END_TEST

/* slurmdbd has a row for each time that it ran there: the last counts, in whatever order they come. */
START_TEST(the_last_row_counts)
{
	for (int turned = 0; turned < 2; turned++) {
		struct weft_handover h = a_released_one();
		struct weft_rest_seen first = job(7, WEFT_REST_FAILED, false),
				      second = job(7, WEFT_REST_COMPLETED, false);
		struct weft_handover_copy rows[] = { { 1, turned ? &second : &first },
						     { 1, turned ? &first : &second } };
		struct weft_handover_sight sight = { .db = WEFT_HANDOVER_DB_ANSWERED,
						     .db_copies = rows,
						     .n_db = 2 };

		first.exit_status = 1 << 8;
		second.submit = 2000;
		ck_assert_int_eq(weft_handover_next(&h, &rules, 1130, 0, &sight), WEFT_HANDOVER_WAIT);
		ck_assert_int_eq(h.end, WEFT_HANDOVER_ENDED);
		ck_assert_int_eq(h.state, WEFT_REST_COMPLETED);
		ck_assert_int_eq(h.exit_status, 0);
	}
}
END_TEST

/* A slurmdbd that does not answer may know of its end: nothing runs again until it has said that it does not.
 */
START_TEST(slurmdbd_is_waited_for)
{
	struct weft_handover h = a_released_one();
	struct weft_handover_sight silent = { .db = WEFT_HANDOVER_DB_SILENT };
	time_t dead = weft_handover_dead(&h, &rules);

	for (time_t now = 1100; now <= dead + 1000; now += 1000) {
		h.renewed = now;
		ck_assert_int_eq(weft_handover_next(&h, &rules, now, 0, &silent), WEFT_HANDOVER_WAIT);
		ck_assert_int_eq(h.step, WEFT_HANDOVER_RELEASED);
	}
	h.renewed = dead;
	ck_assert_int_eq(next(&h, dead, NULL), WEFT_HANDOVER_WAIT);
	ck_assert_uint_eq(h.attempt, 1);
	ck_assert_int_eq(next(&h, dead + 1, NULL), WEFT_HANDOVER_WAIT);
	ck_assert_uint_eq(h.attempt, 2);
	ck_assert_int_eq(h.step, WEFT_HANDOVER_NEW);
}
END_TEST

/* What was noted by a clock that was fast does not hold for ever. */
START_TEST(the_clock_is_put_back)
{
	struct weft_handover h;
	struct weft_rest_seen held = job(7, WEFT_REST_PENDING, true);

	weft_handover_begin(&h, 1000000);
	ck_assert_int_eq(next(&h, 1000000, NULL), WEFT_HANDOVER_SUBMIT);
	weft_handover_answer(&h, WEFT_HANDOVER_SUBMIT, WEFT_HANDOVER_DONE, 7, NULL, 1000000, 0);
	ck_assert_int_eq(next(&h, 1000000, &held), WEFT_HANDOVER_RELEASE);
	weft_handover_answer(&h, WEFT_HANDOVER_RELEASE, WEFT_HANDOVER_UNSENT, 0, "no", 1000000, 0);
	ck_assert_int_gt(h.not_before, 1000000);
	ck_assert_int_eq(next(&h, 1000, &held), WEFT_HANDOVER_RELEASE);
	ck_assert_int_eq(h.renewed, 1000);
	ck_assert_int_eq(h.sent, 1000);
	ck_assert_int_eq(next(&h, 1000 + 1200, &held), WEFT_HANDOVER_RELEASE);
	ck_assert(!h.cancel);
	next(&h, 1000 + 1201, &held);
	ck_assert(h.cancel);
}
END_TEST

START_TEST(pauses)
{
	static const unsigned want[] = { 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };

	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ck_assert_uint_eq(weft_handover_pause(i, 0), want[i]);
		for (uint32_t r = 0; r < 1000; r += 7) {
			ck_assert_uint_ge(weft_handover_pause(i, r), want[i]);
			ck_assert_uint_le(weft_handover_pause(i, r), want[i] + want[i] / 2);
		}
	}
	ck_assert_uint_eq(weft_handover_pause(1000, UINT32_MAX) >= 300, 1);
}
END_TEST

START_TEST(judges)
{
	static const struct {
		long status;
		int code;
		enum weft_handover_answer want;
	} cases[] = {
		{ 500, 2000, WEFT_HANDOVER_NO }, /* bad partition, 22.05 and 24.11 */
		{ 422, 2000, WEFT_HANDOVER_NO }, /* 26.05 */
		{ 200, 2045, WEFT_HANDOVER_NO }, /* bad account */
		{ 400, 9001, WEFT_HANDOVER_NO }, /* a key that it does not know */
		{ 400, 0, WEFT_HANDOVER_NO },
		{ 413, 0, WEFT_HANDOVER_NO },
		{ 500, 2050, WEFT_HANDOVER_UNSENT }, /* MaxSubmitJobs */
		{ 500, 2027, WEFT_HANDOVER_UNSENT }, /* a slurmctld in standby */
		{ 401, 0, WEFT_HANDOVER_UNSENT },
		{ 511, 0, WEFT_HANDOVER_UNKNOWN }, /* bad token */
		{ 404, 0, WEFT_HANDOVER_UNSENT },
		{ 500, 0, WEFT_HANDOVER_UNKNOWN }, /* 22.05: bad token */
		{ 502, 0, WEFT_HANDOVER_UNKNOWN },
		{ 504, 0, WEFT_HANDOVER_UNKNOWN },
		{ 500, 104, WEFT_HANDOVER_UNKNOWN }, /* slurmctld died while it was asked */
		{ 500, 1007, WEFT_HANDOVER_UNKNOWN },
		{ 500, 1800, WEFT_HANDOVER_UNKNOWN }, /* slurmctld does not answer */
		{ 500, 5004, WEFT_HANDOVER_UNKNOWN }, /* nor within its time */
		{ 200, 0, WEFT_HANDOVER_UNKNOWN },
		{ 500, 7000, WEFT_HANDOVER_UNSENT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(weft_handover_judge(cases[i].status, cases[i].code) == cases[i].want, "%ld, %d",
			      cases[i].status, cases[i].code);
}
END_TEST

/* ---------------------------------------------------------------- names */

START_TEST(names)
{
	char key[WEFT_HANDOVER_KEY], name[WEFT_HANDOVER_NAME], again[WEFT_HANDOVER_KEY];
	struct weft_err err = WEFT_ERR_INIT;
	unsigned attempt;

	ck_assert_int_eq(weft_handover_key(key, sizeof(key), "al-pha_1", 4000000000u, 1795392000, &err), 0);
	ck_assert_str_eq(key, "al-pha_1.4000000000.1795392000");
	weft_handover_name(name, sizeof(name), key, 12);
	ck_assert_str_eq(name, "weft.al-pha_1.4000000000.1795392000.12");
	ck_assert(weft_handover_parse_name(name, again, sizeof(again), &attempt));
	ck_assert_str_eq(again, key);
	ck_assert_uint_eq(attempt, 12);
	ck_assert_int_eq(weft_handover_key(key, sizeof(key), "a.b", 1, 1, &err), -1);
	ck_assert_str_eq(err.text, "\"a.b\" is no name of a cluster");
	err.text[0] = '\0';
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(weft_handover_key(key, sizeof(key), name, 1, 1, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "...: the cluster's name is too long"));
}
END_TEST

START_TEST(names_of_others)
{
	static const char *const names[] = {
		"",
		"weft",
		"weft.",
		"weft.a",
		"weft.a.1.2",
		"weft.a.1.2.",
		"weft.a.1.2.0",
		"weft.a.1.2.01",
		"weft.a.x.2.1",
		"weft..1.2.3",
		"weft.a.1.2.3x",
		"weft.a.1.2.3.4",
		"weft.a b.1.2.3",
		"weft.a.1.2.10000000000",
		"Weft.a.1.2.3",
		"weft.a.1.-2.3",
	};
	char key[WEFT_HANDOVER_KEY], tiny[4];
	unsigned attempt;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(!weft_handover_parse_name(names[i], key, sizeof(key), &attempt), "%s",
			      names[i]);
	ck_assert(!weft_handover_parse_name("weft.a.1.2.3", tiny, sizeof(tiny), &attempt));
	ck_assert(weft_handover_parse_name("weft.a.1.2.3", key, sizeof(key), &attempt));
}
END_TEST

/* ---------------------------------------------------------------- the record */

/* weftd starts anew every 30 s; each time it was there for 20 s before that, and wrote down what it had to.
 */
static time_t short_lives(struct weft_handover *h, const struct weft_handover_rules *with, time_t now,
			  time_t until)
{
	struct weft_handover disk = *h;

	for (; now < until && !h->cancel; now += 30) {
		*h = disk;
		if (weft_handover_attend(h, with, now + 20, 20))
			disk = weft_handover_kept(h, with, now + 20);
		weft_handover_next(h, with, now + 20, 0, NULL);
	}
	return now;
}

START_TEST(lease_and_restarts)
{
	struct weft_handover_rules with = rules;
	struct weft_handover h;

	with.grace = 60;
	weft_handover_begin(&h, 1000);
	/* It is silent; each start of weftd gives no new lease, nor a whole grace. */
	ck_assert_int_le(short_lives(&h, &with, 1000, 9000), 1000 + 1200 + 6 * 30);
	ck_assert(h.cancel);
	/* weftd was away for long: nothing is cancelled at once, and who asks then has a whole lease. */
	weft_handover_begin(&h, 1000);
	h = weft_handover_kept(&h, &with, 50000);
	weft_handover_next(&h, &with, 50000, 0, NULL);
	ck_assert(weft_handover_attend(&h, &with, 50059, 59));
	weft_handover_next(&h, &with, 50059, 0, NULL);
	ck_assert(!h.cancel);
	ck_assert(weft_handover_renew(&h, &with, 50060));
	ck_assert(!weft_handover_renew(&h, &with, 50070));
	ck_assert(!weft_handover_attend(&h, &with, 51270, 1200));
	weft_handover_next(&h, &with, 51270, 0, NULL);
	ck_assert(!h.cancel);
	weft_handover_next(&h, &with, 51271, 0, NULL);
	ck_assert(h.cancel);
}
END_TEST

static struct weft_handover full(void)
{
	struct weft_handover h = { .step = WEFT_HANDOVER_OVER,
				   .end = WEFT_HANDOVER_ENDED,
				   .attempt = 3,
				   .id = UINT32_MAX,
				   .sent = 1,
				   .deadline = 2,
				   .lost = 3,
				   .renewed = 4,
				   .waited = 11,
				   .cancel = true,
				   .state = WEFT_REST_TIMEOUT,
				   .exit_status = 15,
				   .submitted = 5,
				   .started = 6,
				   .ended = 7,
				   .predicted = 8,
				   .failures = 9,
				   .not_before = 10,
				   .nodes = "g[1-2]",
				   .tres = "gres/gpu=2",
				   .why = "a \"why\"" };

	return h;
}

START_TEST(record)
{
	struct weft_handover h = full(), again;
	struct weft_err err = WEFT_ERR_INIT;
	char *line = weft_handover_write(&h), *second;

	ck_assert_str_eq(
		line,
		"{\"step\":4,\"end\":1,\"attempt\":3,\"id\":4294967295,\"sent\":1,\"deadline\":2,\"lost\":3,"
		"\"renewed\":4,\"waited\":11,\"cancel\":1,\"state\":5,\"exit\":15,\"submitted\":5,"
		"\"started\":6,\"ended\":"
		"7,"
		"\"predicted\":8,\"failures\":9,\"not_before\":10,\"nodes\":\"g[1-2]\",\"tres\":\"gres\\/"
		"gpu=2\","
		"\"why\":\"a \\\"why\\\"\"}");
	ck_assert_msg(weft_handover_read(line, strlen(line), &again, &err) == 0, "%s", err.text);
	second = weft_handover_write(&again);
	ck_assert_str_eq(line, second);
	/* Cut anywhere, it is not taken. */
	for (size_t len = 0; len < strlen(line); len++)
		ck_assert_int_eq(weft_handover_read(line, len, &again, NULL), -1);
	free(second);
	free(line);
}
END_TEST

START_TEST(record_errors)
{
	static const struct {
		const char *from, *to, *want;
	} cases[] = {
		{ "\"id\":4294967295", "\"id\":4294967296", "record: \"id\" cannot be 4294967296" },
		{ "\"id\":4294967295", "\"id\":\"7\"", "record: \"id\" is to be a number" },
		{ "\"step\":4", "\"step\":5", "record: \"step\" cannot be 5" },
		{ "\"step\":4", "\"step\":1", "record: it is over, or it is not" },
		{ "\"step\":4,\"end\":1", "\"step\":1,\"end\":0", "record: a copy is chosen too early" },
		{ "\"step\":4,\"end\":1,\"attempt\":3,\"id\":4294967295",
		  "\"step\":3,\"end\":0,\"attempt\":3,\"id\":0", "record: no copy is chosen" },
		{ "\"step\":4,\"end\":1,\"attempt\":3,\"id\":4294967295,\"sent\":1",
		  "\"step\":2,\"end\":0,\"attempt\":3,\"id\":4,\"sent\":5",
		  "record: the copy has no deadline" },
		{ "\"attempt\":3", "\"attempt\":0", "record: \"attempt\" cannot be 0" },
		{ "\"lost\":3,", "", "record: \"lost\" is to be a number" },
		{ "\"why\"", "\"more\":1,\"why\"", "record: a field that is not known" },
		{ "\"g[1-2]\"", "3", "record: \"nodes\" is to be a text of at most 255 bytes" },
	};
	struct weft_handover h = full(), again;
	char *line = weft_handover_write(&h), text[2048];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weft_err err = WEFT_ERR_INIT;
		const char *at = strstr(line, cases[i].from);

		ck_assert_ptr_nonnull(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line, cases[i].to,
			 at + strlen(cases[i].from));
		ck_assert_msg(weft_handover_read(text, strlen(text), &again, &err) == -1, "%s", text);
		ck_assert_str_eq(err.text, cases[i].want);
	}
	ck_assert_int_eq(weft_handover_read("[]", 2, &again, NULL), -1);
	ck_assert_int_eq(weft_handover_read(line, WEFT_HANDOVER_MAX_RECORD + 1, &again, NULL), -1);
	free(line);
}
END_TEST

/* What a peer says, in whatever bytes and however long, can be written and read again. */
START_TEST(record_of_strange_words)
{
	char words[2000];
	struct weft_handover h, again;
	char *line;

	for (size_t i = 0; i + 1 < sizeof(words); i++)
		words[i] = (char)(1 + i % 255);
	words[sizeof(words) - 1] = '\0';
	weft_handover_begin(&h, 1000);
	ck_assert_int_eq(next(&h, 1000, NULL), WEFT_HANDOVER_SUBMIT);
	weft_handover_answer(&h, WEFT_HANDOVER_SUBMIT, WEFT_HANDOVER_UNKNOWN, 0, words, 1000, 0);
	ck_assert_uint_eq(strlen(h.why), sizeof(h.why) - 1);
	line = weft_handover_write(&h);
	ck_assert_int_eq(weft_handover_read(line, strlen(line), &again, NULL), 0);
	ck_assert_str_eq(again.why, h.why);
	free(line);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover");
	TCase *tcase = tcase_create("handover");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, goes_well);
	tcase_add_test(tcase, is_refused);
	tcase_add_test(tcase, waits_before_it_tries_again);
	tcase_add_test(tcase, looks_at_the_attempt_too);
	tcase_add_test(tcase, cancelled_is_not_released);
	tcase_add_test(tcase, is_requeued_at_the_peer);
	tcase_add_test(tcase, the_last_row_counts);
	tcase_add_test(tcase, slurmdbd_is_waited_for);
	tcase_add_test(tcase, pauses);
	tcase_add_test(tcase, the_clock_is_put_back);
	tcase_add_test(tcase, judges);
	tcase_add_test(tcase, names);
	tcase_add_test(tcase, names_of_others);
	tcase_add_test(tcase, record);
	tcase_add_test(tcase, lease_and_restarts);
	tcase_add_test(tcase, record_errors);
	tcase_add_test(tcase, record_of_strange_words);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
