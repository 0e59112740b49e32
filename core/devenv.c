/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devenv.c - which visibility variables to set and which to unset, by what the catalogue says of the vendors.
 *
 * Several vendors read the same variable (CUDA_VISIBLE_DEVICES is not NVIDIA's alone), so what belongs to the
 * task's own vendor is written first, and a name that is there already is not written again.
 */
#include "core/devenv.h"

#include <stdlib.h>
#include <string.h>

struct changes {
	struct weft_env_change *list;
	size_t n;
};

static bool has(const struct changes *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->list[i].name, name) == 0)
			return true;
	return false;
}

/* Set each of NAMES to VALUE, or unset it when VALUE is NULL.  -1 when out of memory. */
static int add(struct changes *c, char **names, const char *value)
{
	for (; *names != NULL; names++) {
		char *copy = NULL;

		if (has(c, *names))
			continue;
		if (value != NULL && (copy = strdup(value)) == NULL)
			return -1;
		c->list[c->n++] = (struct weft_env_change){ *names, copy };
	}
	return 0;
}

static size_t count(char **names)
{
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	return n;
}

struct weft_env_change *weft_devenv_changes(const struct weft_catalogue *cat,
					    const struct weft_vendor *vendor, const char *devices, size_t *n)
{
	struct changes c = { 0 };
	size_t room = 1; /* never 0: NULL means out of memory */

	*n = 0;
	for (size_t i = 0; i < weft_catalogue_vendors(cat); i++) {
		const struct weft_vendor *v = weft_catalogue_vendor(cat, i);

		room += count(v->visible_env) + count(v->other_env);
	}
	c.list = calloc(room, sizeof(*c.list));
	if (c.list == NULL || vendor == NULL)
		return c.list;
	if (add(&c, vendor->visible_env, devices != NULL ? devices : "") < 0) {
		weft_devenv_free(c.list, c.n);
		return NULL;
	}
	for (size_t i = 0; i < weft_catalogue_vendors(cat); i++) {
		const struct weft_vendor *v = weft_catalogue_vendor(cat, i);

		add(&c, v->visible_env, NULL);
		/* Where Weft sets nothing, a vendor's variable is the user's own selection. */
		if (v != vendor || vendor->visible_env[0] != NULL)
			add(&c, v->other_env, NULL);
	}
	*n = c.n;
	return c.list;
}

void weft_devenv_free(struct weft_env_change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(changes[i].value);
	free(changes);
}
