/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostlist.c - lists of nodes, read.
 */
#include "core/hostlist.h"

#include <stdio.h>
#include <string.h>

#define MOST_DIGITS 9

struct walk {
	char name[WEFT_HOST_SIZE];
	size_t left; /* names that may still come */
	int (*each)(const char *name, void *arg);
	void *arg;
};

struct piece {
	const char *at, *end;
};

static int walk(struct walk *w, size_t len, struct piece rest);

/* Up to MOST_DIGITS digits at the beginning of P, which moves on; -1: there are none, or more. */
static int take_number(struct piece *p, unsigned *number, int *width)
{
	*number = 0;
	*width = 0;
	for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++, (*width)++) {
		if (*width == MOST_DIGITS)
			return -1;
		*number = *number * 10 + (unsigned)(*p->at - '0');
	}
	return *width > 0 ? 0 : -1;
}

/* "1-3" or "07": its names, each with REST behind it. */
static int walk_range(struct walk *w, size_t len, struct piece range, struct piece rest)
{
	unsigned from, to;
	int width, ignored;

	if (take_number(&range, &from, &width) < 0)
		return -1;
	to = from;
	if (range.at < range.end &&
	    (*range.at++ != '-' || take_number(&range, &to, &ignored) < 0 || to < from))
		return -1;
	if (range.at != range.end)
		return -1;
	for (unsigned n = from; n <= to; n++) {
		int digits = snprintf(w->name + len, sizeof(w->name) - len, "%0*u", width, n);
		int rc;

		if (digits < 0 || len + (size_t)digits >= sizeof(w->name))
			return -1;
		rc = walk(w, len + (size_t)digits, rest);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The names that begin with the LEN bytes that there are, and go on with REST. */
static int walk(struct walk *w, size_t len, struct piece rest)
{
	const char *close;

	for (; rest.at < rest.end && *rest.at != '['; rest.at++) {
		if (len + 1 >= sizeof(w->name) || *rest.at == ']')
			return -1;
		w->name[len++] = *rest.at;
	}
	if (rest.at == rest.end) {
		if (len == 0 || w->left == 0)
			return -1;
		w->left--;
		w->name[len] = '\0';
		return w->each(w->name, w->arg);
	}
	close = memchr(rest.at, ']', (size_t)(rest.end - rest.at));
	if (!close)
		return -1;
	for (const char *at = rest.at + 1; at <= close;) {
		const char *comma = memchr(at, ',', (size_t)(close - at));
		const char *end = comma ? comma : close;
		int rc = walk_range(w, len, (struct piece){ at, end }, (struct piece){ close + 1, rest.end });

		if (rc != 0)
			return rc;
		at = end + 1;
	}
	return 0;
}

/* Where the entry at AT ends: at a comma outside of brackets. */
static const char *entry_end(const char *at, const char *end)
{
	int inside = 0;

	for (; at < end && (inside || *at != ','); at++)
		inside = *at == '[' ? 1 : *at == ']' ? 0 : inside;
	return at;
}

int weft_hostlist_each(const char *list, size_t len, size_t max, int (*each)(const char *name, void *arg),
		       void *arg)
{
	struct walk w = { .left = max, .each = each, .arg = arg };
	const char *end = list + len;

	for (const char *at = list; at < end;) {
		const char *stop = entry_end(at, end);
		int rc = walk(&w, 0, (struct piece){ at, stop });

		if (rc != 0)
			return rc;
		at = stop + 1;
	}
	return 0;
}
