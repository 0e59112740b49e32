/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * power_ref.h - what power_book.h promises, second by second: slow and plain, so that it can be believed.
 * Seconds count from REF_ZERO; from the last one on nothing changes.
 */
#ifndef WEFT_TEST_POWER_REF_H
#define WEFT_TEST_POWER_REF_H

#include <check.h>
#include <string.h>

#include "core/power_book.h"

#define REF_ZERO    ((time_t)1000000)
#define REF_ZONES   4
#define REF_SECONDS 600

struct ref_job {
	struct weft_draw draws[REF_ZONES];
	unsigned n;
	int start, end; /* while it is in the book */
};

struct ref {
	unsigned zones;
	int64_t cap[REF_ZONES][REF_SECONDS], drawn[REF_ZONES][REF_SECONDS], base[REF_ZONES];
};

static inline int64_t ref_left(const struct ref *ref, unsigned zone, int t, bool bare)
{
	t = t < REF_SECONDS ? t : REF_SECONDS - 1;
	if (ref->cap[zone][t] == WEFT_NO_CAP)
		return WEFT_NO_CAP;
	return ref->cap[zone][t] - (bare ? ref->base[zone] : ref->drawn[zone][t]);
}

static inline void ref_count(struct ref *ref, const struct ref_job *job, int sign)
{
	for (unsigned i = 0; i < job->n; i++) {
		for (int t = job->start; t < job->end; t++)
			ref->drawn[job->draws[i].zone][t] += sign * job->draws[i].watts;
	}
}

/* The first zone and second at which JOB is in the way. */
static inline bool ref_fits(const struct ref *ref, const struct ref_job *job, int start, int end, bool bare,
			    struct weft_power_lack *lack)
{
	for (int t = start; t < end; t++) {
		for (unsigned i = 0; i < job->n; i++) {
			unsigned zone = job->draws[i].zone;

			if (job->draws[i].watts == 0 || ref_left(ref, zone, t, bare) >= job->draws[i].watts)
				continue;
			if (lack)
				*lack = (struct weft_power_lack){ zone, REF_ZERO + t,
								  job->draws[i].watts + ref->drawn[zone][t],
								  ref->cap[zone][t] };
			return false;
		}
	}
	return true;
}

/* -1: never */
static inline int ref_earliest(const struct ref *ref, const struct ref_job *job, int duration, int from,
			       bool bare)
{
	for (int t = from; t < REF_SECONDS; t++) {
		if (ref_fits(ref, job, t, t + duration, bare, NULL))
			return t;
	}
	return -1;
}

/* Random caps for both; a quarter of the zones has none, and in some it comes and goes. */
struct ref_random {
	uint64_t state;
};

static inline unsigned ref_below(struct ref_random *r, unsigned n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (unsigned)((r->state >> 11) % n);
}

static inline void ref_caps(struct ref *ref, struct weft_book *book, struct ref_random *r, int until,
			    int steps, unsigned watts)
{
	struct weft_step list[REF_ZONES][64];
	struct weft_cap caps[REF_ZONES];

	for (unsigned z = 0; z < ref->zones; z++) {
		int t = -(int)ref_below(r, 5), n = 1 + (int)ref_below(r, (unsigned)steps), filled = 0;

		for (int i = 0; i < n; i++) {
			int64_t cap = ref_below(r, 8) ? (int64_t)ref_below(r, watts) + 1 : WEFT_NO_CAP;

			list[z][i] = (struct weft_step){ REF_ZERO + t, cap };
			t += 1 + (int)ref_below(r, (unsigned)(2 * until / n));
			if (t >= REF_SECONDS)
				n = i + 1;
			for (; filled < REF_SECONDS && (filled < t || i == n - 1); filled++)
				ref->cap[z][filled] = cap;
		}
		caps[z] = (struct weft_cap){ list[z], (unsigned)n };
	}
	if (weft_book_set_caps(book, caps, ref->zones))
		ck_abort_msg("out of memory");
}

static inline void ref_base(struct ref *ref, struct weft_book *book, unsigned zone, int64_t watts)
{
	for (int t = 0; t < REF_SECONDS; t++)
		ref->drawn[zone][t] += watts - ref->base[zone];
	ref->base[zone] = watts;
	weft_book_set_base(book, zone, watts);
}

static inline void ref_draws(const struct ref *ref, struct ref_job *job, struct ref_random *r, unsigned watts)
{
	job->n = 0;
	for (unsigned z = 0; z < ref->zones; z++) {
		if (job->n == 0 || ref_below(r, 2))
			job->draws[job->n++] =
				(struct weft_draw){ z,
						    ref_below(r, 16) ? 1 + (int64_t)ref_below(r, watts) : 0 };
	}
}

#endif
