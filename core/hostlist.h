/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostlist.h - a list of nodes as Slurm writes it, name by name: "nv[1-3,07-09],r[1-2]n[1-4],login".
 */
#ifndef WEFT_HOSTLIST_H
#define WEFT_HOSTLIST_H

#include <stddef.h>

#define WEFT_HOST_SIZE 256 /* bytes of a name, with its NUL */

/* Call EACH with every name of LIST, LEN bytes, and ARG, in its order, until it returns something else than
 * 0; that is then returned, and otherwise 0.  -1 when the list cannot be read, a name is too long, or there
 * are more than MAX. */
int weft_hostlist_each(const char *list, size_t len, size_t max, int (*each)(const char *name, void *arg),
		       void *arg);

#endif
