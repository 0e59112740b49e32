/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.h - what the readers of requests, weft.conf and throughput tables have in common: names, numbers and
 * citations in messages.  None of it depends on the locale of the process.
 */
#ifndef WEFT_SCAN_H
#define WEFT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define WEFT_NUMBER_MAX 64  /* longest number that is read, in characters */
#define WEFT_WATTS_MAX 1e12 /* W */
#define WEFT_NUMBER_SIZE 32 /* bytes that any text of weft_number_text() fits in */

/* A piece of a user's text, cut to a length that fits a message. */
struct weft_snip {
	char text[48];
};

/* The first LEN bytes of TEXT, or as many as fit and "...". */
struct weft_snip weft_snip(const char *text, size_t len);

/* Space, tab, carriage return or newline. */
bool weft_is_space(char c);

/* How many of the first LEN bytes of TEXT could be part of a name: letters, digits, '-', '_', '.', '+'. */
size_t weft_scan_name(const char *text, size_t len);

/* Is it a name: 1 to WEFT_NAME_MAX of these characters, the first of them a letter or a digit? */
bool weft_is_name(const char *text, size_t len);

/* Copy the LEN bytes of TEXT to OUT in lower case and end them with NUL.  OUT has LEN + 1 bytes. */
void weft_copy_lower(char *out, const char *text, size_t len);

/* Equal names: case ignored, '_' and '-' alike.  Either may be NULL, which equals nothing. */
bool weft_name_equal(const char *a, const char *b);

/* How many of the first LEN bytes of TEXT are a number without a sign (12, 1.5, .5, 3e8); 0 when there is
 * none. */
size_t weft_scan_number(const char *text, size_t len);

/* The value of such a number of LEN characters, times 10 to the power of EXP10, correctly rounded ("3.35"
 * with 3 is exactly 3350).  HUGE_VAL when too large, NAN when LEN is 0 or above WEFT_NUMBER_MAX. */
double weft_number_value(const char *text, size_t len, int exp10);

/* A power of LEN characters in W: 400000, 400k, 1.2M, 400kW; case ignored.  NAN when it is none, or above
 * WEFT_WATTS_MAX. */
double weft_watts_value(const char *text, size_t len);

/* The shortest text that gives VALUE (finite) when it is read with EXP10 and then multiplied by 2 to the
 * power of EXP2.  Returns BUF, or NULL when no text of 17 digits does. */
const char *weft_number_text(double value, int exp10, int exp2, char buf[WEFT_NUMBER_SIZE]);

#endif
