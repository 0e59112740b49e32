/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decide.c - the host's side of a decision: core/choose.h asks, select/cons_tres answers.
 *
 * Every question is a job_test of the base with the record rewritten to ask for one candidate.  The last
 * successful test is the one whose traces the record bears, so a candidate that was chosen but not tested
 * last is tested again.
 */
#include "plugin/select/decide.h"

#include "core/burst_gate.h"
#include "core/choose.h"
#include "core/jobspec.h"
#include "core/site.h"
#include "plugin/compat/host.h"
#include "plugin/compat/job.h"
#include "plugin/select/forecast.h"
#include "plugin/select/free_index.h"
#include "plugin/select/gate.h"
#include "plugin/select/memory.h"
#include "plugin/select/mixture.h"
#include "plugin/select/narrow.h"

#define NONE		SIZE_MAX
#define FOREVER_MINUTES (366 * 24 * 60)

struct decision {
	struct weft_ask *ask;
	const struct weft_view *view;
	enum weft_index_mode index;
	struct weft_jobspec spec;
	struct weft_plan plan;
	struct weft_job_saved saved;
	double runtime; /* planned, on the reference candidate, s */
	bool preempt;	/* may a test preempt other jobs? */
	bool ignore_limits;
	int rc;		   /* of the last test that failed */
	size_t over_limit; /* a candidate that only a limit keeps from running; NONE: no such */
	size_t held;	   /* the candidate whose test the record bears; NONE: none */
	uint16_t held_mode;
	bitstr_t *held_nodes;
	struct weft_mix held_mix; /* when the candidate is one */
	bitstr_t *later;	  /* see nodes_later() */
	list_t *held_preemptees;
};

/* What the job just tested will get when it starts, besides its nodes. */
static struct {
	const job_record_t *job;
	uint32_t minutes;		/* its time limit; 0: as it is */
	char fabric[WEFT_NAME_MAX + 1]; /* what joins the cards of its mix; "": it has none */
} chosen;

bool weft_decide_wants(const job_record_t *job)
{
	return job->spank_job_env_size &&
	       weft_env_get(job->spank_job_env, job->spank_job_env_size, WEFT_ENV_ACCEL);
}

static const char *env(const struct decision *d, const char *name)
{
	return weft_env_get(d->ask->job->spank_job_env, d->ask->job->spank_job_env_size, name);
}

/* The run time that the job asked for, in s. */
static double planned_runtime(const struct decision *d)
{
	const char *reference = env(d, WEFT_ENV_TIME);
	uint32_t minutes = reference ? weft_time_reference(reference) : weft_job_limit(d->ask->job);

	if (minutes > FOREVER_MINUTES)
		minutes = FOREVER_MINUTES;
	return minutes * 60.0;
}

/* At a peer the job is to have what it was let go for. */
static void keep_opened(struct decision *d)
{
	char gres[WEFT_GATE_MAX_NAME];
	size_t kept = 0;

	if (!weft_gate_gres(d->ask->job, d->view, gres, sizeof(gres)))
		return;
	for (size_t i = 0; i < d->plan.n; i++) {
		if (!xstrcmp(d->plan.candidates[i].class->label, gres))
			d->plan.candidates[kept++] = d->plan.candidates[i];
	}
	if (kept)
		d->plan.n = kept;
}

static int decision_open(struct decision *d, struct weft_ask *ask, const struct weft_view *view,
			 struct weft_err *err)
{
	struct weft_scope scope = { 0 };
	const char *nodes;

	*d = (struct decision){
		.ask = ask,
		.view = view,
		.index = weft_view_index(view),
		.rc = ESLURM_NODES_BUSY,
		.over_limit = NONE,
		.held = NONE,
	};
	if (weft_jobspec_make(&d->spec, env(d, WEFT_ENV_ACCEL), env(d, WEFT_ENV_POLICY), env(d, WEFT_ENV_APP),
			      view->conf, err))
		return -1;
	nodes = env(d, WEFT_ENV_NODES);
	if (nodes)
		weft_nodes_parse(nodes, &scope.min_nodes, &scope.max_nodes);
	if (ask->job->part_ptr && ask->job->part_ptr->node_bitmap) {
		scope.usable = weft_host_in_bitmap;
		scope.arg = ask->job->part_ptr->node_bitmap;
	}
	if (weft_plan_make(&d->plan, d->spec.request, view->inventory, &scope, d->spec.app,
			   view->conf->intensity, err)) {
		weft_jobspec_clear(&d->spec);
		return -1;
	}
	if (ask->mode != SELECT_MODE_TEST_ONLY)
		keep_opened(d);
	d->runtime = planned_runtime(d);
	weft_job_save(ask->job, &d->saved);
	return 0;
}

static void free_held(struct decision *d)
{
	d->held = NONE;
	FREE_NULL_BITMAP(d->held_nodes);
	FREE_NULL_LIST(d->held_preemptees);
	weft_mix_clear(&d->held_mix);
}

/* Forget the test that the record bears. */
static void drop_held(struct decision *d)
{
	if (d->held != NONE)
		weft_job_drop_allocation(d->ask->job);
	free_held(d);
}

static void decision_close(struct decision *d)
{
	free_held(d);
	FREE_NULL_BITMAP(d->later);
	weft_plan_clear(&d->plan);
	weft_jobspec_clear(&d->spec);
}

static struct weft_want want_of(const struct weft_candidate *c)
{
	return (struct weft_want){ .kind = weft_kind_of(c->class->name, c->class->type),
				   .per_node = c->per_node ? c->per_node : 1 };
}

/* May a test in MODE on NODES work out, as far as devices go?  Saves one that must fail. */
static bool enough_devices(const struct decision *d, const struct weft_candidate *c, uint16_t mode,
			   const bitstr_t *nodes)
{
	struct weft_want w = want_of(c);
	bool now = mode == SELECT_MODE_RUN_NOW && !(d->preempt && d->ask->preemptee_candidates);
	const bitstr_t *have;

	if (d->index == WEFT_INDEX_OFF)
		return true;
	have = now ? weft_free_index_free(w.kind, w.per_node) : weft_free_index_total(w.kind, w.per_node);
	return (uint32_t)bit_overlap((bitstr_t *)have, (bitstr_t *)nodes) >= c->nodes;
}

/* The base says yes to candidate I, on NODES.  Is it what was asked for, and do limits allow it? */
static int admit(struct decision *d, size_t i, uint16_t mode, bitstr_t *nodes)
{
	const struct weft_candidate *c = &d->plan.candidates[i];
	uint32_t wanted = c->mix ? (uint32_t)bit_set_count(nodes) : c->nodes;

	if (mode != SELECT_MODE_TEST_ONLY && (uint32_t)bit_set_count(nodes) != wanted)
		return ESLURM_NODES_BUSY;
	weft_job_count_tres(d->ask->job);
	if (mode == SELECT_MODE_TEST_ONLY || d->ignore_limits || weft_job_within_limits(d->ask->job, wanted))
		return SLURM_SUCCESS;
	if (d->over_limit == NONE)
		d->over_limit = i;
	return ESLURM_ACCOUNTING_POLICY;
}

/* Candidate I starts on NODES no earlier than *WHEN; false: never. */
static bool earliest_on(struct decision *d, size_t i, time_t *when, const bitstr_t *nodes)
{
	const struct weft_candidate *c = &d->plan.candidates[i];
	struct weft_want want = want_of(c);
	struct weft_ask sub = *d->ask;

	sub.nodes = (bitstr_t *)nodes;
	if (!d->preempt || c->mix)
		sub.preemptee_candidates = NULL;
	/* On how many nodes a mix is depends on which it may have. */
	return weft_forecast_earliest(&sub, &want, c->mix ? 1 : c->nodes, when);
}

/* Index=check: what would have been skipped is asked, and must turn out as foretold. */
static void check_foretold(struct decision *d, size_t i, uint16_t mode, const bitstr_t *nodes, bool enough)
{
	const job_record_t *job = d->ask->job;
	const char *label = d->plan.candidates[i].class->label;
	time_t when;

	if (!enough)
		error("weft: index: %pJ fits, though there are too few %s", job, label);
	if (mode == SELECT_MODE_WILL_RUN && (!earliest_on(d, i, &when, nodes) || when > job->start_time))
		error("weft: index: %pJ starts on %s at %ld, before it can", job, label,
		      (long)job->start_time);
}

/* Ask the base about a candidate of one class.  SUB is the question, but for the number of nodes. */
static int ask_class(struct decision *d, const struct weft_candidate *c, struct weft_ask *sub)
{
	int rc = weft_job_ask_for(d->ask->job, d->view->inventory, c);

	if (rc != SLURM_SUCCESS)
		return rc;
	sub->min_nodes = sub->max_nodes = sub->req_nodes = c->nodes;
	return weft_narrow_job_test(sub, d->index);
}

/* The same for a mix: now the fastest of what is free there, later the fastest of what there is. */
static int ask_mix(struct decision *d, const struct weft_candidate *c, struct weft_ask *sub)
{
	const struct weft_alternative *alt = &d->spec.request->alts[c->alternative];
	struct weft_mix *mix = &d->held_mix;

	if (weft_mixture_of(mix, alt, d->view, d->spec.app, sub->nodes, sub->mode == SELECT_MODE_RUN_NOW))
		return ESLURM_NODES_BUSY;
	if (mix->nodes > d->ask->max_nodes || mix->nodes < d->ask->min_nodes)
		return ESLURM_NODES_BUSY;
	return weft_mixture_job_test(sub, mix, c->class, d->view);
}

/* Ask the base about candidate I in MODE on NODES.  On success the record bears it and NODES are those it
 * would get. */
static int test(struct decision *d, size_t i, uint16_t mode, const bitstr_t *nodes)
{
	const struct weft_candidate *c = &d->plan.candidates[i];
	struct weft_ask sub = *d->ask;
	list_t *preemptees = NULL;
	bool enough;
	int rc;

	drop_held(d);
	weft_job_restore(d->ask->job, &d->saved);
	if (!c->mix && (c->nodes > d->ask->max_nodes || c->nodes < d->ask->min_nodes))
		return d->rc;
	enough = c->mix || enough_devices(d, c, mode, nodes);
	if (!enough && d->index != WEFT_INDEX_CHECK)
		return d->rc;
	sub.mode = mode;
	sub.nodes = bit_copy((bitstr_t *)nodes);
	sub.preemptee_candidates = d->preempt ? d->ask->preemptee_candidates : NULL;
	sub.preemptee_job_list = d->ask->preemptee_job_list ? &preemptees : NULL;
	rc = c->mix ? ask_mix(d, c, &sub) : ask_class(d, c, &sub);
	if (rc == SLURM_SUCCESS && d->index == WEFT_INDEX_CHECK)
		check_foretold(d, i, mode, nodes, enough);
	if (rc == SLURM_SUCCESS)
		rc = admit(d, i, mode, sub.nodes);
	if (rc == SLURM_SUCCESS)
		rc = weft_gate(&sub, d->view);
	if (rc != SLURM_SUCCESS) {
		weft_job_drop_allocation(d->ask->job);
		FREE_NULL_BITMAP(sub.nodes);
		FREE_NULL_LIST(preemptees);
		weft_mix_clear(&d->held_mix);
		return d->rc = rc;
	}
	d->held = i;
	d->held_mode = mode;
	d->held_nodes = sub.nodes;
	d->held_preemptees = preemptees;
	return SLURM_SUCCESS;
}

static bool fits_now(size_t i, void *arg)
{
	struct decision *d = arg;

	return test(d, i, SELECT_MODE_RUN_NOW, d->ask->nodes) == SLURM_SUCCESS;
}

static bool possible(size_t i, void *arg)
{
	struct decision *d = arg;
	bitstr_t *nodes = weft_job_eligible_nodes(d->ask->job, false);
	bool yes = test(d, i, SELECT_MODE_TEST_ONLY, nodes) == SLURM_SUCCESS;

	FREE_NULL_BITMAP(nodes);
	return yes;
}

static bool earliest_there(size_t i, time_t *when, void *arg)
{
	struct decision *d = arg;

	*when = 0;
	return d->index != WEFT_INDEX_ON || earliest_on(d, i, when, d->ask->nodes);
}

/* In backfill: on the nodes that it asks about. */
static bool starts_there(size_t i, time_t *when, void *arg)
{
	struct decision *d = arg;

	if (test(d, i, SELECT_MODE_WILL_RUN, d->ask->nodes) != SLURM_SUCCESS)
		return false;
	*when = d->ask->job->start_time;
	return true;
}

/* The main scheduler hands over just the nodes that are free; these are all that will become so. */
static bitstr_t *nodes_later(struct decision *d)
{
	if (!d->later)
		d->later = weft_job_eligible_nodes(d->ask->job, true);
	return d->later;
}

static bool earliest_later(size_t i, time_t *when, void *arg)
{
	struct decision *d = arg;

	*when = 0;
	return !d->ask->job->resv_name &&
	       (d->index != WEFT_INDEX_ON || earliest_on(d, i, when, nodes_later(d)));
}

static bool starts_later(size_t i, time_t *when, void *arg)
{
	struct decision *d = arg;
	time_t start_time = d->ask->job->start_time;
	bool yes;

	if (d->ask->job->resv_name) /* which nodes are its own is for the caller to say */
		return false;
	yes = test(d, i, SELECT_MODE_WILL_RUN, nodes_later(d)) == SLURM_SUCCESS;
	if (yes)
		*when = d->ask->job->start_time;
	d->ask->job->start_time = start_time;
	return yes;
}

/* Candidate I is the answer: hand its nodes to the caller. */
static int answer(struct decision *d, size_t i)
{
	if ((d->held != i || d->held_mode != d->ask->mode) &&
	    test(d, i, d->ask->mode, d->ask->nodes) != SLURM_SUCCESS)
		return d->rc;
	bit_clear_all(d->ask->nodes);
	bit_or(d->ask->nodes, d->held_nodes);
	if (d->ask->preemptee_job_list && d->held_preemptees) {
		FREE_NULL_LIST(*d->ask->preemptee_job_list);
		*d->ask->preemptee_job_list = d->held_preemptees;
		d->held_preemptees = NULL;
	}
	weft_job_restore_counts(d->ask->job, &d->saved);
	return SLURM_SUCCESS;
}

/* No candidate can be had: leave the record with a request that limits allow, since Slurm checks that next.
 */
static int refuse(struct decision *d)
{
	drop_held(d);
	for (size_t i = 0; i < d->plan.n; i++) {
		const struct weft_candidate *c = &d->plan.candidates[i];

		if (weft_job_ask_for(d->ask->job, d->view->inventory, c) != SLURM_SUCCESS)
			continue;
		weft_job_count_tres(d->ask->job);
		if (weft_job_within_limits(d->ask->job, c->nodes))
			break;
	}
	weft_job_restore(d->ask->job, &d->saved);
	return d->rc;
}

static const char *clock_text(time_t when, char *buf, size_t size)
{
	struct tm tm;

	localtime_r(&when, &tm);
	strftime(buf, size, "%FT%T", &tm);
	return buf;
}

/* "8 gpu:h100 on 1 node" */
static char *candidate_text(const struct weft_candidate *c)
{
	return xstrdup_printf("%u %s on %u node%s", c->devices, c->class->label, c->nodes,
			      c->nodes == 1 ? "" : "s");
}

static void tell_chosen(struct decision *d, size_t i)
{
	const struct weft_candidate *c = &d->plan.candidates[i];
	char *what = c->mix ? weft_mixture_text(&d->held_mix) : candidate_text(c), *text;

	text = xstrdup_printf("weft: %s (alternative %u of %zu, policy %s)", what, c->alternative + 1,
			      d->spec.request->n_alts, weft_policy_name(d->spec.policy));
	weft_job_comment(d->ask->job, text);
	xfree(what);
	xfree(text);
}

static void tell_waiting(struct decision *d, const struct weft_choice *choice)
{
	char *what = candidate_text(&d->plan.candidates[choice->waits_for]), *text;
	char when[32];

	text = xstrdup_printf("weft: waits for %s, which should finish first; predicted start %s", what,
			      clock_text(choice->when, when, sizeof(when)));
	weft_job_comment(d->ask->job, text);
	xfree(what);
	xfree(text);
}

/* Remember for weft_decide_limit() and weft_decide_fabric(). */
static void note_chosen(struct decision *d, size_t i)
{
	const char *times = env(d, WEFT_ENV_TIME);
	unsigned scaled;

	chosen.job = d->ask->job;
	chosen.minutes = 0;
	snprintf(chosen.fabric, sizeof(chosen.fabric), "%s", d->held_mix.fabric ? d->held_mix.fabric : "");
	if (!times || !d->spec.scale_time)
		return;
	scaled = weft_scaled_minutes(weft_time_reference(times), d->plan.candidates[i].slowdown);
	chosen.minutes = MIN(scaled, weft_time_longest(times));
}

uint32_t weft_decide_limit(const job_record_t *job)
{
	return chosen.job == job ? chosen.minutes : 0;
}

const char *weft_decide_fabric(const job_record_t *job)
{
	return chosen.job == job && chosen.fabric[0] ? chosen.fabric : NULL;
}

/* Slurm takes the first card that is free and what is linked with it, from 24.11 on what is linked least. */
static void keep_islands(const struct decision *d, size_t i)
{
	const struct weft_class *class = d->plan.candidates[i].class;

	if (!weft_base_devices_reserved(d->ask))
		weft_gres_keep_islands(d->ask->job, weft_kind_of(class->name, NULL).gres_id, d->ask->nodes);
}

static int decide_now(struct decision *d)
{
	struct weft_host host = {
		.possible = possible,
		.fits_now = fits_now,
		.starts = starts_later,
		.earliest = earliest_later,
		.arg = d,
	};
	struct weft_patience *patience = weft_memory_of(d->ask->job->job_id);
	time_t now = time(NULL);
	struct weft_choice choice =
		weft_choose_now(d->spec.policy, &d->plan, d->runtime, now, &host, patience);

	if (choice.index == NONE && choice.waits_for == NONE && d->ask->preemptee_candidates) {
		d->preempt = true;
		choice = weft_choose_now(d->spec.policy, &d->plan, d->runtime, now, &host, NULL);
	}
	if (choice.index == NONE && choice.waits_for != NONE) {
		tell_waiting(d, &choice);
		d->rc = ESLURM_NODES_BUSY;
		return refuse(d);
	}
	if (choice.index == NONE && d->over_limit != NONE) {
		d->ignore_limits = true; /* Slurm's own check then names the limit */
		choice.index = d->over_limit;
	}
	if (choice.index == NONE || answer(d, choice.index) != SLURM_SUCCESS)
		return refuse(d);
	keep_islands(d, choice.index);
	tell_chosen(d, choice.index);
	weft_job_tell_stepd(d->ask->job);
	note_chosen(d, choice.index);
	return SLURM_SUCCESS;
}

static int decide_future(struct decision *d)
{
	struct weft_host host = { .possible = possible,
				  .fits_now = fits_now,
				  .starts = starts_there,
				  .earliest = earliest_there,
				  .arg = d,
				  .now = time(NULL) };
	struct weft_choice choice;

	d->preempt = true;
	choice = weft_choose_future(d->spec.policy, &d->plan, d->runtime, &host);
	if (choice.index == NONE && d->over_limit != NONE) {
		d->ignore_limits = true;
		choice.index = d->over_limit;
	}
	if (choice.index == NONE || answer(d, choice.index) != SLURM_SUCCESS)
		return refuse(d);
	return SLURM_SUCCESS;
}

/* Could it ever run?  Any candidate will do. */
static int decide_ever(struct decision *d)
{
	d->preempt = true;
	for (size_t i = 0; i < d->plan.n; i++) {
		if (test(d, i, SELECT_MODE_TEST_ONLY, d->ask->nodes) == SLURM_SUCCESS)
			return answer(d, i);
	}
	return refuse(d);
}

int weft_decide(struct weft_ask *ask)
{
	const struct weft_view *view = weft_site_view();
	struct weft_err err = WEFT_ERR_INIT;
	struct decision d;
	int rc;

	chosen.job = NULL;
	if (IS_JOB_PENDING(ask->job) && ask->job->restart_cnt)
		weft_job_restore_limit(ask->job);
	if (!view || view->broken.text[0]) {
		weft_view_put(view);
		/* It waits until the configuration is mended.  That it could never run would hold it for
		 * good. */
		return ask->mode == SELECT_MODE_TEST_ONLY ? SLURM_SUCCESS : ESLURM_NODES_BUSY;
	}
	if (decision_open(&d, ask, view, &err)) {
		debug("weft: %pJ: %s", ask->job, err.text);
		weft_view_put(view);
		return ESLURM_REQUESTED_NODE_CONFIG_UNAVAILABLE;
	}
	if (ask->mode == SELECT_MODE_RUN_NOW)
		rc = decide_now(&d);
	else if (ask->mode == SELECT_MODE_WILL_RUN)
		rc = decide_future(&d);
	else
		rc = decide_ever(&d);
	decision_close(&d);
	weft_view_put(view);
	return rc;
}
