/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_signal.c - any bytes as a signal file, and the caps that come of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/caps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW	1743242400 /* 2025-03-29T10:00Z */
#define HORIZON (48 * 3600)

static const char conf_text[] = "PowerZone=row3 Nodes=a\nPowerZone=rack31 Nodes=b\n"
				"PowerCap=row3 Watts=400k Days=Mon-Fri,Sun Hours=22:00-06:00\n"
				"PowerCap=cluster Watts=1M Hours=02:30-05:00\n";

static void check_cap(const struct weft_cap *cap)
{
	if (cap->n == 0 || cap->steps[0].from != NOW || cap->steps[cap->n - 1].from > NOW + HORIZON)
		abort();
	for (unsigned i = 0; i < cap->n; i++) {
		if (cap->steps[i].watts < 0)
			abort();
		if (i > 0 && (cap->steps[i].from <= cap->steps[i - 1].from ||
			      cap->steps[i].watts == cap->steps[i - 1].watts))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct weft_conf *conf;
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_signal *signal;
	struct weft_cap *caps;
	unsigned n;

	if (!conf) {
		setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
		conf = weft_conf_parse("weft.conf", conf_text, strlen(conf_text), &err);
		if (!conf)
			abort();
	}
	signal = weft_signal_parse("caps", (const char *)data, size, conf, &err); /* not NUL-terminated */
	if ((signal == NULL) != (err.text[0] != '\0'))
		abort();
	if (!signal)
		return 0;
	if (weft_caps_make(&caps, &n, conf, signal, NOW, HORIZON) < 0 || n != 3)
		abort();
	for (unsigned i = 0; i < n; i++)
		check_cap(&caps[i]);
	weft_caps_destroy(caps, n);
	weft_signal_destroy(signal);
	return 0;
}
