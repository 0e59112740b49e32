/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer.c - answers of a job_test, side by side.
 */
#include "plugin/select/answer.h"

struct weft_answer weft_answer_of(const struct weft_ask *ask, int rc)
{
	return (struct weft_answer){ .nodes = bit_copy(ask->nodes), .start = ask->job->start_time, .rc = rc };
}

void weft_answer_clear(struct weft_answer *answer)
{
	FREE_NULL_BITMAP(answer->nodes);
}

int weft_answer_give(const struct weft_answer *answer, struct weft_ask *ask)
{
	bit_copybits(ask->nodes, answer->nodes);
	ask->job->start_time = answer->start;
	return answer->rc;
}

/* A job that could ever run need not have been shown to fit on the same nodes.  The clock may have moved on
 * between two answers "now". */
static bool same(const struct weft_answer *a, const struct weft_answer *b, uint16_t mode)
{
	if ((a->rc == SLURM_SUCCESS) != (b->rc == SLURM_SUCCESS))
		return false;
	if (a->rc != SLURM_SUCCESS)
		return a->rc == b->rc;
	if (mode == SELECT_MODE_TEST_ONLY)
		return bit_set_count(a->nodes) == bit_set_count(b->nodes);
	return bit_equal(a->nodes, b->nodes) &&
	       (mode != SELECT_MODE_WILL_RUN || (a->start - b->start <= 1 && b->start - a->start <= 1));
}

static char *text(const struct weft_answer *a)
{
	char *nodes = bitmap2node_name(a->nodes), *all;

	all = a->rc ? xstrdup_printf("error %d", a->rc) : xstrdup_printf("%s at %ld", nodes, (long)a->start);
	xfree(nodes);
	return all;
}

void weft_answer_compare(const struct weft_answer *answer, const struct weft_ask *ask, int rc, const char *how)
{
	static const char *const modes[] = { "run now", "test only", "will run" };
	struct weft_answer other = { .nodes = ask->nodes, .start = ask->job->start_time, .rc = rc };
	char *one, *two;

	if (!answer->nodes || same(answer, &other, ask->mode))
		return;
	one = text(answer);
	two = text(&other);
	error("weft: index: %pJ, %s: %s %s, but %s", ask->job, ask->mode < 3 ? modes[ask->mode] : "?", one, how,
	      two);
	xfree(one);
	xfree(two);
}
