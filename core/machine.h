/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine.h - the accelerators of one node: what they are, where they are, how they are linked.
 *
 * Nothing is guessed.  A model is what the PCI id, the board, the memory and the vendor's tool allow; when
 * that is not one model or one family, it is unknown.  A figure says where it is from.
 */
#ifndef WEFT_MACHINE_H
#define WEFT_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/catalogue.h"
#include "core/cpus.h"
#include "core/pci.h"
#include "core/tree.h"

#define WEFT_MACHINE_MAX_DEVICES 256
#define WEFT_MACHINE_MAX_NICS	 256
#define WEFT_MACHINE_FORMAT	 1 /* of the JSON */

enum weft_origin {
	WEFT_UNKNOWN,	     /* it is not known */
	WEFT_FROM_SYSFS,     /* the kernel says so */
	WEFT_FROM_TOOL,	     /* the vendor's tool says so */
	WEFT_FROM_CATALOGUE, /* it is the model's published figure */
	WEFT_FROM_ORDER,     /* device files: there are as many as devices, in the order of PCI addresses */
};

struct weft_value {
	double value;
	enum weft_origin from;
};

struct weft_device {
	struct weft_pci_address address;
	struct weft_pci_ids ids;
	const struct weft_vendor *vendor;
	const struct weft_model *model;			/* a model or a family; NULL: unknown */
	const struct weft_model *maybe[WEFT_PCI_MAYBE]; /* when MODEL is NULL or a family: what it may be */
	size_t n_maybe;
	char tool_name[64];		  /* what the vendor's tool calls it; "" */
	int tool_index;			  /* the tool's number; -1 */
	int numa;			  /* -1: not known */
	char cores[WEFT_CPUS_RANGE_SIZE]; /* near it, Slurm's numbers; "": not known */
	char cpus[WEFT_CPUS_RANGE_SIZE];  /* the same, the kernel's */
	char file[64];			  /* "/dev/nvidia0"; "": not known */
	enum weft_origin file_from;
	struct weft_value memory; /* GiB */
	struct weft_value power;  /* limit, W */
	char bridges[192];	  /* what leads to it: "pci0000:15/0000:15:01.0" */
	char link[12];		  /* kind of its links: "NV", "XGMI"; "": none */
	unsigned island;	  /* devices with the same number are linked, also by way of others */
};

struct weft_nic {
	struct weft_pci_address address;
	struct weft_pci_ids ids;
	int numa;
	char bridges[192];
	char interface[32]; /* "ens1f0np0"; "": none */
	char rdma[32];	    /* "mlx5_0"; "": none */
};

/* How a network adapter is reached from a device. */
enum weft_path { WEFT_PATH_SWITCH, WEFT_PATH_HOST_BRIDGE, WEFT_PATH_NUMA, WEFT_PATH_SYSTEM };

struct weft_machine {
	struct weft_cpus *cpus;
	long long memory_mib; /* of the node; -1: not known */
	struct weft_device *devices;
	size_t n;
	unsigned char *links; /* N x N: how many links join two devices */
	struct weft_nic *nics;
	size_t n_nics;
	char **notes; /* what could not be found out, and why; NULL-terminated */
};

struct weft_detect_options {
	bool tools; /* ask the vendors' tools (of the live machine) */
};

/* Read the machine in TREE.  CPUS become the machine's, also on failure.  What a vendor's tool said is
 * recorded in TREE, and read from there when it is a recorded one.  Devices stand in the order of vendors in
 * the catalogue, then of their device files, then of PCI addresses.  Returns what weft_machine_destroy()
 * frees, or NULL when out of memory. Having no device is no failure. */
struct weft_machine *weft_machine_detect(struct weft_tree *tree, struct weft_cpus *cpus,
					 const struct weft_catalogue *cat,
					 const struct weft_detect_options *options, struct weft_err *err);
void weft_machine_destroy(struct weft_machine *machine); /* NULL is allowed */

/* How many links join devices A and B. */
unsigned weft_machine_links(const struct weft_machine *machine, size_t a, size_t b);

/* The nearest way to a network adapter from device I; and is adapter K reached that way? */
enum weft_path weft_machine_nic_path(const struct weft_machine *machine, size_t i, size_t k);
enum weft_path weft_machine_nearest_nic(const struct weft_machine *machine, size_t i);
const char *weft_path_name(enum weft_path path);

/* The gres name and type of a device: NAME ("gpu") or, when NAME is NULL, the vendor's own.  The type is NULL
 * when its model is unknown. */
const char *weft_device_gres(const struct weft_device *device, const char *name);
const char *weft_device_type(const struct weft_device *device);

/* The order of vendors' devices in gres.conf and slurm.conf, and words of each vendor: below, NAME is as for
 * weft_device_gres(), and NODE the node's name (NULL: none). */
void weft_machine_print(const struct weft_machine *machine, FILE *out);
void weft_machine_print_gres(const struct weft_machine *machine, const char *name, const char *node,
			     FILE *out);
void weft_machine_print_slurm(const struct weft_machine *machine, const char *name, const char *node,
			      FILE *out);
void weft_machine_print_features(const struct weft_machine *machine, FILE *out);
void weft_machine_print_json(const struct weft_machine *machine, const char *name, FILE *out);

#endif
