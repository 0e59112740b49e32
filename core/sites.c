/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sites.c - the snapshot: written, found, given back.
 */
#include "core/sites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/scan.h"
#include "core/text.h"

/* ---------------------------------------------------------------- writing */

/* What a reader would refuse is left out: a peer's own words may be in it. */
static void put_text(FILE *f, const char *key, const char *text)
{
	char plain[WEFT_SITES_MAX_TEXT + 1];

	snprintf(plain, sizeof(plain), "%s", text ? text : "");
	for (char *s = plain; *s; s++) {
		if (*s < ' ' || *s > '~')
			*s = '?';
	}
	fprintf(f, "\"%s\":", key);
	weft_put_json_string(f, plain);
}

static void put_number(FILE *f, const char *key, double x)
{
	char buf[WEFT_NUMBER_SIZE];

	fprintf(f, ",\"%s\":%s%s", key, x < 0 ? "-" : "",
		isfinite(x) ? weft_number_text(fabs(x), 0, 0, buf) : "null");
}

/* A whole number, or null for what is not known. */
static void put_whole(FILE *f, const char *key, int64_t x, int64_t unknown)
{
	if (x == unknown)
		fprintf(f, ",\"%s\":null", key);
	else
		fprintf(f, ",\"%s\":%lld", key, (long long)x);
}

static void put_kind(FILE *f, const struct weft_site_kind *kind)
{
	fputs("\n{", f);
	put_text(f, "gres", kind->gres);
	put_whole(f, "price", kind->price, -1);
	fputc(',', f);
	put_text(f, "currency", kind->currency);
	put_number(f, "carbon", kind->carbon);
	fprintf(f, ",\"cards\":%lu,\"free\":[", (unsigned long)kind->outlook.cards);
	for (unsigned i = 0; i < kind->outlook.n; i++)
		fprintf(f, "%s[%lld,%lu]", i ? "," : "", (long long)kind->outlook.steps[i].from,
			(unsigned long)kind->outlook.steps[i].free);
	fputs("]}", f);
}

static void put_peer(FILE *f, const struct weft_site_peer *peer)
{
	fputs("\n{", f);
	put_text(f, "name", peer->name);
	fprintf(f, ",\"open\":%s,", peer->open ? "true" : "false");
	put_text(f, "why", peer->why);
	fputc(',', f);
	put_text(f, "release", peer->release);
	fprintf(f, ",\"api\":%d", peer->version);
	put_whole(f, "seen", peer->seen, 0);
	put_number(f, "error", peer->error);
	fprintf(f, ",\"judged\":%u,\"kinds\":[", peer->judged);
	for (unsigned i = 0; i < peer->n_kinds; i++) {
		fputs(i ? "," : "", f);
		put_kind(f, &peer->kinds[i]);
	}
	fputs("]}", f);
}

static void put_run(FILE *f, const struct weft_site_run *run)
{
	fprintf(f, "\n{\"job\":%lu,", (unsigned long)run->job);
	put_text(f, "peer", run->peer);
	put_whole(f, "remote_id", run->remote_id, 0);
	fputc(',', f);
	put_text(f, "state", run->state);
	fputc('}', f);
}

static void put_refusal(FILE *f, const struct weft_site_refusal *refusal)
{
	fprintf(f, "\n{\"job\":%lu,\"uid\":%lu,", (unsigned long)refusal->job, (unsigned long)refusal->uid);
	put_text(f, "peer", refusal->peer);
	fputc(',', f);
	put_text(f, "why", refusal->why);
	fputc('}', f);
}

char *weft_sites_write(const struct weft_sites *sites, size_t *len, struct weft_err *err)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);
	bool failed;

	if (!f) {
		weft_err(err, "out of memory");
		return NULL;
	}
	fprintf(f, "{\"version\":%d,\"made\":%lld,\"peers\":[", WEFT_SITES_VERSION, (long long)sites->made);
	for (unsigned i = 0; i < sites->n_peers; i++) {
		fputs(i ? "," : "", f);
		put_peer(f, &sites->peers[i]);
	}
	fputs("],\n\"runs\":[", f);
	for (unsigned i = 0; i < sites->n_runs; i++) {
		fputs(i ? "," : "", f);
		put_run(f, &sites->runs[i]);
	}
	fputs("],\n\"refusals\":[", f);
	for (unsigned i = 0; i < sites->n_refusals; i++) {
		fputs(i ? "," : "", f);
		put_refusal(f, &sites->refusals[i]);
	}
	fputs("]}\n", f);
	failed = ferror(f);
	failed = fclose(f) != 0 || failed;
	if (failed)
		weft_err(err, "out of memory");
	else if (*len > WEFT_SITES_MAX_BYTES)
		weft_err(err, "the snapshot has %zu bytes; at most %u are allowed", *len,
			 WEFT_SITES_MAX_BYTES);
	else
		return text;
	free(text);
	return NULL;
}

/* ---------------------------------------------------------------- files */

struct weft_sites *weft_sites_load(const char *path, struct weft_err *err)
{
	struct weft_sites *sites;
	size_t len = 0;
	char *text = weft_file_read(path, WEFT_SITES_MAX_BYTES, &len, err);

	if (!text)
		return NULL;
	sites = weft_sites_read(path, text, len, err);
	free(text);
	return sites;
}

/* ---------------------------------------------------------------- the rest */

const struct weft_site_peer *weft_sites_peer(const struct weft_sites *sites, const char *name)
{
	for (unsigned i = 0; i < sites->n_peers; i++) {
		if (weft_name_equal(sites->peers[i].name, name))
			return &sites->peers[i];
	}
	return NULL;
}

const struct weft_site_kind *weft_sites_kind(const struct weft_site_peer *peer, const char *gres)
{
	for (unsigned i = 0; i < peer->n_kinds; i++) {
		if (weft_name_equal(peer->kinds[i].gres, gres))
			return &peer->kinds[i];
	}
	return NULL;
}

static void clear_peer(struct weft_site_peer *peer)
{
	for (unsigned i = 0; i < peer->n_kinds; i++)
		free(peer->kinds[i].gres);
	free(peer->kinds);
	free(peer->name);
	free(peer->why);
	free(peer->release);
}

void weft_sites_free(struct weft_sites *sites)
{
	if (!sites)
		return;
	for (unsigned i = 0; i < sites->n_peers; i++)
		clear_peer(&sites->peers[i]);
	for (unsigned i = 0; i < sites->n_runs; i++) {
		free(sites->runs[i].peer);
		free(sites->runs[i].state);
	}
	for (unsigned i = 0; i < sites->n_refusals; i++) {
		free(sites->refusals[i].peer);
		free(sites->refusals[i].why);
	}
	free(sites->peers);
	free(sites->runs);
	free(sites->refusals);
	free(sites);
}
