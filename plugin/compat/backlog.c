/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backlog.c - reads Slurm's records.
 */
#include "plugin/compat/backlog.h"

#include "plugin/compat/job.h"
#include "plugin/compat/tally.h"

struct looking {
	struct weft_backlog *b;
	const struct weft_view *view;
	time_t now, since;
};

/* ---------------------------------------------------------------- nodes */

static bool can_be_used(const node_record_t *node)
{
	return !(IS_NODE_DOWN(node) || IS_NODE_DRAIN(node) || IS_NODE_FAIL(node) || IS_NODE_NO_RESPOND(node));
}

/* The node that stands for a peer; WEFT_HOME: another one. */
static int peer_of_node(const struct weft_conf *conf, const node_record_t *node)
{
	const struct weft_conf_peer *peer = weft_conf_peer_of_node(conf, node->name);

	return peer ? (int)(peer - conf->peers) : WEFT_HOME;
}

static void look_at_nodes(struct looking *l)
{
	const struct weft_inventory *inv = l->view->inventory;
	struct weft_backlog *b = l->b;

	for (int i = 0; i < node_record_count; i++) {
		const node_record_t *node = node_record_table_ptr[i];
		int peer = node ? peer_of_node(l->view->conf, node) : WEFT_HOME;
		const struct weft_holding *has;
		size_t n;

		if (peer != WEFT_HOME) {
			b->nodes[peer] = i;
			b->up[peer] = can_be_used(node);
		}
		if (!node || peer != WEFT_HOME || !can_be_used(node))
			continue;
		has = weft_inventory_node(inv, i, &n);
		for (size_t k = 0; k < n; k++)
			b->cards[has[k].class_id] += has[k].devices;
	}
}

/* ---------------------------------------------------------------- cards */

struct count {
	const struct weft_inventory *inv;
	const job_record_t *job;
	int class_id;
	uint64_t cards;
	bool several;
};

/* Cards of any type are taken to be of the class of which there are most. */
static const struct weft_class *class_of(const struct weft_inventory *inv, const char *name, const char *type)
{
	const struct weft_class *class = name ? weft_inventory_find(inv, name, type) : NULL;

	if (class || type || !name)
		return class;
	for (size_t i = 0; i < weft_inventory_classes(inv); i++) {
		const struct weft_class *other = weft_inventory_class(inv, i);

		if (!xstrcasecmp(other->name, name) && (!class || other->devices > class->devices))
			class = other;
	}
	return class;
}

static uint64_t cards_held(const gres_job_state_t *js)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; js->gres_cnt_node_alloc && i < js->node_cnt; i++)
		sum += js->gres_cnt_node_alloc[i];
	return sum;
}

static int add_gres(void *x, void *arg)
{
	const gres_state_t *gres = x;
	const gres_job_state_t *js = gres->gres_data;
	struct count *c = arg;
	const struct weft_class *class = js ? class_of(c->inv, gres->gres_name, js->type_name) : NULL;

	if (!class)
		return 0;
	c->several = c->several || (c->class_id >= 0 && c->class_id != (int)class->id);
	c->class_id = (int)class->id;
	c->cards += IS_JOB_PENDING(c->job) ? weft_job_cards(c->job, js) : cards_held(js);
	return 0;
}

static void count_cards(struct weft_backlog_job *to, const job_record_t *job,
			const struct weft_inventory *inv)
{
	struct count c = { .inv = inv, .job = job, .class_id = -1 };
	list_t *list = IS_JOB_PENDING(job) ? job->gres_list_req : job->gres_list_alloc;

	if (list)
		list_for_each(list, add_gres, &c);
	to->class_id = c.several ? -1 : c.class_id;
	to->cards = to->class_id < 0 ? 0 : MIN(c.cards, UINT32_MAX);
}

/* ---------------------------------------------------------------- jobs */

static struct weft_backlog_job *add(struct weft_backlog *b)
{
	if (b->n == b->room) {
		b->room = b->room ? 2 * b->room : 1024;
		xrecalloc(b->jobs, b->room, sizeof(*b->jobs));
	}
	return &b->jobs[b->n++];
}

static bool may_start(const job_record_t *job, time_t now)
{
	return job->priority && job->details->begin_time && job->details->begin_time <= now;
}

/* For its turn, and for nothing else that one can see. */
static bool waits(const job_record_t *job)
{
	return job->state_reason == WAIT_NO_REASON || job->state_reason == WAIT_PRIORITY ||
	       job->state_reason == WAIT_RESOURCES;
}

static bool waits_elsewhere(const job_record_t *job)
{
	return job->spank_job_env_size &&
	       weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_BURST);
}

static const struct weft_conf_peer *peer_of_part(const struct weft_conf *conf, const part_record_t *part)
{
	return part ? weft_conf_peer_of_partition(conf, part->name) : NULL;
}

struct home {
	const struct weft_conf *conf;
	bool wanted; /* are the nodes? */
	bool found;
	bitstr_t *nodes; /* NULL: none yet */
};

static int look_for_home(void *x, void *arg)
{
	const part_record_t *part = x;
	struct home *h = arg;

	if (peer_of_part(h->conf, part))
		return 0;
	h->found = true;
	if (!h->wanted)
		return 0;
	if (part->node_bitmap && h->nodes)
		bit_or(h->nodes, part->node_bitmap);
	else if (part->node_bitmap)
		h->nodes = bit_copy(part->node_bitmap);
	return 0;
}

/* The partitions of JOB that are no peer's: are there any, and which nodes do they have?  The caller frees
 * these. */
static struct home home_of(const job_record_t *job, const struct weft_conf *conf)
{
	struct home h = { .conf = conf, .wanted = job->spank_job_env_size };

	if (job->part_ptr_list)
		list_for_each(job->part_ptr_list, look_for_home, &h);
	else if (job->part_ptr)
		look_for_home(job->part_ptr, &h);
	return h;
}

/* The number of the places of JOB, with NODES, which are taken over. */
static int places_of(struct weft_backlog *b, const job_record_t *job, bitstr_t *nodes)
{
	int i = 0;

	while (i < b->n_places && xstrcmp(b->places[i].list, job->partition))
		i++;
	if (i < b->n_places || i == WEFT_BACKLOG_MAX_PLACES || !nodes) {
		FREE_NULL_BITMAP(nodes);
		return i < b->n_places ? i : -1;
	}
	b->places[b->n_places++] =
		(struct weft_backlog_places){ .list = xstrdup(job->partition), .nodes = nodes };
	return i;
}

static char *copy_env(const job_record_t *job, const char *name)
{
	const char *text = weft_env_get(job->spank_job_env, job->spank_job_env_size, name);

	return text ? xstrdup(text) : NULL;
}

static void look_at_burst(struct weft_backlog_job *to, const job_record_t *job)
{
	to->burst = job->spank_job_env_size ? copy_env(job, WEFT_ENV_BURST) : NULL;
	if (!to->burst)
		return;
	to->accel = copy_env(job, WEFT_ENV_ACCEL);
	to->policy = copy_env(job, WEFT_ENV_POLICY);
	to->app = copy_env(job, WEFT_ENV_APP);
}

static void look_at_waiting(struct looking *l, const job_record_t *job)
{
	struct weft_backlog_job *to = add(l->b);
	struct home home = home_of(job, l->view->conf);

	*to = (struct weft_backlog_job){ .id = job->job_id,
					 .uid = job->user_id,
					 .priority = job->priority,
					 .tasks = weft_job_tasks(job),
					 .limited = !waits(job),
					 .at_home = home.found,
					 .peer = WEFT_HOME,
					 .seconds = weft_tally_duration(job),
					 .eligible = job->details->begin_time,
					 .start = job->start_time,
					 .submit = job->details->submit_time };
	count_cards(to, job, l->view->inventory);
	look_at_burst(to, job);
	to->at = job->spank_job_env_size ? copy_env(job, WEFT_ENV_PEER) : NULL;
	if (!to->burst) {
		FREE_NULL_BITMAP(home.nodes);
		return;
	}
	to->places = places_of(l->b, job, home.nodes);
}

static void look_at_running(struct looking *l, const job_record_t *job)
{
	const struct weft_conf_peer *peer = peer_of_part(l->view->conf, job->part_ptr);
	struct weft_backlog_job *to = add(l->b);

	*to = (struct weft_backlog_job){ .id = job->job_id,
					 .uid = job->user_id,
					 .tasks = 1,
					 .running = true,
					 .at_home = !peer,
					 .peer = peer ? (int)(peer - l->view->conf->peers) : WEFT_HOME,
					 .seconds = weft_tally_duration(job),
					 .end = job->end_time };
	count_cards(to, job, l->view->inventory);
	if (peer)
		look_at_burst(to, job);
}

/* What it used of its limit. */
static void look_at_ended(struct looking *l, const job_record_t *job)
{
	if (job->end_time < l->since || !job->start_time || job->end_time <= job->start_time ||
	    !IS_JOB_COMPLETE(job))
		return;
	l->b->ran += (double)(job->end_time - job->start_time);
	l->b->allowed += (double)weft_tally_duration(job);
}

static int look(void *x, void *arg)
{
	const job_record_t *job = x;
	struct looking *l = arg;

	if (!job->details)
		return 0;
	if (IS_JOB_PENDING(job)) {
		if (may_start(job, l->now) && (waits(job) || waits_elsewhere(job)))
			look_at_waiting(l, job);
	} else if (IS_JOB_RUNNING(job) || IS_JOB_SUSPENDED(job)) {
		look_at_running(l, job);
	} else if (IS_JOB_FINISHED(job)) {
		look_at_ended(l, job);
	}
	return 0;
}

void weft_backlog_look(struct weft_backlog *b, const struct weft_view *view, time_t since)
{
	struct looking l = { .b = b, .view = view, .now = time(NULL), .since = since };

	*b = (struct weft_backlog){ .n_classes = weft_inventory_classes(view->inventory) };
	for (int i = 0; i < WEFT_CONF_MAX_PEERS; i++)
		b->nodes[i] = -1;
	b->cards = xcalloc(b->n_classes + 1, sizeof(*b->cards));
	look_at_nodes(&l);
	list_for_each(job_list, look, &l);
}

/* ---------------------------------------------------------------- what an administrator should know */

struct misfit {
	const struct weft_conf_peer *peer;
	int node;
	char **lines;
};

static int look_for_stray(void *x, void *arg)
{
	const part_record_t *part = x;
	struct misfit *m = arg;

	if (part->node_bitmap && bit_test(part->node_bitmap, m->node) &&
	    xstrcmp(part->name, m->peer->local_partition))
		xstrfmtcat(*m->lines,
			   "Peer=%s: node %s is in partition %s, too, and jobs without --burst would run on "
			   "it\n",
			   m->peer->name, m->peer->node, part->name);
	return 0;
}

char *weft_backlog_misfits(const struct weft_backlog *b, const struct weft_view *view)
{
	char *lines = NULL;

	for (size_t i = 0; i < view->conf->n_peers; i++) {
		const struct weft_conf_peer *peer = &view->conf->peers[i];
		struct misfit m = { .peer = peer, .node = b->nodes[i], .lines = &lines };
		const part_record_t *part = find_part_record(peer->local_partition);

		if (m.node < 0)
			xstrfmtcat(lines, "Peer=%s: there is no node %s\n", peer->name, peer->node);
		else if (part && (!part->node_bitmap || !bit_test(part->node_bitmap, m.node)))
			xstrfmtcat(lines, "Peer=%s: node %s is not in partition %s\n", peer->name, peer->node,
				   part->name);
		if (!part)
			xstrfmtcat(lines, "Peer=%s: there is no partition %s\n", peer->name,
				   peer->local_partition);
		if (m.node >= 0 && part_list)
			list_for_each(part_list, look_for_stray, &m);
	}
	return lines;
}

void weft_backlog_clear(struct weft_backlog *b)
{
	for (size_t i = 0; i < b->n; i++) {
		xfree(b->jobs[i].burst);
		xfree(b->jobs[i].accel);
		xfree(b->jobs[i].policy);
		xfree(b->jobs[i].app);
		xfree(b->jobs[i].at);
	}
	for (int i = 0; i < b->n_places; i++) {
		xfree(b->places[i].list);
		FREE_NULL_BITMAP(b->places[i].nodes);
	}
	xfree(b->jobs);
	xfree(b->cards);
}
