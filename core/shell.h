/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shell.h - words for /bin/sh: quoted, and put into the commands of weft.conf.
 */
#ifndef WEFT_SHELL_H
#define WEFT_SHELL_H

#include <stddef.h>

#include "core/error.h"

#define WEFT_SHELL_MAX                                                                                       \
	(128u * 1024) /* bytes of a command that has been filled in: Linux takes no longer argument */

/* What may stand behind '%' in StageIn= and StageOut=: the remote user, the directory of the job at home, the one
 * at the peer, the run's key, the job's number, the peer's name; and in Fetch= besides: the file at the peer, how
 * many bytes of it are at home, and the number of the first that is not, counted from 1. */
#define WEFT_STAGE_LETTERS "usdkjp"
#define WEFT_FETCH_LETTERS WEFT_STAGE_LETTERS "fon"

/* TEXT as one word that the shell leaves as it is, whatever is in it: "it's" becomes 'it'\''s'.  malloc()ed;
 * NULL: out of memory. */
char *weft_shell_quote(const char *text);

/* What a letter behind '%' stands for. */
struct weft_shell_pattern {
	char letter;
	const char *value; /* NULL: there is none in this place */
};

/* COMMAND with each %LETTER replaced by its value as one quoted word, and %% by %.  Inside '...' and "..." of
 * COMMAND a value stays one piece of that string: the quotes are closed for it and opened again.  Inside `...`,
 * and after a $( in "...", it is an error.  PATTERNS ends with the letter 0.  malloc()ed; NULL with ERR ("WHAT:
 * %x: ..."). */
char *weft_shell_fill(const char *what, const char *command, const struct weft_shell_pattern *patterns,
		      struct weft_err *err);

/* May weft.conf have COMMAND?  Each of its letters is one of LETTERS, and its quotes are closed.  0, or -1
 * with ERR. */
int weft_shell_check(const char *what, const char *command, const char *letters, struct weft_err *err);

#endif
