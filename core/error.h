/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.h - the error text that every fallible core function fills in.
 *
 * Rule for the whole of core/: a function that can fail returns 0, or -1 after it has put one
 * sentence into the caller's struct weft_err.  First error wins: a text that is already set is
 * kept.  A NULL struct weft_err is allowed everywhere and means "do not tell me why".
 */
#ifndef WEFT_ERROR_H
#define WEFT_ERROR_H

#define WEFT_ERR_SIZE 1024 /* bytes, with the final NUL; longer texts are cut */

struct weft_err {
	char text[WEFT_ERR_SIZE]; /* "" while nothing went wrong */
};

#define WEFT_ERR_INIT { "" }

/* Fill ERR (may be NULL) as printf does, unless it already holds a text.  Control characters that came
 * in through an argument are replaced by '?'.  Always returns -1, so that a caller can write
 * "return weft_err (err, ...)". */
int weft_err(struct weft_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
