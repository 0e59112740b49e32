/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tres.c - take Slurm's TRES request strings apart and put them together again.
 */
#include "core/tres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One entry of a list: its name starts at NAME, the entry ends at END. */
struct entry {
	const char *start, *name, *end;
	size_t name_len;
};

/* The entry at P; false at the end of the text. */
static bool entry_next(const char **p, struct entry *e)
{
	while (**p == ',' || **p == ' ')
		(*p)++;
	if (!**p)
		return false;
	e->start = e->name = *p;
	e->end = *p + strcspn(*p, ",");
	if (!strncasecmp(e->name, "gres:", 5) || !strncasecmp(e->name, "gres/", 5))
		e->name += 5;
	e->name_len = strcspn(e->name, ":=,");
	*p = e->end;
	return true;
}

bool weft_tres_is_accelerator(const struct weft_inventory *inv, const char *name, size_t len)
{
	for (size_t i = 0; i < weft_inventory_classes(inv); i++) {
		const char *class_name = weft_inventory_class(inv, i)->name;

		if (strlen(class_name) == len && !strncasecmp(class_name, name, len))
			return true;
	}
	return false;
}

bool weft_tres_accelerator(const struct weft_inventory *inv, const char *tres, char *buf, size_t size)
{
	struct entry e;

	while (tres && entry_next(&tres, &e)) {
		if (!weft_tres_is_accelerator(inv, e.name, e.name_len))
			continue;
		snprintf(buf, size, "%.*s", (int)(e.end - e.name), e.name);
		return true;
	}
	return false;
}

char *weft_tres_replace(const struct weft_inventory *inv, const char *tres, const char *prefix,
			const struct weft_class *class, unsigned long count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct entry e;
	bool any = false;

	if (!out)
		return NULL;
	while (tres && entry_next(&tres, &e)) {
		if (weft_tres_is_accelerator(inv, e.name, e.name_len))
			continue;
		fprintf(out, "%s%.*s", any ? "," : "", (int)(e.end - e.start), e.start);
		any = true;
	}
	if (class && count) {
		fprintf(out, "%s%s%s:%lu", any ? "," : "", prefix, class->label, count);
		any = true;
	}
	if (fclose(out) || !any) {
		free(text);
		return NULL;
	}
	return text;
}

char *weft_tres_rename(const char *tres, const char *prefix, const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *out;
	struct entry e;
	bool any = false;

	if (!tres || !(out = open_memstream(&text, &size)))
		return NULL;
	while (entry_next(&tres, &e)) {
		const char *count = e.name + e.name_len;

		fprintf(out, "%s%s%s%.*s", any ? "," : "", prefix, name, (int)(e.end - count), count);
		any = true;
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
