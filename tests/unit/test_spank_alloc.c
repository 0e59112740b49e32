/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options in sbatch, salloc and srun, with a fake host.
 */
#include <check.h>

#include "spank/weft_spank.h"
#include "tests/unit/fake_spank.h"

#define OPTION_ENV "SLURM_SPANK__SLURM_SPANK_OPTION_weft_accel"

/* Its being there is what the plugin asks for. */
int spank_set_job_env(const char *name, const char *value, int overwrite);
int spank_set_job_env(const char *name, const char *value, int overwrite)
{
	(void)name, (void)value, (void)overwrite;
	return 0;
}

static void setup(void)
{
	clearenv();
	fake.context = S_CTX_ALLOCATOR;
}

static void teardown(void)
{
	weft_alloc_exit();
	fake_clear();
}

static void expect_job(const char *name, const char *want)
{
	const char *got = fake_get(&fake.job, name);

	if (want)
		ck_assert_str_eq(got, want);
	else
		ck_assert_ptr_null(got);
}

static void expect_error(enum weft_option option, const char *value, const char *want)
{
	fake.said[0] = '\0';
	ck_assert_int_ne(weft_alloc_option(option, value), ESPANK_SUCCESS);
	ck_assert_str_eq(fake.said, want);
}

START_TEST(request_as_it_was_written)
{
	weft_alloc_init(NULL);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_ACCEL, " 8 x H100 | 16xA100 "), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_POLICY, "Fast, scale-time"), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_APP, "resnet"), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	/* The columns that slurmctld names must be those of the text that the user wrote. */
	expect_job(WEFT_ENV_ACCEL, " 8 x H100 | 16xA100 ");
	expect_job(WEFT_ENV_POLICY, "fast,scale-time");
	expect_job(WEFT_ENV_APP, "resnet");
	ck_assert_str_eq(fake.said, "");
}
END_TEST

START_TEST(last_one_counts)
{
	weft_alloc_init(NULL);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_ACCEL, "8xh100"), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_ACCEL, "4xh100"), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	expect_job(WEFT_ENV_ACCEL, "4xh100");
	expect_job(WEFT_ENV_POLICY, NULL);
}
END_TEST

START_TEST(burst_and_its_cost)
{
	weft_alloc_init(NULL);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_ACCEL, "8xh100"), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_MAX_COST, "5.2EUR"), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_BURST, "beta,max-wait=1h"), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	expect_job(WEFT_ENV_BURST, "auto,beta,max-cost=5.20EUR,max-wait=3600s");
	ck_assert_str_eq(fake.said, "");
}
END_TEST

START_TEST(cost_alone)
{
	weft_alloc_init(NULL);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_MAX_COST, "5.2EUR"), ESPANK_SUCCESS);
	ck_assert_int_ne(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	ck_assert_str_eq(fake.said, "error: --max-cost: it is for jobs with --burst\n");
	expect_job(WEFT_ENV_BURST, NULL);
}
END_TEST

/* It keeps the site's policy, which only slurmctld knows. */
START_TEST(scale_time_alone)
{
	weft_alloc_init(NULL);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_ACCEL, "8xh100"), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_POLICY, "Scale-Time"), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	expect_job(WEFT_ENV_POLICY, "scale-time");
}
END_TEST

/* As in: sbatch --accel=2xh100 --accel-policy=fast : --gres=gpu:1 : --accel=4xa100 */
START_TEST(components_do_not_inherit)
{
	weft_alloc_init(NULL);
	weft_alloc_option(WEFT_OPTION_ACCEL, "2xh100");
	weft_alloc_option(WEFT_OPTION_POLICY, "fast");
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	expect_job(WEFT_ENV_ACCEL, "2xh100");

	/* Slurm finds in the environment what it has put there itself, and forwards it once more. */
	setenv(OPTION_ENV, "2xh100", 1);
	fake_set(&fake.job, "_SLURM_SPANK_OPTION_weft_accel", "2xh100");
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_ACCEL, getenv(OPTION_ENV)), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	expect_job(WEFT_ENV_ACCEL, NULL);
	expect_job(WEFT_ENV_POLICY, NULL);
	expect_job("_SLURM_SPANK_OPTION_weft_accel", NULL);

	weft_alloc_option(WEFT_OPTION_ACCEL, "4xa100");
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	expect_job(WEFT_ENV_ACCEL, "4xa100");
	expect_job(WEFT_ENV_POLICY, NULL);
	ck_assert_str_eq(fake.said, "");
}
END_TEST

START_TEST(nothing_given)
{
	weft_alloc_init(NULL);
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	expect_job(WEFT_ENV_ACCEL, NULL);
	ck_assert_str_eq(fake.said, "");
}
END_TEST

START_TEST(mistakes)
{
	weft_alloc_init(NULL);
	expect_error(WEFT_OPTION_ACCEL, "", "error: --accel: the request is empty\n");
	expect_error(WEFT_OPTION_POLICY, "son", "error: --accel-policy: unknown policy \"son\"; did you mean soon?\n");
	expect_error(WEFT_OPTION_APP, "./none", "error: --accel-app: ./none: No such file or directory\n");
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	expect_job(WEFT_ENV_ACCEL, NULL);
}
END_TEST

START_TEST(policy_alone)
{
	weft_alloc_init(NULL);
	weft_alloc_option(WEFT_OPTION_POLICY, "fast");
	ck_assert_int_ne(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	ck_assert_str_eq(fake.said, "error: --accel-policy: there is no --accel to apply it to\n");
	/* It stays in the job, for job_submit to refuse when the plugin is not required. */
	expect_job(WEFT_ENV_POLICY, "fast");
}
END_TEST

START_TEST(srun_makes_a_job)
{
	fake.context = S_CTX_LOCAL;
	weft_alloc_init(NULL);
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_ACCEL, "2xh100"), ESPANK_SUCCESS);
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	expect_job(WEFT_ENV_ACCEL, "2xh100");
	ck_assert_str_eq(getenv("SLURM_SPANK_WEFT_ACCEL"), "2xh100");
}
END_TEST

START_TEST(srun_in_a_job)
{
	fake.context = S_CTX_LOCAL;
	setenv("SLURM_JOB_ID", "7", 1);
	setenv("SLURM_SPANK_WEFT_ACCEL", "2:h100", 1);
	setenv(OPTION_ENV, "2xh100", 1);
	fake_set(&fake.job, WEFT_ENV_ACCEL, "2:h100");
	weft_alloc_init(NULL);
	/* Slurm hands on what the job was submitted with ... */
	ck_assert_int_eq(weft_alloc_option(WEFT_OPTION_ACCEL, getenv(OPTION_ENV)), ESPANK_SUCCESS);
	/* ... and the same words on the command line are something else. */
	expect_error(WEFT_OPTION_ACCEL, "2xh100",
		     "error: --accel asks for a job's cards; inside a job use --gres or --gpus\n");
	expect_error(WEFT_OPTION_POLICY, "fast",
		     "error: --accel-policy asks for a job's cards; inside a job use --gres or --gpus\n");
	ck_assert_int_eq(weft_alloc_post_opt(NULL), ESPANK_SUCCESS);
	expect_job(WEFT_ENV_ACCEL, "2:h100");
	ck_assert_str_eq(getenv("SLURM_SPANK_WEFT_ACCEL"), "2:h100");
}
END_TEST

START_TEST(new_job_from_within_a_job)
{
	setenv("SLURM_JOB_ID", "7", 1);
	setenv("SLURM_SPANK_WEFT_ACCEL", "2:910b", 1);
	setenv("SLURM_SPANK_WEFT_ACCEL_POLICY", "fast", 1);
	setenv("SLURM_SPANK_OTHER", "stays", 1);
	setenv(OPTION_ENV, "2x910b", 1);
	setenv("_SLURM_SPANK_OPTION_weft_accel", "2x910b", 1);
	setenv("WEFT_VENDOR", "ascend", 1);
	setenv("WEFT_MODEL", "910b", 1);
	setenv("WEFT_DEVICES", "4,5", 1);
	setenv("WEFT_VISIBLE_ENV", "ASCEND_RT_VISIBLE_DEVICES,OWN_VISIBLE_DEVICES", 1);
	setenv("ASCEND_RT_VISIBLE_DEVICES", "4,5", 1);
	setenv("OWN_VISIBLE_DEVICES", "0", 1); /* somebody has changed it */
	weft_alloc_init(NULL);
	ck_assert_ptr_null(getenv("SLURM_SPANK_WEFT_ACCEL"));
	ck_assert_ptr_null(getenv("SLURM_SPANK_WEFT_ACCEL_POLICY"));
	ck_assert_ptr_null(getenv(OPTION_ENV));
	ck_assert_ptr_null(getenv("_SLURM_SPANK_OPTION_weft_accel"));
	ck_assert_ptr_null(getenv("WEFT_VENDOR"));
	ck_assert_ptr_null(getenv("WEFT_MODEL"));
	ck_assert_ptr_null(getenv("WEFT_DEVICES"));
	ck_assert_ptr_null(getenv("WEFT_VISIBLE_ENV"));
	ck_assert_ptr_null(getenv("ASCEND_RT_VISIBLE_DEVICES"));
	ck_assert_str_eq(getenv("OWN_VISIBLE_DEVICES"), "0");
	ck_assert_str_eq(getenv("SLURM_SPANK_OTHER"), "stays");
	ck_assert_str_eq(getenv("SLURM_JOB_ID"), "7");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spank_alloc");
	TCase *tc = tcase_create("spank_alloc");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, request_as_it_was_written);
	tcase_add_test(tc, last_one_counts);
	tcase_add_test(tc, burst_and_its_cost);
	tcase_add_test(tc, cost_alone);
	tcase_add_test(tc, scale_time_alone);
	tcase_add_test(tc, components_do_not_inherit);
	tcase_add_test(tc, nothing_given);
	tcase_add_test(tc, mistakes);
	tcase_add_test(tc, policy_alone);
	tcase_add_test(tc, srun_makes_a_job);
	tcase_add_test(tc, srun_in_a_job);
	tcase_add_test(tc, new_job_from_within_a_job);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
