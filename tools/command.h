/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - how the commands of weft end: their exit statuses, and what they say when something is wrong.
 */
#ifndef WEFT_COMMAND_H
#define WEFT_COMMAND_H

#include "core/error.h"

/* "weft detect" has one more. */
enum { STATUS_OK, STATUS_NO, STATUS_USAGE };

/* WHO, below, is what stands before a message on standard error: "weft power". */

/* Say ERR.  Returns STATUS_NO. */
int complain(const char *who, const struct weft_err *err);

/* Say WHAT is wrong with the words of the command (NULL: that was said), then its USAGE.  Returns
 * STATUS_USAGE. */
int usage_error(const char *who, const char *usage, const char *what);

/* What getopt_long() has returned and is no option of the command's own: 'h' shows USAGE, of all else it has
 * said what is wrong.  Returns STATUS_OK or STATUS_USAGE. */
int other_option(int c, const char *who, const char *usage);

#endif
