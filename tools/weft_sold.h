/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WEFT_TOOL_SOLD_H
#define WEFT_TOOL_SOLD_H

#include <time.h>

struct sold_wish {
	const char *site;    /* who bought: the name of its cluster */
	const char *account; /* that its jobs run under here; NULL: any */
	const char *conf;    /* weft.conf */
	time_t from, to;
};

/* "weft ledger statement"; returns the exit status. */
int weft_sold_statement(const struct sold_wish *wish);

#endif
