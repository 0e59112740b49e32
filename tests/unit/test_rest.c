/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rest.c - answers of real slurmrestds mean what they mean, and what lies, breaks off or is too much is
 * not believed.
 */
#include "core/rest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "tests/unit/rest_say.h"

/* A job of slurmctld's with MORE keys, which come last and so count. */
#define JOB(more)  "{\"job_id\":7,\"name\":\"n\",\"job_state\":[\"PENDING\"],\"submit_time\":5" more "}"
#define JOBS(more) "{\"jobs\":[" JOB(more) "],\"errors\":[]}"
#define DB_JOB(more)                                                                                         \
	"{\"jobs\":[{\"job_id\":7,\"name\":\"n\",\"state\":{\"current\":[\"FAILED\"]},\"time\":{"            \
	"\"submission\":5}" more "}]}"
#define NODES(more) "{\"nodes\":[{\"name\":\"n\",\"state\":[\"IDLE\"]" more "}]}"
#define IN_JOB	    "jobs, entry 1: "

static char *data_file(const char *name)
{
	const char *top = getenv("WEFT_SRCDIR");
	struct weft_err err = WEFT_ERR_INIT;
	char path[4096];
	size_t len;
	char *text;

	snprintf(path, sizeof(path), "%s/tests/data/rest/%s", top ? top : ".", name);
	text = weft_file_read(path, 1024 * 1024, &len, &err);
	ck_assert_msg(text != NULL, "%s", err.text);
	return text;
}

/* What LEN bytes of TEXT mean; they lie at the end of their memory, for the sanitizer.  To be freed. */
static char *meaning(const char *what, const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1), *said = NULL;
	size_t size;
	FILE *f = open_memstream(&said, &size);

	ck_assert(copy && f);
	memcpy(copy, text, len);
	ck_assert_int_le(rest_say(f, what, copy, len), 0);
	fclose(f);
	free(copy);
	return said;
}

static void means(const char *what, const char *text, const char *wanted)
{
	char *said = meaning(what, text, strlen(text));

	ck_assert_str_eq(said, wanted);
	free(said);
}

/* The answer says just an error. */
static void is_wrong(const char *what, const char *text, const char *why)
{
	char wanted[2048];

	snprintf(wanted, sizeof(wanted), "error=%s\n", why);
	means(what, text, wanted);
}

/* The one job of the answer. */
static struct weft_rest_seen *one_job(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_rest_seen *seen;
	size_t n = 0;

	ck_assert_msg(weft_rest_jobs(text, strlen(text), &seen, &n, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(n, 1);
	return seen;
}

/* ---------------------------------------------------------------- real answers */

/* "== NAME WHAT" and lines of what it means, over and over. */
START_TEST(real_answers)
{
	char *expected = data_file("expected");
	unsigned n = 0;

	for (char *at = expected; *at; n++) {
		char *name = at + 3, *line = strchr(at, '\n'), *what, *next, file[128], *text, *said;

		ck_assert(!strncmp(at, "== ", 3) && line != NULL);
		*line++ = '\0';
		what = strchr(name, ' ');
		*what++ = '\0';
		next = strncmp(line, "== ", 3) == 0 ? line : strstr(line, "\n== ");
		next = !next ? line + strlen(line) : next == line ? next : next + 1;
		snprintf(file, sizeof(file), "%s.json", name);
		text = data_file(file);
		said = meaning(what, text, strlen(text));
		ck_assert_msg(strlen(said) == (size_t)(next - line) && !strncmp(said, line, strlen(said)),
			      "%s: %s", name, said);
		free(said);
		free(text);
		at = next;
	}
	ck_assert_uint_ge(n, 60);
	free(expected);
}
END_TEST

/* Cut anywhere, no answer is taken for whole, and nothing is read behind its end. */
START_TEST(cut_answers)
{
	static const char *const names[][2] = {
		{ "22.05-v0.0.38-job-running.json", "jobs" },
		{ "24.11-v0.0.42-db-requeued.json", "dbjobs" },
		{ "26.05-v0.0.45-nodes-drained.json", "nodes" },
		{ "24.11-v0.0.40-submit-held.json", "submitted" },
	};
	char *text = data_file(names[_i][0]), *end = strrchr(text, '}');

	for (char *at = text; at <= end; at += at < end - 300 ? 7 : 1) {
		char *said = meaning(names[_i][1], text, (size_t)(at - text));

		ck_assert_msg(!strncmp(said, "error=not JSON: ", 16), "%zu bytes: %s", (size_t)(at - text),
			      said);
		free(said);
	}
	free(text);
}
END_TEST

START_TEST(fields_of_a_real_job)
{
	char *text = data_file("24.11-v0.0.42-job-running.json");
	struct weft_rest_seen *s = one_job(text);

	ck_assert_uint_eq(s->id, 15);
	ck_assert_str_eq(s->name, "wide");
	ck_assert_int_eq(s->state, WEFT_REST_RUNNING);
	ck_assert_str_eq(s->gres, "gpu:h100:16");
	ck_assert_int_eq(s->start, 1795376370);
	ck_assert_uint_eq(s->minutes, 5);
	ck_assert(!weft_rest_state_is_end(s->state));
	weft_rest_free_seen(s, 1);
	free(text);
}
END_TEST

/* ---------------------------------------------------------------- values */

START_TEST(states)
{
	static const struct {
		const char *json, *name;
		bool end;
	} cases[] = {
		{ "[\"PENDING\"]", "PENDING", false },
		{ "[\"RUNNING\"]", "RUNNING", false },
		{ "[\"CANCELLED\",\"COMPLETING\"]", "RUNNING", false },
		{ "[\"COMPLETING\",\"FAILED\"]", "RUNNING", false },
		{ "[\"PENDING\",\"REQUEUED\"]", "PENDING", false },
		{ "[\"PENDING\",\"REQUEUE_HOLD\",\"COMPLETING\"]", "RUNNING", false },
		{ "[\"RUNNING\",\"CONFIGURING\",\"POWER_UP_NODE\"]", "RUNNING", false },
		{ "[\"COMPLETED\"]", "COMPLETED", true },
		{ "[\"FAILED\",\"A_FLAG_OF_TOMORROW\"]", "FAILED", true },
		{ "[\"CANCELLED\"]", "CANCELLED", true },
		{ "[\"TIMEOUT\"]", "TIMEOUT", true },
		{ "[\"NODE_FAIL\"]", "NODE_FAIL", true },
		{ "[\"PREEMPTED\"]", "PREEMPTED", true },
		{ "[\"OUT_OF_MEMORY\"]", "OUT_OF_MEMORY", true },
		{ "[\"DEADLINE\"]", "DEADLINE", true },
		{ "[\"BOOT_FAIL\"]", "BOOT_FAIL", true },
		{ "[\"CANCELLED\",\"REVOKED\"]", "REVOKED", true },
		{ "\"COMPLETING\"", "RUNNING", false },
		{ "\"REQUEUED\"", "PENDING", false },
		{ "\"SUSPENDED\"", "RUNNING", false },
		{ "\"SPECIAL_EXIT\"", "PENDING", false },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weft_rest_seen *s;
		char text[256];

		snprintf(text, sizeof(text), JOBS(",\"job_state\":%s"), cases[i].json);
		s = one_job(text);
		ck_assert_str_eq(weft_rest_state_name(s->state), cases[i].name);
		ck_assert_int_eq(weft_rest_state_is_end(s->state), cases[i].end);
		weft_rest_free_seen(s, 1);
	}
	ck_assert_str_eq(weft_rest_state_name(WEFT_REST_STATES), "UNKNOWN");
}
END_TEST

START_TEST(exits)
{
	static const struct {
		const char *json;
		int status;
	} cases[] = {
		{ "0", 0 },
		{ "768", 768 },
		{ "9", 9 },
		{ "null", -1 },
		{ "4294967294", -1 },
		{ "{\"status\":[\"ERROR\"],\"return_code\":{\"set\":true,\"number\":3}}", 768 },
		{ "{\"status\":[\"SIGNALED\"],\"return_code\":{\"set\":false},\"signal\":{\"id\":{\"set\":"
		  "true,\"number\":15}}}",
		  15 },
		{ "{\"status\":\"SIGNALED\",\"return_code\":null,\"signal\":{\"signal_id\":9}}", 9 },
		{ "{\"status\":[\"PENDING\"],\"return_code\":{\"set\":false}}", -1 },
		{ "{\"status\":[\"SUCCESS\"],\"return_code\":{\"set\":true,\"number\":0}}", 0 },
		{ "{\"status\":\"SUCCESS\",\"return_code\":0}", -1 }, /* of v0.0.38, for any exit */
		{ "{}", -1 },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weft_rest_seen *s;
		char text[512];

		snprintf(text, sizeof(text), JOBS(",\"job_state\":[\"FAILED\"],\"exit_code\":%s"),
			 cases[i].json);
		s = one_job(text);
		ck_assert_int_eq(s->exit_status, cases[i].status);
		weft_rest_free_seen(s, 1);
		snprintf(text, sizeof(text), JOBS(",\"job_state\":[\"RUNNING\"],\"exit_code\":%s"),
			 cases[i].json);
		s = one_job(text);
		ck_assert_int_eq(s->exit_status, -1);
		weft_rest_free_seen(s, 1);
	}
}
END_TEST

START_TEST(cards)
{
	static const struct {
		const char *json, *gres;
	} cases[] = {
		{ "\"tres_per_job\":\"gres/gpu:h100:8\"", "gpu:h100:8" },
		{ "\"tres_per_job\":\"gres:gpu:h100:8\"", "gpu:h100:8" },
		{ "\"tres_per_job\":\"gres/gpu=8\"", "gpu:8" },
		{ "\"tres_per_job\":\"gres/gpu\"", "gpu:1" },
		{ "\"tres_per_job\":\"gres/gpu:h100,license/x:4\"", "gpu:h100:1" },
		{ "\"tres_per_node\":\"gres/gpu:h100:8,gres/"
		  "nic:2\",\"node_count\":{\"set\":true,\"number\":3}",
		  "gpu:h100:24,nic:6" },
		{ "\"tres_per_node\":\"gpu:2\",\"node_count\":2", "gpu:4" },
		{ "\"tres_per_task\":\"gres/gpu:1\",\"tasks\":5", "gpu:5" },
		{ "\"tres_req_str\":\"cpu=8,mem=1G,node=1,billing=8,gres/gpu=8\"", "gpu:8" },
		{ "\"tres_req_str\":\"cpu=8,gres/gpu=8,gres/gpu:h100=8\"", "gpu:h100:8" },
		{ "\"tres_req_str\":\"gres/gpu=8\",\"tres_alloc_str\":\"gres/gpu=4\"", "gpu:4" },
		{ "\"gres_detail\":[\"gpu:h100:8(IDX:0-7)\",\"gpu:h100:4(IDX:0,2-4),nic:1(IDX:0)\"],\"tres_"
		  "per_job\":\"gres/gpu:99\"",
		  "gpu:h100:12,nic:1" },
		{ "\"tres_per_job\":\"gres/gpu:0\"", "" },
		{ "\"tres_per_job\":\",,(x,gres/,gres/:\"", "" },
		{ "\"tres_per_job\":\"gres/gpu:99999999999999999999\"", "gpu:100000000" },
		{ "\"tres_per_node\":\"gpu:999999999\",\"node_count\":4000000000", "gpu:100000000" },
		{ "\"tres_per_job\":5,\"gres_detail\":\"gpu:4\"", "" },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weft_rest_seen *s;
		char text[512];

		snprintf(text, sizeof(text), JOBS(",%s"), cases[i].json);
		s = one_job(text);
		ck_assert_str_eq(s->gres, cases[i].gres);
		weft_rest_free_seen(s, 1);
	}
}
END_TEST

START_TEST(db_cards)
{
	means("dbjobs",
	      DB_JOB(",\"tres\":{\"allocated\":[{\"type\":\"gres\",\"name\":\"gpu\",\"count\":8},"
		     "{\"type\":\"gres\",\"name\":\"gpu:h100\",\"count\":8},{\"type\":\"cpu\",\"name\":null,"
		     "\"count\":4},"
		     "{\"type\":\"gres\",\"name\":\"npu\",\"count\":-2},5,null]}"),
	      "id=7 name=n user= partition= state=FAILED held=0 requeued=0 exit=-1 gres=gpu:h100:8 nodes= "
	      "priority=-1 "
	      "minutes=4294967295 submit=5 start=0 end=0 deadline=0 reason= comment=\n");
	means("dbjobs",
	      DB_JOB(",\"tres\":{\"allocated\":[],\"requested\":[{\"type\":\"gres\",\"name\":\"gpu\","
		     "\"count\":2}]},"
		     "\"nodes\":\"None assigned\",\"time\":{\"submission\":5,\"start\":4294967294,\"end\":9,"
		     "\"limit\":\"Partition_Limit\"},\"comment\":{\"job\":\"c\"}"),
	      "id=7 name=n user= partition= state=FAILED held=0 requeued=0 exit=-1 gres=gpu:2 nodes= "
	      "priority=-1 "
	      "minutes=4294967295 submit=5 start=0 end=9 deadline=0 reason= comment=c\n");
}
END_TEST

START_TEST(times_and_limits)
{
	struct weft_rest_seen *s =
		one_job(JOBS(",\"time_limit\":{\"set\":false,\"infinite\":true,\"number\":0},"
			     "\"start_time\":{\"set\":true,\"infinite\":false,\"number\":1795376370},"
			     "\"end_time\":null,\"deadline\":253402300799,\"priority\":{\"set\":false}"));

	ck_assert_uint_eq(s->minutes, UINT32_MAX);
	ck_assert_int_eq(s->start, 1795376370);
	ck_assert_int_eq(s->end, 0);
	ck_assert_int_eq(s->deadline, 253402300799);
	ck_assert_int_eq(s->priority, -1);
	ck_assert(!s->held);
	weft_rest_free_seen(s, 1);
	s = one_job(JOBS(",\"time_limit\":4294967295,\"priority\":0"));
	ck_assert_uint_eq(s->minutes, UINT32_MAX);
	ck_assert(s->held);
	weft_rest_free_seen(s, 1);
	s = one_job(JOBS(",\"priority\":0,\"job_state\":\"RUNNING\",\"hold\":true"));
	ck_assert(!s->held);
	weft_rest_free_seen(s, 1);
	s = one_job(JOBS(",\"hold\":true"));
	ck_assert(s->held);
	weft_rest_free_seen(s, 1);
}
END_TEST

/* A name of Latin-1 or with an escape sequence is shown without doing harm. */
START_TEST(texts)
{
	struct weft_rest_seen *s = one_job(JOBS(
		",\"name\":\"a\\u001b[31m\\nb\\u0000c\",\"comment\":\"\344\303\244\355\240\200\\u00e4\""));
	char *comment, text[8000];

	ck_assert_str_eq(s->name, "a?[31m?b");
	ck_assert_str_eq(s->comment, "?\303\244???\303\244");
	weft_rest_free_seen(s, 1);
	comment = calloc(1, 5001);
	memset(comment, 'c', 5000);
	snprintf(text, sizeof(text), JOBS(",\"comment\":\"%s\""), comment);
	s = one_job(text);
	ck_assert_uint_eq(strlen(s->comment), 4096);
	weft_rest_free_seen(s, 1);
	free(comment);
}
END_TEST

START_TEST(unknown_keys_do_not_matter)
{
	struct weft_rest_seen *s = one_job(
		"{ \"x\" : [ { \"jobs\" : [ \"]}\\\"\" ] } ] , \"jobs\":\n[\t{\"steps\":[[{}],-1.5e3,true],"
		"\"job_id\":7,\"y\":\"\\\\\",\"name\":\"n\",\"job_state\":\"RUNNING\",\"z\":{\"job_id\":8},"
		"\"submit_time\":5,\"w\":nil}],\"meta\":{}}\r\n");

	ck_assert_uint_eq(s->id, 7);
	weft_rest_free_seen(s, 1);
	means("jobs", "{\"jobs\":[]}", "");
	means("jobs", "{\"jobs\":null}", "");
	means("jobs", "{\"jobs\":{}}", "");
	means("nodes", "{\"errors\":[],\"nodes\":[]}", "");
}
END_TEST

START_TEST(nodes_up_and_down)
{
	static const struct {
		const char *json;
		bool up;
	} cases[] = {
		{ "\"state\":[\"IDLE\"]", true },
		{ "\"state\":[\"MIXED\",\"PLANNED\"]", true },
		{ "\"state\":[\"IDLE\",\"CLOUD\",\"POWERED_DOWN\"]", true },
		{ "\"state\":[\"ALLOCATED\",\"COMPLETING\"]", true },
		{ "\"state\":[\"DOWN\"]", false },
		{ "\"state\":[\"IDLE\",\"DRAIN\"]", false },
		{ "\"state\":[\"IDLE\",\"NOT_RESPONDING\"]", false },
		{ "\"state\":[\"IDLE\",\"MAINTENANCE\"]", false },
		{ "\"state\":[\"IDLE\",\"RESERVED\"]", false },
		{ "\"state\":[\"IDLE\",\"INVALID_REG\"]", false },
		{ "\"state\":\"idle\",\"state_flags\":[]", true },
		{ "\"state\":\"idle\",\"state_flags\":[\"DRAIN\"]", false },
		{ "\"state\":\"down\",\"state_flags\":null", false },
		{ "\"state\":\"unknown\"", false },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256], wanted[256];

		snprintf(text, sizeof(text), NODES(",%s,\"partitions\":[\"a\",\"b\"],\"gres\":\"gpu:8\""),
			 cases[i].json);
		snprintf(wanted, sizeof(wanted), "name=n gres=gpu:8 used= partitions=a,b up=%d\n",
			 cases[i].up);
		means("nodes", text, wanted);
	}
}
END_TEST

/* ---------------------------------------------------------------- what is not believed */

START_TEST(wrong_jobs)
{
	static const char *const cases[][2] = {
		{ "", "not JSON: no object at byte 1" },
		{ "no page", "not JSON: no object at byte 1" },
		{ "[]", "not JSON: no object at byte 1" },
		{ "{\"jobs\":[]} x", "not JSON: more text at byte 13" },
		{ "{\"jobs\":[],}", "not JSON: no key at byte 12" },
		{ "{\"jobs\":[]\"a\":1}", "not JSON: no comma at byte 11" },
		{ "{\"jobs\" []}", "not JSON: no colon at byte 9" },
		{ "{\"jobs\":,\"a\":1}", "not JSON: a value is missing at byte 9" },
		{ "{\"jobs\":[{]}", "not JSON: no key at byte 11" },
		{ "{\"jobs\":[{}{}]}", IN_JOB "submit_time is not there" },
		{ "{\"jobs\":[" JOB("") JOB("") "]}", "not JSON: no comma at byte 73" },
		{ "{\"jobs\":[{\"job_id\":0x7,\"name\":1}]}",
		  "not JSON: a value has an end too early at byte 20" },
		{ "{\"jobs\":[{\"job_id\":nul,\"name\":1}]}", "not JSON: null expected at byte 20" },
		{ "{\"jobs\":[],\"jobs\":[]}", "the list jobs is there twice" },
		{ "{\"job\":[]}", "there is no list jobs in it" },
		{ "{\"jobs\":[5]}", "jobs, entry 1: not an object" },
		{ "{\"jobs\":[null]}", "jobs, entry 1: not an object" },
		{ "{\"jobs\":[" JOB("") ",{\"name\":\"x\"}]}", "jobs, entry 2: submit_time is not there" },
		{ JOBS(",\"job_id\":0"), IN_JOB "job_id must be 1 to 4294967293, not 0" },
		{ JOBS(",\"job_id\":-1"), IN_JOB "job_id must be 1 to 4294967293, not -1" },
		{ JOBS(",\"job_id\":4294967294"), IN_JOB "job_id must be 1 to 4294967293, not 4294967294" },
		{ JOBS(",\"job_id\":99999999999999999999"),
		  IN_JOB "job_id must be 1 to 4294967293, not 9223372036854775807" },
		{ JOBS(",\"job_id\":\"7\""), IN_JOB "job_id must be a number" },
		{ JOBS(",\"job_id\":7.5"), IN_JOB "job_id must be a number" },
		{ JOBS(",\"job_id\":{\"set\":false,\"number\":7}"), IN_JOB "job_id must be a number" },
		{ JOBS(",\"name\":null"), IN_JOB "name is not there" },
		{ JOBS(",\"name\":7"), IN_JOB "name must be a string, not a number" },
		{ JOBS(",\"user_name\":[]"), IN_JOB "user_name must be a string, not a list" },
		{ JOBS(",\"job_state\":null"), IN_JOB "job_state must be a state" },
		{ JOBS(",\"job_state\":[]"), IN_JOB "job_state has no state of a job" },
		{ JOBS(",\"job_state\":[7]"), IN_JOB "job_state must be a state" },
		{ JOBS(",\"job_state\":[\"DONE\",\"OK\"]"), IN_JOB "job_state has no state of a job" },
		{ JOBS(",\"job_state\":\"DONE\""), IN_JOB "job_state \"DONE\" is no state of a job" },
		{ JOBS(",\"submit_time\":null"), IN_JOB "submit_time is not there" },
		{ JOBS(",\"submit_time\":-1"), IN_JOB "submit_time must be 0 to 253402300799 s, not -1" },
		{ JOBS(",\"start_time\":253402300800"),
		  IN_JOB "start_time must be 0 to 253402300799 s, not 253402300800" },
		{ JOBS(",\"end_time\":\"soon\""), IN_JOB "end_time must be a time in seconds" },
		{ JOBS(",\"deadline\":{\"set\":true,\"number\":-5}"),
		  IN_JOB "deadline must be 0 to 253402300799 s, not -5" },
		{ JOBS(",\"time_limit\":-1"), IN_JOB "time_limit must not be negative" },
		{ JOBS(",\"time_limit\":[]"), IN_JOB "time_limit must be a number of minutes" },
		{ JOBS(",\"priority\":\"high\""), IN_JOB "priority must be a number" },
		{ JOBS(",\"job_state\":\"FAILED\",\"exit_code\":-1"), IN_JOB "exit_code must be a status" },
		{ JOBS(",\"job_state\":\"FAILED\",\"exit_code\":65536"),
		  IN_JOB "exit_code must be 0 to 65535, not 65536" },
		{ JOBS(",\"job_state\":\"FAILED\",\"exit_code\":{\"return_code\":256}"),
		  IN_JOB "exit_code must have a return_code of 0 to 255, not 256" },
		{ JOBS(",\"job_state\":\"FAILED\",\"exit_code\":{\"signal\":{\"id\":127}}"),
		  IN_JOB "exit_code must have a signal of 1 to 126, not 127" },
	};

	is_wrong("jobs", cases[_i][0], cases[_i][1]);
}
END_TEST
#define N_WRONG_JOBS 45

START_TEST(wrong_db_jobs_and_nodes)
{
	is_wrong("dbjobs", DB_JOB(",\"time\":{}"), IN_JOB "time has no submission");
	is_wrong("dbjobs", DB_JOB(",\"time\":7"), IN_JOB "time has no submission");
	is_wrong("dbjobs", DB_JOB(",\"time\":{\"submission\":-1}"),
		 IN_JOB "time must be 0 to 253402300799 s, not -1");
	is_wrong("dbjobs", DB_JOB(",\"state\":\"FAILED\""), IN_JOB "state must be a state");
	is_wrong("dbjobs", DB_JOB(",\"comment\":{\"job\":5}"),
		 IN_JOB "comment must be a string, not a number");
	is_wrong("nodes", "{\"nodes\":[{\"name\":\"n\"}]}", "nodes, entry 1: state is not there");
	is_wrong("nodes", "{\"nodes\":[{\"state\":[]}]}", "nodes, entry 1: name is not there");
	is_wrong("nodes", NODES(",\"state\":[5]"),
		 "nodes, entry 1: state must be a string or a list of strings");
	is_wrong("nodes", NODES(",\"state_flags\":7"),
		 "nodes, entry 1: state_flags must be a string or a list of strings");
	is_wrong("nodes", NODES(",\"partitions\":\"a\""),
		 "nodes, entry 1: partitions must be a list, not a string");
	is_wrong("nodes", NODES(",\"partitions\":[\"\"]"),
		 "nodes, entry 1: partitions must be a list of names");
	is_wrong("nodes", NODES(",\"gres\":\"gpu:h100:-8\""), "nodes, entry 1: gres has a number below zero");
	is_wrong("nodes", NODES(",\"gres_used\":\"gpu:-1\""),
		 "nodes, entry 1: gres_used has a number below zero");
	is_wrong("nodes", NODES(",\"gres\":5"), "nodes, entry 1: gres must be a string, not a number");
}
END_TEST

/* TEXT, N times, between BEFORE and AFTER. */
static char *many(const char *before, const char *text, size_t n, const char *after)
{
	size_t size = strlen(before) + n * strlen(text) + strlen(after) + 1;
	char *all = malloc(size), *at = all;

	ck_assert_ptr_nonnull(all);
	at = mempcpy(at, before, strlen(before));
	for (size_t i = 0; i < n; i++)
		at = mempcpy(at, text, strlen(text));
	memcpy(at, after, strlen(after) + 1);
	return all;
}

static void many_are_wrong(const char *what, char *text, const char *why)
{
	is_wrong(what, text, why);
	free(text);
}

START_TEST(too_much)
{
	char *name = many(",\"name\":\"", "x", 1025, "\"");
	struct weft_rest_seen *seen;
	struct weft_err err = WEFT_ERR_INIT;
	char *text, wrong[2000];
	size_t n;

	snprintf(wrong, sizeof(wrong), JOBS("%s"), name);
	is_wrong("jobs", wrong, IN_JOB "name has 1025 bytes, at most 1024");
	free(name);
	many_are_wrong("jobs", many("{\"jobs\":[" JOB(""), "," JOB(""), WEFT_REST_MAX_JOBS, "]}"),
		       "more than 200000 entries in jobs");
	many_are_wrong("nodes",
		       many("{\"nodes\":[{\"name\":\"n\",\"state\":\"idle\"}",
			    ",{\"name\":\"n\",\"state\":\"idle\"}", WEFT_REST_MAX_NODES, "]}"),
		       "more than 20000 entries in nodes");
	many_are_wrong("jobs", many("{\"x\":", "[", 65, "1"), "not JSON: nested too deep at byte 71");
	many_are_wrong("jobs", many("{\"jobs\":[{\"exit_code\":", "[", 17, "]]]]]]]]]]]]]]]]]}]}"),
		       "not JSON: nesting too deep at byte 23");
	many_are_wrong("jobs", many("{\"jobs\":[{\"comment\":\"", "x", 1048576, "\"}]}"),
		       "a value of 1048578 bytes at byte 21, at most 1048576");
	many_are_wrong("jobs", many("{\"errors\":\"", "x", 70000, "\"}"),
		       "a value of 70002 bytes at byte 11, at most 65536");
	ck_assert_int_eq(weft_rest_jobs("", WEFT_REST_MAX_ANSWER + 1, &seen, &n, &err), -1);
	ck_assert_str_eq(err.text, "268435457 bytes are too many");
	err.text[0] = '\0';
	/* As much as there may be is no trouble. */
	text = many("{\"jobs\":[" JOB(""), "," JOB(""), WEFT_REST_MAX_JOBS - 1, "]}");
	ck_assert_int_eq(weft_rest_jobs(text, strlen(text), &seen, &n, &err), 0);
	ck_assert_uint_eq(n, WEFT_REST_MAX_JOBS);
	weft_rest_free_seen(seen, n);
	free(text);
}
END_TEST

/* ---------------------------------------------------------------- errors */

START_TEST(errors_in_answers)
{
	is_wrong("jobs",
		 "{\"jobs\":[],\"errors\":[{\"error\":\"Unable to contact slurm controller (connect "
		 "failure)\","
		 "\"error_number\":1800}]}",
		 "Unable to contact slurm controller (connect failure) (1800)");
	is_wrong("jobs",
		 "{\"errors\":[{\"error\":\"Access denied\",\"error_number\":2002}],\"jobs\":[" JOB("") "]}",
		 "Access denied (2002)");
	means("jobs", "{\"errors\":[{\"error_number\":2017,\"error\":\"Invalid job id specified\"}]}", "");
	means("dbjobs",
	      "{\"jobs\":[],\"errors\":[{\"error_number\":9003,\"error\":\"Nothing found with query\"}]}",
	      "");
}
END_TEST

START_TEST(complaints)
{
	static const char *const cases[][2] = {
		{ "{}", "code=0 \n" },
		{ "{\"errors\":[]}", "code=0 \n" },
		{ "{\"errors\":{}}", "code=0 \n" },
		{ "{\"errors\":[{\"error_code\":2000,\"error\":\"Invalid partition name specified\"}]}",
		  "code=2000 Invalid partition name specified (2000)\n" },
		{ "{\"errors\":[{\"errno\":2009,\"error\":\"Invalid node name specified\"}]}",
		  "code=2009 Invalid node name specified (2009)\n" },
		{ "{\"errors\":[{\"description\":\"Unknown key \\\"foo\\\"\",\"source\":\"hsearch_r\"},"
		  "{\"error_code\":9001,\"error\":\"Failure during parsing\"}]}",
		  "code=9001 Unknown key \"foo\"; Failure during parsing (9001)\n" },
		{ "{\"errors\":[{\"description\":\"Batch job submission "
		  "failed\",\"error_number\":2000,\"error\":\"Bad\"}]}",
		  "code=2000 Bad (2000)\n" },
		{ "{\"errors\":[{\"description\":\"at #/job/tasks\",\"error_number\":9202,\"error\":\"Unable "
		  "to convert\"}]}",
		  "code=9202 at #/job/tasks: Unable to convert (9202)\n" },
		{ "{\"errors\":[{\"description\":\"same\",\"error\":\"same\"},{},7,{\"error\":\"not "
		  "told\"}]}",
		  "code=0 same; an error without a text; an error without a text\n" },
		{ "{\"errors\":[{\"error_number\":5}]}", "code=5 error (5)\n" },
		{ "{\"errors\":[{\"error\":\"a\\nb\\u001b[2J\377\"}]}", "code=0 a?b?[2J?\n" },
		{ "Unable find requested URL. Please view /openapi/v3 for API reference.",
		  "code=0 Unable find requested URL. Please view /openapi/v3 for API reference.\n" },
		{ "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>",
		  "code=0 502 Bad Gateway\n" },
		{ "", "code=0 \n" },
		{ " \r\n ", "code=0 \n" },
		{ "{\"errors\":[", "code=0 {\"errors\":[\n" },
	};

	means("complaint", cases[_i][0], cases[_i][1]);
}
END_TEST

START_TEST(complaints_fit)
{
	char *text = many("{\"errors\":[{\"error\":\"", "\303\244", 5000, "\",\"error_number\":7}]}");
	char small[16], *plain = many("", "y", 5000, "");
	int code;

	weft_rest_complaint(text, strlen(text), &code, small, sizeof(small));
	ck_assert_int_eq(code, 7);
	ck_assert_uint_eq(strlen(small), 15);
	weft_rest_complaint(plain, strlen(plain), NULL, small, sizeof(small));
	ck_assert_str_eq(small, "yyyyyyyyyyyyyyy");
	free(text);
	free(plain);
}
END_TEST

START_TEST(submitted)
{
	means("submitted", "{\"job_id\":5}", "5\n");
	means("submitted", "{\"result\":{\"job_id\":6,\"error_code\":2042},\"errors\":[]}", "6\n");
	means("submitted",
	      "{\"errors\":[{\"error_code\":2042,\"error\":\"Job is in held state\"}],\"job_id\":7}", "7\n");
	means("submitted", "{\"job_id\":4294967293}", "4294967293\n");
	is_wrong("submitted", "{\"job_id\":0}", "job_id must be 1 to 4294967293, not 0");
	is_wrong("submitted", "{\"job_id\":-5}", "job_id must be 1 to 4294967293, not -5");
	is_wrong("submitted", "{\"job_id\":4294967294}", "job_id must be 1 to 4294967293, not 4294967294");
	is_wrong("submitted", "{\"job_id\":\"5\"}", "there is no job_id in it");
	is_wrong("submitted", "{\"job_id\":5.5}", "there is no job_id in it");
	is_wrong("submitted", "{}", "there is no job_id in it");
	is_wrong("submitted", "{\"job_id\":0,\"errors\":[{\"error\":\"no\",\"error_number\":2000}]}",
		 "no (2000)");
	is_wrong("submitted", "{\"job_id\":5}}", "not JSON: more text at byte 13");
	is_wrong("submitted", "<html>", "not JSON: no object at byte 1");
	is_wrong("submitted", "{\"job_id\":5", "not JSON: no comma at byte 12");
}
END_TEST

START_TEST(doubts)
{
	/* Slurm has said no. */
	ck_assert(!weft_rest_in_doubt(500, 2000));
	ck_assert(!weft_rest_in_doubt(422, 9001));
	ck_assert(!weft_rest_in_doubt(404, 2017));
	ck_assert(!weft_rest_in_doubt(404, 0));
	ck_assert(!weft_rest_in_doubt(401, 0));
	/* Nobody knows. */
	ck_assert(weft_rest_in_doubt(500, 104)); /* ECONNRESET */
	ck_assert(weft_rest_in_doubt(500, 1));
	ck_assert(weft_rest_in_doubt(200, 0));
	ck_assert(weft_rest_in_doubt(500, 0));
	ck_assert(weft_rest_in_doubt(502, 0));
	ck_assert(weft_rest_in_doubt(504, 0));
	ck_assert(weft_rest_in_doubt(408, 0));
	ck_assert(weft_rest_in_doubt(500, 1001));
	ck_assert(weft_rest_in_doubt(502, 1800));
	ck_assert(weft_rest_in_doubt(504, 5004));
}
END_TEST

static void add_values(Suite *s)
{
	TCase *tc = tcase_create("values");

	tcase_add_test(tc, states);
	tcase_add_test(tc, exits);
	tcase_add_test(tc, cards);
	tcase_add_test(tc, db_cards);
	tcase_add_test(tc, times_and_limits);
	tcase_add_test(tc, texts);
	tcase_add_test(tc, unknown_keys_do_not_matter);
	tcase_add_test(tc, nodes_up_and_down);
	suite_add_tcase(s, tc);
}

int main(void)
{
	Suite *s = suite_create("rest");
	TCase *real = tcase_create("real answers"), *wrong = tcase_create("wrong answers"),
	      *errors = tcase_create("errors");
	SRunner *runner;
	int failed;

	tcase_add_test(real, real_answers);
	tcase_add_test(real, fields_of_a_real_job);
	tcase_add_loop_test(real, cut_answers, 0, 4);
	tcase_set_timeout(real, 60);
	suite_add_tcase(s, real);
	add_values(s);
	tcase_add_loop_test(wrong, wrong_jobs, 0, N_WRONG_JOBS);
	tcase_add_test(wrong, wrong_db_jobs_and_nodes);
	tcase_add_test(wrong, too_much);
	tcase_set_timeout(wrong, 60);
	suite_add_tcase(s, wrong);
	tcase_add_test(errors, errors_in_answers);
	tcase_add_loop_test(errors, complaints, 0, 16);
	tcase_add_test(errors, complaints_fit);
	tcase_add_test(errors, submitted);
	tcase_add_test(errors, doubts);
	suite_add_tcase(s, errors);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
