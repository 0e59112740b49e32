/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_ask.h - the commands that slurmctld answers: "weft classes", "nodes", "why", "quote".
 */
#ifndef WEFT_ASK_H
#define WEFT_ASK_H

#include <json-c/json.h>

/* ARGV[0] is the command.  Print, and return the exit status. */
int weft_ask(int argc, char **argv);

/* The answer to "job N". */
void show_local_job(json_object *job);

#endif
