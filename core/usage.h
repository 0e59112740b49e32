/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage.h - what a cluster's cards did in a period: used by class and over time, waited for, what it took in
 * energy, carbon and money, by account.  doc/report.md says what each figure means.
 *
 * It is made for one period, fed with runs of jobs one by one, which it does not keep, and ended once.
 */
#ifndef WEFT_USAGE_H
#define WEFT_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/fleet.h"
#include "core/past.h"
#include "core/series.h"

#define WEFT_USAGE_SLOTS	96 /* parts of a period, for plots */
#define WEFT_USAGE_MAX_ACCOUNTS 100000u
#define WEFT_USAGE_MAX_RUNS	20000000u /* that start in the period */
#define WEFT_USAGE_LIKE		5	  /* runs that a comparison needs at the least */
#define WEFT_USAGE_POLICIES	4
#define WEFT_USAGE_NO_POLICY	3 /* behind those of enum weft_policy: no --accel in the line of submission */

struct weft_usage_setup {
	const struct weft_fleet *fleet;		  /* ready */
	const struct weft_conf *conf;		  /* never NULL */
	const struct weft_series *carbon, *price; /* gCO2/kWh, money per MWh; NULL: none */
	time_t from, to;			  /* FROM < TO */
	time_t now;				  /* until when runs that go on are counted */
	bool ended; /* energy of runs that have ended alone: it then never falls */
};

/* Seconds that runs waited, from when they might have started. */
struct weft_usage_wait {
	unsigned class_id;
	unsigned policy; /* enum weft_policy, or WEFT_USAGE_NO_POLICY */
	uint64_t runs;
	double mean;
	uint32_t median, p95; /* by nearest rank */
};

struct weft_usage_class {
	double used; /* card-seconds */
	uint64_t runs;
	unsigned usual; /* cards on a node: of half of the cards of runs that started, the run had at least as
			   many; 0: none did */
	uint64_t stranded;		/* of the free cards now (weft_fleet_stranded()); 0 without USUAL */
	double slots[WEFT_USAGE_SLOTS]; /* card-seconds */
};

struct weft_usage_account {
	const char *name; /* "" when there is none */
	uint64_t runs;
	double used;		   /* card-seconds here */
	double elsewhere;	   /* card-seconds at other sites */
	double measured, reckoned; /* kWh: as Slurm measured, and watts of the cards times time */
	double unknown;		   /* card-seconds of which neither is known */
	double grams;		   /* CO2 of the energy, as far as the carbon intensity is known */
	double no_carbon;	   /* kWh for which it is not */
	int64_t cost;		   /* of the energy, micro-units, as far as the price is known */
	double no_price;	   /* kWh for which it is not */
};

/* Runs on another class than their first alternative asks for. */
struct weft_usage_saved {
	uint64_t runs;	   /* there were */
	uint64_t compared; /* of these, with a typical wait to compare theirs with */
	double seconds;	   /* by which they waited less, in all; may be below 0 */
};

struct weft_usage_result {
	time_t from, to;
	const struct weft_usage_class *classes; /* of the fleet's inventory, by id */
	size_t n_classes;
	const struct weft_usage_account *accounts; /* by name */
	size_t n_accounts;
	const struct weft_usage_wait *waits; /* by class, then policy */
	size_t n_waits;
	struct weft_usage_saved saved;
	struct weft_usage_account total;
	uint64_t waiting;		 /* jobs that wait at the end */
	double unplaced;		 /* card-seconds of which the class cannot be told */
	double energy[WEFT_USAGE_SLOTS]; /* kWh */
};

struct weft_usage;

/* What SETUP points to must outlive it.  NULL: out of memory. */
struct weft_usage *weft_usage_create(const struct weft_usage_setup *setup);
void weft_usage_destroy(struct weft_usage *usage); /* NULL is allowed */

/* Count a run.  -1 with ERR: out of memory, or beyond a limit. */
int weft_usage_add(struct weft_usage *usage, const struct weft_past_job *job, struct weft_err *err);

/* After the last run.  The result is USAGE's; NULL with ERR: out of memory. */
const struct weft_usage_result *weft_usage_end(struct weft_usage *usage, struct weft_err *err);

#endif
