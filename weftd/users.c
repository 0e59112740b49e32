/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * users.c - who someone is at a peer.
 */
#include "weftd/users.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"

/* A peer's file as it was read last. */
struct entry {
	struct stat seen;
	bool read;
	struct weft_user_map *map; /* NULL: WHY */
	struct weft_err why;
};

struct weft_users {
	const struct weft_conf *conf;
	pthread_mutex_t lock;
	struct entry *entries; /* as conf->peers */
};

struct weft_users *weft_users_open(const struct weft_conf *conf)
{
	struct weft_users *users = calloc(1, sizeof(*users));

	if (!users)
		return NULL;
	users->conf = conf;
	users->entries = calloc(conf->n_peers + 1, sizeof(*users->entries));
	if (!users->entries) {
		free(users);
		return NULL;
	}
	pthread_mutex_init(&users->lock, NULL);
	return users;
}

void weft_users_close(struct weft_users *users)
{
	if (!users)
		return;
	for (size_t i = 0; i < users->conf->n_peers; i++)
		weft_user_map_free(users->entries[i].map);
	pthread_mutex_destroy(&users->lock);
	free(users->entries);
	free(users);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Under the lock. */
static void read_again(struct entry *entry, const char *path)
{
	struct stat st;
	size_t len = 0;
	char *text;

	if (stat(path, &st) < 0)
		memset(&st, 0, sizeof(st)); /* the reading says why */
	else if (entry->read && entry->map && is_same(&st, &entry->seen))
		return;
	weft_user_map_free(entry->map);
	entry->map = NULL;
	entry->seen = st;
	entry->read = true;
	entry->why.text[0] = '\0';
	if ((st.st_mode & S_IWOTH) != 0) {
		weft_err(&entry->why, "%s: everyone may write it", path);
		return;
	}
	text = weft_file_read(path, WEFT_USER_MAP_MAX_BYTES, &len, &entry->why);
	if (text)
		entry->map = weft_user_map_parse(path, text, len, &entry->why);
	free(text);
}

static void set(char *to, size_t size, const char *first, const char *second)
{
	snprintf(to, size, "%s", first ? first : second ? second : "");
}

static void fill(struct weft_user_there *there, const struct weft_conf_peer *peer,
		 const struct weft_user *user)
{
	set(there->name, sizeof(there->name), user->name, NULL);
	set(there->account, sizeof(there->account), user->account, peer->account);
	set(there->partition, sizeof(there->partition), user->partition, peer->partition);
	set(there->qos, sizeof(there->qos), user->qos, peer->qos);
}

static int look_up(struct entry *entry, const struct weft_conf_peer *peer, const char *local,
		   struct weft_user_there *there, bool *later, struct weft_err *err)
{
	const struct weft_user *user;

	read_again(entry, peer->users);
	*later = !entry->map;
	if (!entry->map)
		return weft_err(err, "%s", entry->why.text);
	user = weft_user_map_find(entry->map, local);
	if (!user)
		return weft_err(err, "%s may not run jobs at %s: there is no line for this user in %s", local,
				peer->name, peer->users);
	fill(there, peer, user);
	return 0;
}

int weft_users_find(struct weft_users *users, const struct weft_conf_peer *peer, const char *local,
		    struct weft_user_there *there, bool *later, struct weft_err *err)
{
	const struct weft_user same = { .local = local, .name = local };
	int rc;

	*later = false;
	if (!strcmp(local, "root"))
		return weft_err(err, "root may not run jobs at other sites");
	if (!strcmp(peer->users, "same")) {
		fill(there, peer, &same);
		return strlen(local) > WEFT_USER_MAX_NAME ? weft_err(err, "the user's name is too long") : 0;
	}
	pthread_mutex_lock(&users->lock);
	rc = look_up(&users->entries[peer - users->conf->peers], peer, local, there, later, err);
	pthread_mutex_unlock(&users->lock);
	return rc;
}
