/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wordless.c - asks what "scontrol show bbstat" asks, with words that are not there: scontrol cannot.
 *
 *	wordless WORD...        a WORD "-" is none; prints the answer
 *
 * It speaks Slurm's protocol by Slurm's own library, and needs SLURM_CONF and munge.
 */
#include "config.h"

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char *answer = NULL;

	slurm_init(NULL);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-"))
			argv[i] = NULL;
	}
	if (slurm_load_burst_buffer_stat(argc - 1, argv + 1, &answer)) {
		slurm_perror("wordless");
		return 1;
	}
	fputs(answer ? answer : "no answer\n", stdout);
	return 0;
}
