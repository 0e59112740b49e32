/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weft_detect.c - which accelerators does this node have, and how is that written in Slurm's configuration?
 */
#include "tools/weft_detect.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/catalogue.h"
#include "core/file.h"
#include "core/machine.h"
#include "core/scan.h"
#include "tools/command.h"

#define PATH_SIZE 4096

static const char who[] = "weft: detect"; /* of what is wrong with its words; else "weft" */

static const char usage[] =
	"usage: weft detect [OPTION]...\n"
	"\n"
	"Shows the accelerators of this node, by what the kernel, hwloc, the vendors' tools and the "
	"catalogue\n"
	"know of them.  Without an option for the output: a table.\n"
	"\n"
	"  --gres-conf        lines for gres.conf\n"
	"  --slurm-conf       lines for slurm.conf (with --gres-conf: both, gres.conf first)\n"
	"  --features         the node features, separated by commas\n"
	"  --json             all that is known; doc/detect.md describes it\n"
	"  --split-names      one gres name for each vendor (gpu, npu, dcu, mlu ...) instead of one for all\n"
	"  --gres-name=NAME   the one name for all; gpu when not given\n"
	"  --node-name=NAME   the node's name in what is printed; when not given, gres.conf has none and\n"
	"                     slurm.conf this host's\n"
	"  --no-tools         do not run the vendors' tools (nvidia-smi, npu-smi ...)\n"
	"  --root=DIR         show a recorded machine instead of this one\n"
	"  --record=DIR       record this machine in the new directory DIR: no serial numbers, no host name\n"
	"  --help\n"
	"\n"
	"Exit status: 0, 1 when it could not be done, 2 for wrong usage, 3 when there is no accelerator.\n";

struct options {
	bool gres_conf, slurm_conf, features, json, split, tools, help;
	const char *gres_name, *node_name, *root, *record;
};

static bool make_path(char path[PATH_SIZE], const char *dir, const char *file, struct weft_err *err)
{
	if ((size_t)snprintf(path, PATH_SIZE, "%s/%s", dir, file) < PATH_SIZE)
		return true;
	weft_err(err, "%.64s...: the path is too long", dir);
	return false;
}

/* A recorded machine's processors: topology.xml, or when there is none, topology.txt. */
static struct weft_cpus *recorded_cpus(const char *dir, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	struct weft_cpus *cpus = NULL;
	char path[PATH_SIZE], *text;
	size_t len;

	if (!make_path(path, dir, "topology.xml", err))
		return NULL;
	text = weft_file_read(path, WEFT_CPUS_XML_MAX, &len, &why);
	if (text) {
		cpus = weft_cpus_from_xml(path, text, len, err);
		free(text);
		return cpus;
	}
	if (errno != ENOENT || !make_path(path, dir, "topology.txt", err)) {
		weft_err(err, "%s", why.text);
		return NULL;
	}
	text = weft_file_read(path, WEFT_CPUS_SYNTHETIC_MAX, &len, err);
	if (text)
		cpus = weft_cpus_from_words(path, text, len, err);
	free(text);
	return cpus;
}

static struct weft_tree *recorded_tree(const char *dir, struct weft_err *err)
{
	struct weft_tree *tree;
	char path[PATH_SIZE], *text;
	size_t len;

	if (!make_path(path, dir, "machine", err))
		return NULL;
	text = weft_file_read(path, WEFT_TREE_MAX_BYTES, &len, err);
	if (!text)
		return NULL;
	tree = weft_tree_parse(path, text, len, err);
	free(text);
	return tree;
}

/* The file NAME, which must not be there, in DIR. */
static FILE *new_file(const char *dir, const char *name, struct weft_err *err)
{
	char path[PATH_SIZE];
	FILE *out;

	if (!make_path(path, dir, name, err))
		return NULL;
	out = fopen(path, "wxe");
	if (!out)
		weft_err(err, "%s: %s", path, strerror(errno));
	return out;
}

static int close_file(FILE *out, const char *dir, const char *name, struct weft_err *err)
{
	int failed = ferror(out);

	if (fclose(out) != 0 || failed)
		return weft_err(err, "%s/%s: could not be written", dir, name);
	return 0;
}

static int record(const struct weft_machine *machine, const struct weft_tree *tree, const char *dir,
		  struct weft_err *err)
{
	FILE *out;

	if (mkdir(dir, 0755) < 0)
		return weft_err(err, "%s: %s", dir, strerror(errno));
	out = new_file(dir, "topology.xml", err);
	if (!out)
		return -1;
	fputs(machine->cpus->xml ? machine->cpus->xml : "", out);
	if (close_file(out, dir, "topology.xml", err) < 0)
		return -1;
	out = new_file(dir, "machine", err);
	if (!out)
		return -1;
	if (weft_tree_write(tree, out, err) < 0) {
		fclose(out);
		return -1;
	}
	return close_file(out, dir, "machine", err);
}

/* This host's name up to the first dot, as slurmd takes it. */
static const char *host_name(char name[64])
{
	if (gethostname(name, 64) < 0)
		return NULL;
	name[63] = '\0';
	name[strcspn(name, ".")] = '\0';
	return weft_is_name(name, strlen(name)) ? name : NULL;
}

static void print(const struct weft_machine *machine, const struct options *o)
{
	const char *name = o->split ? NULL : o->gres_name;
	char host[64];

	if (o->gres_conf)
		weft_machine_print_gres(machine, name, o->node_name, stdout);
	if (o->slurm_conf)
		weft_machine_print_slurm(machine, name,
					 o->node_name || o->root ? o->node_name : host_name(host), stdout);
	if (o->features) {
		weft_machine_print_features(machine, stdout);
		fputc('\n', stdout);
	}
	if (o->json)
		weft_machine_print_json(machine, name, stdout);
	if (!o->gres_conf && !o->slurm_conf && !o->features && !o->json)
		weft_machine_print(machine, stdout);
}

/* Where there is no table the notes go to standard error, and so does what would otherwise be no word. */
static void print_notes(const struct weft_machine *machine, const struct options *o)
{
	if (!o->gres_conf && !o->slurm_conf && !o->features)
		return;
	for (char **note = machine->notes; note && *note; note++)
		fprintf(stderr, "weft: %s\n", *note);
	if (machine->n == 0)
		fputs("weft: no accelerator found\n", stderr);
}

static int detect(const struct weft_catalogue *cat, const struct options *o)
{
	const struct weft_detect_options how = { .tools = o->tools };
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_machine *machine = NULL;
	struct weft_tree *tree;
	struct weft_cpus *cpus;
	int status = STATUS_NO;

	tree = o->root ? recorded_tree(o->root, &err) : weft_tree_live("/");
	if (!tree)
		weft_err(&err, "out of memory");
	cpus = !tree ? NULL : o->root ? recorded_cpus(o->root, &err) : weft_cpus_live(&err);
	if (cpus) {
		weft_tree_record(tree, !o->root);
		machine = weft_machine_detect(tree, cpus, cat, &how, &err);
	}
	if (machine && o->record && record(machine, tree, o->record, &err) < 0)
		goto out;
	if (machine) {
		print(machine, o);
		print_notes(machine, o);
		status = machine->n > 0 ? STATUS_OK : DETECT_NONE;
	}
out:
	if (status == STATUS_NO)
		complain("weft", &err);
	weft_machine_destroy(machine);
	weft_tree_destroy(tree);
	return status;
}

/* What is wrong with the options, or NULL. */
static const char *flaw(const struct options *o)
{
	if (o->root && o->record)
		return "--root and --record do not go together";
	if (o->json && (o->gres_conf || o->slurm_conf || o->features))
		return "--json goes with no other output";
	if (!weft_is_name(o->gres_name, strlen(o->gres_name)))
		return "--gres-name takes a name of letters, digits, '-', '_' and '.'";
	if (o->node_name && !weft_is_name(o->node_name, strlen(o->node_name)))
		return "--node-name takes a name of letters, digits, '-', '_' and '.'";
	return NULL;
}

int weft_detect(const char *catalogue, const char *site, int argc, char **argv)
{
	static const struct option options[] = { { "gres-conf", no_argument, NULL, 'g' },
						 { "slurm-conf", no_argument, NULL, 's' },
						 { "features", no_argument, NULL, 'f' },
						 { "json", no_argument, NULL, 'j' },
						 { "split-names", no_argument, NULL, 'p' },
						 { "gres-name", required_argument, NULL, 'G' },
						 { "node-name", required_argument, NULL, 'n' },
						 { "no-tools", no_argument, NULL, 't' },
						 { "root", required_argument, NULL, 'r' },
						 { "record", required_argument, NULL, 'R' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	struct options o = { .tools = true, .gres_name = "gpu" };
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_catalogue *cat;
	int c, status;

	optind = 0; /* start anew: the command's own options */
	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		switch (c) {
		case 'g':
			o.gres_conf = true;
			break;
		case 's':
			o.slurm_conf = true;
			break;
		case 'f':
			o.features = true;
			break;
		case 'j':
			o.json = true;
			break;
		case 'p':
			o.split = true;
			break;
		case 't':
			o.tools = false;
			break;
		case 'G':
			o.gres_name = optarg;
			break;
		case 'n':
			o.node_name = optarg;
			break;
		case 'r':
			o.root = optarg;
			break;
		case 'R':
			o.record = optarg;
			break;
		case 'h':
			o.help = true;
			break;
		default:
			return usage_error(who, usage, NULL);
		}
	}
	if (o.help) {
		fputs(usage, stdout);
		return STATUS_OK;
	}
	if (optind != argc)
		return usage_error(who, usage, "takes no argument");
	if (flaw(&o))
		return usage_error(who, usage, flaw(&o));
	cat = weft_catalogue_load(catalogue, site, &err);
	if (!cat)
		return complain("weft", &err);
	status = detect(cat, &o);
	weft_catalogue_destroy(cat);
	return status;
}
