/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_report.h - the commands "weft report" and "weft metrics".
 */
#ifndef WEFT_REPORT_COMMAND_H
#define WEFT_REPORT_COMMAND_H

/* ARGV[0] is "report", or "metrics"; CATALOGUE and SITE (NULL: that of weft.conf) are files.  Print, and
 * return the exit status. */
int weft_report(const char *catalogue, const char *site, int argc, char **argv);
int weft_metrics(const char *catalogue, const char *site, int argc, char **argv);

#endif
