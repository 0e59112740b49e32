/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * end.c - how the proxy ends.
 */
#include "proxy/end.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/wrapper.h"

static struct weft_proxy_end of_status(int status)
{
	struct weft_proxy_end end = { 0, 0 };

	if (WIFSIGNALED(status))
		end.signal = WTERMSIG(status);
	else
		end.code = WEXITSTATUS(status);
	return end;
}

static bool is_zero(const struct weft_proxy_end *end)
{
	return end->code == 0 && end->signal == 0;
}

/* Its state at the peer says more than its exit status. */
static void say_ended(const struct weft_proxy_run *run, const char *peer, const struct weft_proxy_end *end,
		      char *text, size_t size)
{
	const char *excuse = end->signal ? NULL : weft_wrapper_excuse(end->code);

	if (!strcmp(run->state, "COMPLETED") || (!strcmp(run->state, "FAILED") && !excuse && !is_zero(end)))
		text[0] = '\0';
	else if (excuse)
		snprintf(text, size, "job %u at %s ended with %d: %s, or the script itself ended so",
			 run->remote_id, peer, end->code, excuse);
	else
		snprintf(text, size, "job %u at %s ended in state %s%s%s", run->remote_id, peer,
			 run->state[0] ? run->state : "UNKNOWN", run->why[0] ? ": " : "", run->why);
}

struct weft_proxy_end weft_proxy_end_of(const struct weft_proxy_run *run, const char *peer, char *text,
					size_t size)
{
	struct weft_proxy_end end = of_status(run->status);
	const char *colon = run->why[0] ? ": " : "";

	text[0] = '\0';
	switch (run->phase) {
	case WEFT_PROXY_ENDED:
		say_ended(run, peer, &end, text, size);
		if (is_zero(&end) && strcmp(run->state, "COMPLETED") != 0)
			end.code = 1;
		return end;
	case WEFT_PROXY_CANCELLED:
		snprintf(text, size, "job %u at %s was cancelled%s%s", run->remote_id, peer, colon, run->why);
		if (is_zero(&end))
			end.signal = SIGTERM;
		return end;
	case WEFT_PROXY_REFUSED:
		snprintf(text, size, "%s does not take this job%s%s", peer, colon, run->why);
		break;
	default:
		snprintf(text, size, "weftd knows nothing of this job at %s any more%s%s", peer, colon,
			 run->why);
		break;
	}
	return (struct weft_proxy_end){ WEFT_PROXY_REFUSAL, 0 };
}

bool weft_proxy_end_in_doubt(const struct weft_proxy_run *run)
{
	struct weft_proxy_end end = of_status(run->status);

	if (run->phase != WEFT_PROXY_ENDED || !strcmp(run->state, "COMPLETED"))
		return false;
	/* Of a batch job that its node no longer knows slurmctld says that it has ended with 1. */
	return strcmp(run->state, "FAILED") != 0 || is_zero(&end) || end.code == 1 ||
	       weft_wrapper_excuse(end.code);
}

_Noreturn void weft_proxy_die(const struct weft_proxy_end *end)
{
	const struct rlimit none = { 0, 0 };
	sigset_t set;

	fflush(NULL);
	if (end->signal) {
		setrlimit(RLIMIT_CORE, &none); /* the core would be the proxy's */
		signal(end->signal, SIG_DFL);
		sigemptyset(&set);
		sigaddset(&set, end->signal);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		raise(end->signal);
		_exit(128 + end->signal);
	}
	_exit(end->code);
}
