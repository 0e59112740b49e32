/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * burst_gate.h - which of the jobs that wait may start at which peer, and on what: the planner says so, the
 * select plugin asks.  One list in a process, in libweft.so, with a lock of its own that is held for a look
 * only.
 */
#ifndef WEFT_BURST_GATE_H
#define WEFT_BURST_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEFT_GATE_MAX_NAME 64 /* bytes, of a peer and of a class */

struct weft_gate {
	uint32_t job;  /* of an array: of those of its tasks that wait as one */
	uint32_t stay; /* so many of the tasks are to stay; 0 for a job that is no array */
	char peer[WEFT_GATE_MAX_NAME];
	char gres[WEFT_GATE_MAX_NAME]; /* "gpu:h100": what it is to have there */
};

/* From now on these N are open and all others closed.  Takes the malloc()ed GATES over, and sorts them. */
void weft_gates_set(struct weft_gate *gates, size_t n);

/* May job ID, of which TASKS wait (1: no array), start at PEER now?  GRES (of SIZE, NULL allowed) gets what
 * it is to have. */
bool weft_gate_is_open(uint32_t job, const char *peer, uint32_t tasks, char *gres, size_t size);

/* The open gate of job ID, into GATE; false: it has none. */
bool weft_gate_of(uint32_t job, struct weft_gate *gate);

/* All are closed; for the end of the process. */
void weft_gates_forget(void);

#endif
