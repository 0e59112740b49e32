/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf.h - weft.conf: Key=Value lines in Slurm's style, next to slurm.conf.  doc/weft.conf.md lists the keys.
 */
#ifndef WEFT_CONF_H
#define WEFT_CONF_H

#include <stddef.h>

#include "core/error.h"
#include "core/speed.h"

#define WEFT_CONF_MAX_BYTES (1024u * 1024)
#define WEFT_CONF_MAX_LINE 8192      /* bytes of one line, those that a backslash joins to it included */
#define WEFT_CONF_MAX_CLASSES 4096
#define WEFT_CONF_MAX_APPS 1024
#define WEFT_CONF_MAX_INTENSITY 1e5  /* FLOP per byte */

enum weft_policy { WEFT_SOON, WEFT_LISTED, WEFT_FAST };

/* Index=: does slurmctld keep an index of free devices, and ask cons_tres about the nodes only that can
 * matter?  "check" does it both ways and logs each difference, for tests. */
enum weft_index_mode { WEFT_INDEX_ON, WEFT_INDEX_OFF, WEFT_INDEX_CHECK };

/* Class=gpu:a100 Model=a100-sxm4-80gb : what a gres name and type mean on this site. */
struct weft_conf_class {
	char *gres;  /* "gpu:a100", or "gpu" for cards without a type */
	char *model; /* name in the catalogue */
	unsigned line;
};

struct weft_conf {
	char *path;             /* file it came from; NULL: built-in defaults */
	char *catalogue;        /* Catalogue=: site catalogue; NULL: none */
	enum weft_policy policy; /* DefaultPolicy=soon|listed|fast */
	double intensity;       /* RooflineIntensity=: FLOP per byte, see speed.h */
	enum weft_index_mode index; /* Index=yes|no|check */
	struct weft_conf_class *classes;
	size_t n_classes;
	struct weft_app *apps;  /* App=NAME Table=h100=1,a100=0.46 */
	size_t n_apps;
};

/* Read PATH; a missing file gives the defaults when MISSING_OK.  Returns what weft_conf_destroy() frees, or
 * NULL with ERR "weft.conf:12: Catalouge: unknown key; did you mean Catalogue?".  Reads a file: not under a
 * Slurm lock. */
struct weft_conf *weft_conf_load(const char *path, int missing_ok, struct weft_err *err);
struct weft_conf *weft_conf_parse(const char *path, const char *text, size_t len, struct weft_err *err);
void weft_conf_destroy(struct weft_conf *conf); /* NULL is allowed */

/* The throughput table of this name, case ignored, '_' and '-' alike; NULL when there is none. */
const struct weft_app *weft_conf_find_app(const struct weft_conf *conf, const char *name);

int weft_policy_parse(const char *name); /* -1: unknown */
const char *weft_policy_name(enum weft_policy policy);

/* An --accel-policy value: POLICY[,scale-time], in any order.  *POLICY keeps its value when TEXT names none;
 * *SCALE_TIME becomes 0 or 1.  Returns 0, or -1 with ERR naming the nearest word and both unchanged. */
int weft_policy_option(const char *text, enum weft_policy *policy, int *scale_time, struct weft_err *err);

#endif
