/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_usage.c - lists of nodes, lines of scontrol and sacct, and what is made of them.
 */
#include "core/usage.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hostlist.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define T0	      1740787200 /* 2025-03-01T00:00Z */
#define HOUR	      3600
#define NEAR(a, b)    ck_assert_double_eq_tol(a, b, 1e-6)

static const char catalogue_text[] =
	"{\"format\":1,\"vendors\":[{\"name\":\"nvidia\",\"gres_names\":[\"gpu\"]},"
	"{\"name\":\"ascend\",\"gres_names\":[\"npu\"]}],\"models\":["
	"{\"name\":\"h100\",\"vendor\":\"nvidia\",\"tflops\":{\"bf16\":1000},\"tdp_w\":700},"
	"{\"name\":\"a100\",\"vendor\":\"nvidia\",\"tflops\":{\"fp16\":300},\"tdp_w\":400},"
	"{\"name\":\"910b\",\"vendor\":\"ascend\"}]}";

static const char conf_text[] =
	"PowerClass=gpu:h100 Idle=0 Peak=1000\nDefaultPolicy=listed\n"
	"Peer=beta Url=https://gw:6820 Node=beta-gw Partition=beta Token=/t Users=same "
	"Directory=/d\n";

static const char *const nodes[] = {
	"NodeName=nv1 Arch=x86_64 Gres=gpu:h100:8 GresDrain=N/A GresUsed=gpu:h100:6(IDX:0-5),npu:0 "
	"State=MIXED",
	"NodeName=nv2 Arch=x86_64 Gres=gpu:h100:8 GresUsed=gpu:h100:8(IDX:0-7) State=ALLOCATED+PLANNED "
	"Reason=x Gres=y",
	"NodeName=nv3 Gres=gpu:h100:8 GresUsed=gpu:h100:3(IDX:0,2-3),npu:0 State=MIXED+DRAIN",
	"NodeName=nv4 Gres=gpu:h100:8 GresUsed=gpu:h100:0(IDX:N/A) State=IDLE+POWERED_DOWN",
	"NodeName=as1 Gres=npu:910b:8 GresUsed=npu:910b:0 State=IDLE*",
	"NodeName=mx1 Gres=gpu:h100:4,gpu:a100:4 GresUsed=gpu:h100:1(IDX:0),gpu:a100:0(IDX:N/A) State=MIXED",
	"NodeName=cpu1 Gres=(null) GresUsed=gpu:0,npu:0 State=IDLE",
	"NodeName=beta-gw Gres=gpu:h100:64 GresUsed=gpu:h100:64 State=MIXED",
	"  ",
};

enum { H100, B910, A100 };

static struct weft_catalogue *cat;
static struct weft_conf *conf;
static struct weft_fleet *fleet;
static struct weft_series *flat;
static struct weft_usage *usage;

static void setup(void)
{
	static const char series[] = "2025-03-01T00:00Z,500\n2025-03-02T00:00Z,500\n";
	struct weft_err err = WEFT_ERR_INIT;

	cat = weft_catalogue_parse("c", catalogue_text, strlen(catalogue_text), NULL, NULL, 0, &err);
	ck_assert_msg(cat != NULL, "%s", err.text);
	conf = weft_conf_parse("weft.conf", conf_text, strlen(conf_text), &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	flat = weft_series_parse("s", series, strlen(series), &err);
	ck_assert_msg(flat != NULL, "%s", err.text);
	fleet = weft_fleet_create(cat, conf);
	for (int i = 0; i < LENGTH(nodes); i++)
		ck_assert_msg(weft_fleet_add(fleet, nodes[i], strlen(nodes[i]), &err) == 0, "%s", err.text);
	ck_assert_int_eq(weft_fleet_ready(fleet, &err), 0);
}

static void teardown(void)
{
	weft_usage_destroy(usage);
	usage = NULL;
	weft_fleet_destroy(fleet);
	weft_series_destroy(flat);
	weft_conf_destroy(conf);
	weft_catalogue_destroy(cat);
}

/* ---------------------------------------------------------------- lists of nodes */

static int join(const char *name, void *arg)
{
	char *all = arg;

	ck_assert_uint_lt(strlen(all) + strlen(name) + 1, 400);
	snprintf(all + strlen(all), 4096 - strlen(all), "%s ", name);
	return strcmp(name, "stop") == 0 ? 7 : 0;
}

static const struct {
	const char *list, *names;
	int rc;
} lists[] = {
	{ "", "", 0 },
	{ "login", "login ", 0 },
	{ "nv[1-3]", "nv1 nv2 nv3 ", 0 },
	{ "nv[08-11,3],x", "nv08 nv09 nv10 nv11 nv3 x ", 0 },
	{ "r[1-2]n[1-2]-ib,b", "r1n1-ib r1n2-ib r2n1-ib r2n2-ib b ", 0 },
	{ "a,stop,b", "a stop ", 7 },
	{ "nv[1-3", "", -1 },
	{ "nv1-3]", "", -1 },
	{ "nv[]", "", -1 },
	{ "nv[3-1]", "", -1 },
	{ "nv[1-]", "", -1 },
	{ "nv[1x]", "", -1 },
	{ "nv[1-0000000002]", "", -1 },
	{ ",", "", -1 },
	{ "n[1-99]", NULL, -1 },
};

START_TEST(reads_lists)
{
	char all[4096] = "";
	size_t max = lists[_i].names ? 50 : 20;

	ck_assert_int_eq(weft_hostlist_each(lists[_i].list, strlen(lists[_i].list), max, join, all),
			 lists[_i].rc);
	if (lists[_i].names)
		ck_assert_str_eq(all, lists[_i].names);
}
END_TEST

/* ---------------------------------------------------------------- lines */

START_TEST(reads_a_run)
{
	char line[] = "7##ml##CANCELLED by "
		      "0##100000##100001##100002##Unknown##cpu=1,gres/gpu=2##nv1##3600000##sbatch -J a##b";
	char more[] = "echo a second line of the script";
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_past_job job;

	ck_assert_int_eq(weft_past_read(&job, line, "##", &err), 1);
	ck_assert_str_eq(job.account, "ml");
	ck_assert(!job.pending);
	ck_assert_int_eq(job.submit, 100000);
	ck_assert_int_eq(job.eligible, 100001);
	ck_assert_int_eq(job.start, 100002);
	ck_assert_int_eq(job.end, 0);
	ck_assert_str_eq(job.tres, "cpu=1,gres/gpu=2");
	ck_assert_str_eq(job.nodes, "nv1");
	ck_assert_uint_eq(job.joules, 3600000);
	ck_assert_str_eq(job.line, "sbatch -J a##b");
	ck_assert_int_eq(weft_past_read(&job, more, "##", &err), 0);
	ck_assert_str_eq(err.text, "");
}
END_TEST

static const struct {
	const char *line, *message;
} bad_runs[] = {
	{ "7##ml##RUNNING", "job 7: 3 fields instead of 11" },
	{ "7##ml##R##1##1##1##9999999999999##a##b##0##c",
	  "job 7: End: \"9999999999999\" is not a number up to 7258118399" },
	{ "7##ml##R##2025-03-01T00:00:00##1##1##1##a##b##0##c",
	  "job 7: Submit: \"2025-03-01T00:00:00\" is not a number up to 7258118399" },
	{ "7##ml##R##1##1##1##1##a##b##1K##c",
	  "job 7: ConsumedEnergyRaw: \"1K\" is not a number up to 1000000000000000000" },
};

START_TEST(refuses_a_run)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_past_job job;
	char line[256];

	snprintf(line, sizeof(line), "%s", bad_runs[_i].line);
	ck_assert_int_eq(weft_past_read(&job, line, "##", &err), -1);
	ck_assert_str_eq(err.text, bad_runs[_i].message);
}
END_TEST

static const struct {
	const char *line, *message;
} bad_nodes[] = {
	{ "slurm_load_node error: Unable to contact slurm controller",
	  "\"slurm_load_node error: Unable to contact slu...\" is not a line about a node" },
	{ "NodeName= Gres=gpu:2", "a node's name has 0 bytes; 1 to 255 are allowed" },
	{ "NodeName=n1 Gres=gpu:h100:x", NULL },
};

START_TEST(refuses_a_node)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_int_eq(weft_fleet_add(fleet, bad_nodes[_i].line, strlen(bad_nodes[_i].line), &err), -1);
	if (bad_nodes[_i].message)
		ck_assert_str_eq(err.text, bad_nodes[_i].message);
	else
		ck_assert_int_eq(strncmp(err.text, "node n1: ", 9), 0);
}
END_TEST

START_TEST(counts_the_cards_of_a_fleet)
{
	const struct weft_fleet_class *h100 = weft_fleet_class(fleet, H100),
				      *b910 = weft_fleet_class(fleet, B910),
				      *a100 = weft_fleet_class(fleet, A100);

	ck_assert_uint_eq(weft_inventory_classes(weft_fleet_inventory(fleet)), 3);
	ck_assert_uint_eq(h100->cards, 36); /* those of beta are none of ours */
	ck_assert_uint_eq(h100->in_use, 18);
	ck_assert_uint_eq(h100->out, 5);
	ck_assert_uint_eq(b910->cards, 8);
	ck_assert_uint_eq(b910->out, 8);
	ck_assert_uint_eq(a100->in_use, 0);
	NEAR(h100->tflops, 1000);
	NEAR(h100->watts, 1000); /* of weft.conf */
	NEAR(a100->tflops, 300);
	ck_assert_int_eq(a100->dtype, WEFT_FP16);
	NEAR(a100->watts, 400);
	ck_assert(isnan(b910->tflops) && isnan(b910->watts));
	ck_assert_uint_eq(weft_fleet_find(fleet, "beta-gw"), WEFT_FLEET_FAR);
	ck_assert_uint_eq(weft_fleet_find(fleet, "beta_gw"), WEFT_FLEET_NONE);
	ck_assert_uint_eq(weft_fleet_find(fleet, "nv9"), WEFT_FLEET_NONE);
	ck_assert_uint_eq(weft_fleet_find(fleet, "nv2"), 1);
	/* Free on nodes partly in use: nv1 2, mx1 3; nv4 is free as a whole, nv3 is drained. */
	ck_assert_uint_eq(weft_fleet_stranded(fleet, H100, 8), 5);
	ck_assert_uint_eq(weft_fleet_stranded(fleet, H100, 2), 1);
	ck_assert_uint_eq(weft_fleet_stranded(fleet, H100, 1), 0);
}
END_TEST

/* ---------------------------------------------------------------- usage */

static void begin(time_t from, time_t to, bool ended)
{
	struct weft_usage_setup s = { .fleet = fleet,
				      .conf = conf,
				      .carbon = flat,
				      .price = flat,
				      .from = from,
				      .to = to,
				      .now = to,
				      .ended = ended };

	weft_usage_destroy(usage);
	usage = weft_usage_create(&s);
	ck_assert_ptr_nonnull(usage);
}

static void add(const char *account, time_t start, time_t end, const char *tres, const char *where,
		const char *line)
{
	struct weft_past_job job = { .account = account,
				     .submit = start - 200,
				     .eligible = start - 100,
				     .start = start,
				     .end = end,
				     .tres = tres,
				     .nodes = where,
				     .line = line };
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_msg(weft_usage_add(usage, &job, &err) == 0, "%s", err.text);
}

static const struct weft_usage_result *end(void)
{
	struct weft_err err = WEFT_ERR_INIT;
	const struct weft_usage_result *r = weft_usage_end(usage, &err);

	ck_assert_msg(r != NULL, "%s", err.text);
	return r;
}

START_TEST(knows_the_class_of_cards)
{
	const struct weft_usage_result *r;

	begin(T0, T0 + 10 * HOUR, false);
	add("a", T0, T0 + HOUR, "billing=1,gres/gpu=16,node=2", "nv[1-2]", "");
	add("a", T0, T0 + HOUR, "gres/npu=8,gres/nvme=3,license/x=9", "as1", "");
	add("a", T0, T0 + HOUR, "gres/gpu=3", "mx1", "");		      /* which of its two? */
	add("a", T0, T0 + HOUR, "gres/gpu=3,gres/gpu:a100=3", "mx1", "");     /* Slurm says so */
	add("a", T0, T0 + HOUR, "gres/gpu=6,gres/gpu:h100=2", "nv[1-2]", ""); /* and not of the others */
	add("a", T0, T0 + HOUR, "gres/gpu:v100=4", "nv1", "");		      /* there is none any more */
	add("a", T0, T0 + HOUR, "gres/gpu=5", "gone1", "");
	add("a", T0, T0 + HOUR, "gres/gpu=64", "beta-gw", "");
	add("a", T0, T0 + HOUR, "cpu=8", "cpu1", "");
	r = end();
	NEAR(r->classes[H100].used, 22 * HOUR);
	NEAR(r->classes[B910].used, 8 * HOUR);
	NEAR(r->classes[A100].used, 3 * HOUR);
	NEAR(r->unplaced, 12 * HOUR);
	NEAR(r->total.used, 45 * HOUR);
	NEAR(r->total.elsewhere, 64 * HOUR);
	ck_assert_uint_eq(r->total.runs, 9);
	ck_assert_uint_eq(r->n_accounts, 1);
}
END_TEST

START_TEST(counts_the_part_in_the_period)
{
	const struct weft_usage_result *r;
	double sum = 0;

	begin(T0, T0 + 96 * 100, false);
	add("a", T0 - HOUR, T0 + 150, "gres/gpu=2", "nv1", "");	 /* began before: it did not start in it */
	add("a", T0 + 9500, 0, "gres/gpu=4", "nv1", "");	 /* goes on */
	add("a", T0 - HOUR, T0 - 10, "gres/gpu=8", "nv1", "");	 /* was over */
	add("a", T0 + 9600, T0 + 9700, "gres/gpu=8", "nv1", ""); /* comes later */
	add("a", T0 + 500, T0 + 500, "gres/gpu=8", "nv1", "");	 /* took no time */
	r = end();
	NEAR(r->classes[H100].used, 2 * 150 + 4 * 100);
	NEAR(r->classes[H100].slots[0], 200);
	NEAR(r->classes[H100].slots[1], 100);
	NEAR(r->classes[H100].slots[2], 0);
	NEAR(r->classes[H100].slots[95], 400);
	ck_assert_uint_eq(r->n_waits, 1);
	ck_assert_uint_eq(r->waits[0].runs, 2);
	for (int i = 0; i < WEFT_USAGE_SLOTS; i++)
		sum += r->energy[i];
	NEAR(sum, r->total.reckoned);
	ck_assert_uint_eq(r->total.runs, 3);
}
END_TEST

START_TEST(reckons_energy)
{
	struct weft_past_job job = { .account = "b",
				     .start = T0 - HOUR,
				     .end = T0 + HOUR,
				     .tres = "gres/gpu=8",
				     .nodes = "nv1",
				     .joules = 7200000,
				     .line = "",
				     .submit = T0 };
	const struct weft_usage_result *r;

	for (int ended = 0; ended < 2; ended++) {
		begin(T0, T0 + 10 * HOUR, ended);
		ck_assert_int_eq(weft_usage_add(usage, &job, NULL), 0); /* half of 2 kWh is in the period */
		add("a", T0, T0 + HOUR, "gres/gpu=4", "nv1", "");	/* 4 kW */
		add("a", T0, T0 + 2 * HOUR, "gres/npu=4", "as1", "");	/* not known */
		add("a", T0 + 9 * HOUR, 0, "gres/gpu=1", "nv1", "");	/* goes on: 1 kW */
		r = end();
		ck_assert_str_eq(r->accounts[0].name, "a");
		NEAR(r->accounts[0].reckoned, ended ? 4 : 5);
		NEAR(r->accounts[0].unknown, 8 * HOUR);
		NEAR(r->accounts[0].grams, 500 * r->accounts[0].reckoned);
		ck_assert_int_eq(r->accounts[0].cost, ended ? 2000000 : 2500000);
		NEAR(r->accounts[1].measured, 1);
		NEAR(r->accounts[1].reckoned, 0);
		ck_assert_int_eq(r->total.cost, ended ? 2500000 : 3000000);
		NEAR(r->total.no_carbon, 0);
	}
	begin(T0 - 100 * HOUR, T0, false); /* before the series begins */
	add("a", T0 - 50 * HOUR, T0 - 49 * HOUR, "gres/gpu=4", "nv1", "");
	r = end();
	NEAR(r->total.no_carbon, 4);
	NEAR(r->total.no_price, 4);
	NEAR(r->total.grams, 0);
	ck_assert_int_eq(r->total.cost, 0);
}
END_TEST

/* A run of CARDS on H100 cards that waited WAIT s. */
static void add_wait(unsigned cards, unsigned wait, const char *line, const char *gres, const char *where)
{
	static time_t start = T0 + 1000000;
	struct weft_past_job job = { .account = "a",
				     .submit = start - wait,
				     .start = start,
				     .end = start + 10,
				     .nodes = where,
				     .line = line };
	char tres[64];

	snprintf(tres, sizeof(tres), "gres/%s=%u", gres, cards);
	job.tres = tres;
	ck_assert_int_eq(weft_usage_add(usage, &job, NULL), 0);
}

START_TEST(sums_up_waits)
{
	static const char *const ours[] = { "sbatch --accel=8:h100 job.sh",
					    "srun --accel=8:h100 --accel-policy=fast,scale-time x",
					    "sbatch -N1 --accel 8:h100 --accel-policy soon",
					    "sbatch --gres=gpu:8 x", "sbatch --wrap srun --accel=8:h100 x" };
	const struct weft_usage_result *r;

	begin(T0, T0 + 30 * 86400, false);
	for (unsigned i = 1; i <= 20; i++)
		add_wait(8, i * 10, ours[0], "gpu", "nv1");
	for (unsigned i = 1; i < 5; i++)
		add_wait(i, i * 10, ours[i], "gpu", "nv1");
	r = end();
	ck_assert_uint_eq(r->n_waits, 4);
	ck_assert_uint_eq(r->waits[0].policy, WEFT_SOON);
	ck_assert_uint_eq(r->waits[1].policy, WEFT_LISTED); /* DefaultPolicy= */
	ck_assert_uint_eq(r->waits[1].runs, 20);
	NEAR(r->waits[1].mean, 105);
	ck_assert_uint_eq(r->waits[1].median, 100);
	ck_assert_uint_eq(r->waits[1].p95, 190);
	ck_assert_uint_eq(r->waits[2].policy, WEFT_FAST);
	ck_assert_uint_eq(r->waits[3].policy, WEFT_USAGE_NO_POLICY);
	ck_assert_uint_eq(r->waits[3].runs, 2);
	ck_assert_uint_eq(r->classes[H100].usual, 8);
	ck_assert_uint_eq(r->classes[H100].stranded, 5);
	ck_assert_uint_eq(r->classes[A100].usual, 0);
}
END_TEST

START_TEST(compares_with_the_first_choice)
{
	static const char other[] = "sbatch --accel=8:h100,mem>=0G | 8:a100 | 8:ascend x.sh y";
	const struct weft_usage_result *r;

	begin(T0, T0 + 30 * 86400, false);
	for (unsigned i = 0; i < 5; i++)
		add_wait(8, 1000 + i, "sbatch x", "gpu", "nv1");
	add_wait(8, 400, "sbatch --accel=8:h100 | 8:ascend x.sh y", "npu", "as1"); /* 602 s less */
	add_wait(7, 1102, "sbatch --accel=8:h100|8:ascend", "npu", "as1"); /* of like size; 100 s more */
	add_wait(2, 5, "sbatch --accel=8:h100|8:ascend", "npu", "as1");	   /* of no like size */
	add_wait(8, 7, "sbatch --accel=8:h100|8:ascend", "gpu", "nv1");	   /* its first choice */
	add_wait(8, 7, "sbatch --accel=8:h100/ascend", "npu", "as1");	   /* one alternative */
	add_wait(8, 7, other, "npu", "as1");				   /* no such request */
	r = end();
	ck_assert_uint_eq(r->saved.runs, 3);
	ck_assert_uint_eq(r->saved.compared, 2);
	NEAR(r->saved.seconds, 601 - 101); /* 7 s has become one of the six that are compared with */
}
END_TEST

START_TEST(counts_who_waits)
{
	struct weft_past_job job = { .account = "a",
				     .pending = true,
				     .submit = T0,
				     .eligible = T0,
				     .tres = "",
				     .nodes = "None assigned",
				     .line = "" };
	const struct weft_usage_result *r;

	begin(T0 - HOUR, T0 + HOUR, false);
	ck_assert_int_eq(weft_usage_add(usage, &job, NULL), 0);
	job.eligible = T0 + 2 * HOUR;
	ck_assert_int_eq(weft_usage_add(usage, &job, NULL), 0);
	job.eligible = 0; /* it is held */
	ck_assert_int_eq(weft_usage_add(usage, &job, NULL), 0);
	job.pending = false; /* cancelled before it started */
	job.eligible = T0;
	ck_assert_int_eq(weft_usage_add(usage, &job, NULL), 0);
	r = end();
	ck_assert_uint_eq(r->waiting, 1);
	ck_assert_uint_eq(r->n_accounts, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("usage");
	TCase *tc = tcase_create("usage");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, reads_lists, 0, LENGTH(lists));
	tcase_add_test(tc, reads_a_run);
	tcase_add_loop_test(tc, refuses_a_run, 0, LENGTH(bad_runs));
	tcase_add_loop_test(tc, refuses_a_node, 0, LENGTH(bad_nodes));
	tcase_add_test(tc, counts_the_cards_of_a_fleet);
	tcase_add_test(tc, knows_the_class_of_cards);
	tcase_add_test(tc, counts_the_part_in_the_period);
	tcase_add_test(tc, reckons_energy);
	tcase_add_test(tc, sums_up_waits);
	tcase_add_test(tc, compares_with_the_first_choice);
	tcase_add_test(tc, counts_who_waits);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
