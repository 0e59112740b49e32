/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_open.h - from a sealed text, which anybody may have written, to slurmctld's ticket.
 */
#ifndef WEFT_OPEN_H
#define WEFT_OPEN_H

#include "core/ticket.h"

/* The ticket in SEALED, when SlurmUser or root sealed it; NULL with ERR otherwise.  Which job and which nodes
 * it is for is for the caller to look at.  Root, in slurmstepd or in a prolog; asks munged on this machine.
 */
struct weft_ticket *weft_open_ticket(const char *sealed, struct weft_err *err);

#endif
