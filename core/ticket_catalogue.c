/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket_catalogue.c - what slurmctld knows of the job's cards, so that nodes need not read it from files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scan.h"
#include "core/ticket.h"

int weft_ticket_add_catalogue(struct weft_ticket *ticket, const struct weft_catalogue *cat,
			      struct weft_err *err)
{
	const struct weft_model *models[WEFT_TICKET_MAX_GROUPS];

	for (unsigned i = 0; i < ticket->n_groups; i++) {
		const char *name = ticket->groups[i].model;

		models[i] = name ? weft_catalogue_find_model(cat, name) : NULL;
	}
	free(ticket->catalogue);
	ticket->catalogue = weft_catalogue_excerpt(cat, models, ticket->n_groups);
	return ticket->catalogue ? 0 : weft_err(err, "out of memory");
}

bool weft_ticket_knows(const struct weft_ticket *ticket, const char *name, const char *type)
{
	const size_t len = strlen(name);

	for (unsigned i = 0; ticket->catalogue && i < ticket->n_groups; i++) {
		const struct weft_ticket_group *group = &ticket->groups[i];
		const char *rest = group->gres + len;

		if (group->model && !strncmp(group->gres, name, len) &&
		    (type ? *rest == ':' && weft_name_equal(rest + 1, type) : !*rest))
			return true;
	}
	return false;
}

/* weft.conf with a Class= for each group. */
static struct weft_conf *make_conf(const struct weft_ticket *ticket, struct weft_err *err)
{
	struct weft_conf *conf = NULL;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (unsigned i = 0; f && i < ticket->n_groups; i++) {
		const struct weft_ticket_group *group = &ticket->groups[i];

		if (group->model)
			fprintf(f, "Class=%s Model=%s\n", group->gres, group->model);
	}
	if (f && !fclose(f))
		conf = weft_conf_parse("ticket", text, len, err);
	else
		weft_err(err, "out of memory");
	free(text);
	return conf;
}

int weft_ticket_site(const struct weft_ticket *ticket, struct weft_catalogue **cat, struct weft_conf **conf,
		     struct weft_err *err)
{
	const char *text = ticket->catalogue;

	*conf = NULL;
	*cat = text ? weft_catalogue_parse("ticket", text, strlen(text), NULL, NULL, 0, err) : NULL;
	if (*cat)
		*conf = make_conf(ticket, err);
	if (*conf && !weft_conf_check(*conf, *cat, err))
		return 0;
	weft_conf_destroy(*conf);
	weft_catalogue_destroy(*cat);
	*conf = NULL;
	*cat = NULL;
	return -1;
}
