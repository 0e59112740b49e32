/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_power.h - the command "weft power".
 */
#ifndef WEFT_POWER_H
#define WEFT_POWER_H

/* ARGV[0] is "power".  Prints, and returns the exit status. */
int weft_power(int argc, char **argv);

#endif
