/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user_map.c - who is who at a peer.
 */
#include "core/user_map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/scan.h"

#define MAX_WORD 255

struct line {
	struct weft_user user;
	unsigned number;
};

struct weft_user_map {
	char *text; /* cut into words, which the lines point to */
	struct line *lines;
	size_t n;
};

static int compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int rc = strcmp(x->user.local, y->user.local);

	return rc ? rc : (x->number > y->number) - (x->number < y->number);
}

/* Printable, without what a list, a quote or an option would be read from. */
static bool is_word(const char *s, size_t max)
{
	if (!*s || strlen(s) > max || *s == '-')
		return false;
	for (; *s; s++) {
		if (*s <= ' ' || *s > '~' || strchr("\"'`\\,=", *s))
			return false;
	}
	return true;
}

/* The next word of *S, which is cut off; NULL: there is none. */
static char *cut(char **s)
{
	char *word = *s + strspn(*s, " \t\r");
	size_t len = strcspn(word, " \t\r");

	if (len == 0)
		return NULL;
	*s = word + len;
	if (**s)
		*(*s)++ = '\0';
	return word;
}

/* "account=A" */
static int read_setting(struct weft_user *user, char *word, const char *file, unsigned number,
			struct weft_err *err)
{
	static const char *const names[] = { "account=", "partition=", "qos=" };
	const char **values[] = { &user->account, &user->partition, &user->qos };

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(names[i]);

		if (strncmp(word, names[i], len) != 0)
			continue;
		if (*values[i])
			return weft_err(err, "%s:%u: %s is given twice", file, number, names[i]);
		if (!is_word(word + len, MAX_WORD))
			return weft_err(err, "%s:%u: \"%s\" is not a name", file, number,
					weft_snip(word + len, strlen(word + len)).text);
		*values[i] = word + len;
		return 0;
	}
	return weft_err(err, "%s:%u: \"%s\" is not account=, partition= or qos=", file, number,
			weft_snip(word, strlen(word)).text);
}

/* 1: there is a line in it. */
static int read_line(struct line *line, char *s, const char *file, unsigned number, struct weft_err *err)
{
	struct weft_user *user = &line->user;
	char *word;

	*line = (struct line){ .number = number };
	s[strcspn(s, "#")] = '\0';
	user->local = cut(&s);
	if (!user->local)
		return 0;
	user->name = cut(&s);
	if (!user->name)
		return weft_err(err, "%s:%u: a line must be LOCAL REMOTE [account=A] [partition=P] [qos=Q]",
				file, number);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? user->name : user->local;

		if (!is_word(name, WEFT_USER_MAX_NAME))
			return weft_err(err, "%s:%u: \"%s\" is not a name", file, number,
					weft_snip(name, strlen(name)).text);
		if (!strcmp(name, "root"))
			return weft_err(
				err, "%s:%u: root may not run jobs at other sites, and nobody is root there",
				file, number);
	}
	while ((word = cut(&s))) {
		if (read_setting(user, word, file, number, err) < 0)
			return -1;
	}
	return 1;
}

static int add_line(struct weft_user_map *map, const struct line *line, const char *file,
		    struct weft_err *err)
{
	if (map->n == WEFT_USER_MAP_MAX_LINES)
		return weft_err(err, "%s:%u: more than %d users", file, line->number,
				WEFT_USER_MAP_MAX_LINES);
	if ((map->n & (map->n - 1)) == 0) { /* it is full: there is room for the next power of two */
		struct line *more = realloc(map->lines, (map->n ? 2 * map->n : 1) * sizeof(*more));

		if (!more)
			return weft_err(err, "%s: out of memory", file);
		map->lines = more;
	}
	map->lines[map->n++] = *line;
	return 0;
}

static int read_all(struct weft_user_map *map, const char *file, size_t len, struct weft_err *err)
{
	char *s = map->text, *end = s + len;

	for (unsigned number = 1; s < end; number++) {
		char *nl = memchr(s, '\n', (size_t)(end - s));
		struct line line;
		int rc;

		if (nl)
			*nl = '\0';
		rc = read_line(&line, s, file, number, err);
		if (rc < 0 || (rc > 0 && add_line(map, &line, file, err) < 0))
			return -1;
		s = nl ? nl + 1 : end;
	}
	if (map->n > 0)
		qsort(map->lines, map->n, sizeof(*map->lines), compare);
	for (size_t i = 1; i < map->n; i++) {
		if (!strcmp(map->lines[i].user.local, map->lines[i - 1].user.local))
			return weft_err(err, "%s:%u: %s was given in line %u already", file,
					map->lines[i].number, map->lines[i].user.local,
					map->lines[i - 1].number);
	}
	return 0;
}

struct weft_user_map *weft_user_map_parse(const char *file, const char *text, size_t len,
					  struct weft_err *err)
{
	struct weft_user_map *map;

	if (len > WEFT_USER_MAP_MAX_BYTES) {
		weft_err(err, "%s: the file has %zu bytes; at most %u are allowed", file, len,
			 WEFT_USER_MAP_MAX_BYTES);
		return NULL;
	}
	if (memchr(text, '\0', len)) {
		weft_err(err, "%s: a NUL byte; this is no text file", file);
		return NULL;
	}
	map = calloc(1, sizeof(*map));
	if (map)
		map->text = malloc(len + 1);
	if (!map || !map->text) {
		weft_err(err, "%s: out of memory", file);
		weft_user_map_free(map);
		return NULL;
	}
	memcpy(map->text, text, len);
	map->text[len] = '\0';
	if (read_all(map, file, len, err) == 0)
		return map;
	weft_user_map_free(map);
	return NULL;
}

const struct weft_user *weft_user_map_find(const struct weft_user_map *map, const char *local)
{
	size_t from = 0, to = map->n;

	while (from < to) {
		size_t i = from + (to - from) / 2;
		int rc = strcmp(local, map->lines[i].user.local);

		if (rc == 0)
			return &map->lines[i].user;
		if (rc < 0)
			to = i;
		else
			from = i + 1;
	}
	return NULL;
}

void weft_user_map_free(struct weft_user_map *map)
{
	if (!map)
		return;
	free(map->lines);
	free(map->text);
	free(map);
}
