/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smi_ask.c - which tool is asked what.
 */
#include <stdlib.h>
#include <string.h>

#include "core/child.h"
#include "core/smi.h"

#define SECONDS 15 /* for one question; a driver that has to wake up eight cards takes some */

enum form { CSV, TABLE, BARE_TABLE };

struct tool {
	const char *name;
	enum form form;
	char *cards[4], *links[4]; /* arguments; NULL-terminated */
};

#define QUERY "--query-gpu=index,pci.bus_id,name,memory.total,power.limit"

static const struct tool tools[] = {
	{ "nvidia-smi", CSV, { QUERY, "--format=csv,noheader,nounits" }, { "topo", "-m" } },
	{ "npu-smi", BARE_TABLE, { "info" }, { "info", "-t", "topo" } },
	{ "cnmon", TABLE, { NULL }, { "topo", "-m" } },
	{ "mx-smi", TABLE, { NULL }, { "topo", "-m" } },
	{ "mthreads-gmi", TABLE, { NULL }, { "topo", "-m" } },
	{ "ixsmi", TABLE, { NULL }, { "topo", "-m" } },
	{ "xpu-smi", TABLE, { NULL }, { "topo", "-m" } },
	{ "hl-smi", TABLE, { NULL }, { NULL } },
	{ "efsmi", TABLE, { NULL }, { NULL } },
	{ "ppu-smi", TABLE, { NULL }, { "topo", "-m" } },
};

/* Where they are when PATH does not say. */
static const char *const directories[] = {
	"/usr/bin",
	"/usr/local/bin",
	"/usr/sbin",
	"/usr/local/sbin",
	"/usr/local/neuware/bin",
	"/opt/mxdriver/bin",
	"/opt/maca/bin",
	"/usr/local/corex/bin",
	"/usr/local/xpu/bin",
	NULL,
};

/* As weft_child_run(), with the arguments ARGS. */
static char *run(const struct tool *tool, char *const args[4], size_t *len, int *found, struct weft_err *err)
{
	char *argv[6] = { (char *)tool->name };

	for (size_t i = 0; i < 4 && args[i]; i++)
		argv[i + 1] = args[i];
	return weft_child_run(argv, directories, SECONDS, WEFT_SMI_MAX_BYTES, len, found, err);
}

static int read_cards(struct weft_smi *smi, const struct tool *tool, const char *text, size_t len,
		      struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	int rc = tool->form == CSV ? weft_smi_parse_csv(smi, text, len, &why)
				   : weft_smi_parse_table(smi, text, len, tool->form == BARE_TABLE, &why);

	return rc < 0 ? weft_err(err, "%s: its list of cards cannot be read: %s", tool->name, why.text) : 0;
}

static int ask_links(struct weft_smi *smi, const struct tool *tool, struct weft_err *err)
{
	struct weft_err why = WEFT_ERR_INIT;
	size_t len;
	int found, rc;
	char *text = run(tool, tool->links, &len, &found, err);

	if (!text)
		return -1;
	rc = weft_smi_parse_matrix(smi, text, len, &why);
	free(text);
	return rc < 0 ? weft_err(err, "%s: its matrix of links cannot be read: %s", tool->name, why.text) : 0;
}

int weft_smi_ask(struct weft_smi *smi, const char *name, struct weft_err *err)
{
	const struct tool *tool = NULL;
	int found = 0, rc;
	size_t len;
	char *text;

	*smi = (struct weft_smi){ 0 };
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if (name && strcmp(tools[i].name, name) == 0)
			tool = &tools[i];
	text = tool ? run(tool, tool->cards, &len, &found, err) : NULL;
	if (!text)
		return found ? -1 : 0;
	rc = read_cards(smi, tool, text, len, err);
	free(text);
	if (rc == 0 && smi->n_cards > 1 && tool->links[0])
		rc = ask_links(smi, tool, err);
	return rc < 0 ? -1 : 1;
}
