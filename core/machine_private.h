/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine_private.h - what the parts of detection share.
 */
#ifndef WEFT_MACHINE_PRIVATE_H
#define WEFT_MACHINE_PRIVATE_H

#include "core/machine.h"

/* Add a note; a note that memory cannot hold is lost. */
void weft_machine_note(struct weft_machine *machine, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* detect_facts.c: memory and power limit as the kernel knows them, the device file */
void weft_detect_figures(struct weft_tree *tree, struct weft_device *device);
int weft_detect_files(struct weft_tree *tree, struct weft_machine *machine);

/* detect_tools.c: ask the tools of the vendors that are here (LIVE), or read what was recorded of them */
int weft_detect_tools(struct weft_tree *tree, struct weft_machine *machine, bool ask);

/* detect_links.c: links that the kernel knows; islands; network adapters */
int weft_detect_kfd_links(struct weft_tree *tree, struct weft_machine *machine);
void weft_detect_islands(struct weft_machine *machine);

/* COUNT links of this KIND between devices A and B. */
void weft_machine_link(struct weft_machine *machine, size_t a, size_t b, unsigned count, const char *kind);

/* The device at this address; N when there is none. */
size_t weft_machine_find(const struct weft_machine *machine, struct weft_pci_address address);

/* What leads to the PCI function NAME ("pci0000:15/0000:15:01.0"), "" when it is not known. */
void weft_detect_bridges(struct weft_tree *tree, const char *name, char *bridges, size_t size);

#define WEFT_WORDS_MAX	 64
#define WEFT_WORDS_KINDS 8

/* Words that come once each. */
struct weft_words {
	const char *words[WEFT_WORDS_MAX];
	size_t n;
	char kinds[WEFT_WORDS_KINDS][12]; /* room for words that nobody else has */
};

/* The node features: vendors, families and models, kinds of links. */
void weft_machine_features(const struct weft_machine *machine, struct weft_words *words);

#endif
