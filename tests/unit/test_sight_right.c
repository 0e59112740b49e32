/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sight_right.c - random jobs that wait: when what "why" says would help is done, nothing is in their
 * way.
 */
#include "tests/unit/sight_state.h"

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

int main(void)
{
	TCase *t = tcase_create("right");

	tcase_add_test(t, doing_what_it_says_helps);
	return run_tests("sight_right", t);
}
