/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sight.c - the copy of slurmctld's state: memory, and who may see what of it.
 */
#include "core/sight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/sight_private.h"

#define BLOCK (64 * 1024)

struct weft_arena_block {
	struct weft_arena_block *next;
	size_t used, size;
	char text[];
};

const char *const weft_node_state_names[WEFT_NODE_STATES] = {
	"idle", "mixed", "allocated", "reserved", "draining", "drained", "down",
};

bool weft_node_usable(enum weft_node_state state)
{
	return state <= WEFT_NODE_ALLOCATED;
}

static char *arena_room(struct weft_arena *arena, size_t len)
{
	struct weft_arena_block *b = arena->blocks;

	if (!b || b->size - b->used < len) {
		size_t size = len > BLOCK ? len : BLOCK;

		b = malloc(sizeof(*b) + size);
		if (!b)
			return NULL;
		*b = (struct weft_arena_block){ .next = arena->blocks, .size = size };
		arena->blocks = b;
	}
	b->used += len;
	return b->text + b->used - len;
}

const char *weft_arena_copy(struct weft_arena *arena, const char *text)
{
	size_t len = text ? strlen(text) + 1 : 0;
	char *copy = len > 1 ? arena_room(arena, len) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	return copy;
}

static void arena_clear(struct weft_arena *arena)
{
	for (struct weft_arena_block *b = arena->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	arena->blocks = NULL;
}

struct weft_sight *weft_sight_create(void)
{
	struct weft_sight *s = calloc(1, sizeof(*s));

	if (s)
		s->price = s->carbon = NAN;
	return s;
}

void weft_sight_destroy(struct weft_sight *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_parts; i++)
		free((unsigned char *)s->parts[i].has);
	for (size_t i = 0; i < WEFT_SIGHT_INTERESTS; i++)
		free(s->interests[i].eligible);
	free(s->operators);
	free(s->nodes);
	free(s->free);
	free(s->jobs);
	free(s->parts);
	free(s->uses);
	free(s->waits);
	free(s->zones);
	weft_sight_sites_put(s->sites);
	arena_clear(&s->arena);
	weft_view_put(s->view);
	free(s);
}

void weft_sight_sites_put(struct weft_sight_sites *held)
{
	if (!held || atomic_fetch_sub(&held->holders, 1) > 1)
		return;
	weft_sites_free(held->sites);
	free(held);
}

int weft_sight_use(struct weft_sight *s, const struct weft_sight_use *use)
{
	if (s->n_uses == s->size_uses) {
		size_t size = s->size_uses ? 2 * s->size_uses : 1024;
		struct weft_sight_use *more = realloc(s->uses, size * sizeof(*more));

		if (!more)
			return -1;
		s->uses = more;
		s->size_uses = size;
	}
	s->uses[s->n_uses++] = *use;
	return 0;
}

bool weft_sight_cards(const struct weft_sight *s, size_t index, unsigned class_id, unsigned *total,
		      unsigned *free)
{
	size_t n;
	const struct weft_holding *h = weft_inventory_node(s->view->inventory, (unsigned)index, &n);

	for (size_t k = 0; k < n; k++) {
		if (h[k].class_id != class_id)
			continue;
		*total = h[k].devices;
		*free = s->free[s->nodes[index].first_free + k];
		if (*free > *total)
			*free = *total;
		return true;
	}
	return false;
}

static bool sees_all(const struct weft_sheet *sheet)
{
	if (!sheet->asker->known)
		return false;
	for (size_t i = 0; i < sheet->s->n_operators; i++) {
		if (sheet->s->operators[i] == sheet->asker->uid)
			return true;
	}
	return sheet->asker->all;
}

bool weft_sheet_may_see(const struct weft_sheet *sheet, const struct weft_sight_job *job)
{
	if (!sheet->s->hide_jobs || sees_all(sheet))
		return true;
	return sheet->asker->known && sheet->asker->uid == job->uid;
}

static bool sees_nodes(const struct weft_sheet *sheet)
{
	return !sheet->s->hide_nodes || sees_all(sheet);
}

const char *weft_sheet_node_name(const struct weft_sheet *sheet, size_t index)
{
	return sees_nodes(sheet) ? sheet->s->nodes[index].name : "a node";
}

bool weft_sheet_may_see_nodes(struct weft_sheet *sheet)
{
	if (sees_nodes(sheet))
		return true;
	if (sheet->asker->known)
		weft_sheet_problem(sheet, "PrivateData=nodes: nodes are shown to operators");
	else
		weft_sheet_problem(sheet,
				   "PrivateData=nodes, and this release of Slurm does not say who asks: "
				   "nodes are not shown");
	return false;
}
