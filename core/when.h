/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * when.h - moments and lengths of time as people and files write them.
 */
#ifndef WEFT_WHEN_H
#define WEFT_WHEN_H

#include <stddef.h>
#include <time.h>

#define WEFT_WHEN_SIZE 32 /* bytes that any text of weft_when_text() fits in */

/* ISO 8601, in the years 1970 to 2199: 2025-03-01T08:00, 2025-03-01 08:00:30, with Z, +08, +08:00 or +0800
 * behind it or else local time.  Fractions of a second are dropped.  -1 when the LEN bytes of TEXT are
 * anything else. */
int weft_when_parse(const char *text, size_t len, time_t *when);

/* "2025-03-01T00:00:00Z".  Returns BUF. */
const char *weft_when_text(time_t when, char buf[WEFT_WHEN_SIZE]);

/* A length as Slurm writes times: M, M:S, H:M:S, D-H, D-H:M or D-H:M:S; or 2d, 12h, 90m, 30s.  -1 when the
 * LEN bytes of TEXT are anything else; a length beyond UINT_MAX s is given as UINT_MAX. */
int weft_length_parse(const char *text, size_t len, unsigned *seconds);

#endif
