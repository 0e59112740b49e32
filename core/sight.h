/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sight.h - what slurmctld knows at one moment, copied out of its records, and what people may ask of it.
 *
 * The plugin fills a struct weft_sight under Slurm's locks; from then on it is constant and may be read by
 * several threads.  Questions are answered from it alone, with no lock held.
 */
#ifndef WEFT_SIGHT_H
#define WEFT_SIGHT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/site.h"
#include "core/sites.h"

#define WEFT_SIGHT_NONE	     UINT32_MAX
#define WEFT_SIGHT_MAX_TEXT  (256u * 1024) /* bytes of an answer */
#define WEFT_SIGHT_INTERESTS 8
#define WEFT_SIGHT_VERSION   1 /* of answers in JSON */

enum weft_node_state {
	WEFT_NODE_IDLE,
	WEFT_NODE_MIXED,
	WEFT_NODE_ALLOCATED,
	WEFT_NODE_RESERVED, /* for maintenance, or by a reservation */
	WEFT_NODE_DRAINING, /* runs jobs, takes no others */
	WEFT_NODE_DRAINED,
	WEFT_NODE_DOWN,
	WEFT_NODE_STATES
};

struct weft_sight_node {
	const char *name;   /* NULL: there is no such node */
	const char *reason; /* why it is down or drained; NULL: nobody said */
	enum weft_node_state state;
	unsigned cpus, cpus_used;
	uint64_t memory, memory_used; /* MiB */
	size_t first_free;	      /* of its holdings (inventory.h), in weft_sight.free */
};

enum weft_job_state {
	WEFT_JOB_PENDING,
	WEFT_JOB_RUNNING, /* or suspended, or completing: it has nodes */
	WEFT_JOB_ENDED,
};

struct weft_sight_job {
	uint32_t id, array_id,
		array_task;	      /* ARRAY_ID 0: no array; ARRAY_TASK WEFT_SIGHT_NONE: all that is left */
	uint32_t uid, priority, part; /* index of the partition, WEFT_SIGHT_NONE */
	enum weft_job_state state;
	const char *state_name;		  /* "PENDING" */
	time_t submit, begin, start, end; /* 0: not known; END at the latest */
	const char *user, *reason, *desc, *dependency, *comment, *nodes, *tres; /* any may be NULL */
	const char *accel, *policy, *app, *energy, *node_bounds;		/* the request of record */
	time_t window_end;							/* of --energy; 0: none */
	unsigned min_cpus, node_cpus;
	uint64_t memory; /* MiB, for each node or (BY_CPU) processor; 0: not asked */
	bool memory_by_cpu, whole;
	bool reserved;	  /* it runs in a reservation: reserved nodes are its own */
	uint32_t asks[4]; /* classes that its gres ask for; WEFT_SIGHT_NONE: no more */
	uint32_t cards;	  /* that they ask for in all */
	uint32_t seconds; /* its limit; 0: not known */
};

struct weft_sight_part {
	const char *name;
	const char *state;	  /* "UP", "DOWN", "INACTIVE", "DRAIN" */
	const unsigned char *has; /* by node; owned */
};

/* What a job that runs has on one node. */
struct weft_sight_use {
	uint32_t job, node, class_id; /* indexes; CLASS_ID WEFT_SIGHT_NONE: processors and memory */
	unsigned cards, cpus;
	uint64_t memory; /* MiB */
};

/* A job that somebody asked about: the nodes that have what else it asks for. */
struct weft_sight_interest {
	uint32_t id;		 /* 0: none */
	unsigned char *eligible; /* by node; owned; NULL: it does not wait */
};

struct weft_sight_wait { /* for power */
	uint32_t id;
	const char *text; /* "power cap of zone row3: 412 of 400 kW" */
	time_t when;	  /* 0: not known */
	bool never;	  /* not with this cap */
};

struct weft_sight_zone {
	const char *name;
	int64_t base, drawn, cap; /* W; cap WEFT_NO_CAP: none */
};

/* Pieces of text that live as long as the sight. */
struct weft_arena {
	struct weft_arena_block *blocks;
};

/* What weftd knows of other sites, shared by the copies that were made since it was read. */
struct weft_sight_sites {
	struct weft_sites *sites; /* owned */
	atomic_uint holders;
};

struct weft_sight {
	time_t taken;
	unsigned lock_us; /* how long Slurm's locks were held for it */
	const struct weft_view *view;
	bool hide_jobs, hide_nodes; /* PrivateData= */
	uint32_t *operators;	    /* users who may see all */
	size_t n_operators;
	struct weft_sight_node *nodes;
	size_t n_nodes;
	unsigned *free; /* cards, by the nodes' holdings */
	size_t n_free;
	struct weft_sight_job *jobs;
	size_t n_jobs;
	struct weft_sight_part *parts;
	size_t n_parts;
	struct weft_sight_use *uses;
	size_t n_uses, size_uses;
	struct weft_sight_interest interests[WEFT_SIGHT_INTERESTS];
	struct weft_sight_wait *waits;
	size_t n_waits;
	struct weft_sight_zone *zones; /* none: weft.conf says nothing of power */
	size_t n_zones;
	double price, carbon;		/* NAN: not known */
	struct weft_sight_sites *sites; /* NULL: nothing is known */
	struct weft_arena arena;
};

/* A copy of TEXT; NULL for NULL, "" and when out of memory. */
const char *weft_arena_copy(struct weft_arena *arena, const char *text);

/* All zero, for weft_sight_destroy(), which puts its view back, too.  NULL: out of memory. */
struct weft_sight *weft_sight_create(void);
void weft_sight_destroy(struct weft_sight *s); /* NULL is allowed */

/* HELD has one holder less; the last one's going frees it.  NULL is allowed. */
void weft_sight_sites_put(struct weft_sight_sites *held);

/* Add one use; -1: out of memory. */
int weft_sight_use(struct weft_sight *s, const struct weft_sight_use *use);

/* ---- asking (sight_text.c) */

struct weft_asker {
	bool known; /* does the host say who asks? */
	uint32_t uid;
	bool all; /* root or SlurmUser: may see all */
};

/* Is WORD one that weft_sight_answer() knows? */
bool weft_sight_knows(const char *word);

/* The number of the job that the words ask about, by S (NULL: not known) for a task of an array; 0: about none. */
uint32_t weft_sight_asked_job(const struct weft_sight *s, unsigned argc, char *const *argv);

/* The answer to the words, at NOW, for ASKER; S may be NULL: nothing is known yet.  OTHER: the burst buffer
 * plugin underneath ("lua"), for "help"; NULL: none.  malloc()ed, WEFT_SIGHT_MAX_TEXT bytes at most; NULL:
 * out of memory. */
char *weft_sight_answer(const struct weft_sight *s, const struct weft_asker *asker, unsigned argc,
			char *const *argv, const char *other, time_t now);

#endif
