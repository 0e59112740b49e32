/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_remote.c - the proxy in the place of the batch script.
 *
 * What the proxy is told comes from the ticket, which slurmctld has sealed, and from the job's environment,
 * which is the user's, as whom it runs: it can do no more than he could.
 */
#include "spank/weft_remote.h"

#include <inttypes.h>
#include <slurm/slurm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/environment.h"
#include "spank/weft_spank.h"

#define EXIT_NO_PROXY 216 /* as WEFT_PROXY_SETUP */

static struct {
	enum { HERE, REMOTE, UNSURE } where;
	char *conf, *proxy;
	char peer[WEFT_TICKET_MAX_WORD + 16], gres[WEFT_TICKET_MAX_WORD + 16],
		model[WEFT_TICKET_MAX_WORD + 16];
	char cards[32], minutes[32], submit[40];
} self;

static void read_ticket(const struct weft_ticket *ticket)
{
	const struct weft_ticket_group *group = &ticket->groups[0];

	snprintf(self.peer, sizeof(self.peer), "--peer=%s", ticket->peer);
	snprintf(self.gres, sizeof(self.gres), "--gres=%s", group->gres);
	if (group->model)
		snprintf(self.model, sizeof(self.model), "--model=%s", group->model);
	snprintf(self.cards, sizeof(self.cards), "--cards=%" PRIu64, weft_ticket_group_cards(ticket, 0));
	snprintf(self.minutes, sizeof(self.minutes), "--minutes=%" PRIu32, ticket->minutes);
	snprintf(self.submit, sizeof(self.submit), "--submit=%" PRId64, ticket->submit);
}

void weft_remote_open(spank_t sp, const struct weft_ticket *ticket, const char *conf, const char *proxy)
{
	char c;
	spank_err_t rc = spank_getenv(sp, WEFT_SPANK_PREFIX WEFT_ENV_PEER, &c, sizeof(c));

	/* ESPANK_NOSPACE: it is there. */
	if (ticket && ticket->peer)
		self.where = REMOTE;
	else if (!ticket && (rc == ESPANK_SUCCESS || rc == ESPANK_NOSPACE))
		self.where = UNSURE;
	if (self.where != REMOTE)
		return;
	read_ticket(ticket);
	self.proxy = strdup(proxy);
	if (asprintf(&self.conf, "--conf=%s", conf) < 0)
		self.conf = NULL;
}

/* The arguments of the proxy, and then those of the script, whose name comes first; NULL-terminated. */
static char **arguments(int argc, char **argv)
{
	char **list = calloc((size_t)argc + 10, sizeof(*list));
	int n = 0;

	if (!list)
		return NULL;
	list[n++] = self.proxy;
	list[n++] = self.conf;
	list[n++] = self.peer;
	list[n++] = self.gres;
	list[n++] = self.cards;
	list[n++] = self.minutes;
	list[n++] = self.submit;
	if (self.model[0])
		list[n++] = self.model;
	list[n++] = "--";
	for (int i = 0; i < argc; i++)
		list[n++] = argv[i];
	return list;
}

/* ENV with the variables that the loader and the C library heed put aside: they are for the user's programs.
 */
static char **environment(char **env)
{
	static const char *const heeded[] = { "LD_",	  "GCONV_PATH=", "LOCPATH=",
					      "NLSPATH=", "MALLOC_",	 "GLIBC_TUNABLES=" };
	size_t n = 0;
	char **list;

	while (env[n])
		n++;
	list = calloc(n + 1, sizeof(*list));
	for (size_t i = 0; list && i < n; i++) {
		list[i] = env[i];
		for (size_t k = 0; k < sizeof(heeded) / sizeof(heeded[0]); k++) {
			if (strncmp(env[i], heeded[k], strlen(heeded[k])) != 0)
				continue;
			if (asprintf(&list[i], WEFT_PROXY_HELD "%s", env[i]) < 0)
				return NULL;
			break;
		}
	}
	return list;
}

static void become_proxy(spank_t sp)
{
	char **argv = NULL, **env = NULL;
	int argc = 0;

	if (!self.proxy || !self.conf || spank_get_item(sp, S_JOB_ARGV, &argc, &argv) != ESPANK_SUCCESS ||
	    spank_get_item(sp, S_JOB_ENV, &env) != ESPANK_SUCCESS || !env || argc < 1)
		return;
	argv = arguments(argc, argv);
	env = environment(env);
	if (argv && env)
		execve(self.proxy, argv, env);
	slurm_spank_log("weft: %s cannot be started: %m", self.proxy);
}

void weft_remote_task(spank_t sp)
{
	uint32_t step = SLURM_EXTERN_CONT;

	if (self.where == HERE || spank_get_item(sp, S_JOB_STEPID, &step) != ESPANK_SUCCESS ||
	    step == SLURM_EXTERN_CONT)
		return;
	if (self.where == UNSURE)
		slurm_spank_log("weft: the job is to run at another site, and has no ticket that says so; it "
				"does not run");
	else if (step == SLURM_BATCH_SCRIPT)
		become_proxy(sp);
	else
		slurm_spank_log(
			"weft: the job runs at another site; steps of it cannot be started from here");
	_exit(EXIT_NO_PROXY);
}

void weft_remote_close(void)
{
	free(self.proxy);
	free(self.conf);
	memset(&self, 0, sizeof(self));
}
