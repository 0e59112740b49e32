/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tres.h - Slurm's TRES request strings ("gres:gpu:h100:8,gres:nvme:2"; newer releases write
 * "gres/gpu:h100:8").
 */
#ifndef WEFT_TRES_H
#define WEFT_TRES_H

#include <stdbool.h>

#include "core/inventory.h"
#include "core/plan.h"

/* Is NAME (not NUL-terminated, LEN bytes) the gres name of a class of INV? */
bool weft_tres_is_accelerator(const struct weft_inventory *inv, const char *name, size_t len);

/* The first accelerator that TRES (may be NULL) asks for, as written there ("gpu:h100:8"), copied into BUF.
 * False when there is none. */
bool weft_tres_accelerator(const struct weft_inventory *inv, const char *tres, char *buf, size_t size);

/* TRES without its accelerators, and with COUNT cards of CLASS instead; PREFIX is "gres:" or "gres/".  CLASS
 * NULL or COUNT 0: none.  malloc()ed; NULL when nothing is left, or out of memory. */
char *weft_tres_replace(const struct weft_inventory *inv, const char *tres, const char *prefix,
			const struct weft_class *class, unsigned long count);

/* The two strings that make a job with the requests PER_JOB and PER_NODE (NULL: none) ask for candidate C.
 * Both are malloc()ed, NULL where nothing is asked. */
struct weft_tres_request {
	char *per_job, *per_node;
};

struct weft_tres_request weft_tres_of_candidate(const struct weft_inventory *inv,
						const struct weft_candidate *c, const char *per_job,
						const char *per_node, const char *prefix);
void weft_tres_clear(struct weft_tres_request *request);

#endif
