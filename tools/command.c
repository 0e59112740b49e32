/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.c - how the commands of weft end.
 */
#include "tools/command.h"

#include <stdio.h>

int complain(const char *who, const struct weft_err *err)
{
	fprintf(stderr, "%s: %s\n", who, err->text);
	return STATUS_NO;
}

int usage_error(const char *who, const char *usage, const char *what)
{
	if (what)
		fprintf(stderr, "%s: %s\n", who, what);
	fputs(usage, stderr);
	return STATUS_USAGE;
}

int other_option(int c, const char *who, const char *usage)
{
	if (c != 'h')
		return usage_error(who, usage, NULL);
	fputs(usage, stdout);
	return STATUS_OK;
}
