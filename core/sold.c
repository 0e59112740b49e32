/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sold.c - lines of accounting, as lines of a statement.
 */
#include "core/sold.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/handover.h"
#include "core/money.h"
#include "core/price.h"
#include "core/scan.h"

#define MAX_TIME    7258118399u /* the end of the year 2199 */
#define MAX_MINUTES (MAX_TIME / 60)
#define MAX_CARDS   100000000u
#define GRES	    "gres/"

/* In the order of WEFT_SOLD_FIELDS. */
enum field { ID, SUBMIT, START, END, LIMIT, TRES, NAME, FIELDS };

struct weft_sold {
	const struct weft_conf *conf;
	const char *site;
	time_t from, to;
	struct weft_price *prices[]; /* of the sales of CONF; NULL: it has none */
};

struct weft_sold *weft_sold_create(const struct weft_conf *conf, const char *site, time_t from, time_t to,
				   struct weft_err *err)
{
	struct weft_sold *sold = calloc(1, sizeof(*sold) + conf->burst.n_sales * sizeof(sold->prices[0]));

	if (!sold) {
		weft_err(err, "out of memory");
		return NULL;
	}
	sold->conf = conf;
	sold->site = site;
	sold->from = from;
	sold->to = to;
	for (size_t i = 0; i < conf->burst.n_sales; i++) {
		const char *price = conf->burst.sales[i].price;

		sold->prices[i] = price ? weft_price_load(price, err) : NULL;
		if (price && !sold->prices[i]) {
			weft_sold_destroy(sold);
			return NULL;
		}
	}
	return sold;
}

void weft_sold_destroy(struct weft_sold *sold)
{
	for (size_t i = 0; sold && i < sold->conf->burst.n_sales; i++)
		weft_price_destroy(sold->prices[i]);
	free(sold);
}

/* ---------------------------------------------------------------- a line */

/* Cut LINE at DELIMITER; how many pieces there are, of which FIELDS at most are cut off. */
static unsigned cut(char *line, const char *delimiter, char *fields[FIELDS])
{
	size_t len = strlen(delimiter);
	unsigned n = 0;

	for (;;) {
		char *next = n + 1 < FIELDS ? strstr(line, delimiter) : NULL;

		fields[n++] = line;
		if (!next)
			return n;
		*next = '\0';
		line = next + len;
	}
}

/* A whole number up to MAX; a text that begins with no digit ("Unknown", "UNLIMITED") is 0. */
static int number(char *const *fields, enum field field, uint64_t max, uint64_t *value, struct weft_err *err)
{
	static const char *const names[FIELDS] = { "JobIDRaw",	   "Submit",	"Start",  "End",
						   "TimelimitRaw", "AllocTRES", "JobName" };
	const char *s = fields[field];

	*value = 0;
	if (*s < '0' || *s > '9')
		return 0;
	for (; *s >= '0' && *s <= '9' && *value <= max; s++)
		*value = *value * 10 + (uint64_t)(*s - '0');
	if (*s == '\0' && *value <= max)
		return 0;
	return weft_err(err, "job %s: %s: \"%s\" is not a number up to %llu",
			weft_snip(fields[ID], strlen(fields[ID])).text, names[field],
			weft_snip(fields[field], strlen(fields[field])).text, (unsigned long long)max);
}

/* Is it a job of the other site?  Then SALE gets its key. */
static bool is_theirs(const struct weft_sold *sold, const char *name, struct weft_statement_line *sale)
{
	size_t len = strlen(sold->site);
	unsigned attempt;

	return weft_handover_parse_name(name, sale->key, sizeof(sale->key), &attempt) &&
	       !strncmp(sale->key, sold->site, len) && sale->key[len] == '.';
}

/* ---------------------------------------------------------------- cards */

/* "gres/gpu:h100=8" */
struct entry {
	char gres[128];	  /* "gpu:h100" */
	size_t len, name; /* of GRES, and of what stands before its ':' */
	uint64_t cards;
};

/* "gpu" or "gpu:h100"? */
static bool is_kind(const struct entry *entry)
{
	const char *type = entry->gres + entry->name;

	return weft_is_name(entry->gres, entry->name) &&
	       (!*type || weft_is_name(type + 1, entry->len - entry->name - 1));
}

/* The entry at *AT of AllocTRES, which moves on.  False: there is none any more. */
static bool next_entry(const char **at, struct entry *entry)
{
	while (**at) {
		size_t len = strcspn(*at, ",");
		const char *text = *at, *equals = memchr(text, '=', len), *digit;

		*at += len + (text[len] == ',');
		*entry = (struct entry){ 0 };
		if (strncmp(text, GRES, strlen(GRES)) != 0 || !equals)
			continue;
		entry->len = (size_t)(equals - text) - strlen(GRES);
		if (entry->len >= sizeof(entry->gres))
			continue;
		memcpy(entry->gres, text + strlen(GRES), entry->len);
		entry->name = strcspn(entry->gres, ":");
		if (!is_kind(entry))
			continue;
		for (digit = equals + 1;
		     digit < text + len && *digit >= '0' && *digit <= '9' && entry->cards <= MAX_CARDS;
		     digit++)
			entry->cards = entry->cards * 10 + (uint64_t)(*digit - '0');
		return true;
	}
	return false;
}

/* Cards without a type: Slurm counts those with one in both. */
static uint64_t without_types(const char *tres, const struct entry *plain)
{
	uint64_t cards = plain->cards;
	struct entry entry;

	while (next_entry(&tres, &entry)) {
		if (entry.name < entry.len && entry.name == plain->len &&
		    !memcmp(entry.gres, plain->gres, plain->len))
			cards -= entry.cards < cards ? entry.cards : cards;
	}
	return cards;
}

/* Is the name of SALE, up to its type, that of ENTRY? */
static bool same_name(const struct weft_conf_sale *sale, const struct entry *entry)
{
	size_t len = strcspn(sale->gres, ":");

	return len == entry->name && !memcmp(sale->gres, entry->gres, len);
}

/* Which PublishKind= the cards of ENTRY are sold as: the very kind, or that of any type, or, where Slurm does
 * not say of which type they are, the only one.  -1: none has this name; -2: it cannot be told which. */
static int find_sale(const struct weft_conf *conf, const struct entry *entry)
{
	int only = -1, plain = -1, n = 0;

	for (size_t i = 0; i < conf->burst.n_sales; i++) {
		const struct weft_conf_sale *sale = &conf->burst.sales[i];

		if (!same_name(sale, entry))
			continue;
		if (weft_name_equal(sale->gres, entry->gres))
			return (int)i;
		if (!strchr(sale->gres, ':'))
			plain = (int)i;
		only = (int)i;
		n++;
	}
	if (n == 0)
		return -1;
	return plain >= 0 ? plain : n == 1 && entry->name == entry->len ? only : -2;
}

/* The cards that a job had, which are all of one price. */
struct cards {
	const char *job; /* for messages */
	time_t submit;
	int64_t price;
	const struct weft_conf_sale *sale; /* NULL: none so far */
};

static int price_of(const struct weft_sold *sold, const struct entry *entry, struct cards *c,
		    struct weft_err *err)
{
	int at = find_sale(sold->conf, entry);
	const struct weft_conf_sale *sale = at >= 0 ? &sold->conf->burst.sales[at] : NULL;
	struct weft_snip gres = weft_snip(entry->gres, entry->len);
	int64_t price;

	if (!sale || !sold->prices[at])
		return weft_err(err, "job %s: weft.conf has no PublishKind=%s with a Price=", c->job,
				gres.text);
	price = weft_price_value(sold->prices[at], c->submit, NULL);
	if (price < 0)
		return weft_err(err, "job %s: the price of %s when it was submitted is not known", c->job,
				gres.text);
	if (c->sale && (price != c->price || strcmp(sale->currency, c->sale->currency) != 0))
		return weft_err(err, "job %s: its cards have different prices", c->job);
	c->sale = sale;
	c->price = price;
	return 0;
}

static int add_cards(const struct weft_sold *sold, const char *tres, struct cards *c,
		     struct weft_statement_line *sale, struct weft_err *err)
{
	const char *at = tres;
	struct entry entry;

	while (next_entry(&at, &entry)) {
		uint64_t n = entry.name == entry.len ? without_types(tres, &entry) : entry.cards;
		size_t used = strlen(sale->gres);

		if (n == 0 || find_sale(sold->conf, &entry) == -1) /* scratch, licences */
			continue;
		if (n > MAX_CARDS || sale->cards > MAX_CARDS)
			return weft_err(err, "job %s: more than %u cards", c->job, MAX_CARDS);
		if (price_of(sold, &entry, c, err) < 0)
			return -1;
		sale->cards += (int64_t)n;
		if (used + entry.len + 2 < sizeof(sale->gres))
			snprintf(sale->gres + used, sizeof(sale->gres) - used, "%s%s", used ? "," : "",
				 entry.gres);
	}
	return c->sale ? 0
		       : weft_err(err, "job %s: Slurm says of no cards of a PublishKind= that it had",
				  c->job);
}

/* ---------------------------------------------------------------- reading */

int weft_sold_read(struct weft_sold *sold, char *line, const char *delimiter,
		   struct weft_statement_line *sale, struct weft_err *err)
{
	struct cards cards = { 0 };
	uint64_t id, submit, start, end, minutes;
	char *fields[FIELDS];
	char job[128];

	*sale = (struct weft_statement_line){ 0 };
	if (cut(line, delimiter, fields) != FIELDS || !is_theirs(sold, fields[NAME], sale))
		return 0;
	if (number(fields, ID, UINT32_MAX, &id, err) < 0 ||
	    number(fields, SUBMIT, MAX_TIME, &submit, err) < 0 ||
	    number(fields, START, MAX_TIME, &start, err) < 0 ||
	    number(fields, END, MAX_TIME, &end, err) < 0 ||
	    number(fields, LIMIT, MAX_MINUTES, &minutes, err) < 0)
		return -1;
	if (start == 0 || !*fields[TRES] || (time_t)end < sold->from || (time_t)end >= sold->to)
		return 0;
	snprintf(job, sizeof(job), "%s (%.64s)", weft_snip(fields[ID], strlen(fields[ID])).text, sale->key);
	cards.job = job;
	cards.submit = (time_t)submit;
	if (add_cards(sold, fields[TRES], &cards, sale, err) < 0)
		return -1;
	sale->remote_id = (uint32_t)id;
	sale->start = (time_t)start;
	sale->end = (time_t)end;
	sale->seconds = end > start ? (int64_t)(end - start) : 0;
	if (minutes && sale->seconds > (int64_t)minutes * 60) /* nobody agreed to pay for more */
		sale->seconds = (int64_t)minutes * 60;
	sale->price = cards.price;
	memcpy(sale->currency, cards.sale->currency, sizeof(sale->currency));
	sale->amount = weft_money_cost(sale->price, (uint64_t)sale->cards, (uint64_t)sale->seconds);
	return sale->amount >= 0 ? 1 : weft_err(err, "job %s: it costs more than can be counted", job);
}
