/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mix_why.c - why there is no mix, for whoever asked for one.
 *
 * The reason is found by asking again with one rule left out: if a split is possible over several gres names, or
 * with no regard to what joins the vendors, then that rule is the reason.  Otherwise it is the cards.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mix_private.h"
#include "core/text.h"

#define MOST_NAMED 6

/* What a list is made of; room for all members. */
struct words {
	const char **list;
	size_t n;
};

static bool add_word(struct words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++) {
		if (!strcmp(words->list[i], word))
			return false;
	}
	words->list[words->n++] = word;
	return true;
}

static const struct weft_vendor *vendor_of(const struct weft_mix_member *c)
{
	return c->class->model->vendor;
}

/* What a message is made of. */
struct why {
	struct weft_text t;
	struct weft_mixer *m;
	struct words words;
	unsigned vendor; /* whose cards it is about; WEFT_ANY: all */
};

static bool is_about(const struct why *why, const struct weft_mix_member *c)
{
	return why->vendor == WEFT_ANY || c->vendor == why->vendor;
}

/* "32 h100 and 16 mi300x": classes that go by one name together.  Returns the sum. */
static uint64_t say_cards(struct why *why, bool units)
{
	const struct weft_mixer *m = why->m;
	struct words *words = &why->words;
	uint64_t all = 0;

	words->n = 0;
	for (size_t i = 0; i < m->n; i++) {
		if (is_about(why, &m->members[i]))
			add_word(words, weft_class_called(m->members[i].class));
	}
	for (size_t i = 0; i < words->n; i++) {
		uint64_t cards = 0;
		unsigned unit = 0;

		for (size_t k = 0; k < m->n; k++) {
			if (!is_about(why, &m->members[k]) ||
			    strcmp(weft_class_called(m->members[k].class), words->list[i]) != 0)
				continue;
			unit = m->members[k].unit;
			cards += (uint64_t)m->members[k].unit * m->members[k].units;
		}
		all += cards;
		if (i < MOST_NAMED)
			weft_say(&why->t, "%s%" PRIu64 " %s", !i ? "" : i + 1 < words->n ? ", " : " and ",
				 units ? unit : cards, words->list[i]);
	}
	if (words->n > MOST_NAMED)
		weft_say(&why->t, " and %zu more", words->n - MOST_NAMED);
	return all;
}

static void say_unknown(struct why *why)
{
	why->words.n = 0;
	for (size_t i = 0; i < why->m->n_unknown; i++)
		add_word(&why->words, weft_class_called(why->m->unknown[i]));
	weft_say_list(&why->t, why->words.list, why->words.n, "and");
}

static void list_vendors(struct why *why)
{
	why->words.n = 0;
	for (size_t i = 0; i < why->m->n; i++)
		add_word(&why->words, vendor_of(&why->m->members[i])->name);
}

/* ---------------------------------------------------------------- which cards there are */

static void say_one_kind(struct why *why)
{
	if (why->m->alt->mix == WEFT_MIX_VENDORS) {
		weft_say(&why->t, "mix=vendors takes two vendors or more; all cards that would do are of %s",
			 vendor_of(&why->m->members[0])->name);
		return;
	}
	why->words.n = 0;
	for (size_t i = 0; i < why->m->n; i++)
		add_word(&why->words, weft_class_called(why->m->members[i].class));
	weft_say(&why->t, "mix=models takes two models or more of one vendor; all that would do is ");
	weft_say_list(&why->t, why->words.list, why->words.n, "and");
}

static void say_few(struct why *why)
{
	const char *where = why->m->supply->scope->where;
	uint64_t all;

	if (where)
		weft_say(&why->t, "%s has ", weft_snip(where, strlen(where)).text);
	else
		weft_say(&why->t, "there are ");
	all = say_cards(why, false);
	if (why->m->alt->unit > 1)
		weft_say(&why->t, " in units of %u", why->m->alt->unit);
	else if (!why->m->alt->unit)
		weft_say(&why->t, " on whole nodes");
	weft_say(&why->t, ", %" PRIu64 " in all; %u are asked for", all, why->m->alt->devices);
}

static void say_sum(struct why *why)
{
	if (why->m->alt->split == WEFT_SPLIT_EVEN) {
		weft_say(&why->t, "%u cards cannot be split evenly among ", why->m->alt->devices);
		say_cards(why, false);
		if (why->m->alt->unit > 1)
			weft_say(&why->t, " in units of %u", why->m->alt->unit);
		weft_say(&why->t, "; without split=even they may differ in number");
		return;
	}
	if (why->m->alt->unit) {
		weft_say(&why->t, "%u cards cannot be made of several kinds in units of %u: there are ",
			 why->m->alt->devices, why->m->alt->unit);
		say_cards(why, false);
		return;
	}
	weft_say(&why->t, "%u cards cannot be made of whole nodes of ", why->m->alt->devices);
	say_cards(why, true);
	weft_say(&why->t, "; unit=N makes them of parts of N cards");
}

static void say_sizes(struct why *why)
{
	weft_say(&why->t, "whole nodes of ");
	say_cards(why, true);
	weft_say(&why->t, " differ too much to be reckoned with; unit=N makes a mix of parts of N cards");
}

/* ---------------------------------------------------------------- what keeps them apart */

/* The split that was found with no regard to gres names. */
static void say_gres(struct why *why)
{
	unsigned seen = WEFT_ANY;

	why->words.n = 0;
	for (size_t i = 0; i < why->m->n; i++) {
		const struct weft_mix_member *c = &why->m->members[i];

		if (c->taken && (why->words.n == 0 || (why->words.n == 1 && c->gres != seen))) {
			why->words.list[why->words.n++] = c->class->label;
			seen = c->gres;
		}
	}
	weft_say(&why->t,
		 "%s and %s have different gres names, and a job asks the same gres of all its nodes: give the "
		 "cards of all vendors one gres name (doc/install.md), or submit a heterogeneous job",
		 why->words.list[0], why->words.n > 1 ? why->words.list[1] : "others");
}

/* "nvidia has flagcx", "ascend has none (HCCL ...)": of those that could be chosen. */
static void say_fabrics_of(struct weft_text *t, const struct weft_mixer *m, const struct weft_vendor *v)
{
	const struct weft_catalogue *cat = weft_inventory_catalogue(m->supply->inv);
	bool any = false;

	weft_say(t, "%s has ", v->name);
	for (size_t i = 0; i < weft_catalogue_fabrics(cat); i++) {
		const struct weft_fabric *f = weft_catalogue_fabric(cat, i);

		if (!weft_mixer_wants(m, f) || !weft_vendor_has_fabric(v, f))
			continue;
		weft_say(t, "%s%s", any ? "/" : "", f->name);
		any = true;
	}
	if (!any)
		weft_say(t, m->alt->fabric.text[0] ? "not" : "none");
	if (!any && v->fabric_gap)
		weft_say(t, " (%s)", v->fabric_gap);
}

/* A fabric that nobody asked for and that would do; NULL: none. */
static const struct weft_fabric *way_out(struct weft_mixer *m)
{
	const struct weft_catalogue *cat = weft_inventory_catalogue(m->supply->inv);

	for (size_t i = 0; i < weft_catalogue_fabrics(cat); i++) {
		const struct weft_fabric *f = weft_catalogue_fabric(cat, i);

		for (unsigned gres = 0; gres < m->n_gres && !weft_mixer_wants(m, f); gres++) {
			if (weft_mixer_try(m, (struct weft_mix_bond){ gres, WEFT_ANY, f }) == WEFT_SPLIT_DONE)
				return f;
		}
	}
	return NULL;
}

static void say_fabric(struct why *why)
{
	const char *asked = why->m->alt->fabric.text;
	const struct weft_fabric *other = way_out(why->m);

	list_vendors(why);
	if (asked[0])
		weft_say(&why->t, "%s does not join ", asked);
	else
		weft_say(&why->t, "no communication library joins ");
	weft_say_list(&why->t, why->words.list, why->words.n, "and");
	why->words.n = 0;
	for (size_t i = 0; i < why->m->n && why->words.n < 6; i++) {
		if (!add_word(&why->words, vendor_of(&why->m->members[i])->name))
			continue;
		weft_say(&why->t, why->words.n == 1 ? ": " : ", ");
		say_fabrics_of(&why->t, why->m, vendor_of(&why->m->members[i]));
	}
	if (other)
		weft_say(&why->t, "; fabric=%s would%s", other->name,
			 other->host ? ", through the hosts' memory" : "");
}

/* ---------------------------------------------------------------- which of these it is */

/* Is a split possible within BONDs that leave out what joins the cards, for one gres or any?  -1: out of memory. */
static int possible_without_fabric(struct weft_mixer *m, bool any_gres)
{
	for (unsigned gres = 0; gres < (any_gres ? 1 : m->n_gres); gres++) {
		struct weft_mix_bond bond = { any_gres ? WEFT_ANY : gres, WEFT_ANY, NULL };
		enum weft_split_outcome outcome = weft_mixer_try(m, bond);

		if (outcome == WEFT_SPLIT_MEMORY)
			return -1;
		if (outcome == WEFT_SPLIT_DONE)
			return 1;
	}
	return 0;
}

/* What is wrong with the cards themselves, the best of all bonds that are allowed: the closest to a split. */
static enum weft_split_outcome closest_outcome(struct weft_mixer *m, unsigned *vendor)
{
	enum weft_split_outcome closest = WEFT_SPLIT_KINDS, outcome;

	*vendor = WEFT_ANY;
	if (m->alt->mix == WEFT_MIX_VENDORS)
		return weft_mixer_try(m, (struct weft_mix_bond){ WEFT_ANY, WEFT_ANY, NULL });
	for (unsigned i = 0; i < m->n_vendors; i++) {
		outcome = weft_mixer_try(m, (struct weft_mix_bond){ WEFT_ANY, i, NULL });
		if (outcome == WEFT_SPLIT_MEMORY)
			return outcome;
		if (outcome > closest) {
			closest = outcome;
			*vendor = i;
		}
	}
	return closest;
}

/* -1: out of memory. */
static int say_why(struct why *why)
{
	int rv = 0;

	if (why->m->alt->mix == WEFT_MIX_VENDORS) {
		rv = possible_without_fabric(why->m, false);
		if (rv > 0)
			say_fabric(why);
	}
	if (rv == 0) {
		rv = weft_mixer_search(why->m, WEFT_ANY);
		if (rv == 0 && why->m->rate >= 0) {
			say_gres(why);
			rv = 1;
		}
	}
	if (rv == 0 && why->m->alt->mix == WEFT_MIX_VENDORS) {
		rv = possible_without_fabric(why->m, true);
		if (rv > 0)
			say_fabric(why);
	}
	if (rv)
		return rv;
	switch (closest_outcome(why->m, &why->vendor)) {
	case WEFT_SPLIT_KINDS:
		say_one_kind(why);
		break;
	case WEFT_SPLIT_FEW:
		say_few(why);
		break;
	case WEFT_SPLIT_SIZES:
		say_sizes(why);
		break;
	case WEFT_SPLIT_DONE: /* cannot be: it was tried */
	case WEFT_SPLIT_SUM:
		say_sum(why);
		break;
	case WEFT_SPLIT_MEMORY:
		return -1;
	}
	return 0;
}

void weft_mixer_why(struct weft_mixer *m, const struct weft_lack *lack, struct weft_err *err)
{
	char buf[WEFT_ERR_SIZE] = "", clause[WEFT_LACK_SIZE];
	struct why why = { { buf, sizeof(buf), 0 }, m, { NULL, 0 }, WEFT_ANY };

	why.words.list = calloc(m->n + m->n_unknown + 1, sizeof(const char *));
	if (!why.words.list) {
		weft_err(err, "out of memory");
		return;
	}
	if (m->matched == 0) {
		weft_say(&why.t, "%s", weft_lack_text(lack, m->alt, m->supply, clause));
	} else if (m->n == 0) {
		weft_say(&why.t, "the vendor or the speed of ");
		say_unknown(&why);
		weft_say(&why.t, " is not known, and a mix is split by speed");
	} else if (say_why(&why) < 0) {
		why.t.len = 0;
		weft_say(&why.t, "out of memory");
	} else if (m->n_unknown) {
		weft_say(&why.t, "; left out, since the vendor or the speed is not known: ");
		say_unknown(&why);
	}
	weft_err(err, "%s", buf);
	free(why.words.list);
}
