/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slurmctld.h - ask slurmctld through scontrol, which burst_buffer/weft answers in JSON (doc/bbstat.md).
 *
 * A command of Slurm's rather than its library: one "weft" serves every release.
 */
#ifndef WEFT_SLURMCTLD_H
#define WEFT_SLURMCTLD_H

#include <json-c/json.h>

#include "core/error.h"

#define SLURMCTLD_WORDS 6

/* The answer to "scontrol show bbstat json WORDS...", NULL-terminated, SLURMCTLD_WORDS at most; for
 * json_object_put().  NULL with ERR.  Waits some seconds at most. */
json_object *slurmctld_ask(const char *const *words, struct weft_err *err);

/* What is under KEY: a text, "" for what is none; a whole number, -1; any number, NAN; a list's length, 0. */
const char *text_under(json_object *o, const char *key);
int64_t whole_under(json_object *o, const char *key);
double number_under(json_object *o, const char *key);
json_object *list_under(json_object *o, const char *key, size_t *n);

#endif
