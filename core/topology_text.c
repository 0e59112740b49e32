/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology_text.c - the files that a launcher reads: JSON, XML for NCCL and RCCL, a hostfile.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scan.h"
#include "core/text.h"
#include "core/topology.h"

#define FORMAT 1 /* of the JSON file; another number when a key changes its meaning or goes */

/* ---------------------------------------------------------------- JSON */

/* A comma before all but the first member; *N counts. */
static void put_key(FILE *f, unsigned *n, const char *key)
{
	fprintf(f, "%s\"%s\":", (*n)++ ? "," : "", key);
}

static void put_text(FILE *f, unsigned *n, const char *key, const char *text)
{
	if (!text)
		return;
	put_key(f, n, key);
	weft_put_json_string(f, text);
}

static void put_uint(FILE *f, unsigned *n, const char *key, uint64_t value)
{
	put_key(f, n, key);
	fprintf(f, "%" PRIu64, value);
}

/* To four digits after the point. */
static void put_number(FILE *f, unsigned *n, const char *key, double value)
{
	char buf[WEFT_NUMBER_SIZE];
	const char *text =
		isfinite(value) && value >= 0 ? weft_number_text(round(value * 1e4) / 1e4, 0, 0, buf) : NULL;

	if (!text)
		return;
	put_key(f, n, key);
	fputs(text, f);
}

static void put_job(FILE *f, unsigned *n, const struct weft_topo_step *step)
{
	unsigned k = 0;

	put_key(f, n, "job");
	fputc('{', f);
	put_uint(f, &k, "id", step->job_id);
	put_text(f, &k, "step", step->step);
	put_text(f, &k, "hosts", step->hosts);
	if (step->ticket) {
		put_text(f, &k, "cluster", step->ticket->cluster);
		put_uint(f, &k, "nodes", step->ticket->n_nodes);
	}
	fputc('}', f);
}

static void put_node(FILE *f, unsigned *n, const struct weft_topo_step *step)
{
	const struct weft_ticket_run *run =
		step->ticket ? weft_ticket_node(step->ticket, step->node_index, NULL) : NULL;
	unsigned k = 0;

	put_key(f, n, "node");
	fputc('{', f);
	put_text(f, &k, "name", step->node);
	put_uint(f, &k, "index", step->node_index);
	if (run)
		put_uint(f, &k, "group", run->group);
	put_text(f, &k, "switch_path", step->switches);
	put_text(f, &k, "switch_levels", step->levels);
	fputc('}', f);
}

static void put_groups(FILE *f, unsigned *n, const struct weft_ticket *ticket)
{
	put_key(f, n, "groups");
	fputc('[', f);
	for (unsigned i = 0; i < ticket->n_groups; i++) {
		const struct weft_ticket_group *group = &ticket->groups[i];
		unsigned k = 0;

		fputs(i ? ",{" : "{", f);
		put_text(f, &k, "gres", group->gres);
		put_text(f, &k, "vendor", group->vendor);
		put_text(f, &k, "model", group->model);
		put_uint(f, &k, "nodes", weft_ticket_group_nodes(ticket, i));
		put_uint(f, &k, "cards", weft_ticket_group_cards(ticket, i));
		put_number(f, &k, "weight", weft_ticket_weight(ticket, i));
		put_number(f, &k, "card_memory_gib", group->memory);
		put_number(f, &k, "card_tdp_w", group->tdp);
		put_number(f, &k, "card_expected_w", group->watts);
		put_number(f, &k, "card_limit_w", group->limit);
		fputc('}', f);
	}
	fputc(']', f);
}

static void put_runs(FILE *f, unsigned *n, const struct weft_ticket *ticket)
{
	put_key(f, n, "runs");
	fputc('[', f);
	for (size_t i = 0; i < ticket->n_runs; i++) {
		const struct weft_ticket_run *run = &ticket->runs[i];

		fprintf(f, "%s{\"nodes\":%u,\"group\":%u,\"cards\":%u}", i ? "," : "", run->nodes, run->group,
			run->cards);
	}
	fputc(']', f);
}

/* The names of the adapters that are nearest to CARD, when they are near at all. */
static void put_nearest(FILE *f, unsigned *n, const struct weft_topology *topo,
			const struct weft_topo_card *card)
{
	int best = 1;
	unsigned k = 0;

	for (size_t i = 0; i < topo->n_nics; i++) {
		int near = weft_topology_nearness(card, &topo->nics[i]);

		best = near > best ? near : best;
	}
	put_key(f, n, "nics");
	fputc('[', f);
	for (size_t i = 0; i < topo->n_nics; i++) {
		if (weft_topology_nearness(card, &topo->nics[i]) != best)
			continue;
		fputs(k++ ? "," : "", f);
		weft_put_json_string(f, topo->nics[i].name);
	}
	fputc(']', f);
}

static void put_place(FILE *f, unsigned *n, const struct weft_topo_pci *pci)
{
	put_text(f, n, "pci", pci->address);
	if (pci->numa != WEFT_TOPOLOGY_NONE)
		put_uint(f, n, "numa", pci->numa);
	put_text(f, n, "cpus", pci->cpus);
}

static void put_device(FILE *f, const struct weft_topo_step *step, unsigned index)
{
	const struct weft_topo_card *card = weft_topology_card(step->topo, step->vendor, index);
	const struct weft_ticket_run *run =
		step->ticket ? weft_ticket_node(step->ticket, step->node_index, NULL) : NULL;
	unsigned k = 0;

	fputc('{', f);
	put_uint(f, &k, "index", index);
	put_text(f, &k, "vendor", step->vendor ? step->vendor->name : NULL);
	put_text(f, &k, "model", step->model);
	if (run)
		put_number(f, &k, "memory_gib", step->ticket->groups[run->group].memory);
	if (card) {
		put_place(f, &k, &card->pci);
		if (card->island != WEFT_TOPOLOGY_NONE)
			put_uint(f, &k, "island", card->island);
		put_nearest(f, &k, step->topo, card);
	}
	fputc('}', f);
}

static void put_devices(FILE *f, unsigned *n, const struct weft_topo_step *step)
{
	put_key(f, n, "devices");
	fputc('[', f);
	for (size_t i = 0; i < step->n_devices; i++) {
		fputs(i ? "," : "", f);
		put_device(f, step, step->devices[i]);
	}
	fputc(']', f);
}

static void put_machine(FILE *f, unsigned *n, const struct weft_topology *topo)
{
	put_key(f, n, "numa");
	fputc('[', f);
	for (size_t i = 0; i < topo->n_numa; i++) {
		unsigned k = 0;

		fputs(i ? ",{" : "{", f);
		put_uint(f, &k, "id", topo->numa[i].id);
		put_text(f, &k, "cpus", topo->numa[i].cpus);
		if (topo->numa[i].memory_mib)
			put_uint(f, &k, "memory_mib", topo->numa[i].memory_mib);
		fputc('}', f);
	}
	fputc(']', f);
	put_key(f, n, "nics");
	fputc('[', f);
	for (size_t i = 0; i < topo->n_nics; i++) {
		unsigned k = 0;

		fputs(i ? ",{" : "{", f);
		put_text(f, &k, "name", topo->nics[i].name);
		put_place(f, &k, &topo->nics[i].pci);
		if (topo->nics[i].gbps > 0)
			put_number(f, &k, "gbps", topo->nics[i].gbps);
		fputc('}', f);
	}
	fputc(']', f);
}

/* What F has written to *TEXT, or NULL when memory ran out on the way. */
static char *finish(FILE *f, char **text)
{
	if (!fclose(f))
		return *text;
	free(*text);
	return NULL;
}

char *weft_topology_json(const struct weft_topo_step *step, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);
	unsigned n = 0;

	if (!f)
		return NULL;
	fputc('{', f);
	put_uint(f, &n, "format", FORMAT);
	put_job(f, &n, step);
	put_node(f, &n, step);
	if (step->ticket) {
		put_groups(f, &n, step->ticket);
		put_runs(f, &n, step->ticket);
	}
	put_devices(f, &n, step);
	put_machine(f, &n, step->topo);
	fputs("}\n", f);
	return finish(f, &text);
}

/* ---------------------------------------------------------------- NCCL and RCCL */

/* The version of the file that each of the two takes, and no other; 0: it is another library. */
static int nccl_version(const struct weft_vendor *vendor)
{
	if (!vendor || !vendor->collectives)
		return 0;
	if (!strcmp(vendor->collectives, "NCCL"))
		return 1;
	return !strcmp(vendor->collectives, "RCCL") ? 2 : 0;
}

static void put_xml_pci(FILE *f, const struct weft_topo_pci *pci)
{
	fprintf(f, "    <pci busid=\"%s\" class=\"0x%06x\" vendor=\"0x%04x\" device=\"0x%04x\">\n",
		pci->address, pci->class, pci->vendor, pci->device);
}

/* The first PCI function after the host bridge: what lies behind one of them shares a switch. */
static void port_of(const struct weft_topo_pci *pci, char *buf, size_t size)
{
	const char *port = pci->path ? strchr(pci->path, '/') : NULL;
	size_t len = port ? strcspn(port + 1, "/") : 0;

	if (!port || !port[1 + len] || len >= size) /* the device itself: there is nothing between */
		len = 0;
	if (len)
		memcpy(buf, port + 1, len);
	buf[len] = '\0';
}

struct leaf {
	const struct weft_topo_pci *pci;
	const struct weft_topo_nic *nic; /* NULL: a card */
	unsigned index;			 /* of the card, counted over those of the step */
	char port[20];
};

static int by_port(const void *a, const void *b)
{
	const struct leaf *x = a, *y = b;
	int order = strcmp(x->port, y->port);

	return order ? order : strcmp(x->pci->address, y->pci->address);
}

static void put_leaf(FILE *f, const struct leaf *leaf)
{
	put_xml_pci(f, leaf->pci);
	if (leaf->nic) {
		fprintf(f, "      <nic><net name=\"%s\"", leaf->nic->name);
		if (leaf->nic->gbps > 0)
			fprintf(f, " speed=\"%.0f\"", leaf->nic->gbps * 1000);
		fputs("/></nic>\n", f);
	} else {
		fprintf(f, "      <gpu dev=\"%u\"/>\n", leaf->index);
	}
	fputs("    </pci>\n", f);
}

/* All that is in NUMA domain ID, with a switch around those that share one. */
static void put_cpu(FILE *f, int id, const struct leaf *leaves, size_t n)
{
	const char *open = "";

	fprintf(f, "  <cpu numaid=\"%d\">\n", id);
	for (size_t i = 0; i < n; i++) {
		bool shared =
			leaves[i].port[0] && ((i && !strcmp(leaves[i - 1].port, leaves[i].port)) ||
					      (i + 1 < n && !strcmp(leaves[i + 1].port, leaves[i].port)));

		if (*open && strcmp(open, leaves[i].port) != 0) {
			fputs("    </pci>\n", f);
			open = "";
		}
		if (shared && !*open) {
			open = leaves[i].port;
			fprintf(f, "    <pci busid=\"%s\" class=\"0x060400\">\n", open);
		}
		put_leaf(f, &leaves[i]);
	}
	fputs(*open ? "    </pci>\n  </cpu>\n" : "  </cpu>\n", f);
}

/* The step's cards and the node's adapters in domain ID.  Returns how many. */
static size_t collect(const struct weft_topo_step *step, int id, struct leaf *leaves)
{
	size_t n = 0;

	for (size_t i = 0; i < step->n_devices; i++) {
		const struct weft_topo_card *card =
			weft_topology_card(step->topo, step->vendor, step->devices[i]);

		if (card->pci.numa == id)
			leaves[n++] = (struct leaf){ .pci = &card->pci, .index = i };
	}
	for (size_t i = 0; i < step->topo->n_nics; i++) {
		const struct weft_topo_nic *nic = &step->topo->nics[i];

		if (nic->pci.numa == id && weft_is_name(nic->name, strlen(nic->name)))
			leaves[n++] = (struct leaf){ .pci = &nic->pci, .nic = nic };
	}
	for (size_t i = 0; i < n; i++)
		port_of(leaves[i].pci, leaves[i].port, sizeof(leaves[i].port));
	if (n)
		qsort(leaves, n, sizeof(*leaves), by_port);
	return n;
}

char *weft_topology_nccl(const struct weft_topo_step *step, size_t *len, struct weft_err *err)
{
	int version = nccl_version(step->vendor);
	struct leaf *leaves = NULL;
	char *text = NULL;
	FILE *f;

	if (!version) {
		weft_err(err, "nccl: the cards' library is neither NCCL nor RCCL");
		return NULL;
	}
	for (size_t i = 0; i < step->n_devices; i++) {
		const struct weft_topo_card *card =
			weft_topology_card(step->topo, step->vendor, step->devices[i]);

		if (card && card->pci.numa != WEFT_TOPOLOGY_NONE)
			continue;
		weft_err(err, "nccl: this node does not tell where card %u is", step->devices[i]);
		return NULL;
	}
	leaves = calloc(step->n_devices + step->topo->n_nics + 1, sizeof(*leaves));
	f = leaves ? open_memstream(&text, len) : NULL;
	if (!f) {
		free(leaves);
		weft_err(err, "out of memory");
		return NULL;
	}
	fprintf(f, "<system version=\"%d\">\n", version);
	for (size_t i = 0; i < step->topo->n_numa; i++) {
		size_t n = collect(step, step->topo->numa[i].id, leaves);

		if (n)
			put_cpu(f, step->topo->numa[i].id, leaves, n);
	}
	fputs("</system>\n", f);
	free(leaves);
	text = finish(f, &text);
	if (!text)
		weft_err(err, "out of memory");
	return text;
}

/* ---------------------------------------------------------------- hostfile */

static void put_hosts(FILE *f, const struct weft_ticket *ticket, unsigned number, char *const *hosts)
{
	const struct weft_ticket_group *group = &ticket->groups[number];

	for (size_t i = 0; i < ticket->n_runs; i++) {
		const struct weft_ticket_run *run = &ticket->runs[i];

		for (unsigned k = 0; k < run->nodes && *hosts; k++, hosts++) {
			if (run->group == number)
				fprintf(f, "%s slots=%u type=%s\n", *hosts, run->cards,
					group->model ? group->model : group->gres);
		}
	}
}

char *weft_topology_hostfile(const struct weft_ticket *ticket, char *const *hosts, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	for (unsigned i = 0; i < ticket->n_groups; i++)
		put_hosts(f, ticket, i, hosts);
	return finish(f, &text);
}
