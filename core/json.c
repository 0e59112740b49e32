/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.c - a JSON file's text, read with messages that name its line.
 */
#include "core/json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

const char *weft_json_kind(json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return "null";
	case json_type_boolean:
		return "true or false";
	case json_type_int:
	case json_type_double:
		return "a number";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "a list";
	case json_type_string:
		break;
	}
	return "a string";
}

static unsigned line_of(const char *text, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

int weft_json_parse(json_object **root, const char *file, const char *text, size_t len, int depth,
		    struct weft_err *err)
{
	struct json_tokener *tok;
	enum json_tokener_error rc;
	const char *nul;
	char *ascii;
	size_t ascii_len = 0, wrong = 0;

	if (len > INT_MAX / 6) /* escaped, a character may become six */
		return weft_err(err, "%s: %zu bytes are too many", file, len);
	nul = memchr(text, '\0', len);
	if (nul != NULL)
		return weft_err(err, "%s:%u: a NUL byte; this is no text file", file,
				line_of(text, (size_t)(nul - text)));
	ascii = weft_utf8_escape(text, len, &ascii_len, &wrong);
	if (ascii == NULL && wrong < len)
		return weft_err(err, "%s:%u: not UTF-8", file, line_of(text, wrong));
	tok = ascii ? json_tokener_new_ex(depth) : NULL;
	if (tok == NULL) {
		free(ascii);
		return weft_err(err, "%s: out of memory", file);
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	*root = json_tokener_parse_ex(tok, ascii, (int)ascii_len);
	rc = json_tokener_get_error(tok);
	if (rc == json_tokener_continue)
		weft_err(err, "%s:%u: the text ends too early", file, line_of(text, len));
	else if (rc != json_tokener_success)
		weft_err(err, "%s:%u: not JSON: %s", file, line_of(ascii, json_tokener_get_parse_end(tok)),
			 json_tokener_error_desc(rc));
	json_tokener_free(tok);
	free(ascii);
	if (rc == json_tokener_success)
		return 0;
	json_object_put(*root);
	*root = NULL;
	return -1;
}
