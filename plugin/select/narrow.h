/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * narrow.h - ask select/cons_tres about fewer nodes, and get the same answer.
 *
 * cons_tres looks closely at each node that it is given, and most of them cannot matter: nodes without the
 * devices that the job asks for, and nodes whose devices are all in use.  It comes to the same answer without
 * them, sooner.  Nothing is decided here: every answer is one of cons_tres.
 */
#ifndef WEFT_SELECT_NARROW_H
#define WEFT_SELECT_NARROW_H

#include "core/conf.h"
#include "plugin/compat/base.h"

/* As weft_base_job_test(), with the same result: return code, chosen nodes, and what is left in the record.
 * MODE is Index= of weft.conf.  Process: slurmctld, job and node write locks held. */
int weft_narrow_job_test(struct weft_ask *ask, enum weft_index_mode mode);

#endif
