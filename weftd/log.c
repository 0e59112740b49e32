/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.c - what weftd has to say.
 */
#include "weftd/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE 2048

static bool use_syslog;
static enum weft_log_level most = WEFT_LOG_INFO;

void weft_log_open(bool to_syslog, enum weft_log_level level)
{
	use_syslog = to_syslog;
	most = level;
	if (to_syslog)
		openlog("weftd", LOG_PID, LOG_DAEMON);
}

static const char *const names[] = { "error: ", "", "debug: " };

/* One write, so that the lines of several threads do not mix. */
static void to_stderr(enum weft_log_level level, const char *text)
{
	char line[LINE + 64], when[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	int n;

	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(line, sizeof(line), "[%s] %s%s\n", when, names[level], text);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* there is nowhere to say it */
}

void weft_log(enum weft_log_level level, const char *fmt, ...)
{
	static const int priorities[] = { LOG_ERR, LOG_INFO, LOG_DEBUG };
	char text[LINE];
	va_list ap;

	if (level > most)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *s = text; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	}
	if (use_syslog)
		syslog(priorities[level], "%s%s", names[level], text);
	else
		to_stderr(level, text);
}
