/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - what weftd has to say, to standard error or to syslog.  Any number of threads.
 */
#ifndef WEFTD_LOG_H
#define WEFTD_LOG_H

#include <stdbool.h>

enum weft_log_level { WEFT_LOG_ERROR, WEFT_LOG_INFO, WEFT_LOG_DEBUG };

/* Before the first line; until then errors and info go to standard error. */
void weft_log_open(bool to_syslog, enum weft_log_level level);

/* One line; control characters become '?'. */
void weft_log(enum weft_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
