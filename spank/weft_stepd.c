/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_stepd.c - in slurmstepd: give each task of a Weft job the environment that shows it its own cards.
 *
 * Whether the job is Weft's is told by the request in the environment of the step, which Slurm copies
 * there from the job, or by the option that srun forwards.  For all other jobs nothing is read, and
 * nothing is changed.
 *
 * What the cards are is told by the job's ticket.  Without one it is read from files, once, as root, before any
 * task is started.  Their paths come from slurmd's own environment and from plugstack.conf, never from the job.
 */
#include "spank/weft_spank.h"

#include <slurm/slurm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/catalogue.h"
#include "core/conf.h"
#include "core/devenv.h"
#include "core/inventory.h"
#include "plugin/compat/stepd.h"
#include "spank/weft_cards.h"
#include "spank/weft_hints.h"
#include "spank/weft_remote.h"

#ifndef WEFT_CATALOGUE_PATH
#define WEFT_CATALOGUE_PATH WEFT_DATADIR "/catalogue.json"
#endif

#ifndef WEFT_PROXY_PATH
#define WEFT_PROXY_PATH "weft-proxy"
#endif

#define VALUE_MAX 4096 /* longest list of devices that is read from the environment */

static struct {
	const char *conf_path;      /* of plugstack.conf; NULL: beside slurm.conf */
	const char *catalogue_path;
	const char *proxy_path;
	struct weft_hints_options hints;
	bool option;                /* an option was forwarded */
	bool active;                /* a step of a Weft job, and its cards are known */
	struct weft_catalogue *catalogue;
	struct weft_conf *conf;
	struct weft_cards cards;
	struct weft_err err;        /* why nothing is set; for the user */
	struct weft_err no_hints;   /* why there are fewer hints; for the user */
} self;

/* The value of plugstack.conf's argument ARG when it is KEY=VALUE; else NULL. */
static const char *argument(const char *arg, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(arg, key, len) && arg[len] == '=' ? arg + len + 1 : NULL;
}

void weft_stepd_init(int ac, char **av)
{
	self.catalogue_path = WEFT_CATALOGUE_PATH;
	self.proxy_path = WEFT_PROXY_PATH;
	self.hints = (struct weft_hints_options){ .run_dir = WEFT_RUN_DIR, .sysfs = "/sys" };
	for (int i = 0; i < ac; i++) {
		const char *conf = argument(av[i], "conf"), *catalogue = argument(av[i], "catalogue");
		const char *run_dir = argument(av[i], "run-dir"), *sysfs = argument(av[i], "sysfs");
		const char *proxy = argument(av[i], "proxy");

		if (conf)
			self.conf_path = conf;
		else if (catalogue)
			self.catalogue_path = catalogue;
		else if (run_dir)
			self.hints.run_dir = run_dir;
		else if (sysfs)
			self.hints.sysfs = sysfs;
		else if (proxy)
			self.proxy_path = proxy;
		else
			slurm_error("weft: plugstack.conf: unknown argument %s", av[i]);
	}
}

void weft_stepd_option(enum weft_option option)
{
	self.option = self.option || option == WEFT_OPTION_ACCEL;
}

/* Is this a step of a Weft job in which tasks of the user run? */
static bool is_ours(spank_t sp)
{
	uint32_t step_id = SLURM_EXTERN_CONT;
	char c;
	/* ESPANK_NOSPACE: it is there, and is longer than the one byte we gave. */
	spank_err_t rc = spank_getenv(sp, WEFT_SPANK_PREFIX WEFT_ENV_ACCEL, &c, sizeof(c));

	if (!self.option && rc != ESPANK_SUCCESS && rc != ESPANK_NOSPACE)
		return false;
	return spank_get_item(sp, S_JOB_STEPID, &step_id) == ESPANK_SUCCESS && step_id != SLURM_EXTERN_CONT;
}

static int load_files(struct weft_err *err)
{
	char *beside = self.conf_path ? NULL : weft_step_conf_path("weft.conf");
	const char *path = self.conf_path ? self.conf_path : beside;

	if (path)
		self.conf = weft_conf_load(path, 1, err);
	else
		weft_err(err, "out of memory");
	if (self.conf)
		self.catalogue = weft_catalogue_load(self.catalogue_path, self.conf->catalogue, err);
	free(beside);
	return self.catalogue ? weft_conf_check(self.conf, self.catalogue, err) : -1;
}

/* Take the catalogue from TICKET, when it knows all that the job has on this node. */
static int use_ticket(const struct weft_ticket *ticket, const struct weft_step *step)
{
	for (size_t i = 0; i < step->job.n; i++) {
		if (!weft_ticket_knows(ticket, step->job.items[i].name, step->job.items[i].type))
			return -1;
	}
	return weft_ticket_site(ticket, &self.catalogue, &self.conf, NULL);
}

/* The step's cards, and what they are. */
static int find_cards(const struct weft_step *step, const struct weft_ticket *ticket, struct weft_err *err)
{
	if ((!ticket || use_ticket(ticket, step)) && load_files(err))
		return -1;
	return weft_cards_find(&self.cards, step, self.catalogue, self.conf, err);
}

static void find_remote(spank_t sp, const struct weft_ticket *ticket)
{
	char *beside = self.conf_path ? NULL : weft_step_conf_path("weft.conf");

	weft_remote_open(sp, ticket, self.conf_path ? self.conf_path : beside ? beside : "", self.proxy_path);
	free(beside);
}

void weft_stepd_post_opt(spank_t sp)
{
	struct weft_step step = { .whole_job = false };
	const struct weft_ticket *ticket = NULL;

	if (!is_ours(sp))
		return;
	if (!weft_step_read(sp, &step, &self.err)) {
		ticket = weft_hints_open(sp, &self.no_hints);
		self.active = !find_cards(&step, ticket, &self.err);
	}
	find_remote(sp, ticket);
	weft_step_clear(&step);
	if (self.active && (self.cards.state == WEFT_CARDS_KNOWN || self.cards.state == WEFT_CARDS_COUNTED))
		weft_hints_start(sp, &self.hints, self.catalogue, &self.cards, &self.no_hints);
	else /* of a component without cards: another's ticket is nobody's fault */
		self.no_hints = (struct weft_err)WEFT_ERR_INIT;
}

static char *get_env(const char *name, void *arg)
{
	char value[VALUE_MAX];

	return spank_getenv(arg, name, value, sizeof(value)) == ESPANK_SUCCESS ? strdup(value) : NULL;
}

/* Make DEVICES visible, and note in WEFT_VISIBLE_ENV by which variables. */
static void set_visible(spank_t sp, const char *devices)
{
	size_t n = 0, len = 0;
	struct weft_env_change *changes = weft_devenv_changes(self.catalogue, self.cards.vendor, devices, &n);
	char names[VALUE_MAX];

	names[0] = '\0';
	for (size_t i = 0; changes && i < n; i++) {
		size_t more = strlen(changes[i].name);

		if (!changes[i].value) {
			spank_unsetenv(sp, changes[i].name);
			continue;
		}
		spank_setenv(sp, changes[i].name, changes[i].value, 1);
		if (len + more + 2 > sizeof(names))
			continue;
		if (len)
			names[len++] = ',';
		memcpy(names + len, changes[i].name, more + 1);
		len += more;
	}
	weft_devenv_free(changes, n);
	if (len)
		spank_setenv(sp, WEFT_ENV_SET, names, 1);
	else
		spank_unsetenv(sp, WEFT_ENV_SET);
}

/* The component of a heterogeneous job that has no cards inherits the environment of the one with the
 * batch script. */
static void forget_inherited(spank_t sp)
{
	static const char *const all[] = { WEFT_ENV_SET, WEFT_ENV_DEVICES, WEFT_ENV_MODEL, WEFT_ENV_VENDOR,
					   WEFT_HINT_VARIABLES };
	char *names = get_env(WEFT_ENV_SET, sp), *devices = get_env(WEFT_ENV_DEVICES, sp), *rest = names, *name;

	while (devices && rest && (name = strsep(&rest, ","))) {
		char *value = get_env(name, sp);

		if (value && !strcmp(value, devices))
			spank_unsetenv(sp, name);
		free(value);
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		spank_unsetenv(sp, all[i]);
	free(names);
	free(devices);
}

static void tell_user(spank_t sp)
{
	int task = -1;

	/* Once for each node. */
	if (spank_get_item(sp, S_TASK_ID, &task) != ESPANK_SUCCESS || task != 0)
		return;
	if (self.err.text[0])
		slurm_spank_log("weft: %s; the device environment stays as Slurm sets it", self.err.text);
	if (self.no_hints.text[0])
		slurm_spank_log("weft: %s; tasks get fewer hints", self.no_hints.text);
}

void weft_stepd_task_init(spank_t sp)
{
	char *devices = NULL;
	int task = 0;

	weft_remote_task(sp);
	tell_user(sp);
	if (!self.active)
		return;
	if (self.cards.state == WEFT_CARDS_NONE)
		forget_inherited(sp);
	if (self.cards.state != WEFT_CARDS_KNOWN && self.cards.state != WEFT_CARDS_COUNTED)
		return;
	spank_get_item(sp, S_TASK_ID, &task);
	devices = weft_cards_devices(&self.cards, task, get_env, sp);
	if (self.cards.vendor)
		spank_setenv(sp, WEFT_ENV_VENDOR, self.cards.vendor->name, 1);
	spank_setenv(sp, WEFT_ENV_MODEL, self.cards.model, 1);
	if (devices) {
		spank_setenv(sp, WEFT_ENV_DEVICES, devices, 1);
		set_visible(sp, devices);
	}
	free(devices);
	weft_hints_task(sp, task);
}

void weft_stepd_exit(void)
{
	weft_hints_stop();
	weft_remote_close();
	weft_cards_clear(&self.cards);
	weft_conf_destroy(self.conf);
	weft_catalogue_destroy(self.catalogue);
	self.conf = NULL;
	self.catalogue = NULL;
	self.active = false;
}
