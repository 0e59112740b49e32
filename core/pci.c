/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pci.c - PCI addresses and ids.
 */
#include "core/pci.h"

#include <stdio.h>
#include <string.h>

/* Classes of an accelerator whose vendor says nothing else: VGA, 3D and other display controllers,
 * co-processors, and all processing accelerators. */
static const char *const usual_classes[] = { "0300", "0302", "0380", "0b40", "12", NULL };

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The hex digits at TEXT, up to MAX of them; how many. */
static size_t hex(const char *text, size_t max, unsigned *value)
{
	size_t n = 0;

	*value = 0;
	while (n < max && hex_digit(text[n]) >= 0)
		*value = *value << 4 | (unsigned)hex_digit(text[n++]);
	return n;
}

size_t weft_pci_parse(const char *text, struct weft_pci_address *address)
{
	struct weft_pci_address a = { 0 };
	unsigned first;
	size_t n = hex(text, 8, &first), at;

	if (n == 0 || text[n] != ':')
		return 0;
	at = n + 1;
	if (n >= 4) {
		a.domain = first;
		if (hex(text + at, 2, &a.bus) != 2 || text[at + 2] != ':')
			return 0;
		at += 3;
	} else if (n == 2) {
		a.bus = first;
	} else {
		return 0;
	}
	if (hex(text + at, 2, &a.device) != 2 || text[at + 2] != '.' ||
	    hex(text + at + 3, 1, &a.function) != 1 || hex_digit(text[at + 4]) >= 0 || a.device > 31 ||
	    a.function > 7)
		return 0;
	*address = a;
	return at + 4;
}

const char *weft_pci_text(struct weft_pci_address a, char text[WEFT_PCI_ADDRESS_SIZE])
{
	snprintf(text, WEFT_PCI_ADDRESS_SIZE, "%04x:%02x:%02x.%x", a.domain, a.bus & 0xff, a.device & 0x1f,
		 a.function & 7);
	return text;
}

bool weft_pci_equal(struct weft_pci_address a, struct weft_pci_address b)
{
	return a.domain == b.domain && a.bus == b.bus && a.device == b.device && a.function == b.function;
}

bool weft_pci_is_nic(unsigned class)
{
	return class >> 8 == 0x0200 || class >> 8 == 0x0207 || class >> 8 == 0x0208 || class >> 8 == 0x0c06;
}

/* Is one of TEXTS the begin of TEXT? */
static bool begins(const char *const *texts, const char *text)
{
	for (; *texts != NULL; texts++)
		if (strncmp(text, *texts, strlen(*texts)) == 0)
			return true;
	return false;
}

static bool is_one_of(char *const *texts, const char *text)
{
	for (; *texts != NULL; texts++)
		if (strcmp(text, *texts) == 0)
			return true;
	return false;
}

static void add_models(const struct weft_catalogue *cat, const char *id, struct weft_pci_match *match)
{
	for (size_t i = 0; i < weft_catalogue_models(cat); i++) {
		const struct weft_model *m = weft_catalogue_model(cat, i);

		if (!m->is_family && is_one_of(m->pci_ids, id) && match->n < WEFT_PCI_MAYBE) {
			match->vendor = m->vendor;
			match->models[match->n++] = m;
		}
	}
}

bool weft_pci_match(const struct weft_catalogue *cat, const struct weft_pci_ids *ids,
		    struct weft_pci_match *match)
{
	unsigned base = ids->class >> 16 & 0xff;
	char id[32], full[64], class[16];

	*match = (struct weft_pci_match){ 0 };
	snprintf(id, sizeof(id), "%04x:%04x", ids->vendor, ids->device);
	snprintf(full, sizeof(full), "%s/%04x:%04x", id, ids->sub_vendor, ids->sub_device);
	snprintf(class, sizeof(class), "%04x", ids->class >> 8 & 0xffff);
	if (base == 0x01 || base == 0x02 || base == 0x06)
		return false; /* storage, network, bridge */
	add_models(cat, full, match);
	if (match->n == 0)
		add_models(cat, id, match);
	for (size_t i = 0; i < weft_catalogue_vendors(cat) && !match->vendor; i++) {
		const struct weft_vendor *v = weft_catalogue_vendor(cat, i);
		char vendor[5];

		memcpy(vendor, id, 4);
		vendor[4] = '\0';
		if (is_one_of(v->pci_vendors, vendor) && !is_one_of(v->pci_other, id) &&
		    begins(v->pci_classes[0] ? (const char *const *)v->pci_classes : usual_classes, class))
			match->vendor = v;
	}
	return match->vendor != NULL;
}
