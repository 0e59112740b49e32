/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst_log.c - a decision as a line of JSON, and the decision made again from it.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/burst.h"
#include "core/json.h"
#include "core/money.h"
#include "core/nearest.h"
#include "core/scan.h"
#include "core/text.h"

#define FORMAT	   1
#define MAX_DEPTH  8
#define MAX_NUMBER 1e15
#define MAX_WHOLE  INT64_C(1000000000000000000)

static const char *const waits[] = { "forecast", "constant", "runtime", "cost", NULL };
static const char *const verdicts[] = { "stay", "go", NULL };

/* ---------------------------------------------------------------- written */

/* What JSON has no number for is null. */
static void put_number(FILE *f, const char *key, double value)
{
	char text[WEFT_NUMBER_SIZE];

	if (isfinite(value) && weft_number_text(value, 0, 0, text))
		fprintf(f, "\"%s\":%s,", key, text);
	else
		fprintf(f, "\"%s\":null,", key);
}

static void put_text(FILE *f, const char *key, const char *text)
{
	fprintf(f, "\"%s\":", key);
	weft_put_json_string(f, text);
	fputc(',', f);
}

static void put_whole(FILE *f, const char *key, int64_t value)
{
	fprintf(f, "\"%s\":%" PRId64 ",", key, value);
}

static void put_place(FILE *f, const struct weft_burst_place *p)
{
	fputc('{', f);
	put_text(f, "name", p->name);
	put_whole(f, "start", p->start);
	put_number(f, "run", p->run);
	put_number(f, "staging", p->staging);
	put_whole(f, "cost", p->cost);
	put_text(f, "currency", p->currency);
	fprintf(f, "\"open\":%s}", p->open && !p->refused ? "true" : "false");
}

static void put_record(FILE *f, const struct weft_conf_burst *conf, const struct weft_burst_case *c,
		       const struct weft_burst_answer *a, const char *wish)
{
	fprintf(f, "{\"format\":%d,", FORMAT);
	put_whole(f, "job", c->job);
	put_whole(f, "now", c->now);
	put_text(f, "verdict", verdicts[a->verdict == WEFT_BURST_GO]);
	put_text(f, "peer", a->verdict == WEFT_BURST_GO ? c->peers[a->peer].name : "");
	put_text(f, "why", a->why);
	put_whole(f, "eligible", c->eligible);
	put_text(f, "burst", wish);
	put_text(f, "wait", waits[conf->wait]);
	put_number(f, "factor", conf->factor);
	put_whole(f, "value", conf->value);
	put_text(f, "currency", conf->currency);
	fputs("\"home\":", f);
	put_place(f, &c->home);
	fputs(",\"peers\":[", f);
	for (unsigned i = 0; i < c->n_peers; i++) {
		if (i > 0)
			fputc(',', f);
		put_place(f, &c->peers[i]);
	}
	fputs("]}", f);
}

char *weft_burst_record(const struct weft_conf_burst *conf, const struct weft_burst_case *c,
			const struct weft_burst_answer *answer)
{
	char *wish = weft_burst_text(&c->wish), *line = NULL;
	size_t size = 0;
	FILE *f = wish ? open_memstream(&line, &size) : NULL;

	if (f) {
		bool failed;

		put_record(f, conf, c, answer, wish);
		failed = ferror(f) != 0;
		if (fclose(f) || failed) {
			free(line);
			line = NULL;
		}
	}
	free(wish);
	return line;
}

/* ---------------------------------------------------------------- read */

/* What is being read: "burst log: peers 2: start: ...". */
struct reader {
	json_object *object;
	char place[32];
	struct weft_err *err;
};

#define BAD(r, key, fmt, ...) weft_err((r)->err, "burst log: %s%s: " fmt, (r)->place, key, ##__VA_ARGS__)

static int get(const struct reader *r, const char *key, enum json_type type, json_object **value)
{
	if (!json_object_object_get_ex(r->object, key, value))
		return BAD(r, key, "missing");
	if (!json_object_is_type(*value, type))
		return BAD(r, key, "must not be %s", weft_json_kind(*value));
	return 0;
}

static int get_whole(const struct reader *r, const char *key, int64_t min, int64_t max, int64_t *value)
{
	json_object *v;

	if (get(r, key, json_type_int, &v))
		return -1;
	*value = json_object_get_int64(v);
	if (*value < min || *value > max)
		return BAD(r, key, "must be %" PRId64 " to %" PRId64, min, max);
	return 0;
}

/* null: INFINITY. */
static int get_number(const struct reader *r, const char *key, double *value)
{
	json_object *v;

	if (!json_object_object_get_ex(r->object, key, &v))
		return BAD(r, key, "missing");
	*value = v ? json_object_get_double(v) : INFINITY;
	if (v && !json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
		return BAD(r, key, "must be a number or null, not %s", weft_json_kind(v));
	if (v && !(fabs(*value) <= MAX_NUMBER))
		return BAD(r, key, "must be -1e15 to 1e15");
	return 0;
}

/* A string without control characters, which lives as long as the object. */
static int get_text(const struct reader *r, const char *key, const char **text)
{
	json_object *v;
	size_t len;

	if (get(r, key, json_type_string, &v))
		return -1;
	*text = json_object_get_string(v);
	len = (size_t)json_object_get_string_len(v);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)(*text)[i] < ' ')
			return BAD(r, key, "may have no control characters");
	return 0;
}

static int get_word(const struct reader *r, const char *key, const char *const *words, int *word)
{
	const char *text;

	if (get_text(r, key, &text))
		return -1;
	for (*word = 0; words[*word]; ++*word)
		if (!strcmp(text, words[*word]))
			return 0;
	return BAD(r, key, "unknown word \"%s\"", weft_snip(text, strlen(text)).text);
}

static int get_currency(const struct reader *r, char currency[4])
{
	const char *text;

	if (get_text(r, "currency", &text))
		return -1;
	if (text[0] != '\0' && !weft_is_currency(text, strlen(text)))
		return BAD(r, "currency", "\"%s\" is not a code of three letters",
			   weft_snip(text, strlen(text)).text);
	snprintf(currency, 4, "%.3s", text);
	return 0;
}

static int read_place(struct reader *r, struct weft_burst_place *p)
{
	json_object *open;
	int64_t start;

	if (get_text(r, "name", &p->name) || get_whole(r, "start", -1, MAX_WHOLE, &start) ||
	    get_number(r, "run", &p->run) || get_number(r, "staging", &p->staging) ||
	    get_whole(r, "cost", -1, MAX_WHOLE, &p->cost) || get_currency(r, p->currency) ||
	    get(r, "open", json_type_boolean, &open))
		return -1;
	p->start = start;
	p->open = json_object_get_boolean(open);
	p->refused = NULL; /* it is not open then */
	return 0;
}

static int read_home(const struct reader *r, struct weft_burst_case *c)
{
	struct reader home = { NULL, "home: ", r->err };

	return get(r, "home", json_type_object, &home.object) || read_place(&home, &c->home) ? -1 : 0;
}

static int read_peers(const struct reader *r, struct weft_burst_case *c, struct weft_burst_place *peers)
{
	json_object *list;

	if (get(r, "peers", json_type_array, &list))
		return -1;
	if (json_object_array_length(list) > WEFT_CONF_MAX_PEERS)
		return BAD(r, "peers", "more than %d", WEFT_CONF_MAX_PEERS);
	c->peers = peers;
	for (; c->n_peers < json_object_array_length(list); c->n_peers++) {
		struct reader peer = { json_object_array_get_idx(list, c->n_peers), "", r->err };

		snprintf(peer.place, sizeof(peer.place), "peers %u: ", c->n_peers + 1);
		if (!json_object_is_type(peer.object, json_type_object))
			return BAD(&peer, "entry", "must not be %s", weft_json_kind(peer.object));
		if (read_place(&peer, &peers[c->n_peers]))
			return -1;
	}
	return 0;
}

static int read_conf(const struct reader *r, struct weft_conf_burst *conf)
{
	int wait;

	if (get_word(r, "wait", waits, &wait) || get_number(r, "factor", &conf->factor) ||
	    get_whole(r, "value", 0, INT64_MAX, &conf->value) || get_currency(r, conf->currency))
		return -1;
	conf->wait = (enum weft_burst_wait)wait;
	return 0;
}

static int read_case(const struct reader *r, struct weft_burst_case *c, struct weft_burst_place *peers)
{
	int64_t format, job, now, eligible;
	struct weft_err why = WEFT_ERR_INIT;
	const char *wish;

	if (get_whole(r, "format", FORMAT, FORMAT, &format) || get_whole(r, "job", 0, UINT32_MAX, &job) ||
	    get_whole(r, "now", 0, MAX_WHOLE, &now) || get_whole(r, "eligible", 0, MAX_WHOLE, &eligible) ||
	    get_text(r, "burst", &wish) || read_home(r, c) || read_peers(r, c, peers))
		return -1;
	if (weft_burst_parse(wish, &c->wish, &why))
		return BAD(r, "burst", "%s", why.text);
	c->job = (uint32_t)job;
	c->now = now;
	c->eligible = eligible;
	return 0;
}

/* What it was and what it is now, said when they differ. */
static int compare(const struct reader *r, const struct weft_burst_case *c, const struct weft_burst_answer *a)
{
	const char *then, *now = a->verdict == WEFT_BURST_GO ? c->peers[a->peer].name : "";
	int verdict;

	if (get_word(r, "verdict", verdicts, &verdict) || get_text(r, "peer", &then))
		return -1;
	if (verdict == (int)(a->verdict == WEFT_BURST_GO) && !strcmp(then, now))
		return 0;
	weft_err(r->err, "burst log: job %u: was %s%s%s, is %s%s%s: %s", c->job, verdicts[verdict],
		 then[0] ? " to " : "", weft_snip(then, strlen(then)).text,
		 verdicts[a->verdict == WEFT_BURST_GO], now[0] ? " to " : "",
		 weft_snip(now, strlen(now)).text, a->why);
	return 1;
}

static int replay(const struct reader *r)
{
	struct weft_burst_place peers[WEFT_CONF_MAX_PEERS];
	struct weft_burst_case c = { 0 };
	struct weft_burst_answer answer;
	struct weft_conf_burst conf = { 0 };
	int rc;

	if (!json_object_is_type(r->object, json_type_object))
		return weft_err(r->err, "burst log: must be an object, not %s", weft_json_kind(r->object));
	if (read_conf(r, &conf) || read_case(r, &c, peers))
		return -1;
	weft_burst_decide(&conf, &c, &answer);
	rc = compare(r, &c, &answer);
	weft_burst_clear(&c.wish);
	return rc;
}

int weft_burst_replay(const char *line, struct weft_err *err)
{
	struct reader r = { NULL, "", err };
	size_t len = strlen(line);
	int rc;

	if (len > WEFT_BURST_MAX_RECORD)
		return weft_err(err, "burst log: a line of %zu bytes; at most %d are allowed", len,
				WEFT_BURST_MAX_RECORD);
	if (weft_json_parse(&r.object, "burst log", line, len, MAX_DEPTH, err))
		return -1;
	rc = replay(&r);
	json_object_put(r.object);
	return rc;
}
