/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_shell.c - any text as a command of weft.conf: what it is filled with stays between '...', whatever it
 * is, and what weft.conf may have can be filled.  And any text as a word: quoted, and read back.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/shell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MARK  '\001'
#define VALUE "\001 it's \001\\\001\"\001$HOME\001`id`\001$(id)\001\n\001'\001"

/* The word that '...' and \' mean; NULL: something else is in it. */
static char *read_back(const char *word)
{
	char *text = malloc(strlen(word) + 1);
	size_t len = 0;
	bool in = false;

	for (const char *p = word; *p; p++) {
		if (*p == '\'') {
			in = !in;
		} else if (in) {
			text[len++] = *p;
		} else if (*p == '\\' && p[1] == '\'') {
			text[len++] = *++p;
		} else {
			free(text);
			return NULL;
		}
	}
	text[len] = '\0';
	return text;
}

static void check_word(const char *text)
{
	char *word = weft_shell_quote(text), *back = read_back(word);

	if (!back || strcmp(back, text) != 0)
		abort();
	free(back);
	free(word);
}

/* Every mark of a value is where the shell leaves it alone. */
static void check_marks(const char *text)
{
	char quote = 0;

	for (const char *p = text; *p; p++) {
		if (*p == MARK && quote != '\'')
			abort();
		if (*p == '\\' && quote != '\'' && p[1])
			p++;
		else if (quote && *p == quote)
			quote = 0;
		else if (!quote && (*p == '\'' || *p == '"'))
			quote = *p;
	}
	if (quote)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct weft_shell_pattern patterns[] = { { 'u', VALUE }, { 's', VALUE }, { 'd', VALUE },
							      { 'k', VALUE }, { 'j', VALUE }, { 'p', VALUE },
							      { 0, NULL } };
	struct weft_err err = WEFT_ERR_INIT, why = WEFT_ERR_INIT;
	char *command = malloc(size + 1), *text; /* ASan sees the end of it */
	int rc;

	if (size > 0)
		memcpy(command, data, size);
	command[size] = '\0';
	check_word(command);
	rc = weft_shell_check("c", command, WEFT_STAGE_LETTERS, &why);
	text = weft_shell_fill("c", command, patterns, &err);
	/* A command that is filled may be too long, where a check fills in nothing. */
	if ((rc == 0) != (why.text[0] == '\0') || (text == NULL) != (err.text[0] != '\0') ||
	    (text && rc < 0) || (!text && rc == 0 && !strstr(err.text, "bytes")))
		abort();
	if (text && !strchr(command, MARK))
		check_marks(text);
	free(text);
	free(command);
	return 0;
}
