/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order.h - what a proxy wants to be run, as bytes for the book, and back.  Scripts and environments may hold
 * any bytes but NUL: "NAME=VALUE" fields with a NUL behind each.
 */
#ifndef WEFTD_ORDER_H
#define WEFTD_ORDER_H

#include <stddef.h>

#include "core/error.h"
#include "weftd/runs.h"

/* *BYTES is malloc()ed. */
int weft_order_pack(const struct weft_run_order *order, char **bytes, size_t *size, struct weft_err *err);

/* A copy that lives until weft_order_free(), which takes NULL.  NULL with ERR. */
struct weft_order {
	struct weft_run_order order;
	char *bytes;
	size_t size;
	const char **environment;
};
struct weft_order *weft_order_unpack(const void *bytes, size_t size, struct weft_err *err);
void weft_order_free(struct weft_order *order);

#endif
