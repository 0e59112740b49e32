/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_wrapper.c - any key, directory and script: one line each for the first two.  What is taken is in the
 * wrapper as it was given, and nothing of it is where the shell would read it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/wrapper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The script in TEXT, which is the base64 in its here-document. */
static void check_script(const char *text, const char *script)
{
	const char *p = strstr(text, "\nbase64 -d > "), *end = p ? strstr(p + 1, "\nWEFT_END\n") : NULL;
	size_t len = strlen(script), n = 0;
	unsigned bits = 0, held = 0;

	p = end ? strchr(p + 1, '\n') : NULL;
	if (!p || !end)
		abort();
	for (; p < end; p++) {
		if (*p == '\n' || *p == '=')
			continue;
		if (digit(*p) < 0)
			abort();
		bits = bits << 6 | (unsigned)digit(*p);
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (n >= len || (unsigned char)script[n++] != (bits >> held & 255))
			abort();
	}
	if (n != len)
		abort();
}

static void check(const char *key, const char *top, const char *script, const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	char *path = weft_wrapper_path(key, top, "out.2");

	if (!key[0] || key[0] == '.' || strspn(key, letters) != strlen(key) ||
	    strlen(key) > WEFT_WRAPPER_MAX_KEY)
		abort();
	if (top[0] != '/' && strncmp(top, "~/", 2) != 0)
		abort();
	if (!path || strlen(path) < strlen(key) + 7 || strcmp(path + strlen(path) - 6, "/out.2") != 0)
		abort();
	free(path);
	check_script(text, script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *copy = malloc(size + 1), *key = copy, *top, *script, *text; /* ASan sees the end of it */

	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	top = strchr(key, '\n');
	script = top ? strchr(top + 1, '\n') : NULL;
	if (script) {
		*top++ = '\0';
		*script++ = '\0';
		text = weft_wrapper_text(key, 2, 3, top, script, &err);
		if ((text == NULL) != (err.text[0] != '\0'))
			abort();
		if (text)
			check(key, top, script, text);
		free(text);
	}
	free(copy);
	return 0;
}
