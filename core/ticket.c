/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket.c - a ticket in memory, and its text written.
 */
#include "core/ticket.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scan.h"
#include "core/share.h"
#include "core/ticket_private.h"

bool weft_ticket_is_word(const char *text, size_t len)
{
	if (!len || len > WEFT_TICKET_MAX_WORD)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	return true;
}

int weft_ticket_set(char **field, const char *word)
{
	char *copy = NULL;

	if (word && (!weft_ticket_is_word(word, strlen(word)) || !(copy = strdup(word))))
		return -1;
	free(*field);
	*field = copy;
	return 0;
}

struct weft_ticket *weft_ticket_create(const char *cluster, const struct weft_ticket_job *job, int64_t issued)
{
	struct weft_ticket *ticket = calloc(1, sizeof(*ticket));

	if (!ticket)
		return NULL;
	ticket->job = *job;
	ticket->issued = issued;
	if (cluster && !weft_ticket_set(&ticket->cluster, cluster))
		return ticket;
	weft_ticket_destroy(ticket);
	return NULL;
}

static void group_clear(struct weft_ticket_group *group)
{
	free(group->gres);
	free(group->vendor);
	free(group->model);
}

void weft_ticket_destroy(struct weft_ticket *ticket)
{
	if (!ticket)
		return;
	for (unsigned i = 0; i < ticket->n_groups; i++)
		group_clear(&ticket->groups[i]);
	free(ticket->groups);
	free(ticket->runs);
	free(ticket->cluster);
	free(ticket->site);
	free(ticket->price);
	free(ticket->carbon);
	free(ticket->fabric);
	free(ticket->peer);
	free(ticket->catalogue);
	free(ticket);
}

struct weft_ticket_group *weft_ticket_new_group(struct weft_ticket *ticket, struct weft_err *err)
{
	struct weft_ticket_group *groups, *group;

	if (ticket->n_groups == WEFT_TICKET_MAX_GROUPS) {
		weft_err(err, "more than %u classes of cards", WEFT_TICKET_MAX_GROUPS);
		return NULL;
	}
	groups = realloc(ticket->groups, (ticket->n_groups + 1) * sizeof(*groups));
	if (!groups) {
		weft_err(err, "out of memory");
		return NULL;
	}
	ticket->groups = groups;
	group = &groups[ticket->n_groups++];
	*group = (struct weft_ticket_group){
		.memory = NAN, .rate = NAN, .tdp = NAN, .watts = NAN, .limit = NAN, .budget = NAN
	};
	return group;
}

int weft_ticket_add_class(struct weft_ticket *ticket, const struct weft_class *class, double rate,
			  unsigned cards, uint64_t devices, struct weft_err *err)
{
	const struct weft_model *model = class->model;
	struct weft_ticket_group *group;

	for (unsigned i = 0; i < ticket->n_groups; i++) {
		if (!strcmp(ticket->groups[i].gres, class->label))
			return i;
	}
	if (!cards || cards > WEFT_TICKET_MAX_CARDS)
		return weft_err(err, "%u cards on a node; at most %u", cards, WEFT_TICKET_MAX_CARDS);
	group = weft_ticket_new_group(ticket, err);
	if (!group)
		return -1;
	group->cards = cards;
	group->devices = devices;
	if (isfinite(rate) && rate > 0)
		group->rate = rate;
	if (model) {
		group->memory = model->mem.lo;
		group->tdp = group->watts = group->limit = group->budget = model->tdp.hi;
	}
	if (!weft_ticket_set(&group->gres, class->label) && group->gres &&
	    (!model || (!weft_ticket_set(&group->vendor, model->vendor->name) &&
			!weft_ticket_set(&group->model, model->name))))
		return ticket->n_groups - 1;
	group_clear(group);
	ticket->n_groups--;
	return weft_err(err, "%s: no name for a ticket, or out of memory", class->label);
}

int weft_ticket_add_run(struct weft_ticket *ticket, const struct weft_ticket_run *run, struct weft_err *err)
{
	struct weft_ticket_run *last = ticket->n_runs ? &ticket->runs[ticket->n_runs - 1] : NULL, *runs;

	if (run->nodes > WEFT_TICKET_MAX_NODES - ticket->n_nodes)
		return weft_err(err, "more than %u nodes", WEFT_TICKET_MAX_NODES);
	if (last && last->group == run->group && last->cards == run->cards && last->devices == run->devices) {
		last->nodes += run->nodes;
		ticket->n_nodes += run->nodes;
		return 0;
	}
	/* Doubled, so that a job of many nodes does not copy them over and over. */
	if (!(ticket->n_runs & (ticket->n_runs - 1))) {
		runs = realloc(ticket->runs, (ticket->n_runs ? 2 * ticket->n_runs : 1) * sizeof(*runs));
		if (!runs)
			return weft_err(err, "out of memory");
		ticket->runs = runs;
	}
	ticket->runs[ticket->n_runs++] = *run;
	ticket->n_nodes += run->nodes;
	return 0;
}

int weft_ticket_add_node(struct weft_ticket *ticket, unsigned group, unsigned cards, uint64_t devices,
			 struct weft_err *err)
{
	struct weft_ticket_run run = { .nodes = 1, .group = group, .cards = cards, .devices = devices };

	if (group >= ticket->n_groups)
		return weft_err(err, "there is no group %u", group);
	if (!cards || cards > WEFT_TICKET_MAX_CARDS)
		return weft_err(err, "%u cards on a node; at most %u", cards, WEFT_TICKET_MAX_CARDS);
	return weft_ticket_add_run(ticket, &run, err);
}

static bool same_vendor(const struct weft_ticket_group *a, const struct weft_ticket_group *b)
{
	return a->vendor && b->vendor ? !strcmp(a->vendor, b->vendor) : a->vendor == b->vendor;
}

void weft_ticket_order_groups(struct weft_ticket *ticket)
{
	struct weft_ticket_group before[WEFT_TICKET_MAX_GROUPS];
	unsigned number[WEFT_TICKET_MAX_GROUPS], n = 0; /* the new number of each group */
	bool placed[WEFT_TICKET_MAX_GROUPS] = { false };

	for (unsigned i = 0; i < ticket->n_groups; i++)
		before[i] = ticket->groups[i];
	while (n < ticket->n_groups) {
		unsigned first = 0;

		while (placed[first])
			first++;
		for (unsigned i = first; i < ticket->n_groups; i++) {
			if (!same_vendor(&before[first], &before[i]))
				continue;
			placed[i] = true;
			number[i] = n;
			ticket->groups[n++] = before[i];
		}
	}
	for (size_t i = 0; i < ticket->n_runs; i++)
		ticket->runs[i].group = number[ticket->runs[i].group];
}

/* ---------------------------------------------------------------- what it says */

int weft_ticket_check(const struct weft_ticket *ticket, const struct weft_ticket_job *job,
		      struct weft_err *err)
{
	const struct weft_ticket_job *own = &ticket->job;

	if (own->id != job->id)
		return weft_err(err, "the ticket is for job %" PRIu32 ", not %" PRIu32, own->id, job->id);
	if (own->uid != job->uid)
		return weft_err(err, "the ticket is for a job of uid %" PRIu32 ", not %" PRIu32, own->uid,
				job->uid);
	if (own->restarts != job->restarts)
		return weft_err(err, "the ticket is for run %" PRIu64 " of the job, not %" PRIu64,
				(uint64_t)own->restarts + 1, (uint64_t)job->restarts + 1);
	return 0;
}

const struct weft_ticket_run *weft_ticket_node(const struct weft_ticket *ticket, unsigned index,
					       unsigned *first)
{
	unsigned n = 0;

	for (size_t i = 0; i < ticket->n_runs; n += ticket->runs[i++].nodes) {
		if (index - n >= ticket->runs[i].nodes)
			continue;
		if (first)
			*first = n;
		return &ticket->runs[i];
	}
	return NULL;
}

uint64_t weft_ticket_group_cards(const struct weft_ticket *ticket, unsigned group)
{
	uint64_t n = 0;

	for (size_t i = 0; i < ticket->n_runs; i++) {
		if (ticket->runs[i].group == group)
			n += (uint64_t)ticket->runs[i].nodes * ticket->runs[i].cards;
	}
	return n;
}

unsigned weft_ticket_group_nodes(const struct weft_ticket *ticket, unsigned group)
{
	unsigned n = 0;

	for (size_t i = 0; i < ticket->n_runs; i++) {
		if (ticket->runs[i].group == group)
			n += ticket->runs[i].nodes;
	}
	return n;
}

int weft_ticket_cards_text(const char *gres, const char *model, uint64_t cards, bool accel, char *buf,
			   size_t size)
{
	const char *type = strchr(gres, ':'), *card = model ? model : type ? type + 1 : gres;
	int n = accel ? snprintf(buf, size, "%" PRIu64 ":%s", cards, card)
		      : snprintf(buf, size, "%s:%" PRIu64, gres, cards);

	return n > 0 && (size_t)n < size ? 0 : -1;
}

double weft_ticket_weight(const struct weft_ticket *ticket, unsigned group)
{
	double own = 0, all = 0;

	if (ticket->n_groups == 1)
		return 1;
	for (unsigned i = 0; i < ticket->n_groups; i++) {
		double rate = ticket->groups[i].rate * weft_ticket_group_cards(ticket, i);

		all += rate;
		if (i == group)
			own = rate;
	}
	return all > 0 ? own / all : NAN;
}

char *weft_ticket_shares(const struct weft_ticket *ticket, unsigned total, bool least_one,
			 struct weft_err *err)
{
	double weights[WEFT_TICKET_MAX_GROUPS];
	unsigned shares[WEFT_TICKET_MAX_GROUPS];
	char *text = NULL;
	size_t len;
	FILE *f;

	for (unsigned i = 0; i < ticket->n_groups; i++) {
		weights[i] = weft_ticket_weight(ticket, i);
		if (ticket->n_groups == 1 || ticket->groups[i].rate > 0)
			continue;
		weft_err(err, "the speed of %s is not known", ticket->groups[i].gres);
		return NULL;
	}
	if (weft_share(weights, ticket->n_groups, total, least_one, shares)) {
		weft_err(err, "out of memory");
		return NULL;
	}
	f = open_memstream(&text, &len);
	for (unsigned i = 0; f && i < ticket->n_groups; i++)
		fprintf(f, "%s%u", i ? "," : "", shares[i]);
	if (f && !fclose(f))
		return text;
	free(text);
	weft_err(err, "out of memory");
	return NULL;
}

/* ---------------------------------------------------------------- text */

char *weft_devices_text(uint64_t devices, char buf[WEFT_DEVICES_SIZE])
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < 64; i++) {
		unsigned first = i;

		if (!(devices >> i & 1))
			continue;
		while (i < 63 && devices >> (i + 1) & 1)
			i++;
		len += snprintf(buf + len, WEFT_DEVICES_SIZE - len, "%s%u", len ? "," : "", first);
		if (i > first)
			len += snprintf(buf + len, WEFT_DEVICES_SIZE - len, "-%u", i);
	}
	return buf;
}

static void put_word(FILE *f, const char *key, const char *word)
{
	if (word)
		fprintf(f, " %s=%s", key, word);
}

static void put_number(FILE *f, const char *key, double value)
{
	char buf[WEFT_NUMBER_SIZE];
	const char *text = isfinite(value) && value >= 0 && value <= WEFT_TICKET_MAX_FIGURE
				   ? weft_number_text(value, 0, 0, buf)
				   : NULL;

	put_word(f, key, text);
}

static void put_devices(FILE *f, const char *before, uint64_t devices)
{
	char buf[WEFT_DEVICES_SIZE];

	if (devices)
		fprintf(f, "%s%s", before, weft_devices_text(devices, buf));
}

static void put_group(FILE *f, const struct weft_ticket_group *group, bool with_devices)
{
	fprintf(f, "group gres=%s", group->gres);
	put_word(f, "vendor", group->vendor);
	put_word(f, "model", group->model);
	fprintf(f, " cards=%u", group->cards);
	if (with_devices)
		put_devices(f, " devices=", group->devices);
	put_number(f, "memory", group->memory);
	put_number(f, "rate", group->rate);
	put_number(f, "tdp", group->tdp);
	put_number(f, "watts", group->watts);
	put_number(f, "limit", group->limit);
	put_number(f, "budget", group->budget);
	fputc('\n', f);
}

static void put_run(FILE *f, const struct weft_ticket *ticket, const struct weft_ticket_run *run,
		    unsigned nodes, bool with_devices)
{
	const struct weft_ticket_group *group = &ticket->groups[run->group];

	fputc(' ', f);
	if (nodes > 1)
		fprintf(f, "%u*", nodes);
	fprintf(f, "%u", run->group);
	if (run->cards != group->cards)
		fprintf(f, ":%u", run->cards);
	if (!with_devices || run->devices == group->devices)
		return;
	if (run->devices)
		put_devices(f, "@", run->devices);
	else
		fputs("@-", f);
}

/* Runs that differ in nothing but their devices are one when those are left out. */
static void put_runs(FILE *f, const struct weft_ticket *ticket, bool with_devices)
{
	fputs("runs", f);
	for (size_t i = 0; i < ticket->n_runs;) {
		const struct weft_ticket_run *run = &ticket->runs[i];
		unsigned nodes = 0;

		do
			nodes += ticket->runs[i++].nodes;
		while (!with_devices && i < ticket->n_runs && ticket->runs[i].group == run->group &&
		       ticket->runs[i].cards == run->cards);
		put_run(f, ticket, run, nodes, with_devices);
	}
	fputc('\n', f);
}

static void put_job(FILE *f, const struct weft_ticket *ticket)
{
	const struct weft_ticket_job *job = &ticket->job;

	fprintf(f, "job cluster=%s id=%" PRIu32 " uid=%" PRIu32 " restarts=%" PRIu32 " issued=%" PRId64 "\n",
		ticket->cluster, job->id, job->uid, job->restarts, ticket->issued);
}

/* A line that is not there when it would have nothing in it. */
static void put_site(FILE *f, const struct weft_ticket *ticket)
{
	if (!ticket->site && !ticket->price && !ticket->carbon && !ticket->window_end)
		return;
	fputs("site", f);
	put_word(f, "name", ticket->site);
	put_word(f, "price", ticket->price);
	put_word(f, "carbon", ticket->carbon);
	if (ticket->window_end)
		fprintf(f, " window-end=%" PRId64, ticket->window_end);
	fputc('\n', f);
}

static void put_mix(FILE *f, const char *fabric)
{
	if (fabric)
		fprintf(f, "mix fabric=%s\n", fabric);
}

static void put_burst(FILE *f, const struct weft_ticket *ticket)
{
	if (ticket->peer)
		fprintf(f, "burst peer=%s submit=%" PRId64 " minutes=%" PRIu32 "\n", ticket->peer, ticket->submit,
			ticket->minutes);
}

static char *write_text(const struct weft_ticket *ticket, size_t *len, bool with_catalogue, bool with_devices)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	fprintf(f, "weft-ticket %d\n", WEFT_TICKET_VERSION);
	put_job(f, ticket);
	for (unsigned i = 0; i < ticket->n_groups; i++)
		put_group(f, &ticket->groups[i], with_devices);
	put_runs(f, ticket, with_devices);
	put_site(f, ticket);
	put_mix(f, ticket->fabric);
	put_burst(f, ticket);
	if (with_catalogue)
		fprintf(f, "catalogue %s\n", ticket->catalogue);
	fputs("end\n", f);
	if (!fclose(f))
		return text;
	free(text);
	return NULL;
}

char *weft_ticket_text(const struct weft_ticket *ticket, size_t *len, struct weft_err *err)
{
	bool catalogue;
	char *text;

	if (!ticket->cluster || !ticket->n_groups || !ticket->n_runs) {
		weft_err(err, "the ticket has no job or no nodes");
		return NULL;
	}
	catalogue = ticket->catalogue && strlen(ticket->catalogue) <= WEFT_TICKET_MAX_CATALOGUE;
	text = write_text(ticket, len, catalogue, true);
	for (int i = !catalogue; i < 2 && text && *len > WEFT_TICKET_MAX_BYTES; i++) {
		free(text);
		text = write_text(ticket, len, false, i == 0);
	}
	if (!text) {
		weft_err(err, "out of memory");
	} else if (*len > WEFT_TICKET_MAX_BYTES) {
		weft_err(err, "the ticket has %zu bytes; at most %u", *len, WEFT_TICKET_MAX_BYTES);
		free(text);
		text = NULL;
	}
	return text;
}
