/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine_json.c - a machine as JSON, one line for each device; doc/detect.md says what the keys mean.
 */
#include <string.h>

#include "core/machine_private.h"
#include "core/scan.h"

/* A string; all texts of a machine are ASCII, but a catalogue's may not be. */
static void string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void key(FILE *out, const char *name)
{
	fprintf(out, ", \"%s\": ", name);
}

/* NAME and TEXT; nothing when it is empty. */
static void text_member(FILE *out, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	key(out, name);
	string(out, text);
}

static const char *origin_name(enum weft_origin from)
{
	static const char *const names[] = { "unknown", "sysfs", "tool", "catalogue", "order" };

	return names[from];
}

static void value_member(FILE *out, const char *name, const char *from_name, struct weft_value v)
{
	char text[WEFT_NUMBER_SIZE];
	double rounded =
		(double)(long long)(v.value * 10 + 0.5) / 10; /* a tenth of a GiB or a watt is enough */

	if (v.from == WEFT_UNKNOWN)
		return;
	key(out, name);
	fputs(weft_number_text(rounded, 0, 0, text) ? text : "0", out);
	key(out, from_name);
	string(out, origin_name(v.from));
}

static void models_member(FILE *out, const struct weft_device *d)
{
	key(out, "maybe");
	for (size_t i = 0; i < d->n_maybe; i++) {
		fputs(i ? ", " : "[", out);
		string(out, d->maybe[i]->name);
	}
	fputs("]", out);
}

static void pci_member(FILE *out, struct weft_pci_address address, const struct weft_pci_ids *ids)
{
	char text[WEFT_PCI_ADDRESS_SIZE];

	fprintf(out, "\"pci\": {\"address\": \"%s\", \"id\": \"%04x:%04x\"", weft_pci_text(address, text),
		ids->vendor, ids->device);
	if (ids->sub_vendor != 0)
		fprintf(out, ", \"board\": \"%04x:%04x\"", ids->sub_vendor, ids->sub_device);
	fprintf(out, ", \"class\": \"%06x\"}", ids->class);
}

static void place_members(FILE *out, int numa, const char *bridges)
{
	if (numa >= 0)
		fprintf(out, ", \"numa\": %d", numa);
	text_member(out, "bridges", bridges);
}

static void links_member(const struct weft_machine *machine, size_t i, FILE *out)
{
	key(out, "links");
	for (size_t k = 0; k < machine->n; k++)
		fprintf(out, "%s%d", k ? ", " : "[", k == i ? -1 : (int)weft_machine_links(machine, i, k));
	fputs("]", out);
	text_member(out, "link", machine->devices[i].link);
}

static void nics_member(const struct weft_machine *machine, size_t i, FILE *out)
{
	enum weft_path nearest = weft_machine_nearest_nic(machine, i);
	bool any = false;

	if (machine->n_nics == 0)
		return;
	key(out, "nics");
	fputs("[", out);
	for (size_t k = 0; k < machine->n_nics; k++) {
		if (weft_machine_nic_path(machine, i, k) != nearest)
			continue;
		fprintf(out, "%s%zu", any ? ", " : "", k);
		any = true;
	}
	fputs("]", out);
	text_member(out, "nics_by", weft_path_name(nearest));
}

static void device(const struct weft_machine *machine, size_t i, const char *name, FILE *out)
{
	const struct weft_device *d = &machine->devices[i];

	fprintf(out, "    {\"vendor\": ");
	string(out, d->vendor->name);
	if (d->model)
		text_member(out, d->model->is_family ? "family" : "model", d->model->name);
	if (d->n_maybe > 1)
		models_member(out, d);
	fputs(", ", out);
	pci_member(out, d->address, &d->ids);
	place_members(out, d->numa, d->bridges);
	text_member(out, "cores", d->cores);
	text_member(out, "cpus", d->cpus);
	text_member(out, "file", d->file);
	if (d->file[0] != '\0')
		text_member(out, "file_from", origin_name(d->file_from));
	text_member(out, "tool_name", d->tool_name);
	value_member(out, "memory_gib", "memory_from", d->memory);
	value_member(out, "power_w", "power_from", d->power);
	if (weft_device_type(d)) {
		text_member(out, "gres", weft_device_gres(d, name));
		text_member(out, "type", weft_device_type(d));
	}
	fprintf(out, ", \"island\": %u", d->island);
	links_member(machine, i, out);
	nics_member(machine, i, out);
	fputs("}", out);
}

static void nic(const struct weft_nic *nic, FILE *out)
{
	fputs("    {", out);
	pci_member(out, nic->address, &nic->ids);
	place_members(out, nic->numa, nic->bridges);
	text_member(out, "interface", nic->interface);
	text_member(out, "rdma", nic->rdma);
	fputs("}", out);
}

static void features(const struct weft_machine *machine, FILE *out)
{
	struct weft_words words;

	weft_machine_features(machine, &words);
	fputs("  \"features\": [", out);
	for (size_t i = 0; i < words.n; i++) {
		fputs(i ? ", " : "", out);
		string(out, words.words[i]);
	}
	fputs("],\n", out);
}

void weft_machine_print_json(const struct weft_machine *machine, const char *name, FILE *out)
{
	const struct weft_cpus *cpus = machine->cpus;

	fprintf(out,
		"{\n  \"format\": %d,\n  \"sockets\": %u, \"cores\": %u, \"cpus\": %zu, \"numa_nodes\": %u",
		WEFT_MACHINE_FORMAT, cpus->packages, cpus->cores, cpus->n, cpus->numa_nodes);
	if (machine->memory_mib > 0)
		fprintf(out, ", \"memory_mib\": %lld", machine->memory_mib);
	fputs(",\n  \"devices\": [", out);
	for (size_t i = 0; i < machine->n; i++) {
		fputs(i ? ",\n" : "\n", out);
		device(machine, i, name, out);
	}
	fputs(machine->n ? "\n  ],\n  \"nics\": [" : "],\n  \"nics\": [", out);
	for (size_t k = 0; k < machine->n_nics; k++) {
		fputs(k ? ",\n" : "\n", out);
		nic(&machine->nics[k], out);
	}
	fputs(machine->n_nics ? "\n  ],\n" : "],\n", out);
	features(machine, out);
	fputs("  \"notes\": [", out);
	for (size_t i = 0; machine->notes && machine->notes[i]; i++) {
		fputs(i ? ",\n    " : "\n    ", out);
		string(out, machine->notes[i]);
	}
	fputs(machine->notes && machine->notes[0] ? "\n  ]\n}\n" : "]\n}\n", out);
}
