/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener.h - takes questions over TCP and hands them to a few threads.
 *
 * One thread reads and writes all connections, a bounded number of them, each for a bounded time; the one
 * that has kept it waiting longest goes when there are too many.  Only whole lines come to the threads that
 * ask munged and answer.
 */
#ifndef WEFTD_LISTENER_H
#define WEFTD_LISTENER_H

#include <stddef.h>
#include <sys/types.h>

#include "core/error.h"

struct weft_listener;

/* The answer to the LEN bytes of TEXT that user UID has sealed: malloc()ed; NULL: none.  In any of the
 * threads. */
typedef char *(*weft_listener_answer)(void *arg, uid_t uid, const char *text, size_t len);

struct weft_listener_options {
	const char *host; /* NULL: all addresses */
	const char *port; /* "0": any that is free */
	const char *munge;
	unsigned threads, connections, seconds; /* 0: 8, 256, 10 */
	weft_listener_answer answer;
	void *arg;
};

/* NULL with ERR: it cannot listen, or have its threads. */
struct weft_listener *weft_listener_start(const struct weft_listener_options *options, struct weft_err *err);
unsigned weft_listener_port(const struct weft_listener *listener);

/* Answers what it has taken, within the time-out; NULL is allowed. */
void weft_listener_stop(struct weft_listener *listener);

#endif
