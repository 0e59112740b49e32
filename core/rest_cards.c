/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest_cards.c - the cards of a job, summed up from the many ways in which Slurm writes them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest_private.h"

#define MAX_CARDS 100000000u /* of a job */

void weft_rest_cards_count(struct weft_rest_cards *cards, const char *name, size_t len, uint64_t count)
{
	struct weft_rest_card *card;
	unsigned i = 0;

	while (i < cards->n &&
	       (strlen(cards->card[i].name) != len || memcmp(cards->card[i].name, name, len) != 0))
		i++;
	if (count == 0 || len == 0 || len >= sizeof(card->name) || i == WEFT_REST_MAX_CARDS)
		return;
	card = &cards->card[i];
	if (i == cards->n) {
		memcpy(card->name, name, len);
		card->name[len] = '\0';
		card->count = 0;
		cards->n++;
	}
	card->count = count > MAX_CARDS || card->count + count > MAX_CARDS ? MAX_CARDS : card->count + count;
}

static bool is_digits(const char *s, size_t len)
{
	return len > 0 && strspn(s, "0123456789") >= len;
}

/* One entry, of LEN bytes: "gpu:h100:8", "gpu:h100=8", "gpu:8", "gpu:h100", "gpu". */
static void add_entry(struct weft_rest_cards *cards, const char *s, size_t len, uint64_t times)
{
	uint64_t count = 1;
	size_t name = len;

	for (size_t i = 0; i < len; i++)
		if (s[i] == ':' || s[i] == '=')
			name = i;
	if (name < len && is_digits(s + name + 1, len - name - 1))
		count = len - name > 9 ? MAX_CARDS : strtoull(s + name + 1, NULL, 10);
	else
		name = len;
	if (s[0] == ':' || s[0] == '=' || memchr(s, '/', name)) /* "license/x:4" */
		return;
	weft_rest_cards_count(cards, s, name, times && count > MAX_CARDS / times ? MAX_CARDS : count * times);
}

void weft_rest_cards_add(struct weft_rest_cards *cards, const char *text, uint64_t times, bool plain)
{
	while (*text) {
		size_t len = strcspn(text, ",("), end = len;
		bool prefix = !strncmp(text, "gres/", 5) || !strncmp(text, "gres:", 5);

		if (text[end] == '(') /* "(IDX:0,2-3)", "(S:0-1)" */
			end += strcspn(text + end, ")");
		end += strcspn(text + end, ",");
		if (prefix && len > 5)
			add_entry(cards, text + 5, len - 5, times);
		else if (plain && len > 0)
			add_entry(cards, text, len, times);
		text += end + (text[end] == ',');
	}
}

/* "gpu" beside "gpu:h100" says the same once more. */
static bool is_repeated(const struct weft_rest_cards *cards, unsigned i)
{
	size_t len = strlen(cards->card[i].name);

	if (strchr(cards->card[i].name, ':'))
		return false;
	for (unsigned k = 0; k < cards->n; k++)
		if (!strncmp(cards->card[k].name, cards->card[i].name, len) &&
		    cards->card[k].name[len] == ':')
			return true;
	return false;
}

char *weft_rest_cards_text(struct weft_rest_cards *cards)
{
	char buf[sizeof(cards->card) + 16 * WEFT_REST_MAX_CARDS];
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < cards->n; i++)
		if (!is_repeated(cards, i))
			len += (size_t)snprintf(buf + len, sizeof(buf) - len, "%s%s:%llu", len ? "," : "",
						cards->card[i].name,
						(unsigned long long)cards->card[i].count);
	weft_rest_clean(buf);
	return strdup(buf);
}
