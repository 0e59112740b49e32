/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_catalogue.c - any text as a catalogue.  A form feed parts the project's file from the site's.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/catalogue.h"
#include "core/devenv.h"

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* What must hold for every catalogue that was accepted. */
static void look_around(const struct weft_catalogue *cat)
{
	for (size_t i = 0; i < weft_catalogue_models(cat); i++) {
		const struct weft_model *m = weft_catalogue_model(cat, i);

		check(m->vendor != NULL && m->name[0] != '\0' && strlen(m->name) <= WEFT_NAME_MAX);
		check(weft_catalogue_find_model(cat, m->name) == m);
		check(weft_catalogue_find_vendor(cat, m->name) == NULL);
		check(weft_model_is(m, m));
		check(!weft_figure_known(m->mem) || (m->mem.lo > 0 && m->mem.lo <= m->mem.hi));
		for (char **type = m->gres_types; *type != NULL; type++)
			weft_catalogue_find_type(cat, *type);
		if (m->family != NULL) {
			const struct weft_model *family = weft_catalogue_find_model(cat, m->family);

			check(family != NULL && weft_model_is(m, family));
		}
		weft_catalogue_nearest(cat, m->title);
	}
	for (size_t i = 0; i < weft_catalogue_vendors(cat); i++) {
		const struct weft_vendor *v = weft_catalogue_vendor(cat, i);
		size_t n;
		struct weft_env_change *changes = weft_devenv_changes(cat, v, "0,1", &n);

		check(weft_catalogue_find_vendor(cat, v->name) == v);
		weft_devenv_free(changes, n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size > 0 ? memchr(data, '\f', size) : NULL;
	size_t len = cut != NULL ? (size_t)(cut - data) : size, site_len = cut != NULL ? size - len - 1 : 0;
	char *base = malloc(len + 1), *site = malloc(site_len + 1); /* copies: ASan then sees the end of each */
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_catalogue *cat;

	if (len > 0)
		memcpy(base, data, len);
	if (site_len > 0)
		memcpy(site, cut + 1, site_len);
	cat = weft_catalogue_parse("base", base, len, "site", cut != NULL ? site : NULL, site_len, &err);
	check((cat == NULL) == (err.text[0] != '\0'));
	if (cat != NULL)
		look_around(cat);
	weft_catalogue_destroy(cat);
	free(base);
	free(site);
	return 0;
}
