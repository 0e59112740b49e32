/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * energy.c - the text of --energy.
 */
#include "core/energy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nearest.h"
#include "core/scan.h"
#include "core/text.h"
#include "core/when.h"

/* What is read, for the setters; SEEN has a bit for each key that was met. */
struct reading {
	struct weft_energy_wish *wish;
	unsigned seen;
	struct weft_err *err;
};

static const char *const goals[] = { "now", "green", "cheap", NULL };
static const char *const answers[] = { "yes", "no", NULL };

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "TERM", SIGTERM },
	{ "INT", SIGINT },   { "HUP", SIGHUP },	  { "QUIT", SIGQUIT },
	{ "CONT", SIGCONT }, { "URG", SIGURG },	  { "WINCH", SIGWINCH },
};
#define N_SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* "; did you mean X?", or nothing. */
struct hint {
	char text[WEFT_NUMBER_MAX + 32];
};

static struct hint hint(const char *word, const char *const *words)
{
	const char *near = weft_nearest(word, words);
	struct hint h = { "" };

	if (near)
		snprintf(h.text, sizeof(h.text), "; did you mean %s?", near);
	return h;
}

/* Where WORD is in WORDS; -1 when it is not. */
static int place(const char *word, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (weft_name_equal(word, words[i]))
			return i;
	return -1;
}

static int set_goal(struct reading *r, const char *word)
{
	int goal = place(word, goals);

	if (goal < 0)
		return weft_err(r->err, "--energy: \"%s\" must be now, green or cheap%s",
				weft_snip(word, strlen(word)).text, hint(word, goals).text);
	r->wish->goal = (enum weft_energy_goal)goal;
	return 0;
}

static int set_within(struct reading *r, const char *value)
{
	unsigned s;

	if (weft_length_parse(value, strlen(value), &s))
		return weft_err(r->err, "--energy: within=%s is not a time such as 12h, 90m or 1-12:00:00",
				weft_snip(value, strlen(value)).text);
	if (s == 0)
		return weft_err(r->err, "--energy: within= must be more than 0");
	if (s > WEFT_ENERGY_MAX_WITHIN)
		return weft_err(r->err, "--energy: within=%s is too long; at most 60d",
				weft_snip(value, strlen(value)).text);
	r->wish->within = s;
	return 0;
}

static int set_deadline(struct reading *r, const char *value)
{
	time_t when;

	if (weft_when_parse(value, strlen(value), &when) || when <= 0)
		return weft_err(r->err, "--energy: deadline=%s is not a time such as 2025-03-01T08:00",
				weft_snip(value, strlen(value)).text);
	r->wish->deadline = when;
	return 0;
}

static int set_interrupt(struct reading *r, const char *value)
{
	int answer = place(value, answers);

	if (answer < 0)
		return weft_err(r->err, "--energy: interrupt=%s must be yes or no%s",
				weft_snip(value, strlen(value)).text, hint(value, answers).text);
	r->wish->interrupt = answer == 0;
	return 0;
}

static int set_signal(struct reading *r, const char *value)
{
	const char *names[N_SIGNALS + 1] = { NULL };
	const char *name = strncasecmp(value, "SIG", 3) == 0 ? value + 3 : value;
	int i;

	for (size_t k = 0; k < N_SIGNALS; k++)
		names[k] = signals[k].name;
	i = place(name, names);
	if (i < 0)
		return weft_err(
			r->err,
			"--energy: signal=%s must be one of USR1, USR2, TERM, INT, HUP, QUIT, CONT, URG and "
			"WINCH%s",
			weft_snip(value, strlen(value)).text, hint(name, names).text);
	r->wish->signal = signals[i].number;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct reading *r, const char *value);
} keys[] = {
	{ "within", set_within },
	{ "deadline", set_deadline },
	{ "interrupt", set_interrupt },
	{ "signal", set_signal },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* "KEY=VALUE"; ITEM is written into. */
static int set_item(struct reading *r, char *item)
{
	const char *names[N_KEYS + 1] = { NULL };
	char *value = strchr(item, '=');
	int i;

	for (size_t k = 0; k < N_KEYS; k++)
		names[k] = keys[k].name;
	if (value)
		*value++ = '\0';
	i = place(item, names);
	if (i < 0 && place(item, goals) >= 0)
		return weft_err(
			r->err,
			"--energy: %s must be the first word, and the only one of now, green and cheap",
			item);
	if (i < 0)
		return weft_err(r->err, "--energy: unknown word \"%s\"%s", weft_snip(item, strlen(item)).text,
				hint(item, names).text);
	if (!value || value[0] == '\0')
		return weft_err(r->err, "--energy: %s needs a value: %s=%s", names[i], names[i],
				i == 0	 ? "12h"
				: i == 1 ? "2025-03-01T08:00"
				: i == 2 ? "yes"
					 : "USR1");
	if (r->seen & 1u << i)
		return weft_err(r->err, "--energy: %s= is given twice", names[i]);
	r->seen |= 1u << i;
	return keys[i].set(r, value);
}

/* What the words mean together. */
static int check(const struct weft_energy_wish *wish, struct weft_err *err)
{
	bool bound = wish->within || wish->deadline;

	if (wish->within && wish->deadline)
		return weft_err(err, "--energy: give within= or deadline=, not both");
	if (wish->goal == WEFT_ENERGY_NOW && bound)
		return weft_err(err, "--energy: now does not wait: %s= is for green and cheap",
				wish->within ? "within" : "deadline");
	if (wish->goal != WEFT_ENERGY_NOW && !bound)
		return weft_err(err, "--energy: %s needs within= or deadline=", goals[wish->goal]);
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

int weft_energy_parse(const char *text, struct weft_energy_wish *wish, struct weft_err *err)
{
	struct weft_energy_wish read = { 0 };
	struct reading r = { .wish = &read, .err = err };
	char copy[WEFT_ENERGY_MAX_TEXT + 1], *rest = copy, *item;
	size_t len = strlen(text);
	bool first = true;

	if (len > WEFT_ENERGY_MAX_TEXT)
		return weft_err(err, "--energy: the text has %zu bytes; at most %d are allowed", len,
				WEFT_ENERGY_MAX_TEXT);
	memcpy(copy, text, len + 1);
	while ((item = strsep(&rest, ",")) != NULL) {
		item = trimmed(item);
		if (item[0] == '\0')
			return weft_err(err, "--energy: %s",
					first && !rest ? "the text is empty; write now, green or cheap"
						       : "there is nothing before or after a ','");
		if (first ? set_goal(&r, item) : set_item(&r, item))
			return -1;
		first = false;
	}
	if (check(&read, err))
		return -1;
	*wish = read;
	return 0;
}

char *weft_energy_text(const struct weft_energy_wish *wish)
{
	char *buf = malloc(WEFT_ENERGY_MAX_TEXT + 1), when[WEFT_WHEN_SIZE];
	struct weft_text t = { .buf = buf, .size = WEFT_ENERGY_MAX_TEXT + 1 };

	if (!buf)
		return NULL;
	weft_say(&t, "%s", goals[wish->goal]);
	if (wish->within)
		weft_say(&t, ",within=%us", wish->within);
	if (wish->deadline)
		weft_say(&t, ",deadline=%s", weft_when_text(wish->deadline, when));
	if (wish->interrupt)
		weft_say(&t, ",interrupt=yes");
	for (size_t i = 0; i < N_SIGNALS; i++)
		if (wish->signal == signals[i].number)
			weft_say(&t, ",signal=%s", signals[i].name);
	return buf;
}

time_t weft_energy_end(const struct weft_energy_wish *wish, time_t submit)
{
	if (wish->deadline)
		return wish->deadline;
	return wish->within ? submit + (time_t)wish->within : 0;
}
