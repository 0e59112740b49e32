/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offer.c - what a site offers to others.
 *
 * The file is an object with "offer", the base64 of a JSON text, and "signature", the base64 of that text's
 * signature: so it is clear which bytes are signed.
 */
#include "weftd/offer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/json.h"
#include "core/money.h"
#include "core/scan.h"
#include "core/series.h"
#include "weftd/http.h"
#include "core/price.h"

#define VERSION	     1
#define SIGNATURE    64 /* bytes */
#define MAX_KEY_FILE 65536
#define MAX_DEPTH    8
#define MAX_CARDS    100000000
#define MAX_TIME     7258118399ll
#define MAX_CARBON   1e6

/* ---------------------------------------------------------------- keys */

static int write_private(EVP_PKEY *key, const char *path, struct weft_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool done;

	if (!f)
		return weft_err(err, "%s: %s", path, strerror(errno));
	done = PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1;
	if (fclose(f) == 0 && done)
		return 0;
	unlink(path);
	return weft_err(err, "%s: the key cannot be written", path);
}

static int write_public(EVP_PKEY *key, const char *path, struct weft_err *err)
{
	char name[PATH_MAX];
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;
	int rc = -1;

	if (bio && PEM_write_bio_PUBKEY(bio, key) == 1 && (len = BIO_get_mem_data(bio, &text)) > 0 &&
	    (size_t)snprintf(name, sizeof(name), "%s.pub", path) < sizeof(name))
		rc = weft_file_replace(name, text, (size_t)len, 0644, err);
	else
		weft_err(err, "%s.pub: the key cannot be written", path);
	BIO_free(bio);
	return rc;
}

int weft_offer_make_key(const char *path, struct weft_err *err)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	int rc;

	if (!key)
		return weft_err(err, "no key could be made");
	rc = write_private(key, path, err) < 0 || write_public(key, path, err) < 0 ? -1 : 0;
	EVP_PKEY_free(key);
	return rc;
}

static EVP_PKEY *read_key(const char *path, bool private, struct weft_err *err)
{
	size_t len = 0;
	char *text = weft_file_read(path, MAX_KEY_FILE, &len, err);
	EVP_PKEY *key = NULL;
	BIO *bio;

	if (!text)
		return NULL;
	bio = BIO_new_mem_buf(text, (int)len);
	if (bio)
		key = private ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"")
			      : PEM_read_bio_PUBKEY(bio, NULL, NULL, (void *)"");
	BIO_free(bio);
	explicit_bzero(text, len);
	free(text);
	if (key && EVP_PKEY_is_a(key, "ED25519"))
		return key;
	EVP_PKEY_free(key);
	weft_err(err, "%s: is no %s Ed25519 key in PEM", path, private ? "private" : "public");
	return NULL;
}

/* ---------------------------------------------------------------- base64 */

static char *encode(const unsigned char *bytes, size_t len)
{
	char *text = malloc(4 * ((len + 2) / 3) + 1);

	if (text)
		EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
	return text;
}

/* malloc()ed, with a NUL behind it. */
static unsigned char *decode(const char *text, size_t len, size_t *n)
{
	unsigned char *bytes = len % 4 == 0 && len > 0 ? malloc(len + 1) : NULL;
	int got = bytes ? EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len) : -1;

	if (got < 0) {
		free(bytes);
		return NULL;
	}
	for (size_t i = len; i > len - 2 && text[i - 1] == '='; i--)
		got--;
	*n = (size_t)got;
	bytes[got] = '\0';
	return bytes;
}

/* ---------------------------------------------------------------- signing */

static json_object *kind_json(const struct weft_offer_kind *kind)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "gres", json_object_new_string(kind->gres));
	json_object_object_add(o, "cards", json_object_new_int64(kind->cards));
	json_object_object_add(o, "price", kind->price >= 0 ? json_object_new_int64(kind->price) : NULL);
	json_object_object_add(o, "currency", json_object_new_string(kind->currency));
	json_object_object_add(o, "carbon",
			       isnan(kind->carbon) ? NULL : json_object_new_double(kind->carbon));
	return o;
}

static json_object *offer_json(const struct weft_offer *offer)
{
	json_object *o = json_object_new_object(), *kinds = json_object_new_array();

	for (unsigned i = 0; i < offer->n_kinds; i++)
		json_object_array_add(kinds, kind_json(&offer->kinds[i]));
	json_object_object_add(o, "version", json_object_new_int(VERSION));
	json_object_object_add(o, "site", json_object_new_string(offer->site));
	json_object_object_add(o, "made", json_object_new_int64(offer->made));
	json_object_object_add(o, "expires", json_object_new_int64(offer->expires));
	json_object_object_add(o, "kinds", kinds);
	return o;
}

static int sign(EVP_PKEY *key, const char *text, unsigned char signature[SIGNATURE], struct weft_err *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = SIGNATURE;
	int rc = 0;

	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text, strlen(text)) != 1 ||
	    len != SIGNATURE)
		rc = weft_err(err, "the offer cannot be signed");
	EVP_MD_CTX_free(ctx);
	return rc;
}

static char *envelope(const char *text, const unsigned char signature[SIGNATURE])
{
	char *body = encode((const unsigned char *)text, strlen(text)), *sig = encode(signature, SIGNATURE);
	size_t size = body && sig ? strlen(body) + strlen(sig) + 64 : 0;
	char *out = size ? malloc(size) : NULL;

	if (out)
		snprintf(out, size, "{\"offer\":\"%s\",\n\"signature\":\"%s\"}\n", body, sig);
	free(body);
	free(sig);
	return out;
}

char *weft_offer_sign(const struct weft_offer *offer, const char *path, struct weft_err *err)
{
	EVP_PKEY *key = read_key(path, true, err);
	json_object *o = key ? offer_json(offer) : NULL;
	const char *text = o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN) : NULL;
	unsigned char signature[SIGNATURE];
	char *out = NULL;

	if (text && sign(key, text, signature, err) == 0)
		out = envelope(text, signature);
	if (key && !out)
		weft_err(err, "out of memory");
	json_object_put(o);
	EVP_PKEY_free(key);
	return out;
}

/* ---------------------------------------------------------------- opening */

/* A value of KEY of this type; NULL with ERR. */
static json_object *value_of(const char *file, json_object *o, const char *key, enum json_type type,
			     struct weft_err *err)
{
	json_object *value = NULL;

	if (json_object_object_get_ex(o, key, &value) && json_object_is_type(value, type))
		return value;
	weft_err(err, "%s: %s: missing, or not what it must be", file, key);
	return NULL;
}

static int read_text(const char *file, json_object *o, const char *key, char *buf, size_t size,
		     struct weft_err *err)
{
	json_object *value = value_of(file, o, key, json_type_string, err);
	const char *s = value ? json_object_get_string(value) : NULL;

	if (!s)
		return -1;
	if ((size_t)json_object_get_string_len(value) >= size)
		return weft_err(err, "%s: %s: has more than %zu bytes", file, key, size - 1);
	for (const char *c = s; *c; c++) {
		if (*c < ' ' || *c > '~')
			return weft_err(err, "%s: %s: may have printable ASCII alone", file, key);
	}
	snprintf(buf, size, "%s", s);
	return 0;
}

static int read_whole(const char *file, json_object *o, const char *key, int64_t max, int64_t *n,
		      struct weft_err *err)
{
	json_object *value = value_of(file, o, key, json_type_int, err);

	if (!value)
		return -1;
	*n = json_object_get_int64(value);
	if (*n < 0 || *n > max)
		return weft_err(err, "%s: %s: must be 0 to %lld", file, key, (long long)max);
	return 0;
}

static int read_kind(const char *file, json_object *o, struct weft_offer_kind *kind, struct weft_err *err)
{
	json_object *value = NULL;
	int64_t cards;

	*kind = (struct weft_offer_kind){ .price = -1, .carbon = NAN };
	if (!json_object_is_type(o, json_type_object))
		return weft_err(err, "%s: kinds: must have objects in it", file);
	if (read_text(file, o, "gres", kind->gres, sizeof(kind->gres), err) < 0 ||
	    read_whole(file, o, "cards", MAX_CARDS, &cards, err) < 0 ||
	    read_text(file, o, "currency", kind->currency, sizeof(kind->currency), err) < 0)
		return -1;
	kind->cards = (uint32_t)cards;
	if (*kind->currency && !weft_is_currency(kind->currency, strlen(kind->currency)))
		return weft_err(err, "%s: currency: is not a code of three letters", file);
	if (json_object_object_get_ex(o, "price", &value) && value &&
	    read_whole(file, o, "price", WEFT_MONEY_MAX, &kind->price, err) < 0)
		return -1;
	if (json_object_object_get_ex(o, "carbon", &value) && value)
		kind->carbon = json_object_get_double(value);
	if (!isnan(kind->carbon) && !(kind->carbon >= 0 && kind->carbon <= MAX_CARBON))
		return weft_err(err, "%s: carbon: must be 0 to %.0f", file, MAX_CARBON);
	return 0;
}

static int read_offer(const char *file, json_object *o, struct weft_offer *offer, struct weft_err *err)
{
	json_object *kinds;
	int64_t version, made, expires;
	size_t n;

	if (!json_object_is_type(o, json_type_object))
		return weft_err(err, "%s: the offer must be an object", file);
	if (read_whole(file, o, "version", INT32_MAX, &version, err) < 0)
		return -1;
	if (version != VERSION)
		return weft_err(err, "%s: version: is %lld, and must be %d", file, (long long)version,
				VERSION);
	kinds = value_of(file, o, "kinds", json_type_array, err);
	if (!kinds || read_text(file, o, "site", offer->site, sizeof(offer->site), err) < 0 ||
	    read_whole(file, o, "made", MAX_TIME, &made, err) < 0 ||
	    read_whole(file, o, "expires", MAX_TIME, &expires, err) < 0)
		return -1;
	offer->made = made;
	offer->expires = expires;
	n = json_object_array_length(kinds);
	if (n > WEFT_OFFER_MAX_KINDS)
		return weft_err(err, "%s: kinds: more than %d", file, WEFT_OFFER_MAX_KINDS);
	for (; offer->n_kinds < n; offer->n_kinds++) {
		if (read_kind(file, json_object_array_get_idx(kinds, offer->n_kinds),
			      &offer->kinds[offer->n_kinds], err) < 0)
			return -1;
	}
	return 0;
}

static bool verify(EVP_PKEY *key, const unsigned char *text, size_t len, const unsigned char *signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestVerify(ctx, signature, SIGNATURE, text, len) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

/* The bytes that "offer" stands for, once their signature was found good; malloc()ed. */
static char *checked(const char *file, json_object *root, const char *path, size_t *len, struct weft_err *err)
{
	json_object *body = NULL, *sig = NULL;
	unsigned char *text = NULL, *signature = NULL;
	EVP_PKEY *key = NULL;
	size_t n = 0;
	bool good = false;

	if (!json_object_is_type(root, json_type_object)) {
		weft_err(err, "%s: must be an object, not %s", file, weft_json_kind(root));
		return NULL;
	}
	body = value_of(file, root, "offer", json_type_string, err);
	sig = body ? value_of(file, root, "signature", json_type_string, err) : NULL;
	if (!sig)
		return NULL;
	text = decode(json_object_get_string(body), (size_t)json_object_get_string_len(body), len);
	signature = decode(json_object_get_string(sig), (size_t)json_object_get_string_len(sig), &n);
	if (!text || !signature || n != SIGNATURE)
		weft_err(err, "%s: the offer and its signature must be base64", file);
	else
		key = read_key(path, false, err);
	if (key) {
		good = verify(key, text, *len, signature);
		if (!good)
			weft_err(err, "%s: the signature is not that of the offer with the key in %s", file,
				 path);
	}
	EVP_PKEY_free(key);
	free(signature);
	if (good)
		return (char *)text;
	free(text);
	return NULL;
}

int weft_offer_open(const char *file, const char *text, size_t len, const char *key, time_t now,
		    struct weft_offer *offer, struct weft_err *err)
{
	json_object *root = NULL, *body = NULL;
	size_t n = 0;
	char *inner;
	int rc;

	memset(offer, 0, sizeof(*offer));
	if (len > WEFT_OFFER_MAX_BYTES)
		return weft_err(err, "%s: %zu bytes; at most %u are allowed", file, len,
				WEFT_OFFER_MAX_BYTES);
	if (weft_json_parse(&root, file, text, len, MAX_DEPTH, err) < 0)
		return -1;
	inner = checked(file, root, key, &n, err);
	json_object_put(root);
	if (!inner)
		return -1;
	rc = weft_json_parse(&body, file, inner, n, MAX_DEPTH, err);
	if (rc == 0) {
		rc = read_offer(file, body, offer, err);
		offer->lies = rc < 0;
	}
	json_object_put(body);
	free(inner);
	if (rc == 0 && now >= offer->expires)
		rc = weft_err(err, "%s: the offer has expired", file);
	if (rc == 0 && offer->made > now + WEFT_OFFER_AHEAD)
		rc = weft_err(err, "%s: the offer is of the future", file);
	return rc;
}

/* ---------------------------------------------------------------- where it is */

/* The text at the URL; NULL with ERR. */
static char *fetch(const struct weft_offer_place *place, size_t *len, struct weft_err *err)
{
	const char *url = place->where, *host = strstr(url, "://"),
		   *path = host ? strchr(host + 3, '/') : NULL;
	char *base = strndup(url, path ? (size_t)(path - url) : strlen(url)), *text = NULL;
	const struct weft_http_options options = {
		.url = base, .ca = place->ca, .stops = place->stops, .arg = place->arg
	};
	struct weft_http *link = base ? weft_http_open(&options, err) : NULL;
	struct weft_http_answer answer = { 0 };

	if (!base)
		weft_err(err, "out of memory");
	if (link && weft_http_ask(link, NULL, "GET", path ? path : "/", NULL, WEFT_OFFER_MAX_BYTES, &answer,
				  err) == WEFT_HTTP_ANSWER) {
		if (answer.status == 200) {
			text = answer.text;
			*len = answer.len;
			answer.text = NULL;
		} else {
			weft_err(err, "%s: HTTP status %ld", url, answer.status);
		}
	}
	weft_http_clear(&answer);
	weft_http_close(link);
	free(base);
	return text;
}

int weft_offer_get(const struct weft_offer_place *place, time_t now, struct weft_offer *offer,
		   struct weft_err *err)
{
	size_t len = 0;
	char *text = place->where[0] == '/' ? weft_file_read(place->where, WEFT_OFFER_MAX_BYTES, &len, err)
					    : fetch(place, &len, err);
	int rc = text ? weft_offer_open(place->where, text, len, place->key, now, offer, err) : -1;

	free(text);
	return rc;
}

/* ---------------------------------------------------------------- this site's own */

/* Of the grid here, now; NAN: not known. */
static double carbon_now(const struct weft_conf *conf, time_t now)
{
	struct weft_series *series;
	double value = NAN;

	if (!conf->power.carbon)
		return NAN;
	series = weft_series_load(conf->power.carbon, NULL);
	if (series)
		value = weft_series_at(series, now);
	weft_series_destroy(series);
	return value >= 0 && value <= MAX_CARBON ? value : NAN;
}

int weft_offer_own(const struct weft_conf *conf, time_t now, struct weft_offer *offer, struct weft_err *err)
{
	const struct weft_conf_burst *burst = &conf->burst;
	double carbon = carbon_now(conf, now);
	struct weft_err why = WEFT_ERR_INIT;

	memset(offer, 0, sizeof(*offer));
	if (gethostname(offer->site, sizeof(offer->site) - 1) < 0)
		return weft_err(err, "this host has no name");
	offer->made = now;
	offer->expires = now + burst->valid;
	for (; offer->n_kinds < burst->n_sales; offer->n_kinds++) {
		const struct weft_conf_sale *sale = &burst->sales[offer->n_kinds];
		struct weft_offer_kind *kind = &offer->kinds[offer->n_kinds];

		snprintf(kind->gres, sizeof(kind->gres), "%s", sale->gres);
		kind->cards = sale->cards;
		kind->carbon = carbon;
		kind->price = weft_price_at(sale->price, now, &why);
		if (sale->price && kind->price < 0)
			return weft_err(err, "%s: %s", sale->gres, why.text);
		memcpy(kind->currency, sale->currency, sizeof(kind->currency));
	}
	return 0;
}
