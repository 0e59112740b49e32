/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rest_submit.c - the bodies of submissions, to the letter; tests/cluster/t-52-peer.sh hands such to
 * real daemons.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest.h"

static const char *const environment[] = { "PATH=/usr/bin:/bin", "X=a=b \"q\"", NULL };

static struct weft_rest_job full(void)
{
	return (struct weft_rest_job){
		.name = "weft.home.7.1700000000.1",
		.partition = "gpu",
		.account = "a",
		.qos = "q",
		.comment = "c",
		.directory = "/d",
		.script = "#!/bin/sh\nexit 0\n",
		.environment = environment,
		.output = "/d/%j.out",
		.error = "/d/%j.err",
		.gres = "gpu:h100:8",
		.nodes = 2,
		.tasks = 4,
		.cpus_per_task = 3,
		.memory_mb = 1000,
		.minutes = 90,
		.deadline = 1795383367,
		.hold = true,
		.requeue = true,
	};
}

static void is_body(int version, const struct weft_rest_job *job, const char *wanted)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *body = weft_rest_submit(version, job, &err);

	ck_assert_msg(body != NULL, "%s", err.text);
	ck_assert_str_eq(body, wanted);
	ck_assert_str_eq(err.text, "");
	free(body);
}

static void is_refused(int version, const struct weft_rest_job *job, const char *why)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_rest_submit(version, job, &err));
	ck_assert_str_eq(err.text, why);
}

START_TEST(in_v38)
{
	struct weft_rest_job job = full();

	is_body(38, &job,
		"{\"script\":\"#!/bin/sh\\nexit "
		"0\\n\",\"job\":{\"name\":\"weft.home.7.1700000000.1\",\"partition\":\"gpu\","
		"\"account\":\"a\",\"qos\":\"q\",\"comment\":\"c\",\"current_working_directory\":\"/d\","
		"\"standard_output\":\"/d/%j.out\",\"standard_error\":\"/d/"
		"%j.err\",\"nodes\":\"2\",\"tasks\":4,"
		"\"cpus_per_task\":3,\"memory_per_node\":1000,\"time_limit\":90,\"deadline\":"
		"\"uts1795383367\",\"hold\":true,"
		"\"requeue\":true,\"gpus\":\"h100:8\",\"environment\":{\"PATH\":\"/usr/bin:/"
		"bin\",\"X\":\"a=b \\\"q\\\"\"}}}");
}
END_TEST

START_TEST(in_later_versions)
{
	static const int versions[] = { 40, 41, 42, 43, 44, 45 };
	struct weft_rest_job job = full();

	is_body(versions[_i], &job,
		"{\"job\":{\"name\":\"weft.home.7.1700000000.1\",\"partition\":\"gpu\",\"account\":\"a\","
		"\"qos\":\"q\","
		"\"comment\":\"c\",\"current_working_directory\":\"/d\",\"standard_output\":\"/d/%j.out\","
		"\"standard_error\":\"/d/%j.err\",\"nodes\":\"2\",\"tasks\":4,\"cpus_per_task\":3,"
		"\"memory_per_node\":{\"set\":true,\"infinite\":false,\"number\":1000},"
		"\"time_limit\":{\"set\":true,\"infinite\":false,\"number\":90},\"deadline\":1795383367,"
		"\"hold\":true,"
		"\"requeue\":true,\"tres_per_job\":\"gres/gpu:h100:8\","
		"\"environment\":[\"PATH=/usr/bin:/bin\",\"X=a=b \\\"q\\\"\"],\"script\":\"#!/bin/sh\\nexit "
		"0\\n\"}}");
}
END_TEST

/* What is not asked for is not in it; that a job may not be requeued is said. */
START_TEST(of_little)
{
	static const char *const env[] = { "A=", NULL };
	struct weft_rest_job job = { .script = "x", .environment = env };

	is_body(38, &job, "{\"script\":\"x\",\"job\":{\"no_requeue\":true,\"environment\":{\"A\":\"\"}}}");
	is_body(45, &job, "{\"job\":{\"requeue\":false,\"environment\":[\"A=\"],\"script\":\"x\"}}");
	job.gres = "";
	is_body(45, &job, "{\"job\":{\"requeue\":false,\"environment\":[\"A=\"],\"script\":\"x\"}}");
}
END_TEST

/* v0.0.38 has cards of the whole job for gpu only. */
START_TEST(cards)
{
	static const char *const env[] = { "A=", NULL };
	struct weft_rest_job job = { .script = "x",
				     .environment = env,
				     .gres = "gpu:8,npu:910b:4,gpu:a100:2,nic:2" };

	is_body(42, &job,
		"{\"job\":{\"requeue\":false,\"tres_per_job\":\"gres/gpu:8,gres/npu:910b:4,gres/"
		"gpu:a100:2,gres/nic:2\","
		"\"environment\":[\"A=\"],\"script\":\"x\"}}");
	is_body(38, &job,
		"{\"script\":\"x\",\"job\":{\"no_requeue\":true,\"gpus\":\"8,a100:2\",\"gres\":\"npu:910b:4,"
		"nic:2\","
		"\"nodes\":\"1\",\"environment\":{\"A\":\"\"}}}");
	job.nodes = 2;
	is_body(38, &job,
		"{\"script\":\"x\",\"job\":{\"nodes\":\"2\",\"no_requeue\":true,\"gpus\":\"8,a100:2\","
		"\"gres\":\"npu:910b:2,nic:1\",\"environment\":{\"A\":\"\"}}}");
	job.nodes = 3;
	is_refused(38, &job, "v0.0.38 of slurmrestd asks for npu by the node: 3 nodes cannot share 4 evenly");
}
END_TEST

START_TEST(wrong_cards)
{
	static const char *const cases[][2] = {
		{ "gpu", "gres \"gpu\" is not NAME:COUNT or NAME:TYPE:COUNT" },
		{ "gpu:", "gres \"gpu:\" is not NAME:COUNT or NAME:TYPE:COUNT" },
		{ "gpu:0", "gres \"gpu:0\" is not NAME:COUNT or NAME:TYPE:COUNT" },
		{ "gpu:-1", "gres \"gpu:-1\" is not NAME:COUNT or NAME:TYPE:COUNT" },
		{ "gpu:h100:8x", "gres \"gpu:h100:8x\" is not NAME:COUNT or NAME:TYPE:COUNT" },
		{ "gpu:h100:8,,", "gres \"\" is not NAME:COUNT or NAME:TYPE:COUNT" },
		{ ":8", "gres \":8\" is not NAME:COUNT or NAME:TYPE:COUNT" },
		{ "8", "gres \"8\" is not NAME:COUNT or NAME:TYPE:COUNT" },
		{ "gpu:99999999999", "gres \"gpu:99999999999\" is not NAME:COUNT or NAME:TYPE:COUNT" },
		{ "gpu:1000001", "gres \"gpu:1000001\" is not NAME:COUNT or NAME:TYPE:COUNT" },
	};
	struct weft_rest_job job = full();

	job.gres = cases[_i][0];
	is_refused(38, &job, cases[_i][1]);
	is_refused(45, &job, cases[_i][1]);
}
END_TEST

START_TEST(what_cannot_be)
{
	static const char *const nothing[] = { NULL }, *const nameless[] = { "A=b", "=b", NULL },
				 *const valueless[] = { "PATH", NULL };
	static char text[2000], many[2000];
	const char *const long_name[] = { text, NULL };
	struct weft_rest_job job = full();

	is_refused(39, &job, "v0.0.39 of slurmrestd is not known");
	is_refused(46, &job, "v0.0.46 of slurmrestd is not known");
	is_refused(0, &job, "v0.0.0 of slurmrestd is not known");
	job.script = "";
	is_refused(45, &job, "there is no script");
	job = full();
	job.environment = nothing;
	is_refused(38, &job, "the environment is empty, which slurmrestd refuses");
	job.environment = NULL;
	is_refused(45, &job, "the environment is empty, which slurmrestd refuses");
	job.environment = nameless;
	is_refused(45, &job, "\"=b\" in the environment is not NAME=VALUE");
	job.environment = valueless;
	is_refused(38, &job, "\"PATH\" in the environment is not NAME=VALUE");
	memset(text, 'a', sizeof(text) - 1);
	text[1500] = '=';
	job.environment = long_name;
	is_refused(38, &job, "a name in the environment has more than 1024 bytes");
	for (size_t i = 0; i + 6 < sizeof(many); i += 6)
		memcpy(many + i, i ? ",gpu:1" : "gpu:22", 6);
	job = full();
	job.gres = many;
	is_refused(45, &job, "gres is too long");
}
END_TEST

/* Bytes of another encoding go as they are. */
START_TEST(other_encodings)
{
	static const char *const env[] = { "A=\344", NULL };
	struct weft_rest_job job = { .script = "echo \344\n", .environment = env };

	is_body(45, &job,
		"{\"job\":{\"requeue\":false,\"environment\":[\"A=\344\"],\"script\":\"echo \344\\n\"}}");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rest_submit");
	TCase *tc = tcase_create("bodies");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, in_v38);
	tcase_add_loop_test(tc, in_later_versions, 0, 6);
	tcase_add_test(tc, of_little);
	tcase_add_test(tc, cards);
	tcase_add_loop_test(tc, wrong_cards, 0, 10);
	tcase_add_test(tc, what_cannot_be);
	tcase_add_test(tc, other_encodings);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
