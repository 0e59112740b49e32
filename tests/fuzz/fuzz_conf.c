/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_conf.c - any bytes as weft.conf, and as an --accel-policy value.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_option(const char *text)
{
	struct weft_err err = WEFT_ERR_INIT;
	enum weft_policy policy = WEFT_SOON;
	int scale_time = 0, rv = weft_policy_option(text, &policy, &scale_time, &err);

	if ((rv < 0) != (err.text[0] != '\0') || policy > WEFT_FAST || (scale_time & ~1))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *text = malloc(size + 1);
	struct weft_conf *conf;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	conf = weft_conf_parse("weft.conf", (const char *)data, size, &err); /* not NUL-terminated */
	if ((conf == NULL) != (err.text[0] != '\0'))
		abort();
	if (conf && !(conf->intensity > 0 && conf->intensity <= WEFT_CONF_MAX_INTENSITY))
		abort();
	weft_conf_destroy(conf);
	check_option(text);
	free(text);
	return 0;
}
