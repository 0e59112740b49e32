/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_hints.c - the ticket opened, and its content as variables and files.
 *
 * The text of the ticket comes from the step's environment, which is the user's.  Until its seal has been
 * looked at it is nothing but bytes of a bounded number; afterwards it is slurmctld's.
 */
#include "spank/weft_hints.h"

#include <inttypes.h>
#include <math.h>
#include <slurm/slurm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scan.h"
#include "core/share.h"
#include "core/ticket.h"
#include "core/topology.h"
#include "plugin/compat/seal.h"
#include "plugin/compat/stepd.h"
#include "spank/weft_open.h"
#include "spank/weft_rundir.h"
#include "spank/weft_spank.h"

#define WISHES_MAX 64	/* longest WEFT_HINTS */
#define SWITCH_MAX 1024 /* longest switch path */
#define HET_MAX	   128	/* components of a heterogeneous job */
#define TASKS_MAX  4096 /* tasks on this node whose rank is told */

static const char *const names[] = { WEFT_HINT_VARIABLES };

#define N_NAMES (sizeof(names) / sizeof(names[0]))

static struct {
	struct weft_place place;
	bool have_place;
	struct weft_ticket *ticket;
	struct weft_layout layout;
	bool have_layout;
	unsigned char *groups; /* of each node; NULL: there is but one */
	char *values[N_NAMES]; /* of all tasks; NULL: nothing to say */
	char *nccl;	       /* NCCL_TOPO_FILE; NULL: not asked for */
	char *run_dir;
	struct weft_rundir dir;
	unsigned group;
} self = { .dir = WEFT_RUNDIR_INIT };

/* ---------------------------------------------------------------- the ticket */

/* The value of NAME in BUF.  -1: not there; ERR when it is too long. */
static int get(spank_t sp, const char *name, char *buf, size_t size, struct weft_err *err)
{
	spank_err_t rc = spank_getenv(sp, name, buf, size);

	if (rc == ESPANK_SUCCESS)
		return 0;
	return rc == ESPANK_NOSPACE ? weft_err(err, "%s is longer than %zu bytes", name, size - 1) : -1;
}

/* The sealed ticket, malloc()ed; NULL when there is none, or with ERR when it is too long. */
static char *find_sealed(spank_t sp, struct weft_err *err)
{
	const size_t size = WEFT_SEAL_MAX + 1;
	char *sealed = malloc(size), name[96];

	if (!sealed)
		return NULL;
	if (!get(sp, WEFT_SPANK_PREFIX WEFT_ENV_TICKET, sealed, size, err))
		return sealed;
	/* The components of a heterogeneous job share one environment; salloc adds the component's number. */
	snprintf(name, sizeof(name), WEFT_SPANK_PREFIX WEFT_ENV_TICKET "_%" PRIu32, self.place.job_id);
	if (!get(sp, name, sealed, size, err))
		return sealed;
	for (unsigned i = 0; i < HET_MAX; i++) {
		if (self.place.het_offset != UINT32_MAX && self.place.het_offset != i)
			continue;
		snprintf(name, sizeof(name), WEFT_SPANK_PREFIX WEFT_ENV_TICKET "_%" PRIu32 "_HET_GROUP_%u",
			 self.place.job_id, i);
		if (!get(sp, name, sealed, size, err))
			return sealed;
	}
	free(sealed);
	return NULL;
}

/* Is it slurmctld's, and for this run of this job on these nodes? */
static int check_ticket(const struct weft_ticket *ticket, struct weft_err *err)
{
	const struct weft_ticket_job job = { .id = self.place.job_id,
					     .uid = self.place.uid,
					     .restarts = self.place.restarts };

	if (weft_ticket_check(ticket, &job, err))
		return -1;
	if ((self.place.nodes && self.place.nodes != ticket->n_nodes) || self.place.node >= ticket->n_nodes)
		return weft_err(err, "the ticket is for %u nodes, and the job has others now",
				ticket->n_nodes);
	return 0;
}

static struct weft_ticket *open_ticket(const char *sealed, struct weft_err *err)
{
	struct weft_ticket *ticket = weft_open_ticket(sealed, err);

	if (!ticket || !check_ticket(ticket, err))
		return ticket;
	weft_ticket_destroy(ticket);
	return NULL;
}

/* ---------------------------------------------------------------- variables */

static void set_value(const char *name, char *text)
{
	for (size_t i = 0; i < N_NAMES; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		free(self.values[i]);
		self.values[i] = text;
		return;
	}
	free(text);
}

static void set_copy(const char *name, const char *text)
{
	if (text)
		set_value(name, strdup(text));
}

/* VALUE to DIGITS decimal places.  (round() would make libm one more library that slurmstepd loads.) */
static void set_number(const char *name, double value, unsigned digits)
{
	double scale = 1;
	char buf[WEFT_NUMBER_SIZE];

	while (digits--)
		scale *= 10;
	if (isfinite(value) && value >= 0 && value * scale < 1e15)
		set_copy(name, weft_number_text((double)(uint64_t)(value * scale + 0.5) / scale, 0, 0, buf));
}

static void set_uint(const char *name, uint64_t value)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%" PRIu64, value);
	set_copy(name, buf);
}

static void tell_job(void)
{
	const struct weft_ticket *t = self.ticket;
	const struct weft_ticket_run *run = weft_ticket_node(t, self.place.node, NULL);
	const struct weft_ticket_group *group = &t->groups[run->group];

	self.group = run->group;
	set_uint("WEFT_GROUP", run->group);
	set_number("WEFT_WEIGHT", weft_ticket_weight(t, run->group), 6);
	set_number("WEFT_POWER_BUDGET_W", group->budget * run->cards, 0);
	set_number("WEFT_DEVICE_POWER_W", group->limit, 0);
	set_number("WEFT_EXPECTED_W", group->watts * run->cards, 0);
	set_copy("WEFT_SITE", t->site);
	set_copy("WEFT_PRICE", t->price);
	set_copy("WEFT_CARBON", t->carbon);
	set_copy("WEFT_FABRIC", t->fabric);
	if (t->window_end)
		set_uint("WEFT_WINDOW_END", t->window_end);
}

/* ---------------------------------------------------------------- ranks */

/* How many of the N numbers of IDS are below ID. */
static uint64_t count_below(const uint32_t *ids, uint32_t n, uint32_t id)
{
	uint64_t below = 0;

	for (uint32_t i = 0; i < n; i++)
		below += ids[i] < id;
	return below;
}

struct weft_rank weft_hints_rank(const struct weft_layout *layout, const unsigned char *groups,
				 unsigned group, uint32_t id)
{
	struct weft_rank r = { 0, 0, 0 };

	for (uint32_t i = 0; i < layout->nodes; i++) {
		unsigned own = groups ? groups[layout->place[i]] : group;

		if (own < group)
			r.before += layout->tasks[i];
		if (own != group)
			continue;
		r.size += layout->tasks[i];
		r.rank += count_below(layout->task_ids[i], layout->tasks[i], id);
	}
	return r;
}

/* The layout of the step, and the group of each node when there is more than one.  Without them ranks are not
 * told. */
static void learn_layout(spank_t sp)
{
	const struct weft_ticket *t = self.ticket;
	unsigned at = 0;

	if (weft_step_layout(sp, &self.layout, t->n_groups > 1))
		return;
	self.have_layout = true;
	if (t->n_groups == 1)
		return;
	self.groups = malloc(t->n_nodes);
	for (size_t i = 0; self.groups && i < t->n_runs; at += t->runs[i++].nodes)
		memset(self.groups + at, t->runs[i].group, t->runs[i].nodes);
	for (uint32_t i = 0; i < self.layout.nodes; i++)
		self.have_layout = self.have_layout && self.layout.place[i] < t->n_nodes;
	self.have_layout = self.have_layout && self.groups;
}

static void set_task_uint(spank_t sp, const char *name, uint64_t value)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%" PRIu64, value);
	spank_setenv(sp, name, buf, 1);
}

static void set_rank(spank_t sp, unsigned task)
{
	const struct weft_layout *l = &self.layout;
	struct weft_rank r = { .rank = 0, .size = 1 };

	if (l->nodes) {
		if (task >= l->tasks[l->own] || task >= TASKS_MAX)
			return;
		r = weft_hints_rank(l, self.groups, self.group, l->task_ids[l->own][task]);
	}
	set_task_uint(sp, "WEFT_RANK", r.before + r.rank);
	set_task_uint(sp, "WEFT_GROUP_RANK", r.rank);
	set_task_uint(sp, "WEFT_GROUP_SIZE", r.size);
}

/* ---------------------------------------------------------------- files */

static const char *step_name(char *buf, size_t size)
{
	if (self.place.step_id == SLURM_BATCH_SCRIPT)
		return "batch";
	if (self.place.step_id == SLURM_INTERACTIVE_STEP)
		return "interactive";
	snprintf(buf, size, "%" PRIu32, self.place.step_id);
	return buf;
}

/* Write TEXT (freed here) as FILE.  Its path, or NULL with ERR. */
static char *write_file(const char *file, char *text, size_t len, struct weft_err *err)
{
	char *path = text ? weft_rundir_write(&self.dir, file, text, len, self.place.uid, err) : NULL;

	free(text);
	return path;
}

static void write_hostfile(struct weft_err *err)
{
	char **hosts = self.ticket ? weft_step_hosts(self.place.hosts, self.ticket->n_nodes) : NULL;
	char *text;
	size_t len = 0;

	if (!hosts) {
		weft_err(err, WEFT_ENV_HINTS ": hostfile: the job's nodes are not known");
		return;
	}
	text = weft_topology_hostfile(self.ticket, hosts, &len);
	set_value("WEFT_HOSTFILE", write_file("hostfile", text, len, err));
	for (char **host = hosts; *host; host++)
		free(*host);
	free(hosts);
}

static void write_nccl(const struct weft_topo_step *step, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	size_t len = 0;
	char *text = weft_topology_nccl(step, &len, &why);

	if (text)
		self.nccl = write_file("nccl.xml", text, len, err);
	else
		weft_err(err, WEFT_ENV_HINTS ": %s", why.text);
}

/* WISH is "micro-batches=128" or "layers=80": how many each group gets, by weight. */
static int grant_share(const char *wish, struct weft_err *err)
{
	static const struct {
		const char *word, *variable;
		bool least_one; /* a stage without a layer is none */
	} shared[] = {
		{ "micro-batches=", "WEFT_MICRO_BATCHES", false },
		{ "layers=", "WEFT_LAYERS", true },
	};

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		size_t len = strlen(shared[i].word);
		struct weft_err why = WEFT_ERR_INIT;
		unsigned long total;
		char *end;

		if (strncmp(wish, shared[i].word, len) != 0)
			continue;
		total = strtoul(wish + len, &end, 10);
		if (wish[len] < '0' || wish[len] > '9' || *end || !total || total > WEFT_SHARE_MAX)
			return weft_err(err, WEFT_ENV_HINTS ": %s is no number from 1 to %u", wish,
					WEFT_SHARE_MAX);
		if (self.ticket)
			set_value(shared[i].variable,
				  weft_ticket_shares(self.ticket, total, shared[i].least_one, &why));
		return why.text[0] ? weft_err(err, WEFT_ENV_HINTS ": %s: %s", wish, why.text) : 0;
	}
	return weft_err(err,
			WEFT_ENV_HINTS
			": unknown word \"%s\"; there are nccl, hostfile, micro-batches= and layers=",
			weft_snip(wish, strlen(wish)).text);
}

/* What the user asked for in WEFT_HINTS: "nccl,hostfile,layers=80". */
static void grant_wishes(spank_t sp, const struct weft_topo_step *step, struct weft_err *err)
{
	char buf[WISHES_MAX + 1], *rest = buf, *wish;

	if (get(sp, WEFT_ENV_HINTS, buf, sizeof(buf), err))
		return;
	while ((wish = strsep(&rest, ","))) {
		if (!strcmp(wish, "nccl"))
			write_nccl(step, err);
		else if (!strcmp(wish, "hostfile"))
			write_hostfile(err);
		else if (*wish)
			grant_share(wish, err);
	}
}

static void write_files(spank_t sp, const struct weft_hints_options *options,
			const struct weft_catalogue *cat, const struct weft_cards *cards,
			struct weft_err *err)
{
	char number[16], switches[SWITCH_MAX], levels[SWITCH_MAX], *name = NULL;
	struct weft_topology topo;
	struct weft_topo_step step = {
		.topo = &topo,
		.catalogue = cat,
		.ticket = self.ticket,
		.job_id = self.place.job_id,
		.step = step_name(number, sizeof(number)),
		.node = self.place.name,
		.node_index = self.place.node,
		.hosts = self.place.hosts,
		.vendor = cards->vendor,
		.model = cards->model,
		.devices = cards->index,
		.n_devices = cards->n_index,
	};
	char *text;
	size_t len = 0;

	if (!get(sp, "SLURM_TOPOLOGY_ADDR", switches, sizeof(switches), NULL))
		step.switches = switches;
	if (!get(sp, "SLURM_TOPOLOGY_ADDR_PATTERN", levels, sizeof(levels), NULL))
		step.levels = levels;
	(void)weft_topology_read(&topo, options->sysfs, cat, NULL);
	if (asprintf(&name, "%s.%" PRIu32 ".%s", step.node, step.job_id, step.step) < 0)
		name = NULL;
	if (name && !weft_rundir_make(&self.dir, options->run_dir, name, err)) {
		text = weft_topology_json(&step, &len);
		set_value("WEFT_TOPOLOGY_FILE", write_file("topology.json", text, len, err));
		grant_wishes(sp, &step, err);
	}
	free(name);
	weft_topology_clear(&topo);
}

/* ---------------------------------------------------------------- start, task, end */

const struct weft_ticket *weft_hints_open(spank_t sp, struct weft_err *err)
{
	char *sealed;

	if (weft_step_place(sp, &self.place, err))
		return NULL;
	self.have_place = true;
	sealed = find_sealed(sp, err);
	if (sealed)
		self.ticket = open_ticket(sealed, err);
	free(sealed);
	return self.ticket;
}

void weft_hints_start(spank_t sp, const struct weft_hints_options *options, const struct weft_catalogue *cat,
		      const struct weft_cards *cards, struct weft_err *err)
{
	self.run_dir = strdup(options->run_dir);
	if (!self.have_place)
		return;
	if (self.ticket) {
		tell_job();
		learn_layout(sp);
	}
	write_files(sp, options, cat, cards, err);
}

/* A step inherits the variable from the batch script, whose file another node does not have. */
static void set_nccl(spank_t sp)
{
	char old[4096];
	bool theirs = !get(sp, "NCCL_TOPO_FILE", old, sizeof(old), NULL);

	if (theirs && self.run_dir && !strncmp(old, self.run_dir, strlen(self.run_dir))) {
		spank_unsetenv(sp, "NCCL_TOPO_FILE");
		theirs = false;
	}
	if (self.nccl && !theirs)
		spank_setenv(sp, "NCCL_TOPO_FILE", self.nccl, 1);
}

void weft_hints_task(spank_t sp, unsigned task)
{
	for (size_t i = 0; i < N_NAMES; i++) {
		if (self.values[i])
			spank_setenv(sp, names[i], self.values[i], 1);
		else
			spank_unsetenv(sp, names[i]);
	}
	if (self.ticket && self.have_layout)
		set_rank(sp, task);
	set_nccl(sp);
}

void weft_hints_stop(void)
{
	weft_rundir_close(&self.dir);
	weft_ticket_destroy(self.ticket);
	weft_layout_clear(&self.layout);
	weft_place_clear(&self.place);
	for (size_t i = 0; i < N_NAMES; i++) {
		free(self.values[i]);
		self.values[i] = NULL;
	}
	free(self.groups);
	free(self.nccl);
	free(self.run_dir);
	self.ticket = NULL;
	self.groups = NULL;
	self.nccl = self.run_dir = NULL;
	self.have_layout = self.have_place = false;
}
