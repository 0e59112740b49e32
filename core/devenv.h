/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devenv.h - the environment that makes a process see its own cards and no others.
 */
#ifndef WEFT_DEVENV_H
#define WEFT_DEVENV_H

#include "core/catalogue.h"

/* One change of the environment; VALUE NULL: unset. */
struct weft_env_change {
	const char *name; /* owned by the catalogue */
	char *value;
};

/* All changes for a task that got DEVICES ("0,1,5", or UUIDs; NULL or "": no card) of VENDOR (of CAT; NULL:
 * the vendor is unknown).
 *   The vendor's visible_env: set to DEVICES (to "" for no card).
 *   The other vendors' visible_env and other_env: unset, but for a name that was just set.
 *   The vendor's own other_env: unset as well, for it would filter a second time (AMD: HIP_VISIBLE_DEVICES
 *   counts within ROCR_VISIBLE_DEVICES); but left alone where Weft has nothing to set (no visible_env).
 * When the vendor is unknown nothing is changed (*N is 0).  Each name comes once.  Returns a malloc()ed array
 * of *N that weft_devenv_free() frees, also when *N is 0; NULL when out of memory. */
struct weft_env_change *weft_devenv_changes(const struct weft_catalogue *cat,
					    const struct weft_vendor *vendor, const char *devices, size_t *n);
void weft_devenv_free(struct weft_env_change *changes, size_t n);

#endif
