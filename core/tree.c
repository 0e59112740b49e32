/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.c - files of the live machine, or of a recorded one, behind one set of questions.
 *
 * What is kept while a live machine is read has the same form as what a recording is parsed into, so a
 * recording answers exactly the questions that were asked when it was made.
 */
#include "core/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/scan.h"
#include "core/tree_private.h"

#define ROOT_MAX 512
#define FULL_MAX (ROOT_MAX + WEFT_TREE_MAX_PATH + 2)

/* Entries */

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct weft_tree_entry *)a)->path, ((const struct weft_tree_entry *)b)->path);
}

/* The first entry whose path is not before PATH. */
static size_t lower_bound(const struct weft_tree *tree, const char *path)
{
	size_t lo = 0, hi = tree->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(tree->entries[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct weft_tree_entry *find(const struct weft_tree *tree, const char *path)
{
	size_t i = lower_bound(tree, path);

	return i < tree->n && strcmp(tree->entries[i].path, path) == 0 ? &tree->entries[i] : NULL;
}

int weft_tree_append(struct weft_tree *tree, enum weft_tree_kind kind, const char *path, size_t path_len,
		     const char *value)
{
	struct weft_tree_entry *more;
	size_t size = tree->size ? tree->size * 2 : 64;

	if (tree->n == tree->size) {
		more = realloc(tree->entries, size * sizeof(*more));
		if (!more)
			return -1;
		tree->entries = more;
		tree->size = size;
	}
	more = &tree->entries[tree->n];
	more->kind = kind;
	more->line = 0;
	more->path = malloc(path_len + 1);
	more->value = value ? strdup(value) : NULL;
	if (!more->path || (value && !more->value)) {
		free(more->path);
		free(more->value);
		return -1;
	}
	memcpy(more->path, path, path_len);
	more->path[path_len] = '\0';
	tree->n++;
	return 0;
}

void weft_tree_sort(struct weft_tree *tree)
{
	if (tree->n)
		qsort(tree->entries, tree->n, sizeof(*tree->entries), by_path);
}

/* Keep an entry in its place.  A value or link replaces a mere name. */
static void keep(struct weft_tree *tree, enum weft_tree_kind kind, const char *path, const char *value)
{
	size_t at = lower_bound(tree, path);
	struct weft_tree_entry fresh;

	if (at < tree->n && strcmp(tree->entries[at].path, path) == 0) {
		char *copy = kind != WEFT_TREE_NAME ? strdup(value) : NULL;

		if (kind == WEFT_TREE_NAME)
			return;
		tree->lost = tree->lost || !copy;
		if (copy) {
			free(tree->entries[at].value);
			tree->entries[at].value = copy;
			tree->entries[at].kind = kind;
		}
		return;
	}
	if (tree->n >= WEFT_TREE_MAX_ENTRIES || weft_tree_append(tree, kind, path, strlen(path), value) < 0) {
		tree->lost = true;
		return;
	}
	fresh = tree->entries[tree->n - 1];
	memmove(&tree->entries[at + 1], &tree->entries[at], (tree->n - 1 - at) * sizeof(fresh));
	tree->entries[at] = fresh;
}

/* Life */

struct weft_tree *weft_tree_live(const char *root)
{
	struct weft_tree *tree = calloc(1, sizeof(*tree));
	size_t len = strlen(root);

	if (!tree)
		return NULL;
	while (len > 0 && root[len - 1] == '/')
		len--;
	tree->root = calloc(1, len + 1);
	if (!tree->root) {
		free(tree);
		return NULL;
	}
	memcpy(tree->root, root, len);
	return tree;
}

void weft_tree_destroy(struct weft_tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->n; i++) {
		free(tree->entries[i].path);
		free(tree->entries[i].value);
	}
	for (size_t i = 0; i < tree->n_notes; i++)
		free(tree->notes[i]);
	free(tree->entries);
	free(tree->root);
	free(tree);
}

bool weft_tree_is_live(const struct weft_tree *tree)
{
	return tree->root != NULL;
}

void weft_tree_record(struct weft_tree *tree, bool on)
{
	tree->record = on;
}

const char *weft_tree_note(const struct weft_tree *tree, size_t i)
{
	return i < tree->n_notes ? tree->notes[i] : NULL;
}

static void note(struct weft_tree *tree, const char *path, const char *what)
{
	struct weft_err text = WEFT_ERR_INIT;

	weft_err(&text, "/%s: %s", path, what);
	for (size_t i = 0; i < tree->n_notes; i++)
		if (strcmp(tree->notes[i], text.text) == 0)
			return;
	if (tree->n_notes < WEFT_TREE_MAX_NOTES) {
		tree->notes[tree->n_notes] = strdup(text.text);
		tree->n_notes += tree->notes[tree->n_notes] != NULL;
	}
}

/* Reading */

/* Is the answer among the entries?  What tools said is, also on a live machine. */
static bool is_kept(const struct weft_tree *tree, const char *path)
{
	return !tree->root || strcmp(path, "tool") == 0 || strncmp(path, "tool/", 5) == 0;
}

/* The path that FMT gives; false when it is too long. */
static bool make_path(char *path, const char *fmt, va_list ap)
{
	int n = vsnprintf(path, WEFT_TREE_MAX_PATH, fmt, ap);

	return n > 0 && n < WEFT_TREE_MAX_PATH;
}

#define PATH_OF(path, fmt, ok)                                                                               \
	do {                                                                                                 \
		va_list ap_;                                                                                 \
		va_start(ap_, fmt);                                                                          \
		ok = make_path(path, fmt, ap_);                                                              \
		va_end(ap_);                                                                                 \
	} while (0)

/* Errors that mean no more than "it is not there": a driver that has nothing to tell answers so too. */
static bool is_absence(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ENODEV || error == ENXIO ||
	       error == EOPNOTSUPP || error == EINVAL || error == ENODATA;
}

/* A live file into BUF of WEFT_TREE_MAX_VALUE + 1 bytes; its length, or -1. */
static int read_live(struct weft_tree *tree, const char *path, char *buf)
{
	char full[FULL_MAX];
	struct stat st;
	ssize_t n = -1;
	int fd;

	if ((size_t)snprintf(full, sizeof(full), "%s/%s", tree->root, path) >= sizeof(full))
		return -1;
	/* Not blocking: a FIFO in the file's place must not hang us. */
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		note(tree, path, "not a regular file");
	else if (fd >= 0)
		n = weft_read_up_to(fd, buf, WEFT_TREE_MAX_VALUE + 1);
	if ((fd < 0 || n < 0) && !is_absence(errno) && (fd < 0 || S_ISREG(st.st_mode)))
		note(tree, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (n > WEFT_TREE_MAX_VALUE)
		note(tree, path, "the file is too long");
	return n > WEFT_TREE_MAX_VALUE ? -1 : (int)n;
}

/* A text, without the white space at its end? */
static bool tidy(struct weft_tree *tree, const char *path, char *buf, int *len)
{
	while (*len > 0 && weft_is_space(buf[*len - 1]))
		--*len;
	buf[*len] = '\0';
	for (int i = 0; i < *len; i++) {
		unsigned char c = (unsigned char)buf[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c >= 0x7f) {
			note(tree, path, "holds bytes that are no text");
			return false;
		}
	}
	return true;
}

/* What PATH holds, in WHOLE of WEFT_TREE_MAX_VALUE + 1 bytes; its length, or -1. */
static int read_whole(struct weft_tree *tree, const char *path, char *whole)
{
	const struct weft_tree_entry *e;
	int len;

	if (!is_kept(tree, path)) {
		len = read_live(tree, path, whole);
		return len >= 0 && tidy(tree, path, whole, &len) ? len : -1;
	}
	e = find(tree, path);
	if (!e || e->kind != WEFT_TREE_VALUE)
		return -1;
	len = (int)strlen(e->value);
	memcpy(whole, e->value, (size_t)len + 1);
	return len;
}

/* Hand out TEXT of LEN bytes; too long for BUF is as if it were not there. */
static int hand_out(char *buf, size_t size, const char *text, int len)
{
	if (len < 0 || (size_t)len >= size)
		return -1;
	memcpy(buf, text, (size_t)len);
	buf[len] = '\0';
	return len;
}

int weft_tree_read(struct weft_tree *tree, char *buf, size_t size, const char *fmt, ...)
{
	char path[WEFT_TREE_MAX_PATH], whole[WEFT_TREE_MAX_VALUE + 1];
	int len;
	bool ok;

	buf[0] = '\0';
	PATH_OF(path, fmt, ok);
	len = ok ? read_whole(tree, path, whole) : -1;
	len = hand_out(buf, size, whole, len);
	if (len >= 0 && tree->record)
		keep(tree, WEFT_TREE_VALUE, path, buf);
	return len;
}

/* The value of KEY in TEXT; *LEN its length.  NULL when there is no such line. */
static const char *field_of(const char *text, const char *key, int *len)
{
	size_t key_len = strlen(key);

	for (const char *line = text; *line != '\0';) {
		size_t n = strcspn(line, "\n");

		if (n > key_len && strncmp(line, key, key_len) == 0 && strchr(": \t", line[key_len])) {
			const char *value = line + key_len, *end = line + n;

			while (value < end && (*value == ':' || weft_is_space(*value)))
				value++;
			while (end > value && weft_is_space(end[-1]))
				end--;
			*len = (int)(end - value);
			return value;
		}
		line += n + (line[n] != '\0');
	}
	return NULL;
}

int weft_tree_field(struct weft_tree *tree, char *buf, size_t size, const char *key, const char *fmt, ...)
{
	char path[WEFT_TREE_MAX_PATH], part[WEFT_TREE_MAX_PATH], whole[WEFT_TREE_MAX_VALUE + 1];
	const char *value = whole;
	int len;
	bool ok;

	buf[0] = '\0';
	PATH_OF(path, fmt, ok);
	if (!ok || (size_t)snprintf(part, sizeof(part), "%s:%s", path, key) >= sizeof(part))
		return -1;
	len = read_whole(tree, tree->root ? path : part, whole);
	if (len >= 0 && tree->root)
		value = field_of(whole, key, &len);
	len = value ? hand_out(buf, size, value, len) : -1;
	if (len >= 0 && tree->record)
		keep(tree, WEFT_TREE_VALUE, part, buf);
	return len;
}

long long weft_tree_number(struct weft_tree *tree, long long max, const char *fmt, ...)
{
	char path[WEFT_TREE_MAX_PATH], text[32], *end;
	long long value;
	bool ok;

	PATH_OF(path, fmt, ok);
	if (!ok || weft_tree_read(tree, text, sizeof(text), "%s", path) <= 0)
		return -1;
	errno = 0;
	value = strtoll(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (*end != '\0' || errno != 0 || value > max) {
		note(tree, path, "holds no number that makes sense");
		return -1;
	}
	return value < 0 ? -1 : value;
}

int weft_tree_link(struct weft_tree *tree, char *buf, size_t size, const char *fmt, ...)
{
	char path[WEFT_TREE_MAX_PATH], full[FULL_MAX], target[WEFT_TREE_MAX_VALUE + 1];
	const struct weft_tree_entry *e;
	int len = -1;
	bool ok;

	buf[0] = '\0';
	PATH_OF(path, fmt, ok);
	if (!ok)
		return -1;
	if (tree->root) {
		snprintf(full, sizeof(full), "%s/%s", tree->root, path);
		len = (int)readlink(full, target, WEFT_TREE_MAX_VALUE);
		if (len >= 0)
			target[len] = '\0';
		if (len >= 0 && !tidy(tree, path, target, &len))
			len = -1;
	} else {
		e = find(tree, path);
		if (e && e->kind == WEFT_TREE_LINK) {
			len = (int)strlen(e->value);
			memcpy(target, e->value, (size_t)len + 1);
		}
	}
	len = hand_out(buf, size, target, len);
	if (len >= 0 && tree->record)
		keep(tree, WEFT_TREE_LINK, path, buf);
	return len;
}

bool weft_tree_exists(struct weft_tree *tree, const char *fmt, ...)
{
	char path[WEFT_TREE_MAX_PATH], full[FULL_MAX];
	size_t i;
	struct stat st;
	bool ok;

	PATH_OF(path, fmt, ok);
	if (!ok)
		return false;
	if (tree->root) {
		snprintf(full, sizeof(full), "%s/%s", tree->root, path);
		ok = lstat(full, &st) == 0;
	} else {
		snprintf(full, sizeof(full), "%s/", path);
		i = lower_bound(tree, full);
		ok = find(tree, path) ||
		     (i < tree->n && strncmp(tree->entries[i].path, full, strlen(full)) == 0);
	}
	if (ok && tree->record)
		keep(tree, WEFT_TREE_NAME, path, NULL);
	return ok;
}

/* Listing */

void weft_names_clear(struct weft_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->names[i]);
	free(names->names);
	*names = (struct weft_names){ 0 };
}

/* card2 before card10; but the hex numbers of PCI addresses, all of one length, as they are. */
static int by_version(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return strchr(x, ':') && strchr(y, ':') ? strcmp(x, y) : strverscmp(x, y);
}

static int add_name(struct weft_names *names, const char *name, size_t len)
{
	char **more, *copy;

	if (names->n >= WEFT_TREE_MAX_NAMES)
		return 0;
	if ((names->n & (names->n - 1)) == 0) { /* sizes are powers of two */
		more = realloc(names->names, (names->n ? names->n * 2 : 1) * sizeof(*more));
		if (!more)
			return -1;
		names->names = more;
	}
	copy = calloc(1, len + 1);
	if (!copy)
		return -1;
	memcpy(copy, name, len);
	names->names[names->n++] = copy;
	return 0;
}

/* The names below the recorded directory PATH.  "a-b" sorts before "a/b", so those of one directory are not
 * always side by side. */
static int list_recorded(const struct weft_tree *tree, struct weft_names *names, const char *prefix,
			 const char *path)
{
	size_t len = strlen(path), prefix_len = strlen(prefix);
	const char *last = "";

	for (size_t i = lower_bound(tree, path); i < tree->n; i++) {
		const char *entry = tree->entries[i].path, *name = entry + len + 1;
		size_t n;

		if (strncmp(entry, path, len) != 0)
			break;
		if (entry[len] != '/' || strncmp(name, prefix, prefix_len) != 0)
			continue;
		n = strcspn(name, "/");
		if (strncmp(last, name, n) == 0 && last[n] == '\0')
			continue;
		if (names->n < WEFT_TREE_MAX_NAMES && add_name(names, name, n) < 0)
			return -1;
		last = names->names[names->n - 1];
	}
	return 0;
}

static int list_live(struct weft_tree *tree, struct weft_names *names, const char *prefix, const char *path)
{
	char full[FULL_MAX];
	struct dirent *entry;
	int rv = 0;
	DIR *dir;

	snprintf(full, sizeof(full), "%s/%s", tree->root, path);
	dir = opendir(full);
	if (!dir) {
		if (!is_absence(errno))
			note(tree, path, strerror(errno));
		return 0;
	}
	while (rv == 0 && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);
		bool plain = entry->d_name[0] != '.' && len < 128;

		for (const char *c = entry->d_name; *c != '\0'; c++)
			plain = plain && *c > 0x20 && *c < 0x7f;
		if (plain && strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			rv = add_name(names, entry->d_name, len);
	}
	closedir(dir);
	return rv;
}

/* Drop the names that come twice. */
static void make_unique(struct weft_names *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->n; i++) {
		if (kept > 0 && strcmp(names->names[kept - 1], names->names[i]) == 0)
			free(names->names[i]);
		else
			names->names[kept++] = names->names[i];
	}
	names->n = kept;
}

int weft_tree_list(struct weft_tree *tree, struct weft_names *names, const char *prefix, const char *fmt, ...)
{
	char path[WEFT_TREE_MAX_PATH], full[WEFT_TREE_MAX_PATH + 160];
	bool ok;
	int rv;

	*names = (struct weft_names){ 0 };
	PATH_OF(path, fmt, ok);
	if (!ok)
		return 0;
	rv = is_kept(tree, path) ? list_recorded(tree, names, prefix, path)
				 : list_live(tree, names, prefix, path);
	if (rv < 0) {
		weft_names_clear(names);
		return -1;
	}
	if (names->n > 0)
		qsort(names->names, names->n, sizeof(*names->names), by_version);
	make_unique(names);
	for (size_t i = 0; tree->record && i < names->n; i++) {
		snprintf(full, sizeof(full), "%s/%s", path, names->names[i]);
		if (strlen(full) < WEFT_TREE_MAX_PATH)
			keep(tree, WEFT_TREE_NAME, full, NULL);
	}
	return 0;
}

int weft_tree_keep(struct weft_tree *tree, const char *value, const char *fmt, ...)
{
	char path[WEFT_TREE_MAX_PATH];
	bool ok;

	PATH_OF(path, fmt, ok);
	if (ok)
		keep(tree, WEFT_TREE_VALUE, path, value);
	return ok && !tree->lost ? 0 : -1;
}
