/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sight_why.c - one job: what it asked for, what was decided, and what each of its alternatives is missing.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/jobspec.h"
#include "core/lack.h"
#include "core/mix.h"
#include "core/plan.h"
#include "core/sight_private.h"
#include "core/why.h"

#define NAMED 8 /* jobs that are named in a line */

/* ---------------------------------------------------------------- job */

static void field(struct weft_sheet *sheet, const char *name, const char *value)
{
	if (!value)
		return;
	sheet->key = name;
	if (sheet->json)
		weft_sheet_line(sheet, "%s", value);
	else
		weft_sheet_line(sheet, "  %-12s %s", name, value);
}

static void moment(struct weft_sheet *sheet, const char *name, time_t when)
{
	char clock[WEFT_CLOCK_SIZE];

	if (sheet->json)
		weft_sheet_moment(sheet, name, when);
	else if (when)
		field(sheet, name, weft_sheet_clock(sheet, when, clock));
}

static const char *part_name(const struct weft_sight *s, const struct weft_sight_job *job)
{
	return job->part < s->n_parts ? s->parts[job->part].name : NULL;
}

static void head(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	const char *part = part_name(sheet->s, job);

	weft_sheet_number(sheet, "job", job->id);
	weft_sheet_string(sheet, "user", job->user);
	weft_sheet_string(sheet, "partition", part);
	weft_sheet_string(sheet, "state", job->state_name);
	sheet->key = "name";
	weft_sheet_job_name(sheet, job);
	if (sheet->json) {
		weft_sheet_end_line(sheet);
		return;
	}
	weft_say(&sheet->text, " of %s", job->user ? job->user : "?");
	if (part)
		weft_say(&sheet->text, ", partition %s", part);
	weft_sheet_line(sheet, ": %s", job->state_name ? job->state_name : "?");
}

static bool predicted(const struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	return job->state == WEFT_JOB_PENDING && job->start > sheet->now;
}

/* The alternatives that weft.conf, catalogue and nodes leave of a request. */
struct ways {
	struct weft_jobspec spec;
	struct weft_plan plan;
};

static bool in_partition(unsigned index, void *arg)
{
	const unsigned char *has = arg;

	return has[index];
}

static int find_ways(struct ways *w, const struct weft_sight *s, const struct weft_sight_job *job,
		     struct weft_err *err)
{
	struct weft_scope scope = { 0 };

	if (weft_jobspec_make(&w->spec, job->accel, job->policy, job->app, s->view->conf, err))
		return -1;
	if (job->node_bounds)
		weft_nodes_parse(job->node_bounds, &scope.min_nodes, &scope.max_nodes);
	if (job->part < s->n_parts && s->parts[job->part].has &&
	    weft_inventory_nodes(s->view->inventory) <= s->n_nodes) {
		scope.usable = in_partition;
		scope.arg = (void *)s->parts[job->part].has;
	}
	if (!weft_plan_make(&w->plan, w->spec.request, s->view->inventory, &scope, w->spec.app,
			    s->view->conf->intensity, err))
		return 0;
	weft_jobspec_clear(&w->spec);
	return -1;
}

static void clear_ways(struct ways *w)
{
	weft_plan_clear(&w->plan);
	weft_jobspec_clear(&w->spec);
}

static void say_candidate(struct weft_sheet *sheet, const struct weft_candidate *c)
{
	weft_sheet_number(sheet, "alternative", c->alternative + 1);
	weft_sheet_number(sheet, "cards", c->devices);
	weft_sheet_string(sheet, "class", c->class->label);
	weft_sheet_number(sheet, "nodes", c->nodes);
	weft_say(&sheet->text, "%u %s on %u node%s", c->devices, c->class->label, c->nodes,
		 c->nodes == 1 ? "" : "s");
}

static void say_ways(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct ways w;

	if (find_ways(&w, sheet->s, job, &err)) {
		field(sheet, sheet->json ? "no_alternative" : "alternatives none:", err.text);
		return;
	}
	weft_sheet_open(sheet, "alternatives", WEFT_SHEET_LIST);
	for (size_t i = 0; i < w.plan.n; i++) {
		weft_sheet_open(sheet, NULL, WEFT_SHEET_OBJECT);
		weft_say(&sheet->text, "  alternative  %u: ", w.plan.candidates[i].alternative + 1);
		say_candidate(sheet, &w.plan.candidates[i]);
		weft_sheet_end_line(sheet);
		weft_sheet_close(sheet, WEFT_SHEET_OBJECT);
	}
	weft_sheet_close(sheet, WEFT_SHEET_LIST);
	clear_ways(&w);
}

/* The cards that a job has: "8 gpu:h100 on 1 node". */
static void say_held(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	const struct weft_sight *s = sheet->s;
	uint32_t index = (uint32_t)(job - s->jobs);
	size_t classes = weft_inventory_classes(s->view->inventory);

	weft_sheet_open(sheet, "has", WEFT_SHEET_LIST);
	for (size_t c = 0; c < classes; c++) {
		uint64_t cards = 0, nodes = 0;

		for (size_t i = 0; i < s->n_uses; i++) {
			if (s->uses[i].job != index || s->uses[i].class_id != c)
				continue;
			cards += s->uses[i].cards;
			nodes++;
		}
		if (!nodes)
			continue;
		weft_sheet_open(sheet, NULL, WEFT_SHEET_OBJECT);
		weft_sheet_number(sheet, "cards", (int64_t)cards);
		weft_sheet_string(sheet, "class", weft_inventory_class(s->view->inventory, c)->label);
		weft_sheet_number(sheet, "nodes", (int64_t)nodes);
		weft_sheet_close(sheet, WEFT_SHEET_OBJECT);
		weft_sheet_line(sheet, "  has          %" PRIu64 " %s on %" PRIu64 " node%s", cards,
				weft_inventory_class(s->view->inventory, c)->label, nodes,
				nodes == 1 ? "" : "s");
	}
	weft_sheet_close(sheet, WEFT_SHEET_LIST);
}

void weft_sight_job(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	head(sheet, job);
	field(sheet, "accel", job->accel);
	field(sheet, "policy", job->policy);
	field(sheet, "app", job->app);
	field(sheet, "energy", job->energy);
	moment(sheet, "window ends", job->window_end);
	field(sheet, "tres", job->tres);
	if (job->accel)
		say_ways(sheet, job);
	if (job->state == WEFT_JOB_RUNNING) {
		say_held(sheet, job);
		field(sheet, "nodes", job->nodes);
		moment(sheet, "started", job->start);
		moment(sheet, "ends by", job->end);
	}
	if (predicted(sheet, job))
		moment(sheet, "predicted", job->start);
	field(sheet, "decision", job->comment);
	if (job->state == WEFT_JOB_PENDING)
		field(sheet, "reason", job->reason);
}

/* ---------------------------------------------------------------- why: one alternative */

/* What why.h wants to know, of the nodes that the job may have. */
struct scene {
	struct weft_why_node *nodes;
	struct weft_why_release *releases;
	size_t n_nodes, n_releases;
	uint32_t *place; /* of each node of the sight among NODES, or WEFT_SIGHT_NONE */
};

static const struct weft_sight_interest *interest_of(const struct weft_sight *s,
						     const struct weft_sight_job *job)
{
	for (size_t i = 0; i < WEFT_SIGHT_INTERESTS; i++) {
		if (s->interests[i].id == job->id && s->interests[i].eligible)
			return &s->interests[i];
	}
	return NULL;
}

static bool may_have(const struct weft_sight *s, const struct weft_sight_job *job,
		     const struct weft_sight_interest *interest, size_t node)
{
	if (!s->nodes[node].name)
		return false;
	if (interest)
		return interest->eligible[node];
	return job->part >= s->n_parts || !s->parts[job->part].has || s->parts[job->part].has[node];
}

static unsigned above(unsigned a, unsigned b)
{
	return a > b ? a - b : 0;
}

static bool usable(const struct weft_sight_job *job, const struct weft_sight_node *node)
{
	return weft_node_usable(node->state) || (job->reserved && node->state == WEFT_NODE_RESERVED);
}

static void scene_add_node(struct scene *sc, const struct weft_sight *s, const struct weft_sight_job *job,
			   size_t i, unsigned total, unsigned free)
{
	const struct weft_sight_node *node = &s->nodes[i];

	sc->place[i] = (uint32_t)sc->n_nodes;
	sc->nodes[sc->n_nodes++] = (struct weft_why_node){
		.id = (unsigned)i,
		.usable = usable(job, node),
		.total = total,
		.free = free,
		.cpus = node->cpus,
		.cpus_free = above(node->cpus, node->cpus_used),
		.memory = node->memory,
		.memory_free = node->memory > node->memory_used ? node->memory - node->memory_used : 0,
	};
}

static void scene_add_use(struct scene *sc, const struct weft_sight *s, const struct weft_sight_use *u,
			  unsigned class_id)
{
	if (sc->place[u->node] == WEFT_SIGHT_NONE ||
	    (u->class_id != class_id && u->class_id != WEFT_SIGHT_NONE))
		return;
	sc->releases[sc->n_releases++] = (struct weft_why_release){
		.node = sc->place[u->node],
		.job = u->job, /* its index */
		.end = s->jobs[u->job].end,
		.cards = u->class_id == class_id ? u->cards : 0,
		.cpus = u->cpus,
		.memory = u->memory,
	};
}

static void scene_clear(struct scene *sc)
{
	free(sc->nodes);
	free(sc->releases);
	free(sc->place);
}

static int scene_make(struct scene *sc, const struct weft_sight *s, const struct weft_sight_job *job,
		      const struct weft_sight_interest *interest, unsigned class_id)
{
	*sc = (struct scene){ .nodes = malloc((s->n_nodes + 1) * sizeof(*sc->nodes)),
			      .releases = malloc((s->n_uses + 1) * sizeof(*sc->releases)),
			      .place = malloc((s->n_nodes + 1) * sizeof(*sc->place)) };
	if (!sc->nodes || !sc->releases || !sc->place) {
		scene_clear(sc);
		return -1;
	}
	for (size_t i = 0; i < s->n_nodes; i++) {
		unsigned total, free;

		sc->place[i] = WEFT_SIGHT_NONE;
		if (may_have(s, job, interest, i) && weft_sight_cards(s, i, class_id, &total, &free))
			scene_add_node(sc, s, job, i, total, free);
	}
	for (size_t i = 0; i < s->n_uses; i++)
		scene_add_use(sc, s, &s->uses[i], class_id);
	return 0;
}

static struct weft_why_need need_of(const struct weft_sight_job *job, const struct weft_candidate *c)
{
	struct weft_why_need need = { .nodes = c->nodes,
				      .per_node = c->per_node,
				      .devices = c->devices,
				      .whole = job->whole,
				      .cpus = (job->min_cpus + c->nodes - 1) / c->nodes };

	need.cpus = need.cpus > job->node_cpus ? need.cpus : job->node_cpus;
	need.memory = job->memory_by_cpu ? job->memory * (need.cpus ? need.cpus : 1) : job->memory;
	return need;
}

int weft_sight_find(const struct weft_sight *s, const struct weft_sight_job *job,
		    const struct weft_sight_interest *interest, const struct weft_candidate *c,
		    struct weft_why *why)
{
	struct weft_why_need need = need_of(job, c);
	struct scene sc;
	int rc;

	if (scene_make(&sc, s, job, interest, c->class->id))
		return -1;
	rc = weft_why_find(why, &need, sc.nodes, sc.n_nodes, sc.releases, sc.n_releases);
	scene_clear(&sc);
	return rc;
}

/* "job 17", or of a job that the asker may not see "another user's job". */
static void say_job(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	if (weft_sheet_may_see(sheet, job))
		weft_say(&sheet->text, "job %" PRIu32, job->id);
	else
		weft_say(&sheet->text, "another user's job");
}

static void say_jobs(struct weft_sheet *sheet, const struct weft_why *why)
{
	char clock[WEFT_CLOCK_SIZE];
	unsigned n = why->n_jobs < NAMED ? why->n_jobs : NAMED;

	if (!n)
		return;
	weft_sheet_begin(sheet, 2, WEFT_SHEET_HELP);
	for (unsigned i = 0; i < n; i++) {
		weft_say(&sheet->text, "%s", i ? ", " : "");
		say_job(sheet, &sheet->s->jobs[why->jobs[i]]);
		if (why->ends[i])
			weft_say(&sheet->text, " ends %s at the latest",
				 weft_sheet_clock(sheet, why->ends[i], clock));
		else
			weft_say(&sheet->text, " ends");
	}
	if (why->n_jobs > n)
		weft_say(&sheet->text, " and %u more jobs end", why->n_jobs - n);
	weft_sheet_end_line(sheet);
}

/* "would help: resume nv2 (drained: fan)" */
static void say_nodes(struct weft_sheet *sheet, const struct weft_why *why, const struct scene *sc)
{
	unsigned n = why->n_idle_nodes < NAMED ? why->n_idle_nodes : NAMED;

	if (!n)
		return;
	weft_sheet_begin(sheet, 2, WEFT_SHEET_HELP);
	for (unsigned i = 0; i < n; i++) {
		unsigned id = sc->nodes[why->idle_nodes[i]].id;
		const struct weft_sight_node *node = &sheet->s->nodes[id];
		bool reserved = node->state == WEFT_NODE_RESERVED;

		weft_say(&sheet->text, "%s%s %s (%s%s%.100s)", i ? ", " : "",
			 reserved ? "the reservation ends on" : "resume", weft_sheet_node_name(sheet, id),
			 weft_node_state_names[node->state], node->reason ? ": " : "",
			 node->reason ? node->reason : "");
	}
	if (why->n_idle_nodes > n)
		weft_say(&sheet->text, " and %u more", why->n_idle_nodes - n);
	weft_sheet_end_line(sheet);
}

/* What keeps the node that comes closest from taking the job, when it is not its cards. */
static void say_room(struct weft_sheet *sheet, const struct weft_why_need *need,
		     const struct weft_why_node *node, const char *name)
{
	struct weft_text *t = &sheet->text;

	if (need->whole && node->cpus_free < node->cpus)
		weft_say(t, "the cards are free, but not a node without other jobs: %s has some", name);
	else if (node->cpus_free < need->cpus)
		weft_say(t, "the cards are free, but of %u processors on a node %s has %u free", need->cpus,
			 name, node->cpus_free);
	else
		weft_say(t, "the cards are free, but of %" PRIu64 " MiB on a node %s has %" PRIu64 " free",
			 need->memory, name, node->memory_free);
}

static void say_missing(struct weft_sheet *sheet, const struct weft_why *why,
			const struct weft_why_need *need, const struct weft_candidate *c,
			const struct scene *sc)
{
	const struct weft_why_node *best = why->best == UINT_MAX ? NULL : &sc->nodes[why->best];
	const char *name = best ? weft_sheet_node_name(sheet, best->id) : NULL,
		   *called = weft_class_called(c->class);
	struct weft_text *t = &sheet->text;

	weft_sheet_begin(sheet, 2, "missing");
	if (!need->per_node && why->cards)
		weft_say(t, "%u more %s on %u nodes; there are %u free", need->devices - why->ready, called,
			 need->nodes, why->ready);
	else if (best && !why->cards)
		say_room(sheet, need, best, name);
	else if (need->nodes == 1 && best && best->free)
		weft_say(t, "%u more %s on one node: %s has %u free", need->per_node - best->free, called,
			 name, best->free);
	else if (need->nodes == 1)
		weft_say(t, "%u %s on one node: none is free", need->per_node, called);
	else
		weft_say(t, "%u more node%s with %u %s free; there %s %u", need->nodes - why->ready,
			 need->nodes - why->ready == 1 ? "" : "s", need->per_node, called,
			 why->ready == 1 ? "is" : "are", why->ready);
	weft_sheet_end_line(sheet);
}

/* The same for a program: the jobs that must end and the nodes that must be of use again. */
static void put_found(struct weft_sheet *sheet, const struct weft_why *why, const struct scene *sc)
{
	static const char *const kinds[] = { "nothing", "busy", "nodes", "never" };

	weft_sheet_string(sheet, "kind", kinds[why->kind]);
	weft_sheet_open(sheet, "jobs", WEFT_SHEET_LIST);
	for (unsigned i = 0; i < why->n_jobs && i < WEFT_WHY_NAMED; i++) {
		const struct weft_sight_job *job = &sheet->s->jobs[why->jobs[i]];

		if (weft_sheet_may_see(sheet, job))
			weft_sheet_number(sheet, NULL, job->id);
		else
			weft_sheet_string(sheet, NULL, NULL);
	}
	weft_sheet_close(sheet, WEFT_SHEET_LIST);
	weft_sheet_number(sheet, "all_jobs", why->n_jobs);
	weft_sheet_open(sheet, "resume", WEFT_SHEET_LIST);
	for (unsigned i = 0; i < why->n_idle_nodes && i < WEFT_WHY_NAMED; i++)
		weft_sheet_string(sheet, NULL, weft_sheet_node_name(sheet, sc->nodes[why->idle_nodes[i]].id));
	weft_sheet_close(sheet, WEFT_SHEET_LIST);
	weft_sheet_number(sheet, "all_nodes", why->n_idle_nodes);
}

static void say_found(struct weft_sheet *sheet, const struct weft_why *why, const struct weft_why_need *need,
		      const struct weft_candidate *c, const struct scene *sc)
{
	char clock[WEFT_CLOCK_SIZE];

	put_found(sheet, why, sc);
	if (why->kind == WEFT_WHY_NOTHING) {
		weft_sheet_say(sheet, 2, "missing", "nothing; it could start now");
		return;
	}
	say_missing(sheet, why, need, c, sc);
	if (why->kind == WEFT_WHY_NEVER) {
		weft_sheet_say(sheet, 2, WEFT_SHEET_HELP,
			       "nothing; the nodes that the job may have are not enough");
		return;
	}
	say_nodes(sheet, why, sc);
	say_jobs(sheet, why);
	if (why->kind == WEFT_WHY_BUSY && why->when)
		weft_sheet_line(sheet, "    free by: %s", weft_sheet_clock(sheet, why->when, clock));
	weft_sheet_moment(sheet, "free_by", why->kind == WEFT_WHY_BUSY ? why->when : 0);
}

/* ---------------------------------------------------------------- why: a mix */

struct free_cards {
	const struct weft_sight *s;
	const struct weft_sight_job *job;
	const struct weft_sight_interest *interest;
};

static unsigned free_now(unsigned index, unsigned class_id, unsigned has, void *arg)
{
	struct free_cards *f = arg;
	unsigned total = 0, free = 0;

	(void)has;
	if (index >= f->s->n_nodes || !may_have(f->s, f->job, f->interest, index) ||
	    !usable(f->job, &f->s->nodes[index]))
		return 0;
	weft_sight_cards(f->s, index, class_id, &total, &free);
	return free;
}

static void say_mix(struct weft_sheet *sheet, const struct weft_sight_job *job, const struct ways *w,
		    const struct weft_candidate *c)
{
	struct free_cards f = { sheet->s, job, interest_of(sheet->s, job) };
	struct weft_mix_options options = { .app = w->spec.app,
					    .intensity = sheet->s->view->conf->intensity };
	struct weft_scope scope = { 0 };
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_supply supply;
	struct weft_mix mix;

	if (weft_supply_count_free(&supply, sheet->s->view->inventory, &scope, free_now, &f, &err)) {
		weft_sheet_say(sheet, 2, "weft", "%s", err.text);
		return;
	}
	if (weft_mix_make(&mix, &w->spec.request->alts[c->alternative], &supply, &options, &err)) {
		weft_sheet_say(sheet, 2, "missing", "of what is free, %s", err.text);
	} else {
		weft_sheet_say(sheet, 2, "missing", "nothing; it could start now");
		weft_mix_clear(&mix);
	}
	weft_supply_clear(&supply);
}

static void say_alternative(struct weft_sheet *sheet, const struct weft_sight_job *job, const struct ways *w,
			    const struct weft_candidate *c)
{
	struct weft_why_need need = need_of(job, c);
	struct scene sc = { 0 };
	struct weft_why why;

	weft_say(&sheet->text, "  alternative %u: ", c->alternative + 1);
	say_candidate(sheet, c);
	weft_sheet_end_line(sheet);
	if (c->mix) {
		say_mix(sheet, job, w, c);
		return;
	}
	if (scene_make(&sc, sheet->s, job, interest_of(sheet->s, job), c->class->id)) {
		weft_sheet_say(sheet, 2, "weft", "out of memory");
		return;
	}
	if (weft_why_find(&why, &need, sc.nodes, sc.n_nodes, sc.releases, sc.n_releases))
		weft_sheet_say(sheet, 2, "weft", "out of memory");
	else
		say_found(sheet, &why, &need, c, &sc);
	scene_clear(&sc);
}

static void say_alternatives(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct ways w;

	if (find_ways(&w, sheet->s, job, &err)) {
		sheet->key = "no_alternative";
		if (!sheet->json)
			weft_say(&sheet->text, "  alternatives: none: ");
		weft_sheet_line(sheet, "%s", err.text);
		return;
	}
	weft_sheet_open(sheet, "alternatives", WEFT_SHEET_LIST);
	for (size_t i = 0; i < w.plan.n; i++) {
		weft_sheet_open(sheet, NULL, WEFT_SHEET_OBJECT);
		say_alternative(sheet, job, &w, &w.plan.candidates[i]);
		weft_sheet_close(sheet, WEFT_SHEET_OBJECT);
	}
	weft_sheet_close(sheet, WEFT_SHEET_LIST);
	weft_sheet_number(sheet, "partial", !interest_of(sheet->s, job));
	if (!interest_of(sheet->s, job))
		weft_sheet_line(sheet,
				"  weft: features, memory and reservations of nodes are not looked at yet; "
				"ask again in a second");
	clear_ways(&w);
}

/* ---------------------------------------------------------------- why: the job as a whole */

static bool is(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

static void say_held_back(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	if (job->priority)
		return;
	weft_sheet_topic(sheet, "held");
	if (is(job->reason, "JobHeldUser"))
		weft_sheet_line(sheet, "by its user");
	else if (is(job->reason, "JobHeldAdmin"))
		weft_sheet_line(sheet, "by an administrator");
	else
		weft_sheet_line(sheet, "its priority is 0");
	weft_sheet_say(sheet, 2, WEFT_SHEET_HELP, "scontrol release %" PRIu32, job->id);
	weft_sheet_end_topic(sheet);
}

static void say_begin(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	char clock[WEFT_CLOCK_SIZE];

	if (job->begin <= sheet->now)
		return;
	weft_sheet_topic(sheet, "begins");
	weft_sheet_line(sheet, "not before %s%s", weft_sheet_clock(sheet, job->begin, clock),
			job->energy ? " (--energy)" : "");
	weft_sheet_say(sheet, 2, WEFT_SHEET_HELP, "to wait until then");
	weft_sheet_end_topic(sheet);
}

static void say_partition(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	const struct weft_sight_part *part =
		job->part < sheet->s->n_parts ? &sheet->s->parts[job->part] : NULL;

	if (!part || !part->state || !strcmp(part->state, "UP") || !strcmp(part->state, "DRAIN"))
		return;
	weft_sheet_topic(sheet, "partition");
	weft_sheet_line(sheet, "%s is %s", part->name, part->state);
	weft_sheet_say(sheet, 2, WEFT_SHEET_HELP, "scontrol update PartitionName=%s State=UP", part->name);
	weft_sheet_end_topic(sheet);
}

static void say_power(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	char clock[WEFT_CLOCK_SIZE];

	for (size_t i = 0; i < sheet->s->n_waits; i++) {
		const struct weft_sight_wait *w = &sheet->s->waits[i];

		if (w->id != job->id)
			continue;
		weft_sheet_topic(sheet, "power");
		weft_say(&sheet->text, "%s", w->text ? w->text : "a cap");
		if (w->never)
			weft_say(&sheet->text, "; not with this cap");
		else if (w->when)
			weft_say(&sheet->text, "; earliest %s", weft_sheet_clock(sheet, w->when, clock));
		weft_sheet_end_line(sheet);
		weft_sheet_say(sheet, 2, WEFT_SHEET_HELP, "a higher cap%s",
			       w->never ? "" : ", or that jobs in the zone end");
		weft_sheet_end_topic(sheet);
	}
}

/* Those that go first in its partition. */
static void say_turn(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	const struct weft_sight *s = sheet->s;
	const struct weft_sight_job *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct weft_sight_job *other = &s->jobs[i];

		if (other->state != WEFT_JOB_PENDING || other->part != job->part || !other->priority ||
		    other->begin > sheet->now || other->priority <= job->priority ||
		    is(other->reason, "Dependency"))
			continue;
		n++;
		if (!first || other->priority > first->priority)
			first = other;
	}
	if (!n || !job->priority)
		return;
	weft_sheet_topic(sheet, "turn");
	weft_say(&sheet->text, "%zu job%s of higher priority in its partition; the first is ", n,
		 n == 1 ? "" : "s");
	say_job(sheet, first);
	weft_sheet_end_line(sheet);
	weft_sheet_end_topic(sheet);
}

static void say_limit(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	if (!job->reason || !weft_why_is_limit(job->reason))
		return;
	weft_sheet_topic(sheet, "limit");
	weft_sheet_line(sheet, "%s", job->reason);
	weft_sheet_say(sheet, 2, WEFT_SHEET_HELP, "a higher limit%s",
		       strstr(job->reason, "PerJob") || strstr(job->reason, "PerNode")
			       ? ", or to ask for less"
			       : ", or that jobs that count towards it end");
	weft_sheet_end_topic(sheet);
}

static void say_reason(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	const char *words = job->reason ? weft_why_reason(job->reason) : NULL;

	if (job->reason)
		weft_sheet_say(sheet, 1, "reason", "%s%s%s", job->reason, words ? ": " : "",
			       words ? words : "");
	if (job->desc)
		weft_sheet_say(sheet, 1, "said", "%s", job->desc);
}

void weft_sight_why(struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	char clock[WEFT_CLOCK_SIZE];

	head(sheet, job);
	if (job->state != WEFT_JOB_PENDING) {
		weft_sheet_line(sheet, "  it does not wait");
		return;
	}
	say_reason(sheet, job);
	weft_sheet_open(sheet, "topics", WEFT_SHEET_LIST);
	say_held_back(sheet, job);
	if (job->dependency) {
		weft_sheet_topic(sheet, "depends");
		weft_sheet_line(sheet, "%s", job->dependency);
		weft_sheet_say(sheet, 2, WEFT_SHEET_HELP, "that these jobs end so");
		weft_sheet_end_topic(sheet);
	}
	say_begin(sheet, job);
	say_partition(sheet, job);
	say_limit(sheet, job);
	say_power(sheet, job);
	say_turn(sheet, job);
	weft_sheet_close(sheet, WEFT_SHEET_LIST);
	if (job->accel)
		say_alternatives(sheet, job);
	if (job->comment && !strncmp(job->comment, "weft: waits", 11))
		weft_sheet_say(sheet, 1, "decision", "%s", job->comment);
	weft_sheet_moment(sheet, "predicted", predicted(sheet, job) ? job->start : 0);
	if (predicted(sheet, job))
		weft_sheet_line(sheet, "  predicted start: %s, by the scheduler",
				weft_sheet_clock(sheet, job->start, clock));
}
