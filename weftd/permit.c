/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * permit.c - may a job be handed over?
 */
#include "weftd/permit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ticket.h"
#include "weftd/wire.h"

/* Is it slurmctld's?  Root may write one, too, as everywhere. */
static int check_seal(struct weft_home *home, uid_t sealer, bool *later, struct weft_err *err)
{
	uid_t slurm_user;

	if (sealer == 0)
		return 0;
	if (weft_home_slurm_user(home, &slurm_user, err) < 0) {
		*later = true;
		return -1;
	}
	if (sealer != slurm_user)
		return weft_err(err, "the ticket was sealed by uid %lu, and not by slurmctld",
				(unsigned long)sealer);
	return 0;
}

/* The run's key is what names a job for good: the cluster, its number, and when it was first submitted. */
static int check_job(const struct weft_ticket *ticket, uid_t uid, const struct weft_question_job *job,
		     struct weft_err *err)
{
	const struct weft_ticket_job own = { .id = job->job, .uid = uid, .restarts = ticket->job.restarts };
	char key[WEFT_RUN_KEY];

	if (weft_ticket_check(ticket, &own, err) < 0)
		return -1;
	if (!ticket->peer)
		return weft_err(err, "the ticket is for no other site");
	if (strcmp(ticket->peer, job->peer->name) != 0)
		return weft_err(err, "the ticket is for %s, not %s", ticket->peer, job->peer->name);
	if (weft_handover_key(key, sizeof(key), ticket->cluster, ticket->job.id, ticket->submit, err) < 0)
		return -1;
	return strcmp(key, job->key) == 0 ? 0 : weft_err(err, "the ticket is for %s, not %s", key, job->key);
}

/* No more than the job has at home, where its limits were looked at. */
static int check_size(const struct weft_ticket *ticket, const struct weft_question_order *order,
		      struct weft_err *err)
{
	const struct weft_ticket_group *group = ticket->groups;
	const struct weft_rest_job *what = &order->run.what;
	const char *asked = weft_question_cards(order);
	char own[2 * WEFT_TICKET_MAX_WORD + 32];

	if (ticket->n_groups != 1 ||
	    weft_ticket_cards_text(group->gres, group->model, weft_ticket_group_cards(ticket, 0), !what->gres,
				   own, sizeof(own)) < 0)
		return weft_err(err, "the ticket is not for cards of one kind");
	if (strcmp(own, asked) != 0)
		return weft_err(err, "the job has %s at home, and %s is asked for", own, asked);
	if (what->minutes > ticket->minutes)
		return weft_err(err, "the job has %u min at home, and %u are asked for", ticket->minutes,
				what->minutes);
	if (what->nodes > 1)
		return weft_err(err, "the job has one node at home, and %u are asked for", what->nodes);
	return 0;
}

static struct weft_ticket *open_ticket(struct weft_home *home, const char *munge, const char *sealed,
				       bool *later, struct weft_err *err)
{
	struct weft_ticket *ticket = NULL;
	uid_t sealer;
	size_t len;
	char *text = weft_wire_open_old(munge, sealed, &len, &sealer, err);

	if (text && check_seal(home, sealer, later, err) == 0)
		ticket = weft_ticket_parse(text, len, err);
	free(text);
	return ticket;
}

static bool is_one_of(const char *word, const char *const *list)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list;
}

int weft_permit_runs(struct weft_home *home, const struct weft_question_job *job, uid_t uid,
		     uint32_t restarts, struct weft_home_job *there, bool *later, struct weft_err *err)
{
	static const char *const runs[] = { "RUNNING", "RESIZING", "SIGNALING", "STOPPED", NULL };
	static const char *const may_run[] = { "CONFIGURING", "SUSPENDED", NULL };
	int rc = weft_home_find(home, job->job, there, err);

	*later = rc < 0;
	if (rc < 0)
		return -1;
	if (rc == 0)
		return weft_err(err, "slurmctld at home knows no job %u", job->job);
	if (there->uid != uid)
		return weft_err(err, "job %u at home is that of another user", job->job);
	*later = is_one_of(there->state, may_run);
	if (!is_one_of(there->state, runs))
		return weft_err(err, "job %u does not run at home: it is %s", job->job, there->state);
	if (there->restarts != restarts)
		return weft_err(err, "job %u was requeued at home", job->job);
	if (strcmp(there->nodes, job->peer->node) != 0 ||
	    strcmp(there->partition, job->peer->local_partition) != 0)
		return weft_err(err, "job %u runs on %s in partition %s at home, not on %s in %s", job->job,
				there->nodes, there->partition, job->peer->node, job->peer->local_partition);
	return 0;
}

int weft_permit(struct weft_home *home, const char *munge, const char *sealed, uid_t uid,
		const struct weft_question_job *job, struct weft_question_order *order, bool *later,
		struct weft_err *err)
{
	struct weft_ticket *ticket = open_ticket(home, munge, sealed, later, err);
	struct weft_home_job there;
	int rc = -1;

	if (ticket && check_job(ticket, uid, job, err) == 0 && check_size(ticket, order, err) == 0) {
		order->run.restarts = ticket->job.restarts;
		rc = weft_permit_runs(home, job, uid, ticket->job.restarts, &there, later, err);
	}
	if (rc == 0) {
		snprintf(order->account, sizeof(order->account), "%s", there.account);
		snprintf(order->kind, sizeof(order->kind), "%s", ticket->groups[0].gres);
		order->cards = (unsigned)weft_ticket_group_cards(ticket, 0);
	}
	weft_ticket_destroy(ticket);
	return rc;
}
