/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smi.h - what the vendors' command line tools say of their cards: names, memory, power limits, links.
 *
 * The tools' outputs are read strictly and used for nothing but these.  What does not look as it should is
 * refused as a whole, and the machine is described without it.
 */
#ifndef WEFT_SMI_H
#define WEFT_SMI_H

#include <stddef.h>

#include "core/error.h"
#include "core/pci.h"

#define WEFT_SMI_MAX_BYTES (256u * 1024) /* of one output */
#define WEFT_SMI_MAX_CARDS 256
#define WEFT_SMI_NAME_SIZE 64
#define WEFT_SMI_LINK_SIZE 12

struct weft_smi_card {
	struct weft_pci_address address;
	int index;		       /* the tool's own number; -1: it gives none */
	char name[WEFT_SMI_NAME_SIZE]; /* "" when it gives none */
	double memory_mib, power_w;    /* 0 when it gives none; POWER_W is the limit */
};

/* A direct link between two cards, by the tool's numbers. */
struct weft_smi_link {
	unsigned a, b, count;
	char kind[WEFT_SMI_LINK_SIZE]; /* "NV", "HCCS" */
};

struct weft_smi {
	struct weft_smi_card cards[WEFT_SMI_MAX_CARDS];
	size_t n_cards;
	struct weft_smi_link *links;
	size_t n_links;
};

void weft_smi_clear(struct weft_smi *smi);

/* Lines of "index, PCI address, name, memory in MiB, power limit in W", as nvidia-smi --query-gpu gives them;
 * "[N/A]" and its like are allowed for a figure.  -1 with ERR ("line 3: ..."); then SMI holds no cards. */
int weft_smi_parse_csv(struct weft_smi *smi, const char *text, size_t len, struct weft_err *err);

/* The table that most tools print without arguments: groups of lines between rules of '-', '=' and '+', one
 * group with one PCI address for each card.  Of a group are taken: the number and the name in its first cell,
 * "A / B MiB" (or MB; also "A MiB(B MiB)"), "A W / B W".  Some tools leave out the unit of the memory: BARE.
 * -1 with ERR when there is no such table. */
int weft_smi_parse_table(struct weft_smi *smi, const char *text, size_t len, int bare, struct weft_err *err);

/* A matrix with a row and a column for each card ("GPU0", "NPU0"): "X" for itself, "NV18" or "HCCS" for a
 * link, PIX, PXB, PHB, NODE, SYS and the like for none.  Adds to SMI->links.  -1 with ERR when it is none, or
 * not symmetric. */
int weft_smi_parse_matrix(struct weft_smi *smi, const char *text, size_t len, struct weft_err *err);

/* Run TOOL (a vendor's, by the name in the catalogue) and read what it says.  1: done; 0: Weft does not know
 * this tool, or it is not installed; -1 with ERR: it failed, or said what could not be read.  Cards may be
 * known when only the question about links failed. */
int weft_smi_ask(struct weft_smi *smi, const char *tool, struct weft_err *err);

#endif
