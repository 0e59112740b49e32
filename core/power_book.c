/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_book.c - see power_book.h.  Each zone has a line of what is drawn and may be (power_line.h), and a
 * bare one of its base alone, for what would be possible if nothing ran.
 */
#include "core/power_book.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct zone {
	struct weft_power_line *line, *bare;
	struct weft_step *steps; /* the caps' */
	unsigned n_steps;
	int64_t base;
	int64_t total; /* of all entries, whenever they draw, and the base: so no sum can overflow */
};

struct item {
	uint64_t id; /* first, so that a key is a pointer to one */
	time_t start, end;
	unsigned n;
	struct weft_draw draws[];
};

struct weft_book {
	void *entries; /* tsearch(3) by id */
	unsigned n;
	struct zone zones[];
};

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static struct zone *zone_of(struct weft_book *book, const struct weft_draw *draw)
{
	return draw->zone < book->n ? &book->zones[draw->zone] : NULL;
}

struct weft_book *weft_book_create(unsigned zones)
{
	struct weft_book *book =
		zones <= WEFT_BOOK_MAX_ZONES ? calloc(1, sizeof(*book) + zones * sizeof(struct zone)) : NULL;

	if (!book)
		return NULL;
	book->n = zones;
	for (unsigned i = 0; i < zones; i++) {
		book->zones[i].line = weft_power_line_create();
		book->zones[i].bare = weft_power_line_create();
		if (!book->zones[i].line || !book->zones[i].bare) {
			weft_book_destroy(book);
			return NULL;
		}
	}
	return book;
}

void weft_book_destroy(struct weft_book *book)
{
	if (!book)
		return;
	tdestroy(book->entries, free);
	for (unsigned i = 0; i < book->n; i++) {
		weft_power_line_destroy(book->zones[i].line);
		weft_power_line_destroy(book->zones[i].bare);
		free(book->zones[i].steps);
	}
	free(book);
}

/* ---------------------------------------------------------------- caps and base */

/* Hold the first N steps' points in both lines; all or none. */
static int hold_steps(struct zone *z, const struct weft_step *steps, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		if (weft_power_line_hold(z->line, steps[i].from))
			break;
		if (weft_power_line_hold(z->bare, steps[i].from)) {
			weft_power_line_let_go(z->line, steps[i].from);
			break;
		}
	}
	if (i == n)
		return 0;
	while (i-- > 0) {
		weft_power_line_let_go(z->line, steps[i].from);
		weft_power_line_let_go(z->bare, steps[i].from);
	}
	return -1;
}

static void let_go_steps(struct zone *z, const struct weft_step *steps, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		weft_power_line_let_go(z->line, steps[i].from);
		weft_power_line_let_go(z->bare, steps[i].from);
	}
}

/* STEPS are the zone's from now on. */
static void take_steps(struct zone *z, struct weft_step *steps, unsigned n)
{
	weft_power_line_cap(z->line, steps, n);
	weft_power_line_cap(z->bare, steps, n);
	let_go_steps(z, z->steps, z->n_steps);
	free(z->steps);
	z->steps = steps;
	z->n_steps = n;
}

/* *COPY: the steps of CAP (NULL: none), held. */
static int copy_steps(struct zone *z, const struct weft_cap *cap, struct weft_step **copy)
{
	*copy = NULL;
	if (!cap || cap->n == 0)
		return 0;
	*copy = calloc(cap->n, sizeof(**copy));
	if (!*copy)
		return -1;
	memcpy(*copy, cap->steps, cap->n * sizeof(**copy));
	if (hold_steps(z, *copy, cap->n)) {
		free(*copy);
		*copy = NULL;
		return -1;
	}
	return 0;
}

int weft_book_set_caps(struct weft_book *book, const struct weft_cap *caps, unsigned n)
{
	struct weft_step **copies = calloc(book->n + 1, sizeof(*copies));
	unsigned i = 0;

	if (!copies)
		return -1;
	while (i < book->n && copy_steps(&book->zones[i], i < n ? &caps[i] : NULL, &copies[i]) == 0)
		i++;
	if (i == book->n) {
		for (i = 0; i < book->n; i++)
			take_steps(&book->zones[i], copies[i], copies[i] ? caps[i].n : 0);
		free(copies);
		return 0;
	}
	while (i-- > 0) {
		let_go_steps(&book->zones[i], copies[i], copies[i] ? caps[i].n : 0);
		free(copies[i]);
	}
	free(copies);
	return -1;
}

void weft_book_set_base(struct weft_book *book, unsigned zone, int64_t watts)
{
	struct zone *z = zone < book->n ? &book->zones[zone] : NULL;
	int64_t more;

	if (!z)
		return;
	watts = watts < 0 ? 0 : watts;
	more = watts - z->base;
	if (watts > WEFT_LINE_MAX || z->total + more > WEFT_LINE_MAX)
		more = WEFT_LINE_MAX - z->total;
	weft_power_line_add(z->line, WEFT_BEGIN, WEFT_NEVER, more);
	weft_power_line_add(z->bare, WEFT_BEGIN, WEFT_NEVER, more);
	z->base += more;
	z->total += more;
}

/* ---------------------------------------------------------------- entries */

static struct item *find(const struct weft_book *book, uint64_t id)
{
	void *node = id ? tfind(&id, &book->entries, by_id) : NULL;

	return node ? *(struct item **)node : NULL;
}

/* SIGN 1: what E draws counts; -1: no more. */
static void count(struct weft_book *book, const struct item *e, int sign)
{
	for (unsigned i = 0; i < e->n; i++) {
		const struct weft_draw *draw = &e->draws[i];

		weft_power_line_add(zone_of(book, draw)->line, e->start, e->end, sign * draw->watts);
	}
}

static void let_go(struct weft_book *book, const struct item *e, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct zone *z = zone_of(book, &e->draws[i]);

		weft_power_line_let_go(z->line, e->start);
		weft_power_line_let_go(z->line, e->end);
		z->total -= e->draws[i].watts;
	}
}

static int hold(struct weft_book *book, const struct item *e)
{
	for (unsigned i = 0; i < e->n; i++) {
		struct zone *z = zone_of(book, &e->draws[i]);
		int64_t watts = e->draws[i].watts;
		int rc = watts < 0 || watts > WEFT_LINE_MAX - z->total ||
			 weft_power_line_hold(z->line, e->start);

		if (rc == 0 && weft_power_line_hold(z->line, e->end)) {
			weft_power_line_let_go(z->line, e->start);
			rc = -1;
		}
		if (rc) {
			let_go(book, e, i);
			return -1;
		}
		z->total += watts;
	}
	return 0;
}

static struct item *make_item(struct weft_book *book, uint64_t id, const struct weft_draw *draws, unsigned n,
			      time_t start, time_t end)
{
	struct item *e = calloc(1, sizeof(*e) + n * sizeof(*draws));

	if (!e)
		return NULL;
	e->id = id;
	e->start = start > 0 ? start : WEFT_BEGIN;
	e->end = end > start ? end : e->start;
	for (unsigned i = 0; i < n; i++) {
		if (draws[i].zone < book->n && draws[i].watts != 0)
			e->draws[e->n++] = draws[i];
	}
	return e;
}

static void drop(struct weft_book *book, struct item *e)
{
	count(book, e, -1);
	let_go(book, e, e->n);
	free(e);
}

int weft_book_add(struct weft_book *book, uint64_t id, const struct weft_draw *draws, unsigned n,
		  time_t start, time_t end)
{
	struct item *e = id ? make_item(book, id, draws, n, start, end) : NULL, *old;
	struct item **node;

	if (!e || hold(book, e)) {
		free(e);
		return -1;
	}
	node = tsearch(e, &book->entries, by_id);
	if (!node) {
		let_go(book, e, e->n);
		free(e);
		return -1;
	}
	old = *node;
	*node = e;
	if (old != e)
		drop(book, old);
	count(book, e, 1);
	return 0;
}

void weft_book_remove(struct weft_book *book, uint64_t id)
{
	struct item *e = find(book, id);

	if (!e)
		return;
	tdelete(&id, &book->entries, by_id);
	drop(book, e);
}

/* ---------------------------------------------------------------- questions */

static struct weft_power_lack lack_at(const struct weft_power_line *line, const struct weft_draw *draw,
				      time_t when)
{
	struct weft_power_then then = weft_power_line_at(line, when);
	int64_t watts = draw->watts < WEFT_LINE_MAX ? draw->watts : WEFT_LINE_MAX;

	return (struct weft_power_lack){
		.zone = draw->zone, .when = when, .needed = then.drawn + watts, .cap = then.cap
	};
}

/* The line that DRAW asks of; NULL: none can refuse it. */
static const struct weft_power_line *line_of(struct weft_book *book, const struct weft_draw *draw, bool bare)
{
	struct zone *z = zone_of(book, draw);

	if (!z || draw->watts <= 0)
		return NULL;
	return bare ? z->bare : z->line;
}

bool weft_book_fits(struct weft_book *book, const struct weft_draw *draws, unsigned n, time_t start,
		    time_t end, uint64_t except, struct weft_power_lack *lack)
{
	const struct item *hidden = find(book, except);
	time_t first = WEFT_NEVER;

	if (hidden)
		count(book, hidden, -1);
	for (unsigned i = 0; i < n; i++) {
		const struct weft_power_line *line = line_of(book, &draws[i], false);
		time_t when = line ? weft_power_line_short(line, start, end, draws[i].watts) : WEFT_NEVER;

		if (when < first) {
			first = when;
			if (lack)
				*lack = lack_at(line, &draws[i], when);
		}
	}
	if (hidden)
		count(book, hidden, 1);
	return first == WEFT_NEVER;
}

static time_t later(time_t when, time_t seconds)
{
	return when < WEFT_NEVER - seconds ? when + seconds : WEFT_NEVER;
}

/* Each zone in turn moves the start to where it allows it, until all agree. */
static time_t first_start(struct weft_book *book, const struct weft_draw *draws, unsigned n, time_t duration,
			  time_t when, bool bare)
{
	for (unsigned agreed = 0, i = 0; agreed < n && when != WEFT_NEVER; i = (i + 1) % n) {
		const struct weft_power_line *line = line_of(book, &draws[i], bare);
		time_t before = when;

		if (line)
			when = weft_power_line_clear(line, when, later(when, duration), draws[i].watts);
		agreed = when == before ? agreed + 1 : 0;
	}
	return when;
}

/* What is missing when all has ended and no cap changes any more; there is something. */
static struct weft_power_lack lack_at_last(struct weft_book *book, const struct weft_draw *draws, unsigned n,
					   time_t when, bool bare)
{
	struct weft_power_lack lack = { 0 };

	for (unsigned i = 0; i < n; i++) {
		const struct weft_power_line *line = line_of(book, &draws[i], bare);
		time_t last = line ? weft_power_line_last(line) : WEFT_BEGIN;

		when = last > when ? last : when;
	}
	for (unsigned i = n; i-- > 0;) {
		const struct weft_power_line *line = line_of(book, &draws[i], bare);

		if (line && weft_power_line_short(line, when, WEFT_NEVER, draws[i].watts) != WEFT_NEVER)
			lack = lack_at(line, &draws[i], when);
	}
	return lack;
}

bool weft_book_earliest(struct weft_book *book, const struct weft_draw *draws, unsigned n, time_t duration,
			time_t not_before, uint64_t except, time_t *when, struct weft_power_lack *lack)
{
	const struct item *hidden = find(book, except);

	duration = duration < 1 ? 1 : duration;
	if (hidden)
		count(book, hidden, -1);
	*when = first_start(book, draws, n, duration, not_before, false);
	if (*when == WEFT_NEVER && lack && weft_book_ever(book, draws, n, duration, not_before, NULL, lack))
		*lack = lack_at_last(book, draws, n, not_before, false);
	if (hidden)
		count(book, hidden, 1);
	return *when != WEFT_NEVER;
}

/* The best cap of ZONE from NOT_BEFORE on, and since when. */
static struct weft_step best_cap(const struct zone *z, time_t not_before)
{
	struct weft_step best = { .from = not_before, .watts = z->n_steps ? INT64_MIN : WEFT_NO_CAP };

	for (unsigned i = 0; i < z->n_steps; i++) {
		if (i + 1 < z->n_steps && z->steps[i + 1].from <= not_before)
			continue;
		if (z->steps[i].watts > best.watts)
			best = z->steps[i];
	}
	best.from = best.from < not_before ? not_before : best.from;
	return best;
}

bool weft_book_ever(struct weft_book *book, const struct weft_draw *draws, unsigned n, time_t duration,
		    time_t not_before, time_t *when, struct weft_power_lack *lack)
{
	time_t start = first_start(book, draws, n, duration < 1 ? 1 : duration, not_before, true);

	if (start != WEFT_NEVER) {
		if (when)
			*when = start;
		return true;
	}
	if (lack)
		*lack = lack_at_last(book, draws, n, not_before, true);
	for (unsigned i = n; lack && i-- > 0;) {
		struct weft_step best;

		if (!line_of(book, &draws[i], true))
			continue;
		best = best_cap(zone_of(book, &draws[i]), not_before);
		if (weft_power_line_short(zone_of(book, &draws[i])->bare, best.from, best.from + 1,
					  draws[i].watts) != WEFT_NEVER)
			*lack = lack_at(zone_of(book, &draws[i])->bare, &draws[i], best.from);
	}
	return false;
}

int64_t weft_book_drawn(struct weft_book *book, unsigned zone, time_t when)
{
	return zone < book->n ? weft_power_line_at(book->zones[zone].line, when).drawn : 0;
}

int64_t weft_book_cap(const struct weft_book *book, unsigned zone, time_t when)
{
	return zone < book->n ? weft_power_line_at(book->zones[zone].line, when).cap : WEFT_NO_CAP;
}

/* ---------------------------------------------------------------- the moments of change */

struct times {
	time_t *list;
	size_t n, size;
};

static int append(struct times *times, time_t when)
{
	if (times->n == times->size) {
		size_t size = times->size ? 2 * times->size : 256;
		time_t *list = realloc(times->list, size * sizeof(*list));

		if (!list)
			return -1;
		times->list = list;
		times->size = size;
	}
	times->list[times->n++] = when;
	return 0;
}

/* Points at which the figures stay as they are do not count: a job ends as a like one starts. */
static int append_zone(struct times *times, const struct zone *z, time_t from, time_t to)
{
	struct weft_power_then then = weft_power_line_at(z->line, from);

	while (then.next <= to && then.next != WEFT_NEVER) {
		time_t when = then.next;
		struct weft_power_then before = then;

		then = weft_power_line_at(z->line, when);
		if ((then.drawn != before.drawn || then.cap != before.cap) && append(times, when))
			return -1;
	}
	return 0;
}

static int by_time(const void *a, const void *b)
{
	time_t x = *(const time_t *)a, y = *(const time_t *)b;

	return (x > y) - (x < y);
}

time_t *weft_book_changes(struct weft_book *book, time_t from, time_t to, size_t *n)
{
	struct times times = { 0 };

	*n = 0;
	for (unsigned i = 0; i < book->n; i++) {
		if (append_zone(&times, &book->zones[i], from, to)) {
			free(times.list);
			return NULL;
		}
	}
	if (times.n)
		qsort(times.list, times.n, sizeof(*times.list), by_time);
	for (size_t i = 0; i < times.n; i++) {
		if (*n == 0 || times.list[i] != times.list[*n - 1])
			times.list[(*n)++] = times.list[i];
	}
	return times.list;
}
