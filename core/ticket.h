/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket.h - what the controller tells the nodes of a job when it starts: who is in which group, and the
 * power it may draw.
 *
 * A group is the job's nodes that hold cards of one class.  Nodes are told apart by their place in the job,
 * from 0, and places are written as run lengths: the size grows with the number of classes, not of nodes.
 *
 * The text form is lines of "keyword key=value ...", in a fixed order; doc/ticket.md lists them.  It comes to
 * a node through the environment of a user, so the reader is strict and has limits; that it was the
 * controller who wrote it is for the seal to say (plugin/compat/seal.h).
 */
#ifndef WEFT_TICKET_H
#define WEFT_TICKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/inventory.h"

#define WEFT_TICKET_VERSION	  1
#define WEFT_TICKET_MAX_BYTES	  65536u /* longest text */
#define WEFT_TICKET_MAX_GROUPS	  64u
#define WEFT_TICKET_MAX_NODES	  1000000u
#define WEFT_TICKET_MAX_CARDS	  1024u	 /* of one node */
#define WEFT_TICKET_MAX_WORD	  64u	 /* longest name or text, without NUL */
#define WEFT_TICKET_MAX_CATALOGUE 32768u /* bytes of the catalogue */
#define WEFT_TICKET_MAX_FIGURE	  1e12	 /* largest figure of a group */

/* Cards of one class.  Watts are of one card; a budget includes the card's share of the rest of the node when
 * the controller knows that. */
struct weft_ticket_group {
	char *gres;	/* "gpu:h100" */
	char *vendor;	/* NULL: the catalogue does not know the card */
	char *model;	/* NULL: the same */
	unsigned cards; /* on a node, unless its run says otherwise */
	uint64_t
		devices; /* bit I: Slurm's device I; of a node, unless its run says otherwise.  0: not told */
	double memory;	 /* GiB of one card; NAN: unknown, as for the rest */
	double rate;	 /* speed of one card, in a unit that all groups share */
	double tdp;	 /* W */
	double watts;	 /* expected draw, W */
	double limit;	 /* advised limit, W */
	double budget;	 /* W */
};

/* NODES nodes of the job side by side that have the same. */
struct weft_ticket_run {
	unsigned nodes, group, cards;
	uint64_t devices; /* 0: not told */
};

/* Which run of which job.  A task of a job array and a component of a heterogeneous job have numbers of their
 * own. */
struct weft_ticket_job {
	uint32_t id, uid, restarts;
};

struct weft_ticket {
	char *cluster;
	struct weft_ticket_job job;
	int64_t issued; /* s since 1970 */
	struct weft_ticket_group *groups;
	unsigned n_groups;
	struct weft_ticket_run *runs;
	size_t n_runs;
	unsigned n_nodes;   /* of all runs */
	char *site;	    /* NULL, as the next two: not known */
	char *price;	    /* a number and its unit, without a space */
	char *carbon;	    /* the same */
	int64_t window_end; /* s since 1970; 0: not known */
	char *fabric;	    /* what joins a job over several vendors; NULL: not told */
	char *peer;	    /* the site at which it is to run; NULL: here.  Then the next two count as well */
	int64_t submit;	    /* when it was first submitted, s since 1970: with its number, its name for good */
	uint32_t minutes;   /* its time limit */
	char *catalogue;    /* see weft_ticket_add_catalogue(); NULL: none */
};

/* An empty one for JOB.  NULL when out of memory, or when CLUSTER is no word (1 to WEFT_TICKET_MAX_WORD
 * printable characters of ASCII, no space). */
struct weft_ticket *weft_ticket_create(const char *cluster, const struct weft_ticket_job *job,
				       int64_t issued);
void weft_ticket_destroy(struct weft_ticket *ticket); /* NULL is allowed */

/* Put a copy of WORD (NULL: nothing) into a FIELD of a ticket.  -1 when it is no word, or out of memory. */
int weft_ticket_set(char **field, const char *word);

/* The group of CLASS, a new one when there is none yet; RATE as weft_speed_rate() gives it, CARDS and DEVICES
 * those of its first node.  Figures come from the catalogue; of a range, the upper end for power and the
 * lower for memory.  Returns its number, or -1 with ERR. */
int weft_ticket_add_class(struct weft_ticket *ticket, const struct weft_class *class, double rate,
			  unsigned cards, uint64_t devices, struct weft_err *err);

/* The next node of the job.  -1 with ERR. */
int weft_ticket_add_node(struct weft_ticket *ticket, unsigned group, unsigned cards, uint64_t devices,
			 struct weft_err *err);

/* Number the groups so that those of a vendor follow each other: the vendors in the order of their first
 * nodes, and so the groups of each.  After the last node was added. */
void weft_ticket_order_groups(struct weft_ticket *ticket);

/* Add what the nodes need to know of the groups' models, which are of CAT.  -1 with ERR. */
int weft_ticket_add_catalogue(struct weft_ticket *ticket, const struct weft_catalogue *cat,
			      struct weft_err *err);

/* Does the ticket know what cards of gres NAME and TYPE (NULL: none) are? */
bool weft_ticket_knows(const struct weft_ticket *ticket, const char *name, const char *type);

/* The catalogue in the ticket, and the classes of its groups as weft.conf has them; to be destroyed by the
 * caller. -1 with ERR when there is none, or it cannot be read. */
int weft_ticket_site(const struct weft_ticket *ticket, struct weft_catalogue **cat, struct weft_conf **conf,
		     struct weft_err *err);

/* malloc()ed, *LEN bytes and a NUL.  Of a ticket whose text would be too long the catalogue is left out, then
 * the devices; when that is not enough: NULL with ERR. */
char *weft_ticket_text(const struct weft_ticket *ticket, size_t *len, struct weft_err *err);

/* NULL with ERR: "ticket: line 4: cards: ...". */
struct weft_ticket *weft_ticket_parse(const char *text, size_t len, struct weft_err *err);

/* Is it for JOB?  Otherwise -1 and "the ticket is for job 7, not 8". */
int weft_ticket_check(const struct weft_ticket *ticket, const struct weft_ticket_job *job,
		      struct weft_err *err);

/* The run that node INDEX of the job is in, with *FIRST the first node of it; NULL when there is no such
 * node. */
const struct weft_ticket_run *weft_ticket_node(const struct weft_ticket *ticket, unsigned index,
					       unsigned *first);

/* Cards and nodes of a group. */
uint64_t weft_ticket_group_cards(const struct weft_ticket *ticket, unsigned group);
unsigned weft_ticket_group_nodes(const struct weft_ticket *ticket, unsigned group);

/* CARDS of GRES ("gpu:h100"), whose model is MODEL (NULL: not known), as another site is asked for them:
 * by --accel where Weft runs ("8:h100-sxm5-80gb"), else as gres ("gpu:h100:8").  -1: it does not fit. */
int weft_ticket_cards_text(const char *gres, const char *model, uint64_t cards, bool accel, char *buf,
			   size_t size);

/* A group's share of the job's total speed, 0 to 1; of a job with one group 1.  NAN when a rate is unknown.
 */
double weft_ticket_weight(const struct weft_ticket *ticket, unsigned group);

/* The groups' shares of TOTAL pieces of work, by weight and in whole numbers (weft_share()), in the order of
 * the groups: "25,7".  TOTAL is 1 to WEFT_SHARE_MAX.  malloc()ed; NULL with ERR, also when a speed is not
 * known. */
char *weft_ticket_shares(const struct weft_ticket *ticket, unsigned total, bool least_one,
			 struct weft_err *err);

/* "0-3,7" of bits 0, 1, 2, 3 and 7; "" of none.  Returns BUF. */
#define WEFT_DEVICES_SIZE 192
char *weft_devices_text(uint64_t devices, char buf[WEFT_DEVICES_SIZE]);

#endif
