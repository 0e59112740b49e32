/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.c - a whole file read into memory, within a limit, or put in the place of another.
 */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t weft_read_up_to(int fd, char *buf, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = read(fd, buf + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* The rest of weft_file_read(), with FD open. */
static char *read_open(int fd, const char *path, size_t max, size_t *len, struct weft_err *err)
{
	struct stat st;
	ssize_t n;
	char *text;

	if (fstat(fd, &st) < 0) {
		weft_err(err, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		weft_err(err, "%s: not a regular file", path);
		return NULL;
	}
	if (st.st_size > (off_t)max) {
		weft_err(err, "%s: the file has %lld bytes; at most %zu are allowed", path,
			 (long long)st.st_size, max);
		return NULL;
	}
	text = malloc((size_t)st.st_size + 1);
	if (!text) {
		weft_err(err, "%s: out of memory", path);
		return NULL;
	}
	n = weft_read_up_to(fd, text, (size_t)st.st_size);
	if (n < 0) {
		weft_err(err, "%s: %s", path, strerror(errno));
		free(text);
		return NULL;
	}
	text[n] = '\0';
	*len = (size_t)n;
	return text;
}

char *weft_file_read(const char *path, size_t max, size_t *len, struct weft_err *err)
{
	/* Not blocking: a FIFO in the file's place must not hang the controller. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), saved;
	char *text;

	if (fd < 0) {
		saved = errno;
		weft_err(err, "%s: %s", path, strerror(saved));
		errno = saved;
		return NULL;
	}
	text = read_open(fd, path, max, len, err);
	saved = errno == ENOENT ? EIO : errno; /* ENOENT is kept for a file that is not there */
	close(fd);
	errno = saved;
	return text;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int weft_file_replace(const char *path, const char *text, size_t len, mode_t mode, struct weft_err *err)
{
	char fresh[PATH_MAX];
	int fd, rc;

	if ((size_t)snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path) >= sizeof(fresh))
		return weft_err(err, "%.64s...: the path is too long", path);
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return weft_err(err, "%s: %s", path, strerror(errno));
	rc = write_all(fd, text, len) < 0 || fchmod(fd, mode) < 0 ? -1 : 0;
	if (rc < 0)
		weft_err(err, "%s: %s", path, strerror(errno));
	if (close(fd) < 0 && rc == 0)
		rc = weft_err(err, "%s: %s", path, strerror(errno));
	if (rc == 0 && rename(fresh, path) < 0)
		rc = weft_err(err, "%s: %s", path, strerror(errno));
	if (rc < 0)
		unlink(fresh);
	return rc;
}
