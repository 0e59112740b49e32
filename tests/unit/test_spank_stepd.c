/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a task gets, with a fake host in place of slurmstepd.
 */
#include <check.h>
#include <dirent.h>
#include <slurm/slurm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/compat/seal.h"
#include "plugin/compat/stepd.h"
#include "spank/weft_hints.h"
#include "spank/weft_spank.h"
#include "tests/unit/fake_spank.h"

static struct {
	const char *gres, *type; /* what the job has: cards 2 and 3 */
	bool broken;             /* the record cannot be read */
	int reads;
	char conf[64], run[64];
	struct weft_place place;
	const char *ticket; /* what is in the seal; NULL: munged refuses it */
	uid_t sealed_by;
} node;

/* Two nodes of two tasks each, which are the second and third of the job's. */
static const uint16_t tasks[] = { 2, 2 };
static uint32_t first_ids[] = { 0, 2 }, second_ids[] = { 1, 3 };
static uint32_t *const ids[] = { first_ids, second_ids };

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

int weft_step_place(struct spank_handle *sp, struct weft_place *place, struct weft_err *err)
{
	(void)sp, (void)err;
	*place = node.place;
	place->name = strdup(node.place.name);
	place->hosts = node.place.hosts ? strdup(node.place.hosts) : NULL;
	return 0;
}

void weft_place_clear(struct weft_place *place)
{
	free(place->name);
	free(place->hosts);
	*place = (struct weft_place){ .job_id = 0 };
}

int weft_step_layout(struct spank_handle *sp, struct weft_layout *layout, bool with_places)
{
	(void)sp;
	*layout = (struct weft_layout){ .nodes = 2, .tasks = tasks, .task_ids = ids, .own = 1 };
	layout->place = calloc(2, sizeof(uint32_t));
	for (uint32_t i = 0; i < 2 && with_places; i++)
		layout->place[i] = i + 1;
	return 0;
}

void weft_layout_clear(struct weft_layout *layout)
{
	free(layout->place);
	*layout = (struct weft_layout){ .nodes = 0 };
}

char **weft_step_hosts(const char *hosts, uint32_t n)
{
	char **names = hosts && n == 3 ? calloc(4, sizeof(*names)) : NULL;

	for (uint32_t i = 0; names && i < n; i++)
		names[i] = strndup(hosts + 2 * i, 1);
	return names;
}

const char *weft_step_authinfo(void)
{
	return "ttl=60,socket=/run/m.sock";
}

uid_t weft_step_slurm_user(void)
{
	return 64030;
}

char *weft_seal_socket(const char *authinfo)
{
	ck_assert_str_eq(authinfo, "ttl=60,socket=/run/m.sock");
	return strdup("/run/m.sock");
}

char *weft_unseal(const char *socket, const char *sealed, size_t *len, uid_t *uid, struct weft_err *err)
{
	ck_assert_str_eq(socket, "/run/m.sock");
	ck_assert_str_eq(sealed, "MUNGE:x:");
	if (!node.ticket) {
		weft_err(err, "munged: Invalid credential");
		return NULL;
	}
	*uid = node.sealed_by;
	*len = strlen(node.ticket);
	return strdup(node.ticket);
}

char *weft_step_conf_path(const char *name)
{
	ck_assert_str_eq(name, "weft.conf");
	return strdup(node.conf);
}

static void setup(void)
{
	static char argument[4096], run_dir[128];
	const char *top = getenv("WEFT_SRCDIR");
	int fd;

	snprintf(argument, sizeof(argument), "catalogue=%s/data/catalogue.json", top ? top : ".");
	snprintf(node.conf, sizeof(node.conf), "/tmp/weft-conf-XXXXXX");
	fd = mkstemp(node.conf);
	ck_assert_int_ge(fd, 0);
	close(fd);
	node.gres = "npu";
	node.type = "910b";
	node.ticket = NULL;
	node.sealed_by = 64030;
	node.place = (struct weft_place){ .job_id = 7, .step_id = 3, .uid = geteuid(),
					  .het_offset = UINT32_MAX, .node = 2,
					  .nodes = 3, .name = (char *)"c",
					  .hosts = (char *)"a,b,c" };
	snprintf(node.run, sizeof(node.run), "/tmp/weft-run-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(node.run));
	snprintf(run_dir, sizeof(run_dir), "run-dir=%s", node.run);
	fake.context = S_CTX_REMOTE;
	weft_stepd_init(3, (char *[]){ argument, run_dir, (char *)"sysfs=/nowhere" });
	ck_assert_str_eq(fake.said, "");
	fake_set(&fake.task, "SLURM_SPANK_WEFT_ACCEL", "2:910b");
	fake_set(&fake.task, "CUDA_VISIBLE_DEVICES", "7");
}

static void teardown(void)
{
	weft_stepd_exit();
	fake_clear();
	unlink(node.conf);
	ck_assert_int_eq(rmdir(node.run), 0); /* nothing is left in it */
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

/* ---------------------------------------------------------------- hints */

#define TICKET(uid, job)                                                                                     \
	"weft-ticket 1\njob cluster=c id=" job " uid=" uid " restarts=0 issued=1\n"                          \
	"group gres=gpu:h100 vendor=nvidia model=h100 cards=4 rate=3 tdp=700 watts=650.4 limit=600 budget=720\n" \
	"group gres=npu:910b vendor=ascend model=910b cards=2 rate=1 limit=300\nruns 2*0 1\n"                 \
	"site name=alpha price=0.3EUR/kWh carbon=50g/kWh window-end=1234\nend\n"

static char ticket[2048];

static void give_ticket(const char *format_uid)
{
	snprintf(ticket, sizeof(ticket), TICKET("%s", "7"), format_uid);
	node.ticket = ticket;
	fake_set(&fake.task, "SLURM_SPANK_WEFT_TICKET", "MUNGE:x:");
}

static const char *own_uid(void)
{
	static char buf[16];

	snprintf(buf, sizeof(buf), "%u", (unsigned)geteuid());
	return buf;
}

static void expect_no_hints(const char *why)
{
	static const char *const names[] = { "WEFT_GROUP", "WEFT_GROUP_RANK", "WEFT_GROUP_SIZE", "WEFT_WEIGHT",
					     "WEFT_DEVICE_POWER_W", "WEFT_SITE", "WEFT_PRICE" };
	char text[256] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect(names[i], NULL);
	expect("ASCEND_RT_VISIBLE_DEVICES", "2,3"); /* what does not come from the ticket is as ever */
	if (why)
		snprintf(text, sizeof(text), "weft: %s; tasks get fewer hints\n", why);
	ck_assert_str_eq(fake.said, text);
}

START_TEST(all_hints)
{
	char path[256];

	give_ticket(own_uid());
	fake_set(&fake.task, "WEFT_HINTS", "hostfile");
	fake.task_id = 1;
	start();
	expect("WEFT_GROUP", "1");
	expect("WEFT_RANK", "3"); /* after tasks 0 and 2, of the first group */
	expect("WEFT_GROUP_RANK", "1"); /* tasks 1 and 3 are on the third node, the only one of its group */
	expect("WEFT_GROUP_SIZE", "2");
	expect("WEFT_WEIGHT", "0.076923"); /* 2 of 2 + 3 * 8 */
	expect("WEFT_DEVICE_POWER_W", "300");
	expect("WEFT_POWER_BUDGET_W", NULL);
	expect("WEFT_EXPECTED_W", NULL);
	expect("WEFT_SITE", "alpha");
	expect("WEFT_PRICE", "0.3EUR/kWh");
	expect("WEFT_CARBON", "50g/kWh");
	expect("WEFT_WINDOW_END", "1234");
	snprintf(path, sizeof(path), "%s/c.7.3/topology.json", node.run);
	expect("WEFT_TOPOLOGY_FILE", path);
	ck_assert_int_eq(access(path, R_OK), 0);
	snprintf(path, sizeof(path), "%s/c.7.3/hostfile", node.run);
	expect("WEFT_HOSTFILE", path);
	ck_assert_str_eq(fake.said, "");
}
END_TEST

/* What the cards are is in the ticket: no file is read. */
START_TEST(catalogue_in_the_ticket)
{
	static char text[8192];
	struct weft_err err = WEFT_ERR_INIT;
	const char *top = getenv("WEFT_SRCDIR");
	static char path[4096];
	struct weft_catalogue *cat;
	struct weft_ticket *t;
	size_t len;
	char *full;

	give_ticket(own_uid());
	snprintf(path, sizeof(path), "%s/data/catalogue.json", top ? top : ".");
	cat = weft_catalogue_load(path, NULL, &err);
	t = weft_ticket_parse(ticket, strlen(ticket), &err);
	ck_assert_int_eq(weft_ticket_add_catalogue(t, cat, &err), 0);
	full = weft_ticket_text(t, &len, &err);
	ck_assert_msg(full && len < 4096, "%s", err.text);
	snprintf(text, sizeof(text), "%s", full);
	free(full);
	weft_ticket_destroy(t);
	weft_catalogue_destroy(cat);
	node.ticket = text;
	snprintf(path, sizeof(path), "run-dir=%s", node.run);
	weft_stepd_init(2, (char *[]){ (char *)"catalogue=/nowhere/catalogue.json", path });
	if (_i) { /* but when the ticket does not know them */
		node.type = "910z";
		start();
		ck_assert_str_eq(fake.said,
				 "weft: /nowhere/catalogue.json: No such file or directory; the device environment "
				 "stays as Slurm sets it\n");
		return;
	}
	start();
	expect("ASCEND_RT_VISIBLE_DEVICES", "2,3");
	expect("CUDA_VISIBLE_DEVICES", NULL);
	expect("WEFT_VENDOR", "ascend");
	expect("WEFT_MODEL", "910b");
	expect("WEFT_GROUP", "1");
}
END_TEST

START_TEST(work_shared)
{
	give_ticket(own_uid());
	fake_set(&fake.task, "WEFT_HINTS", "layers=26,micro-batches=13");
	start();
	expect("WEFT_LAYERS", "24,2"); /* 24 to 2, see above */
	expect("WEFT_MICRO_BATCHES", "12,1");
	ck_assert_str_eq(fake.said, "");
}
END_TEST

START_TEST(work_that_cannot_be_shared)
{
	static const struct {
		const char *wish, *why;
	} cases[] = {
		{ "layers=", "WEFT_HINTS: layers= is no number from 1 to 1000000000" },
		{ "layers=8x", "WEFT_HINTS: layers=8x is no number from 1 to 1000000000" },
		{ "micro-batches=-1", "WEFT_HINTS: micro-batches=-1 is no number from 1 to 1000000000" },
		{ "layers=1000000001", "WEFT_HINTS: layers=1000000001 is no number from 1 to 1000000000" },
		{ "layers=0", "WEFT_HINTS: layers=0 is no number from 1 to 1000000000" },
	};
	char text[256];

	give_ticket(own_uid());
	fake_set(&fake.task, "WEFT_HINTS", cases[_i].wish);
	start();
	expect("WEFT_LAYERS", NULL);
	expect("WEFT_MICRO_BATCHES", NULL);
	snprintf(text, sizeof(text), "weft: %s; tasks get fewer hints\n", cases[_i].why);
	ck_assert_str_eq(fake.said, text);
}
END_TEST

START_TEST(first_group)
{
	give_ticket(own_uid());
	node.place.node = 1;
	start();
	expect("WEFT_GROUP", "0");
	expect("WEFT_POWER_BUDGET_W", "2880");
	expect("WEFT_EXPECTED_W", "2602");
	expect("WEFT_DEVICE_POWER_W", "600");
}
END_TEST

START_TEST(ticket_by_a_user)
{
	give_ticket(own_uid());
	node.sealed_by = 1000;
	start();
	expect_no_hints("the ticket was sealed by uid 1000, and not by slurmctld");
}
END_TEST

START_TEST(ticket_of_another_user)
{
	char why[128];

	give_ticket("4242");
	start();
	snprintf(why, sizeof(why), "the ticket is for a job of uid 4242, not %s", own_uid());
	expect_no_hints(why);
}
END_TEST

START_TEST(ticket_of_another_job)
{
	give_ticket(own_uid());
	node.place.job_id = 8;
	start();
	expect_no_hints("the ticket is for job 7, not 8");
}
END_TEST

START_TEST(ticket_of_an_earlier_run)
{
	give_ticket(own_uid());
	node.place.restarts = 1;
	start();
	expect_no_hints("the ticket is for run 1 of the job, not 2");
}
END_TEST

START_TEST(ticket_altered)
{
	give_ticket(own_uid());
	node.ticket = NULL;
	start();
	expect_no_hints("munged: Invalid credential");
}
END_TEST

START_TEST(job_has_shrunk)
{
	give_ticket(own_uid());
	node.place.nodes = 2;
	start();
	expect_no_hints("the ticket is for 3 nodes, and the job has others now");
}
END_TEST

START_TEST(ticket_too_long)
{
	char *text = calloc(1, 1000001);

	memset(text, 'x', 1000000);
	fake_set(&fake.task, "SLURM_SPANK_WEFT_TICKET", text);
	free(text);
	start();
	expect_no_hints("SLURM_SPANK_WEFT_TICKET is longer than 98304 bytes");
}
END_TEST

/* Names for the components of a heterogeneous job, and what salloc makes of them. */
START_TEST(component)
{
	give_ticket(own_uid());
	fake_unset(&fake.task, "SLURM_SPANK_WEFT_TICKET");
	fake_set(&fake.task, _i ? "SLURM_SPANK_WEFT_TICKET_7_HET_GROUP_2" : "SLURM_SPANK_WEFT_TICKET_7", "MUNGE:x:");
	start();
	expect("WEFT_GROUP", "1");
}
END_TEST

START_TEST(inherited_hints)
{
	fake_set(&fake.task, "WEFT_GROUP", "5");
	fake_set(&fake.task, "WEFT_PRICE", "0");
	fake_set(&fake.task, "WEFT_HOSTFILE", "/etc/passwd");
	start();
	expect_no_hints(NULL);
	expect("WEFT_HOSTFILE", NULL);
}
END_TEST

START_TEST(nccl_file)
{
	char old[128];

	fake_set(&fake.task, "WEFT_HINTS", "nccl");
	snprintf(old, sizeof(old), "%s/a.7.batch/nccl.xml", node.run);
	fake_set(&fake.task, "NCCL_TOPO_FILE", old);
	start();
	expect("NCCL_TOPO_FILE", NULL); /* it is another node's */
	ck_assert_str_eq(fake.said, "weft: WEFT_HINTS: nccl: the cards' library is neither NCCL nor RCCL; "
				    "tasks get fewer hints\n");
	fake_set(&fake.task, "NCCL_TOPO_FILE", "/home/me/my.xml");
	weft_stepd_task_init(NULL);
	expect("NCCL_TOPO_FILE", "/home/me/my.xml");
}
END_TEST

START_TEST(hostile_wishes)
{
	fake_set(&fake.task, "WEFT_HINTS", "../../etc/passwd,,hostfile");
	start();
	ck_assert_str_eq(fake.said, "weft: WEFT_HINTS: unknown word \"../../etc/passwd\"; there are nccl, hostfile, "
						    "micro-batches= and layers=; "
				    "tasks get fewer hints\n");
}
END_TEST

START_TEST(run_dir_of_others)
{
	char why[256];

	give_ticket(own_uid());
	chmod(node.run, 0777);
	start();
	expect("WEFT_GROUP", "1");
	expect("WEFT_TOPOLOGY_FILE", NULL);
	snprintf(why, sizeof(why),
		 "weft: %s: it must belong to root, and nobody else may write to it; tasks get fewer hints\n",
		 node.run);
	ck_assert_str_eq(fake.said, why);
}
END_TEST

/* What a crash has left is replaced. */
START_TEST(left_behind)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/c.7.3", node.run);
	ck_assert_int_eq(mkdir(path, 0711), 0);
	snprintf(path, sizeof(path), "%s/c.7.3/topology.json", node.run);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	start();
	expect("WEFT_TOPOLOGY_FILE", path);
	f = fopen(path, "r");
	ck_assert_int_eq(fgetc(f), '{');
	fclose(f);
}
END_TEST

/* Nothing is followed out of the directory. */
START_TEST(links)
{
	char path[256], target[256];
	FILE *f;

	snprintf(target, sizeof(target), "%s.victim", node.run);
	f = fopen(target, "w");
	fclose(f);
	snprintf(path, sizeof(path), "%s/c.7.3", node.run);
	ck_assert_int_eq(symlink("/tmp", path), 0);
	start();
	expect("WEFT_TOPOLOGY_FILE", NULL);
	unlink(path);
	weft_stepd_exit();
	ck_assert_int_eq(mkdir(path, 0711), 0);
	snprintf(path, sizeof(path), "%s/c.7.3/topology.json", node.run);
	ck_assert_int_eq(symlink(target, path), 0);
	start();
	ck_assert_int_eq(access(target, F_OK), 0);
	f = fopen(target, "r");
	ck_assert_int_eq(fgetc(f), EOF);
	fclose(f);
	unlink(target);
}
END_TEST

START_TEST(ranks)
{
	static uint32_t a[] = { 0, 4 }, b[] = { 1, 3 }, c[] = { 2 };
	static uint32_t *const all[] = { a, b, c };
	static const uint16_t counts[] = { 2, 2, 1 };
	static const unsigned char groups[] = { 9, 1, 0, 1 };
	uint32_t place[] = { 1, 2, 3 };
	struct weft_layout layout = { .nodes = 3, .place = place, .tasks = counts, .task_ids = all };
	struct weft_rank r = weft_hints_rank(&layout, groups, 1, 4);

	ck_assert_uint_eq(r.rank, 2);
	ck_assert_uint_eq(r.size, 3);
	ck_assert_uint_eq(r.before, 2);
	r = weft_hints_rank(&layout, groups, 0, 3);
	ck_assert_uint_eq(r.rank, 1);
	ck_assert_uint_eq(r.size, 2);
	ck_assert_uint_eq(r.before, 0);
	r = weft_hints_rank(&layout, NULL, 0, 3);
	ck_assert_uint_eq(r.rank, 3);
	ck_assert_uint_eq(r.size, 5);
	ck_assert_uint_eq(r.before, 0);
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
	tcase_add_test(tc, all_hints);
	tcase_add_test(tc, first_group);
	tcase_add_loop_test(tc, catalogue_in_the_ticket, 0, 2);
	tcase_add_test(tc, work_shared);
	tcase_add_loop_test(tc, work_that_cannot_be_shared, 0, 5);
	tcase_add_test(tc, ticket_by_a_user);
	tcase_add_test(tc, ticket_of_another_user);
	tcase_add_test(tc, ticket_of_another_job);
	tcase_add_test(tc, ticket_of_an_earlier_run);
	tcase_add_test(tc, ticket_altered);
	tcase_add_test(tc, job_has_shrunk);
	tcase_add_test(tc, ticket_too_long);
	tcase_add_loop_test(tc, component, 0, 2);
	tcase_add_test(tc, inherited_hints);
	tcase_add_test(tc, nccl_file);
	tcase_add_test(tc, hostile_wishes);
	tcase_add_test(tc, run_dir_of_others);
	tcase_add_test(tc, left_behind);
	tcase_add_test(tc, links);
	tcase_add_test(tc, ranks);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
