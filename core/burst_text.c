/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst_text.c - the text of --burst.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/burst.h"
#include "core/money.h"
#include "core/nearest.h"
#include "core/scan.h"
#include "core/text.h"
#include "core/when.h"

static const char *const modes[] = { "no", "auto", "only", NULL };
static const char *const keys[] = { "max-cost", "max-wait", NULL };

struct reading {
	struct weft_burst_wish *wish;
	struct weft_err *err;
};

/* "; did you mean X?", or nothing. */
struct hint {
	char text[WEFT_NAME_MAX + 32];
};

static struct hint hint(const char *word, const char *const *words)
{
	const char *near = weft_nearest(word, words);
	struct hint h = { "" };

	if (near)
		snprintf(h.text, sizeof(h.text), "; did you mean %.64s?", near);
	return h;
}

#define SNIP(word) weft_snip(word, strlen(word)).text

/* Where WORD is in WORDS; -1 when it is not. */
static int place(const char *word, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (weft_name_equal(word, words[i]))
			return i;
	return -1;
}

static int set_cost(struct weft_burst_wish *wish, const char *value, const char *option, const char *key,
		    struct weft_err *err)
{
	if (wish->max_cost >= 0)
		return weft_err(err, "%s: max-cost= is given twice", option);
	if (weft_money_parse(value, strlen(value), &wish->max_cost, wish->currency))
		return weft_err(err, "%s: %s%s is not an amount such as 5.20 or 5.20EUR", option, key,
				SNIP(value));
	return 0;
}

static int set_wait(struct reading *r, const char *value)
{
	unsigned s;

	if (r->wish->max_wait >= 0)
		return weft_err(r->err, "--burst: max-wait= is given twice");
	if (weft_length_parse(value, strlen(value), &s))
		return weft_err(r->err, "--burst: max-wait=%s is not a time such as 2h, 90m or 1-12:00:00",
				SNIP(value));
	if (s > WEFT_BURST_MAX_WAIT)
		return weft_err(r->err, "--burst: max-wait=%s is too long; at most 365d", SNIP(value));
	r->wish->max_wait = s;
	return 0;
}

/* "KEY=VALUE"; ITEM is written into. */
static int set_key(struct reading *r, char *item, char *equals)
{
	int key;

	*equals = '\0';
	key = place(item, keys);
	if (key < 0)
		return weft_err(r->err, "--burst: unknown word \"%s\"%s", SNIP(item), hint(item, keys).text);
	if (equals[1] == '\0')
		return weft_err(r->err, "--burst: %s needs a value: %s=%s", keys[key], keys[key],
				key == 0 ? "5.20" : "2h");
	return key == 0 ? set_cost(r->wish, equals + 1, "--burst", "max-cost=", r->err)
			: set_wait(r, equals + 1);
}

static int add_site(struct reading *r, const char *name)
{
	struct weft_burst_wish *w = r->wish;
	size_t len = strlen(name);

	if (place(name, modes) >= 0)
		return weft_err(r->err,
				"--burst: %s must be the first word, and the only one of no, auto and only",
				name);
	if (place(name, keys) >= 0)
		return weft_err(r->err, "--burst: %s needs a value: %s=%s", name, name,
				place(name, keys) == 0 ? "5.20" : "2h");
	if (!weft_is_name(name, len))
		return weft_err(r->err, "--burst: \"%s\" is not the name of a site", SNIP(name));
	if (w->n_sites > 0 && weft_burst_names(w, name))
		return weft_err(r->err, "--burst: %s is named twice", SNIP(name));
	if (w->n_sites == WEFT_BURST_MAX_SITES)
		return weft_err(r->err, "--burst: more than %d sites; name none, and any will do",
				WEFT_BURST_MAX_SITES);
	w->sites[w->n_sites] = malloc(len + 1);
	if (!w->sites[w->n_sites])
		return weft_err(r->err, "--burst: out of memory");
	weft_copy_lower(w->sites[w->n_sites++], name, len);
	return 0;
}

static int set_item(struct reading *r, char *item, bool first)
{
	char *equals = strchr(item, '=');
	int mode;

	if (equals)
		return set_key(r, item, equals);
	mode = first ? place(item, modes) : -1;
	if (mode < 0)
		return add_site(r, item);
	r->wish->mode = mode == 0 ? WEFT_BURST_NO : mode == 1 ? WEFT_BURST_AUTO : WEFT_BURST_ONLY;
	return 0;
}

/* Without the white space around it; TEXT is written into. */
static char *trimmed(char *text)
{
	size_t len;

	while (weft_is_space(*text))
		text++;
	len = strlen(text);
	while (len > 0 && weft_is_space(text[len - 1]))
		text[--len] = '\0';
	return text;
}

static int read_items(struct reading *r, char *rest)
{
	bool first = true;
	char *item;

	while ((item = strsep(&rest, ",")) != NULL) {
		item = trimmed(item);
		if (item[0] == '\0')
			return weft_err(
				r->err, "--burst: %s",
				first && !rest
					? "the text is empty; write no, auto, only or the name of a site"
					: "there is nothing before or after a ','");
		if (set_item(r, item, first))
			return -1;
		if (r->wish->mode == WEFT_BURST_NO && rest)
			return weft_err(r->err, "--burst: nothing may follow no");
		first = false;
	}
	if (r->wish->mode == WEFT_BURST_ONLY && r->wish->max_wait >= 0)
		return weft_err(r->err, "--burst: only does not wait at home: max-wait= is for auto");
	return 0;
}

int weft_burst_parse(const char *text, struct weft_burst_wish *wish, struct weft_err *err)
{
	struct weft_burst_wish read = { .mode = WEFT_BURST_AUTO, .max_cost = -1, .max_wait = -1 };
	struct reading r = { &read, err };
	char copy[WEFT_BURST_MAX_TEXT + 1];
	size_t len = strlen(text);

	if (len > WEFT_BURST_MAX_TEXT)
		return weft_err(err, "--burst: the text has %zu bytes; at most %d are allowed", len,
				WEFT_BURST_MAX_TEXT);
	memcpy(copy, text, len + 1);
	if (read_items(&r, copy)) {
		weft_burst_clear(&read);
		return -1;
	}
	*wish = read;
	return 0;
}

int weft_burst_max_cost(const char *text, struct weft_burst_wish *wish, struct weft_err *err)
{
	if (wish->mode == WEFT_BURST_NO)
		return weft_err(err, "--max-cost: it is for jobs with --burst");
	return set_cost(wish, text, "--max-cost", "", err);
}

int weft_burst_check(const struct weft_burst_wish *wish, const char *const *sites, struct weft_err *err)
{
	for (unsigned i = 0; i < wish->n_sites; i++) {
		const char *name = wish->sites[i], *near;

		if (place(name, sites) >= 0)
			continue;
		near = weft_nearest(name, sites);
		if (!near && i == 0) /* "atuo" is the name of a site as well as any other */
			near = weft_nearest(name, modes);
		return weft_err(err, "--burst: unknown site \"%s\"%s%s%s", SNIP(name),
				near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	return 0;
}

char *weft_burst_text(const struct weft_burst_wish *wish)
{
	char *buf = malloc(WEFT_BURST_MAX_TEXT + 1), amount[WEFT_MONEY_SIZE];
	struct weft_text t = { .buf = buf, .size = WEFT_BURST_MAX_TEXT + 1 };

	if (!buf)
		return NULL;
	weft_say(&t, "%s", modes[wish->mode == WEFT_BURST_NO ? 0 : wish->mode == WEFT_BURST_AUTO ? 1 : 2]);
	for (unsigned i = 0; i < wish->n_sites; i++)
		weft_say(&t, ",%s", wish->sites[i]);
	if (wish->max_cost >= 0)
		weft_say(&t, ",max-cost=%s%s", weft_money_text(wish->max_cost, NULL, amount), wish->currency);
	if (wish->max_wait >= 0)
		weft_say(&t, ",max-wait=%" PRId64 "s", wish->max_wait);
	return buf;
}

void weft_burst_clear(struct weft_burst_wish *wish)
{
	for (unsigned i = 0; i < wish->n_sites; i++)
		free(wish->sites[i]);
	*wish = (struct weft_burst_wish){ .max_cost = -1, .max_wait = -1 };
}

bool weft_burst_names(const struct weft_burst_wish *wish, const char *site)
{
	bool any = wish->n_sites == 0;

	for (unsigned i = 0; i < wish->n_sites && !any; i++)
		any = weft_name_equal(wish->sites[i], site);
	return any;
}
