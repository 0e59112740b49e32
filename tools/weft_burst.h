/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_burst.h - "weft burst replay": the decisions of BurstLog=, made again.
 */
#ifndef WEFT_TOOLS_WEFT_BURST_H
#define WEFT_TOOLS_WEFT_BURST_H

/* ARGV[0] is "burst".  An exit status: 0 each comes out as it did, 1 not, 2 wrong usage. */
int weft_burst_command(int argc, char **argv);

#endif
