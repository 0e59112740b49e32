/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jobspec.c - read what one job asked of Weft.
 */
#include "core/jobspec.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nearest.h"

static int app_unknown(const char *name, const struct weft_conf *conf, struct weft_err *err)
{
	const char **names = calloc(conf->n_apps + 1, sizeof(*names));
	const char *near = NULL;

	for (size_t i = 0; names && i < conf->n_apps; i++)
		names[i] = conf->apps[i].name;
	if (names)
		near = weft_nearest(name, names);
	free(names);
	if (near)
		return weft_err(err, "--accel-app: unknown table \"%s\"; did you mean %s?", name, near);
	return weft_err(err, "--accel-app: unknown table \"%s\"", name);
}

static int app_find(struct weft_jobspec *spec, const char *app, const struct weft_conf *conf,
		    struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;

	if (app[0] == '=') {
		if (weft_app_parse(&spec->own, NULL, app + 1, &why))
			return weft_err(err, "--accel-app: %s", why.text);
		spec->app = &spec->own;
		return 0;
	}
	spec->app = weft_conf_find_app(conf, app);
	if (spec->app)
		return 0;
	return app_unknown(app, conf, err);
}

int weft_jobspec_make(struct weft_jobspec *spec, const char *accel, const char *policy, const char *app,
		      const struct weft_conf *conf, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;

	*spec = (struct weft_jobspec){ .policy = conf->policy };
	spec->request = weft_request_parse(accel, &why);
	if (!spec->request) {
		weft_err(err, "--accel: %s", why.text);
		goto fail;
	}
	if (policy && weft_policy_option(policy, &spec->policy, &spec->scale_time, &why)) {
		weft_err(err, "--accel-policy: %s", why.text);
		goto fail;
	}
	if (app && app_find(spec, app, conf, err))
		goto fail;
	return 0;
fail:
	weft_jobspec_clear(spec);
	return -1;
}

void weft_jobspec_clear(struct weft_jobspec *spec)
{
	weft_request_destroy(spec->request);
	weft_app_clear(&spec->own);
	*spec = (struct weft_jobspec){ 0 };
}

/* "A" SEPARATOR "B", both unsigned and nothing else; false when it is not that. */
static bool pair_parse(const char *text, char separator, unsigned *a, unsigned *b)
{
	char *end;
	unsigned long x = strtoul(text, &end, 10), y;

	if (end == text || *end != separator)
		return false;
	text = end + 1;
	y = strtoul(text, &end, 10);
	if (end == text || *end || x > UINT32_MAX || y > UINT32_MAX)
		return false;
	*a = x;
	*b = y;
	return true;
}

void weft_nodes_text(char *buf, size_t size, unsigned min, unsigned max)
{
	snprintf(buf, size, "%u-%u", min, max);
}

void weft_nodes_parse(const char *text, unsigned *min, unsigned *max)
{
	*min = *max = 0;
	pair_parse(text, '-', min, max);
}

void weft_time_text(char *buf, size_t size, unsigned reference, unsigned longest)
{
	snprintf(buf, size, "%u:%u", reference, longest);
}

unsigned weft_time_reference(const char *text)
{
	unsigned reference = 0, longest = 0;

	pair_parse(text, ':', &reference, &longest);
	return reference;
}

unsigned weft_time_longest(const char *text)
{
	unsigned reference = 0, longest = 0;

	pair_parse(text, ':', &reference, &longest);
	return longest;
}
