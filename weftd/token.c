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
