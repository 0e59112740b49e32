/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect_tools.c - what the vendors' tools say, taken into the machine; recorded as lines of their own:
 *
 *	tool/nvidia-smi/0000:1b:00.0/name = NVIDIA H100 80GB HBM3
 *	tool/nvidia-smi/0000:1b:00.0/link/0000:43:00.0 = 18 NV
 *
 * and not as the tool wrote them: that has serial numbers, and the processes that run.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine_private.h"
#include "core/scan.h"
#include "core/smi.h"

/* What a live tool said becomes lines of the tree. */

static const char *number_text(double value, char text[WEFT_NUMBER_SIZE])
{
	return weft_number_text(value, 0, 0, text) ? text : "0";
}

static int keep_card(struct weft_tree *tree, const char *tool, const struct weft_smi_card *card)
{
	char address[WEFT_PCI_ADDRESS_SIZE], text[WEFT_NUMBER_SIZE];
	int rv = 0;

	weft_pci_text(card->address, address);
	if (card->index >= 0)
		rv |= weft_tree_keep(tree, number_text(card->index, text), "tool/%s/%s/index", tool, address);
	if (card->name[0] != '\0')
		rv |= weft_tree_keep(tree, card->name, "tool/%s/%s/name", tool, address);
	if (card->memory_mib > 0)
		rv |= weft_tree_keep(tree, number_text(card->memory_mib, text), "tool/%s/%s/memory_mib", tool,
				     address);
	if (card->power_w > 0)
		rv |= weft_tree_keep(tree, number_text(card->power_w, text), "tool/%s/%s/power_w", tool,
				     address);
	return rv;
}

static const struct weft_smi_card *card_of(const struct weft_smi *smi, unsigned index)
{
	for (size_t i = 0; i < smi->n_cards; i++)
		if (smi->cards[i].index == (int)index)
			return &smi->cards[i];
	return NULL;
}

static int keep_link(struct weft_tree *tree, const char *tool, const struct weft_smi *smi,
		     const struct weft_smi_link *link)
{
	const struct weft_smi_card *a = card_of(smi, link->a), *b = card_of(smi, link->b);
	char from[WEFT_PCI_ADDRESS_SIZE], to[WEFT_PCI_ADDRESS_SIZE], text[32];

	if (!a || !b)
		return 0;
	snprintf(text, sizeof(text), "%u %s", link->count, link->kind);
	return weft_tree_keep(tree, text, "tool/%s/%s/link/%s", tool, weft_pci_text(a->address, from),
			      weft_pci_text(b->address, to));
}

/* Taking it into the machine */

static double figure(struct weft_tree *tree, double max, const char *tool, const char *address,
		     const char *key)
{
	char text[WEFT_NUMBER_SIZE];
	int len = weft_tree_read(tree, text, sizeof(text), "tool/%s/%s/%s", tool, address, key);
	double value = len > 0 && weft_scan_number(text, (size_t)len) == (size_t)len
			       ? weft_number_value(text, (size_t)len, 0)
			       : NAN;

	return value >= 0 && value <= max ? value : NAN;
}

static void take_card(struct weft_tree *tree, const char *tool, struct weft_device *d)
{
	char address[WEFT_PCI_ADDRESS_SIZE];
	double value;

	weft_pci_text(d->address, address);
	value = figure(tree, 4096, tool, address, "index");
	if (value >= 0 && value == floor(value))
		d->tool_index = (int)value;
	weft_tree_read(tree, d->tool_name, sizeof(d->tool_name), "tool/%s/%s/name", tool, address);
	for (char *c = d->tool_name; *c != '\0'; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	value = figure(tree, 1e8, tool, address, "memory_mib");
	if (value > 0 && d->memory.from == WEFT_UNKNOWN)
		d->memory = (struct weft_value){ value / 1024, WEFT_FROM_TOOL };
	value = figure(tree, 1e5, tool, address, "power_w");
	if (value > 0 && d->power.from == WEFT_UNKNOWN)
		d->power = (struct weft_value){ value, WEFT_FROM_TOOL };
}

static void take_link(struct weft_machine *machine, size_t a, const char *to, const char *text)
{
	struct weft_pci_address address;
	size_t n = weft_pci_parse(to, &address), b;
	char *kind;
	long count = strtol(text, &kind, 10);

	if (n == 0 || to[n] != '\0' || count < 1 || count > 255 || *kind != ' ' ||
	    strlen(kind + 1) >= sizeof(machine->devices[a].link) || strpbrk(kind + 1, " \n\t\""))
		return;
	b = weft_machine_find(machine, address);
	if (b < machine->n && b != a)
		weft_machine_link(machine, a, b, (unsigned)count, kind + 1);
}

static int take_links(struct weft_tree *tree, struct weft_machine *machine, const char *tool, size_t a)
{
	char address[WEFT_PCI_ADDRESS_SIZE], text[32];
	struct weft_names names;

	weft_pci_text(machine->devices[a].address, address);
	if (weft_tree_list(tree, &names, "", "tool/%s/%s/link", tool, address) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++)
		if (weft_tree_read(tree, text, sizeof(text), "tool/%s/%s/link/%s", tool, address,
				   names.names[i]) > 0)
			take_link(machine, a, names.names[i], text);
	weft_names_clear(&names);
	return 0;
}

/* The tools of the vendors that are here */

static int ask(struct weft_tree *tree, struct weft_machine *machine, const char *tool)
{
	struct weft_smi *smi = calloc(1, sizeof(*smi));
	struct weft_err why = WEFT_ERR_INIT;
	int rv = smi ? 0 : -1;

	if (smi && weft_smi_ask(smi, tool, &why) < 0)
		weft_machine_note(machine, "%s", why.text);
	for (size_t i = 0; rv == 0 && i < smi->n_cards; i++)
		if (weft_machine_find(machine, smi->cards[i].address) < machine->n)
			rv = keep_card(tree, tool, &smi->cards[i]);
	for (size_t i = 0; rv == 0 && i < smi->n_links; i++)
		rv = keep_link(tree, tool, smi, &smi->links[i]);
	if (smi)
		weft_smi_clear(smi);
	free(smi);
	return rv;
}

int weft_detect_tools(struct weft_tree *tree, struct weft_machine *machine, bool live)
{
	int rv = 0;

	for (size_t i = 0; rv == 0 && live && i < machine->n; i++) {
		const struct weft_vendor *vendor = machine->devices[i].vendor;
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first = first && machine->devices[k].vendor != vendor;
		if (first && vendor->tool)
			rv = ask(tree, machine, vendor->tool);
	}
	for (size_t i = 0; rv == 0 && i < machine->n; i++) {
		const char *tool = machine->devices[i].vendor->tool;

		if (!tool)
			continue;
		take_card(tree, tool, &machine->devices[i]);
		rv = take_links(tree, machine, tool, i);
	}
	return rv;
}
