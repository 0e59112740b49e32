/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * looker.c - looks each second while somebody asks, and seldom when nobody does.
 */
#include "plugin/burst_buffer/looker.h"

#include <pthread.h>
#include <stdlib.h>

#include "plugin/burst_buffer/peers.h"
#include "plugin/compat/look.h"

#define TICK_MS	    1000 /* between two looks, while somebody asks */
#define IDLE_MS	    10000
#define ASKED_MS    60000 /* so long after a question, somebody asks */
#define PROMPT_MS   100	  /* no sooner after the last look for a question */
#define WAIT_MS	    3	  /* a question waits for the look that it prompts */
#define LAZINESS    20	  /* for as many times as long as a look takes there is no other */
#define STOP_MS	    1000
#define UNCHANGED_S 5 /* what nothing has changed in is looked at again, for what has no time of change */

/* A copy, and how many read it. */
struct copy {
	struct weft_sight *sight;
	unsigned readers;
	struct weft_noted noted;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects all that follows */
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static bool running, stopping, prompted;
static pthread_t thread;
static unsigned generation; /* of threads: one that could not be joined ends when there is another */
static struct copy *present;
static struct {
	uint32_t id;
	int64_t asked;
} interests[WEFT_SIGHT_INTERESTS];
static int64_t last_asked, last_looked = INT64_MIN / 2, last_took;

static int64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct timespec moment_of(int64_t ms)
{
	return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
}

/* ---------------------------------------------------------------- copies; the lock is held */

static struct copy *hold(void)
{
	if (present)
		present->readers++;
	return present;
}

/* Returns what is to be destroyed when the lock is given back. */
static struct weft_sight *let_go(struct copy *c)
{
	struct weft_sight *sight = NULL;

	if (c && --c->readers == 0) {
		sight = c->sight;
		free(c);
	}
	return sight;
}

/* ---------------------------------------------------------------- the thread */

static bool is_due(int64_t now)
{
	int64_t since = now - last_looked;

	if (since < LAZINESS * last_took)
		return false;
	if (prompted)
		return since >= PROMPT_MS;
	return since >= (now - last_asked < ASKED_MS ? TICK_MS : IDLE_MS);
}

/* Until a look is due, or it is time for thread SELF to stop. */
static bool wait_for_turn(unsigned self)
{
	while (!stopping && self == generation && !is_due(milliseconds())) {
		struct timespec until = moment_of(milliseconds() + PROMPT_MS);

		pthread_cond_clockwait(&wanted, &lock, CLOCK_MONOTONIC, &until);
	}
	return !stopping && self == generation;
}

static void put_in_place(struct weft_sight *sight, const struct weft_noted *noted)
{
	struct copy *c = sight && !stopping ? calloc(1, sizeof(*c)) : NULL;
	struct weft_sight *old = sight;

	if (c) {
		*c = (struct copy){ .sight = sight, .readers = 1, .noted = *noted };
		old = let_go(present);
		present = c;
	}
	pthread_cond_broadcast(&done);
	pthread_mutex_unlock(&lock);
	weft_sight_destroy(old);
	pthread_mutex_lock(&lock);
}

/* With the lock held, which it gives back meanwhile. */
static void look(void)
{
	uint32_t ids[WEFT_SIGHT_INTERESTS];
	struct weft_sight *sight;
	struct weft_noted noted;
	int64_t began = milliseconds();

	if (!prompted && present && !weft_noted_changed(&present->noted) &&
	    time(NULL) < present->sight->taken + UNCHANGED_S) {
		last_looked = began;
		return;
	}
	for (unsigned i = 0; i < WEFT_SIGHT_INTERESTS; i++)
		ids[i] = began - interests[i].asked < ASKED_MS ? interests[i].id : 0;
	prompted = false;
	pthread_mutex_unlock(&lock);
	sight = weft_look(ids, &noted);
	if (sight && sight->view && sight->view->conf)
		sight->sites = weft_peers_look(sight->view->conf);
	pthread_mutex_lock(&lock);
	last_looked = milliseconds();
	last_took = sight ? sight->lock_us / 1000 + 1 : 0; /* without what it waited for the locks */
	put_in_place(sight, &noted);
}

static void *work(void *arg)
{
	pthread_mutex_lock(&lock);
	while (wait_for_turn((unsigned)(uintptr_t)arg))
		look();
	pthread_mutex_unlock(&lock);
	return NULL;
}

void weft_looker_start(void)
{
	pthread_mutex_lock(&lock);
	if (!running) {
		stopping = false;
		running = !pthread_create(&thread, NULL, work, (void *)(uintptr_t)++generation);
		if (running)
			pthread_setname_np(thread, "weft_look");
		else
			error("weft: no thread can be started: scontrol show bbstat has no answers");
	}
	pthread_mutex_unlock(&lock);
}

void weft_looker_stop(void)
{
	struct weft_sight *old;
	struct timespec until;
	bool join;

	pthread_mutex_lock(&lock);
	join = running;
	stopping = true;
	pthread_cond_broadcast(&wanted);
	pthread_mutex_unlock(&lock);
	until = moment_of(milliseconds() + STOP_MS);
	/* Whoever holds the lock that it waits for may be waiting for the one that our caller holds.  The
	 * library stays in memory (-z nodelete), so it may end later. */
	if (join && pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until))
		pthread_detach(thread);
	pthread_mutex_lock(&lock);
	running = false;
	old = let_go(present);
	present = NULL;
	pthread_mutex_unlock(&lock);
	weft_sight_destroy(old);
}

/* ---------------------------------------------------------------- questions */

/* Returns whether it is a new one, which takes the place of the one that was asked for longest ago. */
static bool note_interest(uint32_t id, int64_t now)
{
	unsigned at = 0;

	if (!id)
		return false;
	for (unsigned i = 0; i < WEFT_SIGHT_INTERESTS; i++) {
		if (interests[i].id == id) {
			bool old = now - interests[i].asked < ASKED_MS;

			interests[i].asked = now;
			return !old;
		}
		at = interests[i].asked < interests[at].asked ? i : at;
	}
	interests[at].id = id;
	interests[at].asked = now;
	return true;
}

/* The lock is held. */
static struct copy *fresh_copy(uint32_t id)
{
	int64_t now = milliseconds();
	bool old = note_interest(id, now) || !present || weft_noted_changed(&present->noted);
	struct timespec until = moment_of(now + WAIT_MS);

	last_asked = now;
	if (old && running) {
		prompted = true;
		if (is_due(now)) {
			pthread_cond_broadcast(&wanted);
			pthread_cond_clockwait(&done, &lock, CLOCK_MONOTONIC, &until);
		}
	}
	return hold();
}

char *weft_looker_answer(const struct weft_asker *asker, unsigned argc, char **argv, const char *other)
{
	struct weft_sight *old;
	struct copy *c;
	char *text, *answer;

	pthread_mutex_lock(&lock);
	c = fresh_copy(weft_sight_asked_job(present ? present->sight : NULL, argc, argv));
	pthread_mutex_unlock(&lock);
	text = weft_sight_answer(c ? c->sight : NULL, asker, argc, argv, other, time(NULL));
	pthread_mutex_lock(&lock);
	old = let_go(c);
	pthread_mutex_unlock(&lock);
	weft_sight_destroy(old);
	answer = xstrdup(text ? text : "weft: out of memory\n");
	free(text);
	return answer;
}
