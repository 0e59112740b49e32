/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_users.c - any text as a file of who is who at a peer.  Nobody is root there, and no name is an option.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/user_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct weft_user *user)
{
	const char *words[] = { user->name, user->account, user->partition, user->qos };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!words[i])
			continue;
		if (!*words[i] || *words[i] == '-' || strpbrk(words[i], " \t\r\n,\"'=") ||
		    !strcmp(user->name, "root"))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *copy = malloc(size + 1); /* ASan sees the end of it */
	struct weft_user_map *map;
	const struct weft_user *user;

	if (size > 0)
		memcpy(copy, data, size);
	map = weft_user_map_parse("users", copy, size, &err);
	free(copy);
	if ((map == NULL) != (err.text[0] != '\0'))
		abort();
	if (!map)
		return 0;
	user = weft_user_map_find(map, "alice");
	if (user)
		check(user);
	if (weft_user_map_find(map, "root"))
		abort();
	weft_user_map_free(map);
	return 0;
}
