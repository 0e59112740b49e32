/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offer.h - what a site offers to others: a JSON text, signed with Ed25519 (doc/weftd.md).
 */
#ifndef WEFTD_OFFER_H
#define WEFTD_OFFER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/conf.h"
#include "core/error.h"

#define WEFT_OFFER_MAX_BYTES (256u * 1024)
#define WEFT_OFFER_MAX_KINDS 64
#define WEFT_OFFER_AHEAD     300 /* s by which another site's clock may be ahead */

struct weft_offer_kind {
	char gres[128];
	uint32_t cards;
	int64_t price; /* micro-units for a card and hour; -1: not said */
	char currency[4];
	double carbon; /* gCO2/kWh; NAN */
};

struct weft_offer {
	char site[128];
	time_t made, expires;
	struct weft_offer_kind kinds[WEFT_OFFER_MAX_KINDS];
	unsigned n_kinds;
	bool lies; /* it is signed with the right key, and says what cannot be */
};

/* A new private key in PATH (mode 0600; it must not be there yet), and the public one in PATH.pub. */
int weft_offer_make_key(const char *path, struct weft_err *err);

/* OFFER signed with the private key in the file KEY; malloc()ed; NULL with ERR. */
char *weft_offer_sign(const struct weft_offer *offer, const char *key, struct weft_err *err);

/* What TEXT, LEN bytes of FILE, offers, if it was signed with the private key to the public one in the file
 * KEY, and holds at NOW.  -1 with ERR; OFFER tells then whether it lies, and nothing else. */
int weft_offer_open(const char *file, const char *text, size_t len, const char *key, time_t now,
		    struct weft_offer *offer, struct weft_err *err);

/* Where a site has its offer: the path of a file, or a URL, and the public key.  CA, STOPS and ARG are as in
 * weftd/http.h. */
struct weft_offer_place {
	const char *where, *ca, *key;
	bool (*stops)(void *arg);
	void *arg;
};

/* What is offered there.  Waits for the host, for 30 s at most.  -1 with ERR. */
int weft_offer_get(const struct weft_offer_place *place, time_t now, struct weft_offer *offer,
		   struct weft_err *err);

/* This site's own, by CONF, from NOW on. */
int weft_offer_own(const struct weft_conf *conf, time_t now, struct weft_offer *offer, struct weft_err *err);

#endif
