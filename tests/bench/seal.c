/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seal SOCKET [NODES]: what the ticket of a job on NODES nodes (10,000) costs slurmctld while it holds its
 * locks: made, written and sealed by the munged on SOCKET, and how long it is.  Best and median of 100; of
 * cards of two vendors, whose nodes lie side by side, or in turns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/ticket.h"
#include "plugin/compat/seal.h"

#define ROUNDS 100

static const struct weft_ticket_job job = { .id = 4711, .uid = 1000 };

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Which of the two classes node I has: RUN nodes of each side by side. */
static struct weft_ticket *make(const struct weft_catalogue *cat, const struct weft_class class[2],
				unsigned nodes, unsigned run)
{
	struct weft_ticket *t = weft_ticket_create("bench", &job, time(NULL));
	struct weft_err err = WEFT_ERR_INIT;
	int rc = t ? 0 : -1;

	for (unsigned i = 0; !rc && i < nodes; i++) {
		int group = weft_ticket_add_class(t, &class[i / run % 2], 1000, 8, 0xff, &err);

		rc = group < 0 ? -1 : weft_ticket_add_node(t, group, 8, 0xff, &err);
	}
	if (!rc) {
		weft_ticket_order_groups(t);
		rc = weft_ticket_add_catalogue(t, cat, &err);
	}
	if (!rc)
		return t;
	fprintf(stderr, "seal: %s\n", err.text);
	exit(1);
}

static void measure(const char *what, const char *socket, const struct weft_catalogue *cat,
		    const struct weft_class class[2], unsigned nodes, unsigned run)
{
	double made[ROUNDS], sealed[ROUNDS];
	struct weft_err err = WEFT_ERR_INIT;
	size_t len = 0, sealed_len = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double start = now_ms();
		struct weft_ticket *t = make(cat, class, nodes, run);
		char *text = weft_ticket_text(t, &len, &err), *seal;

		made[i] = now_ms() - start;
		start = now_ms();
		seal = text ? weft_seal(socket, text, len, &err) : NULL;
		sealed[i] = now_ms() - start;
		if (!seal) {
			fprintf(stderr, "seal: %s\n", err.text);
			exit(1);
		}
		sealed_len = strlen(seal);
		free(seal);
		free(text);
		weft_ticket_destroy(t);
	}
	qsort(made, ROUNDS, sizeof(*made), by_value);
	qsort(sealed, ROUNDS, sizeof(*sealed), by_value);
	printf("%u nodes %-13s %6zu bytes, %6zu sealed; made in %.2f ms (median %.2f), sealed in %.2f ms "
	       "(median %.2f)\n",
	       nodes, what, len, sealed_len, made[0], made[ROUNDS / 2], sealed[0], sealed[ROUNDS / 2]);
}

int main(int argc, char **argv)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_catalogue *cat = weft_catalogue_load(WEFT_CATALOGUE_PATH, NULL, &err);
	unsigned nodes = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;
	struct weft_class class[2] = { { .label = (char *)"gpu:h100" }, { .label = (char *)"gpu:mi300x" } };

	if (argc < 2 || !nodes || nodes > WEFT_TICKET_MAX_NODES || !cat) {
		fprintf(stderr, "usage: seal SOCKET [NODES]%s%s\n", cat ? "" : "; ", err.text);
		return 1;
	}
	for (int i = 0; i < 2; i++)
		class[i].model = weft_catalogue_find_type(cat, class[i].label + 4);
	measure("side by side:", argv[1], cat, class, nodes, (nodes + 1) / 2);
	measure("in turns:", argv[1], cat, class, nodes, 1);
	weft_catalogue_destroy(cat);
	return 0;
}
