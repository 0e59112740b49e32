/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * token.c - a peer's token, read from its file at each use.
 */
#include "weftd/token.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "core/file.h"

static int check(int fd, const char *path, struct weft_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return weft_err(err, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return weft_err(err, "%s: not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return weft_err(err, "%s: a token's file must belong to weftd's user or to root", path);
	if (st.st_mode & 077)
		return weft_err(err, "%s: a token's file must be for its owner alone (mode %03o)", path,
				(unsigned)st.st_mode & 0777);
	return 0;
}

static int take(int fd, const char *path, char *buf, struct weft_err *err)
{
	static const char prefix[] = "SLURM_JWT="; /* as scontrol writes it */
	ssize_t n;

	if (check(fd, path, err) < 0)
		return -1;
	n = weft_read_up_to(fd, buf, WEFT_TOKEN_MAX + 1);
	if (n < 0)
		return weft_err(err, "%s: %s", path, strerror(errno));
	if (n > WEFT_TOKEN_MAX)
		return weft_err(err, "%s: a token has at most %d bytes", path, WEFT_TOKEN_MAX);
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == '\r' || buf[n - 1] == ' '))
		n--;
	buf[n] = '\0';
	if (strncmp(buf, prefix, sizeof(prefix) - 1) == 0) {
		n -= (ssize_t)sizeof(prefix) - 1;
		memmove(buf, buf + sizeof(prefix) - 1, strlen(buf + sizeof(prefix) - 1) + 1);
	}
	if (n == 0)
		return weft_err(err, "%s: there is no token in it", path);
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] <= ' ' || buf[i] > '~')
			return weft_err(err, "%s: not a token: it has a blank, or a byte that is no ASCII",
					path);
	}
	return 0;
}

char *weft_token_read(const char *token, const char *tokens, const char *user, struct weft_err *err)
{
	char path[PATH_MAX], *buf;
	int fd;

	if (!token && (!tokens || !user || !user[0] || user[0] == '.' || strchr(user, '/'))) {
		weft_err(err, "there is no token for this user");
		return NULL;
	}
	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", token ? token : tokens, token ? "" : "/",
			     token ? "" : user) >= sizeof(path)) {
		weft_err(err, "%.64s...: the path is too long", path);
		return NULL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		weft_err(err, "%s: %s", path, strerror(errno));
		return NULL;
	}
	buf = malloc(WEFT_TOKEN_MAX + 2);
	if (!buf)
		weft_err(err, "%s: out of memory", path);
	else if (take(fd, path, buf, err) < 0) {
		explicit_bzero(buf, WEFT_TOKEN_MAX + 2);
		free(buf);
		buf = NULL;
	}
	close(fd);
	return buf;
}

void weft_token_free(char *token)
{
	if (!token)
		return;
	explicit_bzero(token, strlen(token));
	free(token);
}

/* ---------------------------------------------------------------- whose it is */

/* The bits of a character of a JWT; -1: it is none of theirs. */
static int six_bits(char c)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = c ? strchr(letters, c) : NULL;

	return at ? (int)(at - letters) : -1;
}

/* The claims of TOKEN, its second part, as text; malloc()ed. */
static char *claims(const char *token)
{
	const char *from = strchr(token, '.');
	const char *end = from ? strchr(++from, '.') : NULL;
	char *text = end ? calloc(1, (size_t)(end - from) + 1) : NULL;
	unsigned held = 0, bits = 0;
	size_t n = 0;

	for (; text && from < end; from++) {
		int six = six_bits(*from);

		if (six < 0) {
			free(text);
			return NULL;
		}
		held = (held << 6 | (unsigned)six) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			text[n++] = (char)(held >> bits & 0xff);
		}
	}
	return text;
}

char *weft_token_user(const char *token)
{
	char *text = claims(token), *user = NULL;
	json_object *all = text ? json_tokener_parse(text) : NULL, *name;

	if (json_object_is_type(all, json_type_object) && json_object_object_get_ex(all, "sun", &name) &&
	    json_object_is_type(name, json_type_string) && json_object_get_string_len(name) > 0)
		user = strdup(json_object_get_string(name));
	json_object_put(all);
	free(text);
	return user;
}
