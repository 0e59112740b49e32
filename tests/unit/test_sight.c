/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sight.c - answers from a made-up state, to the letter; who may see what; and that none is longer than
 * it may be.
 */
#include "core/sight.h"

#include <check.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/cards.h"

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define NOW	  1740830400 /* 2025-03-01T12:00:00Z */
#define AT(hhmm)  (NOW - 12 * 3600 + (hhmm) / 100 * 3600 + (hhmm) % 100 * 60)

enum { ALICE = 1000, BOB = 1001 };

static const struct weft_asker root = { .known = true, .all = true }, somebody = { .known = false },
			       alice = { .known = true, .uid = ALICE }, bob = { .known = true, .uid = BOB };

static char catalogue_path[] = "/tmp/weft-sight.XXXXXX";
static struct weft_sight *s;

/* ---------------------------------------------------------------- the state */

static const char *const gres[] = { "gpu:h100:8",  "gpu:h100:8",  "gpu:h100:8",
				    "npu:910b3:8", "npu:910b3:8", NULL };
static const char *const names[] = { "nv1", "nv2", "nv3", "as1", "as2", "cpu1" };

static void quiet(bool is_error, const char *line)
{
	(void)is_error;
	(void)line;
}

static void fill_nodes(void)
{
	s->n_nodes = LENGTH(gres);
	s->nodes = calloc(s->n_nodes, sizeof(*s->nodes));
	s->n_free = s->n_nodes;
	s->free = calloc(s->n_free, sizeof(*s->free));
	for (size_t i = 0; i < s->n_nodes; i++) {
		s->nodes[i] = (struct weft_sight_node){
			.name = names[i], .cpus = 64, .memory = 512000, .first_free = i
		};
		s->free[i] = 8;
	}
}

static struct weft_sight_job *add(struct weft_sight_job job)
{
	struct weft_sight_job *to = &s->jobs[s->n_jobs++];

	*to = job;
	to->id = 10 + (uint32_t)s->n_jobs;
	to->user = job.uid == BOB ? "bob" : "alice";
	to->uid = job.uid ? job.uid : ALICE;
	to->state_name = job.state == WEFT_JOB_PENDING ? "PENDING" : "RUNNING";
	to->priority = 1000 - (uint32_t)s->n_jobs;
	if (!job.asks[0])
		memset(to->asks, 0xff, sizeof(to->asks));
	return to;
}

/* It has CARDS on node INDEX. */
static void holds(const struct weft_sight_job *job, uint32_t index, unsigned cards)
{
	struct weft_sight_use use = { .job = (uint32_t)(job - s->jobs),
				      .node = index,
				      .class_id = index > 2,
				      .cards = cards,
				      .cpus = 4,
				      .memory = 1000 };

	ck_assert_int_eq(weft_sight_use(s, &use), 0);
	s->free[index] -= cards;
	s->nodes[index].cpus_used += 4;
	s->nodes[index].memory_used += 1000;
	s->nodes[index].state = s->free[index] ? WEFT_NODE_MIXED : WEFT_NODE_ALLOCATED;
}

static void setup(void)
{
	int fd = mkstemp(catalogue_path);

	setenv("TZ", "UTC", 1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, cards, strlen(cards)), (ssize_t)strlen(cards));
	close(fd);
	weft_site_start(&(struct weft_site_options){
		.conf_path = "/nonexistent/weft.conf", .catalogue_path = catalogue_path, .log = quiet });
	weft_site_set_nodes(gres, LENGTH(gres));
	s = weft_sight_create();
	s->view = weft_site_view();
	s->taken = NOW;
	s->jobs = calloc(20, sizeof(*s->jobs));
	fill_nodes();
	s->parts = calloc(1, sizeof(*s->parts));
	s->parts[s->n_parts++] = (struct weft_sight_part){ .name = "all", .state = "UP" };
}

static void teardown(void)
{
	weft_sight_destroy(s);
	weft_site_stop();
	unlink(catalogue_path);
	memcpy(catalogue_path + strlen(catalogue_path) - 6, "XXXXXX", 6);
}

static char answer[WEFT_SIGHT_MAX_TEXT + 1];

/* Ask the words of TEXT, at most four. */
static const char *ask_at(const struct weft_asker *asker, const char *text, time_t now)
{
	char copy[600], *words[4], *at = copy, *got;
	unsigned n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while (*at && n < 4) {
		words[n++] = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	}
	got = weft_sight_answer(s, asker, n, words, NULL, now);
	ck_assert_ptr_nonnull(got);
	ck_assert_uint_lt(strlen(got), sizeof(answer));
	snprintf(answer, sizeof(answer), "%s", got);
	free(got);
	return answer;
}

static const char *ask(const char *text)
{
	return ask_at(&root, text, NOW);
}

/* ---------------------------------------------------------------- tables */

START_TEST(classes_and_nodes)
{
	struct weft_sight_job *a = add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING });

	holds(a, 0, 8);
	holds(a, 1, 2);
	s->nodes[4].state = WEFT_NODE_DOWN;
	add((struct weft_sight_job){ .accel = "8:h100|8:ascend" });
	add((struct weft_sight_job){ .accel = "8:h100|8:ascend" });
	add((struct weft_sight_job){ .accel = "8,mem>=70G" });
	add((struct weft_sight_job){ .accel = "8:nonsense(" });
	add((struct weft_sight_job){ .asks = { 1, WEFT_SIGHT_NONE } });
	ck_assert_str_eq(
		ask("classes"),
		"CLASS       CARDS    FREE  IN-USE     OUT  NODES RUNNING PENDING  MODEL\n"
		"gpu:h100       24      14      10       0      3       1       3  h100 (nvidia)\n"
		"npu:910b3      16       8       0       8      2       0       3  ascend910b3 (ascend)\n");
	ck_assert_str_eq(ask("nodes"), "CLASS     STATE      NODES   CARDS    FREE  NAMES\n"
				       "gpu:h100  idle           1       8       8  nv3\n"
				       "gpu:h100  mixed          1       8       6  nv2\n"
				       "gpu:h100  allocated      1       8       0  nv1\n"
				       "npu:910b3 idle           1       8       8  as1\n"
				       "npu:910b3 down           1       8       0  as2\n");
}
END_TEST

START_TEST(power)
{
	ck_assert_str_eq(ask("power"), "weft: weft.conf says nothing of power\n");
	s->zones = calloc(2, sizeof(*s->zones));
	s->zones[0] = (struct weft_sight_zone){ "cluster", 1000, 5000, WEFT_NO_CAP };
	s->zones[1] = (struct weft_sight_zone){ "row3", 500, 2500, 3000 };
	s->n_zones = 2;
	s->carbon = 120.4;
	add((struct weft_sight_job){ .accel = "8" });
	add((struct weft_sight_job){ .accel = "8", .uid = BOB });
	s->waits = calloc(2, sizeof(*s->waits));
	s->waits[0] =
		(struct weft_sight_wait){ 11, "power cap of zone row3: 3500 of 3000 W", AT(1405), false };
	s->waits[1] = (struct weft_sight_wait){ 12, "power cap of zone row3: 9500 of 3000 W", 0, true };
	s->n_waits = 2;
	ck_assert_str_eq(ask("power"),
			 "ZONE          IDLE-W  PROJECTED-W        CAP-W\n"
			 "cluster         1000         5000            -\n"
			 "row3             500         2500         3000\n"
			 "carbon now: 120 gCO2/kWh\n"
			 "job 11 waits: power cap of zone row3: 3500 of 3000 W; earliest 14:05:00\n"
			 "job 12 waits: power cap of zone row3: 9500 of 3000 W; not with this cap\n");
	s->hide_jobs = true;
	ask_at(&bob, "power", NOW);
	ck_assert_ptr_null(strstr(answer, "job 11"));
	ck_assert_ptr_nonnull(strstr(answer, "job 12 waits: "));
	ck_assert_ptr_nonnull(strstr(answer, "\n1 more job waits for power\n"));
	ask_at(&somebody, "power", NOW);
	ck_assert_ptr_nonnull(strstr(answer, "\n2 jobs wait for power\n"));
}
END_TEST

/* ---------------------------------------------------------------- one job */

START_TEST(why_it_waits)
{
	holds(add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING, .end = AT(1405) }), 2, 2);
	holds(add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING, .end = AT(1300), .uid = BOB }), 0, 8);
	holds(add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING, .end = NOW + 86400 * 2 }), 1, 8);
	s->nodes[4].state = WEFT_NODE_DRAINED;
	s->nodes[4].reason = "bad fan";
	add((struct weft_sight_job){ .accel = "8:h100 | 16:ascend | 16:h100",
				     .policy = "listed",
				     .reason = "Resources",
				     .start = AT(1405) });
	ck_assert_str_eq(
		ask("why 14"),
		"job 14 of alice, partition all: PENDING\n"
		"  reason: Resources: what it asks for is in use\n"
		"  alternative 1: 8 gpu:h100 on 1 node\n"
		"    missing: 2 more h100 on one node: nv3 has 6 free\n"
		"    would help: job 12 ends 13:00:00 at the latest\n"
		"    free by: 13:00:00\n"
		"  alternative 2: 16 npu:910b3 on 2 nodes\n"
		"    missing: 1 more node with 8 910b3 free; there is 1\n"
		"    would help: resume as2 (drained: bad fan)\n"
		"  alternative 3: 16 gpu:h100 on 2 nodes\n"
		"    missing: 2 more nodes with 8 h100 free; there are 0\n"
		"    would help: job 12 ends 13:00:00 at the latest, job 11 ends 14:05:00 at the latest\n"
		"    free by: 14:05:00\n"
		"  weft: features, memory and reservations of nodes are not looked at yet; ask again in a "
		"second\n"
		"  predicted start: 14:05:00, by the scheduler\n");
	ck_assert_str_eq(ask("job 14"), "job 14 of alice, partition all: PENDING\n"
					"  accel        8:h100 | 16:ascend | 16:h100\n"
					"  policy       listed\n"
					"  alternative  1: 8 gpu:h100 on 1 node\n"
					"  alternative  2: 16 npu:910b3 on 2 nodes\n"
					"  alternative  3: 16 gpu:h100 on 2 nodes\n"
					"  predicted    14:05:00\n"
					"  reason       Resources\n");
	ck_assert_str_eq(ask("why 11"), "job 11 of alice, partition all: RUNNING\n  it does not wait\n");
	/* What is not the asker's has no number. */
	s->hide_jobs = true;
	ask_at(&alice, "why 14", NOW);
	ck_assert_ptr_nonnull(
		strstr(answer, "    would help: another user's job ends 13:00:00 at the latest\n"));
}
END_TEST

START_TEST(only_nodes_that_it_may_have)
{
	add((struct weft_sight_job){ .accel = "8:h100" });
	s->interests[0].id = 11;
	s->interests[0].eligible = calloc(LENGTH(gres), 1);
	s->interests[0].eligible[1] = 1;
	ck_assert_str_eq(ask("why 11"), "job 11 of alice, partition all: PENDING\n"
					"  alternative 1: 8 gpu:h100 on 1 node\n"
					"    missing: nothing; it could start now\n");
	s->interests[0].eligible[1] = 0;
	ck_assert_str_eq(ask("why 11"),
			 "job 11 of alice, partition all: PENDING\n"
			 "  alternative 1: 8 gpu:h100 on 1 node\n"
			 "    missing: 8 h100 on one node: none is free\n"
			 "    would help: nothing; the nodes that the job may have are not enough\n");
	/* A reservation is in the way of others only. */
	s->interests[0].eligible[2] = 1;
	s->nodes[2].state = WEFT_NODE_RESERVED;
	ask("why 11");
	ck_assert_ptr_nonnull(strstr(answer, "    would help: the reservation ends on nv3 (reserved)\n"));
	s->jobs[0].reserved = true;
	ask("why 11");
	ck_assert_ptr_nonnull(strstr(answer, "    missing: nothing; it could start now\n"));
}
END_TEST

START_TEST(what_else_is_in_the_way)
{
	struct weft_sight_job *job;

	add((struct weft_sight_job){ .accel = "1:h100", .reason = "Resources" });
	job = add((struct weft_sight_job){ .accel = "1:h100", .reason = "JobHeldUser" });
	job->priority = 0;
	ask("why 12");
	ck_assert_ptr_nonnull(strstr(answer, "  held: by its user\n    would help: scontrol release 12\n"));
	job->reason = "JobHeldAdmin";
	ck_assert_ptr_nonnull(strstr(ask("why 12"), "  held: by an administrator\n"));
	job->priority = 5;
	job->reason = "Priority";
	ck_assert_ptr_nonnull(strstr(
		ask("why 12"), "  turn: 1 job of higher priority in its partition; the first is job 11\n"));
	job->reason = "Dependency";
	job->dependency = "afterok:11(unfulfilled)";
	ck_assert_ptr_nonnull(
		strstr(ask("why 12"),
		       "  depends: afterok:11(unfulfilled)\n    would help: that these jobs end so\n"));
	job->dependency = NULL;
	job->reason = "BeginTime";
	job->begin = NOW + 86400;
	job->energy = "green,within=2d";
	ck_assert_ptr_nonnull(strstr(ask("why 12"), "  begins: not before 2025-03-02T12:00:00 (--energy)\n"
						    "    would help: to wait until then\n"));
	job->begin = 0;
	job->reason = "QOSMaxGRESPerUser";
	ck_assert_ptr_nonnull(strstr(
		ask("why 12"), "  reason: QOSMaxGRESPerUser: a limit of its QOS is reached\n"
			       "  limit: QOSMaxGRESPerUser\n"
			       "    would help: a higher limit, or that jobs that count towards it end\n"));
	job->reason = "SomethingNew";
	ck_assert_ptr_nonnull(strstr(ask("why 12"), "  reason: SomethingNew\n"));
	s->parts[0].state = "DOWN";
	ck_assert_ptr_nonnull(strstr(ask("why 12"),
				     "  partition: all is DOWN\n"
				     "    would help: scontrol update PartitionName=all State=UP\n"));
	s->waits = calloc(1, sizeof(*s->waits));
	s->waits[s->n_waits++] =
		(struct weft_sight_wait){ 12, "power cap of zone row3: 412 of 400 kW", AT(1405), false };
	ck_assert_ptr_nonnull(strstr(ask("why 12"),
				     "  power: power cap of zone row3: 412 of 400 kW; earliest 14:05:00\n"
				     "    would help: a higher cap, or that jobs in the zone end\n"));
	job->accel = "1:h1000";
	ck_assert_ptr_nonnull(strstr(ask("why 12"), "  alternatives: none: "));
	/* A comment of somebody cannot pass for a line of ours. */
	job->desc = "x\n  held: by its user";
	ck_assert_ptr_nonnull(strstr(ask("why 12"), "  said: x?  held: by its user\n"));
}
END_TEST

START_TEST(arrays)
{
	struct weft_sight_job *task = add((struct weft_sight_job){ .accel = "1:h100" }), *rest;

	task->array_id = 12;
	task->array_task = 3;
	rest = add((struct weft_sight_job){ .accel = "1:h100" });
	rest->array_id = 12;
	rest->array_task = WEFT_SIGHT_NONE;
	ck_assert_ptr_nonnull(strstr(ask("job 12_3"), "job 12_3 of alice"));
	ck_assert_ptr_nonnull(strstr(ask("job 12_4"), "job 12 of alice"));
	ck_assert_ptr_nonnull(strstr(ask("job 12"), "job 12 of alice"));
	ck_assert_str_eq(ask("job 13_1"), "weft: there is no job 13_1\n");
}
END_TEST

/* ---------------------------------------------------------------- for programs */

/* The answer to "json TEXT", which is one. */
static json_object *ask_json(const char *text)
{
	char words[512];
	json_object *o;

	snprintf(words, sizeof(words), "json %s", text);
	o = json_tokener_parse(ask(words));
	ck_assert_msg(o, "%s", answer);
	ck_assert_int_eq(json_object_get_int(json_object_object_get(o, "version")), WEFT_SIGHT_VERSION);
	return o;
}

/* What the words of PATH lead to: keys, and numbers of entries. */
static const char *at(json_object *o, const char *path)
{
	char copy[100], *key = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *next; key && o; key = next) {
		next = strchr(key, '/');
		if (next)
			*next++ = '\0';
		o = json_object_is_type(o, json_type_array)
			    ? json_object_array_get_idx(o, (size_t)strtoul(key, NULL, 10))
			    : json_object_object_get(o, key);
	}
	return o ? json_object_get_string(o) : "null";
}

START_TEST(json_of_jobs)
{
	json_object *o;

	holds(add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING, .end = AT(1405) }), 2, 2);
	holds(add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING, .end = AT(1300), .uid = BOB }), 0, 8);
	s->nodes[4].state = WEFT_NODE_DRAINED;
	s->nodes[4].reason = "bad \"fan\"\n\\ \xc3\xa9 \xff";
	add((struct weft_sight_job){ .accel = "24:h100 | 16:ascend", .reason = "JobHeldUser" })->priority = 0;
	o = ask_json("why 13");
	ck_assert_str_eq(at(o, "question"), "why");
	ck_assert_str_eq(at(o, "job"), "13");
	ck_assert_str_eq(at(o, "name"), "job 13");
	ck_assert_str_eq(at(o, "user"), "alice");
	ck_assert_str_eq(at(o, "partition"), "all");
	ck_assert_str_eq(at(o, "topics/0/what"), "held");
	ck_assert_str_eq(at(o, "topics/0/text"), "by its user");
	ck_assert_str_eq(at(o, "topics/0/would_help/0"), "scontrol release 13");
	ck_assert_str_eq(at(o, "alternatives/0/class"), "gpu:h100");
	ck_assert_str_eq(at(o, "alternatives/0/missing"), "2 more nodes with 8 h100 free; there is 1");
	ck_assert_str_eq(at(o, "alternatives/0/kind"), "busy");
	ck_assert_str_eq(at(o, "alternatives/0/jobs/0"), "12");
	ck_assert_str_eq(at(o, "alternatives/0/jobs/1"), "11");
	ck_assert_str_eq(at(o, "alternatives/0/free_by"), "1740837900");
	ck_assert_str_eq(at(o, "alternatives/1/resume/0"), "as2");
	ck_assert_str_eq(at(o, "alternatives/1/would_help/0"),
			 "resume as2 (drained: bad \"fan\"?\\ \xc3\xa9 ?)");
	ck_assert_str_eq(at(o, "alternatives/1/free_by"), "null");
	ck_assert_str_eq(at(o, "predicted"), "null");
	json_object_put(o);
	o = ask_json("job 11");
	ck_assert_str_eq(at(o, "has/0/cards"), "2");
	ck_assert_str_eq(at(o, "ends_by"), "1740837900");
	json_object_put(o);
	s->hide_jobs = true;
	ask_at(&alice, "json why 13", NOW);
	ck_assert_ptr_nonnull(strstr(answer, "\"jobs\":[null,11]"));
}
END_TEST

START_TEST(json_of_tables)
{
	json_object *o = ask_json("classes");

	ck_assert_str_eq(at(o, "classes/0/class"), "gpu:h100");
	ck_assert_str_eq(at(o, "classes/0/free"), "24");
	ck_assert_str_eq(at(o, "classes/1/vendor"), "ascend");
	json_object_put(o);
	o = ask_json("nodes");
	ck_assert_str_eq(at(o, "groups/0/names"), "nv[1-3]");
	ck_assert_str_eq(at(o, "groups/1/state"), "idle");
	json_object_put(o);
	s->zones = calloc(2, sizeof(*s->zones));
	s->zones[0] = (struct weft_sight_zone){ "cluster", 1000, 5000, WEFT_NO_CAP };
	s->zones[1] = (struct weft_sight_zone){ "row3", 500, 2500, 3000 };
	s->n_zones = 2;
	s->carbon = 120.4;
	o = ask_json("power");
	ck_assert_str_eq(at(o, "zones/0/cap"), "null");
	ck_assert_str_eq(at(o, "zones/1/cap"), "3000");
	ck_assert_str_eq(at(o, "price"), "null");
	ck_assert_str_eq(at(o, "carbon"), "120.4");
	json_object_put(o);
	o = ask_json("why 99");
	ck_assert_str_eq(at(o, "error"), "there is no job 99");
	json_object_put(o);
	o = ask_json("help");
	ck_assert_ptr_nonnull(strstr(at(o, "error"), "unknown question"));
	json_object_put(o);
}
END_TEST

/* ---------------------------------------------------------------- is it right? */

#define RANDOM_JOBS 200

static unsigned under(unsigned n)
{
	return (unsigned)rand() % n;
}

/* The state is made anew: some jobs run, some nodes are out, one job waits, perhaps held back by more. */
static struct weft_sight_job *random_scene(void)
{
	static const char *const requests[] = {
		"8:h100",   "16:h100",	     "4:h100",	"24:h100", "8:h100|8:910b3",
		"16:910b3", "12:h100",	     "5:910b3", "20:h100", "per-node=6,12:h100",
		"3:any",    "2:h100|2:910b3"
	};
	struct weft_sight_job *job;
	unsigned running = 1 + under(5);

	s->n_jobs = s->n_uses = 0;
	for (size_t i = 0; i < s->n_nodes; i++) {
		s->free[i] = gres[i] ? 8 : 0;
		s->nodes[i].cpus_used = 0;
		s->nodes[i].memory_used = 0;
		s->nodes[i].state = under(6) ? WEFT_NODE_IDLE : under(2) ? WEFT_NODE_DRAINED : WEFT_NODE_DOWN;
	}
	for (unsigned i = 0; i < running; i++) {
		unsigned at = under(5), cards = s->free[at] ? 1 + under(s->free[at]) : 0;
		enum weft_node_state state = s->nodes[at].state;

		job = add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING,
						   .end = under(4) ? AT(1300 + (int)under(60)) : 0 });
		if (cards)
			holds(job, at, cards);
		s->nodes[at].state =
			state == WEFT_NODE_IDLE || state == WEFT_NODE_MIXED ? s->nodes[at].state : state;
	}
	job = add((struct weft_sight_job){ .accel = (char *)requests[under(LENGTH(requests))],
					   .policy = "listed",
					   .min_cpus = under(3) ? 0 : 1 + under(64),
					   .whole = !under(8) });
	s->parts[0].state = under(6) ? "UP" : "DOWN";
	if (!under(6))
		job->priority = 0;
	if (!under(6))
		job->begin = NOW + 500;
	if (!under(6))
		job->dependency = "afterany:11(unfulfilled)";
	return job;
}

/* The job with this number gives back what it has. */
static void let_end(uint32_t id)
{
	for (size_t i = 0; i < s->n_uses; i++) {
		struct weft_sight_use *u = &s->uses[i];

		if (s->jobs[u->job].id != id || u->class_id == WEFT_SIGHT_NONE)
			continue;
		s->free[u->node] += u->cards;
		s->nodes[u->node].cpus_used -= u->cpus;
		s->nodes[u->node].memory_used -= u->memory;
		u->class_id = WEFT_SIGHT_NONE;
		u->cards = u->cpus = 0;
		u->memory = 0;
	}
}

static void do_topic(struct weft_sight_job *job, const char *what)
{
	if (!strcmp(what, "held"))
		job->priority = 5000;
	else if (!strcmp(what, "begins"))
		job->begin = NOW;
	else if (!strcmp(what, "depends"))
		job->dependency = NULL;
	else if (!strcmp(what, "partition"))
		s->parts[0].state = "UP";
	else
		ck_abort_msg("what is to be done about \"%s\"?", what);
}

static void resume(const char *name)
{
	for (size_t i = 0; i < s->n_nodes; i++) {
		if (!strcmp(s->nodes[i].name, name))
			s->nodes[i].state = WEFT_NODE_IDLE;
	}
}

/* What stands in the way of alternative I of the answer; false: nothing can be done about it. */
static bool do_alternative(json_object *o)
{
	json_object *jobs = json_object_object_get(o, "jobs"), *nodes = json_object_object_get(o, "resume");

	for (size_t i = 0; i < json_object_array_length(nodes); i++)
		resume(json_object_get_string(json_object_array_get_idx(nodes, i)));
	for (size_t i = 0; i < json_object_array_length(jobs); i++)
		let_end((uint32_t)json_object_get_int64(json_object_array_get_idx(jobs, i)));
	return strcmp(at(o, "kind"), "never") != 0;
}

START_TEST(doing_what_it_says_helps)
{
	unsigned waited = 0, never = 0, topics_met = 0, resumed = 0;

	srand(1207);
	while (waited < RANDOM_JOBS) {
		struct weft_sight_job *job = random_scene();
		char question[32], path[64];
		json_object *o, *topics, *ways;
		size_t which;

		snprintf(question, sizeof(question), "why %u", job->id);
		o = ask_json(question);
		topics = json_object_object_get(o, "topics");
		ways = json_object_object_get(o, "alternatives");
		if (!ways ||
		    (!json_object_array_length(topics) && !strcmp(at(o, "alternatives/0/kind"), "nothing"))) {
			json_object_put(o); /* it does not wait, or never can: 20 cards of 16 */
			continue;
		}
		waited++;
		for (size_t i = 0; i < json_object_array_length(topics); i++, topics_met++)
			do_topic(job, at(json_object_array_get_idx(topics, i), "what"));
		which = under((unsigned)json_object_array_length(ways));
		snprintf(path, sizeof(path), "alternatives/%zu/resume/0", which);
		resumed += strcmp(at(o, path), "null") != 0;
		if (!do_alternative(json_object_array_get_idx(ways, which))) {
			never++;
			json_object_put(o);
			continue;
		}
		json_object_put(o);
		o = ask_json(question);
		snprintf(path, sizeof(path), "alternatives/%zu/kind", which);
		ck_assert_msg(!strcmp(at(o, path), "nothing") &&
				      !json_object_array_length(json_object_object_get(o, "topics")),
			      "job %u of %s: %s", waited, job->accel, answer);
		json_object_put(o);
	}
	ck_assert_msg(topics_met > 30 && resumed > 20 && never < RANDOM_JOBS / 4, "%u %u %u", topics_met,
		      resumed, never);
}
END_TEST

/* ---------------------------------------------------------------- quotes */

START_TEST(quote_at_home)
{
	struct weft_sight_job *w;
	json_object *o;

	holds(add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING, .end = AT(1300) }), 0, 8);
	holds(add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING, .end = AT(1400) }), 1, 8);
	s->carbon = 500;
	ck_assert_str_eq(ask("quote 8:h100|8:ascend"),
			 "SITE         ALT  CARDS CLASS            START      FINISH               COST"
			 "      KWH      GCO2  BEST\n"
			 "home           1      8 gpu:h100         now        13:00:00             free"
			 "     5.60      2800  cheapest, soonest\n"
			 "home           2      8 npu:910b3        now        13:16:41             free"
			 "     4.09      2045  greenest\n");
	/* Who waits goes first, as far as there is room. */
	w = add((struct weft_sight_job){ .asks = { 0, WEFT_SIGHT_NONE, WEFT_SIGHT_NONE, WEFT_SIGHT_NONE },
					 .cards = 8,
					 .seconds = 7200 });
	memset(w->asks, 0xff, sizeof(w->asks));
	w->asks[0] = 0;
	o = ask_json("quote 8:h100 30m");
	ck_assert_str_eq(at(o, "offers/0/start"), "1740834000"); /* 13:00, when job 11 ends */
	ck_assert_str_eq(at(o, "offers/0/finish"), "1740835800");
	ck_assert_str_eq(at(o, "offers/0/cost"), "0");
	ck_assert_str_eq(at(o, "offers/0/site"), "null");
	ck_assert_str_eq(at(o, "seconds"), "1800");
	json_object_put(o);
	/* What is on nodes that are out is not offered for a time. */
	s->nodes[0].state = s->nodes[1].state = s->nodes[2].state = WEFT_NODE_DOWN;
	o = ask_json("quote 8:h100");
	ck_assert_str_eq(at(o, "offers/0/start"), "null");
	ck_assert_str_eq(at(o, "offers/0/soonest"), "0");
	ck_assert_str_eq(at(o, "offers/0/note"), "nodes that are down or drained are needed for it");
	json_object_put(o);
}
END_TEST

START_TEST(quote_refusals)
{
	static const char *const cases[][2] = {
		{ "quote", "weft: quote takes one request, and perhaps a time\n" },
		{ "quote 8:h100 1h x", "weft: quote takes one request, and perhaps a time\n" },
		{ "quote 8:h100 soon",
		  "weft: \"soon\" is not a time of up to 366 days, such as 90m or 12:00:00\n" },
		{ "quote 8:h10", "weft: unknown model \"h10\" at column 3; did you mean h100?\n" },
		{ "quote 8:", "weft: --accel: " },
		{ "quote 800:h100", "weft: " },
	};

	for (int i = 0; i < LENGTH(cases); i++)
		ck_assert_msg(!strncmp(ask(cases[i][0]), cases[i][1], strlen(cases[i][1])), "%s", answer);
	s->hide_nodes = true;
	ck_assert_str_eq(ask_at(&alice, "quote 8:h100", NOW),
			 "weft: PrivateData=nodes: nodes are shown to operators\n");
}
END_TEST

/* Another site: a node that stands for it, and what weftd wrote. */
START_TEST(quote_elsewhere)
{
	static const char conf[] = "Peer=beta Url=https://b:1 Token=/t Users=same Node=as2 Partition=beta "
				   "Directory=~/w Fetch=x StageIn=x StageOut=x\n";
	static struct weft_outlook_step free_cards = { .free = 8 };
	struct weft_site_kind kind = {
		.gres = "npu:910b3", .price = 250000, .currency = "EUR", .carbon = 100
	};
	struct weft_site_peer peer = {
		.name = "beta", .open = true, .why = "", .release = "", .kinds = &kind, .n_kinds = 1
	};
	struct weft_sites sites = { .made = NOW, .peers = &peer, .n_peers = 1 };
	struct weft_sight_sites held = { .sites = &sites, .holders = 2 };
	const struct weft_view *before = s->view;
	struct weft_view view = *before;
	struct weft_err err = WEFT_ERR_INIT;
	json_object *o;

	kind.outlook = (struct weft_outlook){ .cards = 8, .n = 1 };
	kind.outlook.steps[0] = free_cards;
	kind.outlook.steps[0].from = NOW;
	view.conf = weft_conf_parse("weft.conf", conf, strlen(conf), &err);
	ck_assert_msg(view.conf, "%s", err.text);
	s->view = &view;
	s->sites = &held;
	holds(add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING, .end = AT(1400) }), 3, 8);
	o = ask_json("quote 8:ascend");
	ck_assert_str_eq(at(o, "offers/0/site"), "null");
	ck_assert_str_eq(at(o, "offers/0/start"), "1740837600");
	ck_assert_str_eq(at(o, "offers/0/cheapest"), "1");
	ck_assert_str_eq(at(o, "offers/0/soonest"), "0");
	ck_assert_str_eq(at(o, "offers/1/site"), "beta");
	ck_assert_str_eq(at(o, "offers/1/cost"), "2000000");
	ck_assert_str_eq(at(o, "offers/1/currency"), "EUR");
	ck_assert_str_eq(at(o, "offers/1/soonest"), "1");
	json_object_put(o);
	peer.open = false;
	peer.why = "no answer since noon";
	ck_assert_ptr_nonnull(strstr(ask("quote 8:ascend"), " no answer since noon\n"));
	sites.made = NOW - 1000;
	ck_assert_ptr_nonnull(strstr(ask("quote 8:ascend"), " nothing is known of it: is weftd running?\n"));
	weft_conf_destroy(view.conf);
	s->view = before;
	s->sites = NULL;
}
END_TEST

/* ---------------------------------------------------------------- words, rights, size, age */

START_TEST(words)
{
	static const char *const cases[][2] = {
		{ "wy 1", "weft: unknown question \"wy\"; did you mean why?\n" },
		{ "clases", "weft: unknown question \"clases\"; did you mean classes?\n" },
		{ "x", "weft: unknown question \"x\"; \"help\" lists those that there are\n" },
		{ "CLASSES", "weft: unknown question \"CLASSES\"; did you mean classes?\n" },
		{ "why", "weft: why takes the number of one job\n" },
		{ "job 1 2", "weft: job takes the number of one job\n" },
		{ "power now", "weft: power takes nothing behind it\n" },
		{ "job 0", "weft: \"0\" is not the number of a job\n" },
		{ "job 1_", "weft: \"1_\" is not the number of a job\n" },
		{ "job 99999999999", "weft: \"99999999999\" is not the number of a job\n" },
		{ "job 5", "weft: there is no job 5\n" },
	};
	char *help[] = { "help" }, *text;

	for (int i = 0; i < LENGTH(cases); i++)
		ck_assert_str_eq(ask(cases[i][0]), cases[i][1]);
	ck_assert_ptr_nonnull(strstr(ask(""), "scontrol show bbstat why N "));
	text = weft_sight_answer(s, &root, 1, help, "lua", NOW);
	ck_assert_ptr_nonnull(strstr(text, "\nOther words go to burst_buffer/lua.\n"));
	free(text);
	ck_assert(weft_sight_knows("why") && !weft_sight_knows("whyever"));
	ck_assert_uint_eq(weft_sight_asked_job(2, (char *[]){ "why", "17_3" }), 17);
	ck_assert_uint_eq(weft_sight_asked_job(2, (char *[]){ "nodes", "17" }), 0);
	ck_assert_uint_eq(weft_sight_asked_job(1, (char *[]){ "why" }), 0);
}
END_TEST

START_TEST(rights)
{
	add((struct weft_sight_job){ .accel = "1:h100" });
	s->hide_jobs = s->hide_nodes = true;
	ck_assert_ptr_nonnull(strstr(ask_at(&alice, "why 11", NOW), "missing: nothing"));
	ck_assert_str_eq(ask_at(&bob, "why 11", NOW), "weft: there is no job 11\n");
	ck_assert_str_eq(ask_at(&somebody, "why 11", NOW),
			 "weft: PrivateData=jobs, and this release of Slurm does "
			 "not say who asks: jobs are not shown\n");
	ck_assert_str_eq(ask_at(&alice, "nodes", NOW),
			 "weft: PrivateData=nodes: nodes are shown to operators\n");
	ck_assert_str_eq(ask_at(&somebody, "classes", NOW),
			 "weft: PrivateData=nodes, and this release of Slurm does "
			 "not say who asks: nodes are not shown\n");
	s->operators = malloc(sizeof(*s->operators));
	s->operators[s->n_operators++] = BOB;
	ck_assert_ptr_nonnull(strstr(ask_at(&bob, "why 11", NOW), "missing: nothing"));
	ck_assert_ptr_nonnull(strstr(ask_at(&bob, "nodes", NOW), "nv[1-3]"));
	s->free[0] = s->free[1] = s->free[2] = 0;
	s->free[2] = 1;
	s->jobs[0].accel = "8:h100";
	ck_assert_ptr_nonnull(
		strstr(ask_at(&alice, "why 11", NOW), "7 more h100 on one node: a node has 1 free\n"));
	ck_assert_ptr_nonnull(
		strstr(ask_at(&bob, "why 11", NOW), "7 more h100 on one node: nv3 has 1 free\n"));
	s->hide_jobs = s->hide_nodes = false;
	s->free[0] = 8;
	ck_assert_ptr_nonnull(strstr(ask_at(&somebody, "why 11", NOW), "missing: nothing"));
}
END_TEST

START_TEST(age)
{
	struct weft_sight *real = s;

	ck_assert_ptr_nonnull(strstr(ask_at(&root, "nodes", NOW + 7), "\nas of 12:00:00, 7 s ago\n"));
	ck_assert_ptr_null(strstr(ask_at(&root, "nodes", NOW + 2), "as of"));
	s = NULL;
	ck_assert_str_eq(ask("nodes"), "weft: nothing is known yet; ask again in a second\n");
	s = real;
}
END_TEST

/* Names that cannot be joined, more than have room. */
START_TEST(size)
{
	size_t n = 6000;
	char *text, *words[] = { "power" };

	s->zones = calloc(n, sizeof(*s->zones));
	s->n_zones = n;
	for (size_t i = 0; i < n; i++)
		s->zones[i] = (struct weft_sight_zone){ "a-zone-with-a-name-that-is-rather-long", 1, 2, 3 };
	text = weft_sight_answer(s, &root, 1, words, NULL, NOW);
	ck_assert_uint_le(strlen(text), WEFT_SIGHT_MAX_TEXT);
	ck_assert_uint_gt(strlen(text), WEFT_SIGHT_MAX_TEXT - 1000);
	ck_assert_ptr_nonnull(strstr(text, " more lines have no room here\n"));
	ck_assert_str_eq(strstr(text, " here\n"), " here\n");
	free(text);
	json_object_put(ask_json("power"));
	ck_assert_str_eq(answer, "{\"version\":1,\"error\":\"the answer has more than 262144 bytes\"}\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sight");
	TCase *t = tcase_create("sight");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, classes_and_nodes);
	tcase_add_test(t, power);
	tcase_add_test(t, why_it_waits);
	tcase_add_test(t, only_nodes_that_it_may_have);
	tcase_add_test(t, what_else_is_in_the_way);
	tcase_add_test(t, arrays);
	tcase_add_test(t, json_of_jobs);
	tcase_add_test(t, json_of_tables);
	tcase_add_test(t, doing_what_it_says_helps);
	tcase_add_test(t, quote_at_home);
	tcase_add_test(t, quote_refusals);
	tcase_add_test(t, quote_elsewhere);
	tcase_add_test(t, words);
	tcase_add_test(t, rights);
	tcase_add_test(t, age);
	tcase_add_test(t, size);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
