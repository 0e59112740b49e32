/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest_private.h - what the decoders of rest.h share: an answer walked entry by entry, and the values in an
 * entry.
 *
 * An answer may have 256 MiB, and its tree would take many times that.  So only the values that are asked for
 * become trees, one entry at a time; the rest is stepped over.
 */
#ifndef WEFT_REST_PRIVATE_H
#define WEFT_REST_PRIVATE_H

#include <json-c/json.h>

#include "core/rest.h"

#define WEFT_REST_MAX_KEYS 32
#define WEFT_REST_NO_VAL   0xfffffffeu /* Slurm's "not set"; what is above is "infinite" */

/* An entry's values, in the order of the form's keys; NULL: it is not there, or null.  PLACE is for messages
 * ("jobs, entry 3"). */
struct weft_rest_entry {
	json_object *value[WEFT_REST_MAX_KEYS];
	const char *const *keys;
	const char *place;
	struct weft_err *err;
};

struct weft_rest_form {
	const char *list;				  /* the list's key in the answer */
	const char *const *keys;			  /* of the values that are wanted; NULL-terminated */
	size_t max;					  /* entries */
	int (*each)(struct weft_rest_entry *e, void *to); /* -1, with the entry's ERR, ends it */
};

/* Call FORM's function for each entry.  -1 with ERR when the answer is not what it should be, or tells of an
 * error; that there is no such job is none. */
int weft_rest_walk(const char *text, size_t len, const struct weft_rest_form *form, void *to,
		   struct weft_err *err);

/* The wanted members of the answer itself, which are few; E's keys and ERR are set.  -1 with ERR, and nothing
 * to clear. */
int weft_rest_top(const char *text, size_t len, struct weft_rest_entry *e);
void weft_rest_clear(struct weft_rest_entry *e);

/* What the list ERRORS (NULL allowed) says, as weft_rest_complaint() does. */
#define WEFT_REST_MAX_COMPLAINT 512
void weft_rest_errors(json_object *errors, int *code, char *buf, size_t size);

/* "jobs, entry 3: KEY what"; returns -1. */
int weft_rest_bad(const struct weft_rest_entry *e, unsigned key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A number as all versions write it: 5, null, {"set": true, "infinite": false, "number": 5}. */
enum weft_rest_number {
	WEFT_REST_NOT_A_NUMBER = -1,
	WEFT_REST_UNSET,
	WEFT_REST_INFINITE,
	WEFT_REST_SET,
};
enum weft_rest_number weft_rest_number_of(json_object *value, int64_t *number);

/* The member PATH ("state/current") of the object VALUE; NULL: there is none, or it is null. */
json_object *weft_rest_member(json_object *value, const char *path);

/* Put '?' in the place of what is a control character or not UTF-8. */
void weft_rest_clean(char *text);

/* VALUE as a text without control characters; what is no UTF-8 is '?'.  One with more than MAX bytes is an
 * error, or cut when CUT.  A missing one is "".  malloc()ed. */
int weft_rest_text(const struct weft_rest_entry *e, unsigned key, json_object *value, size_t max, bool cut,
		   char **text);

/* VALUE, "RUNNING" or ["RUNNING", "COMPLETING"], as a state; *REQUEUED: is it one of the words? */
int weft_rest_state(const struct weft_rest_entry *e, unsigned key, json_object *value,
		    enum weft_rest_state *state, bool *requeued);

#define WEFT_REST_MAX_CARDS 64 /* kinds; more are passed over */

/* A sum of cards, by "gpu:h100" or "gpu". */
struct weft_rest_cards {
	struct weft_rest_card {
		char name[128];
		uint64_t count;
	} card[WEFT_REST_MAX_CARDS];
	unsigned n;
};

/* Add TIMES what TEXT names: "gres/gpu:h100=8", "gres:gpu:8", and with PLAIN "gpu:h100:8(IDX:0-7)" as well;
 * anything else in it is passed over. */
void weft_rest_cards_add(struct weft_rest_cards *cards, const char *text, uint64_t times, bool plain);
void weft_rest_cards_count(struct weft_rest_cards *cards, const char *name, size_t len, uint64_t count);
char *weft_rest_cards_text(struct weft_rest_cards *cards); /* "gpu:h100:8,npu:4"; malloc()ed */

#endif
