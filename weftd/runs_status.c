/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runs_status.c - a run as others see it.
 */
#include <stdio.h>
#include <string.h>

#include "weftd/runs_private.h"

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static enum weft_run_phase phase_of(const struct weft_handover *h)
{
	static const enum weft_run_phase ends[] = {
		[WEFT_HANDOVER_NOT_OVER] = WEFT_RUN_LOST,	[WEFT_HANDOVER_ENDED] = WEFT_RUN_ENDED,
		[WEFT_HANDOVER_CANCELLED] = WEFT_RUN_CANCELLED, [WEFT_HANDOVER_REFUSED] = WEFT_RUN_REFUSED,
		[WEFT_HANDOVER_LOST] = WEFT_RUN_LOST,
	};

	if (h->step == WEFT_HANDOVER_OVER)
		return ends[h->end];
	if (h->lost)
		return WEFT_RUN_LOST;
	return h->step == WEFT_HANDOVER_RELEASED && h->state == WEFT_REST_RUNNING ? WEFT_RUN_RUNNING
										  : WEFT_RUN_WAITING;
}

static void say_when(char *buf, size_t size, time_t when)
{
	struct tm tm;

	if (!localtime_r(&when, &tm) || strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		copy(buf, size, "?");
}

static void say_why(const struct weft_run *run, char *why, size_t size)
{
	char since[32], until[32];

	if (run->damage) {
		snprintf(why, size, "its record in the book is damaged: %s", run->damage);
	} else if (run->h.lost && run->h.step != WEFT_HANDOVER_OVER) {
		say_when(since, sizeof(since), run->h.lost);
		say_when(until, sizeof(until), weft_handover_dead(&run->h, &run->rules));
		snprintf(why, size, "the peer has not known the job since %s; nothing runs again before %s",
			 since, until);
	} else if (run->h.step != WEFT_HANDOVER_OVER && run->away[0]) {
		copy(why, size, run->away);
	} else {
		copy(why, size, run->h.why);
	}
}

void weft_runs_describe(const struct weft_run *run, struct weft_run_status *s)
{
	const struct weft_handover *h = &run->h;

	memset(s, 0, sizeof(*s));
	copy(s->key, sizeof(s->key), run->key);
	if (run->order) {
		const struct weft_run_order *order = &run->order->order;

		copy(s->peer, sizeof(s->peer), order->peer);
		copy(s->user, sizeof(s->user), order->user);
		copy(s->remote_user, sizeof(s->remote_user), order->remote_user);
		copy(s->remote_top, sizeof(s->remote_top), order->remote_top);
		s->job = order->job;
		s->uid = order->uid;
		s->submit = order->submit;
	} else {
		copy(s->peer, sizeof(s->peer), run->peer);
		s->job = run->job;
		s->uid = run->uid;
		s->submit = run->submit;
	}
	/* Nothing is done with one that is damaged; what became of it is not known here. */
	s->phase = run->damage ? WEFT_RUN_LOST : phase_of(h);
	s->over = run->damage || h->step == WEFT_HANDOVER_OVER;
	s->damaged = run->damage != NULL;
	s->settled = run->settled;
	s->cancel = h->cancel;
	s->remote_id = h->id;
	s->state = h->state;
	s->exit_status = h->exit_status;
	s->first = run->first;
	s->attempt = h->attempt;
	s->remote_submit = h->submitted;
	s->remote_start = h->started;
	s->remote_end = h->ended;
	s->predicted = h->predicted;
	copy(s->remote_nodes, sizeof(s->remote_nodes), h->nodes);
	copy(s->gres, sizeof(s->gres), h->tres);
	s->cards = weft_runs_cards(h->tres);
	say_why(run, s->why, sizeof(s->why));
}
