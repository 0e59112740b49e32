/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * end.h - how the proxy ends, so that its job looks as if its script had run here.
 */
#ifndef WEFT_PROXY_END_H
#define WEFT_PROXY_END_H

#include "proxy/link.h"

/* Exit codes of its own; those of the wrapper at the peer are 211 to 213. */
#define WEFT_PROXY_STAGE   214 /* StageIn= or StageOut= failed */
#define WEFT_PROXY_REFUSAL 215 /* the peer, or weftd, does not take the job */
#define WEFT_PROXY_SETUP   216 /* the proxy cannot work here */

/* What becomes of a job: an exit code, or a signal that it dies of. */
struct weft_proxy_end {
	int code, signal; /* SIGNAL 0: the exit code counts */
};

/* Of RUN, which has come to its end at PEER.  TEXT (of SIZE) is for the user, in one line; "" when there is
 * nothing to say beyond the script's own output. */
struct weft_proxy_end weft_proxy_end_of(const struct weft_proxy_run *run, const char *peer, char *text,
					size_t size);

/* The peer's Slurm may be wrong about how RUN ended: it says what one says that has lost sight of a job,
 * having been put back to an earlier state, or killed before it had written down that the job ended. */
bool weft_proxy_end_in_doubt(const struct weft_proxy_run *run);

/* End like that. */
_Noreturn void weft_proxy_die(const struct weft_proxy_end *end);

#endif
