/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sources.h - the files that others write: the signal that changes caps, prices, carbon.
 *
 * One per process.  Process: slurmctld, the planner's thread alone; reads files, so no Slurm lock may be
 * held.
 */
#ifndef WEFT_SCHED_SOURCES_H
#define WEFT_SCHED_SOURCES_H

#include "core/caps.h"
#include "core/conf.h"
#include "core/series.h"

enum weft_source { WEFT_SOURCE_SIGNAL, WEFT_SOURCE_PRICE, WEFT_SOURCE_CARBON, WEFT_SOURCES };

/* Read what has changed since the last time.  A file that has become broken is said in the log, once, and
 * what it said before stays in use.  Returns whether anything is other than before: a text, or whether it is
 * stale. */
bool weft_sources_refresh(const struct weft_conf *conf, time_t now);

/* What is in use now; NULL: nothing (a signal that is stale is not in use).  Valid until the next refresh but
 * one. */
const struct weft_signal *weft_sources_signal(void);
const struct weft_series *weft_sources_price(void);
const struct weft_series *weft_sources_carbon(void);

/* "used", "stale", "missing" or "broken: ..."; and when the file was last written (0: not known). */
const char *weft_sources_state(enum weft_source source, time_t *modified);

void weft_sources_forget(void);

#endif
