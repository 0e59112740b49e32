/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_alloc.c - the options in sbatch, salloc and srun: checked, and put into the job.
 *
 * The request travels as it was written, so that slurmctld, too, can name a column; there it is brought to
 * canonical form.
 *
 * A heterogeneous job goes through here once for each component, and Slurm itself remembers an option from
 * one component to the next.  So what was given is kept for one component only, and what was not given is
 * taken out of the job again.
 *
 * Inside a job the environment holds what the job was submitted with.  A step inherits it, rightly.  A new
 * job that is submitted from there must not: it would carry its parent's request and the parent's cards.
 */
#include "spank/weft_spank.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/burst.h"
#include "core/conf.h"
#include "core/energy.h"
#include "core/request.h"
#include "spank/weft_app.h"

extern char **environ;

static const char *const option_name[] = { "--accel",  "--accel-policy", "--accel-app",
					   "--energy", "--burst",	 "--max-cost" };
/* NULL: it goes with another one (weft_alloc_post_opt). */
static const char *const job_env[] = { WEFT_ENV_ACCEL,	WEFT_ENV_POLICY, WEFT_ENV_APP,
				       WEFT_ENV_ENERGY, WEFT_ENV_BURST,	 NULL };

/* Where Slurm itself keeps an option, in the job; in the environment it has WEFT_SPANK_PREFIX before it. */
static const char *const option_env[] = {
	"_SLURM_SPANK_OPTION_weft_accel",
	"_SLURM_SPANK_OPTION_weft_accel_policy",
	"_SLURM_SPANK_OPTION_weft_accel_app",
	"_SLURM_SPANK_OPTION_weft_energy",
	"_SLURM_SPANK_OPTION_weft_burst",
	"_SLURM_SPANK_OPTION_weft_max_cost",
};

static const char *const hints[] = { WEFT_HINT_VARIABLES };

static char *given[WEFT_OPTIONS]; /* of this component */
static bool is_step;		  /* an srun inside a job */

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* The name of the environment entry TEXT when it is one of an enclosing job; malloc()ed, else NULL. */
static char *parents_name(const char *text)
{
	const char *equals = strchr(text, '=');

	if (!equals || (!has_prefix(text, WEFT_SPANK_PREFIX "WEFT_") &&
			!has_prefix(text, WEFT_SPANK_PREFIX "_SLURM_SPANK_OPTION_weft_") &&
			!has_prefix(text, "_SLURM_SPANK_OPTION_weft_")))
		return NULL;
	return strndup(text, equals - text);
}

/* Take the visibility variables out that the enclosing job's task got, unless somebody has changed them
 * since. */
static void forget_cards(void)
{
	const char *devices = getenv(WEFT_ENV_DEVICES), *set = getenv(WEFT_ENV_SET);

	while (devices && set && *set) {
		size_t len = strcspn(set, ",");
		char *name = strndup(set, len);
		const char *value = name ? getenv(name) : NULL;

		if (value && !strcmp(value, devices))
			unsetenv(name);
		free(name);
		set += len + (set[len] == ',');
	}
	unsetenv(WEFT_ENV_SET);
	unsetenv(WEFT_ENV_DEVICES);
	unsetenv(WEFT_ENV_MODEL);
	unsetenv(WEFT_ENV_VENDOR);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		unsetenv(hints[i]);
}

static void forget_parent(void)
{
	for (size_t i = 0; environ && environ[i];) {
		char *name = parents_name(environ[i]);

		if (!name || unsetenv(name))
			i++;
		free(name);
	}
	forget_cards();
}

int weft_alloc_init(spank_t sp)
{
	(void)sp;
	is_step = spank_context() == S_CTX_LOCAL && getenv("SLURM_JOB_ID");
	if (!is_step)
		forget_parent();
	return ESPANK_SUCCESS;
}

static char *check_request(const char *text, struct weft_err *err)
{
	struct weft_request *req = weft_request_parse(text, err);
	char *copy = req ? strdup(text) : NULL;

	if (req && !copy)
		weft_err(err, "out of memory");
	weft_request_destroy(req);
	return copy;
}

static char *parse_policy(const char *text, struct weft_err *err)
{
	const enum weft_policy unnamed =
		(enum weft_policy) - 1; /* scale-time alone: the site's policy counts */
	enum weft_policy policy = unnamed;
	int scale_time = 0;
	char *value;

	if (weft_policy_option(text, &policy, &scale_time, err))
		return NULL;
	if (asprintf(&value, "%s%s%s", policy == unnamed ? "" : weft_policy_name(policy),
		     policy != unnamed && scale_time ? "," : "", scale_time ? "scale-time" : "") >= 0)
		return value;
	weft_err(err, "out of memory");
	return NULL;
}

static char *check_energy(const char *text, struct weft_err *err)
{
	struct weft_energy_wish wish;

	if (weft_energy_parse(text, &wish, err))
		return NULL;
	return weft_energy_text(&wish);
}

static char *check_burst(const char *text, struct weft_err *err)
{
	struct weft_burst_wish wish;
	char *canonical;

	if (weft_burst_parse(text, &wish, err))
		return NULL;
	canonical = weft_burst_text(&wish);
	if (!canonical)
		weft_err(err, "out of memory");
	weft_burst_clear(&wish);
	return canonical;
}

static char *check_max_cost(const char *text, struct weft_err *err)
{
	struct weft_burst_wish wish = { .mode = WEFT_BURST_AUTO, .max_cost = -1, .max_wait = -1 };
	char *copy;

	if (weft_burst_max_cost(text, &wish, err))
		return NULL;
	copy = strdup(text);
	if (!copy)
		weft_err(err, "out of memory");
	return copy;
}

/* Put --max-cost into --burst.  -1 with ERR. */
static int join_max_cost(struct weft_err *err)
{
	struct weft_burst_wish wish;
	char *text;

	if (!given[WEFT_OPTION_BURST])
		return weft_err(err, "--max-cost: it is for jobs with --burst");
	if (weft_burst_parse(given[WEFT_OPTION_BURST], &wish, err))
		return -1;
	text = weft_burst_max_cost(given[WEFT_OPTION_MAX_COST], &wish, err) ? NULL : weft_burst_text(&wish);
	weft_burst_clear(&wish);
	if (!text)
		return err->text[0] ? -1 : weft_err(err, "--burst: out of memory");
	free(given[WEFT_OPTION_BURST]);
	given[WEFT_OPTION_BURST] = text;
	return 0;
}

/* In the commands that can carry a request to the controller.  scrontab knows the options and not the way. */
extern int spank_set_job_env(const char *name, const char *value, int overwrite) __attribute__((weak));

static char *parse_option(enum weft_option option, const char *value, struct weft_err *err)
{
	if (is_step) {
		weft_err(err, option >= WEFT_OPTION_ENERGY
				      ? "is for a job, not for a step inside one"
				      : "asks for a job's cards; inside a job use --gres or --gpus");
		return NULL;
	}
	if (!spank_set_job_env) {
		weft_err(err, "this command cannot pass a request on; use sbatch, salloc or srun");
		return NULL;
	}
	switch (option) {
	case WEFT_OPTION_ACCEL:
		return check_request(value, err);
	case WEFT_OPTION_POLICY:
		return parse_policy(value, err);
	case WEFT_OPTION_ENERGY:
		return check_energy(value, err);
	case WEFT_OPTION_BURST:
		return check_burst(value, err);
	case WEFT_OPTION_MAX_COST:
		return check_max_cost(value, err);
	default:
		return weft_app_option(value, err);
	}
}

/* Slurm hands an option that it finds in the environment to every command: to an srun that of its job, to
 * sbatch and salloc that of the component before. VALUE is then the text in the environment itself, not a
 * copy. */
static bool is_inherited(enum weft_option option, const char *value)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s", WEFT_SPANK_PREFIX, option_env[option]);
	return value == getenv(name);
}

/* WHY may begin with the option's name by itself. */
static void complain(enum weft_option option, const char *why)
{
	const char *name = option_name[option];

	if (has_prefix(why, name) && why[strlen(name)] == ':')
		slurm_error("%s", why);
	else
		slurm_error(is_step ? "%s %s" : "%s: %s", name, why);
}

int weft_alloc_option(enum weft_option option, const char *value)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *text;

	if (is_inherited(option, value))
		return ESPANK_SUCCESS;
	text = parse_option(option, value, &err);
	if (!text) {
		complain(option, err.text);
		return ESPANK_BAD_ARG;
	}
	free(given[option]);
	given[option] = text;
	return ESPANK_SUCCESS;
}

/* Put what was given for OPTION into the job, or take out what an earlier component has left there. */
static int put_option(spank_t sp, enum weft_option option)
{
	char name[128];
	spank_err_t rc;

	if (!given[option]) {
		if (job_env[option])
			spank_job_control_unsetenv(sp, job_env[option]);
		spank_job_control_unsetenv(sp, option_env[option]);
		return ESPANK_SUCCESS;
	}
	if (!job_env[option])
		return ESPANK_SUCCESS;
	rc = spank_job_control_setenv(sp, job_env[option], given[option], 1);
	if (rc != ESPANK_SUCCESS)
		slurm_error("%s: cannot be put into the job: %s", option_name[option], spank_strerror(rc));
	/* sbatch and salloc do this by themselves for what is in the job. */
	snprintf(name, sizeof(name), "%s%s", WEFT_SPANK_PREFIX, job_env[option]);
	if (rc == ESPANK_SUCCESS && spank_context() == S_CTX_LOCAL)
		setenv(name, given[option], 1);
	return rc;
}

int weft_alloc_post_opt(spank_t sp)
{
	struct weft_err err = WEFT_ERR_INIT;
	int rc = ESPANK_SUCCESS;

	if (is_step)
		return ESPANK_SUCCESS;
	if (given[WEFT_OPTION_MAX_COST] && join_max_cost(&err)) {
		slurm_error("%s", err.text);
		rc = ESPANK_BAD_ARG;
	}
	for (int i = 0; i < WEFT_OPTIONS && rc == ESPANK_SUCCESS; i++)
		rc = put_option(sp, i);
	if (!given[WEFT_OPTION_ACCEL] && (given[WEFT_OPTION_POLICY] || given[WEFT_OPTION_APP])) {
		slurm_error("%s: there is no --accel to apply it to",
			    option_name[given[WEFT_OPTION_POLICY] ? WEFT_OPTION_POLICY : WEFT_OPTION_APP]);
		rc = ESPANK_BAD_ARG;
	}
	weft_alloc_exit();
	return rc;
}

void weft_alloc_exit(void)
{
	for (int i = 0; i < WEFT_OPTIONS; i++) {
		free(given[i]);
		given[i] = NULL;
	}
}
