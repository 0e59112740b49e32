/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.c - what goes between weftd and those who ask it.
 */
#include "weftd/wire.h"

#include <munge.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "weftd/client.h"

static munge_ctx_t open_context(const char *socket, struct weft_err *err)
{
	munge_ctx_t ctx = munge_ctx_create();

	if (!ctx) {
		weft_err(err, "out of memory");
		return NULL;
	}
	if (!socket || munge_ctx_set(ctx, MUNGE_OPT_SOCKET, socket) == EMUNGE_SUCCESS)
		return ctx;
	weft_err(err, "munged: %s", munge_ctx_strerror(ctx));
	munge_ctx_destroy(ctx);
	return NULL;
}

static const char *why(munge_ctx_t ctx, munge_err_t rc)
{
	const char *text = munge_ctx_strerror(ctx);

	return text ? text : munge_strerror(rc);
}

char *weft_wire_seal(const char *socket, uid_t only, const char *text, size_t len, struct weft_err *err)
{
	munge_ctx_t ctx;
	munge_err_t rc;
	char *sealed = NULL;

	if (len > WEFTD_MAX_MESSAGE) {
		weft_err(err, "the message has %zu bytes; at most %u are allowed", len, WEFTD_MAX_MESSAGE);
		return NULL;
	}
	ctx = open_context(socket, err);
	if (!ctx)
		return NULL;
	/* Without zlib in munged it is sealed as it is. */
	if (munge_enum_is_valid(MUNGE_ENUM_ZIP, MUNGE_ZIP_ZLIB))
		(void)munge_ctx_set(ctx, MUNGE_OPT_ZIP_TYPE, MUNGE_ZIP_ZLIB);
	rc = munge_ctx_set(ctx, MUNGE_OPT_UID_RESTRICTION, only);
	if (rc == EMUNGE_SUCCESS)
		rc = munge_encode(&sealed, ctx, text, (int)len);
	if (rc != EMUNGE_SUCCESS) {
		weft_err(err, "munged: %s", why(ctx, rc));
		free(sealed);
		sealed = NULL;
	}
	munge_ctx_destroy(ctx);
	return sealed;
}

/* munged has checked everything but the time, and whether it is the first time. */
static bool is_old(munge_err_t rc)
{
	return rc == EMUNGE_CRED_EXPIRED || rc == EMUNGE_CRED_REPLAYED || rc == EMUNGE_CRED_REWOUND;
}

static char *open_sealed(const char *socket, const char *sealed, bool old, size_t *len, uid_t *uid,
			 struct weft_err *err)
{
	munge_ctx_t ctx = open_context(socket, err);
	char *text = NULL;
	void *data = NULL;
	int size = 0;
	gid_t gid;
	munge_err_t rc;

	if (!ctx)
		return NULL;
	rc = munge_decode(sealed, ctx, &data, &size, uid, &gid);
	if (rc != EMUNGE_SUCCESS && !(old && is_old(rc)))
		weft_err(err, "munged: %s", why(ctx, rc));
	else if (!data || size <= 0)
		weft_err(err, "there is nothing in the credential");
	else if ((size_t)size > WEFTD_MAX_MESSAGE)
		weft_err(err, "the message has %d bytes; at most %u are allowed", size, WEFTD_MAX_MESSAGE);
	else if (!(text = malloc((size_t)size + 1)))
		weft_err(err, "out of memory");
	if (text) {
		memcpy(text, data, (size_t)size);
		text[size] = '\0';
		*len = (size_t)size;
	}
	free(data);
	munge_ctx_destroy(ctx);
	return text;
}

char *weft_wire_open(const char *socket, const char *sealed, size_t *len, uid_t *uid, struct weft_err *err)
{
	return open_sealed(socket, sealed, false, len, uid, err);
}

char *weft_wire_open_old(const char *socket, const char *sealed, size_t *len, uid_t *uid,
			 struct weft_err *err)
{
	return open_sealed(socket, sealed, true, len, uid, err);
}
