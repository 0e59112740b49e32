/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_hook.c - spank_weft_hook: runs a site's program as root when a job starts on a node and when it ends
 * there, so that it can set and restore the limits of the job's cards.
 *
 * It is a plugin of its own, for Slurm starts one more process for each job on each node as soon as any
 * plugin has a prolog: a site without a hook shall not pay for that.
 *
 * What the program is told comes from the ticket alone, and which program it is from plugstack.conf.  Where
 * in the job this node is comes from slurmctld's list of nodes: with PrologFlags=Alloc prologs are started by
 * slurmctld and by nobody else, and without it the hook is not run.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <slurm/spank.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/ticket.h"
#include "plugin/compat/stepd.h"
#include "spank/weft_open.h"

SPANK_PLUGIN(weft_hook, 1)

#define TICKET	     "SPANK_WEFT_TICKET"
#define PATIENCE     30 /* s that the program may take */
#define VARIABLES    8
#define VARIABLE_MAX 320

struct variables {
	char text[VARIABLES][VARIABLE_MAX];
	char *list[VARIABLES + 1];
	int n;
};

static void add(struct variables *v, const char *name, const char *value)
{
	int len;

	if (v->n == VARIABLES)
		return;
	len = snprintf(v->text[v->n], VARIABLE_MAX, "%s=%s", name, value);
	if (len < 0 || len >= VARIABLE_MAX)
		return;
	v->list[v->n] = v->text[v->n];
	v->list[++v->n] = NULL;
}

static void add_watts(struct variables *v, const char *name, double watts)
{
	char buf[32];

	if (!isfinite(watts) || watts <= 0 || watts > 1e9)
		return;
	snprintf(buf, sizeof(buf), "%.0f", watts);
	add(v, name, buf);
}

static void add_uint(struct variables *v, const char *name, uint32_t value)
{
	char buf[16];

	snprintf(buf, sizeof(buf), "%" PRIu32, value);
	add(v, name, buf);
}

/* "0,1,5" */
static void add_devices(struct variables *v, uint64_t devices)
{
	char buf[WEFT_DEVICES_SIZE];
	size_t len = 0;

	for (unsigned i = 0; i < 64; i++) {
		if (devices >> i & 1)
			len += snprintf(buf + len, sizeof(buf) - len, "%s%u", len ? "," : "", i);
	}
	add(v, "WEFT_DEVICES", buf);
}

/* All that the program gets. */
static void describe(struct variables *v, const struct weft_ticket *ticket, const struct weft_ticket_run *run)
{
	const struct weft_ticket_group *group = &ticket->groups[run->group];

	v->n = 0;
	add(v, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	add_uint(v, "WEFT_JOB_ID", ticket->job.id);
	add_uint(v, "WEFT_JOB_UID", ticket->job.uid);
	add(v, "WEFT_VENDOR", group->vendor ? group->vendor : "");
	add(v, "WEFT_MODEL", group->model ? group->model : "");
	add_devices(v, run->devices);
	add_watts(v, "WEFT_DEVICE_POWER_W", group->limit);
	add_watts(v, "WEFT_DEVICE_TDP_W", group->tdp);
}

/* ---------------------------------------------------------------- the program */

/* Could anybody but root change what PATH is? */
static int check_program(const char *path, struct weft_err *err)
{
	struct stat st;

	if (path[0] != '/')
		return weft_err(err, "hook %s: not an absolute path", path);
	if (lstat(path, &st))
		return weft_err(err, "hook %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022) || !(st.st_mode & 0100))
		return weft_err(err, "hook %s: it must be root's program, and nobody else may write to it",
				path);
	return 0;
}

static void become(const char *path, const char *when, struct variables *v)
{
	char *argv[] = { (char *)path, (char *)when, NULL };
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	if (!chdir("/"))
		execve(path, argv, v->list);
	_exit(127);
}

/* Wait for CHILD; when it takes too long it is killed with all that it started. */
static int wait_for(pid_t child, const char *path, struct weft_err *err)
{
	const struct timespec nap = { .tv_nsec = 10 * 1000 * 1000 };
	time_t limit = time(NULL) + PATIENCE;
	int status = 0;
	pid_t rc;

	while ((rc = waitpid(child, &status, WNOHANG)) == 0 || (rc < 0 && errno == EINTR)) {
		if (time(NULL) <= limit) {
			nanosleep(&nap, NULL);
			continue;
		}
		kill(-child, SIGKILL);
		waitpid(child, &status, 0);
		return weft_err(err, "hook %s: killed after %d s", path, PATIENCE);
	}
	if (rc == child && WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (rc == child && WIFEXITED(status))
		return weft_err(err, "hook %s: exit status %d", path, WEXITSTATUS(status));
	return weft_err(err, "hook %s: killed by a signal", path);
}

static int run_program(const char *path, const char *when, struct variables *v, struct weft_err *err)
{
	pid_t child;

	if (check_program(path, err))
		return -1;
	child = fork();
	if (child < 0)
		return weft_err(err, "hook %s: %s", path, strerror(errno));
	if (!child)
		become(path, when, v);
	setpgid(child, child); /* whoever of the two is first */
	return wait_for(child, path, err);
}

/* ---------------------------------------------------------------- the ticket */

/* The run of this node; NULL with ERR when the ticket is for another job, or for other nodes. */
static const struct weft_ticket_run *find_run(spank_t sp, const struct weft_ticket *ticket,
					      struct weft_err *err)
{
	const char *hosts = getenv("SLURM_NODELIST"), *name = getenv("SLURMD_NODENAME");
	struct weft_ticket_job job = { .restarts = ticket->job.restarts };
	const struct weft_ticket_run *run;
	uint32_t nodes;
	int place;
	uid_t uid;

	if (spank_get_item(sp, S_JOB_ID, &job.id) != ESPANK_SUCCESS ||
	    spank_get_item(sp, S_JOB_UID, &uid) != ESPANK_SUCCESS) {
		weft_err(err, "Slurm does not say which job it is");
		return NULL;
	}
	job.uid = uid;
	if (weft_ticket_check(ticket, &job, err))
		return NULL;
	place = hosts && name ? weft_step_host_place(hosts, name, &nodes) : -1;
	run = place >= 0 && nodes == ticket->n_nodes ? weft_ticket_node(ticket, place, NULL) : NULL;
	if (!run)
		weft_err(err, "the ticket is for other nodes");
	else if (!run->devices)
		weft_err(err, "the ticket does not say which devices they are");
	return run && run->devices ? run : NULL;
}

static int run_hook(spank_t sp, const char *path, const char *when, struct weft_err *err)
{
	const char *sealed = getenv(TICKET);
	const struct weft_ticket_run *run;
	struct weft_ticket *ticket;
	struct variables v;
	int rc = -1;

	if (!sealed)
		return 0; /* not a job of ours, or one without a ticket */
	if (!weft_step_prolog_is_ctlds())
		return weft_err(err, "hook %s: not run: it needs PrologFlags=Alloc in slurm.conf", path);
	ticket = weft_open_ticket(sealed, err);
	run = ticket ? find_run(sp, ticket, err) : NULL;
	if (run) {
		describe(&v, ticket, run);
		rc = run_program(path, when, &v, err);
	}
	weft_ticket_destroy(ticket);
	return rc;
}

/* Never fails: a failed prolog would drain the node. */
static int hook(spank_t sp, int ac, char **av, const char *when)
{
	static const char key[] = "hook=";
	struct weft_err err = WEFT_ERR_INIT;

	for (int i = 0; i < ac; i++) {
		if (strncmp(av[i], key, strlen(key)) != 0)
			slurm_error("weft: plugstack.conf: unknown argument %s", av[i]);
		else if (run_hook(sp, av[i] + strlen(key), when, &err))
			slurm_error("weft: %s", err.text);
	}
	return ESPANK_SUCCESS;
}

int slurm_spank_job_prolog(spank_t sp, int ac, char **av)
{
	return hook(sp, ac, av, "start");
}

int slurm_spank_job_epilog(spank_t sp, int ac, char **av)
{
	return hook(sp, ac, av, "end");
}
