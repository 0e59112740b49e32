/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket_private.h - what ticket.c and ticket_parse.c share.
 */
#ifndef WEFT_TICKET_PRIVATE_H
#define WEFT_TICKET_PRIVATE_H

#include "core/ticket.h"

/* 1 to WEFT_TICKET_MAX_WORD printable characters of ASCII, no space? */
bool weft_ticket_is_word(const char *text, size_t len);

/* Append a group with nothing known, or a run.  NULL or -1 with ERR. */
struct weft_ticket_group *weft_ticket_new_group(struct weft_ticket *ticket, struct weft_err *err);
int weft_ticket_add_run(struct weft_ticket *ticket, const struct weft_ticket_run *run, struct weft_err *err);

#endif
