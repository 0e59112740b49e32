/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalogue_private.h - what catalogue.c and catalogue_json.c share.
 */
#ifndef WEFT_CATALOGUE_PRIVATE_H
#define WEFT_CATALOGUE_PRIVATE_H

#include "core/catalogue.h"
#include "core/index.h"

struct weft_catalogue {
	struct weft_vendor **vendors; /* arrays of pointers: what is handed out must not move */
	size_t n_vendors;
	struct weft_fabric **fabrics;
	size_t n_fabrics;
	struct weft_model **models;   /* those of the files, then the families */
	size_t n_models;              /* without the families */
	size_t n_all;
	struct weft_index vendor_names; /* names and aliases -> struct weft_vendor */
	struct weft_index model_names;  /* models and families -> struct weft_model */
	struct weft_index types;        /* listed gres types -> struct weft_model, families not */
};

/* Append one of this NAME, everything else empty or unknown.  NULL when out of memory.  No model may be added
 * while there are families. */
struct weft_fabric *weft_catalogue_add_fabric(struct weft_catalogue *cat, const char *name);
struct weft_vendor *weft_catalogue_add_vendor(struct weft_catalogue *cat, const char *name);
struct weft_model *weft_catalogue_add_model(struct weft_catalogue *cat, const char *name);

/* Back to the models of the files, so that more may be added.  -1 when out of memory. */
int weft_catalogue_drop_families(struct weft_catalogue *cat);

/* Make the indexes (and the families) anew.  -1 with ERR when a name means two things; FILE is the file that
 * was read last. */
int weft_catalogue_index_vendors(struct weft_catalogue *cat, const char *file, struct weft_err *err);
int weft_catalogue_index_models(struct weft_catalogue *cat, const char *file, struct weft_err *err);

/* Apply the JSON text of FILE to CAT and index it.  On failure CAT is good for nothing but destruction. */
int weft_catalogue_apply(struct weft_catalogue *cat, const char *file, const char *text, size_t len,
			 struct weft_err *err);

#endif
