/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.c - what a run has written at the peer, appended to the job's own output, each byte once.
 */
#include "proxy/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The note: a line with the run, and one for each stream, all of fixed length, so that each is written at once in
 * its place.
 *
 *	alpha.17.1790000000/1
 *	out AT OFFSET LENGTH
 *
 * LENGTH bytes of the peer's file, from OFFSET on, are to be at AT of the file at home, or will be any moment. */
#define LINE 192

struct note {
	int64_t at, offset, length;
};

bool weft_proxy_same_file(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* How long the file at home is; 0 for what is no file. */
static int64_t size_of(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) ? (int64_t)st.st_size : 0;
}

static bool is_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

static int put_line(int fd, off_t at, const char *text)
{
	char line[LINE + 1];

	snprintf(line, sizeof(line), "%-*s\n", LINE - 1, text);
	return pwrite(fd, line, LINE, at) == LINE ? 0 : -1;
}

static int put_note(struct weft_proxy_output *output, const struct weft_proxy_stream *stream,
		    const struct note *note)
{
	char text[LINE];
	off_t at = LINE * (1 + (stream - output->stream));

	if (output->fd < 0)
		return 0;
	snprintf(text, sizeof(text), "%s %" PRId64 " %" PRId64 " %" PRId64, stream->name, note->at,
		 note->offset, note->length);
	return put_line(output->fd, at, text) || fdatasync(output->fd) ? -1 : 0;
}

static bool read_number(const char **p, int64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoll(*p, &end, 10);
	if (end == *p || errno || *n < 0)
		return false;
	*p = end;
	return true;
}

static bool read_note(const char *line, const char *name, struct note *note)
{
	size_t len = strlen(name);
	const char *p = line + len;

	if (strncmp(line, name, len) != 0 || *p != ' ')
		return false;
	return read_number(&p, &note->at) && read_number(&p, &note->offset) &&
	       read_number(&p, &note->length) && note->length <= WEFT_PROXY_PIECE;
}

/* What the file behind FD has from AT on, LEN bytes at most.  It was opened to be written. */
static char *read_back(int fd, int64_t at, int64_t *len)
{
	char path[64], *text = malloc((size_t)*len + 1);
	int again;
	ssize_t n = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (text && again >= 0)
		n = pread(again, text, (size_t)*len, at);
	if (again >= 0)
		close(again);
	if (n < 0) {
		free(text);
		return NULL;
	}
	*len = n;
	return text;
}

/* Go on from NOTE. */
static void take_up(struct weft_proxy_stream *stream, const struct note *note)
{
	int64_t size = size_of(stream->fd);

	if (!is_file(stream->fd)) {
		stream->offset = note->offset + note->length;
	} else if (size < note->at) { /* truncated */
		stream->offset = 0;
	} else {
		stream->offset = note->offset;
		stream->check_len = note->length;
		stream->check = note->length ? read_back(stream->fd, note->at, &stream->check_len) : NULL;
	}
}

static int read_notes(struct weft_proxy_output *output)
{
	char text[LINE * 3 + 1];
	ssize_t n = pread(output->fd, text, sizeof(text) - 1, 0);
	size_t len = strlen(output->key);

	if (n < LINE || strncmp(text, output->key, len) != 0 || text[len] != ' ')
		return -1;
	text[n] = '\0';
	for (unsigned i = 0; i < output->n; i++) {
		struct note note;

		if (n >= (ssize_t)(LINE * (i + 2)) &&
		    read_note(text + LINE * (i + 1), output->stream[i].name, &note))
			take_up(&output->stream[i], &note);
	}
	return 0;
}

/* DIR, and what is above it as far as one step. */
static int make_dir(const char *dir)
{
	char *above = strdup(dir), *slash = above ? strrchr(above, '/') : NULL;
	int rc;

	if (slash && slash > above) {
		*slash = '\0';
		mkdir(above, 0700);
	}
	free(above);
	rc = mkdir(dir, 0700);
	return rc && errno != EEXIST ? -1 : 0;
}

static int open_note(struct weft_proxy_output *output, const char *dir, const char *key)
{
	if (asprintf(&output->path, "%s/%s", dir, key) < 0) {
		output->path = NULL;
		return -1;
	}
	if (make_dir(dir))
		return -1;
	output->fd = open(output->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (output->fd < 0)
		return -1;
	if (!read_notes(output))
		return 0;
	if (ftruncate(output->fd, 0) || put_line(output->fd, 0, output->key))
		return -1;
	for (unsigned i = 0; i < output->n; i++) {
		const struct note note = { size_of(output->stream[i].fd), 0, 0 };

		if (put_note(output, &output->stream[i], &note))
			return -1;
	}
	return 0;
}

void weft_proxy_output_open(struct weft_proxy_output *output, const char *dir, const char *key,
			    unsigned first, bool join, int out, int err_fd, struct weft_err *err)
{
	*output = (struct weft_proxy_output){ .fd = -1, .n = join ? 1 : 2 };
	output->stream[0] = (struct weft_proxy_stream){ .name = "out", .fd = out };
	output->stream[1] = (struct weft_proxy_stream){ .name = "err", .fd = err_fd };
	snprintf(output->key, sizeof(output->key), "%s/%u", key, first);
	if (!open_note(output, dir, key))
		return;
	weft_err(err, "%s: %s", output->path ? output->path : dir, strerror(errno));
	weft_proxy_output_close(output, false);
	output->n = join ? 1 : 2;
}

void weft_proxy_output_close(struct weft_proxy_output *output, bool remove_note)
{
	if (remove_note && output->path)
		unlink(output->path);
	if (output->fd >= 0)
		close(output->fd);
	output->fd = -1;
	free(output->path);
	output->path = NULL;
	for (int i = 0; i < 2; i++) {
		free(output->stream[i].check);
		output->stream[i].check = NULL;
	}
}

/* ---------------------------------------------------------------- fetching */

struct fetching {
	struct weft_proxy_output *output;
	struct weft_proxy_stream *stream;
};

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int put_piece(struct weft_proxy_output *output, struct weft_proxy_stream *stream, const char *text,
		     size_t len, struct weft_err *err)
{
	const struct note note = { size_of(stream->fd), stream->offset, (int64_t)len };

	if (put_note(output, stream, &note))
		return weft_err(err, "%s: %s", output->path, strerror(errno));
	if (write_all(stream->fd, text, len))
		return weft_err(err, "the job's output cannot be written: %s", strerror(errno));
	fdatasync(stream->fd); /* what is no file has nothing to sync */
	stream->offset += (int64_t)len;
	return 0;
}

/* Pass over what a former proxy has written of the piece that its note is about.  How many bytes of TEXT that
 * is. */
static size_t pass_over(struct weft_proxy_stream *stream, const char *text, size_t len)
{
	size_t same = 0;

	if (!stream->check)
		return 0;
	while (same < len && (int64_t)same < stream->check_len && text[same] == stream->check[same])
		same++;
	stream->offset += (int64_t)same;
	if (same == len && (int64_t)same < stream->check_len) {
		memmove(stream->check, stream->check + same, (size_t)stream->check_len - same);
		stream->check_len -= (int64_t)same;
	} else {
		free(stream->check);
		stream->check = NULL;
	}
	return same;
}

static int take(const char *text, size_t len, void *arg, struct weft_err *err)
{
	struct fetching *fetching = arg;
	size_t done = pass_over(fetching->stream, text, len);

	while (done < len) {
		size_t piece = len - done < WEFT_PROXY_PIECE ? len - done : WEFT_PROXY_PIECE;

		if (put_piece(fetching->output, fetching->stream, text + done, piece, err))
			return -1;
		done += piece;
	}
	return 0;
}

int weft_proxy_output_fetch(struct weft_proxy_output *output, struct weft_proxy_stream *stream,
			    struct weft_proxy_command *command, struct weft_err *err)
{
	struct fetching fetching = { output, stream };

	command->take = take;
	command->arg = &fetching;
	return weft_proxy_command(command, err);
}
