/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_detect_smi.c - what vendors' tools print, child processes, PCI addresses and ids. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/child.h"
#include "core/pci.h"
#include "core/smi.h"

static struct weft_smi smi;
static struct weft_err err;

static void setup(void)
{
	memset(&smi, 0, sizeof(smi));
	err.text[0] = '\0';
}

static void teardown(void)
{
	weft_smi_clear(&smi);
}

static const char *address(size_t i)
{
	static char text[WEFT_PCI_ADDRESS_SIZE];

	return weft_pci_text(smi.cards[i].address, text);
}

/* CSV */

static int csv(const char *text)
{
	return weft_smi_parse_csv(&smi, text, strlen(text), &err);
}

START_TEST(reads_csv)
{
	ck_assert_int_eq(csv("0, 00000000:1B:00.0, NVIDIA H100 80GB HBM3, 81559, 700.00\n"
			     "\n1, 00000000:43:00.0, Tesla T4, [N/A], [Not Supported]\n"),
			 0);
	ck_assert_uint_eq(smi.n_cards, 2);
	ck_assert_str_eq(address(0), "0000:1b:00.0");
	ck_assert_str_eq(smi.cards[0].name, "NVIDIA H100 80GB HBM3");
	ck_assert_double_eq(smi.cards[0].memory_mib, 81559);
	ck_assert_double_eq(smi.cards[0].power_w, 700);
	ck_assert_int_eq(smi.cards[1].index, 1);
	ck_assert_double_eq(smi.cards[1].memory_mib, 0);
	ck_assert_double_eq(smi.cards[1].power_w, 0);
	ck_assert_int_eq(csv(""), 0);
}
END_TEST

static const struct {
	const char *text, *error;
} wrong_csv[] = {
	{ "No devices were found\n", "line 1: five fields are wanted" },
	{ "0, 1b:00.0, a, 1, 2, 3\n", "line 1: five fields are wanted" },
	{ "x, 0000:1b:00.0, a, 1, 2\n", "line 1: the first field must be a number" },
	{ "1.5, 0000:1b:00.0, a, 1, 2\n", "line 1: the first field must be a number" },
	{ "0, 0000:1b:00.0x, a, 1, 2\n", "line 1: the second field must be a PCI address" },
	{ "0, 0000:1b:00.0, a, -1, 2\n", "line 1: the fourth field must be the memory in MiB" },
	{ "0, 0000:1b:00.0, a, 1e99, 2\n", "line 1: the fourth field must be the memory in MiB" },
	{ "0, 0000:1b:00.0, a, 1, 2 W\n", "line 1: the fifth field must be the power limit in W" },
	{ "0, 0000:1b:00.0, a, 1, 2\n1, 0000:1b:00.0, a, 1, 2\n", "line 2: a PCI address comes twice" },
};

START_TEST(refuses_csv)
{
	ck_assert_int_eq(csv(wrong_csv[_i].text), -1);
	ck_assert_str_eq(err.text, wrong_csv[_i].error);
	ck_assert_uint_eq(smi.n_cards, 0);
}
END_TEST

START_TEST(has_room_for_256)
{
	char *text = malloc(64 * 300);
	size_t len = 0;

	for (int i = 0; i < 257; i++)
		len += (size_t)snprintf(text + len, 64, "%d, %04x:01:00.0, a, 1, 1\n", i, i);
	ck_assert_int_eq(weft_smi_parse_csv(&smi, text, len, &err), -1);
	ck_assert_str_eq(err.text, "line 257: more than 256 cards");
	free(text);
}
END_TEST

/* Tables */

static int table(const char *text, int bare)
{
	return weft_smi_parse_table(&smi, text, strlen(text), bare, &err);
}

static const char npu[] =
	"+------------------------------------------------------------------------------------------------+\n"
	"| npu-smi 24.1.rc1                 Version: 24.1.rc1                                             |\n"
	"+---------------------------+---------------+----------------------------------------------------+\n"
	"| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|\n"
	"| Chip                      | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)        |\n"
	"+===========================+===============+====================================================+\n"
	"| 0     910B3               | OK            | 92.3        37                0    / 0             |\n"
	"| 0                         | 0000:C1:00.0  | 0           0    / 0          3161 / 65536         |\n"
	"+===========================+===============+====================================================+\n"
	"| 1     910B3               | OK            | 89.0        36                15   / 15            |\n"
	"| 0                         | 0000:C2:00.0  | 0           0    / 0          3161 / 65536         |\n"
	"+===========================+===============+====================================================+\n"
	"| NPU     Chip              | Process id    | Process name             | Process memory(MB)      |\n"
	"+===========================+===============+====================================================+\n"
	"| No running processes found in NPU 0                                                            |\n"
	"+===========================+===============+====================================================+"
	"\n";

START_TEST(reads_the_table_of_npu_smi)
{
	ck_assert_int_eq(table(npu, 1), 0);
	ck_assert_uint_eq(smi.n_cards, 2);
	ck_assert_str_eq(address(0), "0000:c1:00.0");
	ck_assert_str_eq(smi.cards[1].name, "910B3");
	ck_assert_int_eq(smi.cards[1].index, 1);
	ck_assert_double_eq(smi.cards[1].memory_mib, 65536);
	ck_assert_double_eq(smi.cards[1].power_w, 0);
}
END_TEST

START_TEST(reads_the_table_of_cnmon)
{
	ck_assert_int_eq(
		table("Mon Jan  1 00:00:00 2024\n"
		      "+------------------------------------------------------------------------------+\n"
		      "| CNMON v5.10.10                                           Driver v5.10.10      |\n"
		      "+-------------------------------+----------------------+-----------------------+\n"
		      "| Card  VF  Name       Firmware |               Bus-Id | Util        Ecc-Error |\n"
		      "| Fan   Temp      Pwr:Usage/Cap |         Memory-Usage | Mode     Compute-Mode |\n"
		      "|===============================+======================+=======================|\n"
		      "| 3     /   MLU370-X8    v1.1.4 |         0000:52:00.0 | 0%                  0 |\n"
		      "|  0%   28C         57 W/ 250 W |     0 MiB/ 49152 MiB | FULL          Default |\n"
		      "+-------------------------------+----------------------+-----------------------+\n",
		      0),
		0);
	ck_assert_uint_eq(smi.n_cards, 1);
	ck_assert_int_eq(smi.cards[0].index, 3);
	ck_assert_str_eq(smi.cards[0].name, "/ MLU370-X8 v1.1.4");
	ck_assert_double_eq(smi.cards[0].memory_mib, 49152);
	ck_assert_double_eq(smi.cards[0].power_w, 250);
}
END_TEST

START_TEST(reads_the_table_of_mthreads_gmi)
{
	ck_assert_int_eq(table("---------------------------------------------------------------------\n"
			       "    mthreads-gmi:2.4.1           Driver Version:5.1.0-server\n"
			       "---------------------------------------------------------------------\n"
			       "ID   Name                 |PCIe                |%GPU  Mem\n"
			       "     Device Type   Perf   |Pcie Lane Width     |Temp  MPC Capable\n"
			       "+-------------------------------------------------------------------+\n"
			       "0    MTT S5000            |00000000:18:00.0    |0%    12MiB(81920MiB)\n"
			       "     Physical      P0     |16x(16x)            |48C   YES\n"
			       "                                               |      On-die, EDC\n"
			       "+-------------------------------------------------------------------+\n"
			       "1    MTT S5000            |00000000:3a:00.0    |0%    0MiB(81920MiB)\n"
			       "---------------------------------------------------------------------\n"
			       "Processes:\n"
			       "ID   PID       Process name                         GPU Memory\n",
			       0),
			 0);
	ck_assert_uint_eq(smi.n_cards, 2);
	ck_assert_str_eq(smi.cards[0].name, "MTT S5000");
	ck_assert_double_eq(smi.cards[0].memory_mib, 81920);
	ck_assert_str_eq(address(1), "0000:3a:00.0");
}
END_TEST

START_TEST(refuses_tables)
{
	ck_assert_int_eq(table("command failed\n", 0), -1);
	ck_assert_str_eq(err.text, "there is no card in the table");
	err.text[0] = '\0';
	ck_assert_int_eq(table("+--------+\n| 0 X | 0000:01:00.0 | 0000:02:00.0 |\n+--------+\n", 0), -1);
	ck_assert_str_eq(err.text, "line 3: two PCI addresses between two rules");
	err.text[0] = '\0';
	ck_assert_int_eq(table("+--------+\n| 0 X | 0000:01:00.0 |\n+--------+\n| 1 X | 0000:01:00.0 |\n", 0),
			 -1);
	ck_assert_str_eq(err.text, "line 4: a PCI address comes twice");
	ck_assert_uint_eq(smi.n_cards, 0);
	/* More in use than there is, no unit, another unit: no memory. */
	ck_assert_int_eq(
		table("| 0 X | 0000:01:00.0 | 9 MiB / 5 MiB | 1 / 64 | 1 GB / 2 GB | 1 MiBs / 2 MiBs\n", 0),
		0);
	ck_assert_double_eq(smi.cards[0].memory_mib, 0);
}
END_TEST

/* Matrices */

static int matrix(const char *text)
{
	return weft_smi_parse_matrix(&smi, text, strlen(text), &err);
}

START_TEST(reads_the_matrix_of_nvidia_smi)
{
	ck_assert_int_eq(matrix("\t\033[4mGPU0\tGPU1\tGPU2\tNIC0\tCPU Affinity\tNUMA Affinity\033[0m\n"
				"GPU0\t X \tNV18\tSYS\tPIX\t0-55,112-167\t0\n"
				"GPU1\tNV18\t X \tPXB\tSYS\t0-55\t0\n"
				"GPU2\tSYS\tPXB\t X \tSYS\t0-55\t0\n"
				"NIC0\tPIX\tSYS\tSYS\t X \n\nLegend:\n\n  X    = Self\n"
				"NIC Legend:\n\n  NIC0: mlx5_0\n"),
			 0);
	ck_assert_uint_eq(smi.n_links, 1);
	ck_assert_uint_eq(smi.links[0].a, 0);
	ck_assert_uint_eq(smi.links[0].b, 1);
	ck_assert_uint_eq(smi.links[0].count, 18);
	ck_assert_str_eq(smi.links[0].kind, "NV");
}
END_TEST

START_TEST(reads_the_matrix_of_npu_smi)
{
	ck_assert_int_eq(
		matrix("\t   NPU0       NPU1       CPU Affinity\nNPU0       X          HCCS       144-167\n"
		       "NPU1       HCCS       X          0-23\n\nLegend:\n\n  X    = Self\n"),
		0);
	ck_assert_uint_eq(smi.n_links, 1);
	ck_assert_uint_eq(smi.links[0].count, 1);
	ck_assert_str_eq(smi.links[0].kind, "HCCS");
}
END_TEST

static const struct {
	const char *text, *error;
} wrong_matrix[] = {
	{ "nothing\n", "line 1: there is no matrix" },
	{ " GPU0 GPU1\nGPU0 X NV1\n", "line 2: a row is missing" },
	{ " GPU0 GPU1\nGPU0 X NV1\nGPU1 NV2 X\n", "line 3: the matrix is not symmetric" },
	{ " GPU0 GPU0\nGPU0 X X\n", "line 2: X must stand for a card and itself" },
	{ " GPU0 GPU1\nGPU0 X wrong\n", "line 2: a cell says what no link is" },
	{ " GPU0 GPU1\nGPU0 X NV0\n", "line 2: a cell says what no link is" },
	{ " GPU0 GPU1\nGPU0 X\n", "line 2: a cell says what no link is" },
	{ " GPU0 GPU1\nGPU0 NV1 X\n", "line 2: X must stand for a card and itself" },
	{ " GPU0\nGPU1 X\n", "line 2: a row has no column, or comes twice" },
	{ " GPU0\nGPU0 X\nGPU0 X\n", "line 3: a row has no column, or comes twice" },
};

START_TEST(refuses_matrices)
{
	ck_assert_int_eq(matrix(wrong_matrix[_i].text), -1);
	ck_assert_str_eq(err.text, wrong_matrix[_i].error);
	ck_assert_uint_eq(smi.n_links, 0);
}
END_TEST

START_TEST(has_room_for_64_columns)
{
	char text[1024];
	size_t len = 0;

	for (int i = 0; i < 65; i++)
		len += (size_t)snprintf(text + len, 16, " GPU%d", i);
	ck_assert_int_eq(weft_smi_parse_matrix(&smi, text, len, &err), -1);
	ck_assert_str_eq(err.text, "line 1: more than 64 columns");
}
END_TEST

/* Children */

static int say(int fd, void *arg)
{
	const char *text = arg;

	return write(fd, text, strlen(text)) < 0;
}

static int give_up(int fd, void *arg)
{
	(void)fd;
	return *(int *)arg;
}

static int die(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
	return 0;
}

static int hang(int fd, void *arg)
{
	if (*(int *)arg) /* no more to say, and yet it goes on */
		close(fd);
	sleep(60);
	return 0;
}

static int flood(int fd, void *arg)
{
	char block[1000] = "";

	(void)arg;
	while (write(fd, block, sizeof(block)) > 0)
		;
	return 0;
}

START_TEST(hears_what_a_child_says)
{
	size_t len = 9;
	int seven = 7, no = 0, yes = 1;
	char *text = weft_child_call("it", say, "hello", 10, 100, &len, &err);

	ck_assert_str_eq(text, "hello");
	ck_assert_uint_eq(len, 5);
	free(text);
	text = weft_child_call("it", say, "", 10, 100, &len, &err);
	ck_assert_str_eq(text, "");
	free(text);
	ck_assert_ptr_null(weft_child_call("it", give_up, &seven, 10, 100, &len, &err));
	ck_assert_str_eq(err.text, "it: exit status 7");
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_child_call("it", die, NULL, 10, 100, &len, &err));
	ck_assert_str_eq(err.text, "it: it died of signal 15");
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_child_call("it", flood, NULL, 10, 5000, &len, &err));
	ck_assert_str_eq(err.text, "it: the answer has more than 5000 bytes");
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_child_call("it", hang, &no, 1, 100, &len, &err));
	ck_assert_str_eq(err.text, "it: no answer within 1 s");
	err.text[0] = '\0';
	ck_assert_ptr_null(weft_child_call("it", hang, &yes, 1, 100, &len, &err));
	ck_assert_str_eq(err.text, "it: it did not end within 1 s");
}
END_TEST

/* A script NAME in a new directory, which becomes PATH. */
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
	ck_assert_int_eq(setenv("PATH", dir, 1), 0);
}

static void uninstall(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	remove(path);
	remove(dir);
}

START_TEST(runs_programs)
{
	char dir[] = "/tmp/weft-smi.XXXXXX", *text;
	char *const there[] = { "weft-test", "a", NULL }, *const nowhere[] = { "weft-nowhere", NULL };
	char *const absolute[] = { "/bin/sh", "-c", "echo $LC_ALL", NULL };
	static const char *const dirs[] = { "/nonexistent", NULL };
	size_t len;
	int found;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	install(dir, "weft-test", "echo \"$1 $LC_ALL\"; echo no >&2\n");
	text = weft_child_run(there, NULL, 10, 100, &len, &found, &err);
	ck_assert_str_eq(text, "a C\n");
	free(text);
	ck_assert_ptr_null(weft_child_run(nowhere, dirs, 10, 100, &len, &found, &err));
	ck_assert_int_eq(found, 0);
	ck_assert_str_eq(err.text, "");
	setenv("PATH", "relative:.", 1);
	ck_assert_ptr_null(weft_child_run(there, NULL, 10, 100, &len, &found, &err));
	ck_assert_int_eq(found, 0);
	text = weft_child_run(absolute, NULL, 10, 100, &len, &found, &err);
	ck_assert_str_eq(text, "C\n");
	free(text);
	uninstall(dir, "weft-test");
}
END_TEST

START_TEST(asks_tools)
{
	char dir[] = "/tmp/weft-smi.XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(weft_smi_ask(&smi, "no-such-tool", &err), 0);
	ck_assert_int_eq(weft_smi_ask(&smi, NULL, &err), 0);
	install(dir, "nvidia-smi",
		"if [ \"$1\" = topo ]; then echo ' GPU0 GPU1'; echo GPU0 X NV4; echo GPU1 NV4 X\n"
		"else echo '0, 01:00.0, A, 1, 2'; echo '1, 02:00.0, A, 1, 2'; fi\n");
	ck_assert_int_eq(weft_smi_ask(&smi, "nvidia-smi", &err), 1);
	ck_assert_uint_eq(smi.n_cards, 2);
	ck_assert_uint_eq(smi.n_links, 1);
	weft_smi_clear(&smi);
	install(dir, "nvidia-smi",
		"if [ \"$1\" = topo ]; then echo none\n"
		"else echo '0, 01:00.0, A, 1, 2'; echo '1, 02:00.0, A, 1, 2'; fi\n");
	ck_assert_int_eq(weft_smi_ask(&smi, "nvidia-smi", &err), -1);
	ck_assert_str_eq(err.text,
			 "nvidia-smi: its matrix of links cannot be read: line 1: there is no matrix");
	ck_assert_uint_eq(smi.n_cards, 2);
	err.text[0] = '\0';
	install(dir, "nvidia-smi", "echo Unable to determine the device handle\n");
	ck_assert_int_eq(weft_smi_ask(&smi, "nvidia-smi", &err), -1);
	ck_assert_str_eq(err.text,
			 "nvidia-smi: its list of cards cannot be read: line 1: five fields are wanted");
	err.text[0] = '\0';
	install(dir, "nvidia-smi", "exit 9\n");
	ck_assert_int_eq(weft_smi_ask(&smi, "nvidia-smi", &err), -1);
	ck_assert_str_eq(err.text, "nvidia-smi: exit status 9");
	err.text[0] = '\0';
	install(dir, "nvidia-smi",
		"[ \"$1\" = topo ] && exit 3; echo '0, 01:00.0, A, 1, 2'; echo '1, 02:00.0, A, 1, 2'\n");
	ck_assert_int_eq(weft_smi_ask(&smi, "nvidia-smi", &err), -1);
	ck_assert_str_eq(err.text, "nvidia-smi: exit status 3");
	uninstall(dir, "nvidia-smi");
}
END_TEST

/* PCI */

static const struct {
	const char *text, *canonical;
	size_t len;
} addresses[] = {
	{ "0000:1b:00.0", "0000:1b:00.0", 12 },
	{ "00000000:1B:1f.7 ", "0000:1b:1f.7", 16 },
	{ "10000:01:00.0", "10000:01:00.0", 13 },
	{ "c1:02.3", "0000:c1:02.3", 7 },
	{ "1b", "", 0 },
	{ "000:1b:00.0", "", 0 },
	{ "0000:1b", "", 0 },
	{ "0000:1b:00", "", 0 },
	{ "0000:1b:20.0", "", 0 },
	{ "0000:1b:00.8", "", 0 },
	{ "0000:1b:00.00", "", 0 },
	{ "0000:1:00.0", "", 0 },
	{ "", "", 0 },
};

START_TEST(reads_pci_addresses)
{
	struct weft_pci_address a = { 0 };
	char text[WEFT_PCI_ADDRESS_SIZE];

	ck_assert_uint_eq(weft_pci_parse(addresses[_i].text, &a), addresses[_i].len);
	if (addresses[_i].len > 0)
		ck_assert_str_eq(weft_pci_text(a, text), addresses[_i].canonical);
}
END_TEST

static const char catalogue_text[] =
	"{\"vendors\":[{\"name\":\"one\",\"pci_vendors\":[\"10de\"],\"pci_classes\":[\"0302\",\"12\"],"
	"\"pci_other\":[\"10de:0bad\"]},{\"name\":\"two\",\"pci_vendors\":[\"1d94\"]}],"
	"\"models\":[{\"name\":\"a2\",\"vendor\":\"one\",\"pci_ids\":[\"10de:25b6/10de:157E\"]},"
	"{\"name\":\"a16\",\"vendor\":\"one\",\"pci_ids\":[\"10de:25b6/10de:14a9\"]},"
	"{\"name\":\"x\",\"vendor\":\"one\",\"pci_ids\":[\"10de:0001\"]},"
	"{\"name\":\"y\",\"vendor\":\"one\",\"pci_ids\":[\"10de:0001\"]},"
	"{\"name\":\"z\",\"vendor\":\"one\",\"pci_ids\":[\"10de:0001/1028:0002\"]}]}";

static const struct {
	struct weft_pci_ids ids;
	const char *vendor;
	size_t n;
	const char *first;
} matches[] = {
	{ { 0x10de, 0x25b6, 0x10de, 0x157e, 0x030200 }, "one", 1, "a2" },
	{ { 0x10de, 0x25b6, 0x10de, 0x14a9, 0x030200 }, "one", 1, "a16" },
	{ { 0x10de, 0x25b6, 0x10de, 0xffff, 0x030200 }, "one", 0, NULL },
	{ { 0x10de, 0x0001, 0, 0, 0x030200 }, "one", 2, "x" },
	{ { 0x10de, 0x0001, 0x1028, 2, 0x030200 }, "one", 1, "z" },
	{ { 0x10de, 0x0001, 0, 0, 0x088000 }, "one", 2, "x" }, /* the id is known, whatever the class */
	{ { 0x10de, 0x0001, 0, 0, 0x020000 }, NULL, 0, NULL }, /* but that is a network card */
	{ { 0x10de, 0x0bad, 0, 0, 0x120000 }, NULL, 0, NULL }, /* listed as something else */
	{ { 0x10de, 0x0bae, 0, 0, 0x120100 }, "one", 0, NULL },
	{ { 0x10de, 0x0bae, 0, 0, 0x030000 }, NULL, 0, NULL },	/* not one of its classes */
	{ { 0x10de, 0x0bae, 0, 0, 0x040300 }, NULL, 0, NULL },	/* sound */
	{ { 0x1d94, 0x1480, 0, 0, 0x060000 }, NULL, 0, NULL },	/* bridge */
	{ { 0x1d94, 0x9999, 0, 0, 0x0b4000 }, "two", 0, NULL }, /* a usual class */
	{ { 0x1d94, 0x9999, 0, 0, 0x0b3000 }, NULL, 0, NULL },
	{ { 0x1234, 0x0001, 0, 0, 0x120000 }, NULL, 0, NULL },
};

START_TEST(matches_pci_ids)
{
	struct weft_catalogue *cat =
		weft_catalogue_parse("c", catalogue_text, strlen(catalogue_text), NULL, NULL, 0, &err);
	struct weft_pci_match match;

	ck_assert_msg(cat != NULL, "%s", err.text);
	ck_assert_int_eq(weft_pci_match(cat, &matches[_i].ids, &match), matches[_i].vendor != NULL);
	if (matches[_i].vendor)
		ck_assert_str_eq(match.vendor->name, matches[_i].vendor);
	ck_assert_uint_eq(match.n, matches[_i].n);
	if (matches[_i].first)
		ck_assert_str_eq(match.models[0]->name, matches[_i].first);
	weft_catalogue_destroy(cat);
}
END_TEST

START_TEST(knows_network_adapters)
{
	ck_assert(weft_pci_is_nic(0x020000));
	ck_assert(weft_pci_is_nic(0x020700));
	ck_assert(weft_pci_is_nic(0x020800));
	ck_assert(!weft_pci_is_nic(0x028000));
	ck_assert(!weft_pci_is_nic(0x030200));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("detect_smi");
	TCase *tc = tcase_create("smi"), *children = tcase_create("children"), *pci = tcase_create("pci");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_checked_fixture(children, setup, teardown);
	tcase_add_checked_fixture(pci, setup, teardown);
	tcase_set_timeout(children, 60);
	tcase_add_test(tc, reads_csv);
	tcase_add_loop_test(tc, refuses_csv, 0, sizeof(wrong_csv) / sizeof(wrong_csv[0]));
	tcase_add_test(tc, has_room_for_256);
	tcase_add_test(tc, reads_the_table_of_npu_smi);
	tcase_add_test(tc, reads_the_table_of_cnmon);
	tcase_add_test(tc, reads_the_table_of_mthreads_gmi);
	tcase_add_test(tc, refuses_tables);
	tcase_add_test(tc, reads_the_matrix_of_nvidia_smi);
	tcase_add_test(tc, reads_the_matrix_of_npu_smi);
	tcase_add_loop_test(tc, refuses_matrices, 0, sizeof(wrong_matrix) / sizeof(wrong_matrix[0]));
	tcase_add_test(tc, has_room_for_64_columns);
	suite_add_tcase(s, tc);
	tcase_add_test(children, hears_what_a_child_says);
	tcase_add_test(children, runs_programs);
	tcase_add_test(children, asks_tools);
	suite_add_tcase(s, children);
	tcase_add_loop_test(pci, reads_pci_addresses, 0, sizeof(addresses) / sizeof(addresses[0]));
	tcase_add_loop_test(pci, matches_pci_ids, 0, sizeof(matches) / sizeof(matches[0]));
	tcase_add_test(pci, knows_network_adapters);
	suite_add_tcase(s, pci);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
