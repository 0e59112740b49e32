/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_budget.c - the lines of weft.conf that say how much may be spent at other sites.
 */
#include <stdlib.h>
#include <string.h>

#include "core/conf_private.h"
#include "core/money.h"
#include "core/nearest.h"
#include "core/scan.h"

static const char *const holders[] = { "account", "user", "peer", NULL }; /* as enum weft_holder */
static const char *const periods[] = { "month", "quarter", "year", "total",
				       NULL }; /* as enum weft_budget_period */

const char *weft_holder_name(enum weft_holder holder)
{
	return holders[holder];
}

const char *weft_budget_period_name(enum weft_budget_period period)
{
	return periods[period];
}

/* "account:physics", "user:*" */
static int read_holder(struct weft_conf_reader *r, const char *value, struct weft_conf_budget *budget)
{
	const char *colon = strchr(value, ':'), *name = colon ? colon + 1 : "";
	bool fine = colon && *name && strlen(name) <= WEFT_CONF_MAX_WORD;
	int holder = 0;

	while (fine && holders[holder] &&
	       (strlen(holders[holder]) != (size_t)(colon - value) ||
		strncmp(holders[holder], value, (size_t)(colon - value)) != 0))
		holder++;
	for (const char *s = name; *s; s++)
		fine = fine && *s > ' ' && *s < 0x7f && !strchr("\"'`\\,=:/", *s);
	if (!fine || !holders[holder])
		return FAIL(r, KEY_BUDGET,
			    "\"%s\" is not such as account:physics, user:alice, peer:beta or user:*",
			    weft_snip(value, strlen(value)).text);
	budget->holder = (enum weft_holder)holder;
	budget->name = weft_conf_copy(r, name);
	return budget->name ? 0 : -1;
}

static int read_limit(struct weft_conf_reader *r, const char *value, struct weft_conf_budget *budget)
{
	if (weft_money_parse(value, strlen(value), &budget->limit, budget->currency) || !budget->currency[0])
		return FAIL(r, KEY_LIMIT, "\"%s\" is not an amount with its currency, such as 5000EUR",
			    weft_snip(value, strlen(value)).text);
	return 0;
}

static int read_period(struct weft_conf_reader *r, const char *value, struct weft_conf_budget *budget)
{
	int word = value ? weft_conf_word(r, KEY_PERIOD, value, periods, "month, quarter, year or total")
			 : WEFT_PERIOD_MONTH;

	if (word >= 0)
		budget->period = (enum weft_budget_period)word;
	return word < 0 ? -1 : 0;
}

int weft_conf_budget_line(struct weft_conf_reader *r, const struct weft_pair *pairs, size_t n)
{
	struct weft_take takes[] = { { KEY_LIMIT, true, NULL }, { KEY_PERIOD, false, NULL } };
	struct weft_conf *conf = r->conf;
	struct weft_conf_budget *budget;

	if (weft_conf_take(r, pairs, n, takes, 2) < 0)
		return -1;
	if (conf->n_budgets == WEFT_CONF_MAX_BUDGETS)
		return FAIL(r, KEY_BUDGET, "more than %d budgets", WEFT_CONF_MAX_BUDGETS);
	budget = weft_conf_grow(r, conf->budgets, conf->n_budgets, sizeof(*budget));
	if (!budget)
		return -1;
	conf->budgets = budget;
	budget += conf->n_budgets++;
	budget->line = r->line;
	if (read_holder(r, pairs[0].value, budget) < 0 || read_limit(r, takes[0].value, budget) < 0 ||
	    read_period(r, takes[1].value, budget) < 0)
		return -1;
	for (const struct weft_conf_budget *b = conf->budgets; b < budget; b++) {
		if (b->holder == budget->holder && b->period == budget->period &&
		    !strcmp(b->name, budget->name))
			return FAIL(r, KEY_BUDGET, "%s:%s was given for each %s in line %u already",
				    holders[b->holder], b->name, periods[b->period], b->line);
	}
	return 0;
}

/* A budget of a peer that there is not would hold nobody back. */
int weft_conf_budget_finish(struct weft_conf_reader *r)
{
	for (size_t i = 0; i < r->conf->n_budgets; i++) {
		const struct weft_conf_budget *budget = &r->conf->budgets[i];
		unsigned best = weft_nearest_start(budget->name);
		const char *near = NULL;

		if (budget->holder != WEFT_HOLDER_PEER || !strcmp(budget->name, "*") ||
		    weft_conf_find_peer(r->conf, budget->name))
			continue;
		for (size_t k = 0; k < r->conf->n_peers; k++)
			near = weft_nearest_of(budget->name, r->conf->peers[k].name, near, &best);
		r->line = budget->line;
		return FAIL(r, KEY_BUDGET, "there is no peer \"%s\"%s%s%s", budget->name,
			    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	return 0;
}

void weft_conf_budget_clear(struct weft_conf *conf)
{
	for (size_t i = 0; i < conf->n_budgets; i++)
		free(conf->budgets[i].name);
	free(conf->budgets);
}
