/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_sites.h - the commands "weft sites" and "weft job".
 */
#ifndef WEFT_SITES_TOOL_H
#define WEFT_SITES_TOOL_H

/* ARGV[0] is the command.  Print, and return the exit status. */
int weft_sites(int argc, char **argv);
int weft_job(int argc, char **argv);

#endif
