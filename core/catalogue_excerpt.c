/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalogue_excerpt.c - the little of a catalogue that the nodes of one job need, as a text in the format of
 * the whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/catalogue.h"
#include "core/text.h"

/* The models of one job. */
struct job {
	const struct weft_model *const *models;
	size_t n;
};

static bool has_vendor(const struct job *job, const struct weft_vendor *vendor)
{
	for (size_t i = 0; i < job->n; i++) {
		if (job->models[i] && job->models[i]->vendor == vendor)
			return true;
	}
	return false;
}

/* Is MODEL one of the job's, or a variant of a family that is? */
static bool has_model(const struct job *job, const struct weft_model *model)
{
	for (size_t i = 0; i < job->n; i++) {
		if (job->models[i] && weft_model_is(model, job->models[i]))
			return true;
	}
	return false;
}

static bool is_in(char *const *list, const char *name)
{
	for (; *list; list++) {
		if (!strcmp(*list, name))
			return true;
	}
	return false;
}

/* Does the excerpt have variable NAME without vendor I of CAT?  It does when one of the job's vendors reads
 * it, or a vendor before this one. */
static bool is_told(const struct weft_catalogue *cat, const struct job *job, size_t i, const char *name)
{
	for (size_t k = 0; k < weft_catalogue_vendors(cat); k++) {
		const struct weft_vendor *v = weft_catalogue_vendor(cat, k);

		if ((k < i || has_vendor(job, v)) &&
		    (is_in(v->visible_env, name) || is_in(v->other_env, name)))
			return true;
	}
	return false;
}

static bool tells_more(const struct weft_catalogue *cat, const struct job *job, size_t i)
{
	const struct weft_vendor *v = weft_catalogue_vendor(cat, i);
	char *const *const lists[] = { v->visible_env, v->other_env };

	for (size_t k = 0; k < 2; k++) {
		for (char *const *name = lists[k]; *name; name++) {
			if (!is_told(cat, job, i, *name))
				return true;
		}
	}
	return false;
}

static void put_text(FILE *f, const char *key, const char *text)
{
	if (!text)
		return;
	fprintf(f, ",\"%s\":", key);
	weft_put_json_string(f, text);
}

static void put_list(FILE *f, const char *key, char *const *list)
{
	if (!*list)
		return;
	fprintf(f, ",\"%s\":[", key);
	for (char *const *text = list; *text; text++) {
		fputs(text == list ? "" : ",", f);
		weft_put_json_string(f, *text);
	}
	fputc(']', f);
}

/* Each entry ends its list with a comma when another follows, so the first one has none before it. */
static void begin(FILE *f, unsigned *n, const char *name)
{
	fprintf(f, "%s{\"name\":", (*n)++ ? "," : "");
	weft_put_json_string(f, name);
}

static void put_vendors(FILE *f, const struct weft_catalogue *cat, const struct job *job)
{
	unsigned n = 0;

	for (size_t i = 0; i < weft_catalogue_vendors(cat); i++) {
		const struct weft_vendor *v = weft_catalogue_vendor(cat, i);
		bool own = has_vendor(job, v);

		if (!own && !tells_more(cat, job, i))
			continue;
		begin(f, &n, v->name);
		put_list(f, "visible_env", v->visible_env);
		put_list(f, "other_env", v->other_env);
		if (own) {
			put_list(f, "pci_vendors", v->pci_vendors);
			put_list(f, "pci_classes", v->pci_classes);
			put_list(f, "pci_other", v->pci_other);
			put_text(f, "collectives", v->collectives);
		}
		fputc('}', f);
	}
}

static void put_models(FILE *f, const struct weft_catalogue *cat, const struct job *job)
{
	unsigned n = 0;

	for (size_t i = 0; i < weft_catalogue_models(cat); i++) {
		const struct weft_model *m = weft_catalogue_model(cat, i);

		if (m->is_family || !has_model(job, m))
			continue;
		begin(f, &n, m->name);
		put_text(f, "vendor", m->vendor->name);
		put_text(f, "family", m->family);
		put_list(f, "pci_ids", m->pci_ids);
		fputc('}', f);
	}
}

char *weft_catalogue_excerpt(const struct weft_catalogue *cat, const struct weft_model *const *models,
			     size_t n)
{
	const struct job job = { .models = models, .n = n };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	bool bad;

	if (!f)
		return NULL;
	fputs("{\"vendors\":[", f);
	put_vendors(f, cat, &job);
	fputs("],\"models\":[", f);
	put_models(f, cat, &job);
	fputs("]}", f);
	bad = ferror(f);
	if (!fclose(f) && !bad)
		return text;
	free(text);
	return NULL;
}
