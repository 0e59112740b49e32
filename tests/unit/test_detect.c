/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_detect.c - whole machines: recorded ones against what is expected of them, to the letter; the same
 * laid out as real files; and recording.
 */
#include <check.h>
#include <ftw.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/machine.h"

static const char *const machines[] = {
	"h100-8",	"mi300x-8",	     "ascend-910b-8",	 "hygon-k100ai-8",     "t4-a10",
	"nvidia-amd",	"intel-max-4",	     "gaudi2-8",	 "cambricon-mlu370-8", "mthreads-s4000-8",
	"metax-c550-8", "iluvatar-mrv100-4", "kunlunxin-p800-8", "enflame-s60-4",      "none",
	"doubtful",
};

#define N_MACHINES (sizeof(machines) / sizeof(machines[0]))

static struct weft_catalogue *cat;

static const char *source(void)
{
	const char *dir = getenv("WEFT_SRCDIR");

	return dir ? dir : ".";
}

static char *slurp(const char *machine, const char *file, size_t *len)
{
	struct weft_err err = WEFT_ERR_INIT;
	char path[512], *text;

	snprintf(path, sizeof(path), "%s/tests/data/machines/%s/%s", source(), machine, file);
	text = weft_file_read(path, 1 << 20, len, &err);
	return text;
}

static void setup(void)
{
	struct weft_err err = WEFT_ERR_INIT;
	char path[512];

	snprintf(path, sizeof(path), "%s/data/catalogue.json", source());
	cat = weft_catalogue_load(path, NULL, &err);
	ck_assert_msg(cat != NULL, "%s", err.text);
}

static void teardown(void)
{
	weft_catalogue_destroy(cat);
}

static struct weft_cpus *cpus_of(const char *name)
{
	struct weft_err err = WEFT_ERR_INIT;
	size_t len = 0;
	char *text = slurp(name, "topology.xml", &len);
	struct weft_cpus *cpus;

	if (text) {
		cpus = weft_cpus_from_xml("topology.xml", text, len, &err);
	} else {
		text = slurp(name, "topology.txt", &len);
		ck_assert_ptr_nonnull(text);
		cpus = weft_cpus_from_words("topology.txt", text, len, &err);
	}
	free(text);
	ck_assert_msg(cpus != NULL, "%s: %s", name, err.text);
	return cpus;
}

static struct weft_machine *detect(struct weft_tree *tree, struct weft_cpus *cpus, bool tools)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_machine *machine =
		weft_machine_detect(tree, cpus, cat, &(struct weft_detect_options){ .tools = tools }, &err);

	ck_assert_msg(machine != NULL, "%s", err.text);
	return machine;
}

static struct weft_machine *load(const char *name, struct weft_tree **tree)
{
	struct weft_err err = WEFT_ERR_INIT;
	size_t len;
	char *text = slurp(name, "machine", &len);

	ck_assert_ptr_nonnull(text);
	*tree = weft_tree_parse("machine", text, len, &err);
	ck_assert_msg(*tree != NULL, "%s: %s", name, err.text);
	free(text);
	return detect(*tree, cpus_of(name), true);
}

static char *table_of(const struct weft_machine *machine)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	weft_machine_print(machine, out);
	fclose(out);
	return text;
}

static char *all_of(const struct weft_machine *machine)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("$ weft detect\n", out);
	weft_machine_print(machine, out);
	fputs("\n$ weft detect --gres-conf\n", out);
	weft_machine_print_gres(machine, "gpu", NULL, out);
	fputs("\n$ weft detect --slurm-conf --node-name=n1\n", out);
	weft_machine_print_slurm(machine, "gpu", "n1", out);
	fputs("\n$ weft detect --gres-conf --slurm-conf --split-names --node-name=n1\n", out);
	weft_machine_print_gres(machine, NULL, "n1", out);
	weft_machine_print_slurm(machine, NULL, "n1", out);
	fclose(out);
	return text;
}

static char *json_of(const struct weft_machine *machine)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	weft_machine_print_json(machine, "gpu", out);
	fclose(out);
	return text;
}

START_TEST(prints_what_is_expected)
{
	struct weft_tree *tree;
	struct weft_machine *machine = load(machines[_i], &tree);
	size_t len;
	char *expected = slurp(machines[_i], "expected", &len), *got = all_of(machine);

	ck_assert_ptr_nonnull(expected);
	ck_assert_str_eq(got, expected);
	free(expected);
	free(got);
	weft_machine_destroy(machine);
	weft_tree_destroy(tree);
}
END_TEST

START_TEST(prints_json)
{
	struct weft_tree *tree;
	struct weft_machine *machine = load(machines[_i], &tree);
	size_t len;
	char *expected = slurp(machines[_i], "expected.json", &len), *got = json_of(machine);
	json_object *root = json_tokener_parse(got), *devices, *value;

	ck_assert_ptr_nonnull(root);
	ck_assert(json_object_object_get_ex(root, "format", &value));
	ck_assert_int_eq(json_object_get_int(value), WEFT_MACHINE_FORMAT);
	ck_assert(json_object_object_get_ex(root, "devices", &devices));
	ck_assert_uint_eq(json_object_array_length(devices), machine->n);
	for (size_t i = 0; i < machine->n; i++) {
		ck_assert(json_object_object_get_ex(json_object_array_get_idx(devices, i), "links", &value));
		ck_assert_uint_eq(json_object_array_length(value), machine->n);
	}
	if (expected)
		ck_assert_str_eq(got, expected);
	json_object_put(root);
	free(expected);
	free(got);
	weft_machine_destroy(machine);
	weft_tree_destroy(tree);
}
END_TEST

/* The same as files */

static char root[64];

static void make_dirs(char *path)
{
	for (char *c = path + strlen(root) + 1; *c != '\0'; c++) {
		if (*c != '/')
			continue;
		*c = '\0';
		mkdir(path, 0755);
		*c = '/';
	}
}

/* One line of a recording as a file, a line of a file, a link or a directory; lines of tools are left out. */
static void lay_out(char *line)
{
	char *value = strstr(line, " = "), *target = strstr(line, " -> "), *key, path[1024], other[2048];
	FILE *f;

	if (value)
		*value = '\0';
	if (target)
		*target = '\0';
	if (line[0] == '#' || strncmp(line, "weft", 4) == 0 || strncmp(line, "tool/", 5) == 0)
		return;
	key = strrchr(line, ':');
	if (key && strpbrk(key, "./")) /* that is a PCI address */
		key = NULL;
	if (key)
		*key = '\0';
	snprintf(path, sizeof(path), "%s/%s", root, line);
	make_dirs(path);
	if (target) {
		char *slash = strrchr(path, '/');

		snprintf(other, sizeof(other), "%.*s/%s/", (int)(slash - path), path, target + 4);
		make_dirs(other);
		mkdir(other, 0755);
		ck_assert_int_eq(symlink(target + 4, path), 0);
	} else if (value) {
		f = fopen(path, "a");
		ck_assert_msg(f != NULL, "%s", path);
		fprintf(f, key ? "%s: %s\n" : "%s%s\n", key ? key + 1 : "", value + 3);
		fclose(f);
	} else {
		mkdir(path, 0755);
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static struct weft_tree *make_files(const char *name)
{
	size_t len;
	char *text = slurp(name, "machine", &len), *rest = NULL;

	snprintf(root, sizeof(root), "/tmp/weft-detect.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	for (char *line = text; *line != '\0'; line = rest) {
		rest = strchrnul(line, '\n');
		if (*rest != '\0')
			*rest++ = '\0';
		lay_out(line);
	}
	free(text);
	return weft_tree_live(root);
}

static void remove_files(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Machines without tools' lines come out the same from files; and what is recorded of them comes out the
 * same. */
static const char *const without_tools[] = { "mi300x-8", "hygon-k100ai-8",   "t4-a10",	      "intel-max-4",
					     "gaudi2-8", "kunlunxin-p800-8", "enflame-s60-4", "none" };

START_TEST(reads_files_as_recordings)
{
	const char *name = without_tools[_i];
	struct weft_tree *recorded, *live = make_files(name), *again;
	struct weft_machine *one = load(name, &recorded), *other, *third;
	char *expected = table_of(one), *got, *text = NULL;
	struct weft_err err = WEFT_ERR_INIT;
	size_t size;
	FILE *out;

	weft_tree_record(live, true);
	other = detect(live, cpus_of(name), false);
	got = table_of(other);
	ck_assert_str_eq(got, expected);
	free(got);
	out = open_memstream(&text, &size);
	ck_assert_int_eq(weft_tree_write(live, out, &err), 0);
	fclose(out);
	again = weft_tree_parse("again", text, size, &err);
	ck_assert_msg(again != NULL, "%s", err.text);
	third = detect(again, cpus_of(name), false);
	got = table_of(third);
	ck_assert_str_eq(got, expected);
	/* What does not matter is not in it. */
	ck_assert_ptr_null(strstr(text, "0000:05:00.2"));
	ck_assert_ptr_null(strstr(text, "0000:03:00.0"));
	free(got);
	free(text);
	free(expected);
	remove_files();
	weft_machine_destroy(one);
	weft_machine_destroy(other);
	weft_machine_destroy(third);
	weft_tree_destroy(recorded);
	weft_tree_destroy(live);
	weft_tree_destroy(again);
}
END_TEST

static void install(const char *dir, const char *name, const char *script)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "#!/bin/sh\n%s", script);
	fclose(f);
	ck_assert_int_eq(chmod(path, 0755), 0);
}

START_TEST(asks_the_tools_of_a_live_machine)
{
	struct weft_tree *recorded, *live = make_files("nvidia-amd");
	struct weft_machine *one = load("nvidia-amd", &recorded), *other;
	char *expected = table_of(one), *got;

	install(root, "nvidia-smi",
		"if [ \"$1\" = topo ]; then echo ' GPU0 GPU1'; echo GPU0 X NV4; echo GPU1 NV4 X; else\n"
		"echo '0, 00000000:17:00.0, NVIDIA A40, 46068, 300.00'\n"
		"echo '1, 00000000:31:00.0, NVIDIA A40, 46068, 300.00'\n"
		"echo '2, 00000000:99:00.0, NVIDIA A40, 46068, 300.00'; fi\n");
	setenv("PATH", root, 1);
	other = detect(live, cpus_of("nvidia-amd"), true);
	got = table_of(other);
	ck_assert_str_eq(got, expected);
	free(got);
	weft_machine_destroy(other);
	/* A tool that fails is no more than a note. */
	install(root, "nvidia-smi", "exit 1\n");
	weft_tree_destroy(live);
	live = weft_tree_live(root);
	other = detect(live, cpus_of("nvidia-amd"), true);
	ck_assert_uint_eq(other->n, 4);
	ck_assert_str_eq(other->notes[0], "nvidia-smi: exit status 1");
	ck_assert_int_eq(other->devices[0].memory.from, WEFT_FROM_CATALOGUE);
	free(expected);
	remove_files();
	weft_machine_destroy(one);
	weft_machine_destroy(other);
	weft_tree_destroy(recorded);
	weft_tree_destroy(live);
}
END_TEST

/* Small machines in words */

static struct weft_machine *machine_of(const char *text, const char *words, struct weft_tree **tree)
{
	struct weft_err err = WEFT_ERR_INIT;

	*tree = weft_tree_parse("m", text, strlen(text), &err);
	ck_assert_msg(*tree != NULL, "%s", err.text);
	return detect(*tree, weft_cpus_from_words("w", words, strlen(words), &err), true);
}

#define NV(address, id, minor)                                                                               \
	"sys/bus/pci/devices/" address "/vendor = 0x10de\nsys/bus/pci/devices/" address "/device = 0x" id    \
	"\nsys/bus/pci/devices/" address "/class = 0x030200\nproc/driver/nvidia/gpus/" address               \
	"/information:Device Minor = " minor "\n"

static char *gres_of(const struct weft_machine *machine)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	weft_machine_print_gres(machine, "gpu", NULL, out);
	fclose(out);
	return text;
}

/* Minor numbers need not follow PCI addresses; one type's lines stand together, and Links= goes by lines. */
START_TEST(orders_lines_by_type_and_file)
{
	struct weft_tree *tree;
	struct weft_machine *machine =
		machine_of("weft-machine 1\n" NV("0000:01:00.0", "2235", "2") NV("0000:02:00.0", "1eb8", "1")
				   NV("0000:03:00.0", "2235",
				      "0") "sys/bus/pci/devices/0000:03:00.0/numa_node = 1\n"
					   "tool/nvidia-smi/0000:01:00.0/link/0000:03:00.0 = 4 NV\n",
			   "Package:2 [NUMANode] Core:2 PU:1", &tree);
	char *got = gres_of(machine);

	ck_assert_str_eq(got,
			 "Name=gpu Type=a40 File=/dev/nvidia0 Cores=2-3 Links=-1,4,0 Flags=nvidia_gpu_env\n"
			 "Name=gpu Type=a40 File=/dev/nvidia2 Cores=0-3 Links=4,-1,0 Flags=nvidia_gpu_env\n"
			 "Name=gpu Type=t4 File=/dev/nvidia1 Cores=0-3 Links=0,0,-1 Flags=nvidia_gpu_env\n");
	free(got);
	weft_machine_destroy(machine);
	weft_tree_destroy(tree);
}
END_TEST

/* The memory tells variants apart where the PCI id does not; the tool's name may not contradict the id. */
START_TEST(narrows_the_model)
{
	static const struct {
		const char *lines, *model;
	} cases[] = {
		{ "", "mlu370" },
		{ "tool/cnmon/0000:01:00.0/memory_mib = 49152\n", "mlu370" },
		{ "tool/cnmon/0000:01:00.0/name = MLU370-X4\n", "mlu370-x4" },
		{ "tool/cnmon/0000:01:00.0/name = x MLU370-S8 y\ntool/cnmon/0000:01:00.0/memory_mib = "
		  "49000\n",
		  "mlu370-s8" },
		{ "tool/cnmon/0000:01:00.0/name = MLU590\n", "mlu370" },
		{ "tool/cnmon/0000:01:00.0/name = h100\n", "mlu370" },
	};
	char text[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct weft_tree *tree;
		struct weft_machine *machine;

		snprintf(text, sizeof(text),
			 "weft-machine 1\nsys/bus/pci/devices/0000:01:00.0/vendor = 0xcabc\n"
			 "sys/bus/pci/devices/0000:01:00.0/device = 0x0370\n"
			 "sys/bus/pci/devices/0000:01:00.0/class = 0x120000\n%s",
			 cases[i].lines);
		machine = machine_of(text, "Core:1 PU:1", &tree);
		ck_assert_str_eq(machine->devices[0].model->name, cases[i].model);
		ck_assert_uint_eq(machine->devices[0].n_maybe, i == 1 ? 2 : i == 2 || i == 3 ? 1 : 4);
		weft_machine_destroy(machine);
		weft_tree_destroy(tree);
	}
}
END_TEST

/* Links that make no sense are left out. */
START_TEST(ignores_wrong_links)
{
	static const char tool[] = "weft-machine 1\n" NV("0000:01:00.0", "2235", "0") NV(
		"0000:02:00.0", "2235",
		"x") "tool/nvidia-smi/0000:01:00.0/link/0000:01:00.0 = 4 NV\n"
		     "tool/nvidia-smi/0000:01:00.0/link/0000:09:00.0 = 4 NV\n"
		     "tool/nvidia-smi/0000:01:00.0/link/0000:02:00.0 = 999 NV\n"
		     "tool/nvidia-smi/0000:01:00.0/link/nowhere = 1 NV\n"
		     "tool/nvidia-smi/0000:02:00.0/link/0000:01:00.0 = 1 A\\\"B\\\\\n"
		     "tool/nvidia-smi/0000:02:00.0/index = 1.5\ntool/nvidia-smi/0000:02:00.0/power_w = 1e9\n"
		     "sys/class/kfd/kfd/topology/nodes/x/properties:location_id = 256\n"
		     "sys/class/kfd/kfd/topology/nodes/9999/properties:location_id = 256\n"
		     "sys/class/kfd/kfd/topology/nodes/1/properties:location_id = 256\n"
		     "sys/class/kfd/kfd/topology/nodes/1/io_links/0/properties:node_to = 77\n"
		     "sys/class/kfd/kfd/topology/nodes/1/io_links/0/properties:type = 11\n"
		     "sys/class/kfd/kfd/topology/nodes/1/io_links/1/properties:node_to = 9999\n"
		     "sys/class/kfd/kfd/topology/nodes/1/io_links/1/properties:type = no\n";
	struct weft_err err = WEFT_ERR_INIT;
	char text[sizeof(tool)];
	struct weft_tree *tree;
	struct weft_machine *machine;

	memcpy(text, tool, sizeof(tool));
	ck_assert_ptr_null(weft_tree_parse("m", text, strlen(text), &err));
	ck_assert_ptr_nonnull(strstr(err.text, "after a backslash must come"));
	*strstr(text, "A\\\"B") = 'A';
	memcpy(strstr(text, "A\\\"B\\\\"), "A\\\\B\\n", 6);
	machine = machine_of(text, "Core:1 PU:1", &tree);
	ck_assert_uint_eq(machine->n, 2);
	ck_assert_uint_eq(weft_machine_links(machine, 0, 1), 0);
	ck_assert_str_eq(machine->devices[1].file, "");
	ck_assert_int_eq(machine->devices[1].tool_index, -1);
	ck_assert_int_eq(machine->devices[1].power.from, WEFT_FROM_CATALOGUE);
	weft_machine_destroy(machine);
	weft_tree_destroy(tree);
}
END_TEST

START_TEST(has_room_for_256_devices)
{
	char *text = malloc(1 << 17);
	size_t len = (size_t)snprintf(text, 1 << 17, "weft-machine 1\n");
	struct weft_tree *tree;
	struct weft_machine *machine;

	for (int i = 0; i < 300; i++)
		len += (size_t)snprintf(text + len, (1 << 17) - len,
					"sys/bus/pci/devices/%04x:01:00.0/vendor = 0x10de\n"
					"sys/bus/pci/devices/%04x:01:00.0/device = 0x2330\n"
					"sys/bus/pci/devices/%04x:01:00.0/class = 0x030200\n",
					i, i, i);
	machine = machine_of(text, "Core:1 PU:1", &tree);
	ck_assert_uint_eq(machine->n, 256);
	ck_assert_str_eq(machine->notes[0], "more than 256 accelerators: the rest is left out");
	free(text);
	weft_machine_destroy(machine);
	weft_tree_destroy(tree);
}
END_TEST

/* Processors */

START_TEST(reads_processors)
{
	struct weft_err err = WEFT_ERR_INIT;
	const char *words = "Package:2 [NUMANode] Core:4 PU:2(indexes=2*8:8*1)\n";
	struct weft_cpus *cpus = weft_cpus_from_words("w", words, strlen(words), &err), *uneven;
	struct weft_cpuset set;
	char text[WEFT_CPUS_RANGE_SIZE];

	ck_assert_msg(cpus != NULL, "%s", err.text);
	ck_assert_uint_eq(cpus->n, 16);
	ck_assert_uint_eq(cpus->cores, 8);
	ck_assert(cpus->even);
	ck_assert_int_eq(weft_cpus_of_numa(cpus, 1, &set), 8);
	weft_cpus_cores_text(cpus, &set, text);
	ck_assert_str_eq(text, "4-7");
	weft_cpus_pus_text(cpus, &set, text);
	ck_assert_str_eq(text, "4-7,12-15");
	ck_assert_int_eq(weft_cpus_of_list(cpus, "0,9-10,99", &set), 3);
	weft_cpus_cores_text(cpus, &set, text);
	ck_assert_str_eq(text, "0-2");
	weft_cpus_pus_text(cpus, &set, text);
	ck_assert_str_eq(text, "0,9-10");
	ck_assert_int_eq(weft_cpus_of_numa(cpus, -1, &set), 0);
	ck_assert_int_eq(weft_cpus_of_list(cpus, "", &set), 0);
	static const char *const wrong[] = { "a", "1-", "3-1", "1,", ",1", "-1", "1 2", "1-99999999999" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(weft_cpus_of_list(cpus, wrong[i], &set), -1);
	weft_cpus_destroy(cpus);
	words = "Core:3 PU:1"; /* no package */
	uneven = weft_cpus_from_words("w", words, strlen(words), &err);
	ck_assert_uint_eq(uneven->packages, 1);
	weft_cpus_destroy(uneven);
}
END_TEST

START_TEST(does_not_overflow_a_list)
{
	struct weft_err err = WEFT_ERR_INIT;
	const char *words = "Core:1024 PU:1";
	struct weft_cpus *cpus = weft_cpus_from_words("w", words, strlen(words), &err);
	char list[8192] = "", text[WEFT_CPUS_RANGE_SIZE];
	struct weft_cpuset set;
	size_t len = 0;

	for (int i = 0; i < 1024; i += 2)
		len += (size_t)snprintf(list + len, sizeof(list) - len, i ? ",%d" : "%d", i);
	ck_assert_int_eq(weft_cpus_of_list(cpus, list, &set), 512);
	weft_cpus_pus_text(cpus, &set, text);
	ck_assert_str_eq(text, "");
	weft_cpus_destroy(cpus);
}
END_TEST

static const struct {
	const char *text, *error;
} wrong_words[] = {
	{ "", "w: between 1 and 512 bytes are wanted" },
	{ "Core:1\tPU:1", "w: only printable ASCII characters are allowed" },
	{ "Package:100000 PU:2", "w: between 1 and 8192 CPUs are wanted" },
	{ "Package:100 Core:100 PU:2", "w: between 1 and 8192 CPUs are wanted" },
	{ "Package:99999999999999999999999 PU:1", "w: between 1 and 8192 CPUs are wanted" },
	{ "nonsense", "w: hwloc cannot read it" },
	{ "Package:2 Core:2 PU:2(indexes=9*9)", NULL }, /* hwloc passes over wrong indexes */
};

START_TEST(refuses_wrong_words)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_cpus *cpus =
		weft_cpus_from_words("w", wrong_words[_i].text, strlen(wrong_words[_i].text), &err);

	ck_assert_int_eq(cpus == NULL, wrong_words[_i].error != NULL);
	if (!cpus)
		ck_assert_str_eq(err.text, wrong_words[_i].error);
	weft_cpus_destroy(cpus);
}
END_TEST

static const char *const wrong_xml[] = {
	"",
	"<",
	"no XML at all",
	"<?xml version=\"1.0\"?>\n<topology version=\"2.0\">\n</topology>",
	"<?xml version=\"1.0\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n<topology version=\"2.0\">\n"
	"<object type=\"Machine\" cpuset=\"0x1\"><object type=\"PU\" os_index=\"0\"/></object></topology>",
	"<?xml version=\"1.0\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n<topology version=\"2.0\">\n"
	"<object type=\"Machine\" os_index=\"0\" cpuset=\"0xf...f\" complete_cpuset=\"0x1\" nodeset=\"0x1\">",
	"<?xml version=\"1.0\"?><topology version=\"9.0\"><object type=\"PU\"/></topology>",
};

START_TEST(refuses_wrong_xml)
{
	struct weft_err err = WEFT_ERR_INIT;
	char *text = strdup(wrong_xml[_i]); /* its exact size, for the sanitizer */

	ck_assert_ptr_null(weft_cpus_from_xml("x", text, strlen(text), &err));
	ck_assert_str_eq(err.text, "x: hwloc cannot read it");
	free(text);
}
END_TEST

/* Any cut of a good text, and any byte of it changed: an answer or an error, nothing worse. */
START_TEST(survives_damaged_xml)
{
	size_t len;
	char *text = slurp("t4-a10", "topology.xml", &len);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 7; i < len; i += len / 24) {
		struct weft_err err = WEFT_ERR_INIT;
		char *copy = malloc(len + 1), was;

		memcpy(copy, text, len + 1);
		was = copy[i];
		copy[i] = _i ? (char)(was ^ 1) : '\0';
		weft_cpus_destroy(weft_cpus_from_xml("x", copy, _i ? len : i, &err));
		free(copy);
	}
	free(text);
}
END_TEST

START_TEST(limits_xml)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_ptr_null(weft_cpus_from_xml("x", "", WEFT_CPUS_XML_MAX + 1, &err));
	ck_assert_str_eq(err.text, "x: 4194305 bytes; at most 4194304 are allowed");
}
END_TEST

/* This machine, whatever it is; its recording has no names and no numbers of the hardware in it. */
START_TEST(reads_this_machine)
{
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_cpus *cpus = weft_cpus_live(&err), *again;

	ck_assert_msg(cpus != NULL, "%s", err.text);
	ck_assert_int_ge((int)cpus->n, 1);
	ck_assert_ptr_nonnull(cpus->xml);
	ck_assert_ptr_null(strstr(cpus->xml, "HostName"));
	ck_assert_ptr_null(strstr(cpus->xml, "DMI"));
	again = weft_cpus_from_xml("again", cpus->xml, strlen(cpus->xml), &err);
	ck_assert_msg(again != NULL, "%s", err.text);
	ck_assert_uint_eq(again->n, cpus->n);
	ck_assert_uint_eq(again->cores, cpus->cores);
	ck_assert_mem_eq(again->pus, cpus->pus, cpus->n * sizeof(*cpus->pus));
	weft_cpus_destroy(cpus);
	weft_cpus_destroy(again);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("detect");
	TCase *whole = tcase_create("machines"), *small = tcase_create("small"), *cpus = tcase_create("cpus");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(whole, setup, teardown);
	tcase_set_timeout(whole, 60);
	tcase_add_loop_test(whole, prints_what_is_expected, 0, N_MACHINES);
	tcase_add_loop_test(whole, prints_json, 0, N_MACHINES);
	tcase_add_loop_test(whole, reads_files_as_recordings, 0,
			    sizeof(without_tools) / sizeof(without_tools[0]));
	tcase_add_test(whole, asks_the_tools_of_a_live_machine);
	suite_add_tcase(s, whole);
	tcase_add_checked_fixture(small, setup, teardown);
	tcase_add_test(small, orders_lines_by_type_and_file);
	tcase_add_test(small, narrows_the_model);
	tcase_add_test(small, ignores_wrong_links);
	tcase_add_test(small, has_room_for_256_devices);
	suite_add_tcase(s, small);
	tcase_set_timeout(cpus, 120);
	tcase_add_test(cpus, reads_processors);
	tcase_add_test(cpus, does_not_overflow_a_list);
	tcase_add_loop_test(cpus, refuses_wrong_words, 0, sizeof(wrong_words) / sizeof(wrong_words[0]));
	tcase_add_loop_test(cpus, refuses_wrong_xml, 0, sizeof(wrong_xml) / sizeof(wrong_xml[0]));
	tcase_add_loop_test(cpus, survives_damaged_xml, 0, 2);
	tcase_add_test(cpus, limits_xml);
	tcase_add_test(cpus, reads_this_machine);
	suite_add_tcase(s, cpus);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
