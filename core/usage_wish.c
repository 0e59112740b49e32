/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage_wish.c - what a run asked for, from the line with which it was submitted.
 *
 * Slurm keeps the arguments with blanks between them and without the quotes.  So the value of --accel ends
 * before the next option, and is the longest part of that which is a request.
 */
#include <stdlib.h>
#include <string.h>

#include "core/match.h"
#include "core/usage_private.h"

#define MAX_TEXT   1024	  /* bytes of a request that is looked at */
#define MAX_WISHES 100000 /* different ones */

/* The value of OPTION ("--accel") in LINE, and *LEN bytes up to the next option; NULL: it is not there. */
static const char *value_of(const char *line, const char *option, size_t *len)
{
	const char *end = strstr(line, " --wrap"), *at = line, *next;
	size_t n = strlen(option);

	end = end ? end : line + strlen(line);
	do {
		at = strstr(at, option);
		if (!at || at >= end)
			return NULL;
		at += n;
	} while ((*at != '=' && *at != ' ') || at - n == line || at[-(ptrdiff_t)n - 1] != ' ');
	at++;
	next = strstr(at, " -");
	next = next && next < end ? next : end;
	*len = (size_t)(next - at);
	return at;
}

/* The longest beginning of TEXT, up to a blank or its end, that is a request; it is cut there.  NULL: none
 * is. */
static struct weft_request *longest(char *text)
{
	for (size_t len = strlen(text); len > 0;) {
		struct weft_request *req = weft_request_parse(text, NULL);

		if (req)
			return req;
		while (len > 0 && text[len - 1] != ' ')
			len--;
		len -= len > 0;
		text[len] = '\0';
	}
	return NULL;
}

static bool takes(const struct weft_matcher *m, const struct weft_class *class)
{
	struct weft_lack lack;

	return weft_matcher_name(m, class) >= 0 && weft_matcher_meets(m, class, m->alt->n_predicates, &lack);
}

static void note_first(struct weft_usage_wish *wish, const struct weft_request *req,
		       const struct weft_inventory *inv)
{
	struct weft_matcher matcher;

	wish->several = req->n_alts > 1 && req->alts[0].mix == WEFT_MIX_NONE;
	if (!wish->several)
		return;
	weft_matcher_init(&matcher, &req->alts[0], weft_inventory_catalogue(inv));
	for (size_t i = 0; i < weft_inventory_classes(inv); i++)
		wish->first[i] = takes(&matcher, weft_inventory_class(inv, i));
}

/* Where TEXT is among the wishes, or would be. */
static size_t place_of(const struct weft_usage *usage, const char *text)
{
	size_t lo = 0, hi = usage->n_wishes;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(usage->wishes[mid]->text, text) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct weft_usage_wish *new_wish(const struct weft_usage *usage, const char *text)
{
	const struct weft_inventory *inv = weft_fleet_inventory(usage->setup.fleet);
	struct weft_usage_wish *wish = calloc(1, sizeof(*wish));
	char *copy = strdup(text);
	struct weft_request *req;

	if (wish) {
		wish->text = strdup(text);
		wish->first = calloc(weft_inventory_classes(inv) + 1, sizeof(*wish->first));
	}
	if (!wish || !copy || !wish->text || !wish->first) {
		if (wish) {
			free(wish->text);
			free(wish->first);
		}
		free(wish);
		free(copy);
		return NULL;
	}
	req = longest(copy);
	if (req)
		note_first(wish, req, inv);
	weft_request_destroy(req);
	free(copy);
	return wish;
}

static const struct weft_usage_wish *wish_of(struct weft_usage *usage, const char *text, int *rc)
{
	size_t at = place_of(usage, text);
	struct weft_usage_wish *wish;

	if (at < usage->n_wishes && !strcmp(usage->wishes[at]->text, text))
		return usage->wishes[at];
	if (usage->n_wishes == MAX_WISHES)
		return NULL;
	if (usage->n_wishes == usage->wishes_room) {
		size_t room = usage->wishes_room ? usage->wishes_room * 2 : 64;
		struct weft_usage_wish **more =
			realloc(usage->wishes, room * sizeof(struct weft_usage_wish *));

		*rc = more ? 0 : -1;
		if (!more)
			return NULL;
		usage->wishes = more;
		usage->wishes_room = room;
	}
	wish = new_wish(usage, text);
	if (!wish) {
		*rc = -1;
		return NULL;
	}
	memmove(&usage->wishes[at + 1], &usage->wishes[at],
		(usage->n_wishes - at) * sizeof(struct weft_usage_wish *));
	usage->wishes[at] = wish;
	usage->n_wishes++;
	return wish;
}

const struct weft_usage_wish *weft_usage_wish(struct weft_usage *usage, const char *line, unsigned *policy,
					      int *rc)
{
	enum weft_policy word = usage->setup.conf->policy;
	char text[MAX_TEXT];
	int scale_time;
	size_t len;
	const char *value = value_of(line, "--accel", &len);

	*rc = 0;
	*policy = WEFT_USAGE_NO_POLICY;
	if (!value || len >= sizeof(text))
		return NULL;
	memcpy(text, value, len);
	text[len] = '\0';
	value = value_of(line, "--accel-policy", &len);
	*policy = word;
	if (value) {
		char name[64] = "";

		len = strcspn(value, " ");
		memcpy(name, value, len < sizeof(name) ? len : sizeof(name) - 1);
		if (weft_policy_option(name, &word, &scale_time, NULL) == 0)
			*policy = word;
	}
	return wish_of(usage, text, rc);
}
