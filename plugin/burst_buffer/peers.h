/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peers.h - weftd's file of what it knows of other sites, for quotes.
 *
 * Process: slurmctld, the looker's thread alone; it waits for a disk, so no lock may be held.
 */
#ifndef WEFT_BURST_BUFFER_PEERS_H
#define WEFT_BURST_BUFFER_PEERS_H

#include "core/sight.h"

/* What Sites= of CONF says, read again when it has changed; for weft_sight_sites_put().  NULL: there are no
 * peers, or it cannot be read; the planner says why (plugin/sched/snapshot.h). */
struct weft_sight_sites *weft_peers_look(const struct weft_conf *conf);

#endif
