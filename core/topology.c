/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology.c - sysfs read.
 *
 * Every attribute is one short read of a file that the kernel makes up; none may be longer than a page.
 */
#include "core/topology.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/pci.h"

#define ATTRIBUTE_MAX 4096 /* longest attribute, bytes, with a NUL */
#define NVIDIA	      0x10de
#define BRIDGE_OTHER  0x0680 /* class and subclass of an NVSwitch */
#define LINK_XGMI     11     /* type of a link between accelerators in the kfd driver's topology */

/* ---------------------------------------------------------------- attributes */

/* Read FILE of directory FD into BUF, without the line feed.  False when it is not there or empty. */
static bool attribute(int fd, const char *file, char buf[ATTRIBUTE_MAX])
{
	int at = openat(fd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (at < 0)
		return false;
	do
		n = read(at, buf, ATTRIBUTE_MAX - 1);
	while (n < 0 && errno == EINTR);
	close(at);
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == ' '))
		n--;
	if (n <= 0)
		return false;
	buf[n] = '\0';
	return !memchr(buf, '\0', n);
}

/* A list of processors as the kernel writes it: "0-31,64-95". */
static char *cpu_list(int fd, const char *file)
{
	char buf[ATTRIBUTE_MAX];

	return attribute(fd, file, buf) && !buf[strspn(buf, "0123456789-,")] ? strdup(buf) : NULL;
}

static int open_dir(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The entries of PATH below FD; NULL when it cannot be read. */
static DIR *list_dir(int fd, const char *path)
{
	int at = open_dir(fd, path);
	DIR *dir = at < 0 ? NULL : fdopendir(at);

	if (!dir && at >= 0)
		close(at);
	return dir;
}

/* The next entry that is none of "." and "..", or NULL. */
static const char *next_entry(DIR *dir)
{
	struct dirent *entry;

	do
		entry = readdir(dir);
	while (entry && entry->d_name[0] == '.');
	return entry ? entry->d_name : NULL;
}

/* ---------------------------------------------------------------- PCI */

/* The WIDTH hexadecimal digits after KEY in a modalias ("pci:v000010DEd00002330sv...bc03sc02i00"). */
static bool alias_part(const char *alias, const char *key, size_t width, uint32_t *value)
{
	const char *at = strstr(alias, key);
	char digits[9] = "", *end;

	if (!at || strlen(at + strlen(key)) < width || width >= sizeof(digits))
		return false;
	memcpy(digits, at + strlen(key), width);
	*value = strtoul(digits, &end, 16);
	return end == digits + width;
}

/* What device ADDRESS of directory DEVICES says of itself. */
static bool read_ids(int devices, const char *address, struct weft_pci_ids *ids)
{
	char path[64], alias[ATTRIBUTE_MAX];
	uint32_t base, sub, interface;
	int n = snprintf(path, sizeof(path), "%s/modalias", address);

	if (n < 0 || (size_t)n >= sizeof(path) || !attribute(devices, path, alias) ||
	    strncmp(alias, "pci:", 4) != 0 || !alias_part(alias, ":v", 8, &ids->vendor) ||
	    !alias_part(alias, "d", 8, &ids->device) || !alias_part(alias, "sv", 8, &ids->sub_vendor) ||
	    !alias_part(strstr(alias, "sv"), "sd", 8, &ids->sub_device) ||
	    !alias_part(alias, "bc", 2, &base) || !alias_part(alias, "sc", 2, &sub) ||
	    !alias_part(strstr(alias, "sc"), "i", 2, &interface))
		return false;
	ids->class = base << 16 | sub << 8 | interface;
	return (ids->vendor | ids->device | ids->sub_vendor | ids->sub_device) <= 0xffff;
}

/* The rest, for a device that matters.  False when out of memory. */
static bool read_place(int devices, const char *address, int fd, const struct weft_pci_ids *ids,
		       struct weft_topo_pci *pci)
{
	char buf[ATTRIBUTE_MAX];
	const char *path;
	ssize_t len = readlinkat(devices, address, buf, sizeof(buf) - 1);

	*pci = (struct weft_topo_pci){
		.vendor = ids->vendor, .device = ids->device, .class = ids->class, .numa = WEFT_TOPOLOGY_NONE
	};
	snprintf(pci->address, sizeof(pci->address), "%s", address);
	if (len > 0) {
		buf[len] = '\0';
		path = strstr(buf, "/pci");
		pci->path = path ? strdup(path + 1) : NULL;
		if (path && !pci->path)
			return false;
	}
	if (attribute(fd, "numa_node", buf)) {
		char *end;
		long node = strtol(buf, &end, 10);

		if (!*end && node >= 0 && node < 1 << 20)
			pci->numa = node;
	}
	pci->cpus = cpu_list(fd, "local_cpulist");
	return true;
}

static void clear_pci(struct weft_topo_pci *pci)
{
	free(pci->cpus);
	free(pci->path);
}

/* Room for one more of SIZE bytes in an array of N. */
static void *one_more(void *array, size_t n, size_t size)
{
	void *more = realloc(array, (n + 1) * size);

	if (more)
		memset((char *)more + n * size, 0, size);
	return more;
}

static int add_card(struct weft_topology *topo, const struct weft_vendor *vendor,
		    const struct weft_topo_pci *pci)
{
	struct weft_topo_card *cards = one_more(topo->cards, topo->n_cards, sizeof(*cards));

	if (!cards)
		return -1;
	topo->cards = cards;
	cards[topo->n_cards++] =
		(struct weft_topo_card){ .pci = *pci, .vendor = vendor, .island = WEFT_TOPOLOGY_NONE };
	return 0;
}

/* ---------------------------------------------------------------- network */

/* The first entry of directory NAME of a device: "mlx5_0" of "infiniband". */
static char *first_name(int fd, const char *name)
{
	DIR *dir = list_dir(fd, name);
	const char *entry = dir ? next_entry(dir) : NULL;
	char *copy = entry ? strdup(entry) : NULL;

	if (dir)
		closedir(dir);
	return copy;
}

/* A leading number of attribute FILE in directory DIR/NAME. */
static double leading_number(int fd, const char *dir, const char *name, const char *file)
{
	char path[512], buf[ATTRIBUTE_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s/%s", dir, name, file);

	if (n < 0 || (size_t)n >= sizeof(path) || !attribute(fd, path, buf) || buf[0] < '0' || buf[0] > '9')
		return 0;
	return strtoul(buf, NULL, 10);
}

static int add_nic(struct weft_topology *topo, int fd, const struct weft_topo_pci *pci)
{
	struct weft_topo_nic nic = { .pci = *pci }, *nics;

	nic.name = first_name(fd, "infiniband");
	if (nic.name) {
		nic.gbps = leading_number(fd, "infiniband", nic.name,
					  "ports/1/rate"); /* "400 Gb/sec (4X NDR)" */
	} else {
		nic.name = first_name(fd, "net");
		if (nic.name)
			nic.gbps = leading_number(fd, "net", nic.name, "speed") /
				   1000; /* Mb/s; -1: no carrier */
	}
	if (!nic.name)
		return -1; /* no driver has it: it is of no use */
	nics = one_more(topo->nics, topo->n_nics, sizeof(*nics));
	if (!nics) {
		free(nic.name);
		return -1;
	}
	topo->nics = nics;
	nics[topo->n_nics++] = nic;
	return 0;
}

/* A virtual function of a device that is here too: the same one again. */
static bool is_virtual(int fd)
{
	return !faccessat(fd, "physfn", F_OK, AT_SYMLINK_NOFOLLOW);
}

/* One PCI device: a card, a network adapter, or of no interest.  *SWITCHES counts NVIDIA's NVSwitches. */
static void add_device(struct weft_topology *topo, const struct weft_catalogue *cat, int devices,
		       const char *address, unsigned *switches)
{
	struct weft_topo_pci pci = { .numa = WEFT_TOPOLOGY_NONE };
	struct weft_pci_match match;
	struct weft_pci_ids ids;
	int fd = -1, rc = -1;
	bool card;

	if (!read_ids(devices, address, &ids))
		return;
	*switches += ids.vendor == NVIDIA && ids.class >> 8 == BRIDGE_OTHER;
	card = weft_pci_match(cat, &ids, &match);
	if (card ? topo->n_cards >= WEFT_TOPOLOGY_MAX_CARDS
		 : !weft_pci_is_nic(ids.class) || topo->n_nics >= WEFT_TOPOLOGY_MAX_NICS)
		return;
	fd = open_dir(devices, address);
	if (fd < 0)
		return;
	if (!is_virtual(fd) && read_place(devices, address, fd, &ids, &pci))
		rc = card ? add_card(topo, match.vendor, &pci) : add_nic(topo, fd, &pci);
	if (rc)
		clear_pci(&pci);
	close(fd);
}

static int by_address(const void *a, const void *b)
{
	return strcmp(((const struct weft_topo_pci *)a)->address, ((const struct weft_topo_pci *)b)->address);
}

static void read_pci(struct weft_topology *topo, int sysfs, const struct weft_catalogue *cat,
		     unsigned *switches)
{
	DIR *dir = list_dir(sysfs, "bus/pci/devices");
	const char *address;

	for (unsigned n = 0; dir && n < WEFT_TOPOLOGY_MAX_PCI && (address = next_entry(dir)); n++) {
		if (strlen(address) < sizeof(((struct weft_topo_pci *)0)->address))
			add_device(topo, cat, dirfd(dir), address, switches);
	}
	if (dir)
		closedir(dir);
	/* Their first member is what they are sorted by. */
	if (topo->n_cards)
		qsort(topo->cards, topo->n_cards, sizeof(*topo->cards), by_address);
	if (topo->n_nics)
		qsort(topo->nics, topo->n_nics, sizeof(*topo->nics), by_address);
}

/* ---------------------------------------------------------------- NUMA */

static int by_id(const void *a, const void *b)
{
	unsigned x = ((const struct weft_topo_numa *)a)->id, y = ((const struct weft_topo_numa *)b)->id;

	return (x > y) - (x < y);
}

/* "Node 0 MemTotal:       263740616 kB" */
static uint64_t total_memory(int fd)
{
	char buf[ATTRIBUTE_MAX];
	const char *at = attribute(fd, "meminfo", buf) ? strstr(buf, "MemTotal:") : NULL;

	return at ? strtoull(at + strlen("MemTotal:"), NULL, 10) / 1024 : 0;
}

static void add_numa(struct weft_topology *topo, int nodes, const char *name)
{
	struct weft_topo_numa *numa;
	char *end;
	unsigned long id;
	int fd;

	if (strncmp(name, "node", 4) != 0 || name[4] < '0' || name[4] > '9')
		return;
	id = strtoul(name + 4, &end, 10);
	fd = *end || id >= 1 << 20 ? -1 : open_dir(nodes, name);
	if (fd < 0)
		return;
	numa = one_more(topo->numa, topo->n_numa, sizeof(*numa));
	if (numa) {
		topo->numa = numa;
		numa[topo->n_numa++] = (struct weft_topo_numa){ .id = id,
								.cpus = cpu_list(fd, "cpulist"),
								.memory_mib = total_memory(fd) };
	}
	close(fd);
}

static void read_numa(struct weft_topology *topo, int sysfs)
{
	DIR *dir = list_dir(sysfs, "devices/system/node");
	const char *name;

	while (dir && topo->n_numa < WEFT_TOPOLOGY_MAX_NUMA && (name = next_entry(dir)))
		add_numa(topo, dirfd(dir), name);
	if (dir)
		closedir(dir);
	if (topo->n_numa)
		qsort(topo->numa, topo->n_numa, sizeof(*topo->numa), by_id);
}

/* ---------------------------------------------------------------- links */

/* The value of KEY in the lines "KEY VALUE" of a kfd properties file; false when it is not there. */
static bool property(const char *text, const char *key, uint64_t *value)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
		if (strncmp(line, key, len) != 0 || line[len] != ' ')
			continue;
		*value = strtoull(line + len, NULL, 10);
		return true;
	}
	return false;
}

/* The card that the kfd driver knows as node NAME; NULL: none. */
static struct weft_topo_card *kfd_card(struct weft_topology *topo, int nodes, const char *name)
{
	char path[64], buf[ATTRIBUTE_MAX], address[20];
	uint64_t domain = 0, location;
	int n = snprintf(path, sizeof(path), "%s/properties", name);

	if (n < 0 || (size_t)n >= sizeof(path) || !attribute(nodes, path, buf) ||
	    !property(buf, "location_id", &location) || !location)
		return NULL;
	property(buf, "domain", &domain);
	snprintf(address, sizeof(address), "%04x:%02x:%02x.%x", (unsigned)(domain & 0xffff),
		 (unsigned)(location >> 8 & 0xff), (unsigned)(location >> 3 & 0x1f),
		 (unsigned)(location & 7));
	for (size_t i = 0; i < topo->n_cards; i++) {
		if (!strcmp(topo->cards[i].pci.address, address))
			return &topo->cards[i];
	}
	return NULL;
}

/* A and B are linked: their islands become one. */
static void join(struct weft_topology *topo, struct weft_topo_card *a, struct weft_topo_card *b)
{
	int from = b->island, to = a->island;

	if (to == WEFT_TOPOLOGY_NONE)
		to = from == WEFT_TOPOLOGY_NONE ? (int)(a - topo->cards) : from;
	a->island = b->island = to;
	for (size_t i = 0; from != WEFT_TOPOLOGY_NONE && i < topo->n_cards; i++) {
		if (topo->cards[i].island == from)
			topo->cards[i].island = to;
	}
}

static void read_kfd_links(struct weft_topology *topo, int nodes, const char *name)
{
	struct weft_topo_card *card = kfd_card(topo, nodes, name), *other;
	char path[64], buf[ATTRIBUTE_MAX], to[16];
	const char *entry;
	uint64_t type, number;
	DIR *dir = NULL;
	int n = snprintf(path, sizeof(path), "%s/io_links", name);

	if (card && n > 0 && (size_t)n < sizeof(path))
		dir = list_dir(nodes, path);
	while (dir && (entry = next_entry(dir))) {
		n = snprintf(path, sizeof(path), "%s/properties", entry);
		if (n < 0 || (size_t)n >= sizeof(path) || !attribute(dirfd(dir), path, buf) ||
		    !property(buf, "type", &type) || type != LINK_XGMI || !property(buf, "node_to", &number))
			continue;
		snprintf(to, sizeof(to), "%u", (unsigned)(number & 0xffff));
		other = kfd_card(topo, nodes, to);
		if (other && other != card)
			join(topo, card, other);
	}
	if (dir)
		closedir(dir);
}

/* Links that sysfs tells of: those of the kfd driver (AMD, Hygon), and NVIDIA's when there are NVSwitches, to
 * which all cards of such a board are connected. */
static void read_links(struct weft_topology *topo, int sysfs, unsigned switches)
{
	DIR *dir = list_dir(sysfs, "class/kfd/kfd/topology/nodes");
	struct weft_topo_card *first = NULL;
	const char *name;

	while (dir && (name = next_entry(dir)))
		read_kfd_links(topo, dirfd(dir), name);
	if (dir)
		closedir(dir);
	for (size_t i = 0; switches && i < topo->n_cards; i++) {
		if (topo->cards[i].pci.vendor != NVIDIA)
			continue;
		if (first)
			join(topo, first, &topo->cards[i]);
		else
			first = &topo->cards[i];
	}
}

/* ---------------------------------------------------------------- all of it */

int weft_topology_read(struct weft_topology *topo, const char *sysfs, const struct weft_catalogue *cat,
		       struct weft_err *err)
{
	unsigned switches = 0;
	int fd = open_dir(AT_FDCWD, sysfs);

	*topo = (struct weft_topology){ .n_cards = 0 };
	if (fd < 0)
		return weft_err(err, "%s: %s", sysfs, strerror(errno));
	read_pci(topo, fd, cat, &switches);
	read_numa(topo, fd);
	read_links(topo, fd, switches);
	close(fd);
	return 0;
}

void weft_topology_clear(struct weft_topology *topo)
{
	for (size_t i = 0; i < topo->n_cards; i++)
		clear_pci(&topo->cards[i].pci);
	for (size_t i = 0; i < topo->n_nics; i++) {
		clear_pci(&topo->nics[i].pci);
		free(topo->nics[i].name);
	}
	for (size_t i = 0; i < topo->n_numa; i++)
		free(topo->numa[i].cpus);
	free(topo->cards);
	free(topo->nics);
	free(topo->numa);
	*topo = (struct weft_topology){ .n_cards = 0 };
}

const struct weft_topo_card *weft_topology_card(const struct weft_topology *topo,
						const struct weft_vendor *vendor, unsigned index)
{
	const struct weft_topo_card *found = NULL, *first = NULL;
	unsigned n = 0;

	for (size_t i = 0; vendor && i < topo->n_cards; i++) {
		const struct weft_topo_card *card = &topo->cards[i];

		if (card->vendor != vendor)
			continue;
		if (first && first->pci.device != card->pci.device)
			return NULL;
		first = first ? first : card;
		if (n++ == index)
			found = card;
	}
	return found;
}

/* How many leading parts of two paths are the same. */
static int common_parts(const char *a, const char *b)
{
	int n = 0;

	for (; *a && *a == *b; a++, b++)
		n += *a == '/';
	return n + (!*a && !*b);
}

int weft_topology_nearness(const struct weft_topo_card *card, const struct weft_topo_nic *nic)
{
	int common = card->pci.path && nic->pci.path ? common_parts(card->pci.path, nic->pci.path) : 0;

	/* The host bridge is one part, a port of it the next: what shares both is behind one switch. */
	if (common)
		return common > 1 ? 3 : 2;
	return card->pci.numa != WEFT_TOPOLOGY_NONE && card->pci.numa == nic->pci.numa;
}
