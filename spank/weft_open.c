/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_open.c - whose seal counts.
 */
#include "spank/weft_open.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/compat/seal.h"
#include "plugin/compat/stepd.h"

struct weft_ticket *weft_open_ticket(const char *sealed, struct weft_err *err)
{
	struct weft_ticket *ticket = NULL;
	char *socket, *text;
	size_t len;
	uid_t uid;

	if (strlen(sealed) > WEFT_SEAL_MAX) {
		weft_err(err, "the ticket is longer than %u bytes", WEFT_SEAL_MAX);
		return NULL;
	}
	socket = weft_seal_socket(weft_step_authinfo());
	text = weft_unseal(socket, sealed, &len, &uid, err);
	free(socket);
	if (text && uid != 0 && uid != weft_step_slurm_user())
		weft_err(err, "the ticket was sealed by uid %u, and not by slurmctld", (unsigned)uid);
	else if (text)
		ticket = weft_ticket_parse(text, len, err);
	free(text);
	return ticket;
}
