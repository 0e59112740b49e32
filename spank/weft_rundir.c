/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_rundir.c - a step's directory below /run.
 *
 * A file stays root's and an access control list lets the user read it: a user who owned it could fill /run
 * through it.  Where the file system has no such lists the user gets the file after all.
 */
#include "spank/weft_rundir.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define DIR_MODE 0711 /* to pass through, not to look into */

/* The kernel's form of a list, in the "system.posix_acl_access" attribute. */
struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};

struct acl {
	uint32_t version;
	struct acl_entry entries[5];
};

enum {
	ACL_VERSION = 2,
	ACL_USER_OBJ = 1,
	ACL_USER = 2,
	ACL_GROUP_OBJ = 4,
	ACL_MASK = 16,
	ACL_OTHER = 32,
	ACL_READ = 4
};

static bool plain_name(const char *name)
{
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/');
}

/* Open directory NAME in AT (made when it is missing), unless somebody else could change what is in it.
 * *MADE: it is new. */
static int open_own(int at, const char *name, bool *made, struct weft_err *err)
{
	struct stat st;
	int fd;

	*made = !mkdirat(at, name, DIR_MODE);
	if (!*made && errno != EEXIST)
		return weft_err(err, "%s: %s", name, strerror(errno));
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return weft_err(err, "%s: %s", name, strerror(errno));
	/* The umask may have taken something from what mkdir() was asked for. */
	if (!fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 022) &&
	    (!*made || !fchmod(fd, DIR_MODE)))
		return fd;
	close(fd);
	return weft_err(err, "%s: it must belong to root, and nobody else may write to it", name);
}

static void empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((entry = readdir(dir))) {
		if (plain_name(entry->d_name))
			unlinkat(fd, entry->d_name, 0);
	}
	closedir(dir);
}

int weft_rundir_make(struct weft_rundir *dir, const char *top, const char *name, struct weft_err *err)
{
	bool made;

	*dir = (struct weft_rundir)WEFT_RUNDIR_INIT;
	if (top[0] != '/' || !plain_name(name))
		return weft_err(err, "%s/%s: not an absolute path", top, name);
	dir->top = open_own(AT_FDCWD, top, &made, err);
	if (dir->top < 0)
		return -1;
	dir->fd = open_own(dir->top, name, &made, err);
	if (dir->fd < 0)
		return -1;
	if (!made)
		empty(dir->fd);
	dir->name = strdup(name);
	if (asprintf(&dir->path, "%s/%s", top, name) < 0)
		dir->path = NULL;
	return dir->name && dir->path ? 0 : weft_err(err, "out of memory");
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= n;
	}
	return 0;
}

static int let_read(int fd, uid_t uid)
{
	const uint32_t nobody = htole32(UINT32_MAX);
	const uint16_t yes = htole16(ACL_READ);
	struct acl acl = { .version = htole32(ACL_VERSION),
			   .entries = { { htole16(ACL_USER_OBJ), yes, nobody },
					{ htole16(ACL_USER), yes, htole32(uid) },
					{ htole16(ACL_GROUP_OBJ), 0, nobody },
					{ htole16(ACL_MASK), yes, nobody },
					{ htole16(ACL_OTHER), 0, nobody } } };

	if (uid == geteuid() || !fsetxattr(fd, "system.posix_acl_access", &acl, sizeof(acl), 0))
		return 0;
	return fchown(fd, uid, -1);
}

char *weft_rundir_write(const struct weft_rundir *dir, const char *file, const char *text, size_t len,
			uid_t uid, struct weft_err *err)
{
	char *path = NULL;
	int fd = -1, failed;

	if (plain_name(file))
		fd = openat(dir->fd, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0) {
		weft_err(err, "%s/%s: %s", dir->path, file, strerror(errno));
		return NULL;
	}
	failed = write_all(fd, text, len) || let_read(fd, uid);
	if (failed)
		weft_err(err, "%s/%s: %s", dir->path, file, strerror(errno));
	if (close(fd) && !failed) {
		failed = 1;
		weft_err(err, "%s/%s: %s", dir->path, file, strerror(errno));
	}
	if (!failed && asprintf(&path, "%s/%s", dir->path, file) < 0) {
		path = NULL;
		weft_err(err, "out of memory");
	}
	if (!path)
		unlinkat(dir->fd, file, 0);
	return path;
}

void weft_rundir_close(struct weft_rundir *dir)
{
	if (dir->fd >= 0) {
		empty(dir->fd);
		close(dir->fd);
	}
	if (dir->top >= 0) {
		if (dir->name)
			unlinkat(dir->top, dir->name, AT_REMOVEDIR);
		close(dir->top);
	}
	free(dir->path);
	free(dir->name);
	*dir = (struct weft_rundir)WEFT_RUNDIR_INIT;
}
