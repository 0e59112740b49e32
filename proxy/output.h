/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - what a run has written at the peer, appended to the job's own output, each byte once.
 *
 * Before each piece is written, a note on disk says where in the file at home it will begin, and where in the
 * one at the peer.  After a crash the next proxy compares what is in the file behind that place with the
 * piece: as far as they are the same, it has been written.  A file that is shorter than the note says was
 * truncated: it gets all from the beginning.
 */
#ifndef WEFT_PROXY_OUTPUT_H
#define WEFT_PROXY_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "proxy/command.h"

#define WEFT_PROXY_PIECE 65536 /* bytes that are written after one note */

/* One stream: FD is where it goes. */
struct weft_proxy_stream {
	const char *name; /* "out", "err": its file at the peer */
	int fd;
	int64_t offset; /* bytes of the peer's file that are at home */
	char *check; /* the piece of the note, as it is in the file at home: not yet compared; NULL: nothing
			to compare */
	int64_t check_len;
};

struct weft_proxy_output {
	char *path; /* of the note; NULL: there is none, after a crash all output comes again */
	int fd;
	char key[192];
	struct weft_proxy_stream stream[2];
	unsigned n; /* 1: standard error goes to standard output */
};

/* The streams for run KEY that begins with attempt FIRST; the note is DIR/KEY, DIR is made if need be.  A
 * note of another run is begun anew.  When the note cannot be had, ERR says why, and it goes on without. */
void weft_proxy_output_open(struct weft_proxy_output *output, const char *dir, const char *key,
			    unsigned first, bool join, int out, int err_fd, struct weft_err *err);
void weft_proxy_output_close(struct weft_proxy_output *output, bool remove_note);

/* Run COMMAND, which prints the peer's file from STREAM->offset on, and append that.  As
 * weft_proxy_command(). */
int weft_proxy_output_fetch(struct weft_proxy_output *output, struct weft_proxy_stream *stream,
			    struct weft_proxy_command *command, struct weft_err *err);

/* Are both the same file? */
bool weft_proxy_same_file(int a, int b);

#endif
