/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child.h - work in a process of its own: what it writes is bounded, and so is its time.
 */
#ifndef WEFT_CHILD_H
#define WEFT_CHILD_H

#include <stdatomic.h>
#include <stddef.h>

#include "core/error.h"

/* Fork, and call WORK with a file descriptor to write to and ARG; the child exits with what WORK returns.
 * Standard input, output and error of the child are /dev/null.  Waits SECONDS at most, and kills the child
 * and its process group then, or when it writes more than MAX bytes.  Returns what it wrote, *LEN bytes and a
 * NUL; malloc()ed.  NULL with ERR ("WHAT: no answer within 5 s") when that failed or the exit status was not
 * 0.  For commands, not for daemons with threads. */
char *weft_child_call(const char *what, int (*work)(int fd, void *arg), void *arg, unsigned seconds,
		      size_t max, size_t *len, struct weft_err *err);

/* The standard output of a program: ARGV as for execv(), but a name without '/' is looked for in the absolute
 * directories of PATH and then in DIRS (absolute; NULL-terminated; may be NULL).  The program's locale is C.
 * As weft_child_call() otherwise; *FOUND is 0 when there is no such program, and then ERR is left alone. */
char *weft_child_run(char *const *argv, const char *const *dirs, unsigned seconds, size_t max, size_t *len,
		     int *found, struct weft_err *err);

/* Where the program NAME is, which is looked for as above: PATH, of SIZE bytes.  -1: nowhere. */
int weft_child_find(char *path, size_t size, const char *name, const char *const *dirs);

/* What the program ARGV[0], a path, says on standard output and on standard error, in one; *STATUS is its
 * exit status, any of which is fine.  ENV is its environment.  No signal is blocked there, and it has no
 * other file of ours.  As weft_child_call() otherwise, but it is killed when STOP (NULL: never) is set, too;
 * and for daemons with threads. */
struct weft_child_limits {
	unsigned seconds;
	size_t max;
	const atomic_bool *stop;
};
char *weft_child_hear(char *const *argv, char *const *env, const struct weft_child_limits *limits,
		      size_t *len, int *status, struct weft_err *err);

/* What is done with the output of weft_child_lines(). */
struct weft_child_reader {
	/* A line of LEN bytes, with a NUL in the place of its line feed; it may be written to.  -1 with ERR:
	 * no more. */
	int (*line)(char *line, size_t len, void *arg, struct weft_err *err);
	void (*tick)(void *arg); /* several times a second, for people who wait; NULL */
	void *arg;
	size_t max; /* bytes of a line */
};

/* As weft_child_run(), but line by line while it runs, however many there are.  -1 with ERR. */
int weft_child_lines(char *const *argv, const char *const *dirs, unsigned seconds,
		     const struct weft_child_reader *reader, int *found, struct weft_err *err);

#endif
