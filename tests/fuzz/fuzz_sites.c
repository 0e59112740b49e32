/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_sites.c - any text as a snapshot of the peers.  What is read is within its limits, and written and
 * read again it is the same.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/sites.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_kind(const struct weft_site_kind *kind)
{
	const struct weft_outlook *o = &kind->outlook;

	must(kind->gres && *kind->gres && kind->price >= -1);
	must(strlen(kind->currency) == 0 || strlen(kind->currency) == 3);
	must(o->n > 0 && o->n <= WEFT_OUTLOOK_MAX_STEPS);
	for (unsigned i = 0; i < o->n; i++)
		must(o->steps[i].free <= o->cards && (i == 0 || o->steps[i].from > o->steps[i - 1].from));
}

static void check(const struct weft_sites *s)
{
	must(s->made >= 0 && s->made <= WEFT_SITES_MAX_TIME && s->n_peers <= WEFT_SITES_MAX_PEERS);
	for (unsigned i = 0; i < s->n_peers; i++) {
		const struct weft_site_peer *peer = &s->peers[i];

		must(peer->name && *peer->name && peer->why && peer->release &&
		     peer->n_kinds <= WEFT_SITES_MAX_KINDS);
		must(weft_sites_peer(s, peer->name) == peer);
		for (unsigned k = 0; k < peer->n_kinds; k++)
			check_kind(&peer->kinds[k]);
	}
	for (unsigned i = 0; i < s->n_runs; i++)
		must(s->runs[i].peer && s->runs[i].state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *copy = malloc(size + 1), *text, *again; /* ASan sees the end of it */
	struct weft_sites *s;
	size_t len = 0, len2 = 0;

	if (size > 0)
		memcpy(copy, data, size);
	s = weft_sites_read("sites", copy, size, &err);
	free(copy);
	must((s != NULL) == (err.text[0] == '\0'));
	if (!s)
		return 0;
	check(s);
	text = weft_sites_write(s, &len, &err);
	must(text != NULL);
	weft_sites_free(s);
	s = weft_sites_read("again", text, len, &err);
	must(s != NULL);
	check(s);
	again = weft_sites_write(s, &len2, &err);
	must(again && len == len2 && !memcmp(text, again, len));
	weft_sites_free(s);
	free(text);
	free(again);
	return 0;
}
