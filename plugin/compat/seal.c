/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seal.c - libmunge, loaded at run time.
 */
#include "plugin/compat/seal.h"

#include <dlfcn.h>
#include <munge.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY	   "libmunge.so.2"
#define SOCKET_KEY "socket="

static struct {
	void *handle;
	__typeof__(munge_encode) *encode;
	__typeof__(munge_decode) *decode;
	__typeof__(munge_strerror) *strerror;
	__typeof__(munge_ctx_create) *ctx_create;
	__typeof__(munge_ctx_destroy) *ctx_destroy;
	__typeof__(munge_ctx_strerror) *ctx_strerror;
	__typeof__(munge_ctx_set) *ctx_set;
	__typeof__(munge_enum_is_valid) *enum_is_valid;
} lib;

static int find(void *to, const char *name)
{
	void *symbol = dlsym(lib.handle, name);

	memcpy(to, &symbol, sizeof(symbol));
	return symbol ? 0 : -1;
}

static int load(struct weft_err *err)
{
	if (lib.handle)
		return 0;
	lib.handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!lib.handle)
		return weft_err(err, "%s cannot be loaded", LIBRARY);
	if (!find(&lib.encode, "munge_encode") && !find(&lib.decode, "munge_decode") &&
	    !find(&lib.strerror, "munge_strerror") && !find(&lib.ctx_create, "munge_ctx_create") &&
	    !find(&lib.ctx_destroy, "munge_ctx_destroy") && !find(&lib.ctx_strerror, "munge_ctx_strerror") &&
	    !find(&lib.ctx_set, "munge_ctx_set") && !find(&lib.enum_is_valid, "munge_enum_is_valid"))
		return 0;
	dlclose(lib.handle);
	lib.handle = NULL;
	return weft_err(err, "%s is not as it was when this plugin was built", LIBRARY);
}

char *weft_seal_socket(const char *authinfo)
{
	const char *item = authinfo;

	while (item && strncmp(item, SOCKET_KEY, strlen(SOCKET_KEY)) != 0) {
		item = strchr(item, ',');
		item = item ? item + 1 : NULL;
	}
	if (!item)
		return NULL;
	item += strlen(SOCKET_KEY);
	return strndup(item, strcspn(item, ","));
}

static munge_ctx_t open_context(const char *socket_path, struct weft_err *err)
{
	munge_ctx_t ctx;

	if (load(err))
		return NULL;
	ctx = lib.ctx_create();
	if (!ctx)
		weft_err(err, "out of memory");
	if (!ctx || !socket_path || lib.ctx_set(ctx, MUNGE_OPT_SOCKET, socket_path) == EMUNGE_SUCCESS)
		return ctx;
	weft_err(err, "munged: %s", lib.ctx_strerror(ctx));
	lib.ctx_destroy(ctx);
	return NULL;
}

static const char *why(munge_ctx_t ctx, munge_err_t rc)
{
	const char *text = lib.ctx_strerror(ctx);

	return text ? text : lib.strerror(rc);
}

char *weft_seal(const char *socket_path, const char *text, size_t len, struct weft_err *err)
{
	munge_ctx_t ctx = open_context(socket_path, err);
	char *sealed = NULL;
	munge_err_t rc;

	if (!ctx)
		return NULL;
	/* Without zlib in munged it is sealed as it is. */
	if (lib.enum_is_valid(MUNGE_ENUM_ZIP, MUNGE_ZIP_ZLIB))
		(void)lib.ctx_set(ctx, MUNGE_OPT_ZIP_TYPE, MUNGE_ZIP_ZLIB);
	rc = lib.encode(&sealed, ctx, text, len);
	if (rc != EMUNGE_SUCCESS) {
		weft_err(err, "munged: %s", why(ctx, rc));
		free(sealed);
		sealed = NULL;
	} else if (strlen(sealed) > WEFT_SEAL_MAX) {
		weft_err(err, "%zu bytes when sealed; at most %u", strlen(sealed), WEFT_SEAL_MAX);
		free(sealed);
		sealed = NULL;
	}
	lib.ctx_destroy(ctx);
	return sealed;
}

char *weft_unseal(const char *socket_path, const char *sealed, size_t *len, uid_t *uid, struct weft_err *err)
{
	munge_ctx_t ctx = open_context(socket_path, err);
	char *text = NULL;
	void *data = NULL;
	int size = 0;
	gid_t gid;
	munge_err_t rc;

	if (!ctx)
		return NULL;
	rc = lib.decode(sealed, ctx, &data, &size, uid, &gid);
	/* For these three munged has checked everything but the time, and says what is in it. */
	if (rc != EMUNGE_SUCCESS && rc != EMUNGE_CRED_EXPIRED && rc != EMUNGE_CRED_REPLAYED &&
	    rc != EMUNGE_CRED_REWOUND) {
		weft_err(err, "munged: %s", why(ctx, rc));
		goto out;
	}
	if (!data || size <= 0) {
		weft_err(err, "there is nothing in the seal");
		goto out;
	}
	text = malloc((size_t)size + 1);
	if (!text) {
		weft_err(err, "out of memory");
		goto out;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	*len = size;
out:
	free(data);
	lib.ctx_destroy(ctx);
	return text;
}
