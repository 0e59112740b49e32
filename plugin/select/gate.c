/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate.c - admission by power.
 */
#include "plugin/select/gate.h"

#include "plugin/compat/tally.h"
#include "plugin/select/parts.h"

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
