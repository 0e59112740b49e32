/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * repeat.c - the last answer about a start in the future.
 */
#include "plugin/select/repeat.h"

#include "core/power.h"

static struct {
	struct weft_ask ask; /* its nodes: as they were given; NULL: nothing is kept */
	uint32_t job_id;
	unsigned age; /* of the power, before it was asked */
	struct weft_answer answer;
} last;

void weft_repeat_forget(void)
{
	FREE_NULL_BITMAP(last.ask.nodes);
	weft_answer_clear(&last.answer);
}

/* Only the first question of the two is put as if the job would not share. */
static bool is_first(const struct weft_ask *ask)
{
	return ask->mode == SELECT_MODE_WILL_RUN && ask->job->details->share_res == 0 &&
	       !ask->preemptee_candidates;
}

/* Does it make no difference whether the job would share?  It has not said, and asks for nothing by which
 * cons_tres would tell. */
static bool sharing_is_all_one(const struct weft_ask *ask)
{
	uint8_t share = ask->job->details->share_res;

	return share != 0 && share != 1 && !ask->job->details->ntasks_per_node;
}

static bool same_question(const struct weft_ask *a, const struct weft_ask *b)
{
	return a->mode == b->mode && a->job == b->job && a->min_nodes == b->min_nodes &&
	       a->max_nodes == b->max_nodes && a->req_nodes == b->req_nodes && weft_base_same_bounds(a, b) &&
	       bit_equal(a->nodes, b->nodes);
}

bool weft_repeat_find(const struct weft_ask *ask, struct weft_answer *kept)
{
	if (!last.ask.nodes || last.age != weft_power_age() || ask->preemptee_candidates ||
	    ask->job->job_id != last.job_id || !sharing_is_all_one(ask) || !same_question(ask, &last.ask))
		return false;
	*kept = last.answer;
	kept->nodes = bit_copy(last.answer.nodes);
	return true;
}

void weft_repeat_keep(const struct weft_ask *ask, const bitstr_t *given, unsigned age, int rc)
{
	weft_repeat_forget();
	if (!is_first(ask))
		return;
	last.ask = *ask;
	last.ask.nodes = bit_copy((bitstr_t *)given);
	last.job_id = ask->job->job_id;
	last.age = age;
	last.answer = weft_answer_of(ask, rc);
}
