/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer.h - what weftd answers to whom (doc/weftd.md).
 */
#ifndef WEFTD_ANSWER_H
#define WEFTD_ANSWER_H

#include <stddef.h>
#include <sys/types.h>

#include "core/conf.h"
#include "weftd/home.h"
#include "weftd/runs.h"
#include "weftd/users.h"
#include "weftd/watch.h"

/* All of it stays while answers are made. */
struct weft_answerer {
	const struct weft_conf *conf;
	struct weft_runs *runs;
	struct weft_users *users;
	struct weft_watch *watch;
	struct weft_home *home;
};

/* The answer to the LEN bytes of TEXT, which may be anything, that user UID asks: malloc()ed JSON.  NULL: out
 * of memory. ANSWERER is a struct weft_answerer.  From any thread. */
char *weft_answer(void *answerer, uid_t uid, const char *text, size_t len);

#endif
