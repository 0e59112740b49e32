/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * environment.h - which of a job's variables go with it to another site.
 */
#ifndef WEFT_PROXY_ENVIRONMENT_H
#define WEFT_PROXY_ENVIRONMENT_H

#include <json-c/json.h>
#include <stdbool.h>

/* slurmstepd puts this before the names of variables that would change the proxy itself (LD_PRELOAD ...). */
#define WEFT_PROXY_HELD "WEFT_HELD_"

/* What the environment of a job becomes there. */
struct weft_proxy_sent {
	char *const *environment; /* the job's */
	char *const *arguments;	  /* the script's, without its name; NULL-terminated */
	bool join;		  /* standard error goes where standard output goes */
};

/* A list of "NAME=VALUE": the user's variables, without those of Slurm, of Weft, of the machine and the
 * session here, and without secrets of them; what wrapper.h asks for; and the request.  NULL: out of memory.
 */
json_object *weft_proxy_environment(const struct weft_proxy_sent *sent);

#endif
