/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket_parse.c - a ticket's text read, strictly: the lines in their order, each key once, nothing unknown.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/scan.h"
#include "core/ticket_private.h"

struct reader {
	const char *at, *end; /* what is left of the text */
	unsigned line;
	struct weft_err *err;
	char word[32];		     /* the line's keyword */
	const char *rest, *rest_end; /* what is left of the line */
};

enum kind { WORD, UINT, TIME, NUMBER, DEVICES };

/* One key of a line, and where its value goes. */
struct field {
	const char *key;
	enum kind kind;
	void *value;
	uint64_t max; /* of UINT */
	bool required, seen;
};

static int bad(struct reader *r, const char *key, const char *what)
{
	return weft_err(r->err, "ticket: line %u: %s%s%s", r->line, key, *key ? ": " : "", what);
}

/* The next line: its keyword, and the rest.  -1 when there is none. */
static int next_line(struct reader *r)
{
	const char *end = memchr(r->at, '\n', r->end - r->at), *space;
	size_t len;

	r->line++;
	if (!end)
		return bad(r, "", r->at == r->end ? "the ticket ends too early" : "no line feed at the end");
	space = memchr(r->at, ' ', end - r->at);
	len = (space ? space : end) - r->at;
	if (!len || len >= sizeof(r->word))
		return bad(r, "", "no keyword");
	memcpy(r->word, r->at, len);
	r->word[len] = '\0';
	r->rest = space ? space + 1 : end;
	r->rest_end = end;
	r->at = end + 1;
	return space && r->rest == end ? bad(r, "", "a space at the end") : 0;
}

/* A keyword that must come now. */
static int want(struct reader *r, const char *word)
{
	if (strcmp(r->word, word) != 0)
		return weft_err(r->err, "ticket: line %u: \"%s\" where \"%s\" was expected", r->line,
				weft_snip(r->word, strlen(r->word)).text, word);
	return 0;
}

/* The next word of the line; *LEN 0 at its end. */
static const char *next_word(struct reader *r, size_t *len)
{
	const char *word = r->rest, *space = memchr(word, ' ', r->rest_end - word);
	const char *end = space ? space : r->rest_end;

	*len = end - word;
	r->rest = space ? space + 1 : end;
	return word;
}

/* Decimal digits without a leading zero, up to MAX.  Returns how many bytes of TEXT they are; 0: none. */
static size_t read_uint(const char *text, size_t len, uint64_t max, uint64_t *value)
{
	size_t i = 0;

	*value = 0;
	while (i < len && text[i] >= '0' && text[i] <= '9') {
		if (i && text[0] == '0')
			return 0;
		if (*value > (max - (text[i] - '0')) / 10 || (unsigned)(text[i] - '0') > max)
			return 0;
		*value = *value * 10 + (text[i++] - '0');
	}
	return i;
}

/* "0-3,7", ascending.  False for anything else. */
static bool read_devices(const char *text, size_t len, uint64_t *devices)
{
	uint64_t next = 0; /* the lowest number that may come now */

	*devices = 0;
	for (size_t i = 0; i < len;) {
		uint64_t first, last;
		size_t n = read_uint(text + i, len - i, 63, &first);

		if (!n || first < next)
			return false;
		i += n;
		last = first;
		if (i < len && text[i] == '-') {
			n = read_uint(text + i + 1, len - i - 1, 63, &last);
			if (!n || last <= first)
				return false;
			i += n + 1;
		}
		for (uint64_t bit = first; bit <= last; bit++)
			*devices |= (uint64_t)1 << bit;
		next = last + 2; /* or it would have been one range */
		if (i < len && (text[i++] != ',' || i == len))
			return false;
	}
	return *devices != 0;
}

static bool read_number(const char *text, size_t len, double *value)
{
	if (!len || len > WEFT_NUMBER_MAX || weft_scan_number(text, len) != len)
		return false;
	*value = weft_number_value(text, len, 0);
	return isfinite(*value) && *value <= WEFT_TICKET_MAX_FIGURE;
}

static int read_word(struct reader *r, const struct field *field, const char *text, size_t len)
{
	char *copy;

	if (!weft_ticket_is_word(text, len))
		return bad(r, field->key, "not a word of 1 to 64 printable characters");
	copy = strndup(text, len);
	if (!copy)
		return weft_err(r->err, "out of memory");
	*(char **)field->value = copy;
	return 0;
}

static int read_value(struct reader *r, const struct field *field, const char *text, size_t len)
{
	uint64_t number;

	switch (field->kind) {
	case WORD:
		return read_word(r, field, text, len);
	case UINT:
		if (read_uint(text, len, field->max, &number) != len || !len)
			return bad(r, field->key, "not a number, or too large");
		*(uint32_t *)field->value = number;
		return 0;
	case TIME:
		if (read_uint(text, len, INT64_MAX, &number) != len || !len)
			return bad(r, field->key, "not a time in seconds");
		*(int64_t *)field->value = number;
		return 0;
	case NUMBER:
		return read_number(text, len, field->value) ? 0 : bad(r, field->key, "not a figure");
	default:
		return read_devices(text, len, field->value) ? 0
							     : bad(r, field->key, "not a list of devices");
	}
}

static struct field *find_field(struct field *fields, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(fields[i].key) == len && !memcmp(fields[i].key, text, len))
			return &fields[i];
	}
	return NULL;
}

static int read_fields(struct reader *r, struct field *fields, size_t n)
{
	while (r->rest < r->rest_end) {
		size_t len;
		const char *word = next_word(r, &len), *equals = memchr(word, '=', len);
		struct field *field = equals ? find_field(fields, n, word, equals - word) : NULL;

		if (!field)
			return weft_err(r->err, "ticket: line %u: unknown key \"%s\"", r->line,
					weft_snip(word, len).text);
		if (field->seen)
			return bad(r, field->key, "given twice");
		field->seen = true;
		if (read_value(r, field, equals + 1, word + len - equals - 1))
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (fields[i].required && !fields[i].seen)
			return bad(r, fields[i].key, "missing");
	}
	return 0;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int read_job(struct reader *r, struct weft_ticket *t)
{
	struct weft_ticket_job *job = &t->job;
	const uint64_t max = UINT32_MAX - 1;
	struct field fields[] = {
		{ "cluster", WORD, &t->cluster, 0, true, false },
		{ "id", UINT, &job->id, max, true, false },
		{ "uid", UINT, &job->uid, max, true, false },
		{ "restarts", UINT, &job->restarts, max, true, false },
		{ "issued", TIME, &t->issued, 0, true, false },
	};

	return next_line(r) || want(r, "job") ? -1 : read_fields(r, fields, COUNT(fields));
}

static int read_group(struct reader *r, struct weft_ticket *t)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_ticket_group *group = weft_ticket_new_group(t, &err);

	if (!group)
		return bad(r, "", err.text);
	struct field fields[] = {
		{ "gres", WORD, &group->gres, 0, true, false },
		{ "vendor", WORD, &group->vendor, 0, false, false },
		{ "model", WORD, &group->model, 0, false, false },
		{ "cards", UINT, &group->cards, WEFT_TICKET_MAX_CARDS, true, false },
		{ "devices", DEVICES, &group->devices, 0, false, false },
		{ "memory", NUMBER, &group->memory, 0, false, false },
		{ "rate", NUMBER, &group->rate, 0, false, false },
		{ "tdp", NUMBER, &group->tdp, 0, false, false },
		{ "watts", NUMBER, &group->watts, 0, false, false },
		{ "limit", NUMBER, &group->limit, 0, false, false },
		{ "budget", NUMBER, &group->budget, 0, false, false },
	};

	if (read_fields(r, fields, COUNT(fields)))
		return -1;
	return group->cards ? 0 : bad(r, "cards", "there are none");
}

/* [NODES*]GROUP[:CARDS][@DEVICES] */
static int read_run(struct reader *r, struct weft_ticket *t, const char *text, size_t len)
{
	struct weft_ticket_run run = { .nodes = 1 };
	struct weft_err err = WEFT_ERR_INIT;
	const char *end = text + len;
	uint64_t number;
	size_t n = read_uint(text, len, WEFT_TICKET_MAX_NODES, &number);

	if (n && n < len && text[n] == '*') {
		run.nodes = number;
		text += n + 1;
		n = read_uint(text, end - text, WEFT_TICKET_MAX_GROUPS, &number);
	}
	if (!n || !run.nodes || number >= t->n_groups)
		return bad(r, "runs", "no number of nodes, or no such group");
	run.group = number;
	run.cards = t->groups[number].cards;
	run.devices = t->groups[number].devices;
	text += n;
	if (text < end && *text == ':') {
		n = read_uint(text + 1, end - text - 1, WEFT_TICKET_MAX_CARDS, &number);
		if (!n || !number)
			return bad(r, "runs", "no number of cards");
		run.cards = number;
		text += n + 1;
	}
	if (text < end && *text == '@') {
		text++;
		if (end - text == 1 && *text == '-')
			run.devices = 0;
		else if (!read_devices(text, end - text, &run.devices))
			return bad(r, "runs", "not a list of devices");
		text = end;
	}
	if (text != end)
		return bad(r, "runs", "something follows a run");
	return weft_ticket_add_run(t, &run, &err) ? bad(r, "runs", err.text) : 0;
}

static int read_runs(struct reader *r, struct weft_ticket *t)
{
	if (want(r, "runs"))
		return -1;
	while (r->rest < r->rest_end) {
		size_t len;
		const char *word = next_word(r, &len);

		if (read_run(r, t, word, len))
			return -1;
	}
	return t->n_nodes ? 0 : bad(r, "runs", "there are no nodes");
}

static int read_site(struct reader *r, struct weft_ticket *t)
{
	struct field fields[] = {
		{ "name", WORD, &t->site, 0, false, false },
		{ "price", WORD, &t->price, 0, false, false },
		{ "carbon", WORD, &t->carbon, 0, false, false },
		{ "window-end", TIME, &t->window_end, 0, false, false },
	};

	return read_fields(r, fields, COUNT(fields));
}

static int read_mix(struct reader *r, struct weft_ticket *t)
{
	struct field fields[] = {
		{ "fabric", WORD, &t->fabric, 0, true, false },
	};

	return read_fields(r, fields, COUNT(fields));
}

static int read_burst(struct reader *r, struct weft_ticket *t)
{
	struct field fields[] = {
		{ "peer", WORD, &t->peer, 0, true, false },
		{ "submit", TIME, &t->submit, 0, true, false },
		{ "minutes", UINT, &t->minutes, UINT32_MAX - 1, true, false },
	};

	return read_fields(r, fields, COUNT(fields));
}

/* The rest of the line; weft_ticket_site() looks into it. */
static int read_catalogue(struct reader *r, struct weft_ticket *t)
{
	size_t len = r->rest_end - r->rest;

	if (!len || len > WEFT_TICKET_MAX_CATALOGUE || memchr(r->rest, '\0', len))
		return bad(r, "catalogue", "nothing, too much, or a NUL");
	t->catalogue = strndup(r->rest, len);
	return t->catalogue ? 0 : weft_err(r->err, "out of memory");
}

static int read_ticket(struct reader *r, struct weft_ticket *t)
{
	if (next_line(r) || want(r, "weft-ticket"))
		return -1;
	if (r->rest_end - r->rest != 1 || *r->rest != '0' + WEFT_TICKET_VERSION)
		return bad(r, "weft-ticket", "a version that this release does not read");
	if (read_job(r, t) || next_line(r) || want(r, "group"))
		return -1;
	do {
		if (read_group(r, t) || next_line(r))
			return -1;
	} while (!strcmp(r->word, "group"));
	if (read_runs(r, t) || next_line(r))
		return -1;
	if (!strcmp(r->word, "site") && (read_site(r, t) || next_line(r)))
		return -1;
	if (!strcmp(r->word, "mix") && (read_mix(r, t) || next_line(r)))
		return -1;
	if (!strcmp(r->word, "burst") && (read_burst(r, t) || next_line(r)))
		return -1;
	if (!strcmp(r->word, "catalogue") && (read_catalogue(r, t) || next_line(r)))
		return -1;
	if (want(r, "end"))
		return -1;
	r->line++;
	return r->rest == r->rest_end && r->at == r->end ? 0 : bad(r, "", "something follows the end");
}

struct weft_ticket *weft_ticket_parse(const char *text, size_t len, struct weft_err *err)
{
	struct reader r = { .at = text, .end = text + len, .err = err };
	struct weft_ticket *ticket;

	if (len > WEFT_TICKET_MAX_BYTES) {
		weft_err(err, "ticket: longer than %u bytes", WEFT_TICKET_MAX_BYTES);
		return NULL;
	}
	ticket = calloc(1, sizeof(*ticket));
	if (!ticket) {
		weft_err(err, "out of memory");
		return NULL;
	}
	if (!read_ticket(&r, ticket))
		return ticket;
	weft_ticket_destroy(ticket);
	return NULL;
}
