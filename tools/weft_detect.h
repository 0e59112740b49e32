/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_detect.h - the command "weft detect".
 */
#ifndef WEFT_DETECT_H
#define WEFT_DETECT_H

/* Its exit status, besides those of command.h, when there is no accelerator. */
enum { DETECT_NONE = 3 };

/*
 * With the catalogue CATALOGUE and the site's own on top of it, SITE or NULL.  ARGV[0] is "detect".  Prints,
 * and returns the exit status.
 */
int weft_detect(const char *catalogue, const char *site, int argc, char **argv);

#endif
