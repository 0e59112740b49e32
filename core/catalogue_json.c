/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalogue_json.c - reads catalogue files (format: doc/catalogue.md) and refuses whatever is not right, with
 * the file, the entry and the key.  Two tables, vendor_keys and model_keys, say what may be in an entry.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/catalogue_private.h"
#include "core/json.h"
#include "core/nearest.h"

#define FORMAT 1      /* "format" of the files that this version reads */
#define MAX_DEPTH 8   /* the format needs 5 */
#define MAX_LIST 64   /* strings of one list */
#define MAX_TEXT 128  /* bytes of one string */
#define MAX_KEYS 32   /* of one table */

/* What is being read, for messages. */
struct place {
	const char *file;
	char entry[WEFT_NAME_MAX + 32]; /* model "h100-sxm5-80gb", or: models, entry 4 */
	char key[WEFT_NAME_MAX + 32];   /* tflops.bf16; "": none */
	struct weft_catalogue *cat;
	struct weft_err *err;
};

struct key {
	const char *name;
	int (*set)(struct place *at, json_object *value, const struct key *key, void *object);
	size_t offset;                   /* in the object, of what SET sets */
	const char *(*flaw)(char *text); /* what is wrong with a string of it; may make it lower case */
	double max;                      /* of a number */
};

static int bad(const struct place *at, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "FILE: ENTRY: KEY: what is wrong".  Returns -1. */
static int bad(const struct place *at, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return weft_err(at->err, "%s: %s%s%s%s%s", at->file, at->entry, at->entry[0] != '\0' ? ": " : "",
			at->key, at->key[0] != '\0' ? ": " : "", what);
}

static bool is_number(json_object *value)
{
	return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
}

/* Flaws of strings: the rule that TEXT breaks, or NULL. */

static bool only(const char *text, const char *set)
{
	return text[strspn(text, set)] == '\0';
}

static const char *name_flaw(char *text)
{
	if (strlen(text) > WEFT_NAME_MAX)
		return "has more than 64 characters";
	if (!only(text, "abcdefghijklmnopqrstuvwxyz0123456789.-"))
		return "may have only a-z, 0-9, '.' and '-'";
	if (text[0] == '.' || text[0] == '-' || text[0] == '\0')
		return "must begin with a letter or a digit";
	return NULL;
}

static const char *text_flaw(char *text)
{
	if (text[0] == '\0')
		return "must not be empty";
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "may have no control characters";
	return NULL;
}

/* A gres name or type, in any spelling that Slurm takes. */
static const char *gres_flaw(char *text)
{
	if (strlen(text) > WEFT_NAME_MAX)
		return "has more than 64 characters";
	if (text[0] == '\0' || strpbrk(text, ":,=() \t") != NULL)
		return "must be one gres name or type, without ':', ',', '=', '(', ')' and blanks";
	for (char *p = text; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return text_flaw(text);
}

static const char *env_flaw(char *text)
{
	if (!only(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ||
	    text[0] == '\0' || (text[0] >= '0' && text[0] <= '9'))
		return "must be the name of an environment variable";
	return NULL;
}

static const char *node_flaw(char *text)
{
	if (strncmp(text, "/dev/", 5) != 0 || strstr(text, "..") != NULL)
		return "must be a path below /dev/";
	return text_flaw(text);
}

/* LEN hex digits at TEXT, made lower case. */
static bool hex(char *text, size_t len)
{
	if (strspn(text, "0123456789abcdefABCDEF") != len)
		return false;
	for (size_t i = 0; i < len; i++)
		text[i] = weft_fold(text[i]);
	return true;
}

static const char *pci_vendor_flaw(char *text)
{
	return hex(text, 4) && text[4] == '\0' ? NULL : "must be four hex digits";
}

static const char *pci_class_flaw(char *text)
{
	return (hex(text, 2) && text[2] == '\0') || (hex(text, 4) && text[4] == '\0') ?
		       NULL :
		       "must be two or four hex digits";
}

/* vendor:device, and with BOARD perhaps the subsystem's too. */
static bool is_pci_id(char *text, bool board)
{
	if (!hex(text, 4) || text[4] != ':' || !hex(text + 5, 4))
		return false;
	return text[9] == '\0' || (board && text[9] == '/' && is_pci_id(text + 10, false));
}

static const char *pci_id_flaw(char *text)
{
	if (is_pci_id(text, true))
		return NULL;
	return "must be two times four hex digits, as in 10de:2330";
}

static const char *pci_other_flaw(char *text)
{
	return is_pci_id(text, false) ? NULL : "must be two times four hex digits, as in 10de:2330";
}

static const char *path_flaw(char *text)
{
	return strcmp(text, "device") == 0 || strcmp(text, "host") == 0 ? NULL : "must be device or host";
}

/* Setters: one for each sort of value. */

/* The string VALUE, checked; malloc()ed.  NULL with an error. */
static char *get_string(struct place *at, json_object *value, const char *(*flaw)(char *text))
{
	const char *text = json_object_get_string(value), *why;
	size_t len;
	char *copy;

	if (!json_object_is_type(value, json_type_string)) {
		bad(at, "must be a string, not %s", weft_json_kind(value));
		return NULL;
	}
	len = (size_t)json_object_get_string_len(value);
	if (len > MAX_TEXT || strlen(text) != len) {
		bad(at, len > MAX_TEXT ? "has more than 128 bytes" : "may have no NUL character");
		return NULL;
	}
	copy = strdup(text);
	if (copy == NULL) {
		bad(at, "out of memory");
		return NULL;
	}
	why = flaw(copy);
	if (why != NULL) {
		bad(at, "\"%s\" %s", text, why);
		free(copy);
		return NULL;
	}
	return copy;
}

static int skip(struct place *at, json_object *value, const struct key *key, void *object)
{
	(void)at;
	(void)value;
	(void)key;
	(void)object;
	return 0;
}

static int set_text(struct place *at, json_object *value, const struct key *key, void *object)
{
	char **text = (char **)((char *)object + key->offset), *fresh = NULL;

	if (value != NULL && (fresh = get_string(at, value, key->flaw)) == NULL)
		return -1;
	free(*text);
	*text = fresh;
	return 0;
}

/* As set_text(), for what cannot be unknown. */
static int set_title(struct place *at, json_object *value, const struct key *key, void *object)
{
	return value == NULL ? bad(at, "must be a string, not null") : set_text(at, value, key, object);
}

static int set_list(struct place *at, json_object *value, const struct key *key, void *object)
{
	char ***list = (char ***)((char *)object + key->offset), **fresh;
	size_t n = 0;

	if (value != NULL && !json_object_is_type(value, json_type_array))
		return bad(at, "must be a list of strings, not %s", weft_json_kind(value));
	if (value != NULL)
		n = json_object_array_length(value);
	if (n > MAX_LIST)
		return bad(at, "%zu entries; at most %d are allowed", n, MAX_LIST);
	fresh = calloc(n + 1, sizeof(*fresh));
	if (fresh == NULL)
		return bad(at, "out of memory");
	for (size_t i = 0; i < n; i++) {
		snprintf(at->key, sizeof(at->key), "%s, entry %zu", key->name, i + 1);
		fresh[i] = get_string(at, json_object_array_get_idx(value, i), key->flaw);
		if (fresh[i] == NULL)
			goto fail;
	}
	for (char **p = *list; *p != NULL; p++)
		free(*p);
	free(*list);
	*list = fresh;
	return 0;
fail:
	for (char **p = fresh; *p != NULL; p++)
		free(*p);
	free(fresh);
	return -1;
}

static int get_number(struct place *at, json_object *value, double max, double *number)
{
	if (!is_number(value))
		return bad(at, "must be a number, not %s", weft_json_kind(value));
	*number = json_object_get_double(value);
	if (!(*number > 0 && *number <= max)) /* so NaN is refused too */
		return bad(at, "must be more than 0 and at most %.0f", max);
	return 0;
}

/* A number, or [low, high] when that is all that is known. */
static int set_figure(struct place *at, json_object *value, const struct key *key, void *object)
{
	struct weft_figure *figure = (struct weft_figure *)((char *)object + key->offset);
	struct weft_figure fresh = { NAN, NAN };

	if (json_object_is_type(value, json_type_array)) {
		if (json_object_array_length(value) != 2)
			return bad(at, "a range must be two numbers, [low, high]");
		if (get_number(at, json_object_array_get_idx(value, 0), key->max, &fresh.lo) < 0 ||
		    get_number(at, json_object_array_get_idx(value, 1), key->max, &fresh.hi) < 0)
			return -1;
		if (fresh.lo > fresh.hi)
			return bad(at, "the range begins at %g and ends at %g", fresh.lo, fresh.hi);
	} else if (value != NULL) {
		if (get_number(at, value, key->max, &fresh.lo) < 0)
			return -1;
		fresh.hi = fresh.lo;
	}
	*figure = fresh;
	return 0;
}

static int set_count(struct place *at, json_object *value, const struct key *key, void *object)
{
	unsigned *count = (unsigned *)((char *)object + key->offset);
	double number = 1;

	if (value != NULL && get_number(at, value, key->max, &number) < 0)
		return -1;
	if (floor(number) != number)
		return bad(at, "must be a whole number");
	*count = (unsigned)number;
	return 0;
}

/* "did you mean" for a vendor. */
static const char *nearest_vendor(const struct weft_catalogue *cat, const char *name)
{
	unsigned best = weft_nearest_start(name);
	const char *found = NULL;

	for (size_t i = 0; i < cat->vendor_names.n; i++)
		found = weft_nearest_of(name, cat->vendor_names.entries[i].name, found, &best);
	return found;
}

static int set_vendor(struct place *at, json_object *value, const struct key *key, void *object)
{
	struct weft_model *model = object;
	const char *near;
	char *name = get_string(at, value, key->flaw);

	if (name == NULL)
		return -1;
	model->vendor = weft_catalogue_find_vendor(at->cat, name);
	if (model->vendor == NULL) {
		near = nearest_vendor(at->cat, name);
		bad(at, "unknown vendor \"%s\"%s%s%s", name, near != NULL ? "; did you mean " : "",
		    near != NULL ? near : "", near != NULL ? "?" : "");
	}
	free(name);
	return model->vendor != NULL ? 0 : -1;
}

/* The names of fabrics, all of them known. */
static int set_fabrics(struct place *at, json_object *value, const struct key *key, void *object)
{
	struct weft_vendor *vendor = object;

	if (set_list(at, value, key, object) < 0)
		return -1;
	for (size_t i = 0; vendor->fabrics[i] != NULL; i++) {
		const char *name = vendor->fabrics[i], *near = NULL;
		unsigned best = weft_nearest_start(name);

		if (weft_catalogue_find_fabric(at->cat, name) != NULL)
			continue;
		for (size_t k = 0; k < at->cat->n_fabrics; k++)
			near = weft_nearest_of(name, at->cat->fabrics[k]->name, near, &best);
		snprintf(at->key, sizeof(at->key), "%s, entry %zu", key->name, i + 1);
		return bad(at, "unknown fabric \"%s\"%s%s%s", name, near != NULL ? "; did you mean " : "",
			   near != NULL ? near : "", near != NULL ? "?" : "");
	}
	return 0;
}

static int set_path(struct place *at, json_object *value, const struct key *key, void *object)
{
	bool *host = (bool *)((char *)object + key->offset);
	char *text = get_string(at, value, key->flaw);

	if (text == NULL)
		return -1;
	*host = strcmp(text, "host") == 0;
	free(text);
	return 0;
}

static int set_object(struct place *at, json_object *value, const struct key *keys, void *object,
		      const char *prefix);

#define TFLOPS(name, type) { name, set_figure, offsetof(struct weft_model, tflops[type]), NULL, 1e6 }

static const struct key tflops_keys[] = {
	TFLOPS("fp64", WEFT_FP64), TFLOPS("fp32", WEFT_FP32), TFLOPS("tf32", WEFT_TF32),
	TFLOPS("bf16", WEFT_BF16), TFLOPS("fp16", WEFT_FP16), TFLOPS("fp8", WEFT_FP8),
	TFLOPS("int8", WEFT_INT8),
	{ .name = NULL }
};

static int set_tflops(struct place *at, json_object *value, const struct key *key, void *object)
{
	if (value == NULL) {
		for (const struct key *k = tflops_keys; k->name != NULL; k++)
			set_figure(at, NULL, k, object);
		return 0;
	}
	return set_object(at, value, tflops_keys, object, key->name);
}

static const struct key vendor_keys[] = {
	{ "name", skip, 0, NULL, 0 },
	{ "title", set_title, offsetof(struct weft_vendor, title), text_flaw, 0 },
	{ "aliases", set_list, offsetof(struct weft_vendor, aliases), name_flaw, 0 },
	{ "visible_env", set_list, offsetof(struct weft_vendor, visible_env), env_flaw, 0 },
	{ "other_env", set_list, offsetof(struct weft_vendor, other_env), env_flaw, 0 },
	{ "container_env", set_text, offsetof(struct weft_vendor, container_env), env_flaw, 0 },
	{ "gres_names", set_list, offsetof(struct weft_vendor, gres_names), gres_flaw, 0 },
	{ "device_nodes", set_list, offsetof(struct weft_vendor, device_nodes), node_flaw, 0 },
	{ "pci_vendors", set_list, offsetof(struct weft_vendor, pci_vendors), pci_vendor_flaw, 0 },
	{ "pci_classes", set_list, offsetof(struct weft_vendor, pci_classes), pci_class_flaw, 0 },
	{ "pci_other", set_list, offsetof(struct weft_vendor, pci_other), pci_other_flaw, 0 },
	{ "tool", set_text, offsetof(struct weft_vendor, tool), text_flaw, 0 },
	{ "library", set_text, offsetof(struct weft_vendor, library), text_flaw, 0 },
	{ "collectives", set_text, offsetof(struct weft_vendor, collectives), text_flaw, 0 },
	{ "backend", set_text, offsetof(struct weft_vendor, backend), text_flaw, 0 },
	{ "fabrics", set_fabrics, offsetof(struct weft_vendor, fabrics), name_flaw, 0 },
	{ "fabric_gap", set_text, offsetof(struct weft_vendor, fabric_gap), text_flaw, 0 },
	{ .name = NULL }
};

static const struct key fabric_keys[] = {
	{ "name", skip, 0, NULL, 0 },
	{ "title", set_title, offsetof(struct weft_fabric, title), text_flaw, 0 },
	{ "path", set_path, offsetof(struct weft_fabric, host), path_flaw, 0 },
	{ .name = NULL }
};

static const struct key model_keys[] = {
	{ "name", skip, 0, NULL, 0 },
	{ "vendor", set_vendor, 0, text_flaw, 0 },
	{ "title", set_title, offsetof(struct weft_model, title), text_flaw, 0 },
	{ "family", set_text, offsetof(struct weft_model, family), name_flaw, 0 },
	{ "gres_types", set_list, offsetof(struct weft_model, gres_types), gres_flaw, 0 },
	{ "pci_ids", set_list, offsetof(struct weft_model, pci_ids), pci_id_flaw, 0 },
	{ "devices_per_card", set_count, offsetof(struct weft_model, devices_per_card), NULL, 64 },
	{ "mem_gib", set_figure, offsetof(struct weft_model, mem), NULL, 1e6 },
	{ "bw_gbs", set_figure, offsetof(struct weft_model, bw), NULL, 1e7 },
	{ "tflops", set_tflops, 0, NULL, 0 },
	{ "tdp_w", set_figure, offsetof(struct weft_model, tdp), NULL, 1e6 },
	{ "idle_w", set_figure, offsetof(struct weft_model, idle), NULL, 1e6 },
	{ "link", set_text, offsetof(struct weft_model, link_name), text_flaw, 0 },
	{ "link_gbs", set_figure, offsetof(struct weft_model, link), NULL, 1e7 },
	{ .name = NULL }
};

/* Keys that people may use for notes. */
static bool is_note(const char *name)
{
	return name[0] == '_' || strncmp(name, "comment", 7) == 0;
}

static int unknown_key(struct place *at, const char *name, const struct key *keys)
{
	const char *words[MAX_KEYS + 1], *near;
	size_t n = 0;

	for (; keys->name != NULL && n < MAX_KEYS; keys++)
		words[n++] = keys->name;
	words[n] = NULL;
	near = weft_nearest(name, words);
	return bad(at, "unknown key%s%s%s", near != NULL ? "; did you mean " : "", near != NULL ? near : "",
		   near != NULL ? "?" : "");
}

/* Set in OBJECT all that VALUE gives, by the table KEYS.  PREFIX is the key VALUE is in, or NULL. */
static int set_object(struct place *at, json_object *value, const struct key *keys, void *object,
		      const char *prefix)
{
	if (!json_object_is_type(value, json_type_object))
		return bad(at, "must be an object, not %s", weft_json_kind(value));
	json_object_object_foreach(value, name, member) {
		const struct key *key = keys;

		if (is_note(name))
			continue;
		snprintf(at->key, sizeof(at->key), "%s%s%.*s", prefix != NULL ? prefix : "",
			 prefix != NULL ? "." : "", WEFT_NAME_MAX, name);
		while (key->name != NULL && strcmp(key->name, name) != 0)
			key++;
		if (key->name == NULL)
			return unknown_key(at, name, keys);
		if (key->set(at, member, key, object) < 0)
			return -1;
	}
	at->key[0] = '\0';
	return 0;
}

/* Entries: the elements of "vendors" and "models". */

/* Check that entry I of LIST is an object with a good name; from then on AT speaks of it by name. */
static const char *entry_name(struct place *at, json_object *entry, const char *list, size_t i)
{
	json_object *value;
	char *copy;

	snprintf(at->entry, sizeof(at->entry), "%s, entry %zu", list, i + 1);
	at->key[0] = '\0';
	if (!json_object_is_type(entry, json_type_object)) {
		bad(at, "must be an object, not %s", weft_json_kind(entry));
		return NULL;
	}
	snprintf(at->key, sizeof(at->key), "name");
	if (!json_object_object_get_ex(entry, "name", &value)) {
		bad(at, "missing");
		return NULL;
	}
	copy = get_string(at, value, name_flaw);
	if (copy == NULL)
		return NULL;
	/* "models" -> model "x" */
	snprintf(at->entry, sizeof(at->entry), "%.*s \"%s\"", (int)strlen(list) - 1, list, copy);
	at->key[0] = '\0';
	free(copy);
	return json_object_get_string(value);
}

/* No two entries of one file may have the same name: one of them would be lost in silence. */
static int check_duplicates(struct place *at, json_object *entries, const char *list)
{
	struct weft_index seen = { 0 };
	size_t n = json_object_array_length(entries);
	int rv = -1;

	for (size_t i = 0; i < n; i++) {
		const char *name = entry_name(at, json_object_array_get_idx(entries, i), list, i);

		if (name == NULL)
			goto out;
		if (weft_index_add(&seen, name, NULL) < 0) {
			bad(at, "out of memory");
			goto out;
		}
	}
	weft_index_sort(&seen);
	for (size_t i = 1; i < seen.n; i++) {
		const struct weft_index_entry *a = &seen.entries[i - 1], *b = &seen.entries[i];

		if (strcmp(a->name, b->name) == 0) {
			at->entry[0] = '\0';
			bad(at, "%s, entries %zu and %zu: both have the name \"%s\"", list, a->serial + 1,
			    b->serial + 1, a->name);
			goto out;
		}
	}
	rv = 0;
out:
	weft_index_clear(&seen);
	return rv;
}

static int apply_fabric(struct place *at, const char *name, json_object *entry)
{
	struct weft_fabric *fabric = NULL;

	for (size_t i = 0; i < at->cat->n_fabrics; i++)
		if (strcmp(at->cat->fabrics[i]->name, name) == 0)
			fabric = at->cat->fabrics[i];
	if (fabric == NULL) {
		if (at->cat->n_fabrics >= WEFT_CATALOGUE_MAX_FABRICS)
			return bad(at, "more than %d fabrics", WEFT_CATALOGUE_MAX_FABRICS);
		fabric = weft_catalogue_add_fabric(at->cat, name);
	}
	if (fabric == NULL)
		return bad(at, "out of memory");
	return set_object(at, entry, fabric_keys, fabric, NULL);
}

static int apply_vendor(struct place *at, const char *name, json_object *entry)
{
	const struct weft_index_entry *known = weft_index_find(&at->cat->vendor_names, name, NULL);
	struct weft_vendor *vendor = known != NULL ? known->value : NULL;

	if (vendor != NULL && strcmp(vendor->name, name) != 0)
		return bad(at, "this is another name of vendor \"%s\"; use that one", vendor->name);
	if (vendor == NULL) {
		if (at->cat->n_vendors >= WEFT_CATALOGUE_MAX_MODELS)
			return bad(at, "more than %d vendors", WEFT_CATALOGUE_MAX_MODELS);
		vendor = weft_catalogue_add_vendor(at->cat, name);
	}
	if (vendor == NULL)
		return bad(at, "out of memory");
	return set_object(at, entry, vendor_keys, vendor, NULL);
}

static int apply_model(struct place *at, const char *name, json_object *entry)
{
	const struct weft_index_entry *known = weft_index_find(&at->cat->model_names, name, NULL);
	struct weft_model *model = known != NULL ? known->value : NULL;

	if (model == NULL) {
		if (at->cat->n_models >= WEFT_CATALOGUE_MAX_MODELS)
			return bad(at, "more than %d models", WEFT_CATALOGUE_MAX_MODELS);
		model = weft_catalogue_add_model(at->cat, name);
	}
	if (model == NULL)
		return bad(at, "out of memory");
	if (set_object(at, entry, model_keys, model, NULL) < 0)
		return -1;
	if (model->vendor == NULL) {
		snprintf(at->key, sizeof(at->key), "vendor");
		return bad(at, "missing");
	}
	return 0;
}

static int apply_list(struct place *at, json_object *root, const char *list,
		      int (*apply)(struct place *at, const char *name, json_object *entry))
{
	json_object *entries;
	size_t n;

	if (!json_object_object_get_ex(root, list, &entries))
		return 0;
	snprintf(at->key, sizeof(at->key), "%s", list);
	if (!json_object_is_type(entries, json_type_array))
		return bad(at, "must be a list, not %s", weft_json_kind(entries));
	n = json_object_array_length(entries);
	if (n > WEFT_CATALOGUE_MAX_MODELS)
		return bad(at, "%zu entries; at most %d are allowed", n, WEFT_CATALOGUE_MAX_MODELS);
	if (check_duplicates(at, entries, list) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		json_object *entry = json_object_array_get_idx(entries, i);
		const char *name = entry_name(at, entry, list, i);

		if (name == NULL || apply(at, name, entry) < 0)
			return -1;
	}
	at->entry[0] = at->key[0] = '\0';
	return 0;
}

static int set_format(struct place *at, json_object *value, const struct key *key, void *object)
{
	(void)key;
	(void)object;
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) != FORMAT)
		return bad(at, "must be %d; this version of Weft reads no other", FORMAT);
	return 0;
}

static const struct key root_keys[] = {
	{ "format", set_format, 0, NULL, 0 },
	{ "fabrics", skip, 0, NULL, 0 },
	{ "vendors", skip, 0, NULL, 0 },
	{ "models", skip, 0, NULL, 0 },
	{ .name = NULL }
};

/* The file as a whole */

int weft_catalogue_apply(struct weft_catalogue *cat, const char *file, const char *text, size_t len,
			 struct weft_err *err)
{
	struct place at = { .file = file, .cat = cat, .err = err };
	json_object *root;
	int rv = -1;

	if (len > WEFT_CATALOGUE_MAX_BYTES)
		return weft_err(err, "%s: %zu bytes; at most %u are allowed", file, len, WEFT_CATALOGUE_MAX_BYTES);
	if (weft_json_parse(&root, file, text, len, MAX_DEPTH, err))
		return -1;
	if (weft_catalogue_drop_families(cat) < 0) {
		bad(&at, "out of memory");
		goto out;
	}
	if (set_object(&at, root, root_keys, NULL, NULL) == 0 &&
	    apply_list(&at, root, "fabrics", apply_fabric) == 0 &&
	    apply_list(&at, root, "vendors", apply_vendor) == 0 &&
	    weft_catalogue_index_vendors(cat, file, err) == 0 &&
	    apply_list(&at, root, "models", apply_model) == 0)
		rv = weft_catalogue_index_models(cat, file, err);
out:
	json_object_put(root);
	return rv;
}
