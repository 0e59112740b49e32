/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a task gets, with a fake host in place of slurmstepd.
 */
#include <check.h>
#include <slurm/slurm.h>
#include <unistd.h>

#include "plugin/compat/stepd.h"
#include "spank/weft_spank.h"
#include "tests/unit/fake_spank.h"

static struct {
	const char *gres, *type; /* what the job has: cards 2 and 3 */
	bool broken;             /* the record cannot be read */
	int reads;
	char conf[64];
} node;

int weft_step_read(struct spank_handle *sp, struct weft_step *step, struct weft_err *err)
{
	(void)sp;
	node.reads++;
	*step = (struct weft_step){ .whole_job = true };
	if (node.broken)
		return weft_err(err, "this plugin was built for Slurm 1.2.3, and slurmstepd is 1.2.4");
	step->job.items = calloc(1, sizeof(struct weft_gres));
	step->job.n = 1;
	step->job.items[0] = (struct weft_gres){ .name = strdup(node.gres), .type = strdup(node.type), .count = 2,
						 .index = calloc(2, sizeof(unsigned)), .n_index = 2 };
	step->job.items[0].index[0] = 2;
	step->job.items[0].index[1] = 3;
	return 0;
}

void weft_step_clear(struct weft_step *step)
{
	for (size_t i = 0; i < step->job.n; i++) {
		free(step->job.items[i].name);
		free(step->job.items[i].type);
		free(step->job.items[i].index);
	}
	free(step->job.items);
	*step = (struct weft_step){ .whole_job = false };
}

char *weft_step_conf_path(const char *name)
{
	ck_assert_str_eq(name, "weft.conf");
	return strdup(node.conf);
}

static void setup(void)
{
	static char argument[4096];
	const char *top = getenv("WEFT_SRCDIR");
	int fd;

	snprintf(argument, sizeof(argument), "catalogue=%s/data/catalogue.json", top ? top : ".");
	snprintf(node.conf, sizeof(node.conf), "/tmp/weft-conf-XXXXXX");
	fd = mkstemp(node.conf);
	ck_assert_int_ge(fd, 0);
	close(fd);
	node.gres = "npu";
	node.type = "910b";
	fake.context = S_CTX_REMOTE;
	weft_stepd_init(1, (char *[]){ argument });
	ck_assert_str_eq(fake.said, "");
	fake_set(&fake.task, "SLURM_SPANK_WEFT_ACCEL", "2:910b");
	fake_set(&fake.task, "CUDA_VISIBLE_DEVICES", "7");
}

static void teardown(void)
{
	weft_stepd_exit();
	fake_clear();
	unlink(node.conf);
}

static void start(void)
{
	weft_stepd_post_opt(NULL);
	weft_stepd_task_init(NULL);
}

static void expect(const char *name, const char *want)
{
	const char *got = fake_get(&fake.task, name);

	if (want)
		ck_assert_str_eq(got, want);
	else
		ck_assert_ptr_null(got);
}

static void expect_untouched(void)
{
	expect("CUDA_VISIBLE_DEVICES", "7");
	expect("ASCEND_RT_VISIBLE_DEVICES", NULL);
	expect("WEFT_VENDOR", NULL);
	expect("WEFT_MODEL", NULL);
	expect("WEFT_DEVICES", NULL);
	expect("WEFT_VISIBLE_ENV", NULL);
}

START_TEST(weft_job)
{
	start();
	expect("ASCEND_RT_VISIBLE_DEVICES", "2,3");
	expect("CUDA_VISIBLE_DEVICES", NULL);
	expect("WEFT_VENDOR", "ascend");
	expect("WEFT_MODEL", "910b");
	expect("WEFT_DEVICES", "2,3");
	expect("WEFT_VISIBLE_ENV", "ASCEND_RT_VISIBLE_DEVICES");
	ck_assert_str_eq(fake.said, "");
}
END_TEST

START_TEST(plain_job_costs_nothing)
{
	fake_unset(&fake.task, "SLURM_SPANK_WEFT_ACCEL");
	weft_stepd_option(WEFT_OPTION_POLICY); /* alone it makes no Weft job */
	start();
	expect_untouched();
	ck_assert_int_eq(node.reads, 0);
}
END_TEST

START_TEST(option_forwarded_by_srun)
{
	fake_unset(&fake.task, "SLURM_SPANK_WEFT_ACCEL");
	weft_stepd_option(WEFT_OPTION_ACCEL);
	start();
	expect("ASCEND_RT_VISIBLE_DEVICES", "2,3");
}
END_TEST

START_TEST(extern_step)
{
	fake.step_id = SLURM_EXTERN_CONT;
	start();
	expect_untouched();
	ck_assert_int_eq(node.reads, 0);
}
END_TEST

START_TEST(unknown_type)
{
	node.type = "zx9000";
	start();
	expect("CUDA_VISIBLE_DEVICES", "7");
	expect("WEFT_VENDOR", NULL);
	expect("WEFT_MODEL", "zx9000");
	expect("WEFT_DEVICES", "2,3");
	expect("WEFT_VISIBLE_ENV", NULL);
}
END_TEST

START_TEST(not_an_accelerator)
{
	node.gres = "nvme";
	node.type = "fast";
	start();
	expect_untouched();
	ck_assert_str_eq(fake.said, "");
}
END_TEST

/* srun --het-group=1 from the batch script of component 0, which has cards. */
START_TEST(component_without_cards)
{
	node.gres = "nvme";
	node.type = "fast";
	fake_set(&fake.task, "WEFT_VENDOR", "ascend");
	fake_set(&fake.task, "WEFT_MODEL", "910b");
	fake_set(&fake.task, "WEFT_DEVICES", "4,5");
	fake_set(&fake.task, "WEFT_VISIBLE_ENV", "ASCEND_RT_VISIBLE_DEVICES");
	fake_set(&fake.task, "ASCEND_RT_VISIBLE_DEVICES", "4,5");
	start();
	expect_untouched();
}
END_TEST

START_TEST(other_slurm)
{
	node.broken = true;
	start();
	expect_untouched();
	ck_assert_str_eq(fake.said, "weft: this plugin was built for Slurm 1.2.3, and slurmstepd is 1.2.4; the device "
				    "environment stays as Slurm sets it\n");
	fake.task_id = 1; /* said once for each node */
	fake.said[0] = '\0';
	weft_stepd_task_init(NULL);
	ck_assert_str_eq(fake.said, "");
}
END_TEST

START_TEST(broken_conf)
{
	FILE *file = fopen(node.conf, "w");
	char want[256];

	ck_assert_ptr_nonnull(file);
	fprintf(file, "Catalouge=/x\n");
	fclose(file);
	start();
	expect_untouched();
	snprintf(want, sizeof(want),
		 "weft: %s:1: Catalouge: unknown key; did you mean Catalogue?; "
		 "the device environment stays as Slurm sets it\n",
		 node.conf);
	ck_assert_str_eq(fake.said, want);
}
END_TEST

START_TEST(arguments_of_plugstack)
{
	weft_stepd_init(3, (char *[]){ "conf=/nowhere/weft.conf", "catalogue=/nowhere/catalogue.json", "colour=blue" });
	ck_assert_str_eq(fake.said, "error: weft: plugstack.conf: unknown argument colour=blue\n");
	fake.said[0] = '\0';
	start();
	expect_untouched();
	ck_assert_str_eq(fake.said, "weft: /nowhere/catalogue.json: No such file or directory; the device environment "
				    "stays as Slurm sets it\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spank_stepd");
	TCase *tc = tcase_create("spank_stepd");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, weft_job);
	tcase_add_test(tc, plain_job_costs_nothing);
	tcase_add_test(tc, option_forwarded_by_srun);
	tcase_add_test(tc, extern_step);
	tcase_add_test(tc, unknown_type);
	tcase_add_test(tc, not_an_accelerator);
	tcase_add_test(tc, component_without_cards);
	tcase_add_test(tc, other_slurm);
	tcase_add_test(tc, broken_conf);
	tcase_add_test(tc, arguments_of_plugstack);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
