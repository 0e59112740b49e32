/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_app.c - any bytes as a throughput table, in both forms; what is read is written and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/speed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_app(struct weft_app *app)
{
	char *text = weft_app_canonical(app);
	struct weft_app again;

	if (!text)
		abort();
	if (strlen(text) <= WEFT_APP_MAX_BYTES) { /* the file form has room for more */
		if (weft_app_parse(&again, NULL, text, NULL) < 0 || again.n_rows != app->n_rows)
			abort();
		for (size_t i = 0; i < app->n_rows; i++) {
			if (again.rows[i].rate != app->rows[i].rate ||
			    strcmp(again.rows[i].model, app->rows[i].model))
				abort();
		}
		weft_app_clear(&again);
	}
	if (!(weft_speed_rate(NULL, app->rows[0].model, app, 200) > 0))
		abort();
	free(text);
	weft_app_clear(app);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT, file_err = WEFT_ERR_INIT;
	char *text = malloc(size + 1);
	struct weft_app app;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (weft_app_parse(&app, "fuzz", text, &err) == 0)
		check_app(&app);
	else if (err.text[0] == '\0')
		abort();
	if (weft_app_parse_file(&app, "rates.txt", (const char *)data, size, &file_err) == 0)
		check_app(&app);
	else if (file_err.text[0] == '\0')
		abort();
	free(text);
	return 0;
}
