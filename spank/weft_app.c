/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_app.c - the value of --accel-app: a site's table by name, or a user's own from a file.
 *
 * The file is read here, by the user's process, and travels in the job: no daemon ever opens a file that a
 * user names.
 */
#include "spank/weft_app.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/scan.h"
#include "core/speed.h"

static bool names_file(const char *value)
{
	struct stat st;

	return strchr(value, '/') || (!stat(value, &st) && !S_ISDIR(st.st_mode));
}

/* The table of FILE in its inline form. */
static char *read_table(const char *file, struct weft_err *err)
{
	char text[WEFT_APP_MAX_BYTES + 1];
	struct weft_app app = { .name = NULL };
	char *table = NULL;
	struct stat st;
	ssize_t len;
	/* O_NONBLOCK: a FIFO must not hang the command before it is refused. */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		weft_err(err, "%s: %s", file, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		weft_err(err, "%s: not a regular file", file);
		goto out;
	}
	len = weft_read_up_to(fd, text, sizeof(text));
	if (len < 0) {
		weft_err(err, "%s: %s", file, strerror(errno));
		goto out;
	}
	if (len > WEFT_APP_MAX_BYTES) {
		weft_err(err, "%s: longer than %d bytes", file, WEFT_APP_MAX_BYTES);
		goto out;
	}
	if (weft_app_parse_file(&app, file, text, len, err))
		goto out;
	table = weft_app_canonical(&app);
	if (!table)
		weft_err(err, "out of memory");
	weft_app_clear(&app);
out:
	close(fd);
	return table;
}

char *weft_app_option(const char *value, struct weft_err *err)
{
	char *table, *text = NULL;

	if (!names_file(value)) {
		if (weft_is_name(value, strlen(value)))
			return strdup(value);
		weft_err(err, "\"%s\" is neither a file nor a table's name", weft_snip(value, strlen(value)).text);
		return NULL;
	}
	table = read_table(value, err);
	if (table && asprintf(&text, "=%s", table) < 0) {
		text = NULL;
		weft_err(err, "out of memory");
	}
	free(table);
	return text;
}
