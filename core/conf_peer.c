/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_peer.c - the lines of weft.conf that are about other sites: the peers, when a job may go there, weftd,
 * and what this site offers to others.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/conf_private.h"
#include "core/money.h"
#include "core/nearest.h"
#include "core/scan.h"
#include "core/shell.h"
#include "core/wrapper.h"

#define MIN_LEASE     60  /* s: a proxy asks more often than that */
#define MAX_LINK      1e6 /* MB/s */
#define MAX_CARDS     1e6
#define MAX_PEER_NAME 63

static struct weft_snip snip(const char *value)
{
	return weft_snip(value, strlen(value));
}

/* ---------------------------------------------------------------- values */

/* A word that goes to the peer as it is: printable, without white space, quotes or commas. */
static int read_name(struct weft_conf_reader *r, enum weft_key key, const char *value, char **name)
{
	bool fine = strlen(value) <= WEFT_CONF_MAX_WORD;

	for (const char *s = value; *s; s++)
		fine = fine && *s > ' ' && *s < 0x7f && !strchr("\"'`\\,=", *s);
	if (!fine)
		return FAIL(r, key, "\"%s\" is not a name", snip(value).text);
	*name = weft_conf_copy(r, value);
	return *name ? 0 : -1;
}

/* "https://gw.beta:6820" without user, query or fragment, or "unix:/path". */
static bool is_url(const char *value, bool unix_too)
{
	const char *host = NULL;

	for (const char *s = value; *s; s++) {
		if (*s <= ' ' || *s >= 0x7f || strchr("\"'`\\<>@?#", *s))
			return false;
	}
	if (unix_too && !strncmp(value, "unix:/", 6))
		return value[6] != '\0';
	if (!strncmp(value, "https://", 8))
		host = value + 8;
	else if (!strncmp(value, "http://", 7))
		host = value + 7;
	return host && *host && !strchr("/:", *host);
}

static int read_url(struct weft_conf_reader *r, const char *value, char **url)
{
	if (!is_url(value, true))
		return FAIL(r, KEY_URL, "\"%s\" is not a URL such as https://gw.beta:6820", snip(value).text);
	*url = weft_conf_copy(r, value);
	return *url ? 0 : -1;
}

/* "2.10"; NAN: it is none. */
static double amount(const char *value)
{
	size_t len = strlen(value);
	double x = len > 0 && weft_scan_number(value, len) == len ? weft_number_value(value, len, 0) : NAN;

	return x <= WEFT_CONF_MAX_AMOUNT ? x : NAN;
}

/* Price= and Currency=, of which both may be missing. */
static int read_price(struct weft_conf_reader *r, const char *value, const char *currency, char **price,
		      char code[4])
{
	if (!value && currency)
		return FAIL(r, KEY_CURRENCY, "goes with Price=, which is missing");
	if (currency && weft_conf_currency(r, currency, code) < 0)
		return -1;
	if (!value)
		return 0;
	if (value[0] != '/' && isnan(amount(value)))
		return FAIL(r, KEY_PEER_PRICE,
			    "\"%s\" is neither an amount such as 2.10 nor an absolute path",
			    snip(value).text);
	*price = weft_conf_copy(r, value);
	return *price ? 0 : -1;
}

/* ---------------------------------------------------------------- a peer */

/* As in takes[] of read_peer(). */
enum place {
	URL,
	CA,
	TOKEN,
	TOKENS,
	USERS,
	ACCOUNT,
	REMOTE_PARTITION,
	QOS,
	NODE,
	PARTITION,
	DIR,
	STAGE_IN,
	STAGE_OUT,
	FETCH,
	LINK,
	PRICE,
	CURRENCY,
	OFFER,
	OFFER_KEY,
	WEFT,
	LEASE,
	ON_LOST,
	PLACES
};

static int read_peer_name(struct weft_conf_reader *r, const char *name)
{
	/* What --burst= and the decisions' log say of no peer. */
	static const char *const words[] = { "no", "auto", "only", "home", "max-cost", "max-wait", NULL };
	const struct weft_conf_peer *there = weft_conf_find_peer(r->conf, name);

	if (!weft_is_name(name, strlen(name)) || strlen(name) > MAX_PEER_NAME)
		return FAIL(r, KEY_PEER, "\"%s\" is not a name", snip(name).text);
	for (int i = 0; words[i]; i++) {
		if (weft_name_equal(name, words[i]))
			return FAIL(r, KEY_PEER, "%s is a word of --burst; choose another name", name);
	}
	if (there)
		return FAIL(r, KEY_PEER, "%s was given in line %u already", name, there->line);
	if (r->conf->n_peers == WEFT_CONF_MAX_PEERS)
		return FAIL(r, KEY_PEER, "more than %d peers", WEFT_CONF_MAX_PEERS);
	return 0;
}

/* How the peer is reached, and who is who there. */
static int read_access(struct weft_conf_reader *r, const struct weft_take *t, struct weft_conf_peer *peer)
{
	if (read_url(r, t[URL].value, &peer->url) < 0)
		return -1;
	if (t[CA].value && strncmp(peer->url, "https:", 6) != 0)
		return FAIL(r, KEY_CA, "goes with an https:// URL alone");
	if (t[CA].value && weft_conf_path(r, KEY_CA, t[CA].value, &peer->ca) < 0)
		return -1;
	if (!t[TOKEN].value && !t[TOKENS].value)
		return FAIL(r, KEY_PEER, "Token= or Tokens= is missing");
	if (t[TOKEN].value && t[TOKENS].value)
		return FAIL(r, KEY_TOKENS, "either Token= or Tokens= is given, not both");
	if (t[TOKEN].value && weft_conf_path(r, KEY_TOKEN, t[TOKEN].value, &peer->token) < 0)
		return -1;
	if (t[TOKENS].value && weft_conf_path(r, KEY_TOKENS, t[TOKENS].value, &peer->tokens) < 0)
		return -1;
	if (strcasecmp(t[USERS].value, "same") == 0) {
		peer->users = weft_conf_copy(r, "same");
		return peer->users ? 0 : -1;
	}
	if (t[USERS].value[0] != '/')
		return FAIL(r, KEY_USERS, "\"%s\" is neither \"same\" nor an absolute path",
			    snip(t[USERS].value).text);
	return weft_conf_path(r, KEY_USERS, t[USERS].value, &peer->users);
}

static int read_defaults(struct weft_conf_reader *r, const struct weft_take *t, struct weft_conf_peer *peer)
{
	if (t[ACCOUNT].value && read_name(r, KEY_REMOTE_ACCOUNT, t[ACCOUNT].value, &peer->account) < 0)
		return -1;
	if (t[REMOTE_PARTITION].value &&
	    read_name(r, KEY_REMOTE_PARTITION, t[REMOTE_PARTITION].value, &peer->partition) < 0)
		return -1;
	return t[QOS].value ? read_name(r, KEY_REMOTE_QOS, t[QOS].value, &peer->qos) : 0;
}

/* The node and the partition at home, which are no other peer's. */
static int read_home(struct weft_conf_reader *r, const struct weft_take *t, struct weft_conf_peer *peer)
{
	const struct weft_conf_peer *other = weft_conf_peer_of_node(r->conf, t[NODE].value);

	if (other)
		return FAIL(r, KEY_NODE, "%s is that of %s in line %u", other->node, other->name,
			    other->line);
	other = weft_conf_peer_of_partition(r->conf, t[PARTITION].value);
	if (other)
		return FAIL(r, KEY_PARTITION, "%s is that of %s in line %u", other->local_partition,
			    other->name, other->line);
	if (read_name(r, KEY_NODE, t[NODE].value, &peer->node) < 0)
		return -1;
	return read_name(r, KEY_PARTITION, t[PARTITION].value, &peer->local_partition);
}

/* An absolute path or one below "~/", in which a '%' is followed by 'u' (or by '%', for itself). */
static int read_directory(struct weft_conf_reader *r, const char *value, char **directory)
{
	if (value[0] != '/' && strncmp(value, "~/", 2) != 0)
		return FAIL(r, KEY_DIRECTORY,
			    "\"%s\" is neither an absolute path nor one that begins with ~/",
			    snip(value).text);
	for (const char *s = strchr(value, '%'); s; s = strchr(s + 2, '%')) {
		if (s[1] != 'u' && s[1] != '%')
			return FAIL(r, KEY_DIRECTORY,
				    "\"%s\": only %%u, the user there, and %%%% may follow a %%",
				    snip(value).text);
	}
	*directory = weft_conf_copy(r, value);
	return *directory ? 0 : -1;
}

/* A command for the shell, in which only these LETTERS stand behind a '%'. */
static int check_command(struct weft_conf_reader *r, enum weft_key key, const char *value,
			 const char *letters)
{
	char what[WEFT_ERR_SIZE];

	snprintf(what, sizeof(what), "%s:%u: %s", r->path, r->line, weft_conf_keys[key]);
	return weft_shell_check(what, value, letters, r->err);
}

/* How files come and go. */
static int read_staging(struct weft_conf_reader *r, const struct weft_take *t, struct weft_conf_peer *peer)
{
	static const struct {
		enum place place;
		enum weft_key key;
		size_t offset;
		const char *letters;
	} commands[] = {
		{ STAGE_IN, KEY_STAGE_IN, offsetof(struct weft_conf_peer, stage_in), WEFT_STAGE_LETTERS },
		{ STAGE_OUT, KEY_STAGE_OUT, offsetof(struct weft_conf_peer, stage_out), WEFT_STAGE_LETTERS },
		{ FETCH, KEY_FETCH, offsetof(struct weft_conf_peer, fetch), WEFT_FETCH_LETTERS },
	};
	double rate;

	if (read_directory(r, t[DIR].value ? t[DIR].value : WEFT_WRAPPER_TOP, &peer->directory) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		char **command = (char **)((char *)peer + commands[i].offset);

		if (!t[commands[i].place].value)
			continue;
		if (check_command(r, commands[i].key, t[commands[i].place].value, commands[i].letters) < 0)
			return -1;
		*command = weft_conf_copy(r, t[commands[i].place].value);
		if (!*command)
			return -1;
	}
	if (!t[LINK].value)
		return 0;
	rate = amount(t[LINK].value);
	if (!(rate > 0 && rate <= MAX_LINK))
		return FAIL(r, KEY_LINK, "\"%s\" is not a number of MB/s above 0 and up to %.0f",
			    snip(t[LINK].value).text, MAX_LINK);
	peer->link = rate;
	return 0;
}

static int read_offer(struct weft_conf_reader *r, const struct weft_take *t, struct weft_conf_peer *peer)
{
	const char *offer = t[OFFER].value;

	if (!offer && t[OFFER_KEY].value)
		return FAIL(r, KEY_OFFER_KEY, "goes with Offer=, which is missing");
	if (!offer)
		return 0;
	if (!t[OFFER_KEY].value)
		return FAIL(r, KEY_OFFER, "goes with OfferKey=, which is missing");
	if (offer[0] != '/' && !is_url(offer, false))
		return FAIL(r, KEY_OFFER,
			    "\"%s\" is neither an absolute path nor a URL such as https://gw.beta/offer.json",
			    snip(offer).text);
	peer->offer = weft_conf_copy(r, offer);
	return peer->offer ? weft_conf_path(r, KEY_OFFER_KEY, t[OFFER_KEY].value, &peer->offer_key) : -1;
}

static int read_manners(struct weft_conf_reader *r, const struct weft_take *t, struct weft_conf_peer *peer)
{
	static const char *const yes_no[] = { "no", "yes", NULL };
	static const char *const on_lost[] = { "rerun", "fail", NULL }; /* as enum weft_on_lost */
	int word;

	if (t[WEFT].value) {
		word = weft_conf_word(r, KEY_WEFT, t[WEFT].value, yes_no, "yes or no");
		if (word < 0)
			return -1;
		peer->weft = word == 1;
	}
	if (t[ON_LOST].value) {
		word = weft_conf_word(r, KEY_ON_LOST, t[ON_LOST].value, on_lost, "rerun or fail");
		if (word < 0)
			return -1;
		peer->on_lost = (enum weft_on_lost)word;
	}
	if (!t[LEASE].value)
		return 0;
	return weft_conf_seconds(r, KEY_LEASE, t[LEASE].value, MIN_LEASE, WEFT_CONF_MAX_SECONDS,
				 &peer->lease);
}

static int read_peer(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take takes[PLACES] = {
		[URL] = { KEY_URL, true, NULL },
		[CA] = { KEY_CA, false, NULL },
		[TOKEN] = { KEY_TOKEN, false, NULL },
		[TOKENS] = { KEY_TOKENS, false, NULL },
		[USERS] = { KEY_USERS, true, NULL },
		[ACCOUNT] = { KEY_REMOTE_ACCOUNT, false, NULL },
		[REMOTE_PARTITION] = { KEY_REMOTE_PARTITION, false, NULL },
		[QOS] = { KEY_REMOTE_QOS, false, NULL },
		[NODE] = { KEY_NODE, true, NULL },
		[PARTITION] = { KEY_PARTITION, true, NULL },
		[DIR] = { KEY_DIRECTORY, false, NULL },
		[STAGE_IN] = { KEY_STAGE_IN, false, NULL },
		[STAGE_OUT] = { KEY_STAGE_OUT, false, NULL },
		[FETCH] = { KEY_FETCH, false, NULL },
		[LINK] = { KEY_LINK, false, NULL },
		[PRICE] = { KEY_PEER_PRICE, false, NULL },
		[CURRENCY] = { KEY_CURRENCY, false, NULL },
		[OFFER] = { KEY_OFFER, false, NULL },
		[OFFER_KEY] = { KEY_OFFER_KEY, false, NULL },
		[WEFT] = { KEY_WEFT, false, NULL },
		[LEASE] = { KEY_LEASE, false, NULL },
		[ON_LOST] = { KEY_ON_LOST, false, NULL },
	};
	struct weft_conf *conf = r->conf;
	struct weft_conf_peer *peer;

	if (weft_conf_take(r, pairs, n, takes, PLACES) < 0 || read_peer_name(r, pairs[0].value) < 0)
		return -1;
	peer = weft_conf_grow(r, conf->peers, conf->n_peers, sizeof(*peer));
	if (!peer)
		return -1;
	conf->peers = peer;
	peer += conf->n_peers; /* counted below, so that no search meets it half filled */
	peer->line = r->line;
	peer->lease = WEFT_CONF_LEASE;
	peer->name = weft_conf_copy(r, pairs[0].value);
	if (!peer->name || read_access(r, takes, peer) < 0 || read_defaults(r, takes, peer) < 0 ||
	    read_home(r, takes, peer) < 0 || read_staging(r, takes, peer) < 0 ||
	    read_price(r, takes[PRICE].value, takes[CURRENCY].value, &peer->price, peer->currency) < 0 ||
	    read_offer(r, takes, peer) < 0 || read_manners(r, takes, peer) < 0) {
		conf->n_peers++; /* it is freed with the others */
		return -1;
	}
	conf->n_peers++;
	return 0;
}

const struct weft_conf_peer *weft_conf_find_peer(const struct weft_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_peers; i++) {
		if (weft_name_equal(conf->peers[i].name, name))
			return &conf->peers[i];
	}
	return NULL;
}

const struct weft_conf_peer *weft_conf_peer_of_node(const struct weft_conf *conf, const char *node)
{
	for (size_t i = 0; i < conf->n_peers; i++) {
		if (!strcmp(conf->peers[i].node, node))
			return &conf->peers[i];
	}
	return NULL;
}

const struct weft_conf_peer *weft_conf_peer_of_partition(const struct weft_conf *conf, const char *partition)
{
	for (size_t i = 0; i < conf->n_peers; i++) {
		if (!strcmp(conf->peers[i].local_partition, partition))
			return &conf->peers[i];
	}
	return NULL;
}

/* ---------------------------------------------------------------- what this site offers */

/* One more of LIST, for GRES. */
static struct weft_conf_sale *add_kind(struct weft_conf_reader *r, enum weft_key key, const char *gres,
				       struct weft_conf_sale **list, size_t *n)
{
	struct weft_conf_sale *grown;

	if (!weft_conf_is_gres(gres)) {
		FAIL(r, key, "\"%s\" is not a gres name and type such as gpu:a100", snip(gres).text);
		return NULL;
	}
	for (size_t i = 0; i < *n; i++) {
		if (weft_name_equal((*list)[i].gres, gres)) {
			FAIL(r, key, "%s was given in line %u already", gres, (*list)[i].line);
			return NULL;
		}
	}
	if (*n == WEFT_CONF_MAX_SALES) {
		FAIL(r, key, "more than %d kinds", WEFT_CONF_MAX_SALES);
		return NULL;
	}
	grown = weft_conf_grow(r, *list, *n, sizeof(*grown));
	if (!grown)
		return NULL;
	*list = grown;
	grown += (*n)++;
	grown->line = r->line;
	grown->gres = weft_conf_copy(r, gres);
	return grown->gres ? grown : NULL;
}

static int read_sale(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take takes[] = { { KEY_CARDS, true, NULL },
				     { KEY_PEER_PRICE, false, NULL },
				     { KEY_CURRENCY, false, NULL } };
	struct weft_conf_burst *burst = &r->conf->burst;
	struct weft_conf_sale *sale;
	double cards;

	if (weft_conf_take(r, pairs, n, takes, 3) < 0)
		return -1;
	sale = add_kind(r, KEY_PUBLISH_KIND, pairs[0].value, &burst->sales, &burst->n_sales);
	if (!sale)
		return -1;
	cards = strspn(takes[0].value, "0123456789") == strlen(takes[0].value) ? amount(takes[0].value) : NAN;
	if (!(cards >= 1 && cards <= MAX_CARDS))
		return FAIL(r, KEY_CARDS, "\"%s\" is not a number of cards from 1 to %.0f",
			    snip(takes[0].value).text, MAX_CARDS);
	sale->cards = (uint32_t)cards;
	return read_price(r, takes[1].value, takes[2].value, &sale->price, sale->currency);
}

static int read_home_price(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take takes[] = { { KEY_PEER_PRICE, true, NULL }, { KEY_CURRENCY, false, NULL } };
	struct weft_conf_burst *burst = &r->conf->burst;
	struct weft_conf_sale *price;

	if (weft_conf_take(r, pairs, n, takes, 2) < 0)
		return -1;
	price = add_kind(r, KEY_HOME_PRICE, pairs[0].value, &burst->prices, &burst->n_prices);
	return price ? read_price(r, takes[0].value, takes[1].value, &price->price, price->currency) : -1;
}

static int read_publish(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take takes[] = { { KEY_PUBLISH_KEY, true, NULL }, { KEY_VALID, false, NULL } };
	struct weft_conf_burst *burst = &r->conf->burst;

	if (weft_conf_take(r, pairs, n, takes, 2) < 0 || weft_conf_once(r, KEY_PUBLISH) < 0 ||
	    weft_conf_path(r, KEY_PUBLISH, pairs[0].value, &burst->publish) < 0 ||
	    weft_conf_path(r, KEY_PUBLISH_KEY, takes[0].value, &burst->publish_key) < 0)
		return -1;
	if (!takes[1].value)
		return 0;
	return weft_conf_seconds(r, KEY_VALID, takes[1].value, 60, WEFT_CONF_MAX_SECONDS, &burst->valid);
}

/* ---------------------------------------------------------------- keys that may be given once */

static int read_wait(struct weft_conf_reader *r, const char *value)
{
	static const char *const words[] = { "forecast", "constant", "runtime", "cost",
					     NULL }; /* as enum weft_burst_wait */
	int word = weft_conf_word(r, KEY_BURST_WAIT, value, words, "forecast, constant, runtime or cost");

	if (word >= 0)
		r->conf->burst.wait = (enum weft_burst_wait)word;
	return word < 0 ? -1 : 0;
}

/* Seconds, or what they are multiplied with. */
static int read_factor(struct weft_conf_reader *r, const char *value)
{
	double *factor = &r->conf->burst.factor;

	*factor = strcasecmp(value, "never") == 0 ? INFINITY : amount(value);
	if (isnan(*factor))
		return FAIL(r, KEY_BURST_FACTOR, "\"%s\" is not a number from 0 to %.0f, nor never",
			    snip(value).text, WEFT_CONF_MAX_AMOUNT);
	return 0;
}

static int read_value(struct weft_conf_reader *r, const char *value)
{
	struct weft_conf_burst *burst = &r->conf->burst;

	if (weft_money_parse(value, strlen(value), &burst->value, burst->currency))
		return FAIL(r, KEY_BURST_VALUE, "\"%s\" is not an amount such as 2.50 or 2.50EUR",
			    snip(value).text);
	return 0;
}

/* "host", "host:6829", "[::1]:6829" */
static int read_address(struct weft_conf_reader *r, const char *value, char **address)
{
	size_t host = value[0] == '[' ? strcspn(value, "]") + 1 : strcspn(value, ":");
	const char *port = host <= strlen(value) ? value + host : "";
	size_t digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;
	double number = digits ? weft_number_value(port + 1, digits, 0) : 1;
	bool fine = host > (value[0] == '[' ? 2 : 0) && host <= strlen(value) &&
		    strspn(value, "[]:.-_%0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
			    strlen(value);

	if (*port)
		fine = fine && digits && port[1 + digits] == '\0';
	if (!fine || !(number >= 1 && number <= 65535))
		return FAIL(r, KEY_WEFTD, "\"%s\" is not a host or host:port", snip(value).text);
	*address = weft_conf_copy(r, value);
	return *address ? 0 : -1;
}

/* In the place of a default. */
static int replace_path(struct weft_conf_reader *r, enum weft_key key, const char *value, char **path)
{
	free(*path);
	*path = NULL;
	return weft_conf_path(r, key, value, path);
}

static int read_user(struct weft_conf_reader *r, const char *value, char **user)
{
	free(*user);
	*user = NULL;
	return read_name(r, KEY_WEFTD_USER, value, user);
}

/* A key that stands alone. */
static int read_single(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_conf_burst *burst = &r->conf->burst;
	enum weft_key key = pairs[0].key;
	const char *value = pairs[0].value;

	if (weft_conf_take(r, pairs, n, NULL, 0) < 0 || weft_conf_once(r, key) < 0)
		return -1;
	switch (key) {
	case KEY_BURST_WAIT:
		return read_wait(r, value);
	case KEY_BURST_FACTOR:
		return read_factor(r, value);
	case KEY_BURST_VALUE:
		return read_value(r, value);
	case KEY_BURST_LOG:
		return weft_conf_path(r, key, value, &burst->log);
	case KEY_WEFTD:
		return read_address(r, value, &burst->weftd);
	case KEY_WEFTD_USER:
		return read_user(r, value, &burst->user);
	case KEY_WEFTD_STATE:
		return replace_path(r, key, value, &burst->state);
	case KEY_MUNGE_SOCKET:
		return weft_conf_path(r, key, value, &burst->munge);
	case KEY_POLL:
		return weft_conf_seconds(r, key, value, 1, 3600, &burst->poll);
	default: /* KEY_SITES */
		return replace_path(r, key, value, &burst->sites);
	}
}

int weft_conf_peer_line(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	switch (pairs[0].key) {
	case KEY_PEER:
		return read_peer(r, pairs, n);
	case KEY_PUBLISH:
		return read_publish(r, pairs, n);
	case KEY_PUBLISH_KIND:
		return read_sale(r, pairs, n);
	case KEY_HOME_PRICE:
		return read_home_price(r, pairs, n);
	default:
		return read_single(r, pairs, n);
	}
}

/* ---------------------------------------------------------------- what holds without any line */

int weft_conf_peer_defaults(struct weft_conf *conf)
{
	struct weft_conf_burst *burst = &conf->burst;

	*burst = (struct weft_conf_burst){ .factor = NAN, .poll = 30, .valid = 3600 };
	burst->user = strdup(WEFTD_USER);
	burst->sites = strdup(WEFT_SITES_FILE);
	burst->state = strdup(WEFTD_STATE);
	return burst->user && burst->sites && burst->state ? 0 : -1;
}

void weft_conf_peer_finish(struct weft_conf *conf)
{
	static const double factors[] = { [WEFT_BURST_WAIT_FORECAST] = 0,
					  [WEFT_BURST_WAIT_CONSTANT] = 3600,
					  [WEFT_BURST_WAIT_RUNTIME] = 1800,
					  [WEFT_BURST_WAIT_COST] = 240 };

	if (isnan(conf->burst.factor))
		conf->burst.factor = factors[conf->burst.wait];
}

static void clear_peer(struct weft_conf_peer *peer)
{
	char *texts[] = { peer->name,	   peer->url,
			  peer->ca,	   peer->token,
			  peer->tokens,	   peer->users,
			  peer->account,   peer->partition,
			  peer->qos,	   peer->node,
			  peer->directory, peer->stage_in,
			  peer->stage_out, peer->local_partition,
			  peer->fetch,	   peer->price,
			  peer->offer,	   peer->offer_key };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
}

static void clear_kinds(struct weft_conf_sale *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].gres);
		free(list[i].price);
	}
	free(list);
}

void weft_conf_peer_clear(struct weft_conf *conf)
{
	struct weft_conf_burst *burst = &conf->burst;

	for (size_t i = 0; i < conf->n_peers; i++)
		clear_peer(&conf->peers[i]);
	free(conf->peers);
	clear_kinds(burst->sales, burst->n_sales);
	clear_kinds(burst->prices, burst->n_prices);
	free(burst->weftd);
	free(burst->user);
	free(burst->munge);
	free(burst->sites);
	free(burst->state);
	free(burst->log);
	free(burst->publish);
	free(burst->publish_key);
}
