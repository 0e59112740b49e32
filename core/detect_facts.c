/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect_facts.c - what the kernel knows of a device besides its place: memory, power limit, device file.
 */
#include <stdlib.h>
#include <string.h>

#include "core/machine_private.h"

#define PCI "sys/bus/pci/devices/"
#define GIB (1024.0 * 1024 * 1024)

/* Figures */

static struct weft_value power_limit(struct weft_tree *tree, const char *name)
{
	/* The limit in force, else the highest that may be set, else the card's own; in microwatts. */
	static const char *const files[] = { "power1_cap", "power1_max", "power1_rated_max" };
	struct weft_value none = { 0, WEFT_UNKNOWN }, limit = none;
	struct weft_names monitors;

	if (weft_tree_list(tree, &monitors, "hwmon", PCI "%s/hwmon", name) < 0)
		return none;
	for (size_t i = 0; i < monitors.n && limit.from == WEFT_UNKNOWN; i++) {
		for (size_t k = 0; k < 3 && limit.from == WEFT_UNKNOWN; k++) {
			long long uw = weft_tree_number(tree, 1ll << 40, PCI "%s/hwmon/%s/%s", name,
							monitors.names[i], files[k]);
			if (uw > 0)
				limit = (struct weft_value){ (double)uw / 1e6, WEFT_FROM_SYSFS };
		}
	}
	weft_names_clear(&monitors);
	return limit;
}

void weft_detect_figures(struct weft_tree *tree, struct weft_device *d)
{
	char name[WEFT_PCI_ADDRESS_SIZE];
	long long bytes;

	weft_pci_text(d->address, name);
	bytes = weft_tree_number(tree, 1ll << 50, PCI "%s/mem_info_vram_total", name);
	if (bytes > 0)
		d->memory = (struct weft_value){ (double)bytes / GIB, WEFT_FROM_SYSFS };
	d->power = power_limit(tree, name);
}

/* Device files */

/* Does NAME fit PATTERN ("renderD#")?  The number, or -1. */
static long pattern_number(const char *pattern, const char *name)
{
	const char *mark = strchr(pattern, '#');
	size_t before = mark ? (size_t)(mark - pattern) : 0;
	char *end;
	long n;

	if (!mark || strncmp(pattern, name, before) != 0 || name[before] < '0' || name[before] > '9')
		return -1;
	n = strtol(name + before, &end, 10);
	return strcmp(end, mark + 1) == 0 && n < 1 << 20 ? n : -1;
}

/* The pattern of VENDOR's device files that has a number; render nodes come before others.  NULL: none. */
static const char *file_pattern(const struct weft_vendor *vendor)
{
	const char *found = NULL;

	for (char **node = vendor->device_nodes; *node; node++) {
		if (!strchr(*node, '#'))
			continue;
		if (strstr(*node, "/renderD#"))
			return *node;
		if (!found)
			found = *node;
	}
	return found;
}

static void set_file(struct weft_device *d, enum weft_origin from, const char *pattern, long number)
{
	const char *mark = strchr(pattern, '#');

	snprintf(d->file, sizeof(d->file), "%.*s%ld%s", (int)(mark - pattern), pattern, number, mark + 1);
	d->file_from = from;
}

/* Has the driver made a file of PATTERN ("/dev/dri/renderD#") for the device?  Then it is below the device,
 * in the directory of its class. */
static int file_below(struct weft_tree *tree, struct weft_device *d, const char *class, const char *pattern)
{
	char name[WEFT_PCI_ADDRESS_SIZE];
	const char *base = strrchr(pattern, '/') + 1;
	struct weft_names names;

	if (weft_tree_list(tree, &names, "", PCI "%s/%s", weft_pci_text(d->address, name), class) < 0)
		return -1;
	for (size_t i = 0; i < names.n && d->file[0] == '\0'; i++) {
		long number = pattern_number(base, names.names[i]);

		if (number >= 0)
			set_file(d, WEFT_FROM_SYSFS, pattern, number);
	}
	weft_names_clear(&names);
	return 0;
}

/* Directories of a PCI function that are no classes of its device files. */
static bool is_class(const char *name)
{
	static const char *const others[] = { "power", "hwmon", "net", "infiniband", "link", "iommu", NULL };

	for (size_t i = 0; others[i]; i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	/* Files have an underscore or are known by name; a look into one of them finds nothing. */
	return strchr(name, ':') == NULL;
}

/* The file of PATTERN that the driver made for the device, whatever the class is called. */
static int file_of_driver(struct weft_tree *tree, struct weft_device *d, const char *pattern)
{
	char name[WEFT_PCI_ADDRESS_SIZE];
	bool live = weft_tree_is_live(tree);
	struct weft_names classes;
	int rv = 0;

	if (strncmp(pattern, "/dev/dri/", 9) == 0)
		return file_below(tree, d, "drm", pattern);
	weft_tree_record(tree, false); /* most of what is there is not of interest */
	if (weft_tree_list(tree, &classes, "", PCI "%s", weft_pci_text(d->address, name)) < 0)
		return -1;
	for (size_t i = 0; rv == 0 && i < classes.n && d->file[0] == '\0'; i++) {
		if (!is_class(classes.names[i]))
			continue;
		rv = file_below(tree, d, classes.names[i], pattern);
		weft_tree_record(tree, live);
		if (d->file[0] != '\0')
			weft_tree_exists(tree, PCI "%s/%s/%s", name, classes.names[i],
					 strrchr(d->file, '/') + 1);
		weft_tree_record(tree, false);
	}
	weft_tree_record(tree, live);
	weft_names_clear(&classes);
	return rv;
}

/* A node of the kernel's own classes for graphics and accelerators. */
static int file_of_kernel(struct weft_tree *tree, struct weft_device *d)
{
	if (file_below(tree, d, "drm", "/dev/dri/renderD#") < 0)
		return -1;
	return d->file[0] != '\0' ? 0 : file_below(tree, d, "accel", "/dev/accel/accel#");
}

/* NVIDIA's driver has no class; it tells the minor number, which is the file's. */
static void file_of_nvidia(struct weft_tree *tree, struct weft_device *d, const char *pattern)
{
	char name[WEFT_PCI_ADDRESS_SIZE], minor[16], *end;
	long n;

	if (strcmp(pattern, "/dev/nvidia#") != 0 ||
	    weft_tree_field(tree, minor, sizeof(minor), "Device Minor",
			    "proc/driver/nvidia/gpus/%s/information", weft_pci_text(d->address, name)) <= 0)
		return;
	n = strtol(minor, &end, 10);
	if (*end == '\0' && n >= 0 && n < 1 << 20)
		set_file(d, WEFT_FROM_SYSFS, pattern, n);
}

/* The numbers of the files of PATTERN that are in /dev; how many, -1 when out of memory. */
static int files_in_dev(struct weft_tree *tree, const char *pattern, long numbers[WEFT_MACHINE_MAX_DEVICES])
{
	char dir[128], prefix[64];
	const char *base = strrchr(pattern, '/') + 1, *mark = strchr(base, '#');
	struct weft_names names;
	int n = 0;

	if (!mark)
		return 0;
	snprintf(dir, sizeof(dir), "%.*s", (int)(base - 1 - (pattern + 1)), pattern + 1);
	snprintf(prefix, sizeof(prefix), "%.*s", (int)(mark - base), base);
	if (weft_tree_list(tree, &names, prefix, "%s", dir) < 0)
		return -1;
	for (size_t i = 0; i < names.n && n < WEFT_MACHINE_MAX_DEVICES; i++) {
		long number = pattern_number(base, names.names[i]);

		if (number >= 0)
			numbers[n++] = number;
	}
	weft_names_clear(&names);
	return n;
}

static bool is_taken(const struct weft_machine *machine, const char *file)
{
	for (size_t i = 0; i < machine->n; i++)
		if (strcmp(machine->devices[i].file, file) == 0)
			return true;
	return false;
}

/* For VENDOR's devices without a file: the tool's number is the file's where there is such a file; else, when
 * there are as many files left as devices, they go together in order (which is said, for it is no more than
 * likely). */
static int files_by_number(struct weft_tree *tree, struct weft_machine *machine,
			   const struct weft_vendor *vendor, const char *pattern)
{
	long numbers[WEFT_MACHINE_MAX_DEVICES];
	int n = files_in_dev(tree, pattern, numbers), left = 0, missing = 0, at = 0;
	bool render = strncmp(pattern, "/dev/dri/", 9) == 0;

	if (n < 0)
		return -1;
	for (size_t i = 0; i < machine->n; i++) {
		struct weft_device *d = &machine->devices[i];

		if (d->vendor != vendor || d->file[0] != '\0')
			continue;
		for (int k = 0; k < n && !render && d->tool_index >= 0 && d->file[0] == '\0'; k++)
			if (numbers[k] == d->tool_index)
				set_file(d, WEFT_FROM_TOOL, pattern, numbers[k]);
		missing += d->file[0] == '\0';
	}
	for (int k = 0; k < n; k++) {
		struct weft_device probe = { .file = "" };

		set_file(&probe, WEFT_FROM_ORDER, pattern, numbers[k]);
		if (!is_taken(machine, probe.file))
			numbers[left++] = numbers[k];
	}
	for (size_t i = 0; i < machine->n && left == missing && !render; i++)
		if (machine->devices[i].vendor == vendor && machine->devices[i].file[0] == '\0')
			set_file(&machine->devices[i],
				 left == 1 && n == 1 ? WEFT_FROM_SYSFS : WEFT_FROM_ORDER, pattern,
				 numbers[at++]);
	return 0;
}

int weft_detect_files(struct weft_tree *tree, struct weft_machine *machine)
{
	const struct weft_vendor *last = NULL;

	for (size_t i = 0; i < machine->n; i++) {
		struct weft_device *d = &machine->devices[i];
		const char *pattern = file_pattern(d->vendor);

		if (pattern)
			file_of_nvidia(tree, d, pattern);
		if (pattern && d->file[0] == '\0' && file_of_driver(tree, d, pattern) < 0)
			return -1;
	}
	for (size_t i = 0; i < machine->n; i++) {
		const struct weft_vendor *vendor = machine->devices[i].vendor;
		const char *pattern = file_pattern(vendor);

		if (vendor == last || !pattern || machine->devices[i].file[0] != '\0')
			continue;
		last = vendor;
		if (files_by_number(tree, machine, vendor, pattern) < 0)
			return -1;
	}
	for (size_t i = 0; i < machine->n; i++)
		if (machine->devices[i].file[0] == '\0' && file_of_kernel(tree, &machine->devices[i]) < 0)
			return -1;
	return 0;
}
