/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalogue.h - what is publicly known of accelerator vendors and device models.
 *
 * A catalogue is loaded once from JSON (the project's own file, then the site's, which overrides and
 * adds) and never changes afterwards; the pointers it hands out live as long as it does.  It is safe to
 * read from several threads.
 *
 * A figure is a range.  Of one model it is mostly a point (lo == hi), or unknown (NAN).  Of a family ("h100",
 * which some sites use as a gres type for any variant) it spans the variants that publish it.  A test
 * against a figure is true only when it is true for the whole range, and never for an unknown one.
 *
 * All figures are of one device as the system shows it and Slurm counts it: of one die where a card is two.
 */
#ifndef WEFT_CATALOGUE_H
#define WEFT_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define WEFT_CATALOGUE_MAX_BYTES (4u * 1024 * 1024) /* a larger file is refused unread */
#define WEFT_CATALOGUE_MAX_MODELS 10000
#define WEFT_CATALOGUE_MAX_FABRICS 64
#define WEFT_NAME_MAX 64                            /* longest vendor, model or gres name, without NUL */

/* Number formats of peak dense compute. */
enum weft_dtype {
	WEFT_FP64, WEFT_FP32, WEFT_TF32, WEFT_BF16, WEFT_FP16, WEFT_FP8, WEFT_INT8, WEFT_DTYPES
};

struct weft_figure {
	double lo, hi; /* both NAN: unknown */
};

/* A communication library that joins cards of several vendors. */
struct weft_fabric {
	char *name;  /* "flagcx": lower case, unique */
	char *title; /* "FlagCX" */
	bool host;   /* data go through the memory of the hosts, which is slow */
};

struct weft_vendor {
	char *name;            /* "nvidia": lower case, unique */
	char *title;           /* "NVIDIA" */
	char **aliases;        /* other names a user may write ("huawei" for ascend); NULL-terminated */
	char **visible_env;    /* process-level visibility variables, the main one first; NULL-terminated */
	char **other_env;      /* others that Weft never sets, only unsets (devenv.h); NULL-terminated */
	char *container_env;   /* what its container runtime reads, which Weft leaves alone; NULL: unknown */
	char **gres_names;     /* gres names seen for its cards: "gpu", "npu"; NULL-terminated */
	char **device_nodes;   /* '#' stands for a number: "/dev/nvidia#"; NULL-terminated */
	char **pci_vendors;    /* four hex digits each; NULL-terminated */
	char **pci_classes;    /* of its accelerators: "12" (all of it) or "0302"; none: the usual ones (pci.h) */
	char **pci_other;      /* PCI ids of such a class that are something else; NULL-terminated */
	char *tool;            /* "nvidia-smi"; NULL: unknown */
	char *library;         /* management library; NULL: unknown */
	char *collectives;     /* "NCCL"; NULL: unknown */
	char *backend;         /* torch.distributed backend name; NULL: unknown */
	char **fabrics;        /* names of the fabrics that join it with other vendors; NULL-terminated */
	char *fabric_gap;      /* why there are not more of them, a clause; NULL: nothing to say */
};

struct weft_model {
	const struct weft_vendor *vendor;
	char *name;               /* "h100-sxm5-80gb": lower case, unique */
	char *title;              /* "H100 SXM5 80GB" */
	char *family;             /* "h100"; NULL: none */
	bool is_family;           /* a synthetic entry that stands for all variants of a family */
	char **gres_types;        /* spellings seen as gres types; NULL-terminated */
	char **pci_ids;           /* "10de:2330", or with the board's "10de:25b6/10de:157e"; NULL-terminated */
	unsigned devices_per_card; /* dies that the system shows as separate devices; 1 when not stated */
	struct weft_figure mem;   /* GiB as the vendor writes it (GB or GiB); higher is better */
	struct weft_figure bw;    /* memory bandwidth, GB/s; higher is better */
	struct weft_figure tflops[WEFT_DTYPES]; /* peak dense, TFLOPS (TOPS for int8); higher is better */
	struct weft_figure tdp;   /* W */
	struct weft_figure idle;  /* W, observed, not a specification */
	struct weft_figure link;  /* intra-node link, GB/s, both directions added */
	char *link_name;          /* "NVLink 4"; NULL: unknown */
};

struct weft_catalogue;

/* Load PATH, then (when not NULL) SITE_PATH on top of it: an object with a known name overrides just the
 * keys it gives, an unknown name adds one.  Returns the catalogue (weft_catalogue_destroy() frees it), or
 * NULL with ERR naming the file, and where it can, the entry and key.  Reads files: never call it under a
 * Slurm lock. */
struct weft_catalogue *weft_catalogue_load(const char *path, const char *site_path, struct weft_err *err);

/* As weft_catalogue_load(), from texts in memory; the names are used in messages.  SITE may be NULL. */
struct weft_catalogue *weft_catalogue_parse(const char *name, const char *text, size_t len,
					    const char *site_name, const char *site, size_t site_len,
					    struct weft_err *err);

/* What the nodes of a job with cards of the N MODELS (NULL: an unknown one) need of CAT, as a text of one line for
 * weft_catalogue_parse(): the models with their PCI ids, what is known of their vendors' cards and environment,
 * and the other vendors' variables.  malloc()ed; NULL when out of memory. */
char *weft_catalogue_excerpt(const struct weft_catalogue *cat, const struct weft_model *const *models,
			     size_t n);

/* NULL is allowed. */
void weft_catalogue_destroy(struct weft_catalogue *cat);

size_t weft_catalogue_vendors(const struct weft_catalogue *cat);
const struct weft_vendor *weft_catalogue_vendor(const struct weft_catalogue *cat, size_t i);
size_t weft_catalogue_models(const struct weft_catalogue *cat); /* families included, after the models */
const struct weft_model *weft_catalogue_model(const struct weft_catalogue *cat, size_t i);

/* In the order of the file: where several would do, the first is meant. */
size_t weft_catalogue_fabrics(const struct weft_catalogue *cat);
const struct weft_fabric *weft_catalogue_fabric(const struct weft_catalogue *cat, size_t i);

/* By name, case ignored, '_' and '-' alike.  NULL when there is none. */
const struct weft_fabric *weft_catalogue_find_fabric(const struct weft_catalogue *cat, const char *name);

/* True when FABRIC joins VENDOR with others. */
bool weft_vendor_has_fabric(const struct weft_vendor *vendor, const struct weft_fabric *fabric);

/* By name or alias, case ignored.  NULL when there is none. */
const struct weft_vendor *weft_catalogue_find_vendor(const struct weft_catalogue *cat, const char *name);

/* The model or family of this name, case ignored, '_' and '-' alike.  NULL when there is none. */
const struct weft_model *weft_catalogue_find_model(const struct weft_catalogue *cat, const char *name);

/* The model a gres type spelling stands for: a listed spelling of exactly one model, a model's name, or
 * (when several variants share the spelling) the family.  NULL when unknown.  TYPE may be NULL (unknown). */
const struct weft_model *weft_catalogue_find_type(const struct weft_catalogue *cat, const char *type);

/* True when MODEL is NAMED itself or a variant of the family NAMED. */
bool weft_model_is(const struct weft_model *model, const struct weft_model *named);

/* The known vendor or model name nearest to NAME (a few typing mistakes away), or NULL. */
const char *weft_catalogue_nearest(const struct weft_catalogue *cat, const char *name);

/* "bf16" and so on; case ignored.  -1 when unknown. */
int weft_dtype_parse(const char *name);
const char *weft_dtype_name(enum weft_dtype type);

static inline bool weft_figure_known(struct weft_figure f)
{
	return f.lo == f.lo;
}

#endif
