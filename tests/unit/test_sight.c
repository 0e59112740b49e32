/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sight.c - answers from a made-up state, to the letter; who may see what; and that none is longer than
 * it may be.
 */
#include "tests/unit/sight_state.h"

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

static void set_zones(void)
{
	s->zones = calloc(2, sizeof(*s->zones));
	s->zones[0] = (struct weft_sight_zone){ "cluster", 1000, 5000, WEFT_NO_CAP };
	s->zones[1] = (struct weft_sight_zone){ "row3", 500, 2500, 3000 };
	s->n_zones = 2;
	s->carbon = 120.4;
}

START_TEST(power)
{
	ck_assert_str_eq(ask("power"), "weft: weft.conf says nothing of power\n");
	set_zones();
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

/* The cards are free; the processors or the memory of the one node that it may have are not. */
START_TEST(what_else_than_cards)
{
	static const struct {
		struct weft_sight_job asks;
		const char *want;
	} cases[] = {
		{ { .min_cpus = 4 }, "    missing: nothing; it could start now\n" },
		{ { .min_cpus = 8 },
		  "on a node nv2 has 4 free\n    would help: job 11 ends 13:00:00 at the latest\n" },
		{ { .min_cpus = 1, .node_cpus = 8 },
		  "on a node nv2 has 4 free\n    would help: job 11 ends 13:00:00 at the latest\n" },
		{ { .min_cpus = 65 },
		  "    would help: nothing; the nodes that the job may have are not enough\n" },
		{ { .min_cpus = 2, .memory = 1000 }, "    missing: nothing; it could start now\n" },
		{ { .min_cpus = 2, .memory = 1000, .memory_by_cpu = true },
		  "    would help: job 11 ends 13:00:00 at the latest\n" },
		{ { .memory = 1500, .memory_by_cpu = true }, "    missing: nothing; it could start now\n" },
	};
	struct weft_sight_use processors = {
		.node = 1, .class_id = WEFT_SIGHT_NONE, .cpus = 60, .memory = 510500
	};

	add((struct weft_sight_job){ .state = WEFT_JOB_RUNNING, .end = AT(1300) });
	ck_assert_int_eq(weft_sight_use(s, &processors), 0);
	s->nodes[1].cpus_used = 60;
	s->nodes[1].memory_used = 510500;
	add((struct weft_sight_job){ .accel = "1:h100" });
	s->interests[0].id = 12;
	s->interests[0].eligible = calloc(LENGTH(gres), 1);
	s->interests[0].eligible[1] = 1;
	for (int i = 0; i < LENGTH(cases); i++) {
		s->jobs[1].min_cpus = cases[i].asks.min_cpus;
		s->jobs[1].node_cpus = cases[i].asks.node_cpus;
		s->jobs[1].memory = cases[i].asks.memory;
		s->jobs[1].memory_by_cpu = cases[i].asks.memory_by_cpu;
		ck_assert_msg(strstr(ask("why 12"), cases[i].want) != NULL, "%d: %s", i, answer);
	}
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
	set_zones();
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

/* ---------------------------------------------------------------- quotes */

static const struct weft_view *plain;
static struct weft_view priced;
static struct weft_conf *price_conf;

static void with_prices(const char *lines)
{
	struct weft_err err = WEFT_ERR_INIT;

	price_conf = weft_conf_parse("weft.conf", lines, strlen(lines), &err);
	ck_assert_msg(price_conf, "%s", err.text);
	plain = s->view;
	priced = *plain;
	priced.prices = weft_price_list_load(price_conf, &err);
	ck_assert_ptr_nonnull(priced.prices);
	s->view = &priced;
}

static void without_prices(void)
{
	s->view = plain;
	weft_price_list_destroy(priced.prices);
	weft_conf_destroy(price_conf);
}

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
	/* Some of them have a price. */
	with_prices("HomePrice=gpu:h100 Price=2 Currency=EUR\n");
	ck_assert_str_eq(ask("quote 4:h100|4:ascend"),
			 "SITE         ALT  CARDS CLASS            START      FINISH               COST"
			 "      KWH      GCO2  BEST\n"
			 "home           1      4 gpu:h100         13:00:00   14:00:00         8.00 EUR"
			 "     2.80      1400  -\n"
			 "home           2      4 npu:910b3        now        13:16:41             free"
			 "     2.04      1022  cheapest, soonest, greenest\n");
	without_prices();
	/* What is on nodes that are out is not offered for a time. */
	s->nodes[0].state = s->nodes[1].state = s->nodes[2].state = WEFT_NODE_DOWN;
	o = ask_json("quote 8:h100");
	ck_assert_str_eq(at(o, "offers/0/start"), "null");
	ck_assert_str_eq(at(o, "offers/0/soonest"), "0");
	ck_assert_str_eq(at(o, "offers/0/note"), "nodes that are down or drained are needed for it");
	json_object_put(o);
}
END_TEST

/* Of a long queue the first are taken in, of each class as many; those that are first are so by priority. */
START_TEST(quote_long_queue)
{
	enum { QUEUE = 500, MORE = 5 };
	json_object *o;

	s->jobs = realloc(s->jobs, (QUEUE + MORE) * sizeof(*s->jobs));
	for (unsigned i = 0; i < QUEUE + MORE; i++) {
		struct weft_sight_job *w = add((struct weft_sight_job){ .part = i % 2 ? 0 : WEFT_SIGHT_NONE,
									.cards = 24,
									.seconds = i < MORE ? 1000000 : 60 });

		w->asks[0] = 0;
		w->priority = i < MORE ? 1 : 2 + i * 7919u % QUEUE;
	}
	o = ask_json("quote 8:h100");
	ck_assert_str_eq(at(o, "waiting_left_out"), "5");
	ck_assert_str_eq(at(o, "offers/0/start"), "1740860400"); /* 500 minutes later */
	json_object_put(o);
	for (unsigned i = 9; i < QUEUE; i += 10) {
		s->jobs[i].asks[0] = 1;
		s->jobs[i].cards = 16;
	}
	o = ask_json("quote 8:h100|16:h100|8:ascend");
	ck_assert_str_eq(at(o, "waiting_left_out"), "5");
	ck_assert_str_eq(at(o, "offers/0/start"), "1740857400"); /* 450 minutes later */
	ck_assert_str_eq(at(o, "offers/1/start"), "1740857400");
	ck_assert_str_eq(at(o, "offers/2/start"), "1740833400"); /* 50 */
	json_object_put(o);
	o = ask_json("quote 8:ascend");
	ck_assert_str_eq(at(o, "waiting_left_out"), "0");
	json_object_put(o);
	for (unsigned i = 9; i < QUEUE; i += 10)
		s->jobs[i].asks[0] = 0;
	ck_assert_ptr_nonnull(strstr(ask("quote 8:h100"),
				     "\n5 of the jobs that wait are not reckoned with: it may be later\n"));
	/* Those that are held, or wait for others, are not in its way. */
	for (unsigned i = 0; i < QUEUE + MORE; i++) {
		s->jobs[i].priority = i % 2 ? 0 : 5;
		s->jobs[i].dependency = i % 2 ? NULL : "afterok:1";
	}
	o = ask_json("quote 8:h100");
	ck_assert_str_eq(at(o, "waiting_left_out"), "0");
	ck_assert_str_eq(at(o, "offers/0/start"), "1740830400");
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
	ck_assert_uint_eq(weft_sight_asked_job(NULL, 2, (char *[]){ "why", "17_3" }), 17);
	ck_assert_uint_eq(weft_sight_asked_job(NULL, 2, (char *[]){ "nodes", "17" }), 0);
	ck_assert_uint_eq(weft_sight_asked_job(NULL, 1, (char *[]){ "why" }), 0);
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
	TCase *t = tcase_create("sight");

	tcase_add_test(t, classes_and_nodes);
	tcase_add_test(t, power);
	tcase_add_test(t, why_it_waits);
	tcase_add_test(t, only_nodes_that_it_may_have);
	tcase_add_test(t, what_else_than_cards);
	tcase_add_test(t, what_else_is_in_the_way);
	tcase_add_test(t, arrays);
	tcase_add_test(t, json_of_jobs);
	tcase_add_test(t, json_of_tables);
	tcase_add_test(t, quote_at_home);
	tcase_add_test(t, quote_long_queue);
	tcase_add_test(t, quote_refusals);
	tcase_add_test(t, quote_elsewhere);
	tcase_add_test(t, words);
	tcase_add_test(t, rights);
	tcase_add_test(t, age);
	tcase_add_test(t, size);
	return run_tests("sight", t);
}
