/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - what the proxy asks weftd (doc/weftd.md), and its patience with it.
 */
#ifndef WEFT_PROXY_LINK_H
#define WEFT_PROXY_LINK_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/conf.h"
#include "core/error.h"

enum weft_proxy_phase {
	WEFT_PROXY_NONE, /* there was no run, or the last one is history */
	WEFT_PROXY_WAITING,
	WEFT_PROXY_RUNNING,
	WEFT_PROXY_ENDED,
	WEFT_PROXY_CANCELLED,
	WEFT_PROXY_REFUSED,
	WEFT_PROXY_LOST
};

/* How the run stands. */
struct weft_proxy_run {
	enum weft_proxy_phase phase;
	char key[128], remote_top[1024], remote_user[256], state[32], why[512];
	uint32_t remote_id; /* 0: not known */
	unsigned first, attempt;
	int status; /* as wait() gives it */
	bool over;  /* weftd does nothing for it any more */
};

/* The run that is weftd's ANSWER; 0, or -1 with ERR when it is none that can be believed. */
int weft_proxy_run_read(json_object *answer, struct weft_proxy_run *run, struct weft_err *err);

/* The way to weftd. */
struct weft_proxy_link {
	const struct weft_conf *conf;
	bool told;	    /* it has been said that there is no answer */
	bool (*stop)(void); /* asked between tries: true: give up; NULL: never */
};

/* Ask QUESTION ("status") with what MORE has in it (taken over), again and again until weftd answers; it is
 * said once on standard error that it does not.  Its answer, to be given back; NULL with ERR: weftd says no,
 * or *STOPPED (NULL allowed): the link's stop() said so. */
json_object *weft_proxy_ask(struct weft_proxy_link *link, const char *question, json_object *more,
			    bool *stopped, struct weft_err *err);

/* Sleep for MS milliseconds, a fifth more or less; a signal ends it. */
void weft_proxy_nap(unsigned ms);

#endif
