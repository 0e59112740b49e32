/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pci.h - PCI addresses, and which PCI functions are accelerators of the catalogue.
 */
#ifndef WEFT_PCI_H
#define WEFT_PCI_H

#include <stdbool.h>
#include <stddef.h>

#include "core/catalogue.h"

#define WEFT_PCI_ADDRESS_SIZE 20 /* bytes of an address as text */
#define WEFT_PCI_MAYBE	      16 /* models that one PCI id may stand for; more are left out */

struct weft_pci_address {
	unsigned domain, bus, device, function;
};

/* What a function says of itself. */
struct weft_pci_ids {
	unsigned vendor, device;	 /* 16 bits each */
	unsigned sub_vendor, sub_device; /* of the board; 0: not known */
	unsigned class;			 /* 24 bits: base class, subclass, programming interface */
};

/* What it is. */
struct weft_pci_match {
	const struct weft_vendor *vendor;
	const struct weft_model
		*models[WEFT_PCI_MAYBE]; /* that have its id; none: an unknown one of the vendor */
	size_t n;
};

/* "0000:1b:00.0", "00000000:1B:00.0" or "1b:00.0" at the begin of TEXT; how many characters, 0 when there is
 * none. */
size_t weft_pci_parse(const char *text, struct weft_pci_address *address);

/* "0000:1b:00.0" */
const char *weft_pci_text(struct weft_pci_address address, char text[WEFT_PCI_ADDRESS_SIZE]);

bool weft_pci_equal(struct weft_pci_address a, struct weft_pci_address b);

/* Is it an accelerator?  It is when its id is one of a model's (and its class is not storage, network or a
 * bridge), or when its vendor and its class are those of a vendor of the catalogue's and its id is not among
 * the vendor's other devices (vendor key pci_other).  Where models name a board ("10de:25b6/10de:157e"),
 * those of this board come before those that name none. */
bool weft_pci_match(const struct weft_catalogue *cat, const struct weft_pci_ids *ids,
		    struct weft_pci_match *match);

/* Is it a network adapter that is worth knowing (Ethernet, InfiniBand, fabric)? */
bool weft_pci_is_nic(unsigned class);

#endif
