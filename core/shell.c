/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shell.c - words for /bin/sh.
 */
#include "core/shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where in a command its text is. */
struct state {
	char quote;  /* ' or " that is open; 0: none */
	int escaped; /* the last character was a \ that counts */
	int ticks;   /* inside `...` */
	int inner;   /* behind a $( in "...": what quotes mean from there on is beyond us */
	char last;
};

static void put_quoted(FILE *f, const char *text)
{
	fputc('\'', f);
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", f);
		else
			fputc(*text, f);
	}
	fputc('\'', f);
}

char *weft_shell_quote(const char *text)
{
	char *word = NULL;
	size_t len;
	FILE *f = open_memstream(&word, &len);

	if (!f)
		return NULL;
	put_quoted(f, text);
	if (fclose(f)) {
		free(word);
		return NULL;
	}
	return word;
}

/* C is a character of the command itself. */
static void step(struct state *state, char c)
{
	char last = state->last;

	state->last = c;
	if (state->escaped) {
		state->escaped = 0;
		return;
	}
	if (c == '`' && state->quote != '\'')
		state->ticks = !state->ticks;
	if (c == '(' && last == '$' && state->quote == '"')
		state->inner = 1;
	if (c == '\\' && state->quote != '\'')
		state->escaped = 1;
	else if (state->quote && c == state->quote)
		state->quote = 0;
	else if (!state->quote && (c == '\'' || c == '"'))
		state->quote = c;
}

static const struct weft_shell_pattern *find(const struct weft_shell_pattern *patterns, char letter)
{
	for (; patterns->letter; patterns++)
		if (patterns->letter == letter)
			return patterns;
	return NULL;
}

/* Between the pieces of a string that is open: 'a%fb' becomes 'a''VALUE''b'. */
static void put_value(FILE *f, const struct state *state, const char *value)
{
	if (state->quote)
		fputc(state->quote, f);
	put_quoted(f, value);
	if (state->quote)
		fputc(state->quote, f);
}

static int unknown(const char *what, char letter, struct weft_err *err)
{
	if (!letter)
		return weft_err(err, "%s: it ends with a %%; %%%% stands for one", what);
	return weft_err(err, "%s: %%%c: not known here; %%%% stands for one %%", what, letter);
}

static int fill(FILE *f, const char *what, const char *command, const struct weft_shell_pattern *patterns,
		struct weft_err *err)
{
	struct state state = { 0 };

	for (const char *p = command; *p; p++) {
		const struct weft_shell_pattern *pattern;

		if (*p != '%' || p[1] == '%') {
			step(&state, *p);
			fputc(*p, f);
			p += *p == '%';
			continue;
		}
		pattern = p[1] ? find(patterns, *++p) : NULL;
		if (!pattern || !pattern->value)
			return unknown(what, *p == '%' ? '\0' : *p, err);
		if (state.ticks || state.inner)
			return weft_err(
				err,
				"%s: %%%c: inside `...`, or after a $( in \"...\", a value cannot be quoted; "
				"put it into a variable before",
				what, *p);
		if (state.escaped)
			return weft_err(err,
					"%s: \\%%%c: a value is quoted already, and takes no \\ before it",
					what, *p);
		put_value(f, &state, pattern->value);
	}
	if (state.quote)
		return weft_err(err, "%s: a %c is not closed", what, state.quote);
	return 0;
}

char *weft_shell_fill(const char *what, const char *command, const struct weft_shell_pattern *patterns,
		      struct weft_err *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc = f ? fill(f, what, command, patterns, err) : -1;

	if (!f || fclose(f)) {
		rc = weft_err(err, "out of memory");
	} else if (rc == 0 && len >= WEFT_SHELL_MAX) {
		rc = weft_err(err, "%s: with its values it has %zu bytes; less than %u are allowed", what,
			      len, WEFT_SHELL_MAX);
	}
	if (rc) {
		free(text);
		return NULL;
	}
	return text;
}

#define MAX_LETTERS 32

int weft_shell_check(const char *what, const char *command, const char *letters, struct weft_err *err)
{
	struct weft_shell_pattern patterns[MAX_LETTERS + 1] = { { 0, NULL } };
	char *text;

	for (size_t i = 0; i < MAX_LETTERS && letters[i]; i++)
		patterns[i] = (struct weft_shell_pattern){ letters[i], "" };
	text = weft_shell_fill(what, command, patterns, err);
	free(text);
	return text ? 0 : -1;
}
