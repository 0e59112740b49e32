/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speed.c - throughput tables, and the roofline for those who have none.
 *
 * Both forms of a table come down to rows of NAME, separator, RATE; they differ in what parts the rows and in
 * how a message says where: "at column 6", or "rates.txt:3:".
 */
#include "core/speed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scan.h"

#define RATE_MIN 1e-12
#define RATE_MAX 1e12

/* One row of text, and how to speak of it. */
struct row {
	const char *text; /* trimmed of white space in front */
	size_t len;
	const char *file; /* NULL: the inline form */
	unsigned place;	  /* line of the file, or column where TEXT starts */
};

/* " at column 7", or nothing when the message begins with file and line.  AT is an offset into the row. */
static const char *where(const struct row *row, size_t at, char buf[32])
{
	buf[0] = '\0';
	if (!row->file)
		snprintf(buf, 32, " at column %zu", row->place + at);
	return buf;
}

/* "rates.txt:3: ", or nothing. */
static const char *prefix(const struct row *row, char buf[WEFT_ERR_SIZE / 2])
{
	buf[0] = '\0';
	if (row->file)
		snprintf(buf, WEFT_ERR_SIZE / 2, "%s:%u: ", row->file, row->place);
	return buf;
}

static void trim(const char *text, size_t *from, size_t *to)
{
	while (*from < *to && weft_is_space(text[*from]))
		(*from)++;
	while (*to > *from && weft_is_space(text[*to - 1]))
		(*to)--;
}

static int check_control(const struct row *row, struct weft_err *err)
{
	char at[32], file[WEFT_ERR_SIZE / 2];

	for (size_t i = 0; i < row->len; i++) {
		unsigned char c = (unsigned char)row->text[i];

		if ((c < 0x20 && !weft_is_space((char)c)) || c == 0x7f)
			return weft_err(err, "%scontrol character 0x%02x%s", prefix(row, file), c,
					where(row, i, at));
	}
	return 0;
}

/* The name that the row starts with; *LEN bytes. */
static int check_name(const struct row *row, size_t *len, struct weft_err *err)
{
	char at[32], file[WEFT_ERR_SIZE / 2];
	size_t n = 0;

	while (n < row->len && row->text[n] != '=' && row->text[n] != ',' && !weft_is_space(row->text[n]))
		n++;
	*len = n;
	if (n == 0)
		return weft_err(err, "%sa model is missing%s", prefix(row, file), where(row, 0, at));
	if (n > WEFT_NAME_MAX)
		return weft_err(err, "%sthe name%s has %zu characters; at most %d are allowed",
				prefix(row, file), where(row, 0, at), n, WEFT_NAME_MAX);
	if (!weft_is_name(row->text, n))
		return weft_err(err, "%s\"%s\"%s is not the name of a model", prefix(row, file),
				weft_snip(row->text, n).text, where(row, 0, at));
	return 0;
}

static int check_rate(const struct row *row, size_t from, const char *model, double *rate,
		      struct weft_err *err)
{
	char at[32], file[WEFT_ERR_SIZE / 2];
	size_t len = row->len - from;
	const char *text = row->text + from;

	if (len == 0)
		return weft_err(err, "%s%s%s has no rate; write %s=1.5", prefix(row, file), model,
				where(row, 0, at), model);
	*rate = weft_scan_number(text, len) == len ? weft_number_value(text, len, 0) : NAN;
	if (isnan(*rate) || *rate <= 0)
		return weft_err(err, "%sthe rate \"%s\" of %s%s is not a positive number", prefix(row, file),
				weft_snip(text, len).text, model, where(row, from, at));
	if (*rate < RATE_MIN || *rate > RATE_MAX)
		return weft_err(err, "%sthe rate \"%s\" of %s%s is not between %g and %g", prefix(row, file),
				weft_snip(text, len).text, model, where(row, from, at), RATE_MIN, RATE_MAX);
	return 0;
}

/* Append ROW to APP. */
static int add_row(struct weft_app *app, const struct row *row, struct weft_err *err)
{
	char at[32], file[WEFT_ERR_SIZE / 2];
	struct weft_app_row *rows, read;
	size_t name, from, end = row->len;

	if (check_control(row, err) < 0 || check_name(row, &name, err) < 0)
		return -1;
	weft_copy_lower(read.model, row->text, name);
	from = name;
	trim(row->text, &from, &end);
	if (from < end && (row->text[from] == '=' || (row->file && row->text[from] == ',')))
		from++;
	trim(row->text, &from, &end);
	if (check_rate(row, from, read.model, &read.rate, err) < 0)
		return -1;
	for (size_t i = 0; i < app->n_rows; i++) {
		if (weft_name_equal(app->rows[i].model, read.model))
			return weft_err(err, "%s%s%s is listed twice", prefix(row, file), read.model,
					where(row, 0, at));
	}
	if (app->n_rows == WEFT_APP_MAX_ROWS)
		return weft_err(err, "%smore than %d models%s", prefix(row, file), WEFT_APP_MAX_ROWS,
				where(row, 0, at));
	rows = realloc(app->rows, (app->n_rows + 1) * sizeof(*rows));
	if (!rows)
		return weft_err(err, "out of memory");
	app->rows = rows;
	rows[app->n_rows++] = read;
	return 0;
}

static int parse_inline(struct weft_app *app, const char *text, struct weft_err *err)
{
	size_t len = strlen(text), from = 0, to, next;

	if (len > WEFT_APP_MAX_BYTES)
		return weft_err(err, "the table has %zu bytes; at most %d are allowed", len,
				WEFT_APP_MAX_BYTES);
	if (strspn(text, " \t\r\n") == len)
		return weft_err(err, "the table is empty; write MODEL=RATE,MODEL=RATE");
	do {
		struct row row = { .file = NULL };

		to = from + strcspn(text + from, ",");
		next = to + 1;
		trim(text, &from, &to);
		row.text = text + from;
		row.len = to - from;
		row.place = (unsigned)from + 1;
		if (add_row(app, &row, err) < 0)
			return -1;
		from = next;
	} while (from <= len);
	return 0;
}

static int parse_lines(struct weft_app *app, const char *file, const char *text, size_t len,
		       struct weft_err *err)
{
	struct row row = { .file = file, .place = 0 };
	size_t from = 0, to, next;

	if (len > WEFT_APP_MAX_FILE_BYTES)
		return weft_err(err, "%s: the table has %zu bytes; at most %d are allowed", file, len,
				WEFT_APP_MAX_FILE_BYTES);
	for (; from < len; from = next) {
		const char *end = memchr(text + from, '\n', len - from), *comment;

		to = end ? (size_t)(end - text) : len;
		next = to + 1;
		comment = memchr(text + from, '#', to - from);
		to = comment ? (size_t)(comment - text) : to;
		row.place++;
		trim(text, &from, &to);
		row.text = text + from;
		row.len = to - from;
		if (row.len > 0 && add_row(app, &row, err) < 0)
			return -1;
	}
	if (app->n_rows == 0)
		return weft_err(err, "%s: no line says MODEL RATE", file);
	return 0;
}

int weft_app_parse(struct weft_app *app, const char *name, const char *text, struct weft_err *err)
{
	memset(app, 0, sizeof(*app));
	if (name) {
		app->name = strdup(name);
		if (!app->name)
			return weft_err(err, "out of memory");
	}
	if (parse_inline(app, text, err) < 0) {
		weft_app_clear(app);
		return -1;
	}
	return 0;
}

int weft_app_parse_file(struct weft_app *app, const char *file, const char *text, size_t len,
			struct weft_err *err)
{
	memset(app, 0, sizeof(*app));
	if (parse_lines(app, file, text, len, err) < 0) {
		weft_app_clear(app);
		return -1;
	}
	return 0;
}

char *weft_app_canonical(const struct weft_app *app)
{
	char *text = NULL, rate[WEFT_NUMBER_SIZE];
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int bad;

	if (!f)
		return NULL;
	for (size_t i = 0; i < app->n_rows; i++)
		fprintf(f, "%s%s=%s", i ? "," : "", app->rows[i].model,
			weft_number_text(app->rows[i].rate, 0, 0, rate));
	bad = ferror(f);
	if (fclose(f) == 0 && !bad)
		return text;
	free(text);
	return NULL;
}

void weft_app_clear(struct weft_app *app)
{
	free(app->name);
	free(app->rows);
	memset(app, 0, sizeof(*app));
}

/* The rate that APP lists under NAME; NAN when it does not. */
static double listed_rate(const struct weft_app *app, const char *name)
{
	for (size_t i = 0; i < app->n_rows; i++) {
		if (weft_name_equal(app->rows[i].model, name))
			return app->rows[i].rate;
	}
	return NAN;
}

/* The most exact row counts: the model, what the site calls it, its family, another spelling of its type. */
static double table_rate(const struct weft_app *app, const struct weft_model *model, const char *type)
{
	double rate = listed_rate(app, model ? model->name : NULL);

	if (isnan(rate))
		rate = listed_rate(app, type);
	if (isnan(rate) && model)
		rate = listed_rate(app, model->family);
	for (char **t = model ? model->gres_types : NULL; isnan(rate) && t && *t; t++)
		rate = listed_rate(app, *t);
	return rate;
}

/* TFLOPS; of a family the least that any of its variants has. */
static double roofline(const struct weft_model *model, double intensity)
{
	static const enum weft_dtype order[] = { WEFT_BF16, WEFT_FP16, WEFT_TF32, WEFT_FP32 };
	double peak = NAN, fed = model->bw.lo * intensity / 1000; /* GB/s x FLOP/byte is GFLOPS */

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && isnan(peak); i++)
		peak = model->tflops[order[i]].lo;
	if (isnan(peak) || isnan(fed) || fed <= 0)
		return NAN;
	return peak < fed ? peak : fed;
}

double weft_speed_rate(const struct weft_model *model, const char *type, const struct weft_app *app,
		       double intensity)
{
	if (app && app->n_rows > 0)
		return table_rate(app, model, type);
	return model ? roofline(model, intensity) : NAN;
}
