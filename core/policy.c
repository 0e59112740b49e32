/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.c - the names of the policies, and the value of --accel-policy.
 */
#include "core/conf.h"

#include <stdbool.h>
#include <string.h>

#include "core/nearest.h"
#include "core/scan.h"

#define OPTION_MAX 256 /* bytes of an --accel-policy value */

static const char *const words[] = { "soon", "listed", "fast", "scale-time", NULL };

#define SCALE_TIME 3 /* those before it are policies, in the order of enum weft_policy */

const char *weft_policy_name(enum weft_policy policy)
{
	return words[policy];
}

/* The index in words[] of the LEN bytes of TEXT; -1 with ERR. */
static int find_word(const char *text, size_t len, struct weft_err *err)
{
	char word[OPTION_MAX + 1];
	const char *near;

	if (len == 0)
		return weft_err(err, "a policy is missing; write soon, listed or fast");
	memcpy(word, text, len);
	word[len] = '\0';
	for (int i = 0; words[i]; i++) {
		if (weft_name_equal(word, words[i]))
			return i;
	}
	if (weft_name_equal(word, "scaletime"))
		return SCALE_TIME;
	near = weft_nearest(word, words);
	return weft_err(err, "unknown policy \"%s\"; %s%s%s", weft_snip(word, len).text,
			near ? "did you mean " : "it may be soon, listed or fast", near ? near : "",
			near ? "?" : "");
}

int weft_policy_option(const char *text, enum weft_policy *policy, int *scale_time, struct weft_err *err)
{
	size_t len = strlen(text), from = 0, to, next;
	int chosen = -1, scale = 0;

	if (len > OPTION_MAX)
		return weft_err(err, "the policy has %zu bytes; at most %d are allowed", len, OPTION_MAX);
	do {
		int word;

		to = from + strcspn(text + from, ",");
		next = to + 1;
		while (from < to && weft_is_space(text[from]))
			from++;
		while (to > from && weft_is_space(text[to - 1]))
			to--;
		word = find_word(text + from, to - from, err);
		if (word < 0)
			return -1;
		if (word == SCALE_TIME ? scale : chosen == word)
			return weft_err(err, "%s is given twice", words[word]);
		if (word != SCALE_TIME && chosen >= 0)
			return weft_err(err, "%s and %s are two policies; choose one", words[chosen],
					words[word]);
		if (word == SCALE_TIME)
			scale = 1;
		else
			chosen = word;
		from = next;
	} while (from <= len);
	if (chosen >= 0)
		*policy = (enum weft_policy)chosen;
	*scale_time = scale;
	return 0;
}
