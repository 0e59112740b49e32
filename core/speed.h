/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speed.h - how fast one card runs a job, relative to another.
 *
 * With a throughput table (measured by the user or the site) the rate of a model is what the table says.
 * Without one it is a roofline: min(peak, bandwidth x intensity), where peak is the dense bf16 figure, else
 * fp16, tf32, fp32, and intensity is FLOP per byte of memory traffic (RooflineIntensity in weft.conf).
 * Rates of n cards add up: n x the rate of one.
 */
#ifndef WEFT_SPEED_H
#define WEFT_SPEED_H

#include <stddef.h>

#include "core/catalogue.h"
#include "core/error.h"

#define WEFT_ROOFLINE_INTENSITY 200.0 /* FLOP per byte; default of RooflineIntensity */
#define WEFT_APP_MAX_BYTES 4096       /* longest table, inline form */
#define WEFT_APP_MAX_FILE_BYTES 65536 /* longest file; comments take room */
#define WEFT_APP_MAX_ROWS 64

struct weft_app_row {
	char model[WEFT_NAME_MAX + 1]; /* model, family or gres type; lower case */
	double rate;                   /* throughput of one card, any unit, > 0 */
};

/* A throughput table. */
struct weft_app {
	char *name; /* NULL for a user's own table */
	struct weft_app_row *rows;
	size_t n_rows;
};

/* The inline form: "h100=1,a100=0.46".  NAME may be NULL and is copied.  Fills APP, which weft_app_clear()
 * empties; -1 with ERR on bad text, duplicate models, or a rate that is not a positive finite number. */
int weft_app_parse(struct weft_app *app, const char *name, const char *text, struct weft_err *err);

/* The file form: one "MODEL RATE" per line, '#' starts a comment.  FILE is used in messages.  TEXT need not
 * be NUL-terminated. */
int weft_app_parse_file(struct weft_app *app, const char *file, const char *text, size_t len,
			struct weft_err *err);
char *weft_app_canonical(const struct weft_app *app); /* the inline form; malloc()ed */
void weft_app_clear(struct weft_app *app);

/* Rate of one card of MODEL; NAN when unknown.  APP may be NULL.  TYPE is the gres type as configured (may be
 * NULL): a table may name it.  MODEL may be NULL (a type that the catalogue does not know).
 * A table that lists some models and not this one: NAN, for its unit is not the roofline's. */
double weft_speed_rate(const struct weft_model *model, const char *type, const struct weft_app *app,
		       double intensity);

#endif
