/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology.h - where the accelerators of this node are, read from sysfs, and the files that tell a launcher.
 *
 * It is read anew for each step of a job on its way to start: two or three milliseconds for a few hundred PCI
 * devices.  No library is asked and no program run.  What sysfs does not say is left out.
 */
#ifndef WEFT_TOPOLOGY_H
#define WEFT_TOPOLOGY_H

#include <stddef.h>
#include <stdint.h>

#include "core/catalogue.h"
#include "core/error.h"
#include "core/ticket.h"

#define WEFT_TOPOLOGY_MAX_PCI	8192u /* PCI devices of a node that are looked at */
#define WEFT_TOPOLOGY_MAX_CARDS 1024u
#define WEFT_TOPOLOGY_MAX_NICS	256u
#define WEFT_TOPOLOGY_MAX_NUMA	1024u
#define WEFT_TOPOLOGY_NONE	(-1)

struct weft_topo_pci {
	char address[20];	 /* "0000:1b:00.0" */
	uint16_t vendor, device; /* PCI ids */
	uint32_t class;		 /* class, subclass, interface: 0x030200 */
	int numa;		 /* WEFT_TOPOLOGY_NONE: not told */
	char *cpus;		 /* "0-31"; NULL: not told */
	char *path;		 /* from its host bridge: "pci0000:16/0000:16:01.0/0000:1b:00.0" */
};

struct weft_topo_card {
	struct weft_topo_pci pci;
	const struct weft_vendor *vendor; /* owned by the catalogue */
	int island; /* cards with the same number are linked; WEFT_TOPOLOGY_NONE: not told */
};

struct weft_topo_nic {
	struct weft_topo_pci pci;
	char *name;  /* "mlx5_0", or the name of its network interface */
	double gbps; /* 0: not told */
};

struct weft_topo_numa {
	unsigned id;
	char *cpus;
	uint64_t memory_mib;
};

struct weft_topology {
	struct weft_topo_card *cards; /* in the order of their addresses, as are the next two */
	size_t n_cards;
	struct weft_topo_nic *nics;
	size_t n_nics;
	struct weft_topo_numa *numa;
	size_t n_numa;
};

/* Read the tree below SYSFS ("/sys").  What counts as a card is for weft_pci_match() to say.  A part that is
 * missing leaves its array empty.  0, or -1 with ERR when out of memory; weft_topology_clear() empties TOPO
 * in both cases. */
int weft_topology_read(struct weft_topology *topo, const char *sysfs, const struct weft_catalogue *cat,
		       struct weft_err *err);
void weft_topology_clear(struct weft_topology *topo);

/* Slurm's device INDEX of VENDOR's: the one at that place among the vendor's cards.  NULL when there are not
 * so many, or when they are not all of one kind, since Slurm's order may then be another. */
const struct weft_topo_card *weft_topology_card(const struct weft_topology *topo,
						const struct weft_vendor *vendor, unsigned index);

/* How near NIC is to CARD: 3 behind the same PCI switch, 2 at the same host bridge, 1 in the same NUMA
 * domain, 0 else. */
int weft_topology_nearness(const struct weft_topo_card *card, const struct weft_topo_nic *nic);

/* What a file is written of.  NULL and 0 stand for "not told". */
struct weft_topo_step {
	const struct weft_topology *topo;
	const struct weft_catalogue *catalogue;
	const struct weft_ticket *ticket; /* the job's groups; NULL: none */
	uint32_t job_id;
	const char *step; /* "0", "batch", "interactive" */
	const char *node;
	uint32_t node_index; /* its place in the job */
	const char *hosts;   /* the job's nodes: "n[1-4]" */
	const char *switches,
		*levels; /* SLURM_TOPOLOGY_ADDR and its pattern: "s0.s1.n1", "switch.switch.node" */
	const struct weft_vendor *vendor;
	const char *model;
	const unsigned *devices; /* Slurm's numbers of the step's cards on this node */
	size_t n_devices;
};

/* The topology file of doc/topology.md: JSON, malloc()ed, *LEN bytes; NULL when out of memory. */
char *weft_topology_json(const struct weft_topo_step *step, size_t *len);

/* For NCCL and RCCL (NCCL_TOPO_FILE).  NULL with ERR when the vendor's library is neither, or when sysfs does
 * not tell where the cards are. */
char *weft_topology_nccl(const struct weft_topo_step *step, size_t *len, struct weft_err *err);

/* A FlagScale hostfile, "HOST slots=CARDS type=MODEL" for each node of the ticket, group by group; HOSTS are the
 * names of its nodes, in their own order.  NULL when out of memory. */
char *weft_topology_hostfile(const struct weft_ticket *ticket, char *const *hosts, size_t *len);

#endif
