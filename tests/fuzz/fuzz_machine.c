/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_machine.c - any bytes as a recorded machine, or behind a letter, as what a vendor's tool prints.
 *
 * A machine that is read can be printed in every form, its JSON is JSON, and what is written of its tree
 * reads the same again.  The topology in XML is hwloc's to read, in a process of its own, and is not fuzzed
 * here.
 */
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine.h"
#include "core/smi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int yes)
{
	if (!yes)
		abort();
}

/* Two packages of two cores of two threads. */
static struct weft_cpus *some_cpus(void)
{
	struct weft_cpus *cpus = calloc(1, sizeof(*cpus));

	must(cpus != NULL);
	cpus->n = 8;
	cpus->cores = 4;
	cpus->packages = cpus->numa_nodes = 2;
	cpus->even = true;
	cpus->pus = calloc(8, sizeof(*cpus->pus));
	for (unsigned i = 0; i < 8; i++)
		cpus->pus[i] = (struct weft_pu){ i / 2 + i % 2 * 4, i / 2, i / 4, (int)(i / 4) };
	return cpus;
}

static char *written(const struct weft_tree *tree, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	must(weft_tree_write(tree, out, NULL) == 0);
	fclose(out);
	return text;
}

static void round_trip(const struct weft_tree *tree)
{
	size_t len, again_len;
	char *text = written(tree, &len), *again;
	struct weft_tree *copy = weft_tree_parse("again", text, len, NULL);

	if (len <= WEFT_TREE_MAX_BYTES) { /* the input may have had no spaces to spare */
		must(copy != NULL);
		again = written(copy, &again_len);
		must(strcmp(text, again) == 0);
		free(again);
	}
	weft_tree_destroy(copy);
	free(text);
}

static void print_all(const struct weft_machine *machine)
{
	static FILE *null;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	json_object *root;

	if (!null)
		null = fopen("/dev/null", "w");
	weft_machine_print(machine, null);
	weft_machine_print_features(machine, null);
	for (int split = 0; split < 2; split++) {
		weft_machine_print_gres(machine, split ? NULL : "gpu", split ? "n" : NULL, null);
		weft_machine_print_slurm(machine, split ? NULL : "gpu", split ? "n" : NULL, null);
	}
	weft_machine_print_json(machine, "gpu", out);
	fclose(out);
	root = json_tokener_parse(text);
	must(root != NULL);
	json_object_put(root);
	free(text);
}

static void try_machine(const char *text, size_t size)
{
	static struct weft_catalogue *cat;
	struct weft_err err = WEFT_ERR_INIT;
	struct weft_tree *tree = weft_tree_parse("machine", text, size, &err);
	struct weft_machine *machine;

	if (!cat)
		cat = weft_catalogue_load(WEFT_DATADIR "/catalogue.json", NULL, NULL);
	must(cat != NULL && (tree == NULL) == (err.text[0] != '\0'));
	if (!tree)
		return;
	round_trip(tree);
	machine = weft_machine_detect(tree, some_cpus(), cat, &(struct weft_detect_options){ .tools = true },
				      &err);
	must(machine != NULL);
	print_all(machine);
	weft_machine_destroy(machine);
	weft_tree_destroy(tree);
}

static void try_tool(char form, const char *text, size_t size)
{
	struct weft_smi *smi = calloc(1, sizeof(*smi));
	struct weft_err err = WEFT_ERR_INIT;
	int rc = form == 'c'   ? weft_smi_parse_csv(smi, text, size, &err)
		 : form == 'm' ? weft_smi_parse_matrix(smi, text, size, &err)
			       : weft_smi_parse_table(smi, text, size, form == 'b', &err);

	must(rc == 0 || rc == -1);
	must((rc == 0) == (err.text[0] == '\0'));
	must(smi->n_cards <= WEFT_SMI_MAX_CARDS && (rc == 0 || smi->n_cards == 0));
	for (size_t i = 0; i < smi->n_cards; i++)
		must(smi->cards[i].memory_mib >= 0 && smi->cards[i].power_w >= 0);
	for (size_t i = 0; i < smi->n_links; i++)
		must(smi->links[i].count > 0 && smi->links[i].a != smi->links[i].b);
	weft_smi_clear(smi);
	free(smi);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* its exact size: the readers may look no further */

	must(text != NULL);
	memcpy(text, data, size);
	if (size > 0 && strchr("ctbm", text[0]) && text[0] != '\0')
		try_tool(text[0], text + 1, size - 1);
	else
		try_machine(text, size);
	free(text);
	return 0;
}
