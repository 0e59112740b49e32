/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request_text.c - writes a request in its canonical form: 16:nvidia/amd,mem>=64G,per-node=8|2P@bf16.
 */
#include "core/request.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/quantity.h"
#include "core/scan.h"

static const char *op_text(enum weft_op op)
{
	static const char *const texts[] = { ">=", ">", "<=", "<", "=" };

	return texts[op];
}

const char *weft_mix_kind_name(enum weft_mix_kind kind)
{
	static const char *const names[] = { NULL, "models", "vendors" };

	return names[kind];
}

static void write_quantity(FILE *f, unsigned field, double value)
{
	char buf[WEFT_NUMBER_SIZE + 8];

	fputs(weft_quantity_text(field, value, buf, sizeof(buf)), f);
}

static void write_predicates(FILE *f, const struct weft_alternative *alt)
{
	for (size_t i = 0; i < alt->n_predicates; i++) {
		const struct weft_predicate *p = &alt->predicates[i];

		fprintf(f, "%s%s%s", i ? "," : "", weft_field_name(p->field), op_text(p->op));
		write_quantity(f, p->field, p->value);
	}
}

static void write_alternative(FILE *f, const struct weft_alternative *alt)
{
	if (alt->compute > 0) {
		write_quantity(f, WEFT_COMPUTE, alt->compute);
		fprintf(f, "@%s", weft_dtype_name(alt->dtype));
	} else {
		fprintf(f, "%u", alt->devices);
	}
	for (size_t i = 0; i < alt->n_names; i++)
		fprintf(f, "%c%s", i ? '/' : ':', alt->names[i].text);
	if (alt->n_predicates)
		fputc(',', f);
	write_predicates(f, alt);
	if (alt->per_node)
		fprintf(f, ",per-node=%u", alt->per_node);
	if (alt->max_nodes)
		fprintf(f, ",nodes=%u", alt->min_nodes);
	if (alt->max_nodes > alt->min_nodes)
		fprintf(f, "-%u", alt->max_nodes);
	if (alt->mix)
		fprintf(f, ",mix=%s", weft_mix_kind_name(alt->mix));
	if (alt->unit)
		fprintf(f, ",unit=%u", alt->unit);
	if (alt->split == WEFT_SPLIT_EVEN)
		fputs(",split=even", f);
	if (alt->fabric.text[0])
		fprintf(f, ",fabric=%s", alt->fabric.text);
}

static void write_request(FILE *f, const struct weft_request *req)
{
	for (size_t i = 0; i < req->n_alts; i++) {
		if (i > 0)
			fputc('|', f);
		write_alternative(f, &req->alts[i]);
	}
}

/* What the stream F, opened on TEXT, holds; NULL when it could not be written in full. */
static char *finish(FILE *f, char **text)
{
	int bad = ferror(f);

	if (fclose(f) == 0 && !bad)
		return *text;
	free(*text);
	return NULL;
}

char *weft_request_canonical(const struct weft_request *req)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	write_request(f, req);
	return finish(f, &text);
}

char *weft_alternative_canonical(const struct weft_alternative *alt)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	write_alternative(f, alt);
	return finish(f, &text);
}

char *weft_predicates_text(const struct weft_alternative *alt)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	write_predicates(f, alt);
	return finish(f, &text);
}
