/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mix.h - one job over cards of several models or vendors (mix= in a request).  doc/mix.md tells users.
 *
 * A mix is a number of nodes and cards of each class, chosen so that the job is as fast as it can be, in groups
 * whose ranks follow each other.  All functions are pure: nothing but their arguments counts.
 */
#ifndef WEFT_MIX_H
#define WEFT_MIX_H

#include "core/request.h"
#include "core/speed.h"
#include "core/supply.h"

/* Nodes of one class with the same number of cards on each.  A class is mostly one group; it is several where
 * its nodes cannot all give the same. */
struct weft_mix_group {
	const struct weft_class *class;
	unsigned nodes;
	unsigned per_node;   /* cards on each */
	unsigned devices;    /* cards in all, NODES x PER_NODE */
	unsigned first_node; /* its nodes are FIRST_NODE ... FIRST_NODE + NODES - 1 of the job */
	unsigned first_rank; /* with one rank for each card: FIRST_RANK ... FIRST_RANK + DEVICES - 1 */
	double rate;         /* of all its cards together */
	double weight;       /* its part of the job's rate; the weights add up to 1 */
	double rank_weight;  /* the part of one rank, WEIGHT / DEVICES */
};

struct weft_mix {
	/* Vendors one after the other, the one with the fastest card first; of a vendor the fastest class first, of
	 * a class the group with the most cards on a node. */
	struct weft_mix_group *groups;
	size_t n_groups;
	const char *gres;       /* gres name of all classes; the inventory's */
	const char *fabric;     /* what joins them: the name of a weft_fabric, or for one vendor its own collective
				 * library as the catalogue writes it (NULL: unknown); the catalogue's */
	bool fabric_is_host;    /* data go through the memory of the hosts */
	unsigned devices, nodes;
	unsigned per_node;      /* cards on each node of the job; 0: groups differ */
	double rate;            /* what the cards would do if none ever waited for another: the sum of their rates */
	double throughput;      /* predicted, with the work shared by weight (weft_mix_throughput()) */
	double efficiency;      /* THROUGHPUT / RATE; at most 1 */
	double even_throughput; /* predicted, with the same work for each rank: the slowest card sets the pace */
	double even_efficiency;
};

struct weft_mix_options {
	const struct weft_app *app; /* throughput table; NULL: the roofline */
	double intensity;           /* of the roofline, see speed.h */
	unsigned micro_batches;     /* of one step of the whole job: work comes in so many whole pieces; 0: it can be
				     * divided at will */
};

/* The fastest mix that SUPPLY (what is free now, or what there is) has for ALT, which asks for one.  Returns 0
 * and a MIX for weft_mix_clear(), which the inventory must outlive; or -1 with the reason in ERR and MIX empty:
 *   there are 16 mi300x and 32 h100 on whole nodes, 48 in all; 64 are asked for
 *   no communication library joins nvidia and ascend: nvidia has flagcx, ascend has none (HCCL has no ...
 * Only classes whose speed is known take part.  All are of one gres name, since an ordinary Slurm job asks the
 * same gres of each node.  ALT is taken to be consistent (weft_alternative_consistent()).  Allocates a few arrays
 * of one entry for each class; 1024 classes on 12,500 nodes take 0.3 ms.
 *
 * Nodes for the groups: in any order of the nodes that serves, provided that of one class the groups with more
 * cards on a node choose first; then every group finds its nodes. */
int weft_mix_make(struct weft_mix *mix, const struct weft_alternative *alt, const struct weft_supply *supply,
		  const struct weft_mix_options *options, struct weft_err *err);
void weft_mix_clear(struct weft_mix *mix);

/* The shares of the groups (SHARES has one for each) in MICRO_BATCHES micro-batches of a step: by weight, as
 * weft_share() rounds.  -1 with ERR for a number of 0, one above WEFT_SHARE_MAX, or when out of memory. */
int weft_mix_micro_batches(const struct weft_mix *mix, unsigned micro_batches, unsigned *shares,
			   struct weft_err *err);

/* Throughput of a step that ends with the slowest group, when group i does SHARES[i] of their sum, all its cards
 * alike.  SHARES NULL: each rank does the same. */
double weft_mix_throughput(const struct weft_mix *mix, const unsigned *shares);

#endif
