/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect_links.c - links between devices, the islands they make, and the way to network adapters.
 */
#include <stdlib.h>
#include <string.h>

#include "core/machine_private.h"

#define KFD	      "sys/class/kfd/kfd/topology/nodes"
#define KFD_MAX_NODES 512
#define KFD_XGMI      11 /* the kernel's number of this type of link */

void weft_machine_link(struct weft_machine *machine, size_t a, size_t b, unsigned count, const char *kind)
{
	size_t len = strlen(kind);

	machine->links[a * machine->n + b] = machine->links[b * machine->n + a] = (unsigned char)count;
	if (len >= sizeof(machine->devices[a].link))
		return;
	memcpy(machine->devices[a].link, kind, len + 1);
	memcpy(machine->devices[b].link, kind, len + 1);
}

unsigned weft_machine_links(const struct weft_machine *machine, size_t a, size_t b)
{
	return machine->links[a * machine->n + b];
}

/* KFD, the compute part of the kernel's AMD driver, and of Hygon's */

static long field(struct weft_tree *tree, const char *key, const char *path)
{
	char text[24], *end;
	long value;

	if (weft_tree_field(tree, text, sizeof(text), key, "%s/properties", path) <= 0)
		return -1;
	value = strtol(text, &end, 10);
	return *end == '\0' && value >= 0 ? value : -1;
}

/* The device that KFD's node NAME is; N when it is none of them, like a processor. */
static size_t device_of_node(struct weft_tree *tree, const struct weft_machine *machine, const char *name)
{
	struct weft_pci_address address = { 0 };
	char path[128];
	long location, domain;

	snprintf(path, sizeof(path), KFD "/%s", name);
	location = field(tree, "location_id", path);
	if (location <= 0) /* a processor has none */
		return machine->n;
	domain = field(tree, "domain", path);
	address.domain = domain > 0 ? (unsigned)domain : 0;
	address.bus = (unsigned)location >> 8 & 0xff;
	address.device = (unsigned)location >> 3 & 0x1f;
	address.function = (unsigned)location & 7;
	return weft_machine_find(machine, address);
}

/* The links of device A, KFD's node NAME; DEVICES tells which device each node is. */
static int node_links(struct weft_tree *tree, struct weft_machine *machine, const char *name, size_t a,
		      const size_t *devices)
{
	struct weft_names links;
	char path[256];

	if (weft_tree_list(tree, &links, "", KFD "/%s/io_links", name) < 0)
		return -1;
	for (size_t i = 0; i < links.n; i++) {
		long to;
		size_t b;

		if (snprintf(path, sizeof(path), KFD "/%s/io_links/%s", name, links.names[i]) >=
		    (int)sizeof(path))
			continue;
		to = field(tree, "node_to", path);
		b = to >= 0 && to < KFD_MAX_NODES ? devices[to] : machine->n;
		if (field(tree, "type", path) == KFD_XGMI && b < machine->n && b != a)
			weft_machine_link(machine, a, b, 1, "XGMI");
	}
	weft_names_clear(&links);
	return 0;
}

static long node_number(const char *name)
{
	char *end;
	long n = strtol(name, &end, 10);

	return *name >= '0' && *name <= '9' && *end == '\0' && n < KFD_MAX_NODES ? n : -1;
}

int weft_detect_kfd_links(struct weft_tree *tree, struct weft_machine *machine)
{
	size_t devices[KFD_MAX_NODES];
	struct weft_names nodes;
	int rv = 0;

	if (weft_tree_list(tree, &nodes, "", KFD) < 0)
		return -1;
	for (size_t i = 0; i < KFD_MAX_NODES; i++)
		devices[i] = machine->n;
	for (size_t i = 0; i < nodes.n; i++)
		if (node_number(nodes.names[i]) >= 0)
			devices[node_number(nodes.names[i])] = device_of_node(tree, machine, nodes.names[i]);
	for (size_t i = 0; rv == 0 && i < nodes.n; i++) {
		long number = node_number(nodes.names[i]);

		if (number >= 0 && devices[number] < machine->n)
			rv = node_links(tree, machine, nodes.names[i], devices[number], devices);
	}
	weft_names_clear(&nodes);
	return rv;
}

/* Islands */

/* All devices that can be reached by links from one get its number. */
void weft_detect_islands(struct weft_machine *machine)
{
	unsigned next = 0;
	bool changed = true;

	for (size_t i = 0; i < machine->n; i++)
		machine->devices[i].island = (unsigned)i;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < machine->n; i++) {
			for (size_t k = 0; k < machine->n; k++) {
				if (weft_machine_links(machine, i, k) == 0 ||
				    machine->devices[k].island <= machine->devices[i].island)
					continue;
				machine->devices[k].island = machine->devices[i].island;
				changed = true;
			}
		}
	}
	/* Numbers without gaps; an island's number was that of its first device. */
	for (size_t i = 0; i < machine->n; i++) {
		unsigned island = machine->devices[i].island;

		machine->devices[i].island = island == i ? next++ : machine->devices[island].island;
	}
}

/* Network adapters */

/* How many parts of the way A and B have in common. */
static unsigned common_parts(const char *a, const char *b)
{
	unsigned n = 0;

	while (*a != '\0' && *b != '\0') {
		size_t x = strcspn(a, "/"), y = strcspn(b, "/");

		if (x != y || strncmp(a, b, x) != 0)
			break;
		n++;
		a += x + (a[x] == '/');
		b += y + (b[y] == '/');
	}
	return n;
}

enum weft_path weft_machine_nic_path(const struct weft_machine *machine, size_t i, size_t k)
{
	const struct weft_device *d = &machine->devices[i];
	const struct weft_nic *nic = &machine->nics[k];
	unsigned common = common_parts(d->bridges, nic->bridges);

	/* The first part is the host bridge.  Behind one port of it there can be two devices only through a
	 * switch. */
	if (common >= 2)
		return WEFT_PATH_SWITCH;
	if (common == 1)
		return WEFT_PATH_HOST_BRIDGE;
	return d->numa >= 0 && d->numa == nic->numa ? WEFT_PATH_NUMA : WEFT_PATH_SYSTEM;
}

enum weft_path weft_machine_nearest_nic(const struct weft_machine *machine, size_t i)
{
	enum weft_path best = WEFT_PATH_SYSTEM;

	for (size_t k = 0; k < machine->n_nics; k++)
		if (weft_machine_nic_path(machine, i, k) < best)
			best = weft_machine_nic_path(machine, i, k);
	return best;
}

const char *weft_path_name(enum weft_path path)
{
	static const char *const names[] = { "switch", "host-bridge", "numa", "system" };

	return names[path];
}
