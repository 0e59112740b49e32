/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_cards.c - which accelerators a step has on this node, and which of them a task sees.
 *
 * What a card is follows from the job's gres: a step is told the indexes and not the type.  The class of a
 * gres name and type is found by a small inventory, so that a node and slurmctld never disagree on it.
 */
#include "spank/weft_cards.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/inventory.h"

#define GPU "gpu" /* the one gres name for which Slurm sets variables of its own */

/* Those variables.  gres.conf Flags= may leave some of them out. */
static const char *const slurm_env[] = {
	"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK", "GPU_DEVICE_ORDINAL",
};

static struct weft_inventory *make_inventory(const struct weft_step *step, const struct weft_catalogue *cat,
					     const struct weft_conf *conf)
{
	struct weft_inventory *inv = weft_inventory_create(cat, conf);
	struct weft_err err = WEFT_ERR_INIT;

	for (size_t i = 0; inv && i < step->job.n; i++) {
		const struct weft_gres *gres = &step->job.items[i];
		char text[256];
		int len = snprintf(text, sizeof(text), "%s%s%s:%" PRIu64, gres->name, gres->type ? ":" : "",
				   gres->type ? gres->type : "", gres->count);

		/* One gres to a "node": a text that the inventory cannot read spoils no other. */
		if (len > 0 && (size_t)len < sizeof(text))
			weft_inventory_add(inv, i, text, &err);
	}
	return inv;
}

static bool has_index(const struct weft_gres *gres, unsigned index)
{
	for (size_t i = 0; i < gres->n_index; i++) {
		if (gres->index[i] == index)
			return true;
	}
	return false;
}

/* Add to CARDS what the step has of the job's gres OWN. Returns how many cards that are, -1 when out of
 * memory. Cards without an index are counted, and turn the state to COUNTED. */
static long add_share(struct weft_cards *cards, const struct weft_step *step, const struct weft_gres *own)
{
	const struct weft_gres_list *list = step->whole_job ? &step->job : &step->step;
	long n = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct weft_gres *gres = &list->items[i];
		unsigned *index;

		if (step->whole_job ? gres != own : strcmp(gres->name, own->name) != 0)
			continue;
		if (!gres->index || !own->index) {
			if (gres->count)
				cards->state = WEFT_CARDS_COUNTED;
			n += gres->count > 0;
			continue;
		}
		index = realloc(cards->index, (cards->n_index + gres->n_index + 1) * sizeof(*index));
		if (!index)
			return -1;
		cards->index = index;
		for (size_t k = 0; k < gres->n_index; k++) {
			if (!has_index(own, gres->index[k]))
				continue;
			cards->index[cards->n_index++] = gres->index[k];
			n++;
		}
	}
	return n;
}

/* Append NAME to the comma list *LIST unless it is the last one there. */
static int add_name(char **list, const char *name)
{
	char *text = NULL;
	const char *last = *list ? strrchr(*list, ',') : NULL;

	if (*list && !strcmp(last ? last + 1 : *list, name))
		return 0;
	if (asprintf(&text, "%s%s%s", *list ? *list : "", *list ? "," : "", name) < 0)
		return -1;
	free(*list);
	*list = text;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

/* How many cards of gres NAME --tres-per-task ("cpu=1,gres/npu:910b:2") asks for each task; 0: it does
 * not say. */
static unsigned tres_per_task(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *item = text; item; item = strpbrk(item, ",;") ? strpbrk(item, ",;") + 1 : NULL) {
		const char *number = NULL;
		unsigned long n;
		char *end;

		if (strncmp(item, "gres/", 5) && strncmp(item, "gres:", 5))
			continue;
		item += 5;
		if (strncmp(item, name, len) || !strchr(":=", item[len]) || !item[len])
			continue;
		for (const char *c = item + len; *c && !strchr(",;", *c); c++) {
			if (*c == ':' || *c == '=')
				number = c + 1;
		}
		n = strtoul(number, &end, 10);
		return end == number || n > INT_MAX || (*end && !strchr(",;", *end)) ? 0 : n;
	}
	return 0;
}

/* Take the job's gres OWN of class CLASS into CARDS. */
static int add_class(struct weft_cards *cards, const struct weft_step *step, const struct weft_gres *own,
		     const struct weft_class *class, bool *have_share)
{
	const struct weft_vendor *vendor = class->model ? class->model->vendor : NULL;
	const char *name = class->model ? class->model->name : own->type ? own->type : own->name;
	bool first = cards->state == WEFT_CARDS_NONE;
	long share;

	if (first)
		cards->state = WEFT_CARDS_KNOWN;
	share = add_share(cards, step, own);
	if (share < 0)
		return -1;
	if (first || (share && !*have_share)) {
		/* The classes of which a step has nothing do not matter, unless it has nothing at all. */
		free(cards->gres);
		free(cards->model);
		cards->model = NULL;
		cards->gres = strdup(own->name);
		cards->vendor = vendor;
		if (!cards->gres)
			return -1;
	} else if (!share && *have_share) {
		return 0;
	} else if (cards->vendor != vendor || strcmp(cards->gres, own->name) != 0) {
		cards->state = WEFT_CARDS_MIXED;
	}
	*have_share = *have_share || share;
	return add_name(&cards->model, name);
}

int weft_cards_find(struct weft_cards *cards, const struct weft_step *step, const struct weft_catalogue *cat,
		    const struct weft_conf *conf, struct weft_err *err)
{
	struct weft_inventory *inv = make_inventory(step, cat, conf);
	bool have_share = false;
	int rc = inv ? 0 : -1;

	*cards = (struct weft_cards){ .state = WEFT_CARDS_NONE, .whole_job = step->whole_job };
	for (size_t i = 0; !rc && i < step->job.n; i++) {
		const struct weft_gres *own = &step->job.items[i];
		const struct weft_class *class = weft_inventory_find(inv, own->name, own->type);

		if (class && own->count)
			rc = add_class(cards, step, own, class, &have_share);
	}
	if (!rc && cards->n_index) {
		qsort(cards->index, cards->n_index, sizeof(*cards->index), by_value);
		cards->per_task = step->tres_per_task ? tres_per_task(step->tres_per_task, cards->gres) : 0;
	}
	weft_inventory_destroy(inv);
	return rc ? weft_err(err, "out of memory") : 0;
}

void weft_cards_clear(struct weft_cards *cards)
{
	free(cards->gres);
	free(cards->model);
	free(cards->index);
	*cards = (struct weft_cards){ .state = WEFT_CARDS_NONE };
}

static char *index_list(const unsigned *index, size_t n)
{
	char *text = malloc(n * 12 + 1), *end = text;

	if (!text)
		return NULL;
	*end = '\0';
	for (size_t i = 0; i < n; i++)
		end += snprintf(end, 12, "%s%u", i ? "," : "", index[i]);
	return text;
}

static size_t list_length(const char *list)
{
	size_t n = *list != '\0';

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* Are all of LIST numbers below LIMIT?  True for a list that holds anything but numbers: those are UUIDs. */
static bool numbers_below(const char *list, size_t limit)
{
	for (const char *item = list; *item;) {
		char *end;
		unsigned long n = strtoul(item, &end, 10);

		if (end == item || (*end && *end != ','))
			return true;
		if (n >= limit)
			return false;
		item = end + (*end == ',');
	}
	return true;
}

/* The value of NAME when it is Slurm's list for the cards that Slurm itself numbers as in GLOBAL; else
 * NULL. It may instead be left from the shell that submitted the job, since Flags= of gres.conf can name
 * another vendor's variable alone, or none. Slurm's list is the same as GLOBAL, or as long, with numbers
 * that count within the step. */
static char *slurm_list(const struct weft_cards *cards, const char *name, const char *global,
			char *(*get)(const char *, void *), void *arg)
{
	char *value = get(name, arg);

	if (value && strcmp(value, global) != 0 &&
	    (list_length(value) != list_length(global) || !numbers_below(value, cards->n_index))) {
		free(value);
		value = NULL;
	}
	return value;
}

/* What Slurm has set for the gres name "gpu"; the vendor's own variable is looked at first. NULL:
 * nothing. */
static char *slurm_devices(const struct weft_cards *cards, char *(*get)(const char *, void *), void *arg)
{
	const size_t n = sizeof(slurm_env) / sizeof(slurm_env[0]);
	char *global = get(cards->whole_job ? "SLURM_JOB_GPUS" : "SLURM_STEP_GPUS", arg);
	char *value = NULL;

	if (!global || !*global)
		goto out;
	for (char **own = cards->vendor ? cards->vendor->visible_env : NULL; own && *own && !value; own++) {
		for (size_t i = 0; i < n && !value; i++) {
			if (!strcmp(*own, slurm_env[i]))
				value = slurm_list(cards, *own, global, get, arg);
		}
	}
	for (size_t i = 0; i < n && !value; i++)
		value = slurm_list(cards, slurm_env[i], global, get, arg);
	if (value)
		goto out;
	return global;
out:
	free(global);
	return value;
}

char *weft_cards_devices(const struct weft_cards *cards, unsigned task, char *(*get)(const char *, void *), void *arg)
{
	size_t first = 0, n = cards->n_index;

	if (cards->state != WEFT_CARDS_KNOWN)
		return NULL;
	if (n && !strcmp(cards->gres, GPU)) {
		char *value = slurm_devices(cards, get, arg);

		if (value)
			return value;
	} else if (cards->per_task && ((size_t)task + 1) * cards->per_task <= n) {
		first = (size_t)task * cards->per_task;
		n = cards->per_task;
	}
	return index_list(n ? cards->index + first : NULL, n);
}
