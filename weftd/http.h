/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.h - questions to a peer's slurmrestd, over libcurl.
 *
 * A link belongs to one thread.  Nothing is ever sent twice by itself (but for a GET, which changes nothing),
 * no redirect is followed, no proxy of the environment is used, no more than a limit is taken, and there is a
 * limit to the time.  The process must ignore SIGPIPE.
 */
#ifndef WEFTD_HTTP_H
#define WEFTD_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct weft_http; /* a kept connection to one peer */

struct weft_http_options {
	/* "https://gw.beta:6820", "http://...": scheme, host, port, a path in front if need be; or
	 * "unix:/path" */
	const char *url;
	const char
		*ca; /* file of certificates, of which one must have signed the peer's; NULL: the system's */
	unsigned connect_ms, total_ms; /* 0: 3000, 30000 */
	/* Is it to end?  Asked once a second: then a question that changes nothing is given up, and any other
	 * a second later.  NULL: it never is. */
	bool (*stops)(void *arg);
	void *arg;
};

/* Who asks: a token of slurmrestd (NULL: none) and in whose name (NULL: the token's own).  Never logged. */
struct weft_http_as {
	const char *token, *user;
};

enum weft_http_result {
	WEFT_HTTP_ANSWER,  /* there is an answer, with any STATUS; it is whole, as far as HTTP tells */
	WEFT_HTTP_UNSENT,  /* no connection was made: the peer has seen nothing of the question */
	WEFT_HTTP_UNKNOWN, /* the peer may or may not have acted on it */
	WEFT_HTTP_REFUSED, /* one that is not taken: too long, a redirect, not HTTP, not JSON: it may have
			      acted */
};

struct weft_http_answer {
	long status;
	char *text; /* NUL-terminated; freed by weft_http_clear() */
	size_t len;
};

/* NULL with ERR.  OPTIONS are copied; nothing is sent yet. */
struct weft_http *weft_http_open(const struct weft_http_options *options, struct weft_err *err);
void weft_http_close(struct weft_http *link); /* NULL is allowed */

/* METHOD PATH ("/slurm/v0.0.42/ping") with BODY (NULL: none); MAX bytes of answer are taken.  ANSWER, which
 * need not be initialised, is to be cleared after any result.  ERR says why when there is no answer, never
 * with a token in it.  Waits for the peer, up to the link's limit. */
enum weft_http_result weft_http_ask(struct weft_http *link, const struct weft_http_as *as, const char *method,
				    const char *path, const char *body, size_t max,
				    struct weft_http_answer *answer, struct weft_err *err);
void weft_http_clear(struct weft_http_answer *answer);

/* The newest version of weft_rest_versions that the peer has: 45, ...; 0 with ERR.  *DB: does it serve
 * slurmdbd too? (Whether slurmdbd itself is there just now is another question.) */
int weft_http_probe(struct weft_http *link, const struct weft_http_as *as, bool *db, struct weft_err *err);

#endif
