/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * moment.h - times for people.
 */
#ifndef WEFT_MOMENT_H
#define WEFT_MOMENT_H

#include <time.h>

#define MOMENT_SIZE 32

/* "45 s", "12 minutes", "5 hours", "3 days".  Returns BUF. */
const char *age_text(time_t seconds, char buf[MOMENT_SIZE]);

/* WHEN in local time: "14:05" of the day of NOW, else "02 Mar 14:05" or "2027-03-02"; 0 is "-".  Returns BUF. */
const char *moment(time_t when, time_t now, char buf[MOMENT_SIZE]);

#endif
