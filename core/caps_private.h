/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * caps_private.h - what a signal file said, as its reader (caps_signal.c) hands it to caps.c.
 */
#ifndef WEFT_CAPS_PRIVATE_H
#define WEFT_CAPS_PRIVATE_H

#include "core/caps.h"

#define WEFT_AS_SCHEDULED (-1) /* W that stand for: what weft.conf says */

struct weft_signal_point {
	unsigned zone;
	unsigned place; /* line, or entry, of the file */
	time_t when;
	int64_t watts; /* or WEFT_NO_CAP, or WEFT_AS_SCHEDULED */
};

struct weft_signal {
	struct weft_signal_point *points; /* by zone, then by time */
	size_t n, room;
};

#endif
