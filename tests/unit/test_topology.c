/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine is a small tree of files in the form of sysfs, made here: two NUMA domains, four cards of one
 * vendor, two adapters, and what only looks like a card.
 */
#include <check.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/topology.h"

static const char catalogue[] =
	"{\"vendors\":[{\"name\":\"nvidia\",\"pci_vendors\":[\"10de\"],\"collectives\":\"NCCL\"},"
	"{\"name\":\"amd\",\"pci_vendors\":[\"1002\"],\"collectives\":\"RCCL\"},"
	"{\"name\":\"ascend\",\"pci_vendors\":[\"19e5\"],\"pci_classes\":[\"12\"],\"pci_other\":[\"19e5:a250\"],"
	"\"collectives\":\"HCCL\"}],\"models\":[]}";

static char root[64];
static struct weft_catalogue *cat;
static struct weft_topology topo;

/* Write TEXT into a file below the root, whose directories are made. */
static void put(const char *text, const char *format, ...)
{
	char path[512];
	va_list args;
	FILE *f;
	int len = snprintf(path, sizeof(path), "%s/", root);

	va_start(args, format);
	vsnprintf(path + len, sizeof(path) - len, format, args);
	va_end(args);
	for (char *slash = path + len; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		ck_assert(!mkdir(path, 0700) || errno == EEXIST);
		*slash = '/';
	}
	f = fopen(path, "w");
	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* A PCI device at PATH ("pci0000:00/0000:00:01.0/0000:01:00.0") in NUMA domain NUMA. */
static void pci(const char *path, unsigned vendor, unsigned device, unsigned class, int numa)
{
	const char *address = strrchr(path, '/') + 1;
	char text[128], link[512], target[512];

	snprintf(text, sizeof(text), "pci:v%08Xd%08Xsv00000000sd00000000bc%02Xsc%02Xi%02X\n", vendor, device,
		 class >> 16, class >> 8 & 0xff, class & 0xff);
	put(text, "devices/%s/modalias", path);
	snprintf(text, sizeof(text), "%d\n", numa);
	put(text, "devices/%s/numa_node", path);
	put(numa == 1 ? "32-63\n" : "0-31\n", "devices/%s/local_cpulist", path);
	put("", "bus/pci/devices/.keep");
	snprintf(link, sizeof(link), "%s/bus/pci/devices/%s", root, address);
	snprintf(target, sizeof(target), "../../../devices/%s", path);
	ck_assert_int_eq(symlink(target, link), 0);
}

static void setup(void)
{
	cat = weft_catalogue_parse("test", catalogue, strlen(catalogue), NULL, NULL, 0, NULL);
	ck_assert_ptr_nonnull(cat);
	snprintf(root, sizeof(root), "/tmp/weft-sysfs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void teardown(void)
{
	char command[128];

	weft_topology_clear(&topo);
	weft_catalogue_destroy(cat);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	ck_assert_int_eq(system(command), 0);
}

static void read_tree(void)
{
	struct weft_err err = WEFT_ERR_INIT;

	ck_assert_int_eq(weft_topology_read(&topo, root, cat, &err), 0);
	ck_assert_str_eq(err.text, "");
}

static void machine(unsigned vendor, unsigned device)
{
	/* A switch in each half, with two cards and an adapter. */
	pci("pci0000:10/0000:10:01.0/0000:12:00.0", vendor, device, 0x030200, 0);
	pci("pci0000:10/0000:10:01.0/0000:13:00.0", vendor, device, 0x030200, 0);
	pci("pci0000:10/0000:10:01.0/0000:14:00.0", 0x15b3, 0x1021, 0x020700, 0);
	put("400 Gb/sec (4X NDR)\n",
	    "devices/pci0000:10/0000:10:01.0/0000:14:00.0/infiniband/mlx5_0/ports/1/rate");
	pci("pci0000:80/0000:80:01.0/0000:82:00.0", vendor, device, 0x030200, 1);
	pci("pci0000:80/0000:80:01.0/0000:83:00.0", vendor, device, 0x030200, 1);
	pci("pci0000:80/0000:80:03.0/0000:90:00.0", 0x8086, 0x1592, 0x020000, 1);
	put("100000\n", "devices/pci0000:80/0000:80:03.0/0000:90:00.0/net/eth0/speed");
	/* The same vendor's audio function, another's display, an adapter without a driver. */
	pci("pci0000:10/0000:10:01.0/0000:12:00.1", vendor, 0x1234, 0x040300, 0);
	pci("pci0000:10/0000:10:02.0/0000:20:00.0", 0x1a03, 0x2000, 0x030000, 0);
	pci("pci0000:10/0000:10:02.0/0000:21:00.0", 0x15b3, 0x1021, 0x020000, 0);
	for (int i = 0; i < 2; i++) {
		put(i ? "32-63\n" : "0-31\n", "devices/system/node/node%d/cpulist", i);
		put("Node 0 MemTotal:       263740616 kB\nNode 0 MemFree: 1 kB\n",
		    "devices/system/node/node%d/meminfo", i);
	}
	put("0-1\n", "devices/system/node/online");
}

START_TEST(a_machine)
{
	machine(0x10de, 0x2330);
	read_tree();
	ck_assert_uint_eq(topo.n_cards, 4);
	ck_assert_str_eq(topo.cards[0].pci.address, "0000:12:00.0");
	ck_assert_str_eq(topo.cards[3].pci.address, "0000:83:00.0");
	ck_assert_str_eq(topo.cards[3].vendor->name, "nvidia");
	ck_assert_uint_eq(topo.cards[3].pci.device, 0x2330);
	ck_assert_int_eq(topo.cards[3].pci.numa, 1);
	ck_assert_str_eq(topo.cards[3].pci.cpus, "32-63");
	ck_assert_str_eq(topo.cards[3].pci.path, "pci0000:80/0000:80:01.0/0000:83:00.0");
	ck_assert_int_eq(topo.cards[0].island, WEFT_TOPOLOGY_NONE);
	ck_assert_uint_eq(topo.n_nics, 2);
	ck_assert_str_eq(topo.nics[0].name, "mlx5_0");
	ck_assert_double_eq(topo.nics[0].gbps, 400);
	ck_assert_str_eq(topo.nics[1].name, "eth0");
	ck_assert_double_eq(topo.nics[1].gbps, 100);
	ck_assert_uint_eq(topo.n_numa, 2);
	ck_assert_str_eq(topo.numa[1].cpus, "32-63");
	ck_assert_uint_eq(topo.numa[1].memory_mib, 257559);
}
END_TEST

START_TEST(nearness)
{
	machine(0x10de, 0x2330);
	read_tree();
	ck_assert_int_eq(weft_topology_nearness(&topo.cards[0], &topo.nics[0]), 3);
	ck_assert_int_eq(weft_topology_nearness(&topo.cards[2], &topo.nics[1]), 2);
	ck_assert_int_eq(weft_topology_nearness(&topo.cards[0], &topo.nics[1]), 0);
	free(topo.nics[1].pci.path);
	topo.nics[1].pci.path = NULL;
	ck_assert_int_eq(weft_topology_nearness(&topo.cards[2], &topo.nics[1]), 1);
}
END_TEST

START_TEST(nvswitches)
{
	machine(0x10de, 0x2330);
	pci("pci0000:10/0000:10:05.0/0000:30:00.0", 0x10de, 0x22a3, 0x068000, 0);
	read_tree();
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(topo.cards[i].island, 0);
}
END_TEST

/* Cards 0 and 1 are linked, and so are 2 and 3. */
START_TEST(xgmi)
{
	static const unsigned location[] = { 0x1200, 0x1300, 0x8200, 0x8300 };
	char text[128];

	machine(0x1002, 0x74a1);
	put("cpu_cores_count 32\nlocation_id 0\n", "class/kfd/kfd/topology/nodes/0/properties");
	for (unsigned i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "cpu_cores_count 0\nlocation_id %u\ndomain 0\n", location[i]);
		put(text, "class/kfd/kfd/topology/nodes/%u/properties", i + 1);
		put("type 2\nnode_from 1\nnode_to 0\n",
		    "class/kfd/kfd/topology/nodes/%u/io_links/0/properties", i + 1);
		snprintf(text, sizeof(text), "type 11\nversion_major 0\nnode_from %u\nnode_to %u\n", i + 1,
			 (i ^ 1) + 1);
		put(text, "class/kfd/kfd/topology/nodes/%u/io_links/1/properties", i + 1);
	}
	read_tree();
	ck_assert_int_ne(topo.cards[0].island, WEFT_TOPOLOGY_NONE);
	ck_assert_int_eq(topo.cards[0].island, topo.cards[1].island);
	ck_assert_int_eq(topo.cards[2].island, topo.cards[3].island);
	ck_assert_int_ne(topo.cards[0].island, topo.cards[2].island);
}
END_TEST

START_TEST(slurms_numbers)
{
	const struct weft_vendor *nvidia = weft_catalogue_find_vendor(cat, "nvidia");

	machine(0x10de, 0x2330);
	read_tree();
	ck_assert_ptr_eq(weft_topology_card(&topo, nvidia, 2), &topo.cards[2]);
	ck_assert_ptr_null(weft_topology_card(&topo, nvidia, 4));
	ck_assert_ptr_null(weft_topology_card(&topo, NULL, 0));
	ck_assert_ptr_null(weft_topology_card(&topo, weft_catalogue_find_vendor(cat, "amd"), 0));
	/* Of two kinds nobody knows in which order gres.conf has them. */
	topo.cards[3].pci.device = 0x20b0;
	ck_assert_ptr_null(weft_topology_card(&topo, nvidia, 0));
}
END_TEST

/* As for "weft detect": classes and exceptions of the catalogue, and no virtual functions. */
START_TEST(what_is_a_card)
{
	pci("pci0000:10/0000:10:01.0/0000:12:00.0", 0x19e5, 0xd802, 0x120000, 0);
	pci("pci0000:10/0000:10:01.0/0000:12:00.1", 0x19e5, 0xd802, 0x120000, 0);
	put("", "devices/pci0000:10/0000:10:01.0/0000:12:00.1/physfn/.keep");
	pci("pci0000:10/0000:10:02.0/0000:13:00.0", 0x19e5, 0xa250, 0x120000, 0);
	pci("pci0000:10/0000:10:03.0/0000:14:00.0", 0x19e5, 0x1711, 0x030000, 0);
	pci("pci0000:10/0000:10:04.0/0000:15:00.0", 0x15b3, 0x1021, 0x020700, 0);
	put("400 Gb/sec (4X NDR)\n",
	    "devices/pci0000:10/0000:10:04.0/0000:15:00.0/infiniband/mlx5_0/ports/1/rate");
	pci("pci0000:10/0000:10:04.0/0000:15:00.1", 0x15b3, 0x1021, 0x020700, 0);
	put("400 Gb/sec (4X NDR)\n",
	    "devices/pci0000:10/0000:10:04.0/0000:15:00.1/infiniband/mlx5_1/ports/1/rate");
	put("", "devices/pci0000:10/0000:10:04.0/0000:15:00.1/physfn/.keep");
	read_tree();
	ck_assert_uint_eq(topo.n_cards, 1);
	ck_assert_str_eq(topo.cards[0].pci.address, "0000:12:00.0");
	ck_assert_uint_eq(topo.n_nics, 1);
	ck_assert_str_eq(topo.nics[0].name, "mlx5_0");
}
END_TEST

START_TEST(nothing_there)
{
	struct weft_err err = WEFT_ERR_INIT;

	read_tree();
	ck_assert_uint_eq(topo.n_cards + topo.n_nics + topo.n_numa, 0);
	ck_assert_int_eq(weft_topology_read(&topo, "/nowhere", cat, &err), -1);
	ck_assert_str_eq(err.text, "/nowhere: No such file or directory");
}
END_TEST

START_TEST(rubbish)
{
	put("pci:nonsense\n", "devices/pci0000:00/0000:01:00.0/modalias");
	put("", "bus/pci/devices/0000:02:00.0/modalias");
	put("pci:v000010DEd0000ZZZZsv00000000sd00000000bc03sc02i00", "bus/pci/devices/0000:03:00.0/modalias");
	put("pci:v000010DEd00002330sv00000000sd00000000bc03sc02i00",
	    "bus/pci/devices/a-name-that-is-no-address/modalias");
	put("pci:v000010DEd00002330sv00000000sd00000000bc03sc02i00", "bus/pci/devices/0000:04:00.0/modalias");
	put("many\n", "bus/pci/devices/0000:04:00.0/numa_node");
	put("0-31; rm\n", "bus/pci/devices/0000:04:00.0/local_cpulist");
	put("x\n", "devices/system/node/node0/cpulist");
	put("x\n", "devices/system/node/nodex/cpulist");
	read_tree();
	ck_assert_uint_eq(topo.n_cards, 1);
	ck_assert_str_eq(topo.cards[0].pci.address, "0000:04:00.0");
	ck_assert_int_eq(topo.cards[0].pci.numa, WEFT_TOPOLOGY_NONE);
	ck_assert_ptr_null(topo.cards[0].pci.cpus);
	ck_assert_ptr_null(topo.cards[0].pci.path);
	ck_assert_uint_eq(topo.n_numa, 1);
	ck_assert_ptr_null(topo.numa[0].cpus);
}
END_TEST

/* ---------------------------------------------------------------- files */

static const char ticket_text[] = "weft-ticket 1\njob cluster=c id=7 uid=1 restarts=0 issued=1\n"
				  "group gres=gpu:h100 vendor=nvidia model=h100 cards=4 memory=80 rate=3 "
				  "tdp=700 watts=650 limit=600 budget=700\n"
				  "group gres=npu:910b vendor=ascend cards=8 rate=1\nruns 2*0 0:2 1\nend\n";

static const unsigned devices[] = { 1, 2 };

static struct weft_topo_step step_of(struct weft_ticket *ticket)
{
	return (struct weft_topo_step){
		.topo = &topo,
		.catalogue = cat,
		.ticket = ticket,
		.job_id = 7,
		.step = "0",
		.node = "n\"2",
		.node_index = 2,
		.hosts = "n[0-3]",
		.switches = "s0.s1.n2",
		.levels = "switch.switch.node",
		.vendor = weft_catalogue_find_vendor(cat, "nvidia"),
		.model = "h100",
		.devices = devices,
		.n_devices = 2,
	};
}

static struct json_object *at(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	ck_assert_msg(json_object_object_get_ex(object, key, &value), "no %s in %s", key,
		      json_object_to_json_string(object));
	return value;
}

static void expect_text(struct json_object *object, const char *key, const char *text)
{
	ck_assert_str_eq(json_object_get_string(at(object, key)), text);
}

/* Every key of OBJECT is one of the words of KEYS: what doc/topology.md lists. */
static void only_keys(struct json_object *object, const char *keys)
{
	char word[64];

	json_object_object_foreach(object, key, value)
	{
		(void)value;
		snprintf(word, sizeof(word), " %s ", key);
		ck_assert_msg(strstr(keys, word) != NULL, "key %s is not among%s", key, keys);
	}
}

static void check_schema(struct json_object *file)
{
	struct json_object *list;

	only_keys(file, " format job node groups runs devices numa nics ");
	ck_assert_int_eq(json_object_get_int(at(file, "format")), 1);
	only_keys(at(file, "job"), " id step hosts cluster nodes ");
	only_keys(at(file, "node"), " name index group switch_path switch_levels ");
	if (json_object_object_get_ex(file, "groups", &list)) {
		for (size_t i = 0; i < json_object_array_length(list); i++)
			only_keys(json_object_array_get_idx(list, i),
				  " gres vendor model nodes cards weight card_memory_gib card_tdp_w "
				  "card_expected_w "
				  "card_limit_w ");
	}
	list = at(file, "devices");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		only_keys(json_object_array_get_idx(list, i),
			  " index vendor model memory_gib pci numa cpus island nics ");
	list = at(file, "numa");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		only_keys(json_object_array_get_idx(list, i), " id cpus memory_mib ");
	list = at(file, "nics");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		only_keys(json_object_array_get_idx(list, i), " name pci numa cpus gbps ");
}

static struct json_object *json_of(const struct weft_topo_step *step)
{
	size_t len = 0;
	char *text = weft_topology_json(step, &len);
	struct json_object *file;

	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(len, strlen(text));
	file = json_tokener_parse(text);
	ck_assert_msg(file != NULL, "no JSON: %s", text);
	check_schema(file);
	free(text);
	return file;
}

START_TEST(json)
{
	struct weft_ticket *ticket = weft_ticket_parse(ticket_text, strlen(ticket_text), NULL);
	struct weft_topo_step step = step_of(ticket);
	struct json_object *file, *device;

	machine(0x10de, 0x2330);
	pci("pci0000:10/0000:10:05.0/0000:30:00.0", 0x10de, 0x22a3, 0x068000, 0);
	read_tree();
	file = json_of(&step);
	expect_text(at(file, "job"), "hosts", "n[0-3]");
	expect_text(at(file, "job"), "nodes", "4");
	expect_text(at(file, "node"), "name", "n\"2");
	expect_text(at(file, "node"), "group", "0");
	expect_text(at(file, "node"), "switch_path", "s0.s1.n2");
	expect_text(json_object_array_get_idx(at(file, "groups"), 0), "weight", "0.7895");
	expect_text(json_object_array_get_idx(at(file, "groups"), 0), "card_limit_w", "600");
	expect_text(json_object_array_get_idx(at(file, "groups"), 1), "nodes", "1");
	expect_text(json_object_array_get_idx(at(file, "runs"), 1), "cards", "2");
	ck_assert_uint_eq(json_object_array_length(at(file, "devices")), 2);
	device = json_object_array_get_idx(at(file, "devices"), 1);
	expect_text(device, "index", "2");
	expect_text(device, "pci", "0000:82:00.0");
	expect_text(device, "numa", "1");
	expect_text(device, "cpus", "32-63");
	expect_text(device, "memory_gib", "80");
	expect_text(device, "island", "0");
	expect_text(device, "nics", "[ \"eth0\" ]");
	expect_text(json_object_array_get_idx(at(file, "devices"), 0), "nics", "[ \"mlx5_0\" ]");
	expect_text(json_object_array_get_idx(at(file, "nics"), 0), "gbps", "400");
	expect_text(json_object_array_get_idx(at(file, "numa"), 1), "memory_mib", "257559");
	json_object_put(file);
	weft_ticket_destroy(ticket);
}
END_TEST

/* No ticket, no cards to be seen, a vendor that is not known. */
START_TEST(json_of_little)
{
	struct weft_topo_step step = step_of(NULL);
	struct json_object *file;

	step.vendor = NULL;
	step.hosts = step.switches = step.levels = NULL;
	step.model = "a\nb\xff";
	file = json_of(&step);
	expect_text(json_object_array_get_idx(at(file, "devices"), 0), "model", "a\nb\xc3\xbf");
	ck_assert_uint_eq(json_object_array_length(at(file, "nics")), 0);
	ck_assert(!json_object_object_get_ex(file, "groups", NULL));
	json_object_put(file);
}
END_TEST

START_TEST(nccl)
{
	struct weft_topo_step step = step_of(NULL);
	size_t len;
	char *text;

	machine(0x10de, 0x2330);
	read_tree();
	text = weft_topology_nccl(&step, &len, NULL);
	ck_assert_str_eq(
		text,
		"<system version=\"1\">\n"
		"  <cpu numaid=\"0\">\n"
		"    <pci busid=\"0000:10:01.0\" class=\"0x060400\">\n"
		"    <pci busid=\"0000:13:00.0\" class=\"0x030200\" vendor=\"0x10de\" device=\"0x2330\">\n"
		"      <gpu dev=\"0\"/>\n"
		"    </pci>\n"
		"    <pci busid=\"0000:14:00.0\" class=\"0x020700\" vendor=\"0x15b3\" device=\"0x1021\">\n"
		"      <nic><net name=\"mlx5_0\" speed=\"400000\"/></nic>\n"
		"    </pci>\n"
		"    </pci>\n"
		"  </cpu>\n"
		"  <cpu numaid=\"1\">\n"
		"    <pci busid=\"0000:82:00.0\" class=\"0x030200\" vendor=\"0x10de\" device=\"0x2330\">\n"
		"      <gpu dev=\"1\"/>\n"
		"    </pci>\n"
		"    <pci busid=\"0000:90:00.0\" class=\"0x020000\" vendor=\"0x8086\" device=\"0x1592\">\n"
		"      <nic><net name=\"eth0\" speed=\"100000\"/></nic>\n"
		"    </pci>\n"
		"  </cpu>\n"
		"</system>\n");
	ck_assert_uint_eq(len, strlen(text));
	free(text);
}
END_TEST

START_TEST(rccl_and_others)
{
	struct weft_topo_step step = step_of(NULL);
	struct weft_err err = WEFT_ERR_INIT;
	size_t len;
	char *text;

	ck_assert_ptr_null(weft_topology_nccl(&step, &len, &err));
	ck_assert_str_eq(err.text, "nccl: this node does not tell where card 1 is");
	err.text[0] = '\0';
	step.vendor = weft_catalogue_find_vendor(cat, "ascend");
	ck_assert_ptr_null(weft_topology_nccl(&step, &len, &err));
	ck_assert_str_eq(err.text, "nccl: the cards' library is neither NCCL nor RCCL");
	machine(0x1002, 0x74a1);
	read_tree();
	step.vendor = weft_catalogue_find_vendor(cat, "amd");
	text = weft_topology_nccl(&step, &len, NULL);
	ck_assert_int_eq(strncmp(text, "<system version=\"2\">\n", 21), 0);
	free(text);
}
END_TEST

START_TEST(hostfile)
{
	struct weft_ticket *ticket = weft_ticket_parse(ticket_text, strlen(ticket_text), NULL);
	char *hosts[] = { "a", "b", "c", "d", NULL };
	size_t len;
	char *text = weft_topology_hostfile(ticket, hosts, &len);

	ck_assert_str_eq(
		text,
		"a slots=4 type=h100\nb slots=4 type=h100\nc slots=2 type=h100\nd slots=8 type=npu:910b\n");
	free(text);
	weft_ticket_destroy(ticket);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("topology");
	TCase *tc = tcase_create("topology");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_machine);
	tcase_add_test(tc, nearness);
	tcase_add_test(tc, nvswitches);
	tcase_add_test(tc, xgmi);
	tcase_add_test(tc, slurms_numbers);
	tcase_add_test(tc, what_is_a_card);
	tcase_add_test(tc, nothing_there);
	tcase_add_test(tc, rubbish);
	tcase_add_test(tc, json);
	tcase_add_test(tc, json_of_little);
	tcase_add_test(tc, nccl);
	tcase_add_test(tc, rccl_and_others);
	tcase_add_test(tc, hostfile);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}
