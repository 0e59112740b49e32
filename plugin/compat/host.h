/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - the process around us: which daemon it is, its configuration and node table.
 */
#ifndef WEFT_COMPAT_HOST_H
#define WEFT_COMPAT_HOST_H

#include "plugin/compat/compat.h"

/* Is this slurmctld, configured to use the select plugin TYPE ("select/cons_tres_weft")?  Any process. */
bool weft_host_uses(const char *type);

/* Path of NAME beside slurm.conf; the caller frees it with xfree(). */
char *weft_host_conf_path(const char *name);

/* Write one line to the daemon's log. */
void weft_host_log(bool is_error, const char *line);

/* Hand the node table's Gres= texts to weft_site_set_nodes().  slurmctld, node read lock held. */
void weft_host_publish_nodes(void);

/* For weft_scope.usable: is node INDEX in the bitmap ARG?  Any process. */
bool weft_host_in_bitmap(unsigned index, void *arg);

/* The partition a job without --partition goes to; NULL: none.  slurmctld, partition read lock held. */
part_record_t *weft_host_default_partition(void);

#endif
