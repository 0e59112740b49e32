/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine_text.c - a machine as a table, as lines of gres.conf and slurm.conf, and as node features.
 */
#include <string.h>

#include "core/machine_private.h"
#include "core/scan.h"

static bool add_word(struct weft_words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++)
		if (strcmp(words->words[i], word) == 0)
			return false;
	if (words->n >= WEFT_WORDS_MAX)
		return false;
	words->words[words->n++] = word;
	return true;
}

const char *weft_device_gres(const struct weft_device *device, const char *name)
{
	if (name)
		return name;
	return device->vendor->gres_names[0] ? device->vendor->gres_names[0] : "gpu";
}

const char *weft_device_type(const struct weft_device *device)
{
	return device->model ? device->model->name : NULL;
}

/* The table */

static const char *value_text(struct weft_value v, char *text, size_t size)
{
	if (v.from == WEFT_UNKNOWN)
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%s%.4g", v.from == WEFT_FROM_CATALOGUE ? "~" : "", v.value);
	return text;
}

static void print_head(const struct weft_machine *machine, FILE *out)
{
	const struct weft_cpus *cpus = machine->cpus;

	fprintf(out, "%u socket%s, %u cores, %zu CPUs, %u NUMA node%s", cpus->packages,
		cpus->packages == 1 ? "" : "s", cpus->cores, cpus->n, cpus->numa_nodes,
		cpus->numa_nodes == 1 ? "" : "s");
	if (machine->memory_mib > 0)
		fprintf(out, ", %lld MiB", machine->memory_mib);
	fputs("\n\n", out);
}

/* "8: 18 NV", "-": how many devices it is linked to, and by how many links of which kind. */
static void links_text(const struct weft_machine *machine, size_t i, char *text, size_t size)
{
	unsigned peers = 0, lo = 0, hi = 0;

	for (size_t k = 0; k < machine->n; k++) {
		unsigned count = weft_machine_links(machine, i, k);

		if (count == 0)
			continue;
		lo = peers == 0 || count < lo ? count : lo;
		hi = count > hi ? count : hi;
		peers++;
	}
	if (peers == 0)
		snprintf(text, size, "-");
	else if (lo == hi)
		snprintf(text, size, "%u x %u %s", peers, lo, machine->devices[i].link);
	else
		snprintf(text, size, "%u x %u-%u %s", peers, lo, hi, machine->devices[i].link);
}

static const char *model_text(const struct weft_device *d, char *text, size_t size)
{
	size_t len;

	if (d->model)
		return d->model->name;
	snprintf(text, size, "unknown");
	for (size_t i = 0; i < d->n_maybe; i++) {
		len = strlen(text);
		snprintf(text + len, size - len, "%s%s", i ? "/" : ": ", d->maybe[i]->name);
	}
	return text;
}

static const char row_format[] = "%2s  %-18s  %-10s  %-12s  %4s  %-13s  %-20s  %7s  %7s  %s\n";

static void print_device(const struct weft_machine *machine, size_t i, FILE *out)
{
	const struct weft_device *d = &machine->devices[i];
	char address[WEFT_PCI_ADDRESS_SIZE], memory[24], power[24], links[48], model[128], file[72] = "-";
	char number[24], numa[16] = "-";

	if (d->numa >= 0)
		snprintf(numa, sizeof(numa), "%d", d->numa);
	if (d->file[0] != '\0')
		snprintf(file, sizeof(file), "%s%s", d->file, d->file_from == WEFT_FROM_ORDER ? " ?" : "");
	snprintf(number, sizeof(number), "%zu", i);
	links_text(machine, i, links, sizeof(links));
	fprintf(out, row_format, number, model_text(d, model, sizeof(model)), d->vendor->name,
		weft_pci_text(d->address, address), numa, d->cores[0] ? d->cores : "-", file,
		value_text(d->memory, memory, sizeof(memory)), value_text(d->power, power, sizeof(power)),
		links);
}

static void print_nics(const struct weft_machine *machine, FILE *out)
{
	char address[WEFT_PCI_ADDRESS_SIZE], numa[16];

	fprintf(out, "\n%-10s  %-12s  %-12s  %4s  %s\n", "RDMA", "INTERFACE", "PCI ADDRESS", "NUMA",
		"NEAREST TO");
	for (size_t k = 0; k < machine->n_nics; k++) {
		const struct weft_nic *nic = &machine->nics[k];
		bool any = false;

		snprintf(numa, sizeof(numa), nic->numa >= 0 ? "%d" : "-", nic->numa);
		fprintf(out, "%-10s  %-12s  %-12s  %4s  ", nic->rdma[0] ? nic->rdma : "-",
			nic->interface[0] ? nic->interface : "-", weft_pci_text(nic->address, address), numa);
		for (size_t i = 0; i < machine->n; i++) {
			enum weft_path path = weft_machine_nic_path(machine, i, k);

			if (path == WEFT_PATH_SYSTEM || path != weft_machine_nearest_nic(machine, i))
				continue;
			fprintf(out, "%s%zu (%s)", any ? ", " : "", i, weft_path_name(path));
			any = true;
		}
		fputs(any ? "\n" : "-\n", out);
	}
}

static void print_legend(const struct weft_machine *machine, FILE *out)
{
	bool published = false, by_order = false, unknown = false;

	for (size_t i = 0; i < machine->n; i++) {
		const struct weft_device *d = &machine->devices[i];

		published = published || d->memory.from == WEFT_FROM_CATALOGUE ||
			    d->power.from == WEFT_FROM_CATALOGUE;
		by_order = by_order || d->file_from == WEFT_FROM_ORDER;
		unknown = unknown || !d->model;
	}
	if (published || by_order || unknown || machine->notes)
		fputs("\n", out);
	if (published)
		fputs("~  the model's published figure; this machine did not tell\n", out);
	if (by_order)
		fputs("?  device files taken in the order of PCI addresses; look whether that is right\n",
		      out);
	if (unknown)
		fputs("unknown: not in the catalogue, or one of several; a site catalogue can add it\n", out);
	for (char **note = machine->notes; note && *note; note++)
		fprintf(out, "note: %s\n", *note);
}

void weft_machine_print(const struct weft_machine *machine, FILE *out)
{
	print_head(machine, out);
	if (machine->n == 0) {
		fputs("no accelerator found\n", out);
	} else {
		fprintf(out, row_format, "#", "MODEL", "VENDOR", "PCI ADDRESS", "NUMA", "CORES", "DEVICE",
			"MEM GiB", "POWER W", "LINKS");
		for (size_t i = 0; i < machine->n; i++)
			print_device(machine, i, out);
	}
	if (machine->n_nics > 0)
		print_nics(machine, out);
	print_legend(machine, out);
}

/* gres.conf */

/* Is device I one that gets a line under gres name GRES? */
static bool counts(const struct weft_machine *machine, size_t i, const char *name, const char *gres)
{
	const struct weft_device *d = &machine->devices[i];

	return weft_device_type(d) && strcmp(weft_device_gres(d, name), gres) == 0;
}

/* Has some device of GRES this? */
static bool some_cores(const struct weft_machine *machine, const char *name, const char *gres)
{
	for (size_t i = 0; i < machine->n; i++)
		if (counts(machine, i, name, gres) && machine->devices[i].cores[0] != '\0')
			return true;
	return false;
}

static bool some_links(const struct weft_machine *machine, const char *name, const char *gres)
{
	for (size_t i = 0; i < machine->n; i++)
		for (size_t k = 0; k < machine->n; k++)
			if (counts(machine, i, name, gres) && counts(machine, k, name, gres) &&
			    weft_machine_links(machine, i, k) > 0)
				return true;
	return false;
}

/* All devices with a file, or none: Slurm counts the others otherwise. */
static bool all_files(const struct weft_machine *machine, const char *name, const char *gres)
{
	for (size_t i = 0; i < machine->n; i++)
		if (counts(machine, i, name, gres) && machine->devices[i].file[0] == '\0')
			return false;
	return true;
}

/* Slurm's name of the variable by which VENDOR's runtime is told its devices; NULL: Slurm knows none. */
static const char *env_flag(const struct weft_vendor *vendor)
{
	static const char *const flags[][2] = { { "CUDA_VISIBLE_DEVICES", "nvidia_gpu_env" },
						{ "ROCR_VISIBLE_DEVICES", "amd_gpu_env" },
						{ "ZE_AFFINITY_MASK", "intel_gpu_env" } };

	for (size_t i = 0; i < 3; i++)
		for (char **env = vendor->visible_env; *env; env++)
			if (strcmp(*env, flags[i][0]) == 0)
				return flags[i][1];
	return NULL;
}

/* Flags= must be the same for all lines of a gres name on a node; so they name the variables of all its
 * vendors, or there are none when Slurm does not know the variable of one of them. */
static void flags_text(const struct weft_machine *machine, const char *name, const char *gres, char *text,
		       size_t size)
{
	struct weft_words words = { 0 };

	text[0] = '\0';
	for (size_t i = 0; i < machine->n && strcmp(gres, "gpu") == 0; i++) {
		const char *flag = env_flag(machine->devices[i].vendor);

		if (!counts(machine, i, name, gres))
			continue;
		if (!flag) {
			text[0] = '\0';
			return;
		}
		if (add_word(&words, flag)) {
			size_t len = strlen(text);

			snprintf(text + len, size - len, "%s%s", len ? "," : " Flags=", flag);
		}
	}
}

/* The devices of GRES, those of one type side by side: Slurm puts them so, and Links= counts places. */
static size_t gres_order(const struct weft_machine *machine, const char *name, const char *gres,
			 size_t order[WEFT_MACHINE_MAX_DEVICES])
{
	struct weft_words types = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < machine->n; i++)
		if (counts(machine, i, name, gres))
			add_word(&types, weft_device_type(&machine->devices[i]));
	for (size_t t = 0; t < types.n; t++)
		for (size_t i = 0; i < machine->n; i++)
			if (counts(machine, i, name, gres) &&
			    strcmp(weft_device_type(&machine->devices[i]), types.words[t]) == 0)
				order[n++] = i;
	return n;
}

static void print_gres_line(const struct weft_machine *machine, size_t i, const char *name, const char *node,
			    const size_t *order, size_t n, FILE *out)
{
	const struct weft_device *d = &machine->devices[i];
	const char *gres = weft_device_gres(d, name);
	char flags[128];

	fprintf(out, "%s%s%sName=%s Type=%s", node ? "NodeName=" : "", node ? node : "", node ? " " : "",
		gres, weft_device_type(d));
	if (all_files(machine, name, gres))
		fprintf(out, " File=%s", d->file);
	else
		fputs(" Count=1", out);
	if (d->cores[0] != '\0')
		fprintf(out, " Cores=%s", d->cores);
	else if (some_cores(machine, name, gres)) /* all lines must have it, or none */
		fprintf(out, " Cores=0-%u", machine->cpus->cores - 1);
	for (size_t k = 0; k < n && some_links(machine, name, gres); k++) {
		fputs(k ? "," : " Links=", out);
		if (order[k] == i)
			fputs("-1", out);
		else
			fprintf(out, "%u", weft_machine_links(machine, i, order[k]));
	}
	flags_text(machine, name, gres, flags, sizeof(flags));
	fprintf(out, "%s\n", flags);
}

/* What has no line, as a remark. */
static void print_left_out(const struct weft_device *d, FILE *out)
{
	char address[WEFT_PCI_ADDRESS_SIZE], model[128];

	fprintf(out, "# %s: %s %04x:%04x, model %s\n", weft_pci_text(d->address, address), d->vendor->title,
		d->ids.vendor, d->ids.device, model_text(d, model, sizeof(model)));
}

void weft_machine_print_gres(const struct weft_machine *machine, const char *name, const char *node,
			     FILE *out)
{
	size_t order[WEFT_MACHINE_MAX_DEVICES];
	struct weft_words names = { 0 };

	for (size_t i = 0; i < machine->n; i++)
		add_word(&names, weft_device_gres(&machine->devices[i], name));
	for (size_t g = 0; g < names.n; g++) {
		const char *gres = names.words[g];
		size_t n = gres_order(machine, name, gres, order);
		bool by_order = false;

		for (size_t k = 0; k < n; k++)
			by_order = by_order || machine->devices[order[k]].file_from == WEFT_FROM_ORDER;
		if (by_order && all_files(machine, name, gres))
			fprintf(out,
				"# %s: device files in the order of PCI addresses; look whether that is "
				"right\n",
				gres);
		for (size_t k = 0; k < n; k++)
			print_gres_line(machine, order[k], name, node, order, n, out);
	}
	for (size_t i = 0; i < machine->n; i++)
		if (!weft_device_type(&machine->devices[i]))
			print_left_out(&machine->devices[i], out);
}

/* Features */

static void link_feature(const char *kind, char *text, size_t size)
{
	size_t n = strlen(kind) < size ? strlen(kind) : size - 1;

	if (strcmp(kind, "NV") == 0)
		kind = "NVLINK", n = 6;
	weft_copy_lower(text, kind, n);
}

void weft_machine_features(const struct weft_machine *machine, struct weft_words *words)
{
	size_t kinds = 0;

	words->n = 0;
	for (size_t i = 0; i < machine->n; i++)
		add_word(words, machine->devices[i].vendor->name);
	for (size_t i = 0; i < machine->n; i++) {
		const struct weft_model *m = machine->devices[i].model;

		if (m && m->family)
			add_word(words, m->family);
		if (m)
			add_word(words, m->name);
	}
	for (size_t i = 0; i < machine->n && kinds < WEFT_WORDS_KINDS; i++) {
		if (machine->devices[i].link[0] == '\0')
			continue;
		link_feature(machine->devices[i].link, words->kinds[kinds], sizeof(words->kinds[kinds]));
		kinds += add_word(words, words->kinds[kinds]);
	}
}

void weft_machine_print_features(const struct weft_machine *machine, FILE *out)
{
	struct weft_words words;

	weft_machine_features(machine, &words);
	for (size_t i = 0; i < words.n; i++)
		fprintf(out, "%s%s", i ? "," : "", words.words[i]);
}

/* slurm.conf */

static void print_counts(const struct weft_machine *machine, const char *name, FILE *out)
{
	const char *sep = " Gres=";

	for (size_t i = 0; i < machine->n; i++) {
		const char *type = weft_device_type(&machine->devices[i]);
		const char *gres = weft_device_gres(&machine->devices[i], name);
		size_t count = 0;
		bool first = true;

		for (size_t k = 0; type && k < machine->n; k++) {
			if (!counts(machine, k, name, gres) ||
			    strcmp(weft_device_type(&machine->devices[k]), type) != 0)
				continue;
			first = first && k >= i;
			count++;
		}
		if (!type || !first)
			continue;
		fprintf(out, "%s%s:%s:%zu", sep, gres, type, count);
		sep = ",";
	}
}

void weft_machine_print_slurm(const struct weft_machine *machine, const char *name, const char *node,
			      FILE *out)
{
	const struct weft_cpus *cpus = machine->cpus;
	struct weft_words names = { 0 };

	for (size_t i = 0; i < machine->n; i++)
		if (weft_device_type(&machine->devices[i]))
			add_word(&names, weft_device_gres(&machine->devices[i], name));
	for (size_t i = 0; i < names.n; i++)
		fprintf(out, "%s%s%s", i ? "," : "GresTypes=", names.words[i], i + 1 == names.n ? "\n" : "");
	fprintf(out, "NodeName=%s CPUs=%zu", node ? node : "NODE", cpus->n);
	if (cpus->even)
		fprintf(out, " Sockets=%u CoresPerSocket=%u ThreadsPerCore=%zu", cpus->packages,
			cpus->cores / cpus->packages, cpus->n / cpus->cores);
	if (machine->memory_mib > 0)
		fprintf(out, " RealMemory=%lld", machine->memory_mib);
	print_counts(machine, name, out);
	if (machine->n > 0) {
		fputs(" Feature=", out);
		weft_machine_print_features(machine, out);
	}
	fputs("\n", out);
}
