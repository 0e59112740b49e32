/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalogue.c - the catalogue's life, its families and its look-ups.  catalogue_json.c reads the files.
 */
#include "core/catalogue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/catalogue_private.h"
#include "core/file.h"
#include "core/nearest.h"
#include "core/scan.h"

static const char *const dtype_names[WEFT_DTYPES] = { "fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "int8" };

static const struct weft_figure unknown = { NAN, NAN };

/* Life */

static void list_free(char **list)
{
	for (char **p = list; p != NULL && *p != NULL; p++)
		free(*p);
	free(list);
}

static char **list_empty(void)
{
	return calloc(1, sizeof(char *));
}

static void fabric_destroy(struct weft_fabric *f)
{
	if (f == NULL)
		return;
	free(f->title);
	free(f->name);
	free(f);
}

static void vendor_destroy(struct weft_vendor *v)
{
	if (v == NULL)
		return;
	list_free(v->aliases);
	list_free(v->visible_env);
	list_free(v->other_env);
	list_free(v->gres_names);
	list_free(v->device_nodes);
	list_free(v->pci_vendors);
	list_free(v->pci_classes);
	list_free(v->pci_other);
	free(v->container_env);
	free(v->tool);
	free(v->library);
	free(v->collectives);
	free(v->backend);
	list_free(v->fabrics);
	free(v->fabric_gap);
	free(v->title);
	free(v->name);
	free(v);
}

static void model_destroy(struct weft_model *m)
{
	if (m == NULL)
		return;
	list_free(m->gres_types);
	list_free(m->pci_ids);
	free(m->link_name);
	free(m->family);
	free(m->title);
	free(m->name);
	free(m);
}

static struct weft_fabric *fabric_create(const char *name)
{
	struct weft_fabric *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->name = strdup(name);
	f->title = strdup(name);
	if (f->name != NULL && f->title != NULL)
		return f;
	fabric_destroy(f);
	return NULL;
}

static struct weft_vendor *vendor_create(const char *name)
{
	struct weft_vendor *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->name = strdup(name);
	v->title = strdup(name);
	v->aliases = list_empty();
	v->visible_env = list_empty();
	v->other_env = list_empty();
	v->gres_names = list_empty();
	v->device_nodes = list_empty();
	v->pci_vendors = list_empty();
	v->pci_classes = list_empty();
	v->pci_other = list_empty();
	v->fabrics = list_empty();
	if (v->name != NULL && v->title != NULL && v->aliases != NULL && v->visible_env != NULL &&
	    v->other_env != NULL && v->gres_names != NULL && v->device_nodes != NULL &&
	    v->pci_vendors != NULL && v->pci_classes != NULL && v->pci_other != NULL && v->fabrics != NULL)
		return v;
	vendor_destroy(v);
	return NULL;
}

static struct weft_model *model_create(const char *name)
{
	struct weft_model *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->name = strdup(name);
	m->title = strdup(name);
	m->gres_types = list_empty();
	m->pci_ids = list_empty();
	m->devices_per_card = 1;
	m->mem = m->bw = m->tdp = m->idle = m->link = unknown;
	for (unsigned i = 0; i < WEFT_DTYPES; i++)
		m->tflops[i] = unknown;
	if (m->name != NULL && m->title != NULL && m->gres_types != NULL && m->pci_ids != NULL)
		return m;
	model_destroy(m);
	return NULL;
}

/* Room for one more pointer in *ARRAY, which holds N and was grown by this function only. */
static int grow(void *array, size_t n)
{
	void **old, **more;

	if ((n & (n - 1)) != 0 && n > 0) /* sizes are powers of two */
		return 0;
	memcpy(&old, array, sizeof(old));
	more = realloc(old, (n == 0 ? 1 : n * 2) * sizeof(*more));
	if (more == NULL)
		return -1;
	memcpy(array, &more, sizeof(more));
	return 0;
}

struct weft_fabric *weft_catalogue_add_fabric(struct weft_catalogue *cat, const char *name)
{
	struct weft_fabric *f;

	if (grow(&cat->fabrics, cat->n_fabrics) < 0)
		return NULL;
	f = fabric_create(name);
	if (f != NULL)
		cat->fabrics[cat->n_fabrics++] = f;
	return f;
}

struct weft_vendor *weft_catalogue_add_vendor(struct weft_catalogue *cat, const char *name)
{
	struct weft_vendor *v;

	if (grow(&cat->vendors, cat->n_vendors) < 0)
		return NULL;
	v = vendor_create(name);
	if (v != NULL)
		cat->vendors[cat->n_vendors++] = v;
	return v;
}

static struct weft_model *append_model(struct weft_catalogue *cat, const char *name)
{
	struct weft_model *m;

	if (grow(&cat->models, cat->n_all) < 0)
		return NULL;
	m = model_create(name);
	if (m != NULL)
		cat->models[cat->n_all++] = m;
	return m;
}

struct weft_model *weft_catalogue_add_model(struct weft_catalogue *cat, const char *name)
{
	struct weft_model *m = append_model(cat, name);

	if (m != NULL)
		cat->n_models = cat->n_all;
	return m;
}

void weft_catalogue_destroy(struct weft_catalogue *cat)
{
	if (cat == NULL)
		return;
	for (size_t i = 0; i < cat->n_all; i++)
		model_destroy(cat->models[i]);
	for (size_t i = 0; i < cat->n_vendors; i++)
		vendor_destroy(cat->vendors[i]);
	for (size_t i = 0; i < cat->n_fabrics; i++)
		fabric_destroy(cat->fabrics[i]);
	free(cat->fabrics);
	free(cat->models);
	free(cat->vendors);
	weft_index_clear(&cat->vendor_names);
	weft_index_clear(&cat->model_names);
	weft_index_clear(&cat->types);
	free(cat);
}

/* Indexes and families */

static int out_of_memory(const char *file, struct weft_err *err)
{
	return weft_err(err, "%s: out of memory", file);
}

static int clash(const struct weft_index_entry *a, const struct weft_index_entry *b, const char *file,
		 struct weft_err *err)
{
	const struct weft_vendor *one = a->value, *other = b->value;

	return weft_err(err, "%s: vendors \"%s\" and \"%s\": both go by the name \"%s\"", file, one->name,
			other->name, a->name);
}

int weft_catalogue_index_vendors(struct weft_catalogue *cat, const char *file, struct weft_err *err)
{
	struct weft_index *index = &cat->vendor_names;

	weft_index_clear(index);
	for (size_t i = 0; i < cat->n_vendors; i++) {
		struct weft_vendor *v = cat->vendors[i];

		if (weft_index_add(index, v->name, v) < 0)
			return out_of_memory(file, err);
		for (char **alias = v->aliases; *alias != NULL; alias++)
			if (weft_index_add(index, *alias, v) < 0)
				return out_of_memory(file, err);
	}
	weft_index_sort(index);
	for (size_t i = 1; i < index->n; i++) {
		const struct weft_index_entry *a = &index->entries[i - 1], *b = &index->entries[i];

		if (a->value != b->value && strcmp(a->name, b->name) == 0)
			return clash(a, b, file, err);
	}
	return 0;
}

static void span(struct weft_figure *all, struct weft_figure one)
{
	if (!weft_figure_known(one))
		return;
	if (!weft_figure_known(*all))
		*all = one;
	all->lo = fmin(all->lo, one.lo);
	all->hi = fmax(all->hi, one.hi);
}

/* Make FAMILY stand for MEMBER too. */
static void span_model(struct weft_model *family, const struct weft_model *member)
{
	span(&family->mem, member->mem);
	span(&family->bw, member->bw);
	span(&family->tdp, member->tdp);
	span(&family->idle, member->idle);
	span(&family->link, member->link);
	for (unsigned i = 0; i < WEFT_DTYPES; i++)
		span(&family->tflops[i], member->tflops[i]);
}

/* One family: the N entries FIRST, whose values are its members. */
static int add_family(struct weft_catalogue *cat, const struct weft_index_entry *first, size_t n,
		      const char *file, struct weft_err *err)
{
	const struct weft_model *member = first->value;
	const struct weft_index_entry *same = weft_index_find(&cat->model_names, first->name, NULL);
	struct weft_model *family;

	if (same != NULL && same->value == member && n == 1)
		return 0; /* "t4", the only one of its family: the model will do */
	if (same != NULL)
		return weft_err(err, "%s: model \"%s\": family: \"%s\" is the name of a model", file,
				member->name, first->name);
	family = append_model(cat, first->name);
	if (family == NULL || (family->family = strdup(first->name)) == NULL)
		return out_of_memory(file, err);
	family->is_family = true;
	family->vendor = member->vendor;
	family->devices_per_card = member->devices_per_card;
	for (size_t i = 0; i < n; i++) {
		member = first[i].value;
		if (member->vendor != family->vendor)
			return weft_err(err, "%s: model \"%s\": family: \"%s\" is of vendor %s, not %s", file,
					member->name, first->name, family->vendor->name,
					member->vendor->name);
		if (member->devices_per_card != family->devices_per_card)
			family->devices_per_card = 1;
		span_model(family, member);
	}
	return 0;
}

static int add_families(struct weft_catalogue *cat, const char *file, struct weft_err *err)
{
	struct weft_index families = { 0 };
	int rv = -1;

	for (size_t i = 0; i < cat->n_models; i++) {
		struct weft_model *m = cat->models[i];

		if (m->family != NULL && weft_index_add(&families, m->family, m) < 0) {
			out_of_memory(file, err);
			goto out;
		}
	}
	weft_index_sort(&families);
	for (size_t i = 0, n; i < families.n; i += n) {
		n = weft_index_run(&families, i);
		if (add_family(cat, &families.entries[i], n, file, err) < 0)
			goto out;
	}
	rv = 0;
out:
	weft_index_clear(&families);
	return rv;
}

/* Requests name vendors, models and families side by side. */
static int check_clashes(const struct weft_catalogue *cat, const char *file, struct weft_err *err)
{
	for (size_t i = 0; i < cat->n_all; i++) {
		const struct weft_model *m = cat->models[i];
		const struct weft_vendor *v = weft_catalogue_find_vendor(cat, m->name);

		if (v != NULL)
			return weft_err(err, "%s: %s \"%s\": name: vendor \"%s\" goes by it too", file,
					m->is_family ? "family" : "model", m->name, v->name);
	}
	return 0;
}

static int index_range(struct weft_catalogue *cat, size_t from)
{
	for (size_t i = from; i < cat->n_all; i++)
		if (weft_index_add(&cat->model_names, cat->models[i]->name, cat->models[i]) < 0)
			return -1;
	weft_index_sort(&cat->model_names);
	return 0;
}

static int index_types(struct weft_catalogue *cat)
{
	weft_index_clear(&cat->types);
	for (size_t i = 0; i < cat->n_models; i++)
		for (char **type = cat->models[i]->gres_types; *type != NULL; type++)
			if (weft_index_add(&cat->types, *type, cat->models[i]) < 0)
				return -1;
	weft_index_sort(&cat->types);
	return 0;
}

int weft_catalogue_drop_families(struct weft_catalogue *cat)
{
	weft_index_clear(&cat->model_names); /* first, for it has the families too */
	while (cat->n_all > cat->n_models)
		model_destroy(cat->models[--cat->n_all]);
	return index_range(cat, 0);
}

int weft_catalogue_index_models(struct weft_catalogue *cat, const char *file, struct weft_err *err)
{
	if (weft_catalogue_drop_families(cat) < 0 || index_types(cat) < 0)
		return out_of_memory(file, err);
	if (add_families(cat, file, err) < 0)
		return -1;
	if (index_range(cat, cat->n_models) < 0)
		return out_of_memory(file, err);
	return check_clashes(cat, file, err);
}

/* Loading */

struct weft_catalogue *weft_catalogue_parse(const char *name, const char *text, size_t len,
					    const char *site_name, const char *site, size_t site_len,
					    struct weft_err *err)
{
	struct weft_catalogue *cat = calloc(1, sizeof(*cat));

	if (cat == NULL) {
		out_of_memory(name, err);
		return NULL;
	}
	if (weft_catalogue_apply(cat, name, text, len, err) < 0 ||
	    (site != NULL && weft_catalogue_apply(cat, site_name, site, site_len, err) < 0)) {
		weft_catalogue_destroy(cat);
		return NULL;
	}
	return cat;
}

struct weft_catalogue *weft_catalogue_load(const char *path, const char *site_path, struct weft_err *err)
{
	struct weft_catalogue *cat = NULL;
	char *text, *site = NULL;
	size_t len = 0, site_len = 0;

	text = weft_file_read(path, WEFT_CATALOGUE_MAX_BYTES, &len, err);
	if (text == NULL)
		goto out;
	if (site_path != NULL) {
		site = weft_file_read(site_path, WEFT_CATALOGUE_MAX_BYTES, &site_len, err);
		if (site == NULL)
			goto out;
	}
	cat = weft_catalogue_parse(path, text, len, site_path, site, site_len, err);
out:
	free(site);
	free(text);
	return cat;
}

/* Look-ups */

size_t weft_catalogue_vendors(const struct weft_catalogue *cat)
{
	return cat->n_vendors;
}

const struct weft_vendor *weft_catalogue_vendor(const struct weft_catalogue *cat, size_t i)
{
	return i < cat->n_vendors ? cat->vendors[i] : NULL;
}

size_t weft_catalogue_models(const struct weft_catalogue *cat)
{
	return cat->n_all;
}

const struct weft_model *weft_catalogue_model(const struct weft_catalogue *cat, size_t i)
{
	return i < cat->n_all ? cat->models[i] : NULL;
}

size_t weft_catalogue_fabrics(const struct weft_catalogue *cat)
{
	return cat->n_fabrics;
}

const struct weft_fabric *weft_catalogue_fabric(const struct weft_catalogue *cat, size_t i)
{
	return i < cat->n_fabrics ? cat->fabrics[i] : NULL;
}

const struct weft_fabric *weft_catalogue_find_fabric(const struct weft_catalogue *cat, const char *name)
{
	for (size_t i = 0; i < cat->n_fabrics; i++)
		if (weft_name_equal(cat->fabrics[i]->name, name))
			return cat->fabrics[i];
	return NULL;
}

bool weft_vendor_has_fabric(const struct weft_vendor *vendor, const struct weft_fabric *fabric)
{
	for (char **name = vendor->fabrics; *name != NULL; name++)
		if (weft_name_equal(*name, fabric->name))
			return true;
	return false;
}

const struct weft_vendor *weft_catalogue_find_vendor(const struct weft_catalogue *cat, const char *name)
{
	const struct weft_index_entry *e = weft_index_find(&cat->vendor_names, name, NULL);

	return e != NULL ? e->value : NULL;
}

const struct weft_model *weft_catalogue_find_model(const struct weft_catalogue *cat, const char *name)
{
	const struct weft_index_entry *e = weft_index_find(&cat->model_names, name, NULL);

	return e != NULL ? e->value : NULL;
}

/* What N models, all with the same spelling, have in common: the model, their family, or nothing (NULL). */
static const struct weft_model *common(const struct weft_catalogue *cat, const struct weft_index_entry *e,
				       size_t n)
{
	const struct weft_model *first = e[0].value;
	bool one = true;

	for (size_t i = 1; i < n; i++) {
		const struct weft_model *other = e[i].value;

		if (other == first)
			continue;
		one = false;
		if (first->family == NULL || other->family == NULL ||
		    strcmp(first->family, other->family) != 0)
			return NULL;
	}
	return one ? first : weft_catalogue_find_model(cat, first->family);
}

const struct weft_model *weft_catalogue_find_type(const struct weft_catalogue *cat, const char *type)
{
	const struct weft_index_entry *e;
	const struct weft_model *m = NULL;
	size_t n;

	if (type == NULL)
		return NULL;
	e = weft_index_find(&cat->types, type, &n);
	if (e != NULL)
		m = common(cat, e, n);
	return m != NULL ? m : weft_catalogue_find_model(cat, type);
}

bool weft_model_is(const struct weft_model *model, const struct weft_model *named)
{
	if (model == named)
		return true;
	return named->is_family && model->family != NULL && strcmp(model->family, named->family) == 0;
}

const char *weft_catalogue_nearest(const struct weft_catalogue *cat, const char *name)
{
	unsigned best = weft_nearest_start(name);
	const char *found = NULL;

	for (size_t i = 0; i < cat->n_vendors; i++) {
		found = weft_nearest_of(name, cat->vendors[i]->name, found, &best);
		for (char **alias = cat->vendors[i]->aliases; *alias != NULL; alias++)
			found = weft_nearest_of(name, *alias, found, &best);
	}
	for (size_t i = 0; i < cat->n_all; i++)
		found = weft_nearest_of(name, cat->models[i]->name, found, &best);
	return found;
}

int weft_dtype_parse(const char *name)
{
	for (int i = 0; i < WEFT_DTYPES; i++)
		if (strcasecmp(name, dtype_names[i]) == 0)
			return i;
	return -1;
}

const char *weft_dtype_name(enum weft_dtype type)
{
	return (unsigned)type < WEFT_DTYPES ? dtype_names[type] : "?";
}
