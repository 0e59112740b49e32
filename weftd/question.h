/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * question.h - the values of a question, and what "attach" asks for as an order for the book of runs.
 */
#ifndef WEFTD_QUESTION_H
#define WEFTD_QUESTION_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/conf.h"
#include "core/error.h"
#include "weftd/runs.h"
#include "weftd/users.h"

#define WEFT_QUESTION_MAX_WORD 1024
#define WEFT_QUESTION_ACCOUNT  256 /* bytes, with its NUL */
#define WEFT_QUESTION_MAX_ENV  16384

/* The values of QUESTION, an object.  When it is not there: an error if REQUIRED, else NULL or 0.  -1 with
 * ERR, which begins with KEY.  A text is printable ASCII of 1 to MAX bytes, and QUESTION's. */
int weft_question_text(json_object *question, const char *key, bool required, size_t max, const char **text,
		       struct weft_err *err);
int weft_question_whole(json_object *question, const char *key, bool required, int64_t min, int64_t max,
			int64_t *n, struct weft_err *err);
int weft_question_flag(json_object *question, const char *key, bool *flag, struct weft_err *err);

/* Does QUESTION hold these KEYS (NULL-terminated) alone, and those of every question? */
int weft_question_keys(json_object *question, const char *const *keys, struct weft_err *err);

/* Which peer, and which job of the asker's. */
struct weft_question_job {
	const struct weft_conf_peer *peer;
	const char *cluster;
	uint32_t job;
	time_t submit;
	char key[WEFT_RUN_KEY];
};
int weft_question_job(const struct weft_conf *conf, json_object *question, struct weft_question_job *job,
		      struct weft_err *err);

/* An order, and what it points to. */
struct weft_question_order {
	struct weft_run_order run;
	const char **environment;
	char *script, *accel, *top;
	/* As slurmctld says (weft_permit()): the job's account at home ("": none), its kind of cards and how
	 * many. */
	char account[WEFT_QUESTION_ACCOUNT], kind[128];
	unsigned cards;
};

/* Of user UID, USER at home, who is THERE at the peer of JOB.  0 with *ORDER for weft_question_clear(), which
 * points into QUESTION, JOB, USER and THERE; -1 with ERR. */
int weft_question_make(json_object *question, const struct weft_question_job *job, uid_t uid,
		       const char *user, const struct weft_user_there *there,
		       struct weft_question_order *order, struct weft_err *err);
/* The cards that ORDER asks for: the value of --accel, or gres when it has that. */
const char *weft_question_cards(const struct weft_question_order *order);
void weft_question_clear(struct weft_question_order *order);

/* DIRECTORY with %u as USER and %% as %; malloc()ed; NULL: out of memory. */
char *weft_question_top(const char *directory, const char *user);

#endif
