/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outlook.h - when would a job start?  A forecast from who runs, who waits, and in which order.
 *
 * Cards of one kind are counted, as a pool.  Who waits is put in by priority, each at the first moment at
 * which as many are free for as long as it runs (conservative backfill).  Neither nodes nor limits are known
 * here: it is a forecast, and how far off it is gets measured.  Pure; not thread-safe for one outlook.
 */
#ifndef WEFT_OUTLOOK_H
#define WEFT_OUTLOOK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define WEFT_OUTLOOK_MAX_STEPS 512

struct weft_outlook_step {
	time_t from;   /* until the next step's */
	uint32_t free; /* cards */
};

struct weft_outlook {
	uint32_t cards; /* in all that can be used */
	unsigned n;
	struct weft_outlook_step steps[WEFT_OUTLOOK_MAX_STEPS]; /* in order; the last holds for ever */
};

struct weft_outlook_running {
	uint32_t cards;
	time_t end; /* at the latest */
};

struct weft_outlook_waiting {
	uint32_t cards;
	uint32_t seconds; /* at most */
	time_t begin;	  /* not before; 0 */
	int64_t priority; /* the higher the sooner */
	uint32_t id;	  /* the lower the sooner, at the same priority */
	time_t start;	  /* out: the forecast; 0: never */
};

/* Jobs run by SCALE (above 0, to 1) of their time limits, on the whole: what is left of them and lengths are
 * taken so; who should have ended ends the next second.  WAITING is sorted: by priority, then id.  When there
 * are more moments than steps, those of later times are put together, with the least that is free in them; so
 * are the ends of those that run, before anybody waits.
 * -1: out of memory.  10,000 waiting jobs take under 50 ms. */
int weft_outlook_make(struct weft_outlook *o, uint32_t cards, time_t now, double scale,
		      const struct weft_outlook_running *running, size_t n_running,
		      struct weft_outlook_waiting *waiting, size_t n_waiting);

/* The first moment from NOW on at which CARDS are free for SECONDS; 0: never. */
time_t weft_outlook_start(const struct weft_outlook *o, uint32_t cards, uint32_t seconds, time_t now);

/* CARDS are in use from START for SECONDS: what a job that was sent there takes, before anybody has seen it
 * run.  Where there is no room for more steps, the nearest there are must do. */
void weft_outlook_take(struct weft_outlook *o, uint32_t cards, uint32_t seconds, time_t start);

#endif
