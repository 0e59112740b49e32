/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpus.c - hardware threads from hwloc, and lists of them.
 *
 * hwloc works in a child process that sends back one line for each thread.  It is the right reader of its own
 * XML, but it trusts it; recorded machines come from anywhere.
 */
#include "core/cpus.h"

#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/child.h"

#define SECONDS 20

/* In the child: what to read. */
struct source {
	const char *text; /* NULL: this machine */
	size_t len;
	bool xml;
};

static int set_up(hwloc_topology_t topology, const struct source *from)
{
	if (hwloc_topology_set_all_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE) < 0 ||
	    hwloc_topology_set_type_filter(topology, HWLOC_OBJ_GROUP, HWLOC_TYPE_FILTER_KEEP_STRUCTURE) < 0 ||
	    hwloc_topology_set_type_filter(topology, HWLOC_OBJ_PACKAGE, HWLOC_TYPE_FILTER_KEEP_ALL) < 0 ||
	    hwloc_topology_set_type_filter(topology, HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL) < 0)
		return -1;
	/* Slurm counts the CPUs that a cgroup takes from this process, too. */
	if (hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) < 0)
		return -1;
	if (from->text && from->xml)
		return hwloc_topology_set_xmlbuffer(topology, from->text, (int)from->len + 1);
	return from->text ? hwloc_topology_set_synthetic(topology, from->text) : 0;
}

/* The lowest number of the NUMA nodes that PU is in, or -1. */
static int numa_of(hwloc_topology_t topology, unsigned os)
{
	hwloc_obj_t node = NULL;
	int best = -1;

	while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != NULL)
		if (hwloc_bitmap_isset(node->cpuset, os) && (best < 0 || (int)node->os_index < best))
			best = (int)node->os_index;
	return best;
}

static int send(FILE *out, hwloc_topology_t topology)
{
	int nodes = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE);
	unsigned cores = 0, package = 0, core_no = 0, pkg_no = 0;
	hwloc_obj_t pu = NULL, last_core = NULL, last_package = NULL;

	fprintf(out, "%d\n", nodes > 0 ? nodes : 0);
	while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != NULL) {
		hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
		hwloc_obj_t pkg = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, pu);

		if (!core || core != last_core)
			core_no = cores++;
		if (pkg && pkg != last_package)
			pkg_no = package++;
		last_core = core;
		last_package = pkg ? pkg : last_package;
		fprintf(out, "%u %u %u %d\n", pu->os_index, core_no, pkg_no, numa_of(topology, pu->os_index));
	}
	fputs("\n", out);
	return ferror(out) ? -1 : 0;
}

/* Host name, serial numbers and the like are in the objects' info. */
static void forget(hwloc_topology_t topology, hwloc_obj_t obj)
{
	hwloc_obj_t child = NULL;

	obj->infos_count = 0;
	while ((child = hwloc_get_next_child(topology, obj, child)) != NULL)
		forget(topology, child);
}

static int send_xml(FILE *out, hwloc_topology_t topology)
{
	char *text;
	int len;

	forget(topology, hwloc_get_root_obj(topology));
	if (hwloc_topology_export_xmlbuffer(topology, &text, &len, 0) < 0)
		return -1;
	fputs(text, out);
	return 0;
}

static int ask_hwloc(int fd, void *arg)
{
	const struct source *from = arg;
	hwloc_topology_t topology;
	FILE *out = fdopen(fd, "w");
	int rc;

	setenv("HWLOC_HIDE_ERRORS", "2", 1);
	setenv("HWLOC_PLUGINS_PATH", "", 1);
	setenv("HWLOC_XML_EXPORT_SUPPORT", "0", 1);
	unsetenv("HWLOC_XMLFILE");
	unsetenv("HWLOC_SYNTHETIC");
	if (!out || hwloc_topology_init(&topology) < 0)
		return 2;
	if (set_up(topology, from) < 0 || hwloc_topology_load(topology) < 0)
		return 3;
	rc = send(out, topology);
	if (rc == 0 && !from->text)
		rc = send_xml(out, topology);
	return fflush(out) != 0 || rc < 0 ? 2 : 0; /* no clean-up: the process ends */
}

/* What the child sent */

static bool number(const char **text, int *value)
{
	char *end;
	long n = strtol(*text, &end, 10);

	if (end == *text || n < -1 || n > 1 << 24)
		return false;
	*text = end;
	*value = (int)n;
	return true;
}

static bool parse_pu(const char **text, struct weft_pu *pu)
{
	int os, core, package, numa;

	if (!number(text, &os) || !number(text, &core) || !number(text, &package) || !number(text, &numa) ||
	    os < 0 || core < 0 || package < 0 || **text != '\n')
		return false;
	++*text;
	*pu = (struct weft_pu){ (unsigned)os, (unsigned)core, (unsigned)package, numa };
	return true;
}

/* Do all packages have as many cores, and all cores as many threads? */
static bool is_even(const struct weft_cpus *cpus)
{
	unsigned per_core = (unsigned)(cpus->n / cpus->cores), per_package = cpus->cores / cpus->packages;

	if (cpus->n % cpus->cores != 0 || cpus->cores % cpus->packages != 0)
		return false;
	for (size_t i = 0; i < cpus->n; i++)
		if (cpus->pus[i].core != i / per_core ||
		    cpus->pus[i].package != cpus->pus[i].core / per_package)
			return false;
	return true;
}

static int fill(struct weft_cpus *cpus, const char *text)
{
	const char *line = text;
	size_t n = 0;
	int nodes;

	if (!number(&line, &nodes) || *line++ != '\n')
		return -1;
	for (const char *c = line; *c != '\0' && *c != '\n'; c += strcspn(c, "\n") + 1)
		n++;
	if (n == 0 || n > WEFT_CPUS_MAX)
		return -1;
	cpus->pus = calloc(n, sizeof(*cpus->pus));
	for (; cpus->pus && cpus->n < n; cpus->n++) {
		if (!parse_pu(&line, &cpus->pus[cpus->n]))
			return -1;
		cpus->cores = cpus->pus[cpus->n].core + 1;
		cpus->packages = cpus->pus[cpus->n].package + 1;
	}
	if (!cpus->pus)
		return -2;
	cpus->numa_nodes = (unsigned)nodes;
	cpus->even = is_even(cpus);
	if (*line == '\n' && line[1] != '\0' && (cpus->xml = strdup(line + 1)) == NULL)
		return -2;
	return 0;
}

static struct weft_cpus *get(const char *name, struct source *from, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	size_t len = 0;
	char *text = weft_child_call(name, ask_hwloc, from, SECONDS, 2 * WEFT_CPUS_XML_MAX, &len, &why);
	struct weft_cpus *cpus = text ? calloc(1, sizeof(*cpus)) : NULL;
	int rc = cpus ? fill(cpus, text) : text ? -2 : 0;

	if (!text && (strstr(why.text, "out of memory") || !from->text))
		weft_err(err, "%s", why.text);
	else if (!text)
		weft_err(err, "%s: hwloc cannot read it", name);
	else if (rc < 0)
		weft_err(err, rc == -1 ? "%s: between 1 and 8192 CPUs are wanted" : "%s: out of memory",
			 name);
	free(text);
	if (cpus && rc == 0)
		return cpus;
	weft_cpus_destroy(cpus);
	return NULL;
}

struct weft_cpus *weft_cpus_live(struct weft_err *err)
{
	return get("hwloc", &(struct source){ .text = NULL }, err);
}

struct weft_cpus *weft_cpus_from_xml(const char *name, const char *text, size_t len, struct weft_err *err)
{
	if (len > WEFT_CPUS_XML_MAX) {
		weft_err(err, "%s: %zu bytes; at most %u are allowed", name, len, WEFT_CPUS_XML_MAX);
		return NULL;
	}
	return get(name, &(struct source){ .text = text, .len = len, .xml = true }, err);
}

/* hwloc would build whatever the words say, so their product is bounded first. */
static const char *words_flaw(const char *text, size_t len)
{
	unsigned long product = 1;

	if (len == 0 || len > WEFT_CPUS_SYNTHETIC_MAX)
		return "between 1 and 512 bytes are wanted";
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] >= 0x7f)
			return "only printable ASCII characters are allowed";
		if (text[i] == '(') /* numbers in parentheses are no counts */
			while (i + 1 < len && text[i] != ')')
				i++;
		if (text[i] == ':' || text[i] == ' ') {
			unsigned long n = strtoul(text + i + 1, NULL, 10);

			product *= n > WEFT_CPUS_MAX ? WEFT_CPUS_MAX + 1ul : n > 0 ? n : 1;
			if (product > WEFT_CPUS_MAX)
				return "between 1 and 8192 CPUs are wanted";
		}
	}
	return NULL;
}

struct weft_cpus *weft_cpus_from_words(const char *name, const char *text, size_t len, struct weft_err *err)
{
	char words[WEFT_CPUS_SYNTHETIC_MAX + 1];
	const char *why;

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	why = words_flaw(text, len);
	if (why) {
		weft_err(err, "%s: %s", name, why);
		return NULL;
	}
	memcpy(words, text, len);
	words[len] = '\0';
	return get(name, &(struct source){ .text = words, .len = len }, err);
}

void weft_cpus_destroy(struct weft_cpus *cpus)
{
	if (!cpus)
		return;
	free(cpus->pus);
	free(cpus->xml);
	free(cpus);
}

/* Sets */

static void add(struct weft_cpuset *set, size_t i)
{
	set->bits[i / 8] |= (unsigned char)(1u << i % 8);
}

static bool has(const struct weft_cpuset *set, size_t i)
{
	return set->bits[i / 8] >> i % 8 & 1;
}

int weft_cpus_of_list(const struct weft_cpus *cpus, const char *list, struct weft_cpuset *set)
{
	int count = 0;

	memset(set, 0, sizeof(*set));
	for (const char *c = list; *c != '\0'; c += *c == ',') {
		char *end;
		unsigned long lo, hi;

		if (*c < '0' || *c > '9')
			return -1;
		lo = hi = strtoul(c, &end, 10);
		if (*end == '-') {
			c = end + 1;
			if (*c < '0' || *c > '9')
				return -1;
			hi = strtoul(c, &end, 10);
		}
		if (hi < lo || hi > 1 << 24 || (*end != '\0' && *end != ',') ||
		    (*end == ',' && end[1] == '\0'))
			return -1;
		for (size_t i = 0; i < cpus->n; i++) {
			if (cpus->pus[i].os >= lo && cpus->pus[i].os <= hi && !has(set, i)) {
				add(set, i);
				count++;
			}
		}
		c = end;
	}
	return count;
}

int weft_cpus_of_numa(const struct weft_cpus *cpus, int numa, struct weft_cpuset *set)
{
	int count = 0;

	memset(set, 0, sizeof(*set));
	for (size_t i = 0; i < cpus->n; i++) {
		if (numa >= 0 && cpus->pus[i].numa == numa) {
			add(set, i);
			count++;
		}
	}
	return count;
}

/* Append the range LO-HI to TEXT. */
static bool add_range(char *text, size_t *len, unsigned lo, unsigned hi)
{
	int n = snprintf(text + *len, WEFT_CPUS_RANGE_SIZE - *len, lo == hi ? "%s%u" : "%s%u-%u",
			 *len ? "," : "", lo, hi);

	if (n < 0 || (size_t)n >= WEFT_CPUS_RANGE_SIZE - *len)
		return false;
	*len += (size_t)n;
	return true;
}

static int ascending(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

static void ranges_text(unsigned *numbers, size_t n, char text[WEFT_CPUS_RANGE_SIZE])
{
	size_t len = 0, first = 0;

	text[0] = '\0';
	qsort(numbers, n, sizeof(*numbers), ascending);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && numbers[i] - numbers[i - 1] <= 1)
			continue;
		if (!add_range(text, &len, numbers[first], numbers[i - 1])) {
			text[0] = '\0';
			return;
		}
		first = i;
	}
}

static void set_text(const struct weft_cpus *cpus, const struct weft_cpuset *set, bool cores,
		     char text[WEFT_CPUS_RANGE_SIZE])
{
	unsigned numbers[WEFT_CPUS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < cpus->n; i++)
		if (has(set, i))
			numbers[n++] = cores ? cpus->pus[i].core : cpus->pus[i].os;
	ranges_text(numbers, n, text);
}

void weft_cpus_cores_text(const struct weft_cpus *cpus, const struct weft_cpuset *set,
			  char text[WEFT_CPUS_RANGE_SIZE])
{
	set_text(cpus, set, true, text);
}

void weft_cpus_pus_text(const struct weft_cpus *cpus, const struct weft_cpuset *set,
			char text[WEFT_CPUS_RANGE_SIZE])
{
	set_text(cpus, set, false, text);
}
