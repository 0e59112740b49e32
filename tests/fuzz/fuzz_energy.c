/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_energy.c - any text as --energy.  What is read can be written and read again, and is the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/energy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_energy_wish wish, again;
	char *text = malloc(size + 1), *canonical;
	int rc;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	rc = weft_energy_parse(text, &wish, &err);
	must((rc < 0) == (err.text[0] != '\0'));
	must(rc == 0 || !strncmp(err.text, "--energy: ", 10));
	free(text);
	if (rc)
		return 0;
	must(wish.within <= WEFT_ENERGY_MAX_WITHIN && !(wish.within && wish.deadline));
	canonical = weft_energy_text(&wish);
	must(canonical && weft_energy_parse(canonical, &again, &err) == 0);
	must(again.goal == wish.goal && again.within == wish.within && again.deadline == wish.deadline &&
	     again.interrupt == wish.interrupt && again.signal == wish.signal);
	free(canonical);
	return 0;
}
