/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * moment.c - times for people.
 */
#include "tools/moment.h"

#include <stdio.h>
#include <stdlib.h>

/* "45 s", "12 minutes", "5 hours", "3 days" */
const char *age_text(time_t seconds, char buf[MOMENT_SIZE])
{
	if (seconds < 120)
		snprintf(buf, MOMENT_SIZE, "%lld s", (long long)seconds);
	else if (seconds < 2 * 3600)
		snprintf(buf, MOMENT_SIZE, "%lld minutes", (long long)seconds / 60);
	else if (seconds < 2 * 86400)
		snprintf(buf, MOMENT_SIZE, "%lld hours", (long long)seconds / 3600);
	else
		snprintf(buf, MOMENT_SIZE, "%lld days", (long long)seconds / 86400);
	return buf;
}

/* WHEN in local time: "14:05" of the day of NOW, else "02 Mar 14:05" or "2027-03-02"; 0 is "-". */
const char *moment(time_t when, time_t now, char buf[MOMENT_SIZE])
{
	struct tm tm, today;
	const char *format = "%Y-%m-%d";

	snprintf(buf, MOMENT_SIZE, "-");
	if (when == 0 || !localtime_r(&when, &tm) || !localtime_r(&now, &today))
		return buf;
	if (tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday)
		format = "%H:%M";
	else if (llabs((long long)(when - now)) < 300ll * 86400)
		format = "%d %b %H:%M";
	strftime(buf, MOMENT_SIZE, format, &tm);
	return buf;
}
