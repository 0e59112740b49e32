/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_queue.c - see power_queue.h.
 */
#include "core/power_queue.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct weft_power_queue {
	struct weft_power_wait **list; /* from the oldest; those put at the same time, in that order */
	size_t n, size;
	void *by_id; /* tsearch(3) */
};

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct weft_power_queue *weft_power_queue_create(void)
{
	return calloc(1, sizeof(struct weft_power_queue));
}

static void keep(void *node)
{
	(void)node;
}

void weft_power_queue_destroy(struct weft_power_queue *queue)
{
	if (!queue)
		return;
	tdestroy(queue->by_id, keep);
	for (size_t i = 0; i < queue->n; i++)
		free(queue->list[i]);
	free(queue->list);
	free(queue);
}

static struct weft_power_wait **node_of(const struct weft_power_queue *queue, uint64_t id)
{
	return tfind(&id, &queue->by_id, by_id);
}

const struct weft_power_wait *weft_power_queue_find(const struct weft_power_queue *queue, uint64_t id)
{
	struct weft_power_wait **node = node_of(queue, id);

	return node ? *node : NULL;
}

const struct weft_power_wait *weft_power_queue_at(const struct weft_power_queue *queue, size_t i)
{
	return i < queue->n ? queue->list[i] : NULL;
}

/* Where WAIT is in the list: they are sorted by time, and few have the same. */
static size_t place_of(const struct weft_power_queue *queue, const struct weft_power_wait *wait)
{
	size_t low = 0, high = queue->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (queue->list[middle]->since < wait->since)
			low = middle + 1;
		else
			high = middle;
	}
	while (queue->list[low] != wait)
		low++;
	return low;
}

static bool is_for(const struct weft_power_wait *wait, const struct weft_draw *draws, unsigned n,
		   time_t duration)
{
	if (wait->duration != duration || wait->n != n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (wait->draws[i].zone != draws[i].zone || wait->draws[i].watts != draws[i].watts)
			return false;
	}
	return true;
}

static void give_up(struct weft_power_wait *wait, struct weft_book *book)
{
	if (wait->hope == WEFT_POWER_RESERVED)
		weft_book_remove(book, wait->id);
	wait->hope = WEFT_POWER_UNPLANNED;
	wait->when = 0;
}

/* A clock that was set back must not break the order. */
static int append(struct weft_power_queue *queue, struct weft_power_wait *wait)
{
	if (queue->n == queue->size) {
		size_t size = queue->size ? 2 * queue->size : 64;
		struct weft_power_wait **list = realloc(queue->list, size * sizeof(*list));

		if (!list)
			return -1;
		queue->list = list;
		queue->size = size;
	}
	if (!tsearch(wait, &queue->by_id, by_id))
		return -1;
	if (queue->n && queue->list[queue->n - 1]->since > wait->since)
		wait->since = queue->list[queue->n - 1]->since;
	queue->list[queue->n++] = wait;
	return 0;
}

int weft_power_queue_put(struct weft_power_queue *queue, struct weft_book *book, uint64_t id,
			 const struct weft_draw *draws, unsigned n, time_t duration, time_t now,
			 const struct weft_power_lack *refused)
{
	struct weft_power_wait *wait = calloc(1, sizeof(*wait) + n * sizeof(*draws)),
			       **node = node_of(queue, id);

	if (!wait)
		return -1;
	wait->id = id;
	wait->since = wait->put = now;
	wait->refused = *refused;
	wait->duration = duration < 1 ? 1 : duration;
	wait->n = n;
	if (n)
		memcpy(wait->draws, draws, n * sizeof(*draws));
	if (!node) {
		if (append(queue, wait) == 0)
			return 0;
	} else if (!is_for(*node, wait->draws, n, wait->duration)) {
		size_t place = place_of(queue, *node);

		give_up(*node, book);
		wait->since = (*node)->since;
		free(*node);
		*node = queue->list[place] = wait;
		return 0;
	}
	if (node) {
		(*node)->refused = *refused;
		(*node)->put = now;
	}
	free(wait);
	return node ? 0 : -1;
}

void weft_power_queue_drop(struct weft_power_queue *queue, struct weft_book *book, uint64_t id)
{
	struct weft_power_wait **node = node_of(queue, id), *wait = node ? *node : NULL;
	size_t place;

	if (!wait)
		return;
	place = place_of(queue, wait);
	give_up(wait, book);
	tdelete(&id, &queue->by_id, by_id);
	queue->n--;
	memmove(&queue->list[place], &queue->list[place + 1], (queue->n - place) * sizeof(*queue->list));
	free(wait);
}

/* ---------------------------------------------------------------- the plan */

static time_t end_of(const struct weft_power_wait *wait, time_t start)
{
	return start < WEFT_NEVER - wait->duration ? start + wait->duration : WEFT_NEVER;
}

static int reserve(struct weft_power_wait *wait, struct weft_book *book, time_t start)
{
	if (weft_book_add(book, wait->id, wait->draws, wait->n, start, end_of(wait, start))) {
		give_up(wait, book);
		return -1;
	}
	wait->hope = WEFT_POWER_RESERVED;
	wait->when = start;
	return 0;
}

/* Its earliest start, and a reservation for it if it is OLD. */
static int decide(struct weft_power_wait *wait, struct weft_book *book, time_t now, bool old)
{
	time_t when;

	if (weft_book_earliest(book, wait->draws, wait->n, wait->duration, now, wait->id, &when,
			       &wait->lack)) {
		if (old)
			return wait->hope == WEFT_POWER_RESERVED && wait->when == when
				       ? 0
				       : reserve(wait, book, when);
		wait->hope = WEFT_POWER_PREDICTED;
		wait->when = when;
		return 0;
	}
	give_up(wait, book);
	wait->hope = weft_book_ever(book, wait->draws, wait->n, wait->duration, now, NULL, NULL)
			     ? WEFT_POWER_BLOCKED
			     : WEFT_POWER_NEVER;
	return 0;
}

/* Does each reservation still fit, as of NOW?  One whose time has come is moved on to NOW. */
static bool holds(struct weft_power_queue *queue, struct weft_book *book, time_t now)
{
	for (size_t i = 0; i < queue->n; i++) {
		struct weft_power_wait *wait = queue->list[i];

		if (wait->hope == WEFT_POWER_RESERVED && wait->when < now && reserve(wait, book, now))
			return false;
	}
	for (size_t i = 0; i < queue->n; i++) {
		struct weft_power_wait *wait = queue->list[i];

		if (wait->hope == WEFT_POWER_RESERVED &&
		    !weft_book_fits(book, wait->draws, wait->n, wait->when, end_of(wait, wait->when),
				    wait->id, NULL))
			return false;
	}
	return true;
}

int weft_power_queue_plan(struct weft_power_queue *queue, struct weft_book *book, time_t now, time_t patience)
{
	unsigned room = WEFT_POWER_RESERVATIONS;
	int rc = 0;

	if (!holds(queue, book, now)) {
		for (size_t i = 0; i < queue->n; i++)
			give_up(queue->list[i], book);
	}
	for (size_t i = 0; i < queue->n; i++) {
		struct weft_power_wait *wait = queue->list[i];
		bool old = wait->hope == WEFT_POWER_RESERVED || (room && now - wait->since > patience);

		if (decide(wait, book, now, old))
			rc = -1;
		room -= room && wait->hope == WEFT_POWER_RESERVED;
	}
	return rc;
}

/* ---------------------------------------------------------------- a start that is late */

static bool begins_in(const struct weft_power_wait *wait, time_t from, time_t to)
{
	return wait->hope == WEFT_POWER_RESERVED && wait->when >= from && wait->when < to;
}

bool weft_power_queue_make_way(struct weft_power_queue *queue, struct weft_book *book, uint64_t id,
			       const struct weft_draw *draws, unsigned n, time_t start, time_t end,
			       struct weft_power_lack *lack)
{
	struct weft_power_wait **node = node_of(queue, id), *wait = node ? *node : NULL;
	time_t from;
	size_t younger;
	bool fits;

	if (!wait || wait->hope != WEFT_POWER_RESERVED || wait->when >= start ||
	    !is_for(wait, draws, n, end - start))
		return false;
	from = end_of(wait, wait->when);
	younger = place_of(queue, wait) + 1;
	for (size_t i = younger; i < queue->n; i++) {
		if (begins_in(queue->list[i], from, end))
			weft_book_remove(book, queue->list[i]->id);
	}
	fits = weft_book_fits(book, draws, n, start, end, id, lack) && !reserve(wait, book, start);
	for (size_t i = younger; i < queue->n; i++) {
		if (!begins_in(queue->list[i], from, end))
			continue;
		queue->list[i]->hope = WEFT_POWER_UNPLANNED;
		decide(queue->list[i], book, start, true);
	}
	return fits;
}
