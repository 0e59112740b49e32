/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * look.c - one pass over partitions, nodes and jobs with the read locks held, no more than copying.
 */
#include "plugin/compat/look.h"

#include <pwd.h>

#include "core/power.h"
#include "plugin/compat/gres.h"
#include "plugin/compat/job.h"
#include "plugin/compat/steer.h"

#if SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 2, 0)
#define REASON_TEXT(reason) job_reason_string(reason)
#else
#include "src/common/job_state_reason.h"
#define REASON_TEXT(reason) job_state_reason_string(reason)
#endif

/* A look under way. */
struct looking {
	struct weft_sight *s;
	const struct weft_inventory *inv; /* NULL: not known */
	struct weft_kind *kinds;	  /* of the classes */
	size_t n_classes;
	const part_record_t **parts; /* as in s->parts */
	size_t n;		     /* how many of the list at hand have been copied */
	size_t room;		     /* and for how many there is room */
	bool failed;		     /* no memory */
};

bool weft_noted_changed(const struct weft_noted *noted)
{
	/* Times have a resolution of a second. */
	return last_job_update >= noted->at || last_node_update >= noted->at ||
	       last_part_update >= noted->at || last_job_update != noted->jobs ||
	       last_node_update != noted->nodes || last_part_update != noted->parts;
}

static const char *copy(struct looking *l, const char *text)
{
	return weft_arena_copy(&l->s->arena, text);
}

/* ---------------------------------------------------------------- partitions */

static const char *part_state(const part_record_t *part)
{
	switch (part->state_up) {
	case PARTITION_UP:
		return "UP";
	case PARTITION_DOWN:
		return "DOWN";
	case PARTITION_DRAIN:
		return "DRAIN";
	default:
		return "INACTIVE";
	}
}

static int add_part(void *x, void *arg)
{
	const part_record_t *part = x;
	struct looking *l = arg;
	unsigned char *has;

	if (l->n == l->room)
		return -1;
	has = calloc(node_record_count + 1, 1);
	for (int i = 0; has && part->node_bitmap && i < node_record_count && i < bit_size(part->node_bitmap);
	     i++)
		has[i] = bit_test(part->node_bitmap, i);
	l->parts[l->n] = part;
	l->s->parts[l->n++] = (struct weft_sight_part){ .name = copy(l, part->name),
							.state = part_state(part),
							.has = has };
	return 0;
}

static void look_at_parts(struct looking *l)
{
	l->n = 0;
	l->room = part_list ? list_count(part_list) : 0;
	l->s->parts = calloc(l->room + 1, sizeof(*l->s->parts));
	l->parts = xcalloc(l->room + 1, sizeof(*l->parts));
	if (l->s->parts && l->room)
		list_for_each(part_list, add_part, l);
	l->s->n_parts = l->n;
}

static uint32_t part_of(const struct looking *l, const part_record_t *part)
{
	for (size_t i = 0; i < l->s->n_parts; i++) {
		if (l->parts[i] == part)
			return i;
	}
	return WEFT_SIGHT_NONE;
}

/* ---------------------------------------------------------------- nodes */

static enum weft_node_state state_of(const node_record_t *node)
{
	bool busy = IS_NODE_ALLOCATED(node) || IS_NODE_MIXED(node);

	if (IS_NODE_DOWN(node) || IS_NODE_NO_RESPOND(node) || IS_NODE_FAIL(node) || IS_NODE_FUTURE(node) ||
	    IS_NODE_UNKNOWN(node))
		return WEFT_NODE_DOWN;
	if (IS_NODE_DRAIN(node))
		return busy ? WEFT_NODE_DRAINING : WEFT_NODE_DRAINED;
	if (IS_NODE_MAINT(node) || (node->node_state & NODE_STATE_RES))
		return WEFT_NODE_RESERVED;
	return IS_NODE_ALLOCATED(node) ? WEFT_NODE_ALLOCATED
	       : IS_NODE_MIXED(node)   ? WEFT_NODE_MIXED
				       : WEFT_NODE_IDLE;
}

static size_t look_at_cards(struct looking *l, const node_record_t *node, unsigned index, size_t at)
{
	size_t n = 0;
	const struct weft_holding *h = l->inv ? weft_inventory_node(l->inv, index, &n) : NULL;

	for (size_t k = 0; k < n; k++) {
		struct weft_kind kind = l->kinds[h[k].class_id];

		l->s->free[at + k] =
			(unsigned)weft_gres_count(weft_gres_of_node(node, kind.gres_id), kind.type_id).free;
	}
	return n;
}

/* How many holdings all nodes have together. */
static size_t holdings_of(const struct looking *l)
{
	size_t all = 0;

	for (int i = 0; l->inv && i < node_record_count; i++) {
		size_t n;

		weft_inventory_node(l->inv, (unsigned)i, &n);
		all += n;
	}
	return all;
}

static void look_at_nodes(struct looking *l)
{
	struct weft_sight *s = l->s;
	size_t at = 0;

	s->nodes = calloc(node_record_count + 1, sizeof(*s->nodes));
	s->n_free = holdings_of(l);
	s->free = calloc(s->n_free + 1, sizeof(*s->free));
	if (!s->nodes || !s->free) {
		l->failed = true;
		return;
	}
	s->n_nodes = (size_t)node_record_count;
	for (int i = 0; i < node_record_count; i++) {
		const node_record_t *node = node_record_table_ptr[i];

		if (!node)
			continue;
		s->nodes[i] = (struct weft_sight_node){
			.name = copy(l, node->name),
			.reason = copy(l, node->reason),
			.state = state_of(node),
			.cpus = node->cpus_efctv ? node->cpus_efctv : node->cpus,
			.memory = node->real_memory > node->mem_spec_limit
					  ? node->real_memory - node->mem_spec_limit
					  : 0,
			.first_free = at,
		};
		at += look_at_cards(l, node, (unsigned)i, at);
	}
}

/* ---------------------------------------------------------------- what jobs hold */

/* The class of devices of KIND on node INDEX; WEFT_SIGHT_NONE: none that is known. */
static uint32_t class_on(const struct looking *l, struct weft_kind kind, unsigned index)
{
	size_t n = 0;
	const struct weft_holding *h = l->inv ? weft_inventory_node(l->inv, index, &n) : NULL;

	for (size_t k = 0; k < n; k++) {
		const struct weft_kind *is = &l->kinds[h[k].class_id];

		if (is->gres_id == kind.gres_id && (!kind.type_id || is->type_id == kind.type_id))
			return h[k].class_id;
	}
	return WEFT_SIGHT_NONE;
}

struct holding_look {
	struct looking *l;
	struct weft_sight_use use; /* processors and memory go with the first kind of cards */
	uint32_t nth;		   /* of the job's nodes */
};

static int add_cards(void *x, void *arg)
{
	const gres_state_t *gres = x;
	const gres_job_state_t *js = gres->gres_data;
	struct holding_look *h = arg;
	struct weft_kind kind = { .gres_id = gres->plugin_id, .type_id = js->type_name ? js->type_id : 0 };

	if (gres_id_shared(gres->config_flags) || !js->gres_cnt_node_alloc || h->nth >= js->node_cnt ||
	    !js->gres_cnt_node_alloc[h->nth])
		return 0;
	h->use.class_id = class_on(h->l, kind, h->use.node);
	if (h->use.class_id == WEFT_SIGHT_NONE)
		return 0;
	h->use.cards = (unsigned)js->gres_cnt_node_alloc[h->nth];
	h->l->failed = weft_sight_use(h->l->s, &h->use) || h->l->failed;
	h->use.cpus = 0;
	h->use.memory = 0;
	h->use.class_id = WEFT_SIGHT_NONE;
	return 0;
}

static void add_use(struct looking *l, const job_record_t *job, uint32_t index, int node, uint32_t nth)
{
	const job_resources_t *r = job->job_resrcs;
	struct weft_sight_node *n = &l->s->nodes[node];
	struct holding_look h = {
		.l = l,
		.nth = nth,
		.use = { .job = index, .node = (uint32_t)node, .class_id = WEFT_SIGHT_NONE }
	};

	if (r && nth < r->nhosts) {
		h.use.cpus = r->cpus ? r->cpus[nth] : 0;
		h.use.memory = r->memory_allocated ? r->memory_allocated[nth] : 0;
	}
	n->cpus_used += h.use.cpus;
	n->memory_used += h.use.memory;
	if (job->gres_list_alloc)
		list_for_each(job->gres_list_alloc, add_cards, &h);
	if (h.use.cpus || h.use.memory)
		l->failed = weft_sight_use(l->s, &h.use) || l->failed;
}

static void add_uses(struct looking *l, const job_record_t *job, uint32_t index)
{
	uint32_t nth = 0;
	int last;

	if (!job->node_bitmap)
		return;
	last = bit_fls(job->node_bitmap);
	for (int i = bit_ffs(job->node_bitmap); i >= 0 && i <= last && i < (int)l->s->n_nodes; i++) {
		if (bit_test(job->node_bitmap, i))
			add_use(l, job, index, i, nth++);
	}
}

/* ---------------------------------------------------------------- jobs */

static const char *env(struct looking *l, const job_record_t *job, const char *name)
{
	return copy(l, weft_env_get(job->spank_job_env, job->spank_job_env_size, name));
}

static void add_request(struct looking *l, const job_record_t *job, struct weft_sight_job *to)
{
	const char *window;

	if (!job->spank_job_env_size)
		return;
	to->accel = env(l, job, WEFT_ENV_ACCEL);
	to->policy = env(l, job, WEFT_ENV_POLICY);
	to->app = env(l, job, WEFT_ENV_APP);
	to->energy = env(l, job, WEFT_ENV_ENERGY);
	to->node_bounds = env(l, job, WEFT_ENV_NODES);
	window = weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_WINDOW);
	to->window_end = window ? strtol(window, NULL, 10) : 0;
}

struct asks {
	struct looking *l;
	const job_record_t *job;
	struct weft_sight_job *to;
	unsigned n;
};

static int add_ask(void *x, void *arg)
{
	const gres_state_t *gres = x;
	const gres_job_state_t *js = gres->gres_data;
	struct asks *a = arg;
	unsigned before = a->n;

	for (size_t i = 0; i < a->l->n_classes && a->n < 4; i++) {
		const struct weft_kind *kind = &a->l->kinds[i];

		if (kind->gres_id == gres->plugin_id && (!js->type_name || kind->type_id == js->type_id))
			a->to->asks[a->n++] = (uint32_t)i;
	}
	if (a->n > before)
		a->to->cards += (uint32_t)MIN(weft_job_cards(a->job, js), UINT32_MAX - a->to->cards);
	return 0;
}

/* Its time limit in s; 0: none that is known. */
static uint32_t limit_of(const job_record_t *job)
{
	uint32_t minutes = weft_job_limit(job);

	return minutes >= UINT32_MAX / 60 ? 0 : minutes * 60;
}

static void add_details(struct looking *l, const job_record_t *job, struct weft_sight_job *to)
{
	const job_details_t *d = job->details;
	struct asks asks = { .l = l, .job = job, .to = to };

	if (!d)
		return;
	to->begin = d->begin_time;
	to->submit = d->submit_time;
	to->dependency = copy(l, d->dependency);
	to->min_cpus = d->min_cpus == NO_VAL ? 0 : d->min_cpus;
	to->node_cpus = d->pn_min_cpus == NO_VAL ? 0 : d->pn_min_cpus;
	to->memory_by_cpu = d->pn_min_memory & MEM_PER_CPU;
	to->memory = d->pn_min_memory == NO_VAL64 ? 0 : d->pn_min_memory & ~MEM_PER_CPU;
	to->whole = d->share_res == 0;
	to->seconds = limit_of(job);
	if (job->gres_list_req)
		list_for_each(job->gres_list_req, add_ask, &asks);
}

static enum weft_job_state job_state_of(const job_record_t *job)
{
	if (IS_JOB_PENDING(job))
		return WEFT_JOB_PENDING;
	return IS_JOB_RUNNING(job) || IS_JOB_SUSPENDED(job) ? WEFT_JOB_RUNNING : WEFT_JOB_ENDED;
}

static int add_job(void *x, void *arg)
{
	const job_record_t *job = x;
	struct looking *l = arg;
	struct weft_sight_job *to = &l->s->jobs[l->n];

	if (l->n == l->room)
		return -1;
	*to = (struct weft_sight_job){
		.id = job->job_id,
		.array_id = job->array_job_id,
		.array_task = job->array_task_id == NO_VAL ? WEFT_SIGHT_NONE : job->array_task_id,
		.uid = job->user_id,
		.priority = job->priority,
		.part = part_of(l, job->part_ptr),
		.state = job_state_of(job),
		.state_name = job_state_string(job->job_state),
		.start = job->start_time,
		.reason = REASON_TEXT(job->state_reason),
		.reserved = job->resv_name != NULL,
		.asks = { WEFT_SIGHT_NONE, WEFT_SIGHT_NONE, WEFT_SIGHT_NONE, WEFT_SIGHT_NONE },
	};
	if (to->state != WEFT_JOB_ENDED) {
		to->desc = copy(l, job->state_desc);
		to->nodes = copy(l, job->nodes);
		to->tres = copy(l, job->tres_per_node ? job->tres_per_node : job->tres_per_job);
		add_details(l, job, to);
	}
	to->comment = copy(l, job->system_comment);
	to->user = copy(l, job->user_name);
	add_request(l, job, to);
	if (to->state == WEFT_JOB_RUNNING) {
		to->end = job->time_limit == INFINITE ? 0 : job->end_time;
		add_uses(l, job, (uint32_t)l->n);
	}
	l->n++;
	return 0;
}

static void look_at_jobs(struct looking *l)
{
	l->n = 0;
	l->room = list_count(job_list);
	l->s->jobs = calloc(l->room + 1, sizeof(*l->s->jobs));
	if (l->s->jobs)
		list_for_each(job_list, add_job, l);
	else
		l->failed = true;
	l->s->n_jobs = l->n;
}

/* The nodes that a job which waits may have, if the locks are held; NULL: it does not wait. */
static bitstr_t *nodes_of(uint32_t id)
{
	job_record_t *job = id ? find_job_record(id) : NULL;

	if (!job || !weft_job_sane(job) || !IS_JOB_PENDING(job) || !job->details)
		return NULL;
	return weft_job_eligible_nodes(job, false);
}

static void keep_nodes(const struct weft_sight *s, struct weft_sight_interest *to, bitstr_t *nodes)
{
	to->eligible = calloc(s->n_nodes + 1, 1);
	for (size_t i = 0; to->eligible && i < s->n_nodes && (int64_t)i < bit_size(nodes); i++)
		to->eligible[i] = bit_test(nodes, i);
}

/* Slurm's check of features notes something in the job: it takes the write lock. */
static void look_closely(struct weft_sight *s, const uint32_t *interests)
{
	slurmctld_lock_t locks = {
		.conf = READ_LOCK, .job = WRITE_LOCK, .node = READ_LOCK, .part = READ_LOCK
	};
	bitstr_t *nodes[WEFT_SIGHT_INTERESTS] = { 0 };
	bool any = false;

	for (unsigned i = 0; i < WEFT_SIGHT_INTERESTS; i++)
		any = any || interests[i];
	if (!any)
		return;
	lock_slurmctld(locks);
	for (unsigned i = 0; i < WEFT_SIGHT_INTERESTS && job_list && !slurmctld_config.shutdown_time; i++)
		nodes[i] = nodes_of(interests[i]);
	unlock_slurmctld(locks);
	for (unsigned i = 0; i < WEFT_SIGHT_INTERESTS; i++) {
		s->interests[i].id = interests[i];
		if (nodes[i])
			keep_nodes(s, &s->interests[i], nodes[i]);
		FREE_NULL_BITMAP(nodes[i]);
	}
}

/* ---------------------------------------------------------------- all of it */

static void find_kinds(struct looking *l)
{
	l->n_classes = l->inv ? weft_inventory_classes(l->inv) : 0;
	l->kinds = xcalloc(l->n_classes + 1, sizeof(*l->kinds));
	for (size_t i = 0; i < l->n_classes; i++) {
		const struct weft_class *class = weft_inventory_class(l->inv, i);

		l->kinds[i] = weft_kind_of(class->name, class->type);
	}
}

static unsigned since_us(const struct timespec *began)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned)((now.tv_sec - began->tv_sec) * 1000000 + (now.tv_nsec - began->tv_nsec) / 1000);
}

/* Returns false when slurmctld has no jobs to look at, or ends. */
static bool look_at_records(struct looking *l, struct weft_noted *noted)
{
	slurmctld_lock_t locks = {
		.conf = READ_LOCK, .job = READ_LOCK, .node = READ_LOCK, .part = READ_LOCK
	};
	struct timespec began;
	bool there;

	lock_slurmctld(locks);
	clock_gettime(CLOCK_MONOTONIC, &began);
	l->s->taken = time(NULL);
	*noted = (struct weft_noted){ l->s->taken, last_job_update, last_node_update, last_part_update };
	there = job_list && !slurmctld_config.shutdown_time;
	if (there) {
		l->s->hide_jobs = slurm_conf.private_data & PRIVATE_DATA_JOBS;
		l->s->hide_nodes = slurm_conf.private_data & PRIVATE_DATA_NODES;
		look_at_parts(l);
		look_at_nodes(l);
		if (!l->failed)
			look_at_jobs(l);
	}
	l->s->lock_us = since_us(&began);
	unlock_slurmctld(locks);
	return there && !l->failed;
}

struct operators {
	struct weft_sight *s;
	size_t room;
};

static int add_operator(void *x, void *arg)
{
	const slurmdb_user_rec_t *user = x;
	struct operators *o = arg;

	if (user->admin_level >= SLURMDB_ADMIN_OPERATOR && o->s->n_operators < o->room)
		o->s->operators[o->s->n_operators++] = user->uid;
	return 0;
}

static void look_at_operators(struct weft_sight *s)
{
	assoc_mgr_lock_t locks = { .user = READ_LOCK };
	struct operators o = { .s = s };

	assoc_mgr_lock(&locks);
	if (assoc_mgr_user_list) {
		o.room = list_count(assoc_mgr_user_list);
		s->operators = calloc(o.room + 1, sizeof(*s->operators));
		if (s->operators)
			list_for_each(assoc_mgr_user_list, add_operator, &o);
	}
	assoc_mgr_unlock(&locks);
}

static void look_at_waits(struct weft_sight *s, struct weft_power *p)
{
	const struct weft_power_wait *w;
	size_t n = 0;

	while (weft_power_waiting(p, n))
		n++;
	s->waits = calloc(n + 1, sizeof(*s->waits));
	for (size_t i = 0; s->waits && i < n && (w = weft_power_waiting(p, i)); i++) {
		char text[160];

		weft_power_lack_text(p, &w->refused, text, sizeof(text));
		s->waits[s->n_waits++] = (struct weft_sight_wait){
			.id = (uint32_t)w->id,
			.text = weft_arena_copy(&s->arena, text),
			.when = w->when,
			.never = w->hope == WEFT_POWER_NEVER,
		};
	}
}

/* ---------------------------------------------------------------- names of users */

#define NAMES	  4096
#define NEW_NAMES 50 /* that are looked up for one look: the name service may be slow */

static struct {
	uint32_t uid;
	char name[WEFT_NAME_MAX];
} names[NAMES]; /* of the thread that looks; an open table */
static size_t n_names;

/* NULL: it is not looked up yet. */
static const char *name_of(uint32_t uid, unsigned *new_names)
{
	size_t at = uid % NAMES;
	char buf[4096];
	struct passwd entry, *found = NULL;

	while (names[at].name[0] && names[at].uid != uid)
		at = (at + 1) % NAMES;
	if (names[at].name[0])
		return names[at].name;
	if (n_names == NAMES - 1 || ++*new_names > NEW_NAMES)
		return NULL;
	if (getpwuid_r(uid, &entry, buf, sizeof(buf), &found))
		found = NULL;
	names[at].uid = uid;
	snprintf(names[at].name, sizeof(names[at].name), "%s",
		 found && entry.pw_name[0] ? entry.pw_name : "?");
	n_names++;
	return names[at].name;
}

/* Most releases do not put them into their records.  With no lock held. */
static void look_at_users(struct weft_sight *s)
{
	unsigned new_names = 0;

	for (size_t i = 0; i < s->n_jobs; i++) {
		const char *name = s->jobs[i].user ? NULL : name_of(s->jobs[i].uid, &new_names);
		char number[32];

		if (s->jobs[i].user)
			continue;
		snprintf(number, sizeof(number), "uid %u", s->jobs[i].uid);
		s->jobs[i].user = weft_arena_copy(&s->arena, name && strcmp(name, "?") ? name : number);
	}
}

/* With none of Slurm's locks held. */
static void look_at_power(struct weft_sight *s)
{
	struct weft_power *p = weft_power_take_again(s->view);
	time_t now = time(NULL);

	if (!p)
		return;
	s->zones = calloc(weft_power_zones(p) + 1, sizeof(*s->zones));
	for (unsigned z = 0; s->zones && z < weft_power_zones(p); z++)
		s->zones[s->n_zones++] = (struct weft_sight_zone){
			.name = weft_arena_copy(&s->arena, weft_power_zone(p, z)),
			.base = weft_power_base(p, z),
			.drawn = weft_book_drawn(weft_power_book(p), z, now),
			.cap = weft_book_cap(weft_power_book(p), z, now),
		};
	s->price = weft_power_price(p);
	s->carbon = weft_power_carbon(p);
	look_at_waits(s, p);
	weft_power_put(p);
}

struct weft_sight *weft_look(const uint32_t interests[WEFT_SIGHT_INTERESTS], struct weft_noted *noted)
{
	struct looking l = { .s = weft_sight_create() };

	if (!l.s)
		return NULL;
	l.s->view = weft_site_view();
	l.inv = l.s->view ? l.s->view->inventory : NULL;
	find_kinds(&l);
	if (!look_at_records(&l, noted)) {
		weft_sight_destroy(l.s);
		l.s = NULL;
	} else {
		debug("weft: %zu nodes and %zu jobs copied: locks held for %u us", l.s->n_nodes, l.s->n_jobs,
		      l.s->lock_us);
		look_closely(l.s, interests);
		look_at_users(l.s);
		if (l.s->view)
			look_at_power(l.s);
		if (l.s->hide_jobs || l.s->hide_nodes)
			look_at_operators(l.s);
	}
	xfree(l.kinds);
	xfree(l.parts);
	return l.s;
}
