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

struct weft_tres_request weft_tres_of_candidate(const struct weft_inventory *inv,
						const struct weft_candidate *c, const char *per_job,
						const char *per_node, const char *prefix)
{
	bool even = c->per_node != 0;

	return (struct weft_tres_request){
		.per_job = weft_tres_replace(inv, per_job, prefix, even ? NULL : c->class, c->devices),
		.per_node = weft_tres_replace(inv, per_node, prefix, even ? c->class : NULL, c->per_node),
	};
}

void weft_tres_clear(struct weft_tres_request *request)
{
	free(request->per_job);
	free(request->per_node);
	*request = (struct weft_tres_request){ 0 };
}
