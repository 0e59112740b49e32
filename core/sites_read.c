/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sites_read.c - the snapshot read: every key is there, of its kind and within its limits.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/scan.h"
#include "core/sites.h"

#define MAX_DEPTH  16
#define MAX_NUMBER 1e15
#define MAX_CARDS  100000000

/* What is being read, for messages: "peers, entry 2: kinds, entry 1: free: ". */
struct reader {
	const char *file;
	char place[160];
	size_t len;
	struct weft_err *err;
};

static int bad(const struct reader *r, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int bad(const struct reader *r, const char *key, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return weft_err(r->err, "%s: %s%s%s%s", r->file, r->place, key, *key ? ": " : "", what);
}

/* Go into entry I (from 1) of KEY.  Returns the way back. */
static size_t enter(struct reader *r, const char *key, size_t i)
{
	size_t back = r->len, room = sizeof(r->place) - r->len;
	int n = snprintf(r->place + r->len, room, "%s, entry %zu: ", key, i);

	r->len += n > 0 && (size_t)n < room ? (size_t)n : 0;
	return back;
}

static void leave(struct reader *r, size_t back)
{
	r->len = back;
	r->place[back] = '\0';
}

/* The value of KEY in OBJECT, which is there; NULL in *VALUE is a null. */
static int find(const struct reader *r, json_object *object, const char *key, json_object **value)
{
	if (!json_object_object_get_ex(object, key, value))
		return bad(r, key, "missing");
	return 0;
}

static int read_text(const struct reader *r, json_object *object, const char *key, char **text)
{
	json_object *value;
	const char *s;
	size_t len;

	if (find(r, object, key, &value) < 0)
		return -1;
	if (!json_object_is_type(value, json_type_string))
		return bad(r, key, "must be a string, not %s", weft_json_kind(value));
	s = json_object_get_string(value);
	len = (size_t)json_object_get_string_len(value);
	if (len > WEFT_SITES_MAX_TEXT)
		return bad(r, key, "has more than %d bytes", WEFT_SITES_MAX_TEXT);
	for (size_t i = 0; i < len; i++) {
		if (s[i] < ' ' || s[i] > '~')
			return bad(r, key, "may have printable ASCII alone");
	}
	*text = strdup(s);
	return *text ? 0 : bad(r, "", "out of memory");
}

static int take_whole(const struct reader *r, const char *key, json_object *value, int64_t min, int64_t max,
		      int64_t *x)
{
	if (json_object_is_type(value, json_type_double))
		return bad(r, key, "must be a whole number");
	if (!json_object_is_type(value, json_type_int))
		return bad(r, key, "must be a number, not %s", weft_json_kind(value));
	*x = json_object_get_int64(value);
	if (*x < min || *x > max)
		return bad(r, key, "must be %lld to %lld", (long long)min, (long long)max);
	return 0;
}

static int read_whole(const struct reader *r, json_object *object, const char *key, int64_t max, int64_t *x)
{
	json_object *value;

	if (find(r, object, key, &value) < 0)
		return -1;
	return take_whole(r, key, value, 0, max, x);
}

/* Null is UNKNOWN. */
static int read_known(const struct reader *r, json_object *object, const char *key, int64_t max,
		      int64_t unknown, int64_t *x)
{
	json_object *value;

	if (find(r, object, key, &value) < 0)
		return -1;
	*x = unknown;
	return value ? take_whole(r, key, value, 0, max, x) : 0;
}

/* Null is NAN. */
static int read_number(const struct reader *r, json_object *object, const char *key, double *x)
{
	json_object *value;

	if (find(r, object, key, &value) < 0)
		return -1;
	*x = NAN;
	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
		return bad(r, key, "must be a number or null, not %s", weft_json_kind(value));
	*x = json_object_get_double(value);
	if (!(fabs(*x) <= MAX_NUMBER))
		return bad(r, key, "must be -1e15 to 1e15");
	return 0;
}

static int read_list(const struct reader *r, json_object *object, const char *key, size_t max,
		     json_object **list)
{
	if (find(r, object, key, list) < 0)
		return -1;
	if (!json_object_is_type(*list, json_type_array))
		return bad(r, key, "must be a list, not %s", weft_json_kind(*list));
	if (json_object_array_length(*list) > max)
		return bad(r, key, "more than %zu entries", max);
	return 0;
}

static int is_object(const struct reader *r, json_object *value)
{
	if (json_object_is_type(value, json_type_object))
		return 0;
	return bad(r, "", "must be an object, not %s", weft_json_kind(value));
}

/* [[FROM, FREE], ...], ascending. */
static int read_steps(struct reader *r, json_object *object, struct weft_outlook *o)
{
	json_object *list;

	if (read_list(r, object, "free", WEFT_OUTLOOK_MAX_STEPS, &list) < 0)
		return -1;
	o->n = (unsigned)json_object_array_length(list);
	if (o->n == 0)
		return bad(r, "free", "there is no entry");
	for (unsigned i = 0; i < o->n; i++) {
		json_object *pair = json_object_array_get_idx(list, i);
		size_t back = enter(r, "free", i + 1);
		int64_t from, free;

		if (!json_object_is_type(pair, json_type_array) || json_object_array_length(pair) != 2)
			return bad(r, "", "must be [TIME, CARDS]");
		if (take_whole(r, "the time", json_object_array_get_idx(pair, 0), 0, WEFT_SITES_MAX_TIME,
			       &from) < 0 ||
		    take_whole(r, "the cards", json_object_array_get_idx(pair, 1), 0, o->cards, &free) < 0)
			return -1;
		if (i > 0 && from <= o->steps[i - 1].from)
			return bad(r, "", "its time is not after that of the one before it");
		o->steps[i] = (struct weft_outlook_step){ from, (uint32_t)free };
		leave(r, back);
	}
	return 0;
}

static int read_currency(const struct reader *r, json_object *object, char currency[4])
{
	char *text = NULL;
	int rc = read_text(r, object, "currency", &text);

	if (rc == 0 && *text && (strlen(text) != 3 || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3))
		rc = bad(r, "currency", "must be three capitals or nothing");
	if (rc == 0)
		memcpy(currency, text, strlen(text) + 1);
	free(text);
	return rc;
}

static int read_kind(struct reader *r, json_object *object, struct weft_site_kind *kind)
{
	int64_t cards;

	if (is_object(r, object) < 0 || read_text(r, object, "gres", &kind->gres) < 0)
		return -1;
	if (!*kind->gres)
		return bad(r, "gres", "must not be empty");
	if (read_known(r, object, "price", INT64_MAX, -1, &kind->price) < 0 ||
	    read_currency(r, object, kind->currency) < 0 ||
	    read_number(r, object, "carbon", &kind->carbon) < 0 ||
	    read_whole(r, object, "cards", MAX_CARDS, &cards) < 0)
		return -1;
	kind->outlook.cards = (uint32_t)cards;
	return read_steps(r, object, &kind->outlook);
}

static int read_kinds(struct reader *r, json_object *object, struct weft_site_peer *peer)
{
	json_object *list;
	size_t n;

	if (read_list(r, object, "kinds", WEFT_SITES_MAX_KINDS, &list) < 0)
		return -1;
	n = json_object_array_length(list);
	peer->kinds = n ? calloc(n, sizeof(*peer->kinds)) : NULL;
	if (n && !peer->kinds)
		return bad(r, "", "out of memory");
	while (peer->n_kinds < n) {
		struct weft_site_kind *kind = &peer->kinds[peer->n_kinds];
		size_t back = enter(r, "kinds", peer->n_kinds + 1);
		const struct weft_site_kind *other;
		int rc = read_kind(r, json_object_array_get_idx(list, peer->n_kinds), kind);

		other = rc == 0 ? weft_sites_kind(peer, kind->gres) : NULL;
		peer->n_kinds++; /* it is freed with the others */
		if (rc < 0)
			return -1;
		if (other)
			return bad(r, "", "%s is there already",
				   weft_snip(kind->gres, strlen(kind->gres)).text);
		leave(r, back);
	}
	return 0;
}

static int read_peer(struct reader *r, json_object *object, struct weft_site_peer *peer)
{
	json_object *open;
	int64_t api, seen, judged;

	if (is_object(r, object) < 0 || read_text(r, object, "name", &peer->name) < 0)
		return -1;
	if (!*peer->name)
		return bad(r, "name", "must not be empty");
	if (find(r, object, "open", &open) < 0)
		return -1;
	if (!json_object_is_type(open, json_type_boolean))
		return bad(r, "open", "must be true or false, not %s", weft_json_kind(open));
	peer->open = json_object_get_boolean(open);
	if (read_text(r, object, "why", &peer->why) < 0 ||
	    read_text(r, object, "release", &peer->release) < 0 ||
	    read_whole(r, object, "api", 1000, &api) < 0 ||
	    read_known(r, object, "seen", WEFT_SITES_MAX_TIME, 0, &seen) < 0 ||
	    read_number(r, object, "error", &peer->error) < 0 ||
	    read_whole(r, object, "judged", UINT32_MAX, &judged) < 0)
		return -1;
	peer->version = (int)api;
	peer->seen = seen;
	peer->judged = (unsigned)judged;
	return read_kinds(r, object, peer);
}

static int read_peers(struct reader *r, json_object *root, struct weft_sites *sites)
{
	json_object *list;
	size_t n;

	if (read_list(r, root, "peers", WEFT_SITES_MAX_PEERS, &list) < 0)
		return -1;
	n = json_object_array_length(list);
	sites->peers = n ? calloc(n, sizeof(*sites->peers)) : NULL;
	if (n && !sites->peers)
		return bad(r, "", "out of memory");
	while (sites->n_peers < n) {
		struct weft_site_peer *peer = &sites->peers[sites->n_peers];
		size_t back = enter(r, "peers", sites->n_peers + 1);
		const struct weft_site_peer *other;
		int rc = read_peer(r, json_object_array_get_idx(list, sites->n_peers), peer);

		other = rc == 0 ? weft_sites_peer(sites, peer->name) : NULL;
		sites->n_peers++;
		if (rc < 0)
			return -1;
		if (other)
			return bad(r, "", "%s is there already",
				   weft_snip(peer->name, strlen(peer->name)).text);
		leave(r, back);
	}
	return 0;
}

static int read_run(struct reader *r, json_object *object, struct weft_site_run *run)
{
	int64_t job, id;

	if (is_object(r, object) < 0 || read_whole(r, object, "job", UINT32_MAX, &job) < 0 ||
	    read_text(r, object, "peer", &run->peer) < 0 ||
	    read_known(r, object, "remote_id", UINT32_MAX, 0, &id) < 0)
		return -1;
	run->job = (uint32_t)job;
	run->remote_id = (uint32_t)id;
	return read_text(r, object, "state", &run->state);
}

static int read_runs(struct reader *r, json_object *root, struct weft_sites *sites)
{
	json_object *list;
	size_t n;

	if (read_list(r, root, "runs", WEFT_SITES_MAX_RUNS, &list) < 0)
		return -1;
	n = json_object_array_length(list);
	sites->runs = n ? calloc(n, sizeof(*sites->runs)) : NULL;
	if (n && !sites->runs)
		return bad(r, "", "out of memory");
	while (sites->n_runs < n) {
		size_t back = enter(r, "runs", sites->n_runs + 1);
		struct weft_site_run *run = &sites->runs[sites->n_runs++];

		if (read_run(r, json_object_array_get_idx(list, sites->n_runs - 1), run) < 0)
			return -1;
		leave(r, back);
	}
	return 0;
}

static int read_refusal(struct reader *r, json_object *object, struct weft_site_refusal *refusal)
{
	int64_t job, uid;

	if (is_object(r, object) < 0 || read_whole(r, object, "job", UINT32_MAX, &job) < 0 ||
	    read_whole(r, object, "uid", UINT32_MAX, &uid) < 0 ||
	    read_text(r, object, "peer", &refusal->peer) < 0)
		return -1;
	refusal->job = (uint32_t)job;
	refusal->uid = (uint32_t)uid;
	return read_text(r, object, "why", &refusal->why);
}

/* The key may be missing: it came later. */
static int read_refusals(struct reader *r, json_object *root, struct weft_sites *sites)
{
	json_object *list;
	size_t n;

	if (!json_object_object_get_ex(root, "refusals", &list))
		return 0;
	if (read_list(r, root, "refusals", WEFT_SITES_MAX_REFUSALS, &list) < 0)
		return -1;
	n = json_object_array_length(list);
	sites->refusals = n ? calloc(n, sizeof(*sites->refusals)) : NULL;
	if (n && !sites->refusals)
		return bad(r, "", "out of memory");
	while (sites->n_refusals < n) {
		size_t back = enter(r, "refusals", sites->n_refusals + 1);
		struct weft_site_refusal *refusal = &sites->refusals[sites->n_refusals++];

		if (read_refusal(r, json_object_array_get_idx(list, sites->n_refusals - 1), refusal) < 0)
			return -1;
		leave(r, back);
	}
	return 0;
}

/* Another version is told by this alone. */
static int read_all(struct reader *r, json_object *root, struct weft_sites *sites)
{
	int64_t version, made;

	if (is_object(r, root) < 0 || read_whole(r, root, "version", INT32_MAX, &version) < 0)
		return -1;
	if (version != WEFT_SITES_VERSION)
		return bad(r, "version", "is %lld, and must be %d", (long long)version, WEFT_SITES_VERSION);
	if (read_whole(r, root, "made", WEFT_SITES_MAX_TIME, &made) < 0)
		return -1;
	sites->made = made;
	return read_peers(r, root, sites) < 0 || read_runs(r, root, sites) < 0 ||
			       read_refusals(r, root, sites) < 0
		       ? -1
		       : 0;
}

struct weft_sites *weft_sites_read(const char *file, const char *text, size_t len, struct weft_err *err)
{
	struct reader r = { .file = file, .err = err };
	struct weft_sites *sites;
	json_object *root;
	int rc;

	if (len > WEFT_SITES_MAX_BYTES) {
		weft_err(err, "%s: %zu bytes; at most %u are allowed", file, len, WEFT_SITES_MAX_BYTES);
		return NULL;
	}
	if (weft_json_parse(&root, file, text, len, MAX_DEPTH, err) < 0)
		return NULL;
	sites = calloc(1, sizeof(*sites));
	rc = sites ? read_all(&r, root, sites) : bad(&r, "", "out of memory");
	json_object_put(root);
	if (rc == 0)
		return sites;
	weft_sites_free(sites);
	return NULL;
}
