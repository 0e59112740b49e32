/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order.c - what a proxy wants to be run, as bytes for the book, and back.
 */
#include "weftd/order.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, NEEDED, UNSIGNED, WIDE, SECONDS, USER, YES };

#define FIELD(kind, name)                                                                                    \
	{                                                                                                    \
#name, kind, offsetof(struct weft_run_order, name)                                           \
	}
#define OF_WHAT(kind, name)                                                                                  \
	{                                                                                                    \
#name, kind, offsetof(struct weft_run_order, what.name)                                      \
	}

static const struct field {
	const char *name;
	enum kind kind;
	size_t at;
} fields[] = {
	FIELD(NEEDED, peer),	   FIELD(NEEDED, cluster),
	FIELD(UNSIGNED, job),	   FIELD(SECONDS, submit),
	FIELD(UNSIGNED, restarts), FIELD(USER, uid),
	FIELD(NEEDED, user),	   FIELD(NEEDED, remote_user),
	FIELD(TEXT, remote_top),   OF_WHAT(TEXT, partition),
	OF_WHAT(TEXT, account),	   OF_WHAT(TEXT, qos),
	OF_WHAT(TEXT, directory),  OF_WHAT(NEEDED, script),
	OF_WHAT(TEXT, output),	   OF_WHAT(TEXT, error),
	OF_WHAT(TEXT, gres),	   OF_WHAT(UNSIGNED, nodes),
	OF_WHAT(UNSIGNED, tasks),  OF_WHAT(UNSIGNED, cpus_per_task),
	OF_WHAT(WIDE, memory_mb),  OF_WHAT(UNSIGNED, minutes),
	OF_WHAT(YES, requeue),
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* ---------------------------------------------------------------- to bytes */

static int put(FILE *f, const struct field *field, const struct weft_run_order *order)
{
	const void *at = (const char *)order + field->at;
	const char *text;

	switch (field->kind) {
	case TEXT:
	case NEEDED:
		memcpy(&text, at, sizeof(text));
		if (!text)
			return field->kind == TEXT ? 0 : -1;
		fprintf(f, "%s=%s%c", field->name, text, '\0');
		break;
	case UNSIGNED:
		fprintf(f, "%s=%" PRIu32 "%c", field->name, *(const uint32_t *)at, '\0');
		break;
	case WIDE:
		fprintf(f, "%s=%" PRIu64 "%c", field->name, *(const uint64_t *)at, '\0');
		break;
	case SECONDS:
		fprintf(f, "%s=%lld%c", field->name, (long long)*(const time_t *)at, '\0');
		break;
	case USER:
		fprintf(f, "%s=%lu%c", field->name, (unsigned long)*(const uid_t *)at, '\0');
		break;
	case YES:
		fprintf(f, "%s=%d%c", field->name, *(const bool *)at, '\0');
		break;
	}
	return 0;
}

int weft_order_pack(const struct weft_run_order *order, char **bytes, size_t *size, struct weft_err *err)
{
	const char *lacks = NULL;
	FILE *f;
	int failed;

	*bytes = NULL;
	f = open_memstream(bytes, size);
	if (!f)
		return weft_err(err, "out of memory");
	for (size_t i = 0; i < FIELDS; i++) {
		if (put(f, &fields[i], order) < 0)
			lacks = fields[i].name;
	}
	for (const char *const *e = order->what.environment; e && *e; e++)
		fprintf(f, "environment=%s%c", *e, '\0');
	failed = ferror(f);
	failed |= fclose(f) != 0;
	if (!failed && !lacks)
		return 0;
	free(*bytes);
	*bytes = NULL;
	return lacks ? weft_err(err, "the order has no %s", lacks) : weft_err(err, "out of memory");
}

/* ---------------------------------------------------------------- from bytes */

static int get_number(const char *value, uint64_t max, uint64_t *number)
{
	char *end;

	if (*value < '0' || *value > '9')
		return -1;
	errno = 0;
	*number = strtoull(value, &end, 10);
	return errno || *end || *number > max ? -1 : 0;
}

static int get(struct weft_run_order *order, const struct field *field, const char *value)
{
	void *at = (char *)order + field->at;
	uint64_t n = 0;

	switch (field->kind) {
	case TEXT:
	case NEEDED:
		memcpy(at, &value, sizeof(value));
		return 0;
	case UNSIGNED:
	case USER:
		if (get_number(value, UINT32_MAX, &n) < 0)
			return -1;
		if (field->kind == USER)
			*(uid_t *)at = (uid_t)n;
		else
			*(uint32_t *)at = (uint32_t)n;
		return 0;
	case WIDE:
		return get_number(value, UINT64_MAX, (uint64_t *)at);
	case SECONDS:
		if (get_number(value, (uint64_t)1 << 40, &n) < 0)
			return -1;
		*(time_t *)at = (time_t)n;
		return 0;
	case YES:
		if (get_number(value, 1, &n) < 0)
			return -1;
		*(bool *)at = n;
	}
	return 0;
}

/* One field, ENTRY; the name ends at its first '='. */
static int take(struct weft_order *made, char *entry, size_t *n_environment, bool *had)
{
	char *value = strchr(entry, '=');

	if (!value)
		return -1;
	*value++ = '\0';
	if (strcmp(entry, "environment") == 0) {
		made->environment[(*n_environment)++] = value;
		return 0;
	}
	for (size_t i = 0; i < FIELDS; i++) {
		if (strcmp(entry, fields[i].name) == 0) {
			if (had[i])
				return -1;
			had[i] = true;
			return get(&made->order, &fields[i], value);
		}
	}
	return -1;
}

static int unpack(struct weft_order *made)
{
	bool had[FIELDS] = { false };
	size_t n = 0;

	for (char *entry = made->bytes; entry < made->bytes + made->size;) {
		size_t len = strlen(entry);

		if (take(made, entry, &n, had) < 0)
			return -1;
		entry += len + 1;
	}
	made->order.what.environment = made->environment;
	for (size_t i = 0; i < FIELDS; i++) {
		if (!had[i] && fields[i].kind != TEXT)
			return -1;
	}
	return 0;
}

struct weft_order *weft_order_unpack(const void *bytes, size_t size, struct weft_err *err)
{
	struct weft_order *made;
	size_t entries = 0;

	if (size == 0 || ((const char *)bytes)[size - 1] != '\0') {
		weft_err(err, "the order is cut");
		return NULL;
	}
	for (size_t i = 0; i < size; i++)
		entries += ((const char *)bytes)[i] == '\0';
	made = calloc(1, sizeof(*made));
	if (made) {
		made->bytes = malloc(size);
		made->size = size;
		made->environment = calloc(entries + 1, sizeof(*made->environment));
	}
	if (!made || !made->bytes || !made->environment) {
		weft_order_free(made);
		weft_err(err, "out of memory");
		return NULL;
	}
	memcpy(made->bytes, bytes, size);
	if (unpack(made) == 0)
		return made;
	weft_order_free(made);
	weft_err(err, "the order is not one");
	return NULL;
}

void weft_order_free(struct weft_order *order)
{
	if (!order)
		return;
	free(order->bytes);
	free(order->environment);
	free(order);
}
