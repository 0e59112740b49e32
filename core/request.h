/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.h - the request language of --accel.  doc/request.md has the grammar.
 *
 * Parsing needs no catalogue: whether a name is known is asked later (weft_request_check()), so that
 * sbatch on a login node and slurmctld share one parser.  Columns in messages count characters from 1.
 */
#ifndef WEFT_REQUEST_H
#define WEFT_REQUEST_H

#include "core/catalogue.h"
#include "core/error.h"

#define WEFT_REQUEST_MAX_BYTES 4096   /* longest text of a request */
#define WEFT_REQUEST_MAX_ALTS 16      /* alternatives of one request */
#define WEFT_REQUEST_MAX_NAMES 32     /* names of one alternative's set */
#define WEFT_REQUEST_MAX_PREDICATES 16
#define WEFT_REQUEST_MAX_DEVICES 1000000u
#define WEFT_REQUEST_MAX_NODES 100000u

enum weft_field { /* what a predicate tests; a dtype field is WEFT_FIELD_TFLOPS + enum weft_dtype */
	WEFT_FIELD_MEM, /* GiB */
	WEFT_FIELD_BW,  /* GB/s */
	WEFT_FIELD_TDP, /* W */
	WEFT_FIELD_TFLOPS
};

enum weft_op { WEFT_GE, WEFT_GT, WEFT_LE, WEFT_LT, WEFT_EQ };

struct weft_predicate {
	unsigned field;  /* enum weft_field, plus the dtype for TFLOPS */
	enum weft_op op;
	double value;    /* in the field's unit: GiB, GB/s, W, TFLOPS */
	unsigned column;
};

enum weft_mix_kind { /* mix=: may one job's cards differ? */
	WEFT_MIX_NONE,    /* no: all of one class */
	WEFT_MIX_MODELS,  /* two or more models of one vendor */
	WEFT_MIX_VENDORS  /* two or more vendors */
};

enum weft_split_kind { /* split=: how many cards of each class */
	WEFT_SPLIT_WEIGHTED, /* as they make the fastest job */
	WEFT_SPLIT_EVEN      /* equally many, as far as units allow */
};

struct weft_name {
	char text[WEFT_NAME_MAX + 1]; /* lower case */
	unsigned column;
};

struct weft_alternative {
	unsigned devices;          /* how many cards; 0 when COMPUTE gives the amount */
	double compute;            /* TFLOPS in total; 0 when DEVICES gives the amount */
	enum weft_dtype dtype;     /* of COMPUTE */
	struct weft_name *names;   /* vendors, models, gres types or gres names; any of them will do */
	size_t n_names;            /* 0: any card */
	struct weft_predicate *predicates; /* by field, operator and value; equal ones once */
	size_t n_predicates;
	unsigned per_node;         /* cards on each node; 0: Weft packs */
	unsigned min_nodes, max_nodes; /* 0: Weft packs */
	unsigned column;           /* where it starts */
	/* A mix (mix.h) has DEVICES and none of COMPUTE, PER_NODE, MIN_NODES and MAX_NODES. */
	enum weft_mix_kind mix;
	enum weft_split_kind split;
	unsigned unit;                     /* cards of a class are a multiple of it; 0: as many as its nodes have */
	struct weft_name fabric;           /* what is to join them, lower case; text "": Weft chooses */
};

struct weft_request {
	struct weft_alternative *alts; /* in the order the user listed them */
	size_t n_alts;                 /* at least 1 */
};

/* Parse TEXT.  Returns a request that weft_request_destroy() frees, or NULL with ERR.  TEXT must not be
 * NULL; it may hold anything. */
struct weft_request *weft_request_parse(const char *text, struct weft_err *err);
void weft_request_destroy(struct weft_request *req); /* NULL is allowed */

/* The canonical form: lower case, no white space, SI units, fixed order of items; parsing it gives the same
 * request again.  malloc()ed, the caller frees it; NULL when out of memory. */
char *weft_request_canonical(const struct weft_request *req);
char *weft_alternative_canonical(const struct weft_alternative *alt);

/* The predicates alone, as a user would write them ("mem>=64G,bw>=2T"), for messages.  malloc()ed. */
char *weft_predicates_text(const struct weft_alternative *alt);

/* "1.5T", "64G" ...: VALUE of FIELD as it is written in a request.  Writes into BUF, returns BUF. */
const char *weft_quantity_text(unsigned field, double value, char *buf, size_t size);
const char *weft_field_name(unsigned field); /* "mem", "bw", "tdp", "bf16" ... */
const char *weft_mix_kind_name(enum weft_mix_kind kind); /* "models", "vendors"; NULL for none */

/* Is every name a vendor, model or family of CAT, or one of the cluster's own words (gres names and gres
 * types; NULL-terminated, may be NULL), and every fabric= one of CAT's?  Otherwise -1 and
 *   unknown model "h10" at column 3; did you mean h100? */
int weft_request_check(const struct weft_request *req, const struct weft_catalogue *cat,
		       char *const *words, struct weft_err *err);

/* Do the predicates of ALT contradict each other (mem>=80G,mem<40G), or its numbers (8 cards on 16 nodes, 64
 * cards in units of 12)?  -1 and which two. */
int weft_alternative_consistent(const struct weft_alternative *alt, struct weft_err *err);

/* The figure of MODEL that FIELD speaks of. */
struct weft_figure weft_model_figure(const struct weft_model *model, unsigned field);

/* True when MODEL certainly meets the predicate: for the whole range of a known figure. */
bool weft_predicate_holds(const struct weft_predicate *p, const struct weft_model *model);

#endif
