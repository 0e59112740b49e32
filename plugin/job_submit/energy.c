/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * energy.c - --energy at submission.
 */
#include "plugin/job_submit/energy.h"

#include "core/energy.h"
#include "plugin/compat/desc.h"
#include "plugin/compat/job.h"
#include "plugin/compat/steer.h"

#define ROOM 60 /* s that the scheduler may take to start a job */

const char *weft_energy_of_desc(const job_desc_msg_t *desc)
{
	const char *text = weft_env_get(desc->spank_job_env, desc->spank_job_env_size, WEFT_ENV_ENERGY);

	if (!text && desc->script && desc->environment)
		text = weft_env_get(desc->environment, desc->env_size, WEFT_ENV_ENERGY);
	return text && text[0] ? text : NULL;
}

/* How long it may run, in minutes; INFINITE: no limit. */
static uint32_t limit_of(const job_desc_msg_t *desc)
{
	return desc->time_limit != NO_VAL ? desc->time_limit : weft_desc_default_time(desc->partition);
}

static int check_time(const struct weft_energy_wish *wish, uint32_t minutes, time_t now, struct weft_err *err)
{
	if (minutes == INFINITE)
		return weft_err(err, "--energy: the job needs a time limit (--time)");
	if (now + (time_t)minutes * 60 + ROOM > wish->deadline)
		return weft_err(err, "--energy: a time limit of %u min does not fit before the deadline",
				minutes);
	return 0;
}

static bool has_series(const struct weft_view *view, enum weft_energy_goal goal)
{
	if (!view || view->broken.text[0] || !view->conf)
		return false;
	return goal == WEFT_ENERGY_GREEN ? view->conf->power.carbon : view->conf->power.price;
}

/* Not before LATEST; the planner says when, and needs to know what the user said of it. */
static void hold_back(job_desc_msg_t *desc, time_t latest)
{
	char text[32];

	if (desc->begin_time) {
		snprintf(text, sizeof(text), "%ld", (long)desc->begin_time);
		weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_NOT_BEFORE, text);
	}
	desc->begin_time = MAX(desc->begin_time, latest);
}

int weft_energy_fill(job_desc_msg_t *desc, const struct weft_view *view, time_t now, struct weft_err *err)
{
	struct weft_energy_wish wish;
	uint32_t minutes;
	char *text;

	if (weft_energy_parse(weft_energy_of_desc(desc), &wish, err))
		return ESLURM_INVALID_TIME_VALUE;
	wish.deadline = weft_energy_end(&wish, now);
	wish.within = 0;
	if (wish.goal != WEFT_ENERGY_NOW) {
		minutes = limit_of(desc);
		if (check_time(&wish, minutes, now, err))
			return ESLURM_INVALID_TIME_LIMIT;
		if (has_series(view, wish.goal))
			hold_back(desc, wish.deadline - ROOM - (time_t)minutes * 60);
	}
	text = weft_energy_text(&wish);
	if (!text) {
		weft_err(err, "--energy: out of memory");
		return ENOMEM;
	}
	weft_env_set(&desc->spank_job_env, &desc->spank_job_env_size, WEFT_ENV_ENERGY, text);
	free(text);
	return SLURM_SUCCESS;
}
