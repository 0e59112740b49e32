/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate.c - admission: to a peer, and by power.
 */
#include "plugin/select/gate.h"

#include "core/burst_gate.h"
#include "plugin/compat/job.h"
#include "plugin/compat/tally.h"
#include "plugin/select/parts.h"

/* ---------------------------------------------------------------- other sites */

static const struct weft_conf_peer *peer_of(const job_record_t *job, const struct weft_view *view)
{
	if (!view || !view->conf || !view->conf->n_peers || !job->part_ptr)
		return NULL;
	return weft_conf_peer_of_partition(view->conf, job->part_ptr->name);
}

/* Is NAME one of LIST (NULL: empty)? */
static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; at && *at; at += strcspn(at, ","), at += *at == ',') {
		if (strcspn(at, ",") == len && !strncmp(at, name, len))
			return true;
	}
	return false;
}

/* A peer that weft.conf does not name any more is no partition to run in. */
static bool was_peer(const job_record_t *job)
{
	char *const *env = job->spank_job_env;
	uint32_t size = job->spank_job_env_size;

	return size && job->part_ptr && weft_env_get(env, size, WEFT_ENV_BURST) &&
	       !is_listed(weft_env_get(env, size, WEFT_ENV_HOME), job->part_ptr->name);
}

/* The peer at which a requeued job was, and where it may run on; NULL: nowhere, or a peer that weft.conf does
 * not name any more. */
static const char *runs_on_at(const job_record_t *job, const struct weft_view *view)
{
	const char *name = job->spank_job_env_size
				   ? weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_PEER)
				   : NULL;

	return name && view && view->conf && weft_conf_find_peer(view->conf, name) ? name : NULL;
}

bool weft_gate_gres(const job_record_t *job, const struct weft_view *view, char *buf, size_t size)
{
	const struct weft_conf_peer *peer = peer_of(job, view);

	return peer && weft_gate_is_open(job->job_id, peer->name, weft_job_tasks(job), buf, size);
}

bool weft_gate_holds(const job_record_t *job, const struct weft_view *view)
{
	const struct weft_conf_peer *peer = peer_of(job, view);
	const char *at = runs_on_at(job, view);

	if (at && (!peer || xstrcmp(peer->name, at)))
		return true;
	return peer ? !weft_gate_is_open(job->job_id, peer->name, weft_job_tasks(job), NULL, 0)
		    : was_peer(job);
}

/* ---------------------------------------------------------------- power */

struct passage {
	const struct weft_ask *ask;
	struct weft_power *p;
	int64_t *draws;
	uint32_t id; /* under which it waits: all components of a heterogeneous job wait as one */
	bool whole;  /* DRAWS are all that it will draw */
	time_t duration;
	time_t now;
};

static int drop(void *x, void *arg)
{
	const job_record_t *victim = x;

	weft_power_tally_drop(arg, victim->job_id);
	return 0;
}

/* Those that make room for the job draw nothing when it starts. */
static void leave_out_preempted(const struct passage *g)
{
	if (!g->ask->preemptee_job_list || !*g->ask->preemptee_job_list)
		return;
	list_for_each(*g->ask->preemptee_job_list, drop, g->p);
	weft_power_outdate(); /* they are on the book again with the next question */
}

/* A job that is only tried (sbatch --test-only) has no number, and does not wait. */
static void refused(const struct passage *g, const struct weft_power_lack *lack)
{
	if (g->whole && g->id)
		weft_power_refused(g->p, g->id, g->draws, g->duration, g->now, lack);
}

static int start_now(const struct passage *g)
{
	struct weft_power_lack lack;

	leave_out_preempted(g);
	if (weft_power_fits(g->p, g->id, g->draws, g->now, g->now + g->duration, &lack))
		return SLURM_SUCCESS;
	refused(g, &lack);
	return ESLURM_NODES_BUSY;
}

static int start_later(const struct passage *g)
{
	job_record_t *job = g->ask->job;
	time_t base = MAX(job->start_time, g->now), when;
	struct weft_power_lack lack;

	leave_out_preempted(g);
	if (weft_power_fits(g->p, g->id, g->draws, base, base + g->duration, &lack))
		return SLURM_SUCCESS;
	if (base <= g->now)
		refused(g, &lack);
	if (!weft_power_earliest(g->p, g->id, g->draws, g->duration, base, &when, NULL))
		return ESLURM_NODES_BUSY;
	job->start_time = when;
	return SLURM_SUCCESS;
}

static int pass(struct passage *g)
{
	g->duration = weft_tally_duration(g->ask->job) + WEFT_TALLY_OVERRUN;
	return g->ask->mode == SELECT_MODE_RUN_NOW ? start_now(g) : start_later(g);
}

/* A component of a heterogeneous job starts with the others or not at all. */
static int pass_with_others(struct passage *g)
{
	const job_record_t *job = g->ask->job;
	unsigned zones = weft_power_zones(g->p);
	int64_t *own = weft_power_draws(g->p);
	int rc;

	if (!own)
		return ESLURM_NODES_BUSY;
	memcpy(own, g->draws, zones * sizeof(*own));
	g->id = job->het_job_id;
	g->whole = weft_parts_add_others(job, g->draws, zones);
	rc = pass(g);
	weft_parts_keep(job, own, zones, rc == SLURM_SUCCESS);
	free(own);
	return rc;
}

int weft_gate(const struct weft_ask *ask, const struct weft_view *view)
{
	struct passage g = { .ask = ask, .now = time(NULL), .id = ask->job->job_id, .whole = true };
	int rc = SLURM_SUCCESS;

	if (ask->mode == SELECT_MODE_TEST_ONLY)
		return rc;
	g.p = weft_tally_power(view);
	if (!g.p || !weft_power_is_capped(g.p)) {
		weft_power_put(g.p);
		return rc;
	}
	weft_tally(g.p, false);
	g.draws = weft_power_draws(g.p);
	if (!weft_power_is_ready(g.p) || !g.draws) {
		rc = ESLURM_NODES_BUSY; /* for a second, until the planner knows the signal; or there is no
					   memory */
	} else {
		weft_tally_tested(g.p, ask->job, ask->nodes, g.draws);
		rc = ask->job->het_job_id ? pass_with_others(&g) : pass(&g);
	}
	free(g.draws);
	weft_power_put(g.p);
	return rc;
}
