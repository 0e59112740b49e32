/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * screen.c - what standard output can show, and tables that fit it.
 */
#include "tools/screen.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define LEAST_WIDTH 40
#define MOST_WIDTH  1000
#define GAP	    2 /* between columns */

static unsigned width_of_stdout(bool terminal)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	unsigned long n = columns ? strtoul(columns, NULL, 10) : 0;

	if (n == 0 && terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		n = size.ws_col;
	if (n == 0 || n > MOST_WIDTH)
		return 0;
	return n < LEAST_WIDTH ? LEAST_WIDTH : (unsigned)n;
}

static bool wants_colour(bool terminal)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return terminal && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

struct screen screen_of_stdout(void)
{
	bool terminal = isatty(STDOUT_FILENO);

	setlocale(LC_CTYPE, "");
	return (struct screen){ .width = width_of_stdout(terminal),
				.utf8 = terminal && strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
				.colour = wants_colour(terminal) };
}

/* The columns that the first character of TEXT takes; its *LEN bytes.  *SHOWN: it can be shown as it is. */
static unsigned character(const struct screen *screen, const char *text, size_t *len, bool *shown)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n;

	*len = 1;
	*shown = (unsigned char)*text < 0x80;
	if (*shown) {
		*shown = *text >= 0x20 && *text != 0x7f;
		return 1;
	}
	n = screen->utf8 ? mbrtowc(&c, text, strlen(text), &state) : (size_t)-1;
	if (n == 0 || n > MB_LEN_MAX)
		return 1;
	*len = n;
	*shown = wcwidth(c) >= 0;
	return *shown ? (unsigned)wcwidth(c) : 1;
}

static unsigned columns_of(const struct screen *screen, const char *text)
{
	unsigned columns = 0;
	bool shown;

	for (size_t len; *text; text += len)
		columns += character(screen, text, &len, &shown);
	return columns;
}

/* Print as much of TEXT as fits MAX columns.  How many it took. */
static unsigned put(const struct screen *screen, const char *text, unsigned max)
{
	const char *more = screen->utf8 ? "…" : "...";
	unsigned used = 0, dots = screen->utf8 ? 1 : 3;
	bool cut = columns_of(screen, text) > max, shown;

	if (cut && max < dots)
		return 0;
	max -= cut ? dots : 0;
	for (size_t len; *text; text += len) {
		unsigned n = character(screen, text, &len, &shown);

		if (used + n > max)
			break;
		used += n;
		if (shown)
			fwrite(text, 1, len, stdout);
		else
			putchar('?');
	}
	if (!cut)
		return used;
	fputs(more, stdout);
	return used + dots;
}

static void out_of_memory(void)
{
	fputs("weft: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

static char *text_of(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		out_of_memory();
	return text;
}

void screen_line(const struct screen *screen, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = text_of(fmt, ap);
	va_end(ap);
	put(screen, text, screen->width ? screen->width : UINT_MAX);
	putchar('\n');
	free(text);
}

static void dip(const struct screen *screen, enum ink ink)
{
	static const char *const codes[] = { "\033[0m", "\033[1m", "\033[32m", "\033[31m", "\033[36m" };

	if (screen->colour)
		fputs(codes[ink], stdout);
}

/* As much of TEXT as fits a line of MAX columns, cut at a space where there is one. */
static size_t line_of(const struct screen *screen, const char *text, unsigned max)
{
	size_t space = 0, at = 0, len;
	unsigned used = 0;
	bool shown;

	while (text[at]) {
		used += character(screen, text + at, &len, &shown);
		if (used > max && at > 0)
			return text[at] == ' ' || !space ? at : space;
		if (text[at] == ' ')
			space = at;
		at += len;
	}
	return at;
}

void screen_words(const struct screen *screen, enum ink ink, unsigned indent, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = text_of(fmt, ap);
	va_end(ap);
	dip(screen, ink);
	for (char *at = text; *at;) {
		unsigned room = screen->width ? screen->width - indent : UINT_MAX;
		size_t n = line_of(screen, at, room);
		char kept = at[n], *next = at + n + (kept == ' ');

		printf("%*s", (int)indent, "");
		at[n] = '\0';
		put(screen, at, UINT_MAX);
		at[n] = kept;
		putchar('\n');
		indent += at == text ? 2 : 0;
		at = next;
	}
	dip(screen, INK_PLAIN);
	free(text);
}

void table_start(struct table *t, const struct column *columns, unsigned n)
{
	*t = (struct table){ .columns = columns, .n_columns = n };
}

void table_cell(struct table *t, const char *fmt, ...)
{
	va_list ap;

	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 64;
		char **cells = realloc(t->cells, room * sizeof(*cells));

		if (!cells)
			out_of_memory();
		t->cells = cells;
		t->room = room;
	}
	va_start(ap, fmt);
	t->cells[t->n++] = text_of(fmt, ap);
	va_end(ap);
}

/* The columns that the table takes; a column of width 0 is left out. */
static unsigned total(const unsigned *widths, unsigned n)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += widths[i] ? widths[i] + (sum ? GAP : 0) : 0;
	return sum;
}

/* Take one column of the screen from the widest that may be cut, or leave one out.  False: nothing more can
 * be done. */
static bool squeeze(const struct table *t, unsigned *widths)
{
	unsigned widest = t->n_columns, i;

	for (i = 0; i < t->n_columns; i++)
		if (t->columns[i].least && widths[i] > t->columns[i].least &&
		    (widest == t->n_columns || widths[i] > widths[widest]))
			widest = i;
	if (widest < t->n_columns) {
		widths[widest]--;
		return true;
	}
	for (i = t->n_columns; i > 0; i--) {
		if (t->columns[i - 1].spare && widths[i - 1]) {
			widths[i - 1] = 0;
			return true;
		}
	}
	return false;
}

static void fit(const struct table *t, const struct screen *screen, unsigned *widths)
{
	for (unsigned i = 0; i < t->n_columns; i++)
		widths[i] = columns_of(screen, t->columns[i].head);
	for (size_t i = 0; i < t->n; i++) {
		unsigned n = columns_of(screen, t->cells[i]), *width = &widths[i % t->n_columns];

		*width = n > *width ? n : *width;
	}
	while (screen->width && total(widths, t->n_columns) > screen->width && squeeze(t, widths))
		;
}

/* CELLS, or the heads when NULL. */
static void print_row(const struct table *t, const struct screen *screen, const unsigned *widths,
		      char *const *cells)
{
	unsigned at = 0, want = 0; /* columns printed, and those that are to be there before the next cell */

	for (unsigned i = 0; i < t->n_columns; i++) {
		const char *text = cells ? cells[i] : t->columns[i].head;
		unsigned n = columns_of(screen, text), from = want;

		if (!widths[i])
			continue;
		if (t->columns[i].right && n < widths[i])
			from += widths[i] - n;
		want += widths[i] + GAP;
		if (!*text)
			continue;
		if (screen->width && from + (n < widths[i] ? n : widths[i]) > screen->width)
			break; /* even the least is too wide for this screen */
		printf("%*s", (int)(from - at), "");
		at = from + put(screen, text, widths[i]);
	}
	putchar('\n');
}

void table_print(struct table *t, const struct screen *screen)
{
	unsigned widths[TABLE_COLUMNS];

	fit(t, screen, widths);
	dip(screen, INK_BOLD);
	print_row(t, screen, widths, NULL);
	dip(screen, INK_PLAIN);
	for (size_t i = 0; i + t->n_columns <= t->n; i += t->n_columns)
		print_row(t, screen, widths, t->cells + i);
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){ 0 };
}
