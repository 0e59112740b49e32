/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_ledger.h - the command "weft ledger".
 */
#ifndef WEFT_LEDGER_TOOL_H
#define WEFT_LEDGER_TOOL_H

/* ARGV[0] is the command.  Print, and return the exit status: 0; 1 when it could not be done, or statements
 * differ; 2 for wrong usage. */
int weft_ledger_command(int argc, char **argv);

#endif
