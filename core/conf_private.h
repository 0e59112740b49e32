/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_private.h - what the readers of weft.conf's lines share.
 *
 * The first key of a line decides what the line is about and who reads it; a reader takes the other keys of
 * the line with weft_conf_take().
 */
#ifndef WEFT_CONF_PRIVATE_H
#define WEFT_CONF_PRIVATE_H

#include "core/conf.h"

enum weft_key {
	/* each of these begins a line */
	KEY_CATALOGUE,
	KEY_POLICY,
	KEY_INTENSITY,
	KEY_INDEX,
	KEY_STACK,
	KEY_CLASS,
	KEY_APP,
	/* and so do these, which conf_power.c reads */
	KEY_ZONE,
	KEY_CAP,
	KEY_POWER_NODE,
	KEY_POWER_CLASS,
	KEY_SIGNAL,
	KEY_PRICE,
	KEY_CARBON,
	KEY_INTERVAL,
	KEY_PATIENCE,
	KEY_SPAN,
	KEY_RESTART,
	KEY_PROVISION,
	KEY_SHED,
	KEY_HOOK,
	KEY_HINTS,
	KEY_STATE,
	/* and these, which conf_peer.c reads */
	KEY_PEER,
	KEY_BURST_WAIT,
	KEY_BURST_FACTOR,
	KEY_BURST_VALUE,
	KEY_BURST_LOG,
	KEY_WEFTD,
	KEY_WEFTD_USER,
	KEY_WEFTD_STATE,
	KEY_MUNGE_SOCKET,
	KEY_SITES,
	KEY_POLL,
	KEY_PUBLISH,
	KEY_PUBLISH_KIND,
	KEY_HOME_PRICE,
	KEY_BUDGET, /* of conf_budget.c */
	/* these stand behind another one */
	KEY_MODEL,
	KEY_TABLE,
	KEY_NODES,
	KEY_WATTS,
	KEY_DAYS,
	KEY_HOURS,
	KEY_IDLE,
	KEY_PEAK,
	KEY_OFF,
	KEY_MAX_AGE,
	KEY_CURRENCY,
	KEY_URL,
	KEY_CA,
	KEY_TOKEN,
	KEY_TOKENS,
	KEY_USERS,
	KEY_REMOTE_ACCOUNT,
	KEY_REMOTE_PARTITION,
	KEY_REMOTE_QOS,
	KEY_NODE,
	KEY_PARTITION,
	KEY_DIRECTORY,
	KEY_STAGE_IN,
	KEY_STAGE_OUT,
	KEY_FETCH,
	KEY_LINK,
	KEY_PEER_PRICE,
	KEY_OFFER,
	KEY_OFFER_KEY,
	KEY_WEFT,
	KEY_LEASE,
	KEY_ON_LOST,
	KEY_PUBLISH_KEY,
	KEY_VALID,
	KEY_CARDS,
	KEY_LIMIT,
	KEY_PERIOD,
	KEYS
};

extern const char *const weft_conf_keys[KEYS + 1]; /* as they are written; NULL at the end */

struct weft_conf_reader {
	const char *path;
	const char *text;
	size_t len, pos;
	unsigned next; /* number of the line at POS */
	unsigned line; /* where the logical line begins */
	char buf[WEFT_CONF_MAX_LINE + 1];
	size_t used;
	struct weft_conf *conf;
	unsigned seen[KEYS]; /* line of each key that may be given once; 0: not yet */
	unsigned *app_lines; /* by index of conf->apps */
	struct weft_err *err;
};

/* Both point into the reader's buf. */
struct weft_pair {
	enum weft_key key;
	char *value;
};

/* A key that may, or must, stand beside the first of its line. */
struct weft_take {
	enum weft_key key;
	bool required;
	const char *value; /* NULL: it is not there */
};

/* "weft.conf:12: Class: ..."; KEY may be KEYS: none. */
#define FAIL(r, key, fmt, ...)                                                                               \
	weft_err((r)->err, "%s:%u: %s%s" fmt, (r)->path, (r)->line, (key) < KEYS ? weft_conf_keys[key] : "", \
		 (key) < KEYS ? ": " : "", ##__VA_ARGS__)

int weft_conf_no_memory(struct weft_conf_reader *r);
char *weft_conf_copy(struct weft_conf_reader *r, const char *text); /* NULL with the error */

/* ARRAY, of N entries of SIZE bytes, with room for one more, which is zeroed; NULL with the error.  An array
 * grows by one entry at a time, from NULL and 0 on. */
void *weft_conf_grow(struct weft_conf_reader *r, void *array, size_t n, size_t size);

/* What stands beside pairs[0]: each of it is one of the N_TAKES, and those that are required are there. */
int weft_conf_take(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n,
		   struct weft_take *takes, size_t n_takes);

/* pairs[0] may be given once in the file. */
int weft_conf_once(struct weft_conf_reader *r, enum weft_key key);
int weft_conf_path(struct weft_conf_reader *r, enum weft_key key, const char *value, char **path);

/* Values that readers have in common; -1 with the error. */
int weft_conf_seconds(struct weft_conf_reader *r, enum weft_key key, const char *value, unsigned min,
		      unsigned max, unsigned *seconds);
int weft_conf_currency(struct weft_conf_reader *r, const char *value, char currency[4]);

/* VALUE as one of WORDS (NULL-terminated), its index; LIST is for the message: "yes, no or check". */
int weft_conf_word(struct weft_conf_reader *r, enum weft_key key, const char *value, const char *const *words,
		   const char *list);

/* "gpu:a100" or "gpu"? */
bool weft_conf_is_gres(const char *s);

/* A line that begins with a key of conf_power.c. */
int weft_conf_power_line(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n);
int weft_conf_power_defaults(struct weft_conf *conf); /* -1: out of memory */
void weft_conf_power_clear(struct weft_conf *conf);

/* The same of conf_peer.c; and what can be known at the end of the file only. */
int weft_conf_peer_line(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n);
int weft_conf_peer_defaults(struct weft_conf *conf);
void weft_conf_peer_finish(struct weft_conf *conf);
void weft_conf_peer_clear(struct weft_conf *conf);

/* The same of conf_budget.c. */
int weft_conf_budget_line(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n);
int weft_conf_budget_finish(struct weft_conf_reader *r);
void weft_conf_budget_clear(struct weft_conf *conf);

#endif
