/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_sight.c - any words behind "scontrol show bbstat": there is an answer, in lines of text, and a short
 * one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/sight.h"

#define MAX_WORDS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct weft_asker asker = { .known = true, .uid = 1000 };
	const struct weft_view view = { .broken = { "mended soon" } };
	char *copy = malloc(size + 1), *words[MAX_WORDS], *answer;
	struct weft_sight s = { .view = &view };
	unsigned n = 0;

	if (!copy)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	for (char *at = copy; n < MAX_WORDS; at++) {
		words[n++] = at;
		at = strchr(at, ' ');
		if (!at)
			break;
		*at = '\0';
	}
	weft_sight_asked_job(NULL, n, words);
	answer = weft_sight_answer(&s, &asker, n, words, "lua", 0);
	must(answer && strlen(answer) < 2048 && answer[strlen(answer) - 1] == '\n');
	for (const char *c = answer; *c; c++)
		must(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
	free(answer);
	free(copy);
	return 0;
}
