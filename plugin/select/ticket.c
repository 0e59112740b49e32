/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket.c - the ticket of a job that starts.
 *
 * This runs under Slurm's locks.  Sealing asks munged over a socket on this machine, as Slurm itself does for
 * the job's credential a moment later; when munged does not answer it is left in peace for a while.
 */
#include "plugin/select/ticket.h"

#include <math.h>
#include <stdlib.h>

#include "core/jobspec.h"
#include "core/site.h"
#include "core/ticket.h"
#include "plugin/compat/alloc.h"
#include "plugin/compat/job.h"
#include "plugin/compat/seal.h"
#include "plugin/compat/steer.h"
#include "plugin/compat/tally.h"

#define MAX_KINDS 16 /* kinds of gres on one node that are looked at */
#define PAUSE	  30 /* s without a try after munged did not answer */

static const char *env(const job_record_t *job, const char *name)
{
	return weft_env_get(job->spank_job_env, job->spank_job_env_size, name);
}

/* The accelerators among the shares of a node; of several classes the one with the most cards. */
static const struct weft_class *main_class(const struct weft_view *view, const struct weft_share *shares,
					   int n, const struct weft_share **share)
{
	const struct weft_class *best = NULL;

	for (int i = 0; i < n; i++) {
		const struct weft_class *class =
			weft_inventory_find(view->inventory, shares[i].name, shares[i].type);

		if (!class || (best && shares[i].count <= (*share)->count))
			continue;
		best = class;
		*share = &shares[i];
	}
	return best;
}

/* Nodes of a class follow each other: its speed is worked out once for them. */
struct known_rate {
	const struct weft_class *class;
	double rate;
};

static double rate_of(struct known_rate *known, const struct weft_class *class, const struct weft_view *view,
		      const struct weft_jobspec *spec)
{
	if (known->class != class) {
		known->class = class;
		known->rate = weft_speed_rate(class->model, class->type, spec->app, view->conf->intensity);
	}
	return known->rate;
}

static int add_node(struct weft_ticket *ticket, const struct weft_view *view, const struct weft_jobspec *spec,
		    struct known_rate *known, const job_record_t *job, uint32_t node, struct weft_err *err)
{
	struct weft_share shares[MAX_KINDS];
	const struct weft_share *share = NULL;
	int n = weft_job_shares(job, node, shares, MAX_KINDS), group;
	const struct weft_class *class = main_class(view, shares, n, &share);
	unsigned cards;

	if (!class)
		return weft_err(err, "there are no accelerators on its node %u", node);
	cards = MIN(share->count, UINT32_MAX);
	group = weft_ticket_add_class(ticket, class, rate_of(known, class, view, spec), cards, share->devices,
				      err);
	return group < 0 ? -1 : weft_ticket_add_node(ticket, group, cards, share->devices, err);
}

/* What a card of each group is expected to draw, by what was measured. */
static void add_watts(struct weft_ticket *ticket, const struct weft_power *p)
{
	const struct weft_inventory *inv = weft_power_inventory(p);

	for (size_t i = 0; i < weft_inventory_classes(inv); i++) {
		const struct weft_class *class = weft_inventory_class(inv, i);
		struct weft_class_watts w = weft_watts_class(weft_power_watts(p), i);

		for (unsigned g = 0; g < ticket->n_groups; g++) {
			struct weft_ticket_group *group = &ticket->groups[g];

			if (strcmp(group->gres, class->label))
				continue;
			group->tdp = group->limit = group->budget = w.peak;
			group->watts = w.idle + w.factor * (w.peak - w.idle);
		}
	}
}

static void add_figure(char **field, double value, const char *unit)
{
	char text[WEFT_TICKET_MAX_WORD + 1];

	if (isnan(value))
		return;
	snprintf(text, sizeof(text), "%.6g%s", value, unit);
	weft_ticket_set(field, text);
}

/* Power, price and carbon, where weft.conf says something of them. */
static void add_power(struct weft_ticket *ticket, const job_record_t *job, const struct weft_view *view)
{
	struct weft_power *p = weft_tally_power(view);
	const char *window = env(job, WEFT_ENV_WINDOW);
	char unit[16];

	if (!p)
		return;
	add_watts(ticket, p);
	snprintf(unit, sizeof(unit), "%s/MWh", view->conf->power.currency);
	add_figure(&ticket->price, weft_power_price(p), unit);
	add_figure(&ticket->carbon, weft_power_carbon(p), "g/kWh");
	weft_power_put(p);
	if (window)
		ticket->window_end = strtoll(window, NULL, 10);
}

static const struct weft_conf_peer *peer_of(const job_record_t *job, const struct weft_view *view)
{
	return job->part_ptr ? weft_conf_peer_of_partition(view->conf, job->part_ptr->name) : NULL;
}

/* A job on the node of another site.  A requeue changes Slurm's own time of submission, so that of the first start
 * is kept in the job; together with its number it names the job there. */
static int add_burst(struct weft_ticket *ticket, job_record_t *job, const struct weft_view *view)
{
	const struct weft_conf_peer *peer = peer_of(job, view);
	const char *first = env(job, WEFT_ENV_SUBMIT);
	char text[24];

	if (!peer || !job->details)
		return 0;
	if (!first) {
		snprintf(text, sizeof(text), "%lld", (long long)job->details->submit_time);
		weft_env_set(&job->spank_job_env, &job->spank_job_env_size, WEFT_ENV_SUBMIT, text);
		first = text;
	}
	ticket->submit = strtoll(first, NULL, 10);
	ticket->minutes = MAX(1, weft_tally_duration(job) / 60);
	return weft_ticket_set(&ticket->peer, peer->name);
}

static struct weft_ticket *make(job_record_t *job, const char *fabric, const struct weft_view *view,
				struct weft_err *err)
{
	struct weft_ticket_job id = { .id = job->job_id, .uid = job->user_id, .restarts = job->restart_cnt };
	struct weft_ticket *ticket = weft_ticket_create(slurm_conf.cluster_name, &id, time(NULL));
	uint32_t nodes = weft_job_node_count(job);
	struct known_rate known = { 0 };
	struct weft_jobspec spec;
	int rc = 0;

	if (!ticket) {
		weft_err(err, "no name of the cluster, or out of memory");
		return NULL;
	}
	if (weft_jobspec_make(&spec, env(job, WEFT_ENV_ACCEL), env(job, WEFT_ENV_POLICY),
			      env(job, WEFT_ENV_APP), view->conf, err))
		goto fail;
	for (uint32_t i = 0; i < nodes && !rc; i++)
		rc = add_node(ticket, view, &spec, &known, job, i, err);
	weft_jobspec_clear(&spec);
	weft_ticket_order_groups(ticket);
	rc = rc ? rc : weft_ticket_add_catalogue(ticket, weft_inventory_catalogue(view->inventory), err);
	add_power(ticket, job, view);
	if (!rc && !add_burst(ticket, job, view) && !weft_ticket_set(&ticket->site, slurm_conf.cluster_name) &&
	    !weft_ticket_set(&ticket->fabric, fabric))
		return ticket;
fail:
	weft_ticket_destroy(ticket);
	return NULL;
}

static char *seal(const struct weft_ticket *ticket, struct weft_err *err)
{
	static time_t not_before;
	size_t len;
	char *text, *sealed, *socket;

	if (time(NULL) < not_before) {
		weft_err(err, "munged did not answer a moment ago");
		return NULL;
	}
	text = weft_ticket_text(ticket, &len, err);
	if (!text)
		return NULL;
	socket = weft_seal_socket(slurm_conf.authinfo);
	sealed = weft_seal(socket, text, len, err);
	not_before = sealed ? 0 : time(NULL) + PAUSE;
	free(socket);
	free(text);
	return sealed;
}

static char *make_and_seal(job_record_t *job, const char *fabric, struct weft_err *err)
{
	const struct weft_view *view = weft_site_view();
	struct weft_ticket *ticket = NULL;
	char *sealed = NULL;

	if (view && view->inventory && !view->broken.text[0])
		ticket = make(job, fabric, view, err);
	else
		weft_err(err, "Weft has stepped aside");
	if (ticket)
		sealed = seal(ticket, err);
	weft_ticket_destroy(ticket);
	weft_view_put(view);
	return sealed;
}

/* A job whose ticket did not come about must not run on the gateway for that. */
static void mark_peer(job_record_t *job)
{
	const struct weft_view *view = weft_site_view();
	const struct weft_conf_peer *peer = view && view->conf ? peer_of(job, view) : NULL;

	weft_job_publish(job, WEFT_ENV_PEER, WEFT_ENV_PEER, peer ? peer->name : NULL);
	weft_view_put(view);
}

void weft_ticket_issue(job_record_t *job, const char *fabric)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *sealed = make_and_seal(job, fabric, &err);
	char het_name[32];

	if (!sealed)
		info("weft: %pJ starts without a ticket: %s", job, err.text);
	snprintf(het_name, sizeof(het_name), WEFT_ENV_TICKET "_%u", job->job_id);
	weft_job_publish(job, WEFT_ENV_TICKET, het_name, sealed);
	mark_peer(job);
	free(sealed);
}
