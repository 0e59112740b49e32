/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zones.c - turns the node lists of the zones into the zones of each node.
 */
#include "core/zones.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct weft_zones {
	unsigned n_nodes;
	size_t *start; /* by node: where its zones begin in LIST; one more than there are nodes */
	uint16_t *list;
};

/* Node INDEX is in ZONE. */
struct entry {
	unsigned index;
	uint16_t zone;
};

/* What is known while the lists are expanded, zone by zone. */
struct maker {
	unsigned n_nodes;
	struct entry *entries; /* ZONE ascending */
	size_t n, room;
	uint16_t *last; /* by node: its last zone, against a node that a list names twice */
	uint8_t *count; /* by node */
	uint16_t zone;
	bool no_memory;
	unsigned crowded; /* a node with too many zones, + 1; 0: none */
};

int weft_expand(const struct weft_expander *expander, unsigned n_nodes, const char *nodes,
		void (*each)(unsigned index, void *to), void *to, struct weft_err *err)
{
	if (strcasecmp(nodes, "ALL") != 0)
		return expander->expand(nodes, each, to, err, expander->arg);
	for (unsigned i = 0; i < n_nodes; i++)
		each(i, to);
	return 0;
}

static void add(unsigned index, void *to)
{
	struct maker *m = to;

	if (index >= m->n_nodes || m->no_memory || (m->count[index] && m->last[index] == m->zone))
		return;
	if (m->count[index] == WEFT_ZONES_MAX_PER_NODE) {
		m->crowded = index + 1;
		return;
	}
	if (m->n == m->room) {
		size_t room = m->room ? 2 * m->room : 1024;
		struct entry *entries = realloc(m->entries, room * sizeof(*entries));

		m->no_memory = !entries;
		if (!entries)
			return;
		m->entries = entries;
		m->room = room;
	}
	m->entries[m->n++] = (struct entry){ index, m->zone };
	m->last[index] = m->zone;
	m->count[index]++;
}

static int expand_all(struct maker *m, const struct weft_conf *conf, const struct weft_expander *expander,
		      struct weft_err *err)
{
	const char *path = conf->path ? conf->path : "weft.conf";

	for (unsigned i = 0; i < m->n_nodes; i++)
		add(i, m);
	for (size_t z = 0; z < conf->n_zones; z++) {
		const struct weft_conf_zone *zone = &conf->zones[z];
		struct weft_err why = WEFT_ERR_INIT;

		m->zone = (uint16_t)(z + 1);
		if (weft_expand(expander, m->n_nodes, zone->nodes, add, m, &why) < 0)
			return weft_err(err, "%s:%u: Nodes: %s", path, zone->line, why.text);
		if (m->crowded)
			return weft_err(err, "%s:%u: PowerZone: %s: node %u is in more than %d zones", path,
					zone->line, zone->name, m->crowded - 1, WEFT_ZONES_MAX_PER_NODE);
	}
	return m->no_memory ? weft_err(err, "out of memory") : 0;
}

/* The entries, sorted by node; those of a node stay in order. */
static struct weft_zones *sorted(const struct maker *m)
{
	struct weft_zones *zones = calloc(1, sizeof(*zones));
	size_t sum = 0;

	if (!zones)
		return NULL;
	zones->n_nodes = m->n_nodes;
	zones->start = calloc((size_t)m->n_nodes + 1, sizeof(*zones->start));
	zones->list = calloc(m->n + 1, sizeof(*zones->list));
	if (!zones->start || !zones->list) {
		weft_zones_destroy(zones);
		return NULL;
	}
	for (unsigned i = 0; i < m->n_nodes; i++) {
		zones->start[i] = sum;
		sum += m->count[i];
	}
	for (size_t e = 0; e < m->n; e++)
		zones->list[zones->start[m->entries[e].index]++] = m->entries[e].zone;
	for (unsigned i = m->n_nodes; i > 0; i--) /* each now begins where the next one did */
		zones->start[i] = zones->start[i - 1];
	zones->start[0] = 0;
	return zones;
}

struct weft_zones *weft_zones_create(const struct weft_conf *conf, unsigned n_nodes,
				     const struct weft_expander *expander, struct weft_err *err)
{
	struct maker m = { .n_nodes = n_nodes };
	struct weft_zones *zones = NULL;

	m.last = calloc((size_t)n_nodes + 1, sizeof(*m.last));
	m.count = calloc((size_t)n_nodes + 1, sizeof(*m.count));
	if (!m.last || !m.count) {
		weft_err(err, "out of memory");
	} else if (expand_all(&m, conf, expander, err) == 0) {
		zones = sorted(&m);
		if (!zones)
			weft_err(err, "out of memory");
	}
	free(m.entries);
	free(m.last);
	free(m.count);
	return zones;
}

void weft_zones_destroy(struct weft_zones *zones)
{
	if (!zones)
		return;
	free(zones->start);
	free(zones->list);
	free(zones);
}

const uint16_t *weft_zones_of(const struct weft_zones *zones, unsigned index, unsigned *n)
{
	static const uint16_t cluster[] = { 0 };

	if (index >= zones->n_nodes) { /* a node of a table that is newer */
		*n = 1;
		return cluster;
	}
	*n = (unsigned)(zones->start[index + 1] - zones->start[index]);
	return zones->list + zones->start[index];
}
