/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect.c - from the PCI functions of a machine to its accelerators.
 *
 * All that is read goes through a tree, so that recorded machines take the same way as live ones.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine_private.h"
#include "core/scan.h"

#define PCI "sys/bus/pci/devices/"

/* A device's memory may fall short of the vendor's figure by this part: some of it is taken by ECC. */
#define MEMORY_MARGIN 0.1

/* Life */

void weft_machine_destroy(struct weft_machine *machine)
{
	if (!machine)
		return;
	for (char **note = machine->notes; note && *note; note++)
		free(*note);
	free(machine->notes);
	free(machine->nics);
	free(machine->links);
	free(machine->devices);
	weft_cpus_destroy(machine->cpus);
	free(machine);
}

void weft_machine_note(struct weft_machine *machine, const char *fmt, ...)
{
	char text[512], **more;
	size_t n = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	while (machine->notes && machine->notes[n])
		n++;
	more = realloc(machine->notes, (n + 2) * sizeof(*more));
	if (!more)
		return;
	machine->notes = more;
	more[n] = strdup(text);
	more[n + 1] = NULL;
}

size_t weft_machine_find(const struct weft_machine *machine, struct weft_pci_address address)
{
	size_t i = 0;

	while (i < machine->n && !weft_pci_equal(machine->devices[i].address, address))
		i++;
	return i;
}

/* PCI functions */

static bool read_ids(struct weft_tree *tree, const char *name, struct weft_pci_ids *ids)
{
	long long vendor = weft_tree_number(tree, 0xffff, PCI "%s/vendor", name);
	long long class = vendor < 0 ? -1 : weft_tree_number(tree, 0xffffff, PCI "%s/class", name);
	long long device = class < 0 ? -1 : weft_tree_number(tree, 0xffff, PCI "%s/device", name);
	long long sub_vendor, sub_device;

	if (device < 0)
		return false;
	sub_vendor = weft_tree_number(tree, 0xffff, PCI "%s/subsystem_vendor", name);
	sub_device = weft_tree_number(tree, 0xffff, PCI "%s/subsystem_device", name);
	*ids = (struct weft_pci_ids){ (unsigned)vendor, (unsigned)device,
				      sub_vendor < 0 ? 0 : (unsigned)sub_vendor,
				      sub_device < 0 ? 0 : (unsigned)sub_device, (unsigned)class };
	return true;
}

void weft_detect_bridges(struct weft_tree *tree, const char *name, char *bridges, size_t size)
{
	char target[512], *start, *end;

	bridges[0] = '\0';
	if (weft_tree_link(tree, target, sizeof(target), PCI "%s", name) < 0)
		return;
	start = strstr(target, "devices/");
	start = start ? start + strlen("devices/") : target;
	end = strrchr(start, '/');
	if (end && (size_t)(end - start) < size) {
		memcpy(bridges, start, (size_t)(end - start));
		bridges[end - start] = '\0';
	}
}

/* A virtual function, while its physical one is here too: the same card again. */
static bool is_virtual(struct weft_tree *tree, const char *name)
{
	return weft_tree_exists(tree, PCI "%s/physfn", name);
}

static int read_numa(struct weft_tree *tree, const char *name)
{
	return (int)weft_tree_number(tree, 1 << 20, PCI "%s/numa_node", name);
}

/* The CPUs near the device, by what the kernel says of them, else by the NUMA node. */
static void read_locality(struct weft_tree *tree, struct weft_machine *machine, const char *name,
			  struct weft_device *d)
{
	struct weft_cpuset set;
	char list[WEFT_CPUS_RANGE_SIZE];
	int n = 0;

	d->numa = read_numa(tree, name);
	if (weft_tree_read(tree, list, sizeof(list), PCI "%s/local_cpulist", name) > 0) {
		n = weft_cpus_of_list(machine->cpus, list, &set);
		if (n < 0)
			weft_machine_note(machine, "/" PCI "%s/local_cpulist: holds no list of CPUs", name);
	}
	if (n <= 0)
		n = weft_cpus_of_numa(machine->cpus, d->numa, &set);
	if (n > 0) {
		weft_cpus_cores_text(machine->cpus, &set, d->cores);
		weft_cpus_pus_text(machine->cpus, &set, d->cpus);
	}
}

static struct weft_device *add_device(struct weft_machine *machine)
{
	struct weft_device *more;

	if ((machine->n & (machine->n - 1)) == 0) { /* sizes are powers of two */
		more = realloc(machine->devices, (machine->n ? machine->n * 2 : 1) * sizeof(*more));
		if (!more)
			return NULL;
		machine->devices = more;
	}
	more = &machine->devices[machine->n++];
	*more = (struct weft_device){ .tool_index = -1, .numa = -1 };
	return more;
}

static int read_device(struct weft_tree *tree, struct weft_machine *machine, const char *name,
		       struct weft_pci_address address, const struct weft_pci_match *match)
{
	struct weft_device *d;

	if (machine->n >= WEFT_MACHINE_MAX_DEVICES) {
		weft_machine_note(machine, "more than %d accelerators: the rest is left out",
				  WEFT_MACHINE_MAX_DEVICES);
		return 0;
	}
	d = add_device(machine);
	if (!d)
		return -1;
	d->address = address;
	d->vendor = match->vendor;
	memcpy(d->maybe, match->models, sizeof(d->maybe));
	d->n_maybe = match->n;
	read_ids(tree, name, &d->ids); /* again, now that it is kept */
	weft_detect_bridges(tree, name, d->bridges, sizeof(d->bridges));
	read_locality(tree, machine, name, d);
	weft_detect_figures(tree, d);
	return 0;
}

static int first_name(struct weft_tree *tree, const char *name, const char *class, char *out, size_t size)
{
	struct weft_names names;

	if (weft_tree_list(tree, &names, "", PCI "%s/%s", name, class) < 0)
		return -1;
	if (names.n > 0 && strlen(names.names[0]) < size)
		memcpy(out, names.names[0], strlen(names.names[0]) + 1);
	weft_names_clear(&names);
	return 0;
}

static int read_nic(struct weft_tree *tree, struct weft_machine *machine, const char *name,
		    struct weft_pci_address address)
{
	struct weft_nic *nic, *more;

	if (machine->n_nics >= WEFT_MACHINE_MAX_NICS)
		return 0;
	if ((machine->n_nics & (machine->n_nics - 1)) == 0) {
		more = realloc(machine->nics, (machine->n_nics ? machine->n_nics * 2 : 1) * sizeof(*more));
		if (!more)
			return -1;
		machine->nics = more;
	}
	nic = &machine->nics[machine->n_nics++];
	*nic = (struct weft_nic){ .address = address };
	read_ids(tree, name, &nic->ids);
	nic->numa = read_numa(tree, name);
	weft_detect_bridges(tree, name, nic->bridges, sizeof(nic->bridges));
	if (first_name(tree, name, "net", nic->interface, sizeof(nic->interface)) < 0)
		return -1;
	return first_name(tree, name, "infiniband", nic->rdma, sizeof(nic->rdma));
}

/* Look at all functions; keep in a recording only what belongs to those that matter. */
static int read_functions(struct weft_tree *tree, struct weft_machine *machine,
			  const struct weft_catalogue *cat, bool record)
{
	struct weft_names names;
	int rv = 0;

	weft_tree_record(tree, false);
	if (weft_tree_list(tree, &names, "", "sys/bus/pci/devices") < 0)
		return -1;
	for (size_t i = 0; rv == 0 && i < names.n; i++) {
		const char *name = names.names[i];
		struct weft_pci_address address;
		struct weft_pci_match match;
		struct weft_pci_ids ids;
		bool nic, accelerator;
		size_t n = weft_pci_parse(name, &address);

		if (n == 0 || name[n] != '\0' || !read_ids(tree, name, &ids))
			continue;
		accelerator = weft_pci_match(cat, &ids, &match);
		nic = !accelerator && weft_pci_is_nic(ids.class);
		if ((!accelerator && !nic) || is_virtual(tree, name))
			continue;
		weft_tree_record(tree, record);
		rv = nic ? read_nic(tree, machine, name, address)
			 : read_device(tree, machine, name, address, &match);
		weft_tree_record(tree, false);
	}
	weft_names_clear(&names);
	weft_tree_record(tree, record);
	return rv;
}

/* Models */

/* The one model, or the one family, of D's candidates. */
static const struct weft_model *common_model(const struct weft_catalogue *cat, const struct weft_device *d)
{
	const struct weft_model *first = d->n_maybe ? d->maybe[0] : NULL;

	for (size_t i = 1; i < d->n_maybe; i++)
		if (!first->family || !d->maybe[i]->family || strcmp(first->family, d->maybe[i]->family) != 0)
			return NULL;
	return d->n_maybe <= 1 ? first : weft_catalogue_find_model(cat, first->family);
}

/* Leave out the candidates whose memory is not what was measured, unless none would be left. */
static void narrow_by_memory(struct weft_device *d)
{
	const struct weft_model *kept[WEFT_PCI_MAYBE];
	size_t n = 0;

	for (size_t i = 0; i < d->n_maybe; i++) {
		struct weft_figure mem = d->maybe[i]->mem;

		if (!weft_figure_known(mem) || (d->memory.value >= mem.lo * (1 - MEMORY_MARGIN) &&
						d->memory.value <= mem.hi * (1 + MEMORY_MARGIN)))
			kept[n++] = d->maybe[i];
	}
	if (n > 0) {
		memcpy(d->maybe, kept, n * sizeof(*kept));
		d->n_maybe = n;
	}
}

/* The model of D's vendor that NAME, LEN bytes of what its tool calls it, stands for. */
static const struct weft_model *named(const struct weft_catalogue *cat, const struct weft_device *d,
				      const char *name, size_t len)
{
	char type[WEFT_NAME_MAX + 1];
	const struct weft_model *m;

	if (len == 0 || len > WEFT_NAME_MAX)
		return NULL;
	weft_copy_lower(type, name, len);
	for (char *c = type; *c != '\0'; c++)
		if (*c == ' ')
			*c = '_'; /* as Slurm's own detection makes a type of a name */
	m = weft_catalogue_find_type(cat, type);
	return m && m->vendor == d->vendor ? m : NULL;
}

/* What the tool's name says: as a whole, or one word of it. */
static const struct weft_model *model_of_name(const struct weft_catalogue *cat, const struct weft_device *d)
{
	const struct weft_model *m = named(cat, d, d->tool_name, strlen(d->tool_name));

	for (const char *word = d->tool_name; !m && *word != '\0';) {
		size_t len = strcspn(word, " ");

		m = named(cat, d, word, len);
		word += len + (word[len] == ' ');
	}
	return m;
}

/* A tool's name picks from the candidates; without candidates it is believed. */
static void narrow_by_name(const struct weft_catalogue *cat, struct weft_device *d)
{
	const struct weft_model *m = model_of_name(cat, d), *kept[WEFT_PCI_MAYBE];
	size_t n = 0;

	if (!m)
		return;
	for (size_t i = 0; i < d->n_maybe; i++)
		if (weft_model_is(d->maybe[i], m))
			kept[n++] = d->maybe[i];
	if (d->n_maybe == 0 && !m->is_family)
		kept[n++] = m;
	if (n > 0) {
		memcpy(d->maybe, kept, n * sizeof(*kept));
		d->n_maybe = n;
	}
	if (d->n_maybe == 0)
		d->model = m;
}

static struct weft_value from_catalogue(struct weft_figure figure)
{
	if (weft_figure_known(figure) && figure.lo == figure.hi)
		return (struct weft_value){ figure.lo, WEFT_FROM_CATALOGUE };
	return (struct weft_value){ 0, WEFT_UNKNOWN };
}

static void decide_model(const struct weft_catalogue *cat, struct weft_device *d)
{
	narrow_by_name(cat, d);
	if (d->memory.from != WEFT_UNKNOWN)
		narrow_by_memory(d);
	if (!d->model)
		d->model = common_model(cat, d);
	if (d->model && d->memory.from == WEFT_UNKNOWN)
		d->memory = from_catalogue(d->model->mem);
	if (d->model && d->power.from == WEFT_UNKNOWN)
		d->power = from_catalogue(d->model->tdp);
}

/* The order of devices: vendors as in the catalogue, then device files by number, then PCI addresses. */

static size_t rank_of(const struct weft_catalogue *cat, const struct weft_vendor *vendor)
{
	size_t i = 0;

	while (weft_catalogue_vendor(cat, i) && weft_catalogue_vendor(cat, i) != vendor)
		i++;
	return i;
}

static int by_order(const void *a, const void *b, void *arg)
{
	const struct weft_device *x = a, *y = b;
	size_t rx = rank_of(arg, x->vendor), ry = rank_of(arg, y->vendor);
	/* Those without a file come last. */
	int files = !x->file[0] != !y->file[0] ? !x->file[0] - !y->file[0] : strverscmp(x->file, y->file);
	char tx[WEFT_PCI_ADDRESS_SIZE], ty[WEFT_PCI_ADDRESS_SIZE];

	if (rx != ry)
		return rx < ry ? -1 : 1;
	return files ? files : strcmp(weft_pci_text(x->address, tx), weft_pci_text(y->address, ty));
}

static long long read_memory(struct weft_tree *tree)
{
	char text[32], *end;
	long long kib;

	if (weft_tree_field(tree, text, sizeof(text), "MemTotal", "proc/meminfo") <= 0)
		return -1;
	kib = strtoll(text, &end, 10);
	return kib > 0 && kib < 1ll << 50 && strcmp(end, " kB") == 0 ? kib / 1024 : -1;
}

static int read_all(struct weft_tree *tree, struct weft_machine *machine, const struct weft_catalogue *cat,
		    const struct weft_detect_options *options)
{
	machine->memory_mib = read_memory(tree);
	if (read_functions(tree, machine, cat, weft_tree_is_live(tree)) < 0)
		return -1;
	machine->links = calloc(machine->n * machine->n + 1, 1);
	if (!machine->links)
		return -1;
	if (weft_detect_tools(tree, machine, options->tools && weft_tree_is_live(tree)) < 0 ||
	    weft_detect_files(tree, machine) < 0)
		return -1;
	for (size_t i = 0; i < machine->n; i++)
		decide_model(cat, &machine->devices[i]);
	return 0;
}

/* Links by place do not survive sorting, so those of the kernel come after it, and those of the tools are
 * kept by moving them along. */
static int sort_devices(struct weft_machine *machine, const struct weft_catalogue *cat)
{
	size_t n = machine->n;
	struct weft_device *before = malloc((n + 1) * sizeof(*before));
	unsigned char *links = calloc(n * n + 1, 1);
	size_t *place = calloc(n + 1, sizeof(*place));
	int rv = before && links && place ? 0 : -1;

	if (rv == 0 && n > 0) {
		memcpy(before, machine->devices, n * sizeof(*before));
		qsort_r(machine->devices, n, sizeof(*before), by_order, (void *)cat);
		for (size_t i = 0; i < n; i++)
			place[i] = weft_machine_find(machine, before[i].address);
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < n; k++)
				links[place[i] * n + place[k]] = machine->links[i * n + k];
		memcpy(machine->links, links, n * n);
	}
	free(before);
	free(links);
	free(place);
	return rv;
}

struct weft_machine *weft_machine_detect(struct weft_tree *tree, struct weft_cpus *cpus,
					 const struct weft_catalogue *cat,
					 const struct weft_detect_options *options, struct weft_err *err)
{
	struct weft_machine *machine = calloc(1, sizeof(*machine));
	const char *note;

	if (!machine) {
		weft_cpus_destroy(cpus);
		weft_err(err, "out of memory");
		return NULL;
	}
	machine->cpus = cpus;
	if (read_all(tree, machine, cat, options) < 0 || sort_devices(machine, cat) < 0 ||
	    weft_detect_kfd_links(tree, machine) < 0) {
		weft_machine_destroy(machine);
		weft_err(err, "out of memory");
		return NULL;
	}
	weft_detect_islands(machine);
	for (size_t i = 0; (note = weft_tree_note(tree, i)) != NULL; i++)
		weft_machine_note(machine, "%s", note);
	return machine;
}
