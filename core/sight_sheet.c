/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sight_sheet.c - what an answer is written on: lines for people, or one JSON object for programs.
 *
 * In JSON, TEXT holds the line at hand, which becomes a string; the document grows in JOT, and when it has no
 * room it is not given at all.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/sight_private.h"

#define LAST_LINE 128 /* bytes that are kept for what was left out */

/* ---------------------------------------------------------------- JSON */

static void put(struct weft_sheet *sheet, const char *text)
{
	struct weft_text *jot = &sheet->jot;
	size_t len = strlen(text);

	if (len >= jot->size - jot->len) {
		sheet->left_out++;
		return;
	}
	memcpy(jot->buf + jot->len, text, len + 1);
	jot->len += len;
}

/* The length of the UTF-8 character at P; 0: it is none. */
static size_t character(const unsigned char *p)
{
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	if (p[0] < 0xc2 || p[0] > 0xf4 || (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static void put_string(struct weft_sheet *sheet, const char *text)
{
	char piece[8];

	put(sheet, "\"");
	for (size_t n; *text; text += n) {
		unsigned char c = (unsigned char)*text;

		n = c >= 0x80 ? character((const unsigned char *)text) : 1;
		if (n > 1)
			snprintf(piece, sizeof(piece), "%.*s", (int)n, text);
		else if (c == '"' || c == '\\')
			snprintf(piece, sizeof(piece), "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			snprintf(piece, sizeof(piece), "?");
		else
			snprintf(piece, sizeof(piece), "%c", c);
		n = n ? n : 1;
		put(sheet, piece);
	}
	put(sheet, "\"");
}

static void put_key(struct weft_sheet *sheet, const char *key)
{
	if (sheet->helping && key) { /* the list of what would help is complete */
		put(sheet, "]");
		sheet->helping = false;
	}
	put(sheet, sheet->begun ? "," : "");
	sheet->begun = true;
	if (!key)
		return;
	put(sheet, "\"");
	for (; *key; key++) /* "ends by" is "ends_by" */
		put(sheet, (char[]){ *key == ' ' ? '_' : *key, '\0' });
	put(sheet, "\":");
}

void weft_sheet_open(struct weft_sheet *sheet, const char *key, enum weft_sheet_kind kind)
{
	if (!sheet->json)
		return;
	put_key(sheet, key);
	put(sheet, kind == WEFT_SHEET_LIST ? "[" : "{");
	sheet->begun = false;
}

void weft_sheet_close(struct weft_sheet *sheet, enum weft_sheet_kind kind)
{
	if (!sheet->json)
		return;
	put(sheet, sheet->helping ? "]" : "");
	sheet->helping = false;
	put(sheet, kind == WEFT_SHEET_LIST ? "]" : "}");
	sheet->begun = true;
}

void weft_sheet_number(struct weft_sheet *sheet, const char *key, int64_t value)
{
	char number[32];

	if (!sheet->json)
		return;
	snprintf(number, sizeof(number), "%" PRId64, value);
	put_key(sheet, key);
	put(sheet, number);
}

void weft_sheet_figure(struct weft_sheet *sheet, const char *key, double value)
{
	char number[40];

	if (!sheet->json)
		return;
	if (value > -1e15 && value < 1e15)
		snprintf(number, sizeof(number), "%.6g", value);
	else
		snprintf(number, sizeof(number), "null");
	put_key(sheet, key);
	put(sheet, number);
}

void weft_sheet_string(struct weft_sheet *sheet, const char *key, const char *value)
{
	if (!sheet->json)
		return;
	put_key(sheet, key);
	if (value)
		put_string(sheet, value);
	else
		put(sheet, "null");
}

void weft_sheet_moment(struct weft_sheet *sheet, const char *key, time_t when)
{
	if (when)
		weft_sheet_number(sheet, key, when);
	else
		weft_sheet_string(sheet, key, NULL);
}

/* ---------------------------------------------------------------- lines */

static void end_of_json(struct weft_sheet *sheet)
{
	struct weft_text *t = &sheet->text;
	const char *key = sheet->key;

	if (key && !strcmp(key, WEFT_SHEET_HELP)) {
		if (!sheet->helping) {
			put_key(sheet, key);
			put(sheet, "[");
			sheet->begun = false;
		}
		sheet->helping = true;
		weft_sheet_string(sheet, NULL, t->buf);
	} else if (key) {
		weft_sheet_string(sheet, key, t->buf);
	}
	sheet->key = NULL;
	t->len = 0;
	t->buf[0] = '\0';
}

void weft_sheet_end_line(struct weft_sheet *sheet)
{
	struct weft_text *t = &sheet->text;

	if (sheet->json) {
		end_of_json(sheet);
		return;
	}
	if (t->len + LAST_LINE >= t->size) {
		t->len = sheet->begin;
		t->buf[t->len] = '\0';
		sheet->left_out++;
		return;
	}
	/* What came from outside must not begin a line of its own. */
	for (size_t i = sheet->begin; i < t->len; i++) {
		if ((unsigned char)t->buf[i] < ' ' || t->buf[i] == 0x7f)
			t->buf[i] = '?';
	}
	weft_say(t, "\n");
	sheet->begin = t->len;
}

void weft_sheet_begin(struct weft_sheet *sheet, unsigned depth, const char *key)
{
	sheet->key = key;
	if (!sheet->json)
		weft_say(&sheet->text, "%*s%s: ", (int)(2 * depth), "", key);
}

void weft_sheet_topic(struct weft_sheet *sheet, const char *what)
{
	weft_sheet_open(sheet, NULL, WEFT_SHEET_OBJECT);
	weft_sheet_string(sheet, "what", what);
	sheet->key = "text";
	if (!sheet->json)
		weft_say(&sheet->text, "  %s: ", what);
}

void weft_sheet_end_topic(struct weft_sheet *sheet)
{
	weft_sheet_close(sheet, WEFT_SHEET_OBJECT);
}

/* ---------------------------------------------------------------- from beginning to end */

int weft_sheet_make(struct weft_sheet *sheet)
{
	struct weft_text text = { .buf = malloc(WEFT_SIGHT_MAX_TEXT), .size = WEFT_SIGHT_MAX_TEXT },
			 jot = { .size = WEFT_SIGHT_MAX_TEXT };

	if (text.buf)
		text.buf[0] = '\0';
	if (sheet->json)
		jot.buf = malloc(WEFT_SIGHT_MAX_TEXT);
	if (!text.buf || (sheet->json && !jot.buf)) {
		free(text.buf);
		free(jot.buf);
		return -1;
	}
	jot.size -= 2; /* for the end */
	sheet->text = text;
	sheet->jot = jot;
	return 0;
}

static char *fitting(struct weft_text *t)
{
	char *fit = realloc(t->buf, t->len + 1);

	return fit ? fit : t->buf;
}

static char *finish_json(struct weft_sheet *sheet)
{
	struct weft_err problem = sheet->problem;
	struct weft_text *jot = &sheet->jot;

	if (sheet->left_out)
		weft_err(&problem, "the answer has more than %u bytes", WEFT_SIGHT_MAX_TEXT);
	if (problem.text[0]) {
		jot->len = 0;
		sheet->begun = sheet->helping = false;
		weft_sheet_open(sheet, NULL, WEFT_SHEET_OBJECT);
		weft_sheet_number(sheet, "version", WEFT_SIGHT_VERSION);
		weft_sheet_string(sheet, "error", problem.text);
		weft_sheet_close(sheet, WEFT_SHEET_OBJECT);
	}
	jot->size += 2;
	weft_say(jot, "\n");
	free(sheet->text.buf);
	return fitting(jot);
}

char *weft_sheet_finish(struct weft_sheet *sheet)
{
	if (sheet->json)
		return finish_json(sheet);
	if (sheet->left_out)
		weft_say(&sheet->text, "weft: %zu more line%s %s no room here\n", sheet->left_out,
			 sheet->left_out == 1 ? "" : "s", sheet->left_out == 1 ? "has" : "have");
	return fitting(&sheet->text);
}
