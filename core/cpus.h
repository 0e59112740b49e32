/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpus.h - the processors of a machine, in the order in which Slurm numbers cores, as hwloc sees them.
 *
 * Slurm's "abstract" core numbers, which gres.conf and others use, are hwloc's logical ones: package by
 * package, core by core.  The kernel's CPU numbers are another thing.
 */
#ifndef WEFT_CPUS_H
#define WEFT_CPUS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define WEFT_CPUS_MAX		8192		   /* hardware threads */
#define WEFT_CPUS_XML_MAX	(4u * 1024 * 1024) /* bytes of a topology in XML */
#define WEFT_CPUS_SYNTHETIC_MAX 512		   /* bytes of one in words */
#define WEFT_CPUS_RANGE_SIZE	512		   /* bytes that a list of numbers may take */

/* A hardware thread. */
struct weft_pu {
	unsigned os;	  /* the kernel's number */
	unsigned core;	  /* Slurm's number */
	unsigned package; /* counted from 0 */
	int numa;	  /* the kernel's number of the NUMA node; -1: none */
};

struct weft_cpus {
	struct weft_pu *pus; /* in Slurm's order */
	size_t n;
	unsigned packages, cores, numa_nodes;
	bool even; /* every package has as many cores, every core as many threads */
	char *xml; /* weft_cpus_live(): the topology as hwloc writes it, names and serial numbers left out */
};

/* Of this machine; of XML text that hwloc wrote (NAME is for messages); of the words that hwloc's synthetic
 * topologies are described in ("Package:2 NUMANode:1 Core:32 PU:2").  hwloc runs in a child process: whatever
 * a text does to it, the caller gets an error.  NULL with ERR.  weft_cpus_destroy() frees. */
struct weft_cpus *weft_cpus_live(struct weft_err *err);
struct weft_cpus *weft_cpus_from_xml(const char *name, const char *text, size_t len, struct weft_err *err);
struct weft_cpus *weft_cpus_from_words(const char *name, const char *text, size_t len, struct weft_err *err);
void weft_cpus_destroy(struct weft_cpus *cpus); /* NULL is allowed */

/* A set of hardware threads, by place in PUS. */
struct weft_cpuset {
	unsigned char bits[WEFT_CPUS_MAX / 8];
};

/* The threads whose kernel numbers are in LIST ("0-55,112-167").  How many; -1 when LIST is no such list.
 * Numbers of threads that the machine has not are left out. */
int weft_cpus_of_list(const struct weft_cpus *cpus, const char *list, struct weft_cpuset *set);

/* The threads of a NUMA node (the kernel's number). How many. */
int weft_cpus_of_numa(const struct weft_cpus *cpus, int numa, struct weft_cpuset *set);

/* "0-55": the cores of SET, in Slurm's numbers; "0-55,112-167": its threads, in the kernel's.  "" for none,
 * and when it does not fit. */
void weft_cpus_cores_text(const struct weft_cpus *cpus, const struct weft_cpuset *set,
			  char text[WEFT_CPUS_RANGE_SIZE]);
void weft_cpus_pus_text(const struct weft_cpus *cpus, const struct weft_cpuset *set,
			char text[WEFT_CPUS_RANGE_SIZE]);

#endif
