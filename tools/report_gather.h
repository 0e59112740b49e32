/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_gather.h - what "weft report" and "weft metrics" are made of: nodes from scontrol, runs from sacct,
 * series, prices and classes from weft.conf and the catalogue.
 */
#ifndef REPORT_GATHER_H
#define REPORT_GATHER_H

#include <limits.h>

#include "core/catalogue.h"
#include "core/conf.h"
#include "core/fleet.h"
#include "core/usage.h"
#include "tools/progress.h"

#define GATHER_USAGES 2

struct gather_span {
	time_t from, to;
	bool ended; /* as of struct weft_usage_setup */
};

struct gather_wish {
	const char *who;	      /* "weft report", for progress */
	const char *catalogue, *site; /* SITE NULL: that of weft.conf */
	char conf[PATH_MAX];	      /* weft.conf; the defaults hold when there is none */
	const char *account;	      /* NULL: all */
	struct gather_span spans[GATHER_USAGES];
	unsigned n_spans;
};

struct gather {
	time_t now;
	struct weft_conf *conf;
	struct weft_catalogue *catalogue;
	struct weft_series *carbon, *price;
	struct weft_fleet *fleet;
	struct weft_usage *usages[GATHER_USAGES];
	const struct weft_usage_result *results[GATHER_USAGES];
	unsigned n;
	struct progress *progress;
};

/* Sets the environment variable SLURM_TIME_FORMAT.  -1 with ERR; gather_clear() in any case. */
int gather(struct gather *g, const struct gather_wish *wish, struct weft_err *err);
void gather_clear(struct gather *g);

#endif
